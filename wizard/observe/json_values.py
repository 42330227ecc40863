"""First aid for JSON from outside: whatever is missing or of another type becomes an empty value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from wizard.world import Meta, Page

T = TypeVar("T")
ANNOTATION_LIMIT = 4096
_UNSEEN = ("kubectl.kubernetes.io/last-applied-configuration",)


def record(value: Any) -> Mapping[str, Any]:
    """`value` when it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def records(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list; empty when it is none."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def listed(value: Any) -> list[Any]:
    """`value` when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """`value` as text; empty for None."""
    return "" if value is None else str(value)


def number(value: Any) -> int | None:
    """`value` when it is a whole number."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def when(value: Any) -> datetime | None:
    """An RFC 3339 time as an aware UTC datetime; None when it is none."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def strings(value: Any) -> dict[str, str]:
    """An object's entries as text."""
    return {str(key): text(entry) for key, entry in record(value).items()}


def meta(body: Any) -> Meta:
    """An object's metadata; annotations are cut, the ones that repeat the object are left out."""
    raw = record(record(body).get("metadata"))
    owners = records(raw.get("ownerReferences"))
    owner = next((reference for reference in owners if reference.get("controller")), owners[0] if owners else {})
    managers = (text(entry.get("manager")) for entry in records(raw.get("managedFields")))
    annotations = strings(raw.get("annotations")).items()
    return Meta(
        name=text(raw.get("name")),
        namespace=text(raw.get("namespace")),
        uid=text(raw.get("uid")),
        created=when(raw.get("creationTimestamp")),
        deleting=when(raw.get("deletionTimestamp")),
        labels=strings(raw.get("labels")),
        annotations={key: value[:ANNOTATION_LIMIT] for key, value in annotations if key not in _UNSEEN},
        finalizers=tuple(text(name) for name in listed(raw.get("finalizers"))),
        managers=tuple(dict.fromkeys(manager for manager in managers if manager)),
        owner=f"{owner['kind']}/{owner['name']}" if owner.get("kind") and owner.get("name") else "",
    )


def page(body: Any, of: Callable[[Any], T]) -> Page[T]:
    """One page of a list."""
    more = bool(record(record(body).get("metadata")).get("continue"))
    return Page(tuple(of(item) for item in records(record(body).get("items"))), more)
