"""What is known of Apple's session without asking Apple: annotations on the config claim, and what icloudpd last logged."""

from __future__ import annotations

from datetime import datetime

from wizard.annotations import SESSION_EXPIRES_AT, SESSION_VERIFIED_AT, parse_time
from wizard.model import Session, SessionState
from wizard.settings import AUTH_POD, DEFAULT_ACCOUNT, AccountNames, Settings
from wizard.steps.icloudpd_log import SESSION_DEAD, Reading, read_log
from wizard.steps.look_up import claim_named, items, jobs_of
from wizard.world import Found, Job, Unreadable, World


def session_of(account: str, world: World, settings: Settings) -> Session:
    """The account's session as of this look. `expires_at` comes from the session's own files, recorded when last seen."""
    names = AccountNames.of(account)
    if isinstance(world.claims, Unreadable):
        return Session(SessionState.UNVERIFIED, source="the claims could not be read")
    claim = claim_named(world, names.config_claim)
    if claim is None:
        return Session(SessionState.MISSING, source=f"there is no claim {names.config_claim}")
    expires_at = parse_time(claim.meta.annotations.get(SESSION_EXPIRES_AT))
    recorded_at = parse_time(claim.meta.annotations.get(SESSION_VERIFIED_AT))
    died, proved, where = _last_word(account, names, world)
    verified_at = max((moment for moment in (recorded_at, proved) if moment), default=None)
    days_left = max(0, (expires_at - world.taken_at).days) if expires_at else None
    if died and (recorded_at is None or died > recorded_at):
        return Session(SessionState.EXPIRED, expires_at, 0, verified_at, where)
    if expires_at and expires_at <= world.taken_at:
        return Session(
            SessionState.EXPIRED, expires_at, 0, verified_at, "the date in the session's own files has passed"
        )
    if verified_at is None:
        return Session(
            SessionState.UNVERIFIED, expires_at, days_left, None, "nobody has proved a session on the claim yet"
        )
    source = where if proved and proved == verified_at else "icloudpd accepted it, recorded on the claim"
    due = days_left is not None and days_left <= settings.warning_days
    return Session(SessionState.EXPIRING if due else SessionState.VALID, expires_at, days_left, verified_at, source)


def _last_word(account: str, names: AccountNames, world: World) -> tuple[datetime | None, datetime | None, str]:
    """When icloudpd's log last said that the session is dead, when that it is accepted, and which pod said so."""
    died: datetime | None = None
    proved: datetime | None = None
    where = ""
    job = _newest_finished(names, world)
    if job and isinstance(world.sync_log, Found) and world.sync_log.value.pod.startswith(job.meta.name):
        where = f"log of pod/{world.sync_log.value.pod}"
        reading = read_log(world.sync_log.value)
        moment = job.finished or job.started or job.meta.created
        if any(sign.slug == SESSION_DEAD for sign, _ in reading.signs):
            died = moment
        elif _got_in(reading):
            proved = moment
    if account == DEFAULT_ACCOUNT and isinstance(world.auth_log, Found):
        pod = next((pod for pod in items(world.pods) if pod.meta.name == world.auth_log.value.pod), None)
        if pod and pod.meta.name.startswith(AUTH_POD) and read_log(world.auth_log.value).ending == "signed-in":
            moment = pod.meta.created
            if moment and (proved is None or moment > proved):
                proved, where = moment, f"log of pod/{pod.meta.name}"
    return died, proved, where


def _got_in(reading: Reading) -> bool:
    return not reading.signs and (bool(reading.downloading) or reading.ending == "signed-in")


def _newest_finished(names: AccountNames, world: World) -> Job | None:
    finished = [job for job in jobs_of(world, names.cron_job) if job.state in ("complete", "failed")]
    return finished[-1] if finished else None
