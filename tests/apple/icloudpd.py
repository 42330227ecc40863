"""Runs the real icloudpd against a demo Apple, typing into it what its prompts ask for."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

_END = b"-----END CERTIFICATE-----"
_LOOK_EVERY = 0.002


def binary() -> Path | None:
    """The program itself, not pip's script around it: PHOTOSYNC_ICLOUDPD, or what is installed beside this Python."""
    given = os.environ.get("PHOTOSYNC_ICLOUDPD")
    beside = (Path(folder) / "icloudpd" / "icloudpd" for folder in sys.path)
    return Path(given) if given else next((path for path in beside if path.is_file()), None)


@dataclass(slots=True)
class Icloudpd:
    """One run; `output` is all that it has printed, with what was typed left out."""

    process: asyncio.subprocess.Process
    output: str = ""
    exit_code: int | None = None

    async def until(self, prompt: str) -> None:
        """Wait until the prompt has been printed; AssertionError when the program ends before."""
        assert self.process.stdout is not None
        start = len(self.output)
        while prompt not in self.output[start:]:
            chunk = await self.process.stdout.read(65536)
            assert chunk, f"icloudpd ended before {prompt!r}:\n{self.output}"
            self.output += chunk.decode()

    def type(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n".encode())

    async def end(self) -> None:
        """Close its input and wait for its end."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.output += (await self.process.stdout.read()).decode()
        self.exit_code = await self.process.wait()

    @property
    def log(self) -> list[str]:
        """The log lines without their dates: `INFO     text`."""
        marks = ("DEBUG   ", "INFO    ", "WARNING ", "ERROR   ")
        found = []
        for line in self.output.splitlines():
            at = min((line.find(mark) for mark in marks if mark in line), default=-1)
            if at >= 0:
                found.append(line[at:])
        return found


@asynccontextmanager
async def running(
    program: Path, arguments: Sequence[str], *, proxy: str, ca_file: Path, home: Path
) -> AsyncIterator[Icloudpd]:
    """Start it, led to the demo Apple; ended at the end of the block, with all that it unpacked."""
    unpacked = home / "tmp"
    unpacked.mkdir(parents=True, exist_ok=True)
    environment = {
        "HOME": str(home),
        "HTTPS_PROXY": proxy,
        "HTTP_PROXY": proxy,
        "PATH": os.environ["PATH"],
        "REQUESTS_CA_BUNDLE": str(ca_file),
        "TMPDIR": str(unpacked),
        "TZ": "UTC",
    }
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        await asyncio.wait_for(_trust(process, unpacked, ca_file), 30)
        yield Icloudpd(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        await process.wait()


async def _trust(process: asyncio.subprocess.Process, unpacked: Path, ca_file: Path) -> None:
    """Have it trust the CA also where it reads only what it has unpacked: its list of phones and its SMS calls.

    That must happen between the unpacking and the first import of requests, which nothing announces.
    """
    while process.returncode is None and not _extend_bundle(unpacked, ca_file):  # noqa: ASYNC110 - a file is awaited
        await asyncio.sleep(_LOOK_EVERY)


def _extend_bundle(unpacked: Path, ca_file: Path) -> bool:
    """Add the CA to the unpacked certificates, once they are there as a whole."""
    for bundle in unpacked.glob("*/certifi/cacert.pem"):
        if bundle.read_bytes().rstrip().endswith(_END):
            with bundle.open("ab") as file:
                file.write(b"\n" + ca_file.read_bytes())
            return True
    return False
