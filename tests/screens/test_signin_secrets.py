"""A password and a code are planted, and searched for wherever a screen could leave them."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Iterator

import pytest
from textual.widget import Widget
from textual.widgets import Input

from screens.signin.person import ScreenPerson
from screens.signin.questions import CodeAsked, PasswordAsked, Secret
from screens.signin.screen import SignInScreen
from tests.screens import fake
from tests.screens.conftest import Opener
from tests.screens.driving import PATIENCE_SECONDS, Wizard
from tests.screens.entering import asked, ended
from tests.screens.fake import FakeWorkspace, fresh
from tests.screens.signing import ScriptedService, Signing, with_code
from wizard.crash import REPORT_NAME
from wizard.signin.person import Code, Outcome

PASSWORD = "pl4nted-pa55word"
CODE = "417902"


async def _to_the_code(wizard: Wizard) -> None:
    await wizard.press("a")
    await wizard.until(lambda: wizard.shows(SignInScreen))
    await wizard.until(lambda: "┃ Sign in" in wizard.text)
    await wizard.settle()
    await wizard.press("enter")
    await asked(wizard, PasswordAsked)
    await wizard.press(*PASSWORD, "enter")
    await asked(wizard, CodeAsked)


def _everything_of(wizard: Wizard) -> Iterator[str]:
    """What the screen shows and what every widget, worker, task and record holds."""
    yield wizard.app.export_screenshot()
    yield wizard.text
    for screen in wizard.app.screen_stack:
        for widget in screen.walk_children(Widget, with_self=True):
            yield repr(widget)
            yield repr({name: value for name, value in vars(widget).items() if not isinstance(value, Signing)})
            if isinstance(widget, Input):
                yield widget.value
    yield repr([(worker.name, worker.description) for worker in wizard.app.workers])
    yield repr(list(asyncio.all_tasks()))
    yield repr([message for message in gc.get_objects() if isinstance(message, Secret | Code | ScreenPerson)])
    yield wizard.app.clipboard
    yield repr(wizard.workspace.saved)
    yield repr(wizard.workspace.place)


async def test_nothing_typed_stays_anywhere(opened: Opener, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    workspace = FakeWorkspace(fresh(), place={**fake.HOME, "step": "authentication"})
    service = ScriptedService()
    workspace.scripted_service = service
    async with opened(workspace) as wizard:
        await _to_the_code(wizard)
        for text in _everything_of(wizard):
            assert PASSWORD not in text
        await wizard.press(*CODE)
        await ended(wizard)
        for text in _everything_of(wizard):
            assert PASSWORD not in text
            assert CODE not in text
    assert service.runs[0].given == [PASSWORD, f"{CODE} None"]
    assert PASSWORD not in caplog.text
    assert CODE not in caplog.text


async def _crash(opened: Opener, workspace: FakeWorkspace) -> None:
    async with opened(workspace) as wizard:
        await _to_the_code(wizard)
        await wizard.pilot.press(*CODE)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while wizard.app.is_running:  # noqa: ASYNC110 - Textual has no event for it
                await asyncio.sleep(0.005)


@pytest.mark.parametrize("breaks_in_it", [True, False], ids=["in the sign-in", "after it"])
async def test_a_crash_in_the_middle_tells_no_secret(
    opened: Opener, capfd: pytest.CaptureFixture[str], breaks_in_it: bool
) -> None:
    async def breaks(signing: Signing) -> Outcome:
        outcome = await with_code(signing)
        password, code = signing.given
        if breaks_in_it:
            raise ValueError(password, code)
        return outcome

    workspace = FakeWorkspace(fresh(), place={**fake.HOME, "step": "authentication"})
    workspace.scripted_service = ScriptedService(breaks)

    def bad_summary(outcome: Outcome) -> tuple[str, ...]:
        del outcome
        raise ValueError(PASSWORD, CODE)

    workspace.scripted_service.summarize = bad_summary  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="pl4nted"):
        await _crash(opened, workspace)
    out = capfd.readouterr()
    report = workspace.saved[REPORT_NAME]
    assert "photosync-wizard stopped because" in out.err
    for text in (out.out, out.err, report):
        assert PASSWORD not in text
        assert CODE not in text
    assert "ValueError" in report
    assert workspace.fake_engine.closed


def test_what_holds_a_secret_does_not_show_it() -> None:
    assert PASSWORD not in repr(Secret(PASSWORD))
    assert CODE not in repr(Code(CODE))
    assert Secret(PASSWORD).reveal() == PASSWORD
