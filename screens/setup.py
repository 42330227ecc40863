"""Is this your setup? What was worked out, where each value comes from, and the one thing that can't be known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import zip_longest
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from screens.bookmark import SETUP
from screens.page_screen import PageScreen
from screens.widgets.line import Line, Lines
from screens.widgets.page import Page
from screens.widgets.rows import Button, Item, Row, Space, clean, clip, wrapped
from screens.words import MUTED, ROW_SIGN, STYLE, span
from wizard.choice_values import choice_called, choice_named
from wizard.errors import WizardError

if TYPE_CHECKING:
    from screens.picture import Picture
    from wizard.setup import SetupRow

GO_ON = "go-on"
_LABEL = 12
_TWO_COLUMNS = 66
_BELOW = 2


HINTS: Mapping[str, str] = {
    "cluster": "For another cluster, close with q and start with --context NAME or --kubeconfig FILE.",
    "access": "These are the rights of the account in your kubeconfig; whoever runs the cluster can give more.",
    "git": "This is the repository that the Application follows; step 4 shows it.",
    "ingress": "This is the pattern for a new Ingress; step 6 shows it.",
    "namespace": "For another namespace, close with q and start with --namespace NAME.",
}


class Cut(IntEnum):
    """What is cut to one line so that every row is in sight; the line beneath the rows then says it whole."""

    NOTHING = 0
    SOURCES = 1
    ALL = 2


@dataclass(frozen=True, slots=True)
class SetupLine(Row):
    """One row of the setup: label, value, source, sign; in two columns where there is room."""

    label: str = ""
    value: str = ""
    source: str = ""
    sign: str = ""
    cut: Cut = Cut.NOTHING

    def lines(self, width: int) -> Iterable[Content]:
        sign = (self.sign, "bold " + STYLE.get(self.sign, ""))
        room = width - _LABEL - 4
        source_width = room * 2 // 5 if width >= _TWO_COLUMNS else 0
        value_width = room - source_width - 2 if source_width else room
        values, sources = self._cells(value_width, source_width)
        for index, (value, source) in enumerate(zip_longest(values, sources, fillvalue="")):
            yield Content.assemble(
                ((self.label if index == 0 else "").ljust(_LABEL), "bold"),
                sign if index == 0 else " ",
                " ",
                Content(value).pad_right(max(0, value_width - Content(value).cell_length) + 2),
                (source, MUTED),
            )
        if not source_width and not self.cut:
            for line in wrapped(self.source, room) if self.source else ():
                yield Content.assemble(" " * (_LABEL + 2), (line, MUTED))

    def _cells(self, value_width: int, source_width: int) -> tuple[list[str], list[str]]:
        value = _cell(self.value, value_width, cut=self.cut is Cut.ALL)
        return value, _cell(self.source, source_width, cut=bool(self.cut))


def _cell(text: str, width: int, *, cut: bool) -> list[str]:
    if not width:
        return []
    return [clip(clean(text), width)] if cut else wrapped(text, width)


class SetupScreen(PageScreen):
    """The rows, and a line to answer in."""

    CSS_PATH: ClassVar[list[str]] = ["page_screen.tcss", "setup.tcss"]  # type: ignore[assignment]
    place_name = SETUP
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "all", "all choices", id="setup.all", tooltip="Show or hide the rarely changed choices"),
        Binding("r", "app.look_again", "look again", id="setup.look", tooltip="Look at the cluster again now"),
        Binding("up", "rows(-1)", "rows", show=False, id="setup.up", tooltip="From the answer to the rows"),
        Binding("down", "rows(1)", "rows", show=False, id="setup.down", tooltip="From the answer to the rows"),
    ]
    KEYS: ClassVar[list[tuple[str, str, str]]] = [
        ("↑↓", "choose", ""),
        ("⏎", "change, or go on", ""),
        ("a", "all choices", "screen.all"),
        ("Esc", "to the wizard", "screen.back"),
        ("?", "help", "app.explain"),
    ]
    words = (
        "What the wizard detected, and where each value comes from. Enter on a row changes it, or says where to "
        "change it; an empty answer restores the detected value. You are only asked for what can't be detected. a "
        "also shows the rarely changed choices, such as names and sizes. Nothing here changes the cluster. Later "
        "u, or the palette, brings you back here."
    )

    def __init__(self) -> None:
        super().__init__()
        self._asking = ""
        self._asked = False
        self._by_itself = False
        self._problem = ""
        self._all = False

    def compose(self) -> ComposeResult:
        """The heading, the rows, the question, the keys."""
        yield Line(id="heading")
        yield Lines(id="notice")
        yield Line(id="upper")
        yield Page(id="page")
        yield Lines(id="question")
        yield Input(id="answer", compact=True)
        yield Vertical(Line(id="lower"), Line(id="keys"), id="foot")

    def heading(self, picture: Picture) -> tuple[str, str, str]:
        """The question of the screen."""
        del picture
        return "Is this your setup?", "nothing has been changed", "·"

    def keys(self) -> Sequence[tuple[str, str, str]]:
        """Other ones while something is asked: letters are text then."""
        if self._asking:
            return ("⏎", "take it", ""), ("↑↓", "to the rows", ""), ("Esc", "leave it as it is", "screen.back")
        return [(key, "fewer" if key == "a" and self._all else what, action) for key, what, action in self.KEYS]

    def page(self, picture: Picture) -> Iterable[Row]:
        """The rows of the last look, then the button."""
        return self._page(picture, self._cut(picture))

    def _page(self, picture: Picture, cut: Cut) -> Iterable[Row]:
        if picture.snapshot is None:
            yield Item(sign="◐", text=f"{picture.awaited}… {span(self.host.now() - picture.waiting_since)}")
        else:
            for row in self._rows(picture.snapshot.setup):
                sign = ROW_SIGN.get(row.state, "?")
                yield SetupLine(
                    id=row.id, label=row.label, value=row.value or "unknown", source=row.source, sign=sign, cut=cut
                )
        yield Space()
        yield Button(id=GO_ON, label="Yes, go on", key="⏎")

    def _rows(self, rows: Iterable[SetupRow]) -> Iterable[SetupRow]:
        return [row for row in rows if self._all or not row.advanced]

    def _cut(self, picture: Picture) -> Cut:
        """As little as leaves every row in sight."""
        return next((cut for cut in Cut if self._height(picture, cut) <= self._room), Cut.ALL)

    def _height(self, picture: Picture, cut: Cut) -> int:
        width = self.size.width - 2
        return sum(row.render(width).plain.count("\n") + 1 for row in self._page(picture, cut))

    @property
    def _room(self) -> int:
        return max(3, self.size.height - 5 - _BELOW)

    def show(self, picture: Picture) -> None:
        """Draws; asks once, by itself, for what can't be known, and otherwise is content with Enter."""
        self.query_one("#page").styles.max_height = self._room
        super().show(picture)
        if picture.snapshot and not self._asked:
            self._asked = True
            row = next((row for row in picture.snapshot.setup if row.state == "ask"), None)
            self._by_itself = row is not None and choice_called(row.id) is not None
            if row is not None and self._by_itself:
                self._ask(row)
            self.query_one("#page", Page).move_to(row.id if row is not None and self._by_itself else GO_ON)
        self._explain()

    @on(Page.Moved, "#page")
    def moved(self, _: Page.Moved) -> None:
        """What can be done about another row."""
        self._explain()

    def choose(self, row_id: str) -> None:
        """Goes on, or asks."""
        if row_id == GO_ON:
            self.dismiss()
            return
        row = self._row(row_id)
        if row is not None and choice_called(row_id):
            self._by_itself = False
            self._ask(row)

    def _row(self, row_id: str) -> SetupRow | None:
        snapshot = self.host.picture.snapshot
        return next((row for row in snapshot.setup if row.id == row_id), None) if snapshot else None

    def _ask(self, row: SetupRow) -> None:
        self._asking, self._problem = row.id, ""
        self.add_class("-asking")
        answer = self.query_one("#answer", Input)
        answer.placeholder = choice_named(row.id).example
        answer.value = row.said
        answer.focus()
        self.draw(self.host.picture)

    def _explain(self) -> None:
        """Beneath the rows: what is asked, else what there is to say about the row under the cursor."""
        text, style = self._told()
        lines = wrapped(text, self.size.width - 4)[:_BELOW] if text else ["", ""]
        self.query_one("#question", Lines).tell([Content.assemble((f"  {line}", style)) for line in lines])

    def _told(self) -> tuple[str, str]:
        if self._problem:
            return self._problem, "$text-warning"
        if self._asking:
            row = self._row(self._asking)
            back = " Leave it empty to restore the detected value." if row is not None and row.said else ""
            there_are = f" Available: {', '.join(row.options)}." if row is not None and row.options else ""
            return choice_named(self._asking).question + there_are + back, ""
        row = self._row(self.query_one("#page", Page).cursor)
        if row is None:
            return "", ""
        how = "⏎ changes it." if choice_called(row.id) else HINTS.get(row.id, "")
        whole = f"{row.value}: {row.source}. " if self._cut(self.host.picture) and row.value else ""
        return f"{whole}{how}", MUTED

    def _answered(self, *, taken: bool) -> None:
        row_id, self._asking, self._problem = self._asking, "", ""
        self.remove_class("-asking")
        page = self.query_one("#page", Page)
        page.move_to(GO_ON if self._by_itself and taken else row_id)
        page.focus()
        self.draw(self.host.picture)

    @on(Input.Changed)
    def answer_changed(self, _: Input.Changed) -> None:
        """What was wrong with the answer before is no longer said."""
        if self._problem:
            self._problem = ""
            self._explain()

    @on(Input.Submitted)
    def answer_given(self, event: Input.Submitted) -> None:
        """Takes the answer, or says what is wrong with it; an empty one takes back what was said before."""
        event.stop()
        row = self._row(self._asking)
        text = event.value.strip()
        if text or (row is not None and row.said):
            try:
                self.host.workspace.choose(self._asking, text)
            except WizardError as error:
                self._problem = error.what
                self._explain()
                return
            self.host.action_look_again()
        self._answered(taken=True)

    def action_back(self) -> None:
        """Out of the answer first, then to the wizard."""
        if self._asking:
            self._by_itself = False
            self._answered(taken=False)
        else:
            self.dismiss()

    def action_all(self) -> None:
        """Every choice, or those alone that most people care about."""
        self._all = not self._all
        self.draw(self.host.picture)

    def action_rows(self, direction: int) -> None:
        """From the answer to the row before or after."""
        if self._asking:
            self._answered(taken=False)
            page = self.query_one("#page", Page)
            if direction > 0:
                page.action_cursor_down()
            else:
                page.action_cursor_up()
