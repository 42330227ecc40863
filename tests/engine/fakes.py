"""A cluster that is only what a test says of it, a connector that counts, and a clock that a test turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from wizard.engine import Engine, Update
from wizard.errors import WizardError
from wizard.kube.client import Cluster
from wizard.model import ClusterRef
from wizard.settings import Settings
from wizard.world import World

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PATIENCE = 30.0


class FakeCluster:
    """A connection; only its end is of interest."""

    def __init__(self) -> None:
        self.closed = False

    async def close(self) -> None:
        self.closed = True


@dataclass
class FakeConnector:
    """Connects at once, or raises what it is given first."""

    troubles: list[WizardError] = field(default_factory=list)
    made: list[FakeCluster] = field(default_factory=list)
    closed: int = 0

    async def connect(self) -> Cluster:
        if self.troubles:
            raise self.troubles.pop(0)
        self.made.append(FakeCluster())
        return cast("Cluster", self.made[-1])

    def private_folder(self, name: str) -> Path:
        raise AssertionError(f"nobody needs {name}")

    async def close(self) -> None:
        self.closed += 1


class Pauses:
    """Pauses that end when the test says so; `asked` are their lengths."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []

    async def __call__(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.asked.append(seconds)
        self._waiting.append((seconds, future))
        try:
            await future
        finally:
            self._waiting = [one for one in self._waiting if one[1] is not future]

    @property
    def waiting(self) -> list[float]:
        return [seconds for seconds, _ in self._waiting]

    async def until(self, seconds: float) -> None:
        """Returns when somebody waits for that long."""
        await until(lambda: seconds in self.waiting)

    async def let(self, seconds: float) -> None:
        """Ends a pause of that length, which somebody is or will be in."""
        await self.until(seconds)
        next(future for length, future in self._waiting if length == seconds).set_result(None)


class Place:
    """What there is to see: `looks` counts looks, `change` makes watches say something, `troubles` are met by looks."""

    def __init__(self) -> None:
        self.now = NOON
        self.looks = 0
        self.watches = 0
        self.settings: list[Settings] = []
        self.troubles: list[WizardError] = []
        self._changes: asyncio.Queue[str | WizardError] = asyncio.Queue()

    def change(self, said: str | WizardError = "pod") -> None:
        self._changes.put_nowait(said)

    async def observe(self, _cluster: Cluster, settings: Settings, now: datetime, _rights: object = ()) -> World:
        self.looks += 1
        self.settings.append(settings)
        if self.troubles:
            raise self.troubles.pop(0)
        return World(now, ClusterRef("fake", "https://127.0.0.1:6443", "uid"))

    async def changes(self, _cluster: Cluster, _settings: Settings, _world: World) -> AsyncGenerator[str, None]:
        self.watches += 1
        try:
            while True:
                said = await self._changes.get()
                if isinstance(said, WizardError):
                    raise said
                yield said
        finally:
            self.watches -= 1

    def clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Bench:
    """An engine on the bench."""

    place: Place
    connector: FakeConnector
    pauses: Pauses
    engine: Engine

    @asynccontextmanager
    async def updates(self) -> AsyncIterator[Following]:
        following = Following(self.engine)
        try:
            yield following
        finally:
            await following.stop()
            await self.engine.close()


class Following:
    """Follows an engine as the app does, one update at a time."""

    def __init__(self, engine: Engine) -> None:
        self._updates = engine.updates()
        self._next: asyncio.Task[Update] | None = None

    def start(self) -> asyncio.Task[Update]:
        self._next = self._next or asyncio.ensure_future(anext(self._updates))
        return self._next

    async def next(self) -> Update:
        task = self.start()
        update = await asyncio.wait_for(asyncio.shield(task), PATIENCE)
        self._next = None
        return update

    async def nothing(self) -> None:
        """There is no update, however often everybody has had their turn."""
        task = self.start()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not task.done()

    async def stop(self) -> None:
        if self._next is not None:
            self._next.cancel()
            await asyncio.wait([self._next])
            if not self._next.cancelled():
                self._next.exception()
        await self._updates.aclose()


async def until(holds: Callable[[], bool]) -> None:
    """Returns when it holds, letting others have their turn."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event to wait on
            await asyncio.sleep(0)
