"""The loop: observe, diagnose, and again whenever something changes. The one way in for the screens and for the CLI.

Nothing here knows how a cluster is read (wizard.observe), what it means (wizard.steps) or how it is shown. A watch event
only says that something changed; what it is now is always read anew, so there is one way from the cluster to the picture.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wizard.apply.preview import preview
from wizard.apply.run import run
from wizard.choices import CHOICES
from wizard.command import photosync_wizard
from wizard.connectors import Connector
from wizard.errors import Exit, Retry, WizardError
from wizard.facts.accounts import with_discovered_accounts
from wizard.kube.client import Cluster
from wizard.model import Report
from wizard.observe.changes import changes
from wizard.observe.look import observe
from wizard.plan import Plan, Progress, Review
from wizard.settings import Settings
from wizard.setup import SetupRow, setup_rows
from wizard.steps import STEPS, diagnose, rights_to_change
from wizard.world import World

SETTLE_SECONDS = 0.3
"""How long changes may gather before the next look: a rollout's burst is one look."""

LOOK_EVERY_SECONDS = 60.0
"""A look without any change: some things move with the clock alone."""

LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look: what was seen, what it means, and what was worked out about the setup."""

    world: World
    report: Report
    setup: tuple[SetupRow, ...]


@dataclass(frozen=True, slots=True)
class Fresh:
    """The picture is as of its `world.taken_at` and is being kept fresh by watches."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Stale:
    """The cluster can't be watched just now; `attempt` counts from 1, `trouble` says why, `since` is the last good look."""

    error: WizardError
    attempt: int
    since: datetime | None


Update = Fresh | Stale


class Engine:
    """Looks at one cluster. `look()` once, or `updates()` for as long as somebody is interested; then `close()`.

    `on_look` is told of every World before it is diagnosed, and gives the settings to go on with; a WizardError that it raises
    ends the look.
    """

    def __init__(
        self,
        connector: Connector,
        settings: Settings,
        *,
        on_look: Callable[[World], Settings] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.settings = settings
        self._connector = connector
        self._on_look = on_look
        self._now = now
        self._pause = pause
        self._cluster: Cluster | None = None
        self._apart: list[Cluster] = []
        self._wanted = asyncio.Event()
        self._last: Snapshot | None = None

    async def look(self) -> Snapshot:
        """One pass over the cluster and its diagnosis. Raises WizardError when the cluster can't be looked at at all."""
        if self._cluster is None:
            self._cluster = await self._connector.connect()
        looked_with = self.settings
        world = await observe(self._cluster, looked_with, self._now(), rights_to_change)
        if self._on_look:
            self.settings = self._on_look(world)
            if _where(self.settings) != _where(looked_with):
                world = await observe(self._cluster, self.settings, self._now(), rights_to_change)
        self._last = Snapshot(world, diagnose(world, self.settings), setup_rows(world, self.settings))
        return self._last

    async def updates(self) -> AsyncGenerator[Update, None]:
        """A Fresh after the first look and after every change that matters; a Stale for each failed try to reconnect."""
        attempt = 0
        while True:
            self._wanted.clear()
            try:
                snapshot = await self.look()
                attempt = 0
                yield Fresh(snapshot)
                await self._until_changed(snapshot.world)
            except WizardError as error:
                attempt += 1
                yield Stale(error, attempt, self._last.world.taken_at if self._last else None)
                await self._disconnect()
                await self._until_asked(
                    None if error.retry is Retry.NEVER else min(2.0 ** (attempt - 1), LONGEST_PAUSE_SECONDS)
                )

    def plan(self, step_id: str) -> Plan:
        """What this step would do, by the last look. Raises WizardError for one that the wizard can't carry out."""
        step = next(step for step in STEPS if step.id == step_id)
        if step.plan is None or step.leads:
            raise WizardError(
                "engine.no-plan",
                f"Step {step.iteration.number}, {step.iteration.title}, "
                + ("is done together with you." if step.leads else "can't be carried out by the wizard yet."),
                fix="Run:" if step.leads else "Its findings say what to do, with the commands:",
                commands=(step.leads or photosync_wizard("status"),),
                exit_code=Exit.USAGE,
                retry=Retry.NEVER,
            )
        world = self.snapshot.world
        return step.plan(world, with_discovered_accounts(world, self.settings))

    @property
    def snapshot(self) -> Snapshot:
        """The last look. Raises WizardError while there is none."""
        if self._last is None:
            raise WizardError("engine.not-connected", "The cluster has not been reached yet.", retry=Retry.NOW)
        return self._last

    async def preview(self, plan: Plan) -> Review:
        """The plan held against the cluster; changes nothing. Raises WizardError."""
        return await preview(self.cluster, plan)

    def apply(self, review: Review) -> AsyncGenerator[Progress, None]:
        """Carries out exactly this review. Raises WizardError, Moved among them when the cluster is no longer as it has it."""
        return run(self.cluster, review)

    @property
    def cluster(self) -> Cluster:
        """The connection of the last look, for what is done rather than looked at. Raises WizardError while there is none."""
        if self._cluster is None:
            raise WizardError("engine.not-connected", "The cluster has not been reached yet.", retry=Retry.NOW)
        return self._cluster

    async def connection(self) -> Cluster:
        """A connection of its own, that no failed look takes away; it lasts until `close`. Raises WizardError."""
        cluster = await self._connector.connect()
        self._apart.append(cluster)
        return cluster

    def private_folder(self, name: str) -> Path:
        """An empty private folder (0700) that is gone when the engine is closed."""
        return self._connector.private_folder(name)

    def use(self, settings: Settings) -> None:
        """Goes on with other settings; a running `updates()` looks again with them at once."""
        self.settings = settings
        self.look_again()

    def look_again(self) -> None:
        """Makes a running `updates()` look again at once."""
        self._wanted.set()

    async def close(self) -> None:
        """Lets go of the connections and of what they needed."""
        await self._disconnect()
        while self._apart:
            await self._apart.pop().close()
        await self._connector.close()

    async def _disconnect(self) -> None:
        cluster, self._cluster = self._cluster, None
        if cluster:
            await cluster.close()

    async def _until_changed(self, world: World) -> None:
        """Returns when something changed, somebody asked, or time has passed. Raises WizardError when watching fails."""
        cluster = self._cluster
        if cluster is None:
            return

        async def first_change() -> None:
            async with aclosing(changes(cluster, self.settings, world)) as stream:
                async for _ in stream:
                    return

        watching = asyncio.ensure_future(first_change())
        asked = asyncio.ensure_future(self._wanted.wait())
        aged = asyncio.ensure_future(self._pause(LOOK_EVERY_SECONDS))
        waits = (watching, asked, aged)
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                watching.result()
                await self._pause(SETTLE_SECONDS)
        finally:
            await _cancel(*waits)

    async def _until_asked(self, seconds: float | None) -> None:
        asked = asyncio.ensure_future(self._wanted.wait())
        paused = asyncio.ensure_future(self._pause(seconds)) if seconds is not None else None
        waits = (asked, paused) if paused else (asked,)
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel(*waits)


def _where(settings: Settings) -> tuple[object, ...]:
    """What a look depends on: other values make it see other objects."""
    chosen = (settings[choice] for choice in CHOICES if choice.step and settings.is_said(choice))
    return settings.namespace, settings.accounts, *chosen


async def _cancel(*futures: asyncio.Future[Any]) -> None:
    for future in futures:
        future.cancel()
    for outcome in await asyncio.gather(*futures, return_exceptions=True):
        if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError | WizardError):
            raise outcome
