"""The password on the sign-in's screen: typed early or late, wrong, kept, and what it takes in the cluster."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from screens.signin.questions import (
    CodeAsked,
    InUseAsked,
    PasswordAsked,
    SecondWayAsked,
)
from screens.widgets.secret_input import SecretInput
from tests.screens.entering import (
    Entering,
    asked,
    ended,
    says,
    signing,
    view_of,
)
from tests.screens.signing import (
    APPLE_ID,
    ScriptedKeeper,
    ScriptedService,
    Signing,
    with_code,
    works,
)
from wizard.errors import WizardError
from wizard.icloud.messages import trouble
from wizard.signin.person import InUse, Outcome, Stage, StageProgress, Tick

__all__ = ["signing"]

RUN = "icloudpd-sync-1-abcde"
STARTING = StageProgress(Stage.POD, Tick.DOING, "a pod that mounts the volume is starting")
REFUSED = WizardError(
    "renewal.refused-by-icloudpd", "The cluster's icloudpd does not accept the session.", why="It said no."
)


async def test_a_wrong_password_is_typed_again_with_what_apple_said(signing: Entering) -> None:
    service = ScriptedService()
    async with signing(service) as wizard:
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        await wizard.press(*"wrong", "enter")
        await wizard.until(lambda: "Apple does not know this Apple ID with this password." in wizard.text)
        await wizard.settle()
        assert wizard.app.screen.query_one(SecretInput).value == ""
        await wizard.press("enter", *"right", "enter")
        await asked(wizard, CodeAsked)
        assert service.runs[0].given == ["wrong", "right"]


async def test_the_password_is_typed_while_the_pod_starts(signing: Entering) -> None:
    pod = asyncio.Event()

    async def slow(signing: Signing) -> Outcome:
        signing.person.show(StageProgress(Stage.POD, Tick.DOING, "a pod that mounts the volume is starting"))
        await pod.wait()
        return await with_code(signing)

    service = ScriptedService(slow)
    async with signing(service) as wizard:
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        assert "meantime" in wizard.text
        await wizard.press(*"hunter2", "enter")
        assert "✓ Password" not in wizard.text
        pod.set()
        await asked(wizard, CodeAsked)
        assert service.runs[0].given == ["hunter2"]


async def test_what_was_half_typed_is_kept_when_it_is_needed_and_forgotten_when_not(signing: Entering) -> None:
    pod = asyncio.Event()

    async def slow(signing: Signing) -> Outcome:
        signing.person.show(StageProgress(Stage.POD, Tick.DOING, "starting"))
        await pod.wait()
        return await (with_code if needed else works)(signing)

    for needed in (True, False):
        pod.clear()
        service = ScriptedService(slow)
        async with signing(service) as wizard:
            await wizard.press("enter")
            await asked(wizard, PasswordAsked)
            await wizard.press(*"hunt")
            secret = wizard.app.screen.query_one(SecretInput)
            pod.set()
            if needed:
                await wizard.until(lambda: "meantime" not in wizard.text)
                await wizard.press(*"er2", "enter")
                await asked(wizard, CodeAsked)
                assert service.runs[0].given == ["hunter2"]
            else:
                await ended(wizard)
            assert secret.value == ""


@pytest.mark.parametrize("typed", [False, True])
async def test_the_second_way_asks_for_a_password_of_its_own_where_the_first_needed_none(
    signing: Entering, typed: bool
) -> None:
    refused = asyncio.Event()

    async def healed(signing: Signing) -> Outcome:
        signing.person.show(STARTING)
        await refused.wait()
        signing.person.show(StageProgress(Stage.APPLE, Tick.DONE, "signed in"))
        assert await signing.person.second_way(REFUSED)
        signing.given.append(await signing.person.password(APPLE_ID, None))
        return signing.outcome()

    service = ScriptedService(healed)
    async with signing(service) as wizard:
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        await wizard.press(*"early", *(["enter"] if typed else []))
        refused.set()
        await asked(wizard, SecondWayAsked)
        assert not says(wizard, "not asked for again")
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        assert wizard.app.screen.query_one(SecretInput).value == ""
        await wizard.press(*"hunter2", "enter")
        await ended(wizard)
        assert service.runs[0].given == ["hunter2"]


@pytest.mark.parametrize("starts", [False, True])
@pytest.mark.parametrize("typed", [False, True])
async def test_a_pod_in_the_way_puts_off_the_early_question_and_keeps_what_was_typed(
    signing: Entering, typed: bool, starts: bool
) -> None:
    found = asyncio.Event()

    async def busy(signing: Signing) -> Outcome:
        signing.person.show(StageProgress(Stage.POD, Tick.DOING, "pausing the CronJob"))
        await found.wait()
        await signing.person.in_use((RUN,))
        if starts:
            signing.person.show(STARTING)
        signing.given.append(await signing.person.password(APPLE_ID, None))
        return signing.outcome()

    service = ScriptedService(busy)
    async with signing(service) as wizard:
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        await wizard.press(*"early", *(["enter"] if typed else []))
        found.set()
        await asked(wizard, InUseAsked)
        view_of(wizard).controller.choose(f"in-use-{InUse.STOP}")
        if not typed:
            await asked(wizard, PasswordAsked)
            await wizard.press(*"hunter2", "enter")
        await ended(wizard)
        assert service.runs[0].given == ["early" if typed else "hunter2"]


@pytest.mark.parametrize("why", [REFUSED, trouble("icloud.no-two-factor")], ids=["by icloudpd", "to pyicloud"])
@pytest.mark.parametrize("kept", [False, True])
async def test_the_second_way_says_that_the_same_password_goes_to_apple(
    signing: Entering, kept: bool, why: WizardError
) -> None:
    async def refused(signing: Signing) -> Outcome:
        await signing.open_pod()
        if not kept:
            await signing.person.password(APPLE_ID, None)
        if why is REFUSED:
            await signing.step(Stage.APPLE, "asking Apple", "signed in")
        await signing.person.second_way(why)
        return signing.outcome()

    service = ScriptedService(refused, keyring=ScriptedKeeper({APPLE_ID: "hunter2"} if kept else {}))
    async with signing(service) as wizard:
        await wizard.press("enter")
        if not kept:
            await asked(wizard, PasswordAsked)
            await wizard.press(*"hunter2", "enter")
        await asked(wizard, SecondWayAsked)
        assert says(wizard, "The password is not asked for again: icloudpd sends the same one to Apple.")


async def test_where_the_password_lives(signing: Entering) -> None:
    keeper = ScriptedKeeper()
    service = ScriptedService(keyring=keeper)
    async with signing(service) as wizard:
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        assert "● not saved" in wizard.text
        assert "○ kept in GNOME Keyring" in wizard.text
        await wizard.press(*"hunter2", "down", "down", "enter")
        assert "● kept in GNOME Keyring" in wizard.text
        await wizard.press("up", "up", "enter")
        await asked(wizard, CodeAsked)
        await wizard.press(*"417902")
        await ended(wizard)
        assert service.kept == ["hunter2"]
        assert "The password is kept in GNOME Keyring." in wizard.text


async def test_a_second_refusal_is_told_from_the_first(signing: Entering) -> None:
    async with signing(ScriptedService()) as wizard:
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        for told in ("It was sent once.", "That is the second refusal.", "That is the third refusal."):
            await wizard.press(*"wrong", "enter")
            await wizard.until(partial(says, wizard, told))
            await wizard.settle()
        assert says(wizard, "Apple locks an account after a few wrong ones")


async def test_enter_on_nothing_says_that_nothing_was_sent(signing: Entering) -> None:
    service = ScriptedService()
    async with signing(service) as wizard:
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        await wizard.press("enter")
        assert "Nothing was typed, and nothing was sent." in wizard.text
        assert service.runs[0].given == []


async def test_what_is_typed_at_the_choices_goes_into_the_line(signing: Entering) -> None:
    service = ScriptedService()
    async with signing(service) as wizard:
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        await wizard.press("down")
        assert "back to the password" in wizard.text
        await wizard.press("q", "n", "k")
        assert wizard.app.screen.query_one(SecretInput).value == "qnk"
        await wizard.press("down", "enter", "1", "enter")
        await asked(wizard, CodeAsked)
        assert service.runs[0].given == ["qnk1"]
        await wizard.press("down", "4", "1", *"7902")
        await ended(wizard)
        assert service.runs[0].given[1:] == ["417902 None"]


async def test_a_machine_without_a_keyring_says_so(signing: Entering) -> None:
    async with signing(ScriptedService()) as wizard:
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        assert "There is no keyring here that could store a password safely." in wizard.text


async def test_unattended_sign_in_is_shown_as_commands(signing: Entering) -> None:
    async with signing(ScriptedService(), (120, 36)) as wizard:
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        await wizard.press(*"hunter2", "down", "down", "enter", "up", "up", "enter")
        await asked(wizard, CodeAsked)
        await wizard.press(*"417902")
        await ended(wizard)
        assert "patch secret icloud-credentials" in wizard.text
        assert says(wizard, "Only a shell understands the `<`")
        assert "mounted at /credentials" in wizard.text
        assert "Argo CD" in wizard.text
        assert "hunter2" not in wizard.text
        assert "stty -echo" in wizard.workspace.saved["unattended-sign-in.sh"]
        assert "hunter2" not in wizard.workspace.saved["unattended-sign-in.sh"]


async def test_a_kept_password_is_said_in_the_plan_and_not_asked_early(signing: Entering) -> None:
    service = ScriptedService(works, keyring=ScriptedKeeper({APPLE_ID: "hunter2"}))
    async with signing(service) as wizard:
        assert "Password: in GNOME Keyring" in wizard.text
        await wizard.press("enter")
        await ended(wizard)
