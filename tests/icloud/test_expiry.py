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
    ("text", "state", "days", "unless_used_by", "basis"),
    [
        (jar(token=30, user=30, trust=90), "live", 30, None, USER),
        (jar(token=55, user=29.9, trust=90), "live", 29, None, USER),
        (jar(token=3, user=20, trust=90), "live", 20, 3, USER),
        (jar(token=30, user=30, trust=5), "live", 5, None, TRUST),
        (jar(token=30, trust=90), "live", 90, 30, TRUST),
        (jar(token=30), "live", 30, None, f"{USER} is missing"),
        (jar(token=None, user=30, trust=90), "live", 30, None, USER),
        (jar(token=None, user=None), "unknown", None, None, "no dates"),
        (jar(token=30, user=-1, trust=60), "over", 0, None, "has passed"),
        (jar(token=-1, user=10, trust=60), "over", 0, None, f"date of {TOKEN} has passed"),
        (jar(user=10, trust=60), "over", 10, None, f"{TOKEN} is missing"),
        ("", "over", None, None, f"{TOKEN} is missing"),
        (jar(token=30, user=30).replace(":", "-"), "over", None, None, f"{TOKEN} is missing"),
    ],
)
def test_due(text: str, state: str, days: int | None, unless_used_by: int | None, basis: str) -> None:
    found = expiry(text, NOW)
    assert (found.state, found.days_left(NOW)) == (state, days)
    assert found.unless_used_by == (None if unless_used_by is None else NOW + timedelta(days=unless_used_by))
    assert basis in found.rests_on
    assert "planted" not in repr(found)


async def test_a_real_jar_says_thirty_days(signing_in: SigningIn, apple: DemoApple, clock: Clock) -> None:
    pair = await session(signing_in, apple, "one.phone@example.com")
    found = expiry(pair.jar, clock.now)
    assert (found.state, found.days_left(clock.now), found.at) == ("live", 30, clock.now + timedelta(days=30))
