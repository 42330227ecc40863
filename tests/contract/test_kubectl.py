"""What a curious person types: kubectl itself, against both."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from tests.contract.conftest import Place, PodMaker
from tests.contract.test_controllers import CLAIM, VOLUMES, job
from tests.contract.test_writes import APPLICATION, APPLICATIONS


@dataclass(frozen=True, slots=True)
class Kubectl:
    """Runs kubectl in the namespace of a place."""

    place: Place
    program: str

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """A kubectl that is left to itself."""
        cache = (
            f"--cache-dir={self.place.path.parent}/kubectl" if self.place.world else f"--cache-dir={os.environ['HOME']}"
        )
        place = ("--kubeconfig", str(self.place.path), "-n", self.place.api.namespace, cache)
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(self.program, *place, *arguments, stdout=pipe, stderr=pipe)

    async def __call__(self, *arguments: str, code: int = 0) -> str:
        """What it printed, on stdout if it went well, else on stderr."""
        process = await self.start(*arguments)
        async with asyncio.timeout(30):
            out, err = await process.communicate()
        assert process.returncode == code, err.decode()
        return (err if code and not out else out).decode()

    async def rows(self, *arguments: str) -> list[list[str]]:
        """The cells that it printed, the header first."""
        return [line.split() for line in (await self("get", *arguments)).splitlines()]

    @contextlib.asynccontextmanager
    async def following(self, *arguments: str) -> AsyncIterator[Callable[[], AsyncIterator[str]]]:
        """The lines of a kubectl that goes on until it is stopped."""
        process = await self.start(*arguments)
        assert process.stdout is not None

        async def lines() -> AsyncIterator[str]:
            assert process.stdout is not None
            async with asyncio.timeout(20):
                while line := await process.stdout.readline():
                    yield line.decode().rstrip("\n")

        try:
            yield lines
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()


@pytest.fixture
async def kubectl(place: Place, pod: PodMaker) -> Kubectl:
    """kubectl, and a namespace with a claim, a pod that has printed, a job that is done, an Application."""
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("needs kubectl on PATH")
    api = place.api
    await api.made("persistentvolumeclaims", CLAIM)
    await api.made("pods", pod("talker", "printf 'one\\ntwo\\n'; sleep 600", volumes=VOLUMES))
    await api.made("batch/v1/jobs", job())
    status = {"sync": {"status": "Synced", "revision": "abc"}, "health": {"status": "Progressing"}}
    await api.made(APPLICATIONS, {**APPLICATION, "status": status})
    await api.phase("pods/talker", "Running")
    await place.log("talker", "one\ntwo\n")
    await api.until("batch/v1/jobs/once", lambda each: each.body["status"].get("succeeded") == 1)
    return Kubectl(place, program)


async def test_get(kubectl: Kubectl) -> None:
    head, *rows = await kubectl.rows("pods")
    assert head == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [row[1:4] for row in sorted(rows)] == [["0/1", "Completed", "0"], ["1/1", "Running", "0"]]
    head, row = await kubectl.rows("pvc", "data")
    assert row[0:2] + row[3:7] == ["data", "Bound", "1Gi", "RWO", "local-path", "<unset>"]
    head, row = await kubectl.rows("jobs")
    assert (head, row[:3]) == (["NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE"], ["once", "Complete", "1/1"])
    head, row = await kubectl.rows("applications")
    assert (" ".join(head), row) == ("NAME SYNC STATUS HEALTH STATUS", ["one", "Synced", "Progressing"])
    assert (await kubectl.rows("app", "one"))[1] == row
    printed = await kubectl("get", "all,pvc,secret,configmap")
    for name in ("pod/talker", "job.batch/once", "persistentvolumeclaim/data", "configmap/kube-root-ca.crt"):
        assert f"\n{name} " in f"\n{printed}"
    assert await kubectl("get", "app", "one", "-o", "jsonpath={.status.sync.status}") == "Synced"
    assert (await kubectl("get", "pods", "-l", "app=talker", "-o", "name")) == "pod/talker\n"
    assert "uid:" in await kubectl("get", "pod", "talker", "-o", "yaml")


async def test_get_wide(kubectl: Kubectl) -> None:
    head, row = await kubectl.rows("pods", "talker", "-o", "wide")
    assert " ".join(head) == "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES"
    node = await kubectl("get", "pod", "talker", "-o", "jsonpath={.spec.nodeName}")
    assert row[6:] == [node, "<none>", "<none>"]
    head, row = await kubectl.rows("jobs", "-o", "wide")
    assert (head[-3:], row[-3:-1]) == (["CONTAINERS", "IMAGES", "SELECTOR"], ["c", "busybox"])


async def test_get_what_is_not_there(kubectl: Kubectl) -> None:
    said = await kubectl("get", "pod", "nope", code=1)
    assert said == 'Error from server (NotFound): pods "nope" not found\n'
    said = await kubectl("get", "gizmos", code=1)
    assert said == 'error: the server doesn\'t have a resource type "gizmos"\n'


async def test_events(kubectl: Kubectl) -> None:
    head, *rows = await kubectl.rows("events")
    assert head == ["LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    told = {(row[2], row[3]) for row in rows}
    assert {("Scheduled", "pod/talker"), ("Completed", "job/once")} <= told
    assert ("WaitForFirstConsumer", "persistentvolumeclaim/data") in told or ("Provisioning" in str(told))


async def test_describe(kubectl: Kubectl) -> None:
    pod = await kubectl("describe", "pod", "talker")
    for line in ("Name: talker", "Status: Running", "Restart Count: 0", "ClaimName: data"):
        assert line in " ".join(pod.split())
    assert "Successfully assigned" in pod[pod.index("Events:") :]
    claim = " ".join((await kubectl("describe", "pvc", "data")).split())
    for line in ("StorageClass: local-path", "Status: Bound", "Capacity: 1Gi", "Access Modes: RWO", "Used By: talker"):
        assert line in claim
    done = " ".join((await kubectl("describe", "job", "once")).split())
    assert "Pods Statuses: 0 Active (0 Ready) / 1 Succeeded / 0 Failed" in done
    assert "Health: Status: Progressing" in " ".join((await kubectl("describe", "application", "one")).split())
    await kubectl("describe", "namespace", kubectl.place.api.namespace)
    await kubectl("describe", "node")


async def test_get_and_wait(kubectl: Kubectl) -> None:
    api = kubectl.place.api
    async with kubectl.following("get", "configmaps", "-w") as lines:
        found = lines()
        head = [await anext(found) for _ in range(2)]
        assert head[0].split() == ["NAME", "DATA", "AGE"]
        await api.config_map("new", a="1")
        assert (await anext(found)).split()[:2] == ["new", "1"]
        await api.patch("configmaps/new", {"data": {"b": "2"}})
        assert (await anext(found)).split()[:2] == ["new", "2"]


async def test_wait_for_a_condition(kubectl: Kubectl) -> None:
    assert "condition met" in await kubectl("wait", "--for=condition=complete", "job/once", "--timeout=10s")


async def test_logs(kubectl: Kubectl) -> None:
    assert await kubectl("logs", "talker") == "one\ntwo\n"
    assert await kubectl("logs", "talker", "--tail=1") == "two\n"
    said = await kubectl("logs", "talker", "-c", "other", code=1)
    assert said.startswith("error: container other is not valid for pod talker")
    async with kubectl.following("logs", "-f", "talker") as lines:
        found = lines()
        assert [await anext(found), await anext(found)] == ["one", "two"]
    await kubectl("logs", "job/once")


async def test_can_i(kubectl: Kubectl) -> None:
    assert await kubectl("auth", "can-i", "create", "pods", "--subresource=exec") == "yes\n"
    assert await kubectl("auth", "can-i", "get", "applications.argoproj.io") == "yes\n"
    assert await kubectl("auth", "can-i", "get", "/version") == "yes\n"
    assert "*.*" in await kubectl("auth", "can-i", "--list")
    assert "Username" in await kubectl("auth", "whoami")


async def test_small_changes(kubectl: Kubectl) -> None:
    assert "annotated" in await kubectl("annotate", "app", "one", "a=b")
    assert "labeled" in await kubectl("label", "app", "one", "c=d")
    assert "deleted" in await kubectl("delete", "app", "one")
    assert "deleted" in await kubectl("delete", "pod", "talker")
