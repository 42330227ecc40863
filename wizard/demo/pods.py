"""Controllers for jobs and pods: a job makes its pod; a pod finds its node and volumes, runs, and ends if a job's."""

from __future__ import annotations

import copy

from wizard.demo import claims
from wizard.demo.cells import dig
from wizard.demo.defaults import filled
from wizard.demo.events import tell
from wizard.demo.given import Given
from wizard.demo.kinds import Object
from wizard.demo.store import Store, merged, timestamp

_ENDED = ("Succeeded", "Failed")
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_SCHEDULER = "default-scheduler"


def reconcile_pods(store: Store, given: Given) -> None:
    """One step for every pod: gone if it is being deleted, else scheduled, then running, then ended if a job's."""
    for pod in store.items("Pod"):
        metadata = pod["metadata"]
        if "deletionTimestamp" in metadata:
            if not metadata.get("finalizers") and metadata["uid"] not in given.deleting:
                store.delete("Pod", metadata["namespace"], metadata["name"])
        elif metadata["uid"] in given.with_status or dig(pod, "status", "phase") in _ENDED:
            continue
        elif not dig(pod, "spec", "nodeName"):
            _schedule(store, pod)
        elif dig(pod, "status", "phase") == "Pending":
            _start(store, pod)
        elif any(owner["kind"] == "Job" for owner in metadata.get("ownerReferences", ())):
            _finish(store, pod)


def reconcile_jobs(store: Store, given: Given) -> None:
    """One step for every job: its pod is made, and its status follows the pod's."""
    for job in store.items("Job"):
        if job["metadata"]["uid"] in given.with_status or dig(job, "status", "conditions", default=()):
            continue
        pod = _pod_of(store, job)
        if dig(job, "spec", "suspend", default=False):
            _set_status(store, job, {"conditions": [_condition(store, "Suspended", reason="JobSuspended")]})
        elif pod is None:
            _make_pod(store, job)
        elif dig(pod, "status", "phase") == "Succeeded":
            _complete(store, job)
        else:
            ready = int(dig(pod, "status", "phase") == "Running")
            status = {"active": 1, "ready": ready, "startTime": dig(job, "status", "startTime", default=_now(store))}
            _set_status(store, job, status)


def _now(store: Store) -> str:
    return timestamp(store.clock())


def _set_status(store: Store, item: Object, status: Object) -> Object:
    return store.replace({**item, "status": status})


def _condition(store: Store, kind: str, *, status: str = "True", reason: str = "", message: str = "") -> Object:
    condition = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": _now(store)}
    return condition | {key: text for key, text in (("reason", reason), ("message", message)) if text}


def _schedule(store: Store, pod: Object) -> None:
    nodes = [node for node in store.items("Node") if not dig(node, "spec", "unschedulable", default=False)]
    problem = _missing_claim(store, pod) or ("" if nodes else "no nodes available to schedule pods")
    if problem:
        condition = _condition(store, "PodScheduled", status="False", reason="Unschedulable", message=problem)
        old: Object = next(iter(dig(pod, "status", "conditions", default=())), {})
        if old.get("message") != problem:
            _set_status(store, pod, {**pod["status"], "conditions": [condition]})
        tell(store, pod, "Warning", "FailedScheduling", problem, _SCHEDULER)
        return
    for name in claims.used_by(pod):
        claim = store.get("PersistentVolumeClaim", pod["metadata"]["namespace"], name)
        if claim is not None and dig(claim, "status", "phase") == "Pending":
            claims.bind(store, claim)
    node = nodes[0]["metadata"]["name"]
    status = {"phase": "Pending", "conditions": [_condition(store, "PodScheduled")]}
    store.replace({**pod, "spec": {**pod["spec"], "nodeName": node}, "status": status})
    message = f"Successfully assigned {pod['metadata']['namespace']}/{pod['metadata']['name']} to {node}"
    tell(store, pod, "Normal", "Scheduled", message, _SCHEDULER)


def _missing_claim(store: Store, pod: Object) -> str:
    for name in claims.used_by(pod):
        claim = store.get("PersistentVolumeClaim", pod["metadata"]["namespace"], name)
        if claim is None:
            return f'persistentvolumeclaim "{name}" not found'
        if dig(claim, "status", "phase") == "Pending":
            storage_class = store.get("StorageClass", "", dig(claim, "spec", "storageClassName") or "")
            if storage_class is None or not claims.waits_for_consumer(storage_class):
                return "pod has unbound immediate PersistentVolumeClaims"
    return ""


def _start(store: Store, pod: Object) -> None:
    now = _now(store)
    conditions = [
        _condition(store, kind) for kind in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady")
    ]
    address = f"10.244.0.{10 + len(store.items('Pod')) % 200}"
    status = {
        "phase": "Running",
        "conditions": [*conditions, _condition(store, "PodScheduled")],
        "startTime": now,
        "podIP": address,
        "podIPs": [{"ip": address}],
        "containerStatuses": [_container(each, {"running": {"startedAt": now}}) for each in pod["spec"]["containers"]],
        "qosClass": "BestEffort",
    }
    _set_status(store, pod, status)
    for container in pod["spec"]["containers"]:
        for reason, message in (
            ("Pulled", f'Container image "{container["image"]}" already present on machine'),
            ("Created", f"Container created: {container['name']}"),
            ("Started", f"Container started: {container['name']}"),
        ):
            tell(store, pod, "Normal", reason, message, "kubelet")


def _container(container: Object, state: Object) -> Object:
    running = "running" in state
    return {
        "name": container["name"],
        "state": state,
        "lastState": {},
        "ready": running,
        "restartCount": 0,
        "image": container["image"],
        "imageID": container["image"],
        "started": running,
    }


def _finish(store: Store, pod: Object) -> None:
    now = _now(store)
    ended = {"exitCode": 0, "reason": "Completed", "startedAt": dig(pod, "status", "startTime"), "finishedAt": now}
    conditions = [
        _condition(store, kind, status="False", reason="PodCompleted")
        if kind.endswith("Ready")
        else _condition(store, kind)
        for kind in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    ]
    statuses = [_container(each, {"terminated": ended}) for each in pod["spec"]["containers"]]
    status = {"phase": "Succeeded", "conditions": conditions, "containerStatuses": statuses}
    _set_status(store, pod, {**pod["status"], **status})


def _pod_of(store: Store, job: Object) -> Object | None:
    uid = job["metadata"]["uid"]
    for pod in store.items("Pod", job["metadata"]["namespace"]):
        if any(owner["uid"] == uid for owner in pod["metadata"].get("ownerReferences", ())):
            return pod
    return None


def _make_pod(store: Store, job: Object) -> None:
    metadata, template = job["metadata"], job["spec"]["template"]
    name, uid = metadata["name"], metadata["uid"]
    labels = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }
    if "selector" not in job["spec"]:
        selector = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
        job = store.replace(merged(job, {"spec": {"selector": selector, "template": {"metadata": {"labels": labels}}}}))
    letters = [_LETTERS[int(digit, 16)] for digit in uid.replace("-", "")[:5]]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid, "controller": True}
    pod: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{name}-{''.join(letters)}",
            "generateName": f"{name}-",
            "namespace": metadata["namespace"],
            "labels": {**dig(template, "metadata", "labels", default={}), **labels},
            "ownerReferences": [{**owner, "blockOwnerDeletion": True}],
        },
        "spec": template["spec"],
    }
    made = store.create(filled(store, store.kinds.named("Pod"), copy.deepcopy(pod)))
    tell(store, job, "Normal", "SuccessfulCreate", f"Created pod: {made['metadata']['name']}", "job-controller")


def _complete(store: Store, job: Object) -> None:
    reason, message = "CompletionsReached", "Reached expected number of succeeded pods"
    status = {
        "startTime": dig(job, "status", "startTime", default=_now(store)),
        "completionTime": _now(store),
        "succeeded": 1,
        "terminating": 0,
        "ready": 0,
        "uncountedTerminatedPods": {},
        "conditions": [
            _condition(store, kind, reason=reason, message=message) for kind in ("SuccessCriteriaMet", "Complete")
        ],
    }
    _set_status(store, job, status)
    tell(store, job, "Normal", "Completed", "Job completed", "job-controller")
