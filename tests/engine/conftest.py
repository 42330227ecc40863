"""The engine on a bench."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.engine.fakes import Bench, FakeConnector, Pauses, Place
from wizard.engine import Engine
from wizard.settings import Settings


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An engine whose cluster, clock and pauses are the test's."""
    place, connector, pauses = Place(), FakeConnector(), Pauses()
    monkeypatch.setattr("wizard.engine.observe", place.observe)
    monkeypatch.setattr("wizard.engine.changes", place.changes)
    return Bench(place, connector, pauses, Engine(connector, Settings(), now=place.clock, pause=pauses))


@pytest.fixture(autouse=True)
async def nothing_left_running() -> AsyncIterator[None]:
    """After every test no task of the engine runs."""
    yield
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not [task for task in others if "wizard" in repr(task) or "fakes" in repr(task)]
