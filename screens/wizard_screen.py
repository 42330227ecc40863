"""What every screen has in common: it draws the app's Picture whenever it changes, and answers the keys that work everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from screens.bookmark import ITERATION
from screens.host import Host, host_of

if TYPE_CHECKING:
    from screens.picture import Picture


class WizardScreen(Screen[None]):
    """A screen of the wizard. `words` are what its help says, `place_name` what is remembered."""

    words: ClassVar[str] = ""
    place_name: ClassVar[str] = ITERATION
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "question_mark", "app.explain", "help", id="wizard.help", tooltip="What this screen shows and its keys"
        ),
        Binding("q", "app.quit", "quit", id="wizard.quit", tooltip="Close the wizard; the next start returns here"),
    ]

    _composed = False

    @property
    def host(self) -> Host:
        """Whom to ask for anything beyond this screen."""
        return host_of(self.app)

    @property
    def farewell(self) -> str:
        """What there is to say on the terminal when the wizard is closed from here; empty for nothing."""
        return ""

    @property
    def finding(self) -> str:
        """The reference of the finding that is shown, for the next start."""
        return ""

    def show(self, picture: Picture) -> None:
        """Draws the picture. Called through `draw`."""

    def draw(self, picture: Picture) -> None:
        """Shows the picture, if the screen's widgets are there: composed, and not yet pruned as they are once it has stopped."""
        if self._composed and self.is_attached and self.is_running:
            self.show(picture)

    def on_mount(self) -> None:
        """Draws at once what is known."""
        self._composed = True
        self.draw(self.host.picture)

    def on_screen_resume(self) -> None:
        """Draws what has changed while another screen was in front."""
        self.draw(self.host.picture)
        self.host.remember()
