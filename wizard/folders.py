"""Where the wizard's files lie on this machine, after the XDG Base Directory Specification. It makes and reads nothing.

platformdirs would read the process's own environment instead of a request's, and go to /run/user or a temporary folder where
there is no runtime directory: keys stay beside the state instead.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

APP = "photosync-wizard"


def state_folder(env: Mapping[str, str], home: Path) -> Path:
    """`photosync-wizard` under $XDG_STATE_HOME, else under `home`/.local/state. A path that is not absolute counts as unset."""
    return (_absolute(env, "XDG_STATE_HOME") or home / ".local" / "state") / APP


def private_root(env: Mapping[str, str], home: Path) -> Path:
    """Where private sub-folders are made: under $XDG_RUNTIME_DIR where that can be written, else in the state folder."""
    runtime = _absolute(env, "XDG_RUNTIME_DIR")
    if runtime and runtime.is_dir() and os.access(runtime, os.W_OK):
        return runtime / APP
    return state_folder(env, home) / "private"


def _absolute(env: Mapping[str, str], name: str) -> Path | None:
    path = Path(env.get(name, ""))
    return path if path.is_absolute() else None
