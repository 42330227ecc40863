"""The app: it owns the Picture, follows the engine, and puts screens in front of one another.

It must come up with Textual alone: nothing that talks to a cluster is imported before the first frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.worker import Worker

from screens.base import WizardScreen
from screens.fatal import end_without_values
from screens.home import HomeScreen
from screens.picture import LOOKING, Picture
from screens.place import FINDING, KUBECTL, SETUP, Place
from screens.rows import wrapped
from screens.thread import in_daemon_thread
from screens.words import NAME, TITLES, plural
from wizard.errors import Exit, Trouble

if TYPE_CHECKING:
    from textual.command import Provider
    from textual.driver import Driver

    from screens.rows import Table
    from screens.session import Session
    from wizard.engine import Engine, Snapshot, Update
    from wizard.model import Diagnosis
    from wizard.settings import Settings

TableOf = Callable[["Snapshot", "Settings", datetime], "Table | None"]
_MOST_LINES = 3
_CLOSING_SECONDS = 1.0
_LEAVING_SECONDS = 15.0


def utc_now() -> datetime:
    """The time, as everything here counts it."""
    return datetime.now(UTC)


def palette() -> type[Provider]:
    """The command palette's provider, loaded when the palette is first opened."""
    from screens.palette import WizardCommands  # noqa: PLC0415

    return WizardCommands


class WizardApp(App[int]):
    """The wizard."""

    TITLE = NAME
    CSS_PATH: ClassVar[list[str]] = ["app.tcss", "home.tcss"]  # type: ignore[assignment]
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

    class Loaded(Message):
        """The engine and what explains its findings are loaded."""

        def __init__(self, engine: Engine, purposes: Mapping[str, str], tables: Mapping[str, TableOf]) -> None:
            self.engine = engine
            self.purposes = purposes
            self.tables = tables
            super().__init__()

    class Updated(Message):
        """The engine has something new; only the last of a burst matters."""

        def __init__(self, update: Update) -> None:
            self.update = update
            super().__init__()

        def can_replace(self, message: Message) -> bool:
            """A later update says all that an earlier one did."""
            return isinstance(message, WizardApp.Updated)

    class Troubled(Message):
        """The engine can't go on by itself."""

        def __init__(self, trouble: Trouble) -> None:
            self.trouble = trouble
            super().__init__()

    def __init__(
        self, session: Session, *, now: Callable[[], datetime] = utc_now, driver_class: type[Driver] | None = None
    ) -> None:
        super().__init__(driver_class=driver_class)
        self.session = session
        self.now = now
        self.picture = Picture(waiting_since=now())
        self.purposes: Mapping[str, str] = {}
        self._tables: Mapping[str, TableOf] = {}
        self._engine: Engine | None = None
        self._follower: Worker[None] | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._place = Place.of(session.place)
        self._first_start = session.place is None
        self._arrived = False
        self._put_away: set[str] = set()
        if self._place.theme in self.available_themes:
            self.theme = self._place.theme

    # What the app is made of

    def get_default_screen(self) -> Screen[None]:
        """The home is the lowest screen: nothing is composed twice at start."""
        return HomeScreen(self._place.step)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Only what the wizard's own palette does not have."""
        del screen
        yield SystemCommand("Theme", "Choose other colours", self.action_change_theme)

    @property
    def home(self) -> HomeScreen:
        """The lowest screen."""
        screen = self.screen_stack[0]
        assert isinstance(screen, HomeScreen)  # noqa: S101 - narrows the type
        return screen

    # Following the engine

    def on_mount(self) -> None:
        """Starts to follow the engine once the first frame is out."""
        self.theme_changed_signal.subscribe(self, lambda _: self.remember())
        self.set_interval(1, self.tick)
        self.call_after_refresh(self._after_first_frame)

    async def _after_first_frame(self) -> None:
        await self.home.build()
        self._follow()

    def _follow(self) -> None:
        self._follower = self._follow_engine()

    @work(exclusive=True, group="engine", description="follow the engine")
    async def _follow_engine(self) -> None:
        try:
            engine = self._engine
            if engine is None:
                loaded = await in_daemon_thread(partial(_load, self.session))
                engine = loaded.engine
                self.post_message(loaded)
            async for update in engine.updates():
                self.post_message(self.Updated(update))
        except Trouble as trouble:
            self.post_message(self.Troubled(trouble))

    @on(Loaded)
    def loaded(self, event: Loaded) -> None:
        """Now the cluster itself is awaited."""
        self._engine = event.engine
        self.purposes = event.purposes
        self._tables = event.tables
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
            self._show(self.picture.troubled(update.trouble, update.attempt))

    @on(Troubled)
    def troubled(self, event: Troubled) -> None:
        """There will be no further look until the person asks for one."""
        self._show(self.picture.troubled(event.trouble, max(1, self.picture.attempt)))

    def tick(self) -> None:
        """Time goes by: ages and waits are drawn anew."""
        self._show(self.picture)

    def _show(self, picture: Picture) -> None:
        self.picture = picture
        if picture.trouble and picture.snapshot is None and isinstance(self.screen, HomeScreen):
            from screens.trouble import TroubleScreen  # noqa: PLC0415 - seldom needed

            self.push_screen(TroubleScreen())
        for screen in self.screen_stack:
            if isinstance(screen, WizardScreen):
                screen.draw(picture)

    def _arrive(self) -> None:
        """After the first look: to where the person was, or to the setup on a first start."""
        if self._arrived:
            return
        self._arrived = True
        place = self._place
        if self._first_start or place.screen == SETUP:
            self.action_setup()
        elif place.screen == FINDING and place.finding and place.step in {title.id for title in TITLES}:
            self.open_finding(place.step, place.finding)
        elif place.screen == KUBECTL:
            self.action_kubectl()
        elif place.finding:
            self.home.open_finding(place.finding)
        self.remember()

    # Where the person is

    def remember(self) -> None:
        """Keeps where the person is, once they are somewhere."""
        if not self._arrived or not self.screen_stack:
            return
        top = next((screen for screen in reversed(self.screen_stack) if isinstance(screen, WizardScreen)), self.home)
        place = Place(
            top.place_name,
            TITLES[self.home.number - 1].id,
            top.finding or self.home.finding,
            self.theme,
        )
        if place != self._place:
            self._place = place
            self.session.remember(place.texts())

    # What the person should know

    def notice(self, width: int) -> Sequence[Content]:
        """The lines at the top of every screen: why the picture is no longer kept fresh, else what to know about what is kept."""
        picture = self.picture
        room = max(8, width - 4)
        if picture.trouble is not None and picture.snapshot is not None:
            what, why = wrapped(picture.trouble.what, room), wrapped(picture.trouble.why, room)
            tries = f"Tried {plural(picture.attempt, 'time')}; what you see is from before." if picture.attempt else ""
            told = [*what, *(why if len(what) + len(why) <= _MOST_LINES else ()), tries]
            return _marked("✗", "$text-error", [line for line in told if line])
        text = next((text for text in self.session.notices if text not in self._put_away), "")
        if not text or (picture.snapshot is None and picture.trouble is None):
            return ()
        return _marked("!", "$text-warning", wrapped(f"{text} (x puts this away)", room))

    def action_put_away(self) -> None:
        """Puts the notice away that is shown."""
        text = next((text for text in self.session.notices if text not in self._put_away), "")
        if text:
            self._put_away.add(text)
            self._show(self.picture)

    # What a person can ask for

    def skip(self, number: int) -> None:
        """Skips an iteration, or wants it after all."""
        if self.picture.snapshot is None:
            return
        step = self.picture.snapshot.report.steps[number - 1]
        name = f"{number} {TITLES[number - 1].title}"
        wanted = step.status == "skipped"
        try:
            self.session.choose("unskip" if wanted else "skip", step.id)
        except Trouble as trouble:
            self.notify(trouble.what, severity="error", markup=False)
            return
        if wanted and step.id in self.session.settings.skipped:
            self.notify(f"{name} is skipped by --skip on the command line, until the next start.", markup=False)
            return
        told = "is wanted again." if wanted else "is skipped and doesn't count any more. s wants it after all."
        self.notify(f"{name} {told}", markup=False)
        self.action_look_again()

    def table(self, step_id: str) -> Table | None:
        """The iteration's own table."""
        make = self._tables.get(step_id)
        snapshot = self.picture.snapshot
        return make(snapshot, self.session.settings, self.now()) if make and snapshot else None

    def act(self, step: Diagnosis) -> None:
        """Does what the iteration's button says."""
        from screens.iteration import act_of  # noqa: PLC0415 - beside its use

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

            self.push_screen(KubectlScreen(step.id, mending=True))
        else:
            self.action_look_again()

    def open_finding(self, step_id: str, reference: str) -> None:
        """Opens a finding, above its iteration."""
        from screens.finding import FindingScreen  # noqa: PLC0415 - not before the first frame

        self.go(next((number for number, title in enumerate(TITLES, 1) if title.id == step_id), self.home.number))
        self.home.open_finding(reference)
        self.push_screen(FindingScreen(step_id, reference))

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
            self.push_screen(KubectlScreen(TITLES[self.home.number - 1].id))

    def action_sign_in(self) -> None:
        """Signs in to iCloud."""
        from screens.signin import SignInScreen  # noqa: PLC0415 - not before the first frame

        if self._engine is not None and not isinstance(self.screen, SignInScreen):
            self.push_screen(SignInScreen(self.session.desk()))

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
        trouble = self.picture.trouble if self.picture.snapshot is None else None
        self.exit(return_code=int(trouble.exit_code if trouble else Exit.DONE), message=self._farewell)

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
            except (TimeoutError, Trouble):
                return

    def _fatal_error(self) -> None:
        end_without_values(self, self.session.save, self.session.settings.address)


def _marked(sign: str, style: str, lines: Sequence[str]) -> Sequence[Content]:
    return [Content.assemble((f" {' ' if index else sign} {line}", style)) for index, line in enumerate(lines)]


def _load(session: Session) -> WizardApp.Loaded:
    engine = session.engine()
    from screens.iteration import purposes  # noqa: PLC0415 - in the thread, not before the first frame
    from screens.tables import TABLES  # noqa: PLC0415 - in the thread, not before the first frame

    return WizardApp.Loaded(engine, purposes(), TABLES)


def open_wizard(session: Session) -> int:
    """Runs the wizard full-screen until it is closed, and returns the exit code."""
    from screens.terminal import FullScreen, run  # noqa: PLC0415 - only on a terminal

    app = WizardApp(session, driver_class=FullScreen)
    run(app)
    return int(Exit.INTERRUPTED) if app.return_code is None else app.return_code
