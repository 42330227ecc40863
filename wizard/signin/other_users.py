"""Who else uses the session of an account: runs of the CronJob, what earlier sign-ins left, a sign-in in another window."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from wizard.annotations import HANDOVER, PURPOSE
from wizard.apply.objects import send
from wizard.apply.planned import PlannedChanges
from wizard.command import Command, kubectl
from wizard.errors import Exit, Retry, WizardError
from wizard.handover.pod import is_held, until_gone
from wizard.kube.client import Cluster
from wizard.kube.errors import NotFound
from wizard.plan import DeleteObject, Target
from wizard.signin.person import GaveUp, InUse, Person, Stage, StageProgress, Tick
from wizard.signin.prepare import Preparation, handover_jobs, mounting_pods
from wizard.steps.authentication.plan import START, remove_job, remove_pod
from wizard.world import Pod

LOOKS = 10
LOOK_EVERY_SECONDS = 0.3


async def wait_for_users(cluster: Cluster, preparation: Preparation, person: Person) -> bool:
    """Waits until nothing else uses the session, or stops it when the person says so. Whether that took any waiting.

    Raises GaveUp when the person leaves, and WizardError for what can't be stopped from here.
    """
    waited = False
    while users := await _users(cluster, preparation):
        waited = True
        match await person.in_use(tuple(pod.meta.name for pod in users)):
            case InUse.LEAVE:
                raise GaveUp
            case InUse.STOP:
                await _stop(cluster, users)
            case InUse.WAIT:
                pass
    return waited


async def refuse_beside_users(cluster: Cluster, preparation: Preparation) -> None:
    """Raises WizardError when a pod has a claim that lets in one pod only: ours would wait for it."""
    namespace, claim = preparation.namespace, preparation.names.config_claim
    if pods := await mounting_pods(cluster, namespace, claim):
        raise WizardError(
            "renewal.claim-busy",
            f"Pod {pods[0].meta.name} has the claim {claim}, which lets in one pod at a time.",
            why="Its access mode is ReadWriteOncePod, so nobody can look at the session meanwhile.",
            fix="Look again when that pod has ended.",
            commands=(kubectl("get", "pod", pods[0].meta.name, namespace=namespace),),
            exit_code=Exit.BLOCKED,
            retry=Retry.LATER,
        )


async def _users(cluster: Cluster, preparation: Preparation) -> tuple[Pod, ...]:
    """Pods that use the session now. What hands it over, a pod for signing in that only waits, and a pod that does not run
    (yet) don't count.
    """
    idle = preparation.auth_pod.uid if preparation.auth_pod else ""
    pods = await mounting_pods(cluster, preparation.namespace, preparation.names.config_claim)
    others = [pod for pod in pods if pod.meta.labels.get(PURPOSE) != HANDOVER and pod.meta.uid != idle]
    return tuple(pod for pod in others if pod.phase != "Pending")


async def refuse_if_held(cluster: Cluster, preparation: Preparation) -> None:
    """Raises WizardError when somebody signs this account in just now, in another window or on another machine."""
    target = preparation.handover.change.target
    for pod in preparation.leaving:
        if await _stays_held(cluster, pod, preparation.handover.directory):
            raise _under_way(
                f"pod {pod.meta.name}", kubectl("delete", "pod", pod.meta.name, namespace=target.namespace)
            )


async def clear_away(planned: PlannedChanges, preparation: Preparation, person: Person) -> None:
    """Removes what the plan removes before it starts a pod, and waits until nothing of it can write into the session any more."""
    for change in planned.before(START):
        is_pod = change.target.kind == "Pod"
        if is_pod:
            name = change.target.name
            person.show(StageProgress(Stage.POD, Tick.DOING, f"removing pod {name}", removes=name))
        await planned.make(change.id)
        if is_pod:
            await until_gone(planned.cluster, change.target.path)
    for pod in preparation.leaving:
        await until_gone(planned.cluster, f"/api/v1/namespaces/{preparation.namespace}/pods/{pod.meta.name}")


async def _stays_held(cluster: Cluster, pod: Pod, directory: str) -> bool:
    """Whether somebody alive holds it: whoever has just died lets go within a moment."""
    if pod.phase != "Running" or pod.meta.deleting:
        return False
    with suppress(WizardError):
        for _ in range(LOOKS):
            if not await is_held(cluster, pod, directory):
                return False
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        return True
    return False


def _under_way(through: str, command: Command) -> WizardError:
    return WizardError(
        "renewal.under-way",
        "Another sign-in of this account is under way.",
        why=f"It works through {through}, in another window or on another machine. Two at once would spoil each other's session.",
        fix="Finish that one, or leave it. If nobody is using it, remove its pod and start again. Nothing was changed.",
        commands=(command,),
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.LATER,
    )


async def refuse_if_later(cluster: Cluster, preparation: Preparation) -> None:
    """Raises WizardError when a sign-in that was begun before this one is at the same claim: of two at once the first goes on.

    What earlier ones left, and nobody holds, doesn't count.
    """
    own = preparation.handover.change.target.name
    there = await handover_jobs(cluster, preparation.namespace, preparation.names.config_claim)
    jobs = [job for job in there if job not in preparation.left_over]
    if own not in jobs:
        raise taken_over(preparation)
    if jobs[0] != own:
        raise _under_way(f"job {jobs[0]}", kubectl("delete", "job", jobs[0], namespace=preparation.namespace))


async def is_taken_over(cluster: Cluster, preparation: Preparation) -> bool:
    """Whether somebody removed the Job of this sign-in while it went on."""
    target = preparation.handover.change.target
    try:
        job = await cluster.get(target.path)
    except NotFound:
        return True
    except WizardError:
        return False
    return "deletionTimestamp" in job["metadata"]


async def is_another_at_it(cluster: Cluster, preparation: Preparation) -> bool:
    """Whether another sign-in of this account goes on; what can't be read counts as that."""
    try:
        jobs = await handover_jobs(cluster, preparation.namespace, preparation.names.config_claim)
    except WizardError:
        return True
    return bool(set(jobs) - {preparation.handover.change.target.name})


def taken_over(preparation: Preparation) -> WizardError:
    """What the person is told whose sign-in was ended by another one."""
    return WizardError(
        "renewal.taken-over",
        "The pod of this sign-in was removed while it was in use.",
        why="Another sign-in of this account was begun meanwhile, or somebody deleted "
        f"job {preparation.handover.change.target.name}.",
        fix="Finish the other one, or start again. The session on the volume is whole.",
        commands=(kubectl("get", "jobs", "-l", f"{PURPOSE}={HANDOVER}", namespace=preparation.namespace),),
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.NOW,
    )


async def _stop(cluster: Cluster, pods: tuple[Pod, ...]) -> None:
    """Deletes the Jobs of these pods, pods that nobody made themselves, and waits until they are gone."""
    for change in [_stopping(pod) for pod in pods]:
        await send(cluster, change)
    for pod in pods:
        await until_gone(cluster, f"/api/v1/namespaces/{pod.meta.namespace}/pods/{pod.meta.name}")


def _stopping(pod: Pod) -> DeleteObject:
    """Deletes the pod's Job, or the pod itself when it stands alone. Raises WizardError for one that would come back."""
    namespace, name = pod.meta.namespace, pod.meta.name
    kind, _, owner = pod.meta.owner.partition("/")
    if kind == "Job":
        return remove_job(Target("batch/v1", "Job", "jobs", namespace, owner))
    if kind:
        raise WizardError(
            "renewal.comes-back",
            f"Pod {name} would come back at once: {kind} {owner} keeps it running.",
            why="Two programs on one session spoil it.",
            fix=f"Stop what {kind} {owner} belongs to, then start again. Nothing was changed.",
            commands=(kubectl("get", kind.lower(), owner, namespace=namespace), *_scaling(kind, owner, namespace)),
            exit_code=Exit.NEEDS_PERSON,
            retry=Retry.NOW,
        )
    return remove_pod(namespace, name, pod.meta.uid)


def _scaling(kind: str, owner: str, namespace: str) -> tuple[Command, ...]:
    scaled = {"ReplicaSet": ("deployment", owner.rpartition("-")[0]), "StatefulSet": ("statefulset", owner)}.get(kind)
    return (kubectl("scale", scaled[0], scaled[1], "--replicas=0", namespace=namespace),) if scaled else ()
