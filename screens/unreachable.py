"""The cluster can't be reached: what, why, what to do, and trying again. It goes away by itself once there is a look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from screens.page_screen import PageScreen
from screens.widgets.rows import Button, Command, Item, Row, Space, Text
from screens.words import MUTED, span

if TYPE_CHECKING:
    from screens.picture import Picture


class UnreachableScreen(PageScreen):
    """Why nothing can be shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "app.look_again", "try again", id="trouble.again", tooltip="Try to reach the cluster again"),
        Binding("c", "copy", "copy", id="trouble.copy", tooltip="Copy the commands; they are saved to a file too"),
    ]
    words = (
        "The cluster can't be reached, so there is nothing to show yet. The page says what happened, what is known "
        "about the cause, and what to do. Nothing was changed anywhere, and nothing that was saved is lost."
    )

    def heading(self, picture: Picture) -> tuple[str, str, str]:
        """That there is no look."""
        waiting = picture.error is None
        return "The cluster can't be reached", "trying again" if waiting else "not connected", "◐" if waiting else "✗"

    def keys(self) -> Sequence[tuple[str, str, str]]:
        """Copying where there is a command."""
        copying = (("c", "copy", "screen.copy"),) if self.commands() else ()
        return ("r", "try again", "app.look_again"), *copying, ("q", "quit", "app.quit"), ("?", "help", "app.explain")

    def page(self, picture: Picture) -> Iterable[Row]:
        """What, why, what to do."""
        error = picture.error
        if error is None:
            yield Item(sign="◐", text=f"{picture.awaited}… {span(self.host.now() - picture.waiting_since)}")
            return
        yield Item(sign="✗", text=error.what, style="bold")
        if error.why:
            yield Space()
            yield Text(lead="Why.", text=error.why)
        if error.fix:
            yield Space()
            yield Text(lead="What to do.", text=error.fix)
        if error.commands:
            yield Space()
            for index, command in enumerate(self.host.workspace.settings.address.lines(error.commands)):
                yield Command(id=f"command-{index}", command=command)
        if picture.attempt > 1:
            yield Space()
            yield Text(text=f"Tried {picture.attempt} times so far; it keeps trying.", style=MUTED)
        yield Space()
        yield Button(id="again", label="Try again", key="r")

    def show(self, picture: Picture) -> None:
        """Draws, or goes away once there is something to see."""
        if picture.snapshot is not None:
            if self.is_current:
                self.dismiss()
            return
        super().show(picture)

    def choose(self, row_id: str) -> None:
        """Tries again."""
        if row_id == "again":
            self.host.action_look_again()

    def action_back(self) -> None:
        """There is nothing behind: leaving is closing."""
        self.host.close_wizard()
