"""Step 7's counts: the photos that the last verification found in iCloud, on the volume and in Immich."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wizard.accounts import AccountNames
from wizard.annotations import VERIFIED_AT, VERIFIED_COUNTS, parse_time, read_json
from wizard.choices import PHOTOS_CLAIM, SKIPPED
from wizard.facts.objects import (
    claim_named,
    cron_job_named,
    jobs_of,
    listed,
    more_of,
)
from wizard.facts.session import session_of
from wizard.model import Finding, SessionState, Severity, Status
from wizard.settings import Settings
from wizard.world import Missing, Unreadable, World


def waits_for(world: World, settings: Settings) -> list[str]:
    """What has to come first, as "step 3 (a session)"."""
    waits = []
    if not (isinstance(world.cron_jobs, Unreadable) or more_of(world.cron_jobs)) and not all(
        cron_job_named(world, AccountNames.of(account, settings).cron_job) for account in settings.accounts
    ):
        waits.append("step 2 (the CronJob)")
    states = {session_of(account, world, settings).state for account in settings.accounts}
    if not states <= {SessionState.VALID, SessionState.EXPIRING}:
        waits.append("step 3 (a session)")
    if isinstance(world.immich, Missing) and "immich" not in settings[SKIPPED]:
        waits.append("step 5 (Immich)")
    return waits


def photos_annotation(world: World, key: str, settings: Settings) -> str | None:
    claim = claim_named(world, settings[PHOTOS_CLAIM])
    return claim.meta.annotations.get(key) if claim else None


def run_under_way(world: World, settings: Settings) -> bool:
    """Whether a run is going on, before whose end nothing can be counted or written down."""
    names = [AccountNames.of(account, settings).cron_job for account in settings.accounts]
    return any(job.state == "running" for name in names for job in jobs_of(world, name))


_PLACES = {"icloud": "iCloud", "volume": "volume", "immich": "Immich"}


def _counted(place: str, counts: Mapping[str, object]) -> str:
    number = counts.get(place)
    return f"{_PLACES[place]} {f'{number:,}' if isinstance(number, int) else 'unknown'}"


def check_counts(world: World, settings: Settings) -> Iterator[Finding]:
    claim = claim_named(world, settings[PHOTOS_CLAIM])
    counts = read_json(claim.meta.annotations, VERIFIED_COUNTS) if claim else {}
    if counts:
        verified_at = parse_time(photos_annotation(world, VERIFIED_AT, settings))
        counted = [
            name for name in ("icloud", "volume", "immich") if name != "immich" or "immich" not in settings[SKIPPED]
        ]
        numbers = {name: counts.get(name) for name in counted}
        evidence = {
            f"persistentvolumeclaim/{settings[PHOTOS_CLAIM]} {VERIFIED_COUNTS}": ", ".join(
                f"{k} {v}" for k, v in numbers.items()
            )
        }
        counted_numbers = [value for value in numbers.values() if isinstance(value, int)]
        equal = len(set(counted_numbers)) == 1 and len(counted_numbers) == len(numbers)
        when = f" on {verified_at.day} {verified_at:%B}" if verified_at else ""
        yield Finding(
            "verification.counts" if equal else "verification.counts-differ",
            Severity.OK if equal else Severity.WARNING,
            f"{listed(_PLACES[name] for name in counted)} counted the same{when}: {counted_numbers[0]:,}."
            if equal
            else f"The counts differed{when}: {listed(_counted(name, counts) for name in counted)}.",
            evidence,
            why=""
            if equal
            else "Photos are missing somewhere on the way, or were counted while they were still arriving.",
            fix=""
            if equal
            else "Live Photos count as two files; a full sync without --until-found downloads whatever else is missing.",
            implies=None if equal else Status.ACTION_REQUIRED,
        )
    elif not waits_for(world, settings) and not run_under_way(world, settings):
        yield Finding(
            "verification.not-counted",
            Severity.UNKNOWN,
            "Nobody has counted yet whether all photos arrived everywhere.",
            evidence={f"persistentvolumeclaim/{settings[PHOTOS_CLAIM]} {VERIFIED_COUNTS}": "not recorded"},
            why="Only a count shows that nothing was lost on the way.",
            fix="Compare the number of files on the volume with the library's count in Immich.",
            implies=Status.UNKNOWN,
        )
