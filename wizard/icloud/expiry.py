"""Until when a session lasts, by the dates in its cookie jar: an estimate, and what it rests on. Pure.

X-APPLE-WEBAUTH-USER is set at sign-in and not moved by use: the best sign, about 30 days. X-APPLE-WEBAUTH-HSA-TRUST only says how
long it lasts at most. X-APPLE-WEBAUTH-TOKEN moves with each run, but clients send it no longer than its date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from wizard.icloud.files import TOKEN, Cookie, read_jar

USER = "X-APPLE-WEBAUTH-USER"
TRUST = "X-APPLE-WEBAUTH-HSA-TRUST"

_FORMATS = ("%Y-%m-%d %H:%M:%SZ", "%Y-%m-%dT%H:%M:%SZ")
_PLACES = ("icloud.com", "icloud.com.cn")
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Expiry:
    """`at` is when a sign-in is due, UTC; None when the jar does not say. `rests_on` is a sentence for people."""

    at: datetime | None
    rests_on: str


def expiry(jar: str, now: datetime) -> Expiry:
    """When the session in this jar ends, as of `now` (aware); of two, at both of Apple's places, the one that opens longer."""
    cookies = read_jar(jar)
    places = [{cookie.name: cookie for cookie in _soonest_last(cookies, place)} for place in _PLACES]
    opening = max(places, key=lambda by_name: (TOKEN in by_name, _date(by_name.get(TOKEN)) or _NEVER))
    return _expiry(opening, now)


def _expiry(cookies: Mapping[str, Cookie], now: datetime) -> Expiry:
    token, user, trust = (_date(cookies.get(name)) for name in (TOKEN, USER, TRUST))
    dated = {name: date for name, date in ((USER, user), (TRUST, trust)) if date}
    if TOKEN not in cookies:
        return Expiry(min(dated.values(), default=None), f"{TOKEN} is missing: this sign-in was never finished.")
    if token and token <= now:
        return Expiry(min(token, *dated.values()), f"The date of {TOKEN} has passed: no client sends it.")
    if not user and token:
        dated[TOKEN] = token
    if not dated:
        return Expiry(None, "The cookies have no dates.")
    name = min(dated, key=lambda name: dated[name])
    ending = "it has passed" if dated[name] <= now else "Apple may end it earlier"
    return Expiry(dated[name], f"The date is what the session's own files say (cookie {name}); {ending}.")


def _soonest_last(cookies: tuple[Cookie, ...], place: str) -> list[Cookie]:
    """A place's cookies, of those with one name the one that goes first behind the others."""
    there = [cookie for cookie in cookies if _is_at(cookie, place)]
    return sorted(there, key=lambda cookie: _date(cookie) or _NEVER, reverse=True)


def _is_at(cookie: Cookie, place: str) -> bool:
    domain = (cookie.attributes.get("domain") or "").lstrip(".").lower()
    return domain == place or domain.endswith(f".{place}")


def _date(cookie: Cookie | None) -> datetime | None:
    text = (cookie.attributes.get("expires") or "") if cookie else ""
    for pattern in _FORMATS:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
