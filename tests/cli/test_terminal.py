"""The wizard on a terminal, as a process: it ends in every way that there is, and leaves the terminal and disk as they were."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from tests.cli.running import files_below, on_terminal, ran
from wizard.errors import Exit

READY = "Is this your setup?"
RESTORED = ("\x1b[?1049l", "\x1b[?25h")


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(("keys", "code"), [("\x11", Exit.DONE), ("\x03", Exit.INTERRUPTED)])
def test_keys_that_end_it(runtime: Path, keys: str, code: Exit) -> None:
    with on_terminal("demo", "seed", env={"XDG_RUNTIME_DIR": str(runtime)}) as terminal:
        terminal.wait_for(READY)
        assert files_below(runtime)
        terminal.type(keys)
        assert terminal.end() == code
    assert all(mark in terminal.text for mark in RESTORED)
    assert files_below(runtime) == {}
    assert "Traceback" not in terminal.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_that_end_it(runtime: Path, number: signal.Signals) -> None:
    with on_terminal("demo", "seed", env={"XDG_RUNTIME_DIR": str(runtime)}) as terminal:
        terminal.wait_for(READY)
        terminal.send(number)
        assert terminal.end() == Exit.INTERRUPTED
    assert all(mark in terminal.text for mark in RESTORED)
    assert files_below(runtime) == {}
    assert "Traceback" not in terminal.text


def test_a_terminal_that_can_only_print() -> None:
    with on_terminal("demo", "seed", env={"TERM": "dumb"}) as terminal:
        assert terminal.end() == Exit.USAGE
    assert "TERM=dumb" in terminal.text
    assert "\x1b" not in terminal.text


def test_nothing_to_look_at() -> None:
    with on_terminal() as terminal:
        assert terminal.end() == Exit.UNREACHABLE
    assert "There is no kubeconfig" in terminal.text
    assert "Traceback" not in terminal.text


@pytest.mark.parametrize("size", [(24, 40), (10, 20), (60, 200)])
def test_any_size(size: tuple[int, int]) -> None:
    with on_terminal("demo", "seed", size=size) as terminal:
        terminal.wait_for("setup", "wizard")
        terminal.type("\x11")
        assert terminal.end() == Exit.DONE
    assert "Traceback" not in terminal.text


@pytest.mark.parametrize(
    "variables", [{"NO_COLOR": "1"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_odd_environments(variables: dict[str, str]) -> None:
    with on_terminal("demo", "seed", env=variables) as terminal:
        terminal.wait_for("Is this your setup?")
        terminal.type("\x11")
        assert terminal.end() == Exit.DONE
    assert "Traceback" not in terminal.text


def test_status_has_colour_on_a_terminal_alone() -> None:
    with on_terminal("--demo", "seed", "status") as terminal:
        assert terminal.end() == Exit.BLOCKED
    assert "\x1b[" in terminal.text
    for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        with on_terminal("--demo", "seed", "status", env=variables) as terminal:
            assert terminal.end() == Exit.BLOCKED
        assert "\x1b[" not in terminal.text
    assert "\x1b[" not in ran("--demo", "seed", "status").out


@pytest.mark.parametrize("columns", [40, 72])
def test_status_fits_the_terminal(columns: int) -> None:
    with on_terminal("--demo", "seed", "status", size=(24, columns)) as terminal:
        assert terminal.end() == Exit.BLOCKED
    lines = re.sub(r"\x1b\[[0-9;]*m", "", terminal.text).splitlines()
    assert [line for line in lines if len(line) > columns and "$ " not in line] == []
