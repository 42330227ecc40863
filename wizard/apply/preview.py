"""Holds a plan against the cluster: what each change would do, who else manages what it sets, and whether it is allowed."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from wizard.apply import objects
from wizard.apply.executors import EXECUTORS
from wizard.errors import WizardError
from wizard.kube.client import Cluster
from wizard.observe.rights import ask
from wizard.plan import ApplyObject, Change, Effect, Plan, Review, ReviewedChange


async def preview(cluster: Cluster, plan: Plan) -> Review:
    """The plan's Review. Changes nothing: the server rehearses objects by a dry run. Raises WizardError for what it refuses.

    Where a right is missing the server can't rehearse; the Review says which, and shows the changes as they were planned.
    """
    answers = await ask(cluster, plan.rights)
    refused = tuple(right for right, allowed in answers.items() if allowed is False)
    unanswered = tuple(right for right, allowed in answers.items() if allowed is None)
    if refused or plan.obstacles:
        planned = await asyncio.gather(*(_as_planned(cluster, change) for change in plan.changes))
        return Review(plan, tuple(planned), refused=refused, unanswered=unanswered)
    to_be_made = await _namespaces_to_be_made(cluster, plan)
    reviewed = await asyncio.gather(*(_reviewed(cluster, change, to_be_made) for change in plan.changes))
    return Review(
        plan,
        tuple(each for each in reviewed if each.effect is not Effect.NONE),
        tuple(each.change for each in reviewed if each.effect is Effect.NONE),
        unanswered=unanswered,
    )


async def _namespaces_to_be_made(cluster: Cluster, plan: Plan) -> frozenset[str]:
    """Namespaces that the plan makes: the server can rehearse nothing in them before."""
    changes = [change for change in plan.changes if isinstance(change, ApplyObject)]
    namespaces = [change for change in changes if change.target.kind == "Namespace"]
    return frozenset([change.target.name for change in namespaces if await objects.read(cluster, change) is None])


async def _reviewed(cluster: Cluster, change: Change, to_be_made: frozenset[str]) -> ReviewedChange:
    executor = EXECUTORS.get(type(change))
    return await executor.preview(cluster, change, to_be_made) if executor else await _as_planned(cluster, change)


async def _as_planned(cluster: Cluster, change: Change) -> ReviewedChange:
    """The change as it was planned; of what it applies, whether that is there yet, as far as it can be read."""
    effect = change.effect
    if isinstance(change, ApplyObject):
        with suppress(WizardError):
            effect = Effect.CREATE if await objects.read(cluster, change) is None else Effect.CHANGE
    return ReviewedChange.as_planned(change, effect)


class Moved(WizardError):
    """The cluster has changed since the review that was shown; `review` is how it is now."""

    def __init__(self, review: Review) -> None:
        super().__init__(
            "apply.moved",
            "The cluster has changed since this was shown.",
            why="Somebody or something else has changed an object that the plan is about.",
            fix="Review the plan again; nothing was changed.",
        )
        self.review = review
