"""icloudpd's own sign-in, driven through a terminal: what it asks, word for word as 1.32.3 does, and what to type back.

The second way in. It runs as a command of ours in the hand-over pod, so nothing of it is in any pod's log; or it is the
prompt of a pod that waits already. What is typed is never kept, and nothing of the screen is but icloudpd's own lines.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from wizard.kube.streams import Stream

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_PHONE = re.compile(r"^\s+(\w): (.*\d\d)\s*$", re.MULTILINE)


class Ask(StrEnum):
    """What icloudpd waits for."""

    PASSWORD = "password"  # noqa: S105 - what is asked for
    CODE = "code"
    SMS_CODE = "sms-code"
    DEVICE = "device"
    ENDED = "ended"


_PROMPTS = (
    (re.compile(r"iCloud Password for [^\n]*:\s*$"), Ask.PASSWORD),
    (re.compile(r"Please enter two-factor authentication code that you received over SMS:\s*$"), Ask.SMS_CODE),
    (re.compile(r"Please enter two-factor authentication code[^\n]*:\s*$"), Ask.CODE),
    (re.compile(r"Please choose an option: [^\n]*:\s*$"), Ask.DEVICE),
    (re.compile(r"Please enter two-step authentication code:\s*$"), Ask.CODE),
)

_GOES_ON = (
    "Processing user: ",
    "Two-factor authentication is required",
    "Two-step authentication is required",
    "Great, you're all set up.",
    "You can set up email notifications",
    "(Use --help ",
)
_INFO = re.compile(r"^\S+ \S+ INFO +(.*)\n", re.MULTILINE)
LAST_WORDS_SECONDS = 1.0


def _has_ended(text: str) -> bool:
    """Whether icloudpd has said its last line: every INFO that is not among those of a sign-in under way."""
    return any(not match[1].startswith(_GOES_ON) for match in _INFO.finditer(text))


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question: `phones` are the index letters with the numbers' ends, `again` what was wrong with the last answer."""

    ask: Ask
    phones: tuple[tuple[str, str], ...] = ()
    again: str = ""


class Conversation:
    """Reads icloudpd's terminal until it asks or ends. `output` is what it printed, without what was typed.

    In a pod where something goes on after icloudpd, as the seed's `&& sleep 3600`, its own last line is the end of it.
    `scrollback` is what the terminal shows already, for a question that was asked before anybody came.
    """

    def __init__(self, stream: Stream, scrollback: str = "") -> None:
        self._stream = stream
        self._frames: AsyncIterator[tuple[int, bytes]] = aiter(stream)
        self._typed = ""
        self._seen = _COLOURS.sub("", scrollback)
        self.output = ""

    async def next_prompt(self) -> Prompt:
        """The next question, or `Ask.ENDED`."""
        if question := self._asked():
            return self._take(question)
        with suppress(TimeoutError):
            async with asyncio.timeout(None) as clock:
                async for _, data in self._frames:
                    self._seen += _COLOURS.sub(
                        "", data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
                    )
                    if question := self._asked():
                        return self._take(question)
                    if clock.when() is None and _has_ended(self._seen):
                        clock.reschedule(asyncio.get_running_loop().time() + LAST_WORDS_SECONDS)
        return self._take(Ask.ENDED)

    def _asked(self) -> Ask | None:
        return next((ask for pattern, ask in _PROMPTS if pattern.search(self._seen)), None)

    async def type(self, text: str) -> None:
        """Types a line. The terminal may echo it; the echo never reaches `output`."""
        self._typed = text
        await self._stream.send(text.encode() + b"\n")

    def _take(self, ask: Ask) -> Prompt:
        part = self._seen.removeprefix(self._typed)
        if len(self._typed) > 1:
            part = part.replace(self._typed, "…")
        self._typed, self._seen = "", ""
        self.output += part
        again = next(
            (line.strip() for line in part.splitlines() if line.strip().endswith("Try again") and len(line) < 120), ""
        )
        return Prompt(ask, tuple((match[1], match[2]) for match in _PHONE.finditer(part)), again)
