"""Talks to one cluster: plain JSON in and out, concurrent, with timeouts, and retries of what is safe to repeat.

Everything goes through one session (wizard.kube.transport); a caller sees Trouble only. No generated models.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from wizard.errors import Trouble
from wizard.kube import credentials as who
from wizard.kube import errors, kubeconfig
from wizard.kube.connecting import trouble_of, with_certificate_names
from wizard.kube.streams import PROTOCOLS, ExecResult, Stream, handshake_refused
from wizard.kube.transport import Transport, open_transport
from wizard.kube.watching import WatchEvent, events_of

CONNECTIONS = 6
REQUEST_SECONDS = 20.0
HANDSHAKE_SECONDS = 20.0
WATCH_SECONDS = 240
LOG_READ_LIMIT = 8 * 1024 * 1024
TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1,application/json"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
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


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: `body` as JSON, `warnings` the texts of its Warning headers."""

    status: int
    body: Any
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """What a service behind the API server's proxy answered, whatever its status."""

    status: int
    content_type: str
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Cluster:
    """A connection to one cluster; `close()` it. Made by `connect`."""

    def __init__(
        self,
        config: kubeconfig.Kubeconfig,
        held: who.Credentials,
        env: Mapping[str, str],
        private_dir: Path,
        connections: int,
    ) -> None:
        self.config = config
        self.counts = Counts()
        self.latency_ms: float | None = None
        self.versions: dict[str, str] = {}
        self._env = env
        self._private_dir = private_dir
        self._held = held
        self._transport: Transport = open_transport(config, held, env, private_dir)
        self._retired: list[Transport] = []
        self._turn = asyncio.Semaphore(connections)
        self._renewing = asyncio.Lock()

    @property
    def context(self) -> str:
        """The context's name in the kubeconfig."""
        return self.config.context

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

    async def get(self, path: str, *, accept: str | None = None, seconds: float = REQUEST_SECONDS, **query: Any) -> Any:
        """The JSON at `path`; query values that are None are left out."""
        return (await self.send("GET", path, query=query, accept=accept, seconds=seconds)).body

    async def get_raw(self, path: str, *, accept: str = "*/*", seconds: float = REQUEST_SECONDS, **query: Any) -> bytes:
        """The bytes at `path`."""
        async with self._exchange("GET", path, query=query, accept=accept, seconds=seconds) as response:
            return bytes(await response.read())

    async def post(self, path: str, body: Any, **query: Any) -> Any:
        """Creates what `body` describes; the object as the server has it then."""
        return (await self.send("POST", path, body=body, query=query)).body

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        content_type: str = "application/json",
        query: Mapping[str, Any] | None = None,
        accept: str | None = None,
        seconds: float = REQUEST_SECONDS,
        counted: str = "requests",
    ) -> Answer:
        """Any request with JSON coming back. Only GET is ever sent a second time."""
        async with self._exchange(
            method,
            path,
            query=query or {},
            accept=accept,
            seconds=seconds,
            data=None if body is None else json.dumps(body).encode(),
            content_type=content_type,
            counted=counted,
        ) as response:
            raw = await response.read()
            status, headers = response.status, response.headers
        return Answer(status, _parse(status, headers, raw), _warnings(headers.getall("Warning", ())))

    async def list_page(
        self,
        path: str,
        *,
        limit: int = 500,
        cont: str = "",
        labels: str = "",
        fields: str = "",
        form: str = "full",
        resource_version: str | None = None,
        seconds: float = REQUEST_SECONDS,
    ) -> Any:
        """One page of a list; `form` is full, metadata, table or cells. Raises Expired for an old `cont`.

        Rows of a table carry their object's metadata, cells nothing else. The list's resource version is kept in
        `versions` by path, for a watch to start from.
        """
        query: dict[str, Any] = {
            "limit": limit,
            "continue": cont or None,
            "labelSelector": labels or None,
            "fieldSelector": fields or None,
            "resourceVersion": resource_version,
        }
        accept = {"full": None, "metadata": METADATA_LIST}.get(form, TABLE)
        if accept == TABLE:
            query["includeObject"] = "Metadata" if form == "table" else "None"
        counted = "pages" if cont else "requests"
        body = (await self.send("GET", path, query=query, accept=accept, seconds=seconds, counted=counted)).body
        if not cont and isinstance(body, Mapping):
            self.versions[path] = str((body.get("metadata") or {}).get("resourceVersion") or "")
        return body

    async def pages(self, path: str, **options: Any) -> AsyncIterator[Any]:
        """All pages of a list, one after the other.

        When it expires midway the server's offer to go on is taken: the rest is of a later moment. Without an offer
        Expired is raised.
        """
        cont, tries = "", 0
        while True:
            try:
                page = await self.list_page(path, cont=cont, **options)
            except errors.Expired as expired:
                tries += 1
                if not expired.fresh_continue or tries > 3:
                    raise
                cont = expired.fresh_continue
                continue
            yield page
            cont = str((page.get("metadata") or {}).get("continue") or "")
            if not cont:
                return

    async def review(
        self, verb: str, resource: str, *, group: str = "", subresource: str = "", namespace: str = "", name: str = ""
    ) -> bool | None:
        """Whether we may do that, as the server says; None when it says nothing."""
        attributes = {"verb": verb, "resource": resource, "group": group}
        attributes |= {"subresource": subresource} if subresource else {}
        attributes |= {"namespace": namespace} if namespace else {}
        attributes |= {"name": name} if name else {}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        try:
            answer = (await self.send("POST", REVIEWS, body=body, counted="reviews")).body
        except (errors.Refused, errors.TimedOut):
            return None
        allowed = (answer.get("status") or {}).get("allowed") if isinstance(answer, Mapping) else None
        return allowed if isinstance(allowed, bool) else None

    async def log(
        self,
        namespace: str,
        pod: str,
        container: str = "",
        *,
        tail: int = 200,
        limit_bytes: int = 65536,
        previous: bool = False,
    ) -> str:
        """The last `tail` lines of a container's log, of these the last `limit_bytes` bytes."""
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        query = {"container": container or None, "tailLines": tail, "previous": previous or None}
        kept, seen = bytearray(), 0
        async with self._exchange("GET", path, query=query, accept="*/*", seconds=REQUEST_SECONDS) as response:
            async for chunk in response.content.iter_any():
                seen += len(chunk)
                kept += chunk
                del kept[:-limit_bytes]
                if seen > LOG_READ_LIMIT:
                    response.close()
                    break
        text = kept.decode(errors="replace")
        return text.partition("\n")[2] if seen > limit_bytes else text

    async def service_get(
        self, namespace: str, service: str, port: int | str, path: str, *, seconds: float = REQUEST_SECONDS
    ) -> ServiceAnswer:
        """GET `path` of a service through the API server's proxy. Raises Trouble when the proxy itself refuses."""
        return await self.service_send("GET", namespace, service, port, path, seconds=seconds)

    async def service_send(
        self,
        method: str,
        namespace: str,
        service: str,
        port: int | str,
        path: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = REQUEST_SECONDS,
    ) -> ServiceAnswer:
        """Any request to a service through the API server's proxy; its own error statuses are answers, not Trouble."""
        proxied = f"/api/v1/namespaces/{namespace}/services/{service}:{port}/proxy/{path.lstrip('/')}"
        async with self._exchange(
            method,
            proxied,
            accept="application/json",
            seconds=seconds,
            data=None if body is None else json.dumps(body).encode(),
            headers=tuple((headers or {}).items()),
            proxied=True,
        ) as response:
            return ServiceAnswer(response.status, response.headers.get("Content-Type", ""), await response.read())

    async def watch(
        self,
        path: str,
        *,
        resource_version: str = "",
        labels: str = "",
        fields: str = "",
        form: str = "full",
        seconds: int = WATCH_SECONDS,
    ) -> AsyncGenerator[WatchEvent, None]:
        """Events from `resource_version` on, for ever: a watch that the server ends in good order is opened again.

        Bookmarks only move the version along. Raises Expired when that is too old, Unreachable when the line breaks.
        """
        version = resource_version
        while True:
            query = {
                "watch": "true",
                "allowWatchBookmarks": "true",
                "timeoutSeconds": seconds,
                "resourceVersion": version or None,
                "labelSelector": labels or None,
                "fieldSelector": fields or None,
            }
            accept = METADATA if form == "metadata" else None
            async with self._exchange(
                "GET", path, query=query, accept=accept, seconds=None, counted="watches", turn=False
            ) as response:
                async for event in events_of(response.content.iter_any()):
                    version = event.resource_version or version
                    if event.type != "BOOKMARK":
                        yield event

    async def exec(
        self,
        namespace: str,
        pod: str,
        container: str,
        command: Iterable[str],
        *,
        stdin: bytes | None = None,
        tty: bool = False,
        seconds: float = 60.0,
    ) -> ExecResult:
        """Runs a command in a container to its end, `stdin` fed and closed; raises TimedOut after `seconds`."""
        try:
            async with (
                asyncio.timeout(seconds),
                self.open_exec(namespace, pod, container, command, stdin=stdin is not None, tty=tty) as stream,
            ):
                return await stream.run(stdin)
        except TimeoutError:
            raise errors.TimedOut(f"A command in pod {pod} did not end within {seconds:.0f} seconds.") from None

    @asynccontextmanager
    async def open_exec(
        self,
        namespace: str,
        pod: str,
        container: str,
        command: Iterable[str],
        *,
        stdin: bool = False,
        tty: bool = False,
    ) -> AsyncIterator[Stream]:
        """A command in a container with its streams open."""
        query = [("command", word) for word in command]
        async with self._stream(namespace, pod, "exec", container, stdin, tty, query) as stream:
            yield stream

    @asynccontextmanager
    async def attach(
        self, namespace: str, pod: str, container: str, *, stdin: bool = True, tty: bool = False
    ) -> AsyncIterator[Stream]:
        """The streams of a container's main process; leaving it detaches. Its exit code is only in the pod's status."""
        async with self._stream(namespace, pod, "attach", container, stdin, tty, []) as stream:
            yield stream

    @asynccontextmanager
    async def _stream(
        self,
        namespace: str,
        pod: str,
        kind: str,
        container: str,
        stdin: bool,
        tty: bool,
        query: list[tuple[str, str]],
    ) -> AsyncIterator[Stream]:
        import aiohttp  # noqa: PLC0415 - loads with the library, when somebody connects

        await self._renew()
        wanted = [("container", container), ("stdin", str(stdin).lower()), ("stdout", "true")]
        wanted += [("stderr", str(not tty).lower()), ("tty", str(tty).lower())]
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/{kind}"
        transport = self._transport
        options = {key: value for key, value in transport.options.items() if key != "allow_redirects"}
        self.counts.streams += 1
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                socket = await transport.session.ws_connect(
                    _url(transport.base, path, [*query, *wanted]),
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
    async def _exchange(
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
            trouble = await _refusal(method, path, response)
            if response.status == 401 and used.plugin and not renewed:
                renewed = True
                await self._renew(rejected=used)
                continue
            if last or response.status not in (429, 502, 503, 504) or proxied:
                raise _named_plugin(trouble, used)
            asked = trouble.retry_after if isinstance(trouble, errors.Busy) else None
            pause = asked if asked is not None else _PAUSES[attempt] or 0.1
            if pause > _MAX_PAUSE:
                raise trouble
            await asyncio.sleep(pause)
            attempt += 1

    async def _renew(self, rejected: who.Credentials | None = None) -> None:
        """Fetches the credentials anew when they are about to end, or were `rejected` and nobody has done so yet."""
        if rejected is None and not self._held.due(datetime.now(UTC)):
            return
        async with self._renewing:
            if self._held is not rejected and not self._held.due(datetime.now(UTC)):
                return
            fresh = await who.obtain(self.config, self._env, self._private_dir)
            if (fresh.certificate, fresh.key) != (self._held.certificate, self._held.key):
                self._retired.append(self._transport)
                self._transport = open_transport(self.config, fresh, self._env, self._private_dir)
            self._held = fresh

    async def _no_connection(self, error: BaseException, transport: Transport) -> Trouble:
        return await with_certificate_names(trouble_of(error, transport.target), transport.tls, transport.target)


async def connect(
    kubeconfig_flag: str | None,
    context: str | None,
    private_dir: Path,
    *,
    env: Mapping[str, str] | None = None,
    home: Path | None = None,
    connections: int = CONNECTIONS,
) -> Cluster:
    """A Cluster for what kubectl would connect to with the same flags and environment; sends nothing yet.

    Raises Trouble (exit code 5) for a kubeconfig or credentials that can't be used.
    """
    environment = dict(os.environ if env is None else env)
    config = kubeconfig.load(kubeconfig_flag, context, env=environment, home=home or Path.home())
    held = await who.obtain(config, environment, private_dir)
    return Cluster(config, held, environment, private_dir, connections)


def _url(base: str, path: str, pairs: list[tuple[str, str]]) -> Any:
    from yarl import URL  # noqa: PLC0415 - loads with the library, when somebody connects

    tail = f"?{urlencode(pairs, quote_via=quote)}" if pairs else ""
    return URL(base + quote(path, safe="/:@!$&'()*+,;=~%?") + tail, encoded=True)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parse(status: int, headers: Mapping[str, str], raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        text = raw[:4096].decode(errors="replace")
        if errors.looks_like_html(headers.get("Content-Type", ""), text):
            raise errors.not_kubernetes(status) from None
        raise errors.not_json(status) from None


def _warnings(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(value.partition('"')[2].rpartition('"')[0].replace('\\"', '"') or value for value in values)


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


async def _refusal(method: str, path: str, response: Any) -> Trouble:
    if 300 <= response.status < 400:
        response.release()
        return errors.not_kubernetes(response.status)
    text = (await response.read())[:65536].decode(errors="replace")
    return errors.refusal(method, path, response.status, response.headers, text)


def _named_plugin(trouble: Trouble, used: who.Credentials) -> Trouble:
    if isinstance(trouble, errors.CredentialsRejected) and used.plugin:
        trouble.why = f'They come from the credential plugin "{used.plugin}". {trouble.why}'.strip()
    return trouble
