from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wizard.errors import WizardError
from wizard.kube.private_folder import close_private, open_private


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_nobody_else_may_look_in(tmp_path: Path) -> None:
    root = tmp_path / "photosync-wizard"
    root.mkdir(mode=0o755)
    own = open_private(root)
    assert root.stat().st_mode & 0o777 == 0o700
    assert own.stat().st_mode & 0o777 == 0o700


def test_leftovers_of_dead_processes_go_and_those_of_running_ones_stay(tmp_path: Path) -> None:
    dead, running = tmp_path / str(dead_process()), tmp_path / str(os.getppid())
    for folder in (dead, running, tmp_path / str(os.getpid())):
        folder.mkdir()
        (folder / "key").write_text("planted-key")
    own = open_private(tmp_path)
    assert not dead.exists()
    assert (running / "key").exists()
    assert list(own.iterdir()) == []
    close_private(own)
    assert not own.exists()


def test_a_folder_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "root").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WizardError) as raised:
        open_private(tmp_path / "root")
    assert raised.value.code == "private.not-ours"
