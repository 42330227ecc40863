"""The vocabulary: what a diagnosis says, whoever asks for it.

Nothing here reads, decides or prints; the shapes are those of `status -o json` (docs/status.md), whose field names they carry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from wizard.command import Command


class Status(StrEnum):
    """Where an iteration stands; `unknown` is for what could not be read, `skipped` for what the person does not want."""

    COMPLETE = "complete"
    IN_PROGRESS = "in_progress"
    ACTION_REQUIRED = "action_required"
    BLOCKED = "blocked"
    PENDING = "pending"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class Severity(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Blocker:
    """What has to be out of the way before other steps can go on; `priority` is P0 (urgent), P1 (important) or P2 (can wait)."""

    priority: str
    issue: str
    affects: tuple[str, ...]
    user_action_required: bool
    estimated_minutes: int
    ready_when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was seen, with its proof and what to do about it.

    `id` is a stable name `<step>.<slug>`; `summary` is one sentence; `why` says why it matters; `evidence` maps what was
    looked at ("cronjob/icloudpd-sync spec.schedule") to what was seen there; `commands` are what a person could type.
    `implies` is the status that this finding alone would give its iteration; None when it does not stand in the way.
    `blocker` says what it blocks, when other steps wait for it.
    """

    id: str
    severity: Severity
    summary: str
    evidence: Mapping[str, object] = field(default_factory=dict)
    why: str = ""
    fix: str = ""
    commands: tuple[Command, ...] = ()
    docs: str = ""
    implies: Status | None = None
    blocker: Blocker | None = None


Cell = str | datetime | None
"""A text, a moment in UTC, or None where nothing is known."""


@dataclass(frozen=True, slots=True)
class FactTable:
    """What was seen, as a table to read beside the findings: for a person at a screen, and not in `status -o json`."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""

    @classmethod
    def of_pairs(cls, *pairs: tuple[str, Cell]) -> FactTable:
        """What was seen and its value, a row each; without those whose value is an empty text."""
        return cls(("seen", "value"), tuple(pair for pair in pairs if pair[1] != ""))


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One iteration's standing; `table` is what there is to read beside the findings, None where that is nothing."""

    iteration: int
    id: str
    title: str
    status: Status
    findings: tuple[Finding, ...]
    blockers: tuple[Blocker, ...] = ()
    table: FactTable | None = None


class SessionState(StrEnum):
    """What is known of Apple's session on the config claim, without asking Apple."""

    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    MISSING = "missing"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class Session:
    """One account's session; times are UTC, `days_left` whole days rounded down, `source` says what it rests on."""

    state: SessionState
    expires_at: datetime | None = None
    days_left: int | None = None
    verified_at: datetime | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """One Apple account; `apple_id` is None while nobody has said it."""

    name: str
    apple_id: str | None
    session: Session


@dataclass(frozen=True, slots=True)
class Hop:
    """One station of the pipeline strip: iCloud, icloudpd, volume, Immich, you.

    `state` is ok, busy, waiting, broken or unknown; `note` a few words or a count, empty when there is nothing to say.
    """

    name: str
    state: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ClusterRef:
    """Which cluster was looked at; `uid` is kube-system's, None where that may not be read."""

    context: str
    server: str
    uid: str | None = None
    ca_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything one look found out: the content of `status -o json`."""

    taken_at: datetime
    cluster: ClusterRef
    namespace: str
    accounts: tuple[Account, ...]
    steps: tuple[Diagnosis, ...]
    pipeline: tuple[Hop, ...]

    @property
    def included(self) -> tuple[Diagnosis, ...]:
        """The steps that are not skipped."""
        return tuple(step for step in self.steps if step.status is not Status.SKIPPED)

    @property
    def complete(self) -> int:
        """How many of the included steps are complete."""
        return sum(step.status is Status.COMPLETE for step in self.included)

    @property
    def percent(self) -> int:
        """Share of the included steps that are complete, rounded to a whole percent; 100 when all are skipped."""
        return round(100 * self.complete / len(self.included)) if self.included else 100

    @property
    def next_step(self) -> Diagnosis | None:
        """The lowest iteration that is neither complete nor skipped; None when there is none."""
        return next((step for step in self.included if step.status is not Status.COMPLETE), None)

    @property
    def ready_when(self) -> tuple[str, ...]:
        """What has to be true before the next iteration is done with, from its blockers; no repeats."""
        step = self.next_step
        return tuple(dict.fromkeys(line for blocker in step.blockers for line in blocker.ready_when)) if step else ()
