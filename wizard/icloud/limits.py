"""How long signing in waits for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from wizard.icloud.steps import Delivery, Phone

SEND_AGAIN_AFTER = timedelta(seconds=60)
"""How long after one code another may be asked for: Apple limits how many an account gets."""


def sending(delivery: Delivery, phone: Phone | None) -> str:
    """The way on which a code comes: the devices, which are asked where Apple does not say, or one number."""
    return f"sms {phone.id if phone else ''}" if delivery == "sms" else "device"


def wait_before(sent: Mapping[str, datetime], delivery: Delivery, phone: Phone | None, now: datetime) -> timedelta:
    """How long until another code may be asked for on that way; `sent` is when the last one was, by `sending`."""
    last = sent.get(sending(delivery, phone))
    return max(timedelta(), last + SEND_AGAIN_AFTER - now) if last else timedelta()


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: for a connection, for one answer, for a whole step, for touching a key, and for asking about the photos;
    `pauses` are those before a request is sent again whose answer says nothing, so their number bounds how often.
    """

    connect: float = 10
    answer: float = 30
    step: float = 90
    key: float = 120
    photos: float = 120
    pauses: tuple[float, ...] = (1, 3)
