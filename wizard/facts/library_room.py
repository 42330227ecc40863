"""Whether what iCloud held at the last sign-ins, as noted on the config claims, has room here."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.accounts import AccountNames
from wizard.annotations import LIBRARY_COUNT, read_json
from wizard.choices import PHOTOS_CLAIM
from wizard.facts.objects import claim_named, cron_job_named
from wizard.icloud.library_size import HEADROOM, library_findings
from wizard.icloud.steps import Library
from wizard.model import Finding
from wizard.quantity import bytes_of
from wizard.settings import Settings
from wizard.world import Claim, World


def check_room(world: World, settings: Settings) -> Iterator[Finding]:
    """Compares all libraries with the photos claim and, before its first sync is through, each with its CronJob's deadline."""
    photos, everything = claim_named(world, settings[PHOTOS_CLAIM]), _everything(world, settings)
    if photos and everything:
        yield from library_findings(
            everything,
            claim_bytes=_room(photos),
            deadline_seconds=None,
            claim=photos.meta.name,
            namespace=settings.namespace,
        )
    for account in settings.accounts:
        library, job = (
            _counted(account, world, settings),
            cron_job_named(world, AccountNames.of(account, settings).cron_job),
        )
        if library and job and not job.last_success:
            yield from library_findings(
                library,
                claim_bytes=None,
                deadline_seconds=job.deadline_seconds,
                cron_job=job.meta.name,
                namespace=settings.namespace,
            )


def library_fits(claim: Claim, world: World, settings: Settings) -> bool:
    """Whether every account's library was counted, and all of them fit on the photos claim."""
    everything = _everything(world, settings)
    size = everything.estimated_bytes if everything else None
    return claim.meta.name == settings[PHOTOS_CLAIM] and size is not None and size * HEADROOM <= _room(claim)


def _room(claim: Claim) -> float:
    return bytes_of(claim.capacity or claim.requested)


def _everything(world: World, settings: Settings) -> Library | None:
    """All accounts' libraries as one; None while not all of them were counted."""
    libraries = [_counted(account, world, settings) for account in settings.accounts]
    counted = [library for library in libraries if library and library.estimated_bytes is not None]
    if not counted or len(counted) < len(libraries):
        return None
    return Library(
        sum(library.count for library in counted), sum(library.estimated_bytes or 0 for library in counted), "storage"
    )


def _counted(account: str, world: World, settings: Settings) -> Library | None:
    claim = claim_named(world, AccountNames.of(account, settings).config_claim)
    note = read_json(claim.meta.annotations, LIBRARY_COUNT) if claim else {}
    count, size = note.get("count"), note.get("bytes")
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        return None
    return Library(count, size if isinstance(size, int) and size >= 0 else None, "storage")
