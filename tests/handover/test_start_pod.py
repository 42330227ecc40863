"""What is told of a hand-over pod that does not start, whoever keeps it from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from wizard.errors import WizardError
from wizard.handover import start_pod
from wizard.handover.start_pod import PodStart
from wizard.kube.client import Cluster
from wizard.kube.errors import Forbidden
from wizard.kube.watching import WatchEvent
from wizard.plan import Target

Json = dict[str, Any]
JOB = Target("batch/v1", "Job", "jobs", "photo-sync", "photosync-handover-1")
FULL = 'Error creating: pods "photosync-handover-1-x" is forbidden: exceeded quota: full, requested: pods=1'
AWAY = 'Multi-Attach error for volume "pvc-1": Volume is already used by pod(s) icloudpd-auth'


def pod(phase: str, state: Json) -> Json:
    statuses = [{"name": "icloudpd", "state": state}]
    return {"metadata": {"name": "pod-1"}, "spec": {}, "status": {"phase": phase, "containerStatuses": statuses}}


CREATING = pod("Pending", {"waiting": {"reason": "ContainerCreating"}})
RUNNING = pod("Running", {"running": {}})


def warning(message: str, at: int) -> Json:
    return {"message": message, "lastTimestamp": f"2026-11-24T10:00:{at:02}Z"}


@dataclass
class Server:
    """Pods that come one after the other, and events that are listed by what they are about."""

    pods: list[Json] = field(default_factory=list)
    events: dict[str, list[Json]] = field(default_factory=dict)
    readable: bool = True
    looks: int = 0
    until_looks: int = 0
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    async def list_page(self, path: str, *, labels: str = "", fields: str = "") -> Json:
        if path.endswith("/pods"):
            assert labels == "batch.kubernetes.io/job-name=photosync-handover-1"
            return {"items": [], "metadata": {"resourceVersion": "1"}}
        self.looks += 1
        if self.looks >= self.until_looks:
            self.looked.set()
        if not self.readable:
            raise Forbidden("kube.forbidden", "You may not.", status=403)
        wanted = dict(part.split("=", 1) for part in fields.split(","))
        assert wanted["type"] == "Warning"
        return {"items": self.events.get(wanted["involvedObject.name"], [])}

    async def watch(self, path: str, *, resource_version: str, labels: str) -> AsyncIterator[WatchEvent]:
        assert path.endswith("/pods")
        assert (resource_version, labels) == ("1", "batch.kubernetes.io/job-name=photosync-handover-1")
        if self.until_looks:
            await self.looked.wait()
        for one in self.pods:
            yield WatchEvent("ADDED", one, "2")
        await asyncio.Event().wait()


async def started(server: Server, seconds: float = 5.0) -> str:
    return await PodStart(cast(Cluster, server), JOB, lambda _: None).running(seconds)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_pod, "LOOK_EVERY_SECONDS", 0.001)
    monkeypatch.setattr(start_pod, "REFUSED_SECONDS", 0.005)


async def test_it_runs() -> None:
    assert await started(Server([CREATING, RUNNING])) == "pod-1"


async def test_a_pod_that_nothing_lets_be_made_is_told_with_the_reason() -> None:
    server = Server(events={JOB.name: [warning(FULL, 2), warning("older", 1)]})
    with pytest.raises(WizardError) as trouble:
        await started(server)
    assert (trouble.value.code, trouble.value.why) == ("handover.pod-refused", FULL)
    assert server.looks >= 5


async def test_a_quota_that_is_free_again_in_a_moment_is_waited_for() -> None:
    server = Server([RUNNING], {JOB.name: [warning(FULL, 1)]}, until_looks=2)
    assert await started(server) == "pod-1"


async def test_who_may_not_read_events_waits_as_long_as_ever() -> None:
    server = Server([RUNNING], readable=False, until_looks=20)
    assert await started(server) == "pod-1"


@pytest.mark.parametrize(
    ("server", "why"),
    [
        (Server([CREATING], {"pod-1": [warning("older", 1), warning(AWAY, 2)]}), AWAY),
        (Server([CREATING]), "It may wait for a node, for its volume or for its image."),
        (Server([CREATING], readable=False), "It may wait for a node, for its volume or for its image."),
        (Server([]), "It may wait for a node, for its volume or for its image."),
    ],
    ids=["held elsewhere", "nothing said", "nothing to be read", "no pod"],
)
async def test_what_is_late_is_told_with_the_last_warning(server: Server, why: str) -> None:
    with pytest.raises(WizardError) as trouble:
        await started(server, 0.05)
    assert (trouble.value.code, trouble.value.why) == ("handover.pod-late", why)


async def test_a_pod_that_ends_at_once() -> None:
    gone = pod("Failed", {"terminated": {"reason": "Error", "message": "no such user", "exitCode": 1}})
    with pytest.raises(WizardError) as trouble:
        await started(Server([gone]))
    assert (trouble.value.code, trouble.value.why) == ("handover.pod-ended", "Error no such user")
