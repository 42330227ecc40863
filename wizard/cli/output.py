"""Standard output and standard error, whatever they are: closed, full, a pipe that nobody reads, an old character set."""

from __future__ import annotations

import io
import os
import sys

from wizard.errors import Exit, Retry, WizardError


def prepare() -> None:
    """Makes both streams usable: one that is closed leads nowhere, and what the character set lacks becomes "?"."""
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            _lead_nowhere(number)
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def put(text: str, *, data: bool = False) -> bool:
    """Writes `text` to standard output, `data` always as UTF-8; False when nobody reads it any more.

    Raises WizardError when it can't be written.
    """
    stream = sys.stdout
    try:
        if data and isinstance(stream, io.TextIOWrapper):
            stream.flush()
            stream.buffer.write(text.encode())
        else:
            stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _lead_nowhere(stream.fileno())
        return False
    except OSError as error:
        _lead_nowhere(stream.fileno())
        raise WizardError(
            "output.unwritable",
            f"The output can't be written: {error.strerror or type(error).__name__}.",
            fix="Free some space there, or send the output somewhere else.",
            exit_code=Exit.INTERNAL,
            retry=Retry.NOW,
        ) from None
    return True


def _lead_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)
