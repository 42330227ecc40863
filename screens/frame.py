"""The frame round every iteration: the top line, the pipeline strip, the rules and the line of keys. They only draw a Picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from screens.rows import clean, clip
from screens.words import FAINT, HOP_SIGN, MUTED, NAME, STYLE

if TYPE_CHECKING:
    from wizard.model import Hop

_HOPS = ("iCloud", "icloudpd", "volume", "Immich", "you")


def bar(done: int, total: int, width: int) -> str:
    """A progress bar of `width` cells."""
    full = round(width * done / total) if total else width
    return "█" * full + "░" * (width - full)


def top_line(where: str, progress: tuple[int, int] | None, width: int) -> Content:
    """The program's name, where it looks, and how far it is."""
    done = f"{progress[0]} of {progress[1]}" if progress else ""
    cells = 16 if width >= 76 else 7 if width >= 48 else 0
    right = (
        Content.assemble((bar(*progress, cells), "$text-success"), "  ", (done, "bold")) if progress else Content("")
    )
    room = width - len(NAME) - right.cell_length - 6
    place = clip(where, room) if room > 4 else ""
    gap = width - 2 - len(NAME) - 3 - Content(place).cell_length - right.cell_length
    return Content.assemble(" ", (NAME, "bold"), "   ", place, " " * max(1, gap), right).truncate(width)


def strip_line(hops: Sequence[Hop] | None, width: int) -> Content:
    """The pipeline: each hop with its sign, with its note where all of them fit, joined by lines over the whole width."""
    if hops is None:
        stations = [Content.assemble((f"{name} ·", MUTED)) for name in _HOPS]
        return _joined(stations, width)
    bare = [_station(hop.name, HOP_SIGN.get(hop.state, "?"), "") for hop in hops]
    full = [_station(hop.name, HOP_SIGN.get(hop.state, "?"), clean(hop.note)) for hop in hops]
    fits = sum(station.cell_length for station in full) + 4 * (len(full) - 1) + 2 <= width
    return _joined(full if fits else bare, width)


def _station(name: str, sign: str, note: str) -> Content:
    return Content.assemble(clean(name), " ", (sign, "bold " + STYLE[sign]), (f" {note}", MUTED) if note else "")


def _joined(stations: Sequence[Content], width: int) -> Content:
    gaps = max(1, len(stations) - 1)
    room = width - 2 - sum(station.cell_length for station in stations)
    length = min(12, room // gaps - 2)
    link = Content.assemble((f" {'─' * length} " if length > 0 else " ", FAINT))
    return (Content(" ") + link.join(stations)).truncate(width)


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
