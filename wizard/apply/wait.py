"""How the wizard waits until something is true of an object: by looking at it, as it takes no part in making it true."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator

from wizard.apply.objects import read
from wizard.errors import Retry, WizardError
from wizard.kube.client import Cluster
from wizard.plan import Effect, ReviewedChange, WaitUntil

LOOK_EVERY_SECONDS = 0.5


async def preview(cluster: Cluster, change: WaitUntil, to_be_made: frozenset[str]) -> ReviewedChange:
    """Nothing to wait for where it is true already."""
    before = None if change.target.namespace in to_be_made else await read(cluster, change)
    holds = before is not None and change.holds(before)
    return ReviewedChange(change, Effect.NONE if holds else Effect.WAIT)


async def run(cluster: Cluster, change: WaitUntil) -> AsyncGenerator[str, None]:
    """Ends as soon as it is true; gives what the field says meanwhile. Raises WizardError after its time."""
    end = time.monotonic() + change.seconds
    value = ""
    while not ((manifest := await read(cluster, change)) and change.holds(manifest)):
        before, value = value, change.value(manifest or {})
        if value != before:
            yield f"{change.subject} is {value}" if value else f"{change.subject} is gone"
        if time.monotonic() > end:
            raise _late(change, value)
        await asyncio.sleep(LOOK_EVERY_SECONDS)


def _late(change: WaitUntil, value: str) -> WizardError:
    return WizardError(
        "apply.wait",
        f"{change.subject} is not {' or '.join(change.values)} after {change.seconds:.0f} seconds.",
        why=f"Its {change.field} is {value}." if value else f"It has no {change.field} yet.",
        fix="Check what it is waiting for, then run it again: what is done stays done.",
        commands=(change.target.kubectl("describe"),),
        retry=Retry.NOW,
    )
