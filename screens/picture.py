"""What the screens show at this moment, as one frozen record. The app owns it; every screen only draws it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from screens.words import MUTED, span

if TYPE_CHECKING:
    from wizard.engine import Snapshot
    from wizard.errors import WizardError
    from wizard.model import Diagnosis

LIBRARIES = "loading the cluster client"
LOOKING = "looking at the cluster"
_RECONNECTING_FOR = timedelta(seconds=60)
_LIVE_FOR = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Picture:
    """`snapshot` is None until the first look is done; `awaited` says what for, since `waiting_since`.

    `trouble` with a snapshot means that the snapshot is no longer kept fresh (`attempt` tries since); without one, that
    there is nothing to show. `busy` is True while a person's "look again" is under way.
    """

    waiting_since: datetime
    awaited: str = LIBRARIES
    snapshot: Snapshot | None = None
    error: WizardError | None = None
    attempt: int = 0
    busy: bool = False

    @property
    def seen_at(self) -> datetime | None:
        """When the cluster was last seen."""
        return self.snapshot.report.taken_at if self.snapshot else None

    def step(self, step_id: str) -> Diagnosis | None:
        """That iteration's diagnosis, None while nothing has been seen."""
        steps = self.snapshot.report.steps if self.snapshot else ()
        return next((step for step in steps if step.id == step_id), None)

    def awaiting(self, what: str, now: datetime) -> Picture:
        """The same, waiting for something else from now on."""
        return replace(self, awaited=what, waiting_since=now, error=None if self.snapshot is None else self.error)

    def seen(self, snapshot: Snapshot) -> Picture:
        """A fresh look has arrived."""
        return replace(self, snapshot=snapshot, error=None, attempt=0, busy=False)

    def troubled(self, error: WizardError, attempt: int) -> Picture:
        """The cluster can't be reached just now; what was seen stays."""
        return replace(self, error=error, attempt=attempt, busy=False)


def freshness(picture: Picture, now: datetime) -> str:
    """How fresh the picture is, in a few words for the right end of the last line."""
    if picture.seen_at is None:
        return "not connected" if picture.error else f"looking… {span(now - picture.waiting_since)}"
    age = now - picture.seen_at
    if picture.busy:
        return "trying again…" if picture.error else "looking again…"
    if picture.error is not None:
        return f"reconnecting, {span(age)} old" if age < _RECONNECTING_FOR else f"read-only, {span(age)} old"
    return "live" if age < _LIVE_FOR else f"looked {span(age)} ago"


def style_of(picture: Picture) -> str:
    """The style that goes with `freshness`."""
    return "$text-warning" if picture.error else MUTED if picture.snapshot is None else "$text-success"
