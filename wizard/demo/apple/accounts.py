"""The people of the demo Apple: one account for every way in which signing in can go, as data.

Nothing here is anybody's: the addresses are under example.com and the passwords say that they are fake.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Delivery = Literal["bridge", "bridge-legacy", "page", "sms"]
SignIn = Literal["ok", "locked", "refused-at-init", "refused-at-complete", "too-many-requests", "dropped"]
Photos = Literal["ok", "access-denied", "zone-not-found", "indexing", "absent"]
Push = Literal["ok", "unreachable", "refused"]
Consent = Literal["not-needed", "given", "withheld"]
Sms = Literal["ok", "refused", "conflict"]


@dataclass(frozen=True, slots=True)
class Phone:
    """A trusted phone number, of which Apple shows the last two digits only."""

    last_digits: str

    @property
    def obfuscated(self) -> str:
        return f"(•••) •••-••{self.last_digits}"


@dataclass(frozen=True, slots=True)
class Account:
    """An Apple ID and how Apple answers it.

    `delivery` is how a code reaches a trusted device: `bridge` over the push host with a proof of the code,
    `bridge-legacy` over the push host with the code posted as before, `page` by itself as before 2026, `sms` where
    there is none. `consent` is whether a device has to allow each browser to read photos, and what its owner says.
    `password_only`: no second factor at all, for which Apple wants `repair/complete` after the password.
    `codes_exhausted` answers every code with "too many"; `wrong_codes` is how many wrong ones may.
    """

    apple_id: str
    title: str
    password: str = field(default="demo-password", repr=False)
    phones: tuple[Phone, ...] = (Phone("81"),)
    delivery: Delivery = "bridge"
    sign_in: SignIn = "ok"
    photos: Photos = "ok"
    push: Push = "ok"
    sms: Sms = "ok"
    srp_protocol: Literal["s2k", "s2k_fo"] = "s2k"
    security_keys: tuple[str, ...] = ()
    codes_exhausted: bool = False
    wrong_codes: int = 5
    two_factor: bool = True
    password_only: bool = False
    consent: Consent = "not-needed"
    china_mainland: bool = False
    web_access: bool = True
    advanced_data_protection: bool = False
    terms_pending: bool = False


def demo_accounts() -> tuple[Account, ...]:
    """Every account of the demo, the ordinary one first."""
    two = (Phone("81"), Phone("42"))
    return (
        Account("one.phone@example.com", "an ordinary account with one phone"),
        Account("two.phones@example.com", "two phone numbers to choose from", phones=two, srp_protocol="s2k_fo"),
        Account("no.phone@example.com", "a trusted device and no phone number", phones=()),
        Account("sms.only@example.com", "no trusted device: codes come by SMS", phones=two, delivery="sms"),
        Account("older.page@example.com", "the sign-in page as it was before 2026", phones=two, delivery="page"),
        Account("bridge.legacy@example.com", "a code pushed as in 2026, checked as before", delivery="bridge-legacy"),
        Account("china@example.com", "an account in mainland China", china_mainland=True),
        Account("locked@example.com", "locked after too many attempts", sign_in="locked"),
        Account("throttled@example.com", "rejected with 503 at the last step", sign_in="refused-at-complete"),
        Account("throttled.early@example.com", "rejected with 503 at the first step", sign_in="refused-at-init"),
        Account("too.many@example.com", "rejected with 429 and a web page", sign_in="too-many-requests"),
        Account("dropped@example.com", "the connection drops halfway", sign_in="dropped"),
        Account("web.off@example.com", "access to iCloud data on the web is off", web_access=False),
        Account(
            "adp@example.com",
            "Advanced Data Protection is on",
            photos="access-denied",
            advanced_data_protection=True,
        ),
        Account(
            "adp.consent@example.com",
            "Advanced Data Protection, and a device that allows the web",
            advanced_data_protection=True,
            consent="given",
        ),
        Account(
            "adp.silent@example.com",
            "Advanced Data Protection, and nobody at the device",
            advanced_data_protection=True,
            consent="withheld",
        ),
        Account("unfinished@example.com", "iCloud was never fully set up", photos="zone-not-found"),
        Account("indexing@example.com", "the photo library is still being indexed", photos="indexing"),
        Account("photos.off@example.com", "no photo library at all", photos="absent"),
        Account("terms@example.com", "new terms have to be accepted first", terms_pending=True),
        Account("no.2fa@example.com", "two-step verification only, as before 2015", two_factor=False, delivery="sms"),
        Account(
            "password.only@example.com", "no second factor at all", two_factor=False, password_only=True, delivery="sms"
        ),
        Account("sms.refused@example.com", "Apple sends no SMS at the moment", delivery="sms", sms="refused"),
        Account("sms.conflict@example.com", "a correct SMS code is answered with 409", delivery="sms", sms="conflict"),
        Account("codes.exhausted@example.com", "too many codes already", delivery="sms", codes_exhausted=True),
        Account("push.unreachable@example.com", "the push host cannot be found", push="unreachable"),
        Account("push.refused@example.com", "the push host rejects the client", push="refused"),
        Account("security.key@example.com", "hardware security keys only", phones=(), security_keys=("Demo key",)),
    )
