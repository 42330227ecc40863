"""Where files lie, with the environment that is set and with odd ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.folders import private_root, state_folder

HOME = Path("/home/you")
UNSET = HOME / ".local/state/photosync-wizard"


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, UNSET),
        ({"XDG_STATE_HOME": ""}, UNSET),
        ({"XDG_STATE_HOME": "relative"}, UNSET),
        ({"XDG_STATE_HOME": "/var/x"}, Path("/var/x/photosync-wizard")),
    ],
)
def test_the_state_folder(env: dict[str, str], expected: Path) -> None:
    assert state_folder(env, HOME) == expected
    assert private_root(env, HOME) == expected / "private"


def test_private_files_lie_in_the_runtime_directory_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert private_root({"XDG_RUNTIME_DIR": str(tmp_path)}, HOME) == tmp_path / "photosync-wizard"
    assert private_root({"XDG_RUNTIME_DIR": "/not/there"}, HOME) == UNSET / "private"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "relative").mkdir()
    assert private_root({"XDG_RUNTIME_DIR": "relative"}, HOME) == UNSET / "private"
