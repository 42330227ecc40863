"""Whether a library fits the photos claim, and whether its first sync fits the CronJob's deadline. Pure; numbers to findings."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.command import kubectl
from wizard.icloud.steps import Library
from wizard.model import Finding, Severity

HEADROOM = 1.1
BYTES_PER_SECOND = 4_000_000
SECONDS_PER_FILE = 0.5


def first_sync_seconds(library: Library) -> float:
    """About how long icloudpd takes for everything, which it fetches one by one: a rule of thumb, not a promise."""
    return max(library.count * SECONDS_PER_FILE, (library.estimated_bytes or 0) / BYTES_PER_SECOND)


def library_findings(
    library: Library,
    *,
    claim_bytes: float | None,
    deadline_seconds: float | None,
    claim: str = "",
    cron_job: str = "",
    namespace: str,
) -> Iterator[Finding]:
    """What stands in the way of a whole library on the claim; None for a size or a deadline that is not known or not set.

    `claim` and `cron_job` are their names, where the size and the deadline are given.
    """
    if library.estimated_bytes is not None and claim_bytes and library.estimated_bytes * HEADROOM > claim_bytes:
        yield _too_large(library.count, library.estimated_bytes, claim_bytes, claim, namespace)
    seconds = first_sync_seconds(library)
    if deadline_seconds and seconds > deadline_seconds:
        yield _too_long(library, seconds, deadline_seconds, cron_job, namespace)


def _too_large(count: int, size: float, room: float, claim: str, namespace: str) -> Finding:
    minimum = -(-int(size * HEADROOM) // 2**30)
    fits = "does not fit" if size > room else "hardly fits"
    return Finding(
        "authentication.library-too-large",
        Severity.WARNING,
        f"The iCloud library ({count:,} items, about {_size(size)}) {fits} on claim {claim} ({_size(room)}).",
        {"iCloud items": count, "iCloud bytes, about": int(size), f"pvc/{claim} bytes": int(room)},
        why="A full volume stops icloudpd in the middle of the library, and everything else that writes there.",
        fix=f"Make the claim {minimum}Gi or more before the first sync, where its storage class can expand; claims never shrink.",
        commands=(
            kubectl(
                *("patch", "pvc", claim, "-p"),
                f'{{"spec":{{"resources":{{"requests":{{"storage":"{minimum}Gi"}}}}}}}}',
                namespace=namespace,
            ),
        ),
    )


def _too_long(library: Library, seconds: float, deadline: float, cron_job: str, namespace: str) -> Finding:
    new_deadline = int(seconds * 1.5) // 3600 * 3600 + 3600
    return Finding(
        "authentication.first-sync-longer-than-deadline",
        Severity.WARNING,
        f"The first sync of {library.count:,} items takes about {_time(seconds)}, and CronJob {cron_job} ends its runs after "
        f"{_time(deadline)}.",
        {"first sync in seconds, about": int(seconds), f"cronjob/{cron_job} activeDeadlineSeconds": int(deadline)},
        why="A run that is ended goes on where it stopped at the next one, unless --until-found makes it stop at the newest "
        "pictures: then what is missing stays missing.",
        fix=f"Set activeDeadlineSeconds to {new_deadline} for the first sync, and leave --until-found out until it is through.",
        commands=(
            kubectl(
                *("patch", "cronjob", cron_job, "-p"),
                f'{{"spec":{{"jobTemplate":{{"spec":{{"activeDeadlineSeconds":{new_deadline}}}}}}}}}',
                namespace=namespace,
            ),
        ),
    )


def _size(size: float) -> str:
    return f"{size / 2**30:.0f} GiB" if size >= 10 * 2**30 else f"{size / 2**30:.1f} GiB"


def _time(seconds: float) -> str:
    for length, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"
