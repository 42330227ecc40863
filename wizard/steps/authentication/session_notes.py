"""Iteration 3's traces: hand-over Jobs, the notes that a sign-in left on the config claim, and how old they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from wizard.accounts import AccountNames
from wizard.annotations import (
    HANDOVER,
    HANDOVER_KEPT_SECONDS,
    PASSWORD_IN_CLEAR,
    PURPOSE,
    SESSION_EXPIRES_AT,
    SESSION_VERIFIED_AT,
)
from wizard.command import kubectl, photosync_wizard
from wizard.errors import shorten
from wizard.facts.objects import claim_named, cron_job_named, items
from wizard.facts.session import noted, session_of
from wizard.facts.sign_in_commands import reauth, remove_from_claim
from wizard.model import Finding, SessionState, Severity, Status
from wizard.schedule import longest_gap
from wizard.settings import DEFAULT_ACCOUNT, Settings
from wizard.world import Job, World

LONGEST_SIGN_IN = timedelta(minutes=25)
"""After that the wizard has given up by itself."""
_REMOVED = timedelta(seconds=HANDOVER_KEPT_SECONDS + 60)


def handovers(world: World) -> list[Job]:
    """The Jobs through which sessions are handed over, newest first."""
    return [job for job in items(world.jobs) if job.meta.labels.get(PURPOSE) == HANDOVER]


def signing_in(job: Job, world: World) -> bool:
    """Whether somebody may be signing in through this hand-over Job just now."""
    started = job.meta.created or world.taken_at
    return job.state == "running" and not job.meta.deleting and world.taken_at - started < LONGEST_SIGN_IN


def check_handovers(world: World, settings: Settings) -> Iterator[Finding]:
    jobs = handovers(world)
    for job in [job for job in jobs if signing_in(job, world)][:1]:
        yield Finding(
            "authentication.signing-in",
            Severity.INFO,
            "Somebody is signing in right now.",
            evidence={f"job/{job.meta.name}": job.state, "since": job.meta.created or "unknown"},
            why="Two sign-ins at the same time would break each other's session.",
            fix="Wait until it is done. If it was yours and was interrupted, start it again: the new one cleans up first.",
            commands=(kubectl("get", "job", job.meta.name, namespace=settings.namespace),),
        )
    left = [job for job in jobs if not signing_in(job, world) and not job.meta.deleting and _outlived(job, world)]
    if left:
        names = [job.meta.name for job in left]
        yield Finding(
            "authentication.handover-left",
            Severity.WARNING,
            "A sign-in was interrupted, and has left things behind.",
            evidence={f"job/{job.meta.name}": f"{job.state}, since {job.meta.created}" for job in left},
            why="Its pod holds the session's volume, and a half-written session may be waiting to be moved into place.",
            fix="The next sign-in completes or undoes what was started, and cleans up.",
            commands=(photosync_wizard("reauth"), kubectl("delete", "job", *names, namespace=settings.namespace)),
            implies=Status.ACTION_REQUIRED,
        )


def _outlived(job: Job, world: World) -> bool:
    """Whether the Job is there although it should have been removed; a running one has outlived the wizard."""
    ended = job.finished or job.meta.created
    return job.state == "running" or ended is None or world.taken_at - ended > _REMOVED


def check_notes(world: World, settings: Settings) -> Iterator[Finding]:
    for account in settings.accounts:
        claim = claim_named(world, AccountNames.of(account, settings).config_claim)
        if claim is None:
            continue
        notes = claim.meta.annotations
        broken = [
            key for key in (SESSION_VERIFIED_AT, SESSION_EXPIRES_AT) if key in notes and not noted(claim, key, world)
        ]
        if broken:
            where = f"persistentvolumeclaim/{claim.meta.name}"
            yield Finding(
                "authentication.session-note-broken",
                Severity.WARNING,
                f"The notes on the claim {claim.meta.name} about its session make no sense, and are ignored.",
                evidence={f"{where} {key}": shorten(notes[key], 60) or "(empty)" for key in broken},
                why="Somebody has changed them; without them it is unknown how long the session lasts.",
                fix="Have them written again: while the session works, that takes no password and no code.",
                commands=(reauth(account, settings),),
            )


def check_password_in_clear(world: World, settings: Settings) -> Iterator[Finding]:
    """A keyring file that the last hand-over pod has seen on the claim; the note goes when a later one sees none."""
    for account in settings.accounts:
        names = AccountNames.of(account, settings)
        claim = claim_named(world, names.config_claim)
        path = claim.meta.annotations.get(PASSWORD_IN_CLEAR, "") if claim else ""
        if path:
            yield Finding(
                "authentication.password-in-clear",
                Severity.WARNING,
                f"An Apple password lies in clear text on the claim {names.config_claim}.",
                evidence={f"persistentvolumeclaim/{names.config_claim} file": shorten(path, 120)},
                why="Without a --password-provider, icloudpd keeps an accepted password in this keyring file, in base64. "
                "Anyone with access to the volume or a backup of it can read it.",
                fix="Remove the file, unless your own setup signs in with it, and have the volume checked again. Change the "
                "password if others could have read it. --password-provider console keeps none.",
                commands=(*remove_from_claim(names, path, world, settings), reauth(account, settings, "--check")),
            )


def check_age(world: World, settings: Settings) -> Iterator[Finding]:
    """A session that is only believed to work, since nobody has used it for longer than the schedule allows."""
    for account in settings.accounts:
        session = session_of(account, world, settings)
        job = cron_job_named(world, AccountNames.of(account, settings).cron_job)
        gap = longest_gap(job.schedule, job.time_zone, world.taken_at) if job else None
        if session.state not in (SessionState.VALID, SessionState.EXPIRING) or session.verified_at is None:
            continue
        age = world.taken_at - session.verified_at
        if gap is not None and age > 2 * gap + timedelta(days=1):
            who = "" if account == DEFAULT_ACCOUNT else f" of account {account}"
            yield Finding(
                "authentication.session-not-proved-lately",
                Severity.WARNING,
                f"The session{who} was last seen working {age.days} {'day' if age.days == 1 else 'days'} ago; "
                "that it still lasts is only what its files say.",
                evidence={"proved at": session.verified_at, "rests on": session.source},
                why=(
                    "The CronJob is paused, so no run has used it."
                    if job and job.suspend
                    else "By its schedule a run should have used it since."
                )
                + " Apple can end a session before its date.",
                fix="Ask the cluster's icloudpd: that needs nothing from you, and its answer is recorded on the claim.",
                commands=(reauth(account, settings, "--check"),),
            )
