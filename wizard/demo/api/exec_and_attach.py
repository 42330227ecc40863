"""Exec and attach over a websocket, in the channels of Kubernetes' protocol v5 and v4. What runs is not decided here."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable

from aiohttp import WSMsgType, web

from wizard.demo.api.kinds import Object
from wizard.demo.api.refusals import bad_request
from wizard.demo.runtime.containers import Containers, Main, is_running, listening, on_terminal
from wizard.demo.runtime.process import Input, Terminal

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
_STDIN, _STDOUT, _STDERR, _STATUS, _CLOSE = 0, 1, 2, 3, 255
_CHUNK = 32 * 1024
_NO_STREAM = "you must specify at least 1 of stdin, stdout, stderr"


async def stream(request: web.Request, containers: Containers, pod: Object, kind: str) -> web.StreamResponse:
    """Answers an exec or an attach. Raises Refused (400)."""
    query = request.query
    if request.headers.get("Upgrade", "").lower() != "websocket":
        raise bad_request("Upgrade request required")
    offered = [protocol.strip() for protocol in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
    if not set(offered) & {V5, V4}:
        return web.Response(status=403)
    container = _container(pod, query.get("container", ""))
    streams = {name: query.get(name) in ("true", "1") for name in ("stdin", "stdout", "stderr", "tty")}
    if not (streams["stdin"] or streams["stdout"] or streams["stderr"]):
        return web.Response(status=400, text=_NO_STREAM)
    if not is_running(pod, container["name"]):
        return web.Response(status=500, text=f'container not found ("{container["name"]}")')
    main = await containers.ready(pod, container) if kind == "attach" else None
    socket = web.WebSocketResponse(protocols=(V5, V4), max_msg_size=0)
    await socket.prepare(request)
    line = _Line(socket)
    line.send(_STDOUT, b"")
    if main is None:
        await _exec(line, containers, pod, container, tuple(query.getall("command", [])), streams)
    else:
        await _attach(line, main, container, streams)
    return socket


def _container(pod: Object, name: str) -> Object:
    statuses: list[Object] = pod["spec"]["containers"]
    status = next((status for status in statuses if status["name"] == name), None) if name else statuses[0]
    if status is None:
        raise bad_request(f"container {name} is not valid for pod {pod['metadata']['name']}")
    return status


class _Line:
    """The wire: frames out in the order in which they were given, frames in to whoever reads."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._out: asyncio.Queue[bytes | None] = asyncio.Queue()

    @property
    def is_v5(self) -> bool:
        return self._socket.ws_protocol == V5

    def send(self, channel: int, data: bytes) -> None:
        """Queues a frame, or several where it is long."""
        for start in range(0, max(len(data), 1), _CHUNK):
            self._out.put_nowait(bytes([channel]) + data[start : start + _CHUNK])

    async def serve(
        self, work: Awaitable[Object], hear: Callable[[bytes], None], end_input: Callable[[], None]
    ) -> None:
        """Until `work` gives the final status or the client goes; who goes early leaves the work undone."""
        running = asyncio.ensure_future(work)
        reading = asyncio.create_task(self._read(hear, end_input))
        writing = asyncio.create_task(self._write())
        try:
            await asyncio.wait({running, reading}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                self.send(_STATUS, json.dumps(running.result(), separators=(",", ":")).encode())
                self._out.put_nowait(None)
                await writing
                await self._socket.close()
        except ConnectionError:
            return
        finally:
            for task in (running, reading, writing):
                task.cancel()
            await asyncio.gather(running, reading, writing, return_exceptions=True)

    async def _write(self) -> None:
        while (frame := await self._out.get()) is not None:
            await self._socket.send_bytes(frame)

    async def _read(self, hear: Callable[[bytes], None], end_input: Callable[[], None]) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.BINARY or not message.data:
                return
            channel, data = message.data[0], message.data[1:]
            if channel == _STDIN and data:
                hear(data)
            elif channel == _CLOSE and data == bytes([_STDIN]) and self.is_v5:
                end_input()


async def _exec(
    line: _Line,
    containers: Containers,
    pod: Object,
    container: Object,
    command: tuple[str, ...],
    streams: dict[str, bool],
) -> None:
    def out(data: bytes) -> None:
        if streams["stdout"]:
            line.send(_STDOUT, data)

    def err(data: bytes) -> None:
        if streams["stderr"]:
            line.send(_STDERR, data)

    terminal = Terminal(out) if streams["tty"] else None
    stdin = terminal.input if terminal else Input(None if streams["stdin"] else b"")
    stdout = on_terminal(out) if terminal else out
    process = containers.process(pod, container, command, stdin, stdout, stdout if terminal else err, terminal or None)

    async def work() -> Object:
        if not command or process.find() is None:
            return _not_started(line, command)
        return _ended(line, command, await containers.run(process))

    await line.serve(work(), terminal.type if terminal else stdin.feed, stdin.end)


async def _attach(line: _Line, main: Main, container: Object, streams: dict[str, bool]) -> None:
    async def work() -> Object:
        if main.task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(main.task)
        return {"metadata": {}, "status": "Success"}

    def hear(data: bytes) -> None:
        if streams["stdin"] and container.get("stdin"):
            main.feed(data)

    def end() -> None:
        if container.get("stdinOnce"):
            main.stdin.end()

    with listening(main, lambda data: line.send(_STDOUT, data)):
        await line.serve(work(), hear, end)


def _ended(line: _Line, command: tuple[str, ...], code: int) -> Object:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    how = (
        f"command terminated with exit code {code}"
        if line.is_v5
        else f"error executing command [{' '.join(command)}], exit code {code}"
    )
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: {how}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def _not_started(line: _Line, command: tuple[str, ...]) -> Object:
    why = f'exec: "{command[0]}": executable file not found in $PATH' if command else "args must not be empty"
    start = "unable to start container process: " if command else ""
    cause = (
        "error executing command in container: failed to exec in container: failed to start exec: "
        f"OCI runtime exec failed: exec failed: {start}{why}: unknown"
    )
    cause = f"Internal error occurred: {cause}" if line.is_v5 else cause
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"Internal error occurred: {cause}",
        "reason": "InternalError",
        "details": {"causes": [{"message": cause}]},
        "code": 500,
    }
