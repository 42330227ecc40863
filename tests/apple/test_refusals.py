"""Each of Apple's refusals reaches a user of pyicloud as observation says, and no differently from how it is told apart."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, Literal

import pytest
from pyicloud.exceptions import (
    PyiCloudAcceptTermsException,
    PyiCloudAccountLockedException,
    PyiCloudAPIResponseException,
    PyiCloudConnectionException,
    PyiCloudException,
    PyiCloudFailedLoginException,
    PyiCloudServiceNotActivatedException,
    PyiCloudServiceUnavailable,
)

from tests.apple.conftest import lines, off_loop, service, sign_in
from wizard.demo.apple.server import DemoApple


@pytest.mark.parametrize(
    ("apple_id", "password", "kind", "text", "last"),
    [
        (
            "one.phone@example.com",
            "another-demo-password",
            PyiCloudFailedLoginException,
            "Invalid email/password combination.",
            "POST /appleauth/auth/signin/complete 401",
        ),
        (
            "nobody@example.com",
            "demo-password",
            PyiCloudFailedLoginException,
            "Invalid email/password combination.",
            "POST /appleauth/auth/signin/complete 401",
        ),
        (
            "locked@example.com",
            "demo-password",
            PyiCloudAccountLockedException,
            "Apple Account is locked for security reasons",
            "POST /appleauth/auth/signin/complete 403",
        ),
        (
            "throttled@example.com",
            "demo-password",
            PyiCloudFailedLoginException,
            "Invalid email/password combination.",
            "POST /appleauth/auth/signin/complete 503",
        ),
        (
            "throttled.early@example.com",
            "demo-password",
            PyiCloudFailedLoginException,
            "Failed to initiate srp authentication.",
            "POST /appleauth/auth/signin/init 503",
        ),
        (
            "too.many@example.com",
            "demo-password",
            PyiCloudFailedLoginException,
            "Failed to initiate srp authentication.",
            "POST /appleauth/auth/signin/init 429",
        ),
        (
            "dropped@example.com",
            "demo-password",
            PyiCloudConnectionException,
            "Request failed to iCloud",
            "POST /appleauth/auth/signin/init 444",
        ),
    ],
)
async def test_refused_at_the_password(
    apple: DemoApple, cookies: Path, apple_id: str, password: str, kind: type[Exception], text: str, last: str
) -> None:
    with pytest.raises(PyiCloudException) as refusal:
        await off_loop(lambda: sign_in(apple, apple_id, cookies, password=password))
    assert type(refusal.value) is kind
    assert refusal.value.args[0] == text
    assert lines(apple)[-1] == last


@pytest.mark.parametrize(
    ("outage", "kind"),
    [
        (503, PyiCloudAPIResponseException),
        (500, PyiCloudAPIResponseException),
        ("dropped", PyiCloudConnectionException),
    ],
)
async def test_an_outage_of_everything(
    apple: DemoApple, cookies: Path, outage: int | Literal["dropped"], kind: type[Exception]
) -> None:
    apple.outage = outage
    with pytest.raises(PyiCloudException) as refusal:
        await off_loop(lambda: sign_in(apple, "one.phone@example.com", cookies))
    assert type(refusal.value) is kind
    assert [seen.path for seen in apple.requests] == ["/appleauth/auth/authorize/signin"]
    apple.outage = None
    await off_loop(lambda: sign_in(apple, "one.phone@example.com", cookies))


async def test_web_access_off_shows_only_after_the_code(apple: DemoApple, cookies: Path) -> None:
    with pytest.raises(PyiCloudFailedLoginException) as refusal:
        await off_loop(lambda: sign_in(apple, "web.off@example.com", cookies))
    assert refusal.value.args[0] == "Invalid authentication token."
    assert lines(apple)[-1] == "POST /setup/ws/1/accountLogin 421"


async def test_new_terms_are_accepted_only_when_asked_to(apple: DemoApple, cookies: Path) -> None:
    with pytest.raises(PyiCloudAcceptTermsException):
        await off_loop(lambda: sign_in(apple, "terms@example.com", cookies))
    apple.requests.clear()
    await off_loop(lambda: sign_in(apple, "terms@example.com", cookies / "anew", accept_terms=True))
    assert lines(apple)[-4:] == [
        "POST /setup/ws/1/accountLogin 200",
        "GET /setup/ws/1/getTerms 200",
        "GET /setup/ws/1/repairDone 200",
        "POST /setup/ws/1/accountLogin 200",
    ]


async def test_china_mainland_needs_its_own_domain(apple: DemoApple, cookies: Path) -> None:
    def through_the_wrong_door() -> tuple[Any, bool]:
        with service("china@example.com", cookies) as api:
            api.validate_2fa_code(apple.code_for("china@example.com", "device") or "")
            return api.data, api.is_trusted_session

    assert await off_loop(through_the_wrong_door) == ({"domainToUse": "iCloud.com.cn"}, False)
    await off_loop(lambda: sign_in(apple, "china@example.com", cookies, china_mainland=True))
    assert ".icloud.com.cn" in (cookies / "chinaexamplecom.cookiejar").read_text()


@pytest.mark.usefixtures("apple")
async def test_no_two_factor_authentication(cookies: Path) -> None:
    def described() -> tuple[bool, bool, Any]:
        with service("no.2fa@example.com", cookies) as api:
            return api.requires_2sa, api.is_trusted_session, api.data["dsInfo"]["hasICloudQualifyingDevice"]

    assert await off_loop(described) == (True, False, False)


async def test_apple_sends_no_sms(apple: DemoApple, cookies: Path) -> None:
    def ask() -> None:
        with service("sms.refused@example.com", cookies) as api:
            assert apple.code_for("sms.refused@example.com", "sms") is None
            api.request_2fa_code()

    with pytest.raises(PyiCloudAPIResponseException, match="-28248"):
        await off_loop(ask)


async def test_too_many_codes_look_like_a_wrong_one_to_pyicloud(apple: DemoApple, cookies: Path) -> None:
    def one() -> bool:
        with service("codes.exhausted@example.com", cookies) as api:
            return bool(api.validate_2fa_code(apple.code_for("codes.exhausted@example.com", "sms") or ""))

    assert not await off_loop(one)
    assert lines(apple)[-1] == "POST /appleauth/auth/verify/phone/securitycode 423"


async def test_after_five_wrong_codes_the_right_one_is_refused_too(apple: DemoApple, cookies: Path) -> None:
    def many() -> bool:
        with service("sms.only@example.com", cookies) as api:
            code = apple.code_for("sms.only@example.com", "sms") or ""
            wrong = "111111" if code != "111111" else "222222"
            assert [api.validate_2fa_code(wrong) for _ in range(5)] == [False] * 5
            return bool(api.validate_2fa_code(code))

    assert not await off_loop(many)
    assert [line.rpartition(" ")[2] for line in lines(apple)[-6:]] == ["400"] * 5 + ["423"]


async def test_an_unknown_push_host_leaves_pyicloud_as_a_bare_gaierror(apple: DemoApple, cookies: Path) -> None:
    with pytest.raises(socket.gaierror):
        await off_loop(lambda: sign_in(apple, "push.unreachable@example.com", cookies))


async def test_a_security_key_has_a_name_and_no_code_will_do(apple: DemoApple, cookies: Path) -> None:
    def offered() -> tuple[str, list[str] | None]:
        with service("security.key@example.com", cookies) as api:
            return api.two_factor_delivery_method, api.security_key_names

    assert await off_loop(offered) == ("security_key", ["Demo key"])
    assert apple.code_for("security.key@example.com", "device") is None


@pytest.mark.parametrize(
    ("apple_id", "kind", "text"),
    [
        ("adp@example.com", PyiCloudAPIResponseException, "ACCESS_DENIED"),
        ("unfinished@example.com", PyiCloudAPIResponseException, "ZONE_NOT_FOUND"),
        ("indexing@example.com", PyiCloudServiceNotActivatedException, "not finished indexing"),
    ],
)
async def test_a_sign_in_that_works_while_photos_do_not(
    apple: DemoApple, cookies: Path, apple_id: str, kind: type[Exception], text: str
) -> None:
    await off_loop(lambda: sign_in(apple, apple_id, cookies))
    with pytest.raises(PyiCloudServiceUnavailable, match="Photos service not available") as refusal:
        await off_loop(lambda: look_at_photos(apple_id, cookies))
    assert type(refusal.value.__cause__) is kind
    assert text in str(refusal.value.__cause__)


async def test_an_account_without_a_photo_library(apple: DemoApple, cookies: Path) -> None:
    await off_loop(lambda: sign_in(apple, "photos.off@example.com", cookies))
    with pytest.raises(PyiCloudServiceNotActivatedException, match="Webservice not available: ckdatabasews"):
        await off_loop(lambda: look_at_photos("photos.off@example.com", cookies))


def look_at_photos(apple_id: str, cookies: Path) -> None:
    with service(apple_id, cookies, password=None) as api:
        assert api.is_trusted_session
        _ = api.photos
