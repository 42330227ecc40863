"""What every iteration is made of: a description and a row of checks, each a pure function of World and Settings.

A check yields findings; the iteration's status follows from what they imply. A new failure mode is one function and one line.
Checks, and what a check yields, go from cause to consequence: of findings that weigh the same the first one is the headline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from wizard.choices import IMMICH_NAMESPACE, SKIPPED
from wizard.command import WIZARD, Command
from wizard.iterations import Iteration
from wizard.model import Blocker, Diagnosis, FactTable, Finding, Severity, Status
from wizard.plan import Plan, Right
from wizard.settings import Settings
from wizard.world import Found, Unreadable, World

Check = Callable[[World, Settings], Iterator[Finding]]
MakeTable = Callable[[World, Settings], FactTable | None]
Planner = Callable[[World, Settings], Plan]

_WORST_FIRST = (
    Status.FAILED,
    Status.BLOCKED,
    Status.ACTION_REQUIRED,
    Status.UNKNOWN,
    Status.PENDING,
    Status.IN_PROGRESS,
)
_LOUDEST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.UNKNOWN, Severity.INFO, Severity.OK)


@dataclass(frozen=True, slots=True)
class Step:
    """One iteration: `purpose` says in two sentences what it is for, `checks` find out where it stands, `table` shows what was
    seen, `plan` says what to do.

    `work` names in a few words what its changes come to, for who may not make them; `needs` are the rights that they take
    where no plan says so. `leads` is the command that carries out its plan where a person has to be led through it.
    """

    iteration: Iteration
    purpose: str
    checks: tuple[Check, ...]
    table: MakeTable | None = None
    work: str = ""
    plan: Planner | None = None
    leads: Command | None = None
    needs: tuple[Need, ...] = ()

    @property
    def id(self) -> str:
        """The iteration's id."""
        return self.iteration.id

    def rights(self, world: World, settings: Settings) -> tuple[Right, ...]:
        """What its changes to such a world would take."""
        planned = self.plan(world, settings).rights if self.plan else ()
        return *planned, *(need.right(world, settings) for need in self.needs)

    def _findings(self, world: World, settings: Settings) -> Iterator[Finding]:
        for check in self.checks:
            yield from check(world, settings)
        yield from missing_rights(self.id, self.work, self.rights(world, settings), world)

    def diagnose(self, world: World, settings: Settings) -> Diagnosis:
        """Runs the checks; what stands in the way comes first, then loudest first, then as the checks have it."""
        number, title = self.iteration.number, self.iteration.title
        table = self.table(world, settings) if self.table else None
        if self.id in settings[SKIPPED]:
            return Diagnosis(number, self.id, title, Status.SKIPPED, (), table=table)
        findings = sorted(
            (replace(finding, docs=docs_of(finding.id)) for finding in self._findings(world, settings)),
            key=lambda finding: (finding.implies is None, _LOUDEST_FIRST.index(finding.severity)),
        )
        blockers = tuple(blockers_of(findings))
        return Diagnosis(number, self.id, title, status_of(findings), tuple(findings), blockers, table)


def status_of(findings: Iterable[Finding]) -> Status:
    """The worst status that any finding implies; complete when none stands in the way."""
    implied = {finding.implies for finding in findings}
    return next((status for status in _WORST_FIRST if status in implied), Status.COMPLETE)


def blockers_of(findings: Iterable[Finding]) -> list[Blocker]:
    """What the findings hold up, most urgent first, each once."""
    blockers = dict.fromkeys(finding.blocker for finding in findings if finding.blocker)
    return sorted(blockers, key=lambda blocker: blocker.priority)


def docs_of(finding_id: str) -> str:
    """What a person types to read about a finding; it takes no cluster, so it is addressed to none."""
    return f"{WIZARD} explain {finding_id}"


def unknown(finding_id: str, subject: str, read: Unreadable) -> Finding:
    """The finding for what could not be read."""
    fix = (
        "Ask whoever runs the cluster for permission to read it, or use a context that has it."
        if read.reason == "forbidden"
        else "Look again; if nothing changes, check whether the API server has problems."
    )
    return Finding(
        finding_id,
        Severity.UNKNOWN,
        f"{subject} could not be read.",
        evidence={"reason": read.reason, "answer": read.message},
        why="What could not be read counts as unknown, never as fine.",
        fix=fix,
        implies=Status.UNKNOWN,
    )


def cut_short(finding_id: str, kind: str, name: str) -> Finding:
    """The finding for what is not among the first of a long list: nobody knows whether it is there."""
    return Finding(
        finding_id,
        Severity.UNKNOWN,
        f"It is unknown whether there is {name}: only the first {kind} were read, and there are more.",
        evidence={kind: "more than were read"},
        why="What was not read counts as unknown, never as fine and never as missing.",
        fix=f"Delete {kind} that are no longer needed, or give this setup its own namespace.",
        implies=Status.UNKNOWN,
    )


@dataclass(frozen=True, slots=True)
class Need:
    """A right that an iteration's changes take where no plan of it says so; `place` is "ours", "cluster", "argocd" or "immich"."""

    verb: str
    resource: str
    place: str = "ours"

    def right(self, world: World, settings: Settings) -> Right:
        """The right, in the namespace that the place stands for."""
        return Right(self.verb, self.resource, _namespace_of(self.place, world, settings))


def _namespace_of(place: str, world: World, settings: Settings) -> str:
    match place:
        case "cluster":
            return ""
        case "argocd":
            return world.application.value.meta.namespace if isinstance(world.application, Found) else "argocd"
        case "immich":
            immich = world.immich.value.namespace if isinstance(world.immich, Found) else ""
            return settings[IMMICH_NAMESPACE] or immich or "immich"
        case _:
            return settings.namespace


def missing_rights(step_id: str, work: str, rights: Iterable[Right], world: World) -> Iterator[Finding]:
    """Which rights for `work` the server denies; a warning only, since looking needs none of them."""
    answers = {Right(access.verb, access.resource, access.namespace): access.allowed for access in world.access}
    refused = [right for right in rights if answers.get(right) is False]
    if refused:
        yield Finding(
            f"{step_id}.rights-missing",
            Severity.WARNING,
            f"You don't have permission to {work}.",
            evidence={
                f"access review in {right.namespace or 'the whole cluster'}: {right.verb} {right.resource}": "denied"
                for right in refused
            },
            why="The wizard can look, but the changes that this step needs would be refused.",
            fix="Use an account with these permissions, or have someone who has them run the commands.",
            commands=tuple(right.question for right in refused),
        )
