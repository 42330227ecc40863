"""The same with kubectl: how to see for oneself what a screen shows, and the commands that mend what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from screens.copying import copy_commands
from screens.iteration import open_findings
from screens.place import KUBECTL
from screens.rows import Command, Heading, Item, Row, Space, Text
from screens.sheet import SheetScreen
from screens.words import SEVERITY_SIGN, TITLES

if TYPE_CHECKING:
    from screens.picture import Picture
    from wizard.model import Diagnosis
    from wizard.settings import Settings

_LOOKS = {
    "storage": (
        "-n {ns} get pvc",
        "get storageclass",
        "-n {ns} get events --field-selector involvedObject.kind=PersistentVolumeClaim",
    ),
    "credentials": (
        "-n {ns} describe secret icloud-credentials",
        "-n {ns} get configmap icloudpd-config -o yaml",
        "-n {ns} get serviceaccount icloudpd -o yaml",
        "-n {ns} get cronjob icloudpd-sync -o yaml",
    ),
    "authentication": (
        "-n {ns} get pod icloudpd-auth -o wide",
        "-n {ns} logs icloudpd-auth --tail=50",
        "-n {ns} get pvc icloudpd-config -o yaml",
    ),
    "argocd": ("get applications.argoproj.io -A", "get applications.argoproj.io -A -o yaml"),
    "immich": (
        "get deployments,statefulsets,services -A -l app.kubernetes.io/name=immich",
        "-n {ns} get pvc icloud-photos -o yaml",
    ),
    "exposure": ("get ingressclass", "get ingress -A"),
    "verification": ("-n {ns} get jobs", "-n {ns} get cronjob icloudpd-sync", "-n {ns} get pods"),
}


def looks(step_id: str, settings: Settings) -> list[str]:
    """The kubectl commands that show what an iteration's page shows."""
    return [f"{settings.kubectl} {look.format(ns=settings.namespace)}" for look in _LOOKS.get(step_id, ())]


class KubectlScreen(SheetScreen):
    """Commands to read and to copy. With `mending` only those that change something come, with their reasons."""

    place_name = KUBECTL
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "copy all", id="kubectl.copy", tooltip="Copy all commands; they are saved to a file too"),
        Binding("k", "back", "back", show=False, id="kubectl.again", tooltip="Back to where you were"),
    ]
    KEYS: ClassVar[list[tuple[str, str, str]]] = [
        ("Esc", "back", "screen.back"),
        ("⏎", "copy one", ""),
        ("c", "copy all", "screen.copy"),
        ("?", "help", "app.explain"),
    ]
    words = (
        "What the wizard shows and what it would have you do, as commands for a terminal. Nothing here has been run. "
        "Enter copies the one under the cursor, c copies all; they are saved to a file as well, since some "
        "terminals ignore copying."
    )

    def __init__(self, step_id: str, *, mending: bool = False) -> None:
        super().__init__()
        self.step_id = step_id
        self.mending = mending

    def _step(self, picture: Picture) -> Diagnosis | None:
        steps = picture.snapshot.report.steps if picture.snapshot else ()
        return next((step for step in steps if step.id == self.step_id), None)

    def heading(self, picture: Picture) -> tuple[str, str, str]:
        """Which iteration."""
        del picture
        number, title = next((number, title) for number, title in enumerate(TITLES, 1) if title.id == self.step_id)
        return (
            f"{'What to do' if self.mending else 'With kubectl'}: {number} {title.title}",
            "nothing has been run",
            "·",
        )

    def page(self, picture: Picture) -> Iterable[Row]:
        """Looking first, then mending; only mending when that was asked for."""
        step = self._step(picture)
        if not self.mending:
            yield Heading(text="To see it for yourself")
            for index, command in enumerate(looks(self.step_id, self.wizard.session.settings)):
                yield Command(id=f"look-{index}", command=command)
        if step is not None:
            if not self.mending and any(finding.commands or finding.fix for finding in open_findings(step)):
                yield Space()
                yield Heading(text="To mend it")
            yield from self._mending(step)

    def _mending(self, step: Diagnosis) -> Iterator[Row]:
        mendable = [finding for finding in open_findings(step) if finding.commands or finding.fix]
        for number, finding in enumerate(mendable):
            if number:
                yield Space()
            yield Item(sign=SEVERITY_SIGN[finding.severity], text=finding.summary, style="bold")
            if finding.fix:
                yield Text(text=finding.fix, indent=2)
            for index, command in enumerate(finding.commands):
                yield Command(id=f"mend-{number}-{index}", command=command)
        if not mendable and self.mending:
            yield Text(text="Nothing is left to do here.")

    def commands(self) -> list[tuple[str, str]]:
        """All that are shown."""
        rows = self.page(self.wizard.picture)
        return [(row.id, row.command) for row in rows if isinstance(row, Command)]

    def choose(self, row_id: str) -> None:
        """Copies one command."""
        copy_commands(self.wizard, [command for name, command in self.commands() if name == row_id])

    def action_copy(self) -> None:
        """Copies all commands."""
        copy_commands(self.wizard, [command for _, command in self.commands()])
