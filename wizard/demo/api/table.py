"""What `kubectl get` prints: objects as a Table, with the columns of a real server. How each cell is made: cells.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wizard.demo.api import cells
from wizard.demo.api.kinds import Kind, Object

Cell = Callable[[Object, datetime], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column; kubectl shows priority 0 always, the others with -o wide."""

    name: str
    cell: Cell
    type: str = "string"
    priority: int = 0


def _field(*path: str, default: Any = "<none>") -> Cell:
    return lambda item, _: cells.dig(item, *path, default=default)


def _wide(*columns: tuple[str, Cell]) -> tuple[Column, ...]:
    return tuple(Column(name, cell, priority=1) for name, cell in columns)


_NAME = Column("Name", _field("metadata", "name", default=""))
_AGE = Column("Age", lambda item, now: cells.since(cells.dig(item, "metadata", "creationTimestamp"), now))
_CREATED = Column("Created At", _field("metadata", "creationTimestamp", default=None), "date")
_TEMPLATE = ("spec", "template")
_CRON_TEMPLATE = ("spec", "jobTemplate", "spec", "template")
_CONTAINERS = (
    ("Containers", lambda item, _: cells.containers(item, _TEMPLATE, "name")),
    ("Images", lambda item, _: cells.containers(item, _TEMPLATE, "image")),
)
_SELECTOR = ("Selector", lambda item, _: cells.match_labels(cells.dig(item, "spec", "selector", "matchLabels")))


def _number(*path: str) -> Cell:
    return lambda item, _: cells.dig(item, *path, default=0)


def _ready(have: str) -> Cell:
    return lambda item, _: (
        f"{cells.dig(item, 'status', have, default=0)}/{cells.dig(item, 'spec', 'replicas', default=1)}"
    )


_COLUMNS: dict[str, tuple[Column, ...]] = {
    "configmaps": (Column("Data", lambda item, _: cells.count(item, "data", "binaryData")), _AGE),
    "endpoints": (Column("Endpoints", lambda item, _: cells.endpoints(item)), _AGE),
    "events": (
        Column("Last Seen", lambda item, now: cells.event_seen(item, now, last=True)),
        Column("Type", _field("type", default="")),
        Column("Reason", _field("reason", default="")),
        Column("Object", lambda item, _: cells.event_object(item)),
        *_wide(
            ("Subobject", _field("involvedObject", "fieldPath", default="")),
            ("Source", lambda item, _: cells.event_source(item)),
        ),
        Column("Message", lambda item, _: cells.dig(item, "message", default="").strip()),
        *_wide(
            ("First Seen", lambda item, now: cells.event_seen(item, now, last=False)),
            ("Count", lambda item, _: cells.dig(item, "series", "count", default=None) or item.get("count") or 1),
            ("Name", _NAME.cell),
        ),
    ),
    "namespaces": (Column("Status", _field("status", "phase", default="")), _AGE),
    "nodes": (
        Column("Status", lambda item, _: cells.node_status(item)),
        Column("Roles", lambda item, _: cells.node_roles(item)),
        _AGE,
        Column("Version", _field("status", "nodeInfo", "kubeletVersion", default="")),
        *_wide(
            ("Internal-IP", lambda item, _: cells.node_address(item, "InternalIP")),
            ("External-IP", lambda item, _: cells.node_address(item, "ExternalIP")),
            ("OS-Image", _field("status", "nodeInfo", "osImage", default="<unknown>")),
            ("Kernel-Version", lambda item, _: cells.node_kernel(item)),
            ("Container-Runtime", _field("status", "nodeInfo", "containerRuntimeVersion", default="<unknown>")),
        ),
    ),
    "persistentvolumeclaims": (
        Column("Status", lambda item, _: cells.phase(item)),
        Column("Volume", _field("spec", "volumeName", default="")),
        Column("Capacity", lambda item, _: cells.claim_detail(item, "capacity")),
        Column("Access Modes", lambda item, _: cells.claim_detail(item, "accessModes")),
        Column("StorageClass", _field("spec", "storageClassName", default="")),
        Column("VolumeAttributesClass", _field("spec", "volumeAttributesClassName", default="<unset>")),
        _AGE,
        *_wide(("VolumeMode", _field("spec", "volumeMode", default="<unset>"))),
    ),
    "persistentvolumes": (
        Column("Capacity", _field("spec", "capacity", "storage", default="")),
        Column("Access Modes", lambda item, _: cells.access_modes(cells.dig(item, "spec", "accessModes", default=[]))),
        Column("Reclaim Policy", _field("spec", "persistentVolumeReclaimPolicy", default="")),
        Column("Status", lambda item, _: cells.phase(item)),
        Column("Claim", lambda item, _: cells.volume_claim(item)),
        Column("StorageClass", _field("spec", "storageClassName", default="")),
        Column("VolumeAttributesClass", _field("spec", "volumeAttributesClassName", default="<unset>")),
        Column("Reason", _field("status", "reason", default="")),
        _AGE,
        *_wide(("VolumeMode", _field("spec", "volumeMode", default="<unset>"))),
    ),
    "pods": (
        Column("Ready", lambda item, _: cells.pod_ready(item)),
        Column("Status", lambda item, _: cells.pod_status(item)),
        Column("Restarts", cells.pod_restarts),
        _AGE,
        *_wide(
            ("IP", _field("status", "podIP")),
            ("Node", _field("spec", "nodeName")),
            ("Nominated Node", _field("status", "nominatedNodeName")),
            ("Readiness Gates", lambda _item, _now: "<none>"),
        ),
    ),
    "secrets": (
        Column("Type", _field("type", default="")),
        Column("Data", lambda item, _: cells.count(item, "data")),
        _AGE,
    ),
    "serviceaccounts": (_AGE,),
    "services": (
        Column("Type", _field("spec", "type", default="")),
        Column("Cluster-IP", _field("spec", "clusterIP")),
        Column("External-IP", lambda item, _: cells.external_ip(item)),
        Column("Port(s)", lambda item, _: cells.service_ports(item)),
        _AGE,
        *_wide(("Selector", lambda item, _: cells.match_labels(cells.dig(item, "spec", "selector")))),
    ),
    "deployments.apps": (
        Column("Ready", _ready("readyReplicas")),
        Column("Up-to-date", _number("status", "updatedReplicas")),
        Column("Available", _number("status", "availableReplicas")),
        _AGE,
        *_wide(*_CONTAINERS, _SELECTOR),
    ),
    "replicasets.apps": (
        Column("Desired", _number("spec", "replicas"), "integer"),
        Column("Current", _number("status", "replicas"), "integer"),
        Column("Ready", _number("status", "readyReplicas"), "integer"),
        _AGE,
        *_wide(*_CONTAINERS, _SELECTOR),
    ),
    "statefulsets.apps": (Column("Ready", _ready("readyReplicas")), _AGE, *_wide(*_CONTAINERS)),
    "daemonsets.apps": (
        Column("Desired", _number("status", "desiredNumberScheduled"), "integer"),
        Column("Current", _number("status", "currentNumberScheduled"), "integer"),
        Column("Ready", _number("status", "numberReady"), "integer"),
        Column("Up-to-date", _number("status", "updatedNumberScheduled"), "integer"),
        Column("Available", _number("status", "numberAvailable"), "integer"),
        Column(
            "Node Selector", lambda item, _: cells.match_labels(cells.dig(item, *_TEMPLATE, "spec", "nodeSelector"))
        ),
        _AGE,
        *_wide(*_CONTAINERS, _SELECTOR),
    ),
    "jobs.batch": (
        Column("Status", lambda item, _: cells.job_status(item)),
        Column("Completions", lambda item, _: cells.job_completions(item)),
        Column("Duration", cells.job_duration),
        _AGE,
        *_wide(*_CONTAINERS, _SELECTOR),
    ),
    "cronjobs.batch": (
        Column("Schedule", _field("spec", "schedule", default="")),
        Column("Timezone", _field("spec", "timeZone")),
        Column("Suspend", lambda item, _: str(cells.dig(item, "spec", "suspend", default=False)), "boolean"),
        Column("Active", lambda item, _: len(cells.dig(item, "status", "active", default=())), "integer"),
        Column("Last Schedule", cells.last_schedule),
        _AGE,
        *_wide(
            ("Containers", lambda item, _: cells.containers(item, _CRON_TEMPLATE, "name")),
            ("Images", lambda item, _: cells.containers(item, _CRON_TEMPLATE, "image")),
            ("Selector", lambda _item, _now: "<none>"),
        ),
    ),
    "ingresses.networking.k8s.io": (
        Column("Class", _field("spec", "ingressClassName")),
        Column("Hosts", lambda item, _: cells.ingress_hosts(item)),
        Column("Address", lambda item, _: cells.load_balancer(item)),
        Column("Ports", lambda item, _: "80, 443" if cells.dig(item, "spec", "tls", default=()) else "80"),
        _AGE,
    ),
    "ingressclasses.networking.k8s.io": (
        Column("Controller", _field("spec", "controller", default="")),
        Column("Parameters", lambda _item, _now: "<none>"),
        _AGE,
    ),
    "storageclasses.storage.k8s.io": (
        Column("Provisioner", _field("provisioner", default="")),
        Column("ReclaimPolicy", _field("reclaimPolicy", default="Delete")),
        Column("VolumeBindingMode", _field("volumeBindingMode", default="<unset>")),
        Column("AllowVolumeExpansion", _field("allowVolumeExpansion", default=False)),
        _AGE,
    ),
}


def columns_of(kind: Kind) -> tuple[Column, ...]:
    """The columns of a kind, the name first; a kind without its own has name and creation time."""
    if kind.columns is not None:
        return (
            _NAME,
            *(
                Column(column.name, _custom(column.path, column.type), column.type, column.priority)
                for column in kind.columns
            ),
        )
    if kind.kind == "Event":
        return _COLUMNS["events"]
    name = (
        Column("Name", lambda item, _: cells.class_name(item)) if kind.resource.startswith("storageclasses") else _NAME
    )
    return (name, *_COLUMNS.get(kind.resource, (_CREATED,)))


def _custom(path: str, kind: str) -> Cell:
    names = path.strip(".").split(".")
    if kind == "date":
        return lambda item, now: cells.since(cells.dig(item, *names, default=None), now)
    return lambda item, _: cells.dig(item, *names, default=None)


def table(
    kind: Kind, items: Iterable[Object], now: datetime, include: str, metadata: Object, *, headed: bool = True
) -> Object:
    """A Table of `items`; `include` is None, Metadata or Object; `headed` False leaves the column definitions out."""
    columns = columns_of(kind)
    definitions = [
        {
            "name": column.name,
            "type": column.type,
            "format": "name" if column.name == "Name" else "",
            "description": "",
            "priority": column.priority,
        }
        for column in columns
    ]
    rows = [
        {"cells": [column.cell(item, now) for column in columns], "object": included(item, include)} for item in items
    ]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": definitions if headed else None,
        "rows": rows,
    }


def included(item: Object, include: str) -> Object | None:
    """What a row carries of its object."""
    if include == "None":
        return None
    return item if include == "Object" else partial(item)


def partial(item: Object) -> Object:
    """An object's metadata alone."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}
