"""Search all findings, by words or by id."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from screens.finding_list import references
from screens.page_screen import PageScreen
from screens.widgets.line import Line, Lines
from screens.widgets.page import Page
from screens.widgets.rows import Item, Row, Text
from screens.words import MUTED, SEVERITY_SIGN, plural

if TYPE_CHECKING:
    from screens.picture import Picture
    from wizard.model import Finding, Report


def matches(report: Report, words: str) -> list[tuple[str, str, Finding]]:
    """(step id, reference, finding) of all findings that have every word in id, summary, why, fix or evidence."""
    terms = words.lower().split()
    return [
        (step.id, reference, finding)
        for step in report.steps
        for reference, finding in references(step)
        if all(word in _text_of(finding) for word in terms)
    ]


def _text_of(finding: Finding) -> str:
    evidence = " ".join(f"{key} {value}" for key, value in finding.evidence.items())
    return f"{finding.id} {finding.summary} {finding.why} {finding.fix} {evidence}".lower()


class FindScreen(PageScreen):
    """A line to type in, and what matches it."""

    CSS_PATH: ClassVar[list[str]] = ["page_screen.tcss", "find.tcss"]  # type: ignore[assignment]
    AUTO_FOCUS = "#words"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "into", "to the list", show=False, id="find.down", tooltip="From the search line to the list"),
    ]
    KEYS: ClassVar[list[tuple[str, str, str]]] = [
        ("Esc", "back", "screen.back"),
        ("↑↓", "choose", ""),
        ("⏎", "open", ""),
    ]
    words = (
        "Type words, or part of a finding's id. Every finding of any step that contains them all is listed; Enter "
        "opens one."
    )

    def compose(self) -> ComposeResult:
        """The heading, the line, the list, the keys."""
        yield Line(id="heading")
        yield Lines(id="notice")
        yield Line(id="upper")
        yield Input(placeholder="words or an id, such as storage.pvc", id="words", compact=True)
        yield Page(id="page", lasting=True)
        yield Line(id="lower")
        yield Line(id="keys")

    def _matches(self, picture: Picture) -> list[tuple[str, str, Finding]]:
        return matches(picture.snapshot.report, self.query_one(Input).value) if picture.snapshot else []

    def heading(self, picture: Picture) -> tuple[str, str, str]:
        """How many there are."""
        return "Find", plural(len(self._matches(picture)), "finding"), "·"

    def page(self, picture: Picture) -> Iterable[Row]:
        """Each match with its id."""
        hits = self._matches(picture)
        for step_id, reference, finding in hits:
            yield Item(
                id=f"{step_id} {reference}",
                sign=SEVERITY_SIGN[finding.severity],
                text=f"{finding.summary}\n{finding.id}",
            )
        if not hits:
            yield Text(text="No finding contains these words.", style=MUTED)

    @on(Input.Changed)
    def words_changed(self, _: Input.Changed) -> None:
        """The list follows."""
        self.draw(self.host.picture)

    @on(Input.Submitted)
    def words_submitted(self, _: Input.Submitted) -> None:
        """Opens the one under the cursor."""
        self.choose(self.query_one("#page", Page).cursor)

    def choose(self, row_id: str) -> None:
        """Opens a finding."""
        step_id, _, reference = row_id.partition(" ")
        if reference:
            self.host.open_finding(step_id, reference)

    def action_into(self) -> None:
        """Moves in the list from the line."""
        page = self.query_one("#page", Page)
        page.focus()
        page.action_cursor_down()
