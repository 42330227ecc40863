"""Carries out the changes of a plan that was shown one by one, for a flow of its own: each is taken from the plan by its id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any, TypeVar

from wizard.apply.objects import send
from wizard.kube.client import Cluster
from wizard.plan import ObjectChange, PatchObject, Plan, RunInPod

T = TypeVar("T")


@dataclass(slots=True)
class PlannedChanges:
    """The changes of `plan`, which was shown. An id that is not in it raises KeyError: nothing is done that was not shown."""

    cluster: Cluster
    plan: Plan

    def __getitem__(self, change_id: str) -> ObjectChange:
        """The change with this id."""
        change = self.plan[change_id]
        if not isinstance(change, ObjectChange):
            raise TypeError(f"{change_id} is not about an object in the cluster")
        return change

    async def make(self, change_id: str, patch: Mapping[str, Any] | None = None) -> None:
        """Makes the change of an object; `patch` has what nobody could know when it was planned. Raises WizardError."""
        change = self[change_id]
        if patch is not None:
            if not isinstance(change, PatchObject):
                raise TypeError(f"{change_id} is not a patch")
            change = replace(change, patch=patch)
        await send(self.cluster, change)

    async def run(self, change_id: str, work: Callable[[], Awaitable[T]]) -> T:
        """Does by `work` what the change says is done inside a pod, and gives what comes of it."""
        if not isinstance(self[change_id], RunInPod):
            raise TypeError(f"{change_id} is not done inside a pod")
        return await work()

    def before(self, change_id: str) -> Iterator[ObjectChange]:
        """The changes that come before this one, in their order."""
        return (self[change.id] for change in takewhile(lambda change: change.id != change_id, self.plan.changes))
