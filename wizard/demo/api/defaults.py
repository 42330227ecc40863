"""What a server fills in when an object is written: only what kubectl or the wizard looks at. Pure."""

from __future__ import annotations

import base64

from wizard.demo.api.cells import dig
from wizard.demo.api.kinds import Kind, Object
from wizard.demo.api.store import Store

_CONTAINER = {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
_POD = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}
_CRON_JOB = {
    "concurrencyPolicy": "Allow",
    "suspend": False,
    "successfulJobsHistoryLimit": 3,
    "failedJobsHistoryLimit": 1,
}
_JOB = {"parallelism": 1, "completions": 1, "backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False}


def filled(store: Store, kind: Kind, item: Object) -> Object:
    """`item` with the defaults of its kind; it is changed and returned."""
    name, spec = kind.kind, item.get("spec", {})
    if name == "Namespace":
        item["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = item["metadata"]["name"]
        _fill(item.setdefault("spec", {}), {"finalizers": ["kubernetes"]})
        _fill(item.setdefault("status", {}), {"phase": "Active"})
    elif name == "Secret":
        plain = item.pop("stringData", {})
        if plain:
            coded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
            item["data"] = {**item.get("data", {}), **coded}
        item.setdefault("type", "Opaque")
    elif name == "PersistentVolumeClaim":
        _fill(spec, {"volumeMode": "Filesystem"})
        if "storageClassName" not in spec and (default := _default_class(store)):
            spec["storageClassName"] = default
        item.setdefault("status", {"phase": "Pending"})
        _add_finalizer(item, "kubernetes.io/pvc-protection")
    elif name == "Pod":
        fill_pod(spec)
        _fill(spec, {"serviceAccountName": "default", "serviceAccount": spec.get("serviceAccountName", "default")})
        item.setdefault("status", {"phase": "Pending"})
    elif name == "Job":
        _fill(spec, _JOB)
        fill_pod(spec["template"]["spec"])
    elif name == "CronJob":
        _fill(spec, _CRON_JOB)
        fill_pod(spec["jobTemplate"]["spec"]["template"]["spec"])
    elif name == "Service":
        _fill(spec, {"type": "ClusterIP", "sessionAffinity": "None"})
        for port in spec.get("ports", ()):
            _fill(port, {"protocol": "TCP", "targetPort": port["port"]})
    return item


def _fill(place: Object, values: Object) -> None:
    for key, value in values.items():
        place.setdefault(key, value)


def fill_pod(spec: Object) -> None:
    """Adds the defaults to a pod's specification, in place."""
    _fill(spec, _POD)
    for container in (*spec.get("containers", ()), *spec.get("initContainers", ())):
        latest = container.get("image", "").rpartition("/")[2].partition(":")[2] in ("", "latest")
        _fill(container, {**_CONTAINER, "resources": {}, "imagePullPolicy": "Always" if latest else "IfNotPresent"})


def _default_class(store: Store) -> str:
    annotation = "storageclass.kubernetes.io/is-default-class"
    classes = store.items("StorageClass")
    return next(
        (
            storage_class["metadata"]["name"]
            for storage_class in classes
            if dig(storage_class, "metadata", "annotations", annotation) == "true"
        ),
        "",
    )


def _add_finalizer(item: Object, name: str) -> None:
    finalizers = item["metadata"].setdefault("finalizers", [])
    if name not in finalizers:
        finalizers.append(name)
