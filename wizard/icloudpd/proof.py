"""What icloudpd's own output proves of a session. Pure.

Its exit code says next to nothing (0 on nearly every failure), and a program that could not run, a wrong argument or a faltering Apple look
like an ended session from outside. So a session counts as accepted, or as ended, only by lines that prove it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from wizard.errors import shorten
from wizard.icloudpd.log import Reading, read_log
from wizard.icloudpd.signs import (
    APPLE_IS_AWAY,
    ARGUMENTS_WITHOUT_PROGRAM,
    ASKED_NOBODY,
    PROGRAM_NOT_FOUND,
    SESSION_BROKEN,
    SESSION_DEAD,
    SUCCESS,
)
from wizard.world import LogTail

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_NOT_OF_ICLOUDPD = re.compile(r"^\[PYI-\d+:")
_ENDED = frozenset({SESSION_DEAD, ASKED_NOBODY, SESSION_BROKEN})
_ANSWERS = APPLE_IS_AWAY - {"apple-unreachable"}
_NO_PROGRAM = frozenset({ARGUMENTS_WITHOUT_PROGRAM, PROGRAM_NOT_FOUND})
_JUDGES_NOTHING = APPLE_IS_AWAY | _NO_PROGRAM | {"session-files-unwritable"}


class Verdict(StrEnum):
    """What became of asking icloudpd about a session."""

    ACCEPTED = "accepted"
    ENDED = "ended"
    NOT_JUDGED = "not-judged"


@dataclass(frozen=True, slots=True)
class Proof:
    """What the cluster's icloudpd said of a session: `verdict`, and for NOT_JUDGED `why` nobody can tell.

    ACCEPTED rests on its own success line; ENDED on the log's last word, where that is Apple's refusal, files that can't be read
    as a session, or a password asked for in vain: a password that was refused tells nothing of a session. `last_line` is the
    last thing it said that is worth showing.
    """

    verdict: Verdict
    reading: Reading
    last_line: str = ""
    why: str = ""

    @property
    def accepted(self) -> bool:
        """Whether icloudpd got in."""
        return self.verdict is Verdict.ACCEPTED

    @property
    def answered(self) -> bool:
        """Whether Apple has answered icloudpd at all, with a session, a refusal or an error of its own."""
        return self.accepted or self.reading.refused or any(sign.slug in _ANSWERS for sign, _ in self.reading.signs)

    @property
    def may_differ(self) -> bool:
        """Whether asking again in a moment may have another outcome: not where there is no icloudpd to ask."""
        return not any(sign.slug in _NO_PROGRAM for sign, _ in self.reading.signs)


def proof_of(pod: str, output: bytes, errors: bytes = b"", exit_code: int | None = None, message: str = "") -> Proof:
    """What icloudpd's output proves; `exit_code` and `message` are what the cluster said of the command's end, if it did."""
    stdout, stderr = _lines(output), _lines(errors)
    lines = (*stdout, *stderr)
    reading = read_log(LogTail(pod, lines))
    last = shorten(next((line for line in reversed(lines) if not _NOT_OF_ICLOUDPD.match(line)), ""))
    if any(line.endswith(SUCCESS) for line in lines):
        return Proof(Verdict.ACCEPTED, reading, last)
    slugs = {sign.slug for sign, _ in reading.signs}
    if slugs & _JUDGES_NOTHING:
        sign = next(sign for sign, _ in reading.signs if sign.slug in _JUDGES_NOTHING)
        return Proof(Verdict.NOT_JUDGED, reading, last, sign.summary)
    if reading.session == "ended" and (reading.refused or slugs & _ENDED):
        return Proof(Verdict.ENDED, reading, last)
    return Proof(Verdict.NOT_JUDGED, reading, last, _ending(last, exit_code, message))


def _lines(output: bytes) -> tuple[str, ...]:
    text = _COLOUR.sub("", output.decode("utf-8", "replace"))
    return tuple(line.rstrip() for line in text.splitlines() if line.strip())


def _ending(last_line: str, exit_code: int | None, message: str) -> str:
    """How it ended, where none of its lines is known."""
    if exit_code is None and message:
        return f"It could not be run: {shorten(message)}"
    ended = f"icloudpd exited with code {exit_code}" if exit_code else "icloudpd exited"
    return f"{ended}, and last said: {last_line}" if last_line else f"{ended} without any output."
