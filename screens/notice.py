"""The lines at the top of every screen: why what is shown is not fresh any more, else what to know about what is kept. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from screens.picture import Picture
from screens.widgets.rows import wrapped
from screens.words import plural

_MOST_LINES = 3


def notice_lines(picture: Picture, notice: str, width: int) -> Sequence[Content]:
    """The lines for `width` cells; `notice` is a sentence about what is kept, empty for none."""
    room = max(8, width - 4)
    if picture.error is not None and picture.snapshot is not None:
        what, why = wrapped(picture.error.what, room), wrapped(picture.error.why, room)
        tries = f"Tried {plural(picture.attempt, 'time')}; what you see is from before." if picture.attempt else ""
        lines = [*what, *(why if len(what) + len(why) <= _MOST_LINES else ()), tries]
        return _marked("✗", "$text-error", [line for line in lines if line])
    if not notice or (picture.snapshot is None and picture.error is None):
        return ()
    return _marked("!", "$text-warning", wrapped(f"{notice} (x dismisses this)", room))


def _marked(sign: str, style: str, lines: Sequence[str]) -> Sequence[Content]:
    return [Content.assemble((f" {' ' if index else sign} {line}", style)) for index, line in enumerate(lines)]
