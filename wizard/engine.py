"""The loop: observe, diagnose, and again whenever something changes. The one way in for the screens and for the CLI.

Nothing here knows how a cluster is read (wizard.observe), what it means (wizard.steps) or how it is shown.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from wizard.errors import Trouble
from wizard.model import Report
from wizard.setup import SetupRow
from wizard.world import World


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look: what was seen, what it means, and what was worked out about the setup."""

    world: World
    report: Report
    setup: tuple[SetupRow, ...]


@dataclass(frozen=True, slots=True)
class Fresh:
    """The picture is as of `seen_at` and is being kept fresh by watches."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Stale:
    """The cluster can't be watched just now; `attempt` counts from 1, `trouble` says why, `since` is the last good look."""

    trouble: Trouble
    attempt: int
    since: datetime | None


Update = Fresh | Stale


class Engine:
    """Looks at one cluster. `look()` once, or `updates()` for as long as somebody is interested; then `close()`."""

    async def look(self) -> Snapshot:
        """One pass over the cluster and its diagnosis. Raises Trouble when the cluster can't be looked at at all."""
        raise NotImplementedError

    def updates(self) -> AsyncIterator[Update]:
        """A Fresh after the first look and after every change that matters; a Stale for each failed try to reconnect."""
        raise NotImplementedError

    def look_again(self) -> None:
        """Makes a running `updates()` look again at once."""
        raise NotImplementedError

    async def close(self) -> None:
        """Lets the connections go."""
        raise NotImplementedError
