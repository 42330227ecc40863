"""`photosync-wizard reauth` as a process of its own, answered from standard input, watched and killed as the test says."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.signin.apple import PASSWORD
from tests.signin.place import Place

SECONDS = 120
ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Ended:
    """How it ended: the exit code (negative for a signal), and all that it printed."""

    code: int
    out: str = field(repr=False)
    err: str = field(repr=False)

    @property
    def lines(self) -> list[str]:
        return self.err.splitlines()


def environment(place: Place) -> dict[str, str]:
    """The test's own, with a home, a runtime folder and a temporary folder in which everything left behind is found."""
    left = place.private.parent
    folders = {"XDG_RUNTIME_DIR": left / "run", "XDG_STATE_HOME": left / "state", "TMPDIR": left / "tmp"}
    for folder in folders.values():
        folder.mkdir(mode=0o700, exist_ok=True)
    return {**os.environ, "PYTHONPATH": str(ROOT), **{name: str(folder) for name, folder in folders.items()}}


async def reauth(
    place: Place,
    *arguments: str,
    password: str = PASSWORD,
    code: Callable[[], str | None] | None = None,
    on_line: Callable[[int, str], float | None] = lambda _n, _line: None,
    kill: signal.Signals = signal.SIGKILL,
    crash: bool = False,
    env: Mapping[str, str] | None = None,
) -> Ended:
    """Runs `reauth --plain` with ARGUMENTS; types the password, and the code once one was sent.

    `on_line` gets every line of standard error with its number, and says in how many seconds to kill the process, if it is.
    """
    apple = place.apple.apple
    given = ["--password-stdin", "--code-stdin"] if "--check" not in arguments else []
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.signin.led",
        apple.address,
        str(apple.ca_file),
        *(["--crash"] if crash else []),
        *("--kubeconfig", str(place.kubeconfig), "-n", place.namespace, "reauth", "--plain"),
        *given,
        *arguments,
        env=dict(env or environment(place)),
        cwd=place.private.parent,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(f"{password}\n".encode())
    answering = asyncio.create_task(_type_code(place, process.stdin, code))
    printed: list[str] = []

    async def read(stream: asyncio.StreamReader) -> None:
        while line := (await stream.readline()).decode():
            printed.append(line)
            if (seconds := on_line(len(printed) - 1, line.rstrip())) is not None:
                asyncio.get_running_loop().call_later(seconds, _send, process, kill)

    try:
        async with asyncio.timeout(SECONDS):
            out, _ = await asyncio.gather(process.stdout.read(), read(process.stderr))
            ended = await process.wait()
    finally:
        answering.cancel()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return Ended(ended, out.decode(), "".join(printed))


def _send(process: asyncio.subprocess.Process, kill: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(kill)


async def _type_code(place: Place, stdin: asyncio.StreamWriter, code: Callable[[], str | None] | None) -> None:
    """Types the code that comes, as somebody does who looks at the phone."""
    sent = len(place.apple.codes_of(place.apple_id))
    while len(place.apple.codes_of(place.apple_id)) == sent:  # noqa: ASYNC110 - a phone has no event
        await asyncio.sleep(0.05)
    typed = code() if code else place.apple.code(place.apple_id)
    if typed is not None:
        with contextlib.suppress(ConnectionError):
            stdin.write(f"{typed}\n".encode())
            await stdin.drain()


@dataclass(slots=True)
class Seen:
    """All that anybody else could see meanwhile: command lines and environments, objects, events and logs."""

    texts: set[str] = field(default_factory=set)
    looks: int = 0


@contextlib.asynccontextmanager
async def watched(place: Place) -> AsyncIterator[Seen]:
    """Looks again and again until the block ends, and once more then."""
    seen = Seen()

    async def look() -> None:
        seen.texts |= await asyncio.to_thread(_processes)
        for path in ("batch/v1/jobs", "pods", "events", "persistentvolumeclaims", "configmaps", "batch/v1/cronjobs"):
            answer = await place.api.get(path)
            seen.texts.add(answer.text)
            for pod in answer.body["items"] if path == "pods" else ():
                log = await place.api.get(f"pods/{pod['metadata']['name']}/log", accept="*/*")
                seen.texts.add(log.text)
        seen.looks += 1

    async def keep_looking() -> None:
        while True:
            await look()
            await asyncio.sleep(0.1)

    task = asyncio.create_task(keep_looking())
    try:
        yield seen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await look()


def _processes() -> set[str]:
    """Command line and environment of every process that this machine shows, those in the pods among them; not our own."""
    found = set()
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                found.add((process / name).read_bytes().decode("utf-8", "replace"))
    return found


def left_behind(folder: Path) -> dict[str, str]:
    """Every file under a folder, by its path."""
    return {
        str(path.relative_to(folder)): path.read_bytes().decode("utf-8", "replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
