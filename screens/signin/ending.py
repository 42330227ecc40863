"""How a sign-in has ended, as rows: what came of it, what was refused and why, and what can be done then. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from screens.signin.state import SignInState
from screens.signin.step_rows import stays, taken
from screens.widgets.rows import Button, Command, Item, Row, Space, Text
from screens.words import MUTED
from wizard.errors import Retry

if TYPE_CHECKING:
    from wizard.errors import WizardError

INSIDE = "renewal.refused-inside"


def the_end(state: SignInState) -> Iterator[Row]:
    """What came of it."""
    attempt = state.attempt
    if attempt.error:
        yield from _refused(attempt.error, state)
        return
    for index, line in enumerate(attempt.lines):
        sign, text = line[0], line[2:]
        yield (
            Item(sign=sign, text=text, style="bold" if index == 0 else "") if sign != " " else Text(text=text, indent=2)
        )
    if state.inline:
        return
    if state.unattended:
        yield Space()
        for number, part in enumerate(state.unattended.parts):
            yield Text(lead="Unattended re-login." if number == 0 else "", text=part.words, indent=2)
            if part.command:
                yield Command(id=f"command-{number}", command=state.address.line(part.command))
    yield Space()
    yield from taken(state)


def what_then(state: SignInState) -> Iterator[Row]:
    """What can be done at the end."""
    attempt = state.attempt
    if state.hint:
        yield Text(text=state.hint, style=MUTED)
    if attempt.error is None:
        if state.inline and not state.hint and not offers_calendar(state):
            return
        yield Button(id="done", label="Done", key="⏎")
        if offers_calendar(state) and not state.hint:
            yield Item(id="calendar", sign="c", text="put a reminder in my calendar")
        return
    if closes_itself(state):
        return
    back = Item(id="back", sign="·", text="back")
    later = attempt.error.retry is Retry.LATER
    if later:
        yield back
    if offers_again(state):
        yield (
            Item(id="again", sign="r", text="try again now")
            if later
            else Button(id="again", label="Try again", key="r")
        )
        if attempt.error.code == INSIDE:
            yield Item(id="again-here", sign="·", text="try again the first way, from this machine")
    if not later:
        yield back


def offers_calendar(state: SignInState) -> bool:
    """Whether there is a date to be reminded of, and nobody has asked for that already."""
    return state.offers_calendar and bool(state.attempt.outcome and state.attempt.outcome.expires_at)


def closes_itself(state: SignInState) -> bool:
    """Whether it goes by itself in a moment: beneath the prompt, where the refusal stays printed and another try is of no use."""
    error = state.attempt.error
    return state.inline and error is not None and error.retry is not Retry.NOW


def offers_again(state: SignInState) -> bool:
    """Whether it can be tried again from here."""
    error = state.attempt.error
    return error is not None and error.retry is not Retry.NEVER and not closes_itself(state)


def _refused(error: WizardError, state: SignInState) -> Iterator[Row]:
    yield Item(sign="✗", text=error.what, style="bold")
    if error.why:
        yield Text(lead="Why.", text=error.why, indent=2)
    if error.fix:
        yield Text(lead="What to do.", text=error.fix, indent=2)
    if error.code == INSIDE:
        yield Text(
            text="That was the second way, in which icloudpd itself asks Apple. The first way, from this machine, also "
            "accepts codes that come by text message.",
            indent=2,
        )
    for index, command in enumerate(state.address.lines(error.commands)):
        yield Command(id=f"command-{index}", command=command)
    if state.inline:
        return
    yield Space()
    if state.attempt.marks:
        yield from taken(state)
        yield Space()
    yield Text(text=stays(state.attempt), style=MUTED, indent=2)
