"""The ladder with real pyicloud: a live session, one that heals, the password with trust, and only then a code."""

from __future__ import annotations

import json

import pytest

from tests.icloud.conftest import PASSWORD, Clock, lines, session, type_code
from wizard.demo.apple.server import DemoApple
from wizard.errors import WizardError
from wizard.icloud.files import Pair, fit_for_icloudpd
from wizard.icloud.ladder import Rung
from wizard.icloud.signing_in import SigningIn
from wizard.icloud.steps import CodeWanted, PasswordWanted, SignedIn, TermsWanted

WHO = "one.phone@example.com"


async def test_a_live_session_costs_one_request(signing_in: SigningIn, apple: DemoApple) -> None:
    pair = await session(signing_in, apple, WHO)
    assert await signing_in.resume(fit_for_icloudpd(pair)) == SignedIn(Rung.WORKS)
    assert lines(apple) == ["POST /setup/ws/1/validate 200"]


async def test_a_pair_as_icloudpd_writes_it_is_resumed(signing_in: SigningIn, apple: DemoApple) -> None:
    pair = await session(signing_in, apple, WHO)
    theirs = Pair(WHO, pair.jar.replace('domain=".icloud.com"', "domain=.icloud.com"), pair.session)
    assert await signing_in.resume(theirs) == SignedIn(Rung.WORKS)


async def test_a_dead_session_heals_without_a_password(signing_in: SigningIn, apple: DemoApple, clock: Clock) -> None:
    pair = await session(signing_in, apple, WHO)
    clock.advance(days=31)
    assert await signing_in.resume(pair) == SignedIn(Rung.HEALED)
    assert lines(apple) == ["POST /setup/ws/1/validate 421", "POST /setup/ws/1/accountLogin 200"]
    healed = await signing_in.files()
    apple.requests.clear()
    assert await signing_in.resume(healed) == SignedIn(Rung.WORKS)


async def test_the_password_with_trust_needs_no_code(signing_in: SigningIn, apple: DemoApple) -> None:
    pair = await session(signing_in, apple, WHO)
    apple.end_web_sessions(WHO)
    apple.end_session_tokens(WHO)
    assert await signing_in.resume(pair) == PasswordWanted(trusted=True)
    apple.requests.clear()
    assert await signing_in.start(WHO, PASSWORD, kept_pair=pair) == SignedIn(Rung.TRUSTED_PASSWORD)
    assert lines(apple) == [
        "GET /appleauth/auth/authorize/signin 200",
        "POST /appleauth/auth/signin/init 200",
        "POST /appleauth/auth/signin/complete 200",
        "POST /setup/ws/1/accountLogin 200",
    ]
    assert (await signing_in.photos()).count == 6


async def test_when_the_trust_has_ended_a_code_is_wanted(signing_in: SigningIn, apple: DemoApple) -> None:
    pair = await session(signing_in, apple, WHO)
    apple.end_web_sessions(WHO)
    apple.end_session_tokens(WHO)
    apple.end_trust(WHO)
    step = await signing_in.start(WHO, PASSWORD, kept_pair=pair)
    assert isinstance(step, CodeWanted)
    assert await type_code(signing_in, apple, WHO, step) == SignedIn(Rung.CODE)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"session_token": "x"}'])
async def test_a_broken_session_file_asks_for_the_password(signing_in: SigningIn, apple: DemoApple, text: str) -> None:
    pair = await session(signing_in, apple, WHO)
    apple.end_web_sessions(WHO)
    assert await signing_in.resume(Pair(WHO, pair.jar, text)) == PasswordWanted(trusted=False)
    assert isinstance(await signing_in.start(WHO, PASSWORD, kept_pair=Pair(WHO, pair.jar, text)), CodeWanted)


async def test_a_changed_password_is_told_from_a_mistyped_one(signing_in: SigningIn, apple: DemoApple) -> None:
    pair = await session(signing_in, apple, WHO)
    apple.change_password(WHO, "another-demo-password")
    for kept, expected in ((True, "icloud.password-changed"), (False, "icloud.wrong-password")):
        with pytest.raises(WizardError) as refusal:
            await signing_in.start(WHO, PASSWORD, kept_password=kept, kept_pair=pair)
        assert refusal.value.code == expected


async def test_terms_are_noticed_by_a_session_that_works(signing_in: SigningIn, apple: DemoApple) -> None:
    who = "terms@example.com"
    step = await signing_in.start(who, PASSWORD)
    await type_code(signing_in, apple, who, step)
    await signing_in.accept_terms()
    pair = await signing_in.files()
    person = apple._state.person(who)
    assert person is not None
    person.terms_pending = True
    assert isinstance(await signing_in.resume(pair), TermsWanted)
    assert await signing_in.accept_terms() == SignedIn(Rung.WORKS)


async def test_files_hold_no_remembered_refusal(signing_in: SigningIn, apple: DemoApple) -> None:
    pair = await session(signing_in, apple, WHO)
    assert "apple_rscd" in json.loads(pair.session)
    assert "apple_rscd" not in json.loads(fit_for_icloudpd(pair).session)
