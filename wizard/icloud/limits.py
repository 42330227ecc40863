"""How long signing in waits for what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

SEND_AGAIN_AFTER = timedelta(seconds=60)
"""How long after one code another may be asked for: Apple limits how many an account gets."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: for a connection, for one answer, for a whole step, for touching a key, and for asking about the photos."""

    connect: float = 10
    answer: float = 30
    step: float = 90
    key: float = 120
    photos: float = 120
