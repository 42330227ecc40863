"""How a sign-in has ended, as rows: what came of it, what was refused and why, and what can be done then. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from screens.rows import Button, Command, Item, Row, Space, Text
from screens.signin_shown import Shown
from screens.signin_steps import stays, taken
from screens.words import MUTED
from wizard.errors import Retry

if TYPE_CHECKING:
    from wizard.errors import Trouble

INSIDE = "renewal.refused-inside"


def the_end(shown: Shown) -> Iterator[Row]:
    """What came of it."""
    course = shown.course
    if course.trouble:
        yield from _refused(course.trouble, shown)
        return
    for index, line in enumerate(course.told):
        sign, text = line[0], line[2:]
        yield (
            Item(sign=sign, text=text, style="bold" if index == 0 else "") if sign != " " else Text(text=text, indent=2)
        )
    if shown.inline:
        return
    if shown.unattended:
        yield Space()
        for number, part in enumerate(shown.unattended.parts):
            yield Text(lead="Unattended re-login." if number == 0 else "", text=part.words, indent=2)
            if part.command:
                yield Command(id=f"command-{number}", command=shown.address.line(part.command))
    yield Space()
    yield from taken(shown)


def what_then(shown: Shown) -> Iterator[Row]:
    """What can be done at the end."""
    course = shown.course
    if shown.hint:
        yield Text(text=shown.hint, style=MUTED)
    if course.trouble is None:
        if shown.inline and not shown.hint and not offers_calendar(shown):
            return
        yield Button(id="done", label="Done", key="⏎")
        if offers_calendar(shown) and not shown.hint:
            yield Item(id="calendar", sign="c", text="put a reminder into my calendar")
        return
    if closes_itself(shown):
        return
    back = Item(id="back", sign="·", text="back")
    later = course.trouble.retry is Retry.LATER
    if later:
        yield back
    if offers_again(shown):
        yield (
            Item(id="again", sign="r", text="try again now")
            if later
            else Button(id="again", label="Try again", key="r")
        )
        if course.trouble.code == INSIDE:
            yield Item(id="again-here", sign="·", text="try again the first way, from this machine")
    if not later:
        yield back


def offers_calendar(shown: Shown) -> bool:
    """Whether there is a date to be reminded of, and nobody has asked for that already."""
    return shown.offers_calendar and bool(shown.course.outcome and shown.course.outcome.expires_at)


def closes_itself(shown: Shown) -> bool:
    """Whether it goes by itself in a moment: beneath the prompt, where the refusal stays printed and another try is of no use."""
    trouble = shown.course.trouble
    return shown.inline and trouble is not None and trouble.retry is not Retry.NOW


def offers_again(shown: Shown) -> bool:
    """Whether it can be tried again from here."""
    trouble = shown.course.trouble
    return trouble is not None and trouble.retry is not Retry.NEVER and not closes_itself(shown)


def _refused(trouble: Trouble, shown: Shown) -> Iterator[Row]:
    yield Item(sign="✗", text=trouble.what, style="bold")
    if trouble.why:
        yield Text(lead="Why.", text=trouble.why, indent=2)
    if trouble.fix:
        yield Text(lead="What to do.", text=trouble.fix, indent=2)
    if trouble.code == INSIDE:
        yield Text(
            text="That was the second way, in which icloudpd itself asks Apple. The first way, from this machine, takes codes "
            "that come by text message as well.",
            indent=2,
        )
    for index, command in enumerate(shown.address.lines(trouble.commands)):
        yield Command(id=f"command-{index}", command=command)
    if shown.inline:
        return
    yield Space()
    if shown.course.marks:
        yield from taken(shown)
        yield Space()
    yield Text(text=stays(shown.course), style=MUTED, indent=2)
