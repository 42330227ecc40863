"""Words about changes, from watches on demo worlds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.observe.looking import NOW, demo, thing
from tests.support.faults import end_watches, expire_watches, faults_of
from wizard.demo.scenarios import load
from wizard.demo.world import DemoWorld
from wizard.errors import WizardError
from wizard.kube.client import Cluster
from wizard.kube.errors import Busy
from wizard.observe.changes import RELIST, changes, version_for, watched
from wizard.observe.look import observe
from wizard.settings import Settings

FAULT = json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "InternalError", "code": 500})


async def word(stream: AsyncGenerator[str, None], *wanted: str) -> str:
    """The next of these words."""
    async with asyncio.timeout(10):
        async for said in stream:
            if said in wanted:
                return said
    raise AssertionError("the stream ended")


async def until_watched(world: DemoWorld, count: int) -> None:
    """Returns when that many watches are open."""
    async with asyncio.timeout(10):
        while len(world.server.watches.open) < count:  # noqa: ASYNC110 - the server has nothing to wait for
            await asyncio.sleep(0)


async def make(cluster: Cluster, name: str) -> None:
    """A change: one more ConfigMap."""
    await cluster.post("/api/v1/namespaces/photo-sync/configmaps", thing("ConfigMap", name))


async def test_what_changes_is_named(tmp_path: Path) -> None:
    async with demo("seed", tmp_path) as (world, cluster):
        seen = await observe(cluster, Settings(), NOW)
        before = cluster.counts.requests
        async with aclosing(changes(cluster, Settings(), seen)) as stream:
            await make(cluster, "extra")
            assert await word(stream, "configmap") == "configmap"
            await cluster.send("DELETE", "/api/v1/namespaces/photo-sync/pods/icloudpd-auth")
            assert await word(stream, "pod") == "pod"
            world.store.delete(world.store.kinds.of(thing("Secret", "x")), "photo-sync", "icloud-credentials")
            assert await word(stream, "secret") == "secret"
        assert cluster.counts.requests == before + 2


async def test_nothing_between_the_look_and_the_watch_is_missed(tmp_path: Path) -> None:
    async with demo("seed", tmp_path) as (_, cluster):
        seen = await observe(cluster, Settings(), NOW)
        await cluster.send("DELETE", "/api/v1/namespaces/photo-sync/secrets/icloud-credentials")
        await cluster.post("/api/v1/namespaces/photo-sync/configmaps", thing("ConfigMap", "extra"))
        async with aclosing(changes(cluster, Settings(), seen)) as stream:
            assert {await word(stream, "secret", "configmap"), await word(stream, "secret", "configmap")} == {
                "secret",
                "configmap",
            }


async def test_an_expired_watch_starts_over(tmp_path: Path) -> None:
    async with demo("seed", tmp_path) as (world, cluster):
        seen = await observe(cluster, Settings(), NOW)
        async with aclosing(changes(cluster, Settings(), seen)) as stream:
            relisted = asyncio.ensure_future(word(stream, RELIST))
            await until_watched(world, len(watched(Settings(), seen)))
            expire_watches(world)
            assert await relisted == RELIST
            await until_watched(world, len(watched(Settings(), seen)))
            await make(cluster, "extra")
            assert await word(stream, "configmap") == "configmap"


async def test_a_watch_that_ends_in_good_order_goes_on_without_a_word(tmp_path: Path) -> None:
    async with demo("seed", tmp_path) as (world, cluster):
        seen = await observe(cluster, Settings(), NOW)
        async with aclosing(changes(cluster, Settings(), seen)) as stream:
            told = asyncio.ensure_future(word(stream, RELIST, "configmap"))
            await until_watched(world, len(watched(Settings(), seen)))
            end_watches(world)
            await make(cluster, "extra")
            assert await told == "configmap"


async def test_what_may_not_be_watched_is_left_out(tmp_path: Path) -> None:
    seed = replace(load("seed"), denied=("watch secrets", "watch pods", "watch applications.argoproj.io"))
    async with demo(seed, tmp_path) as (_, cluster):
        seen = await observe(cluster, Settings(), NOW)
        async with aclosing(changes(cluster, Settings(), seen)) as stream:
            await make(cluster, "extra")
            assert await word(stream, "configmap") == "configmap"


async def test_a_watch_that_keeps_failing_makes_nobody_look_again(tmp_path: Path) -> None:
    pauses: list[float] = []
    enough = asyncio.Event()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 8:
            enough.set()
            await asyncio.Event().wait()

    async with demo("seed", tmp_path) as (world, cluster):
        seen = await observe(cluster, Settings(), NOW)
        before = cluster.counts.requests
        faults_of(world).answer("applications.*watch=true", 500, FAULT, content_type="application/json")
        async with aclosing(changes(cluster, Settings(), seen, pause=pause)) as stream:
            told = asyncio.ensure_future(word(stream, RELIST, "configmap"))
            async with asyncio.timeout(10):
                await enough.wait()
            await make(cluster, "extra")
            assert await told == "configmap"
        assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
        assert cluster.counts.requests == before + 1


async def test_what_happened_while_a_watch_failed_is_not_missed(tmp_path: Path) -> None:
    async with demo("seed", tmp_path) as (world, cluster):
        seen = await observe(cluster, Settings(), NOW)

        async def pause(_: float) -> None:
            await make(cluster, "extra")

        faults_of(world).answer("configmaps.*watch=true", 500, FAULT, content_type="application/json", times=1)
        async with aclosing(changes(cluster, Settings(), seen, pause=pause)) as stream:
            assert await word(stream, RELIST, "configmap") == "configmap"


async def test_a_busy_server_says_how_long_to_wait(tmp_path: Path) -> None:
    pauses: list[float] = []
    paused = asyncio.Event()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        paused.set()
        await asyncio.Event().wait()

    async def busy(*_: object, **__: object) -> AsyncGenerator[None, None]:
        error = Busy("kube.busy", "Busy.", status=429)
        error.retry_after = 90
        for one in (error,):
            raise one
        yield

    async with demo("seed", tmp_path) as (_, cluster):
        seen = await observe(cluster, Settings(), NOW)
        cluster.watch = busy  # type: ignore[method-assign,assignment]
        async with aclosing(changes(cluster, Settings(), seen, pause=pause)) as stream:
            told = asyncio.ensure_future(word(stream, "never"))
            async with asyncio.timeout(10):
                await paused.wait()
            told.cancel()
            await asyncio.gather(told, return_exceptions=True)
    assert set(pauses) == {90}


async def test_a_lost_connection_is_told(tmp_path: Path) -> None:
    async with demo("seed", tmp_path) as (world, cluster):
        seen = await observe(cluster, Settings(), NOW)
        faults_of(world).cut("watch=true")
        with pytest.raises(WizardError):
            async with aclosing(changes(cluster, Settings(), seen)) as stream:
                await word(stream, "never")


async def test_no_task_stays_behind(tmp_path: Path) -> None:
    async with demo("seed", tmp_path) as (world, cluster):
        seen = await observe(cluster, Settings(), NOW)

        async def follow() -> None:
            async with aclosing(changes(cluster, Settings(), seen)) as stream:
                await word(stream, "never")

        following = asyncio.create_task(follow())
        await until_watched(world, len(watched(Settings(), seen)))
        assert any("_follow" in repr(task) for task in asyncio.all_tasks())
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        assert not [task for task in asyncio.all_tasks() if "_follow" in repr(task)]


@pytest.mark.parametrize(
    ("path", "versions", "expected"),
    [
        ("/api/v1/namespaces/photo-sync/pods", {"/api/v1/namespaces/photo-sync/pods": "5"}, "5"),
        (
            "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications",
            {"/apis/argoproj.io/v1alpha1/applications": "6"},
            "6",
        ),
        (
            "/api/v1/namespaces/photo-sync/secrets",
            {"/api/v1/namespaces/photo-sync/persistentvolumeclaims": "7"},
            "7",
        ),
        ("/api/v1/namespaces/photo-sync/secrets", {}, ""),
    ],
)
def test_where_a_watch_starts(path: str, versions: dict[str, Any], expected: str) -> None:
    assert version_for(path, versions, Settings()) == expected
