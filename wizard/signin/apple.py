"""The conversation with Apple, with the person's answers: from the session's own tokens to a code. Changes nothing on a cluster.

Every password and every code is sent once; a code again only when it was typed again, and a password that Apple has refused
not at all. A refusal leads to the step that can fix it, or ends the sign-in.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from wizard.errors import Retry, WizardError
from wizard.icloud.files import Pair, has_token
from wizard.icloud.messages import trouble
from wizard.icloud.signing_in import SigningIn
from wizard.icloud.steps import CodeWanted, PasswordWanted, SecurityKeyWanted, SignedIn, Step, TermsWanted, WrongCode
from wizard.signin.passwords import Passwords
from wizard.signin.person import AnotherCode, Code, GaveUp, Person, Stage, StageProgress, Tick

_APPLE_IS_AWAY = frozenset({"icloud.unavailable", "icloud.throttled", "icloud.unreachable", "icloud.locked"})
_FROM_THE_START = frozenset({"icloud.sign-in-lapsed", "icloud.session-ended", "icloud.no-step"})
_ANOTHER_WAY = frozenset({"icloud.sms-refused", "icloud.push-unreachable"})
_ASKING = StageProgress(Stage.APPLE, Tick.DOING, "asking Apple")
_NO_GOOD = frozenset(
    {"icloud.password-changed", "icloud.wrong-password", "icloud.app-specific-password", "icloud.no-password"}
)
_REFUSED = frozenset({"icloud.password-changed", "icloud.wrong-password"})
_CHINA = {"icloud.china": True, "icloud.not-china": False}


async def sign_in_to_apple(
    signing: SigningIn,
    passwords: Passwords,
    person: Person,
    pair: Pair | None,
    *,
    china: bool = False,
    renew: bool = False,
) -> SignedIn:
    """Leads from what `pair` still can do to a session. `renew` asks for the password although its tokens may do.

    Raises WizardError, or GaveUp when the person leaves.
    """
    step: Step = PasswordWanted(trusted=False)
    if pair and has_token(pair, "session_token") and not renew:
        person.show(_ASKING)
        try:
            step = await signing.resume(pair)
        except WizardError as trouble:
            if trouble.code in _APPLE_IS_AWAY:
                raise
    entrance = _Entrance(signing, passwords, pair, china)
    why: WizardError | None = None
    while not isinstance(step, SignedIn):
        try:
            step = await (entrance.enter(why) if isinstance(step, PasswordWanted) else _next(signing, person, step))
            why = None
        except WizardError as trouble:
            if trouble.code not in _FROM_THE_START:
                raise
            step, why = PasswordWanted(trusted=False), trouble
    person.show(StageProgress(Stage.APPLE, Tick.DONE, "signed in", as_expected=True))
    return step


@dataclass(slots=True)
class _Entrance:
    """The password's own step, which remembers what earlier tries have taught."""

    signing: SigningIn
    passwords: Passwords
    pair: Pair | None
    china: bool
    moved: bool = False
    _salt: bytes = field(default_factory=lambda: secrets.token_bytes(16), init=False, repr=False)
    _refused: set[bytes] = field(default_factory=set, init=False, repr=False)

    async def enter(self, why: WizardError | None) -> Step:
        """Sends a password once, and asks for another while Apple's answer can be fixed by typing."""
        while True:
            password = await self.passwords.get(why)
            if self._digest(password) in self._refused:
                why = trouble("icloud.same-password")
                continue
            self.passwords.person.show(_ASKING)
            try:
                return await self.signing.start(
                    self.passwords.apple_id,
                    password,
                    china=self.china,
                    kept_password=self.passwords.from_keyring,
                    kept_pair=self.pair,
                )
            except WizardError as refusal:
                if refusal.retry is not Retry.NOW or refusal.code == "icloud.apple-id":
                    raise
                if refusal.code in _REFUSED:
                    self._refused.add(self._digest(password))
                if refusal.code in _NO_GOOD and self.passwords.from_keyring:
                    await self.passwords.refused()
                if refusal.code == "icloud.trust-refused":
                    self.pair = None
                if refusal.code in _CHINA:
                    if self.moved:
                        raise
                    self.china, self.moved = _CHINA[refusal.code], True
                why = refusal

    def _digest(self, password: str) -> bytes:
        """What tells refused passwords apart without keeping them."""
        return hmac.digest(self._salt, password.encode(errors="surrogatepass"), hashlib.sha256)


async def _next(signing: SigningIn, person: Person, step: Step) -> Step:
    match step:
        case CodeWanted():
            return await _code(signing, person, step)
        case TermsWanted():
            if not await person.terms(step):
                raise GaveUp
            return await signing.accept_terms()
        case SecurityKeyWanted():
            if not await person.security_key(step):
                raise GaveUp
            return await signing.use_security_key()
        case _:
            raise WizardError("renewal.lost", "Apple asks for the password again.", retry=Retry.NOW)


async def _code(signing: SigningIn, person: Person, request: CodeWanted) -> Step:
    why = request.notice
    while True:
        answer = await person.code(request, why)
        why = None
        try:
            match answer:
                case AnotherCode(delivery=delivery, phone=phone):
                    request = await signing.request_code(delivery, phone)
                    why = request.notice
                case Code(digits=digits, delivery=delivery):
                    step = await signing.submit(digits, delivery)
                    if not isinstance(step, WrongCode):
                        return step
                    request, why = step.step, step.why
        except WizardError as trouble:
            if trouble.code in _FROM_THE_START or not (trouble.retry is Retry.NOW or trouble.code in _ANOTHER_WAY):
                raise
            why = trouble
