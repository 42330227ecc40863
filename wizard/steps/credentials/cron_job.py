"""Iteration 2's CronJobs: there, not suspended, run often enough, don't hammer Apple, and their pods may exist."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

from wizard.accounts import AccountNames
from wizard.annotations import SUSPENDED_BY
from wizard.choice_values import value_of
from wizard.choices import SCHEDULE, SERVICE_ACCOUNT, TIME_ZONE
from wizard.command import Command, kubectl
from wizard.facts.objects import (
    application_of,
    claim_named,
    cron_job_named,
    events_about,
    fix_for,
    items,
    manager_of,
    more_of,
)
from wizard.facts.runners import cron_jobs, names_of, namespace_unusable
from wizard.facts.sign_in_commands import reauth
from wizard.manifests import to_apply
from wizard.manifests.credentials import cron_job
from wizard.manifests.storage import POD_SECURITY
from wizard.model import Blocker, Finding, Severity, Status
from wizard.schedule import in_words, longest_gap
from wizard.settings import Settings
from wizard.steps.authentication.session_notes import handovers, signing_in
from wizard.steps.base import cut_short, unknown
from wizard.steps.credentials.other_clients import other_client, other_clients
from wizard.world import CronJob, Event, Found, Pod, Unreadable, World

SESSION_LIFE = timedelta(days=30)
LONGEST_SAFE_GAP = timedelta(days=25)


def check_cron_jobs(world: World, settings: Settings) -> Iterator[Finding]:
    if isinstance(world.cron_jobs, Unreadable):
        yield unknown("credentials.cronjobs-unreadable", f"The CronJobs in {settings.namespace}", world.cron_jobs)
        return
    if namespace_unusable(world):
        return
    for names in names_of(settings):
        if job := cron_job_named(world, names.cron_job):
            yield from _cron_job(job, names, world, settings)
        elif more_of(world.cron_jobs):
            yield cut_short("credentials.cronjobs-unreadable", "CronJobs", f"a CronJob {names.cron_job}")
        else:
            clients = other_clients(names, world)
            yield _missing(names, clients, world, settings)
            if clients:
                yield other_client(clients, names)


def _missing(names: AccountNames, clients: list[Pod], world: World, settings: Settings) -> Finding:
    first = (
        f"Stop pod {clients[0].meta.name} first, unless you want to keep it instead. Then create"
        if clients
        else "Create"
    )
    return Finding(
        "credentials.cronjob-missing",
        Severity.ERROR,
        f"The CronJob {names.cron_job} does not exist yet.",
        evidence={f"cronjob/{names.cron_job}": "not found"},
        why="It downloads the photos, run after run.",
        fix=f"{first} it, in git if Argo CD manages this namespace. This one relies on the session alone, without a password.",
        commands=(to_apply(cron_job(settings, names.account, time_zone=value_of(TIME_ZONE, world, settings).value)),),
        implies=Status.ACTION_REQUIRED,
        blocker=Blocker(
            "P0",
            f"CronJob {names.cron_job} does not exist",
            ("iteration_7", "cronjob_execution"),
            user_action_required=True,
            estimated_minutes=5,
            ready_when=(f"CronJob {names.cron_job} exists",),
        ),
    )


def _patch(job: CronJob, patch: str) -> Command:
    return kubectl("patch", "cronjob", job.meta.name, "--type", "merge", "-p", patch, namespace=job.meta.namespace)


def _cron_job(job: CronJob, names: AccountNames, world: World, settings: Settings) -> Iterator[Finding]:
    where = f"cronjob/{job.meta.name}"
    if job.suspend:
        yield _suspended(job, where, names, world, settings)
    else:
        yield Finding(
            "credentials.cronjob",
            Severity.OK,
            f"The CronJob {job.meta.name} exists and is not suspended: {job.schedule} {job.time_zone}".rstrip() + ".",
            evidence={
                f"{where} spec.schedule": job.schedule,
                f"{where} spec.timeZone": job.time_zone or "(the cluster's)",
                "managed by": manager_of(job.meta, application_of(world, "CronJob", job.meta)),
            },
        )
    yield from _schedule(job, where, world, settings)
    yield from _repetition(job, where, world)
    if (job.spec.service_account or "default") != settings[SERVICE_ACCOUNT]:
        fix, commands = fix_for(
            world,
            "CronJob",
            job.meta,
            f"Set serviceAccountName to {settings[SERVICE_ACCOUNT]}.",
            _patch(
                job,
                f'{{"spec":{{"jobTemplate":{{"spec":{{"template":{{"spec":{{"serviceAccountName":"{settings[SERVICE_ACCOUNT]}"}}}}}}}}}}}}',
            ),
        )
        yield Finding(
            "credentials.other-serviceaccount",
            Severity.WARNING,
            f"The CronJob {job.meta.name} runs as ServiceAccount {job.spec.service_account or 'default'}, not {settings[SERVICE_ACCOUNT]}.",
            evidence={f"{where} serviceAccountName": job.spec.service_account or "(default)"},
            why="The settings of the one, above all that it gets no token, don't apply to the other.",
            fix=fix,
            commands=commands,
        )
    for volume in job.spec.volumes:
        if (
            volume.kind == "pvc"
            and isinstance(world.claims, Found)
            and not more_of(world.claims)
            and not claim_named(world, volume.ref)
        ):
            yield Finding(
                "credentials.claim-reference-broken",
                Severity.ERROR,
                f"{job.meta.name} mounts the claim {volume.ref}, which does not exist.",
                evidence={f"{where} volume {volume.name}": f"claim {volume.ref}: not found"},
                why="Its pods would wait forever.",
                fix="Create the claim (step 1) or correct the name.",
                commands=(kubectl("get", "pvc", namespace=settings.namespace),),
                implies=Status.ACTION_REQUIRED,
            )


def _suspended(job: CronJob, where: str, names: AccountNames, world: World, settings: Settings) -> Finding:
    since = job.meta.annotations.get(SUSPENDED_BY)
    if since is not None and any(signing_in(handover, world) for handover in handovers(world)):
        return Finding(
            "credentials.cronjob-paused",
            Severity.INFO,
            f"The CronJob {job.meta.name} is paused while somebody signs in.",
            evidence={f"{where} {SUSPENDED_BY}": since},
            why="A run in the middle of a sign-in would break the session.",
            fix="It resumes when the sign-in ends.",
            implies=Status.IN_PROGRESS,
        )
    fix, commands = fix_for(
        world,
        "CronJob",
        job.meta,
        "Resume it when no sign-in is in progress.",
        _patch(job, '{"spec":{"suspend":false}}'),
    )
    if since is not None:
        fix = "The next sign-in resumes it, and asks you for nothing while the session works."
        undo = f'{{"metadata":{{"annotations":{{"{SUSPENDED_BY}":null}}}},"spec":{{"suspend":false}}}}'
        commands = (reauth(names.account, settings), _patch(job, undo))
    return Finding(
        "credentials.cronjob-suspended",
        Severity.WARNING,
        f"The CronJob {job.meta.name} is suspended"
        + (
            " by this wizard, for a sign-in that was interrupted: nothing is synced."
            if since is not None
            else ": nothing is synced."
        ),
        evidence={f"{where} spec.suspend": True} | ({f"{where} {SUSPENDED_BY}": since} if since is not None else {}),
        why="A suspended CronJob starts no runs, and nothing tells you.",
        fix=fix,
        commands=commands,
        implies=Status.ACTION_REQUIRED,
    )


def _better_schedule(world: World, settings: Settings) -> tuple[str, str]:
    """The chosen schedule and how often that is; the usual one where the chosen one would outlive the session too."""
    for schedule in (settings[SCHEDULE], SCHEDULE.default):
        gap = longest_gap(schedule, "", world.taken_at)
        if gap is not None and gap < LONGEST_SAFE_GAP:
            return schedule, in_words(gap)
    return SCHEDULE.default, "daily"


def _schedule(job: CronJob, where: str, world: World, settings: Settings) -> Iterator[Finding]:
    gap = longest_gap(job.schedule, job.time_zone, world.taken_at)
    schedule, often = _better_schedule(world, settings)
    patch = json.dumps({"spec": {"schedule": schedule}}, separators=(",", ":"))
    fix, commands = fix_for(world, "CronJob", job.meta, f"Run it {often}: {schedule}.", _patch(job, patch))
    if gap is None:
        yield Finding(
            "credentials.schedule-unreadable",
            Severity.WARNING,
            f"The schedule {job.schedule!r} of {job.meta.name} seems never to come due.",
            evidence={f"{where} spec.schedule": job.schedule},
            why="Without runs no photos arrive, and nothing fails.",
            fix=fix,
            commands=commands,
        )
    elif gap >= LONGEST_SAFE_GAP:
        yield Finding(
            "credentials.schedule-outlives-session",
            Severity.WARNING,
            f"The schedule ({in_words(gap)}) outlives Apple's session (about {SESSION_LIFE.days} days).",
            evidence={f"{where} spec.schedule": job.schedule, "longest time between runs": f"{gap.days} days"},
            why="Every run would find its session expired, and ask for a code that nobody is there to type.",
            fix=fix,
            commands=commands,
        )


def _repetition(job: CronJob, where: str, world: World) -> Iterator[Finding]:
    if job.backoff_limit > 0 or job.spec.restart_policy == "OnFailure":
        fix, commands = fix_for(
            world,
            "CronJob",
            job.meta,
            "Set backoffLimit: 0 and restartPolicy: Never; the next scheduled run tries again anyway.",
            _patch(
                job,
                '{"spec":{"jobTemplate":{"spec":{"backoffLimit":0,"template":{"spec":{"restartPolicy":"Never"}}}}}}',
            ),
        )
        yield Finding(
            "credentials.retries-hammer",
            Severity.WARNING,
            f"A failed run is retried (backoffLimit {job.backoff_limit}, restartPolicy {job.spec.restart_policy}), "
            "which can get the account locked.",
            evidence={f"{where} backoffLimit": job.backoff_limit, f"{where} restartPolicy": job.spec.restart_policy},
            why="Retrying does not bring back a session that has ended.",
            fix=fix,
            commands=commands,
        )
    if job.concurrency == "Allow":
        fix, commands = fix_for(
            world,
            "CronJob",
            job.meta,
            "Set concurrencyPolicy to Forbid.",
            _patch(job, '{"spec":{"concurrencyPolicy":"Forbid"}}'),
        )
        yield Finding(
            "credentials.concurrent-runs",
            Severity.WARNING,
            f"Two runs of {job.meta.name} may overlap and break each other's session.",
            evidence={f"{where} spec.concurrencyPolicy": "Allow"},
            why="icloudpd rewrites its session files on every request; two at a time leave them mixed up.",
            fix=fix,
            commands=commands,
        )


def _still_refused(event: Event, world: World) -> bool:
    """Whether the event is about now: no Job has got its pod since."""
    return not any(
        job.state in ("complete", "failed") and event.last_seen and job.started and job.started > event.last_seen
        for job in items(world.jobs)
    )


def refused_pods(world: World, settings: Settings) -> list[Event]:
    """The events that say that a run's pod could not be created, oldest first, as far as they are about now."""
    return [
        event
        for event in events_about(world, "Job")
        if event.reason == "FailedCreate"
        and event.name.startswith(tuple(names.cron_job for names in names_of(settings)))
        and _still_refused(event, world)
    ]


def _conforming(event: Event, world: World, settings: Settings) -> str:
    """How the pods are brought to what the namespace asks for; to let the whole namespace do anything is the last resort."""
    needs = ["mount claims instead of hostPath"] if "hostPath" in event.message else []
    needs += ["set the securityContext that it asks for"] if "securityContext" in event.message else []
    what = " and ".join(needs) or "give it what the message asks for"
    fix = f"In the CronJob's pod template, {what}."
    for job, _ in cron_jobs(world, settings):
        fix, _ = fix_for(world, "CronJob", job.meta, fix)
        break
    return f"{fix} Only an image that must run as root needs a namespace with a lower level ({POD_SECURITY})."


def check_refused_pods(world: World, settings: Settings) -> Iterator[Finding]:
    refused = refused_pods(world, settings)
    if refused and "violates PodSecurity" in refused[-1].message:
        yield Finding(
            "credentials.pod-security-refused",
            Severity.ERROR,
            f"The namespace's Pod Security level refuses the pods of job/{refused[-1].name}.",
            evidence={f"event on job/{refused[-1].name}": refused[-1].message},
            why="Without a pod there is no log either.",
            fix=_conforming(refused[-1], world, settings),
            commands=(
                kubectl("describe", "job", refused[-1].name, namespace=settings.namespace),
                kubectl("get", "namespace", settings.namespace, "--show-labels"),
            ),
            implies=Status.BLOCKED,
        )
    elif refused:
        yield Finding(
            "credentials.pods-refused",
            Severity.ERROR,
            f"The pods of job/{refused[-1].name} can't be created.",
            evidence={f"event on job/{refused[-1].name}": refused[-1].message},
            why="Without a pod there is no log either.",
            fix="The message names the cause: a missing ServiceAccount, a quota, an admission rule.",
            commands=(kubectl("describe", "job", refused[-1].name, namespace=settings.namespace),),
            implies=Status.BLOCKED,
        )
    elif isinstance(world.namespace, Found):
        yield from _host_paths(world.namespace.value.meta.labels.get(POD_SECURITY, ""), world, settings)


def _host_paths(level: str, world: World, settings: Settings) -> Iterator[Finding]:
    paths = [
        (job.meta.name, volume.ref)
        for job, _ in cron_jobs(world, settings)
        for volume in job.spec.volumes
        if volume.kind == "hostPath"
    ]
    if level in ("baseline", "restricted") and paths:
        yield Finding(
            "credentials.pod-security-hostpath",
            Severity.ERROR,
            f"{paths[0][0]} mounts the host folder {paths[0][1]}, which this namespace forbids.",
            evidence={
                f"namespace/{settings.namespace} {POD_SECURITY}": level,
                f"cronjob/{paths[0][0]} hostPath": paths[0][1],
            },
            why="Its pods would be rejected.",
            fix="Mount a claim instead; a hostPath volume behind a claim is allowed.",
            implies=Status.ACTION_REQUIRED,
        )
