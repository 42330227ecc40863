"""Demo worlds from the command line: their list, and one that is served to kubectl and to a second wizard."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import stat
from pathlib import Path

import pytest
import yaml

from tests.cli.running import PATIENCE, files_below, ran, ran_beside, started
from wizard.demo.scenarios import titles
from wizard.errors import Exit


def test_the_list() -> None:
    ended = ran("demo", "--list")
    assert (ended.code, ended.err) == (0, "")
    assert [line.split(maxsplit=1) for line in ended.out.splitlines()] == [[*pair] for pair in titles().items()]


async def served(process: asyncio.subprocess.Process) -> str:
    """What it says once the world is there."""
    said = ""
    assert process.stdout is not None
    while "photosync-wizard --kubeconfig" not in said:
        line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        assert line, said
        said += line.decode()
    return said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_served_world_until_it_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    file = tmp_path / "demo.kubeconfig"
    async with started("demo", "--serve", "--write-kubeconfig", str(file), "complete") as process:
        said = await served(process)
        assert f"export KUBECONFIG={file}" in said
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        token = yaml.safe_load(file.read_text())["users"][0]["user"]["token"]
        second = await ran_beside("--kubeconfig", str(file), "status", "-o", "json")
        assert (second.code, second.err) == (0, "")
        assert json.loads(second.out)["cluster"]["context"] == "demo-complete"
        assert token not in second.out + said
        process.send_signal(number)
        _, complaints = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert complaints.decode() == ""
    assert process.returncode in (Exit.DONE, Exit.INTERRUPTED)
    assert not file.exists()
    assert [name for name, content in files_below(tmp_path).items() if token.encode() in content] == []


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed here")
async def test_kubectl_looks_at_a_served_world(tmp_path: Path) -> None:
    file = tmp_path / "demo.kubeconfig"
    async with started("demo", "--serve", "--write-kubeconfig", str(file)) as process:
        await served(process)
        kubectl = await asyncio.create_subprocess_exec(
            "kubectl",
            "get",
            "all,pvc",
            "-n",
            "photo-sync",
            env={**os.environ, "KUBECONFIG": str(file)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await asyncio.wait_for(kubectl.communicate(), PATIENCE)
    assert kubectl.returncode == 0, out
    assert b"cronjob.batch/icloudpd-sync" in out
    assert b"persistentvolumeclaim/icloud-photos" in out


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text("mine")
    ran("demo", "--serve", "--write-kubeconfig", str(file)).said_in_words(2, "already exists and was not overwritten")
    assert file.read_text() == "mine"
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    ran("demo", "--serve", "--write-kubeconfig", str(tmp_path / "link")).said_in_words(
        2, "already exists and was not overwritten"
    )
    missing = tmp_path / "no" / "folder"
    ran("demo", "--serve", "--write-kubeconfig", str(missing)).said_in_words(2, "can't be written")


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = ran("demo", "--serve", "--port", port, "--write-kubeconfig", str(tmp_path / "kubeconfig"))
    ended.said_in_words(2, port, "Choose another --port")
    assert not (tmp_path / "kubeconfig").exists()


@pytest.mark.parametrize("content", ["", "garbage", '{"schema": 1, "objects": []}'])
def test_a_kept_world_that_is_damaged(tmp_path: Path, content: str) -> None:
    kept = tmp_path / "home/.local/state/photosync-wizard/demo/worlds/seed.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(content)
    ended = ran("--demo", "seed", "status")
    ended.said_in_words(ended.code, "can't be read", "photosync-wizard --demo seed --reset status")
    assert kept.read_text() == content
    assert ran("--demo", "seed", "--reset", "status").code == 4


def test_no_folder_for_a_world(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    for environment in ({"XDG_STATE_HOME": str(blocked)}, {"XDG_STATE_HOME": "/proc/nowhere"}):
        ran("--demo", "seed", "status", env=environment).said_in_words(3, "can't be kept in", "XDG_STATE_HOME")
