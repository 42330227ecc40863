"""Looks at demo worlds and at worlds made of a few objects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import yaml

from wizard.demo.scenario import Scenario
from wizard.demo.scenarios import load
from wizard.demo.world import DemoWorld
from wizard.kube.client import Cluster, connect
from wizard.observe.look import observe
from wizard.settings import Settings
from wizard.steps import rights_to_change
from wizard.world import Found, Read, World

NOW = datetime(2026, 11, 1, tzinfo=UTC)
T = TypeVar("T")


def value(read: Read[T]) -> T:
    """What was found."""
    assert isinstance(read, Found), read
    return read.value


def thing(kind: str, name: str, namespace: str = "photo-sync", *, version: str = "v1", **fields: Any) -> dict[str, Any]:
    """An object as a server stores it."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **fields.pop("metadata", {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def scenario(*objects: Mapping[str, object], **more: Any) -> Scenario:
    """A world of these objects and the namespaces that they are in."""
    held: list[Any] = list(objects)
    there = {one["metadata"]["name"] for one in held if one["kind"] == "Namespace"}
    wanted = {"photo-sync", *(one["metadata"].get("namespace", "photo-sync") for one in held)}
    spaces = [thing("Namespace", name, "") for name in sorted(wanted - there)]
    return Scenario(name="test", title="", objects=(*spaces, *held), **more)


@asynccontextmanager
async def demo(what: str | Scenario, folder: Path) -> AsyncIterator[tuple[DemoWorld, Cluster]]:
    """A demo world and a connection to it."""
    async with DemoWorld.open(load(what) if isinstance(what, str) else what, clock=lambda: NOW) as world:
        path = folder / "kubeconfig"
        path.write_text(yaml.safe_dump(world.kubeconfig()))
        cluster = await connect(str(path), None, folder, env={}, home=folder)
        try:
            yield world, cluster
        finally:
            await cluster.close()


async def look(what: str | Scenario, folder: Path, settings: Settings | None = None) -> World:
    """One look at it."""
    async with demo(what, folder) as (_, cluster):
        return await observe(cluster, settings or Settings(), NOW, rights_to_change)
