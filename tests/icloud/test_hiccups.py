"""A moment in which Apple does not answer ends nothing: what carries no password and no code is asked again, a few times."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.icloud.conftest import PASSWORD, session, type_code
from wizard.demo.apple.server import DemoApple, Hiccup
from wizard.errors import Retry, WizardError
from wizard.icloud.ladder import Rung
from wizard.icloud.signing_in import SigningIn
from wizard.icloud.steps import CodeWanted, SignedIn, WrongCode

WHO = "one.phone@example.com"
BY_TEXT = "sms.only@example.com"

How = int | Literal["dropped", "page", "unanswered"]
TRIES = 3


def sent(apple: DemoApple, end: str) -> int:
    """How often something was sent to an address that ends so."""
    return sum(seen.path.endswith(end) for seen in apple.requests)


def passwords_sent(apple: DemoApple) -> int:
    return sent(apple, "/signin/complete")


@pytest.mark.parametrize("how", [500, "dropped", "page", "unanswered"])
@pytest.mark.parametrize("path", ["/signin/init", "/2sv/trust", "/accountLogin"])
async def test_one_hiccup_on_the_way_ends_nothing(signing_in: SigningIn, apple: DemoApple, path: str, how: How) -> None:
    apple.hiccups.append(Hiccup(path, how))
    step = await signing_in.start(WHO, PASSWORD)
    assert isinstance(await type_code(signing_in, apple, WHO, step), SignedIn)
    assert (passwords_sent(apple), sent(apple, "/code/validate"), sent(apple, path)) == (1, 1, 2)


@pytest.mark.parametrize("path", ["/2sv/trust", "/accountLogin"])
async def test_a_503_after_the_password_is_a_hiccup_too(signing_in: SigningIn, apple: DemoApple, path: str) -> None:
    apple.hiccups.append(Hiccup(path, 503, times=TRIES - 1))
    step = await signing_in.start(WHO, PASSWORD)
    assert isinstance(await type_code(signing_in, apple, WHO, step), SignedIn)


async def test_a_503_before_the_password_is_not_added_to(signing_in: SigningIn, apple: DemoApple) -> None:
    apple.hiccups.append(Hiccup("/signin/init", 503))
    with pytest.raises(WizardError) as refusal:
        await signing_in.start(WHO, PASSWORD)
    assert (refusal.value.code, sent(apple, "/signin/init")) == ("icloud.unavailable", 1)
    assert "Wait an hour" in refusal.value.fix


@pytest.mark.parametrize("how", [500, 503, "dropped", "page"])
async def test_a_session_that_lives_is_not_taken_for_ended(signing_in: SigningIn, apple: DemoApple, how: How) -> None:
    pair = await session(signing_in, apple, WHO)
    apple.hiccups.append(Hiccup("/validate", how))
    assert await signing_in.resume(pair) == SignedIn(Rung.WORKS)


@pytest.mark.parametrize("how", [500, 503, "dropped", "page"])
async def test_a_password_is_sent_once_whatever_becomes_of_it(
    signing_in: SigningIn, apple: DemoApple, how: How
) -> None:
    apple.hiccups.append(Hiccup("/signin/complete", how))
    with pytest.raises(WizardError) as refusal:
        await signing_in.start(WHO, PASSWORD)
    assert passwords_sent(apple) == 1
    assert refusal.value.retry is Retry.LATER
    assert "accepted" not in refusal.value.why


@pytest.mark.parametrize("path", ["/2sv/trust", "/accountLogin"])
async def test_what_goes_on_going_wrong_is_told_after_a_few_tries(
    signing_in: SigningIn, apple: DemoApple, path: str
) -> None:
    step = await signing_in.start(WHO, PASSWORD)
    apple.requests.clear()
    apple.hiccups.append(Hiccup(path, 500, times=99))
    with pytest.raises(WizardError) as refusal:
        await type_code(signing_in, apple, WHO, step)
    assert refusal.value.code == "icloud.unavailable"
    assert refusal.value.why == "It answered 500, an error of its own. The password was accepted."
    assert "hour" not in refusal.value.fix
    assert sent(apple, path) == TRIES


@pytest.mark.parametrize("path", ["/signin/init", "/signin/complete", "/2sv/trust", "/accountLogin"])
async def test_a_page_in_place_of_an_answer_is_told_as_one(signing_in: SigningIn, apple: DemoApple, path: str) -> None:
    async def sign_in() -> None:
        await type_code(signing_in, apple, WHO, await signing_in.start(WHO, PASSWORD))

    apple.hiccups.append(Hiccup(path, "page", times=99))
    with pytest.raises(WizardError) as refusal:
        await sign_in()
    assert refusal.value.code == "icloud.web-page"


async def test_a_page_in_place_of_a_session_is_told_as_one(signing_in: SigningIn, apple: DemoApple) -> None:
    pair = await session(signing_in, apple, WHO)
    apple.hiccups.append(Hiccup("/validate", "page", times=99))
    with pytest.raises(WizardError) as refusal:
        await signing_in.resume(pair)
    assert refusal.value.code == "icloud.web-page"


CODE_SENT = [(BY_TEXT, "/phone/securitycode"), (WHO, "/code/validate"), ("older.page@example.com", "/securitycode")]


@pytest.mark.parametrize(("who", "path"), CODE_SENT)
async def test_a_code_that_was_accepted_without_a_word_is_not_sent_again(
    signing_in: SigningIn, apple: DemoApple, who: str, path: str
) -> None:
    step = await signing_in.start(who, PASSWORD)
    apple.requests.clear()
    apple.hiccups.append(Hiccup(path, "unanswered"))
    assert isinstance(await type_code(signing_in, apple, who, step), SignedIn)
    assert sent(apple, path) == 1


@pytest.mark.parametrize("how", [500, 503, "dropped", "page"])
@pytest.mark.parametrize(("who", "path"), CODE_SENT)
async def test_a_code_that_nobody_judged_is_asked_for_once_more(
    signing_in: SigningIn, apple: DemoApple, who: str, path: str, how: How
) -> None:
    step = await signing_in.start(who, PASSWORD)
    apple.requests.clear()
    apple.hiccups.append(Hiccup(path, how))
    answer = await type_code(signing_in, apple, who, step)
    assert isinstance(answer, WrongCode)
    assert (answer.why.code, sent(apple, path)) == ("icloud.code-unchecked", 1)
    assert isinstance(await type_code(signing_in, apple, who, answer.step), SignedIn)
    assert passwords_sent(apple) == 0


@pytest.mark.parametrize("how", [500, "dropped"])
async def test_a_hiccup_after_the_last_step_of_the_proof_is_none(
    signing_in: SigningIn, apple: DemoApple, how: How
) -> None:
    step = await signing_in.start(WHO, PASSWORD)
    apple.hiccups.append(Hiccup("/bridge/step/6", how))
    assert isinstance(await type_code(signing_in, apple, WHO, step), SignedIn)


async def test_a_text_message_is_never_asked_for_twice_by_itself(signing_in: SigningIn, apple: DemoApple) -> None:
    apple.hiccups.append(Hiccup("/verify/phone", 500))
    step = await signing_in.start(BY_TEXT, PASSWORD)
    assert isinstance(step, CodeWanted)
    assert step.notice is not None
    assert (step.notice.code, sent(apple, "/verify/phone")) == ("icloud.code-not-sent", 1)


async def test_a_text_message_that_is_asked_for_in_vain_can_be_asked_for_again(
    signing_in: SigningIn, apple: DemoApple
) -> None:
    step = await signing_in.start(BY_TEXT, PASSWORD)
    assert isinstance(step, CodeWanted)
    apple.hiccups.append(Hiccup("/verify/phone", "dropped"))
    with pytest.raises(WizardError) as refusal:
        await signing_in.request_code("sms", step.phones[1])
    assert (refusal.value.code, refusal.value.retry) == ("icloud.code-not-sent", Retry.NOW)
    await signing_in.request_code("sms", step.phones[1])
    assert isinstance(await signing_in.submit(apple.code_for(BY_TEXT, "sms", 1) or ""), SignedIn)


async def test_asking_about_the_photos_goes_on_after_a_hiccup(signing_in: SigningIn, apple: DemoApple) -> None:
    await session(signing_in, apple, WHO)
    apple.hiccups.append(Hiccup("/records/query", 503))
    assert (await signing_in.photos()).count
