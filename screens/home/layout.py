"""How the home is laid out at a width: its lines, its rail, and the very first frame. Pure functions of what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from screens.home.header import strip_line, top_line
from screens.home.iteration import waiting_rows
from screens.picture import LIBRARIES, Picture, freshness, style_of
from screens.widgets.line import key_line, rule_line
from screens.widgets.rows import Item, Row
from screens.words import STATUS_SIGN, STYLE, next_line, session_line, span
from wizard.iterations import ITERATIONS

if TYPE_CHECKING:
    from textual.geometry import Size

    from wizard.model import Report

NARROW = 70
WIDE = 100

_ALWAYS = (("?", "help", "app.explain"), ("/", "find", "app.find"))


def keys(width: int, *, skipped: bool) -> Sequence[tuple[str, str, str]]:
    """The keys of the home, the ones that matter most first."""
    own = (
        ("k", "kubectl", "app.kubectl"),
        ("r", "look", "app.look_again"),
        ("s", "want" if skipped else "skip", "screen.skip"),
        ("u", "setup", "app.setup"),
    )
    if width < NARROW:
        return ("←→", "iteration", ""), _ALWAYS[0], *own[:1], *own[2:], _ALWAYS[1]
    return ("↑↓⏎", "choose", "screen.open"), *own, *_ALWAYS


@dataclass(frozen=True, slots=True)
class View:
    """What the home shows: the picture, the chosen iteration from 1 (0 while none is), and what stands round it."""

    picture: Picture
    number: int
    namespace: str
    banner: str
    now: datetime

    @property
    def report(self) -> Report | None:
        """The last look's report."""
        return self.picture.snapshot.report if self.picture.snapshot else None


def edge(width: int) -> int:
    """The column of the line between rail and page; -1 where there is no rail. As in screen.tcss."""
    return -1 if width < NARROW else 24 if width < WIDE else 33


def frame(view: View, width: int) -> Mapping[str, Content]:
    """Every single line of the home by its widget's id."""
    report = view.report
    where = f"{report.cluster.context} / {report.namespace}" if report else view.namespace
    skipped = report is not None and report.steps[(view.number or 1) - 1].status == "skipped"
    left = edge(width) - 1
    return {
        "top": top_line(where, (report.complete, len(report.included)) if report else None, width),
        "strip": strip_line(report.pipeline if report else None, width),
        "upper": rule_line(width, edge(width), "┬", view.banner),
        "signs": signs(report, view.number or 1),
        "session": Content(f" {session_line(report.accounts, left)}") if report else Content(""),
        "next": Content(f" {next_line(report, left)}") if report else Content(""),
        "lower": rule_line(width, edge(width), "┴"),
        "keys": key_line(
            keys(width, skipped=skipped), freshness(view.picture, view.now), style_of(view.picture), width
        ),
    }


def rail(report: Report | None, width: int) -> Iterator[Row]:
    """The iterations with their signs."""
    for number, title in enumerate(ITERATIONS, 1):
        sign = STATUS_SIGN[report.steps[number - 1].status] if report else "·"
        yield Item(id=f"go-{number}", sign=sign, text=f"{number} {title.title if width >= WIDE else title.short}")


def signs(report: Report | None, chosen: int) -> Content:
    """The rail as one line, for a narrow screen."""
    parts = []
    for number in range(1, len(ITERATIONS) + 1):
        sign = STATUS_SIGN[report.steps[number - 1].status] if report else "·"
        part = Content.assemble(f" {number} ", (sign, STYLE[sign] + " bold"), " ")
        parts.append(part.stylize("reverse") if number == chosen else part)
    return Content("").join(parts).append(f"  {ITERATIONS[chosen - 1].short}")


def waiting(view: View, purpose: str) -> Iterator[Row]:
    """The page while the first look is awaited: for what, and for how long."""
    waited = span(view.now - view.picture.waiting_since)
    if view.picture.awaited == LIBRARIES:
        lines = [("◐", f"looking at the cluster… {waited}"), ("·", f"first, {LIBRARIES}")]
    else:
        lines = [("◐", f"{view.picture.awaited}… {waited}"), ("✓", "what talks to it is loaded")]
    return waiting_rows(view.number or 1, purpose, lines)


def first_frame(view: View, size: Size) -> Content:
    """The whole home before any of its widgets exists, so that something useful is there at once."""
    width, column = size.width, edge(size.width)
    lines = frame(view, width)
    indent = 1 if width >= WIDE else 0
    page_width = width - column - 1 - 2 * indent - 1
    page = _lines(waiting(view, ""), page_width)
    rows = list(rail(None, width))
    left = [row.render(column - 1, cursor=number == (view.number or 1)) for number, row in enumerate(rows, 1)]
    head = [lines["top"], lines["strip"], lines["upper"]] + ([lines["signs"]] if column < 0 else [])
    body = []
    for index in range(max(0, size.height - len(head) - 2)):
        right = page[index] if index < len(page) else Content("")
        if column < 0:
            body.append(right)
            continue
        rail_line = left[index] if index < len(left) else Content("")
        gap = " " * max(0, column - rail_line.cell_length)
        body.append(Content.assemble(rail_line, gap, ("│", "$foreground 30%"), " " * indent, right))
    return Content("\n").join([*head, *body, lines["lower"], lines["keys"]])


def _lines(rows: Iterable[Row], width: int) -> list[Content]:
    return [line for row in rows for line in row.render(width).split("\n", allow_blank=True)]
