"""From a Scenario to a filled Store: times, and what every cluster has. Does not start anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from wizard.demo.api.defaults import filled
from wizard.demo.api.kinds import Object
from wizard.demo.api.managed_fields import managed_by
from wizard.demo.api.store import Store, place_of, timestamp
from wizard.demo.runtime.frozen_objects import FrozenObjects
from wizard.demo.scenario import Scenario

KUBERNETES_TIME = "%Y-%m-%dT%H:%M:%SZ"
LOG_TIME = "%Y-%m-%d %H:%M:%S"
_TIME = re.compile(r"\{now(?:([+-])(\d+)([smhd]))?\}")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_TRACKING = "argocd.argoproj.io/tracking-id"


def at_time(value: Any, now: datetime, form: str = KUBERNETES_TIME) -> Any:
    """`value` with every "{now}", "{now-5m}" in its texts replaced by that time; numbers take s, m, h or d."""
    if isinstance(value, str):
        return _TIME.sub(lambda match: _moment(match, now).strftime(form), value)
    if isinstance(value, Mapping):
        return {key: at_time(element, now, form) for key, element in value.items()}
    return [at_time(element, now, form) for element in value] if isinstance(value, list | tuple) else value


def _moment(match: re.Match[str], now: datetime) -> datetime:
    sign, number, unit = match.groups()
    span = timedelta(**{_UNITS[unit]: int(number)}) if sign else timedelta()
    return now - span if sign == "-" else now + span


def seed(store: Store, scenario: Scenario) -> FrozenObjects:
    """Fills an empty store; returns what no controller is to touch. Raises ValueError for a bad scenario."""
    now = store.clock()
    items: list[Object] = [at_time(item, now) for item in scenario.objects]
    namespaces = [item for item in items if item["kind"] == "Namespace"]
    names = {item["metadata"]["name"] for item in namespaces}
    namespaces += [_namespace(name) for name in _NAMESPACES if name not in names]
    names |= set(_NAMESPACES)
    definitions = [item for item in items if item["kind"] == "CustomResourceDefinition"]
    rest = [item for item in items if item["kind"] not in ("Namespace", "CustomResourceDefinition")]
    rest.sort(key=lambda item: item["kind"] != "StorageClass")
    with_status: set[str] = set()
    deleting: set[str] = set()
    for item in (*namespaces, *definitions, *rest):
        namespace = item["metadata"].get("namespace", "default")
        if store.kinds.of(item).namespaced and namespace not in names:
            raise ValueError(f"{item['kind']} {item['metadata']['name']}: the scenario has no namespace {namespace}")
        has_status = "status" in item
        new = store.create(_completed(store, item))
        if has_status:
            with_status.add(new["metadata"]["uid"])
        if "deletionTimestamp" in new["metadata"]:
            deleting.add(new["metadata"]["uid"])
    store.forget_history()
    return FrozenObjects(frozenset(with_status), frozenset(deleting))


def _completed(store: Store, item: Object) -> Object:
    kind = store.kinds.of(item)
    metadata = item["metadata"]
    metadata.setdefault("uid", store.uid(kind, place_of(item)))
    created = metadata.setdefault("creationTimestamp", timestamp(store.clock()))
    if "managedFields" not in metadata:
        annotations = metadata.get("annotations", {})
        manager = "argocd-controller" if _TRACKING in annotations else "kubectl-create"
        manager = "kubectl-client-side-apply" if _LAST_APPLIED in annotations else manager
        metadata["managedFields"] = managed_by(item, manager, created, custom=kind.custom)
    if kind.custom or ("spec" in item and kind.kind in ("Pod", "Job", "CronJob", "Deployment", "Ingress")):
        metadata.setdefault("generation", 1)
    return filled(store, kind, item)


def _namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
