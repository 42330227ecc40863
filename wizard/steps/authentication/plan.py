"""Iteration 3's plan: what a sign-in changes in the cluster, whoever leads the person through it. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from wizard.accounts import AccountNames
from wizard.annotations import LIBRARY_COUNT, PASSWORD_IN_CLEAR, SESSION_EXPIRES_AT, SESSION_VERIFIED_AT, written
from wizard.facts.objects import cron_job_named
from wizard.icloud.steps import Library
from wizard.icloudpd.session_folder import PREVIOUS, STAGING
from wizard.plan import Change, CreateObject, DeleteObject, PatchObject, Plan, RunInPod, Target
from wizard.settings import Settings
from wizard.steps.authentication.auth_pods import auth_pods
from wizard.steps.authentication.pausing import Pausing, right_to_pause
from wizard.world import World

START, PAUSE, WRITE, PROVE, MOVE, NOTE, REMOVE, RESUME = (
    "start-pod",
    "pause",
    "write",
    "prove",
    "move",
    "note",
    "remove-pod",
    "resume",
)
"""The ids of a sign-in's changes, by which whoever carries them out takes them from the plan."""

AUTH_POD = "remove-auth-pod"
KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInChanges:
    """What the plan of a sign-in is made of.

    `job` is the hand-over Job, `directory` the session's folder in its pod; `auth_pod` and `left_over` are removed before.
    `inside`: icloudpd itself signs in, inside the pod; `answered`: that of the auth pod, which waits for answers already.
    """

    names: AccountNames
    job: CreateObject
    directory: str
    pausing: Pausing = field(default_factory=Pausing)
    auth_pod: DeleteObject | None = None
    left_over: tuple[DeleteObject, ...] = ()
    inside: bool = False
    answered: bool = False
    notes: tuple[str, ...] = ()

    @property
    def plan(self) -> Plan:
        """Everything that is changed, in the order in which it is done."""
        pausing, job = self.pausing, self.job.target
        proof = RunInPod(
            id=PROVE,
            title="Ask the cluster's icloudpd whether it accepts them (--auth-only, no password)",
            target=job,
            no_undo="It changes nothing.",
        )
        changes: tuple[Change, ...] = (
            *((self.auth_pod,) if self.auth_pod and not self.answered else ()),
            *self.left_over,
            self.job,
            *((pausing.suspend,) if pausing.suspend else ()),
            *(
                (*self._answer(self.auth_pod), proof)
                if self.auth_pod and self.answered
                else (self._written, proof, self._moved)
            ),
            _note(self.names, job.namespace),
            remove_job(job),
            *((pausing.resume,) if pausing.resume else ()),
        )
        return Plan(f"Sign in to iCloud ({self.names.config_claim})", changes, (*self.notes, *pausing.notes))

    def _answer(self, waiting: DeleteObject) -> tuple[Change, ...]:
        """What answers the icloudpd of a pod that waits; it writes into the session in place."""
        return (
            RunInPod(
                id=KEEP,
                title=f"Keep a copy of the session in {self.directory}/{PREVIOUS}, if there is one",
                target=self.job.target,
                no_undo="It changes nothing in place.",
            ),
            RunInPod(
                id=WRITE,
                title=f"Answer icloudpd in pod {waiting.target.name}, which writes the session in place: "
                "you answer its questions",
                target=waiting.target,
                through="attach",
                no_undo="The copy is put back if it does not get in.",
            ),
            waiting,
        )

    @property
    def _moved(self) -> RunInPod:
        return RunInPod(
            id=MOVE,
            title=f"Move them into {self.directory}; the previous pair is kept in {self.directory}/{PREVIOUS}",
            target=self.job.target,
            no_undo=f"The previous pair stays in {self.directory}/{PREVIOUS} until the next sign-in.",
        )

    @property
    def _written(self) -> RunInPod:
        if self.inside:
            return RunInPod(
                id=WRITE,
                title=f"Let icloudpd sign in by itself into {self.directory}/{STAGING}: you answer its questions",
                target=self.job.target,
                no_undo="What it has written is removed if it does not get in.",
            )
        return RunInPod(
            id=WRITE,
            title=f"Write the two session files into {self.directory}/{STAGING}, 0600",
            target=self.job.target,
            no_undo="They are removed if icloudpd does not accept them.",
        )


def plan(world: World, settings: Settings) -> Plan:
    """What signing in every account, either way, would change: for the rights that it takes, as the Job is made at the sign-in."""
    plans = [plan for account in settings.accounts for plan in _either_way(account, world, settings)]
    changes = {(change.id, change.subject): change for plan in plans for change in plan.changes}
    return Plan("Sign in to iCloud", tuple(changes.values()))


def _either_way(account: str, world: World, settings: Settings) -> tuple[Plan, Plan]:
    names = AccountNames.of(account, settings)
    target = Target("batch/v1", "Job", "jobs", settings.namespace, "photosync-handover")
    job = CreateObject(id=START, title="Start a pod", target=target, manifest={})
    cron_job = cron_job_named(world, names.cron_job)
    pause = right_to_pause(cron_job, settings) if cron_job else None
    waiting = next(iter(auth_pods(world)), None)
    removal = remove_pod(settings.namespace, waiting.meta.name) if waiting else None
    sign_in = SignInChanges(names=names, job=job, directory="", pausing=Pausing(suspend=pause), auth_pod=removal)
    return sign_in.plan, replace(sign_in, answered=True).plan


def remove_pod(
    namespace: str, name: str, uid: str = "", why: str = "", grace_seconds: int | None = None
) -> DeleteObject:
    """Deletes a pod that somebody made for signing in, with its log."""
    return DeleteObject(
        id=AUTH_POD,
        title=f"Remove pod {name}{why}",
        target=Target("v1", "Pod", "pods", namespace, name),
        uid=uid,
        grace_seconds=grace_seconds,
        no_undo="A deleted pod is gone, and its log with it.",
    )


def remove_job(target: Target, change_id: str = REMOVE, why: str = "") -> DeleteObject:
    """Deletes a Job, and its pods with it."""
    return DeleteObject(
        id=change_id,
        title=f"Remove job {target.name}{why}",
        target=target,
        no_undo="It has done its work.",
    )


def session_note(
    verified_at: datetime | None, expires_at: datetime | None, library: Library | None = None
) -> dict[str, Any]:
    """The patch of NOTE that says when the session was proved, until when its files say that it lasts, and what iCloud holds."""
    annotations = {
        SESSION_VERIFIED_AT: written(verified_at) if verified_at else None,
        SESSION_EXPIRES_AT: written(expires_at) if expires_at else None,
    }
    if library:
        counted = {"count": library.count, "bytes": library.estimated_bytes}
        annotations[LIBRARY_COUNT] = json.dumps(counted | ({"at": written(verified_at)} if verified_at else {}))
    return {"metadata": {"annotations": annotations}}


def password_note(path: str) -> dict[str, Any]:
    """The patch of NOTE that says which file on the claim holds a password in clear; without a path it takes that note back."""
    return {"metadata": {"annotations": {PASSWORD_IN_CLEAR: path or None}}}


def _note(names: AccountNames, namespace: str) -> PatchObject:
    """Notes on the claim what only the sign-in itself can know, by `session_note` and `password_note`."""
    target = Target("v1", "PersistentVolumeClaim", "persistentvolumeclaims", namespace, names.config_claim)
    nothing = dict.fromkeys((SESSION_VERIFIED_AT, SESSION_EXPIRES_AT, LIBRARY_COUNT))
    forget = PatchObject(
        id="forget",
        title=f"Remove the notes from the claim {names.config_claim}",
        target=target,
        patch={"metadata": {"annotations": nothing}},
    )
    return PatchObject(
        id=NOTE,
        title=f"Record on the claim {names.config_claim} when the session was proved, how long it lasts, what iCloud holds, "
        "and whether a password lies there in clear text",
        target=target,
        patch=session_note(None, None),
        typed=False,
        undo=(forget,),
    )
