"""Controllers for jobs and for what goes with its owner: a job makes pods, ends by them or by its deadline, goes in time."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta

from wizard.demo.api.cells import dig, when
from wizard.demo.api.defaults import filled
from wizard.demo.api.kinds import Object
from wizard.demo.api.store import Store, merged, timestamp
from wizard.demo.runtime.events import tell
from wizard.demo.runtime.frozen_objects import FrozenObjects
from wizard.demo.runtime.pods import ENDED, condition

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_OWNERS = ("Job", "CronJob")
_CONTROLLER = "job-controller"
_WHY = {
    "DeadlineExceeded": "Job was active longer than specified deadline",
    "BackoffLimitExceeded": "Job has reached the specified backoff limit",
}


def reconcile(store: Store, frozen: FrozenObjects) -> None:
    """One step for every job: its pod is made, its status follows the pods', and it goes when its time is over."""
    for job in store.items("Job"):
        if job["metadata"]["uid"] in frozen.deleting:
            continue
        if "deletionTimestamp" in job["metadata"]:
            _let_go(store, job)
        elif _finished_at(job) is not None:
            _remove_when_due(store, job)
        elif job["metadata"]["uid"] not in frozen.with_status:
            _look_at(store, job)


def collect(store: Store, frozen: FrozenObjects) -> None:
    """Removes jobs and pods whose owner is gone, and ends what is being deleted with its dependents."""
    alive = {item["metadata"]["uid"] for kind in _OWNERS for item in store.items(kind)}
    for kind in ("Job", "Pod"):
        for item in store.items(kind):
            metadata = item["metadata"]
            owners = [owner["uid"] for owner in metadata.get("ownerReferences", ()) if owner["kind"] in _OWNERS]
            if owners and not alive & set(owners) and metadata["uid"] not in frozen.deleting:
                store.delete(kind, metadata["namespace"], metadata["name"])


def next_due(store: Store, frozen: FrozenObjects) -> datetime | None:
    """When a job next has to be looked at although nothing changes."""
    due = []
    for job in store.items("Job"):
        ended = _finished_at(job)
        if ended is not None and (kept := dig(job, "spec", "ttlSecondsAfterFinished", default=None)) is not None:
            due.append(ended + timedelta(seconds=kept))
        elif ended is None and job["metadata"]["uid"] not in frozen.with_status:
            due += filter(None, (_deadline(job),))
    return min(due, default=None)


def _look_at(store: Store, job: Object) -> None:
    if dig(job, "spec", "suspend", default=False):
        if not dig(job, "status", "conditions", default=()):
            _set_status(store, job, {"conditions": [condition(store, "Suspended", reason="JobSuspended")]})
        return
    pods = _pods_of(store, job)
    failed = [pod for pod in pods if dig(pod, "status", "phase") == "Failed"]
    active = [pod for pod in pods if dig(pod, "status", "phase") not in ENDED]
    deadline = _deadline(job)
    limit = dig(job, "spec", "backoffLimit", default=6)
    restarts = sum(
        status["restartCount"] for pod in active for status in dig(pod, "status", "containerStatuses", default=())
    )
    if any(dig(pod, "status", "phase") == "Succeeded" for pod in pods):
        _complete(store, job)
    elif deadline is not None and store.clock() >= deadline:
        _fail(store, job, "DeadlineExceeded", active, len(failed))
    elif len(failed) > limit or restarts > limit:
        _fail(store, job, "BackoffLimitExceeded", active, len(failed))
    elif not active:
        _make_pod(store, job, len(pods))
    else:
        ready = sum(dig(pod, "status", "phase") == "Running" for pod in active)
        status = {
            "active": 1,
            "ready": ready,
            "terminating": 0,
            "uncountedTerminatedPods": {},
            "startTime": _started(store, job),
        }
        _set_status(store, job, {**status, **({"failed": len(failed)} if failed else {})})


def _started(store: Store, job: Object) -> str:
    return str(dig(job, "status", "startTime", default=timestamp(store.clock())))


def _deadline(job: Object) -> datetime | None:
    seconds, started = dig(job, "spec", "activeDeadlineSeconds", default=None), dig(job, "status", "startTime")
    return when(started) + timedelta(seconds=seconds) if seconds is not None and started else None


def _finished_at(job: Object) -> datetime | None:
    for entry in dig(job, "status", "conditions", default=()):
        if entry["type"] in ("Complete", "Failed") and entry["status"] == "True":
            return when(entry["lastTransitionTime"])
    return None


def _remove_when_due(store: Store, job: Object) -> None:
    kept, ended = dig(job, "spec", "ttlSecondsAfterFinished", default=None), _finished_at(job)
    if kept is not None and ended is not None and store.clock() >= ended + timedelta(seconds=kept):
        store.delete("Job", job["metadata"]["namespace"], job["metadata"]["name"])


def _let_go(store: Store, job: Object) -> None:
    """What a job that is being deleted waits for: its pods are left alone for good, or go first."""
    finalizers = job["metadata"].get("finalizers", [])
    namespace, name = job["metadata"]["namespace"], job["metadata"]["name"]
    for pod in _pods_of(store, job):
        if "foregroundDeletion" in finalizers:
            store.delete("Pod", namespace, pod["metadata"]["name"])
        elif "orphan" in finalizers:
            others = [
                reference
                for reference in pod["metadata"]["ownerReferences"]
                if reference["uid"] != job["metadata"]["uid"]
            ]
            store.replace({**pod, "metadata": {**pod["metadata"], "ownerReferences": others}})
    if not set(finalizers) - {"foregroundDeletion", "orphan"}:
        store.delete("Job", namespace, name)


def _set_status(store: Store, job: Object, status: Object) -> Object:
    return store.replace({**job, "status": status})


def _pods_of(store: Store, job: Object) -> list[Object]:
    uid = job["metadata"]["uid"]
    return [
        pod
        for pod in store.items("Pod", job["metadata"]["namespace"])
        if any(owner["uid"] == uid for owner in pod["metadata"].get("ownerReferences", ()))
    ]


def _make_pod(store: Store, job: Object, number: int) -> None:
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
    digits = uid.replace("-", "")
    letters = [_LETTERS[int(digit, 16)] for digit in (digits + digits)[5 * number :][:5]]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid, "controller": True}
    pod: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{name}-{''.join(letters)}",
            "generateName": f"{name}-",
            "namespace": metadata["namespace"],
            "labels": {**dig(template, "metadata", "labels", default={}), **labels},
            "annotations": dict(dig(template, "metadata", "annotations", default={})),
            "ownerReferences": [{**owner, "blockOwnerDeletion": True}],
        },
        "spec": template["spec"],
    }
    if not pod["metadata"]["annotations"]:
        del pod["metadata"]["annotations"]
    made = store.create(filled(store, store.kinds.named("Pod"), copy.deepcopy(pod)))
    tell(store, job, "Normal", "SuccessfulCreate", f"Created pod: {made['metadata']['name']}", _CONTROLLER)


def _ended(store: Store, job: Object, first: str, last: str, reason: str, message: str) -> Object:
    return {
        "startTime": _started(store, job),
        "terminating": 0,
        "ready": 0,
        "uncountedTerminatedPods": {},
        "conditions": [condition(store, kind, reason=reason, message=message) for kind in (first, last)],
    }


def _complete(store: Store, job: Object) -> None:
    reason, message = "CompletionsReached", "Reached expected number of succeeded pods"
    status = _ended(store, job, "SuccessCriteriaMet", "Complete", reason, message)
    _set_status(store, job, {**status, "completionTime": timestamp(store.clock()), "succeeded": 1})
    tell(store, job, "Normal", "Completed", "Job completed", _CONTROLLER)


def _fail(store: Store, job: Object, reason: str, active: list[Object], failed: int) -> None:
    for pod in active:
        store.delete("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
    status = _ended(store, job, "FailureTarget", "Failed", reason, _WHY[reason])
    _set_status(store, job, {**status, "failed": failed + len(active)})
    tell(store, job, "Warning", reason, _WHY[reason], _CONTROLLER)
