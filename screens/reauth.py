"""`photosync-wizard reauth` on a terminal: the sign-in beneath the prompt, a few rows high, which leaves three lines behind."""

from __future__ import annotations

import asyncio
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Protocol

from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen

from screens.app import utc_now
from screens.asking import Keep
from screens.fatal import end_without_values
from screens.frame import Line
from screens.leading import Wishes
from screens.signin_view import KEYS, SignInView
from screens.thread import in_daemon_thread
from screens.words import span
from wizard.errors import Exit, Trouble
from wizard.renewal.person import GaveUp, Outcome

if TYPE_CHECKING:
    from textual.driver import Driver

    from wizard.engine import Engine
    from wizard.reauth import Wish
    from wizard.renewal.desk import Desk

_LEAVING_SECONDS = 5.0


class Opened(Protocol):
    """What the command gives: as `screens.session.Session`, as far as it is needed here."""

    @property
    def banner(self) -> str:
        """One short line about the world that is looked at."""

    def engine(self) -> Engine:
        """Makes the engine, in a thread."""

    def desk(self) -> Desk:
        """Where a sign-in is started from."""

    def save(self, name: str, text: str) -> str:
        """Keeps a private file."""


class ReauthScreen(Screen[None]):
    """One account's sign-in."""

    CSS_PATH = "signin.tcss"
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
        self._view.press(name)

    def action_leave(self) -> None:
        """Escape."""
        self._view.leave()


class ReauthApp(App[None]):
    """Leads every wished account through its sign-in, one after the other, and ends."""

    ENABLE_COMMAND_PALETTE = False
    CSS_PATH: ClassVar[list[str]] = ["app.tcss", "signin.tcss"]  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "interrupt", "quit", show=False, priority=True, id="app.quit"),
        Binding("ctrl+c", "interrupt", "stop", show=False, priority=True, id="app.interrupt"),
    ]

    def __init__(
        self,
        opened: Opened,
        wish: Wish,
        *,
        now: Callable[[], datetime] = utc_now,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class)
        self.opened = opened
        self.wish = wish
        self.now = now
        self.outcomes: list[Outcome] = []
        self.lines: list[str] = []
        self.calendar: str | None = None
        self.trouble: Trouble | None = None
        self.left = False
        self._errands: set[asyncio.Task[None]] = set()
        self._engine: Engine | None = None
        self._began = now()
        self._over: asyncio.Future[SignInView.Closed] | None = None

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
        from wizard.reauth import check_one_account  # noqa: PLC0415 - after the first frame

        try:
            self._engine, desk = await in_daemon_thread(lambda: (self.opened.engine(), self.opened.desk()))
            await desk.look()
            accounts = desk.accounts(self.wish.accounts)
            check_one_account(accounts, self.wish)
        except Trouble as trouble:
            self.trouble = trouble
            self.exit()
            return
        wishes = Wishes(
            apple_id=self.wish.apple_id,
            in_pod=self.wish.in_pod,
            keep=Keep.KEYRING if self.wish.keep_password else Keep.NOWHERE,
            forget=self.wish.forget_password,
        )
        for account in accounts:
            if not await self._led(desk, replace(wishes, account=account)):
                break
        self.calendar = desk.reminder(self.outcomes)
        self.exit()

    async def _led(self, desk: Desk, wishes: Wishes) -> bool:
        """Whether that account is signed in."""
        self._over = asyncio.get_running_loop().create_future()
        view = SignInView(
            desk,
            wishes=wishes,
            now=self.now,
            hold=self.hold,
            save=self.opened.save,
            banner=self.opened.banner,
            inline=True,
        )
        screen = ReauthScreen(view)
        await self.push_screen(screen)
        closed = await self._over
        screen.dismiss()
        self.trouble = closed.trouble
        self.left = closed.outcome is None and closed.trouble is None
        if closed.outcome is not None:
            self.outcomes.append(closed.outcome)
            self.lines += closed.told
        return closed.outcome is not None

    def hold(self, errand: asyncio.Task[None]) -> None:
        """Sees to it that what was begun is ended and put back."""
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    @on(SignInView.Closed)
    def closed(self, event: SignInView.Closed) -> None:
        """On to the next account, or to the end."""
        if self._over is not None and not self._over.done():
            self._over.set_result(event)

    def action_interrupt(self) -> None:
        """Stops; what was begun is put back."""
        self.exit(return_code=int(Exit.INTERRUPTED))

    async def on_unmount(self) -> None:
        """Puts back, and lets the connections go."""
        if self._errands:
            for errand in self._errands:
                errand.cancel()
            await asyncio.wait(self._errands, timeout=_LEAVING_SECONDS)
        if self._engine is not None:
            await self._engine.close()

    def _fatal_error(self) -> None:
        end_without_values(self, self.opened.save)


def sign_in(opened: Opened, wish: Wish) -> int:
    """Runs it beneath the prompt, prints what came of it, and returns the exit code. Raises Trouble, or GaveUp."""
    from screens.terminal import BeneathThePrompt, run  # noqa: PLC0415 - only on a terminal

    app = ReauthApp(opened, wish, driver_class=BeneathThePrompt)
    run(app)
    return told(app, wish)


def told(app: ReauthApp, wish: Wish) -> int:
    """Prints the lines that stay, and returns the exit code. Raises Trouble, or GaveUp."""
    from wizard.reauth import exit_code, write_reminder  # noqa: PLC0415 - loaded by now

    _print(app.lines)
    if wish.ics and app.outcomes:
        _print([write_reminder(app.calendar, wish.ics)])
    if app.return_code:
        return app.return_code
    if app.trouble is not None:
        raise app.trouble
    if app.left:
        raise GaveUp
    return int(exit_code(app.outcomes))


def _print(lines: Sequence[str]) -> None:
    """The lines as they stay, folded between words."""
    width = max(40, shutil.get_terminal_size().columns)
    for line in lines:
        folded = textwrap.wrap(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        sys.stdout.write("".join(f"{part}\n" for part in folded))
    sys.stdout.flush()
