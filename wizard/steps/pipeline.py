"""The way of a photo, hop by hop: iCloud, icloudpd, volume, Immich, you. Only what was observed lights a lamp."""

from __future__ import annotations

from wizard.accounts import AccountNames
from wizard.annotations import VERIFIED_COUNTS, read_json
from wizard.choices import PHOTOS_CLAIM
from wizard.facts.ingresses import immich_routes, ingresses_around
from wizard.facts.objects import claim_named, cron_job_named, jobs_of, more_of
from wizard.facts.session_history import log_of
from wizard.icloudpd.log import read_log
from wizard.model import Account, Hop, SessionState, Status
from wizard.settings import Settings
from wizard.world import Found, Job, Missing, Unreadable, World

_SESSION = {
    SessionState.VALID: "ok",
    SessionState.EXPIRING: "waiting",
    SessionState.EXPIRED: "broken",
    SessionState.MISSING: "broken",
    SessionState.UNVERIFIED: "unknown",
}


def pipeline(
    world: World, settings: Settings, accounts: tuple[Account, ...], statuses: dict[str, Status]
) -> tuple[Hop, ...]:
    """The five hops with their state and a count where one is known."""
    claim = claim_named(world, settings[PHOTOS_CLAIM])
    counts = read_json(claim.meta.annotations, VERIFIED_COUNTS) if claim else {}

    def count(name: str) -> str:
        value = counts.get(name)
        return f"{value:,}" if isinstance(value, int) else ""

    worst = max(accounts, key=lambda account: list(_SESSION).index(account.session.state))
    days = worst.session.days_left
    note = f"{days} days" if days is not None else count("icloud")
    return (
        Hop("iCloud", _SESSION[worst.session.state], note),
        Hop("icloudpd", *_icloudpd(world, settings, statuses)),
        Hop("volume", _volume(world, statuses, settings), count("volume")),
        Hop("Immich", *_immich(world, statuses, count("immich"))),
        Hop("you", *_you(world, statuses)),
    )


def _icloudpd(world: World, settings: Settings, statuses: dict[str, Status]) -> tuple[str, str]:
    if isinstance(world.cron_jobs, Unreadable):
        return "unknown", ""
    names = [AccountNames.of(account, settings).cron_job for account in settings.accounts]
    if not all(cron_job_named(world, name) for name in names):
        return ("unknown" if more_of(world.cron_jobs) else "broken"), ""
    runs = [jobs[-1] for name in names if (jobs := jobs_of(world, name))]
    if any(job.state == "running" for job in runs):
        return "busy", "running"
    if statuses.get("credentials") in (Status.ACTION_REQUIRED, Status.BLOCKED, Status.FAILED):
        return "broken", ""
    if not runs:
        return "waiting", "no run yet"
    return (
        ("ok", "")
        if all(job.state == "complete" and not _found_session_ended(job, world) for job in runs)
        and statuses.get("verification") is not Status.FAILED
        else ("broken", "")
    )


def _found_session_ended(job: Job, world: World) -> bool:
    log = log_of(job, world)
    return log is not None and read_log(log).session == "ended"


def _volume(world: World, statuses: dict[str, Status], settings: Settings) -> str:
    claim = claim_named(world, settings[PHOTOS_CLAIM])
    if isinstance(world.claims, Unreadable) or (claim is None and more_of(world.claims)):
        return "unknown"
    if claim is None or claim.phase == "Lost" or claim.meta.deleting or statuses.get("storage") is Status.FAILED:
        return "broken"
    return "ok" if claim.phase == "Bound" and statuses.get("storage") is not Status.BLOCKED else "waiting"


def _immich(world: World, statuses: dict[str, Status], count: str) -> tuple[str, str]:
    match world.immich:
        case Missing() if statuses.get("immich") is Status.SKIPPED:
            return "unknown", "elsewhere"
        case Missing():
            return "broken", "none"
        case Unreadable():
            return "unknown", ""
        case Found(value=immich):
            if not immich.ready or not immich.version:
                return "waiting", immich.version or ""
            return ("ok" if statuses.get("immich") is Status.COMPLETE else "waiting"), count or immich.version


def _you(world: World, statuses: dict[str, Status]) -> tuple[str, str]:
    if isinstance(world.immich, Missing):
        return ("unknown" if statuses.get("immich") is Status.SKIPPED else "waiting"), ""
    if isinstance(ingresses_around(world), Unreadable) or isinstance(world.immich, Unreadable):
        return "unknown", ""
    routes = immich_routes(world)
    if not routes:
        return "broken", ""
    return ("ok" if any(item.addresses for item, _ in routes) else "waiting"), routes[0][1].host
