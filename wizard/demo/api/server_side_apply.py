"""Server-side apply: one manager's wish merged into an object, conflicts told, what a manager drops taken away."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from wizard.demo.api import managed_fields
from wizard.demo.api.defaults import filled
from wizard.demo.api.kinds import Kind, Object
from wizard.demo.api.refusals import bad_request, conflict, details_of, refusal
from wizard.demo.api.store import Store, timestamp
from wizard.demo.api.writes import check_namespace, update

APPLY_PATCH = "application/apply-patch+yaml"


def apply(
    store: Store, kind: Kind, namespace: str, name: str, body: bytes, manager: str, *, force: bool, dry: bool
) -> tuple[Object, bool]:
    """The object afterwards, and whether it is new. Raises Refused (400, 404, 409, 422)."""
    if not manager:
        raise _options("fieldManager", "FieldValueRequired", "Required value: is required for apply patch")
    config = _parsed(kind, name, body)
    live = store.get(kind, namespace, name)
    now = timestamp(store.clock())
    if live is None:
        return _created(store, kind, namespace, name, config, manager, now, dry=dry), True
    version = config["metadata"].pop("resourceVersion", None)
    if version and version != live["metadata"]["resourceVersion"]:
        raise conflict(kind, name)
    if not force and (conflicts := managed_fields.conflicts(live, config, manager, custom=kind.custom)):
        raise _conflict(conflicts)
    managed, dropped = managed_fields.owned_after(live, config, manager, now, custom=kind.custom)
    wish = {key: value for key, value in config.items() if key not in ("metadata", "status")}
    wish["metadata"] = {
        key: value for key, value in config["metadata"].items() if key not in ("name", "namespace", "uid")
    }
    after = managed_fields.applied(live, wish, custom=kind.custom)
    for path in dropped:
        after = managed_fields.without(after, path)
    return update(store, kind, live, after, managed, dry=dry), False


def _parsed(kind: Kind, name: str, body: bytes) -> Object:
    try:
        config: Any = yaml.safe_load(body)
    except yaml.YAMLError as problem:
        raise bad_request(f"error decoding YAML: {problem}") from None
    if not isinstance(config, dict) or not config.get("kind") or not config.get("apiVersion"):
        raise bad_request("invalid object type: /, Kind=")
    if (config["kind"], config["apiVersion"]) != (kind.kind, kind.api_version):
        version = config["apiVersion"].rpartition("/")[2]
        raise bad_request(f'{config["kind"]} in version "{version}" cannot be handled as a {kind.kind}')
    metadata = config.setdefault("metadata", {})
    if metadata.get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    if (body_name := metadata.setdefault("name", name)) != name:
        raise bad_request(f"the name of the object ({body_name}) does not match the name on the URL ({name})")
    return config


def _created(
    store: Store, kind: Kind, namespace: str, name: str, config: Object, manager: str, now: str, *, dry: bool
) -> Object:
    item = copy.deepcopy(config)
    metadata = item["metadata"]
    if uid := metadata.get("uid"):
        message = (
            f'Operation cannot be fulfilled on {kind.resource} "{name}": uid mismatch: the provided object specified '
            f"uid {uid}, and no existing object was found"
        )
        raise refusal(409, "Conflict", message, details=details_of(kind, name))
    if kind.namespaced:
        metadata["namespace"] = namespace
        check_namespace(store, kind, namespace, name)
    if not kind.custom:
        item.pop("status", None)
    metadata["managedFields"] = [
        managed_fields.entry(
            manager, managed_fields.APPLY, config, managed_fields.fields_of(config, custom=kind.custom), now
        )
    ]
    if kind.custom or "spec" in item:
        metadata["generation"] = 1
    filled(store, kind, item)
    return {**item, "metadata": {**metadata, "creationTimestamp": now}} if dry else store.create(item)


def _conflict(conflicts: list[tuple[str, managed_fields.Path]]) -> Exception:
    number = len(conflicts)
    whose: dict[str, list[str]] = {}
    for who, path in conflicts:
        whose.setdefault(who, []).append(managed_fields.spelled(path))
    if number == 1:
        who, paths = next(iter(whose.items()))
        text = f"conflict with {who}: {paths[0]}"
    elif len(whose) == 1 and number > 1:
        who, paths = next(iter(whose.items()))
        text = f"conflicts with {who}:\n" + "\n".join(f"- {path}" for path in paths)
    else:
        text = "\n".join(
            f"conflicts with {who}:\n" + "\n".join(f"- {path}" for path in whose[who]) for who in sorted(whose)
        )
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {who}", "field": managed_fields.spelled(path)}
        for who, path in conflicts
    ]
    message = f"Apply failed with {number} conflict{'s' if number > 1 else ''}: {text}"
    return refusal(409, "Conflict", message, details={"causes": causes})


def _options(field: str, reason: str, detail: str) -> Exception:
    cause = {"reason": reason, "message": detail, "field": field}
    message = f'PatchOptions.meta.k8s.io "" is invalid: {field}: {detail}'
    details = {"group": "meta.k8s.io", "kind": "PatchOptions", "causes": [cause]}
    return refusal(422, "Invalid", message, details=details)


def check_not_forced(*, force: bool) -> None:
    """Only an apply may be forced. Raises Refused (422)."""
    if force:
        raise _options("force", "FieldValueForbidden", "Forbidden: may not be specified for non-apply patch")
