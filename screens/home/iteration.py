"""One iteration as rows for the page: the same for every one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from screens.finding_list import commands_of, open_findings, references
from screens.widgets.rows import Button, Heading, Item, Row, Space, Table, Text
from screens.words import (
    MUTED,
    PRIORITY_WORD,
    SEVERITY_SIGN,
    STATUS_SIGN,
    blocker_sentence,
    day,
    moment,
    plural,
    status_word,
    worst_session,
)
from wizard.iterations import ITERATIONS

if TYPE_CHECKING:
    from wizard.model import Blocker, Diagnosis, FactTable, Report

BUTTON = "button"
FOLD = "fold"
_MOST_FINE = 2
_MOST_FINE_WHEN_ALL_IS = 8


@dataclass(frozen=True, slots=True)
class Act:
    """What the one obvious button does: `name` is "commands", "look", "sign-in" or "go" (then to iteration `number`)."""

    name: str
    label: str
    number: int = 0


def act_of(step: Diagnosis, report: Report) -> Act:
    """The next thing to do on this iteration's page; its label says what it does."""
    following = report.next_step
    again = sign_in_again(report)
    if again and (following is None or step.id == "authentication"):
        return Act("sign-in", again)
    if step.id == "authentication" and step.status != "skipped" and sign_in_wanted(step):
        return Act("sign-in", "Sign in…")
    elsewhere = following is not None and following.id != step.id
    if following is not None and elsewhere and step.status in ("complete", "skipped", "pending"):
        name = f"{following.iteration} {ITERATIONS[following.iteration - 1].short}"
        return Act("go", f"Go to {name}, which is next", following.iteration)
    fixable = [finding for finding in open_findings(step) if finding.fix or finding.commands]
    if step.status == "complete" or not fixable:
        return Act("look", "Look again")
    commands = commands_of(step)
    if all(finding.commands for finding in fixable):
        return Act("commands", "Show the command…" if len(commands) == 1 else f"Show the {len(commands)} commands…")
    counts = [plural(len(fixable), "thing")] + ([plural(len(commands), "command")] if commands else [])
    return Act("commands", f"Show what to do: {', '.join(counts)}…")


def sign_in_again(report: Report) -> str:
    """What the button says while a session is about to end; empty otherwise, and where signing in is not wanted."""
    worst = worst_session(report.accounts)
    is_included = any(step.id == "authentication" for step in report.included)
    if not is_included or worst is None or worst.session.state != "expiring":
        return ""
    ends = worst.session.expires_at
    return f"Sign in again, before {day(ends)}" if ends else "Sign in again soon"


def ending(report: Report, renew: str) -> Iterator[Row]:
    """That all is complete, and what comes next; nothing while something is left. `renew` signs in before then."""
    if report.next_step is not None or not report.included:
        return
    count = len(report.included)
    which = f"All {count} steps are" if count == len(ITERATIONS) else f"All {count} steps that you want are"
    yield Item(sign="✓", text=f"{which} complete.", style="bold")
    worst = worst_session(report.accounts)
    ends = worst.session.expires_at if worst else None
    if worst is not None and any(step.id == "authentication" for step in report.included):
        left = f" ({plural(worst.session.days_left, 'day')})" if worst.session.days_left is not None else ""
        when = (
            f"Apple's session lasts until about {day(ends)}{left}"
            if ends
            else "Apple's session will end, but it is unknown when"
        )
        whose = f" for {worst.name}" if len(report.accounts) > 1 else ""
        yield Text(text=f"{when}{whose}. Sign in again before then: {renew}", indent=2)
    yield Space()


_SIGN_IN_HELPS = (
    "authentication.session-expired",
    "authentication.session-expiring",
    "authentication.session-unverified",
)


def sign_in_wanted(step: Diagnosis) -> bool:
    """Whether a sign-in is due, or nobody has proved a session yet."""
    return any(finding.id in _SIGN_IN_HELPS for finding in open_findings(step))


def rows(
    step: Diagnosis, purpose: str, now: datetime, *, unfolded: bool = False, before: Iterable[Row] = ()
) -> Iterator[Row]:
    """The page of one iteration: what it is for, what was found, what stands in the way, what was seen."""
    sign = STATUS_SIGN[step.status]
    yield Heading(text=f"{step.iteration} {step.title}", right=status_word(step.status), sign=sign)
    if purpose:
        yield Text(text=purpose, style=MUTED)
    yield Space()
    yield from before
    yield from _findings(step, unfolded=unfolded)
    worst = next((finding for finding in open_findings(step) if finding.why), None)
    if worst is not None:
        yield Space()
        yield Text(lead="Why it matters now:", text=worst.why)
    if step.blockers:
        yield Space()
        yield from _blockers(step.blockers)
    if step.table is not None and step.table.rows:
        yield Space()
        yield _table(step.table, now)


def _table(table: FactTable, now: datetime) -> Table:
    cells = tuple(tuple(cell if isinstance(cell, str) else moment(cell, now) for cell in row) for row in table.rows)
    return Table(columns=table.columns, cells=cells, title=table.title)


def button(step: Diagnosis, report: Report) -> Button:
    """The one obvious button, below the page."""
    return Button(id=BUTTON, label=act_of(step, report).label, key="a")


def skipped_row(step: Diagnosis) -> Iterator[Row]:
    """That an iteration doesn't count, and how it would again."""
    if step.status == "skipped":
        yield Text(text="You skipped this step: it counts neither as done nor as missing. Press s to include it again.")
        yield Space()


def waiting_rows(number: int, purpose: str, lines: Iterable[tuple[str, str]]) -> Iterator[Row]:
    """The page while nothing has been seen yet."""
    yield Heading(text=f"{number} {ITERATIONS[number - 1].title}")
    if purpose:
        yield Text(text=purpose, style=MUTED)
    yield Space()
    for sign, text in lines:
        yield Item(sign=sign, text=text)


def _findings(step: Diagnosis, *, unfolded: bool) -> Iterator[Row]:
    pairs = references(step)
    fine = [pair for pair in pairs if pair[1].severity == "ok"]
    for reference, finding in pairs:
        if finding.severity != "ok":
            yield Item(id=reference, sign=SEVERITY_SIGN[finding.severity], text=finding.summary, more="▸ details")
    room = _MOST_FINE if len(fine) < len(pairs) else _MOST_FINE_WHEN_ALL_IS
    visible = fine if unfolded or len(fine) <= room + 1 else fine[:room]
    for reference, finding in visible:
        yield Item(id=reference, sign="✓", text=finding.summary)
    if len(visible) < len(fine):
        yield Item(id=FOLD, sign="✓", text=f"{len(fine) - len(visible)} more are fine", more="▸ show")
    if not pairs:
        yield Item(sign="–", text="Nothing was checked here.")  # noqa: RUF001 - a dash as a sign


def _blockers(blockers: Iterable[Blocker]) -> Iterator[Row]:
    for blocker in blockers:
        yield Text(lead=f"{PRIORITY_WORD.get(blocker.priority, blocker.priority)}:", text=blocker_sentence(blocker))
        if blocker.ready_when:
            yield Text(text=f"Ready when: {'; '.join(blocker.ready_when)}", style=MUTED, indent=3)
