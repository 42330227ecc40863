"""Holds a plan against the cluster: what each change would do, who else manages what it sets, and whether it is allowed."""

from __future__ import annotations

import asyncio

from wizard.apply import objects, wait
from wizard.errors import WizardError
from wizard.kube.client import Cluster
from wizard.observe.rights import ask
from wizard.plan import ApplyObject, Change, Effect, Plan, Review, ReviewedChange, RunInPod, WaitUntil


async def preview(cluster: Cluster, plan: Plan) -> Review:
    """The plan's Review. Changes nothing: objects are rehearsed by the server's dry run. Raises WizardError for what it would refuse.

    Where a right is missing the server can't rehearse; the Review says which, and shows the changes as they were planned.
    """
    answers = await ask(cluster, plan.rights)
    refused = tuple(right for right, allowed in answers.items() if allowed is False)
    unanswered = tuple(right for right, allowed in answers.items() if allowed is None)
    if refused or plan.obstacles:
        return Review(plan, tuple(map(_as_planned, plan.changes)), refused=refused, unanswered=unanswered)
    made = frozenset(
        change.target.name
        for change in plan.changes
        if isinstance(change, ApplyObject) and change.target.kind == "Namespace"
    )
    missing = {name for name in made if not await _exists(cluster, plan, name)}
    reviewed = await asyncio.gather(*(_reviewed(cluster, change, frozenset(missing)) for change in plan.changes))
    return Review(
        plan,
        tuple(each for each in reviewed if each.effect is not Effect.NONE),
        tuple(each.change for each in reviewed if each.effect is Effect.NONE),
        unanswered=unanswered,
    )


async def _exists(cluster: Cluster, plan: Plan, namespace: str) -> bool:
    change = next(
        change for change in plan.changes if change.target.kind == "Namespace" and change.target.name == namespace
    )
    return await objects.read(cluster, change) is not None


async def _reviewed(cluster: Cluster, change: Change, to_be_made: frozenset[str]) -> ReviewedChange:
    if isinstance(change, WaitUntil):
        return await wait.preview(cluster, change, to_be_made)
    if isinstance(change, RunInPod):
        return _as_planned(change)
    return await objects.preview(cluster, change, to_be_made)


def _as_planned(change: Change) -> ReviewedChange:
    """The change without a look at the cluster."""
    effects = {"create": Effect.CREATE, "delete": Effect.DELETE, "run": Effect.RUN, "wait": Effect.WAIT}
    manifest = getattr(change, "manifest", None)
    return ReviewedChange(change, effects.get(change.verb, Effect.CHANGE), after=dict(manifest) if manifest else None)


class Moved(WizardError):
    """The cluster has changed since the review that was shown; `review` is how it is now."""

    def __init__(self, review: Review) -> None:
        super().__init__(
            "apply.moved",
            "The cluster has changed since this was shown.",
            why="Somebody or something else has changed an object that the plan is about.",
            fix="Look at the plan again; nothing was changed.",
        )
        self.review = review
