"""The cookies of icloud.com and how long the demo lets each live, by the table that observation gave."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass, field
from email.utils import format_datetime

from aiohttp import web

from wizard.demo.apple.state import Grant, State

TOKEN = "X-APPLE-WEBAUTH-TOKEN"  # noqa: S105 - a cookie's name
HSA_LOGIN = "X-APPLE-WEBAUTH-HSA-LOGIN"

USER_LIFE = dt.timedelta(days=30)
SLIDING_LIFE = dt.timedelta(days=30)
KNOWN_BROWSER_LIFE = dt.timedelta(days=60)
HSA_TRUST_LIFE = dt.timedelta(days=90)
CLIENT_ID_LIFE = dt.timedelta(days=365)

_PCS = ("Cloudkit", "Documents", "Mail", "News", "Notes", "Photos", "Safari", "Sharing")
_SLIDING = ("X-APPLE-DS-WEB-SESSION-TOKEN", *(f"X-APPLE-WEBAUTH-PCS-{name}" for name in _PCS))


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie; `until` is None for one that ends with the browser."""

    name: str
    value: str = field(repr=False)
    domain: str
    until: dt.datetime | None

    def header(self) -> str:
        """As the value of a Set-Cookie header."""
        expires = f"; Expires={format_datetime(self.until.astimezone(dt.UTC), usegmt=True)}" if self.until else ""
        return f'{self.name}="{self.value}"{expires}; Domain={self.domain}; Path=/; Secure; HttpOnly'

    def jar_line(self) -> str:
        """As a line of the LWP jar that pyicloud and icloudpd write."""
        ends = f'expires="{self.until.astimezone(dt.UTC):%Y-%m-%d %H:%M:%SZ}"' if self.until else "discard"
        return (
            f'Set-Cookie3: {self.name}="\\"{self.value}\\""; path="/"; domain="{self.domain}"; path_spec; domain_dot;'
            f" secure; {ends}; HttpOnly=None; version=0"
        )


def at_sign_in(session: str, dsid: str, now: dt.datetime, domain: str, *, new: bool) -> list[Cookie]:
    """What a complete accountLogin writes; `new` for a browser that the account has not seen before."""
    jar = [
        Cookie("X-APPLE-UNIQUE-CLIENT-ID", secrets.token_hex(8), domain, now + CLIENT_ID_LIFE),
        Cookie("X-APPLE-WEBAUTH-LOGIN", _value(), domain, None),
        Cookie("X-APPLE-WEBAUTH-VALIDATE", _value(), domain, None),
        Cookie("X-APPLE-WEBAUTH-USER", f"v=1:s=1:d={dsid}", domain, now + USER_LIFE),
        Cookie("X-APPLE-WEBAUTH-HSA-TRUST", _value(), domain, now + HSA_TRUST_LIFE),
    ]
    if new:
        jar.append(Cookie(f"X_APPLE_WEB_KB-{secrets.token_hex(8).upper()}", _value(), domain, now + KNOWN_BROWSER_LIFE))
    return jar + at_validate(session, now, domain)


def at_validate(session: str, now: dt.datetime, domain: str) -> list[Cookie]:
    """What every validate writes anew: the cookies whose date moves with each run."""
    token = Cookie(TOKEN, f"v=2:t={session}", domain, now + SLIDING_LIFE)
    return [token, *(Cookie(name, _value(), domain, now + SLIDING_LIFE) for name in _SLIDING)]


def before_the_code(session: str, domain: str) -> list[Cookie]:
    """What an accountLogin leaves that still waits for its second factor: nothing that opens a web session."""
    return [
        Cookie(HSA_LOGIN, f"v=1:t={session}", domain, None),
        Cookie("X-APPLE-WEBAUTH-VALIDATE", _value(), domain, None),
    ]


def web_session_of(request: web.Request, state: State, name: str = TOKEN) -> tuple[str, Grant | None]:
    """The web session that this cookie of the request stands for, and whose it is while it lives."""
    session = request.cookies.get(name, "").strip('"').rpartition("t=")[2]
    return session, state.web_session(session)


def _value() -> str:
    return f"v=1:t={secrets.token_hex(8)}"
