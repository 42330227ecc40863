"""Sign-ins that outlive the demo Apple's process, and sign-ins that a demo begins with."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.apple.conftest import Clock, lines, off_loop, service, sign_in
from wizard.demo.apple.accounts import demo_accounts
from wizard.demo.apple.route import names_lead_to
from wizard.demo.apple.server import DemoApple

WHO = "one.phone@example.com"


def resume(cookies: Path, password: str | None = None, apple_id: str = WHO) -> tuple[bool, bool]:
    with service(apple_id, cookies, password=password) as api:
        return api.is_trusted_session, api.requires_2fa


async def test_a_kept_demo_knows_its_sessions_again(tmp_path: Path, clock: Clock, cookies: Path) -> None:
    keep = tmp_path / "kept" / "apple.json"
    async with DemoApple.open(demo_accounts(), clock, tls=tmp_path, keep=keep) as apple:
        with names_lead_to(apple.address, apple.ca_file):
            await off_loop(lambda: sign_in(apple, WHO, cookies))
            apple.change_password("two.phones@example.com", "demo-password-2")
    assert keep.stat().st_mode & 0o777 == 0o600
    async with DemoApple.open(demo_accounts(), clock, tls=tmp_path, keep=keep) as apple:
        with names_lead_to(apple.address, apple.ca_file):
            assert await off_loop(lambda: resume(cookies)) == (True, False)
            assert lines(apple) == ["POST /setup/ws/1/validate 200"]
            await off_loop(lambda: sign_in(apple, "two.phones@example.com", tmp_path, password="demo-password-2"))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"schema": 1}',
        '{"schema": 2, "people": {}, "session_tokens": [], "trust_tokens": [], "web_sessions": []}',
        '{"schema": 1, "people": {}, "session_tokens": [[1]], "trust_tokens": [], "web_sessions": []}',
        '{"schema": 1, "people": [], "session_tokens": [], "trust_tokens": [], "web_sessions": []}',
        '{"schema": 1, "people": {"one.phone@example.com": 1},'
        ' "session_tokens": [], "trust_tokens": [], "web_sessions": []}',
        '{"schema": 1, "people": {}, "session_tokens": [["t", 1, true, "x"]], "trust_tokens": [], "web_sessions": []}',
    ],
)
async def test_a_file_that_is_no_demo_is_as_good_as_none(tmp_path: Path, clock: Clock, content: str) -> None:
    keep = tmp_path / "apple.json"
    keep.write_text(content)
    async with DemoApple.open(demo_accounts(), clock, tls=tmp_path, keep=keep):
        pass
    async with DemoApple.open(demo_accounts(), clock, tls=tmp_path, keep=keep) as apple:
        assert apple.code_for(WHO, "device") is None
    assert keep.read_text().startswith('{"schema": 1, "people": {"one.phone@example.com"')


def put(apple: DemoApple, folder: Path, ago: dt.timedelta, apple_id: str = WHO) -> None:
    """Lay the files of an old sign-in where pyicloud looks for them."""
    files = apple.signed_in(apple_id, ago)
    folder.mkdir()
    name = "".join(c for c in apple_id if c.isalnum())
    (folder / f"{name}.cookiejar").write_text(files.jar)
    (folder / f"{name}.session").write_text(files.session)


@pytest.mark.parametrize(
    ("days", "password", "ends", "requests"),
    [
        (29, None, (True, False), ["POST /setup/ws/1/validate 200"]),
        (31, None, (True, False), ["POST /setup/ws/1/accountLogin 200"]),
        (
            61,
            "demo-password",
            (True, False),
            [
                "POST /setup/ws/1/accountLogin 400",
                "GET /appleauth/auth/authorize/signin 200",
                "POST /appleauth/auth/signin/init 200",
                "POST /appleauth/auth/signin/complete 200",
                "POST /setup/ws/1/accountLogin 200",
            ],
        ),
        (
            91,
            "demo-password",
            (False, True),
            [
                "POST /setup/ws/1/accountLogin 400",
                "GET /appleauth/auth/authorize/signin 200",
                "POST /appleauth/auth/signin/init 200",
                "POST /appleauth/auth/signin/complete 409",
                "GET /appleauth/auth 200",
                "GET /appleauth/auth 200",
                "PUT /appleauth/auth/verify/phone 200",
            ],
        ),
    ],
)
async def test_files_of_an_old_sign_in_are_worth_what_their_age_says(
    apple: DemoApple,
    cookies: Path,
    days: int,
    password: str | None,
    ends: tuple[bool, bool],
    requests: list[str],
) -> None:
    put(apple, cookies, dt.timedelta(days=days), "sms.only@example.com")
    assert await off_loop(lambda: resume(cookies, password, "sms.only@example.com")) == ends
    assert lines(apple) == requests


async def test_made_up_files_are_those_that_a_real_sign_in_leaves(apple: DemoApple, cookies: Path) -> None:
    def shape(jar: str) -> list[str]:
        names = [line.partition("=")[0] for line in jar.splitlines() if "idmsa" not in line]
        return sorted(name[:30] if "KB" not in name else "KB" for name in names)

    await off_loop(lambda: sign_in(apple, WHO, cookies))
    made_up = apple.signed_in("sms.only@example.com")
    assert shape(made_up.jar) == shape((cookies / "onephoneexamplecom.cookiejar").read_text())
