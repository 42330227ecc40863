"""What was last said of an account's session, and when: by its runs, by the pods that somebody signed in through, by the note.

A run that ended and could not be read says nothing; it leaves the session in doubt where nothing newer is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from wizard.accounts import AccountNames
from wizard.facts.objects import claims_of, cron_job_named, items, jobs_of, pods_of_job, zone_named
from wizard.icloudpd.log import Reading, moment_of, read_log
from wizard.icloudpd.signs import ENDED, LOG_CUT, SESSION_BROKEN, Sign
from wizard.world import Claim, Found, Job, LogTail, Pod, PodSpec, Unreadable, World

_STARTS_LATE = timedelta(minutes=1)
_SIGNS_IN = timedelta(minutes=3)
"""How long icloudpd may take to sign in by itself after its session was refused."""


@dataclass(frozen=True, slots=True)
class Observation:
    """At `at` the session was accepted (True) or had ended (False), or nobody knows which (None); `source` is who says so.

    `line` is what icloudpd said, `sign` why it could not sign in by itself, `job` the run.
    """

    at: datetime
    accepted: bool | None
    source: str
    line: str = ""
    sign: Sign | None = None
    job: str = ""


@dataclass(frozen=True, slots=True)
class SessionHistory:
    """The newest observation that is known, when the session was last accepted, and a run since then that nobody could read."""

    latest: Observation | None
    verified_at: datetime | None
    doubt: Observation | None


def session_history(names: AccountNames, claim: Claim, recorded_at: datetime | None, world: World) -> SessionHistory:
    """What is known of the session on this claim; `recorded_at` is when it was proved by the note."""
    since = claim.meta.created
    observations = [
        observation
        for observation in (*_of_runs(names, world), *_of_pods(claim, world))
        if since is None or observation.at >= since
    ]
    if recorded_at:
        observations.append(Observation(recorded_at, True, "icloudpd accepted it, recorded on the claim"))
    latest = _newest([observation for observation in observations if observation.accepted is not None])
    doubt = _newest([observation for observation in observations if observation.accepted is None])
    if doubt and latest and latest.at >= doubt.at:
        doubt = None
    return SessionHistory(
        latest, max((observation.at for observation in observations if observation.accepted), default=None), doubt
    )


def _newest(observations: list[Observation]) -> Observation | None:
    """Of two at the same time the one that accepted the session: a proof is made after the failure that it fixes."""
    return max(observations, key=lambda observation: (observation.at, observation.accepted is True), default=None)


def _of_runs(names: AccountNames, world: World) -> Iterator[Observation]:
    """What the account's runs say, of those that say something."""
    jobs = jobs_of(world, names.cron_job)
    if gone := _gone(names, jobs, world):
        yield gone
    for job in jobs:
        if observation := _of_run(job, world):
            yield replace(observation, job=job.meta.name)


def _gone(names: AccountNames, jobs: list[Job], world: World) -> Observation | None:
    """The newest run where it can't be looked at: nobody may read the Jobs, or it failed and was cleared away."""
    cron_job = cron_job_named(world, names.cron_job)
    if isinstance(world.jobs, Unreadable):
        started = cron_job.last_schedule if cron_job else world.taken_at
        if cron_job is None and not isinstance(world.cron_jobs, Unreadable):
            return None
        return Observation(started, None, "the runs could not be read") if started else None
    started = cron_job.last_schedule if cron_job else None
    if cron_job is None or started is None or cron_job.active:
        return None
    listed = any((job.started or job.meta.created or world.taken_at) >= started - _STARTS_LATE for job in jobs)
    if listed or (cron_job.last_success and cron_job.last_success >= started):
        return None
    return Observation(
        started, None, f"the last run of cronjob/{cron_job.meta.name} did not succeed, and its Job is gone"
    )


def _of_run(job: Job, world: World) -> Observation | None:
    ended_at = job.finished or job.started or job.meta.created
    if ended_at is None:
        return None
    where = f"job/{job.meta.name}"
    unexplained = job.state == "failed" and job.reason != "DeadlineExceeded"
    read = world.sync_logs.get(job.meta.name)
    if isinstance(read, Found):
        reading = read_log(read.value)
        observation = _of_log(job, read.value, reading, ended_at, world)
        if observation is None and any(sign.slug == LOG_CUT for sign, _ in reading.signs):
            return Observation(
                ended_at, None, f"{where} failed, and the reason is in a part of its log that was not read"
            )
        if observation or reading.signs or not unexplained:
            return observation
        return Observation(ended_at, None, f"{where} failed, and its log does not say why")
    if job.state not in ("complete", "failed"):
        return None
    if isinstance(read, Unreadable) or (read is None and isinstance(world.job_pods, Unreadable)):
        return Observation(ended_at, None, f"the log of {where} could not be read")
    return Observation(ended_at, None, f"{where} failed, and its log is gone") if read is None and unexplained else None


def _of_log(job: Job, log: LogTail, reading: Reading, ended_at: datetime, world: World) -> Observation | None:
    if not reading.session or (job.state == "running" and _still_trying(job, log, reading, world)):
        return None
    accepted, source = reading.session == "accepted", f"log of pod/{log.pod}"
    if accepted and job.state != "running":
        return Observation(ended_at, True, source)
    written = _written(job, log, reading.session_line, world)
    latest = world.taken_at if job.state == "running" else ended_at
    at = written if written and written <= latest else ended_at
    hindered = (sign for sign, _ in reading.signs if sign.about == "account")
    sign = next((sign for sign in hindered if sign.slug not in ENDED | {SESSION_BROKEN}), None)
    return Observation(at, accepted, source, reading.session_line, None if accepted else sign)


def _still_trying(job: Job, log: LogTail, reading: Reading, world: World) -> bool:
    """Whether a run whose session Apple refused a moment ago may be signing in by itself."""
    since = _written(job, log, reading.session_line, world) or job.started or world.taken_at
    nothing_else = all(sign.slug in ENDED for sign, _ in reading.signs)
    return reading.refused and nothing_else and world.taken_at - since < _SIGNS_IN


def _written(job: Job, log: LogTail, line: str, world: World) -> datetime | None:
    """When the run's program wrote a line; None where the line has no time, or one from before the run."""
    pod = next((pod for pod in pods_of_job(world, job.meta.name) if pod.meta.name == log.pod), None)
    written = moment_of(line, zone_of(pod.spec, world)) if pod else None
    started = job.started or job.meta.created
    return written if written and started and started <= written else None


def log_of(job: Job, world: World) -> LogTail | None:
    """The log of a pod of this Job, if it was read."""
    log = world.sync_logs.get(job.meta.name)
    return log.value if isinstance(log, Found) else None


def _of_pods(claim: Claim, world: World) -> Iterator[Observation]:
    """What was said in pods through which somebody signs in on the claim.

    One that asks for a password says nothing about the session by that alone: it may have its own folder.
    """
    for pod in items(world.pods):
        log = world.auth_logs.get(pod.meta.name)
        if not isinstance(log, Found) or claim.meta.name not in claims_of(pod.spec):
            continue
        reading = read_log(log.value)
        moment = written_at(reading.session_line, pod, world)
        if moment and (reading.session == "accepted" or reading.refused):
            source = f"log of pod/{pod.meta.name}"
            yield Observation(moment, reading.session == "accepted", source, reading.session_line)


def written_at(line: str, pod: Pod, world: World) -> datetime | None:
    """When a pod's program wrote a line; when the pod was made, where the line's time is none in the pod's life."""
    written, created = moment_of(line, zone_of(pod.spec, world)), pod.meta.created
    if written and written <= world.taken_at and (created is None or written >= created):
        return written
    return created


def zone_of(spec: PodSpec, world: World) -> tzinfo:
    """The time zone that a pod's programs print their times in: that of TZ, its own or its ConfigMap's, else UTC."""
    names = [variable.value for container in spec.containers for variable in container.env if variable.name == "TZ"]
    for container in spec.containers:
        for source in container.env_from:
            kind, _, name = source.partition("/")
            read = world.config_maps.get(name)
            if kind == "configmap" and isinstance(read, Found):
                names.append(read.value.data.get("TZ"))
    return zone_named(next((name for name in names if name), None))
