"""Single lines of a screen: the widgets that show them, and the rule and the line of keys that most screens have."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from screens.widgets.rows import clean, clip
from screens.words import FAINT


class Line(Widget):
    """One line of the frame."""

    DEFAULT_CSS = "Line { height: 1; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, classes=classes)
        self._content = Content("")

    def show(self, content: Content) -> None:
        """Draws another content, if it is another."""
        if content != self._content:
            self._content = content
            self.refresh()

    def render(self) -> Content:
        """What was shown last."""
        return self._content


class Lines(Line):
    """Some lines, as many as there are; nothing at all for none."""

    DEFAULT_CSS = "Lines { display: none; }"

    def tell(self, lines: Sequence[Content]) -> None:
        """Draws these lines."""
        self.display = bool(lines)
        self.styles.height = max(1, len(lines))
        self.show(Content("\n").join(lines))


def rule_line(width: int, crossing: int, joint: str, title: str = "") -> Content:
    """A rule over the whole width, joined to the rail's edge at column `crossing` (negative: none), with a title at the right.

    A title that is too long for the place beside the crossing covers it.
    """
    text = "─" * width
    if 0 <= crossing < width:
        text = text[:crossing] + joint + text[crossing + 1 :]
    label = f" {clip(clean(title), max(1, width - 6))} " if title else ""
    if not label:
        return Content.styled(text, FAINT)
    length = Content(label).cell_length
    at = width - length - 2
    return Content.assemble((text[:at], FAINT), (label, "$text-accent"), (text[at + length :], FAINT))


def key_line(keys: Sequence[tuple[str, str, str]], right: str, sign_style: str, width: int) -> Content:
    """Keys (key, word, action), those that fit, each to be clicked, and the freshness at the right end."""
    parts: list[Content] = []
    used = 1
    room = width - Content(right).cell_length - 3
    for key, word, action in keys:
        piece = Content.assemble((key, "bold"), f" {word}")
        if used + piece.cell_length > room:
            continue
        used += piece.cell_length + 2
        parts.append(piece.stylize(Style.from_meta({"@click": action})) if action else piece)
    left = Content("  ").join(parts)
    gap = width - 2 - left.cell_length - Content(right).cell_length
    return Content.assemble(" ", left, " " * max(1, gap), (right, sign_style)).truncate(width)
