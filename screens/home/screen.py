"""The home of the wizard: the rail of iterations, the pipeline, the chosen one's page. Everything is from the Picture."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from screens.finding_list import references
from screens.home.iteration import FOLD, button, ending, rows, skipped_row
from screens.home.layout import NARROW, WIDE, View, first_frame, frame, rail, waiting
from screens.picture import Picture
from screens.widgets.line import Line, Lines
from screens.widgets.page import Page
from screens.widgets.rows import Row
from screens.wizard_screen import WizardScreen
from wizard.command import photosync_wizard
from wizard.iterations import ITERATIONS

if TYPE_CHECKING:
    from wizard.model import Diagnosis


class FirstFrame(Widget):
    """The home drawn as one text."""

    def render(self) -> Content:
        """As the screen says."""
        screen = self.screen
        return screen.first_frame() if isinstance(screen, HomeScreen) else Content("")


class HomeScreen(WizardScreen):
    """The iterations."""

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual's own, an instance variable to the type checker
        (0, "-narrow"),
        (NARROW, "-medium"),
        (WIDE, "-wide"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "enter", "into the page", id="home.enter", tooltip="Go from the steps into the page"),
        Binding("left", "leave", "back", id="home.leave", tooltip="Go back to the steps"),
        Binding("escape", "leave", "back", id="home.escape", tooltip="Go back to the steps"),
        Binding("a", "act", "act", id="home.act", tooltip="Do what the button says"),
        Binding("k", "app.kubectl", "kubectl", id="home.kubectl", tooltip="The same with kubectl, to copy"),
        Binding("r", "app.look_again", "look again", id="home.look", tooltip="Look at the cluster again now"),
        Binding("s", "skip", "skip", id="home.skip", tooltip="Skip this step, or bring it back"),
        Binding(
            "u",
            "app.setup",
            "setup",
            id="home.setup",
            tooltip="What was detected about your setup, and how to change it",
        ),
        Binding("x", "app.put_away", "seen", show=False, id="home.seen", tooltip="Dismiss the notice at the top"),
        Binding("slash", "app.find", "find", id="home.find", tooltip="Search all findings"),
        *(
            Binding(
                str(title),
                f"go({title})",
                f"iteration {title}",
                id=f"home.go-{title}",
                tooltip=f"Go to step {title}",
            )
            for title in range(1, len(ITERATIONS) + 1)
        ),
    ]
    words = (
        "The steps, from storage to verification, are always in view, each with a sign for its status. The page "
        "says what the chosen one is for, what was found, what is in the way, and ends in one button that says "
        "what it does. The line at the top follows a photo from iCloud to you. A step that you don't want can be "
        "skipped: it counts neither as done nor as missing."
    )

    def __init__(self, step_id: str = "") -> None:
        super().__init__()
        self._number = next((number for number, title in enumerate(ITERATIONS, 1) if title.id == step_id), 0)
        self._unfolded: set[str] = set()
        self._built = False

    def compose(self) -> ComposeResult:
        """One widget, so that the first frame is quick; `build` brings the others."""
        yield FirstFrame(id="first")

    async def build(self) -> None:
        """Puts the real widgets in the place of the first frame, unless the wizard is closed before or meanwhile."""
        if not self.is_attached:
            return
        rail, main = Page(id="rail", lasting=True), Page(id="main")
        with self.app.batch_update():
            removed = self.query_one(FirstFrame).remove()
            await self.mount(
                Line(id="top"),
                Line(id="strip"),
                Lines(id="notice"),
                Line(id="upper"),
                Line(id="signs"),
                Horizontal(
                    Vertical(rail, Line(id="session"), Line(id="next"), id="left"),
                    Vertical(main, Page(id="act"), id="right"),
                    id="body",
                ),
                Line(id="lower"),
                Line(id="keys"),
            )
            await removed
            if not rail.is_attached:
                return
            self._built = True
            (main if self.size.width < NARROW else rail).focus()
        self.call_after_refresh(lambda: self.draw(self.host.picture))

    @property
    def number(self) -> int:
        """The chosen iteration, from 1."""
        return self._number or 1

    @property
    def step(self) -> Diagnosis | None:
        """The chosen iteration's diagnosis, None while nothing has been seen."""
        snapshot = self.host.picture.snapshot
        return snapshot.report.steps[self.number - 1] if snapshot else None

    @property
    def finding(self) -> str:
        """The reference of the finding under the cursor, empty when there is none."""
        cursor = self.query_one("#main", Page).cursor if self._built else ""
        return cursor if "." in cursor else ""

    def show(self, picture: Picture) -> None:
        """Draws everything; what is unchanged costs nothing."""
        width = self.size.width
        if not width or not self._built:
            return
        report = picture.snapshot.report if picture.snapshot else None
        if report and not self._number:
            last = report.included[-1].iteration if report.included else len(ITERATIONS)
            self._number = report.next_step.iteration if report.next_step else last
        for name, content in frame(self._view(picture), width).items():
            self.query_one(f"#{name}", Line).show(content)
        self.query_one("#notice", Lines).tell(self.host.notice(width))
        self.query_one("#rail", Page).show(rail(report, width), cursor=f"go-{self.number}")
        self.query_one("#main", Page).show(self._page(picture))
        if report:
            self.query_one("#act", Page).show([button(report.steps[self.number - 1], report)])

    def _view(self, picture: Picture) -> View:
        workspace = self.host.workspace
        return View(picture, self._number, workspace.settings.namespace, workspace.banner, self.host.now())

    def _page(self, picture: Picture) -> Iterable[Row]:
        purpose = self.host.purposes.get(ITERATIONS[self.number - 1].id, "")
        if picture.snapshot is None:
            return waiting(self._view(picture), purpose)
        report = picture.snapshot.report
        step = report.steps[self.number - 1]
        last = report.included[-1] if report.included else None
        renew = self.host.workspace.settings.address.line(photosync_wizard("reauth", "--renew"))
        before = ending(report, renew) if step is last else skipped_row(step)
        return rows(step, purpose, self.host.now(), unfolded=step.id in self._unfolded, before=before)

    def first_frame(self) -> Content:
        """All that can be drawn before the widgets are there."""
        return first_frame(self._view(self.host.picture), self.size)

    def choose(self, number: int) -> None:
        """Shows another iteration."""
        if 1 <= number <= len(ITERATIONS) and number != self._number:
            self._number = number
            if self._built:
                self.query_one("#main", Page).scroll_home(animate=False)
            self.draw(self.host.picture)
            self.host.remember()

    def open_finding(self, reference: str) -> None:
        """Puts the cursor on a finding of the chosen iteration."""
        self.query_one("#main", Page).move_to(reference)

    def action_go(self, number: int) -> None:
        """Goes to an iteration by its number."""
        self.choose(number)

    def action_enter(self) -> None:
        """Into the page; on a narrow screen to the following iteration."""
        if self.has_class("-narrow"):
            self.choose(self.number % len(ITERATIONS) + 1)
        else:
            self._focus("#main")

    def action_leave(self) -> None:
        """Back to the rail; on a narrow screen to the iteration before."""
        if self.has_class("-narrow"):
            self.choose((self.number - 2) % len(ITERATIONS) + 1)
        else:
            self._focus("#rail")

    def _focus(self, selector: str) -> None:
        if self._built:
            self.query_one(selector, Page).focus()

    def action_open(self) -> None:
        """Opens what the cursor is on."""
        focused = self.focused
        if isinstance(focused, Page):
            focused.action_select()

    def action_skip(self) -> None:
        """Skips the iteration, or wants it after all."""
        self.host.skip(self.number)

    def action_act(self) -> None:
        """Does what the button says."""
        step = self.step
        if step is not None:
            self.host.act(step)

    @on(Page.Moved, "#rail")
    def rail_moved(self, event: Page.Moved) -> None:
        """The page follows the rail."""
        self.choose(int(event.row_id.removeprefix("go-") or 0))

    @on(Page.Chosen, "#rail")
    def rail_chosen(self, event: Page.Chosen) -> None:
        """Into the page."""
        self.choose(int(event.row_id.removeprefix("go-")))
        self.query_one("#main", Page).focus()

    @on(Page.Chosen, "#main")
    def row_chosen(self, event: Page.Chosen) -> None:
        """The fold, or a finding."""
        step = self.step
        if step is None:
            return
        if event.row_id == FOLD:
            self._unfolded.add(step.id)
            self.draw(self.host.picture)
        elif event.row_id in dict(references(step)):
            self.host.open_finding(step.id, event.row_id)

    @on(Page.Chosen, "#act")
    def act_chosen(self, _: Page.Chosen) -> None:
        """The button."""
        self.action_act()

    @on(Page.Left)
    def page_left(self, event: Page.Left) -> None:
        """Down from the page is the button, up from the button the page."""
        if event.page.id == "main" and event.direction > 0:
            self.query_one("#act", Page).focus()
        elif event.page.id == "act" and event.direction < 0:
            self.query_one("#main", Page).focus()

    def on_resize(self, event: events.Resize) -> None:
        """Draws for the new size, once it is laid out."""
        if self._built and event.size.width < NARROW:
            self.query_one("#main", Page).focus()
        self.call_after_refresh(lambda: self.draw(self.host.picture))
