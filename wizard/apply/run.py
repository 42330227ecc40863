"""Carries out a Review that was shown: the only loop that changes a cluster by a plan."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from wizard.apply.executors import EXECUTORS
from wizard.apply.preview import Moved, preview
from wizard.errors import Retry, WizardError
from wizard.kube.client import Cluster
from wizard.plan import Phase, Progress, Review


async def run(cluster: Cluster, review: Review) -> AsyncGenerator[Progress, None]:
    """Makes the changes of the review, one after the other, and says how each goes; ends after the first that fails.

    Raises Moved when the cluster is no longer as the review has it, and WizardError for a change that fails, after saying so.
    A run that was cut off is simply planned again: what is done is unchanged then.
    """
    if review.is_blocked:
        raise WizardError(
            "apply.blocked", "This plan can't be carried out as it is.", fix="Its review says what is in the way."
        )
    if unknown := [reviewed.change for reviewed in review.changes if type(reviewed.change) not in EXECUTORS]:
        raise WizardError("apply.no-executor", f"Nothing here can do this: {unknown[0].title}.", retry=Retry.NEVER)
    now = await preview(cluster, review.plan)
    if now.digest != review.digest:
        raise Moved(now)
    for reviewed in review.changes:
        change = reviewed.change
        yield Progress(change, Phase.STARTED)
        try:
            async with aclosing(EXECUTORS[type(change)].run(cluster, change)) as details:
                async for detail in details:
                    yield Progress(change, Phase.NOTE, detail)
        except WizardError as error:
            yield Progress(change, Phase.FAILED, error.what)
            raise
        yield Progress(change, Phase.DONE)
