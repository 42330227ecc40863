"""What the world does to a person: each time one clear sentence, what to do, the documented exit code, and nothing lost."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.cli.kubeconfigs import calling, certified, plugin, trusting, write
from tests.cli.running import Ended, ran, ran_beside
from tests.kube.certificates import Authority, server_context
from tests.kube.serving import raw_server, serving, status
from tests.support.faults import faults_of
from wizard.cli.main import run
from wizard.demo.scenarios import load
from wizard.demo.world import DemoWorld

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def looked(kubeconfig: Path, *more: str) -> Ended:
    return await ran_beside("--kubeconfig", str(kubeconfig), "status", *more)


class TestKubeconfig:
    def test_none(self, tmp_path: Path) -> None:
        ended = ran("status")
        ended.said_in_words(5, "There is no kubeconfig", str(tmp_path / "home/.kube/config"), "photosync-wizard demo")

    @pytest.mark.parametrize("content", ["", "\n", "---\n", "{}", "apiVersion: v1\nkind: Config\n"])
    def test_empty(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "kubeconfig").write_text(content)
        ran("status", env={"KUBECONFIG": str(tmp_path / "kubeconfig")}).said_in_words(5, "kubeconfig")

    @pytest.mark.parametrize(
        "content", ["{", "a: b: c", "- 1", "text", "clusters: 7", "\0\1", "contexts: [{context: {}}]"]
    )
    def test_garbage(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "kubeconfig").write_text(content)
        ran("status", "--kubeconfig", str(tmp_path / "kubeconfig")).said_in_words(5, "kubeconfig")

    def test_a_folder(self, tmp_path: Path) -> None:
        ran("status", "--kubeconfig", str(tmp_path)).said_in_words(5, "can't be read")

    def test_unknown_context(self, tmp_path: Path) -> None:
        kubeconfig = write(tmp_path, "https://127.0.0.1:1")
        ended = ran("--kubeconfig", str(kubeconfig), "--context", "work", "status")
        ended.said_in_words(5, 'no context called "work"', "Available: home.", "Choose one of these")

    def test_no_address(self, tmp_path: Path) -> None:
        ran("--kubeconfig", str(write(tmp_path, "https://:99999")), "status").said_in_words(5, "It should look like")

    def test_no_certificate_file(self, tmp_path: Path) -> None:
        kubeconfig = write(tmp_path, "https://127.0.0.1:1", cluster={"certificate-authority": "nowhere.crt"})
        ran("--kubeconfig", str(kubeconfig), "status").said_in_words(5, "nowhere.crt", "can't be read")


class TestNobodyThere:
    async def test_refused(self, tmp_path: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        ended = await looked(write(tmp_path, f"https://127.0.0.1:{port}"))
        ended.said_in_words(
            5, "can't be reached", f"Nothing is listening on port {port} of 127.0.0.1.", "Check that the cluster is up"
        )

    async def test_unknown_name(self, tmp_path: Path) -> None:
        ended = await looked(write(tmp_path, "https://cluster.invalid:6443"))
        ended.said_in_words(5, "can't be reached", "Check that the cluster is up")

    def test_silence(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr("wizard.kube.transport.CONNECT_SECONDS", 0.2)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            kubeconfig = write(tmp_path, f"https://127.0.0.1:{silent.getsockname()[1]}")
            code = run(["--kubeconfig", str(kubeconfig), "status"], open_wizard=lambda _: 0)
        Ended(code, *capfd.readouterr()).said_in_words(5, "can't be reached", "It did not answer in time.")

    async def test_a_proxy_that_is_none(self, tmp_path: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            proxy = f"http://somebody:planted@127.0.0.1:{free.getsockname()[1]}"
            ended = await looked(write(tmp_path, "https://cluster.invalid", cluster={"proxy-url": proxy}))
        ended.said_in_words(5, "The proxy in front of the cluster", "Check proxy-url")
        assert "planted" not in ended.err


class TestWhoWeAre:
    @pytest.mark.parametrize("user", [{"token": "planted"}, {"username": "me", "password": "planted"}])
    async def test_rejected(self, tmp_path: Path, user: dict[str, str]) -> None:
        async with DemoWorld.open(load("seed")) as world:
            ended = await looked(write(tmp_path, world.url, user=user))
        ended.said_in_words(5, "rejected your credentials", "Get a fresh kubeconfig")
        assert "planted" not in ended.err

    async def test_nobody(self, tmp_path: Path) -> None:
        async with DemoWorld.open(load("complete")) as world:
            ended = await looked(write(tmp_path, world.url), "-o", "json")
        assert (ended.code, ended.err) == (4, "")
        assert json.loads(ended.out)["progress"]["complete"] == 0

    async def test_a_client_certificate_of_another_cluster(self, tmp_path: Path) -> None:
        authority, other = Authority("ours"), Authority("another")
        tls = server_context(authority.issue("127.0.0.1"), tmp_path, clients=authority)
        async with serving(_never, tls) as server:
            user = certified(other.issue("me"))
            ended = await looked(write(tmp_path, server, cluster=trusting(authority), user=user))
        ended.said_in_words(5, server)

    @pytest.mark.parametrize(
        ("script", "said"),
        [
            ("echo 'please run: sso login' >&2; exit 3", "It exited with code 3: please run: sso login"),
            ("echo hello", "Its output is not an ExecCredential."),
            ("exit 0", "Its output is not an ExecCredential."),
            ('echo \'{"apiVersion": "client.authentication.k8s.io/v1", "status": {}}\'', "neither a token nor"),
        ],
    )
    async def test_a_plugin_that_fails(self, tmp_path: Path, script: str, said: str) -> None:
        ended = await looked(write(tmp_path, "https://127.0.0.1:1", user=plugin(tmp_path, script)))
        ended.said_in_words(5, 'credential plugin "credential-plugin" failed', said, "Run it by hand")

    async def test_a_plugin_that_is_missing(self, tmp_path: Path) -> None:
        user = calling("kubelogin-that-is-not-there")
        ended = await looked(write(tmp_path, "https://127.0.0.1:1", user=user))
        ended.said_in_words(5, 'credential plugin "kubelogin-that-is-not-there" failed')


class TestWhoTheyAre:
    async def test_another_authority(self, tmp_path: Path) -> None:
        async with serving(_never, server_context(Authority().issue("127.0.0.1"), tmp_path)) as server:
            ended = await looked(write(tmp_path, server, cluster=trusting(Authority("other"))))
        ended.said_in_words(5, "not signed by the certificate authority in the kubeconfig", "fetch a fresh kubeconfig")

    async def test_another_name(self, tmp_path: Path) -> None:
        authority = Authority()
        async with serving(_never, server_context(authority.issue("kubernetes"), tmp_path)) as server:
            ended = await looked(write(tmp_path, server, cluster=trusting(authority)))
        ended.said_in_words(5, 'is not for "127.0.0.1"', "It is for kubernetes.", "--tls-server-name=kubernetes")

    @pytest.mark.parametrize("code", [200, 302, 403, 511])
    async def test_a_web_page(self, tmp_path: Path, code: int) -> None:
        async def portal(_: web.Request) -> web.Response:
            return web.Response(status=code, text="<!DOCTYPE html><p>Room 4711", content_type="text/html")

        async with serving(portal) as server:
            ended = await looked(write(tmp_path, server))
        ended.said_in_words(5, "not Kubernetes: it sent a web page", "Open a browser")
        assert "4711" not in ended.err

    async def test_a_web_page_halfway(self, tmp_path: Path) -> None:
        async with DemoWorld.open(load("complete")) as world:
            faults_of(world).answer("/persistentvolumeclaims", 200, "<html>Sign in</html>")
            world.write_kubeconfig(tmp_path / "kubeconfig")
            ended = await looked(tmp_path / "kubeconfig", "-o", "json")
        ended.said_in_words(5, "it sent a web page")

    async def test_plain_http(self, tmp_path: Path) -> None:
        async def web_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(64)
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()

        async with raw_server(web_server) as place:
            (await looked(write(tmp_path, f"https://{place}"))).said_in_words(5, "does not speak TLS", "Check the port")

    async def test_a_server_that_only_fails(self, tmp_path: Path) -> None:
        async def failing(_: web.Request) -> web.Response:
            return status(500, "InternalError", "etcdserver: planted /[b]markup")

        async with serving(failing) as server:
            ended = await looked(write(tmp_path, server))
        assert ended.code in (4, 5)
        assert "Traceback" not in ended.err
        assert "mistake" not in ended.err

    async def test_an_older_server(self, tmp_path: Path) -> None:
        async with DemoWorld.open(load("seed")) as world:
            world.write_kubeconfig(tmp_path / "kubeconfig")
            now = await looked(tmp_path / "kubeconfig", "-o", "json")
            async with aiohttp.ClientSession() as session, serving(_older(session, world)) as server:
                text = (tmp_path / "kubeconfig").read_text().replace(world.url, server)
                (tmp_path / "kubeconfig").write_text(text)
                then = await looked(tmp_path / "kubeconfig", "-o", "json")
        assert (then.code, then.err) == (now.code, "")
        told = [json.loads(ended.out)["steps"] for ended in (now, then)]
        assert told[0] == told[1]


class TestLittlePermission:
    async def test_none_at_all(self, tmp_path: Path) -> None:
        async with DemoWorld.open(replace(load("complete"), denied=("* *",))) as world:
            world.write_kubeconfig(tmp_path / "kubeconfig")
            ended = await looked(tmp_path / "kubeconfig", "-o", "json")
        assert (ended.code, ended.err) == (4, "")
        document = json.loads(ended.out)
        assert document["cluster"]["uid"] is None
        assert not [step for step in document["steps"] if step["status"] == "complete"]
        assert {step["status"] for step in document["steps"]} <= {"unknown", "pending", "blocked"}
        assert document["steps"][0]["status"] == "unknown"
        findings = [finding for step in document["steps"] for finding in step["findings"]]
        assert not [finding for finding in findings if finding["severity"] == "ok"]

    async def test_a_namespace_that_is_terminating(self) -> None:
        ended = ran("--demo", "terminating", "status", "-o", "json")
        assert (ended.code, ended.err) == (4, "")
        step = json.loads(ended.out)["steps"][0]
        assert step["status"] == "blocked"
        assert "terminating" in step["findings"][0]["id"]


async def _never(_: web.Request) -> web.Response:
    return web.json_response({})


def _older(session: aiohttp.ClientSession, world: DemoWorld) -> Answer:
    """The world as a server that is older: another version, and Jobs shown without the column Status."""

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/version":
            return web.json_response({"major": "1", "minor": "29", "gitVersion": "v1.29.4"})
        headers = {
            name: value
            for name, value in request.headers.items()
            if name in ("Authorization", "Accept", "Content-Type")
        }
        body = await request.read()
        async with session.request(request.method, world.url + str(request.rel_url), headers=headers, data=body) as got:
            if got.content_type != "application/json":
                return web.Response(status=got.status, body=await got.read(), content_type=got.content_type)
            content = await got.json()
            if request.path.endswith("/jobs") and content["kind"] == "Table":
                column = [each["name"] for each in content["columnDefinitions"]].index("Status")
                del content["columnDefinitions"][column]
                for row in content["rows"]:
                    del row["cells"][column]
            return web.json_response(content, status=got.status)

    return answer
