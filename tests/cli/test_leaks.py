"""Planted secrets, searched for in everything that the program leaves or shows."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.cli.kubeconfigs import certified, plugin, trusting, write
from tests.cli.running import PATIENCE, files_below, on_terminal, ran_beside, started
from tests.kube.certificates import Authority
from tests.kube.serving import serving, status
from wizard.cli.parser import FORMATS
from wizard.demo.scenario import Scenario
from wizard.demo.scenarios import load
from wizard.demo.world import DemoWorld

PASSWORD = "planted-password-4711"
TOKEN = "planted-token-4711-abcdefghijklmnop"
KEY = "PRIVATE KEY"


def planted(scenario: Scenario) -> Scenario:
    """The scenario with a planted value behind every key of every Secret."""
    copy: Any = deepcopy(scenario.objects)
    for item in copy:
        if item["kind"] == "Secret":
            item["data"] = dict.fromkeys({*item.get("data", {}), "password"}, in_base64(PASSWORD))
    return replace(scenario, objects=copy)


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def without(artefact: str | bytes, *secrets: str) -> None:
    """None of the secrets is in it, in plain text or in base64."""
    text = artefact.decode(errors="replace") if isinstance(artefact, bytes) else artefact
    text = re.sub(r"\x1b\[[0-9;?<]*[A-Za-z]", "", text)
    for secret in secrets:
        assert secret not in text
        assert in_base64(secret).rstrip("=")[:-1] not in text


def arguments_of_all() -> Iterator[str]:
    """The command line of every process, as anybody on the machine can read it."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield path.read_text(errors="replace").replace("\0", " ")


async def test_everything_that_status_says_and_leaves(tmp_path: Path) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir()
    env = {"XDG_RUNTIME_DIR": str(runtime), "TMPDIR": str(runtime)}
    async with DemoWorld.open(planted(load("seed"))) as world:
        world.server._token = TOKEN
        script = f"echo '{json.dumps(credential())}'"
        key = certified(Authority().issue("me"))
        kubeconfig = write(tmp_path, world.url, user={**plugin(tmp_path, script), **key})
        secrets = (PASSWORD, TOKEN, KEY, key["client-key-data"])
        for form in FORMATS:
            ended = await ran_beside("--kubeconfig", str(kubeconfig), "status", "-o", form, env=env)
            assert (ended.code, ended.err) == (4, "")
            without(ended.out, *secrets)
        async with started("--kubeconfig", str(kubeconfig), "status", "--watch", "-o", "json", env=env) as process:
            assert process.stdout is not None
            assert await asyncio.wait_for(process.stdout.readline(), PATIENCE)
            arguments = "\n".join(arguments_of_all())
            assert f"--kubeconfig {kubeconfig} status --watch" in arguments
            without(arguments, *secrets)
            process.terminate()
            out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
            without(out + err, *secrets)
    assert files_below(runtime) == {}
    for name, content in files_below(tmp_path / "home").items():
        without(name, *secrets)
        without(content, *secrets)


def credential() -> dict[str, Any]:
    return {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": TOKEN},
    }


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 500])
async def test_a_server_that_says_our_token(tmp_path: Path, code: int) -> None:
    async def echo(request: web.Request) -> web.Response:
        said = request.headers.get("Authorization", "")
        return status(code, "Whatever", f"could not verify {said}: token {said.split()[-1]} has expired")

    async with serving(echo) as server:
        kubeconfig = write(tmp_path, server, user={"token": TOKEN})
        ended = await ran_beside("--kubeconfig", str(kubeconfig), "status", "-o", "json")
        assert ended.code in (4, 5)
        without(ended.out + ended.err, TOKEN)


async def test_a_plugin_that_complains_with_its_token(tmp_path: Path) -> None:
    token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJwbGFudGVkIn0.c2lnbmF0dXJl"
    script = plugin(tmp_path, f"echo 'bad token {token}' >&2; exit 1")
    ended = await ran_beside("--kubeconfig", str(write(tmp_path, "https://127.0.0.1:1", user=script)), "status")
    ended.said_in_words(5, "bad token [hidden]")


@pytest.mark.parametrize(
    "cluster",
    [
        {"proxy-url": f"http://me:{PASSWORD}@127.0.0.1:1"},
        {"proxy-url": f"socks5://me:{PASSWORD}@127.0.0.1:1"},
        {"server": f"https://me:{PASSWORD}@127.0.0.1:1"},
        {"server": f"https://me:{PASSWORD}@cluster.invalid"},
        {"server": f"ftp://me:{PASSWORD}@cluster.invalid"},
    ],
)
async def test_passwords_in_addresses(tmp_path: Path, cluster: dict[str, str]) -> None:
    ended = await ran_beside("--kubeconfig", str(write(tmp_path, "https://cluster.invalid", cluster=cluster)), "status")
    assert ended.code == 5
    without(ended.err, PASSWORD)


async def test_a_broken_kubeconfig_is_not_quoted(tmp_path: Path) -> None:
    authority = Authority()
    key = certified(authority.issue("me"))
    broken = [
        f"users: [{{name: u, user: {{token: {TOKEN}\n",
        f"users:\n- name: u\n  user: {{token: {TOKEN}\n  : {TOKEN}\n",
        f"{TOKEN}\n",
        f"- {TOKEN}\n",
    ]
    for content in broken:
        (tmp_path / "kubeconfig").write_text(content)
        ended = await ran_beside("--kubeconfig", str(tmp_path / "kubeconfig"), "status")
        ended.said_in_words(5)
        without(ended.err, TOKEN)
    user = {
        **key,
        "client-key-data": in_base64(f"-----BEGIN PRIVATE KEY-----\n{PASSWORD}\n-----END PRIVATE KEY-----\n"),
    }
    ended = await ran_beside(
        "--kubeconfig", str(write(tmp_path, "https://127.0.0.1:1", cluster=trusting(authority), user=user)), "status"
    )
    ended.said_in_words(5, "certificate or key")
    without(ended.err, PASSWORD, KEY)


async def test_everything_on_the_screen(tmp_path: Path) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir()

    def walk(kubeconfig: Path) -> None:
        env = {"XDG_RUNTIME_DIR": str(runtime)}
        with on_terminal("--kubeconfig", str(kubeconfig), env=env, size=(40, 120)) as terminal:
            terminal.wait_for("Is this your setup?")
            steps = (
                ("\x1b", "Session"),
                ("2", "What icloudpd signs in with"),
                ("k", "To see it with kubectl"),
                ("\x1b", "Session"),
            )
            for keys, shown in steps:
                drawn.append(terminal.drawn)
                terminal.forget()
                terminal.type(keys)
                terminal.wait_for(shown)
            terminal.type("\x11")
            assert terminal.end() == 0
            drawn.append(terminal.drawn)

    drawn: list[bytes] = []
    async with DemoWorld.open(planted(load("seed"))) as world:
        key = certified(Authority().issue("me"))
        kubeconfig = write(tmp_path, world.url, user={"token": world.token, **key})
        await asyncio.to_thread(walk, kubeconfig)
        secrets = (PASSWORD, world.token, KEY, key["client-key-data"])
    without(b"".join(drawn), *secrets)
    assert files_below(runtime) == {}
    kept = files_below(tmp_path / "home")
    assert [name for name in kept if name.endswith(".json")]
    for content in kept.values():
        without(content, *secrets)
