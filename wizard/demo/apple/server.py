"""The demo Apple as one TLS server on loopback, answering to all of Apple's names that signing in and photos need."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from aiohttp import web

from wizard.demo.apple import answers, saved_state
from wizard.demo.apple.account_setup import AccountSetup
from wizard.demo.apple.accounts import Account
from wizard.demo.apple.bridge import Bridge
from wizard.demo.apple.photos import Photos
from wizard.demo.apple.second_factor import SecondFactor
from wizard.demo.apple.session_files import SessionFiles, signed_in
from wizard.demo.apple.signin import Idmsa
from wizard.demo.apple.state import Clock, CodeSent, Person, State, Way, new_state
from wizard.demo.apple.tls import make_authority

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HOSTS = (
    ("/appleauth/", "idmsa.apple.com"),
    ("/setup/", "setup.icloud.com"),
    ("/v2/", "websocket*.push.apple.com"),
    ("/database/", "*ckdatabasews.icloud.com"),
    ("/B/", "*.icloud-content.com"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as the log keeps it: no body, no query, no header."""

    method: str
    path: str
    status: int
    apple_id: str | None

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"


@dataclass(slots=True)
class Hiccup:
    """The next `times` requests to an address that ends with `path` go wrong, before anything comes of them.

    `how` is a status, "dropped" for no answer, "page" for a web page with a status of 200, or "unanswered" for no answer
    although the request had its effect.
    """

    path: str
    how: int | Literal["dropped", "page", "unanswered"]
    times: int = 1


class DemoApple:
    """A running demo Apple; get one with `async with DemoApple.open(...)`.

    `outage` may be set while it runs: a status that every request is answered with, or "dropped" for no answer at all.
    `hiccups` may be added to: what goes wrong at one address, and how often.
    """

    def __init__(self, state: State, port: int, ca_file: Path) -> None:
        self._state = state
        self.port = port
        self.ca_file = ca_file
        self.requests: list[Seen] = []
        self.outage: int | Literal["dropped"] | None = None
        self.hiccups: list[Hiccup] = []

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        accounts: Iterable[Account],
        clock: Clock,
        *,
        tls: Path,
        port: int = 0,
        keep: Path | None = None,
        on_code: Callable[[CodeSent], None] | None = None,
    ) -> AsyncIterator[DemoApple]:
        """Serve until the block ends; `port` 0 takes a free one, `on_code` hears of every code that is sent.

        The CA's certificate is written into the folder `tls`. `keep` is the file that carries sign-ins from one command to
        the next; without it they end with the block.
        """
        state = new_state(accounts, clock, on_code)
        if keep is not None:
            saved_state.load(state, keep)
        authority = make_authority(tls)
        apple = cls(state, port, authority.ca_file)
        application = web.Application(middlewares=[apple._watch])
        for part in (Idmsa(state), SecondFactor(state), Bridge(state), AccountSetup(state), Photos(state)):
            application.add_routes(part.routes())
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port, ssl_context=authority.server).start()
            apple.port = runner.addresses[0][1]
            yield apple
        finally:
            await _hang_up(runner)
            await runner.cleanup()
            if keep is not None:
                saved_state.save(state, keep)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def code_for(self, apple_id: str, way: Way, n: int = 0) -> str | None:
        """The code now live on the account's device, or on its phone `n` counted from 0."""
        return self._person(apple_id).codes.get((way, n))

    def requests_of(self, apple_id: str) -> list[Seen]:
        return [request for request in self.requests if request.apple_id == self._person(apple_id).account.apple_id]

    def counts(self) -> Counter[str]:
        """How many requests each account has cost."""
        return Counter(request.apple_id for request in self.requests if request.apple_id)

    def signed_in(self, apple_id: str, ago: dt.timedelta = dt.timedelta(0)) -> SessionFiles:
        """The session files of somebody who signed in that long ago: past 30 days the web session is dead, past 60 the
        session token, past 90 the trust.
        """
        return signed_in(self._state, self._person(apple_id), ago)

    def change_password(self, apple_id: str, password: str) -> None:
        self._person(apple_id).set_password(password)

    def end_web_sessions(self, apple_id: str) -> None:
        self._state.forget(self._state.web_sessions, self._person(apple_id))

    def end_session_tokens(self, apple_id: str) -> None:
        self._state.forget(self._state.session_tokens, self._person(apple_id))

    def end_trust(self, apple_id: str) -> None:
        self._state.forget(self._state.trust_tokens, self._person(apple_id))

    def _person(self, apple_id: str) -> Person:
        person = self._state.person(apple_id)
        if person is None:
            raise KeyError(f"the demo has no account {apple_id}")
        return person

    @web.middleware
    async def _watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Log every request and how it was answered."""
        status = 500
        try:
            response = await self._answer(request, handler)
            status = response.status
        except web.HTTPException as error:
            status = error.status
            raise
        else:
            return response
        finally:
            path = "/v2/…" if request.path.startswith("/v2/") else request.path
            self.requests.append(Seen(request.method, path, status, request.get(answers.ABOUT)))

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Each host answers only what is its own."""
        if self.outage == "dropped":
            return answers.drop(request)
        if self.outage is not None:
            return web.Response(status=self.outage)
        hiccup = next((hiccup for hiccup in self.hiccups if hiccup.times and request.path.endswith(hiccup.path)), None)
        if hiccup is not None:
            hiccup.times -= 1
            return await _gone_wrong(hiccup, request, handler)
        name = request.host.partition(":")[0].removesuffix(".cn")
        here = any(request.path.startswith(path) and fnmatchcase(name, host) for path, host in _HOSTS)
        return await handler(request) if here else web.Response(status=404)


async def _gone_wrong(hiccup: Hiccup, request: web.Request, handler: Handler) -> web.StreamResponse:
    match hiccup.how:
        case int(status):
            return web.Response(status=status, text="<html><body>a-token</body></html>", content_type="text/html")
        case "page":
            return answers.page()
    if hiccup.how == "unanswered":
        await handler(request)
    return answers.drop(request)


async def _hang_up(runner: web.AppRunner) -> None:
    """Drop the connections that clients keep open, instead of waiting for each one's TLS goodbye."""
    for connection in runner.server.connections if runner.server else ():
        if connection.transport is not None:
            connection.transport.abort()
    await asyncio.sleep(0)


def real_clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
