"""Finding one's way in a World: the questions that more than one iteration asks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wizard.annotations import SYNC_OPTIONS, TRACKING_ID, application_in
from wizard.command import Command
from wizard.settings import IMMICH_NEEDS
from wizard.world import (
    Claim,
    CronJob,
    Event,
    Found,
    Immich,
    Job,
    Meta,
    Page,
    Pod,
    PodSpec,
    Read,
    StorageClass,
    World,
)

T = TypeVar("T")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def items(read: Read[Page[T]]) -> tuple[T, ...]:
    """What a list is known to hold; empty when it could not be read."""
    return read.value.items if isinstance(read, Found) else ()


def more_of(read: Read[Page[T]]) -> bool:
    """Whether a list was read in part only, so that what is not in it may be there all the same."""
    return isinstance(read, Found) and read.value.more


def claim_named(world: World, name: str) -> Claim | None:
    """The claim of that name in our namespace."""
    return next((claim for claim in items(world.claims) if claim.meta.name == name), None)


def cron_job_named(world: World, name: str) -> CronJob | None:
    """The CronJob of that name in our namespace."""
    return next((job for job in items(world.cron_jobs) if job.meta.name == name), None)


def default_class(page: Page[StorageClass]) -> StorageClass | None:
    """The default storage class; the newest when several say that they are, as the API server does it."""
    marked = [item for item in page.items if item.default]
    return max(marked, key=lambda item: (item.meta.created or _LONG_AGO, item.meta.name), default=None)


def class_of(claim: Claim, page: Page[StorageClass]) -> StorageClass | None:
    """The claim's storage class: the one that it names, the default where it names none; "" means none at all."""
    if claim.storage_class is None:
        return default_class(page)
    return next((item for item in page.items if item.meta.name == claim.storage_class), None)


def events_about(world: World, kind: str, name: str | None = None) -> list[Event]:
    """Events about objects of that kind (and name), oldest first."""
    chosen = [event for event in items(world.events) if event.kind == kind and name in (None, event.name)]
    return sorted(chosen, key=lambda event: event.last_seen or world.taken_at)


def claims_of(spec: PodSpec) -> frozenset[str]:
    """Names of the claims that a pod mounts."""
    return frozenset(volume.ref for volume in spec.volumes if volume.kind == "pvc")


def all_pods(world: World) -> tuple[Pod, ...]:
    """Every pod of our namespace that was read, each once."""
    pods = {pod.meta.name: pod for pod in items(world.pods) + items(world.job_pods)}
    return tuple(pods.values())


def mounting_pods(world: World, claim: str) -> list[Pod]:
    """Pods of our namespace that mount the claim and are not finished."""
    return [pod for pod in all_pods(world) if pod.phase in ("Pending", "Running") and claim in claims_of(pod.spec)]


def jobs_of(world: World, cron_job: str) -> list[Job]:
    """The CronJob's Jobs (started by schedule or by hand from it), oldest first.

    One without an owner belongs to the CronJob whose name it begins with, of several to the longest.
    """
    longer = [other.meta.name for other in items(world.cron_jobs) if other.meta.name.startswith(f"{cron_job}-")]
    mine = [
        job
        for job in items(world.jobs)
        if job.is_of(cron_job) and (job.meta.owner or not any(job.is_of(other) for other in longer))
    ]
    return sorted(mine, key=lambda job: (job.started or job.meta.created or world.taken_at, job.meta.name))


def pods_of_job(world: World, job: str) -> list[Pod]:
    """The Job's pods."""
    return [pod for pod in items(world.job_pods) if pod.meta.owner == f"Job/{job}"]


def pods_needed_by(immich: Immich, world: World) -> list[Pod]:
    """Pods in Immich's namespace, other than its server's, that run what it can't start without: database and cache."""
    pods = {pod.meta.name: pod for pod in (*all_pods(world), *items(immich.pods))}
    return [
        pod
        for pod in pods.values()
        if pod.meta.namespace == immich.namespace
        and any(re.search(IMMICH_NEEDS, container.image) for container in pod.spec.containers)
    ]


def listed(parts: Iterable[str]) -> str:
    """The parts as a person lists them: "a", "a and b", "a, b and c"."""
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def moment_in_words(moment: datetime, zone: tzinfo) -> str:
    """A time as a person says it, in a zone that it names: "24 November at 03:12 CET"."""
    there = moment.astimezone(zone)
    return f"{there.day} {there:%B at %H:%M %Z}"


def zone_named(name: str | None) -> tzinfo:
    """The time zone of that name; UTC for none, and for one that nobody knows."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def tracked_by(meta: Meta) -> str | None:
    """Name of the Argo CD application that the object's tracking annotation names, None when it has none."""
    return application_in(meta.annotations.get(TRACKING_ID, "")) or None


def application_of(world: World, kind: str, meta: Meta) -> str | None:
    """Name of the Argo CD application that manages the object: by annotation, or because ours lists it."""
    if application := tracked_by(meta):
        return application
    if isinstance(world.application, Found):
        app = world.application.value
        if any((item.kind, item.name, item.namespace) == (kind, meta.name, meta.namespace) for item in app.resources):
            return app.meta.name
    return None


def fix_for(world: World, kind: str, meta: Meta, fix: str, *commands: Command) -> tuple[str, tuple[Command, ...]]:
    """How to change an object: (fix, commands). What Argo CD puts back is changed in git, and no command is offered."""
    app = world.application.value if isinstance(world.application, Found) else None
    if app is None or not app.self_heal or application_of(world, kind, meta) != app.meta.name:
        return fix, commands
    source = app.sources[0] if app.sources else None
    where = f" ({source.repo_url}, {source.path})" if source and source.path else ""
    return f"{fix} Do it in git{where}: Argo CD reverts what is changed by hand.", ()


def manager_of(meta: Meta, application: str | None = None) -> str:
    """Who manages the object, in a word or two: "Argo CD (photo-sync)", "Helm (immich)", "kubectl", "photosync-wizard"."""
    if application := application or tracked_by(meta):
        return f"Argo CD ({application})"
    if meta.labels.get("app.kubernetes.io/managed-by") == "Helm":
        return f"Helm ({meta.annotations.get('meta.helm.sh/release-name', 'unknown release')})"
    for manager, name in (("photosync-wizard", "photosync-wizard"), ("argocd", "Argo CD"), ("kubectl", "kubectl")):
        if any(manager in field_manager for field_manager in meta.managers):
            return name
    return meta.managers[0] if meta.managers else "unknown"


_PROTECTED = ("Prune", "Delete")


def lacking_protection(meta: Meta) -> list[str]:
    """The sync options without which Argo CD may delete the object, as "Prune=false"; empty where it has them."""
    options = set(_sync_options(meta))
    return [f"{what}=false" for what in _PROTECTED if not options & {f"{what}=false", f"{what}=confirm"}]


def with_protection(meta: Meta) -> str:
    """The object's sync options with those that it lacks, in place of any that say the opposite."""
    lacking = lacking_protection(meta)
    overruled = {option.partition("=")[0] for option in lacking}
    return ",".join([*(each for each in _sync_options(meta) if each.partition("=")[0] not in overruled), *lacking])


def _sync_options(meta: Meta) -> list[str]:
    return [option.strip() for option in meta.annotations.get(SYNC_OPTIONS, "").split(",") if option.strip()]
