"""The two servers that every body of the contract runs on."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.api import Api, Json, load_kubeconfig
from wizard.demo.scenario import Scenario
from wizard.demo.world import DemoWorld

RULES = [
    {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]},
]
DENIED = (
    "* secrets",
    "create configmaps",
    "list configmaps",
    "watch configmaps",
    "* pods/exec",
    "patch pods",
    "delete pods",
    "deletecollection pods",
    "* nodes",
    "get namespaces",
    "* applications.argoproj.io",
    "* gizmos",
)
_ARGO_COLUMNS: list[Json] = [
    {"name": "Sync Status", "type": "string", "jsonPath": ".status.sync.status"},
    {"name": "Health Status", "type": "string", "jsonPath": ".status.health.status"},
    {"name": "Revision", "type": "string", "jsonPath": ".status.sync.revision", "priority": 10},
    {"name": "Project", "type": "string", "jsonPath": ".spec.project", "priority": 10},
]


def definition(plural: str, kind: str, short: list[str], columns: list[Json]) -> Json:
    """A CustomResourceDefinition of Argo CD's group."""
    schema = {"openAPIV3Schema": {"type": "object"}}
    version: Json = {"name": "v1alpha1", "served": True, "storage": True, "schema": schema}
    if columns:
        version["additionalPrinterColumns"] = columns
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List", "shortNames": short}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.argoproj.io"},
        "spec": {"group": "argoproj.io", "names": names, "scope": "Namespaced", "versions": [version]},
    }


def tiny(**more: Any) -> Scenario:
    """A cluster like the real one that the contract is meant for: one node, one class that waits, Argo CD's kinds."""
    ready = {"type": "Ready", "status": "True"}
    objects = (
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "lab"}, "status": {"conditions": [ready]}},
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {
                "name": "local-path",
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            "provisioner": "rancher.io/local-path",
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer",
        },
        definition("applications", "Application", ["app", "apps"], _ARGO_COLUMNS),
        definition("appprojects", "AppProject", ["appproj", "appprojs"], []),
    )
    return Scenario("tiny", "A tiny cluster", (*objects, *more.pop("objects", ())), **more)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a body runs: `api` as the administrator, `kubeconfig` and `path` of it for kubectl, `world` if it is a demo."""

    api: Api
    kubeconfig: Json
    path: Path
    world: DemoWorld | None

    async def log(self, pod: str, text: str) -> None:
        """Makes a demo pod have written what a real one writes by itself."""
        if self.world is not None:
            await self.world.settle()
            self.world.logs.append(f"{self.api.namespace}/{pod}", text)


@pytest.fixture(params=["demo", pytest.param("real", marks=pytest.mark.cluster)])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """A server, and a namespace of this test's own on it."""
    name = f"photosync-contract-{secrets.token_hex(4)}"
    async with contextlib.AsyncExitStack() as stack:
        world = None
        if request.param == "demo":
            proxies = {f"{name}/web:80": {"/": "hello\n", "/answer.json": {"version": "1"}}}
            world = await stack.enter_async_context(DemoWorld.open(tiny(proxies=proxies), tls=True))
            path, kubeconfig = tmp_path / "kubeconfig", world.kubeconfig()
            path.write_text(yaml.safe_dump(kubeconfig))
        else:
            path = request.getfixturevalue("real_kubeconfig")
            kubeconfig = load_kubeconfig(path)
        api = await stack.enter_async_context(Api.connect(kubeconfig, name))
        await api.make_namespace()
        try:
            yield Place(api, kubeconfig, path, world)
        finally:
            await api.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture
def api(place: Place) -> Api:
    """The server as its administrator sees it."""
    return place.api


@pytest.fixture
async def limited(place: Place) -> AsyncIterator[Api]:
    """The server as somebody sees it who may do little: RULES on the real one, all but DENIED on the demo."""
    async with contextlib.AsyncExitStack() as stack:
        if place.world is not None:
            scenario = tiny(denied=DENIED)
            world = await stack.enter_async_context(DemoWorld.open(scenario))
            user = await stack.enter_async_context(Api.connect(world.kubeconfig(), place.api.namespace))
            user.user = "demo"
        else:
            token = await _viewer(place.api)
            user = await stack.enter_async_context(Api.connect(place.kubeconfig, place.api.namespace, token))
            user.user = f"system:serviceaccount:{place.api.namespace}:viewer"
        yield user


async def _viewer(api: Api) -> str:
    group = "rbac.authorization.k8s.io"
    await api.made("serviceaccounts", {"metadata": {"name": "viewer"}})
    await api.made(f"{group}/v1/roles", {"metadata": {"name": "viewer"}, "rules": RULES})
    subject = {"kind": "ServiceAccount", "name": "viewer", "namespace": api.namespace}
    role = {"apiGroup": group, "kind": "Role", "name": "viewer"}
    await api.made(f"{group}/v1/rolebindings", {"metadata": {"name": "viewer"}, "roleRef": role, "subjects": [subject]})
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    return str((await api.made("serviceaccounts/viewer/token", request))["status"]["token"])


@pytest.fixture
def pod() -> Callable[..., Json]:
    """A pod that prints, and then sleeps or ends."""

    def make(name: str, command: str = "sleep 600", *containers: str, **spec: Any) -> Json:
        each = {"image": "busybox", "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", command]}
        names = containers or ("main",)
        body = {"terminationGracePeriodSeconds": 1, "containers": [{"name": one, **each} for one in names], **spec}
        return {"metadata": {"name": name, "labels": {"app": name}}, "spec": body}

    return make


PodMaker = Callable[..., Json]
Waiter = Callable[..., Awaitable[Json]]
