"""The controller for pods: a pod finds its node and volumes, runs, and ends if a job's or when its main program has."""

from __future__ import annotations

from wizard.demo.api.cells import dig
from wizard.demo.api.kinds import Object
from wizard.demo.api.store import Store, timestamp
from wizard.demo.runtime import claims
from wizard.demo.runtime.events import tell
from wizard.demo.runtime.frozen_objects import FrozenObjects

ENDED = ("Succeeded", "Failed")
NOT_STARTED = 128
"""The exit code of a container whose program the runtime did not find."""
_SCHEDULER = "default-scheduler"


def reconcile_pods(store: Store, frozen: FrozenObjects) -> None:
    """One step for every pod: gone if it is being deleted, else scheduled, then running, then ended if a job's."""
    for pod in store.items("Pod"):
        metadata = pod["metadata"]
        if "deletionTimestamp" in metadata:
            if not metadata.get("finalizers") and metadata["uid"] not in frozen.deleting:
                store.delete("Pod", metadata["namespace"], metadata["name"])
        elif metadata["uid"] in frozen.with_status or dig(pod, "status", "phase") in ENDED:
            continue
        elif not dig(pod, "spec", "nodeName"):
            _schedule(store, pod)
        elif dig(pod, "status", "phase") == "Pending":
            _start(store, pod)
        elif any(owner["kind"] == "Job" for owner in metadata.get("ownerReferences", ())) and not _really_runs(pod):
            _finish(store, pod)


def runs(container: Object) -> bool:
    """Whether a container's main program is really run: icloudpd's, and those that somebody can type into."""
    return "icloudpd" in container.get("image", "") or bool(container.get("stdin"))


def _really_runs(pod: Object) -> bool:
    return any(runs(container) for container in pod["spec"]["containers"])


def _now(store: Store) -> str:
    return timestamp(store.clock())


def _set_status(store: Store, item: Object, status: Object) -> Object:
    return store.replace({**item, "status": status})


def condition(store: Store, kind: str, *, status: str = "True", reason: str = "", message: str = "") -> Object:
    """One condition of a status, as of now."""
    made = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": _now(store)}
    return made | {key: text for key, text in (("reason", reason), ("message", message)) if text}


def _schedule(store: Store, pod: Object) -> None:
    nodes = [node for node in store.items("Node") if not dig(node, "spec", "unschedulable", default=False)]
    problem = _missing_claim(store, pod) or ("" if nodes else "no nodes available to schedule pods")
    if problem:
        unscheduled = condition(store, "PodScheduled", status="False", reason="Unschedulable", message=problem)
        old: Object = next(iter(dig(pod, "status", "conditions", default=())), {})
        if old.get("message") != problem:
            _set_status(store, pod, {**pod["status"], "conditions": [unscheduled]})
        tell(store, pod, "Warning", "FailedScheduling", problem, _SCHEDULER)
        return
    for name in claims.used_by(pod):
        claim = store.get("PersistentVolumeClaim", pod["metadata"]["namespace"], name)
        if claim is not None and dig(claim, "status", "phase") == "Pending":
            claims.bind(store, claim)
    node = nodes[0]["metadata"]["name"]
    status = {"phase": "Pending", "conditions": [condition(store, "PodScheduled")]}
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
        condition(store, kind) for kind in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady")
    ]
    address = f"10.244.0.{10 + len(store.items('Pod')) % 200}"
    status = {
        "phase": "Running",
        "conditions": [*conditions, condition(store, "PodScheduled")],
        "startTime": now,
        "podIP": address,
        "podIPs": [{"ip": address}],
        "containerStatuses": [
            _container(container, {"running": {"startedAt": now}}) for container in pod["spec"]["containers"]
        ],
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
    for container in pod["spec"]["containers"]:
        current = store.get("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
        if current is not None:
            container_ended(store, current, container["name"], 0)


def container_ended(store: Store, pod: Object, name: str, code: int, missing: str = "") -> Object:
    """Says in a pod's status that a container has ended for good; the pod has when all of them have.

    `missing` is the program for want of which it never began.
    """
    ended = _terminated(store, pod, name, code)
    if missing:
        ended |= {"reason": "StartError", "message": not_started(missing)}
    statuses = _with_state(pod, name, {"terminated": ended})
    codes = [dig(status, "state", "terminated", "exitCode", default=None) for status in statuses]
    if None in codes:
        return _set_status(store, pod, {**pod["status"], "containerStatuses": statuses})
    good = not any(codes)
    reason = "PodCompleted" if good else "PodFailed"
    conditions = [
        condition(store, kind, status="False", reason=reason) if kind.endswith("Ready") else condition(store, kind)
        for kind in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    ]
    status = {"phase": "Succeeded" if good else "Failed", "conditions": conditions, "containerStatuses": statuses}
    return _set_status(store, pod, {**pod["status"], **status})


def not_started(program: str) -> str:
    """What the runtime says of a container whose program its image does not have."""
    where = f"stat {program}: no such file or directory" if "/" in program else "executable file not found in $PATH"
    return (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        f'unable to start container process: exec: "{program}": {where}: unknown'
    )


def container_restarted(store: Store, pod: Object, name: str, code: int | None) -> Object:
    """Says in a pod's status that a container has ended with `code` and waits to be started again; None: that it has been."""
    if code is None:
        state: Object = {"running": {"startedAt": _now(store)}}
    else:
        message = f"back-off 10s restarting failed container={name} pod={pod['metadata']['name']}"
        state = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
    statuses = _with_state(pod, name, state)
    for status in statuses:
        if status["name"] == name and code is not None:
            status["restartCount"] += 1
            status["lastState"] = {"terminated": _terminated(store, pod, name, code)}
    return _set_status(store, pod, {**pod["status"], "containerStatuses": statuses})


def _terminated(store: Store, pod: Object, name: str, code: int) -> Object:
    started = next(
        (
            dig(status, "state", "running", "startedAt")
            for status in dig(pod, "status", "containerStatuses", default=())
            if status["name"] == name
        ),
        "",
    )
    reason = "Completed" if code == 0 else "Error"
    return {"exitCode": code, "reason": reason, "startedAt": started or _now(store), "finishedAt": _now(store)}


def _with_state(pod: Object, name: str, state: Object) -> list[Object]:
    running = "running" in state
    return [
        {**status, "state": state, "ready": running, "started": running} if status["name"] == name else status
        for status in dig(pod, "status", "containerStatuses", default=())
    ]
