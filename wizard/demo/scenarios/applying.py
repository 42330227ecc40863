"""A scenario's objects as a person would apply them to a real cluster: without what servers and controllers add."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, cast

from wizard.demo.scenarios.edits import OURS, key_of
from wizard.demo.scenarios.files import Object

ORDER = ("Namespace", "ServiceAccount", "Secret", "ConfigMap", "PersistentVolumeClaim")
MADE_BY_SERVERS = frozenset({"Event", "PersistentVolume", "ReplicaSet", "Node"})
ADDED_METADATA = ("uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "generation", "managedFields")
BINDING = ("pv.kubernetes.io/", "volume.beta.kubernetes.io/", "volume.kubernetes.io/")


def ours(objects: Iterable[Mapping[str, Any]], namespace: str, *, applications: bool) -> tuple[Object, ...]:
    """The objects of photo-sync for `namespace`, namespaces first and Applications, with their status, last."""
    picked = [_applied(item, namespace) for item in objects if _is_ours(item)]
    last = [_renamed(item, namespace) for item in objects if applications and _is_our_application(item)]
    ranks = {kind: rank for rank, kind in enumerate(ORDER)}
    return (*sorted(picked, key=lambda item: ranks.get(item["kind"], len(ORDER))), *last)


def _is_ours(item: Mapping[str, Any]) -> bool:
    kind, namespace, name = key_of(item)
    if kind in MADE_BY_SERVERS or item["metadata"].get("ownerReferences"):
        return False
    if (kind, name) in (("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")):
        return False
    return namespace == OURS or (kind, name) == ("Namespace", OURS)


def _is_our_application(item: Mapping[str, Any]) -> bool:
    return bool(item["kind"] == "Application" and item["spec"]["destination"].get("namespace") == OURS)


def _applied(item: Mapping[str, Any], namespace: str) -> Object:
    applied = _renamed(item, namespace)
    applied.pop("status", None)
    spec = applied.get("spec", {})
    if applied["kind"] == "PersistentVolumeClaim":
        spec.pop("volumeName", None)
        applied["metadata"].pop("finalizers", None)
        annotations = applied["metadata"].pop("annotations", {})
        kept = {key: value for key, value in annotations.items() if not key.startswith(BINDING)}
        applied["metadata"] |= {"annotations": kept} if kept else {}
    if applied["kind"] == "Service":
        spec.pop("clusterIP", None)
        spec.pop("clusterIPs", None)
    if applied["kind"] == "Pod":
        spec.pop("nodeName", None)
    if applied["kind"] == "Namespace":
        applied.pop("spec", None)
    return applied


def _renamed(item: Mapping[str, Any], namespace: str) -> Object:
    renamed = cast("Object", _with_namespace(deepcopy(dict(item)), namespace))
    metadata = renamed["metadata"]
    for key in ADDED_METADATA:
        metadata.pop(key, None)
    if renamed["kind"] == "Namespace":
        metadata["name"] = namespace
        metadata.get("labels", {}).pop("kubernetes.io/metadata.name", None)
    return renamed


def _with_namespace(value: Any, namespace: str) -> Any:
    """`value` with the namespace renamed wherever a field or a tracking id says it."""
    if isinstance(value, dict):
        return {key: _field(key, item, namespace) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_namespace(item, namespace) for item in value]
    return value


def _field(key: str, value: Any, namespace: str) -> Any:
    if key == "namespace" and value == OURS:
        return namespace
    if key == "argocd.argoproj.io/tracking-id":
        tail = value.removesuffix(f":{OURS}/{OURS}")
        return f"{tail}:{namespace}/{namespace}" if tail != value else value.replace(f":{OURS}/", f":{namespace}/")
    return _with_namespace(value, namespace)
