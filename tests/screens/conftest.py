"""What the tests of the screens share: an open wizard over the fake engine, and pictures of it as text."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot

from screens.app import WizardApp
from tests.screens import fake
from tests.screens.driving import Wizard, text_of

Opener = Callable[..., AbstractAsyncContextManager[Wizard]]
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def opened() -> Opener:
    """Opens the wizard with a session, at a size, and waits for the first look unless told not to."""

    @asynccontextmanager
    async def open_it(
        workspace: fake.FakeWorkspace,
        size: tuple[int, int] = (80, 24),
        *,
        look: bool = True,
        now: Callable[[], datetime] = lambda: fake.NOW,
    ) -> AsyncIterator[Wizard]:
        app = WizardApp(workspace, now=now)
        async with app.run_test(size=size, notifications=True) as pilot:
            wizard = Wizard(app, _typed(pilot), workspace)
            if look:
                await wizard.until(lambda: app.picture.snapshot is not None or app.picture.error is not None)
            await wizard.settle()
            yield wizard

    return open_it


def _typed(pilot: Pilot[int]) -> Pilot[int]:
    return pilot


@pytest.fixture
def snap() -> Callable[[WizardApp, str], None]:
    """Compares the screen with the golden text of that name; SNAP_UPDATE=1 writes it anew."""

    def compare(app: WizardApp, name: str) -> None:
        path = GOLDEN / f"{name}-{app.size.width}x{app.size.height}.txt"
        text = text_of(app)
        if os.environ.get("SNAP_UPDATE") == "1":
            GOLDEN.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"no golden text {path.name}: run once with SNAP_UPDATE=1 and look at it"
        assert text == path.read_text(encoding="utf-8")

    return compare
