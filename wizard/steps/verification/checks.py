"""Iteration 7: a run by hand has brought photos, they are counted in Immich, and the way of living with it is written down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from wizard.accounts import AccountNames
from wizard.annotations import INSTANTIATE, RUNBOOK_WRITTEN_AT, VERIFIED_AT, parse_time
from wizard.choices import PHOTOS_CLAIM, SKIPPED, TIME_ZONE
from wizard.command import Command, kubectl
from wizard.facts.objects import (
    cron_job_named,
    items,
    jobs_of,
    listed,
    moment_in_words,
    pods_of_job,
    zone_named,
)
from wizard.facts.pod_problem import pod_problem
from wizard.facts.session import session_of
from wizard.facts.session_history import log_of
from wizard.facts.sign_in_commands import reauth, run_by_hand
from wizard.icloudpd.log import evidence_line, findings_from, read_log
from wizard.icloudpd.signs import DOWNLOADS_REFUSED, ENDED, SESSION_BROKEN, WRONG_PASSWORD
from wizard.iterations import iteration
from wizard.model import Finding, SessionState, Severity, Status
from wizard.schedule import longest_gap
from wizard.settings import DEFAULT_ACCOUNT, Settings
from wizard.steps.base import Need, Step, unknown
from wizard.steps.credentials.cron_job import refused_pods
from wizard.steps.verification.counts import check_counts, photos_annotation, run_under_way, waits_for
from wizard.steps.verification.table import runs_table
from wizard.world import Job, Unreadable, World


def check_runs(world: World, settings: Settings) -> Iterator[Finding]:
    if isinstance(world.jobs, Unreadable):
        yield unknown("verification.jobs-unreadable", f"The Jobs in {settings.namespace}", world.jobs)
        return
    if isinstance(world.cron_jobs, Unreadable):
        yield unknown("verification.cronjobs-unreadable", f"The CronJobs in {settings.namespace}", world.cron_jobs)
    if isinstance(world.claims, Unreadable):
        yield unknown("verification.claims-unreadable", f"The claims in {settings.namespace}", world.claims)
    for account in settings.accounts:
        yield from _runs(account, world, settings)
    if waits := waits_for(world, settings):
        yield Finding(
            "verification.waits",
            Severity.INFO,
            f"Waits for {listed(waits)}.",
            why="A run proves something only if it can sign in, and Immich can count only once it is installed.",
            implies=Status.PENDING,
        )


def _whose(account: str) -> str:
    return "" if account == DEFAULT_ACCOUNT else f" of account {account}"


def _runs(account: str, world: World, settings: Settings) -> Iterator[Finding]:
    names, who = AccountNames.of(account, settings), _whose(account)
    jobs = jobs_of(world, names.cron_job)
    start = (run_by_hand(names, settings),)
    running = [job for job in jobs if job.state == "running"]
    finished = [job for job in jobs if job.state in ("complete", "failed")]
    for job in running[-1:]:
        yield from _running(job, who, world, settings)
    session_alone = bool(finished) and _failed_for_its_session_alone(finished[-1], account, world, settings)
    if finished:
        if signed_in := _signed_in_since(finished[-1], account, world, settings):
            yield _before_sign_in(finished[-1], who, signed_in, start, world)
        else:
            result = _finished(finished[-1], account, world, settings, newest=finished[-1] is jobs[-1])
            yield from (_after_sign_in(finding) if session_alone else finding for finding in result)
    by_hand = [job for job in finished if job.meta.annotations.get(INSTANTIATE) == "manual" and job.state == "complete"]
    verified = parse_time(photos_annotation(world, VERIFIED_AT, settings))
    if by_hand:
        yield Finding(
            "verification.run-by-hand",
            Severity.OK,
            f"A manual run{who} has completed: {by_hand[-1].meta.name}.",
            evidence={f"job/{by_hand[-1].meta.name}": "complete"},
        )
    elif not verified and not running and not waits_for(world, settings):
        yield Finding(
            "verification.no-run-by-hand",
            Severity.WARNING,
            f"No manual run{who} has completed yet.",
            evidence={"jobs looked at": len(jobs)},
            why="Otherwise only the next scheduled run shows whether it works.",
            fix="Start one from the CronJob and watch it.",
            commands=start,
            implies=Status.ACTION_REQUIRED,
        )
    yield from (_after_sign_in(finding) if session_alone else finding for finding in _last_success(names, who, world))


def _running(job: Job, who: str, world: World, settings: Settings) -> Iterator[Finding]:
    refused = [event for event in refused_pods(world, settings) if event.name == job.meta.name]
    if refused and not pods_of_job(world, job.meta.name):
        yield Finding(
            "verification.run-without-pod",
            Severity.WARNING,
            f"The run{who} {job.meta.name} is waiting for a pod that the cluster refuses to create.",
            evidence={f"event on job/{job.meta.name}": refused[-1].message},
            why="Nothing is downloaded, although the Job counts as running.",
            fix="Step 2 says what is in the way.",
            implies=Status.PENDING,
        )
        return
    for pod in pods_of_job(world, job.meta.name):
        if problem := pod_problem(pod, items(world.events)):
            yield problem.finding("verification")
            return
    log = log_of(job, world)
    yield Finding(
        "verification.running",
        Severity.INFO,
        f"A run{who} is in progress: {job.meta.name}.",
        evidence={f"job/{job.meta.name}": "running"}
        | ({"log": read_log(log).downloading or evidence_line(log.lines[-1])} if log and log.lines else {}),
        implies=Status.IN_PROGRESS,
    )


_ENDED_SESSION = ENDED | {SESSION_BROKEN}
_FOLLOWS_FROM_IT = _ENDED_SESSION | {"run-failed", "run-lied", "no-recent-success"}


def _failed_for_its_session_alone(job: Job, account: str, world: World, settings: Settings) -> bool:
    """Whether iteration 3 has all that this run lacked: its log names the ended session, which is still so, and nothing else."""
    log = log_of(job, world)
    slugs = {sign.slug for sign, _ in read_log(log).signs} if log else set()
    ended = session_of(account, world, settings).state is SessionState.EXPIRED
    return ended and bool(slugs) and slugs <= _ENDED_SESSION and "authentication" not in settings[SKIPPED]


def _after_sign_in(finding: Finding) -> Finding:
    """The finding of such a run; what follows from the ended session waits for iteration 3, which counts it."""
    follows = finding.id.removeprefix("verification.") in _FOLLOWS_FROM_IT
    return replace(finding, implies=Status.PENDING) if follows else finding


def _signed_in_since(job: Job, account: str, world: World, settings: Settings) -> datetime | None:
    """When the session was proved after a run that failed for nothing but the session; None when that is not the case."""
    log, session = log_of(job, world), session_of(account, world, settings)
    if log is None or read_log(log).session != "ended":
        return None
    works = session.state in (SessionState.VALID, SessionState.EXPIRING)
    after = works and session.verified_at and job.finished and session.verified_at > job.finished
    return session.verified_at if after else None


def _before_sign_in(job: Job, who: str, signed_in: datetime, start: tuple[Command, ...], world: World) -> Finding:
    log = log_of(job, world)
    signs = read_log(log).signs if log else ()
    return Finding(
        "verification.run-before-sign-in",
        Severity.INFO,
        f"The last run{who} found that the session had ended; somebody has signed in since.",
        evidence={f"job/{job.meta.name}": job.state, "finished": job.finished, "session proved": signed_in}
        | {f"{sign.slug} in its log": evidence_line(line) for sign, line in signs},
        why="No run has used the session since then.",
        fix="Wait for the next run, or start one by hand."
        + (
            " The password in the cluster was refused: correct it before the session ends again."
            if any(sign.slug == WRONG_PASSWORD for sign, _ in signs)
            else ""
        ),
        commands=start,
        implies=Status.PENDING,
    )


def _finished(job: Job, account: str, world: World, settings: Settings, *, newest: bool) -> Iterator[Finding]:
    who = _whose(account)
    where = f"job/{job.meta.name}"
    log = log_of(job, world)
    template = next((item for item in items(world.cron_jobs) if job.meta.owner == f"CronJob/{item.meta.name}"), None)
    zone = zone_named((template.time_zone if template else None) or settings[TIME_ZONE])
    problems = [
        problem.finding("verification")
        for pod in pods_of_job(world, job.meta.name)
        if (problem := pod_problem(pod, items(world.events)))
    ]
    signs = list(findings_from("verification", log, ("account", "run"))) if log else []
    renew = (reauth(account, settings, "--renew"),)
    signs = [
        replace(sign, commands=renew) if sign.id == f"verification.{DOWNLOADS_REFUSED}" else sign for sign in signs
    ]
    logs = (kubectl("logs", f"job/{job.meta.name}", namespace=settings.namespace),)
    yield from (problem for problem in problems[:1] if problem.id not in {sign.id for sign in signs})
    yield from signs
    read = world.sync_logs.get(job.meta.name)
    if isinstance(read, Unreadable) and job.state == "complete":
        yield unknown("verification.log-unreadable", f"The log of the last run{who}", read)
    elif log is None and job.state == "complete" and newest and isinstance(world.job_pods, Unreadable):
        yield unknown("verification.job-pods-unreadable", f"What the last run{who} logged", world.job_pods)
    elif log is None and job.state == "complete" and newest:
        yield Finding(
            "verification.log-not-read",
            Severity.INFO,
            f"The log of the last run{who} was not read, so it is not certain that it worked.",
            evidence={where: "complete", "log": "of another run, or gone with its pod"},
            why="icloudpd exits 0 on most failures; only its log tells.",
            fix="Read it yourself while its pod still exists.",
            commands=logs,
        )
    if job.state == "failed":
        late = job.reason == "DeadlineExceeded"
        yield Finding(
            "verification.run-too-long" if late else "verification.run-failed",
            Severity.ERROR,
            f"The last run{who} took longer than its deadline allows."
            if late
            else f"The last run{who} failed: {job.meta.name}.",
            evidence={where: f"{job.reason} {job.message}".strip() or "failed", "finished": job.finished or "unknown"},
            why="A first sync of a large library can take days; what was downloaded stays."
            if late
            else "Its log says why; Argo CD does not show it.",
            fix="Raise activeDeadlineSeconds." if late else "Read its log, fix what it names, then start one by hand.",
            commands=logs,
            implies=Status.FAILED,
        )
    elif any(finding.implies is not Status.IN_PROGRESS for finding in signs):
        yield Finding(
            "verification.run-lied",
            Severity.ERROR,
            f"The last run{who} counts as complete, but its log says that it failed.",
            evidence={
                where: "complete",
                f"log of pod/{log.pod if log else ''}": next(iter(signs[0].evidence.values()), ""),
            },
            why="icloudpd exits 0 on most failures.",
            fix="Fix what the log names.",
            commands=logs,
            implies=Status.FAILED,
        )
    elif not signs:
        yield Finding(
            "verification.last-run",
            Severity.OK,
            f"The last run{who} completed" + (f" on {moment_in_words(job.finished, zone)}." if job.finished else "."),
            evidence={where: "complete"}
            | ({"log": read_log(log).downloading} if log and read_log(log).downloading else {}),
        )


def _last_success(names: AccountNames, who: str, world: World) -> Iterator[Finding]:
    job = cron_job_named(world, names.cron_job)
    gap = longest_gap(job.schedule, job.time_zone, world.taken_at) if job else None
    if job is None or gap is None:
        return
    overdue = gap * 2 + timedelta(hours=6)
    if job.last_success and world.taken_at - job.last_success > overdue:
        age = world.taken_at - job.last_success
        yield Finding(
            "verification.no-recent-success",
            Severity.ERROR,
            f"No run{who} has succeeded for {age.days} {'day' if age.days == 1 else 'days'}.",
            evidence={f"cronjob/{job.meta.name} status.lastSuccessfulTime": job.last_success},
            why="No new photos have arrived since.",
            fix="The CronJob is suspended: step 2 shows how to resume it."
            if job.suspend
            else "The last run's log says why.",
            implies=Status.FAILED,
        )
    elif not job.last_schedule and not job.suspend and job.meta.created and world.taken_at - job.meta.created > overdue:
        yield Finding(
            "verification.never-scheduled",
            Severity.ERROR,
            f"The CronJob {job.meta.name} should have started a run by now, but never has.",
            evidence={f"cronjob/{job.meta.name} status.lastScheduleTime": "never", "created": job.meta.created},
            why="Kubernetes' CronJob controller is not running, or the schedule never comes due.",
            fix="Its events say more.",
            commands=(kubectl("describe", "cronjob", job.meta.name, namespace=job.meta.namespace),),
            implies=Status.FAILED,
        )


def check_runbook(world: World, settings: Settings) -> Iterator[Finding]:
    written = parse_time(photos_annotation(world, RUNBOOK_WRITTEN_AT, settings))
    if written:
        yield Finding(
            "verification.runbook",
            Severity.OK,
            f"The runbook for this setup was written on {written.day} {written:%B %Y}.",
            evidence={f"persistentvolumeclaim/{settings[PHOTOS_CLAIM]} {RUNBOOK_WRITTEN_AT}": written},
        )
    elif not waits_for(world, settings) and not run_under_way(world, settings):
        yield Finding(
            "verification.no-runbook",
            Severity.INFO,
            "There is no runbook for this setup yet.",
            evidence={f"persistentvolumeclaim/{settings[PHOTOS_CLAIM]} {RUNBOOK_WRITTEN_AT}": "not recorded"},
            why="Next month somebody has to know how to sign in again.",
            fix="Write down where the manifests are, when runs happen and how to sign in.",
            implies=Status.ACTION_REQUIRED,
        )


def check_other_jobs(world: World, settings: Settings) -> Iterator[Finding]:
    del settings
    stuck = [job for job in items(world.jobs) if job.state == "suspended"]
    if stuck:
        yield Finding(
            "verification.job-suspended",
            Severity.INFO,
            f"Job {stuck[-1].meta.name} is suspended and does nothing.",
            evidence={f"job/{stuck[-1].meta.name} spec.suspend": True},
            fix="Resume or delete it.",
        )


STEP = Step(
    iteration("verification"),
    "One run started by hand, and the same photos counted on the volume and in Immich. Then the phone app, and a runbook for this setup.",
    (
        check_runs,
        check_counts,
        check_runbook,
        check_other_jobs,
    ),
    table=runs_table,
    work="start a run by hand",
    needs=(Need("create", "jobs.batch"),),
)
