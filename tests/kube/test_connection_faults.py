"""What a person is told when no connection comes about: one sentence, what to do, exit code 5, no secrets."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.kube.certificates import Authority, server_context
from tests.kube.serving import connected, raw_server, serving, status
from wizard.command import Address
from wizard.errors import Exit, WizardError
from wizard.kube import connection
from wizard.kube.errors import Busy, ClusterError, Refused, TimedOut, TlsMismatch

TOKEN = "planted-token-4711"


async def fine(_: web.Request) -> web.Response:
    return web.json_response({"gitVersion": "v1.36.2"})


async def failure(folder: Path, server: str, **options: Any) -> WizardError:
    """The WizardError that a GET of /version meets there."""
    with pytest.raises(WizardError) as raised:
        async with connected(folder, server, user={"token": TOKEN, **options.pop("user", {})}, **options) as cluster:
            await cluster.get("/version")
    told = raised.value
    assert TOKEN not in repr(told) + " ".join(told.lines(Address()))
    assert told.what.endswith(".")
    assert all(len(line) < 400 for line in told.lines(Address()))
    return told


def cluster_of(authority: Authority, **more: str) -> dict[str, Any]:
    return {"certificate-authority-data": base64.b64encode(authority.pem).decode(), **more}


async def test_refused(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = await failure(tmp_path, f"https://127.0.0.1:{port}")
    assert (told.code, told.exit_code) == ("kube.refused", Exit.UNREACHABLE)
    assert str(port) in told.why


async def test_unknown_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    told = await failure(tmp_path, "https://cluster.invalid:6443")
    assert (told.code, told.exit_code) == ("kube.unknown-host", Exit.UNREACHABLE)
    assert "cluster.invalid" in told.why


async def test_connected_but_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            pass

    monkeypatch.setattr("wizard.kube.transport.CONNECT_SECONDS", 0.2)
    async with raw_server(silent) as place:
        told = await failure(tmp_path, f"https://{place}")
    assert (told.code, told.exit_code) == ("kube.timeout", Exit.UNREACHABLE)


async def test_answer_too_late(tmp_path: Path) -> None:
    async def never(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    async with serving(never) as server, connected(tmp_path, server) as cluster:
        with pytest.raises(TimedOut) as raised:
            await cluster.get("/apis/batch/v1/namespaces/x/jobs", seconds=0.1)
    assert "list jobs.batch in namespace x" in raised.value.what


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "kube.plain-http"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "kube.plain-http"),
    ],
)
async def test_no_tls_where_tls_should_be(tmp_path: Path, answer: bytes, code: str) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(64)
        writer.write(answer)
        await writer.drain()

    async with raw_server(plain) as place:
        told = await failure(tmp_path, f"https://{place}")
    assert (told.code, told.exit_code) == (code, Exit.UNREACHABLE)


async def test_http_where_https_should_be(tmp_path: Path) -> None:
    async def go(_: web.Request) -> web.Response:
        return web.Response(status=400, text="Client sent an HTTP request to an HTTPS server.\n")

    async with serving(go) as server:
        told = await failure(tmp_path, server)
    assert told.code == "kube.http-to-https"


@pytest.mark.parametrize(
    ("code", "body", "headers"),
    [
        (200, "<!DOCTYPE html><title>Sign in to the hotel</title>", {"Content-Type": "text/html"}),
        (200, "  <html>", {"Content-Type": "application/octet-stream"}),
        (403, "<html>no</html>", {"Content-Type": "text/html"}),
        (302, "", {"Location": "http://portal.invalid/"}),
    ],
)
async def test_a_web_page(tmp_path: Path, code: int, body: str, headers: Mapping[str, str]) -> None:
    async def portal(_: web.Request) -> web.Response:
        return web.Response(status=code, body=body.encode(), headers=headers)

    async with serving(portal) as server:
        told = await failure(tmp_path, server)
    assert (told.code, told.exit_code) == ("kube.html", Exit.UNREACHABLE)
    assert "hotel" not in " ".join(told.lines(Address()))


async def test_neither_json_nor_a_page(tmp_path: Path) -> None:
    async def other(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    async with serving(other) as server:
        assert (await failure(tmp_path, server)).code == "kube.not-json"


class TestCertificates:
    @asynccontextmanager
    async def server(self, folder: Path, *names: str, days: int = 1) -> AsyncIterator[tuple[str, Authority]]:
        authority = Authority()
        async with serving(fine, server_context(authority.issue(*names, days=days), folder)) as server:
            yield server, authority

    async def test_the_right_one(self, tmp_path: Path) -> None:
        async with (
            self.server(tmp_path, "127.0.0.1") as (server, authority),
            connected(tmp_path, server, cluster=cluster_of(authority)) as cluster,
        ):
            assert (await cluster.get("/version"))["gitVersion"] == "v1.36.2"

    async def test_other_names(self, tmp_path: Path) -> None:
        async with self.server(tmp_path, "kubernetes.default", "10.0.0.1") as (server, authority):
            told = await failure(tmp_path, server, cluster=cluster_of(authority))
        assert (told.code, told.exit_code) == ("kube.tls-name", Exit.UNREACHABLE)
        assert '"127.0.0.1"' in told.what
        assert "kubernetes.default, 10.0.0.1" in told.why
        assert "--tls-server-name=kubernetes.default" in told.commands[0].parts

    async def test_nothing_is_sent_while_the_names_are_looked_up(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heard: list[str] = []
        looked: list[str] = []
        authority = Authority()

        async def listen(request: web.Request) -> web.Response:
            heard.append(request.path)
            return await fine(request)

        async with (
            serving(listen, server_context(authority.issue("elsewhere"), tmp_path)) as server,
            connected(tmp_path, server, cluster=cluster_of(authority), user={"token": TOKEN}) as cluster,
        ):

            async def meanwhile(*_: Any, **__: Any) -> Any:
                looked.append("looked")
                if len(looked) == 1:
                    with pytest.raises(TlsMismatch):
                        await cluster.get("/second")
                raise OSError

            monkeypatch.setattr(asyncio, "open_connection", meanwhile)
            with pytest.raises(TlsMismatch):
                await cluster.get("/first")
        assert (heard, len(looked)) == ([], 2)

    async def test_the_server_name_of_the_kubeconfig_counts(self, tmp_path: Path) -> None:
        async with (
            self.server(tmp_path, "kubernetes.default") as (server, authority),
            connected(
                tmp_path, server, cluster=cluster_of(authority, **{"tls-server-name": "kubernetes.default"})
            ) as cluster,
        ):
            assert await cluster.get("/version")

    async def test_a_wrong_server_name_is_named(self, tmp_path: Path) -> None:
        async with self.server(tmp_path, "127.0.0.1") as (server, authority):
            told = await failure(tmp_path, server, cluster=cluster_of(authority, **{"tls-server-name": "wrong.name"}))
        assert told.code == "kube.tls-name"
        assert '"wrong.name", which is tls-server-name' in told.what

    async def test_another_authority(self, tmp_path: Path) -> None:
        async with self.server(tmp_path, "127.0.0.1") as (server, _):
            told = await failure(tmp_path, server, cluster=cluster_of(Authority("another")))
        assert (told.code, told.exit_code) == ("kube.tls-unknown-ca", Exit.UNREACHABLE)

    async def test_expired(self, tmp_path: Path) -> None:
        async with self.server(tmp_path, "127.0.0.1", days=-1) as (server, authority):
            told = await failure(tmp_path, server, cluster=cluster_of(authority))
        assert told.code == "kube.tls-expired"

    async def test_unverified_when_the_kubeconfig_says_so(self, tmp_path: Path) -> None:
        async with (
            self.server(tmp_path, "elsewhere") as (server, _),
            connected(tmp_path, server, cluster={"insecure-skip-tls-verify": True}) as cluster,
        ):
            assert await cluster.get("/version")

    async def test_broken_data_in_the_kubeconfig(self, tmp_path: Path) -> None:
        told = await failure(tmp_path, "https://127.0.0.1:1", cluster={"certificate-authority-data": "bm90IGEgUEVN"})
        assert (told.code, told.exit_code) == ("kube.certificate-data", Exit.UNREACHABLE)


class TestRetries:
    async def test_a_get_survives_a_connection_that_breaks(self, tmp_path: Path) -> None:
        seen: list[str] = []

        async def flaky(request: web.Request) -> web.Response:
            seen.append(request.path)
            if len(seen) < 3:
                assert request.transport is not None
                request.transport.abort()
            return await fine(request)

        async with serving(flaky) as server, connected(tmp_path, server) as cluster:
            assert await cluster.get("/version")
        assert len(seen) == 3

    async def test_a_post_is_sent_once(self, tmp_path: Path) -> None:
        seen: list[str] = []

        async def broken(request: web.Request) -> web.Response:
            seen.append(request.path)
            assert request.transport is not None
            request.transport.abort()
            return web.Response()

        async with serving(broken) as server, connected(tmp_path, server) as cluster:
            with pytest.raises(ClusterError) as raised:
                await cluster.post("/api/v1/namespaces", {})
        assert raised.value.code == "kube.broken"
        assert len(seen) == 1

    @pytest.mark.parametrize("code", [429, 503])
    async def test_busy_is_asked_again_when_the_server_says(self, tmp_path: Path, code: int) -> None:
        seen: list[str] = []

        async def busy(request: web.Request) -> web.Response:
            seen.append(request.path)
            return status(code, "Busy", "later", headers={"Retry-After": "0"}) if len(seen) < 3 else await fine(request)

        async with serving(busy) as server, connected(tmp_path, server) as cluster:
            assert await cluster.get("/version")

    async def test_but_not_for_ever(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connection, "_PAUSES", (0.0, 0.0))
        seen: list[str] = []

        async def busy(request: web.Request) -> web.Response:
            seen.append(request.path)
            return status(429, "TooManyRequests", "later", headers={"Retry-After": "0"})

        async with serving(busy) as server, connected(tmp_path, server) as cluster:
            with pytest.raises(Busy):
                await cluster.get("/version")
        assert len(seen) == 3

    async def test_nor_when_it_would_take_long(self, tmp_path: Path) -> None:
        async def busy(_: web.Request) -> web.Response:
            return status(429, "TooManyRequests", "later", headers={"Retry-After": "600"})

        async with serving(busy) as server, connected(tmp_path, server) as cluster:
            with pytest.raises(Busy) as raised:
                await cluster.get("/version")
        assert raised.value.retry_after == 600


async def test_server_text_is_cut(tmp_path: Path) -> None:
    async def wordy(_: web.Request) -> web.Response:
        return status(500, "InternalError", "x" * 5000)

    async with serving(wordy) as server, connected(tmp_path, server) as cluster:
        with pytest.raises(Refused) as raised:
            await cluster.post("/api/v1/namespaces", {})
    assert len(raised.value.message) == 256
