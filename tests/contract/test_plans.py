"""Plans, held against a server and carried out on it: what is shown is what is done, and a second time nothing is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contract.api import Api
from tests.contract.conftest import Place, tiny
from wizard.apply import wait
from wizard.apply.preview import Moved, preview
from wizard.apply.run import run
from wizard.demo.world import DemoWorld
from wizard.errors import WizardError
from wizard.kube.client import Cluster, connect
from wizard.manifests import storage
from wizard.plan import (
    ApplyObject,
    Change,
    CreateObject,
    DeleteObject,
    Effect,
    PatchObject,
    Phase,
    Plan,
    Progress,
    Right,
    Target,
    WaitUntil,
    target_of,
)


@contextlib.asynccontextmanager
async def closing(connection: Cluster) -> AsyncIterator[Cluster]:
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def cluster(place: Place, tmp_path: Path) -> AsyncIterator[Cluster]:
    async with closing(await connect(str(place.path), None, tmp_path)) as connection:
        yield connection


def config_map(place: Place, name: str = "one", **data: str) -> ApplyObject:
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": place.api.namespace},
        "data": data,
    }
    return ApplyObject(
        id=name, title=f"Apply {name}", target=target_of(manifest, "configmaps"), manifest=manifest, no_undo="A test's."
    )


async def done(cluster: Cluster, *changes: Change) -> list[Progress]:
    review = await preview(cluster, Plan("Test", changes))
    return [progress async for progress in run(cluster, review)]


async def test_what_is_not_there_is_created_and_the_second_time_nothing_is_left_to_do(
    place: Place, cluster: Cluster
) -> None:
    change = config_map(place, color="blue")
    review = await preview(cluster, Plan("Test", (change,)))
    assert [(each.change.id, each.effect) for each in review.changes] == [("one", Effect.CREATE)]
    assert "+  color: blue" in review.changes[0].diff
    assert (await place.api.get("configmaps/one")).status == 404

    phases = [progress.phase async for progress in run(cluster, review)]
    assert phases == [Phase.STARTED, Phase.DONE]
    body = (await place.api.get("configmaps/one")).body
    assert body["data"] == {"color": "blue"}
    assert [each["manager"] for each in body["metadata"]["managedFields"]] == ["photosync-wizard"]

    again = await preview(cluster, Plan("Test", (change,)))
    assert again.changes == ()
    assert again.unchanged == (change,)
    version = body["metadata"]["resourceVersion"]
    assert [progress async for progress in run(cluster, again)] == []
    assert (await place.api.get("configmaps/one")).body["metadata"]["resourceVersion"] == version


async def test_a_field_that_somebody_else_manages_is_told_and_never_taken(place: Place, cluster: Cluster) -> None:
    theirs = config_map(place, color="red").manifest
    apply = "application/apply-patch+yaml"
    answer = await place.api.ask("PATCH", "configmaps/one?fieldManager=somebody", theirs, Content_Type=apply)
    assert answer.status == 201
    review = await preview(cluster, Plan("Test", (config_map(place, color="blue"),)))
    (conflict,) = review.conflicts
    assert (conflict.field, conflict.manager) == (".data.color", "somebody")
    assert review.is_blocked
    with pytest.raises(WizardError, match="can't be carried out"):
        await anext(run(cluster, review))
    assert (await place.api.get("configmaps/one")).body["data"] == {"color": "red"}


async def test_a_review_of_what_has_moved_since_is_refused_and_made_again(place: Place, cluster: Cluster) -> None:
    await done(cluster, config_map(place, color="blue"))
    review = await preview(cluster, Plan("Test", (config_map(place, color="green"),)))
    await place.api.patch("configmaps/one", {"data": {"shape": "round"}})
    with pytest.raises(Moved) as moved:
        await anext(run(cluster, review))
    assert (await place.api.get("configmaps/one")).body["data"] == {"color": "blue", "shape": "round"}
    assert "shape: round" in moved.value.review.changes[0].diff
    assert [progress.phase async for progress in run(cluster, moved.value.review)][-1] is Phase.DONE
    assert (await place.api.get("configmaps/one")).body["data"] == {"color": "green", "shape": "round"}


async def test_a_manifest_with_an_unknown_field_is_refused_before_anything_is_done(
    place: Place, cluster: Cluster
) -> None:
    if place.world is not None:
        pytest.skip("the demo knows no schemas")
    change = config_map(place, color="blue")
    wrong = replace(change, manifest={**change.manifest, "dada": {}})
    with pytest.raises(WizardError) as error:
        await preview(cluster, Plan("Test", (wrong,)))
    assert "dada" in error.value.why


async def test_patch_create_and_delete(place: Place, cluster: Cluster) -> None:
    await done(cluster, config_map(place, color="blue"))
    target = Target("v1", "ConfigMap", "configmaps", place.api.namespace, "one")
    patch = PatchObject(id="patch", title="Patch", target=target, patch={"data": {"color": None, "size": "xl"}})
    await done(cluster, patch)
    assert (await place.api.get("configmaps/one")).body["data"] == {"size": "xl"}
    assert (await preview(cluster, Plan("Test", (patch,)))).changes == ()

    manifest = {**config_map(place, "two").manifest, "data": {"a": "b"}}
    create = CreateObject(id="create", title="Create", target=target_of(manifest, "configmaps"), manifest=manifest)
    await done(cluster, create)
    with pytest.raises(WizardError):
        await preview(cluster, Plan("Test", (create,)))

    delete = DeleteObject(id="delete", title="Delete", target=target)
    assert [progress.phase for progress in await done(cluster, delete)] == [Phase.STARTED, Phase.DONE]
    assert (await place.api.get("configmaps/one")).status == 404
    assert (await preview(cluster, Plan("Test", (delete,)))).changes == ()


async def test_a_namesake_of_what_was_seen_is_not_deleted(place: Place, cluster: Cluster) -> None:
    await done(cluster, config_map(place, color="blue"))
    target = Target("v1", "ConfigMap", "configmaps", place.api.namespace, "one")
    uid = (await place.api.get("configmaps/one")).body["metadata"]["uid"]
    delete = DeleteObject(id="delete", title="Delete", target=target, uid=uid)
    review = await preview(cluster, Plan("Test", (delete,)))
    await place.api.delete("configmaps/one")
    await done(cluster, config_map(place, color="blue"))
    with pytest.raises(Moved):
        await anext(run(cluster, review))
    assert (await place.api.get("configmaps/one")).status == 200
    assert (await preview(cluster, Plan("Test", (delete,)))).changes == ()


async def test_a_wait_ends_when_it_is_true_and_says_what_is_so_meanwhile(
    place: Place, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wait, "LOOK_EVERY_SECONDS", 0.05)
    await done(cluster, config_map(place, ready="no"))
    target = Target("v1", "ConfigMap", "configmaps", place.api.namespace, "one")
    until = WaitUntil(id="wait", title="Wait", target=target, field="data.ready", values=("yes",), seconds=30)

    async def made_ready(api: Api) -> None:
        await api.patch("configmaps/one", {"data": {"ready": "yes"}})

    review = await preview(cluster, Plan("Test", (until,)))
    assert [each.effect for each in review.changes] == [Effect.WAIT]
    movements = []
    async with contextlib.aclosing(run(cluster, review)) as running:
        async for progress in running:
            movements.append((progress.phase, progress.detail))
            if progress.phase is Phase.NOTE:
                await made_ready(place.api)
    assert movements == [(Phase.STARTED, ""), (Phase.NOTE, "ConfigMap one is no"), (Phase.DONE, "")]
    assert (await preview(cluster, Plan("Test", (until,)))).changes == ()


async def test_a_wait_that_is_never_over_fails_in_words(
    place: Place, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wait, "LOOK_EVERY_SECONDS", 0.01)
    target = Target("v1", "ConfigMap", "configmaps", place.api.namespace, "none")
    until = WaitUntil(id="wait", title="Wait", target=target, field="data.ready", values=("yes",), seconds=0.1)
    after = config_map(place, color="blue")
    movements: list[Progress] = []

    async def all_of_it() -> None:
        review = await preview(cluster, Plan("Test", (until, after)))
        movements.extend([progress async for progress in run(cluster, review)])

    with pytest.raises(WizardError, match="none is not yes"):
        await asyncio.wait_for(all_of_it(), 30)
    assert (await place.api.get("configmaps/one")).status == 404


async def test_a_claim_of_step_1_is_kept_from_argo_cd(place: Place, cluster: Cluster) -> None:
    manifest = storage.claim("icloud-photos", place.api.namespace, size="1Gi")
    change = ApplyObject(
        id="claim", title="Claim", target=target_of(manifest, "persistentvolumeclaims"), manifest=manifest
    )
    await done(cluster, change)
    body = (await place.api.get("persistentvolumeclaims/icloud-photos")).body
    assert body["metadata"]["annotations"]["argocd.argoproj.io/sync-options"] == "Prune=false,Delete=false"
    assert (await preview(cluster, Plan("Test", (change,)))).changes == ()


async def test_a_right_that_is_missing_is_told_before_and_nothing_is_tried(tmp_path: Path) -> None:
    async with DemoWorld.open(tiny(denied=("create configmaps",))) as world:
        path = tmp_path / "kubeconfig"
        world.write_kubeconfig(path)
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "default"}}
        change = ApplyObject(id="one", title="Apply", target=target_of(manifest, "configmaps"), manifest=manifest)
        async with closing(await connect(str(path), None, tmp_path)) as cluster:
            review = await preview(cluster, Plan("Test", (change,)))
            assert review.refused == (Right("create", "configmaps", "default"),)
            assert [each.change for each in review.changes] == [change]
            with pytest.raises(WizardError, match="can't be carried out"):
                await anext(run(cluster, review))
