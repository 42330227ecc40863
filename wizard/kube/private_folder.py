"""The one folder for files that must not outlive the program: keys for the TLS library, an exchange's working copies.

0700, under the root that `wizard.folders` names. Each process has a sub-folder of its own; those of dead processes are removed
at the next start.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from wizard.errors import WizardError


def open_private(root: Path) -> Path:
    """Makes this process's sub-folder, empty, and removes those of processes that are gone."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if root.is_symlink() or root.stat().st_uid != os.getuid():
            raise WizardError(
                "private.not-ours",
                f"The folder {root} belongs to another user.",
                why="Keys are kept there for a moment, so it has to belong to you alone.",
                fix="Remove it, or set XDG_RUNTIME_DIR to a folder of your own.",
            )
        root.chmod(0o700)
        for entry in root.iterdir():
            if entry.name.isdigit() and (int(entry.name) == os.getpid() or not _alive(int(entry.name))):
                shutil.rmtree(entry, ignore_errors=True)
        own = root / str(os.getpid())
        own.mkdir(mode=0o700)
    except OSError as error:
        raise WizardError(
            "private.unusable",
            f"A private folder can't be created at {root}.",
            why=error.strerror or "",
            fix="Make the folder writable, or set XDG_RUNTIME_DIR or XDG_STATE_HOME to one that is.",
        ) from error
    return own


def close_private(own: Path) -> None:
    """Removes this process's sub-folder and all that is in it."""
    shutil.rmtree(own, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
