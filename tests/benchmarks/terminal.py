"""Opens a full-screen program in a terminal of 80x24 and watches what it draws."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.commands import environment

OPEN_SECONDS = 60.0
_ESCAPES = re.compile(
    rb"\x1b(\[[0-9;:?<>=]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][A-Z0-9]|P[^\x1b]*\x1b\\|[=>78])"
)
HELLO = """
from textual.app import App
from textual.widgets import Label
class Hello(App):
    def compose(self):
        yield Label("Hello, World!")
Hello().run()
"""


class NothingDrawnError(Exception):
    """The program ended, or the time was up, before what was awaited had been drawn."""


@dataclass(frozen=True, slots=True)
class Opened:
    """`seconds` from the process's start to the first frame with the awaited words; `megabytes` the peak until the end."""

    seconds: float
    megabytes: float


def hello() -> tuple[str, ...]:
    """Textual's smallest app."""
    return (sys.executable, "-c", HELLO)


def open_in_terminal(
    command: Sequence[str],
    awaited: re.Pattern[bytes],
    home: Path,
    *,
    settled: re.Pattern[bytes] | None = None,
    stay: float = 0.0,
) -> Opened:
    """Starts it, waits for `awaited` and then for `settled` on its screen, stays `stay` seconds more, and ends it.

    Memory is that of the process and its children together, at its peak, as far as they still live at the end.
    """
    began = time.perf_counter()
    process, terminal = pty.fork()
    if process == 0:
        os.execve(command[0], list(command), environment(home))  # noqa: S606
    try:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        seen = _read_until(terminal, b"", awaited, began + OPEN_SECONDS)
        seconds = time.perf_counter() - began
        if settled:
            seen = _read_until(terminal, seen, settled, began + OPEN_SECONDS)
        _read_until(terminal, seen, None, time.perf_counter() + stay)
        return Opened(seconds, sum(_peak(each) for each in _family(process)))
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(terminal)


def _read_until(terminal: int, seen: bytes, awaited: re.Pattern[bytes] | None, deadline: float) -> bytes:
    """Everything drawn so far, once `awaited` is in it, or at the deadline where nothing is awaited."""
    while not (awaited and awaited.search(_ESCAPES.sub(b"", seen))):
        left = deadline - time.perf_counter()
        if left <= 0:
            if awaited is None:
                return seen
            raise NothingDrawnError(f"{awaited.pattern!r} was not drawn; the last was {_tail(seen)}")
        if select.select([terminal], [], [], left)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError as error:
                raise NothingDrawnError(f"it ended before its time; its last words were {_tail(seen)}") from error
    return seen


def _tail(seen: bytes) -> str:
    return repr(_ESCAPES.sub(b"", seen)[-600:].decode("utf-8", "replace"))


def _family(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(each for child in children for each in _family(int(child)))]


def _peak(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0
