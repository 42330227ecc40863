"""Run by the tests: begins to sign in at an Apple that never answers, and leaves in one of several ways."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from wizard.demo.apple.route import names_lead_to
from wizard.icloud.signing_in import SigningIn


async def leave(folder: Path, how: str, connected: asyncio.Event) -> None:
    signing_in = SigningIn(folder)
    asking = asyncio.create_task(signing_in.start("one.phone@example.com", "demo-password"))
    await connected.wait()
    say("asking")
    match how:
        case "cancel":
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
            await signing_in.close()
        case "interrupt":
            os.kill(os.getpid(), signal.SIGINT)
            await asking


async def main(ca_file: Path, folder: Path, how: str) -> None:
    """Apple is a server here that takes connections and says nothing."""
    connected = asyncio.Event()

    def hear(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        connected.set()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with names_lead_to(f"127.0.0.1:{port}", ca_file):
        await leave(folder, how, connected)


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
    say("left")
