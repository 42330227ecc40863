"""The steps of a sign-in as rows, each with its sign and what is known of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from screens.asking import CodeAsked, KeyAsked, PasswordAsked
from screens.course import APPLE, CODE, PASSWORD, PHOTOS, PROVED, SAVED, STEPS, VOLUME, Course, Mark
from screens.rows import Item, Row, Space, wrapped
from screens.signin_shown import Shown, clock
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


def until(shown: Shown, step: str) -> Iterator[Row]:
    """The steps as far as the one that is typed for."""
    names = shown.course.steps
    yield from ticks(shown, names[: names.index(step) + 1])


def rest(shown: Shown, after: str) -> Iterator[Row]:
    """The steps that follow the one that is typed for."""
    if shown.short:
        return
    names = shown.course.steps
    yield Space()
    for name in names[names.index(after) + 1 :]:
        yield _tick(name, shown.course.marks.get(name), shown)


def ticks(shown: Shown, names: tuple[str, ...] | None = None) -> Iterator[Row]:
    """These steps, or all; where there is little room, those that are done on one line, and those that are under way."""
    marks = shown.course.marks
    names = shown.course.steps if names is None else names
    if not shown.short:
        for name in names:
            yield _tick(name, marks.get(name), shown)
        return
    done = [_briefly(name, mark) for name in names if (mark := marks.get(name)) and mark.tick is Tick.DONE]
    if done:
        yield Item(sign="✓", text=", ".join(done), style=MUTED)
    for name in names:
        mark = marks.get(name)
        if mark and mark.tick in (Tick.DOING, Tick.FAILED) and not _waits_for_person(name, shown):
            yield _tick(name, mark, shown)


def taken(shown: Shown) -> Iterator[Row]:
    """The steps that this sign-in has taken."""
    for name in shown.course.steps:
        if mark := shown.course.marks.get(name):
            yield _tick(name, mark, shown)


def came(wanted: CodeWanted, now: datetime, *, inside: bool = False) -> str:
    """How the code came, and how long ago."""
    ago = f"{clock(now - wanted.sent_at)} ago"
    number = f" to •• {wanted.phone.ending}" if wanted.phone else ""
    match wanted.delivery:
        case "sms":
            return f"icloudpd has asked for a text message {ago}" if inside else f"text message{number} sent {ago}"
        case "device" if not inside:
            return f"sent to your trusted devices {ago}"
        case "device":
            return f"icloudpd has asked Apple for one {ago}; it does not say whether any was sent"
        case _:
            return f"Apple wants one and does not say whether it sent any; asked {ago}"


def leaving_words(course: Course) -> str:
    """What leaving does."""
    if course.saved:
        kept = stays(course)
    elif gone := course.gone + course.going:
        kept = f"The session before stays; {_which_was_removed(gone)}."
    else:
        kept = "The session before stays."
    return f"{kept} The pod of this sign-in is being removed…"


def stays(course: Course) -> str:
    """What there is now that it is over without a good end."""
    if course.saved:
        return "The new session is in place."
    gone = course.gone + course.going
    but = f", but {_which_was_removed(gone)}" if gone else ""
    return f"What was there before is still in place{but}."


def farewell(course: Course) -> str:
    """What was left behind by somebody who has left."""
    if not course.under_way:
        return "Left. Nothing was done."
    return f"Left. {stays(course)}"


def _which_was_removed(pods: tuple[str, ...]) -> str:
    return f"{'pod' if len(pods) == 1 else 'pods'} {', '.join(pods)} {'was' if len(pods) == 1 else 'were'} removed"


def _briefly(name: str, mark: Mark) -> str:
    """A step that is done, in as few words as say it."""
    return mark.text if name in (VOLUME, PHOTOS) and mark.text else STEPS[name]


def _waits_for_person(name: str, shown: Shown) -> bool:
    """Whether nothing happens in this step until the person has answered."""
    question = shown.course.question
    return name == APPLE and question is not None and not (isinstance(question, PasswordAsked) and question.early)


def _tick(name: str, mark: Mark | None, shown: Shown) -> Row:
    label = STEPS[name]
    if mark is None:
        return StepRow(sign="·", label=label)
    question = shown.course.question
    if mark.tick is Tick.DOING and _waits_for_person(name, shown):
        return StepRow(sign="·", label=label, text="waits for your key" if isinstance(question, KeyAsked) else "")
    if name == SAVED and mark.tick is Tick.DOING and PROVED in shown.course.marks:
        return StepRow(sign="~", label=label, text="beside the old one, until icloudpd has said yes")
    text = mark.text
    if name == CODE and isinstance(question, CodeAsked):
        text = came(question.wanted, shown.now, inside=shown.course.inside)
    elif name == PASSWORD and isinstance(question, PasswordAsked):
        text = ""
    elif mark.tick is Tick.DONE and name in (APPLE, PROVED):
        text = "" if mark.text in ("signed in", "icloudpd says yes") else text
    elif mark.tick is Tick.DOING:
        text = f"{text}… {span(shown.now - mark.since)}"
    return StepRow(sign=SIGNS[mark.tick], label=label, text=text)


__all__ = ["VOLUME", "StepRow", "came", "farewell", "leaving_words", "rest", "stays", "taken", "ticks", "until"]
