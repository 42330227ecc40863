"""Each of Apple's refusals has its own code and words, whatever pyicloud makes of it; none is tried again by itself."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from tests.icloud.conftest import PASSWORD, code, lines, session, type_code, wrong
from wizard.demo.apple.server import DemoApple
from wizard.errors import Retry, WizardError
from wizard.icloud.messages import MESSAGES
from wizard.icloud.refusals import Answer, Hints, code_of, trouble_of
from wizard.icloud.signing_in import SigningIn
from wizard.icloud.steps import CodeWanted, WrongCode

WHO = "one.phone@example.com"


async def refusal_of(signing_in: SigningIn, apple_id: str, password: str = PASSWORD) -> WizardError:
    with pytest.raises(WizardError) as refusal:
        await signing_in.start(apple_id, password)
    return refusal.value


@pytest.mark.parametrize(
    ("apple_id", "password", "expected", "retry"),
    [
        (WHO, "another-demo-password", "icloud.wrong-password", Retry.NOW),
        ("nobody@example.com", PASSWORD, "icloud.wrong-password", Retry.NOW),
        ("locked@example.com", PASSWORD, "icloud.locked", Retry.NEVER),
        ("throttled@example.com", PASSWORD, "icloud.unavailable", Retry.LATER),
        ("throttled.early@example.com", PASSWORD, "icloud.unavailable", Retry.LATER),
        ("too.many@example.com", PASSWORD, "icloud.throttled", Retry.LATER),
        ("no.2fa@example.com", PASSWORD, "icloud.no-two-factor", Retry.LATER),
        ("password.only@example.com", PASSWORD, "icloud.no-two-factor", Retry.LATER),
    ],
)
async def test_refused_at_the_password(
    signing_in: SigningIn, apple: DemoApple, apple_id: str, password: str, expected: str, retry: Retry
) -> None:
    refusal = await refusal_of(signing_in, apple_id, password)
    assert (refusal.code, refusal.retry) == (expected, retry)
    assert max(Counter(lines(apple)).values()) == 1


async def test_a_line_that_breaks_again_and_again(signing_in: SigningIn, apple: DemoApple) -> None:
    refusal = await refusal_of(signing_in, "dropped@example.com")
    assert (refusal.code, refusal.retry) == ("icloud.unreachable", Retry.LATER)
    assert lines(apple)[1:] == ["POST /appleauth/auth/signin/init 444"] * 3


@pytest.mark.parametrize(
    ("apple_id", "password", "expected"),
    [
        ("", PASSWORD, "icloud.apple-id"),
        ("somebody", PASSWORD, "icloud.apple-id"),
        ("some body@example.com", PASSWORD, "icloud.apple-id"),
        (WHO, "", "icloud.no-password"),
        (WHO, "abcd-efgh-ijkl-mnop", "icloud.app-specific-password"),
    ],
)
async def test_what_can_only_fail_is_not_sent(
    signing_in: SigningIn, apple: DemoApple, apple_id: str, password: str, expected: str
) -> None:
    assert ((await refusal_of(signing_in, apple_id, password)).code, lines(apple)) == (expected, [])


async def test_a_wrong_password_is_sent_as_often_as_it_is_typed(signing_in: SigningIn, apple: DemoApple) -> None:
    for typed in (1, 2, 3):
        await refusal_of(signing_in, WHO, "another-demo-password")
        assert lines(apple).count("POST /appleauth/auth/signin/complete 401") == typed
    assert isinstance(await signing_in.start(WHO, PASSWORD), CodeWanted)


@pytest.mark.parametrize(
    ("apple_id", "expected"),
    [
        ("web.off@example.com", "icloud.web-access-off"),
        ("codes.exhausted@example.com", "icloud.too-many-codes"),
        ("china@example.com", "icloud.china"),
    ],
)
async def test_refused_after_the_code(signing_in: SigningIn, apple: DemoApple, apple_id: str, expected: str) -> None:
    step = await signing_in.start(apple_id, PASSWORD)
    with pytest.raises(WizardError) as refusal:
        await type_code(signing_in, apple, apple_id, step)
    assert refusal.value.code == expected


async def test_not_an_account_of_the_chinese_mainland(signing_in: SigningIn, apple: DemoApple) -> None:
    step = await signing_in.start(WHO, PASSWORD, china=True)
    with pytest.raises(WizardError) as refusal:
        await type_code(signing_in, apple, WHO, step)
    assert refusal.value.code == "icloud.not-china"


async def test_after_five_wrong_codes_apple_takes_none(signing_in: SigningIn, apple: DemoApple) -> None:
    who = "sms.only@example.com"
    await signing_in.start(who, PASSWORD)
    right = code(apple, who, "sms")
    for _ in range(5):
        assert isinstance(await signing_in.submit(wrong(right)), WrongCode)
    with pytest.raises(WizardError) as refusal:
        await signing_in.submit(right)
    assert refusal.value.code == "icloud.too-many-codes"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12a456", "१२३४५", "code 123456"])
async def test_what_is_no_code_is_not_sent(signing_in: SigningIn, apple: DemoApple, typed: str) -> None:
    await signing_in.start("sms.only@example.com", PASSWORD)
    apple.requests.clear()
    with pytest.raises(WizardError) as refusal:
        await signing_in.submit(typed)
    assert (refusal.value.code, lines(apple)) == ("icloud.code-shape", [])


@pytest.mark.parametrize(
    ("apple_id", "expected"),
    [
        ("adp@example.com", "icloud.advanced-data-protection"),
        ("unfinished@example.com", "icloud.setup-unfinished"),
        ("indexing@example.com", "icloud.indexing"),
        ("photos.off@example.com", "icloud.no-photo-library"),
    ],
)
async def test_photos_can_be_closed_although_signing_in_works(
    signing_in: SigningIn, apple: DemoApple, apple_id: str, expected: str
) -> None:
    await session(signing_in, apple, apple_id)
    with pytest.raises(WizardError) as refusal:
        await signing_in.photos()
    assert refusal.value.code == expected


async def test_an_unknown_name_on_the_network_is_said_with_the_name(
    signing_in: SigningIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    refusal = await refusal_of(signing_in, WHO)
    assert (refusal.code, refusal.why) == (
        "icloud.unreachable",
        "The name idmsa.apple.com can't be resolved here.",
    )


async def test_a_certificate_that_is_not_trusted(signing_in: SigningIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    refusal = await refusal_of(signing_in, WHO)
    assert refusal.code == "icloud.unreachable"
    assert "certificate of idmsa.apple.com" in refusal.why


@pytest.fixture
def busy_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has Apple answer 503 at one of its addresses from now on."""
    send = HTTPAdapter.send

    def from_now_on(end: str) -> None:
        def answered(self: HTTPAdapter, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
            response = send(self, request, *args, **kwargs)
            if urlsplit(str(request.url)).path.endswith(end):
                assert response.content is not None
                response.status_code = 503
                response._content = b"<html>a-token</html>"
                response.headers["Content-Type"] = "text/html"
            return response

        monkeypatch.setattr(HTTPAdapter, "send", answered)

    return from_now_on


async def test_a_busy_apple_is_no_end_of_the_session(
    signing_in: SigningIn, apple: DemoApple, busy_at: Callable[[str], None]
) -> None:
    pair = await session(signing_in, apple, WHO)
    apple.end_web_sessions(WHO)
    busy_at("/accountLogin")
    with pytest.raises(WizardError) as refusal:
        await signing_in.resume(pair)
    assert refusal.value.code == "icloud.unavailable"
    assert refusal.value.__context__ is None


async def test_a_busy_push_host_is_gone_round(signing_in: SigningIn, busy_at: Callable[[str], None]) -> None:
    busy_at("/bridge/step/0")
    step = await signing_in.start(WHO, PASSWORD)
    assert isinstance(step, CodeWanted)
    assert step.notice is not None
    assert (step.delivery, step.notice.code) == ("sms", "icloud.push-unreachable")


async def test_nothing_to_answer(signing_in: SigningIn) -> None:
    for call in (signing_in.submit("123456"), signing_in.files(), signing_in.accept_terms(), signing_in.photos()):
        with pytest.raises(WizardError) as refusal:
            await call
        assert refusal.value.code == "icloud.no-step"


async def test_files_only_of_a_session_that_lives(signing_in: SigningIn) -> None:
    await signing_in.start(WHO, PASSWORD)
    with pytest.raises(WizardError) as refusal:
        await signing_in.files()
    assert refusal.value.code == "icloud.session-ended"


def answer(path: str, status: int, *codes: str) -> Answer:
    return Answer("POST", "setup.icloud.com", path, status, frozenset(codes))


@pytest.mark.parametrize(
    ("last", "hints", "expected"),
    [
        (answer("/setup/ws/1/accountLogin", 421), Hints(), "icloud.web-access-off"),
        (answer("/setup/ws/1/accountLogin", 502), Hints(), "icloud.unavailable"),
        (answer("/appleauth/auth/signin/complete", 412), Hints(), "icloud.no-two-factor"),
        (answer("/appleauth/auth/signin/complete", 401), Hints(kept_password=True), "icloud.password-changed"),
        (answer("/appleauth/auth/verify/phone", 423, "-28248"), Hints(), "icloud.sms-refused"),
        (answer("/appleauth/auth/verify/phone", 401), Hints(), "icloud.sign-in-lapsed"),
        (answer("/appleauth/auth/verify/security/key", 400), Hints(), "icloud.security-key-refused"),
        (answer("/database/1/query", 403, "ACCESS_DENIED"), Hints(), "icloud.advanced-data-protection"),
        (answer("/database/1/query", 403, "ACCESS_DENIED"), Hints(web_access=False), "icloud.web-access-off"),
        (
            answer("/database/1/query", 403, "ACCESS_DENIED"),
            Hints(data_protection=True, web_access=False),
            "icloud.advanced-data-protection",
        ),
        (answer("/database/1/query", 400, "AUTHENTICATION_FAILED"), Hints(), "icloud.setup-unfinished"),
        (answer("/anything", 410), Hints(), "icloud.outdated"),
        (answer("/anything", 418), Hints(), "icloud.unexpected"),
    ],
)
def test_an_answer_decides_what_a_plain_exception_means(last: Answer, hints: Hints, expected: str) -> None:
    assert code_of(ValueError(), [last], hints) == expected


def test_what_nobody_expected_is_told_without_its_text() -> None:
    trouble = trouble_of(KeyError("a-token"), [answer("/setup/ws/1/validate", 200)], Hints())
    assert trouble.code == "icloud.unexpected"
    assert trouble.why == "KeyError after POST /setup/ws/1/validate 200"


@pytest.mark.parametrize("code", MESSAGES)
def test_every_trouble_says_what_to_do(code: str) -> None:
    words = MESSAGES[code]
    assert words.what.endswith((".", ")."))
    assert words.fix.endswith(".")
    assert "!" not in words.what + words.why + words.fix
