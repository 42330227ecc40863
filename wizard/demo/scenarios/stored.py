"""Gives a scenario's objects what the API server and its controllers give every object: identities, links, defaults.

Pure: the same scenario always gets the same uids, so that what is remembered of a demo cluster stays true of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from wizard.demo.scenarios.edits import key_of
from wizard.demo.scenarios.files import Object

ROOT_CA = "-----BEGIN CERTIFICATE-----\nThe demo cluster has no certificate of its own.\n-----END CERTIFICATE-----\n"


def as_stored(objects: Iterable[Mapping[str, Any]]) -> tuple[Object, ...]:
    """Copies with uids, owner references and events that point at them, and each namespace's own two objects."""
    stored = [deepcopy(dict(item)) for item in objects]
    keys = {key_of(item) for item in stored}
    stored += [
        item
        for namespace in list(stored)
        if namespace["kind"] == "Namespace"
        for item in _namespace_objects(namespace)
        if key_of(item) not in keys
    ]
    uids = {key_of(item): item["metadata"].setdefault("uid", _uid(item)) for item in stored}
    for item in stored:
        namespace = item["metadata"].get("namespace", "")
        if not item["metadata"].get("annotations", True):
            del item["metadata"]["annotations"]
        for owner in _owners(item):
            owner.setdefault("uid", uids[owner["kind"], namespace, owner["name"]])
        if item["kind"] == "Event":
            about = item["involvedObject"]
            about.setdefault("uid", uids[about["kind"], about.get("namespace", ""), about["name"]])
        if item["kind"] == "Namespace":
            item["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = item["metadata"]["name"]
            item.setdefault("spec", {"finalizers": ["kubernetes"]})
            item.setdefault("status", {"phase": "Active"})
    for job in [item for item in stored if item["kind"] == "Job"]:
        _label_with_uid(job, stored)
    return tuple(stored)


def _uid(item: Mapping[str, Any]) -> str:
    kind, namespace, name = key_of(item)
    return str(uuid5(NAMESPACE_DNS, f"{kind}.{namespace}.{name}.demo.photosync-wizard"))


def _label_with_uid(job: Object, stored: Iterable[Object]) -> None:
    """A Job finds its pods by its own uid: in its selector, its labels, its template and its pods."""
    uid = job["metadata"]["uid"]
    own = {"batch.kubernetes.io/controller-uid": uid}
    job["spec"]["selector"] = {"matchLabels": own}
    pods = [item["metadata"] for item in stored if any(owner["uid"] == uid for owner in _owners(item))]
    for metadata in (job["metadata"], job["spec"]["template"]["metadata"], *pods):
        metadata["labels"] = metadata["labels"] | own | {"controller-uid": uid}


def _owners(item: Object) -> Iterable[Object]:
    owners: Iterable[Object] = item["metadata"].get("ownerReferences", ())
    return owners


def _namespace_objects(namespace: Mapping[str, Any]) -> Iterator[Object]:
    metadata = {
        "namespace": namespace["metadata"]["name"],
        "creationTimestamp": namespace["metadata"]["creationTimestamp"],
    }
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", **metadata}}
    yield {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kube-root-ca.crt", **metadata},
        "data": {"ca.crt": ROOT_CA},
    }
