"""Until when a session lasts, by the dates in its cookie jar: an estimate, and what it rests on. Pure.

X-APPLE-WEBAUTH-USER is set at sign-in and not moved by use: the best sign, about 30 days. X-APPLE-WEBAUTH-HSA-TRUST only says how
long it lasts at most. X-APPLE-WEBAUTH-TOKEN moves with each run, but clients send it no longer than its date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from wizard.icloud.files import TOKEN, Cookie, read_jar

USER = "X-APPLE-WEBAUTH-USER"
TRUST = "X-APPLE-WEBAUTH-HSA-TRUST"

_FORMATS = ("%Y-%m-%d %H:%M:%SZ", "%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Expiry:
    """`at` is when a sign-in is due, UTC; None when the jar does not say. `rests_on` is a sentence for people.

    `state`: "live", "over" (due date passed, or the cookie that opens the session is missing or past its date), "unknown".
    `unless_used_by`: the session ends already then unless a run comes before; None where `at` is earlier.
    """

    at: datetime | None
    state: Literal["live", "over", "unknown"]
    rests_on: str
    unless_used_by: datetime | None = None

    def days_left(self, now: datetime) -> int | None:
        """Whole days, rounded down, never below 0; None where there is no date."""
        return None if self.at is None else max(0, (self.at - now).days)


def expiry(jar: str, now: datetime) -> Expiry:
    """When the session in this jar ends, as of `now` (aware)."""
    cookies = {cookie.name: cookie for cookie in read_jar(jar)}
    token = cookies.get(TOKEN)
    user, trust = (_date(cookies.get(name)) for name in (USER, TRUST))
    known = min((date for date in (user, trust) if date), default=None)
    if token is None:
        return Expiry(known, "over", f"{TOKEN} is missing: this sign-in was never finished.")
    opens_until = _date(token)
    if opens_until and opens_until <= now:
        return Expiry(
            min(opens_until, known or opens_until), "over", f"The date of {TOKEN} has passed: no client sends it."
        )
    if known is None:
        if opens_until is None:
            return Expiry(None, "unknown", "The cookies have no dates.")
        return Expiry(opens_until, "live", f"{USER} is missing; until the date of {TOKEN} it will be sent.")
    basis = (
        f"the date of {USER}, which is set at sign-in"
        if known == user
        else f"the date of {TRUST}, which it can't outlive"
    )
    if known <= now:
        return Expiry(known, "over", f"It rests on {basis}, and has passed.")
    earlier = opens_until if opens_until and opens_until < known else None
    return Expiry(known, "live", f"It rests on {basis}. Apple may end it earlier.", earlier)


def _date(cookie: Cookie | None) -> datetime | None:
    text = (cookie.attributes.get("expires") or "") if cookie else ""
    for pattern in _FORMATS:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
