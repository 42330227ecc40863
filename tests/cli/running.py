"""The program as a person starts it: a process of its own, with pipes or with a terminal."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = (sys.executable, "-m", "screens")
PATIENCE = 60.0


def _interruptible() -> None:
    """In the new process: these signals count, even where those who run the tests in the background ignore them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _at_its_terminal() -> None:
    """The same, and standard input is the terminal whose keys send signals to it."""
    _interruptible()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@dataclass(frozen=True)
class Ended:
    """How a run of the program ended."""

    code: int
    out: str
    err: str

    def said_in_words(self, code: int, *fragments: str) -> None:
        """It said one sentence and what to do, and ended with `code`: no traceback, nothing on standard output."""
        assert self.code == code, (self.code, self.err)
        assert self.out == ""
        assert "Traceback" not in self.err
        assert "internal error" not in self.err
        first, *rest = self.err.splitlines()
        assert first.startswith("photosync-wizard: ")
        assert first.endswith((".", "?")), first
        assert rest, "nothing says what to do"
        assert all(len(line) < 400 for line in self.err.splitlines() if not line.lstrip().startswith("Choose one of"))
        for fragment in fragments:
            assert fragment in self.err, (fragment, self.err)


def environment(changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """The environment of the test with `changes`; None takes a variable away."""
    merged: dict[str, str | None] = {**os.environ, "PYTHONWARNINGS": "error", **(changes or {})}
    return {name: value for name, value in merged.items() if value is not None}


def ran(*arguments: str, env: Mapping[str, str | None] | None = None, **options: Any) -> Ended:
    """Runs the program to its end, without a terminal."""
    done = subprocess.run(
        [*PROGRAM, *arguments],
        env=environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        **options,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


async def ran_beside(*arguments: str, env: Mapping[str, str | None] | None = None) -> Ended:
    """The same while a server of this test goes on answering."""
    async with started(*arguments, env=env) as process:
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    return Ended(process.returncode or 0, out.decode(), err.decode())


@asynccontextmanager
async def started(
    *arguments: str, env: Mapping[str, str | None] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The running program; whatever the test forgot to end is ended."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *arguments,
        env=environment(env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
        preexec_fn=_interruptible,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


class Terminal:
    """The program on a terminal: what it has drawn so far, and keys for it."""

    def __init__(self, pid: int, descriptor: int) -> None:
        self.pid = pid
        self.drawn = b""
        self._descriptor = descriptor
        self._code: int | None = None

    @property
    def text(self) -> str:
        return self.drawn.decode(errors="replace")

    @property
    def echoes(self) -> bool:
        """Whether what is typed shows."""
        return bool(termios.tcgetattr(self._descriptor)[3] & termios.ECHO)

    def wait_for(self, *any_of: str, seconds: float = PATIENCE) -> None:
        """Returns when one of these was drawn since the last `forget`."""
        until = time.monotonic() + seconds
        while not any(text.encode() in self.drawn for text in any_of):
            assert time.monotonic() < until, f"{any_of} was not drawn: {self.text[-2000:]!r}"
            assert self._read(0.5) or self._code is None, f"it ended first: {self.text[-2000:]!r}"

    def forget(self) -> None:
        self.drawn = b""

    def type(self, keys: str) -> None:
        os.write(self._descriptor, keys.encode())

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def end(self, seconds: float = PATIENCE) -> int:
        """Its exit code."""
        until = time.monotonic() + seconds
        while self._code is None:
            assert time.monotonic() < until, f"it does not end: {self.text[-2000:]!r}"
            self._read(0.2)
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                while self._read(0):
                    pass
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def close(self) -> None:
        if self._code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._descriptor)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._descriptor], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:
            return False
        self.drawn += data
        return bool(data)


@contextmanager
def on_terminal(
    *arguments: str, env: Mapping[str, str | None] | None = None, size: tuple[int, int] = (24, 80)
) -> Iterator[Terminal]:
    """The program on a terminal of `size` lines and columns."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        env=environment({"TERM": "xterm-256color", **(env or {})}),
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
        preexec_fn=_at_its_terminal,  # noqa: PLW1509 - nothing else runs in this process while it forks
    )
    os.close(child)
    terminal = Terminal(process.pid, parent)
    try:
        yield terminal
    finally:
        terminal.close()
        process.returncode = 0


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file there, with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
