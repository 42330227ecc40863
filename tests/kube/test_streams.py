"""Exec and attach over websockets, frame by frame as recorded, also through a proxy and with another server name."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from tests.kube.certificates import Authority, server_context
from tests.kube.serving import connected, raw_server, serving
from wizard.command import Address
from wizard.errors import WizardError
from wizard.kube.errors import ClusterError, Forbidden, Invalid, NotFound, ServerFault, TimedOut
from wizard.kube.streams import V4, V5, outcome

POD = ("photo-sync", "icloudpd-auth", "icloudpd")
SUCCESS = {"metadata": {}, "status": "Success"}
Talk = Callable[[web.WebSocketResponse, web.Request], Awaitable[None]]


def failed(code: int, words: str) -> dict[str, Any]:
    cause = {"reason": "ExitCode", "message": str(code)}
    return {"status": "Failure", "message": words, "reason": "NonZeroExitCode", "details": {"causes": [cause]}}


async def status(socket: web.WebSocketResponse, body: dict[str, Any]) -> None:
    await socket.send_bytes(b"\x03" + json.dumps(body).encode())


def shell(talk: Talk, *protocols: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A server whose every request is an exec that `talk` answers."""

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=protocols or (V5, V4))
        await socket.prepare(request)
        await socket.send_bytes(b"\x01")
        await talk(socket, request)
        await socket.close()
        return socket

    return handle


async def count(socket: web.WebSocketResponse, _: web.Request) -> None:
    """Wc -c: counts its input until that is over."""
    total = 0
    async for message in socket:
        if message.data == b"\xff\x00":
            break
        assert message.data[0] == 0
        total += len(message.data) - 1
    await socket.send_bytes(b"\x01" + str(total).encode())
    await status(socket, SUCCESS)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (SUCCESS, 0),
        (failed(7, "command terminated with non-zero exit code: command terminated with exit code 7"), 7),
        (failed(7, "command terminated with non-zero exit code: error executing command [sh], exit code 7"), 7),
        ({"status": "Failure", "message": "Internal error occurred: no such file"}, None),
        ({}, None),
    ],
)
def test_exit_codes(body: dict[str, Any], expected: int | None) -> None:
    assert outcome(body)[0] == expected


def test_why_a_command_could_not_be_started_comes_before_it_is_cut() -> None:
    """As containerd's words arrive, each layer in front of the next."""
    why = 'unable to start container process: exec: "/opt/x/icloudpd": stat /opt/x/icloudpd: no such file or directory: unknown'
    around = (
        "Internal error occurred: " * 2
        + "error executing command in container: failed to exec in container: failed to "
    )
    words = f'{around}start exec "{"a9b1" * 16}": OCI runtime exec failed: exec failed: {why}'
    assert outcome({"status": "Failure", "message": words, "reason": "InternalError"}) == (None, why)


async def test_output_and_exit_code(tmp_path: Path) -> None:
    asked: list[web.Request] = []

    async def talk(socket: web.WebSocketResponse, request: web.Request) -> None:
        asked.append(request)
        await socket.send_bytes(b"\x01out\n")
        await socket.send_bytes(b"\x02err\n")
        await status(socket, failed(7, "exit code 7"))

    async with serving(shell(talk)) as server, connected(tmp_path, server, user={"token": "t"}) as cluster:
        result = await cluster.exec(*POD, ["sh", "-c", "echo a b; exit 7"])
        assert (result.stdout, result.stderr, result.exit_code) == (b"out\n", b"err\n", 7)
        assert "out" not in repr(result)
        assert (cluster.counts.requests, cluster.counts.streams) == (0, 1)
    assert asked[0].path == "/api/v1/namespaces/photo-sync/pods/icloudpd-auth/exec"
    assert asked[0].query.getall("command") == ["sh", "-c", "echo a b; exit 7"]
    assert asked[0].query["stdin"] == "false"
    assert asked[0].headers["Sec-WebSocket-Protocol"] == f"{V5},{V4}"
    assert asked[0].headers["Authorization"] == "Bearer t"
    assert asked[0].headers["Accept"] == "*/*"


async def test_input_is_cut_into_frames_and_ended(tmp_path: Path) -> None:
    async with serving(shell(count)) as server, connected(tmp_path, server) as cluster:
        result = await cluster.exec(*POD, ["wc", "-c"], stdin=b"x" * 100_000)
    assert (result.stdout, result.exit_code) == (b"100000", 0)


async def test_an_older_server_can_not_be_told_that_input_is_over(tmp_path: Path) -> None:
    async with serving(shell(count, V4)) as server, connected(tmp_path, server) as cluster:
        with pytest.raises(WizardError) as raised:
            await cluster.exec(*POD, ["wc", "-c"], stdin=b"x")
        assert raised.value.code == "kube.stdin-cannot-end"
        async with cluster.open_exec(*POD, ["head", "-c", "1"], stdin=True) as stream:
            assert not stream.can_end_stdin
            await stream.send(b"x")


async def test_a_command_that_never_ends(tmp_path: Path) -> None:
    async def talk(socket: web.WebSocketResponse, _: web.Request) -> None:
        async for _message in socket:
            pass

    async with serving(shell(talk)) as server, connected(tmp_path, server) as cluster:
        with pytest.raises(TimedOut):
            await cluster.exec(*POD, ["sleep", "inf"], seconds=0.1)


async def test_attach_says_and_hears(tmp_path: Path) -> None:
    asked: list[web.Request] = []
    frames: list[bytes] = []

    async def talk(socket: web.WebSocketResponse, request: web.Request) -> None:
        asked.append(request)
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                frames.append(message.data)
            if frames:
                await socket.send_bytes(b"\x01got it")
                await status(socket, SUCCESS)
                return

    async with (
        serving(shell(talk)) as server,
        connected(tmp_path, server) as cluster,
        cluster.attach(*POD, tty=True) as stream,
    ):
        await stream.send(b"123456\n")
        heard = [data async for _, data in stream]
    assert heard == [b"got it"]
    assert frames == [b"\x00123456\n"]
    assert asked[0].path.endswith("/attach")
    assert (asked[0].query["tty"], asked[0].query["stderr"]) == ("true", "false")


async def test_a_line_that_breaks(tmp_path: Path) -> None:
    async def talk(_: web.WebSocketResponse, request: web.Request) -> None:
        assert request.transport is not None
        request.transport.abort()

    async with serving(shell(talk)) as server, connected(tmp_path, server) as cluster:
        with pytest.raises(ClusterError):
            await cluster.exec(*POD, ["true"])


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        (403, Forbidden, "both verbs get and create on pods/exec"),
        (404, NotFound, ""),
        (400, Invalid, "no such container"),
        (500, ServerFault, "not running"),
        (401, ClusterError, ""),
    ],
)
async def test_refused(tmp_path: Path, code: int, kind: type[WizardError], says: str) -> None:
    async def no(_: web.Request) -> web.Response:
        return web.Response(status=code)

    async with serving(no) as server, connected(tmp_path, server) as cluster:
        with pytest.raises(kind) as raised:
            await cluster.exec(*POD, ["echo", "planted-command"])
    assert says in raised.value.why
    assert "planted" not in " ".join(raised.value.lines(Address()))


class Proxy:
    """An HTTP proxy that lets CONNECT through to one place, whatever was asked for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[str] = []
        self.refuse = False

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.split(b"\r\n")[0].decode())
        if self.refuse:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))
        finally:
            there_writer.close()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


class TestThroughAProxy:
    @pytest.mark.parametrize("by", ["kubeconfig", "environment"])
    async def test_requests_and_exec_with_another_server_name(self, tmp_path: Path, by: str) -> None:
        async def both(request: web.Request) -> web.StreamResponse:
            if "/exec" in request.path:
                return await shell(count)(request)
            return web.json_response({"fine": True})

        authority = Authority()
        tls = server_context(authority.issue("kubernetes.default"), tmp_path)
        async with serving(both, tls) as server:
            proxy = Proxy(int(server.rpartition(":")[2]))
            async with raw_server(proxy) as place:
                cluster = {
                    "certificate-authority-data": base64.b64encode(authority.pem).decode(),
                    "tls-server-name": "kubernetes.default",
                }
                cluster |= {"proxy-url": f"http://{place}"} if by == "kubeconfig" else {}
                env = {"HTTPS_PROXY": f"http://{place}"} if by == "environment" else {"PATH": "/bin"}
                address = "https://cluster.invalid:6443"
                async with connected(tmp_path, address, cluster=cluster, env=env) as there:
                    assert await there.get("/version") == {"fine": True}
                    assert (await there.exec(*POD, ["wc", "-c"], stdin=b"abc")).stdout == b"3"
        assert proxy.asked == ["CONNECT cluster.invalid:6443 HTTP/1.1"]  # the exec goes through the same tunnel

    async def test_one_that_refuses(self, tmp_path: Path) -> None:
        proxy = Proxy(1)
        proxy.refuse = True
        async with raw_server(proxy) as place:
            cluster = {"proxy-url": f"http://{place}"}
            async with connected(tmp_path, "https://cluster.invalid", cluster=cluster) as there:
                with pytest.raises(ClusterError) as raised:
                    await there.get("/version")
        assert raised.value.code == "kube.proxy"
        assert "407" in raised.value.why

    async def test_a_kind_that_is_not_supported(self, tmp_path: Path) -> None:
        with pytest.raises(WizardError) as raised:
            async with connected(tmp_path, "https://x", cluster={"proxy-url": "socks5://127.0.0.1:1080"}):
                pass
        assert raised.value.code == "kube.proxy-kind"
