"""Talks to one cluster: Kubernetes' requests as plain JSON in and out. What a caller sees of errors is WizardError.

No generated models. How a request gets there is `wizard.kube.connection`'s business.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wizard.kube import credentials as who
from wizard.kube import errors, kubeconfig
from wizard.kube.connection import Counts, Wire
from wizard.kube.streams import ExecResult, Stream
from wizard.kube.watching import WatchEvent, events_of

CONNECTIONS = 6
REQUEST_SECONDS = 20.0
WATCH_SECONDS = 240
LOG_READ_LIMIT = 8 * 1024 * 1024
TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1,application/json"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: `body` as JSON, `warnings` the texts of its Warning headers."""

    status: int
    body: Any = field(repr=False)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """What a service behind the API server's proxy answered, whatever its status."""

    status: int
    content_type: str
    body: bytes = field(repr=False)

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
        self.versions: dict[str, str] = {}
        self._wire = Wire(config, held, env, private_dir, connections)

    @property
    def context(self) -> str:
        """The context's name in the kubeconfig."""
        return self.config.context

    @property
    def server(self) -> str:
        """The server's address, without credentials."""
        return self._wire.server

    @property
    def ca_sha256(self) -> str | None:
        """SHA-256 of the authority's PEM in the kubeconfig, hexadecimal; None when it names none."""
        return self._wire.ca_sha256

    @property
    def counts(self) -> Counts:
        """What was sent so far."""
        return self._wire.counts

    @property
    def latency_ms(self) -> float | None:
        """How long the first answered request took, connecting included; None before."""
        return self._wire.latency_ms

    async def close(self) -> None:
        """Lets all connections go."""
        await self._wire.close()

    async def get(self, path: str, *, accept: str | None = None, seconds: float = REQUEST_SECONDS, **query: Any) -> Any:
        """The JSON at `path`; query values that are None are left out."""
        return (await self.send("GET", path, query=query, accept=accept, seconds=seconds)).body

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
        async with self._wire.exchange(
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

    async def pages(self, path: str, **options: Any) -> AsyncGenerator[Any, None]:
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
        kept, size = bytearray(), 0
        async with self._wire.exchange("GET", path, query=query, accept="*/*", seconds=REQUEST_SECONDS) as response:
            async for chunk in response.content.iter_any():
                size += len(chunk)
                kept += chunk
                del kept[:-limit_bytes]
                if size > LOG_READ_LIMIT:
                    response.close()
                    break
        text = kept.decode(errors="replace")
        return text.partition("\n")[2] if size > limit_bytes else text

    async def service_get(
        self, namespace: str, service: str, port: int | str, path: str, *, seconds: float = REQUEST_SECONDS
    ) -> ServiceAnswer:
        """GET `path` of a service through the API server's proxy. Raises WizardError when the proxy itself refuses."""
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
        """Any request to a service through the API server's proxy; its own error statuses are answers, not WizardError."""
        proxied = f"/api/v1/namespaces/{namespace}/services/{service}:{port}/proxy/{path.lstrip('/')}"
        async with self._wire.exchange(
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
            async with self._wire.exchange(
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
            raise errors.TimedOut(f"A command in pod {pod} did not finish within {seconds:.0f} seconds.") from None

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
        async with self._wire.stream(namespace, pod, "exec", container, stdin, tty, query) as stream:
            yield stream

    @asynccontextmanager
    async def attach(
        self, namespace: str, pod: str, container: str, *, stdin: bool = True, tty: bool = False
    ) -> AsyncIterator[Stream]:
        """The streams of a container's main process; leaving it detaches. Its exit code is only in the pod's status."""
        async with self._wire.stream(namespace, pod, "attach", container, stdin, tty, []) as stream:
            yield stream


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

    Raises WizardError (exit code 5) for a kubeconfig or credentials that can't be used.
    """
    environment = dict(os.environ if env is None else env)
    config = kubeconfig.load(kubeconfig_flag, context, env=environment, home=home or Path.home())
    held = await who.obtain(config, environment, private_dir)
    return Cluster(config, held, environment, private_dir, connections)


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
