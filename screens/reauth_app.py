"""`photosync-wizard reauth` on a terminal: the sign-in beneath the prompt, a few rows high, which leaves three lines behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen

from screens.daemon_thread import in_daemon_thread
from screens.fatal import end_without_values
from screens.signin.controller import SignInContext, SignInController
from screens.signin.files import CALENDAR_NAME
from screens.signin.flow import SignInOptions
from screens.signin.keys import KEYS
from screens.signin.questions import Keep
from screens.signin.view import SignInView
from screens.widgets.line import Line
from screens.words import span
from wizard.errors import Exit, WizardError

if TYPE_CHECKING:
    from textual.driver import Driver

    from screens.workspace import Workspace
    from wizard.cli.reauth import ReauthOptions, ReauthResults
    from wizard.engine import Engine
    from wizard.signin.service import SignInService

_LEAVING_SECONDS = 15.0


class ReauthScreen(Screen[None]):
    """One account's sign-in."""

    CSS_PATH = "signin/screen.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = list(KEYS)

    def __init__(self, view: SignInView) -> None:
        super().__init__()
        self._view = view

    def compose(self) -> ComposeResult:
        """The view."""
        yield self._view

    def action_press(self, name: str) -> None:
        """A key."""
        self._view.controller.press(name)

    def action_leave(self) -> None:
        """Escape."""
        self._view.controller.leave()


class ReauthApp(App[None]):
    """Leads every wished account through its sign-in, one after the other, and ends."""

    ENABLE_COMMAND_PALETTE = False
    CSS_PATH: ClassVar[list[str]] = ["app.tcss", "signin/screen.tcss"]  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "interrupt", "quit", show=False, priority=True, id="app.quit"),
        Binding("ctrl+c", "interrupt", "stop", show=False, priority=True, id="app.interrupt"),
    ]

    def __init__(
        self,
        workspace: Workspace,
        reauth_options: ReauthOptions,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class)
        self.workspace = workspace
        self.reauth_options = reauth_options
        self.now = now
        self.results: ReauthResults | None = None
        self.lines: list[str] = []
        self.calendar: str | None = None
        self.error: WizardError | None = None
        self._saved: tuple[str, ...] = ()
        self._errands: set[asyncio.Task[None]] = set()
        self._engine: Engine | None = None
        self._began = now()
        self._controller: SignInController | None = None
        self._over: asyncio.Future[None] | None = None

    def compose(self) -> ComposeResult:
        """A line until the cluster has been looked at."""
        yield Line(id="waiting")

    def on_mount(self) -> None:
        """Begins once the first frame is out."""
        self._tick()
        self.set_interval(1, self._tick)
        self.call_after_refresh(self._lead)

    def _tick(self) -> None:
        for line in self.screen.query("#waiting").results(Line):
            line.show(Content(f" ◐ looking at the cluster… {span(self.now() - self._began)}"))

    @work(exclusive=True, description="lead through every account")
    async def _lead(self) -> None:
        from wizard.cli.reauth import ReauthResults, check_one_account  # noqa: PLC0415 - after the first frame

        try:
            self._engine, service = await in_daemon_thread(
                lambda: (self.workspace.engine(), self.workspace.sign_in_service())
            )
            await service.look()
            results = ReauthResults(service.accounts(self.reauth_options.accounts))
            check_one_account(results.accounts, self.reauth_options)
        except WizardError as error:
            self.error = error
            self.exit()
            return
        options = SignInOptions(
            apple_id=self.reauth_options.apple_id,
            in_pod=self.reauth_options.in_pod,
            keep=Keep.KEYRING if self.reauth_options.keep_password else Keep.NOWHERE,
            forget=self.reauth_options.forget_password,
            renew=self.reauth_options.renew,
        )
        self.results = results
        for account in results.accounts:
            await self._led(service, replace(options, account=account), results)
            if results.left:
                break
        self.exit()

    async def _led(self, service: SignInService, options: SignInOptions, results: ReauthResults) -> None:
        """Leads one account, and notes how it ended."""
        self._over = asyncio.get_running_loop().create_future()
        context = SignInContext(
            service,
            self.now,
            self.hold,
            self._save,
            options,
            demo_commands=self.workspace.demo_commands,
            inline=True,
            offers_calendar=self.reauth_options.ics is None,
            earlier=tuple(results.outcomes),
        )
        view = SignInView(context, banner=self.workspace.banner)
        self._controller = view.controller
        screen = ReauthScreen(view)
        await self.push_screen(screen)
        await self._over
        screen.dismiss()
        attempt = view.controller.attempt
        if attempt.outcome is not None:
            results.outcomes.append(attempt.outcome)
            self.lines += attempt.lines + self._saved
            self.calendar = service.reminder(results.outcomes)
        elif attempt.error is not None:
            results.troubles.append((options.account, attempt.error))
        else:
            results.left = options.account
        self._saved = ()

    def _save(self, name: str, text: str) -> str:
        """Keeps a file, and where it is for the lines that stay: what the screen says about it is gone in a moment."""
        where = self.workspace.save(name, text)
        if name == CALENDAR_NAME:
            self._saved = (f"  The date is in {where}: open it with your calendar.",)
        return where

    def hold(self, errand: asyncio.Task[None]) -> None:
        """Sees to it that what was begun is ended and put back."""
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    @on(SignInView.Closed)
    def closed(self, event: SignInView.Closed) -> None:
        """On to the next account, or to the end."""
        if self._over is not None and not self._over.done() and event.controller is self._controller:
            self._over.set_result(None)

    def action_interrupt(self) -> None:
        """Stops; what was begun is put back."""
        farewell = "".join(view.controller.farewell for view in self.screen.query(SignInView))
        self.exit(return_code=int(Exit.INTERRUPTED), message=farewell or None)

    async def on_unmount(self) -> None:
        """Puts back, and lets the connections go."""
        if self._errands:
            for errand in self._errands:
                errand.cancel()
            await asyncio.wait(self._errands, timeout=_LEAVING_SECONDS)
        if self._engine is not None:
            await self._engine.close()

    def _fatal_error(self) -> None:
        end_without_values(self, self.workspace.save, self.workspace.settings.address)


def sign_in(workspace: Workspace, reauth_options: ReauthOptions) -> int:
    """Runs it beneath the prompt, prints what came of it, and returns the exit code. Raises WizardError."""
    from screens.terminal import BeneathThePrompt, run  # noqa: PLC0415 - only on a terminal

    app = ReauthApp(workspace, reauth_options, driver_class=BeneathThePrompt)
    run(app)
    return print_result(app, reauth_options)


def print_result(app: ReauthApp, reauth_options: ReauthOptions) -> int:
    """Prints the lines that stay, and returns the exit code. Raises WizardError."""
    from wizard.cli.reauth import ReauthResults, conclude, put_line  # noqa: PLC0415 - loaded by now

    if app.error is not None:
        raise app.error
    for line in app.lines:
        put_line(line)
    code = conclude(app.results or ReauthResults(), app.calendar, reauth_options, app.workspace.settings.address)
    return app.return_code or code
