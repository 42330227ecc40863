"""What a cluster's controllers make of a template: Jobs with their pods, Deployments with theirs, and events.

Pure; shapes as observed on Kubernetes 1.36. Times are minutes before the scenario starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from wizard.demo.scenarios.files import Object

NODE = "demo"
NODE_IP = "192.168.1.20"
Owner = Mapping[str, Any]


def ago(minutes: int) -> str:
    """A time that many minutes before the scenario starts, in the largest unit that fits."""
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes and minutes % size == 0:
            return f"{{now-{minutes // size}{unit}}}"
    return f"{{now-{minutes}m}}"


def terminated(exit_code: int, started: int, finished: int, reason: str = "") -> Object:
    """A container state: ended, "Completed" or "Error" unless another reason is given."""
    return {
        "terminated": {
            "exitCode": exit_code,
            "reason": reason or ("Completed" if exit_code == 0 else "Error"),
            "startedAt": ago(started),
            "finishedAt": ago(finished),
        }
    }


def running(started: int) -> Object:
    """A container state: running since `started`."""
    return {"running": {"startedAt": ago(started)}}


def waiting(reason: str, message: str = "") -> Object:
    """A container state: not started, and why."""
    return {"waiting": {"reason": reason} | ({"message": message} if message else {})}


def pod(
    owner: Object,
    template: Mapping[str, Any],
    name: str,
    state: Object,
    *,
    created: int,
    labels: Mapping[str, str],
    node: str = NODE,
    restarts: int = 0,
    last_state: Object | None = None,
) -> Object:
    """A pod of `owner` whose containers are all in `state`; it is ready when that is running."""
    spec = deepcopy(dict(template["spec"]))
    spec |= {"nodeName": node, "enableServiceLinks": spec.get("enableServiceLinks", True)}
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": owner["metadata"]["namespace"],
            "creationTimestamp": ago(created),
            "labels": dict(labels),
            "ownerReferences": [_reference(owner)],
        },
        "spec": spec,
        "status": pod_status(spec, state, created=created, restarts=restarts, last_state=last_state),
    }


def pod_status(
    spec: Mapping[str, Any], state: Object, *, created: int, restarts: int = 0, last_state: Object | None = None
) -> Object:
    """The status of a scheduled pod whose containers are all in `state`."""
    ready = "running" in state
    ended = state.get("terminated")
    phase = "Running" if ready or restarts else "Pending"
    if ended and spec.get("restartPolicy") != "Always":
        phase = "Succeeded" if ended["exitCode"] == 0 else "Failed"
    unready = {} if ready else {"reason": "PodCompleted" if phase == "Succeeded" else "ContainersNotReady"}
    names = [container["name"] for container in spec["containers"]]
    if unready.get("reason") == "ContainersNotReady":
        unready["message"] = f"containers with unready status: [{' '.join(names)}]"
    since = {"lastProbeTime": None, "lastTransitionTime": ago(created)}
    return {
        "phase": phase,
        "qosClass": "Burstable" if any(item.get("resources") for item in spec["containers"]) else "BestEffort",
        "hostIP": NODE_IP,
        "hostIPs": [{"ip": NODE_IP}],
        "startTime": ago(created),
        "conditions": [
            {"type": "Initialized", "status": "True", **since},
            {"type": "Ready", "status": str(ready), **since, **unready},
            {"type": "ContainersReady", "status": str(ready), **since, **unready},
            {"type": "PodScheduled", "status": "True", **since},
        ],
        "containerStatuses": [
            {
                "name": container["name"],
                "image": container["image"],
                "imageID": "" if "waiting" in state and not restarts else f"{container['image']}@sha256:{'4b' * 32}",
                "ready": ready,
                "started": ready,
                "restartCount": restarts,
                "state": deepcopy(state),
                "lastState": deepcopy(last_state or {}),
            }
            for container in spec["containers"]
        ],
    }


def run(
    cron_job: Object,
    name: str,
    *,
    started: int,
    minutes: int = 4,
    exit_code: int = 0,
    manual: bool = False,
    state: Object | None = None,
    reason: str = "",
) -> tuple[Object, Object]:
    """One run of a CronJob: the Job and its pod, ended with `exit_code` after `minutes`, or still in `state`."""
    finished = started - minutes
    job_spec = deepcopy(cron_job["spec"]["jobTemplate"]["spec"])
    labels = {"batch.kubernetes.io/job-name": name, "job-name": name}
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": cron_job["metadata"]["namespace"],
            "creationTimestamp": ago(started),
            "generation": 1,
            "labels": labels,
            "annotations": {"cronjob.kubernetes.io/instantiate": "manual"} if manual else {},
            "ownerReferences": [_reference(cron_job)],
        },
        "spec": job_spec | {"completions": 1, "parallelism": 1, "completionMode": "NonIndexed", "suspend": False},
        "status": _job_status(started, finished, exit_code) if state is None else _active(started, state),
    }
    job["spec"]["template"].setdefault("metadata", {})["labels"] = labels
    item = pod(
        job,
        job["spec"]["template"],
        f"{name}-{_suffix(name)}",
        state or terminated(exit_code, started, finished, reason),
        created=started,
        labels=labels,
    )
    item["metadata"]["generateName"] = f"{name}-"
    return job, item


def _job_status(started: int, finished: int, exit_code: int) -> Object:
    good = exit_code == 0
    reason, message = (
        ("CompletionsReached", "Reached expected number of succeeded pods")
        if good
        else ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
    )
    when = {"lastProbeTime": ago(finished), "lastTransitionTime": ago(finished), "reason": reason, "message": message}
    first, last = ("SuccessCriteriaMet", "Complete") if good else ("FailureTarget", "Failed")
    conditions = [{"type": first, "status": "True", **when}, {"type": last, "status": "True", **when}]
    counts = {"succeeded": 1, "completionTime": ago(finished)} if good else {"failed": 1}
    return {"startTime": ago(started), "conditions": conditions, "ready": 0, "terminating": 0, **counts}


def _active(started: int, state: Object) -> Object:
    return {"startTime": ago(started), "active": 1, "ready": int("running" in state), "terminating": 0}


def job_without_pod(cron_job: Object, name: str, *, started: int) -> Object:
    """A Job whose pod the server refuses to create."""
    job, _ = run(cron_job, name, started=started, state=waiting("ContainerCreating"))
    job["status"] = {"startTime": ago(started), "active": 0, "ready": 0, "terminating": 0}
    return job


def rolled_out(workload: Object, *, state: Object | None = None, restarts: int = 0) -> Iterator[Object]:
    """A Deployment or StatefulSet with its status, and what its controllers made of it."""
    created = 2880
    good = state is None
    name, template = workload["metadata"]["name"], workload["spec"]["template"]
    labels = template["metadata"]["labels"]
    ready = 1 if good else 0
    workload["metadata"].setdefault("generation", 1)
    workload["status"] = {
        "observedGeneration": 1,
        "replicas": 1,
        "updatedReplicas": 1,
        **({"readyReplicas": 1, "availableReplicas": 1} if good else {"unavailableReplicas": 1}),
    }
    yield workload
    owner = workload
    pod_name = f"{name}-0"
    if workload["kind"] == "Deployment":
        workload["status"]["conditions"] = [
            {
                "type": "Available",
                "status": str(good),
                "reason": "MinimumReplicasAvailable" if good else "MinimumReplicasUnavailable",
                "message": f"Deployment {'has' if good else 'does not have'} minimum availability.",
                "lastTransitionTime": ago(created),
                "lastUpdateTime": ago(created),
            }
        ]
        digest = _suffix(name) + _suffix(name[::-1])
        labels = labels | {"pod-template-hash": digest}
        owner = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{name}-{digest}",
                "namespace": workload["metadata"]["namespace"],
                "creationTimestamp": workload["metadata"]["creationTimestamp"],
                "labels": labels,
                "ownerReferences": [_reference(workload)],
            },
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": deepcopy(template["spec"])},
            },
            "status": {"observedGeneration": 1, "replicas": 1, "fullyLabeledReplicas": 1, "readyReplicas": ready},
        }
        yield owner
        pod_name = f"{name}-{digest}-{_suffix(digest)}"
    yield pod(owner, template, pod_name, state or running(created), created=created, labels=labels, restarts=restarts)


def event(
    about: Mapping[str, Any],
    reason: str,
    message: str,
    *,
    warning: bool = True,
    component: str = "kubelet",
    last: int = 2,
    count: int = 1,
) -> Object:
    """An event about an object, last seen `last` minutes ago."""
    metadata = about["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{metadata['name']}.{_suffix(reason + message) * 3}",
            "namespace": metadata.get("namespace", "default"),
            "creationTimestamp": ago(last),
        },
        "involvedObject": {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "name": metadata["name"],
            "namespace": metadata.get("namespace", ""),
        },
        "reason": reason,
        "message": message,
        "type": "Warning" if warning else "Normal",
        "count": count,
        "firstTimestamp": ago(last + count),
        "lastTimestamp": ago(last),
        "eventTime": None,
        "source": {"component": component, **({"host": NODE} if component == "kubelet" else {})},
        "reportingComponent": component,
        "reportingInstance": NODE if component == "kubelet" else "",
    }


def _reference(owner: Owner) -> Object:
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _suffix(seed: str) -> str:
    """Five characters from the alphabet of generated names, always the same for one seed."""
    alphabet = "bcdfghjklmnpqrstvwxz2456789"
    value = 0
    for character in seed:
        value = (value * 131 + ord(character)) % 27**5
    return "".join(alphabet[value // 27**place % 27] for place in range(5))
