"""Ways to break a demo server on purpose, for tests of what the wizard does then."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(slots=True)
class Fault:
    """What happens to requests whose "METHOD /path?query" matches.

    First `seconds` of waiting, then a cut connection if `cut`, or `status` with `body` if there is a status. `times` is
    how often it still happens; None is for ever.
    """

    pattern: re.Pattern[str]
    status: int | None = None
    body: str = ""
    content_type: str = "text/html"
    seconds: float = 0.0
    cut: bool = False
    times: int | None = None


class Faults:
    """The faults of one demo server; the first that matches applies. `requests` are all it was asked, oldest first."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self._faults: list[Fault] = []

    def answer(
        self, pattern: str, status: int, body: str = "", *, content_type: str = "text/html", times: int | None = None
    ) -> None:
        """Answers matching requests with this instead."""
        self._faults.append(Fault(re.compile(pattern), status, body, content_type, times=times))

    def delay(self, pattern: str, seconds: float, *, times: int | None = None) -> None:
        """Lets matching requests wait."""
        self._faults.append(Fault(re.compile(pattern), seconds=seconds, times=times))

    def cut(self, pattern: str, *, times: int | None = None) -> None:
        """Closes the connection of matching requests without a word."""
        self._faults.append(Fault(re.compile(pattern), cut=True, times=times))

    def clear(self) -> None:
        """Everything works again."""
        self._faults.clear()

    def take(self, request: str) -> Fault | None:
        """Notes a request and returns what is to happen to it."""
        self.requests.append(request)
        for fault in self._faults:
            if fault.times != 0 and fault.pattern.search(request):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None
