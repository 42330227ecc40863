"""The two files that a finished sign-in leaves, made without signing in: what a demo cluster's volume begins with."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import uuid
from dataclasses import dataclass, field

from wizard.demo.apple import cookies
from wizard.demo.apple.state import Person, State


@dataclass(frozen=True, slots=True)
class SessionFiles:
    """The texts of icloudpd's cookie jar and of its session file."""

    jar: str = field(repr=False)
    session: str = field(repr=False)


def signed_in(state: State, person: Person, ago: dt.timedelta) -> SessionFiles:
    """What somebody holds who signed in that long `ago` and never came back."""
    at = state.clock() - ago
    domain = ".icloud.com.cn" if person.account.china_mainland else ".icloud.com"
    session = state.open_web_session(person, trusted=True, at=at)
    jar = cookies.at_sign_in(session, person.dsid, at, domain, new=True)
    person.known_browser = True
    described = {
        "account_country": "CHN" if person.account.china_mainland else "USA",
        "client_id": f"auth-{uuid.uuid1()}",
        "scnt": secrets.token_urlsafe(24),
        "session_id": secrets.token_urlsafe(24),
        "session_token": state.give_session_token(person, trusted=True, at=at),
        "trust_eligible": "true",
        "trust_token": state.give_trust_token(person, at=at),
    }
    lines = ["#LWP-Cookies-2.0", *(cookie.jar_line() for cookie in jar)]
    return SessionFiles("\n".join(lines) + "\n", json.dumps(described))
