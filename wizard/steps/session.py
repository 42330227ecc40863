"""What is known of Apple's session without asking Apple: annotations on the config claim, and what icloudpd last logged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from wizard.annotations import SESSION_EXPIRES_AT, SESSION_VERIFIED_AT, parse_time
from wizard.model import Session, SessionState
from wizard.settings import AccountNames, Settings
from wizard.steps.icloudpd_log import PROVES_DEAD, SUCCESS, moment_of, read_log
from wizard.steps.look_up import claim_named, claims_of, items, jobs_of, zone_named
from wizard.world import Claim, Found, Job, LogTail, Pod, PodSpec, Unreadable, World

_CLOCKS_DIFFER = timedelta(hours=1)
_LONGEST_LIFE = timedelta(days=400)


def session_of(account: str, world: World, settings: Settings) -> Session:
    """The account's session as of this look. `expires_at` comes from the session's own files, recorded when last seen."""
    names = AccountNames.of(account)
    if isinstance(world.claims, Unreadable):
        return Session(SessionState.UNVERIFIED, source="the claims could not be read")
    claim = claim_named(world, names.config_claim)
    if claim is None:
        return Session(SessionState.MISSING, source=f"there is no claim {names.config_claim}")
    expires_at = noted(claim, SESSION_EXPIRES_AT, world)
    recorded_at = noted(claim, SESSION_VERIFIED_AT, world)
    word = _last_word(claim, names, world)
    verified_at = max((moment for moment in (recorded_at, word.proved) if moment), default=None)
    days_left = max(0, (expires_at - world.taken_at).days) if expires_at else None
    if word.died and (verified_at is None or word.died > verified_at):
        return Session(SessionState.EXPIRED, expires_at, 0, verified_at, word.source)
    if expires_at and expires_at <= world.taken_at and not (verified_at and verified_at > expires_at):
        return Session(
            SessionState.EXPIRED, expires_at, 0, verified_at, "the date in the session's own files has passed"
        )
    if verified_at is None:
        return Session(
            SessionState.UNVERIFIED, expires_at, days_left, None, "nobody has proved a session on the claim yet"
        )
    source = word.source if word.proved == verified_at else "icloudpd accepted it, recorded on the claim"
    due = days_left is not None and days_left <= settings.warning_days
    return Session(SessionState.EXPIRING if due else SessionState.VALID, expires_at, days_left, verified_at, source)


def noted(claim: Claim, key: str, world: World) -> datetime | None:
    """A time noted on the claim; None when there is none, and for what can't be: proved tomorrow, lasting for years."""
    moment = parse_time(claim.meta.annotations.get(key))
    latest = world.taken_at + (_CLOCKS_DIFFER if key == SESSION_VERIFIED_AT else _LONGEST_LIFE)
    return moment if moment and moment <= latest else None


@dataclass(frozen=True, slots=True)
class _LastWord:
    """When icloudpd's logs last said that the session is dead, when that it is accepted, and which pod said the latter of both."""

    died: datetime | None = None
    proved: datetime | None = None
    source: str = ""


def _last_word(claim: Claim, names: AccountNames, world: World) -> _LastWord:
    run = _run(names, world)
    signed_in = _signed_in(claim, world)
    if signed_in is None:
        return run
    moment, source = signed_in
    newest = max((known for known in (run.died, run.proved) if known), default=None)
    if run.proved and run.proved >= moment:
        return run
    return _LastWord(run.died, moment, source if newest is None or moment > newest else run.source)


def _run(names: AccountNames, world: World) -> _LastWord:
    """What the log of this account's newest run says that says anything about the session."""
    for job in reversed(jobs_of(world, names.cron_job)):
        log = log_of(job, world)
        moment = job.finished or job.started or job.meta.created
        if log is None or moment is None:
            continue
        reading, source = read_log(log), f"log of pod/{log.pod}"
        if any(sign.slug in PROVES_DEAD for sign, _ in reading.signs):
            return _LastWord(died=moment, source=source)
        got_in = reading.ending == "signed-in" or reading.downloading
        if got_in and not any(sign.about == "account" for sign, _ in reading.signs):
            return _LastWord(proved=moment, source=source)
    return _LastWord()


def log_of(job: Job, world: World) -> LogTail | None:
    """The log of a pod of this Job, if it was read."""
    log = world.sync_logs.get(job.meta.name)
    return log.value if isinstance(log, Found) else None


def _signed_in(claim: Claim, world: World) -> tuple[datetime, str] | None:
    """When somebody last signed in through an auth pod that mounts the claim, and where that is seen."""
    known = []
    for pod in items(world.pods):
        log = world.auth_logs.get(pod.meta.name)
        if not isinstance(log, Found) or claim.meta.name not in claims_of(pod.spec):
            continue
        if read_log(log.value).ending == "signed-in":
            line = next((line for line in reversed(log.value.lines) if SUCCESS in line), "")
            if moment := said_at(line, pod, world):
                known.append((moment, f"log of pod/{pod.meta.name}"))
    return max(known, default=None)


def said_at(line: str, pod: Pod, world: World) -> datetime | None:
    """When a pod's program wrote a line; when the pod was made, where the line's time is none in the pod's life."""
    written, created = moment_of(line, zone_of(pod.spec, world)), pod.meta.created
    if written and written <= world.taken_at and (created is None or written >= created):
        return written
    return created


def zone_of(spec: PodSpec, world: World) -> tzinfo:
    """The time zone that a pod's programs print their times in: that of TZ, its own or its ConfigMap's, else UTC."""
    names = [one.value for container in spec.containers for one in container.env if one.name == "TZ"]
    for container in spec.containers:
        for source in container.env_from:
            kind, _, name = source.partition("/")
            read = world.config_maps.get(name)
            if kind == "configmap" and isinstance(read, Found):
                names.append(read.value.data.get("TZ"))
    known = next((name for name in names if name), None)
    return zone_named(known)
