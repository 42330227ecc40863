"""The sign-in on its screen, led by keys: every way through it and out of it, over a scripted desk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta

import pytest
from textual import events

from screens.app import WizardApp
from screens.asking import (
    CodeAsked,
    InUseAsked,
    PasswordAsked,
    Question,
    Review,
    SecondWayAsked,
    TermsAsked,
)
from screens.boxes import CodeBoxes, SecretInput
from screens.home import HomeScreen
from screens.kubectl import KubectlScreen
from screens.signin import SignInScreen
from screens.signin_view import SignInView
from tests.screens import fake
from tests.screens.conftest import Opener
from tests.screens.driving import Wizard
from tests.screens.fake import FakeSession, fresh
from tests.screens.signing import (
    APPLE_ID,
    NOW,
    POD,
    ScriptedDesk,
    ScriptedKeeper,
    Signing,
    two_accounts,
    wanted,
    with_code,
    works,
)
from wizard.errors import Trouble
from wizard.icloud.ladder import Rung
from wizard.icloud.steps import SecurityKeyWanted, TermsWanted
from wizard.icloud.words import trouble
from wizard.renewal.person import GaveUp, InUse, Outcome, Progress, Stage, Tick

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
        desk: ScriptedDesk,
        size: tuple[int, int] = (80, 24),
        *,
        now: Callable[[], datetime] = lambda: NOW,
        first: type[Question] | None = Review,
    ) -> AsyncIterator[Wizard]:
        session = FakeSession(fresh(), place={**fake.HOME, "step": "authentication"}, banner=BANNER)
        session.sign_in_desk = desk
        async with opened(session, size, now=now) as wizard:
            await wizard.press("a")
            if first is not None:
                await asked(wizard, first)
            yield wizard

    return enter


def view_of(wizard: Wizard) -> SignInView:
    """The sign-in in front."""
    return wizard.app.screen.query_one(SignInView)


async def asked(wizard: Wizard, kind: type[Question]) -> None:
    """Waits for a question of that kind."""
    await wizard.until(
        lambda: isinstance(wizard.app.screen, SignInScreen) and isinstance(view_of(wizard).course.question, kind)
    )
    await wizard.settle()


async def ended(wizard: Wizard) -> None:
    """Waits until nothing more happens by itself."""
    await wizard.until(lambda: view_of(wizard).course.ended)
    await wizard.settle()


async def at_the_code(wizard: Wizard) -> None:
    """To the six boxes."""
    await wizard.press("enter")
    await asked(wizard, PasswordAsked)
    await wizard.press(*"hunter2", "enter")
    await asked(wizard, CodeAsked)


# The whole way


async def test_from_the_plan_to_the_date(signing: Entering) -> None:
    desk = ScriptedDesk()
    async with signing(desk) as wizard:
        assert not desk.runs
        assert "nothing has been done yet" in wizard.text
        await at_the_code(wizard)
        await wizard.press(*"417902")
        await ended(wizard)
        assert "Signed in until about 16 February (29 days)." in wizard.text
        assert "It took password and code." in wizard.text
        assert desk.runs[0].given == ["hunter2", "417902 None"]
        assert desk.noted == [("default", APPLE_ID)]
        assert desk.kept == []
        looks = wizard.session.fake_engine.looks
        await wizard.press("enter")
        assert wizard.shows(HomeScreen)
        assert wizard.session.fake_engine.looks == looks + 1


async def test_nothing_is_asked_while_the_session_works(signing: Entering) -> None:
    desk = ScriptedDesk(works)
    async with signing(desk) as wizard:
        await wizard.press("enter")
        await ended(wizard)
        assert "It took nothing: the session still works." in wizard.text
        assert wizard.text.count("not needed") == 4


async def test_the_palette_leads_there(signing: Entering, opened: Opener) -> None:
    del signing
    session = FakeSession(fresh(), place=fake.HOME)
    session.sign_in_desk = ScriptedDesk()
    async with opened(session) as wizard:
        await wizard.press("ctrl+p", *"sign in")
        await wizard.until(lambda: "Sign in to iCloud" in wizard.text)
        await wizard.pilot.pause(0.3)
        await wizard.press("enter")
        await asked(wizard, Review)


async def test_the_plan_by_hand(signing: Entering) -> None:
    async with signing(ScriptedDesk()) as wizard:
        await wizard.press("k")
        assert not wizard.shows(KubectlScreen)
        assert "These have no commands" in wizard.text
        await wizard.press("c")
        assert "Copied; also in" in wizard.text
        saved = wizard.session.saved
        assert json.loads(saved["sign-in-job.json"]) == {"kind": "Job", "metadata": {"name": POD}}
        assert saved["sign-in-commands.sh"].splitlines() == [
            f"kubectl -n photo-sync create -f '{FOLDER}/sign-in-job.json'",
            f"kubectl -n photo-sync wait job/{POD} --for=jsonpath='{{.status.ready}}'=1 --timeout=5m",
            f"kubectl -n photo-sync exec -it job/{POD} -- icloudpd --auth-only --username {APPLE_ID} --cookie-directory /config "
            "--password-provider console",
            f"kubectl -n photo-sync delete job {POD}",
        ]
        await wizard.press("escape")
        assert "┃ Sign in" in wizard.text
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)


async def test_the_second_way_from_the_start(signing: Entering) -> None:
    desk = ScriptedDesk()
    async with signing(desk) as wizard:
        await wizard.press("i")
        assert "Sign in inside the pod" in wizard.text
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        assert desk.runs[0].in_pod


async def test_the_apple_id_is_asked_where_nothing_tells_it(signing: Entering) -> None:
    desk = ScriptedDesk(apple_id=None)
    async with signing(desk, first=None) as wizard:
        await wizard.until(lambda: "Which Apple ID?" in wizard.text)
        await wizard.settle()
        await wizard.press(*"me", "enter")
        await wizard.until(lambda: "That is no Apple ID." in wizard.text)
        await wizard.press("ctrl+u", *"Me@Example.com", "enter")
        await asked(wizard, Review)
        assert "me@example.com" in wizard.text


async def test_of_several_accounts_one_is_chosen(signing: Entering) -> None:
    desk = ScriptedDesk(snapshot=two_accounts())
    async with signing(desk, first=None) as wizard:
        await wizard.until(lambda: "Which account?" in wizard.text)
        await wizard.settle()
        assert "Session valid, until about 7 February (20 days)" in " ".join(wizard.text.split())
        await wizard.press("down", "enter")
        await asked(wizard, Review)
        assert "icloudpd-config-anna" in wizard.text


# The password


async def test_a_wrong_password_is_typed_again_with_what_apple_said(signing: Entering) -> None:
    desk = ScriptedDesk()
    async with signing(desk) as wizard:
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        await wizard.press(*"wrong", "enter")
        await wizard.until(lambda: "Apple does not know this Apple ID with this password." in wizard.text)
        await wizard.settle()
        assert wizard.app.screen.query_one(SecretInput).value == ""
        await wizard.press("enter", *"right", "enter")
        await asked(wizard, CodeAsked)
        assert desk.runs[0].given == ["wrong", "right"]


async def test_the_password_is_typed_while_the_pod_starts(signing: Entering) -> None:
    pod = asyncio.Event()

    async def slow(signing: Signing) -> Outcome:
        signing.person.show(Progress(Stage.POD, Tick.DOING, "a pod that mounts the volume is starting"))
        await pod.wait()
        return await with_code(signing)

    desk = ScriptedDesk(slow)
    async with signing(desk) as wizard:
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        assert "meanwhile" in wizard.text
        await wizard.press(*"hunter2", "enter")
        assert "✓ Password" not in wizard.text
        pod.set()
        await asked(wizard, CodeAsked)
        assert desk.runs[0].given == ["hunter2"]


async def test_what_was_half_typed_is_kept_when_it_is_needed_and_forgotten_when_not(signing: Entering) -> None:
    pod = asyncio.Event()

    async def slow(signing: Signing) -> Outcome:
        signing.person.show(Progress(Stage.POD, Tick.DOING, "starting"))
        await pod.wait()
        return await (with_code if needed else works)(signing)

    for needed in (True, False):
        pod.clear()
        desk = ScriptedDesk(slow)
        async with signing(desk) as wizard:
            await wizard.press("enter")
            await asked(wizard, PasswordAsked)
            await wizard.press(*"hunt")
            secret = wizard.app.screen.query_one(SecretInput)
            pod.set()
            if needed:
                await wizard.until(lambda: "meanwhile" not in wizard.text)
                await wizard.press(*"er2", "enter")
                await asked(wizard, CodeAsked)
                assert desk.runs[0].given == ["hunter2"]
            else:
                await ended(wizard)
            assert secret.value == ""


async def test_where_the_password_lives(signing: Entering) -> None:
    keeper = ScriptedKeeper()
    desk = ScriptedDesk(keyring=keeper)
    async with signing(desk) as wizard:
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        assert "● kept nowhere" in wizard.text
        assert "○ kept in GNOME Keyring" in wizard.text
        await wizard.press(*"hunter2", "down", "down", "enter")
        assert "● kept in GNOME Keyring" in wizard.text
        await wizard.press("up", "up", "enter")
        await asked(wizard, CodeAsked)
        await wizard.press(*"417902")
        await ended(wizard)
        assert desk.kept == ["hunter2"]
        assert "The password is kept in GNOME Keyring." in wizard.text


async def test_a_machine_without_a_keyring_says_so(signing: Entering) -> None:
    async with signing(ScriptedDesk()) as wizard:
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        assert "There is no keyring here that keeps a password safe." in wizard.text


async def test_unattended_sign_in_is_shown_as_commands(signing: Entering) -> None:
    async with signing(ScriptedDesk(), (120, 36)) as wizard:
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        await wizard.press(*"hunter2", "down", "down", "enter", "up", "up", "enter")
        await asked(wizard, CodeAsked)
        await wizard.press(*"417902")
        await ended(wizard)
        assert "patch secret icloud-credentials" in wizard.text
        assert "hunter2" not in wizard.text


async def test_a_kept_password_is_said_in_the_plan_and_not_asked_early(signing: Entering) -> None:
    desk = ScriptedDesk(works, keyring=ScriptedKeeper({APPLE_ID: "hunter2"}))
    async with signing(desk) as wizard:
        assert "Password: in GNOME Keyring" in wizard.text
        await wizard.press("enter")
        await ended(wizard)


# The code


async def test_a_pasted_code(signing: Entering) -> None:
    desk = ScriptedDesk()
    async with signing(desk) as wizard:
        await at_the_code(wizard)
        wizard.app.post_message(events.Paste("not a code"))
        await wizard.until(lambda: "There are no six digits in what was pasted." in wizard.text)
        wizard.app.post_message(events.Paste("417 902"))
        await ended(wizard)
        assert desk.runs[0].given[1:] == ["417902 None"]


async def test_a_wrong_code_is_typed_again(signing: Entering) -> None:
    desk = ScriptedDesk()
    async with signing(desk) as wizard:
        await at_the_code(wizard)
        await wizard.press(*"000000")
        await wizard.until(lambda: "Apple did not accept this code." in wizard.text)
        await wizard.settle()
        assert wizard.app.screen.query_one(CodeBoxes).empty
        await wizard.press(*"417902")
        await ended(wizard)
        assert desk.runs[0].given[1:] == ["417902 None"]


async def test_another_code_only_after_a_minute(signing: Entering) -> None:
    clock = Clock()
    desk = ScriptedDesk()
    async with signing(desk, now=clock) as wizard:
        await at_the_code(wizard)
        assert "sent to your trusted devices 0:14 ago" in wizard.text
        assert "send again (in 0:46)" in wizard.text
        await wizard.press("n")
        assert "It can be sent there again in 0:46" in wizard.text
        assert desk.runs[0].given == ["hunter2"]
        clock.now += timedelta(seconds=46)
        view_of(wizard).draw()
        await wizard.settle()
        assert "1:00 ago" in wizard.text
        assert "send again\n" in "\n".join(line.rstrip() for line in wizard.text.splitlines())
        await wizard.press("n")
        await wizard.until(lambda: desk.runs[0].given[1:] == ["device"])


async def test_a_text_message_to_the_number_of_ones_choice(signing: Entering) -> None:
    desk = ScriptedDesk()
    async with signing(desk) as wizard:
        await at_the_code(wizard)
        await wizard.press("t")
        assert "text message to •• 81" in wizard.text
        await wizard.press("down", "enter")
        await wizard.until(lambda: "text message to •• 42 sent" in wizard.text)
        assert desk.runs[0].given[1:] == ["sms 42"]
        assert "the one that came by text message" in wizard.text
        await wizard.press("b")
        assert "the one that is shown on your device" in wizard.text
        await wizard.press(*"417902")
        await ended(wizard)
        assert desk.runs[0].given[-1] == "417902 device"


async def test_back_to_the_devices(signing: Entering) -> None:
    async def sms(signing: Signing) -> Outcome:
        answer = await signing.person.code(wanted(delivery="sms", phone=wanted().phones[0]), None)
        signing.given.append(repr(answer))
        return signing.outcome()

    desk = ScriptedDesk(sms)
    async with signing(desk) as wizard:
        await wizard.press("enter")
        await asked(wizard, CodeAsked)
        await wizard.press("d")
        await ended(wizard)
        assert desk.runs[0].given == ["AnotherCode(delivery='device', phone=None)"]


async def test_why_no_code_may_come_keeps_what_was_typed(signing: Entering) -> None:
    async with signing(ScriptedDesk()) as wizard:
        await at_the_code(wizard)
        await wizard.press("4", "1", "w")
        assert "only in airplane mode" in " ".join(wizard.text.split()).replace("entry shows ", "")
        await wizard.press("escape")
        assert "│ 4 ││ 1 │" in wizard.text


async def test_the_ways_below_the_boxes_can_be_chosen_with_arrows_and_mouse(signing: Entering) -> None:
    desk = ScriptedDesk()
    async with signing(desk) as wizard:
        await at_the_code(wizard)
        await wizard.press("down", "down", "down", "enter")
        assert "Why no code may come" in wizard.text
        await wizard.press("escape")
        await wizard.click_text("text message to one of 2 numbers")
        await wizard.click_text("text message to •• 81")
        await wizard.until(lambda: desk.runs[0].given[1:] == ["sms 81"])


async def test_the_demo_phone_is_shown_where_the_code_is_typed(signing: Entering) -> None:
    desk = ScriptedDesk()
    async with signing(desk) as wizard:
        await at_the_code(wizard)
        desk.phone("the code on your demo device is 417902")
        await wizard.until(lambda: "Demo phone of the code on your demo device is 417902" in wizard.text)


# Refusals, terms, keys, pods in the way


@pytest.mark.parametrize(
    "code", ["icloud.locked", "icloud.unavailable", "icloud.web-access-off", "icloud.no-two-factor"]
)
async def test_a_refusal_says_what_why_and_what_to_do(signing: Entering, code: str) -> None:
    async def refused(signing: Signing) -> Outcome:
        await signing.open_pod()
        raise trouble(code)

    words = trouble(code)
    desk = ScriptedDesk(refused)
    async with signing(desk, (120, 36)) as wizard:
        await wizard.press("enter")
        await ended(wizard)
        flat = " ".join(wizard.text.split())
        for part in (words.what, words.why, words.fix):
            assert " ".join(part.split()) in flat
        assert "not signed in" in wizard.text
        assert ("Try again" in wizard.text) == (words.retry != "never")
        assert desk.noted == []
        await wizard.press("escape")
        assert wizard.shows(HomeScreen)


async def test_trying_again_begins_with_the_plan(signing: Entering) -> None:
    missing = Trouble("renewal.not-ready", "There is no claim.", fix="Make it.", commands=("kubectl get pvc",))
    desk = ScriptedDesk(starts=[missing])
    async with signing(desk, first=None) as wizard:
        await ended(wizard)
        assert "kubectl get pvc" in wizard.text
        assert "Make it." in wizard.text
        await wizard.press("r")
        await asked(wizard, Review)


@pytest.mark.parametrize(("keys", "accepted"), [(["down", "down", "enter"], True), (["down", "enter"], False)])
async def test_terms_are_shown_whole_and_asked(signing: Entering, keys: list[str], accepted: bool) -> None:
    text = "\n".join(f"{number}. You agree." for number in range(1, 61))

    async def terms(signing: Signing) -> Outcome:
        if not await signing.person.terms(TermsWanted(7, text, "https://www.icloud.com")):
            raise GaveUp
        return signing.outcome()

    desk = ScriptedDesk(terms)
    async with signing(desk) as wizard:
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
            assert desk.runs[0].put_back


async def test_terms_that_apple_does_not_show(signing: Entering) -> None:
    async def terms(signing: Signing) -> Outcome:
        await signing.person.terms(TermsWanted(None, "", "https://www.icloud.com"))
        return signing.outcome()

    async with signing(ScriptedDesk(terms)) as wizard:
        await wizard.press("enter")
        await asked(wizard, TermsAsked)
        assert "Read them at https://www.icloud.com" in " ".join(wizard.text.split())


async def test_a_security_key(signing: Entering) -> None:
    async def key(signing: Signing) -> Outcome:
        if not await signing.person.security_key(SecurityKeyWanted(("blue key",))):
            raise GaveUp
        return signing.outcome(Rung.SECURITY_KEY)

    async with signing(ScriptedDesk(key)) as wizard:
        await wizard.press("enter")
        await wizard.until(lambda: "blue key" in wizard.text)
        assert "nobody here could prove it" in " ".join(wizard.text.split())
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

    desk = ScriptedDesk(busy)
    async with signing(desk) as wizard:
        await wizard.press("enter")
        await asked(wizard, InUseAsked)
        assert "icloudpd-sync-1-abcde uses the session" in wizard.text
        view_of(wizard).choose(row)
        await wizard.until(lambda: desk.runs[0].given == [choice])


async def test_the_second_way_after_a_refusal(signing: Entering) -> None:
    why = Trouble(
        "renewal.refused-by-icloudpd", "The cluster's icloudpd does not accept the session.", why="It said no."
    )

    async def second(signing: Signing) -> Outcome:
        if not await signing.person.second_way(why):
            raise why
        return signing.outcome()

    for keys, text in ((["enter"], "Signed in until"), (["down", "enter"], "does not accept the session")):
        async with signing(ScriptedDesk(second)) as wizard:
            await wizard.press("enter")
            await asked(wizard, SecondWayAsked)
            assert "It said no." in wizard.text
            await wizard.press(*keys)
            await ended(wizard)
            assert text in wizard.text


# Leaving


async def _to(wizard: Wizard, where: str) -> None:
    if where in ("password", "code"):
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
    if where == "code":
        await wizard.press(*"hunter2", "enter")
        await asked(wizard, CodeAsked)


@pytest.mark.parametrize("where", ["plan", "password", "code"])
async def test_escape_leaves_from_everywhere(signing: Entering, where: str) -> None:
    desk = ScriptedDesk()
    async with signing(desk) as wizard:
        await _to(wizard, where)
        await wizard.press("escape")
        await wizard.until(lambda: wizard.shows(HomeScreen))
        await wizard.settle()
        assert all(run.put_back for run in desk.runs)
        assert bool(desk.runs) == (where != "plan")
        assert ("Left. What was there before is still in place." in wizard.text) == (where != "plan")


async def test_leaving_says_what_it_does_and_need_not_be_waited_for(signing: Entering) -> None:
    desk = ScriptedDesk()
    desk.leaving = asyncio.Event()
    async with signing(desk) as wizard:
        await _to(wizard, "code")
        await wizard.press("escape")
        assert "Nothing was changed: the session before stays." in " ".join(wizard.text.split())
        assert not desk.runs[0].put_back
        await wizard.press("escape")
        assert wizard.shows(HomeScreen)
        desk.leaving.set()
        await wizard.until(lambda: desk.runs[0].put_back)


@pytest.mark.parametrize("where", ["plan", "password", "code"])
async def test_closing_the_wizard_puts_back_before_the_engine_goes(signing: Entering, where: str) -> None:
    desk = ScriptedDesk()
    async with signing(desk) as wizard:
        await _to(wizard, where)
        await wizard.press("ctrl+q")
    assert all(run.put_back for run in desk.runs)
    assert wizard.session.fake_engine.closed


# The end


async def test_a_reminder_for_the_calendar(signing: Entering) -> None:
    async with signing(ScriptedDesk(works)) as wizard:
        await wizard.press("enter")
        await ended(wizard)
        await wizard.press("c")
        assert "photosync-sign-in.ics" in wizard.text
        text = wizard.session.saved["photosync-sign-in.ics"]
        assert "DTSTART;VALUE=DATE:20260216" in text
        assert APPLE_ID not in text


async def test_a_reminder_that_cannot_be_written_says_why(signing: Entering) -> None:
    async with signing(ScriptedDesk(works)) as wizard:
        wizard.session.save_failure = OSError(28, "No space left on device")
        await wizard.press("enter")
        await ended(wizard)
        await wizard.press("c")
        assert "No space left on device" in wizard.text


async def test_photos_that_cannot_be_read_are_said_at_the_end(signing: Entering) -> None:
    async def closed(signing: Signing) -> Outcome:
        await signing.open_pod()
        return signing.outcome(library=None, photos_trouble=trouble("icloud.advanced-data-protection"))

    async with signing(ScriptedDesk(closed)) as wizard:
        await wizard.press("enter")
        await ended(wizard)
        assert "Advanced Data Protection is on" in wizard.text
        assert "Signed in until" in wizard.text


# What it looks like


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", ["plan", "password", "code", "wrong-code", "why", "end", "refused"])
async def test_looks(
    signing: Entering, snap: Snap, monkeypatch: pytest.MonkeyPatch, state: str, size: tuple[int, int]
) -> None:
    async def locked(signing: Signing) -> Outcome:
        await signing.open_pod()
        raise trouble("icloud.locked")

    if size == (80, 24):
        monkeypatch.setenv("NO_COLOR", "1")
    desk = ScriptedDesk(locked if state == "refused" else with_code, keyring=ScriptedKeeper())
    async with signing(desk, size) as wizard:
        if state == "refused":
            await wizard.press("enter")
            await ended(wizard)
        elif state != "plan":
            await _to(wizard, "password" if state == "password" else "code")
        if state == "password":
            await wizard.until(lambda: "meanwhile" not in wizard.text)
            await wizard.press(*"hunter2")
        if state == "wrong-code":
            await wizard.press(*"000000")
            await wizard.until(lambda: "did not accept" in wizard.text)
        if state == "why":
            await wizard.press("w")
        if state == "end":
            await wizard.press(*"417902")
            await ended(wizard)
        await wizard.settle()
        snap(wizard.app, f"sign-in-{state}")


async def test_the_help_of_the_screen(signing: Entering) -> None:
    async with signing(ScriptedDesk()) as wizard:
        await wizard.press("question_mark")
        assert "Escape leaves at any moment" in " ".join(wizard.text.split())
        await wizard.press("escape")
        assert "┃ Sign in" in wizard.text
