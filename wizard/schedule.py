"""CronJob schedules: when they run next and how far apart the runs can be. Kubernetes' five fields and its @macros."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EVERY = re.compile(r"^@every (?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$")
_ZONE_PREFIX = re.compile(r"^(?:CRON_)?TZ=\S+\s+")
_RUNS_LOOKED_AT = 32


def next_runs(schedule: str, time_zone: str, after: datetime, count: int = 1) -> list[datetime]:
    """The next runs after `after`, in UTC; empty for a schedule that can't be read or never runs.

    `time_zone` is the CronJob's own, empty when it has none: then the controller's zone counts, taken to be UTC.
    """
    expression = _ZONE_PREFIX.sub("", schedule.strip())
    if every := _EVERY.match(expression):
        pause = timedelta(hours=int(every[1] or 0), minutes=int(every[2] or 0), seconds=int(every[3] or 0))
        return [after.astimezone(UTC) + pause * number for number in range(1, count + 1)] if pause else []
    expression = _MACROS.get(expression, expression).replace("?", "*")
    try:
        runs = CronSim(expression, after.astimezone(_zone(time_zone)))
        return [run.astimezone(UTC) for run in islice(runs, count)]
    except CronSimError:
        return []


def longest_gap(schedule: str, time_zone: str, after: datetime) -> timedelta | None:
    """The longest time between two of the coming runs; None for a schedule that can't be read."""
    runs = next_runs(schedule, time_zone, after, _RUNS_LOOKED_AT)
    return max((later - earlier for earlier, later in pairwise(runs)), default=None)


def in_words(gap: timedelta) -> str:
    """How often that is: "hourly", "daily", "weekly", "monthly", "every 3 days"."""
    days = gap.total_seconds() / 86_400
    for limit, word in ((0.9, "several times a day"), (1.2, "daily"), (6.5, f"every {days:.0f} days"), (7.5, "weekly")):
        if days <= limit:
            return word
    return "monthly" if 27 <= days <= 32 else f"every {days:.0f} days"


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
