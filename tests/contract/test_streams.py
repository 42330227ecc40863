"""Exec and attach over a websocket, frame by frame."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from tests.contract.api import Api, Json
from tests.contract.conftest import Place, PodMaker

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
IMAGE = "boredazfcuk/icloudpd:1.32.3"


class Talk:
    """An open stream, and what came over it by channel."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.channels: dict[int, bytes] = {}
        self.first: tuple[int, bytes] | None = None

    async def send(self, channel: int, data: bytes) -> None:
        await self.socket.send_bytes(bytes([channel]) + data)

    async def _frame(self) -> bool:
        async with asyncio.timeout(20):
            message = await self.socket.receive()
        if message.type is not aiohttp.WSMsgType.BINARY:
            return False
        channel, data = message.data[0], message.data[1:]
        self.first = self.first or (channel, data)
        self.channels[channel] = self.channels.get(channel, b"") + data
        return True

    async def until(self, text: str, channel: int = 1) -> None:
        while text.encode() not in self.channels.get(channel, b""):
            assert await self._frame(), self.channels

    async def end(self) -> Json:
        """The final status."""
        while await self._frame():
            pass
        status: Json = json.loads(self.channels[3])
        return status

    @property
    def out(self) -> str:
        return self.channels.get(1, b"").decode()


@contextlib.asynccontextmanager
async def opened(api: Api, path: str, protocol: str = V5, **query: Any) -> AsyncIterator[Talk]:
    words = [("command", word) for word in query.pop("command", ())]
    words += [(key, str(value).lower()) for key, value in query.items()]
    url = f"{api._url}{api.at(path)}?{urlencode(words)}"
    socket = await api._session.ws_connect(url, protocols=[protocol])
    try:
        yield Talk(socket)
    finally:
        await socket.close()


@pytest.fixture
async def sh(place: Place, pod: PodMaker) -> Api:
    """A server with a pod that idles."""
    await place.api.made("pods", pod("sh"))
    await place.api.phase("pods/sh", "Running")
    return place.api


@pytest.mark.parametrize("protocol", [V5, V4])
async def test_output_and_success(sh: Api, protocol: str) -> None:
    command = ("sh", "-c", "echo out; echo err >&2")
    async with opened(sh, "pods/sh/exec", protocol, command=command, stdout=True, stderr=True) as talk:
        assert await talk.end() == {"metadata": {}, "status": "Success"}
        assert talk.first == (1, b"")
        assert (talk.channels[1], talk.channels[2]) == (b"out\n", b"err\n")


@pytest.mark.parametrize(
    ("protocol", "how"),
    [(V5, "command terminated with exit code 7"), (V4, "error executing command [sh -c exit 7], exit code 7")],
)
async def test_an_exit_code(sh: Api, protocol: str, how: str) -> None:
    async with opened(sh, "pods/sh/exec", protocol, command=("sh", "-c", "exit 7"), stdout=True) as talk:
        status = await talk.end()
    assert status == {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: {how}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": "7"}]},
    }


async def test_standard_input_and_its_end(sh: Api) -> None:
    async with opened(sh, "pods/sh/exec", command=("cat",), stdin=True, stdout=True) as talk:
        await talk.send(0, b"hello\n")
        await talk.until("hello\n")
        await talk.send(0, b"")
        await talk.send(255, b"\x00")
        assert (await talk.end())["status"] == "Success"
        assert talk.out == "hello\n"


async def test_a_program_that_is_not_there(sh: Api) -> None:
    async with opened(sh, "pods/sh/exec", command=("no-such-command",), stdout=True) as talk:
        status = await talk.end()
    assert (status["reason"], status["code"]) == ("InternalError", 500)
    assert 'exec: "no-such-command": executable file not found in $PATH' in status["message"]
    assert not any("reason" in cause for cause in status["details"]["causes"])


async def test_a_command_that_the_shell_does_not_find(sh: Api) -> None:
    async with opened(sh, "pods/sh/exec", command=("sh", "-c", "no-such-command"), stdout=True, stderr=True) as talk:
        status = await talk.end()
    assert status["details"]["causes"][0]["message"] == "127"
    assert b"not found" in talk.channels[2]


async def test_a_terminal_echoes_and_ends_lines_its_own_way(sh: Api) -> None:
    command = ("sh", "-c", "read name; echo got $name")
    async with opened(sh, "pods/sh/exec", command=command, stdin=True, stdout=True, tty=True) as talk:
        await talk.send(4, b'{"Width":90,"Height":20}')
        await talk.send(0, b"you\n")
        assert (await talk.end())["status"] == "Success"
        assert talk.out == "you\r\ngot you\r\n"


async def refusal(api: Api, path: str, protocol: str = V5, **query: Any) -> tuple[int, str]:
    """Status and body of a handshake that is refused."""
    words = [("command", word) for word in query.pop("command", ("sh",))]
    words += [(key, str(value).lower()) for key, value in query.items()]
    answer = await api.ask(
        "GET",
        f"{path}?{urlencode(words)}",
        accept="*/*",
        Connection="Upgrade",
        Upgrade="websocket",
        Sec_WebSocket_Version="13",
        Sec_WebSocket_Key="49YpFI3yd2TWph1mkS2Tug==",
        Sec_WebSocket_Protocol=protocol,
    )
    return answer.status, answer.message if answer.text.startswith("{") else answer.text


@pytest.mark.parametrize("kind", ["exec", "attach"])
async def test_refused(sh: Api, kind: str) -> None:
    assert await refusal(sh, f"pods/nope/{kind}", stdout=True) == (404, 'pods "nope" not found')
    assert await refusal(sh, f"pods/sh/{kind}", stdout=True, container="nope") == (
        400,
        "container nope is not valid for pod sh",
    )
    assert await refusal(sh, f"pods/sh/{kind}") == (400, "you must specify at least 1 of stdin, stdout, stderr")
    assert await refusal(sh, f"pods/sh/{kind}", "v9.channel.k8s.io", stdout=True) == (403, "")
    for method in ("GET", "POST"):
        answer = await sh.ask(method, f"pods/sh/{kind}?command=sh&stdout=true")
        assert (answer.status, answer.message) == (400, "Upgrade request required")


async def test_a_pod_that_has_completed(api: Api, pod: PodMaker) -> None:
    body = pod("done", "true", restartPolicy="Never")
    body["spec"]["containers"][0]["image"] = IMAGE
    await api.made("pods", body)
    await api.phase("pods/done", "Succeeded")
    assert await refusal(api, "pods/done/exec", stdout=True) == (500, 'container not found ("main")')


async def test_who_may_not(limited: Api) -> None:
    status, message = await refusal(limited, "pods/sh/exec", stdout=True)
    assert status == 403
    assert message == (
        f'pods "sh" is forbidden: User "{limited.user}" cannot get resource "pods/exec" in API group "" '
        f'in the namespace "{limited.namespace}"'
    )


async def test_get_alone_is_not_enough() -> None:
    """On the demo, in the words of a real 1.36, which wants both verbs for a websocket."""
    from tests.contract.conftest import tiny
    from wizard.demo.world import DemoWorld

    async with (
        DemoWorld.open(tiny(denied=("create pods/exec",))) as world,
        Api.connect(world.kubeconfig(), "default") as api,
    ):
        assert await refusal(api, "pods/sh/exec", stdout=True) == (403, 'pods "sh" is forbidden: ')


@pytest.fixture
async def reader(place: Place, pod: PodMaker) -> Api:
    """A server with a pod that reads lines, on a terminal where `-tty` is in its name."""
    for name, more in (("plain", {"stdin": True}), ("tty", {"stdin": True, "tty": True})):
        body = pod(name, "while read line; do echo got $line; [ $line = quit ] && exit 5; done", restartPolicy="Never")
        body["spec"]["containers"][0] |= {"image": IMAGE, **more}
        await place.api.made("pods", body)
        await place.api.phase(f"pods/{name}", "Running")
    return place.api


async def test_attaching_and_typing(reader: Api) -> None:
    async with opened(reader, "pods/plain/attach", stdin=True, stdout=True, stderr=True) as talk:
        await talk.send(0, b"one\n")
        await talk.until("got one\n")
        await talk.send(0, b"quit\n")
        assert await talk.end() == {"metadata": {}, "status": "Success"}
        assert talk.out == "got one\ngot quit\n"
    ended = await reader.phase("pods/plain", "Failed")
    assert ended["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 5
    assert (await reader.get("pods/plain/log")).text == "got one\ngot quit\n"


async def test_who_detaches_leaves_it_running(reader: Api) -> None:
    async with opened(reader, "pods/tty/attach", stdin=True, stdout=True, tty=True) as talk:
        await talk.send(0, b"one\n")
        await talk.until("got one\r\n")
    async with opened(reader, "pods/tty/attach", stdin=True, stdout=True, tty=True) as talk:
        await talk.send(0, b"two\n")
        await talk.until("got two\r\n")
        assert "one" not in talk.out
    assert (await reader.get("pods/tty")).body["status"]["phase"] == "Running"


async def test_a_prompt_is_in_no_log(place: Place, pod: PodMaker) -> None:
    body = pod("asks", "echo begun; printf 'Password: '; stty -echo; read word; echo; echo thanks; sleep 600")
    body["spec"]["containers"][0] |= {"image": IMAGE, "stdin": True, "tty": True}
    await place.api.made("pods", body)
    await place.api.phase("pods/asks", "Running")
    await place.api.until("pods/asks/log", lambda answer: "begun" in answer.text)
    assert "Password" not in (await place.api.get("pods/asks/log")).text
    async with opened(place.api, "pods/asks/attach", stdin=True, stdout=True, tty=True) as talk:
        await talk.send(0, b"word\n")
        await talk.until("thanks")
    log = (await place.api.get("pods/asks/log")).text
    assert log.replace("\r\n", "\n").split("\n")[:3] == ["begun", "Password: ", "thanks"]
