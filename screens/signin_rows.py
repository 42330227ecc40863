"""What the sign-in shows where: the heading, the rows above and below what is typed into. Pure functions of what is shown."""

from __future__ import annotations

from collections.abc import Iterator

from screens.asking import (
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
from screens.course import CODE, PASSWORD
from screens.rows import Item, Row, Space, Text
from screens.signin_end import the_end, what_then
from screens.signin_plan import beginning, by_hand, the_plan, to_begin, which_account
from screens.signin_questions import (
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
from screens.signin_shown import Shown
from screens.signin_steps import leaving_words, rest, ticks, until
from screens.words import MUTED, span
from wizard.signin.person import Tick

TITLE = "Sign in to iCloud"


def heading(shown: Shown) -> tuple[str, str, str]:
    """The title, what stands at the right end, and the sign whose colour that has."""
    course = shown.course
    if course.leaving:
        return TITLE, "leaving", "~"
    if course.outcome:
        return TITLE, "signed in", "✓"
    if course.trouble:
        return TITLE, "not signed in", "✗"
    if isinstance(course.question, Review):
        return TITLE, "nothing has been done yet", "·"
    return TITLE, course.apple_id, ""


def above(shown: Shown) -> Iterator[Row]:
    """The page, or what stands above the line or the boxes that are typed into."""
    course = shown.course
    question = course.question
    if shown.aside == "why":
        yield from why_no_code(shown)
    elif shown.aside == "numbers" and isinstance(question, CodeAsked):
        yield from numbers(question.wanted, shown)
    elif shown.aside == "kubectl" and isinstance(question, Review):
        yield from by_hand(question, shown)
    elif course.leaving:
        yield from ticks(shown)
        yield Space()
        yield Item(sign="~", text=f"{leaving_words(course)} {span(shown.now - course.leaving)}")
    else:
        yield from _page(shown)


def _page(shown: Shown) -> Iterator[Row]:
    course = shown.course
    match course.question:
        case AccountAsked(accounts=accounts):
            yield from which_account(accounts)
        case AppleIdAsked(why=why):
            yield from problem(why)
            yield Text(text="Which Apple ID? It is the address that you sign in to iCloud with.")
        case Review() as review:
            yield from the_plan(review, shown)
        case PasswordAsked() as asked:
            yield from until(shown, PASSWORD)
            yield from above_password(asked, shown)
        case CodeAsked() as asked:
            yield from until(shown, CODE)
            yield from above_code(asked, shown)
        case TermsAsked(wanted=wanted):
            yield from terms(wanted)
        case None if course.ended:
            yield from the_end(shown)
        case None:
            yield from ticks(shown) if course.under_way else beginning(shown)
            if course.proved and not any(mark.tick is Tick.DOING for mark in course.marks.values()):
                yield Item(sign="◐", text="removing the pod")
        case question:
            yield from ticks(shown)
            if not shown.short:
                yield Space()
            yield from the_matter(question, shown)


def below(shown: Shown) -> Iterator[Row]:
    """What stands below the page, the line or the boxes: what there is to choose from."""
    if shown.aside == "kubectl" and shown.hint:
        yield Text(text=shown.hint, style="$text-success")
    if shown.aside or shown.course.leaving:
        return
    match shown.course.question:
        case Review() as review:
            yield from to_begin(review, shown)
        case TermsAsked():
            yield Item(id="terms-no", sign="·", text="not now: leave; the session before stays")
            yield Item(id="terms-yes", sign="·", text="I have read them, and accept them")
        case AppleIdAsked():
            yield Text(text="Nothing has been done yet; the plan comes next.", style=MUTED)
        case None if shown.course.ended:
            yield from what_then(shown)
        case PasswordAsked():
            yield from places(shown)
            yield from rest(shown, PASSWORD)
        case CodeAsked() as asked:
            yield from more_codes(asked.wanted, shown)
            yield from rest(shown, CODE)
        case InUseAsked() | KeyAsked() | SecondWayAsked() as question:
            yield from the_choice(question)
        case _:
            return


__all__ = ["above", "below", "heading"]
