"""A terminal that goes away, as when its window or its tmux is closed: the program ends, and nothing spins on."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.running import PATIENCE, environment

_OF_ITS_OWN = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
_PROGRAM = "import sys; from screens.__main__ import main; main()"
SECONDS = 10.0


@contextmanager
def _started(*arguments: str, controlling: bool) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", (_OF_ITS_OWN if controlling else "") + _PROGRAM, *arguments],
        env=environment({"TERM": "xterm-256color"}),
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
    )
    os.close(child)
    try:
        yield process, parent
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _wait_for(descriptor: int, text: bytes) -> None:
    drawn = b""
    until = time.monotonic() + PATIENCE
    while text not in drawn:
        assert time.monotonic() < until, drawn[-500:]
        if select.select([descriptor], [], [], 0.5)[0]:
            drawn += os.read(descriptor, 65536)


@pytest.mark.parametrize("controlling", [True, False], ids=["hung-up", "input-ended"])
@pytest.mark.parametrize(
    ("arguments", "ready"),
    [(("demo", "seed"), b"Is this your setup?"), (("--demo", "expired", "reauth"), b"Sign in")],
    ids=["full-screen", "beneath-the-prompt"],
)
def test_the_program_ends_with_its_terminal(arguments: tuple[str, ...], ready: bytes, controlling: bool) -> None:
    with _started(*arguments, controlling=controlling) as (process, descriptor):
        _wait_for(descriptor, ready)
        os.close(descriptor)
        assert process.wait(SECONDS) == 130
