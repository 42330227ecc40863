"""The steps of a sign-in as rows, each with its sign and what is known of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from screens.signin.attempt import APPLE, CODE, PASSWORD, PHOTOS, PROVED, SAVED, STEPS, VOLUME, Attempt, Mark
from screens.signin.questions import CodeAsked, KeyAsked, PasswordAsked
from screens.signin.state import SignInState, clock
from screens.widgets.rows import Item, Row, Space, wrapped
from screens.words import MUTED, STYLE, span
from wizard.signin.person import Tick

if TYPE_CHECKING:
    from wizard.icloud.steps import CodeWanted

SIGNS = {Tick.DOING: "◐", Tick.DONE: "✓", Tick.FAILED: "✗", Tick.SKIPPED: "–"}  # noqa: RUF001 - a dash as a sign
_LABEL = 28
_TWO_COLUMNS = 62


@dataclass(frozen=True, slots=True)
class StepRow(Row):
    """One step of the sign-in: its sign, its name, and what is known of it; in two columns where there is room."""

    sign: str = ""
    label: str = ""
    text: str = ""

    def lines(self, width: int) -> Iterable[Content]:
        sign = (self.sign, STYLE.get(self.sign, "") + " bold")
        faint = MUTED if self.sign == "·" else ""
        if width < _TWO_COLUMNS:
            whole = f"{self.label}: {self.text}" if self.text else self.label
            for index, line in enumerate(wrapped(whole, width - 2)):
                yield Content.assemble(sign if index == 0 else " ", " ", (line, faint))
            return
        for index, line in enumerate(wrapped(self.text, width - 2 - _LABEL)):
            label = self.label.ljust(_LABEL) if index == 0 else " " * _LABEL
            yield Content.assemble(sign if index == 0 else " ", " ", (label, faint), (line, MUTED))


def until(state: SignInState, step: str) -> Iterator[Row]:
    """The steps as far as the one that is typed for."""
    names = state.attempt.steps
    yield from ticks(state, names[: names.index(step) + 1])


def rest(state: SignInState, after: str) -> Iterator[Row]:
    """The steps that follow the one that is typed for."""
    if state.short:
        return
    names = state.attempt.steps
    yield Space()
    for name in names[names.index(after) + 1 :]:
        yield _tick(name, state.attempt.marks.get(name), state)


def ticks(state: SignInState, names: tuple[str, ...] | None = None) -> Iterator[Row]:
    """These steps, or all; where there is little room, those that are done on one line, and those that are under way."""
    marks = state.attempt.marks
    names = state.attempt.steps if names is None else names
    if not state.short:
        for name in names:
            yield _tick(name, marks.get(name), state)
        return
    done = [_briefly(name, mark) for name in names if (mark := marks.get(name)) and mark.tick is Tick.DONE]
    if done:
        yield Item(sign="✓", text=", ".join(done), style=MUTED)
    for name in names:
        mark = marks.get(name)
        if mark and mark.tick in (Tick.DOING, Tick.FAILED) and not _waits_for_person(name, state):
            yield _tick(name, mark, state)


def taken(state: SignInState) -> Iterator[Row]:
    """The steps that this sign-in has taken."""
    for name in state.attempt.steps:
        if mark := state.attempt.marks.get(name):
            yield _tick(name, mark, state)


def how_code_came(request: CodeWanted, now: datetime, *, inside: bool = False) -> str:
    """How the code came, and how long ago."""
    ago = f"{clock(now - request.sent_at)} ago"
    number = f" to •• {request.phone.ending}" if request.phone else ""
    match request.delivery:
        case "sms":
            return f"icloudpd has asked for a text message {ago}" if inside else f"text message{number} sent {ago}"
        case "device" if not inside:
            return f"sent to your trusted devices {ago}"
        case "device":
            return f"icloudpd has asked Apple for one {ago}; it does not say whether any was sent"
        case _:
            return f"Apple wants one and does not say whether it sent any; asked {ago}"


def leaving_words(attempt: Attempt) -> str:
    """What leaving does."""
    if attempt.saved:
        kept = stays(attempt)
    elif gone := attempt.removed_pods + attempt.stopping_pods:
        kept = f"Nothing on the volume has changed; {_which_was_removed(gone)}."
    else:
        kept = "Nothing on the volume has changed."
    return f"{kept} The pod of this sign-in is being removed…"


def stays(attempt: Attempt) -> str:
    """What there is now that it is over without a good end."""
    if attempt.saved:
        return "The new session is in place."
    gone = attempt.removed_pods + attempt.stopping_pods
    but = f", but {_which_was_removed(gone)}" if gone else ""
    return f"Nothing on the volume has changed{but}."


def farewell(attempt: Attempt) -> str:
    """What was left behind by somebody who has left."""
    if not attempt.under_way:
        return "Stopped. Nothing was done."
    return f"Stopped. {stays(attempt)}"


def _which_was_removed(pods: tuple[str, ...]) -> str:
    return f"{'pod' if len(pods) == 1 else 'pods'} {', '.join(pods)} {'was' if len(pods) == 1 else 'were'} removed"


def _briefly(name: str, mark: Mark) -> str:
    """A step that is done, in as few words as say it."""
    return mark.text if name in (VOLUME, PHOTOS) and mark.text else STEPS[name]


def _waits_for_person(name: str, state: SignInState) -> bool:
    """Whether nothing happens in this step until the person has answered."""
    question = state.attempt.question
    return name == APPLE and question is not None and not (isinstance(question, PasswordAsked) and question.early)


def _tick(name: str, mark: Mark | None, state: SignInState) -> Row:
    label = STEPS[name]
    if mark is None:
        return StepRow(sign="·", label=label)
    question = state.attempt.question
    if mark.tick is Tick.DOING and _waits_for_person(name, state):
        return StepRow(sign="·", label=label, text="waits for your key" if isinstance(question, KeyAsked) else "")
    if name == SAVED and mark.tick is Tick.DOING and PROVED in state.attempt.marks:
        return StepRow(sign="~", label=label, text="in a folder of its own until icloudpd accepts it")
    text = mark.text
    if name == CODE and isinstance(question, CodeAsked):
        text = how_code_came(question.request, state.now, inside=state.attempt.inside)
    elif name == PASSWORD and isinstance(question, PasswordAsked):
        text = ""
    elif mark.tick is Tick.DOING:
        text = f"{text}… {span(state.now - mark.since)}"
    return StepRow(sign=SIGNS[mark.tick], label=label, text=text)


__all__ = [
    "VOLUME",
    "StepRow",
    "farewell",
    "how_code_came",
    "leaving_words",
    "rest",
    "stays",
    "taken",
    "ticks",
    "until",
]
