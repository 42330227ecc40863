"""The two lines above the home: the program and its progress, and the pipeline. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from screens.widgets.rows import clean, clip
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
