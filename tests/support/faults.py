"""Ways to break a demo server on purpose, and to see what it was asked. Every demo server of the process is seen
through as soon as this is imported."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from aiohttp import web
from aiohttp.typedefs import Handler

from wizard.demo.api.server import Server
from wizard.demo.api.watches import too_old
from wizard.demo.world import DemoWorld


@dataclass(slots=True)
class Fault:
    """What happens to requests whose "METHOD /path?query" matches.

    First `seconds` of waiting, then a cut connection if `cut`, or `status` with `body` if there is a status. `times` is
    how often it still happens; None is for ever.
    """

    pattern: re.Pattern[str]
    status: int | None = None
    body: str = ""
    content_type: str = "text/html"
    seconds: float = 0.0
    cut: bool = False
    times: int | None = None


class Faults:
    """The faults of one demo server; the first that matches applies. `requests` are all it was asked, oldest first."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self._faults: list[Fault] = []

    def answer(
        self, pattern: str, status: int, body: str = "", *, content_type: str = "text/html", times: int | None = None
    ) -> None:
        """Answers matching requests with this instead."""
        self._faults.append(Fault(re.compile(pattern), status, body, content_type, times=times))

    def delay(self, pattern: str, seconds: float, *, times: int | None = None) -> None:
        """Lets matching requests wait."""
        self._faults.append(Fault(re.compile(pattern), seconds=seconds, times=times))

    def cut(self, pattern: str, *, times: int | None = None) -> None:
        """Closes the connection of matching requests without a word."""
        self._faults.append(Fault(re.compile(pattern), cut=True, times=times))

    def clear(self) -> None:
        """Everything works again."""
        self._faults.clear()

    def take(self, request: str) -> Fault | None:
        """Notes a request and returns what is to happen to it."""
        self.requests.append(request)
        for fault in self._faults:
            if fault.times != 0 and fault.pattern.search(request):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None


_FAULTS: WeakKeyDictionary[Server, Faults] = WeakKeyDictionary()


def faults_of(world: DemoWorld) -> Faults:
    """The faults of this world's server."""
    return _FAULTS.setdefault(world.server, Faults())


async def intercept(server: Server, request: web.Request, handler: Handler) -> web.StreamResponse:
    """In place of `Server.intercept`: notes the request, and breaks it as its server's faults say."""
    fault = _FAULTS.setdefault(server, Faults()).take(f"{request.method} {request.path_qs}")
    if fault is None:
        return await handler(request)
    await asyncio.sleep(fault.seconds)
    if fault.cut and request.transport is not None:
        request.transport.close()
    if fault.status is None:
        return await handler(request)
    return web.Response(status=fault.status, text=fault.body, content_type=fault.content_type)


Server.intercept = intercept  # type: ignore[assignment, method-assign]


def expire_watches(world: DemoWorld) -> None:
    """Ends every open watch with 410 Expired and makes older resource versions and continue tokens expire."""
    world.store.forget_history()
    world.server.watches.end(too_old(world.store.version - 1, world.store.version))


def end_watches(world: DemoWorld) -> None:
    """Ends every open watch cleanly, as a server does after a while."""
    world.server.watches.end()
