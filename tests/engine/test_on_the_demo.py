"""The engine on a demo world over real HTTP: changes arrive, expired watches and short absences are survived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.cli.kubeconfigs import write
from tests.cli.running import files_below
from tests.engine.fakes import Following, until
from tests.support.faults import end_watches, expire_watches, faults_of
from wizard.command import Address
from wizard.connectors import DemoConnector, KubeconfigConnector
from wizard.demo.scenarios import load
from wizard.demo.world import DemoWorld
from wizard.engine import Engine, Fresh, Snapshot, Stale
from wizard.iterations import ITERATIONS
from wizard.settings import Settings


async def soon(seconds: float) -> None:
    """A pause that is over soon, except the one between looks without a reason."""
    await asyncio.sleep(0.01 if seconds < 60 else 3600)


@asynccontextmanager
async def following(folder: Path, world: DemoWorld) -> AsyncIterator[Following]:
    kubeconfig = write(folder, world.url, user={"token": world.token})
    connector = KubeconfigConnector(str(kubeconfig), None, {"XDG_RUNTIME_DIR": str(folder)}, folder)
    engine = Engine(connector, Settings(), pause=soon)
    updates = Following(engine)
    try:
        yield updates
    finally:
        await updates.stop()
        await engine.close()


async def fresh(updates: Following, *, stale: bool = False) -> Snapshot:
    """The next picture; before it there may be failed tries if `stale`."""
    while isinstance(update := await updates.next(), Stale):
        assert stale, update.error.lines(Address())
    assert isinstance(update, Fresh)
    return update.snapshot


async def watching(world: DemoWorld) -> None:
    """Returns when every watch that a look is followed by was asked for."""
    await until(lambda: sum("watch=true" in request for request in faults_of(world).requests) >= 8)


def ids(snapshot: Snapshot, step: int) -> list[str]:
    return [finding.id for finding in snapshot.report.steps[step].findings]


def config_map(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "photo-sync"}}


async def test_a_change_on_the_cluster_arrives(tmp_path: Path) -> None:
    async with DemoWorld.open(load("complete")) as world, following(tmp_path, world) as updates:
        before = await fresh(updates)
        assert before.report.complete == len(ITERATIONS)
        updates.start()
        world.store.delete("CronJob", "photo-sync", "icloudpd-sync")
        after = await fresh(updates)
        assert after.report.complete < 7
        assert ids(after, 1) != ids(before, 1)


async def test_what_changes_while_it_looks_is_not_missed(tmp_path: Path) -> None:
    async with DemoWorld.open(load("complete")) as world, following(tmp_path, world) as updates:
        await fresh(updates)
        faults_of(world).delay("/configmaps|/version|/pods", 0.2, times=3)
        world.store.create(config_map("a"))
        before = len(faults_of(world).requests)
        task = updates.start()
        await until(
            lambda: any("GET" in request and "watch" not in request for request in faults_of(world).requests[before:])
        )
        world.store.delete("CronJob", "photo-sync", "icloudpd-sync")
        await task
        snapshot = await fresh(updates)
        while snapshot.report.complete == len(ITERATIONS):
            snapshot = await fresh(updates)


async def test_expired_watches_and_old_versions(tmp_path: Path) -> None:
    async with DemoWorld.open(load("complete")) as world, following(tmp_path, world) as updates:
        await fresh(updates)
        updates.start()
        await watching(world)
        expire_watches(world)
        assert (await fresh(updates)).report.complete == len(ITERATIONS)
        updates.start()
        world.store.delete("CronJob", "photo-sync", "icloudpd-sync")
        snapshot = await fresh(updates)
        while snapshot.report.complete == len(ITERATIONS):
            snapshot = await fresh(updates)


async def test_watches_that_end_in_good_order(tmp_path: Path) -> None:
    async with DemoWorld.open(load("complete")) as world, following(tmp_path, world) as updates:
        await fresh(updates)
        updates.start()
        await watching(world)
        end_watches(world)
        await updates.nothing()
        world.store.delete("CronJob", "photo-sync", "icloudpd-sync")
        assert (await fresh(updates)).report.complete < 7


async def test_a_server_that_is_away_for_a_while(tmp_path: Path) -> None:
    async with DemoWorld.open(load("complete")) as world, following(tmp_path, world) as updates:
        await fresh(updates)
        updates.start()
        await watching(world)
        faults_of(world).cut("")
        end_watches(world)
        update = await updates.next()
        assert isinstance(update, Stale)
        assert (update.attempt, update.since is not None) == (1, True)
        assert int(update.error.exit_code) == 5
        faults_of(world).clear()
        assert (await fresh(updates, stale=True)).report.complete == len(ITERATIONS)


async def test_the_demo_leaves_nothing_but_its_world(tmp_path: Path) -> None:
    connector = DemoConnector(
        "seed", tmp_path / "state", reset=False, env={"XDG_RUNTIME_DIR": str(tmp_path)}, home=tmp_path
    )
    engine = Engine(connector, Settings())
    snapshot = await engine.look()
    assert snapshot.report.complete
    assert [name for name in files_below(tmp_path) if name.endswith("demo.kubeconfig")]
    await engine.close()
    await engine.close()
    assert list(files_below(tmp_path)) == ["state/worlds/seed.json"]
