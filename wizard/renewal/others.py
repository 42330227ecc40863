"""Who else uses the session of an account: runs of the CronJob, what earlier sign-ins left, a sign-in in another window."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from wizard.annotations import HANDOVER, PURPOSE
from wizard.apply.execute import execute
from wizard.apply.pod import delete_job, is_held, until_gone
from wizard.errors import Exit, Retry, Trouble
from wizard.kube.client import Cluster
from wizard.kube.errors import ClusterTrouble, NotFound
from wizard.model import Action, Target, Verb
from wizard.renewal.person import GaveUp, InUse, Person
from wizard.renewal.preparing import Preparation
from wizard.world import Pod

LOOKS = 10
LOOK_EVERY_SECONDS = 0.3
_UNFINISHED = ("Pending", "Running")


async def handover_jobs(cluster: Cluster, namespace: str, claim: str) -> tuple[str, ...]:
    """Names of the hand-over Jobs that mount this claim, the oldest first."""
    page = await cluster.list_page(
        f"/apis/batch/v1/namespaces/{namespace}/jobs", labels=f"{PURPOSE}={HANDOVER}", form="full"
    )
    jobs = [
        job["metadata"] for job in page["items"] if _mounts(job, claim) and "deletionTimestamp" not in job["metadata"]
    ]
    return tuple(meta["name"] for meta in sorted(jobs, key=lambda meta: (meta["creationTimestamp"], meta["name"])))


async def wait_for_users(cluster: Cluster, preparation: Preparation, person: Person) -> bool:
    """Waits until nothing uses the session, or stops it when the person says so. Whether that took any waiting.

    Raises GaveUp when the person leaves.
    """
    users, namespace = preparation.users, preparation.namespace
    while users:
        match await person.in_use(users):
            case InUse.LEAVE:
                raise GaveUp
            case InUse.STOP:
                await _stop(cluster, namespace, users)
            case InUse.WAIT:
                pass
        users = await _still_there(cluster, namespace, users)
    return bool(preparation.users)


async def clear_away(cluster: Cluster, preparation: Preparation) -> None:
    """Removes what earlier starts left, and waits until nothing of it can write into the session any more.

    Raises Trouble when it is no left-over: somebody works through it in another window or on another machine.
    """
    target = preparation.handover.action.target
    for pod in preparation.leaving:
        if await _stays_held(cluster, pod, preparation.handover.directory):
            raise _under_way(f"pod {pod.meta.name}", f"kubectl -n {target.namespace} delete pod {pod.meta.name}")
    for name in preparation.left_over:
        await execute(cluster, delete_job(replace(target, name=name)))
    for pod in preparation.leaving:
        await until_gone(cluster, f"/api/v1/namespaces/{target.namespace}/pods/{pod.meta.name}")


async def _stays_held(cluster: Cluster, pod: Pod, directory: str) -> bool:
    """Whether somebody alive holds it: whoever has just died lets go within a moment."""
    if pod.phase != "Running" or pod.meta.deleting:
        return False
    with suppress(ClusterTrouble):
        for _ in range(LOOKS):
            if not await is_held(cluster, pod, directory):
                return False
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        return True
    return False


def _under_way(through: str, command: str) -> Trouble:
    return Trouble(
        "renewal.under-way",
        "Another sign-in of this account is under way.",
        why=f"It works through {through}, in another window or on another machine. Two at once would spoil each other's session.",
        fix="Finish that one, or leave it. If nobody is at it, remove its pod and start again. Nothing was changed.",
        commands=(command,),
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.LATER,
    )


async def stand_back(cluster: Cluster, preparation: Preparation) -> None:
    """Raises Trouble when a sign-in that was begun before this one is at the same claim: of two at once the first goes on."""
    own = preparation.handover.action.target.name
    jobs = await handover_jobs(cluster, preparation.namespace, preparation.names.config_claim)
    if own not in jobs:
        raise taken_over(preparation)
    if jobs[0] != own:
        raise _under_way(f"job {jobs[0]}", f"kubectl -n {preparation.namespace} delete job {jobs[0]}")


async def is_taken_over(cluster: Cluster, preparation: Preparation) -> bool:
    """Whether somebody removed the Job of this sign-in while it went on."""
    target = preparation.handover.action.target
    try:
        job = await cluster.get(f"{target.path}/{target.name}")
    except NotFound:
        return True
    except ClusterTrouble:
        return False
    return "deletionTimestamp" in job["metadata"]


def taken_over(preparation: Preparation) -> Trouble:
    """What the person is told whose sign-in was ended by another one."""
    return Trouble(
        "renewal.taken-over",
        "The pod of this sign-in was removed while it was in use.",
        why="Another sign-in of this account was begun meanwhile, or somebody deleted "
        f"job {preparation.handover.action.target.name}.",
        fix="Finish the other one, or start again. The session on the volume is whole.",
        commands=(f"kubectl -n {preparation.namespace} get jobs -l {PURPOSE}={HANDOVER}",),
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.NOW,
    )


async def _stop(cluster: Cluster, namespace: str, users: tuple[str, ...]) -> None:
    """Deletes the Jobs of these pods, pods without a Job themselves, and waits until they are gone."""
    for name in users:
        path = f"/api/v1/namespaces/{namespace}/pods/{name}"
        with suppress(NotFound):
            pod = await cluster.get(path)
            await execute(cluster, _stopping(pod, namespace, name))
            await until_gone(cluster, path)


async def _still_there(cluster: Cluster, namespace: str, users: tuple[str, ...]) -> tuple[str, ...]:
    left = []
    for name in users:
        with suppress(NotFound):
            pod = await cluster.get(f"/api/v1/namespaces/{namespace}/pods/{name}")
            if pod["status"].get("phase") in _UNFINISHED:
                left.append(name)
    return tuple(left)


def _mounts(job: Mapping[str, Any], claim: str) -> bool:
    volumes = job["spec"]["template"]["spec"].get("volumes", [])
    return any(volume.get("persistentVolumeClaim", {}).get("claimName") == claim for volume in volumes)


def _stopping(pod: Mapping[str, Any], namespace: str, name: str) -> Action:
    """Deletes the pod's Job, or the pod itself when no Job made it."""
    owners = pod["metadata"].get("ownerReferences", ())
    job = next((owner["name"] for owner in owners if owner["kind"] == "Job"), None)
    if job:
        return delete_job(Target("batch/v1", "Job", "jobs", namespace, job))
    return Action(f"Remove pod {name}", Verb.DELETE, Target("v1", "Pod", "pods", namespace, name))
