"""Demo worlds between commands, their kubeconfig, and ways to break them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from tests.contract.api import Api
from tests.contract.conftest import tiny
from tests.support.faults import end_watches, expire_watches, faults_of
from wizard.demo.scenario import Scenario
from wizard.demo.seed_store import at_time
from wizard.demo.world import DemoWorld
from wizard.errors import WizardError

CONFIG_MAP: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "one", "namespace": "default"},
    "data": {"a": "1"},
}
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def uid(world: DemoWorld) -> str:
    item = world.store.get("Namespace", "", "kube-system")
    assert item is not None
    return str(item["metadata"]["uid"])


def files(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if each.is_file()]


async def test_a_world_is_found_as_it_was_left(tmp_path: Path) -> None:
    async with DemoWorld.open(tiny(), tmp_path) as world:
        await world.settle()
        world.store.create(CONFIG_MAP)
        world.logs.append("default/pod", "text\n")
        left, identity, version = list(world.store.everything()), uid(world), world.store.version
    file = tmp_path / "tiny.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert files(tmp_path) == ["tiny.json"]
    async with DemoWorld.open(tiny(), tmp_path) as world:
        await world.settle()
        key = json.dumps
        assert sorted(map(key, world.store.everything())) == sorted(map(key, left))
        assert (uid(world), world.store.version) == (identity, version)
        assert world.logs.texts["default/pod"] == "text\n"
        gone = world.store.delete("ConfigMap", "default", "one")
        again = world.store.create(CONFIG_MAP)
        assert again["metadata"]["uid"] != gone["metadata"]["uid"]
    async with DemoWorld.open(tiny(), tmp_path, reset=True) as world:
        assert world.store.get("ConfigMap", "default", "one") is None
        assert uid(world) == identity


async def test_it_is_written_after_a_change_already(tmp_path: Path) -> None:
    async with DemoWorld.open(tiny(), tmp_path) as world:
        world.store.create(CONFIG_MAP)
        async with Api.connect(world.kubeconfig(), "default") as api:
            await api.get("configmaps/one")
        kept = json.loads((tmp_path / "tiny.json").read_text())
        assert "one" in [each["metadata"]["name"] for each in kept["objects"]]


async def test_scenarios_are_different_clusters(tmp_path: Path) -> None:
    other = Scenario("other", "Another", tiny().objects)
    async with DemoWorld.open(tiny(), tmp_path) as one, DemoWorld.open(other, tmp_path) as two:
        assert uid(one) != uid(two)
        assert one.token != two.token


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 99}', '{"schema": 1}', "null"])
async def test_a_broken_file_is_said_so_and_left_alone(tmp_path: Path, content: str) -> None:
    file = tmp_path / "tiny.json"
    file.write_text(content)
    with pytest.raises(WizardError) as error:
        async with DemoWorld.open(tiny(), tmp_path):
            pass
    assert str(file) in error.value.what
    assert "--reset" in error.value.commands[0].parts
    assert file.read_text() == content


async def test_a_namespace_that_a_scenario_forgot() -> None:
    forgetful = {**CONFIG_MAP, "metadata": {"name": "one", "namespace": "nowhere"}}
    with pytest.raises(ValueError, match="no namespace nowhere"):
        async with DemoWorld.open(tiny(objects=(forgetful,))):
            pass


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{now}", "2026-11-24T12:00:00Z"),
        ("{now-5m}", "2026-11-24T11:55:00Z"),
        ("until {now+40d}!", "until 2027-01-03T12:00:00Z!"),
        ("{now-90s} {now-2h}", "2026-11-24T11:58:30Z 2026-11-24T10:00:00Z"),
        ("{nowhere}", "{nowhere}"),
    ],
)
def test_times(text: str, expected: str) -> None:
    assert at_time({"a": [text, 1, None]}, NOON) == {"a": [expected, 1, None]}


async def test_times_in_a_world() -> None:
    old = {**CONFIG_MAP, "metadata": {**CONFIG_MAP["metadata"], "creationTimestamp": "{now-40d}"}}
    scenario = tiny(objects=(old,), logs={"default/pod": "{now-5m} said\n"})
    async with DemoWorld.open(scenario, clock=lambda: NOON) as world:
        item = world.store.get("ConfigMap", "default", "one")
        assert item is not None
        assert item["metadata"]["creationTimestamp"] == "2026-10-15T12:00:00Z"
        assert world.logs.texts == {"default/pod": "2026-11-24 11:55:00 said\n"}


async def test_the_kubeconfig_file(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    async with DemoWorld.open(tiny(), tls=True) as world:
        world.write_kubeconfig(file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        content = yaml.safe_load(file.read_text())
        assert content == world.kubeconfig()
        assert content["current-context"] == "demo-tiny"
        assert content["clusters"][0]["cluster"]["server"].startswith("https://127.0.0.1:")
        before = file.read_text()
        with pytest.raises(WizardError, match="already exists and was not overwritten"):
            world.write_kubeconfig(file)
        assert file.read_text() == before
        with pytest.raises(WizardError, match="can't be written"):
            world.write_kubeconfig(tmp_path / "no" / "folder")


async def test_its_certificate_is_trusted_by_its_kubeconfig_alone() -> None:
    async with DemoWorld.open(tiny(), tls=True) as world:
        async with Api.connect(world.kubeconfig(), "default") as api:
            assert (await api.get("pods")).status == 200
        stranger = ssl.create_default_context()
        connector = aiohttp.TCPConnector(ssl=stranger)
        async with aiohttp.ClientSession(connector=connector) as session:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await session.get(world.url)


async def test_faults() -> None:
    async with DemoWorld.open(tiny()) as world, Api.connect(world.kubeconfig(), "default") as api:
        faults_of(world).answer("GET .*/pods$", 200, "<html>Welcome</html>", times=1)
        answer = await api.get("pods")
        assert (answer.text, answer.headers["Content-Type"].split(";")[0]) == ("<html>Welcome</html>", "text/html")
        assert (await api.get("pods")).body["kind"] == "PodList"
        faults_of(world).cut("/configmaps")
        with pytest.raises(aiohttp.ClientError):
            await api.get("configmaps")
        faults_of(world).clear()
        faults_of(world).delay("/configmaps", 0.01)
        assert (await api.get("configmaps")).status == 200
        assert faults_of(world).requests.count("GET /api/v1/namespaces/default/configmaps") >= 2


async def test_expiring_watches() -> None:
    async with DemoWorld.open(tiny()) as world, Api.connect(world.kubeconfig(), "default") as api:
        await world.settle()
        page = (await api.get("configmaps?limit=1")).body["metadata"]
        world.store.create(CONFIG_MAP)
        token = (await api.get("configmaps?limit=1")).body["metadata"]["continue"]
        world.store.delete("ConfigMap", "default", "one")
        async with api.watch(f"configmaps?watch=true&resourceVersion={world.store.version}") as events:
            expire_watches(world)
            found = await events.rest()
        assert [(each["type"], each["object"]["code"]) for each in found] == [("ERROR", 410)]
        async with api.watch(f"configmaps?watch=true&resourceVersion={page['resourceVersion']}") as events:
            found = await events.rest()
        assert [(each["type"], each["object"]["code"]) for each in found] == [("ERROR", 410)]
        assert (await api.get(f"configmaps?limit=1&continue={token}")).status == 410
        async with api.watch("configmaps?watch=true") as events:
            await events.next()
            end_watches(world)
            assert await events.rest() == []


async def test_closing_does_not_wait_for_watches() -> None:
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        world = await stack.enter_async_context(DemoWorld.open(tiny()))
        async with Api.connect(world.kubeconfig(), "default") as api:
            async with api.watch(f"configmaps?watch=true&resourceVersion={world.store.version}") as events:
                began = loop.time()
                await stack.aclose()
                await events.rest()
            assert loop.time() - began < 0.5
