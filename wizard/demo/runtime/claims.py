"""Controllers for claims and volumes, in a real cluster's words: when they bind, why they wait, when they may go."""

from __future__ import annotations

from wizard.demo.api.cells import dig
from wizard.demo.api.kinds import Object
from wizard.demo.api.store import Store, merged, timestamp
from wizard.demo.runtime.events import tell
from wizard.demo.runtime.frozen_objects import FrozenObjects

PROTECTION = "kubernetes.io/pvc-protection"
_CONTROLLER = "persistentvolume-controller"


def reconcile(store: Store, frozen: FrozenObjects) -> None:
    """Binds what need not wait, says of the others why they wait, and lets go what is being deleted and not in use."""
    for claim in store.items("PersistentVolumeClaim"):
        if "deletionTimestamp" in claim["metadata"]:
            if claim["metadata"]["uid"] not in frozen.deleting:
                _let_go(store, claim)
        elif dig(claim, "status", "phase") == "Pending" and claim["metadata"]["uid"] not in frozen.with_status:
            _look_at(store, claim)
    for volume in store.items("PersistentVolume"):
        _look_at_volume(store, volume)


def _look_at(store: Store, claim: Object) -> None:
    class_name = dig(claim, "spec", "storageClassName")
    storage_class = store.get("StorageClass", "", class_name) if class_name else None
    if not class_name:
        message = "no persistent volumes available for this claim and no storage class is set"
        tell(store, claim, "Normal", "FailedBinding", message, _CONTROLLER)
    elif storage_class is None:
        message = f'storageclass.storage.k8s.io "{class_name}" not found'
        tell(store, claim, "Warning", "ProvisioningFailed", message, _CONTROLLER)
    elif waits_for_consumer(storage_class):
        message = "waiting for first consumer to be created before binding"
        tell(store, claim, "Normal", "WaitForFirstConsumer", message, _CONTROLLER)
    else:
        bind(store, claim)


def waits_for_consumer(storage_class: Object) -> bool:
    """Whether claims of this class bind only when a pod uses them."""
    return bool(storage_class.get("volumeBindingMode") == "WaitForFirstConsumer")


def bind(store: Store, claim: Object) -> None:
    """Makes a volume for a claim and binds them to each other."""
    metadata, spec = claim["metadata"], claim["spec"]
    storage_class = store.get("StorageClass", "", spec["storageClassName"]) or {}
    name, capacity = f"pvc-{metadata['uid']}", {"storage": spec["resources"]["requests"]["storage"]}
    provisioner = storage_class.get("provisioner", "")
    reference = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": metadata["namespace"]}
    store.create(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {
                "name": name,
                "annotations": {"pv.kubernetes.io/provisioned-by": provisioner},
                "finalizers": ["kubernetes.io/pv-protection"],
            },
            "spec": {
                "capacity": capacity,
                "accessModes": spec["accessModes"],
                "claimRef": {**reference, "name": metadata["name"], "uid": metadata["uid"]},
                "hostPath": {"path": f"/opt/local-path-provisioner/{name}_{metadata['namespace']}_{metadata['name']}"},
                "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
                "storageClassName": spec["storageClassName"],
                "volumeMode": "Filesystem",
            },
            "status": {"phase": "Bound"},
        }
    )
    annotations = {
        "pv.kubernetes.io/bind-completed": "yes",
        "pv.kubernetes.io/bound-by-controller": "yes",
        "volume.kubernetes.io/storage-provisioner": provisioner,
    }
    status = {"phase": "Bound", "accessModes": spec["accessModes"], "capacity": capacity}
    bound = {"metadata": {"annotations": annotations}, "spec": {"volumeName": name}, "status": status}
    store.replace(merged(claim, bound))
    message = f"Successfully provisioned volume {name}"
    tell(store, claim, "Normal", "ProvisioningSucceeded", message, provisioner)


def used_by(pod: Object) -> list[str]:
    """Names of the claims that a pod uses."""
    volumes = dig(pod, "spec", "volumes", default=())
    return [volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume]


def _let_go(store: Store, claim: Object) -> None:
    namespace, name = claim["metadata"]["namespace"], claim["metadata"]["name"]
    ended = ("Succeeded", "Failed")
    in_use = any(
        name in used_by(pod) and dig(pod, "status", "phase") not in ended for pod in store.items("Pod", namespace)
    )
    if not in_use and set(claim["metadata"].get("finalizers", ())) <= {PROTECTION}:
        store.delete("PersistentVolumeClaim", namespace, name)


def _look_at_volume(store: Store, volume: Object) -> None:
    reference = dig(volume, "spec", "claimRef", default=None)
    if dig(volume, "status", "phase") != "Bound" or not reference or not reference.get("uid"):
        return
    claim = store.get("PersistentVolumeClaim", reference["namespace"], reference["name"])
    if claim is not None and claim["metadata"]["uid"] == reference["uid"]:
        return
    if dig(volume, "spec", "persistentVolumeReclaimPolicy") == "Delete":
        store.delete("PersistentVolume", "", volume["metadata"]["name"])
    else:
        status = {"phase": "Released", "lastPhaseTransitionTime": timestamp(store.clock())}
        store.replace(merged(volume, {"status": status}))
