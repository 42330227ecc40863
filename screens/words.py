"""The signs and the words of the screens. No Textual in here, and nothing that reads or decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from wizard.model import Account, Diagnosis, Report

NAME = "photosync-wizard"
MUTED = "$foreground 65%"
FAINT = "$foreground 30%"


class Title(NamedTuple):
    """An iteration before anything was looked at: its step id, its title and the short one for the rail."""

    id: str
    title: str
    short: str


TITLES = (
    Title("storage", "Storage", "Storage"),
    Title("credentials", "Credentials & config", "Credentials"),
    Title("authentication", "Initial authentication", "Authentication"),
    Title("argocd", "Argo CD integration", "Argo CD"),
    Title("immich", "Immich integration", "Immich"),
    Title("exposure", "External exposure", "Exposure"),
    Title("verification", "Verification", "Verification"),
)

STATUS_SIGN: Mapping[str, str] = {
    "complete": "✓",
    "action_required": "!",
    "blocked": "✗",
    "failed": "✗",
    "pending": "·",
    "in_progress": "◐",
    "unknown": "?",
    "skipped": "–",  # noqa: RUF001 - a dash as a sign
}
SEVERITY_SIGN: Mapping[str, str] = {"ok": "✓", "info": "·", "warning": "!", "error": "✗", "unknown": "?"}
HOP_SIGN: Mapping[str, str] = {"ok": "✓", "busy": "◐", "waiting": "~", "broken": "✗", "unknown": "?"}
ROW_SIGN: Mapping[str, str] = {"ok": "✓", "missing": "·", "ask": "!", "unknown": "?"}
STYLE: Mapping[str, str] = {
    "✓": "$text-success",
    "!": "$text-warning",
    "✗": "$text-error",
    "?": "$text-primary",
    "◐": "$text-primary",
    "~": "$text-warning",
    "·": MUTED,
    "–": MUTED,  # noqa: RUF001 - a dash as a sign
}
SIGN_WORDS = (
    ("✓", "complete, or fine"),
    ("!", "needs you"),
    ("✗", "blocked or failed"),
    ("◐", "under way"),
    ("~", "waiting"),
    ("?", "could not be read"),
    ("·", "not yet, or just to know"),
    ("–", "not wanted here"),  # noqa: RUF001 - a dash as a sign
)


def status_word(status: str) -> str:
    """A status as a person says it."""
    return status.replace("_", " ")


def span(length: timedelta) -> str:
    """A length of time in the one unit that fits: "2 s", "4 min", "3 h", "2 days"."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 2 * 86400:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} days"


def plural(count: int, one: str, many: str = "") -> str:
    """The count with its word: "1 change", "3 changes"."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def moment(when: datetime | None, now: datetime) -> str:
    """A point in time, from `now`: "today 03:00", "5 May 03:00", "5 May 2025"; a dash when there is none."""
    if when is None:
        return "–"  # noqa: RUF001 - a dash as a sign
    local = when.astimezone()
    today = now.astimezone().date()
    if local.date() == today:
        return f"today {local:%H:%M}"
    if local.date() == today - timedelta(days=1):
        return f"yesterday {local:%H:%M}"
    return f"{local.day} {local:%b %H:%M}" if local.year == today.year else f"{local.day} {local:%b %Y}"


def minutes(step: Diagnosis) -> int:
    """How long a person will need for this iteration's blockers; 0 when nobody knows."""
    return sum(blocker.estimated_minutes for blocker in step.blockers)


def iteration_names(ids: Iterable[str]) -> str:
    """What a blocker affects, in the rail's words: "iteration_5" is "5 Immich", other names as they are."""
    names = []
    for name in ids:
        number = name.removeprefix("iteration_")
        known = number.isdigit() and 1 <= int(number) <= len(TITLES)
        names.append(f"{number} {TITLES[int(number) - 1].short}" if known else name.replace("_", " "))
    return ", ".join(names)


def session_line(accounts: Iterable[Account]) -> str:
    """How Apple's session stands, the worst of several accounts first."""
    order = ("missing", "expired", "unverified", "expiring", "valid")
    known = sorted(accounts, key=lambda account: order.index(account.session.state))
    if not known:
        return "Session: unverified"
    session = known[0].session
    named = "" if len(known) == 1 else f" ({known[0].name})"
    if session.days_left is not None and session.state in ("valid", "expiring"):
        return f"Session: {plural(session.days_left, 'day')} left{named}"
    return f"Session: {session.state}{named}"


def next_line(report: Report, *, short: bool) -> str:
    """The next iteration, and about how long it takes."""
    step = report.next_step
    if step is None:
        return "Next: nothing"
    needed = minutes(step)
    name = str(step.iteration) if short and needed else f"{step.iteration} {TITLES[step.iteration - 1].short}"
    return f"Next: {name}" + (f", about {needed} min" if needed else "")
