"""How the wizard waits until something is true of an object: by looking at it, as it takes no part in making it true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from wizard.apply.objects import read
from wizard.errors import Retry, WizardError
from wizard.kube.client import Cluster
from wizard.plan import Effect, ReviewedChange, WaitUntil

LOOK_EVERY_SECONDS = 0.5


async def preview(cluster: Cluster, change: WaitUntil, to_be_made: frozenset[str]) -> ReviewedChange:
    """Nothing to wait for where it is true already."""
    before = None if change.target.namespace in to_be_made else await read(cluster, change)
    true = before is not None and change.holds(before)
    return ReviewedChange(change, Effect.NONE if true else Effect.WAIT)


async def run(cluster: Cluster, change: WaitUntil, say: Callable[[str], None]) -> None:
    """Returns as soon as it is true; `say` gets the value that the field has meanwhile. Raises WizardError after its time."""
    last = ""
    try:
        async with asyncio.timeout(change.seconds):
            while not ((manifest := await read(cluster, change)) and change.holds(manifest)):
                now = change.value(manifest or {})
                if now != last:
                    last = now
                    say(f"{change.target.kind} {change.target.name} is {now}" if now else "")
                await asyncio.sleep(LOOK_EVERY_SECONDS)
    except TimeoutError:
        raise WizardError(
            "apply.wait",
            f"{change.target.kind} {change.target.name} is not {' or '.join(change.values)} after {change.seconds:.0f} seconds.",
            why=f"Its {change.field} is {last}." if last else f"It has no {change.field} yet.",
            fix="Nothing is lost: look at what it waits for, then do it again; what is done already stays done.",
            commands=(change.target.kubectl("describe"),),
            retry=Retry.NOW,
        ) from None
