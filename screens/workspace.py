"""What the screens ask of whoever opens them. The command line gives an object like this; the tests give a fake.

Nothing here does anything, and importing it loads neither Textual nor a cluster library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from wizard.engine import Engine
    from wizard.settings import Settings
    from wizard.signin.service import SignInService


class Workspace(Protocol):
    """One opening of the wizard.

    `place` is what the last `remember` was given, None on a first start; its keys and values are plain texts for the state
    file. `banner` is shown on every screen ("demo world: seed, nothing leaves this machine"), empty for none.
    """

    @property
    def settings(self) -> Settings:
        """The settings as they are now; `choose` changes them."""

    @property
    def place(self) -> Mapping[str, str] | None:
        """Where the person was when the wizard was last closed."""

    @property
    def banner(self) -> str:
        """One short line about the world that is looked at."""

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences about what is kept that the person should know, oldest first; there may be more of them later."""

    @property
    def demo_commands(self) -> tuple[str, ...]:
        """What to type before any command of the screens, so that it meets this demo world; empty for a real cluster."""

    def engine(self) -> Engine:
        """Makes the engine. Called in a thread, after the first frame: may import and read files; raises WizardError."""

    def sign_in_service(self) -> SignInService:
        """Where a sign-in is started from. Called once there is an engine."""

    def remember(self, place: Mapping[str, str]) -> None:
        """Keeps `place` for the next start. Called on every change of it; must be quick and must not raise."""

    def choose(self, name: str, value: str) -> None:
        """Sets the choice with that id (`wizard.choices`); an empty value takes it back. Or "skip" and "unskip" with a step id.

        The running engine diagnoses with it from its next look on. Raises WizardError when it can't be kept or can't be right.
        """

    def save(self, name: str, text: str) -> str:
        """Writes `text` to a private file called `name` in the state folder and returns its path; may raise OSError."""
