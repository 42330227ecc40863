"""The sign-in in the wizard: the view, with the wizard's help and its place around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from screens.signin.controller import SignInContext, SignInController
from screens.signin.flow import SignInOptions
from screens.signin.keys import KEYS
from screens.signin.view import SignInView
from screens.wizard_screen import WizardScreen

if TYPE_CHECKING:
    from wizard.signin.service import SignInService


class SignInScreen(WizardScreen):
    """Signing in to iCloud, from the plan to the date."""

    CSS_PATH = "screen.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = list(KEYS)
    words = (
        "Signs in to iCloud, so that icloudpd in the cluster can fetch photos. First comes the plan; nothing is "
        "done before you have seen it. Then the steps, each with its status: what is on the volume, password and "
        "code if Apple asks for them, and whether icloudpd accepts the session, which is what counts. A session "
        "that still works is left as it is, unless it ends soon or you choose to renew it (n). i switches to the "
        "second way, in which icloudpd itself asks Apple, inside the pod. Escape leaves at any time: the pod is "
        "removed, a paused CronJob resumes, and nothing on the volume has changed. Passwords and codes go to "
        "Apple and nowhere else. Security keys rely on pyicloud's own call; that could not be tested against Apple."
    )

    def __init__(self, service: SignInService, options: SignInOptions = SignInOptions()) -> None:  # noqa: B008 - frozen
        super().__init__()
        self._service = service
        self._options = options

    def compose(self) -> ComposeResult:
        """The view."""
        host = self.host
        context = SignInContext(
            self._service,
            host.now,
            host.hold,
            host.workspace.save,
            self._options,
            demo_commands=host.workspace.demo_commands,
        )
        yield SignInView(context, banner=host.workspace.banner)

    @property
    def controller(self) -> SignInController:
        """The sign-in itself."""
        return self.query_one(SignInView).controller

    @property
    def farewell(self) -> str:
        """What was left behind."""
        return self.controller.farewell

    def action_press(self, name: str) -> None:
        """A key."""
        self.controller.press(name)

    def action_leave(self) -> None:
        """Escape."""
        self.controller.leave()

    @on(SignInView.Closed)
    def closed(self, event: SignInView.Closed) -> None:
        """Back, with a fresh look."""
        self.dismiss()
        self.host.action_look_again()
        if event.controller.attempt.under_way and (farewell := event.controller.farewell):
            self.host.notify(farewell, markup=False)
