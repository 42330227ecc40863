"""What the sign-in shows where: the heading, the rows above and below what is typed into. Pure functions of the state."""

from __future__ import annotations

from collections.abc import Iterator

from screens.signin.attempt import CODE, PASSWORD
from screens.signin.ending import the_end, what_then
from screens.signin.plan_rows import beginning, by_hand, the_plan, to_begin, which_account
from screens.signin.question_rows import (
    above_code,
    above_password,
    more_codes,
    numbers,
    places,
    problem,
    terms,
    the_choice,
    the_matter,
    why_no_code,
)
from screens.signin.questions import (
    AccountAsked,
    AppleIdAsked,
    CodeAsked,
    InUseAsked,
    KeyAsked,
    PasswordAsked,
    Review,
    SecondWayAsked,
    TermsAsked,
)
from screens.signin.state import SignInState
from screens.signin.step_rows import leaving_words, rest, ticks, until
from screens.widgets.rows import Item, Row, Space, Text
from screens.words import MUTED, span
from wizard.signin.person import Tick

TITLE = "Sign in to iCloud"


def heading(state: SignInState) -> tuple[str, str, str]:
    """The title, what stands at the right end, and the sign whose colour that has."""
    attempt = state.attempt
    if attempt.leaving:
        return TITLE, "leaving", "~"
    if attempt.outcome:
        return TITLE, "signed in", "✓"
    if attempt.error:
        return TITLE, "not signed in", "✗"
    if isinstance(attempt.question, Review):
        return TITLE, "nothing has been done yet", "·"
    return TITLE, attempt.apple_id, ""


def above(state: SignInState) -> Iterator[Row]:
    """The page, or what stands above the line or the boxes that are typed into."""
    attempt = state.attempt
    question = attempt.question
    if state.side_page == "why":
        yield from why_no_code(state)
    elif state.side_page == "numbers" and isinstance(question, CodeAsked):
        yield from numbers(question.request, state)
    elif state.side_page == "kubectl" and isinstance(question, Review):
        yield from by_hand(question, state)
    elif attempt.leaving:
        yield from ticks(state)
        yield Space()
        yield Item(sign="~", text=f"{leaving_words(attempt)} {span(state.now - attempt.leaving)}")
    else:
        yield from _page(state)


def _page(state: SignInState) -> Iterator[Row]:
    attempt = state.attempt
    match attempt.question:
        case AccountAsked(accounts=accounts):
            yield from which_account(accounts)
        case AppleIdAsked(why=why):
            yield from problem(why)
            yield Text(text="Which Apple ID? It is the address that you sign in to iCloud with.")
        case Review() as review:
            yield from the_plan(review, state)
        case PasswordAsked() as question:
            yield from until(state, PASSWORD)
            yield from above_password(question, state)
        case CodeAsked() as question:
            yield from until(state, CODE)
            yield from above_code(question, state)
        case TermsAsked(request=request):
            yield from terms(request)
        case None if attempt.ended:
            yield from the_end(state)
        case None:
            yield from ticks(state) if attempt.under_way else beginning(state)
            if attempt.proved and not any(mark.tick is Tick.DOING for mark in attempt.marks.values()):
                yield Item(sign="◐", text="removing the pod")
        case question:
            yield from ticks(state)
            if not state.short:
                yield Space()
            yield from the_matter(question, state)


def below(state: SignInState) -> Iterator[Row]:
    """What stands below the page, the line or the boxes: what there is to choose from."""
    if state.side_page == "kubectl" and state.hint:
        yield Text(text=state.hint, style="$text-success")
    if state.side_page or state.attempt.leaving:
        return
    match state.attempt.question:
        case Review() as review:
            yield from to_begin(review, state)
        case TermsAsked():
            yield Item(id="terms-no", sign="·", text="not now: leave; nothing on the volume changes")
            yield Item(id="terms-yes", sign="·", text="I have read them, and accept them")
        case AppleIdAsked():
            yield Text(text="Nothing has been done yet; the plan comes next.", style=MUTED)
        case None if state.attempt.ended:
            yield from what_then(state)
        case PasswordAsked():
            yield from places(state)
            yield from rest(state, PASSWORD)
        case CodeAsked() as question:
            yield from more_codes(question.request, state)
            yield from rest(state, CODE)
        case InUseAsked() | KeyAsked() | SecondWayAsked() as question:
            yield from the_choice(question)
        case _:
            return


__all__ = ["above", "below", "heading"]
