"""Events that the demo's controllers write, each once per object, reason and message."""

from __future__ import annotations

from wizard.demo.api.kinds import Object
from wizard.demo.api.store import Store, timestamp


def tell(store: Store, about: Object, kind: str, reason: str, message: str, source: str) -> None:
    """Writes an event of type `kind` about an object, unless it is there already."""
    metadata = about["metadata"]
    namespace = metadata.get("namespace") or "default"
    for old in store.items("Event", namespace):
        if (old["involvedObject"].get("uid"), old["reason"], old["message"]) == (metadata["uid"], reason, message):
            return
    now = timestamp(store.clock())
    store.create(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{metadata['name']}.{store.version:016x}", "namespace": namespace},
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
