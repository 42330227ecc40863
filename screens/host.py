"""What a screen may ask of the app that shows it. Screens and widgets know this protocol; nobody but the start knows the app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from textual.app import App
    from textual.content import Content

    from screens.picture import Picture
    from screens.workspace import Workspace
    from wizard.model import Diagnosis


class Host(Protocol):
    """The wizard's app as its screens see it. An `action_` does what the key of that name does."""

    # What there is to show

    @property
    def workspace(self) -> Workspace:
        """One opening of the wizard: its settings, its choices, its files."""

    @property
    def picture(self) -> Picture:
        """The last look, and whether it is still fresh."""

    @property
    def purposes(self) -> Mapping[str, str]:
        """What each iteration is for, by step id; empty until the engine is loaded."""

    def now(self) -> datetime:
        """The time, in UTC."""

    def notice(self, width: int) -> Sequence[Content]:
        """The lines at the top of every screen, for `width` cells; none when there is nothing to say."""

    # Going to another screen

    def go(self, number: int) -> None:
        """Goes home, to the iteration of that number, from 1."""

    def open_finding(self, step_id: str, reference: str) -> None:
        """Opens a finding, above its iteration."""

    def follow_finding(self, reference: str) -> None:
        """Puts the home's cursor on a finding of the chosen iteration, behind the screen in front."""

    def action_kubectl(self) -> None:
        """Opens the same with kubectl."""

    def action_sign_in(self) -> None:
        """Opens the sign-in to iCloud."""

    def action_setup(self) -> None:
        """Opens the setup."""

    def action_find(self) -> None:
        """Opens the search."""

    def action_explain(self) -> None:
        """Opens the help for the screen in front."""

    # What a person wants done

    def act(self, step: Diagnosis) -> None:
        """Does what the iteration's button says."""

    def skip(self, number: int) -> None:
        """Skips the iteration of that number, or wants it after all."""

    def action_look_again(self) -> None:
        """Looks at the cluster again."""

    def notify(self, message: str, *, title: str = "", markup: bool = True) -> None:
        """Says something in passing."""

    def copy_to_clipboard(self, text: str) -> None:
        """Gives the text to the terminal, which may ignore it."""

    # Remembering and ending

    def remember(self) -> None:
        """Keeps where the person is, for the next start."""

    def hold(self, errand: asyncio.Task[None]) -> None:
        """Sees to it that what was begun is ended and put back, also when the wizard is closed meanwhile."""

    def close_wizard(self) -> None:
        """Closes the wizard; the next start returns here."""


def host_of(app: App[Any]) -> Host:
    """The app of a screen, a widget or a palette, as they may use it."""
    return cast("Host", app)
