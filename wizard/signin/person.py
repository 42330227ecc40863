"""What a sign-in asks of the person in front of it, and what it tells them. No texts are made up here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from wizard.command import Command
from wizard.errors import WizardError
from wizard.icloud.ladder import Rung
from wizard.icloud.steps import CodeWanted, Delivery, Library, Phone, SecurityKeyWanted, TermsWanted


class Stage(StrEnum):
    """The ticks of a sign-in, in the order in which they are shown."""

    POD = "pod"
    CLAIM = "claim"
    APPLE = "apple"
    TRUSTED = "trusted"
    SAVED = "saved"
    PROVED = "proved"
    PHOTOS = "photos"


class Tick(StrEnum):
    """Where a stage stands."""

    DOING = "doing"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class StageProgress:
    """A stage has moved; `text` says in a few words what is awaited or what came of it.

    `removes` is the pod that is being removed until the next stage moves, `answers` the one that is answered and removed then,
    however that ends; `as_expected`: the text says no more than that the stage is done. `command` follows the text, for the
    person to type.
    """

    stage: Stage
    tick: Tick
    text: str = ""
    removes: str = ""
    answers: str = ""
    as_expected: bool = False
    command: Command | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """Six digits as typed; `delivery` when the person says which of two codes it is."""

    digits: str
    delivery: Delivery | None = None

    def __repr__(self) -> str:
        return "Code(…)"


@dataclass(frozen=True, slots=True)
class AnotherCode:
    """Send another code: to the devices, or as a text message to `phone`."""

    delivery: Delivery
    phone: Phone | None = None


class InUse(StrEnum):
    """What to do about pods that use the session just now."""

    WAIT = "wait"
    STOP = "stop"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a sign-in ended. `expires_at` rests on the session's own files; `library` is None where photos were not looked at.

    `notes` are sentences that the person should know; `photos_trouble` says why photos can't be read although the sign-in is
    good.
    """

    account: str
    apple_id: str
    rung: Rung
    expires_at: datetime | None
    expiry_basis: str = ""
    library: Library | None = None
    photos_trouble: WizardError | None = None
    notes: tuple[str, ...] = ()


class GaveUp(Exception):
    """The person does not want to go on. Nothing was changed that is not put back."""


class Person(Protocol):
    """Whoever sits in front of it. Every question may raise GaveUp."""

    def show(self, progress: StageProgress) -> None:
        """A stage has moved."""

    async def password(self, apple_id: str, why: WizardError | None) -> str:
        """The password; `why` says what was wrong with the one before. Asked once per sending."""

    async def code(self, wanted: CodeWanted, why: WizardError | None) -> Code | AnotherCode:
        """The code, or the wish for another one."""

    async def terms(self, wanted: TermsWanted) -> bool:
        """Whether to accept the terms that were shown."""

    async def security_key(self, wanted: SecurityKeyWanted) -> bool:
        """Whether to go on with a security key: True once it is plugged in."""

    async def in_use(self, pods: tuple[str, ...]) -> InUse:
        """What to do about pods that use the session."""

    async def second_way(self, why: WizardError) -> bool:
        """Whether to sign in once more with icloudpd itself, inside the pod, after the first way was refused there."""
