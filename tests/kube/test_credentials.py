from __future__ import annotations

import base64
import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.kube.certificates import Authority, server_context
from tests.kube.serving import connected, credential, kubeconfig, plugin, serving, status
from wizard.command import Address
from wizard.errors import Exit, WizardError
from wizard.kube.client import Cluster
from wizard.kube.connection_errors import Target, trouble_of
from wizard.kube.credentials import Credentials
from wizard.kube.kubeconfig import load
from wizard.kube.transport import open_transport

API = "client.authentication.k8s.io/v1"


def exec_user(command: Path | str, **more: Any) -> dict[str, Any]:
    return {"exec": {"apiVersion": API, "command": str(command), "interactiveMode": "IfAvailable", **more}}


async def echo(request: web.Request) -> web.Response:
    """What it was sent as identity."""
    wanted = {key: request.headers.getall(key) for key in request.headers if key.startswith(("Auth", "Impersonate"))}
    return web.json_response(wanted)


async def identity(folder: Path, user: dict[str, Any], **options: Any) -> dict[str, list[str]]:
    async with serving(echo) as server, connected(folder, server, user=user, **options) as cluster:
        return dict(await cluster.get("/version"))


async def test_who_we_say_we_are(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    basic = base64.b64encode(b"me:secret").decode()
    cases: list[tuple[dict[str, Any], dict[str, list[str]]]] = [
        ({}, {}),
        ({"token": "t"}, {"Authorization": ["Bearer t"]}),
        ({"tokenFile": "token", "token": "t"}, {"Authorization": ["Bearer from-file"]}),
        ({"username": "me", "password": "secret"}, {"Authorization": [f"Basic {basic}"]}),
        (
            {"token": "t", "as": "jane", "as-groups": ["a", "b"]},
            {"Authorization": ["Bearer t"], "Impersonate-User": ["jane"], "Impersonate-Group": ["a", "b"]},
        ),
    ]
    for user, expected in cases:
        assert await identity(tmp_path, user) == expected


async def test_the_password_of_the_proxy_is_in_no_repr(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, "https://lab.home", cluster={"proxy-url": "http://me:planted-4711@proxy:3128"})
    transport = open_transport(load(str(path), None, env={}, home=tmp_path), Credentials(), {}, tmp_path)
    try:
        assert "planted-4711" in transport.target.proxy
        assert "planted-4711" not in repr(transport)
    finally:
        await transport.session.close()


async def test_a_client_certificate_opens_the_door_and_leaves_no_file(tmp_path: Path) -> None:
    ours, clients = Authority("servers"), Authority("clients")
    me = clients.issue("me")
    user = {
        "client-certificate-data": base64.b64encode(me.certificate).decode(),
        "client-key-data": base64.b64encode(me.key).decode(),
    }
    cluster = {"certificate-authority-data": base64.b64encode(ours.pem).decode()}
    tls = server_context(ours.issue("127.0.0.1"), tmp_path, clients=clients)
    async with serving(echo, tls) as server:
        async with connected(tmp_path, server, cluster=cluster, user=user) as there:
            assert await there.get("/version") == {}
            assert list((tmp_path / "private").iterdir()) == []
        with pytest.raises(WizardError):
            async with connected(tmp_path, server, cluster=cluster) as stranger:
                await stranger.get("/version")


@pytest.mark.parametrize("reason", ["TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_BAD_CERTIFICATE"])
def test_a_server_that_refuses_the_client_certificate(reason: str) -> None:
    error = ssl.SSLError(1, f"[SSL: {reason}] said so")
    told = trouble_of(error, Target("https://x:6443", "x", 6443, "x", named_by_kubeconfig=False))
    assert (told.code, told.exit_code) == ("kube.client-certificate", Exit.UNREACHABLE)


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WizardError) as raised:
        await identity(tmp_path, {"tokenFile": "gone"})
    assert str(tmp_path / "gone") in raised.value.what


class TestPlugin:
    async def test_its_token_is_used(self, tmp_path: Path) -> None:
        script = plugin(tmp_path, f"echo '{credential(token='fresh')}'")
        assert await identity(tmp_path, exec_user(script)) == {"Authorization": ["Bearer fresh"]}

    async def test_a_relative_command_is_next_to_the_kubeconfig(self, tmp_path: Path) -> None:
        plugin(tmp_path, f"echo '{credential(token='fresh')}'")
        assert await identity(tmp_path, exec_user("./plugin")) == {"Authorization": ["Bearer fresh"]}

    async def test_it_has_no_terminal_and_no_input(self, tmp_path: Path) -> None:
        script = plugin(tmp_path, f"read line && exit 9\necho '{credential(token='fresh')}'")
        assert await identity(tmp_path, exec_user(script)) == {"Authorization": ["Bearer fresh"]}

    async def test_what_it_is_told(self, tmp_path: Path) -> None:
        script = plugin(
            tmp_path,
            f'echo "$KUBERNETES_EXEC_INFO" > {tmp_path}/info\necho "$1 $EXTRA" > {tmp_path}/extra\n'
            f"echo '{credential(token='fresh')}'",
        )
        user = exec_user(script, args=["login"], env=[{"name": "EXTRA", "value": "given"}], provideClusterInfo=True)
        extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "home"}}
        await identity(tmp_path, user, cluster={"tls-server-name": "name", "extensions": [extension]})
        info = json.loads((tmp_path / "info").read_text())
        assert (info["apiVersion"], info["kind"], info["spec"]["interactive"]) == (API, "ExecCredential", False)
        assert info["spec"]["cluster"]["server"].startswith("http://127.0.0.1:")
        assert info["spec"]["cluster"]["tls-server-name"] == "name"
        assert info["spec"]["cluster"]["config"] == {"audience": "home"}
        assert (tmp_path / "extra").read_text() == "login given\n"

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            ("echo 'sign in first: run hcloud login' >&2; exit 3", "code 3: sign in first: run hcloud login"),
            ("exit 1", "It printed nothing"),
            ("echo nonsense", "not an ExecCredential"),
            (f"echo '{credential()}'", "neither a token nor a certificate"),
            ('echo \'{"apiVersion": "v0", "status": {"token": "x"}}\'', "returned v0"),
        ],
    )
    async def test_its_complaint_is_told(self, tmp_path: Path, body: str, says: str) -> None:
        with pytest.raises(WizardError) as raised:
            await identity(tmp_path, exec_user(plugin(tmp_path, body)))
        told = raised.value
        assert (told.code, told.exit_code) == ("kube.exec-plugin", Exit.UNREACHABLE)
        assert says in told.why
        assert '"plugin"' in told.what

    async def test_secrets_in_its_complaint_and_arguments_are_not_told(self, tmp_path: Path) -> None:
        token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"
        script = plugin(tmp_path, f"echo 'rejected {token}' >&2; exit 1")
        user = exec_user(script, args=["get-token", "--client-secret=planted-secret", "planted-too"])
        with pytest.raises(WizardError) as raised:
            await identity(tmp_path, user)
        told = " ".join(raised.value.lines(Address()))
        assert "eyJ" not in told
        assert "planted" not in told
        assert f"{script} get-token" in told

    async def test_not_installed(self, tmp_path: Path) -> None:
        with pytest.raises(WizardError) as raised:
            await identity(tmp_path, exec_user("/not/there/plugin", installHint="Install it from the shop."))
        assert raised.value.why == "Install it from the shop."

    async def test_one_that_wants_a_terminal(self, tmp_path: Path) -> None:
        script = plugin(tmp_path, f"echo '{credential(token='fresh')}'")
        with pytest.raises(WizardError) as raised:
            await identity(tmp_path, exec_user(script, interactiveMode="Always"))
        assert "terminal" in raised.value.why

    async def test_it_hangs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("wizard.kube.credentials.PLUGIN_SECONDS", 0.2)
        with pytest.raises(WizardError) as raised:
            await identity(tmp_path, exec_user(plugin(tmp_path, "exec sleep 60")))
        assert "did not finish" in raised.value.why

    async def test_a_rejected_token_is_fetched_anew_once(self, tmp_path: Path) -> None:
        counting = f"echo x >> {tmp_path}/runs\nn=$(wc -l < {tmp_path}/runs)\n"
        script = plugin(
            tmp_path,
            counting + """printf '{"apiVersion": "%s", "kind": "ExecCredential", """
            f""""status": {{"token": "t%s"}}}}' {API} $n""",
        )

        async def picky(request: web.Request) -> web.Response:
            if request.headers["Authorization"] != "Bearer t2":
                return status(401, "Unauthorized", "Unauthorized")
            return web.json_response({})

        async with serving(picky) as server, connected(tmp_path, server, user=exec_user(script)) as cluster:
            assert await cluster.post("/api/v1/namespaces", {}) == {}
            assert await cluster.get("/version") == {}
        assert (tmp_path / "runs").read_text().count("x") == 2

    async def test_rejected_for_good_names_the_plugin(self, tmp_path: Path) -> None:
        script = plugin(tmp_path, f"echo '{credential(token='fresh')}'")

        async def no(_: web.Request) -> web.Response:
            return status(401, "Unauthorized", "Unauthorized")

        async with serving(no) as server, connected(tmp_path, server, user=exec_user(script)) as cluster:
            with pytest.raises(WizardError) as raised:
                await cluster.get("/version")
        assert (raised.value.code, raised.value.exit_code) == ("kube.unauthorized", Exit.UNREACHABLE)
        assert '"plugin"' in raised.value.why

    async def test_what_is_about_to_end_is_fetched_anew_before_it_is_used(self, tmp_path: Path) -> None:
        ended = credential(token="old", expirationTimestamp="2020-01-01T00:00:00Z")
        script = plugin(
            tmp_path,
            f"if [ -e {tmp_path}/ran ]; then echo '{credential(token='new')}'; else echo '{ended}'; fi\n"
            f"touch {tmp_path}/ran",
        )
        assert await identity(tmp_path, exec_user(script)) == {"Authorization": ["Bearer new"]}

    async def test_a_certificate_that_changes_opens_a_new_session(self, tmp_path: Path) -> None:
        ours, clients = Authority("servers"), Authority("clients")
        me = clients.issue("me")
        answer = credential(clientCertificateData=me.certificate.decode(), clientKeyData=me.key.decode())
        (tmp_path / "answer").write_text(answer)
        ended = credential(token="old", expirationTimestamp="2020-01-01T00:00:00Z")
        script = plugin(
            tmp_path,
            f"if [ -e {tmp_path}/ran ]; then cat {tmp_path}/answer; else echo '{ended}'; fi\ntouch {tmp_path}/ran",
        )
        cluster = {"certificate-authority-data": base64.b64encode(ours.pem).decode()}
        tls = server_context(ours.issue("127.0.0.1"), tmp_path, clients=clients)
        async with serving(echo, tls) as server:
            there: Cluster
            async with connected(tmp_path, server, cluster=cluster, user=exec_user(script)) as there:
                assert await there.get("/version") == {}


async def test_an_old_auth_provider_entry_still_works(tmp_path: Path) -> None:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    token = f"{part({'alg': 'none'})}.{part({'sub': 'me'})}.x"
    provider = {"auth-provider": {"name": "oidc", "config": {"id-token": token}}}
    assert await identity(tmp_path, provider) == {"Authorization": [f"Bearer {token}"]}
    with pytest.raises(WizardError) as raised:
        await identity(tmp_path, {"auth-provider": {"name": "oidc", "config": {"id-token": "planted-token"}}})
    assert raised.value.code == "kube.auth-provider"
    assert "planted" not in repr(raised.value) + " ".join(raised.value.lines(Address()))
