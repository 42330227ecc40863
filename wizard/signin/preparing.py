"""What has to be true before a sign-in, and what it will change: pure functions of what was seen."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from wizard.accounts import AccountNames
from wizard.annotations import (
    HANDOVER,
    LIBRARY_COUNT,
    PASSWORD_IN_CLEAR,
    PURPOSE,
    SESSION_EXPIRES_AT,
    SESSION_VERIFIED_AT,
    written,
)
from wizard.command import Command, Shell, kubectl
from wizard.errors import Exit, Retry, Trouble
from wizard.facts.objects import claim_named, cron_job_named
from wizard.handover.job import Handover, handover
from wizard.handover.pod import delete_job
from wizard.icloud.steps import Library
from wizard.model import Action, Plan, Target, Verb
from wizard.settings import Settings
from wizard.signin.auth_pod import AuthPod
from wizard.signin.pausing import Pausing, pausing
from wizard.world import Claim, Pod, Unreadable, World

ONE_POD = "ReadWriteOncePod"
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
        return self.handover.action.target.namespace

    def begun_at(self, moment: datetime) -> Preparation:
        """The same for a sign-in that begins only then, when the CronJob's next run may be nearer."""
        return replace(self, pausing=self.pausing_at(moment))

    @property
    def plan(self) -> Plan:
        """Everything that will be changed, in order, for the person to see before."""
        return self._plan(
            Action(
                f"Write the two session files into {self.handover.directory}/.photosync-staging, 0600",
                Verb.RUN,
                self._staged,
                "sh -s (the files travel on its standard input)",
                undo="They are removed when icloudpd does not accept them.",
            )
        )

    @property
    def plan_inside(self) -> Plan:
        """The same for the second way, in which icloudpd itself signs in, inside the pod."""
        return self._plan(
            Action(
                f"Let icloudpd sign in by itself into {self.handover.directory}/.photosync-staging: you answer its questions",
                Verb.RUN,
                self._staged,
                undo="What it has written is removed when it does not get in.",
            )
        )

    @property
    def _staged(self) -> Target:
        return Target("v1", "Pod", "pods", self.namespace, "the hand-over pod")

    def _plan(self, first: Action) -> Plan:
        namespace, pausing = self.namespace, self.pausing
        staged = self._staged
        directory = self.handover.directory
        inside = (
            first,
            Action("Ask the cluster's icloudpd whether it accepts them (--auth-only, no password)", Verb.RUN, staged),
            Action(
                f"Move them into {directory}; the pair before is kept in {directory}/.photosync-previous",
                Verb.RUN,
                staged,
                undo=f"The pair before stays in {directory}/.photosync-previous until the next sign-in.",
            ),
        )
        actions = (
            *((self.auth_pod.removal,) if self.auth_pod else ()),
            *(_removal(replace(self.handover.action.target, name=name)) for name in self.left_over),
            *((pausing.suspend,) if pausing.suspend else ()),
            self.handover.action,
            *inside,
            note_session(self.names, namespace, None, None),
            delete_job(self.handover.action.target),
            *((pausing.resume,) if pausing.resume else ()),
        )
        return Plan(f"Sign in to iCloud ({self.names.config_claim})", actions, (*self.handover.notes, *pausing.notes))


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
    names = AccountNames.of(account, settings)
    claim = _required(world, settings, names)
    if cron_job is None:
        raise _missing(
            f"There is no CronJob {names.cron_job} in {settings.namespace}.",
            "The session is for it: its image, its user and its folder say how the files have to lie there.",
            "Finish iteration 2 first; docs/manifests.md has manifests to start from.",
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


def _removal(target: Target) -> Action:
    return replace(
        delete_job(target),
        title=f"Remove job {target.name}, which an earlier sign-in left",
    )


def _required(world: World, settings: Settings, names: AccountNames) -> Claim:
    """The claim, when nothing that a sign-in needs is missing. Raises Trouble."""
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
            commands=tuple(kubectl("auth", "can-i", *right.split(), namespace=settings.namespace) for right in refused),
            exit_code=Exit.BLOCKED,
        )
    return claim


def _missing(what: str, why: str, fix: str, command: Command | None = None) -> Trouble:
    return Trouble(
        "renewal.not-ready",
        what,
        why=why,
        fix=fix,
        commands=(command,) if command else (),
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.NEVER,
    )


def note_session(
    names: AccountNames,
    namespace: str,
    verified_at: datetime | None,
    expires_at: datetime | None,
    library: Library | None = None,
) -> Action:
    """Notes on the claim when the session was proved, until when its files say that it lasts, and what iCloud holds."""
    annotations = {
        SESSION_VERIFIED_AT: written(verified_at) if verified_at else None,
        SESSION_EXPIRES_AT: written(expires_at) if expires_at else None,
    }
    if library:
        counted = {"count": library.count, "bytes": library.estimated_bytes}
        annotations[LIBRARY_COUNT] = json.dumps(counted | ({"at": written(verified_at)} if verified_at else {}))
    return Action(
        f"Note on the claim {names.config_claim} when the session was proved, until when it lasts, and what iCloud holds",
        Verb.PATCH,
        Target("v1", "PersistentVolumeClaim", "persistentvolumeclaims", namespace, names.config_claim),
        {"metadata": {"annotations": annotations}},
        command=kubectl(
            *("annotate", "pvc", names.config_claim, "--overwrite"),
            Shell(f' {SESSION_VERIFIED_AT}="$(date -u +%Y-%m-%dT%H:%M:%SZ)"'),
            namespace=namespace,
        ),
        undo_command=kubectl(
            *("annotate", "pvc", names.config_claim, f"{SESSION_VERIFIED_AT}-", f"{SESSION_EXPIRES_AT}-"),
            f"{LIBRARY_COUNT}-",
            namespace=namespace,
        ),
    )


def note_password(names: AccountNames, namespace: str, path: str) -> Action:
    """Notes on the claim that the file at `path` there holds a password in clear; without a path takes the note back."""
    return Action(
        f"Note on the claim {names.config_claim} whether a password lies there in clear",
        Verb.PATCH,
        Target("v1", "PersistentVolumeClaim", "persistentvolumeclaims", namespace, names.config_claim),
        {"metadata": {"annotations": {PASSWORD_IN_CLEAR: path or None}}},
    )
