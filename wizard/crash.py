"""What is left when the program itself fails: where it failed, without values, and a report in a file.

No local variables and no exception texts: either may hold something private.
"""

from __future__ import annotations

import platform
import traceback
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from wizard.command import Address, photosync_wizard

REPORT_NAME = "crash.txt"
_PACKAGES = ("textual", "rich", "kubernetes", "pyicloud")


def root_of(error: BaseException) -> BaseException:
    """The exception that a worker's wrapper carries, else itself."""
    inner = getattr(error, "error", None)
    return inner if isinstance(inner, BaseException) else error


def place_of(error: BaseException) -> str:
    """Where it happened: "ValueError in home.py, line 12"."""
    frames = traceback.extract_tb(error.__traceback__)
    name = type(error).__name__
    return f"{name} in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else name


def report_of(error: BaseException) -> str:
    """The report: versions, and the stack as files, lines and functions."""
    lines = [f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"]
    lines += [f"{package} {version(package)}" for package in _PACKAGES]
    visited: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in visited:
        visited.add(id(current))
        lines += ["", type(current).__name__]
        lines += [
            f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(current.__traceback__)
        ]
        current = current.__cause__ or current.__context__
    return "\n".join(lines) + "\n"


def describe(error: BaseException, save: Callable[[str, str], str], address: Address) -> str:
    """What to print for a person; saves the report with `save` and says where."""
    root = root_of(error)
    try:
        where = f"A report without private values is in {save(REPORT_NAME, report_of(root))}."
    except Exception as failed:  # noqa: BLE001 - nothing may fail here
        where = f"The report could not be saved ({type(failed).__name__})."
    status = address.line(photosync_wizard("status"))
    return (
        f"photosync-wizard stopped because of an internal error ({place_of(root)}).\nLooking at the cluster changes "
        f"nothing on it. {where}\nStart it again to return to where you were; `{status}` shows the same without "
        "screens."
    )
