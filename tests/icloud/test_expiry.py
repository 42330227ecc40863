"""Until when a session lasts, by the dates in the jar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.icloud.conftest import Clock, session
from wizard.demo.apple.server import DemoApple
from wizard.icloud.expiry import expiry
from wizard.icloud.signing_in import SigningIn

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TOKEN, USER, TRUST = "X-APPLE-WEBAUTH-TOKEN", "X-APPLE-WEBAUTH-USER", "X-APPLE-WEBAUTH-HSA-TRUST"


def jar(**days: float | None) -> str:
    """A jar with a token, a user and a trust cookie that end so many days from now; None for no date."""
    names = {"token": TOKEN, "user": USER, "trust": TRUST}
    lines = ["#LWP-Cookies-2.0"]
    for name, left in days.items():
        date = "discard" if left is None else f'expires="{NOW + timedelta(days=left):%Y-%m-%d %H:%M:%SZ}"'
        lines.append(f'Set-Cookie3: {names[name]}="planted"; path="/"; domain=.icloud.com; secure; {date}; version=0')
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "days", "basis"),
    [
        (jar(token=30, user=30, trust=90), 30, USER),
        (jar(token=55, user=29.5, trust=90), 29.5, USER),
        (jar(token=3, user=20, trust=90), 20, USER),
        (jar(token=30, user=30, trust=5), 5, TRUST),
        (jar(token=20, trust=90), 20, TOKEN),
        (jar(token=30, trust=5), 5, TRUST),
        (jar(token=None, trust=90), 90, TRUST),
        (jar(token=20, user=None, trust=90), 20, TOKEN),
        (jar(token=30), 30, TOKEN),
        (jar(token=None, user=30, trust=90), 30, USER),
        (jar(token=None, user=None), None, "no dates"),
        (jar(token=30, user=-1, trust=60), -1, "it has passed"),
        (jar(token=-1, user=10, trust=60), -1, f"date of {TOKEN} has passed"),
        (jar(token=-1, user=-5, trust=60), -5, f"date of {TOKEN} has passed"),
        (jar(user=10, trust=60), 10, f"{TOKEN} is missing"),
        ("", None, f"{TOKEN} is missing"),
        (jar(token=30, user=30).replace(":", "-"), None, f"{TOKEN} is missing"),
    ],
)
def test_due(text: str, days: float | None, basis: str) -> None:
    found = expiry(text, NOW)
    assert found.at == (None if days is None else NOW + timedelta(days=days))
    assert basis in found.rests_on
    assert "planted" not in repr(found)


def _elsewhere(text: str, domain: str) -> str:
    return "\n".join(text.replace("domain=.icloud.com", f"domain={domain}").splitlines()[1:])


@pytest.mark.parametrize(
    ("domain", "there", "days"),
    [
        (".icloud.com.cn", jar(token=-40, user=-40, trust=20), 30),
        (".icloud.com.cn", jar(user=10), 30),
        (".icloud.com.cn", jar(token=60, user=50), 50),
        (".www.icloud.com", jar(user=12), 12),
        (".www.icloud.com", jar(user=None, trust=200), 30),
        (".example.com", jar(token=60, user=5), 30),
        (".noticloud.com", jar(token=60, user=5), 30),
    ],
)
def test_two_cookies_of_one_name_on_different_domains(domain: str, there: str, days: float) -> None:
    here = jar(token=40, user=30, trust=90)
    other = _elsewhere(there, domain)
    head, *lines = here.splitlines()
    for text in ("\n".join((head, *lines, other)), "\n".join((head, other, *lines))):
        assert expiry(text, NOW).at == NOW + timedelta(days=days)


async def test_a_real_jar_says_thirty_days(signing_in: SigningIn, apple: DemoApple, clock: Clock) -> None:
    pair = await session(signing_in, apple, "one.phone@example.com")
    found = expiry(pair.jar, clock.now)
    assert found.at == clock.now + timedelta(days=30)
