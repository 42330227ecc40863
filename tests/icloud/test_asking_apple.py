"""Where each refusal of Apple leads: to the step that can mend it, never to the same thing sent again by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.demo_world.signing import Keyring, Somebody
from wizard.errors import WizardError
from wizard.icloud.files import Pair
from wizard.icloud.ladder import Rung
from wizard.icloud.messages import trouble
from wizard.icloud.steps import CodeWanted, Phone, SignedIn, Step, WrongCode
from wizard.signin.apple import sign_in_to_apple
from wizard.signin.passwords import Passwords
from wizard.signin.person import AnotherCode, Code

ME = "me@example.com"
IN = SignedIn(Rung.CODE)
WANTED = CodeWanted("device", (Phone(1, "81"),), datetime(2026, 11, 24, tzinfo=UTC))
PAIR = Pair(ME, "#LWP-Cookies-2.0\n", '{"session_token": "s", "trust_token": "t"}')


class Apple:
    """Answers in order; an exception among the answers is raised. `sent` is all that reached it."""

    def __init__(self, *answers: Step | WrongCode | WizardError) -> None:
        self.answers = list(answers)
        self.sent: list[Any] = []

    def _answer(self, *sent: Any) -> Any:
        self.sent.append(sent)
        answer = self.answers.pop(0)
        if isinstance(answer, WizardError):
            raise answer
        return answer

    async def resume(self, pair: Pair) -> Any:
        return self._answer("resume", pair)

    async def start(self, apple_id: str, password: str, **how: Any) -> Any:
        assert apple_id == ME
        return self._answer(password, how["kept_password"], how["kept_pair"], how["china"])

    async def submit(self, code: str, delivery: str | None) -> Any:
        return self._answer(code, delivery)

    async def request_code(self, delivery: str, phone: Phone | None) -> Any:
        return self._answer(delivery, phone)


def typed(code: str) -> Callable[[CodeWanted], Code]:
    return lambda _: Code(code)


async def led(
    apple: Apple, person: Somebody, pair: Pair | None = None, keyring: Keyring | None = None, *, renew: bool = False
) -> tuple[SignedIn, Passwords, list[str]]:
    notes: list[str] = []
    passwords = Passwords(ME, person, keyring, notes.append)
    return await sign_in_to_apple(apple, passwords, person, pair, renew=renew), passwords, notes  # type: ignore[arg-type]


async def test_the_sessions_own_tokens_come_first() -> None:
    apple, person = Apple(IN), Somebody()
    await led(apple, person, PAIR)
    assert apple.sent == [("resume", PAIR)]
    assert person.questions == []


async def test_anew_means_the_password_although_the_tokens_may_do() -> None:
    apple, person = Apple(IN), Somebody(passwords=["one"])
    await led(apple, person, PAIR, renew=True)
    assert apple.sent == [("one", False, PAIR, False)]


async def test_tokens_that_are_refused_lead_to_the_password() -> None:
    apple, person = Apple(trouble("icloud.session-unreadable"), IN), Somebody(passwords=["one"])
    await led(apple, person, PAIR)
    assert apple.sent[1:] == [("one", False, PAIR, False)]


@pytest.mark.parametrize("code", ["icloud.unavailable", "icloud.throttled", "icloud.unreachable", "icloud.locked"])
async def test_an_apple_that_is_away_is_asked_nothing_more(code: str) -> None:
    apple, person = Apple(trouble(code)), Somebody()
    with pytest.raises(WizardError) as ended:
        await led(apple, person, PAIR)
    assert ended.value.code == code
    assert person.questions == []


async def test_a_kept_password_that_is_refused_is_forgotten_and_never_sent_again() -> None:
    keyring = Keyring("of last year")
    apple = Apple(trouble("icloud.password-changed"), trouble("icloud.wrong-password"), IN)
    _, passwords, _ = await led(apple, Somebody(passwords=["wrong", "right"]), keyring=keyring)
    assert [sent[:2] for sent in apple.sent] == [("of last year", True), ("wrong", False), ("right", False)]
    assert keyring.held is None
    assert await passwords.keep()
    assert keyring.held == "right"


async def test_a_password_that_apple_has_refused_is_not_sent_when_it_is_typed_again() -> None:
    apple = Apple(trouble("icloud.wrong-password"), trouble("icloud.wrong-password"), IN)
    person = Somebody(passwords=["one", "one", "two", "one", "two", "right"])
    await led(apple, person)
    assert [sent[0] for sent in apple.sent] == ["one", "two", "right"]
    wrong, same = "icloud.wrong-password", "icloud.same-password"
    assert person.whys == [wrong, same, wrong, same, same]


async def test_nor_when_it_is_the_kept_one_that_is_typed() -> None:
    apple = Apple(trouble("icloud.password-changed"), IN)
    person = Somebody(passwords=["kept", "new"])
    await led(apple, person, keyring=Keyring("kept"))
    assert [sent[0] for sent in apple.sent] == ["kept", "new"]


async def test_a_keyring_that_fails_is_told_and_done_without() -> None:
    keyring = Keyring(None, WizardError("icloud.keyring", "The keyring does not work."))
    apple = Apple(IN)
    _, _, notes = await led(apple, Somebody(passwords=["typed"]), keyring=keyring)
    assert apple.sent[0][:2] == ("typed", False)
    assert notes == ["The keyring does not work. The password was asked for instead."]


async def test_a_trust_that_is_refused_is_not_shown_again() -> None:
    apple, person = (
        Apple(trouble("icloud.trust-refused"), WANTED, IN),
        Somebody(passwords=["a", "a"], codes=[typed("1")]),
    )
    await led(apple, person, PAIR, renew=True)
    assert [sent[2] for sent in apple.sent[:2]] == [PAIR, None]


async def test_an_account_of_the_mainland_takes_the_password_once_more() -> None:
    apple, person = Apple(trouble("icloud.china"), IN), Somebody(passwords=["a", "a"])
    await led(apple, person)
    assert [sent[3] for sent in apple.sent] == [False, True]
    assert len(person.questions) == 2


async def test_a_sign_in_that_apple_forgot_begins_again_at_the_password() -> None:
    apple = Apple(WANTED, trouble("icloud.sign-in-lapsed"), WANTED, IN)
    person = Somebody(passwords=["a", "a"], codes=[typed("111111"), typed("222222")])
    await led(apple, person)
    assert [sent[0] for sent in apple.sent] == ["a", "111111", "a", "222222"]
    assert person.whys == ["icloud.sign-in-lapsed"]


async def test_a_text_message_that_is_not_sent_leaves_the_other_code_to_type() -> None:
    apple = Apple(WANTED, trouble("icloud.sms-refused"), IN)
    person = Somebody(passwords=["a"], codes=[lambda _: AnotherCode("sms", Phone(1, "81")), typed("111111")])
    await led(apple, person)
    assert [sent[0] for sent in apple.sent] == ["a", "sms", "111111"]
    assert person.whys == ["icloud.sms-refused"]


@pytest.mark.parametrize("code", ["icloud.apple-id", "icloud.locked", "icloud.too-many-codes", "icloud.no-two-factor"])
async def test_what_typing_can_not_mend_ends_it(code: str) -> None:
    apple, person = Apple(trouble(code)), Somebody(passwords=["a"])
    with pytest.raises(WizardError) as ended:
        await led(apple, person)
    assert ended.value.code == code
    assert len(apple.sent) == 1


async def test_where_no_password_was_used_there_is_none_to_keep() -> None:
    keyring = Keyring(None)
    _, passwords, _ = await led(Apple(IN), Somebody(), PAIR, keyring)
    assert not await passwords.keep()
    assert keyring.held is None


@pytest.mark.parametrize("code", ["icloud.app-specific-password", "icloud.no-password"])
async def test_a_kept_password_that_can_be_none_is_asked_for_once(code: str) -> None:
    keyring = Keyring("abcd-abcd-abcd-abcd")
    apple = Apple(trouble(code), IN)
    await led(apple, Somebody(passwords=["typed"]), keyring=keyring)
    assert [sent[0] for sent in apple.sent] == ["abcd-abcd-abcd-abcd", "typed"]
    assert keyring.held is None


async def test_an_account_that_is_sent_to_and_fro_is_left() -> None:
    apple = Apple(trouble("icloud.china"), trouble("icloud.not-china"))
    with pytest.raises(WizardError) as ended:
        await led(apple, Somebody(), keyring=Keyring("kept"))
    assert ended.value.code == "icloud.not-china"
