"""The next sign-in as a calendar event (RFC 5545) with a reminder some days before. Holds no Apple ID and nothing secret."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from wizard.errors import Exit, Trouble
from wizard.settings import DEFAULT_ACCOUNT

_EPOCH = date(2020, 1, 1)
_REMIND_AT_HOUR = 9


@dataclass(frozen=True, slots=True)
class Due:
    """One account's next sign-in: on `day`, with a reminder `days_before` at nine in the morning.

    `cluster` is anything that stays the same for this cluster and tells it from others; it goes into the UID as a digest.
    """

    day: date
    account: str = DEFAULT_ACCOUNT
    cluster: str = ""
    days_before: int = 7


def calendar(dues: tuple[Due, ...], now: datetime) -> str:
    """One calendar with an all-day event for each. Imported again after the next sign-in, it moves the old events."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//photosync-wizard//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    for due in dues:
        lines += _event(due, now)
    return "".join(f"{folded}\r\n" for line in [*lines, "END:VCALENDAR"] for folded in _fold(line))


def save(text: str, file: Path, *, overwrite: bool = False) -> None:
    """Write the calendar whole or not at all; a file that is there is only replaced when told to."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        draft.write_text(text, encoding="utf-8", newline="")
        if overwrite:
            draft.replace(file)
        else:
            os.link(draft, file)
    except FileExistsError:
        raise Trouble(
            "calendar.exists",
            f"{file} exists already.",
            why="It may hold something else, so it was left as it is.",
            fix="Give another name, or say that it may be replaced.",
            exit_code=Exit.USAGE,
        ) from None
    except OSError as error:
        raise Trouble(
            "calendar.unwritable",
            f"{file} can't be written.",
            why=error.strerror or "",
            fix="Give a file in a folder of your own.",
        ) from None
    finally:
        draft.unlink(missing_ok=True)


def _event(due: Due, now: datetime) -> list[str]:
    several = "" if due.account == DEFAULT_ACCOUNT else f" ({due.account})"
    command = "photosync-wizard reauth" + ("" if due.account == DEFAULT_ACCOUNT else f" --account {due.account}")
    title = f"Sign in to iCloud again{several}"
    text = (
        f"Apple's session for the photo sync ends about today. Run `{command}` before: it takes about a minute.\n"
        f"The date is an estimate; `{command} --check` asks whether the session still works."
    )
    digest = hashlib.sha256(f"{due.cluster}\n{due.account}".encode()).hexdigest()[:24]
    early = timedelta(days=due.days_before) - timedelta(hours=_REMIND_AT_HOUR)
    days, hours = divmod(int(early.total_seconds()) // 3600, 24)
    trigger = f"-P{days}DT{hours}H" if due.days_before else f"PT{_REMIND_AT_HOUR}H"
    return [
        "BEGIN:VEVENT",
        f"UID:sign-in-{digest}@photosync-wizard",
        f"SEQUENCE:{max(0, (due.day - _EPOCH).days)}",
        f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{due.day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{due.day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escape(title)}",
        f"DESCRIPTION:{_escape(text)}",
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_escape(title)}",
        f"TRIGGER:{trigger}",
        "END:VALARM",
        "END:VEVENT",
    ]


def _escape(text: str) -> str:
    """TEXT as RFC 5545 wants it; control characters, which it forbids, are left out."""
    escaped = re.sub(r"([\\;,])", r"\\\1", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\n", "\\n")
    return re.sub(r"[\x00-\x08\x0a-\x1f\x7f]", "", escaped)


def _fold(line: str) -> Iterator[str]:
    """The line in pieces of at most 75 octets, never through a character, each further one after a space."""
    piece, room = "", 75
    for character in line:
        width = len(character.encode())
        if width > room:
            yield piece
            piece, room = " ", 74
        piece += character
        room -= width
    yield piece
