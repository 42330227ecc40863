"""A small HTTP client for an API server, demo or real, that shows answers as they are."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import ssl
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `body` is what its JSON says, `text` what came."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def message(self) -> str:
        return str(self.body["message"])


class Api:
    """Talks to one server, as one user, mostly in one namespace. Paths that do not begin with a slash are below it."""

    def __init__(self, session: aiohttp.ClientSession, url: str, namespace: str) -> None:
        self._session = session
        self._url = url
        self.namespace = namespace
        self.user = ""

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(cls, kubeconfig: Json, namespace: str, token: str | None = "") -> AsyncIterator[Api]:
        """As the kubeconfig's user; with another token, or with no credentials at all if `token` is None."""
        cluster, user = kubeconfig["clusters"][0]["cluster"], kubeconfig["users"][0]["user"]
        context = _tls(cluster, user if token == "" else {}) if cluster["server"].startswith("https") else False
        token = user.get("token") if token == "" else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connector = aiohttp.TCPConnector(ssl=context)
        async with aiohttp.ClientSession(connector=connector, headers=headers, auto_decompress=True) as session:
            yield cls(session, cluster["server"], namespace)

    async def ask(
        self, method: str, path: str, body: Any = None, accept: str = "application/json", **headers: str
    ) -> Answer:
        """Sends a request; a dict goes as JSON, bytes as they are."""
        sent = {"Accept": accept, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        data = json.dumps(body) if isinstance(body, dict | list) else body
        url = self._url + self.at(path)
        async with self._session.request(method, url, data=data, headers=sent, allow_redirects=False) as response:
            return Answer(response.status, response.headers, await response.text())

    def at(self, path: str) -> str:
        """The whole path: "pods" and "batch/v1/jobs" are of the namespace."""
        if path.startswith("/"):
            return path
        if re.match(r"[\w.-]+/v\d\w*/", path):
            group, version, rest = path.split("/", 2)
            return f"/apis/{group}/{version}/namespaces/{self.namespace}/{rest}"
        return f"/api/v1/namespaces/{self.namespace}/{path}"

    async def get(self, path: str, accept: str = "application/json") -> Answer:
        return await self.ask("GET", path, accept=accept)

    async def post(self, path: str, body: Json) -> Answer:
        return await self.ask("POST", path, body)

    async def put(self, path: str, body: Json) -> Answer:
        return await self.ask("PUT", path, body)

    async def patch(self, path: str, body: Json) -> Answer:
        return await self.ask("PATCH", path, body, Content_Type="application/merge-patch+json")

    async def delete(self, path: str, body: Json | None = None) -> Answer:
        return await self.ask("DELETE", path, body)

    async def made(self, path: str, body: Json) -> Json:
        """The object that a POST made."""
        answer = await self.post(path, body)
        assert answer.status == 201, answer.text
        made: Json = answer.body
        return made

    async def config_map(self, name: str, labels: Mapping[str, str] | None = None, **data: str) -> Json:
        """A new ConfigMap."""
        return await self.made("configmaps", {"metadata": {"name": name, "labels": labels or {}}, "data": data})

    async def make_namespace(self) -> None:
        """Makes the namespace and waits until pods may be made in it."""
        await self.made("/api/v1/namespaces", {"metadata": {"name": self.namespace}})
        await self.until("serviceaccounts/default", lambda answer: answer.status == 200)
        await self.until("configmaps/kube-root-ca.crt", lambda answer: answer.status == 200)

    async def until(self, path: str, done: Callable[[Answer], bool], seconds: float = 60) -> Answer:
        """Asks until the answer is as wanted."""
        end = time.monotonic() + seconds
        while True:
            answer = await self.get(path)
            if done(answer):
                return answer
            assert time.monotonic() < end, f"{path} never became as wanted; it is {answer.text[-2000:]}"
            await asyncio.sleep(0.02)

    async def phase(self, path: str, phase: str) -> Json:
        """The object once its status.phase is `phase`."""
        answer = await self.until(path, lambda each: each.status == 200 and each.body["status"].get("phase") == phase)
        found: Json = answer.body
        return found

    @contextlib.asynccontextmanager
    async def watch(self, path: str, accept: str = "application/json") -> AsyncIterator[Events]:
        """An open watch or log."""
        url = self._url + self.at(path)
        async with self._session.get(url, headers={"Accept": accept}) as response:
            try:
                yield Events(response)
            finally:
                if response.connection and response.connection.transport:
                    response.connection.transport.abort()


class Events:
    """What a watch or a log tells, line by line."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.status = response.status
        self.content = response.content

    async def next(self, seconds: float = 10) -> Json | None:
        """The next event; None when the server has ended the stream."""
        async with asyncio.timeout(seconds):
            line = await self.content.readline()
        event: Json | None = json.loads(line) if line else None
        return event

    async def some(self, number: int) -> list[tuple[str, str]]:
        """Type and name of the next `number` events."""
        events = [await self.next() for _ in range(number)]
        return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events if event]

    async def rest(self, seconds: float = 10) -> list[Json]:
        """All events until the server ends the stream."""
        found = []
        while event := await self.next(seconds):
            found.append(event)
        return found


def load_kubeconfig(path: Path) -> Json:
    """A kubeconfig file's content."""
    content: Json = yaml.safe_load(path.read_text())
    return content


def _tls(cluster: Json, user: Json) -> ssl.SSLContext:
    authority = cluster.get("certificate-authority-data")
    context = ssl.create_default_context(cadata=base64.b64decode(authority).decode() if authority else None)
    if user.get("client-certificate-data"):
        with tempfile.NamedTemporaryFile() as file:
            for part in ("client-certificate-data", "client-key-data"):
                file.write(base64.b64decode(user[part]))
            file.flush()
            context.load_cert_chain(file.name)
    return context
