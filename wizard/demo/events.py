"""Events that the demo's controllers write, each once per object, reason and message."""

from __future__ import annotations

import hashlib

from wizard.demo.kinds import Object
from wizard.demo.store import Store, timestamp


def tell(store: Store, about: Object, kind: str, reason: str, message: str, source: str) -> None:
    """Writes an event of type `kind` about an object, unless it is there already."""
    metadata = about["metadata"]
    namespace = metadata.get("namespace") or "default"
    mark = hashlib.sha256(f"{metadata['uid']} {reason} {message}".encode()).hexdigest()[:16]
    name = f"{metadata['name']}.{mark}"
    if store.get("Event", namespace, name) is not None:
        return
    now = timestamp(store.clock())
    store.create(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": {
                "kind": about["kind"],
                "namespace": metadata.get("namespace", ""),
                "name": metadata["name"],
                "uid": metadata["uid"],
                "apiVersion": about["apiVersion"],
                "resourceVersion": metadata["resourceVersion"],
            },
            "reason": reason,
            "message": message,
            "source": {"component": source},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": kind,
            "eventTime": None,
            "reportingComponent": source,
            "reportingInstance": "",
        }
    )
