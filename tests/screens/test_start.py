"""The start: what is loaded, and the first frame."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from screens.app import WizardApp
from screens.home.screen import HomeScreen
from tests.screens import fake
from tests.screens.driving import Wizard, text_of
from tests.screens.fake import FakeWorkspace, fresh

HEAVY = ("kubernetes", "aiohttp", "pyicloud", "keyring", "yaml", "wizard.world", "wizard.engine", "wizard.steps")


def test_importing_the_app_loads_nothing_that_talks_to_a_cluster() -> None:
    code = f"import screens.app, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_the_package_loads_no_textual() -> None:
    code = "import screens, screens.__main__, sys; print('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (60, 20)])
@pytest.mark.parametrize("step", ["", "immich"])
async def test_the_first_frame_is_where_everything_stays(
    size: tuple[int, int], step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = []
    build = WizardApp.on_ready

    async def noted(app: WizardApp) -> None:
        frames.append(text_of(app))
        await build(app)

    monkeypatch.setattr(WizardApp, "on_ready", noted)
    monkeypatch.setattr(WizardApp, "_follow", lambda _: None)
    workspace = FakeWorkspace(place={**fake.HOME, "step": step}, banner="demo world: seed, nothing leaves this machine")
    app = WizardApp(workspace, now=lambda: fake.NOW)
    async with app.run_test(size=size) as pilot:
        wizard = Wizard(app, pilot, workspace)
        await wizard.until(lambda: bool(frames) and bool(app.home.query("#keys")))
        await wizard.settle()
        assert "photosync-wizard"[: size[0] - 1] in frames[0]
        assert frames[0] == wizard.text


async def test_keys_before_the_widgets_are_there_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: WizardApp) -> None:
        return

    monkeypatch.setattr(WizardApp, "on_ready", never)
    workspace = FakeWorkspace(place=fake.HOME)
    app = WizardApp(workspace, now=lambda: fake.NOW)
    async with app.run_test() as pilot:
        await pilot.press("5", "right", "left", "a", "r", "enter", "escape", "down", "question_mark", "escape", "q")
    assert app.return_code == 0


async def _closed_after(turns: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Closes the wizard `turns` turns of the event loop after it began to build its home; True if the home was built by then."""
    app = WizardApp(FakeWorkspace(place=fake.HOME), now=lambda: fake.NOW)
    build = HomeScreen.build
    built = False

    async def close(building: asyncio.Task[None]) -> None:
        nonlocal built
        for _ in range(turns):
            await asyncio.sleep(0)
        built = building.done()
        app.close_wizard()

    async def build_and_close(home: HomeScreen) -> None:
        building = asyncio.create_task(build(home))
        await asyncio.gather(building, close(building))

    with monkeypatch.context() as patch:
        patch.setattr(HomeScreen, "build", build_and_close)
        await app.run_async(headless=True, size=(80, 24))
    assert app.return_code == 0, f"closed after {turns} turns"
    return built


async def test_the_wizard_can_be_closed_at_any_moment_while_its_home_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = 0
    while not await _closed_after(turns, monkeypatch):
        turns += 1
    assert turns > 3


async def test_a_tick_at_any_moment_from_start_to_end_does_no_harm() -> None:
    app = WizardApp(FakeWorkspace(fresh(), place=fake.HOME), now=lambda: fake.NOW)

    async def tick() -> None:
        while True:
            app.tick()
            await asyncio.sleep(0)

    async with app.run_test() as pilot:
        ticking = asyncio.create_task(tick())
        await Wizard(app, pilot, FakeWorkspace()).until(lambda: app.picture.snapshot is not None)
    assert not ticking.done()
    ticking.cancel()
