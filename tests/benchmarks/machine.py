"""The machine that is measured on: waits until nobody else keeps it busy."""

from __future__ import annotations

import sys
import time
from pathlib import Path

CALM_SHARE = 0.25
LOOK_SECONDS = 2.0
WAIT_SECONDS = 90.0


def wait_until_calm() -> None:
    """Returns when the processors were idle for most of a moment; says so when that did not come within bounds."""
    deadline = time.monotonic() + WAIT_SECONDS
    while _busy_share() > CALM_SHARE:
        if time.monotonic() > deadline:
            sys.stderr.write("the machine is busy with something else: what is measured now means little\n")
            return


def _busy_share() -> float:
    before = _ticks()
    time.sleep(LOOK_SECONDS)
    after = _ticks()
    total = sum(after) - sum(before)
    idle = sum(after[3:5]) - sum(before[3:5])
    return 1 - idle / total if total else 0.0


def _ticks() -> list[int]:
    return [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
