"""The home of the wizard: the rail of seven, the pipeline, and the chosen iteration's page. Everything is from the Picture."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content

from screens.base import WizardScreen
from screens.frame import Line, key_line, rule_line, strip_line, top_line
from screens.iteration import FOLD, button, references, rows, waiting_rows
from screens.page import Page
from screens.picture import LIBRARIES, Picture, freshness, style_of
from screens.rows import Item, Row
from screens.words import STATUS_SIGN, STYLE, TITLES, next_line, session_line, span

if TYPE_CHECKING:
    from wizard.model import Diagnosis, Report

NARROW = 70
WIDE = 100


class HomeScreen(WizardScreen):
    """The seven iterations."""

    AUTO_FOCUS = "#rail"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual's own, an instance variable to the type checker
        (0, "-narrow"),
        (NARROW, "-medium"),
        (WIDE, "-wide"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "right", "enter", "into the page", id="home.enter", tooltip="Go from the seven iterations into the page"
        ),
        Binding("left", "leave", "back", id="home.leave", tooltip="Go back to the seven iterations"),
        Binding("escape", "leave", "back", id="home.escape", tooltip="Go back to the seven iterations"),
        Binding("a", "act", "act", id="home.act", tooltip="Do what the button says"),
        Binding("k", "app.kubectl", "kubectl", id="home.kubectl", tooltip="The same with kubectl, to copy"),
        Binding("r", "app.look_again", "look again", id="home.look", tooltip="Look at the cluster again now"),
        Binding("slash", "app.find", "find", id="home.find", tooltip="Find among everything that was found"),
        *(
            Binding(
                str(title),
                f"go({title})",
                f"iteration {title}",
                id=f"home.go-{title}",
                tooltip=f"Go to iteration {title}",
            )
            for title in range(1, 8)
        ),
    ]
    KEYS: ClassVar[list[tuple[str, str, str]]] = [
        ("↑↓", "choose", ""),
        ("⏎", "open", "screen.open"),
        ("k", "kubectl", "app.kubectl"),
        ("r", "look again", "app.look_again"),
        ("/", "find", "app.find"),
        ("?", "help", "app.explain"),
    ]
    NARROW_KEYS: ClassVar[list[tuple[str, str, str]]] = [
        ("←→", "iteration", ""),
        ("⏎", "open", "screen.open"),
        ("k", "kubectl", "app.kubectl"),
        ("?", "help", "app.explain"),
        ("/", "find", "app.find"),
    ]
    words = (
        "At the left are the seven iterations, from storage to verification, each with a sign for how it stands. The page beside "
        "it says what the chosen one is for, what was found, what stands in the way, and ends in one button that says what it "
        "does. The line at the top follows a photo from iCloud to you."
    )

    def __init__(self, step_id: str = "") -> None:
        super().__init__()
        self._number = next((number for number, title in enumerate(TITLES, 1) if title.id == step_id), 0)
        self._unfolded: set[str] = set()

    def compose(self) -> ComposeResult:
        """Few widgets, so that the first frame is quick."""
        yield Line(id="top")
        yield Line(id="strip")
        yield Line(id="upper")
        yield Line(id="signs")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield Page(id="rail", lasting=True)
                yield Line(id="session")
                yield Line(id="next")
            with Vertical(id="right"):
                yield Page(id="main")
                yield Page(id="act")
        yield Line(id="lower")
        yield Line(id="keys")

    @property
    def number(self) -> int:
        """The chosen iteration, from 1."""
        return self._number or 1

    @property
    def step(self) -> Diagnosis | None:
        """The chosen iteration's diagnosis, None while nothing has been seen."""
        snapshot = self.wizard.picture.snapshot
        return snapshot.report.steps[self.number - 1] if snapshot else None

    @property
    def finding(self) -> str:
        """The reference of the finding under the cursor, empty when there is none."""
        cursor = self.query_one("#main", Page).cursor
        return cursor if "." in cursor else ""

    def show(self, picture: Picture) -> None:
        """Draws everything; what is unchanged costs nothing."""
        width = self.size.width
        if not width:
            return
        report = picture.snapshot.report if picture.snapshot else None
        if report and not self._number:
            self._number = report.next_step.iteration if report.next_step else len(TITLES)
        self._show_frame(picture, report, width)
        self.query_one("#rail", Page).show(self._rail(report, width), cursor=f"go-{self.number}")
        self.query_one("#main", Page).show(self._page(picture))
        if report:
            self.query_one("#act", Page).show([button(report.steps[self.number - 1], report)])

    def _show_frame(self, picture: Picture, report: Report | None, width: int) -> None:
        settings = self.wizard.session.settings
        where = f"{report.cluster.context} / {report.namespace}" if report else settings.namespace
        progress = (report.complete, len(report.wanted)) if report else None
        edge = -1 if width < NARROW else self.query_one("#left").outer_size.width - 1
        now = self.wizard.now()
        self._line("top", top_line(where, progress, width))
        self._line("strip", strip_line(report.pipeline if report else None, width))
        self._line("upper", rule_line(width, edge, "┬", self.wizard.session.banner))
        self._line("lower", rule_line(width, edge, "┴"))
        self._line("signs", self._signs(report))
        self._line("session", Content(f" {session_line(report.accounts)}") if report else Content(""))
        self._line("next", Content(f" {next_line(report, short=width < WIDE)}") if report else Content(""))
        self._line(
            "keys",
            key_line(
                self.NARROW_KEYS if width < NARROW else self.KEYS, freshness(picture, now), style_of(picture), width
            ),
        )

    def _line(self, name: str, content: Content) -> None:
        self.query_one(f"#{name}", Line).show(content)

    def _rail(self, report: Report | None, width: int) -> Iterable[Row]:
        for number, title in enumerate(TITLES, 1):
            sign = STATUS_SIGN[report.steps[number - 1].status] if report else "·"
            yield Item(id=f"go-{number}", sign=sign, text=f"{number} {title.title if width >= WIDE else title.short}")

    def _signs(self, report: Report | None) -> Content:
        parts = []
        for number in range(1, len(TITLES) + 1):
            sign = STATUS_SIGN[report.steps[number - 1].status] if report else "·"
            chosen = number == self.number
            part = Content.assemble(f" {number} ", (sign, STYLE[sign] + " bold"), " ")
            parts.append(part.stylize("reverse") if chosen else part)
        return Content("").join(parts).append(f"  {TITLES[self.number - 1].short}")

    def _page(self, picture: Picture) -> Iterable[Row]:
        purpose = self.wizard.purposes.get(TITLES[self.number - 1].id, "")
        if picture.snapshot is None:
            return waiting_rows(self.number, purpose, self._awaited(picture))
        step = picture.snapshot.report.steps[self.number - 1]
        return rows(step, purpose, self.wizard.table(step.id), unfolded=step.id in self._unfolded)

    def _awaited(self, picture: Picture) -> Iterable[str]:
        waited = span(self.wizard.now() - picture.waiting_since)
        if picture.awaited == LIBRARIES:
            yield f"◐ looking at the cluster… {waited}"
            yield f"· first, {LIBRARIES}"
        else:
            yield f"◐ {picture.awaited}… {waited}"
            yield "✓ what talks to it is loaded"

    def choose(self, number: int) -> None:
        """Shows another iteration."""
        if 1 <= number <= len(TITLES) and number != self._number:
            self._number = number
            self.query_one("#main", Page).scroll_home(animate=False)
            self.show(self.wizard.picture)
            self.wizard.remember()

    def open_finding(self, reference: str) -> None:
        """Puts the cursor on a finding of the chosen iteration."""
        self.query_one("#main", Page).move_to(reference)

    def action_go(self, number: int) -> None:
        """Goes to an iteration by its number."""
        self.choose(number)

    def action_enter(self) -> None:
        """Into the page; on a narrow screen to the following iteration."""
        if self.has_class("-narrow"):
            self.choose(self.number % len(TITLES) + 1)
        else:
            self.query_one("#main", Page).focus()

    def action_leave(self) -> None:
        """Back to the rail; on a narrow screen to the iteration before."""
        if self.has_class("-narrow"):
            self.choose((self.number - 2) % len(TITLES) + 1)
        else:
            self.query_one("#rail", Page).focus()

    def action_open(self) -> None:
        """Opens what the cursor is on."""
        focused = self.focused
        if isinstance(focused, Page):
            focused.action_select()

    def action_act(self) -> None:
        """Does what the button says."""
        step = self.step
        if step is not None:
            self.wizard.act(step)

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
            self.show(self.wizard.picture)
        elif event.row_id in dict(references(step)):
            self.wizard.open_finding(step.id, event.row_id)

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
        if event.size.width < NARROW:
            self.query_one("#main", Page).focus()
        self.call_after_refresh(lambda: self.show(self.wizard.picture))
