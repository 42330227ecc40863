"""The signs and the words of the screens. No Textual in here, and nothing that reads or decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from wizard.iterations import ITERATIONS

if TYPE_CHECKING:
    from wizard.model import Account, Blocker, Diagnosis, Report

NAME = "photosync-wizard"
MUTED = "$foreground 65%"
FAINT = "$foreground 30%"


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
ROW_SIGN: Mapping[str, str] = {"ok": "✓", "missing": "·", "ask": "!", "unknown": "?", "wrong": "✗"}
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
PRIORITY_WORD: Mapping[str, str] = {"P0": "Urgent", "P1": "Important", "P2": "Can wait"}
SIGN_WORDS = (
    ("✓", "complete, or fine"),
    ("!", "needs you"),
    ("✗", "blocked or failed"),
    ("◐", "in progress"),
    ("~", "waiting"),
    ("?", "could not be read"),
    ("·", "not yet, or for information"),
    ("–", "skipped"),  # noqa: RUF001 - a dash as a sign
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


def plural(count: int, singular: str, many: str = "") -> str:
    """The count with its word: "1 change", "3 changes"."""
    return f"{count} {singular if count == 1 else many or singular + 's'}"


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


def day(when: datetime) -> str:
    """A day as a person says it: "29 November"."""
    local = when.astimezone()
    return f"{local.day} {local:%B}"


def minutes(step: Diagnosis) -> int:
    """How long a person will need for this whole iteration; 0 when nobody knows."""
    fixable = [
        finding
        for finding in step.findings
        if finding.severity not in ("ok", "info") and (finding.fix or finding.commands)
    ]
    return sum(blocker.estimated_minutes for blocker in step.blockers) if len(fixable) <= len(step.blockers) else 0


_OTHER_NAMES: Mapping[str, str] = {"cronjob_execution": "the scheduled runs"}


def blocker_sentence(blocker: Blocker) -> str:
    """What is in the way, what it blocks, whether a person has to act, and for how long."""
    facts = [f"blocks {affected_names(blocker.affects)}"] if blocker.affects else []
    facts += ["you have to do this"] if blocker.user_action_required else []
    facts += [f"about {plural(blocker.estimated_minutes, 'minute')}"] if blocker.estimated_minutes else []
    details = "; ".join(facts)
    return f"{blocker.issue}. {details[:1].upper()}{details[1:]}." if facts else f"{blocker.issue}."


def affected_names(ids: Iterable[str]) -> str:
    """What a blocker affects, in the rail's words: "iteration_5" is "5 Immich", other names as they are."""
    names = []
    for name in ids:
        number = name.removeprefix("iteration_")
        is_iteration = number.isdigit() and 1 <= int(number) <= len(ITERATIONS)
        other = _OTHER_NAMES.get(name, name.replace("_", " "))
        names.append(f"{number} {ITERATIONS[int(number) - 1].short}" if is_iteration else other)
    return listed(names)


def listed(names: Iterable[str]) -> str:
    """Names in a sentence: "a", "a and b", "a, b and c"."""
    *first, last = list(names) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def fitting(texts: Iterable[str], width: int) -> str:
    """The first of the texts that has room in `width` cells, else the last one."""
    text = ""
    for text in texts:
        if len(text) <= width:
            return text
    return text


def worst_session(accounts: Iterable[Account]) -> Account | None:
    """The account that will need a sign-in first."""
    order = ("missing", "expired", "unverified", "expiring", "valid")
    return min(
        accounts,
        key=lambda account: (
            order.index(account.session.state),
            account.session.expires_at.timestamp() if account.session.expires_at else 0,
        ),
        default=None,
    )


def session_line(accounts: Sequence[Account], width: int) -> str:
    """How Apple's session stands, the worst of several accounts first."""
    worst = worst_session(accounts)
    if worst is None:
        return "Session: unverified"
    session = worst.session
    standing = str(session.state)
    if session.days_left is not None and session.state in ("valid", "expiring"):
        standing = f"{plural(session.days_left, 'day')} left"
    if len(accounts) == 1:
        return f"Session: {standing}"
    return fitting((f"Session: {standing} ({worst.name})", f"{worst.name}: {standing}", f"Session: {standing}"), width)


def next_line(report: Report, width: int) -> str:
    """The next iteration, and about how long it takes; when all is complete, the next sign-in."""
    step = report.next_step
    if step is not None:
        needed = minutes(step)
        title = ITERATIONS[step.iteration - 1]
        about = f", about {needed} min" if needed else ""
        name = f"Next: {step.iteration} {title.short}"
        return fitting((f"{name}{about}", f"Next: {step.iteration}{about}") if needed else (name,), width)
    worst = worst_session(report.accounts)
    ends = worst.session.expires_at if worst else None
    if ends is None:
        return "Next: nothing"
    short = f"{ends.astimezone().day} {ends.astimezone():%b}"
    if worst is not None and worst.session.state == "expiring":
        texts = f"Next: sign in again, before {day(ends)}", f"Next: sign in by {day(ends)}", f"Next: sign in by {short}"
    else:
        texts = f"Next: sign in about {day(ends)}", f"Next: sign in about {short}", f"Next: sign in {short}"
    return fitting(texts, width)
