"""A sheet: a screen in front of the home with one heading, one page and a line of keys. Escape puts it away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from screens.clipboard import SERVE, copy_commands
from screens.picture import Picture, freshness, style_of
from screens.widgets.line import Line, Lines, key_line, rule_line
from screens.widgets.page import Page
from screens.widgets.rows import Command, clean, clip
from screens.wizard_screen import WizardScreen
from screens.words import STYLE

if TYPE_CHECKING:
    from screens.widgets.rows import Row


class PageScreen(WizardScreen):
    """What the sheets share; each says its heading and its rows for a Picture."""

    CSS_PATH = "page_screen.tcss"
    AUTO_FOCUS = "#page"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="sheet.back", tooltip="Back to where you were"),
        Binding("x", "app.put_away", "seen", show=False, id="sheet.seen", tooltip="Dismiss the notice at the top"),
        Binding("left", "back", "back", show=False, id="sheet.left", tooltip="Back to where you were"),
    ]
    KEYS: ClassVar[list[tuple[str, str, str]]] = [("Esc", "back", "screen.back"), ("?", "help", "app.explain")]

    def compose(self) -> ComposeResult:
        """The heading, the page, the keys."""
        yield Line(id="heading")
        yield Lines(id="notice")
        yield Line(id="upper")
        yield Page(id="page")
        yield Line(id="lower")
        yield Line(id="keys")

    def heading(self, picture: Picture) -> tuple[str, str, str]:
        """The title, what stands at the right, and the sign whose colour that has."""
        raise NotImplementedError

    def page(self, picture: Picture) -> Iterable[Row]:
        """The rows."""
        raise NotImplementedError

    def keys(self) -> Sequence[tuple[str, str, str]]:
        """The keys that do something now: (key, word, action)."""
        return self.KEYS

    def show(self, picture: Picture) -> None:
        """Draws everything."""
        width = self.size.width
        if not width:
            return
        title, right, sign = self.heading(picture)
        gap = width - 2 - Content(right).cell_length
        left = clip(clean(title), gap - 2)
        pad = " " * max(1, gap - Content(left).cell_length)
        self.query_one("#heading", Line).show(
            Content.assemble(" ", (left, "bold"), pad, (right, "bold " + STYLE.get(sign, "")), " ")
        )
        self.query_one("#upper", Line).show(rule_line(width, -1, "", self.host.workspace.banner))
        self.query_one("#notice", Lines).tell(self.host.notice(width))
        self.query_one("#lower", Line).show(rule_line(width, -1, ""))
        self.query_one("#page", Page).show(self.page(picture))
        self.query_one("#keys", Line).show(
            key_line(self.keys(), freshness(picture, self.host.now()), style_of(picture), width)
        )

    def action_back(self) -> None:
        """Puts the sheet away."""
        self.dismiss()

    @on(Page.Chosen, "#page")
    def page_chosen(self, event: Page.Chosen) -> None:
        """Enter or a click on a row: a command is copied, anything else is the screen's own business."""
        if isinstance(event.row, Command):
            copy_commands(self.host, [event.row.command])
        else:
            self.choose(event.row_id)

    def choose(self, row_id: str) -> None:
        """What choosing a row does that is no command."""

    def commands(self) -> list[str]:
        """The commands on the page, but for the one that serves a demo world."""
        rows = self.page(self.host.picture)
        return [row.command for row in rows if isinstance(row, Command) and row.id != SERVE]

    def action_copy(self) -> None:
        """Copies them all."""
        copy_commands(self.host, self.commands())

    def on_resize(self, _: events.Resize) -> None:
        """Draws for the new size, once it is laid out."""
        self.call_after_refresh(lambda: self.draw(self.host.picture))
