"""Gathers what a sign-in of one account starts from, decides what it will change, says what is in the way; changes nothing."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from wizard.accounts import AccountNames
from wizard.annotations import HANDOVER, PASSWORD_IN_CLEAR, PURPOSE
from wizard.choice_values import YOUR_CHOICE
from wizard.command import Command, kubectl
from wizard.errors import Exit, Retry, WizardError
from wizard.facts.accounts import apple_id_on_command_line
from wizard.facts.objects import claim_named, claims_of, cron_job_named
from wizard.handover.job import Handover, handover
from wizard.icloud.input_checks import account_name
from wizard.icloudpd.shell import VARIABLE, inside, substitutions
from wizard.icloudpd.workload import Workload, read_workload
from wizard.kube.client import Cluster
from wizard.kube.errors import Forbidden, NotFound
from wizard.observe.parse_pod import pod as parse_pod
from wizard.observe.parse_pod import pod_spec
from wizard.observe.rights import ask
from wizard.plan import DeleteObject, Plan, Right
from wizard.settings import Settings
from wizard.signin.auth_pod import AuthPod, find_auth_pod
from wizard.steps.authentication.pausing import Pausing, pausing
from wizard.steps.authentication.plan import SignInChanges, remove_job
from wizard.world import Claim, Pod, Unreadable, World

ONE_POD = "ReadWriteOncePod"
_KUBERNETES_VARIABLE = re.compile(r"\$\((\w+)\)")
_PATH = re.compile(r"(?<![\w./-])/[\w./-]+")


@dataclass(frozen=True, slots=True)
class Preparation:
    """All that a sign-in of one account needs to know of the cluster.

    `left_over` are hand-over Jobs of earlier starts; `username` is the Apple ID letter by letter as the CronJob's icloudpd gets
    it, empty where that can't be known; `one_pod_only`: the claim lets in a single pod at a time.
    `auth_pod` is a pod for signing in that somebody left running, `leaving` are pods of earlier hand-overs, which have to be
    gone before the next one writes. `password_in_clear` is the file on the claim of which a note there says that it holds one.
    `may_attach`: a pod that waits may be answered; `notes` are sentences for the person about rights.
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
    may_attach: bool = True
    notes: tuple[str, ...] = ()

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
    def waiting_pod(self) -> AuthPod | None:
        """The pod that waits for answers, if it can be answered; what it writes has to be proved by a second pod."""
        waits = self.auth_pod and self.auth_pod.asks and self.may_attach and not self.one_pod_only
        return self.auth_pod if waits else None

    @property
    def plan(self) -> Plan:
        """Everything that will be changed, in order: shown to the person before, and carried out by the ids of its changes."""
        return self._changes().plan

    @property
    def plan_inside(self) -> Plan:
        """The same for the second way, in which icloudpd itself signs in; one that waits already is answered."""
        return self.plan_answering or self.plan_in_own_pod

    @property
    def plan_in_own_pod(self) -> Plan:
        """The same for the second way in the hand-over pod, whoever waits elsewhere."""
        return replace(self._changes(), inside=True).plan

    @property
    def plan_answering(self) -> Plan | None:
        """The same where the pod that waits is answered; None where none can be."""
        pod, changes = self.waiting_pod, self._changes()
        return replace(changes, answered=True, notes=(pod.leaves, *changes.notes)).plan if pod else None

    def _changes(self) -> SignInChanges:
        return SignInChanges(
            names=self.names,
            job=self.handover.change,
            directory=self.handover.directory,
            pausing=self.pausing,
            auth_pod=self.auth_pod.removal if self.auth_pod else None,
            left_over=self.removals,
            notes=(*self.handover.notes, *self.notes),
        )

    @property
    def rights(self) -> tuple[Right, ...]:
        """What it takes, whichever way is chosen."""
        plans = (self.plan, self.plan_inside, self.plan_in_own_pod)
        return tuple(dict.fromkeys(right for plan in plans for right in plan.rights))

    def permitted(self, answers: Mapping[Right, bool | None]) -> Preparation:
        """The same, as far as the server allows it. Raises WizardError for a right that it denies and that can't be done without.

        A right of which it said nothing is told to the person, and not taken as granted.
        """
        allowed = replace(
            self,
            pausing=self.pausing.permitted(answers),
            pausing_at=lambda moment: self.pausing_at(moment).permitted(answers),
        )
        denied = tuple(right for right in allowed.rights if answers.get(right) is False)
        if (pod := self.waiting_pod) and any(right.resource == "pods/attach" for right in denied):
            note = f"Pod {pod.name} waits for {pod.asks}, and you may not attach to it, so it can't be answered: it is removed."
            allowed = replace(allowed, may_attach=False, notes=(note,))
            denied = tuple(right for right in denied if right in allowed.rights)
        if denied:
            raise _denied(denied)
        unanswered = [f"{right.verb} {right.resource}" for right in allowed.rights if answers.get(right) is None]
        if unanswered:
            note = f"The server does not say whether you may {', '.join(unanswered)}: where it refuses, the sign-in may stop."
            return replace(allowed, notes=(*allowed.notes, note))
        return allowed

    def note_at(self, moment: datetime) -> str:
        """What the person is told when a run of the CronJob has come near since the plan was shown; empty when none has."""
        nearer = self.pausing_at(moment).suspend if self.pausing.suspend is None else None
        return f"{self.names.cron_job} runs soon, and is not paused: start again to have it paused." if nearer else ""


@dataclass(frozen=True, slots=True)
class PreparedSignIn:
    """One account, ready to be signed in; `apple_id` is None when only the person can say it.

    `source` says where it stands: what stands in the cluster comes before what the person said, which has to agree with it.
    """

    preparation: Preparation
    apple_id: str | None
    source: str


async def prepare_sign_in(cluster: Cluster, world: World, settings: Settings, account: str) -> PreparedSignIn:
    """Reads what is needed and says what is in the way. Raises WizardError; changes nothing."""
    names = AccountNames.of(account, settings)
    namespace = settings.namespace
    cron_job: Mapping[str, Any] | None
    try:
        cron_job = await cluster.get(f"/apis/batch/v1/namespaces/{namespace}/cronjobs/{names.cron_job}")
    except NotFound:
        cron_job = None
    left_over = await handover_jobs(cluster, namespace, names.config_claim)
    pods = await mounting_pods(cluster, namespace, names.config_claim)
    auth_pod = await find_auth_pod(cluster, pods, world.taken_at, namespace)
    preparation = decide(world, settings, account, cron_job, left_over, pods, auth_pod)
    preparation = preparation.permitted(await ask(cluster, preparation.rights))
    on_command_line = apple_id_on_command_line(account, world, settings)
    in_secret = None if on_command_line else await _written_apple_id(cluster, namespace, names, cron_job or {})
    written = on_command_line or in_secret
    chosen = settings.apple_ids.get(account)
    if chosen and written and account_name(chosen) != account_name(written):
        raise WizardError(
            "renewal.other-apple-id",
            f"You are signing in as {chosen}, and the CronJob {names.cron_job} signs in as {written}.",
            why="Each Apple ID has session files of its own, so the CronJob would not find yours.",
            fix=f"Sign in as {written} (where you said {chosen} in the set-up, empty that answer), or change it there first.",
            exit_code=Exit.NEEDS_PERSON,
            retry=Retry.NEVER,
        )
    if written:
        source = "from the CronJob's command line" if on_command_line else f"from the Secret {names.secret}"
        return PreparedSignIn(replace(preparation, username=written), account_name(written), source)
    if chosen:
        return PreparedSignIn(preparation, account_name(chosen), YOUR_CHOICE)
    apple_id = settings.seen_apple_ids.get(account)
    return PreparedSignIn(preparation, account_name(apple_id) if apple_id else None, "as you signed in last")


async def handover_jobs(cluster: Cluster, namespace: str, claim: str) -> tuple[str, ...]:
    """Names of the hand-over Jobs that mount this claim, the oldest first."""
    page = await cluster.list_page(
        f"/apis/batch/v1/namespaces/{namespace}/jobs", labels=f"{PURPOSE}={HANDOVER}", form="full"
    )
    mounting = [job for job in page["items"] if claim in claims_of(pod_spec(job["spec"]["template"]["spec"]))]
    jobs = [job["metadata"] for job in mounting if "deletionTimestamp" not in job["metadata"]]
    return tuple(meta["name"] for meta in sorted(jobs, key=lambda meta: (meta["creationTimestamp"], meta["name"])))


async def mounting_pods(cluster: Cluster, namespace: str, claim: str) -> tuple[Pod, ...]:
    """Every pod, whoever made it, that mounts the claim and has not ended: a look at the setup reads only some."""
    unfinished = "status.phase!=Succeeded,status.phase!=Failed"
    pods = [
        parse_pod(item)
        async for page in cluster.pages(f"/api/v1/namespaces/{namespace}/pods", fields=unfinished)
        for item in page["items"]
    ]
    return tuple(pod for pod in pods if claim in claims_of(pod.spec))


def decide(
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
            "Fix step 2 first.",
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
            "Finish step 1 first.",
            kubectl("get", "pvc", namespace=settings.namespace),
        )
    if claim.meta.deleting:
        raise _missing(
            f"The claim {names.config_claim} is being deleted.", "", "Wait until it is gone, then create it again."
        )
    return claim


def _denied(rights: tuple[Right, ...]) -> WizardError:
    return WizardError(
        "renewal.rights",
        f"You may not do what a sign-in needs: {', '.join(f'{right.verb} {right.resource}' for right in rights)}.",
        why="The session is written through a pod, and exec over a websocket takes both get and create on pods/exec.",
        fix="Use an account with these rights.",
        commands=tuple(right.question for right in rights),
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


async def _written_apple_id(
    cluster: Cluster, namespace: str, names: AccountNames, cron_job: Mapping[str, Any]
) -> str | None:
    """The Apple ID that the CronJob reads from the Secret: the one value of a Secret that is looked at, and only for this."""
    template = cron_job.get("spec", {}).get("jobTemplate", {}).get("spec", {}).get("template", {}).get("spec")
    workload = read_workload(pod_spec(template)) if template else None
    key = username_key(workload, names.secret)
    if key is None:
        return None
    try:
        secret = await cluster.get(f"/api/v1/namespaces/{namespace}/secrets/{names.secret}")
    except (NotFound, Forbidden):
        return None
    raw = (secret.get("data") or {}).get(key, "")
    try:
        text = base64.b64decode(raw, validate=True).decode().strip()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text or None


def username_key(workload: Workload | None, secret: str) -> str | None:
    """The key of this Secret that icloudpd gets as its --username; None where that comes from anywhere else.

    Where no --username can be read it is the key that the documentation names.
    """
    written = workload.option("--username") if workload else None
    if workload is None or written is None:
        return "username"
    if variable := _variable(written):
        return _key_of_variable(workload, variable, secret)
    paths = set(_PATH.findall(inside(written))) if substitutions(written) == [written] else set()
    read = {(key.kind, key.name, key.key) for key in workload.keys if key.where in paths}
    return (
        next((key for kind, name, key in read if (kind, name) == ("secret", secret)), None) if len(read) == 1 else None
    )


def _variable(written: str) -> str:
    """The variable that is all that is written: as a shell has it, or as Kubernetes puts it into a command."""
    match = VARIABLE.fullmatch(written) or _KUBERNETES_VARIABLE.fullmatch(written)
    return next((name for name in match.groups()[:2] if name), "") if match else ""


def _key_of_variable(workload: Workload, variable: str, secret: str) -> str | None:
    """The key behind a variable of icloudpd's container: its own entry comes before whole objects, the last one wins."""
    for item in reversed(workload.container.env):
        if item.name == variable:
            return item.source_key if (item.source, item.source_name) == ("secret", secret) else None
    return variable if workload.container.env_from[-1:] == (f"secret/{secret}",) else None
