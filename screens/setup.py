"""Is this your setup? What was worked out, where each value comes from, and the one thing that can't be known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from screens.frame import Line
from screens.page import Page
from screens.place import SETUP
from screens.rows import Button, Item, Row, Space, wrapped
from screens.sheet import SheetScreen
from screens.words import MUTED, ROW_SIGN, STYLE, span
from wizard.errors import Trouble

if TYPE_CHECKING:
    from screens.picture import Picture
    from wizard.setup import SetupRow

GO_ON = "go-on"
_LABEL = 12
_TWO_COLUMNS = 66


class Question(NamedTuple):
    """How a row is answered: the name for `Session.choose`, what is asked, an example."""

    name: str
    ask: str
    example: str


QUESTIONS: Mapping[str, Question] = {
    "apple-id": Question(
        "apple_id", "The email address you sign in to iCloud with. It can wait: ⏎", "name@example.com"
    ),
    "time-zone": Question("time_zone", "Time zone that the schedule is meant in", "Europe/Berlin"),
    "argocd": Question("application", "Name of the Argo CD Application for the photos", "photo-sync"),
    "immich": Question("immich_namespace", "Namespace that Immich runs in", "immich"),
    "ingress": Question("host_name", "Host name under which Immich shall be reached", "immich.home.example"),
}
HINTS: Mapping[str, str] = {
    "cluster": "Another cluster: close with q, then start with --context NAME or --kubeconfig FILE.",
    "access": "These are the rights of the account in your kubeconfig; whoever runs the cluster can give more.",
    "storage": "The claims name their storage class; iteration 1 shows it.",
    "git": "This is the repository that the Application follows; iteration 4 shows it.",
    "namespace": "Another namespace: close with q, then start with --namespace NAME.",
}


def apple_id_problem(text: str) -> str:
    """What is wrong with an Apple ID as typed, in a sentence; empty when nothing is."""
    if any(sign.isspace() for sign in text):
        return "An Apple ID has no spaces in it."
    name, at, domain = text.partition("@")
    if not at:
        return "An Apple ID is an email address, such as name@example.com."
    if not name or "." not in domain.strip(".") or "@" in domain or domain != domain.strip("."):
        return "That is not a whole email address yet, such as name@example.com."
    return ""


def answer_problem(row_id: str, text: str) -> str:
    """What is wrong with an answer; empty when nothing is."""
    if row_id == "apple-id":
        return apple_id_problem(text)
    if row_id in ("argocd", "immich", "ingress") and not all(
        sign.isascii() and (sign.isalnum() or sign in "-.") for sign in text
    ):
        return "Kubernetes names have lower-case letters, digits and dashes."
    if row_id == "time-zone" and (("/" not in text and text != "UTC") or any(sign.isspace() for sign in text)):
        return "A time zone is written like Europe/Berlin or America/Edmonton."
    return ""


@dataclass(frozen=True, slots=True)
class SetupLine(Row):
    """One row of the setup: label, value, source, sign; in two columns where there is room."""

    label: str = ""
    value: str = ""
    source: str = ""
    sign: str = ""

    def lines(self, width: int) -> Iterable[Content]:
        room = width - _LABEL - 2
        if width >= _TWO_COLUMNS:
            room -= 3
            source_width = room * 2 // 5
            value_width = room - source_width - 2
            pairs = zip_longest(wrapped(self.value, value_width), wrapped(self.source, source_width), fillvalue="")
            for index, (value, source) in enumerate(pairs):
                yield Content.assemble(
                    ((self.label if index == 0 else "").ljust(_LABEL), "bold"),
                    Content(value).pad_right(max(0, value_width - Content(value).cell_length) + 2),
                    Content.styled(source, MUTED).pad_right(max(0, source_width - Content(source).cell_length) + 2),
                    (self.sign if index == 0 else "", STYLE.get(self.sign, "")),
                )
            return
        values = wrapped(self.value, room - 2)
        for index, value in enumerate(values):
            gap = room - Content(value).cell_length + 1 if index == 0 else 0
            yield Content.assemble(
                ((self.label if index == 0 else "").ljust(_LABEL), "bold"),
                value,
                " " * gap,
                (self.sign if index == 0 else "", STYLE.get(self.sign, "")),
            )
        for source in wrapped(self.source, room) if self.source else ():
            yield Content.assemble(" " * _LABEL, (source, MUTED))


class SetupScreen(SheetScreen):
    """The rows, and a line to answer in."""

    CSS_PATH: ClassVar[list[str]] = ["sheet.tcss", "setup.tcss"]  # type: ignore[assignment]
    place_name = SETUP
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "app.look_again", "look again", id="setup.look", tooltip="Look at the cluster again now"),
    ]
    KEYS: ClassVar[list[tuple[str, str, str]]] = [
        ("↑↓", "choose", ""),
        ("⏎", "change, or go on", ""),
        ("Esc", "to the wizard", "screen.back"),
        ("?", "help", "app.explain"),
    ]
    words = (
        "What the wizard found out by itself, and where each value comes from. Enter on a row changes it, or says how to. "
        "Only what can't be known is asked. Nothing here changes anything on the cluster."
    )

    def __init__(self) -> None:
        super().__init__()
        self._asking = ""
        self._asked = False

    def compose(self) -> ComposeResult:
        """The heading, the rows, the question, the keys."""
        yield Line(id="heading")
        yield Line(id="upper")
        yield Page(id="page")
        yield Line(id="question")
        yield Input(id="answer", compact=True)
        yield Line(id="rest")
        yield Line(id="lower")
        yield Line(id="keys")

    def heading(self, picture: Picture) -> tuple[str, str, str]:
        """The question of the screen."""
        del picture
        return "Is this your setup?", "everything can change", ""

    def page(self, picture: Picture) -> Iterable[Row]:
        """The rows of the last look, then the button."""
        if picture.snapshot is None:
            yield Item(sign="◐", text=f"{picture.awaited}… {span(self.wizard.now() - picture.waiting_since)}")
        else:
            for row in picture.snapshot.setup:
                yield SetupLine(
                    id=row.id,
                    label=row.label,
                    value=row.value,
                    source=row.source,
                    sign=ROW_SIGN.get(row.state, "?"),
                )
        yield Space()
        yield Button(id=GO_ON, label="Yes, go on", key="⏎")
        yield Space()

    def show(self, picture: Picture) -> None:
        """Draws; asks once, by itself, for what can't be known."""
        self.query_one("#page").styles.max_height = max(3, self.size.height - 7)
        super().show(picture)
        if picture.snapshot and not self._asked:
            self._asked = True
            row = next((row for row in picture.snapshot.setup if row.state == "ask"), None)
            if row is not None and row.id in QUESTIONS:
                self.query_one("#page", Page).move_to(row.id)
                self._ask(row)
            else:
                self.query_one("#page", Page).move_to(GO_ON)

    def choose(self, row_id: str) -> None:
        """Goes on, asks, or says how it is changed."""
        if row_id == GO_ON:
            self.dismiss()
            return
        snapshot = self.wizard.picture.snapshot
        row = next((row for row in snapshot.setup if row.id == row_id), None) if snapshot else None
        if row is None:
            return
        if row_id in QUESTIONS:
            self._ask(row)
        else:
            self._say(HINTS.get(row_id, "This can't be changed here."))

    def _ask(self, row: SetupRow) -> None:
        question = QUESTIONS[row.id]
        self._asking = row.id
        self.query_one("#question", Line).show(Content.assemble(f"  {question.ask}"))
        self.add_class("-asking")
        answer = self.query_one("#answer", Input)
        answer.placeholder = question.example
        answer.value = row.value if row.state == "ok" and " " not in row.value else ""
        answer.focus()

    def _say(self, text: str, style: str = MUTED) -> None:
        self.query_one("#question", Line).show(Content.assemble((f"  {text}", style)))

    def _answered(self) -> None:
        self._asking = ""
        self.remove_class("-asking")
        self._say("")
        page = self.query_one("#page", Page)
        page.move_to(GO_ON)
        page.focus()

    @on(Input.Submitted)
    def answer_given(self, event: Input.Submitted) -> None:
        """Takes the answer, or says what is wrong with it; an empty one leaves things as they are."""
        event.stop()
        text = event.value.strip()
        if text:
            problem = answer_problem(self._asking, text)
            if problem:
                self._say(problem, "$text-warning")
                return
            try:
                self.wizard.session.choose(QUESTIONS[self._asking].name, text)
            except Trouble as trouble:
                self._say(trouble.what, "$text-error")
                return
            self.wizard.action_look_again()
        self._answered()

    def action_back(self) -> None:
        """Out of the answer first, then to the wizard."""
        if self._asking:
            self._answered()
        else:
            self.dismiss()
