"""Standard input, line by line, and questions on the terminal that it may be. Decides nothing about what is asked.

Nothing is read in a thread: whoever waits for a line can leave at any moment, and the terminal is then as it was before.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import termios
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, TextIO

from wizard.command import Address, Command
from wizard.errors import Exit, Retry, WizardError

ANSWER_SECONDS = 1200.0
PIPE_SECONDS = 600.0
_ECHO_IN = 3
_Attributes = list[Any]


def folded(text: str, stream: TextIO) -> str:
    """The lines between words where the stream is a terminal, since that would break them anywhere; else as they are.

    What is indented, or an item of a list, stays so.
    """
    if not stream.isatty():
        return text
    width = max(40, shutil.get_terminal_size().columns)
    return "\n".join(
        textwrap.fill(line, width, subsequent_indent=_indent(line), break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    )


def _indent(line: str) -> str:
    begins = len(line) - len(line.lstrip(" -"))
    return " " * max(2, begins)


def folded_command(command: str, stream: TextIO, indent: str) -> str:
    """A command, indented; where the stream is a terminal in lines of its width that a shell reads as one."""
    if not stream.isatty():
        return indent + command
    width = max(40, shutil.get_terminal_size().columns) - len(indent) - 2
    lines = textwrap.wrap(command, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return " \\\n".join(indent + line for line in lines)


def in_words(error: WizardError, address: Address, stream: TextIO, mark: str = "") -> str:
    """The trouble as a terminal shows it, `mark` before its first line; commands stay whole, so that they can be copied."""
    head, lines = error.sentences, error.lines(address)
    return "\n".join(
        (folded(f"{mark}{head[0]}", stream), *(folded(f"  {line}", stream) for line in head[1:]), *lines[len(head) :])
    )


def to_stderr(text: str) -> None:
    """Writes it at once: questions are not what anybody wants in a pipe."""
    sys.stderr.write(text)
    sys.stderr.flush()


class Console:
    """One descriptor to read from, standard input unless told otherwise; `write` takes the questions as they are.

    Commands are shown for the cluster at `address`.
    """

    def __init__(
        self, address: Address, descriptor: int | None = None, write: Callable[[str], None] = to_stderr
    ) -> None:
        self._address = address
        self._descriptor = sys.stdin.fileno() if descriptor is None else descriptor
        self._write = write
        self._rest = b""
        self._question = ""

    @property
    def is_terminal(self) -> bool:
        """Whether somebody may sit in front of it."""
        return os.isatty(self._descriptor)

    def say(self, text: str) -> None:
        """Something for the person, in lines of its own."""
        self._put(f"{folded(text, sys.stderr)}\n")

    def _put(self, text: str) -> None:
        """Lines of their own also while a question stands, which is put again below them."""
        self._write(f"\n{text}{self._question}" if self._question else text)

    def say_command(self, command: Command) -> None:
        """A command that the person could type, below what it does; what it reads is left out."""
        text = self._address.line(replace(command, stdin=""))
        self._write(f"{folded_command(text, sys.stderr, '      ')}\n")

    def tell(self, error: WizardError) -> None:
        """What went wrong, marked as that."""
        self._write(f"{in_words(error, self._address, sys.stderr, '! ')}\n")

    async def ask(self, question: str, *, secret: bool = False, seconds: float = ANSWER_SECONDS) -> str:
        """What is typed after the question, without echo if it is secret.

        Raises EOFError when the terminal is at its end (Ctrl+D), WizardError when there is none or nobody answers.
        """
        if not self.is_terminal:
            raise WizardError(
                "reauth.no-terminal",
                "There is a question to answer, but no terminal to ask it on.",
                fix="Run it in a terminal, or give --apple-id, --password-stdin and --code-stdin.",
                exit_code=Exit.NEEDS_PERSON,
                retry=Retry.NEVER,
            )
        line: str | None = None
        with self._asked(question, secret=secret):
            try:
                line = await self._line(seconds)
            except TimeoutError:
                raise _unanswered(seconds) from None
            finally:
                if secret or line is None:
                    self._write("\n")
        if line is None:
            raise EOFError
        return line

    async def line(self, seconds: float = PIPE_SECONDS) -> str | None:
        """The next line of standard input; None at its end. Raises WizardError when none comes."""
        try:
            return await self._line(seconds)
        except TimeoutError:
            raise WizardError(
                "reauth.stdin",
                f"Nothing arrived on standard input for {_minutes(seconds)}, so the sign-in was stopped.",
                fix="Start again with the answer ready; the volume is unchanged.",
                exit_code=Exit.NEEDS_PERSON,
                retry=Retry.NOW,
            ) from None

    async def _line(self, seconds: float) -> str | None:
        async with asyncio.timeout(seconds):
            while b"\n" not in self._rest:
                data = await self._read()
                if not data:
                    break
                self._rest += data
                if self.is_terminal:
                    break  # a line of a terminal may end without its end, by Ctrl+D
        if not self._rest:
            return None
        line, _, self._rest = self._rest.partition(b"\n")
        text = _decoded(line.removesuffix(b"\r"))
        if text is None:
            raise WizardError(
                "reauth.not-text",
                "The input is not valid text in this machine's character set.",
                fix="Type it again, or use another character set (LANG=C.UTF-8).",
                exit_code=Exit.NEEDS_PERSON,
                retry=Retry.NOW,
            )
        return text

    async def _read(self) -> bytes:
        """What there is to read, once there is something; empty at the end."""
        loop = asyncio.get_running_loop()
        there: asyncio.Future[None] = loop.create_future()

        def wake() -> None:
            if not there.done():
                there.set_result(None)

        try:
            loop.add_reader(self._descriptor, wake)
        except PermissionError:  # a file is always ready, and can't be watched
            return os.read(self._descriptor, 65536)
        try:
            await there
            return os.read(self._descriptor, 65536)
        except OSError:  # the terminal has gone
            return b""
        finally:
            loop.remove_reader(self._descriptor)

    @contextmanager
    def _asked(self, question: str, *, secret: bool) -> Iterator[None]:
        """The question stands there, also after the program was stopped and goes on; a secret is not shown while it does."""
        before = termios.tcgetattr(self._descriptor)

        def put() -> None:
            if secret:
                self._set(_without_echo(before), flush=True)
            self._write(question)
            self._question = question

        loop = asyncio.get_running_loop()
        answered = False
        put()
        try:
            with suppress(
                ValueError, RuntimeError, NotImplementedError
            ):  # not in the main thread: nobody stops it there
                loop.add_signal_handler(signal.SIGCONT, put)
            yield
            answered = True
        finally:
            self._question = ""
            with suppress(ValueError, RuntimeError, NotImplementedError):
                loop.remove_signal_handler(signal.SIGCONT)
            if secret:
                self._set(before, flush=not answered)

    def _set(self, attributes: _Attributes, *, flush: bool) -> None:
        """Sets the terminal so; with `flush` what was typed and not read is dropped, so that it shows up nowhere."""
        with suppress(termios.error):
            if flush:
                termios.tcflush(self._descriptor, termios.TCIFLUSH)
            termios.tcsetattr(self._descriptor, termios.TCSANOW, attributes)


def _without_echo(attributes: _Attributes) -> _Attributes:
    without = attributes.copy()
    without[_ECHO_IN] &= ~termios.ECHO
    return without


def _decoded(data: bytes) -> str | None:
    """The text; no exception carries what was typed along."""
    try:
        return data.decode(sys.stdin.encoding or "utf-8")
    except UnicodeDecodeError:
        return None


def _unanswered(seconds: float) -> WizardError:
    return WizardError(
        "reauth.unanswered",
        f"There was no answer for {_minutes(seconds)}, so the sign-in was stopped.",
        fix="Start again; the volume is unchanged.",
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.NOW,
    )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes"
