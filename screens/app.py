"""The app: it owns the Picture, follows the engine, and puts screens in front of one another.

It must come up with Textual alone: nothing that talks to a cluster is imported before the first frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.worker import Worker

from screens.bookmark import FINDING, KUBECTL, SETUP, Bookmark
from screens.engine_messages import Loaded, Troubled, Updated, engine_messages
from screens.fatal import end_without_values
from screens.home.screen import HomeScreen
from screens.notice import notice_lines
from screens.picture import LOOKING, Picture
from screens.wizard_screen import WizardScreen
from screens.words import NAME
from wizard.choices import SKIPPED
from wizard.errors import Exit, WizardError
from wizard.iterations import ITERATIONS, iteration

if TYPE_CHECKING:
    from textual.command import Provider
    from textual.driver import Driver

    from screens.host import Host
    from screens.workspace import Workspace
    from wizard.engine import Engine
    from wizard.model import Diagnosis

_CLOSING_SECONDS = 1.0
_LEAVING_SECONDS = 15.0


def palette() -> type[Provider]:
    """The command palette's provider, loaded when the palette is first opened."""
    from screens.palette import WizardCommands  # noqa: PLC0415

    return WizardCommands


class WizardApp(App[int]):
    """The wizard."""

    TITLE = NAME
    CSS_PATH: ClassVar[list[str]] = ["app.tcss", "home/screen.tcss"]  # type: ignore[assignment]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {palette}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "quit", show=False, priority=True, id="app.quit", tooltip="Close the wizard"),
        Binding(
            "ctrl+c",
            "interrupt",
            "stop",
            show=False,
            priority=True,
            id="app.interrupt",
            tooltip="Copy a selection, else stop",
        ),
    ]

    def __init__(
        self,
        workspace: Workspace,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class)
        self.workspace = workspace
        self.now = now
        self.picture = Picture(waiting_since=now())
        self.purposes: Mapping[str, str] = {}
        self._engine: Engine | None = None
        self._follower: Worker[None] | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._bookmark = Bookmark.of(workspace.place)
        self._first_start = workspace.place is None
        self._arrived = False
        self._put_away: set[str] = set()
        if self._bookmark.theme in self.available_themes:
            self.theme = self._bookmark.theme

    # What the app is made of

    def get_default_screen(self) -> Screen[None]:
        """The home is the lowest screen: nothing is composed twice at start."""
        return HomeScreen(self._bookmark.step)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Only what the wizard's own palette does not have."""
        del screen
        yield SystemCommand("Theme", "Choose another theme", self.action_change_theme)

    @property
    def home(self) -> HomeScreen:
        """The lowest screen."""
        screen = self.screen_stack[0]
        assert isinstance(screen, HomeScreen)  # noqa: S101 - narrows the type
        return screen

    # Following the engine

    def on_mount(self) -> None:
        """Time begins to go by."""
        self.theme_changed_signal.subscribe(self, lambda _: self.remember())
        self.set_interval(1, self.tick)

    async def on_ready(self) -> None:
        """Builds the home and starts to follow the engine, now that the first frame is out; keys wait meanwhile."""
        await self.home.build()
        self._follow()

    def _follow(self) -> None:
        self._follower = self._follow_engine()

    @work(exclusive=True, group="engine", description="follow the engine")
    async def _follow_engine(self) -> None:
        async for message in engine_messages(self.workspace, self._engine):
            self.post_message(message)

    @on(Loaded)
    def loaded(self, event: Loaded) -> None:
        """Now the cluster itself is awaited."""
        self._engine = event.engine
        self.purposes = event.purposes
        self._show(self.picture.awaiting(LOOKING, self.now()))

    @on(Updated)
    def updated(self, event: Updated) -> None:
        """A fresh look, or a failed try to get one."""
        from wizard.engine import Fresh  # noqa: PLC0415 - loaded by now

        update = event.update
        if isinstance(update, Fresh):
            self._show(self.picture.seen(update.snapshot))
            self._arrive()
        else:
            self._show(self.picture.troubled(update.error, update.attempt))

    @on(Troubled)
    def troubled(self, event: Troubled) -> None:
        """There will be no further look until the person asks for one."""
        self._show(self.picture.troubled(event.error, max(1, self.picture.attempt)))

    def tick(self) -> None:
        """Time goes by: ages and waits are drawn anew."""
        self._show(self.picture)

    def _show(self, picture: Picture) -> None:
        self.picture = picture
        if picture.error and picture.snapshot is None and isinstance(self.screen, HomeScreen):
            from screens.unreachable import UnreachableScreen  # noqa: PLC0415 - seldom needed

            self.push_screen(UnreachableScreen())
        for screen in self.screen_stack:
            if isinstance(screen, WizardScreen):
                screen.draw(picture)

    def _arrive(self) -> None:
        """After the first look: to where the person was, or to the setup on a first start."""
        if self._arrived:
            return
        self._arrived = True
        bookmark = self._bookmark
        if self._first_start or bookmark.screen == SETUP:
            self.action_setup()
        elif bookmark.screen == FINDING and bookmark.finding and bookmark.step in {title.id for title in ITERATIONS}:
            self.open_finding(bookmark.step, bookmark.finding)
        elif bookmark.screen == KUBECTL:
            self.action_kubectl()
        elif bookmark.finding:
            self.home.open_finding(bookmark.finding)
        self.remember()

    # Where the person is

    def remember(self) -> None:
        """Keeps where the person is, once they are somewhere."""
        if not self._arrived or not self.screen_stack:
            return
        top = next((screen for screen in reversed(self.screen_stack) if isinstance(screen, WizardScreen)), self.home)
        bookmark = Bookmark(
            top.place_name,
            ITERATIONS[self.home.number - 1].id,
            top.finding or self.home.finding,
            self.theme,
        )
        if bookmark != self._bookmark:
            self._bookmark = bookmark
            self.workspace.remember(bookmark.texts())

    # What the person should know

    def notice(self, width: int) -> Sequence[Content]:
        """The lines at the top of every screen."""
        return notice_lines(self.picture, self._notice, width)

    @property
    def _notice(self) -> str:
        """The first notice that was not put away."""
        return next((text for text in self.workspace.notices if text not in self._put_away), "")

    def action_put_away(self) -> None:
        """Puts the notice away that is shown."""
        if self._notice:
            self._put_away.add(self._notice)
            self._show(self.picture)

    # What a person can ask for

    def skip(self, number: int) -> None:
        """Skips an iteration, or wants it after all."""
        if self.picture.snapshot is None:
            return
        step = self.picture.snapshot.report.steps[number - 1]
        name = f"{number} {ITERATIONS[number - 1].title}"
        was_skipped = step.status == "skipped"
        try:
            self.workspace.choose("unskip" if was_skipped else "skip", step.id)
        except WizardError as error:
            self.notify(error.what, severity="error", markup=False)
            return
        if was_skipped and step.id in self.workspace.settings[SKIPPED]:
            self.notify(f"{name} is skipped by --skip on the command line, until the next start.", markup=False)
            return
        words = "is included again." if was_skipped else "is skipped and no longer counts. s brings it back."
        self.notify(f"{name} {words}", markup=False)
        self.action_look_again()

    def act(self, step: Diagnosis) -> None:
        """Does what the iteration's button says."""
        from screens.home.iteration import act_of  # noqa: PLC0415 - beside its use

        snapshot = self.picture.snapshot
        if snapshot is None:
            return
        act = act_of(step, snapshot.report)
        if act.name == "go":
            self.home.choose(act.number)
        elif act.name == "sign-in":
            self.action_sign_in()
        elif act.name == "commands":
            from screens.kubectl import KubectlScreen  # noqa: PLC0415 - not before the first frame

            self.push_screen(KubectlScreen(step.id, fixing=True))
        else:
            self.action_look_again()

    def open_finding(self, step_id: str, reference: str) -> None:
        """Opens a finding, above its iteration."""
        from screens.finding import FindingScreen  # noqa: PLC0415 - not before the first frame

        self.go(iteration(step_id).number)
        self.home.open_finding(reference)
        self.push_screen(FindingScreen(step_id, reference))

    def follow_finding(self, reference: str) -> None:
        """Puts the home's cursor on a finding, behind the screen in front."""
        self.home.open_finding(reference)

    def go(self, number: int) -> None:
        """Home, to an iteration."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.home.choose(number)

    def action_look_again(self) -> None:
        """Looks at the cluster again, or tries again where that failed."""
        if self._follower is None or not self._follower.is_finished:
            if self._engine is not None:
                self._engine.look_again()
        else:
            self._follow()
        if self.picture.snapshot is None:
            self._show(self.picture.awaiting(LOOKING, self.now()))
        else:
            self._show(replace(self.picture, busy=True))

    def action_kubectl(self) -> None:
        """The same with kubectl."""
        from screens.kubectl import KubectlScreen  # noqa: PLC0415 - not before the first frame

        if not isinstance(self.screen, KubectlScreen):
            self.push_screen(KubectlScreen(ITERATIONS[self.home.number - 1].id))

    def action_sign_in(self) -> None:
        """Signs in to iCloud."""
        from screens.signin.screen import SignInScreen  # noqa: PLC0415 - not before the first frame

        if self._engine is not None and not isinstance(self.screen, SignInScreen):
            self.push_screen(SignInScreen(self.workspace.sign_in_service()))

    def hold(self, errand: asyncio.Task[None]) -> None:
        """Sees to it that what was begun is ended and put back, also when the wizard is closed meanwhile."""
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    def action_setup(self) -> None:
        """What was worked out about the setup."""
        from screens.setup import SetupScreen  # noqa: PLC0415 - not before the first frame

        if not isinstance(self.screen, SetupScreen):
            self.push_screen(SetupScreen())

    def action_find(self) -> None:
        """Finds among everything that was found."""
        from screens.find import FindScreen  # noqa: PLC0415 - not before the first frame

        if not isinstance(self.screen, FindScreen):
            self.push_screen(FindScreen())

    def action_explain(self) -> None:
        """Help for the screen in front."""
        from screens.help import HelpScreen  # noqa: PLC0415 - not before the first frame

        if isinstance(self.screen, WizardScreen) and not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    # Closing

    async def action_quit(self) -> None:
        """Closes the wizard at once."""
        self.close_wizard()

    def close_wizard(self) -> None:
        """Closes the wizard; the exit code says when there was nothing to look at."""
        self.remember()
        error = self.picture.error if self.picture.snapshot is None else None
        self.exit(return_code=int(error.exit_code if error else Exit.DONE), message=self._farewell)

    def action_interrupt(self) -> None:
        """Copies what is selected, else stops."""
        selected = self.screen.get_selected_text()
        if selected:
            self.copy_to_clipboard(selected)
            return
        self.remember()
        self.exit(return_code=int(Exit.INTERRUPTED), message=self._farewell)

    @property
    def _farewell(self) -> str | None:
        """What the screen in front has to say on the terminal; nothing for most."""
        screen = self.screen
        return screen.farewell or None if isinstance(screen, WizardScreen) else None

    async def on_unmount(self) -> None:
        """Lets the connections go, without waiting long."""
        if self._follower is not None:
            self._follower.cancel()
        if self._errands:
            for errand in self._errands:
                errand.cancel()
            await asyncio.wait(self._errands, timeout=_LEAVING_SECONDS)
        if self._engine is not None:
            try:
                async with asyncio.timeout(_CLOSING_SECONDS):
                    await self._engine.close()
            except (TimeoutError, WizardError):
                return

    def _fatal_error(self) -> None:
        end_without_values(self, self.workspace.save, self.workspace.settings.address)


if TYPE_CHECKING:

    def _as_host(app: WizardApp) -> Host:
        return app


def open_wizard(workspace: Workspace) -> int:
    """Runs the wizard full-screen until it is closed, and returns the exit code."""
    from screens.terminal import FullScreen, run  # noqa: PLC0415 - only on a terminal

    app = WizardApp(workspace, driver_class=FullScreen)
    run(app)
    return int(Exit.INTERRUPTED) if app.return_code is None else app.return_code
