"""Keys: what may be bound, what every binding says, and the palette."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.binding import Binding

from screens.app import WizardApp
from screens.find import FindScreen
from screens.finding import FindingScreen
from screens.help import HelpScreen
from screens.home.screen import HomeScreen
from screens.kubectl import KubectlScreen
from screens.page_screen import PageScreen
from screens.setup import SetupScreen
from screens.unreachable import UnreachableScreen
from screens.wizard_screen import WizardScreen
from tests.screens import fake
from tests.screens.conftest import Opener
from tests.screens.fake import FakeWorkspace, fresh
from wizard.model import Finding, Severity

OWNERS: tuple[type, ...] = (
    WizardApp,
    WizardScreen,
    HomeScreen,
    PageScreen,
    FindingScreen,
    KubectlScreen,
    FindScreen,
    HelpScreen,
    SetupScreen,
    UnreachableScreen,
)
ALIASES = {"ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+left_square_bracket", "ctrl+a", "ctrl+b"}


@pytest.mark.parametrize("owner", OWNERS)
def test_every_binding_has_an_id_and_a_tooltip_and_a_key_of_its_own(owner: type) -> None:
    own = vars(owner).get("BINDINGS", [])
    assert own
    for binding in own:
        assert isinstance(binding, Binding)
        assert binding.id
        assert binding.tooltip
        assert not ALIASES & set(binding.key.split(","))


def test_binding_ids_are_unique() -> None:
    ids = [binding.id for owner in OWNERS for binding in vars(owner).get("BINDINGS", ())]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("typed", "lands_at"),
    [
        ("go to 5", "5 Immich integration"),
        ("credentials.image", "id credentials.image-latest"),
        ("kubectl", "To see it with kubectl: 2"),
        ("skip 4", "4 Argo CD integration is skipped"),
        ("setup", "Is this your setup?"),
        ("help", "The steps, from"),
    ],
)
async def test_the_palette_knows_iterations_findings_and_what_the_keys_do(
    opened: Opener, typed: str, lands_at: str
) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("ctrl+p", *typed)
        await wizard.until(lambda: typed.split(maxsplit=1)[0][:6].lower() in wizard.text.lower())
        await wizard.press("enter", "enter")
        await wizard.until(lambda: lands_at in wizard.text)


async def test_the_palette_takes_nothing_from_outside_for_markup(opened: Opener) -> None:
    hostile = replace(
        fake.CREDENTIALS, findings=(Finding("credentials.x", Severity.ERROR, "It said [/path] and [bold"),)
    )
    async with opened(FakeWorkspace(fresh(fake.with_steps(hostile)), place=fake.HOME)) as wizard:
        await wizard.press("ctrl+p", *"credentials.x")
        await wizard.until(lambda: "It said [/path] and [bold" in wizard.text)
        await wizard.press("escape")
        assert wizard.shows(HomeScreen)
