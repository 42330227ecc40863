"""A demo Apple that the cluster's pods and the wizard under test are led to alike, in a thread and a loop of its own."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from wizard.demo.apple.accounts import Account, Phone
from wizard.demo.apple.server import DemoApple
from wizard.demo.apple.state import Way

HOOK_SECONDS = 300
PASSWORD = "pl4nted-Pässw0rd §$%&'\"\\ ünd"
"""What every account here has: easy to find again, and with what shells and terminals stumble over."""

_PEOPLE = 300


@dataclass(slots=True)
class Clock:
    """The real time, because clients judge cookies by theirs, and what the tests let pass besides."""

    ahead: dt.timedelta = dt.timedelta()

    def __call__(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.ahead

    def advance(self, **by: float) -> None:
        self.ahead += dt.timedelta(**by)


@dataclass(slots=True)
class ServedApple:
    """The running demo Apple; `codes` are all that it has sent, for nothing of them may be found anywhere afterwards."""

    apple: DemoApple
    clock: Clock
    codes: list[tuple[str, str]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def somebody(self, kind: str = "ordinary") -> str:
        """An Apple ID that nobody has used yet: "ordinary" has one phone, "phones" two and no device, "closed" no photos."""
        return f"{kind}.{next(self._numbers)}@example.com"

    def code(self, apple_id: str, way: Way = "device", n: int = 0) -> str:
        """The code that the person sees."""
        found = self.apple.code_for(apple_id, way, n)
        assert found is not None, f"no code came to {apple_id} by {way} {n}"
        return found

    def passwords_sent(self, apple_id: str) -> int:
        """How often a password was put to the test."""
        return sum(seen.path.endswith("/signin/complete") for seen in self.apple.requests_of(apple_id))

    def codes_of(self, apple_id: str) -> list[str]:
        return [code for who, code in self.codes if who == apple_id]


@contextmanager
def served(folder: Path) -> Iterator[ServedApple]:
    """A demo Apple until the block ends; `folder` gets its certificate."""
    clock = Clock()
    started = threading.Event()
    open_things: dict[str, object] = {}
    sent: list[tuple[str, str]] = []

    async def main() -> None:
        end = asyncio.Event()
        async with DemoApple.open(
            _people(), clock, tls=folder, on_code=lambda code: sent.append((code.apple_id, code.code))
        ) as apple:
            open_things.update(apple=apple, loop=asyncio.get_running_loop(), end=end)
            started.set()
            await end.wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),), name="demo-apple", daemon=True)
    thread.start()
    assert started.wait(30), "the demo Apple did not start"
    apple, loop, end = open_things["apple"], open_things["loop"], open_things["end"]
    assert isinstance(apple, DemoApple)
    assert isinstance(loop, asyncio.AbstractEventLoop)
    assert isinstance(end, asyncio.Event)
    try:
        yield ServedApple(apple, clock, sent)
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(30)


@contextmanager
def pods_led_to(apple: DemoApple, hook: Path) -> Iterator[None]:
    """Pods that start within the block find this Apple; those after it none."""
    _run_hook(hook, "--apple", apple.address, "--apple-ca", str(apple.ca_file))
    try:
        yield
    finally:
        _run_hook(hook, "--no-apple")


def _run_hook(hook: Path, *arguments: str) -> None:
    done = subprocess.run(
        [hook, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=HOOK_SECONDS, check=False
    )
    assert done.returncode == 0, f"{hook} {' '.join(arguments)}: {done.stderr[-1000:]}"


def _people() -> list[Account]:
    two = (Phone("81"), Phone("42"))
    ordinary = [Account(f"ordinary.{n}@example.com", "somebody", PASSWORD, wrong_codes=50) for n in range(_PEOPLE)]
    phones = [
        Account(f"phones.{n}@example.com", "somebody with two phones", PASSWORD, phones=two, delivery="sms")
        for n in range(_PEOPLE)
    ]
    closed = [
        Account(
            f"closed.{n}@example.com",
            "somebody whose photos only devices may read",
            PASSWORD,
            photos="access-denied",
            advanced_data_protection=True,
        )
        for n in range(_PEOPLE)
    ]
    accented = [Account(f"zoë.{n}@example.com", "somebody with an accent", PASSWORD) for n in range(_PEOPLE)]
    return ordinary + phones + closed + accented
