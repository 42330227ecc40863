"""Reads a watch stream: bytes in, events out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from wizard.kube.errors import in_band, not_json


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """`type` is ADDED, MODIFIED, DELETED or BOOKMARK; `object` the JSON as it came."""

    type: str
    object: Any = field(repr=False)
    resource_version: str


async def events_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[WatchEvent]:
    """The events of one watch answer until it ends. Raises Expired or another WizardError for an ERROR event."""
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.strip():
                yield _event(line)
    if rest.strip():
        yield _event(rest)


def _event(line: bytes) -> WatchEvent:
    try:
        event = json.loads(line)
        kind, body = str(event["type"]), event["object"]
        metadata = body.get("metadata") or {}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise not_json(200) from None
    if kind == "ERROR":
        raise in_band(body)
    return WatchEvent(kind, body, str(metadata.get("resourceVersion") or ""))
