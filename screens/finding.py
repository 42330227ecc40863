"""One finding: what was seen where, why it matters, how to fix it.

A reference is its id, with `#2` behind it for the second of its kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from screens.bookmark import FINDING
from screens.clipboard import demo_note
from screens.finding_list import references
from screens.page_screen import PageScreen
from screens.widgets.page import Page
from screens.widgets.rows import Command, Row, Space, Table, Text
from screens.words import MUTED, SEVERITY_SIGN
from wizard.iterations import iteration

if TYPE_CHECKING:
    from screens.picture import Picture
    from wizard.model import Finding

SEVERITY_WORD = {
    "ok": "fine",
    "info": "to know",
    "warning": "warning",
    "error": "needs fixing",
    "unknown": "could not be read",
}


class FindingScreen(PageScreen):
    """A finding with its evidence. It follows the cluster: when it no longer holds, it says so."""

    place_name = FINDING
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "copy", id="finding.copy", tooltip="Copy the commands; they are saved to a file too"),
        Binding("k", "app.kubectl", "kubectl", id="finding.kubectl", tooltip="All commands of this step"),
        Binding("r", "app.look_again", "look again", id="finding.look", tooltip="Look at the cluster again now"),
        Binding("n", "other(1)", "next", id="finding.next", tooltip="The next finding of this step"),
        Binding("p", "other(-1)", "previous", id="finding.previous", tooltip="The previous finding"),
    ]
    words = (
        "One finding, with its evidence: which object and which field, and what it contained. Below it, why it "
        "matters, how to fix it, and the commands for that. The id at the end is what the documentation and "
        "`status -o json` call it."
    )

    def __init__(self, step_id: str, reference: str) -> None:
        super().__init__()
        self.step_id = step_id
        self.reference = reference

    @property
    def finding(self) -> str:
        """The reference."""
        return self.reference

    def _finding(self, picture: Picture) -> Finding | None:
        step = picture.step(self.step_id)
        return dict(references(step)).get(self.reference) if step else None

    def heading(self, picture: Picture) -> tuple[str, str, str]:
        """The iteration, and how much the finding matters."""
        finding = self._finding(picture)
        title = iteration(self.step_id)
        severity = str(finding.severity) if finding else ""
        names = self._names(picture)
        place = f", {names.index(self.reference) + 1} of {len(names)}" if self.reference in names else ""
        right = SEVERITY_WORD.get(severity, "gone") + place
        return f"{title.number} {title.title}", right, SEVERITY_SIGN.get(severity, "✓")

    def keys(self) -> Sequence[tuple[str, str, str]]:
        """Copying where there is a command."""
        copying = (("c", "copy", "screen.copy"),) if self.commands() else ()
        others = (("n", "next", "screen.other(1)"), ("p", "previous", "screen.other(-1)"))
        last = (("r", "look", "app.look_again"), ("?", "help", "app.explain"))
        return ("Esc", "back", "screen.back"), *copying, *others, *last

    def _names(self, picture: Picture) -> list[str]:
        step = picture.step(self.step_id)
        return [reference for reference, _ in references(step)] if step else []

    def page(self, picture: Picture) -> Iterable[Row]:
        """Summary, evidence, why, fix, commands, id."""
        finding = self._finding(picture)
        if finding is None:
            yield Text(text="This is no longer the case: the last look did not find it again.", style="bold")
            yield Space()
            yield Text(lead="id", text=self.reference, style=MUTED)
            return
        yield Text(text=finding.summary, style="bold")
        if finding.evidence:
            yield Space()
            yield evidence_table(finding.evidence)
        for lead, text in (("Why.", finding.why), ("What to do.", finding.fix)):
            if text:
                yield Space()
                yield Text(lead=lead, text=text)
        if finding.commands:
            yield Space()
            yield from demo_note(self.host.workspace)
            for index, command in enumerate(self.host.workspace.settings.address.lines(finding.commands)):
                yield Command(id=f"command-{index}", command=command)
        yield Space()
        yield Text(lead="id", text=finding.id, style=MUTED)
        if finding.docs:
            yield Text(lead="docs", text=finding.docs, style=MUTED)

    def action_other(self, direction: int) -> None:
        """The previous finding or after in the same iteration; at an end it says so."""
        names = self._names(self.host.picture)
        here = names.index(self.reference) + direction if self.reference in names else 0
        if not 0 <= here < len(names):
            which = "last" if direction > 0 else "first"
            self.host.notify(f"This is the {which} finding of this step.", markup=False)
            return
        self.reference = names[here]
        self.host.follow_finding(self.reference)
        self.query_one("#page", Page).scroll_home(animate=False)
        self.draw(self.host.picture)
        self.host.remember()


def evidence_table(evidence: Mapping[str, object]) -> Table:
    """The evidence as object, field and value; what was looked at is written "kind/name field"."""
    cells = []
    for looked_at, value in evidence.items():
        what, _, field = looked_at.partition(" ") if "/" in looked_at.split(" ", 1)[0] else (looked_at, "", "")
        cells.append((what, field, value_text(value)))
    if any(field for _, field, _ in cells):
        return Table(columns=("object", "field", "value"), cells=tuple(cells))
    return Table(columns=("looked at", "value"), cells=tuple((what, value) for what, _, value in cells))


def value_text(value: object) -> str:
    """A value as a person reads it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={value_text(inner)}" for key, inner in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(value_text(inner) for inner in value) or "none"
    return str(value)
