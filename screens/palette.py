"""What the command palette offers, from the current state: iterations, findings, and what the keys do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from screens.finding_list import references
from screens.host import host_of
from screens.words import STATUS_SIGN, status_word
from wizard.iterations import ITERATIONS


class WizardCommands(Provider):
    """Everything by name."""

    def _offers(self) -> Iterator[tuple[str, str, Callable[[], object], bool]]:
        host = host_of(self.app)
        snapshot = host.picture.snapshot
        for number, title in enumerate(ITERATIONS, 1):
            status = snapshot.report.steps[number - 1].status if snapshot else None
            help_text = f"{STATUS_SIGN[status]} {status_word(status)}" if status else "not looked at yet"
            yield f"Go to {number} {title.title}", help_text, partial(host.go, number), True
        for number, title in enumerate(ITERATIONS, 1) if snapshot else ():
            skipped = bool(snapshot and snapshot.report.steps[number - 1].status == "skipped")
            what = f"Bring back {number} {title.title}" if skipped else f"Skip {number} {title.title}"
            help_text = "It counts again" if skipped else "It counts neither as done nor as missing"
            yield what, help_text, partial(host.skip, number), skipped
        yield "Look again", "Look at the cluster now", host.action_look_again, True
        yield "Sign in to iCloud", "With as few inputs as Apple allows; the plan comes first", host.action_sign_in, True
        yield "kubectl", "The commands of this step", host.action_kubectl, True
        yield "Find", "Among all findings", host.action_find, True
        yield "Setup", "What was detected about your setup, and from where", host.action_setup, True
        yield "Help", "For this screen", host.action_explain, True
        yield "Quit", "The next start returns here", host.close_wizard, True
        for step in snapshot.report.steps if snapshot else ():
            for reference, finding in references(step):
                yield f"Open {reference}", finding.summary, partial(host.open_finding, step.id, reference), False

    async def discover(self) -> Hits:
        """What is offered before anything is typed."""
        for name, help_text, call, at_once in self._offers():
            if at_once:
                yield DiscoveryHit(name, call, help=help_text)

    async def search(self, query: str) -> Hits:
        """What matches what is typed."""
        matcher = self.matcher(query)
        for name, help_text, call, _ in self._offers():
            score = matcher.match(f"{name} {help_text}")
            if score > 0:
                # Textual takes a help text for markup unless it is Content, whatever the annotation says.
                yield Hit(score, Content(name), call, text=name, help=cast("str", Content(help_text)))
