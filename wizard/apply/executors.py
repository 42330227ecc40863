"""How each kind of change is held against the cluster and carried out: one executor per kind. A new kind is one entry here."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Protocol

from wizard.apply import objects, wait
from wizard.kube.client import Cluster
from wizard.plan import ApplyObject, Change, CreateObject, DeleteObject, PatchObject, ReviewedChange, WaitUntil


class Executor(Protocol):
    """Two functions about changes of one kind; both raise WizardError."""

    async def preview(self, cluster: Cluster, change: Any, to_be_made: frozenset[str]) -> ReviewedChange:
        """What the change would do; `to_be_made` are namespaces that the same plan makes before. Changes nothing."""

    def run(self, cluster: Cluster, change: Any) -> AsyncGenerator[str, None]:
        """Makes the change, and gives a few words about it meanwhile: what is awaited, what the server warns of."""


EXECUTORS: Mapping[type[Change], Executor] = {
    ApplyObject: objects,
    CreateObject: objects,
    PatchObject: objects,
    DeleteObject: objects,
    WaitUntil: wait,
}
"""RunInPod has none: it is done by whoever holds the pod open, as the sign-in does."""
