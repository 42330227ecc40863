"""The objects on the cluster that a measurement needs, made by the thousand and taken away again."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from wizard.demo.scenarios import manifests
from wizard.demo.seed_store import at_time
from wizard.errors import WizardError
from wizard.kube.client import Cluster, connect

CONNECTIONS = 16
TRIES = 4
GONE_SECONDS = 600.0
RUNNING_SECONDS = 60.0
CROWD_NAMESPACES = 20

Manifest = Mapping[str, Any]

_PLURALS = {
    "Namespace": "namespaces", "ServiceAccount": "serviceaccounts", "Secret": "secrets", "ConfigMap": "configmaps",
    "PersistentVolumeClaim": "persistentvolumeclaims", "CronJob": "cronjobs", "Job": "jobs", "Pod": "pods",
    "Application": "applications", "Ingress": "ingresses", "Service": "services", "Event": "events",
}  # fmt: skip
_POD = {
    "schedulingGates": [{"name": "photosync.example/benchmark"}],
    "restartPolicy": "Never",
    "containers": [{"name": "main", "image": "registry.example/nothing:1"}],
}
_JOB = {"managedBy": "photosync.example/benchmark", "template": {"spec": _POD}}
_FINISHED = {
    "startTime": "2026-01-18T03:00:00Z",
    "completionTime": "2026-01-18T03:10:00Z",
    "succeeded": 1,
    "conditions": [
        {"type": kind, "status": "True", "lastTransitionTime": "2026-01-18T03:10:00Z", "lastProbeTime": "2026-01-18T03:10:00Z"}
        for kind in ("SuccessCriteriaMet", "Complete")
    ],
}  # fmt: skip


@contextmanager
def seeded(kubeconfig: Path, folder: Path, namespace: str) -> Iterator[None]:
    """The seed's objects in `namespace`, its Application among them, where no Argo CD looks at it."""

    async def make() -> None:
        async with _cluster(kubeconfig, folder) as cluster:
            for manifest in at_time(manifests("seed", namespace, applications=True), datetime.now(UTC)):
                await _create(cluster, _moved(manifest, namespace))
            await _pod_runs(cluster, namespace)

    try:
        asyncio.run(make())
        yield
    finally:
        asyncio.run(_remove(kubeconfig, folder, [namespace]))


@contextmanager
def crowded(kubeconfig: Path, folder: Path, prefix: str, count: int) -> Iterator[None]:
    """`count` objects that are nobody's business, of ten kinds, in namespaces that begin with `prefix`."""
    namespaces = [f"{prefix}-{number}" for number in range(min(CROWD_NAMESPACES, count))]

    async def make() -> None:
        async with _cluster(kubeconfig, folder) as cluster:
            await _all(cluster, (_object("v1", "Namespace", name) for name in namespaces))
            await _all(cluster, islice(_strangers(namespaces), count - len(namespaces)))

    try:
        asyncio.run(make())
        yield
    finally:
        asyncio.run(_remove(kubeconfig, folder, namespaces))


def add_finished_jobs(kubeconfig: Path, folder: Path, namespace: str, count: int) -> None:
    """`count` Jobs in `namespace` that have completed; they go with it."""

    async def finish(cluster: Cluster, name: str) -> None:
        await _create(cluster, _object("batch/v1", "Job", name, namespace, spec=_JOB))
        await cluster.send(
            "PATCH",
            f"/apis/batch/v1/namespaces/{namespace}/jobs/{name}/status",
            body={"status": _FINISHED},
            content_type="application/merge-patch+json",
        )

    async def make() -> None:
        async with _cluster(kubeconfig, folder) as cluster:
            await asyncio.gather(*(finish(cluster, f"finished-{number}") for number in range(count)))

    asyncio.run(make())


@asynccontextmanager
async def _cluster(kubeconfig: Path, folder: Path) -> AsyncIterator[Cluster]:
    cluster = await connect(str(kubeconfig), None, folder, connections=CONNECTIONS)
    try:
        yield cluster
    finally:
        await cluster.close()


async def _all(cluster: Cluster, objects: Iterable[Manifest]) -> None:
    await asyncio.gather(*(_create(cluster, each) for each in objects))


async def _create(cluster: Cluster, manifest: Manifest) -> None:
    for turn in range(1, TRIES + 1):
        try:
            await cluster.post(_path(manifest), manifest)
        except WizardError:
            if turn == TRIES:
                raise
            await asyncio.sleep(turn)
        else:
            return


async def _pod_runs(cluster: Cluster, namespace: str) -> None:
    """Waits, within bounds, until the seed's pod runs and the cluster has settled."""
    deadline = time.monotonic() + RUNNING_SECONDS
    while time.monotonic() < deadline:
        pod = await cluster.get(f"/api/v1/namespaces/{namespace}/pods/icloudpd-auth")
        if pod.get("status", {}).get("phase") == "Running":
            return
        await asyncio.sleep(1)


async def _remove(kubeconfig: Path, folder: Path, namespaces: list[str]) -> None:
    async with _cluster(kubeconfig, folder) as cluster:
        await asyncio.gather(*(_delete(cluster, name) for name in namespaces))
        deadline = time.monotonic() + GONE_SECONDS
        left = set(namespaces)
        while left and time.monotonic() < deadline:
            await asyncio.sleep(1)
            there = await cluster.get("/api/v1/namespaces")
            left &= {each["metadata"]["name"] for each in there["items"]}
        if left:
            sys.stderr.write(f"still being removed: {', '.join(sorted(left))}\n")


async def _delete(cluster: Cluster, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}"
    try:
        await cluster.send("DELETE", f"{path}/pods", body={"gracePeriodSeconds": 0})
        await cluster.send("DELETE", path)
    except WizardError as trouble:
        sys.stderr.write(f"{namespace} was not removed: {trouble}\n")


def _path(manifest: Manifest) -> str:
    version, namespace = manifest["apiVersion"], manifest["metadata"].get("namespace")
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    inside = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{inside}/{_PLURALS[manifest['kind']]}"


def _moved(manifest: Manifest, namespace: str) -> Manifest:
    if manifest["kind"] != "Application":
        return manifest
    metadata = {**manifest["metadata"], "namespace": namespace}
    metadata.pop("finalizers", None)
    return {**manifest, "metadata": metadata}


def _object(version: str, kind: str, name: str, namespace: str | None = None, **content: Any) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}


def _strangers(namespaces: list[str]) -> Iterator[Manifest]:
    """Other people's objects without end, kind after kind, namespace after namespace."""
    for number, namespace in enumerate(cycle(namespaces)):
        kinds = _kinds(f"other-{number}", namespace)
        yield kinds[(number // len(namespaces)) % len(kinds)]


def _kinds(name: str, namespace: str) -> tuple[Manifest, ...]:
    """One object of each kind, in the shares that a busy cluster has; none makes a controller work for long."""
    backend = {"service": {"name": name, "port": {"number": 80}}}
    rule = {"host": f"{name}.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    source = {"repoURL": "https://git.example/other", "path": name, "targetRevision": "main"}
    destination = {"server": "https://kubernetes.default.svc", "namespace": namespace}
    suspended = {"schedule": "0 3 * * *", "suspend": True, "jobTemplate": {"spec": {"template": {"spec": _POD}}}}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "volumeName": "nobodys"}
    text = "x" * 2000
    return (
        _object("v1", "ConfigMap", name, namespace, data={"text": text}),
        _object("v1", "Secret", name, namespace, stringData={"text": text}),
        _object("v1", "Pod", name, namespace, spec=_POD),
        _object(
            "networking.k8s.io/v1", "Ingress", name, namespace, spec={"ingressClassName": "nginx", "rules": [rule]}
        ),
        _object(
            "argoproj.io/v1alpha1",
            "Application",
            name,
            namespace,
            spec={"project": "default", "source": source, "destination": destination},
        ),
        _object("v1", "Service", name, namespace, spec={"clusterIP": "None", "ports": [{"port": 80}]}),
        _object("batch/v1", "Job", name, namespace, spec=_JOB),
        _object("batch/v1", "CronJob", name, namespace, spec=suspended),
        _object("v1", "PersistentVolumeClaim", name, namespace, spec=claim),
        _object("v1", "ServiceAccount", name, namespace),
    )
