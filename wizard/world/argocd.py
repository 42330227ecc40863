"""What Argo CD says of an Application."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wizard.world.objects import Meta


@dataclass(frozen=True, slots=True)
class AppSource:
    repo_url: str
    target_revision: str = ""
    path: str = ""
    chart: str = ""


@dataclass(frozen=True, slots=True)
class AppResource:
    """One line of an Application's status.resources; `health` is empty where Argo CD does not write it."""

    kind: str
    name: str
    namespace: str = ""
    group: str = ""
    status: str = ""
    health: str = ""
    requires_pruning: bool = False


@dataclass(frozen=True, slots=True)
class Application:
    """An Argo CD Application. `compared_revision` is status.sync.revision, `operation_revision` what the last or running
    operation syncs, `operation_finished` when the last one ended; `looked_at` is False while it has no status at all.
    `conditions` are (type, message) pairs."""

    meta: Meta
    project: str
    sources: tuple[AppSource, ...]
    destination_namespace: str
    destination_server: str = ""
    automated: bool = False
    prune: bool = False
    self_heal: bool = False
    ignored_paths: tuple[str, ...] = ()
    looked_at: bool = False
    sync: str = ""
    health: str = ""
    compared_revision: str = ""
    operation_phase: str = ""
    operation_message: str = ""
    operation_revision: str = ""
    operation_finished: datetime | None = None
    conditions: tuple[tuple[str, str], ...] = ()
    resources: tuple[AppResource, ...] = ()
