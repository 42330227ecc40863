"""What a sign-in can ask for or come to, as records for whoever leads the person through it. No texts for people here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from wizard.errors import WizardError
from wizard.icloud.ladder import Rung

Delivery = Literal["device", "sms", "unknown"]
"""How a code comes: shown on a trusted device, in a text message, or nobody knows whether one comes at all."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A trusted number: Apple's id for it and the digits that Apple shows of its end."""

    id: int | str
    ending: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Apple lets us in. `rung` says what it took."""

    rung: Rung


@dataclass(frozen=True, slots=True)
class PasswordWanted:
    """The session has ended; with `trusted` the password will probably do, without it a code comes after the password."""

    trusted: bool


@dataclass(frozen=True, slots=True)
class CodeWanted:
    """Six digits are awaited. `phone` is where an SMS went, `phones` what may be chosen instead.

    `may_have_two_codes`: more than one code may be on its way, of which only the one that came by `delivery`, and the newest,
    counts. `notice` says what went wrong on the way here without ending it (no SMS sent, push host not reachable).
    `can_be_sent_again`: whether another code can be asked for the same way, or on a device; icloudpd's own sign-in can't.
    """

    delivery: Delivery
    phones: tuple[Phone, ...]
    sent_at: datetime
    may_have_two_codes: bool = False
    phone: Phone | None = None
    notice: WizardError | None = None
    can_be_sent_again: bool = True


@dataclass(frozen=True, slots=True)
class WrongCode:
    """The code was not accepted; `step` is how to go on without starting over, `why` the words for it."""

    step: CodeWanted
    why: WizardError


@dataclass(frozen=True, slots=True)
class SecurityKeyWanted:
    """Only one of these security keys opens the account; no code is ever sent."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TermsWanted:
    """New terms wait. `version` is what accepting will accept; None when Apple did not say, and then only `url` helps."""

    version: int | None
    text: str
    url: str


Step = SignedIn | PasswordWanted | CodeWanted | SecurityKeyWanted | TermsWanted


@dataclass(frozen=True, slots=True)
class Library:
    """Apple's own count of photos and videos, and about how many bytes they take; None when that could not be found out.

    `basis` is what the bytes rest on: Apple's storage figure, or the newest `sampled` pictures and the count.
    """

    count: int
    estimated_bytes: int | None
    basis: Literal["storage", "sample", "nothing"]
    sampled: int = 0
