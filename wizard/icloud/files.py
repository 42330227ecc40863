"""The two session files: their names, reading them whoever wrote them, and making them fit for icloudpd. Pure.

Contents never appear in a repr or an exception.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from wizard.icloud.input_checks import account_name
from wizard.icloud.messages import trouble

HEADER = "#LWP-Cookies-2.0"
TOKEN = "X-APPLE-WEBAUTH-TOKEN"  # noqa: S105 - a cookie's name

_START = "Set-Cookie3:"
_ATTRIBUTE = re.compile(r'\s*([^\s=;,]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*))?\s*(?:;|$)')
_TRUST = ("client_id", "trust_token", "trust_eligible", "account_country")
_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+")
_TRAPS = ("apple_rscd", "apple_ercd")


@dataclass(frozen=True, slots=True)
class Pair:
    """One account's session: the cookie jar and the session JSON as text, whoever wrote them."""

    account: str
    jar: str = field(repr=False)
    session: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FileNames:
    """What the two files are called."""

    jar: str
    session: str


@dataclass(frozen=True, slots=True)
class Cookie:
    """One line of a jar. `attributes` has the names that stand behind the value, lower-cased; a bare name has None."""

    name: str
    value: str = field(repr=False)
    attributes: dict[str, str | None] = field(repr=False)


def icloudpd_names(account: str) -> FileNames:
    """The names that icloudpd derives from `--username ACCOUNT`."""
    stem = _word_characters(account.lower())
    return FileNames(stem, f"{stem}.session")


def pyicloud_names(account: str) -> FileNames:
    """The names that pyicloud derives from this account name."""
    stem = _word_characters(account)
    return FileNames(f"{stem}.cookiejar", f"{stem}.session")


def read_session(text: str) -> dict[str, Any]:
    """The session file's keys; empty for what is no JSON object (icloudpd takes it for no session)."""
    try:
        session = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return {}
    return session if isinstance(session, dict) else {}


def has_token(pair: Pair, name: str) -> bool:
    """Whether the session file holds a non-empty `session_token` or `trust_token`."""
    value = read_session(pair.session).get(name)
    return isinstance(value, str) and bool(value)


def read_jar(text: str) -> tuple[Cookie, ...]:
    """The cookies of an LWP jar in the order of its lines; what is no cookie line is passed over.

    A jar without an LWP header, or with something before it, has none: that is how both programs see it.
    """
    lines = _lines(text)
    if not lines or not re.match(r"#LWP-Cookies-\d", lines[0]):
        return ()
    return tuple(cookie for line in lines[1:] if (cookie := _read_line(line)))


def is_of_china(pair: Pair) -> bool:
    """Whether the session lives at icloud.com.cn."""
    return any((cookie.attributes.get("domain") or "").endswith("icloud.com.cn") for cookie in read_jar(pair.jar))


def without_session(pair: Pair) -> Pair:
    """The pair with what makes Apple know and trust this browser, but none of the session that has ended."""
    kept = {key: value for key, value in read_session(pair.session).items() if key in _TRUST}
    return Pair(pair.account, pair.jar, json.dumps(kept))


def tidy(pair: Pair) -> Pair:
    """The pair in a form that both programs read without stumbling, whatever it was; what can't be read is left out.

    Drops what makes icloudpd take every answer for a wrong password (a remembered 401), comments and blank lines; puts the
    header and each cookie's `version=0` in place. The contents of the cookies stay as they are.
    """
    kept = {key: value for key, value in read_session(pair.session).items() if key not in _TRAPS}
    lines = [_tidy_line(line) for line in _lines(pair.jar.removeprefix("\ufeff")) if _read_line(line)]
    return Pair(account_name(pair.account), "\n".join([HEADER, *lines, ""]), json.dumps(kept))


def fit_for_icloudpd(pair: Pair) -> Pair:
    """The pair as icloudpd takes it without asking for anything; a WizardError where it can't be made so."""
    if not read_session(pair.session):
        raise trouble("icloud.session-unreadable", "The session file is no JSON object, as after an interrupted write.")
    if not has_token(pair, "session_token"):
        raise trouble("icloud.session-unreadable", "The session file has no session token: no sign-in was finished.")
    prepared = tidy(pair)
    if TOKEN not in {cookie.name for cookie in read_jar(prepared.jar)}:
        raise trouble("icloud.session-unreadable", f"The cookie jar has no {TOKEN}: no sign-in was finished.")
    return prepared


def _lines(text: str) -> list[str]:
    """Lines as a text file has them: no other separators, which may stand inside a value."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _word_characters(name: str) -> str:
    return "".join(character for character in name if re.match(r"\w", character))


def _tidy_line(line: str) -> str:
    cookie = _read_line(line)
    if cookie is None or cookie.attributes.get("version") == "0":
        return line.strip()
    kept = [part for part in _attributes(line.strip()[len(_START) :]) if part[0].lower() != "version"]
    written = [name if value is None else f"{name}={value}" for name, value in kept]
    return f"{_START} {'; '.join([*written, 'version=0'])}"


def _read_line(line: str) -> Cookie | None:
    text = line.strip()
    if not text.startswith(_START):
        return None
    parts = _attributes(text[len(_START) :])
    if not parts or parts[0][1] is None:
        return None
    (name, value), *rest = parts
    attributes = {key.lower(): None if raw is None else _unquote(raw) for key, raw in rest}
    whole = _NAME.fullmatch(name) and attributes.get("domain") and attributes.get("path")
    return Cookie(name, _unquote(value or ""), attributes) if whole else None


def _attributes(text: str) -> list[tuple[str, str | None]]:
    """The `name=value` pairs of a cookie line as they stand there, quotes and all; empty when it is none."""
    attributes: list[tuple[str, str | None]] = []
    position = 0
    while position < len(text):
        match = _ATTRIBUTE.match(text, position)
        if not match:
            return []
        attributes.append((match[1], None if match[2] is None else match[2].strip()))
        position = match.end()
    return attributes


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value
