"""The sign-in on its screen, led by keys: the whole way, the plan, leaving, and how it looks."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from screens.home.screen import HomeScreen
from screens.kubectl import KubectlScreen
from screens.signin.questions import (
    PasswordAsked,
    Review,
)
from tests.screens import fake
from tests.screens.conftest import Opener
from tests.screens.entering import (
    FOLDER,
    SIZES,
    Entering,
    Snap,
    asked,
    at_the_code,
    ended,
    signing,
    to,
)
from tests.screens.fake import FakeWorkspace, fresh
from tests.screens.signing import (
    APPLE_ID,
    NOW,
    POD,
    ScriptedKeeper,
    ScriptedService,
    Signing,
    two_accounts,
    with_code,
    works,
)
from wizard.engine import Snapshot
from wizard.icloud.messages import trouble
from wizard.model import Account, Session, SessionState
from wizard.signin.person import Outcome

__all__ = ["signing"]


# The whole way


async def test_from_the_plan_to_the_date(signing: Entering) -> None:
    service = ScriptedService()
    async with signing(service) as wizard:
        assert not service.runs
        assert "nothing has been done yet" in wizard.text
        await at_the_code(wizard)
        await wizard.press(*"417902")
        await ended(wizard)
        assert "Signed in until about 16 February (29 days)." in wizard.text
        assert "It took password and code." in wizard.text
        assert service.runs[0].given == ["hunter2", "417902 None"]
        assert service.noted == [("default", APPLE_ID)]
        assert service.kept == []
        looks = wizard.workspace.fake_engine.looks
        await wizard.press("enter")
        assert wizard.shows(HomeScreen)
        assert wizard.workspace.fake_engine.looks == looks + 1


async def test_nothing_is_asked_while_the_session_works(signing: Entering) -> None:
    service = ScriptedService(works)
    async with signing(service) as wizard:
        await wizard.press("enter")
        await ended(wizard)
        assert "It took nothing: the session still works." in wizard.text
        assert wizard.text.count("not needed") == 4


async def test_the_palette_leads_there(signing: Entering, opened: Opener) -> None:
    del signing
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    workspace.scripted_service = ScriptedService()
    async with opened(workspace) as wizard:
        await wizard.press("ctrl+p", *"sign in")
        await wizard.until(lambda: "Sign in to iCloud" in wizard.text)
        await wizard.pilot.pause(0.3)
        await wizard.press("enter")
        await asked(wizard, Review)


async def test_the_plan_by_hand(signing: Entering) -> None:
    async with signing(ScriptedService()) as wizard:
        await wizard.press("k")
        assert not wizard.shows(KubectlScreen)
        assert "There are no commands for these" in wizard.text
        await wizard.press("c")
        assert "Copied; also in" in wizard.text
        saved = wizard.workspace.saved
        assert json.loads(saved["sign-in-job.json"]) == {"kind": "Job", "metadata": {"name": POD, "namespace": fake.NS}}
        assert saved["sign-in-commands.sh"].splitlines() == [
            f"kubectl -n photo-sync create -f '{FOLDER}/sign-in-job.json'",
            f"kubectl -n photo-sync wait job/{POD} '--for=jsonpath={{.status.ready}}=1' --timeout=5m",
            f"kubectl -n photo-sync exec -it job/{POD} -- icloudpd --auth-only --username {APPLE_ID} --cookie-directory /config "
            "--password-provider console",
            f"kubectl -n photo-sync delete job {POD}",
        ]
        await wizard.press("escape")
        assert "┃ Sign in" in wizard.text
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)


async def test_the_second_way_from_the_start(signing: Entering) -> None:
    service = ScriptedService()
    async with signing(service) as wizard:
        await wizard.press("i")
        assert "Sign in inside the pod" in wizard.text
        await wizard.press("enter")
        await asked(wizard, PasswordAsked)
        assert service.runs[0].in_pod


async def test_the_apple_id_is_asked_where_nothing_tells_it(signing: Entering) -> None:
    service = ScriptedService(apple_id=None)
    async with signing(service, first=None) as wizard:
        await wizard.until(lambda: "Which Apple ID?" in wizard.text)
        await wizard.settle()
        await wizard.press(*"me", "enter")
        await wizard.until(lambda: "That is not a valid Apple ID." in wizard.text)
        await wizard.press("ctrl+u", *"Me@Example.com", "enter")
        await asked(wizard, Review)
        assert "me@example.com" in wizard.text


async def test_of_several_accounts_one_is_chosen(signing: Entering) -> None:
    service = ScriptedService(snapshot=two_accounts())
    async with signing(service, first=None) as wizard:
        await wizard.until(lambda: "Which account?" in wizard.text)
        await wizard.settle()
        assert "Session valid, until about 7 February (20 days)" in " ".join(wizard.text.split())
        await wizard.press("down", "enter")
        await asked(wizard, Review)
        assert "icloudpd-config-anna" in wizard.text


# A session that still works


def _with_session(state: SessionState, days: int) -> Snapshot:
    account = Account("default", APPLE_ID, Session(state, NOW + timedelta(days=days, hours=1), days))
    return replace(fake.SEED, report=replace(fake.REPORT, accounts=(account,)))


@pytest.mark.parametrize(
    ("state", "keys", "renewed"),
    [
        (SessionState.EXPIRING, ["enter"], True),
        (SessionState.EXPIRING, ["n", "enter"], False),
        (SessionState.VALID, ["enter"], False),
        (SessionState.VALID, ["n", "enter"], True),
        (SessionState.VALID, ["down", "enter", "up", "enter"], True),
        (SessionState.VALID, ["n", "i", "enter"], False),
        (SessionState.EXPIRED, ["n", "enter"], False),
    ],
)
async def test_a_session_that_works_is_renewed_when_it_ends_soon_or_somebody_says_so(
    signing: Entering, state: SessionState, keys: list[str], renewed: bool
) -> None:
    service = ScriptedService(works, snapshot=_with_session(state, 5))
    async with signing(service) as wizard:
        assert ("even though it still works until about 23 January (5 days)" in wizard.text) == (state != "expired")
        await wizard.press(*keys)
        await ended(wizard)
        assert service.renewed == [renewed]


async def test_the_button_says_whether_it_signs_in_or_only_looks(signing: Entering) -> None:
    async with signing(ScriptedService(works, snapshot=_with_session(SessionState.VALID, 20))) as wizard:
        assert "┃ Check, and sign in only if it has ended" in wizard.text
        await wizard.press("n")
        assert "┃ Sign in again" in wizard.text


# Leaving


@pytest.mark.parametrize(
    ("where", "key"), [("plan", "escape"), ("password", "escape"), ("code", "escape"), ("plan", "q"), ("code", "q")]
)
async def test_escape_and_q_leave_the_sign_in_and_not_the_wizard(signing: Entering, where: str, key: str) -> None:
    service = ScriptedService()
    async with signing(service) as wizard:
        await to(wizard, where)
        await wizard.press(key)
        await wizard.until(lambda: wizard.shows(HomeScreen))
        await wizard.settle()
        assert all(run.put_back for run in service.runs)
        assert bool(service.runs) == (where != "plan")
        assert ("Stopped. Nothing on the volume has changed." in wizard.text) == (where != "plan")


async def test_leaving_says_what_it_does_and_need_not_be_waited_for(signing: Entering) -> None:
    service = ScriptedService()
    service.leaving = asyncio.Event()
    async with signing(service) as wizard:
        await to(wizard, "code")
        await wizard.press("escape")
        assert "Nothing on the volume has changed. The pod of this sign-in is being removed…" in " ".join(
            wizard.text.split()
        )
        assert not service.runs[0].put_back
        await wizard.press("escape")
        assert wizard.shows(HomeScreen)
        service.leaving.set()
        await wizard.until(lambda: service.runs[0].put_back)


@pytest.mark.parametrize("where", ["plan", "password", "code"])
@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c"])
async def test_closing_the_wizard_puts_back_before_the_engine_goes_and_says_so(
    signing: Entering, where: str, key: str, capfd: pytest.CaptureFixture[str]
) -> None:
    service = ScriptedService()
    async with signing(service) as wizard:
        await to(wizard, where)
        await wizard.press(key)
    assert all(run.put_back for run in service.runs)
    assert wizard.workspace.fake_engine.closed
    told = "Nothing was done." if where == "plan" else "Nothing on the volume has changed."
    assert capfd.readouterr().err == f"Stopped. {told}\n"


# The end


async def test_a_reminder_for_the_calendar(signing: Entering) -> None:
    async with signing(ScriptedService(works)) as wizard:
        await wizard.press("enter")
        await ended(wizard)
        await wizard.press("c")
        assert "photosync-sign-in.ics" in wizard.text
        text = wizard.workspace.saved["photosync-sign-in.ics"]
        assert "DTSTART;VALUE=DATE:20260216" in text
        assert APPLE_ID not in text


async def test_a_reminder_that_cannot_be_written_says_why(signing: Entering) -> None:
    async with signing(ScriptedService(works)) as wizard:
        wizard.workspace.save_failure = OSError(28, "No space left on device")
        await wizard.press("enter")
        await ended(wizard)
        await wizard.press("c")
        assert "No space left on device" in wizard.text


async def test_photos_that_cannot_be_read_are_said_at_the_end(signing: Entering) -> None:
    async def closed(signing: Signing) -> Outcome:
        await signing.open_pod()
        return signing.outcome(library=None, photos_trouble=trouble("icloud.advanced-data-protection"))

    async with signing(ScriptedService(closed)) as wizard:
        await wizard.press("enter")
        await ended(wizard)
        assert "Advanced Data Protection is on" in wizard.text
        assert "Signed in until" in wizard.text


# What it looks like


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "state", ["plan", "renew", "by-hand", "password", "code", "wrong-code", "why", "end", "refused"]
)
async def test_looks(
    signing: Entering, snap: Snap, monkeypatch: pytest.MonkeyPatch, state: str, size: tuple[int, int]
) -> None:
    async def locked(signing: Signing) -> Outcome:
        await signing.open_pod()
        raise trouble("icloud.locked")

    if size == (80, 24):
        monkeypatch.setenv("NO_COLOR", "1")
    service = ScriptedService(locked if state == "refused" else with_code, keyring=ScriptedKeeper())
    if state == "renew":
        service.seen = _with_session(SessionState.EXPIRING, 5)
    async with signing(service, size) as wizard:
        if state == "refused":
            await wizard.press("enter")
            await ended(wizard)
        elif state == "by-hand":
            await wizard.press("k")
        elif state not in ("plan", "renew"):
            await to(wizard, "password" if state == "password" else "code")
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
    async with signing(ScriptedService()) as wizard:
        await wizard.press("question_mark")
        assert "Escape leaves at any time" in " ".join(wizard.text.split())
        await wizard.press("escape")
        assert "┃ Sign in" in wizard.text
