"""The same with kubectl: how to see for oneself what a screen shows, and the commands that fix what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from screens.bookmark import KUBECTL
from screens.clipboard import demo_note
from screens.finding_list import open_findings
from screens.page_screen import PageScreen
from screens.widgets.page import Page
from screens.widgets.rows import Button, Command, Item, Row, Space, Text
from screens.words import SEVERITY_SIGN
from wizard.choices import CHOICES
from wizard.command import kubectl
from wizard.iterations import iteration
from wizard.settings import AUTH_POD
from wizard.world import Found

if TYPE_CHECKING:
    from screens.picture import Picture
    from wizard.model import Diagnosis, Finding
    from wizard.settings import Settings
    from wizard.world import World

_LOOKS = {
    "storage": (
        "-n {ns} get pvc",
        "get storageclass",
        "-n {ns} get events --field-selector involvedObject.kind=PersistentVolumeClaim",
    ),
    "credentials": (
        "-n {ns} describe secret {secret_name}",
        "-n {ns} get configmap {config_map} -o yaml",
        "-n {ns} get serviceaccount {service_account} -o yaml",
        "-n {ns} get cronjob {cron_job} -o yaml",
    ),
    "authentication": ("-n {ns} get pvc {config_claim} -o yaml", "-n {ns} get jobs,pods"),
    "argocd": ("get applications.argoproj.io -A", "get applications.argoproj.io -A -o yaml"),
    "immich": (
        "get deployments,statefulsets,services -A -l app.kubernetes.io/name=immich",
        "-n {ns} get pvc {photos_claim} -o yaml",
    ),
    "exposure": ("get ingressclass", "get ingress -A"),
    "verification": ("-n {ns} get jobs", "-n {ns} get cronjob {cron_job}", "-n {ns} get pods"),
}
_AUTH_POD_LOOKS = (f"-n {{ns}} get pod {AUTH_POD} -o wide", f"-n {{ns}} logs {AUTH_POD} --tail=50")
DO = "do"


def looks(step_id: str, settings: Settings, world: World | None = None) -> list[str]:
    """The kubectl commands that show what an iteration's page shows; of a pod only while it is there."""
    pods = world.pods.value.items if world is not None and isinstance(world.pods, Found) else ()
    there = step_id == "authentication" and any(pod.meta.name == AUTH_POD for pod in pods)
    all_of_them = (*(_AUTH_POD_LOOKS if there else ()), *_LOOKS.get(step_id, ()))
    names = {"ns": settings.namespace} | {choice.id: settings[choice] for choice in CHOICES}
    return list(
        settings.address.lines(kubectl(*(word.format_map(names) for word in look.split())) for look in all_of_them)
    )


class KubectlScreen(PageScreen):
    """Commands to read and to copy: those that only look, or with `fixing` what to do about what was found, and why."""

    place_name = KUBECTL
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "copy all", id="kubectl.copy", tooltip="Copy all commands; they are saved to a file too"),
        Binding(
            "k", "other('looks')", "kubectl", show=False, id="kubectl.looks", tooltip="The commands that only look"
        ),
        Binding(
            "a", "other('do')", "what to do", show=False, id="kubectl.do", tooltip="What to do about what was found"
        ),
    ]
    words = (
        "What the wizard shows and what it suggests you do, as commands for a terminal. Nothing here has been run. "
        "Enter copies the one under the cursor, c copies all; they are saved to a file as well, since some "
        "terminals ignore copying."
    )

    def __init__(self, step_id: str, *, fixing: bool = False) -> None:
        super().__init__()
        self.step_id = step_id
        self.fixing = fixing

    def heading(self, picture: Picture) -> tuple[str, str, str]:
        """Which iteration."""
        del picture
        title = iteration(self.step_id)
        purpose = "What to do" if self.fixing else "To see it with kubectl"
        return f"{purpose}: {title.number} {title.title}", "nothing has been run", "·"

    def keys(self) -> Sequence[tuple[str, str, str]]:
        """Copying where there is something to copy."""
        copying = (("⏎", "copy one", ""), ("c", "copy all", "screen.copy")) if self.commands() else ()
        other = (
            ("k", "to see it", "screen.other('looks')") if self.fixing else ("a", "what to do", "screen.other('do')")
        )
        return ("Esc", "back", "screen.back"), *copying, other, ("?", "help", "app.explain")

    def page(self, picture: Picture) -> Iterable[Row]:
        """Looking, or fixing."""
        rows = list(self._fixing(picture) if self.fixing else self._looking(picture))
        if any(isinstance(row, Command) for row in rows):
            yield from demo_note(self.host.workspace)
        yield from rows

    def _looking(self, picture: Picture) -> Iterator[Row]:
        world = picture.snapshot.world if picture.snapshot else None
        for index, command in enumerate(looks(self.step_id, self.host.workspace.settings, world)):
            yield Command(id=f"look-{index}", command=command)
        step = picture.step(self.step_id)
        if step is not None and _fixable(step):
            yield Space()
            yield Button(id=DO, label="What to do about what was found…", key="a")

    def _fixing(self, picture: Picture) -> Iterator[Row]:
        step = picture.step(self.step_id)
        if step is None:
            return
        fixable = _fixable(step)
        for number, finding in enumerate(fixable):
            if number:
                yield Space()
            yield Item(sign=SEVERITY_SIGN[finding.severity], text=finding.summary, style="bold")
            if finding.fix:
                yield Text(text=finding.fix, indent=2)
            for index, command in enumerate(self.host.workspace.settings.address.lines(finding.commands)):
                yield Command(id=f"fix-{number}-{index}", command=command)
        if not fixable:
            yield Text(text="There is nothing left to do here.")

    def choose(self, row_id: str) -> None:
        """Goes to what to do."""
        if row_id == DO:
            self.action_other("do")

    def action_other(self, which: str) -> None:
        """The other half of the commands; the same key again goes back."""
        if self.fixing == (which == "do"):
            self.dismiss()
            return
        self.fixing = which == "do"
        self.query_one("#page", Page).scroll_home(animate=False, immediate=True)
        self.draw(self.host.picture)


def _fixable(step: Diagnosis) -> list[Finding]:
    return [finding for finding in open_findings(step) if finding.commands or finding.fix]
