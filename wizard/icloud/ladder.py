"""Which way of signing in comes next: the ladder, from no input at all to password and code. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Rung(StrEnum):
    """What it takes; the values are stable and appear in JSON."""

    WORKS = "works"
    SET_ASIDE = "set-aside"
    HEALED = "healed"
    TRUSTED_PASSWORD = "trusted-password"  # noqa: S105 - a rung's name
    CODE = "code"
    SECURITY_KEY = "security-key"


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What is known of an account's session; None is for what nobody has tried or read yet.

    `accepted`: Apple or icloudpd takes the session on the claim. `readable`: both of its files could be read.
    `heals`: whether its own tokens brought it back.
    """

    accepted: bool | None = None
    readable: bool | None = None
    session_token: bool = False
    trust_token: bool = False
    heals: bool | None = None
    password_known: bool = False


@dataclass(frozen=True, slots=True)
class NextRung:
    """The rung to take, in a sentence, and what the person has to give: any of "password", "code"."""

    rung: Rung
    sentence: str
    inputs: tuple[str, ...] = ()


def next_rung(facts: SessionFacts) -> NextRung:
    """The lowest rung that what is known does not rule out."""
    if facts.accepted:
        return NextRung(Rung.WORKS, "The session works: nothing to do.")
    if facts.accepted is None and facts.readable is not False:
        return NextRung(Rung.WORKS, "The session may still work: asking is one request and needs nothing from you.")
    if facts.heals:
        return NextRung(Rung.HEALED, "The session has ended; its own tokens bring it back, without your password.")
    if facts.readable and facts.session_token and facts.heals is None:
        return NextRung(
            Rung.HEALED,
            "The session has ended; its own tokens may bring it back, without your password (`--ask-apple` tries them).",
        )
    password = () if facts.password_known else ("password",)
    if facts.readable and facts.trust_token:
        kept = "your kept password" if facts.password_known else "your password"
        return NextRung(
            Rung.TRUSTED_PASSWORD,
            f"The session has ended. While Apple trusts it {kept} is enough; if it does not any more, a code comes too.",
            password,
        )
    kept = (
        "your kept password and a six-digit code are"
        if facts.password_known
        else "your password and a six-digit code are"
    )
    return NextRung(Rung.CODE, f"Apple wants a full sign-in: {kept} needed.", (*password, "code"))
