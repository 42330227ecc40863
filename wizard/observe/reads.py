"""Turns requests into Reads: found, not there, or nobody knows. Only a cluster that can't be asked at all is raised."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeVar

from wizard.errors import WizardError
from wizard.kube.client import Cluster
from wizard.kube.errors import ClusterError, Expired, Forbidden, NotFound, TimedOut
from wizard.observe.json_values import page
from wizard.world import Found, Missing, Page, Read, Unreadable

MOST_OBJECTS = 5000

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")


class Budget:
    """How many requests one look may still send."""

    def __init__(self, requests: int) -> None:
        self.left = requests

    def add(self, requests: int) -> None:
        """Allows that many more."""
        self.left += requests

    def take(self, requests: int = 1) -> bool:
        """Whether that many may be sent; if so they are taken off."""
        if requests > self.left:
            return False
        self.left -= requests
        return True


async def ask(answer: Awaitable[Any], parse: Callable[[Any], T]) -> Read[T]:
    """What an answer says, or why there is none. Raises ClusterError."""
    try:
        return Found(parse(await answer))
    except WizardError as error:
        return unread(error)


async def whole(cluster: Cluster, path: str, of: Callable[[Any], T], *, limit: int, labels: str = "") -> Read[Page[T]]:
    """A list with all its pages of `limit` objects each; `more` when there are over 5,000 or it ended early.

    For our own namespace only: what is not seen there counts as not there. Raises ClusterError.
    """
    items: list[T] = []
    more = False
    try:
        async with aclosing(cluster.pages(path, limit=limit, labels=labels)) as bodies:
            async for body in bodies:
                part = page(body, of)
                items += part.items
                more = part.more
                if len(items) >= MOST_OBJECTS:
                    break
    except Expired:
        more = True
    except WizardError as error:
        return unread(error)
    return Found(Page(tuple(items), more))


def unread(error: WizardError) -> Missing | Unreadable:
    """A refused request as a Read. Raises `trouble` itself when it is about the whole cluster."""
    if isinstance(error, ClusterError):
        raise error
    if isinstance(error, NotFound):
        return Missing(kind_installed=error.kind_installed)
    if isinstance(error, Forbidden):
        return Unreadable("forbidden", error.what)
    if isinstance(error, TimedOut):
        return Unreadable("timeout", error.what)
    return Unreadable("error", f"{error.what} {error.why}".strip())


def found(read: Read[T]) -> T | None:
    """The value, if it was found."""
    return read.value if isinstance(read, Found) else None


def mapped(read: Read[A], change: Callable[[A], B]) -> Read[B]:
    """`read` with `change` applied to what was found."""
    return Found(change(read.value)) if isinstance(read, Found) else read


async def together(*work: Awaitable[Any]) -> list[Any]:
    """All results in order. When one fails the others are ended before its error is raised."""
    tasks = [asyncio.ensure_future(awaitable) for awaitable in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
