"""Small servers that misbehave on purpose, and kubeconfigs that lead to them."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from wizard.kube.client import Cluster, connect

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def status(code: int, reason: str, message: str, **more: Any) -> web.Response:
    """An error as Kubernetes words it."""
    headers = more.pop("headers", None)
    body: dict[str, Any] = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
    }
    body |= {"reason": reason, "code": code, **more}
    return web.json_response(body, status=code, headers=headers)


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The address of a server that hands every request to `handler`."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    server = TestServer(app, host="127.0.0.1", scheme="https" if tls else "http")
    await server.start_server(ssl=tls)
    try:
        yield str(server.make_url("/")).rstrip("/")
    finally:
        await server.close()


@asynccontextmanager
async def raw_server(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """host:port of a server below HTTP: `talk` has the bare connection."""
    running: set[asyncio.Task[None]] = set()

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            with suppress(ConnectionError, asyncio.CancelledError):
                await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def kubeconfig(
    folder: Path, server: str, *, cluster: Mapping[str, Any] | None = None, user: Mapping[str, Any] | None = None
) -> Path:
    """A kubeconfig file with one context, "test"."""
    path = folder / "kubeconfig"
    path.write_text(
        yaml.safe_dump(
            {
                "current-context": "test",
                "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
                "clusters": [{"name": "c", "cluster": {"server": server, **(cluster or {})}}],
                "users": [{"name": "u", "user": dict(user or {})}],
            }
        )
    )
    return path


@asynccontextmanager
async def connected(
    folder: Path,
    server: str,
    *,
    cluster: Mapping[str, Any] | None = None,
    user: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
) -> AsyncIterator[Cluster]:
    """A Cluster for that server."""
    private = folder / "private"
    private.mkdir(exist_ok=True)
    path = kubeconfig(folder, server, cluster=cluster, user=user)
    connection = await connect(str(path), None, private, env=env or {"PATH": "/usr/bin:/bin"}, home=folder)
    try:
        yield connection
    finally:
        await connection.close()


def plugin(folder: Path, body: str) -> Path:
    """An executable shell script, for use as a credential plugin."""
    path = folder / "plugin"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def credential(**fields: str) -> str:
    """What a credential plugin prints."""
    return json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": fields})
