"""When the cluster can't be looked at, and when the program itself fails."""

from __future__ import annotations

import pytest
from textual.worker import WorkerFailed

from screens.app import WizardApp
from screens.home.screen import HomeScreen
from screens.unreachable import UnreachableScreen
from tests.screens import fake
from tests.screens.conftest import Opener
from tests.screens.driving import Wizard
from tests.screens.fake import FakeWorkspace, fresh, stale, unreachable
from wizard.command import line
from wizard.errors import Exit, WizardError
from wizard.iterations import ITERATIONS

SECRET = "hunter2-planted"


async def test_says_what_why_and_what_to_do(opened: Opener) -> None:
    async with opened(FakeWorkspace(unreachable(), place=fake.HOME)) as wizard:
        assert wizard.shows(UnreachableScreen)
        for part in (
            "✗ The cluster at https://192.0.2.10:6443 does not answer.",
            "Why. The connection was refused",
            "What to do. See whether the cluster runs",
            "$ kubectl cluster-info",
            "Try again",
        ):
            assert part in wizard.text


async def test_trying_again_looks_again_and_success_leads_home(opened: Opener) -> None:
    workspace = FakeWorkspace(unreachable(), place=fake.HOME)
    async with opened(workspace) as wizard:
        await wizard.press("r")
        assert "trying again" in wizard.text
        await wizard.feed(fresh())
        assert wizard.shows(HomeScreen)
        assert f"2 of {len(ITERATIONS)}" in wizard.text


async def test_the_engine_goes_on_trying_by_itself(opened: Opener) -> None:
    workspace = FakeWorkspace(stale(1, seen=False), place=fake.HOME)
    async with opened(workspace) as wizard:
        assert wizard.shows(UnreachableScreen)
        await wizard.feed(stale(2, seen=False))
        assert "Tried 2 times so far; it keeps trying." in wizard.text
        await wizard.press("r")
        assert workspace.fake_engine.looks == 1
        await wizard.feed(fresh())
        assert wizard.shows(HomeScreen)


async def test_a_kubeconfig_that_can_t_be_used_is_trouble_too(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    workspace.failure = WizardError(
        "kubeconfig.context", "There is no context called nowhere.", fix="Choose one of them."
    )
    async with opened(workspace) as wizard:
        assert "There is no context called nowhere." in wizard.text
        workspace.failure = None
        await wizard.press("r")
        await wizard.until(lambda: wizard.shows(HomeScreen))


@pytest.mark.parametrize("key", ["q", "escape", "ctrl+q"])
async def test_leaving_says_by_the_exit_code_that_nothing_was_reached(opened: Opener, key: str) -> None:
    workspace = FakeWorkspace(unreachable(), place=fake.HOME)
    async with opened(workspace) as wizard:
        await wizard.press(key)
    assert wizard.app.return_code == Exit.UNREACHABLE
    assert workspace.place == fake.HOME


async def test_copying_the_commands(opened: Opener) -> None:
    workspace = FakeWorkspace(unreachable((line("one"), line("two"))), place=fake.HOME)
    async with opened(workspace) as wizard:
        await wizard.press("c")
        assert workspace.saved["commands.sh"] == "one\ntwo\n"
        await wizard.press("down", "enter")
        assert workspace.saved["commands.sh"] == "two\n"


async def _crash_in_the_engine(workspace: FakeWorkspace) -> WizardApp:
    def broken() -> None:
        password = SECRET
        raise ValueError(f"cannot use {password}")

    workspace.breaks = broken
    app = WizardApp(workspace, now=lambda: fake.NOW)
    with pytest.raises(WorkerFailed):
        await _run_until_it_ends(app, workspace)
    return app


async def _run_until_it_ends(app: WizardApp, workspace: FakeWorkspace) -> None:
    async with app.run_test() as pilot:
        await Wizard(app, pilot, workspace).until(lambda: app.return_code is not None)


async def test_a_mistake_of_our_own_is_told_without_values(capfd: pytest.CaptureFixture[str]) -> None:
    workspace = FakeWorkspace(place=fake.HOME)
    app = await _crash_in_the_engine(workspace)
    printed = capfd.readouterr()
    told = printed.out + printed.err
    assert app.return_code == 1
    assert "internal error (ValueError in test_unreachable.py" in " ".join(told.split())
    assert "Traceback" not in told
    assert SECRET not in told
    assert SECRET not in workspace.saved["crash.txt"]
    assert "broken" in workspace.saved["crash.txt"]
