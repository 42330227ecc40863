"""Sends requests to one server and opens streams: turns, retries, credentials that end, and errors as WizardError.

Only this module and `wizard.kube.connection_errors` know the HTTP library's exceptions. It knows no kinds of objects.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from wizard.errors import WizardError
from wizard.kube import credentials as who
from wizard.kube import errors, kubeconfig
from wizard.kube.connection_errors import trouble_of, with_certificate_names
from wizard.kube.streams import PROTOCOLS, Stream, handshake_refused
from wizard.kube.transport import Transport, open_transport

HANDSHAKE_SECONDS = 20.0
_PAUSES = (0.0, 0.3, 1.0)
_MAX_PAUSE = 5.0


@dataclass(slots=True)
class Counts:
    """What was sent so far, by kind; `requests` leaves out access reviews, further pages, watches and streams."""

    requests: int = 0
    reviews: int = 0
    pages: int = 0
    watches: int = 0
    streams: int = 0


class Wire:
    """The way to one server. `latency_ms` is that of the first answered request, connecting included."""

    def __init__(
        self,
        config: kubeconfig.Kubeconfig,
        held: who.Credentials,
        env: Mapping[str, str],
        private_dir: Path,
        connections: int,
    ) -> None:
        self.counts = Counts()
        self.latency_ms: float | None = None
        self._config = config
        self._env = env
        self._private_dir = private_dir
        self._held = held
        self._transport: Transport = open_transport(config, held, env, private_dir)
        self._retired: list[Transport] = []
        self._turn = asyncio.Semaphore(connections)
        self._renewing = asyncio.Lock()

    @property
    def server(self) -> str:
        """The server's address, without credentials."""
        return self._transport.target.server

    @property
    def ca_sha256(self) -> str | None:
        """SHA-256 of the authority's PEM in the kubeconfig, hexadecimal; None when it names none."""
        return self._transport.ca_sha256

    async def close(self) -> None:
        """Lets all connections go."""
        for transport in (*self._retired, self._transport):
            await transport.session.close()

    @asynccontextmanager
    async def stream(
        self,
        namespace: str,
        pod: str,
        kind: str,
        container: str,
        stdin: bool,
        tty: bool,
        query: list[tuple[str, str]],
    ) -> AsyncIterator[Stream]:
        """The streams of an exec or attach, through the same session, proxy and server name as everything else."""
        import aiohttp  # noqa: PLC0415 - loads with the library, when somebody connects

        await self._renew()
        parameters = [("container", container), ("stdin", str(stdin).lower()), ("stdout", "true")]
        parameters += [("stderr", str(not tty).lower()), ("tty", str(tty).lower())]
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/{kind}"
        transport = self._transport
        options = {key: value for key, value in transport.options.items() if key != "allow_redirects"}
        self.counts.streams += 1
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                socket = await transport.session.ws_connect(
                    _url(transport.base, path, [*query, *parameters]),
                    protocols=PROTOCOLS,
                    headers=[*self._held.headers, ("Accept", "*/*")],
                    heartbeat=30,
                    max_msg_size=0,
                    **options,
                )
        except aiohttp.WSServerHandshakeError as error:
            raise handshake_refused(error.status, namespace, pod, kind) from None
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise await self._no_connection(error, transport) from error
        try:
            yield Stream(socket, pod)
        finally:
            await _end(socket)

    @asynccontextmanager
    async def exchange(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        accept: str | None = None,
        seconds: float | None,
        data: bytes | None = None,
        content_type: str = "application/json",
        headers: tuple[tuple[str, str], ...] = (),
        counted: str = "requests",
        proxied: bool = False,
        turn: bool = True,
    ) -> AsyncIterator[Any]:
        """One answered request, retried where that is safe; the answer is open for reading and let go afterwards."""
        import aiohttp  # noqa: PLC0415 - loads with the library, when somebody connects

        setattr(self.counts, counted, getattr(self.counts, counted) + 1)
        extra = (*headers, *((("Accept", accept),) if accept else ()))
        if data is not None:
            extra = (*extra, ("Content-Type", content_type))
        pairs = [(key, _text(value)) for key, value in (query or {}).items() if value is not None]
        if turn:
            await self._turn.acquire()
        transport = self._transport
        try:
            async with asyncio.timeout(seconds) as clock:
                response = await self._answered(method, path, pairs, data, extra, proxied)
                transport = self._transport
                try:
                    yield response
                finally:
                    if turn:
                        response.release()
                    else:
                        response.close()
        except TimeoutError as error:
            if clock.expired():
                verb, what = errors.describe(method, path)
                raise errors.TimedOut(f"The cluster did not {verb} {what} within {seconds:.0f} seconds.") from None
            raise await self._no_connection(error, transport) from error
        except (aiohttp.ClientError, OSError) as error:
            raise await self._no_connection(error, transport) from error
        finally:
            if turn:
                self._turn.release()

    async def _answered(
        self,
        method: str,
        path: str,
        pairs: list[tuple[str, str]],
        data: bytes | None,
        extra: tuple[tuple[str, str], ...],
        proxied: bool,
    ) -> Any:
        import aiohttp  # noqa: PLC0415 - loads with the library, when somebody connects

        renewed = False
        attempt = 0
        while True:
            await self._renew()
            transport, used = self._transport, self._held
            began = time.perf_counter()
            last = method != "GET" or attempt >= len(_PAUSES)
            try:
                response = await transport.session.request(
                    method,
                    _url(transport.base, path, pairs),
                    data=data,
                    headers=[*used.headers, *extra],
                    **transport.options,
                )
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionResetError) as error:
                if last or isinstance(error, aiohttp.ClientConnectorError):
                    raise await self._no_connection(error, transport) from error
                await asyncio.sleep(_PAUSES[attempt])
                attempt += 1
                continue
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise await self._no_connection(error, transport) from error
            if self.latency_ms is None:
                self.latency_ms = (time.perf_counter() - began) * 1000
            if response.status < 300 or (proxied and not await _from_api_server(response)):
                return response
            refused = await _refusal(method, path, response, used)
            if response.status == 401 and used.plugin and not renewed:
                renewed = True
                await self._renew(rejected=used)
                continue
            if last or response.status not in (429, 502, 503, 504) or proxied:
                raise _named_plugin(refused, used)
            asked = refused.retry_after if isinstance(refused, errors.Busy) else None
            pause = asked if asked is not None else _PAUSES[attempt] or 0.1
            if pause > _MAX_PAUSE:
                raise refused
            await asyncio.sleep(pause)
            attempt += 1

    async def _renew(self, rejected: who.Credentials | None = None) -> None:
        """Fetches the credentials anew when they are about to end, or were `rejected` and nobody has done so yet."""
        if rejected is None and not self._held.due(datetime.now(UTC)):
            return
        async with self._renewing:
            if self._held is not rejected and not self._held.due(datetime.now(UTC)):
                return
            fresh = await who.obtain(self._config, self._env, self._private_dir)
            if (fresh.certificate, fresh.key) != (self._held.certificate, self._held.key):
                self._retired.append(self._transport)
                self._transport = open_transport(self._config, fresh, self._env, self._private_dir)
            self._held = fresh

    async def _no_connection(self, error: BaseException, transport: Transport) -> WizardError:
        return await with_certificate_names(trouble_of(error, transport.target), transport.authority, transport.target)


def _url(base: str, path: str, pairs: list[tuple[str, str]]) -> Any:
    from yarl import URL  # noqa: PLC0415 - loads with the library, when somebody connects

    tail = f"?{urlencode(pairs, quote_via=quote)}" if pairs else ""
    return URL(base + quote(path, safe="/:@!$&'()*+,;=~%?") + tail, encoded=True)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


async def _end(socket: Any) -> None:
    connection = socket._conn  # noqa: SLF001 - without it the TLS library waits for a farewell that nobody sends
    transport = connection.transport if connection is not None else None
    await socket.close()
    if transport is not None:
        transport.abort()


async def _from_api_server(response: Any) -> bool:
    if response.status < 400:
        return False
    text = (await response.read())[:65536]
    try:
        return errors.is_status(json.loads(text))
    except ValueError:
        return False


async def _refusal(method: str, path: str, response: Any, used: who.Credentials) -> WizardError:
    if 300 <= response.status < 400:
        response.release()
        return errors.not_kubernetes(response.status)
    text = used.hidden_in((await response.read())[:65536].decode(errors="replace"))
    return errors.refusal(method, path, response.status, response.headers, text)


def _named_plugin(error: WizardError, used: who.Credentials) -> WizardError:
    if isinstance(error, errors.CredentialsRejected) and used.plugin:
        error.why = f'They come from the credential plugin "{used.plugin}". {error.why}'.strip()
    return error
