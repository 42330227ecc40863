"""Closing at any moment, and coming back to the same place."""

from __future__ import annotations

import threading
import time

import pytest

from screens.finding import FindingScreen
from screens.home.screen import HomeScreen
from screens.kubectl import KubectlScreen
from tests.screens import fake
from tests.screens.conftest import Opener
from tests.screens.fake import FakeWorkspace, fresh
from wizard.errors import Exit


@pytest.mark.parametrize(("key", "code"), [("q", Exit.DONE), ("ctrl+q", Exit.DONE), ("ctrl+c", Exit.INTERRUPTED)])
async def test_closing_lets_the_engine_go(opened: Opener, key: str, code: Exit) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    async with opened(workspace) as wizard:
        await wizard.press(key)
    assert wizard.app.return_code == code
    assert workspace.fake_engine.closed


async def test_closing_does_not_wait_for_libraries_that_still_load(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    held = threading.Event()
    workspace.breaks = lambda: held.wait(30)
    started = time.monotonic()
    async with opened(workspace, look=False) as wizard:
        await wizard.press("q")
    assert time.monotonic() - started < 10
    assert wizard.app.return_code == Exit.DONE
    held.set()


async def test_closing_before_the_first_look_forgets_nothing(opened: Opener) -> None:
    place = {**fake.HOME, "screen": "finding", "step": "argocd", "finding": "argocd.synced"}
    workspace = FakeWorkspace(place=place)
    async with opened(workspace, look=False) as wizard:
        await wizard.press("q")
    assert workspace.place == place


async def test_every_screen_can_be_closed_from(opened: Opener) -> None:
    for keys in (("right", "enter"), ("k",), ("question_mark",), ("slash",)):
        workspace = FakeWorkspace(fresh(), place=fake.HOME)
        async with opened(workspace) as wizard:
            await wizard.press(*keys, "ctrl+q")
        assert wizard.app.return_code == Exit.DONE, keys


async def test_coming_back_to_the_iteration(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    async with opened(workspace) as wizard:
        await wizard.press("6", "q")
    again = FakeWorkspace(fresh(), place=workspace.place)
    async with opened(again) as wizard:
        assert wizard.shows(HomeScreen)
        assert "6 External exposure" in wizard.text
        assert "› · 6 Exposure" in wizard.text  # noqa: RUF001


async def test_coming_back_to_the_finding_and_from_there_to_its_iteration(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    async with opened(workspace) as wizard:
        await wizard.press("4", "right", "enter", "q")
    assert workspace.place == {
        **fake.HOME,
        "screen": "finding",
        "step": "argocd",
        "finding": "argocd.prune-would-delete-claims",
    } | {"theme": wizard.app.theme}
    async with opened(FakeWorkspace(fresh(), place=workspace.place)) as wizard:
        assert wizard.shows(FindingScreen)
        assert "id argocd.prune-would-delete-claims" in wizard.text
        await wizard.press("escape")
        assert "4 Argo CD integration" in wizard.text


async def test_coming_back_to_a_finding_that_is_gone_says_so(opened: Opener) -> None:
    place = {**fake.HOME, "screen": "finding", "step": "immich", "finding": "immich.not-installed"}
    async with opened(FakeWorkspace(fresh(fake.all_complete()), place=place)) as wizard:
        assert "This is no longer the case" in wizard.text


async def test_coming_back_to_kubectl_and_to_the_theme(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place={**fake.HOME, "theme": "textual-light"})
    async with opened(workspace) as wizard:
        assert wizard.app.theme == "textual-light"
        await wizard.press("k", "q")
    async with opened(FakeWorkspace(fresh(), place=workspace.place)) as wizard:
        assert wizard.shows(KubectlScreen)


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"screen": "finding"},
        {"screen": "nowhere", "step": "nothing", "theme": "no-theme", "extra": "x"},
        {"screen": "finding", "step": "gone", "finding": "gone.away"},
    ],
)
async def test_a_place_that_does_not_exist_leads_home_or_says_so(opened: Opener, place: dict[str, str]) -> None:
    async with opened(FakeWorkspace(fresh(), place=place)) as wizard:
        assert wizard.shows(HomeScreen) or wizard.shows(FindingScreen)
        await wizard.press("escape")
        assert wizard.shows(HomeScreen)


async def test_a_finding_under_the_cursor_is_where_the_cursor_is_again(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    async with opened(workspace) as wizard:
        await wizard.press("right", "down", "q")
    async with opened(FakeWorkspace(fresh(), place=workspace.place)) as wizard:
        assert wizard.page("main").cursor == "credentials.schedule-outlives-session"
