"""How the sign-in's rows are shared out: whatever is asked, what can be chosen shows, and so does the last line."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from screens.signin.attempt import Attempt
from screens.signin.layout import COMFORTABLE, lay_out, types_in
from screens.signin.questions import (
    CodeAsked,
    InUseAsked,
    KeyAsked,
    PasswordAsked,
    Question,
    Review,
    SecondWayAsked,
    TermsAsked,
)
from screens.signin.state import SignInState
from tests.screens.signing import APPLE_ID, NOW, POD, preparation, wanted
from wizard.errors import WizardError
from wizard.icloud.messages import trouble
from wizard.icloud.steps import SecurityKeyWanted, TermsWanted
from wizard.model import Session, SessionState
from wizard.signin.person import Stage, StageProgress, Tick

LONG = "\n".join(f"{number}. You agree." for number in range(60))
VALID = Session(SessionState.VALID, NOW + timedelta(days=20), 20)
PLAN = preparation("default")
QUESTIONS: dict[str, Question] = {
    "plan": Review(PLAN.plan, PLAN.plan_inside, APPLE_ID, "from the Secret", session=VALID),
    "password": PasswordAsked(APPLE_ID),
    "wrong password": PasswordAsked(APPLE_ID, trouble("icloud.wrong-password")),
    "code": CodeAsked(wanted()),
    "wrong code": CodeAsked(wanted(may_have_two_codes=True), trouble("icloud.wrong-code")),
    "no push": CodeAsked(wanted(delivery="unknown"), trouble("icloud.push-unreachable")),
    "terms": TermsAsked(TermsWanted(7, LONG, "https://www.icloud.com")),
    "key": KeyAsked(SecurityKeyWanted(("blue key",))),
    "in use": InUseAsked(("icloudpd-sync-29409480-69xdg",)),
    "second way": SecondWayAsked(
        WizardError("renewal.refused-by-icloudpd", "It is not accepted.", why="It said no. " * 9)
    ),
}


def question_state(name: str, *, inline: bool) -> SignInState:
    """That question, after everything that can stand above it."""
    attempt = Attempt("default", NOW, APPLE_ID, under_way=name != "plan")
    for progress in (
        StageProgress(Stage.POD, Tick.DONE, f"pod {POD}-abcde is ready"),
        StageProgress(Stage.APPLE, Tick.DOING),
    ):
        attempt = attempt if name == "plan" else attempt.moved(progress, NOW)
    sms = CodeAsked(wanted(delivery="sms", phone=wanted().phones[1]))
    attempt = attempt.asked(sms, NOW) if name == "wrong code" else attempt
    attempt = attempt.asked(QUESTIONS[name], NOW)
    demo = f"{APPLE_ID}: the code on your demo device is 417902"
    return SignInState(attempt, NOW, inline, keyring="GNOME Keyring", demo=demo, hint="It can be sent again.")


@pytest.mark.parametrize("inline", [True, False], ids=["beneath the prompt", "full screen"])
@pytest.mark.parametrize("size", [(80, 24), (120, 36), (60, 20)])
@pytest.mark.parametrize("name", QUESTIONS)
def test_choices_and_keys_always_show(name: str, size: tuple[int, int], inline: bool) -> None:
    width, height = size
    laid = lay_out(question_state(name, inline=inline), width - 3, height)
    choices = [list(row.lines(width - 3)) for row in laid.below]
    last = max(index for index, row in enumerate(laid.below) if row.id)
    assert sum(len(lines) for lines in choices[: last + 1]) <= laid.below_height
    typed = 0 if not types_in(laid.state) else 3 if isinstance(QUESTIONS[name], CodeAsked) and not laid.flat else 1
    empty = 0 if laid.tight else 2
    frame = 2 if inline else 4
    assert laid.page_height >= 1
    assert laid.page_height + laid.below_height + typed + empty + frame <= height
    assert laid.state.overflows == (sum(len(list(row.lines(width - 3))) for row in laid.page) > laid.page_height)


def test_beneath_the_prompt_it_stays_short_while_it_can() -> None:
    laid = lay_out(question_state("code", inline=True), 77, 36)
    assert laid.page_height + laid.below_height + 3 + 2 <= COMFORTABLE
    assert not laid.flat


def test_with_little_room_the_steps_that_are_done_share_a_line() -> None:
    roomy, narrow = (lay_out(question_state("wrong code", inline=False), 57, height) for height in (36, 20))
    assert (roomy.state.short, narrow.state.short) == (False, True)
    assert len(narrow.below) < len(roomy.below)


def test_long_terms_leave_room_for_the_choice() -> None:
    laid = lay_out(replace(question_state("terms", inline=True), hint=""), 77, 24)
    assert laid.state.overflows
    assert (laid.below_height, laid.page_height) == (2, 20)
