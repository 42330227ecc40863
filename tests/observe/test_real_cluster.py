"""The client and a look on a real API server, in a namespace of its own: `pytest --kubeconfig=PATH -m cluster`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.observe.looking import value
from wizard.kube.client import Cluster, connect
from wizard.kube.errors import Expired, NotFound
from wizard.observe.changes import changes
from wizard.observe.look import REQUESTS, observe
from wizard.settings import Settings
from wizard.world import NOT_ASKED, Missing

pytestmark = pytest.mark.cluster


@pytest.fixture
async def cluster(real_kubeconfig: Path, tmp_path: Path) -> AsyncIterator[Cluster]:
    connection = await connect(str(real_kubeconfig), None, tmp_path, home=tmp_path)
    yield connection
    await connection.close()


async def shell_pod(cluster: Cluster, namespace: str) -> tuple[str, str, str]:
    """A running pod with a shell."""
    container = {"name": "c", "image": "busybox", "command": ["sleep", "600"]}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0, "restartPolicy": "Never"}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shell"}, "spec": spec}
    await cluster.post(f"/api/v1/namespaces/{namespace}/pods", body)
    async with asyncio.timeout(60):
        stream = cluster.watch(f"/api/v1/namespaces/{namespace}/pods", fields="metadata.name=shell")
        async with aclosing(stream) as events:
            async for event in events:
                if event.object["status"].get("phase") == "Running":
                    break
    return namespace, "shell", "c"


async def test_a_look_at_nothing(cluster: Cluster, throwaway_namespace: str) -> None:
    seen = await observe(cluster, Settings(namespace=throwaway_namespace), datetime.now(UTC))
    assert seen.requests <= REQUESTS
    assert seen.cluster.uid
    assert value(seen.namespace).phase == "Active"
    assert value(seen.claims).items == ()
    assert value(seen.jobs).items == ()
    assert seen.secrets == {"icloud-credentials": Missing()}
    assert seen.version != NOT_ASKED
    gone = await observe(cluster, Settings(namespace="photosync-not-there"), datetime.now(UTC))
    assert gone.namespace == Missing()


async def test_a_look_at_ours(cluster: Cluster, throwaway_namespace: str) -> None:
    core = f"/api/v1/namespaces/{throwaway_namespace}"
    claim: dict[str, Any] = {
        "metadata": {"name": "icloud-photos"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    await cluster.post(f"{core}/persistentvolumeclaims", claim)
    secret = {"metadata": {"name": "icloud-credentials"}, "stringData": {"username": "planted-user"}}
    await cluster.post(f"{core}/secrets", secret)
    seen = await observe(cluster, Settings(namespace=throwaway_namespace), datetime.now(UTC))
    assert value(seen.claims).items[0].requested == "1Gi"
    assert value(seen.secrets["icloud-credentials"]).keys == ("username",)
    assert "planted" not in repr(seen)
    async with aclosing(changes(cluster, Settings(namespace=throwaway_namespace), seen)) as stream:
        await cluster.send("DELETE", f"{core}/secrets/icloud-credentials")
        async with asyncio.timeout(20):
            async for word in stream:
                if word == "secret":
                    break


async def test_commands_and_attaching(cluster: Cluster, throwaway_namespace: str) -> None:
    pod = await shell_pod(cluster, throwaway_namespace)
    result = await cluster.exec(*pod, ["sh", "-c", "echo out; echo err >&2; exit 7"])
    assert (result.stdout, result.stderr, result.exit_code) == (b"out\n", b"err\n", 7)
    assert (await cluster.exec(*pod, ["wc", "-c"], stdin=b"x" * 100_000)).stdout.strip() == b"100000"
    assert (await cluster.exec(*pod, ["not-there"])).exit_code is None
    with pytest.raises(NotFound):
        await cluster.exec(throwaway_namespace, "not-there", "c", ["true"])


async def test_old_versions_are_expired(cluster: Cluster, throwaway_namespace: str) -> None:
    path = f"/api/v1/namespaces/{throwaway_namespace}/configmaps"
    with pytest.raises(Expired):
        async for _ in cluster.watch(path, resource_version="1"):
            pass


async def test_pages(cluster: Cluster, throwaway_namespace: str) -> None:
    path = f"/api/v1/namespaces/{throwaway_namespace}/configmaps"
    for number in range(5):
        await cluster.post(path, {"metadata": {"name": f"c-{number}"}})
    names = [item["metadata"]["name"] async for page in cluster.pages(path, limit=2) for item in page["items"]]
    assert [name for name in names if name.startswith("c-")] == [f"c-{number}" for number in range(5)]
