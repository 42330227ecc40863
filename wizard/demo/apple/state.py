"""What the demo Apple remembers: sign-ins under way, codes on their way, tokens and web sessions. No HTTP in here."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from wizard.demo.apple import srp_server
from wizard.demo.apple.accounts import Account

Clock = Callable[[], dt.datetime]
Way = Literal["device", "sms"]
Checker = Literal["bridge", "endpoint"]

WEB_SESSION_LIFE = dt.timedelta(days=30)
SESSION_TOKEN_LIFE = dt.timedelta(days=60)
TRUST_TOKEN_LIFE = dt.timedelta(days=90)


@dataclass(frozen=True, slots=True)
class CodeSent:
    """A code on its way to a person: `n` counts the account's phones from 0 (and is 0 for the trusted device)."""

    apple_id: str
    way: Way
    n: int
    code: str = field(repr=False)


@dataclass(slots=True)
class Person:
    """An account with what changes about it; `checker` is who can check the device code now live."""

    account: Account
    password: str = field(repr=False)
    dsid: str
    terms_pending: bool
    salt: bytes = field(default=b"", repr=False)
    verifier: int = field(default=0, repr=False)
    codes: dict[tuple[Way, int], str] = field(default_factory=dict, repr=False)
    checker: Checker = "endpoint"
    wrong_codes: int = 0
    known_browser: bool = False
    consent_asked: bool = False

    @property
    def consented(self) -> bool:
        """Whether a device has allowed the photos to be read on the web, where that has to be asked for."""
        return self.account.consent == "not-needed" or (self.consent_asked and self.account.consent == "given")

    def set_password(self, password: str) -> None:
        self.password, self.salt, self.verifier = password, b"", 0

    def prepare(self) -> None:
        """Make the SRP verifier, which takes some milliseconds, unless it is there already."""
        if not self.salt:
            self.salt = srp_server.new_salt()
            self.verifier = srp_server.verifier(self.password, self.salt, self.account.srp_protocol)


@dataclass(slots=True)
class SignIn:
    """One browser at idmsa.apple.com, from its first request to the trust it is given."""

    session_id: str = field(repr=False)
    scnt: str = field(repr=False)
    person: Person | None = None
    password_proved: bool = False
    code_accepted: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """What a session token, a trust token or a web session's cookie stands for."""

    person: Person
    trusted: bool
    until: dt.datetime


@dataclass(slots=True)
class State:
    """Every account of this demo Apple; `clock` gives an aware time and decides what has expired."""

    clock: Clock
    people: dict[str, Person]
    on_code: Callable[[CodeSent], None] | None = None
    handshakes: dict[str, srp_server.Handshake] = field(default_factory=dict, repr=False)
    sign_ins: dict[str, SignIn] = field(default_factory=dict, repr=False)
    session_tokens: dict[str, Grant] = field(default_factory=dict, repr=False)
    trust_tokens: dict[str, Grant] = field(default_factory=dict, repr=False)
    web_sessions: dict[str, Grant] = field(default_factory=dict, repr=False)

    def person(self, apple_id: str) -> Person | None:
        return self.people.get(apple_id.strip().lower())

    def sign_in(self, session_id: str, scnt: str) -> SignIn | None:
        started = self.sign_ins.get(session_id)
        return started if started and started.scnt == scnt else None

    def start_sign_in(self) -> SignIn:
        started = SignIn(session_id=_token(), scnt=_token())
        self.sign_ins[started.session_id] = started
        return started

    def send_code(self, person: Person, way: Way, n: int = 0, checker: Checker = "endpoint") -> str:
        """A new code for this device or phone, which makes the one before it useless."""
        code = f"{secrets.randbelow(1_000_000):06}"
        while code in person.codes.values():
            code = f"{secrets.randbelow(1_000_000):06}"
        person.codes[way, n] = code
        if way == "device":
            person.checker = checker
        if self.on_code:
            self.on_code(CodeSent(person.account.apple_id, way, n, code))
        return code

    def check_code(self, person: Person, way: Way, n: int, code: str) -> Literal["right", "wrong", "too-many"]:
        """Judge a code that was posted as it is; an accepted one is spent."""
        account = person.account
        if account.codes_exhausted or person.wrong_codes >= account.wrong_codes:
            return "too-many"
        checkable = way == "sms" or person.checker == "endpoint"
        if not checkable or person.codes.get((way, n)) != code:
            person.wrong_codes += 1
            return "wrong"
        self.spend_code(person, way, n)
        return "right"

    def spend_code(self, person: Person, way: Way, n: int = 0) -> None:
        person.codes.pop((way, n), None)
        person.wrong_codes = 0

    def give_session_token(self, person: Person, *, trusted: bool, at: dt.datetime | None = None) -> str:
        return self._give(self.session_tokens, person, SESSION_TOKEN_LIFE, at, trusted=trusted)

    def give_trust_token(self, person: Person, at: dt.datetime | None = None) -> str:
        return self._give(self.trust_tokens, person, TRUST_TOKEN_LIFE, at, trusted=True)

    def open_web_session(self, person: Person, *, trusted: bool, at: dt.datetime | None = None) -> str:
        return self._give(self.web_sessions, person, WEB_SESSION_LIFE, at, trusted=trusted)

    def session_token(self, token: str) -> Grant | None:
        return self._live(self.session_tokens, token)

    def web_session(self, token: str) -> Grant | None:
        return self._live(self.web_sessions, token)

    def is_trusted(self, person: Person, tokens: Iterable[str]) -> bool:
        grants = (self._live(self.trust_tokens, token) for token in tokens)
        return any(grant is not None and grant.person is person for grant in grants)

    def forget(self, grants: dict[str, Grant], person: Person) -> None:
        for token in [token for token, grant in grants.items() if grant.person is person]:
            del grants[token]

    def _give(
        self, grants: dict[str, Grant], person: Person, life: dt.timedelta, at: dt.datetime | None, *, trusted: bool
    ) -> str:
        """A token given `at` a time, by default now."""
        token = _token()
        grants[token] = Grant(person, trusted, (at or self.clock()) + life)
        return token

    def _live(self, grants: dict[str, Grant], token: str) -> Grant | None:
        grant = grants.get(token)
        return grant if grant and self.clock() < grant.until else None


def new_state(accounts: Iterable[Account], clock: Clock, on_code: Callable[[CodeSent], None] | None = None) -> State:
    people = {
        account.apple_id.lower(): Person(account, account.password, str(10_000_000_001 + n), account.terms_pending)
        for n, account in enumerate(accounts)
    }
    return State(clock, people, on_code)


def _token() -> str:
    return secrets.token_urlsafe(24)
