"""What each iteration shows of its own: one small table of what was seen. Only what is in the World, nothing worked out anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from screens.widgets.rows import Table
from screens.words import moment
from wizard.accounts import AccountNames
from wizard.choices import HOST_NAME
from wizard.world import Found, Page, Read

if TYPE_CHECKING:
    from wizard.engine import Snapshot
    from wizard.settings import Settings

T = TypeVar("T")
_DASH = "–"  # noqa: RUF001 - a dash as a sign
_SHORT_SHA = 7


def _items(read: Read[Page[T]]) -> Iterable[T]:
    return read.value.items if isinstance(read, Found) else ()


def _facts(*pairs: tuple[str, str]) -> Table | None:
    known = tuple(pair for pair in pairs if pair[1])
    return Table(columns=("seen", "value"), cells=known) if known else None


def storage(snapshot: Snapshot, settings: Settings, now: datetime) -> Table | None:
    """The claims of the namespace."""
    del settings, now
    claims = _items(snapshot.world.claims)
    return Table(
        columns=("claim", "size", "class", "state"),
        cells=tuple(
            (claim.meta.name, claim.capacity or claim.requested, claim.storage_class or _DASH, claim.phase)
            for claim in claims
        ),
    )


def credentials(snapshot: Snapshot, settings: Settings, now: datetime) -> Table | None:
    """What the accounts' CronJobs run, and when."""
    names = {AccountNames.of(account, settings).cron_job for account in settings.accounts}
    jobs = [job for job in _items(snapshot.world.cron_jobs) if job.meta.name in names]
    return Table(
        columns=("CronJob", "schedule", "last run", "image"),
        cells=tuple(
            (
                job.meta.name,
                f"{job.schedule} {job.time_zone}".strip() + (" (suspended)" if job.suspend else ""),
                moment(job.last_schedule, now),
                job.spec.containers[0].image if job.spec.containers else _DASH,
            )
            for job in jobs
        ),
    )


def authentication(snapshot: Snapshot, settings: Settings, now: datetime) -> Table | None:
    """Each account with what is known of its session."""
    del settings
    return Table(
        columns=("account", "session", "until", "known from"),
        cells=tuple(
            (
                account.apple_id or account.name,
                str(account.session.state),
                moment(account.session.expires_at, now),
                account.session.source or _DASH,
            )
            for account in snapshot.report.accounts
        ),
    )


def argocd(snapshot: Snapshot, settings: Settings, now: datetime) -> Table | None:
    """The Application as Argo CD reports it."""
    del settings, now
    if not isinstance(snapshot.world.application, Found):
        return None
    app = snapshot.world.application.value
    source = app.sources[0] if app.sources else None
    return _facts(
        ("sync", app.sync or _DASH),
        ("health", app.health or _DASH),
        ("revision", app.compared_revision[:_SHORT_SHA]),
        ("follows", f"{source.repo_url} {source.target_revision} {source.path}".strip() if source else ""),
    )


def immich(snapshot: Snapshot, settings: Settings, now: datetime) -> Table | None:
    """The Immich that was found, and how photos reach it."""
    del settings, now
    if not isinstance(snapshot.world.immich, Found):
        return None
    found = snapshot.world.immich.value
    volumes = {volume.name: volume.ref or volume.kind for volume in found.spec.volumes}
    mounts = [
        f"{volumes.get(mount.volume, mount.volume)} at {mount.path}{', read-only' if mount.read_only else ''}"
        for container in found.spec.containers[:1]
        for mount in container.mounts
    ]
    return _facts(
        ("workload", f"{found.namespace}/{found.workload.name}"),
        ("version", found.version or ""),
        ("image", found.image),
        ("service", f"{found.service}:{found.port}" if found.service and found.port else found.service),
        ("volumes", "; ".join(mounts)),
    )


def exposure(snapshot: Snapshot, settings: Settings, now: datetime) -> Table | None:
    """The ingresses that lead to Immich, else those that could serve as a pattern."""
    del now
    ingresses = [ingress for ingress in _items(snapshot.world.ingresses) if ingress.rules]
    immich = snapshot.world.immich
    service = immich.value.service if isinstance(immich, Found) else None
    ours = [
        ingress
        for ingress in ingresses
        if any(rule.host == settings[HOST_NAME] or (service and rule.service == service) for rule in ingress.rules)
    ]
    return Table(
        columns=("host", "ingress", "class", "TLS", "address"),
        cells=tuple(
            (
                ingress.rules[0].host or "*",
                f"{ingress.meta.namespace}/{ingress.meta.name}",
                ingress.class_name or _DASH,
                "yes" if ingress.tls else "no",
                ", ".join(ingress.addresses) or _DASH,
            )
            for ingress in (ours or ingresses)[:5]
        ),
        title="What leads to it" if ours else "Others in this cluster, to take one as the pattern",
    )


def verification(snapshot: Snapshot, settings: Settings, now: datetime) -> Table | None:
    """The last runs."""
    del settings
    runs = sorted(
        _items(snapshot.world.jobs), key=lambda job: job.started.timestamp() if job.started else 0, reverse=True
    )
    return Table(
        columns=("run", "state", "started", "what it said"),
        cells=tuple((job.meta.name, job.state, moment(job.started, now), job.reason or _DASH) for job in runs[:5]),
    )


TABLES: Mapping[str, Callable[[Snapshot, Settings, datetime], Table | None]] = {
    "storage": storage,
    "credentials": credentials,
    "authentication": authentication,
    "argocd": argocd,
    "immich": immich,
    "exposure": exposure,
    "verification": verification,
}
