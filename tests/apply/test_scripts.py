"""What is done inside the pod, by a real shell that dies at every command in turn: the next start finds a whole pair."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from wizard.apply import scripts

NAME = "somebody"
OLD, NEW = ("old jar\n", "old session\n"), ("new jar\n", "new session\n")
COMMANDS = ("cp", "mkdir", "mv", "rm", "sync")
DIES = """\
#!/bin/sh
n=$(($(cat {count}) + 1)); echo $n > {count}
[ $n -eq {at} ] && [ {when} = before ] && kill -9 $PPID && exit 9
{real} "$@"; code=$?
[ $n -eq {at} ] && [ {when} = after ] && kill -9 $PPID
exit $code
"""


@pytest.fixture
def claim(tmp_path: Path) -> Path:
    folder = tmp_path / "claim"
    folder.mkdir()
    put(folder, OLD)
    return folder


def put(folder: Path, pair: tuple[str, str]) -> None:
    (folder / NAME).write_text(pair[0])
    (folder / f"{NAME}.session").write_text(pair[1])


def pair_in(folder: Path) -> tuple[str, str]:
    return (folder / NAME).read_text(), (folder / f"{NAME}.session").read_text()


def run(claim: Path, script: str, tools: Path | None = None) -> subprocess.CompletedProcess[str]:
    path = os.environ["PATH"] if tools is None else f"{tools}:{os.environ['PATH']}"
    return subprocess.run(
        [*scripts.SHELL, str(claim), NAME],
        input=script,
        env={"PATH": path},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def dying(folder: Path, at: int, when: str) -> Path:
    """Commands of which the one numbered `at` takes the shell with it, before it does anything or after it is done."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    count = folder / "count"
    count.write_text("0")
    for name in COMMANDS:
        tool = folder / name
        tool.write_text(DIES.format(count=count, at=at, when=when, real=shutil.which(name)))
        tool.chmod(0o755)
    return folder


def staged(claim: Path) -> None:
    assert run(claim, scripts.stage(*NEW)).returncode == 0


def kept_and_spoiled(claim: Path) -> None:
    assert run(claim, scripts.KEEP).returncode == 0
    put(claim, ("half a j", ""))


def committed(claim: Path) -> None:
    staged(claim)
    assert run(claim, scripts.COMMIT).returncode == 0


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("script", "prepare", "whole"),
    [
        pytest.param(scripts.stage(*NEW), lambda _: None, {OLD}, id="stage"),
        pytest.param(scripts.COMMIT, staged, {OLD, NEW}, id="commit"),
        pytest.param(scripts.RESTORE, committed, {OLD, NEW}, id="restore"),
        pytest.param(scripts.COPY_LIVE, lambda _: None, {OLD}, id="copy"),
        pytest.param(scripts.KEEP, lambda _: None, {OLD}, id="keep"),
        pytest.param(scripts.TAKE_BACK, kept_and_spoiled, {OLD}, id="take-back"),
    ],
)
def test_dying_at_any_command_leaves_a_whole_pair(
    tmp_path: Path, script: str, prepare: object, whole: set[tuple[str, str]], when: str
) -> None:
    assert callable(prepare)
    found = set()
    for at in itertools.count(1):
        claim = tmp_path / f"{at}"
        claim.mkdir()
        put(claim, OLD)
        prepare(claim)

        died = run(claim, script, dying(tmp_path / "tools", at, when)).returncode != 0
        look = run(claim, scripts.RECOVER_AND_LOOK)
        if "attended" in look.stdout.split():
            assert run(claim, scripts.TAKE_BACK).returncode == 0

        assert look.returncode == 0, look.stderr
        found.add(pair_in(claim))
        assert pair_in(claim) in whole, at
        left = {path.name for path in claim.iterdir()} - {NAME, f"{NAME}.session", scripts.PREVIOUS}
        assert left == set(), at
        if not died:
            assert at > 1
            break
    assert found == whole or (found < whole and when == "after")


def test_dying_while_recovering_is_recovered_too(tmp_path: Path) -> None:
    for at, again in itertools.product(range(4, 9), range(1, 9)):
        claim = tmp_path / f"{at}-{again}"
        claim.mkdir()
        put(claim, OLD)
        staged(claim)
        run(claim, scripts.COMMIT, dying(tmp_path / "tools", at, "before"))
        run(claim, scripts.RECOVER_AND_LOOK, dying(tmp_path / "tools", again, "before"))

        assert run(claim, scripts.RECOVER_AND_LOOK).returncode == 0
        assert pair_in(claim) in {OLD, NEW}
        assert not (claim / scripts.STAGING).exists()


def test_the_pair_before_is_kept_beside_the_new_one(claim: Path) -> None:
    committed(claim)
    assert pair_in(claim) == NEW
    assert pair_in(claim / scripts.PREVIOUS) == OLD
    assert (claim / NAME).stat().st_mode & 0o777 == 0o600


def test_a_kept_pair_outlives_a_second_answer_that_is_cut_off(claim: Path) -> None:
    kept_and_spoiled(claim)
    kept_and_spoiled(claim)
    assert run(claim, scripts.TAKE_BACK).returncode == 0
    assert pair_in(claim) == OLD
