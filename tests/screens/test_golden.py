"""Every screen as text, at the sizes that people have. A change here is to be looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from screens.app import WizardApp
from tests.screens import fake
from tests.screens.conftest import Opener
from tests.screens.fake import FakeWorkspace, fresh, stale, unreachable
from wizard.choices import CHOICES
from wizard.setup import SetupRow

SIZES = [(80, 24), (120, 36)]
Snap = Callable[[WizardApp, str], None]
SCREENS: dict[str, tuple[str, ...]] = {
    **{f"iteration-{number}": (str(number),) for number in range(1, 8)},
    "finding": ("right", "enter"),
    "kubectl": ("k",),
    "what-to-do": ("a",),
    "help": ("question_mark",),
    "find": ("slash", *"pvc"),
    "setup-later": (),
}
BANNER = "demo world: seed, nothing leaves this machine"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCREENS)
async def test_screens(opened: Opener, snap: Snap, name: str, size: tuple[int, int]) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME, banner=BANNER), size) as wizard:
        if name == "setup-later":
            wizard.app.action_setup()
        await wizard.press(*SCREENS[name])
        snap(wizard.app, name)


@pytest.mark.parametrize("size", SIZES)
async def test_first_start(opened: Opener, snap: Snap, size: tuple[int, int]) -> None:
    async with opened(FakeWorkspace(fresh()), size) as wizard:
        snap(wizard.app, "first-start")


@pytest.mark.parametrize("size", SIZES)
async def test_every_choice(opened: Opener, snap: Snap, size: tuple[int, int]) -> None:
    advanced = tuple(
        SetupRow(choice.id, choice.label, choice.text(choice.default) or "unknown", "the default", "ok", advanced=True)
        for choice in CHOICES
        if choice.advanced
    )
    workspace = FakeWorkspace(fresh(replace(fake.SEED, setup=(*fake.SETUP, *advanced))))
    async with opened(workspace, size) as wizard:
        await wizard.press("escape", "a")
        snap(wizard.app, "every-choice")


@pytest.mark.parametrize("size", SIZES)
async def test_trouble(opened: Opener, snap: Snap, size: tuple[int, int]) -> None:
    async with opened(FakeWorkspace(unreachable(), place=fake.HOME), size) as wizard:
        snap(wizard.app, "trouble")


@pytest.mark.parametrize("size", [*SIZES, (60, 20)])
async def test_home_while_reconnecting(opened: Opener, snap: Snap, size: tuple[int, int]) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME), size) as wizard:
        await wizard.feed(stale(3))
        snap(wizard.app, "reconnecting")


@pytest.mark.parametrize("size", SIZES)
async def test_all_complete(opened: Opener, snap: Snap, size: tuple[int, int]) -> None:
    async with opened(FakeWorkspace(fresh(fake.all_complete()), place=fake.HOME), size) as wizard:
        snap(wizard.app, "complete")


@pytest.mark.parametrize("size", SIZES)
async def test_without_colour_the_text_is_the_same(
    opened: Opener, snap: Snap, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(FakeWorkspace(fresh(), place=fake.HOME, banner=BANNER), size) as wizard:
        assert wizard.app.no_color
        await wizard.press("2")
        snap(wizard.app, "iteration-2")


@pytest.mark.parametrize("theme", ["textual-light", "textual-dark", "nord", "ansi-light"])
async def test_every_theme_shows_the_same_text(opened: Opener, snap: Snap, theme: str) -> None:
    workspace = FakeWorkspace(fresh(), place={**fake.HOME, "theme": theme}, banner=BANNER)
    async with opened(workspace, (80, 24)) as wizard:
        assert wizard.app.theme == theme
        await wizard.press("2")
        snap(wizard.app, "iteration-2")
