"""Carries out a Review that was shown: the only loop that changes a cluster by a plan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from wizard.apply import objects, wait
from wizard.apply.preview import Moved, preview
from wizard.errors import WizardError
from wizard.kube.client import Cluster
from wizard.plan import Phase, Progress, Review, WaitUntil


async def run(cluster: Cluster, review: Review) -> AsyncGenerator[Progress, None]:
    """Makes the changes of the review, one after the other, and says how each goes; ends after the first that fails.

    Raises Moved when the cluster is no longer as the review has it, and WizardError for a change that fails, after saying so.
    A run that was cut off is simply planned again: what is done is unchanged then.
    """
    if review.is_blocked:
        raise WizardError(
            "apply.blocked", "This plan can't be carried out as it is.", fix="Its review says what is in the way."
        )
    now = await preview(cluster, review.plan)
    if now.digest != review.digest:
        raise Moved(now)
    for reviewed in review.changes:
        change = reviewed.change
        yield Progress(change, Phase.STARTED)
        try:
            if isinstance(change, WaitUntil):
                async for detail in _waited(cluster, change):
                    yield Progress(change, Phase.WAITING, detail)
                warnings: tuple[str, ...] = ()
            else:
                warnings = (await objects.send(cluster, change)).warnings
        except WizardError as trouble:
            yield Progress(change, Phase.FAILED, trouble.what)
            raise
        yield Progress(change, Phase.DONE, " ".join(warnings))


async def _waited(cluster: Cluster, change: WaitUntil) -> AsyncGenerator[str, None]:
    """What the wait has to say, until it is over."""
    said: asyncio.Queue[str] = asyncio.Queue()
    waiting = asyncio.create_task(wait.run(cluster, change, said.put_nowait))
    try:
        while not waiting.done():
            next_word = asyncio.ensure_future(said.get())
            await asyncio.wait((waiting, next_word), return_when=asyncio.FIRST_COMPLETED)
            if next_word.done():
                yield next_word.result()
            next_word.cancel()
        await waiting
    finally:
        waiting.cancel()
