"""An object as a person would write it: without what the server adds, in a stable order, and without a Secret's values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.manifests.text import Manifest

_SERVERS_OWN = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
_HIDDEN = "(not shown)"


def shown(manifest: Mapping[str, Any]) -> Manifest:
    """The object as a person would write it: without status and the server's own metadata, and without a Secret's values."""
    return without_values(str(manifest.get("kind", "")), _stripped(manifest))


def without_values(kind: str, manifest: Mapping[str, Any]) -> Manifest:
    """The manifest or patch of an object of this kind as it may be shown: a Secret's values are left out."""
    hidden = ("data", "stringData") if kind == "Secret" else ()
    return {key: dict.fromkeys(value, _HIDDEN) if key in hidden else value for key, value in manifest.items()}


def ordered_like(pattern: Any, value: Any) -> Any:
    """The same value, its keys in the order that they have in `pattern`: the server's own order is no change."""
    if not (isinstance(pattern, Mapping) and isinstance(value, Mapping)):
        return value
    keys = [*(key for key in pattern if key in value), *(key for key in value if key not in pattern)]
    return {key: ordered_like(pattern.get(key), value[key]) for key in keys}


def same(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> bool:
    """Whether two states of an object differ in nothing that a person would write."""
    return _stripped(before or {}) == _stripped(after or {})


def _stripped(manifest: Mapping[str, Any]) -> Manifest:
    metadata = {key: value for key, value in (manifest.get("metadata") or {}).items() if key not in _SERVERS_OWN}
    head = {key: manifest[key] for key in ("apiVersion", "kind") if key in manifest}
    rest = {key: value for key, value in manifest.items() if key not in ("status", "metadata")}
    return head | ({"metadata": metadata} if metadata else {}) | rest


def lasting(manifest: Manifest | None) -> Any:
    """What of an object tells it from another one, and from itself after somebody has changed it."""
    if manifest is None:
        return None
    return _stripped(manifest), (manifest.get("metadata") or {}).get("uid")
