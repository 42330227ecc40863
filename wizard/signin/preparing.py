"""What has to be true before a sign-in, and what it will change: pure functions of what was seen."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from wizard.accounts import AccountNames
from wizard.annotations import (
    HANDOVER,
    PASSWORD_IN_CLEAR,
    PURPOSE,
)
from wizard.command import Command, kubectl
from wizard.errors import Exit, Retry, WizardError
from wizard.facts.objects import claim_named, cron_job_named
from wizard.handover.job import Handover, handover
from wizard.plan import DeleteObject, Plan, Right
from wizard.settings import Settings
from wizard.signin.auth_pod import AuthPod
from wizard.steps.authentication.pausing import Pausing, pausing
from wizard.steps.authentication.plan import SignIn, remove_job
from wizard.world import Claim, Pod, Unreadable, World

ONE_POD = "ReadWriteOncePod"


@dataclass(frozen=True, slots=True)
class Preparation:
    """All that a sign-in of one account needs to know of the cluster.

    `left_over` are hand-over Jobs of earlier starts; `username` is the Apple ID letter by letter as the CronJob's icloudpd gets
    it, empty where that can't be known; `one_pod_only`: the claim lets in a single pod at a time.
    `auth_pod` is a pod for signing in that somebody left running, `leaving` are pods of earlier hand-overs, which have to be
    gone before the next one writes. `password_in_clear` is the file on the claim of which a note there says that it holds one.
    """

    names: AccountNames
    handover: Handover
    left_over: tuple[str, ...]
    pausing: Pausing
    pausing_at: Callable[[datetime], Pausing]
    auth_pod: AuthPod | None = None
    leaving: tuple[Pod, ...] = ()
    username: str = ""
    one_pod_only: bool = False
    password_in_clear: str = ""

    @property
    def namespace(self) -> str:
        """Where all of it happens."""
        return self.handover.change.target.namespace

    @property
    def removals(self) -> tuple[DeleteObject, ...]:
        """What takes away the Jobs that earlier sign-ins left."""
        job = self.handover.change.target
        return tuple(
            remove_job(replace(job, name=name), f"remove-{name}", ", which an earlier sign-in left")
            for name in self.left_over
        )

    @property
    def plan(self) -> Plan:
        """Everything that will be changed, in order: shown to the person before, and carried out by the ids of its changes."""
        return self._sign_in(inside=False).plan

    @property
    def plan_inside(self) -> Plan:
        """The same for the second way, in which icloudpd itself signs in, inside the pod; one that waits already is answered."""
        if self.auth_pod and self.auth_pod.asks and not self.one_pod_only:
            sign_in = self._sign_in(inside=True)
            return replace(sign_in, answered=True, notes=(self.auth_pod.leaves, *sign_in.notes)).plan
        return self._sign_in(inside=True).plan

    def _sign_in(self, *, inside: bool) -> SignIn:
        return SignIn(
            names=self.names,
            job=self.handover.change,
            directory=self.handover.directory,
            pausing=self.pausing,
            auth_pod=self.auth_pod.removal if self.auth_pod else None,
            left_over=self.removals,
            inside=inside,
            notes=self.handover.notes,
        )

    def note_at(self, moment: datetime) -> str:
        """What the person is told when a run of the CronJob has come near since the plan was shown; empty when none has."""
        nearer = self.pausing_at(moment).suspend if self.pausing.suspend is None else None
        return f"{self.names.cron_job} runs soon, and is not paused: start again to have it paused." if nearer else ""


def prepare(
    world: World,
    settings: Settings,
    account: str,
    cron_job: Mapping[str, Any] | None,
    left_over: tuple[str, ...],
    pods: tuple[Pod, ...],
    auth_pod: AuthPod | None = None,
) -> Preparation:
    """What a sign-in of `account` starts from. `cron_job` is its CronJob as the server has it, `pods` mount its claim.

    Raises WizardError, with the commands that help, for what is still missing from iterations 1 and 2 or may not be done.
    """
    names = AccountNames.of(account, settings)
    claim = _required(world, settings, names)
    if cron_job is None:
        raise _missing(
            f"There is no CronJob {names.cron_job} in {settings.namespace}.",
            "The session is for it: its image, its user and its folder say how the files have to lie there.",
            "Finish step 2 first; `photosync-wizard explain manifests` has manifests to start from.",
            kubectl("get", "cronjobs", namespace=settings.namespace),
        )
    held_on = next((pod.node for pod in pods if pod.node), "") if _one_node_only(claim) else ""
    job = handover(cron_job, names, f"photosync-handover-{secrets.token_hex(3)}", held_on)
    if job is None:
        raise _missing(
            f"The CronJob {names.cron_job} does not mount the claim {names.config_claim}.",
            "The session has to lie where the CronJob's icloudpd looks for it.",
            "Mend iteration 2 first.",
            kubectl("get", "cronjob", names.cron_job, "-o", "yaml", namespace=settings.namespace),
        )
    pausing_at = partial(pausing, cron_job_named(world, names.cron_job), world, settings)
    leaving = tuple(pod for pod in pods if pod.meta.labels.get(PURPOSE) == HANDOVER)
    idle = auth_pod if auth_pod and not auth_pod.at_work else None
    return Preparation(
        names,
        job,
        left_over,
        pausing_at(world.taken_at),
        pausing_at,
        idle,
        leaving,
        one_pod_only=ONE_POD in claim.access_modes,
        password_in_clear=claim.meta.annotations.get(PASSWORD_IN_CLEAR, ""),
    )


def _one_node_only(claim: Claim) -> bool:
    """Whether pods on two nodes can't use the claim at the same time."""
    return not {"ReadWriteMany", "ReadOnlyMany"} & set(claim.access_modes)


def _required(world: World, settings: Settings, names: AccountNames) -> Claim:
    """The claim, when nothing that a sign-in needs is missing. Raises WizardError."""
    if isinstance(world.claims, Unreadable):
        raise _missing(
            f"The claims in {settings.namespace} may not be read.", world.claims.message, "Use an account that may."
        )
    claim = claim_named(world, names.config_claim)
    if claim is None:
        raise _missing(
            f"There is no claim {names.config_claim} in {settings.namespace} to keep a session on.",
            "",
            "Finish iteration 1 first.",
            kubectl("get", "pvc", namespace=settings.namespace),
        )
    if claim.meta.deleting:
        raise _missing(
            f"The claim {names.config_claim} is being deleted.", "", "Wait until it is gone, then make it anew."
        )
    return claim


def refuse_without_rights(plan: Plan, answers: Mapping[Right, bool | None]) -> None:
    """Raises WizardError when the server has denied a right that the plan takes."""
    refused = [right for right in plan.rights if answers.get(right) is False]
    if refused:
        raise WizardError(
            "renewal.rights",
            f"You may not do what a sign-in needs: {', '.join(f'{right.verb} {right.resource}' for right in refused)}.",
            why="The session is written through a pod, and exec over a websocket takes both get and create on pods/exec.",
            fix="Use an account with these rights.",
            commands=tuple(right.question for right in refused),
            exit_code=Exit.BLOCKED,
        )


def _missing(what: str, why: str, fix: str, command: Command | None = None) -> WizardError:
    return WizardError(
        "renewal.not-ready",
        what,
        why=why,
        fix=fix,
        commands=(command,) if command else (),
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.NEVER,
    )
