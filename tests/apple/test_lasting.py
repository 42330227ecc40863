"""How long a sign-in lasts at the demo Apple, and by which of its tokens pyicloud brings it back."""

from __future__ import annotations

import datetime as dt
import http.cookiejar
import shutil
from pathlib import Path

import pytest
from pyicloud.exceptions import PyiCloudFailedLoginException

from tests.apple.conftest import Clock, lines, off_loop, service, sign_in
from wizard.demo.apple.server import DemoApple

WHO = "one.phone@example.com"
PASSWORD_AGAIN = [
    "GET /appleauth/auth/authorize/signin 200",
    "POST /appleauth/auth/signin/init 200",
]


def dates(file: Path) -> dict[str, dt.datetime | None]:
    """When each icloud.com cookie of a jar ends; None for one that lives as long as the browser."""
    jar = http.cookiejar.LWPCookieJar(str(file))
    jar.load(ignore_discard=True, ignore_expires=True)
    return {
        cookie.name: dt.datetime.fromtimestamp(cookie.expires, dt.UTC) if cookie.expires else None
        for cookie in jar
        if cookie.domain.removeprefix(".") == "icloud.com"  # Python 3.13 writes it without the dot
    }


def resume(cookies: Path, password: str | None = None) -> tuple[bool, bool]:
    """Whether pyicloud is trusted again, and whether it wants a code."""
    with service(WHO, cookies, password=password) as api:
        return api.is_trusted_session, api.requires_2fa


async def test_cookies_live_as_long_as_the_table_says(apple: DemoApple, cookies: Path, clock: Clock) -> None:
    await off_loop(lambda: sign_in(apple, WHO, cookies))
    jar = dates(cookies / "onephoneexamplecom.cookiejar")
    assert len(jar) == 16
    days = {name: (until - clock.now).days for name, until in jar.items() if until}
    assert {name: life for name, life in days.items() if "PCS" not in name and "KB" not in name} == {
        "X-APPLE-UNIQUE-CLIENT-ID": 365,
        "X-APPLE-WEBAUTH-USER": 30,
        "X-APPLE-WEBAUTH-TOKEN": 30,
        "X-APPLE-DS-WEB-SESSION-TOKEN": 30,
        "X-APPLE-WEBAUTH-HSA-TRUST": 90,
    }
    assert {life for name, life in days.items() if "PCS" in name} == {30}
    assert [life for name, life in days.items() if name.startswith("X_APPLE_WEB_KB-")] == [60]


async def test_validate_moves_every_date_but_that_of_the_user_and_the_trust(
    apple: DemoApple, cookies: Path, clock: Clock
) -> None:
    await off_loop(lambda: sign_in(apple, WHO, cookies))
    before = dates(cookies / "onephoneexamplecom.cookiejar")
    clock.advance(days=10)
    await off_loop(lambda: resume(cookies))
    after = dates(cookies / "onephoneexamplecom.cookiejar")
    assert before.keys() == after.keys()
    moved = {name for name in before if before[name] != after[name]}
    assert moved == {name for name in before if "PCS" in name or name.endswith("-TOKEN")}


async def test_a_dead_web_session_is_healed_by_the_session_token(apple: DemoApple, cookies: Path, clock: Clock) -> None:
    await off_loop(lambda: sign_in(apple, WHO, cookies))
    apple.requests.clear()
    clock.advance(days=31)
    assert await off_loop(lambda: resume(cookies)) == (True, False)
    assert lines(apple) == ["POST /setup/ws/1/validate 421", "POST /setup/ws/1/accountLogin 200"]


async def test_the_trust_token_and_the_password_need_no_code(apple: DemoApple, cookies: Path, clock: Clock) -> None:
    await off_loop(lambda: sign_in(apple, WHO, cookies))
    apple.requests.clear()
    clock.advance(days=61)
    assert await off_loop(lambda: resume(cookies, "demo-password")) == (True, False)
    assert lines(apple) == [
        "POST /setup/ws/1/validate 421",
        "POST /setup/ws/1/accountLogin 400",
        *PASSWORD_AGAIN,
        "POST /appleauth/auth/signin/complete 200",
        "POST /setup/ws/1/accountLogin 200",
    ]


async def test_without_trust_the_password_needs_a_code(apple: DemoApple, cookies: Path) -> None:
    await off_loop(lambda: sign_in(apple, WHO, cookies))
    apple.end_web_sessions(WHO)
    apple.end_session_tokens(WHO)
    apple.end_trust(WHO)
    assert await off_loop(lambda: resume(cookies, "demo-password")) == (False, True)
    assert "POST /appleauth/auth/signin/complete 409" in lines(apple)


async def test_without_a_password_a_dead_session_stays_dead(apple: DemoApple, cookies: Path) -> None:
    await off_loop(lambda: sign_in(apple, WHO, cookies))
    apple.end_web_sessions(WHO)
    apple.end_session_tokens(WHO)
    with pytest.raises(PyiCloudFailedLoginException, match="No password set"):
        await off_loop(lambda: resume(cookies))


async def test_a_changed_password_ends_the_old_one(apple: DemoApple, tmp_path: Path) -> None:
    apple.change_password(WHO, "demo-password-2")
    with pytest.raises(PyiCloudFailedLoginException, match="Invalid email/password"):
        await off_loop(lambda: sign_in(apple, WHO, tmp_path / "old"))
    await off_loop(lambda: sign_in(apple, WHO, tmp_path / "new", password="demo-password-2"))


async def test_two_copies_of_a_session_do_not_disturb_each_other(apple: DemoApple, cookies: Path) -> None:
    await off_loop(lambda: sign_in(apple, WHO, cookies))
    copy = cookies.with_name("copy")
    await off_loop(lambda: shutil.copytree(cookies, copy))
    assert await off_loop(lambda: resume(copy)) == (True, False)
    assert await off_loop(lambda: resume(cookies)) == (True, False)
    assert await off_loop(lambda: resume(copy)) == (True, False)


async def test_signing_out_ends_the_session(apple: DemoApple, cookies: Path) -> None:
    def leave() -> object:
        with service(WHO, cookies, password=None) as api:
            return api.logout(clear_local_session=False)["remote_logout_confirmed"]

    await off_loop(lambda: sign_in(apple, WHO, cookies))
    assert await off_loop(leave) is True
    apple.end_session_tokens(WHO)
    with pytest.raises(PyiCloudFailedLoginException, match="No password set"):
        await off_loop(lambda: resume(cookies))


async def test_requests_are_counted_per_account(apple: DemoApple, cookies: Path) -> None:
    await off_loop(lambda: sign_in(apple, WHO, cookies))
    await off_loop(lambda: sign_in(apple, "sms.only@example.com", cookies))
    assert apple.counts() == {WHO: 11, "sms.only@example.com": 8}
    assert [str(seen) for seen in apple.requests_of("sms.only@example.com")][-2:] == [
        "GET /appleauth/auth/2sv/trust 204",
        "POST /setup/ws/1/accountLogin 200",
    ]
