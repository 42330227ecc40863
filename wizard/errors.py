"""Problems worth telling a person about: what failed, why, what to do next.

Whoever wraps a client library turns its exceptions into these; above that nobody sees the library's own. Texts carry no
secrets and no more than 256 characters of what a server said.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from wizard.command import Address, Command


class Exit(IntEnum):
    """The documented exit codes; where several hold, UNREACHABLE before BLOCKED before NEEDS_PERSON."""

    DONE = 0
    INTERNAL = 1
    USAGE = 2
    NEEDS_PERSON = 3
    BLOCKED = 4
    UNREACHABLE = 5
    INTERRUPTED = 130


class Retry(StrEnum):
    """Whether trying again can help."""

    NOW = "now"
    LATER = "later"
    NEVER = "never"


SERVER_TEXT_LIMIT = 256


def shorten(text: str, limit: int = SERVER_TEXT_LIMIT) -> str:
    """`text` on one line, cut to `limit` characters with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


class WizardError(Exception):
    """An expected problem. `what` is one sentence, `why` the cause as far as known, `fix` what to do next."""

    def __init__(
        self,
        code: str,
        what: str,
        *,
        why: str = "",
        fix: str = "",
        commands: tuple[Command, ...] = (),
        exit_code: Exit = Exit.BLOCKED,
        retry: Retry = Retry.LATER,
    ) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.why = why
        self.fix = fix
        self.commands = commands
        self.exit_code = exit_code
        self.retry = retry

    @property
    def sentences(self) -> tuple[str, ...]:
        """What, why, what to do, as far as they are known."""
        return tuple(part for part in (self.what, self.why, self.fix) if part)

    def lines(self, address: Address) -> tuple[str, ...]:
        """The problem as lines for a terminal: what, why, what to do, the commands to copy."""
        return self.sentences + tuple(f"  {command}" for command in address.lines(self.commands))
