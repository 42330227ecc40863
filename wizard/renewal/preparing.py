"""What has to be true before a sign-in, and what it will change: pure functions of what was seen."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from wizard.annotations import HANDOVER, LIBRARY_COUNT, PURPOSE, SESSION_EXPIRES_AT, SESSION_VERIFIED_AT, SUSPENDED_BY
from wizard.apply.handover_job import Handover, handover
from wizard.apply.pod import delete_job
from wizard.errors import Exit, Retry, Trouble
from wizard.icloud.steps import Library
from wizard.model import Action, Plan, Target, Verb
from wizard.renewal.auth_pod import AuthPod
from wizard.schedule import next_runs
from wizard.settings import AccountNames, Settings
from wizard.steps.look_up import claim_named, cron_job_named, tracked_by
from wizard.world import Found, Pod, Unreadable, World

SIGN_IN_TAKES = timedelta(minutes=20)
"""A run that begins within this time would meet the sign-in."""

NEEDED = (
    ("create", "jobs.batch"),
    ("delete", "jobs.batch"),
    ("get", "pods/exec"),
    ("create", "pods/exec"),
    ("patch", "persistentvolumeclaims"),
)


@dataclass(frozen=True, slots=True)
class Preparation:
    """All that a sign-in of one account needs to know of the cluster.

    `users` are pods that use the session just now, `left_over` hand-over Jobs of earlier starts; `suspend` and `resume` are
    None where the CronJob's next run is far enough away. `auth_pod` is a pod for signing in that somebody left running,
    `leaving` are pods of earlier hand-overs, which have to be gone before the next one writes.
    """

    names: AccountNames
    handover: Handover
    users: tuple[str, ...]
    left_over: tuple[str, ...]
    suspend: Action | None
    resume: Action | None
    notes: tuple[str, ...]
    auth_pod: AuthPod | None = None
    leaving: tuple[str, ...] = ()

    @property
    def plan(self) -> Plan:
        """Everything that will be changed, in order, for the person to see before."""
        namespace = self.handover.action.target.namespace
        staged = Target("v1", "Pod", "pods", namespace, "the hand-over pod")
        directory = self.handover.directory
        inside = (
            Action(
                f"Write the two session files into {directory}/.photosync-staging, 0600",
                Verb.RUN,
                staged,
                "sh -s (the files travel on its standard input)",
                undo="They are removed when icloudpd does not accept them.",
            ),
            Action("Ask the cluster's icloudpd whether it accepts them (--auth-only, no password)", Verb.RUN, staged),
            Action(
                f"Move them into {directory}; the pair before is kept in {directory}/.photosync-previous",
                Verb.RUN,
                staged,
                undo="The pair before is put back.",
            ),
        )
        actions = (
            *((self.auth_pod.removal,) if self.auth_pod else ()),
            *((self.suspend,) if self.suspend else ()),
            self.handover.action,
            *inside,
            note_session(self.names, namespace, None, None),
            delete_job(self.handover.action.target),
            *((self.resume,) if self.resume else ()),
        )
        return Plan(f"Sign in to iCloud ({self.names.config_claim})", actions, self.notes)


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

    Raises Trouble, with the commands that help, for what is still missing from iterations 1 and 2 or may not be done.
    """
    names = AccountNames.of(account)
    _require(world, settings, names)
    if cron_job is None:
        raise _missing(
            f"There is no CronJob {names.cron_job} in {settings.namespace}.",
            "The session is for it: its image, its user and its folder say how the files have to lie there.",
            "Finish iteration 2 first; docs/manifests.md has manifests to start from.",
            f"kubectl -n {settings.namespace} get cronjobs",
        )
    job = handover(cron_job, names, f"photosync-handover-{secrets.token_hex(3)}")
    if job is None:
        raise _missing(
            f"The CronJob {names.cron_job} does not mount the claim {names.config_claim}.",
            "The session has to lie where the CronJob's icloudpd looks for it.",
            "Mend iteration 2 first.",
            f"kubectl -n {settings.namespace} get cronjob {names.cron_job} -o yaml",
        )
    suspend, resume, notes = _pause(world, names, settings)
    users = tuple(
        pod.meta.name
        for pod in pods
        if pod.meta.labels.get(PURPOSE) != HANDOVER
        and (auth_pod is None or auth_pod.at_work or pod.meta.name != auth_pod.name)
    )
    leaving = tuple(pod.meta.name for pod in pods if pod.meta.labels.get(PURPOSE) == HANDOVER)
    idle = auth_pod if auth_pod and not auth_pod.at_work else None
    return Preparation(names, job, users, left_over, suspend, resume, notes, idle, leaving)


def _require(world: World, settings: Settings, names: AccountNames) -> None:
    if isinstance(world.claims, Unreadable):
        raise _missing(
            f"The claims in {settings.namespace} may not be read.", world.claims.message, "Use an account that may.", ""
        )
    claim = claim_named(world, names.config_claim)
    if claim is None:
        raise _missing(
            f"There is no claim {names.config_claim} in {settings.namespace} to keep a session on.",
            "",
            "Finish iteration 1 first.",
            f"kubectl -n {settings.namespace} get pvc",
        )
    if claim.meta.deleting:
        raise _missing(
            f"The claim {names.config_claim} is being deleted.", "", "Wait until it is gone, then make it anew.", ""
        )
    refused = [
        f"{access.verb} {access.resource}"
        for access in world.access
        if access.allowed is False
        and access.namespace == settings.namespace
        and (access.verb, access.resource) in NEEDED
    ]
    if refused:
        raise Trouble(
            "renewal.rights",
            f"You may not do what a sign-in needs in {settings.namespace}: {', '.join(refused)}.",
            why="The session is written through a pod, and exec over a websocket takes both get and create on pods/exec.",
            fix="Use an account with these rights.",
            commands=tuple(f"kubectl auth can-i {right} -n {settings.namespace}" for right in refused),
            exit_code=Exit.BLOCKED,
        )


def _missing(what: str, why: str, fix: str, command: str) -> Trouble:
    return Trouble(
        "renewal.not-ready",
        what,
        why=why,
        fix=fix,
        commands=(command,) if command else (),
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.NEVER,
    )


def _pause(
    world: World, names: AccountNames, settings: Settings
) -> tuple[Action | None, Action | None, tuple[str, ...]]:
    job = cron_job_named(world, names.cron_job)
    if job is None:
        return None, None, ()
    target = Target("batch/v1", "CronJob", "cronjobs", settings.namespace, names.cron_job)
    resume = Action(
        f"Let the CronJob {names.cron_job} go on",
        Verb.PATCH,
        target,
        {"metadata": {"annotations": {SUSPENDED_BY: None}}, "spec": {"suspend": False}},
        command=f'kubectl -n {settings.namespace} patch cronjob {names.cron_job} -p \'{{"spec":{{"suspend":false}}}}\'',
    )
    if job.meta.annotations.get(SUSPENDED_BY):
        return None, resume, (f"{names.cron_job} is still paused from an earlier sign-in, and goes on afterwards.",)
    upcoming = next_runs(job.schedule, job.time_zone, world.taken_at)
    if job.suspend or not upcoming or upcoming[0] - world.taken_at > SIGN_IN_TAKES:
        return None, None, ()
    app = world.application.value if isinstance(world.application, Found) else None
    if app and app.self_heal and tracked_by(job.meta) == app.meta.name and "/spec/suspend" not in app.ignored_paths:
        return (
            None,
            None,
            (
                f"{names.cron_job} runs at {upcoming[0]:%H:%M} UTC, and Argo CD would undo a pause: be done before, or wait.",
            ),
        )
    suspend = Action(
        f"Pause the CronJob {names.cron_job}, whose next run is at {upcoming[0]:%H:%M} UTC",
        Verb.PATCH,
        target,
        {"metadata": {"annotations": {SUSPENDED_BY: _now_text(world.taken_at)}}, "spec": {"suspend": True}},
        command=f'kubectl -n {settings.namespace} patch cronjob {names.cron_job} -p \'{{"spec":{{"suspend":true}}}}\'',
        undo="It goes on when the sign-in ends; the next start of the wizard sees to it if this one can't.",
    )
    return suspend, resume, (f"{names.cron_job} is paused meanwhile, and goes on afterwards.",)


def _now_text(moment: datetime) -> str:
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def note_session(
    names: AccountNames,
    namespace: str,
    verified_at: datetime | None,
    expires_at: datetime | None,
    library: Library | None = None,
) -> Action:
    """Notes on the claim when the session was proved, until when its files say that it lasts, and what iCloud holds."""
    annotations = {
        SESSION_VERIFIED_AT: _now_text(verified_at) if verified_at else None,
        SESSION_EXPIRES_AT: _now_text(expires_at) if expires_at else None,
    }
    if library:
        counted = {"count": library.count, "bytes": library.estimated_bytes}
        annotations[LIBRARY_COUNT] = json.dumps(counted | ({"at": _now_text(verified_at)} if verified_at else {}))
    return Action(
        f"Note on the claim {names.config_claim} when the session was proved, until when it lasts, and what iCloud holds",
        Verb.PATCH,
        Target("v1", "PersistentVolumeClaim", "persistentvolumeclaims", namespace, names.config_claim),
        {"metadata": {"annotations": annotations}},
        command=f"kubectl -n {namespace} annotate pvc {names.config_claim} --overwrite photosync-wizard/session-verified-at=NOW",
        undo="kubectl annotate pvc with a - behind the annotation's name.",
    )
