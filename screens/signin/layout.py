"""How the sign-in shares out the rows of its place, so that what can be chosen and the keys always show. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from screens.signin.questions import AppleIdAsked, CodeAsked, PasswordAsked
from screens.signin.rows import above, below
from screens.signin.state import SignInState
from screens.widgets.rows import Row

COMFORTABLE = 14
_LEAST_PAGE = 3
_RULES = 2
_BOXES = 3


@dataclass(frozen=True, slots=True)
class Layout:
    """What is drawn, the rows of the page and of what stands below, and how many lines each gets.

    `flat`: the boxes are one line high. `tight`: no empty lines round what is typed into or chosen from.
    """

    state: SignInState
    page: tuple[Row, ...]
    below: tuple[Row, ...]
    page_height: int
    below_height: int
    flat: bool
    tight: bool


def lay_out(state: SignInState, width: int, height: int) -> Layout:
    """The roomiest that fits into so many columns and lines; beneath the prompt it stays short while it can."""
    wishes = [(True, False), (True, True)] if state.inline else [(False, False), (True, False), (True, True)]
    limit = min(height, COMFORTABLE) if state.inline else height
    for short, flat in wishes:
        tried = replace(state, short=short)
        page, under = tuple(above(tried)), tuple(below(tried))
        tight = state.inline or flat
        fixed = _fixed(tried, flat=flat, tight=tight, chooses=bool(under))
        needs = _lines(page, width) + _lines(_to_choose(under), width)
        if fixed + needs <= limit:
            break
    room = max(_LEAST_PAGE + 1, height - fixed)
    needed, under_needed, choices = _lines(page, width), _lines(under, width), _lines(_to_choose(under), width)
    under_height = min(under_needed, max(room - needed, min(choices, room - _LEAST_PAGE)))
    page_height = room - under_height
    if types_in(state) or state.inline:
        page_height = min(needed, page_height)
        under_height = under_height if state.inline else room - page_height
    return Layout(replace(tried, overflows=needed > page_height), page, under, page_height, under_height, flat, tight)


def types_in(state: SignInState) -> bool:
    """Whether there is something to type into."""
    return not state.side_page and isinstance(state.attempt.question, CodeAsked | PasswordAsked | AppleIdAsked)


def _fixed(state: SignInState, *, flat: bool, tight: bool, chooses: bool) -> int:
    """Lines of the heading, the rules, the keys, what is typed into, and the empty lines round it."""
    lines = 2 if state.inline else 2 + _RULES
    if not types_in(state):
        return lines + (2 if chooses and not tight else 0)
    lines += _BOXES if isinstance(state.attempt.question, CodeAsked) and not flat else 1
    return lines if tight else lines + 2


def _to_choose(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows as far as the last that can be chosen."""
    last = max((index for index, row in enumerate(rows) if row.id), default=len(rows) - 1)
    return rows[: last + 1]


def _lines(rows: tuple[Row, ...], width: int) -> int:
    return sum(1 for _ in _each(rows, width))


def _each(rows: tuple[Row, ...], width: int) -> Iterator[object]:
    for row in rows:
        yield from row.lines(width)
