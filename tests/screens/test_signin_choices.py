"""What else the sign-in's screen asks or refuses: terms, security keys, pods in the way, the second way."""

from __future__ import annotations

import pytest

from screens.home.screen import HomeScreen
from screens.signin.questions import (
    CodeAsked,
    InUseAsked,
    PasswordAsked,
    Review,
    SecondWayAsked,
    TermsAsked,
)
from tests.screens.entering import (
    Entering,
    asked,
    ended,
    signing,
    view_of,
)
from tests.screens.signing import (
    APPLE_ID,
    POD,
    ScriptedService,
    Signing,
    wanted,
    works,
)
from wizard.command import kubectl
from wizard.errors import Retry, WizardError
from wizard.icloud.ladder import Rung
from wizard.icloud.messages import trouble
from wizard.icloud.steps import SecurityKeyWanted, TermsWanted
from wizard.signin.person import GaveUp, InUse, Outcome, Stage, StageProgress, Tick

__all__ = ["signing"]


@pytest.mark.parametrize(
    "code",
    ["icloud.locked", "icloud.unavailable", "icloud.web-access-off", "icloud.no-two-factor", "icloud.sign-in-lapsed"],
)
async def test_a_refusal_says_what_why_and_what_to_do(signing: Entering, code: str) -> None:
    async def refused(signing: Signing) -> Outcome:
        await signing.open_pod()
        raise trouble(code)

    words = trouble(code)
    service = ScriptedService(refused)
    async with signing(service, (120, 36)) as wizard:
        await wizard.press("enter")
        await ended(wizard)
        flat = " ".join(wizard.text.split())
        for part in (words.what, words.why, words.fix):
            assert " ".join(part.split()) in flat
        assert "not signed in" in wizard.text
        assert ("┃ Try again" in wizard.text) == (words.retry == "now")
        assert ("try again now" in wizard.text) == (words.retry == "later")
        assert service.noted == []
        await wizard.press("escape")
        assert wizard.shows(HomeScreen)


async def test_trying_again_begins_with_the_plan(signing: Entering) -> None:
    missing = WizardError("renewal.not-ready", "There is no claim.", fix="Make it.", commands=(kubectl("get", "pvc"),))
    service = ScriptedService(starts=[missing])
    async with signing(service, first=None) as wizard:
        await ended(wizard)
        assert "kubectl get pvc" in wizard.text
        assert "Make it." in wizard.text
        await wizard.press("r")
        await asked(wizard, Review)


@pytest.mark.parametrize("code", ["icloud.throttled", "renewal.refused-inside"])
async def test_enter_goes_back_where_another_try_is_for_later(signing: Entering, code: str) -> None:
    async def refused(signing: Signing) -> Outcome:
        await signing.open_pod()
        raise WizardError(code, "Too much was asked of Apple.", fix="Wait some hours.", retry=Retry.LATER)

    service = ScriptedService(refused)
    async with signing(service) as wizard:
        await wizard.press("enter")
        await ended(wizard)
        assert wizard.text.index("· back") < wizard.text.index("r try again now")
        assert wizard.text.index("Esc back") < wizard.text.rindex("r try again")
        await wizard.press("enter")
        assert wizard.shows(HomeScreen)
    assert len(service.runs) == 1


@pytest.mark.parametrize(("retry", "again"), [(Retry.LATER, True), (Retry.NEVER, False)])
async def test_r_tries_again_unless_that_never_helps(signing: Entering, retry: Retry, again: bool) -> None:
    async def refused(signing: Signing) -> Outcome:
        await signing.open_pod()
        raise WizardError("icloud.throttled", "Too much was asked of Apple.", retry=retry)

    async with signing(ScriptedService(refused)) as wizard:
        await wizard.press("enter")
        await ended(wizard)
        await wizard.press("r")
        assert ("nothing has been done yet" in wizard.text) == again


@pytest.mark.parametrize(("keys", "accepted"), [(["down", "down", "enter"], True), (["down", "enter"], False)])
async def test_terms_are_shown_whole_and_asked(signing: Entering, keys: list[str], accepted: bool) -> None:
    text = "\n".join(f"{number}. You agree." for number in range(1, 61))

    async def terms(signing: Signing) -> Outcome:
        if not await signing.person.terms(TermsWanted(7, text, "https://www.icloud.com")):
            raise GaveUp
        return signing.outcome()

    service = ScriptedService(terms)
    async with signing(service) as wizard:
        await wizard.press("enter")
        await asked(wizard, TermsAsked)
        assert "1. You agree." in wizard.text
        assert wizard.page("page").has_focus
        await wizard.press(*["pagedown"] * 6)
        assert "60. You agree." in wizard.text
        await wizard.press(*keys)
        if accepted:
            await ended(wizard)
        else:
            await wizard.until(lambda: wizard.shows(HomeScreen))
            assert service.runs[0].put_back


async def test_enter_reads_long_terms_to_their_end_before_anything_is_chosen(signing: Entering) -> None:
    text = "\n".join(f"{number}. You agree." for number in range(1, 41))

    async def terms(signing: Signing) -> Outcome:
        if not await signing.person.terms(TermsWanted(7, text, "https://www.icloud.com")):
            raise GaveUp
        return signing.outcome()

    service = ScriptedService(terms)
    async with signing(service) as wizard:
        await wizard.press("enter")
        await asked(wizard, TermsAsked)
        assert "⏎ read on" in wizard.text
        seen = 0
        while "⏎ take" not in wizard.text:
            await wizard.press("enter")
            seen += 1
        assert seen > 2
        assert "40. You agree." in wizard.text
        assert "› · not now" in wizard.text  # noqa: RUF001 - the cursor
        await wizard.press("enter")
        await wizard.until(lambda: wizard.shows(HomeScreen))
        assert service.runs[0].put_back


async def test_terms_that_apple_does_not_show(signing: Entering) -> None:
    async def terms(signing: Signing) -> Outcome:
        await signing.person.terms(TermsWanted(None, "", "https://www.icloud.com"))
        return signing.outcome()

    async with signing(ScriptedService(terms)) as wizard:
        await wizard.press("enter")
        await asked(wizard, TermsAsked)
        assert "Read them at https://www.icloud.com" in " ".join(wizard.text.split())


async def test_a_security_key(signing: Entering) -> None:
    async def key(signing: Signing) -> Outcome:
        if not await signing.person.security_key(SecurityKeyWanted(("blue key",))):
            raise GaveUp
        return signing.outcome(Rung.SECURITY_KEY)

    async with signing(ScriptedService(key)) as wizard:
        await wizard.press("enter")
        await wizard.until(lambda: "blue key" in wizard.text)
        assert "it could not be tested" in " ".join(wizard.text.split())
        await wizard.press("enter")
        await ended(wizard)
        assert "It took password and security key." in wizard.text


@pytest.mark.parametrize(("row", "choice"), [("in-use-stop", InUse.STOP), ("in-use-leave", InUse.LEAVE)])
async def test_pods_in_the_way(signing: Entering, row: str, choice: InUse) -> None:
    async def busy(signing: Signing) -> Outcome:
        answer = await signing.person.in_use(("icloudpd-sync-1-abcde",))
        signing.given.append(answer)
        if answer is InUse.LEAVE:
            raise GaveUp
        return signing.outcome()

    service = ScriptedService(busy)
    async with signing(service) as wizard:
        await wizard.press("enter")
        await asked(wizard, InUseAsked)
        assert "icloudpd-sync-1-abcde uses the session" in wizard.text
        view_of(wizard).controller.choose(row)
        await wizard.until(lambda: service.runs[0].given == [choice])


@pytest.mark.parametrize(("keys", "inside"), [(["enter"], True), (["down", "enter"], False)])
async def test_a_pod_that_waits_is_answered_or_goes(signing: Entering, keys: list[str], inside: bool) -> None:
    why = WizardError("renewal.auth-pod-waits", "Pod icloudpd-auth waits for a code already.")

    async def waiting(signing: Signing) -> Outcome:
        signing.given.append(str(await signing.person.second_way(why)))
        return await works(signing)

    service = ScriptedService(waiting)
    async with signing(service) as wizard:
        await wizard.press("enter")
        await asked(wizard, SecondWayAsked)
        assert "sign in from here: that pod is removed" in wizard.text
        assert "leave" not in wizard.text.replace("Esc leave", "").replace("leaves", "")
        await wizard.press(*keys)
        await ended(wizard)
        assert service.runs[0].given == [str(inside)]
        assert view_of(wizard).controller.attempt.inside == inside


async def test_the_second_way_after_a_refusal(signing: Entering) -> None:
    why = WizardError(
        "renewal.refused-by-icloudpd", "The cluster's icloudpd does not accept the session.", why="It said no."
    )

    async def second(signing: Signing) -> Outcome:
        if not await signing.person.second_way(why):
            raise why
        return signing.outcome()

    for keys, text in ((["enter"], "Signed in until"), (["down", "enter"], "does not accept the session")):
        async with signing(ScriptedService(second)) as wizard:
            await wizard.press("enter")
            await asked(wizard, SecondWayAsked)
            assert "It said no." in wizard.text
            await wizard.press(*keys)
            await ended(wizard)
            assert text in wizard.text


async def test_the_second_way_speaks_of_itself(signing: Entering) -> None:
    async def inside(signing: Signing) -> Outcome:
        await signing.step(Stage.POD, "starting", f"pod {POD} is ready")
        signing.person.show(StageProgress(Stage.APPLE, Tick.DOING, "icloudpd signs in by itself, inside the pod"))
        await signing.person.password(APPLE_ID, None)
        await signing.person.code(wanted(), None)
        await signing.step(Stage.PROVED, "asking", "Accepted by icloudpd")
        if refused:
            raise WizardError(
                "renewal.refused-inside", "The code was not accepted.", fix="Start again.", retry=Retry.NOW
            )
        return signing.outcome(library=None)

    for refused in (False, True):
        service = ScriptedService(inside)
        async with signing(service) as wizard:
            await wizard.press("i")
            assert "Let icloudpd sign in beside the old one" in wizard.text
            assert "It allows one try for password and code" in " ".join(wizard.text.split())
            await wizard.press("enter")
            await asked(wizard, PasswordAsked)
            assert "from here" not in wizard.text
            await wizard.press(*"hunter2", "enter")
            await asked(wizard, CodeAsked)
            assert "sent to your trusted devices" not in wizard.text
            assert "send again" not in wizard.text
            assert "Photos can be read" not in wizard.text
            await wizard.press("n", "d", *"417902")
            await ended(wizard)
            assert "Trusted by Apple" not in wizard.text
            if refused:
                assert "also accepts codes that come by text message" in " ".join(wizard.text.split())
                await wizard.press("down", "enter")
                await asked(wizard, Review)
                assert "┃ Sign in  (" in wizard.text
