"""Who owns which fields of an object: managedFields as a server keeps them, for updates and for server-side apply. Pure.

A set of fields is a nested dict as in FieldsV1: "f:name" for a field, 'k:{"name":"x"}' for an item of a list that has keys.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wizard.demo.api.kinds import Object

Path = tuple[str, ...]
APPLY, UPDATE = "Apply", "Update"
OURS = "photosync-wizard"
_KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "containers": (("name",),),
    "initContainers": (("name",),),
    "volumes": (("name",),),
    "env": (("name",),),
    "imagePullSecrets": (("name",),),
    "volumeMounts": (("mountPath",),),
    "ports": (("containerPort", "protocol"), ("port", "protocol")),
    "ownerReferences": (("uid",),),
}
_DEFAULTS = {"protocol": "TCP"}
_NOT_OWNED = ("apiVersion", "kind", "status")
_NOT_OWNED_METADATA = (
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
)


def fields_of(item: Object, *, custom: bool = False) -> Object:
    """The fields that are set in an object, but for its identity and its status; lists of custom resources are whole."""
    rest = {key: value for key, value in item.items() if key not in (*_NOT_OWNED, "metadata")}
    metadata = {key: value for key, value in item.get("metadata", {}).items() if key not in _NOT_OWNED_METADATA}
    return _fields({**({"metadata": metadata} if metadata else {}), **rest}, custom=custom)


def _fields(value: Any, *, custom: bool) -> Object:
    fields: Object = {}
    for key, each in value.items():
        if isinstance(each, dict):
            fields[f"f:{key}"] = _fields(each, custom=custom)
        elif (keys := None if custom else _keys(key, each)) is not None:
            fields[f"f:{key}"] = {_key(item, keys): {".": {}, **_fields(item, custom=custom)} for item in each}
        else:
            fields[f"f:{key}"] = {}
    return fields


def _keys(name: str, value: Any) -> tuple[str, ...] | None:
    """The keys of a list's items; None where the list is one value."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return None
    for keys in _KEYS.get(name, ()):
        if all(key in item or key in _DEFAULTS for item in value for key in keys):
            return keys
    return None


def _key(item: Object, keys: tuple[str, ...]) -> str:
    return "k:" + json.dumps({key: item.get(key, _DEFAULTS.get(key)) for key in keys}, separators=(",", ":"))


def leaves(fields: Object, before: Path = ()) -> Iterator[Path]:
    """The path of every value in a set of fields, and of every item of a list that has keys."""
    for key, inner in fields.items():
        if "." in inner and key.startswith("k:"):
            yield (*before, key)
        if inner:
            yield from leaves(inner, (*before, key))
        elif key != ".":
            yield (*before, key)


def _of_leaves(paths: Iterable[Path]) -> Object:
    fields: Object = {}
    for path in sorted(paths):
        place = fields
        for step in path:
            place = place.setdefault(step, {})
        if path[-1].startswith("k:"):
            place["."] = {}
    return fields


def value_at(item: Any, path: Path) -> Any:
    """What stands at a path; None where nothing does."""
    for step in path:
        if step.startswith("f:"):
            item = item.get(step[2:]) if isinstance(item, dict) else None
        elif isinstance(item, list):
            item = next((element for element in item if _matches(element, step)), None)
        else:
            return None
    return item


def _differs(left: Any, right: Any, path: Path) -> bool:
    """Whether a value is another one; an item of a list is there or not."""
    return not path[-1].startswith("k:") and bool(value_at(left, path) != value_at(right, path))


def _matches(item: Any, step: str) -> bool:
    keys = json.loads(step[2:])
    return isinstance(item, dict) and all(item.get(key, _DEFAULTS.get(key)) == value for key, value in keys.items())


def applied(live: Any, config: Any, *, custom: bool) -> Any:
    """`live` with every field of `config` set; items of lists with keys are merged one by one."""
    if not isinstance(live, dict) or not isinstance(config, dict):
        return copy.deepcopy(config)
    result = dict(live)
    for key, value in config.items():
        old = live.get(key)
        keys = None if custom else _keys(key, value)
        if keys is not None and isinstance(old, list):
            items = list(old)
            for element in value:
                step = _key(element, keys)
                index = next((n for n, item in enumerate(items) if _matches(item, step)), None)
                if index is None:
                    items.append(copy.deepcopy(element))
                else:
                    items[index] = applied(items[index], element, custom=custom)
            result[key] = items
        else:
            result[key] = applied(old, value, custom=custom)
    return result


def without(item: Any, path: Path) -> Any:
    """A copy without what stands at `path`."""
    step, rest = path[0], path[1:]
    if step.startswith("f:"):
        if not isinstance(item, dict) or step[2:] not in item:
            return item
        name, result = step[2:], dict(item)
        if not rest:
            del result[name]
        else:
            result[name] = without(item[name], rest)
            if result[name] in ({}, []):
                del result[name]
        return result
    if not isinstance(item, list):
        return item
    kept = []
    for element in item:
        if _matches(element, step):
            if rest:
                kept.append(without(element, rest))
        else:
            kept.append(element)
    return kept


def entry(manager: str, operation: str, item: Object, fields: Object, time: str) -> Object:
    """One line of managedFields."""
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": item["apiVersion"],
        "time": time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }


def managed_by(item: Object, manager: str, time: str, *, custom: bool = False) -> list[Object]:
    """The managedFields that say that `manager` wrote everything, and the wizard what only the wizard writes."""
    fields = fields_of(item, custom=custom)
    ours = [path for path in leaves(fields) if any(step.startswith(f"f:{OURS}/") for step in path)]
    if not ours or manager == OURS:
        return [entry(manager, UPDATE, item, fields, time)]
    rest = _of_leaves(set(leaves(fields)) - set(ours))
    return [entry(manager, UPDATE, item, rest, time), entry(OURS, APPLY, item, _of_leaves(ours), time)]


def updated(before: Object, after: Object, manager: str, time: str, *, custom: bool = False) -> list[Object]:
    """The managedFields after `manager` wrote `after` over `before`: what it changed is its alone."""
    old, new = set(leaves(fields_of(before, custom=custom))), set(leaves(fields_of(after, custom=custom)))
    changed = {path for path in new if path not in old or _differs(before, after, path)}
    gone = old - new
    entries, own = [], set(changed)
    for managed in before["metadata"].get("managedFields", ()):
        paths = set(leaves(managed["fieldsV1"])) - gone
        if (managed["manager"], managed["operation"]) == (manager, UPDATE):
            own |= paths
        elif left := paths - changed:
            entries.append({**managed, "fieldsV1": _of_leaves(left)})
    return [*entries, entry(manager, UPDATE, after, _of_leaves(own), time)] if own else entries


def conflicts(live: Object, config: Object, manager: str, *, custom: bool) -> list[tuple[str, Path]]:
    """Whom an apply of `config` would take a field from, and which; in the order of managedFields."""
    requested = set(leaves(fields_of(config, custom=custom)))
    conflicting = []
    for entry in live["metadata"].get("managedFields", ()):
        if (entry["manager"], entry["operation"]) == (manager, APPLY):
            continue
        who = f'"{entry["manager"]}"' + (f" using {entry['apiVersion']}" if entry["operation"] == UPDATE else "")
        conflicting += [
            (who, path) for path in sorted(requested & set(leaves(entry["fieldsV1"]))) if _differs(live, config, path)
        ]
    return conflicting


def owned_after(
    live: Object, config: Object, manager: str, time: str, *, custom: bool
) -> tuple[list[Object], list[Path]]:
    """The managedFields after an apply, and the paths that nobody owns any more."""
    requested = fields_of(config, custom=custom)
    taken = {path for _, path in conflicts(live, config, manager, custom=custom)}
    entries: list[Object] = []
    own: Object | None = None
    for managed in live["metadata"].get("managedFields", ()):
        if (managed["manager"], managed["operation"]) == (manager, APPLY):
            own = managed
        elif left := set(leaves(managed["fieldsV1"])) - taken:
            entries.append({**managed, "fieldsV1": _of_leaves(left)} if taken else managed)
    others = {path for managed in entries for path in leaves(managed["fieldsV1"])}
    before = set(leaves(own["fieldsV1"])) if own else set()
    dropped = sorted(before - set(leaves(requested)) - others)
    if own is not None and before == set(leaves(requested)):
        return [own, *entries], dropped
    return [*([entry(manager, APPLY, config, requested, time)] if requested else []), *entries], dropped


def spelled(path: Path) -> str:
    """As messages spell a path: .data.a, .spec.containers[name="c"].image."""
    text = ""
    for step in path:
        if step.startswith("f:"):
            text += f".{step[2:]}"
        else:
            text += "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(step[2:]).items()) + "]"
    return text
