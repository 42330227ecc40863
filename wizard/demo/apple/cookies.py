"""The cookies of icloud.com and how long the demo lets each live, by the table that observation gave."""

from __future__ import annotations

import datetime as dt
import secrets
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


def at_sign_in(session: str, dsid: str, now: dt.datetime, domain: str, *, trusted: bool, new: bool) -> list[str]:
    """The Set-Cookie lines of a complete accountLogin; `new` for a browser that the account has not seen before."""
    jar = [
        _cookie("X-APPLE-UNIQUE-CLIENT-ID", secrets.token_hex(8), now, CLIENT_ID_LIFE, domain),
        _cookie("X-APPLE-WEBAUTH-LOGIN", f"v=1:t={secrets.token_hex(8)}", now, None, domain),
        _cookie("X-APPLE-WEBAUTH-VALIDATE", f"v=1:t={secrets.token_hex(8)}", now, None, domain),
        _cookie("X-APPLE-WEBAUTH-USER", f"v=1:s=1:d={dsid}", now, USER_LIFE, domain),
    ]
    if new:
        name = f"X_APPLE_WEB_KB-{secrets.token_hex(8).upper()}"
        jar.append(_cookie(name, f"v=1:t={secrets.token_hex(8)}", now, KNOWN_BROWSER_LIFE, domain))
    if trusted:
        jar.append(_cookie("X-APPLE-WEBAUTH-HSA-TRUST", f"t={secrets.token_hex(8)}", now, HSA_TRUST_LIFE, domain))
    return jar + at_validate(session, now, domain)


def at_validate(session: str, now: dt.datetime, domain: str) -> list[str]:
    """What every validate writes anew: the cookies whose date moves with each run."""
    token = _cookie(TOKEN, f"v=2:t={session}", now, SLIDING_LIFE, domain)
    return [token, *(_cookie(name, f"v=1:t={secrets.token_hex(8)}", now, SLIDING_LIFE, domain) for name in _SLIDING)]


def before_the_code(session: str, now: dt.datetime, domain: str) -> list[str]:
    """What an accountLogin leaves that still waits for its second factor: nothing that opens a web session."""
    return [
        _cookie(HSA_LOGIN, f"v=1:t={session}", now, None, domain),
        _cookie("X-APPLE-WEBAUTH-VALIDATE", f"v=1:t={secrets.token_hex(8)}", now, None, domain),
    ]


def web_session_of(request: web.Request, state: State, name: str = TOKEN) -> tuple[str, Grant | None]:
    """The web session that this cookie of the request stands for, and whose it is while it lives."""
    session = request.cookies.get(name, "").strip('"').rpartition("t=")[2]
    return session, state.web_session(session)


def _cookie(name: str, value: str, now: dt.datetime, life: dt.timedelta | None, domain: str) -> str:
    expires = f"; Expires={format_datetime((now + life).astimezone(dt.UTC), usegmt=True)}" if life else ""
    return f'{name}="{value}"{expires}; Domain={domain}; Path=/; Secure; HttpOnly'
