"""Create, replace, merge patch and delete of JSON objects, with optimistic locking. Functions of the store."""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Iterable
from typing import Any

from wizard.demo.api.defaults import filled
from wizard.demo.api.kinds import Kind, Object
from wizard.demo.api.managed_fields import managed_by, updated
from wizard.demo.api.refusals import (
    already_exists,
    bad_request,
    conflict,
    details_of,
    internal,
    invalid,
    method_not_allowed,
    not_found,
    refusal,
    success,
)
from wizard.demo.api.store import Store, merged, timestamp

MERGE_PATCH = "application/merge-patch+json"
_ANSWERED_WHOLE = ("Pod", "PersistentVolumeClaim", "PersistentVolume", "Namespace", "ServiceAccount")
_LASTING_NAMESPACES = ("default", "kube-system", "kube-public")
_SERVERS_OWN = (
    "uid",
    "creationTimestamp",
    "resourceVersion",
    "namespace",
    "deletionTimestamp",
    "generation",
    "managedFields",
)
_POLICIES = ("Foreground", "Background", "Orphan")
PRESERVED = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them "
    "or set propagationPolicy=Orphan to suppress this warning"
)
_NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def parsed(kind: Kind, content_type: str, body: bytes) -> Object:
    """The object in a request's body, with kind and apiVersion. Raises Refused (400, 415)."""
    if content_type.split(";", maxsplit=1)[0].strip() not in ("application/json", ""):
        message = (
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json, application/yaml, application/vnd.kubernetes.protobuf"
        )
        raise refusal(415, "UnsupportedMediaType", message)
    item = _json(kind, body)
    item.setdefault("kind", kind.kind)
    item.setdefault("apiVersion", kind.api_version)
    item.setdefault("metadata", {})
    if (item["kind"], item["apiVersion"]) != (kind.kind, kind.api_version):
        version = item["apiVersion"].rpartition("/")[2]
        raise bad_request(f'{item["kind"]} in version "{version}" cannot be handled as a {kind.kind}')
    return item


def _json(kind: Kind, body: bytes) -> Object:
    try:
        item: Any = json.loads(body)
    except ValueError as problem:
        head = f"the object provided is unrecognized (must be of type {kind.kind})"
        raise bad_request(f"{head}: couldn't get version/kind; json parse error: {problem}") from None
    if not isinstance(item, dict):
        raise bad_request(f"the object provided is unrecognized (must be of type {kind.kind})")
    return item


def create(store: Store, kind: Kind, namespace: str, item: Object, manager: str, *, dry: bool) -> Object:
    """Stores a new object. Raises Refused (400, 403, 404, 409, 422, 500)."""
    metadata = item["metadata"]
    if metadata.get("namespace", namespace) != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if metadata.get("resourceVersion"):
        raise internal("resourceVersion should not be set on objects to be created")
    if not metadata.get("name"):
        if not metadata.get("generateName"):
            detail = "name or generateName is required"
            raise invalid(_subject(kind, ""), _what(kind, ""), "metadata.name", "Required value", detail)
        tail = "".join(secrets.choice(_NAME_LETTERS) for _ in range(5))
        metadata["name"] = metadata["generateName"] + tail
    name = metadata["name"]
    if kind.namespaced:
        metadata["namespace"] = namespace
        check_namespace(store, kind, namespace, name)
    if store.get(kind, namespace, name) is not None:
        raise already_exists(kind, name)
    for field in ("uid", "creationTimestamp", "managedFields"):
        metadata.pop(field, None)
    if not kind.custom:
        item.pop("status", None)
    now = timestamp(store.clock())
    metadata["managedFields"] = managed_by(item, manager, now, custom=kind.custom)
    if kind.custom or "spec" in item:
        metadata["generation"] = 1
    filled(store, kind, item)
    if dry:
        return {**item, "metadata": {**metadata, "creationTimestamp": now}}
    return store.create(item)


def check_namespace(store: Store, kind: Kind, namespace: str, name: str) -> None:
    """Raises Refused when nothing may be created in the namespace (403, 404)."""
    parent = store.get("Namespace", "", namespace)
    if parent is None:
        raise not_found(store.kinds.named("Namespace"), namespace)
    if "deletionTimestamp" in parent["metadata"]:
        reason = f"unable to create new content in namespace {namespace} because it is being terminated"
        detail = f"namespace {namespace} is being terminated"
        cause = {"reason": "NamespaceTerminating", "message": detail, "field": "metadata.namespace"}
        details = {**details_of(kind, name), "causes": [cause]}
        raise refusal(403, "Forbidden", f'{kind.resource} "{name}" is forbidden: {reason}', details=details)


def replace(store: Store, kind: Kind, namespace: str, name: str, item: Object, manager: str, *, dry: bool) -> Object:
    """Puts an object in the place of the one there is. Raises Refused (400, 404, 409, 422, 500)."""
    before = _existing(store, kind, namespace, name)
    body_name = item["metadata"].setdefault("name", name)
    if body_name != name:
        raise bad_request(f"the name of the object ({body_name}) does not match the name on the URL ({name})")
    version = item["metadata"].get("resourceVersion")
    if version and not str(version).isdecimal():
        raise internal(f'strconv.ParseUint: parsing "{version}": invalid syntax')
    if kind.custom and not version:
        subject = details_of(kind, name)
        detail = "must be specified for an update"
        raise invalid(subject, f'{kind.resource} "{name}"', "metadata.resourceVersion", "Invalid value: 0", detail)
    if version and version != before["metadata"]["resourceVersion"]:
        raise conflict(kind, name)
    return _updated(store, kind, before, item, manager, dry=dry)


def patch(
    store: Store, kind: Kind, namespace: str, name: str, content_type: str, body: bytes, manager: str, *, dry: bool
) -> Object:
    """Applies a JSON merge patch. Raises Refused (400, 404, 409, 415)."""
    if content_type.split(";", maxsplit=1)[0].strip() != MERGE_PATCH:
        message = f"the body of the request was in an unknown format - accepted media types include: {MERGE_PATCH}"
        raise refusal(415, "UnsupportedMediaType", message)
    before = _existing(store, kind, namespace, name)
    after: Object = merged(before, _json(kind, body))
    return replace(store, kind, namespace, name, after, manager, dry=dry)


def _updated(store: Store, kind: Kind, before: Object, item: Object, manager: str, *, dry: bool) -> Object:
    filled(store, kind, item := copy.deepcopy(item))
    managed = updated(before, item, manager, timestamp(store.clock()), custom=kind.custom)
    return update(store, kind, before, item, managed, dry=dry)


def update(store: Store, kind: Kind, before: Object, item: Object, managed: list[Object], *, dry: bool) -> Object:
    """Stores what `before` has become, with `managed` as its managedFields, unless nothing has changed."""
    item = copy.deepcopy(item)
    metadata = item["metadata"]
    for field in _SERVERS_OWN:
        metadata.pop(field, None)
        if field in before["metadata"]:
            metadata[field] = before["metadata"][field]
    if not kind.custom:
        item.pop("status", None)
        if "status" in before:
            item["status"] = before["status"]
    filled(store, kind, item)
    if item == before and _owners(managed) == _owners(metadata.get("managedFields", ())):
        return before
    if "generation" in metadata and item.get("spec") != before.get("spec"):
        metadata["generation"] += 1
    metadata["managedFields"] = managed
    if dry:
        return item
    if metadata.get("deletionTimestamp") and not metadata.get("finalizers"):
        store.delete(kind, metadata.get("namespace", ""), metadata["name"])
        return item
    return store.replace(item)


def _owners(managed: Iterable[Object]) -> list[Object]:
    return sorted(
        ({**entry, "time": ""} for entry in managed), key=lambda entry: (entry["manager"], entry["operation"])
    )


def delete(store: Store, kind: Kind, namespace: str, name: str, options: Object, *, dry: bool) -> Object:
    """Removes an object, or marks it when something holds it. Raises Refused (403, 404, 409)."""
    if not name:
        raise method_not_allowed()
    item = _existing(store, kind, namespace, name)
    _check_preconditions(kind, item, options.get("preconditions") or {})
    if kind.kind == "Namespace" and name in _LASTING_NAMESPACES:
        message = f'namespaces "{name}" is forbidden: this namespace may not be deleted'
        raise refusal(403, "Forbidden", message, details=details_of(kind, name))
    policy = _policy(options)
    if kind.kind == "Job" and policy in ("", "Orphan", "Foreground") and not dry:
        return _waiting_for_dependents(store, item, "foregroundDeletion" if policy == "Foreground" else "orphan")
    whole = kind.kind in _ANSWERED_WHOLE or kind.custom
    marked = copy.deepcopy(item)
    if "deletionTimestamp" not in item["metadata"]:
        grace = _grace(kind, item, options)
        marked["metadata"] |= {"deletionTimestamp": timestamp(store.clock())}
        if kind.kind != "Namespace":
            marked["metadata"]["deletionGracePeriodSeconds"] = grace
        else:
            marked["status"] = {**marked.get("status", {}), "phase": "Terminating"}
    else:
        grace = _grace(kind, item, options)
    held = bool(item["metadata"].get("finalizers")) or kind.kind == "Namespace" or grace > 0
    if dry:
        return marked if held or whole else success({**details_of(kind, name), "uid": item["metadata"]["uid"]})
    if held:
        return store.replace(marked)
    store.delete(kind, namespace, name)
    return marked if whole and not kind.custom else success({**details_of(kind, name), "uid": item["metadata"]["uid"]})


def _policy(options: Object) -> str:
    policy = options.get("propagationPolicy") or ""
    if policy and policy not in _POLICIES:
        supported = ", ".join(f'"{policy}"' for policy in (*_POLICIES, "nil"))
        detail = f'Unsupported value: "{policy}": supported values: {supported}'
        cause = {"reason": "FieldValueNotSupported", "message": detail, "field": "propagationPolicy"}
        details = {"group": "meta.k8s.io", "kind": "DeleteOptions", "causes": [cause]}
        message = f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: {detail}'
        raise refusal(422, "Invalid", message, details=details)
    return str(policy)


def _waiting_for_dependents(store: Store, item: Object, finalizer: str) -> Object:
    """An owner that goes once its dependents have been seen to, which the controllers do."""
    marked = copy.deepcopy(item)
    metadata = marked["metadata"]
    metadata.setdefault("deletionTimestamp", timestamp(store.clock()))
    metadata["deletionGracePeriodSeconds"] = 0
    metadata["finalizers"] = [*metadata.get("finalizers", ()), finalizer]
    metadata["generation"] = metadata.get("generation", 1) + 1
    return store.replace(marked)


def _grace(kind: Kind, item: Object, options: Object) -> int:
    if kind.kind != "Pod" or not item.get("spec", {}).get("nodeName"):
        return 0
    if item.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    return int(options.get("gracePeriodSeconds", item["spec"].get("terminationGracePeriodSeconds", 30)))


def _check_preconditions(kind: Kind, item: Object, preconditions: Object) -> None:
    labels = {
        "uid": ("UID", "The object might have been deleted and then recreated"),
        "resourceVersion": ("ResourceVersion", "The object might have been modified"),
    }
    for field, (label, guess) in labels.items():
        is_, name = item["metadata"][field], item["metadata"]["name"]
        if preconditions.get(field, is_) != is_:
            problem = (
                f"the {label} in the precondition ({preconditions[field]}) does not match the {label} in record ({is_})"
            )
            message = f'Operation cannot be fulfilled on {kind.kind} "{name}": {problem}. {guess}'
            raise refusal(409, "Conflict", message, details=_subject(kind, name))


def _existing(store: Store, kind: Kind, namespace: str, name: str) -> Object:
    item = store.get(kind, namespace, name)
    if item is None:
        raise not_found(kind, name)
    return item


def _subject(kind: Kind, name: str) -> Object:
    details = {"name": name, "group": kind.group, "kind": kind.kind}
    return {key: value for key, value in details.items() if value}


def _what(kind: Kind, name: str) -> str:
    return f'{kind.kind}.{kind.group} "{name}"' if kind.group else f'{kind.kind} "{name}"'
