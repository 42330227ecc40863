"""What a sign-in asks a person through a screen, and what they answer, as plain records.

Passwords and codes travel inside `Secret` and `Code`, which show nothing of themselves, and are in no event and no question.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wizard.errors import WizardError
    from wizard.icloud.steps import CodeWanted, SecurityKeyWanted, TermsWanted
    from wizard.model import Account, Session
from wizard.plan import Plan


class Secret:
    """Something typed that nobody else may see: it has no repr to speak of."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one who sends it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"


class Way(StrEnum):
    """Who talks to Apple: pyicloud on this machine, or icloudpd inside the pod."""

    HERE = "here"
    IN_POD = "in-pod"


class Keep(StrEnum):
    """Where the password lives afterwards."""

    NOWHERE = "nowhere"
    KEYRING = "keyring"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the person has to say before it goes on."""


@dataclass(frozen=True, slots=True)
class AccountAsked(Question):
    """Which of several accounts."""

    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class AppleIdAsked(Question):
    """The Apple ID, where nothing tells it."""

    why: WizardError | None = None


@dataclass(frozen=True, slots=True)
class Review(Question):
    """What will be done, `inside` on the second way. `keyring` is the name of one that is fit, `kept` whether it holds the
    password already.

    `session` is what is known of the one that is there. `by_hand` is the command with which icloudpd signs in by itself in the
    pod of this plan.
    """

    plan: Plan
    inside: Plan
    apple_id: str
    source: str
    keyring: str = ""
    kept: bool = False
    session: Session | None = None
    by_hand: tuple[str, ...] = ()

    @property
    def works(self) -> bool:
        """Whether there is a session that still works, as far as anybody knows."""
        return self.session is not None and self.session.state in ("valid", "expiring")

    @property
    def due(self) -> bool:
        """Whether it works, and ends soon."""
        return self.session is not None and self.session.state == "expiring"


@dataclass(frozen=True, slots=True)
class Begin:
    """The answer to a plan: which way, and whether to sign in although the session still works."""

    way: Way
    renew: bool = False


@dataclass(frozen=True, slots=True)
class PasswordAsked(Question):
    """The password. `early`: the pod still starts, and whether it is needed is not known yet."""

    apple_id: str
    why: WizardError | None = None
    early: bool = False


@dataclass(frozen=True, slots=True)
class CodeAsked(Question):
    """Six digits, or another code."""

    request: CodeWanted
    why: WizardError | None = None


@dataclass(frozen=True, slots=True)
class TermsAsked(Question):
    """Whether Apple's terms are accepted."""

    request: TermsWanted


@dataclass(frozen=True, slots=True)
class KeyAsked(Question):
    """A security key."""

    request: SecurityKeyWanted


@dataclass(frozen=True, slots=True)
class InUseAsked(Question):
    """What to do about pods that use the session; `waiting` once the person has said to wait."""

    pods: tuple[str, ...]
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class SecondWayAsked(Question):
    """Whether to let icloudpd itself sign in, after it has refused what this machine brought."""

    why: WizardError
