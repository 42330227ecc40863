"""How the demo icloudpd signs in: the demo Apple's own state decides, the words are icloudpd 1.32.3's."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from wizard.demo.apple import answers, cookies
from wizard.demo.apple.state import Person, State, Way
from wizard.demo.icloudpd.session_files import Session
from wizard.demo.runtime.process import Process

REQUIRED = "Authentication required for Account. ({})"
_UNREACHABLE = "Cannot connect to Apple iCloud service"
_RATE = "Too Many Requests (429)"
_BUSY = "Apple iCloud is temporary refusing to serve icloudpd"
_TOO_MANY = "Too many verification codes have been sent. Please try again later. (-21668)"
_ALL_SET = "Great, you're all set up. The script can now be run without user interaction until {} expires."
_ALL_SET_MORE = (
    "You can set up email notifications for when the {} authentication expires.\n"
    "(Use --help to view information about SMTP options.)\n"
)
Outage = int | Literal["dropped"] | None


class Ended(Exception):
    """icloudpd ends: with a last INFO line, or with a traceback that has `error` in its last line."""

    def __init__(self, line: str = "", *, error: str = "", at: str = "") -> None:
        super().__init__(line or error)
        self.line = line
        self.error = error
        self.at = at


@dataclass(frozen=True, slots=True)
class Door:
    """The way to the demo Apple; its state is None where there is none, as for a pod without a network."""

    state: Callable[[], State | None]
    outage: Callable[[], Outage]

    def open(self) -> State:
        """The state behind it. Raises Ended where Apple can't be reached or does not want to serve."""
        outage = self.outage()
        state = self.state()
        if state is None or outage == "dropped":
            raise Ended(_UNREACHABLE)
        if outage is not None and outage >= 500:
            raise Ended(_BUSY)
        return state


@dataclass(slots=True)
class SignIn:
    """One sign-in of one account. `log` writes a line; `password` gets one from a provider that has one, `keep` gives it to
    all of them once Apple has accepted it. `exchanged` is what a failed run adds to its log at level debug."""

    process: Process
    door: Door
    account: str
    session: Session
    now: datetime
    china: bool
    log: Callable[[str, str], None]
    password: Callable[[], object]
    keep: Callable[[str], None]
    exchanged: list[dict[str, object]] = field(default_factory=list, init=False)

    async def run(self) -> Person:
        """Whose session it is, once there is one. The session's values and cookies are renewed. Raises Ended."""
        if self.session.text("session_token"):
            person = self._validate()
            if person is not None:
                return person
        password = await self.password()  # type: ignore[misc]
        if not isinstance(password, str):
            raise Ended(error="KeyError: 'dsInfo'", at='"pyicloud_ipd/base.py", line 642, in requires_2fa')
        person, trusted = self._password(password)
        self.keep(password)
        if not trusted:
            await self._second_factor(person)
        self._login(person)
        return person

    def _validate(self) -> Person | None:
        outage = self.door.outage()
        if outage is not None and outage != "dropped":
            self.log("ERROR", REQUIRED.format(outage))
            return None
        state = self.door.open()
        token = self.session.web_session(self.now)
        grant = state.web_session(token) if token else None
        if grant is None:
            self.log("ERROR", REQUIRED.format(421))
            return None
        self.session.take(cookies.at_validate(token, self.now, self._domain))
        return grant.person

    def _password(self, password: str) -> tuple[Person, bool]:
        """Whose password it is, and whether Apple trusts this browser."""
        state = self.door.open()
        person = state.person(self.account)
        kind = person.account.sign_in if person else "ok"
        if kind == "dropped":
            raise Ended(_UNREACHABLE)
        if kind in ("refused-at-init", "refused-at-complete"):
            raise Ended(_BUSY)
        if kind == "too-many-requests":
            self.log("ERROR", _RATE)
            raise Ended(f"('Failed to initiate srp authentication.', PyiCloudAPIResponseException('{_RATE}'))")
        tokens = [token] if (token := self.session.text("trust_token")) else []
        right = person is not None and person.password == password
        self.exchanged.append(_exchange({"accountName": "OBFUSCATED-1", "trustTokens": tokens}, 409 if right else 401))
        if person is None or person.password != password:
            self.session.values["apple_rscd"] = "401"
            raise _refused(answers.WRONG_PASSWORD, "Check the account information you entered and try again.", "(401)")
        if kind == "locked":
            message = "This Apple Account has been locked for security reasons."
            raise _refused(answers.ACCOUNT_LOCKED, message, "(403)")
        trusted = state.is_trusted(person, [self.session.text("trust_token")])
        if person.account.china_mainland != self.china:
            domain = "iCloud.com.cn" if person.account.china_mainland else "iCloud.com"
            needs = f"Apple insists on using {domain} for your request. Please use --domain parameter"
            raise Ended(error=f"pyicloud_ipd.exceptions.PyiCloudConnectionException: {needs}")
        if not person.account.web_access:
            self.log("ERROR", REQUIRED.format(421))
            why = "PyiCloudAPIResponseException('Authentication required for Account. (421)')"
            raise Ended(f"('Invalid authentication token.', {why})")
        return person, trusted or person.account.password_only

    async def _second_factor(self, person: Person) -> None:
        if not person.account.two_factor:
            await self._two_steps(person)
            return
        state, phones = self.door.open(), person.account.phones
        self.log("INFO", "Two-factor authentication is required (2fa)")
        by_device = person.account.delivery != "sms" and not person.account.security_keys
        if by_device:
            state.send_code(person, "device")
        letters = [chr(ord("a") + n) for n in range(len(phones))]
        for letter, phone in zip(letters, phones, strict=True):
            self._print(f"  {letter}: (***) ***-**{phone.last_digits}\n")
        span = letters[0] if len(letters) == 1 else f"{letters[0]}..{letters[-1]}" if letters else ""
        choice = f" or device index ({span}) to send SMS with a code" if letters else ""
        answer = await self._answer(f"Please enter two-factor authentication code{choice}: ", letters, span)
        if answer in letters:
            n = letters.index(answer)
            if person.account.sms == "refused":
                raise Ended("Failed to send two-factor authentication code")
            state.send_code(person, "sms", n)
            code = await self._answer(
                "Please enter two-factor authentication code that you received over SMS: ", [], ""
            )
            self._check(person, "sms", n, code)
        else:
            self._check(person, "device", 0, answer)
        self.session.values["trust_token"] = state.give_trust_token(person)
        self.session.values["trust_eligible"] = "true"
        self._all_set("2FA", "two-factor")

    def _all_set(self, short: str, long: str) -> None:
        self.log("INFO", _ALL_SET.format(short))
        self._print(_ALL_SET_MORE.format(long))

    def _check(self, person: Person, way: Way, n: int, code: str) -> None:
        verdict = self.door.open().check_code(person, way, n, code)
        failed = "Failed to verify two-factor authentication code"
        if verdict == "too-many":
            self.log("ERROR", _TOO_MANY)
            raise Ended(_TOO_MANY)
        if verdict == "wrong" and way == "device":
            self.log("ERROR", f"Incorrect verification code. ({answers.WRONG_CODE})")
            self.log("ERROR", "Code verification failed.")
        if verdict == "wrong" or (way == "sms" and person.account.sms == "conflict"):
            raise Ended(failed)

    async def _two_steps(self, person: Person) -> None:
        state = self.door.open()
        self.log("INFO", "Two-step authentication is required (2sa)")
        for n, phone in enumerate(person.account.phones):
            self._print(f"  {n}: SMS to ********{phone.last_digits}\n")
        chosen = await self._line("Please choose an option: [0]: ") or "0"
        n = int(chosen) if chosen.isdecimal() else 0
        state.send_code(person, "sms", n)
        code = await self._line("Please enter two-step authentication code: ")
        if state.check_code(person, "sms", n, code) != "right":
            self.log("ERROR", "Failed to verify two-step authentication code")
            raise Ended(error="SystemExit: 1")
        self._all_set("2SA", "two-step")

    def _login(self, person: Person) -> None:
        state = self.door.open()
        web = state.open_web_session(person, trusted=True)
        self.session.take(cookies.at_sign_in(web, person.dsid, self.now, self._domain, new=not person.known_browser))
        person.known_browser = True
        values = self.session.values
        values.setdefault("client_id", f"auth-{uuid.uuid1()}")
        values |= {
            "account_country": "CHN" if self.china else "USA",
            "scnt": secrets.token_urlsafe(24),
            "session_id": secrets.token_urlsafe(24),
            "session_token": state.give_session_token(person, trusted=True),
        }
        values.pop("apple_rscd", None)

    @property
    def _domain(self) -> str:
        return ".icloud.com.cn" if self.china else ".icloud.com"

    async def _answer(self, prompt: str, letters: list[str], span: str) -> str:
        """Six digits or one of the letters; asked until it is one of them."""
        while True:
            answer = await self._line(prompt)
            if (len(answer) == 6 and answer.isdecimal() and answer.isascii()) or answer in letters:
                return answer
            if not answer:
                self._print("Empty string. Try again\n")
            elif letters and len(answer) == 1:
                self._print(f"Invalid index, should be ({span}). Try again\n")
            elif answer.isdecimal() or not letters:
                self._print("Invalid code, should be six digits. Try again\n")
            else:
                self._print(f"Should be index ({span}) or six-digit code. Try again\n")

    async def _line(self, prompt: str) -> str:
        self._print(prompt)
        line = await self.process.stdin.line()
        if not line:
            raise Ended(error="EOFError: EOF when reading a line")
        return line.decode(errors="replace").strip()

    def _print(self, text: str) -> None:
        self.process.say(text)


def _exchange(content: dict[str, object], status: int) -> dict[str, object]:
    url = "https://idmsa.apple.com/appleauth/auth/signin/complete?isRememberMeEnabled=true"
    return {"request": {"method": "POST", "url": url, "content": content}, "response": {"status_code": status}}


def _refused(code: str, message: str, status: str) -> Ended:
    error = {"code": code, "message": message, "suppressDismissal": False}
    body = json.dumps({"serviceErrors": [error]})
    return Ended(f"('Invalid email/password combination.', PyiCloudAPIResponseException('{body} {status}'))")
