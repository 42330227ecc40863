"""What all tests of the state share."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def a_disk_that_need_not_be_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here cuts the power: thousands of syncs would only wait for the disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
