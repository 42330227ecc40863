"""The sign-in in front of a test: opened over a scripted service, and led to where the test begins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime

import pytest

from screens.app import WizardApp
from screens.signin.questions import (
    CodeAsked,
    PasswordAsked,
    Question,
    Review,
)
from screens.signin.screen import SignInScreen
from screens.signin.view import SignInView
from tests.screens import fake
from tests.screens.conftest import Opener
from tests.screens.driving import Wizard
from tests.screens.fake import FakeWorkspace, fresh
from tests.screens.signing import (
    NOW,
    ScriptedService,
)

BANNER = "demo world: expired, nothing leaves this machine"
FOLDER = "~/.local/state/photosync-wizard"
SIZES = [(80, 24), (120, 36), (60, 20)]
Snap = Callable[[WizardApp, str], None]
Entering = Callable[..., AbstractAsyncContextManager[Wizard]]


class Clock:
    """A time that the test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def signing(opened: Opener) -> Entering:
    """The sign-in in front, with its plan (unless there is something else to ask before)."""

    @asynccontextmanager
    async def enter(
        service: ScriptedService,
        size: tuple[int, int] = (80, 24),
        *,
        now: Callable[[], datetime] = lambda: NOW,
        first: type[Question] | None = Review,
    ) -> AsyncIterator[Wizard]:
        workspace = FakeWorkspace(fresh(), place={**fake.HOME, "step": "authentication"}, banner=BANNER)
        workspace.scripted_service = service
        async with opened(workspace, size, now=now) as wizard:
            await wizard.press("a")
            if first is not None:
                await asked(wizard, first)
            yield wizard

    return enter


def view_of(wizard: Wizard) -> SignInView:
    """The sign-in in front."""
    return wizard.app.screen.query_one(SignInView)


def says(wizard: Wizard, text: str) -> bool:
    return text in " ".join(wizard.text.split())


async def asked(wizard: Wizard, kind: type[Question]) -> None:
    """Waits for a question of that kind."""
    await wizard.until(
        lambda: (
            isinstance(wizard.app.screen, SignInScreen)
            and isinstance(view_of(wizard).controller.attempt.question, kind)
        )
    )
    await wizard.settle()


async def ended(wizard: Wizard) -> None:
    """Waits until nothing more happens by itself."""
    await wizard.until(lambda: view_of(wizard).controller.attempt.ended)
    await wizard.settle()


async def at_the_code(wizard: Wizard) -> None:
    """To the six boxes."""
    await wizard.press("enter")
    await asked(wizard, PasswordAsked)
    await wizard.press(*"hunter2", "enter")
    await asked(wizard, CodeAsked)


async def to(wizard: Wizard, where: str) -> None:
    if where in ("password", "code"):
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
    if where == "code":
        await wizard.press(*"hunter2", "enter")
        await asked(wizard, CodeAsked)
