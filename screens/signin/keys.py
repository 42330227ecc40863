"""The keys of the sign-in: what they are bound to, and which of them the last line names. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType

from screens.signin.ending import closes_itself, offers_again, offers_calendar
from screens.signin.questions import AccountAsked, AppleIdAsked, CodeAsked, PasswordAsked, Review, TermsAsked, Way
from screens.signin.state import SignInState
from wizard.errors import Retry

if TYPE_CHECKING:
    from wizard.errors import WizardError

KEYS: list[BindingType] = [
    Binding("escape", "leave", "leave", id="signin.leave", tooltip="Back, or leave the sign-in: the pod is removed"),
    Binding("q", "leave", "leave", show=False, id="signin.quit", tooltip="Back, or leave the sign-in, as Escape does"),
    Binding(
        "n",
        "press('n')",
        "again, or renew",
        id="signin.again",
        tooltip="At the plan: sign in even though the session still works; at the code: ask Apple for another one, a "
        "minute after the last",
    ),
    Binding("t", "press('t')", "text message", id="signin.text", tooltip="Get the code as a text message"),
    Binding("d", "press('d')", "device", id="signin.device", tooltip="Get the code on a trusted device"),
    Binding("b", "press('b')", "other code", id="signin.other", tooltip="Of two codes, this is the other one"),
    Binding("w", "press('w')", "why", id="signin.why", tooltip="Why a code may not arrive"),
    Binding(
        "i",
        "press('way')",
        "inside the pod",
        id="signin.way",
        tooltip="The second way (--in-pod): icloudpd itself signs in, inside the pod; once more: the first way",
    ),
    Binding("k", "press('kubectl')", "kubectl", id="signin.kubectl", tooltip="The plan as kubectl commands"),
    Binding(
        "c",
        "press('calendar')",
        "calendar",
        id="signin.calendar",
        tooltip="At the end: a reminder for the calendar; k then c: copy",
    ),
    Binding("r", "press('again')", "try again", id="signin.retry", tooltip="Try again after a refusal"),
]

Key = tuple[str, str, str]
_LEAVE: Key = ("Esc", "leave", "screen.leave")
_CHOOSE: Key = ("↑↓", "choose", "")
_TAKE: Key = ("⏎", "take", "")


def keys(state: SignInState) -> list[Key]:
    """The keys for the last line: (key, word, action). What leads away comes early, since the line drops what has no room."""
    attempt = state.attempt
    if state.side_page:
        return _aside_keys(state)
    if attempt.leaving:
        return [("Esc", "don't wait for it", "screen.leave")]
    if attempt.outcome:
        calendar = [("c", "reminder for my calendar", "screen.press('calendar')")] if offers_calendar(state) else []
        return [("⏎", "done", "screen.press('done')"), *calendar, *_more(state)]
    if attempt.error:
        return [*_refused_keys(attempt.error, state), *_more(state)]
    return [*_question_keys(state), *_more(state)]


def _refused_keys(error: WizardError, state: SignInState) -> list[Key]:
    back: Key = ("Esc", "back", "screen.leave")
    if closes_itself(state):
        return [back]
    again: list[Key] = [("r", "try again", "screen.press('again')")] if offers_again(state) else []
    copy: list[Key] = [("c", "copy", "screen.press('copy')")] if error.commands else []
    return [back, *again, *copy] if error.retry is Retry.LATER else [*again, back, *copy]


def _aside_keys(state: SignInState) -> list[Key]:
    back: Key = ("Esc", "back", "screen.leave")
    match state.side_page:
        case "kubectl":
            return [back, ("⏎", "copy one", ""), ("c", "copy all", "screen.press('copy')"), _CHOOSE]
        case "numbers":
            return [_CHOOSE, _TAKE, back]
        case _:
            return [back, *([("↑↓", "read on", "")] if state.overflows else [])]


def _question_keys(state: SignInState) -> list[Key]:
    match state.attempt.question:
        case Review() as review:
            renewal: Key = ("n", "not now" if state.renew else "renew it", "screen.press('n')")
            inside = state.way is Way.IN_POD
            return [
                ("⏎", "go on", "screen.press('go')"),
                _LEAVE,
                *([renewal] if review.works and not inside else []),
                ("i", "from here" if inside else "in the pod", "screen.press('way')"),
                ("k", "kubectl", "screen.press('kubectl')"),
            ]
        case AppleIdAsked():
            return [("⏎", "go on", ""), _LEAVE]
        case PasswordAsked() if state.at_choices:
            return [("⏎", "take, back to the password", ""), _CHOOSE, _LEAVE]
        case PasswordAsked():
            return [("⏎", "send", ""), ("↓", "where it is kept", ""), _LEAVE]
        case CodeAsked() if state.at_choices:
            return [_TAKE, _CHOOSE, ("0-9", "type", ""), _LEAVE]
        case CodeAsked():
            return [("0-9", "type or paste", ""), ("↓", "more ways", ""), _LEAVE]
        case TermsAsked() if not state.at_choices:
            return [("⏎", "read on, then choose", ""), _LEAVE]
        case AccountAsked():
            return [_CHOOSE, _TAKE, _LEAVE]
        case None:
            return [_LEAVE]
        case _:
            return [_CHOOSE, _TAKE, _LEAVE]


def _more(state: SignInState) -> list[Key]:
    """How to read what has no room."""
    return [("PgUp PgDn", "scroll", "")] if state.overflows else []
