"""Help for the screen that was in front: what it shows, its keys, and the signs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from screens.page_screen import PageScreen
from screens.widgets.rows import Heading, Item, Row, Space, Table, Text
from screens.words import MUTED, SIGN_WORDS

if TYPE_CHECKING:
    from textual.binding import BindingType

    from screens.picture import Picture
    from screens.wizard_screen import WizardScreen

_KEY_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "escape": "Esc",
    "left": "←",
    "right": "→",
    "enter": "⏎",
}


class HelpScreen(PageScreen):
    """Keys and words of another screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "back", "back", show=False, id="help.again", tooltip="Back to where you were"),
    ]
    KEYS: ClassVar[list[tuple[str, str, str]]] = [("Esc", "back", "screen.back")]

    def __init__(self, about: WizardScreen) -> None:
        super().__init__()
        self.about = about
        self.place_name = about.place_name  # type: ignore[misc]

    @property
    def finding(self) -> str:
        """That of the screen behind."""
        return self.about.finding

    def heading(self, picture: Picture) -> tuple[str, str, str]:
        """Just "Help"."""
        del picture
        return "Help", "", ""

    def page(self, picture: Picture) -> Iterable[Row]:
        """What the screen shows, its keys, the signs."""
        del picture
        yield Text(text=self.about.words)
        yield Space()
        yield Heading(text="Keys")
        yield Table(columns=("key", "what it does"), cells=tuple(keys_of(self.about)))
        yield Space()
        yield Heading(text="Signs")
        for sign, text in SIGN_WORDS:
            yield Item(sign=sign, text=text)
        yield Space()
        yield Text(
            text="The right end of the last line says how fresh the picture is. The mouse works everywhere; hold Shift "
            "to select text in most terminals. ctrl+p opens the palette: every step, every finding, the setup, by "
            "name.",
            style=MUTED,
        )


def keys_of(screen: WizardScreen) -> Iterable[tuple[str, str]]:
    """(key, what it does) of a screen's own bindings, each meaning once."""
    yield "↑ ↓ ⏎", "Choose, and open"
    numbers = [binding for binding in screen_bindings(screen) if binding.key.isdigit()]
    tooltips: set[str] = set()
    for binding in screen_bindings(screen):
        if binding.key.isdigit() or binding.tooltip in tooltips or not binding.id or binding.id.startswith("screen."):
            continue
        tooltips.add(binding.tooltip)
        same = [other.key for other in screen_bindings(screen) if other.tooltip == binding.tooltip]
        yield " ".join(_KEY_NAMES.get(key, key) for key in same), binding.tooltip
    if numbers:
        yield f"{numbers[0].key} to {numbers[-1].key}", "Go to a step by its number"
    yield "ctrl+p", "Open the palette"


def screen_bindings(screen: WizardScreen) -> list[Binding]:
    """A screen's bindings with an id, its own class's first."""
    return [binding for bindings in screen._bindings.key_to_bindings.values() for binding in bindings if binding.id]  # noqa: SLF001 - Textual's only list of them
