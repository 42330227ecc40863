"""What happens in a sign-in, as plain records: it posts them, and the controller takes them in the order in which they came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from screens.signin.questions import Question
    from wizard.errors import WizardError
    from wizard.signin.person import Outcome, StageProgress


@dataclass(frozen=True, slots=True)
class AccountChosen:
    """It is known who signs in, in which namespace; `keyring` is the name of one that may keep a password, empty for none."""

    account: str
    apple_id: str
    keyring: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Began:
    """The person has seen the plan, and it is being carried out. `password_kept`: the keyring has the password."""

    password_kept: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """A stage has moved."""

    progress: StageProgress


@dataclass(frozen=True, slots=True)
class Asked:
    """The person is asked; None when a question has become needless."""

    question: Question | None


@dataclass(frozen=True, slots=True)
class EarlyPasswordUsed:
    """The password that was typed early is needed, and on its way."""


@dataclass(frozen=True, slots=True)
class PhoneRang:
    """A phone of the demo world shows something; in no other world does it ever happen."""

    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """It went well; `lines` say what came of it, each with a sign and a space in front."""

    outcome: Outcome
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """It can't go on."""

    error: WizardError


@dataclass(frozen=True, slots=True)
class Broken:
    """The program itself has failed."""

    error: Exception = field(repr=False)


@dataclass(frozen=True, slots=True)
class Left:
    """The person has left, and everything is put back."""


Event = AccountChosen | Began | Moved | Asked | EarlyPasswordUsed | PhoneRang | Ended | Refused | Broken | Left
