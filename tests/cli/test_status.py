"""`status` without a screen: data on standard output, the documented exit code, the world as it was left."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.cli.running import PATIENCE, PROGRAM, environment, files_below, ran, ran_beside, started
from tests.support.faults import faults_of
from wizard.cli.main import run
from wizard.demo.scenarios import load, names
from wizard.demo.world import DemoWorld
from wizard.errors import Exit
from wizard.iterations import IDS, ITERATIONS

STUCK = {"blocked", "failed", "unknown"}
DUE = {"expiring", "expired", "missing"}


def no_screens(_: object) -> int:
    raise AssertionError("status opens no screens")


def schema() -> Any:
    return json.loads(files("wizard.export").joinpath("status.schema.json").read_text())


def meant(document: Any) -> int:
    """The exit code that docs/status.md gives this document."""
    wanted = [step for step in document["steps"] if step["status"] != "skipped"]
    if any(step["status"] in STUCK for step in wanted):
        return 4
    session = document["accounts"][0]["session"]
    due = any(step["id"] == "authentication" for step in wanted) and (
        session["state"] in DUE or (session["days_left"] is not None and session["days_left"] <= 7)
    )
    return 0 if not due and all(step["status"] == "complete" for step in wanted) else 3


@pytest.mark.parametrize("scenario", names())
def test_every_demo_world_gives_a_valid_document(scenario: str, capfd: pytest.CaptureFixture[str]) -> None:
    code = run(["--demo", scenario, "status", "-o", "json"], open_wizard=no_screens)
    said = capfd.readouterr()
    document = json.loads(said.out)
    jsonschema.validate(document, schema(), cls=jsonschema.Draft202012Validator)
    assert said.err == ""
    assert code == meant(document)
    assert [step["id"] for step in document["steps"]] == list(IDS)


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("complete", Exit.DONE),
        ("expiring", Exit.NEEDS_PERSON),
        ("expired", Exit.NEEDS_PERSON),
        ("seed", Exit.BLOCKED),
    ],
)
def test_exit_codes(scenario: str, code: Exit) -> None:
    ended = ran("--demo", scenario, "status")
    assert (ended.code, ended.err) == (code, "")
    assert ended.out


@pytest.mark.parametrize(("days", "code"), [("4", Exit.DONE), ("5", Exit.NEEDS_PERSON), ("5 days", Exit.NEEDS_PERSON)])
def test_the_days_before_its_end_that_make_a_session_due(days: str, code: Exit) -> None:
    assert ran("--demo", "expiring", "status", "--warning-days", days).code == code


@pytest.mark.parametrize("days", ["0", "61", "-3", "soon", ""])
def test_days_that_can_not_be_meant(days: str) -> None:
    ended = ran("--demo", "expiring", "status", f"--warning-days={days}")
    assert ended.code == Exit.USAGE
    assert "is not a number of days from 1 to 60" in ended.err


def test_forms_say_the_same() -> None:
    documents = {form: ran("--demo", "seed", "status", "-o", form) for form in ("json", "yaml", "seed")}
    as_json, as_yaml = json.loads(documents["json"].out), yaml.safe_load(documents["yaml"].out)
    for document in (as_json, as_yaml):
        del document["taken_at"], document["cluster"]["server"]
    assert as_json == as_yaml
    seed = json.loads(documents["seed"].out)
    assert (seed["iteration"], seed["status"], seed["next_iteration"]) == (1, "complete", 2)
    assert seed["next_iteration_ready_when"] == as_json["next_iteration_ready_when"]
    assert {ended.code for ended in documents.values()} == {4}


def test_data_is_utf8_and_a_table_whatever_the_terminal_can() -> None:
    old = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    plain = ran("--demo", "seed", "status", env=old)
    assert (plain.code, plain.err) == (4, "")
    assert plain.out.isascii()
    assert f" of {len(ITERATIONS)} complete" in plain.out
    for form in ("json", "yaml"):
        ended = ran("--demo", "restricted", "status", "-o", form, env=old)
        assert (ended.code, ended.err) == (4, "")
        assert len(yaml.safe_load(ended.out)["steps"]) == len(ITERATIONS)


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_a_narrow_table(columns: int) -> None:
    out = ran("--demo", "seed", "status", env={"COLUMNS": str(columns)}).out
    assert "\x1b" not in out
    lines = [line for line in out.splitlines() if not line.lstrip().startswith("$ ")]
    assert [line for line in lines if len(line) > columns] == []
    assert all(re.search(rf"^. {number} ", out, re.MULTILINE) for number in range(1, len(ITERATIONS) + 1))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--demo", "seed", "--skip", "immich", "status", "--skip", "exposure", "-o", "json"),
        ("status", "--skip", "immich", "--skip", "exposure", "--demo", "seed", "-o", "json"),
        ("--skip", "immich", "--skip", "exposure", "--demo", "seed", "status", "-o", "json"),
    ],
)
def test_flags_before_and_behind(arguments: tuple[str, ...]) -> None:
    document = json.loads(ran(*arguments).out)
    assert [step["id"] for step in document["steps"] if step["status"] == "skipped"] == ["immich", "exposure"]
    assert document["progress"]["total"] == len(ITERATIONS) - 2


def test_a_flag_behind_the_command_wins() -> None:
    ended = ran("-n", "one", "--demo", "fresh", "status", "-n", "two")
    assert ended.out.startswith("two on demo-fresh")


def test_a_demo_world_is_kept_until_reset(tmp_path: Path) -> None:
    def look(*more: str) -> Any:
        document = json.loads(ran("--demo", "seed", "status", "-o", "json", *more).out)
        return [finding["id"] for step in document["steps"] for finding in step["findings"]]

    before = look()
    kept = tmp_path / "home/.local/state/photosync-wizard/demo/worlds/seed.json"
    world = json.loads(kept.read_text())
    world["objects"] = [item for item in world["objects"] if item["kind"] != "CronJob"]
    kept.write_text(json.dumps(world))
    assert look() != before
    assert look("--reset") == before
    assert look() == before


def test_looking_keeps_no_state_of_a_cluster(tmp_path: Path) -> None:
    ran("--demo", "seed", "status")
    kept = list(files_below(tmp_path / "home" / ".local/state/photosync-wizard"))
    assert "demo/worlds/seed.json" in kept
    assert [name for name in kept if not name.startswith("demo/worlds/")] == []


def test_a_reader_that_has_enough_changes_no_exit_code() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as nobody:
        done = subprocess.run(
            [*PROGRAM, "--demo", "seed", "status"],
            stdout=nobody,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
        )
    assert (done.returncode, done.stderr) == (4, b"")


def test_a_mistake_of_the_program_is_reported_without_values(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "import wizard.cli.status\n"
        "def broken(*_, **__):\n"
        "    password = 'planted-4711'\n"
        "    raise ValueError('planted-4711 ' + password)\n"
        "wizard.cli.status.written = broken\n"
        "sys.argv = ['photosync-wizard', '--demo', 'seed', 'status']\n"
        "from screens.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "internal error (ValueError in <string>, line 5)" in done.stderr
    report = tmp_path / "home/.local/state/photosync-wizard/crash.txt"
    assert str(report) in done.stderr
    assert "Traceback" not in done.stderr
    assert "planted" not in done.stderr + report.read_text()
    assert report.stat().st_mode & 0o077 == 0


class TestWatching:
    async def document(self, process: asyncio.subprocess.Process) -> Any:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        assert line, (await process.communicate())[1].decode()
        return json.loads(line)

    async def test_a_change_is_said_and_nothing_twice(self, tmp_path: Path) -> None:
        async with DemoWorld.open(load("seed")) as world:
            world.write_kubeconfig(tmp_path / "kubeconfig")
            async with started(
                "--kubeconfig", str(tmp_path / "kubeconfig"), "status", "--watch", "-o", "json"
            ) as process:
                first = await self.document(process)
                config = {
                    "apiVersion": "v1",
                    "kind": "ConfigMap",
                    "metadata": {"name": "other", "namespace": "photo-sync"},
                }
                world.store.create(config)
                world.store.delete("CronJob", "photo-sync", "icloudpd-sync")
                second = await self.document(process)
                process.send_signal(signal.SIGINT)
                rest, said = await asyncio.wait_for(process.communicate(), PATIENCE)
        for document in (first, second):
            jsonschema.validate(document, schema())
        assert {**first, "taken_at": ""} != {**second, "taken_at": ""}
        assert "cronjob" in json.dumps(second["steps"][1]).lower()
        assert (process.returncode, rest, said) == (Exit.INTERRUPTED, b"", b"")

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    async def test_signals_end_it_and_leave_nothing(self, tmp_path: Path, number: signal.Signals) -> None:
        runtime = tmp_path / "run"
        runtime.mkdir()
        async with started("--demo", "seed", "status", "-wo", "json", env={"XDG_RUNTIME_DIR": str(runtime)}) as process:
            await self.document(process)
            assert files_below(runtime)
            process.send_signal(number)
            _, said = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert (process.returncode, said.decode()) == (Exit.INTERRUPTED, "")
        assert files_below(runtime) == {}

    async def test_a_server_that_goes_and_comes_back(self, tmp_path: Path) -> None:
        async with DemoWorld.open(load("complete")) as world:
            world.write_kubeconfig(tmp_path / "kubeconfig")
            faults_of(world).answer("", 200, "<html>hotel</html>", times=1)
            async with started(
                "--kubeconfig", str(tmp_path / "kubeconfig"), "status", "--watch", "-o", "json"
            ) as process:
                assert (await self.document(process))["progress"]["percent"] == 100
                process.send_signal(signal.SIGINT)
                _, said = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert said.decode().startswith("photosync-wizard: The server at this address is not Kubernetes")
        assert "Trying again (1)." in said.decode()

    async def test_what_waiting_cannot_cure_ends_it(self, tmp_path: Path) -> None:
        (await ran_beside("--kubeconfig", str(tmp_path / "nowhere"), "status", "--watch")).said_in_words(5)
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(
            "current-context: a\ncontexts: [{name: a, context: {cluster: a}}]\n"
            "clusters: [{name: a, cluster: {server: 'gopher://x'}}]\n"
        )
        ended = await ran_beside("--kubeconfig", str(kubeconfig), "status", "--watch")
        ended.said_in_words(5, "server address", "It should look like https://")

    async def test_it_ends_when_nobody_reads(self, tmp_path: Path) -> None:
        async with DemoWorld.open(load("seed")) as world:
            world.write_kubeconfig(tmp_path / "kubeconfig")
            async with started(
                "--kubeconfig", str(tmp_path / "kubeconfig"), "status", "--watch", "-o", "json"
            ) as process:
                await self.document(process)
                assert process.stdout is not None
                process.stdout._transport.close()  # type: ignore[attr-defined]
                world.store.delete("CronJob", "photo-sync", "icloudpd-sync")
                assert await asyncio.wait_for(process.wait(), PATIENCE) == Exit.BLOCKED
                assert process.stderr is not None
                assert await process.stderr.read() == b""
