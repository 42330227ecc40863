"""The next sign-in as a calendar event (RFC 5545) with a reminder some days before. Holds no Apple ID and nothing secret."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from wizard.command import Address, photosync_wizard
from wizard.errors import Exit, Retry, WizardError
from wizard.settings import DEFAULT_ACCOUNT

_EPOCH = date(2020, 1, 1)
_REMIND_AT_HOUR = 9
_PRODUCT = "-//photosync-wizard//EN"
_LONGEST = 1 << 20
_UID = re.compile(r"^UID:(\S+)", re.MULTILINE)
_EVENT = re.compile(r"^BEGIN:VEVENT\r?\n.*?^END:VEVENT\r?\n", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Due:
    """One account's next sign-in: on `day`, with a reminder `days_before` at nine in the morning.

    `cluster` is anything that stays the same for this cluster and tells it from others; it goes into the UID as a digest.
    `address` is how commands reach this cluster.
    """

    day: date
    account: str = DEFAULT_ACCOUNT
    cluster: str = ""
    days_before: int = 7
    address: Address = field(default_factory=Address)


def calendar(dues: tuple[Due, ...], now: datetime) -> str:
    """One calendar with an all-day event for each. Imported again after the next sign-in, it moves the old events."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{_PRODUCT}", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    for due in dues:
        lines += _event(due, now, several=len(dues) > 1)
    return "".join(f"{folded}\r\n" for line in [*lines, "END:VCALENDAR"] for folded in _fold(line))


def check(file: Path) -> None:
    """Raises WizardError when `save` could not write there now: asked before a sign-in, which no file name may spoil."""
    target = _target(file)
    try:
        there = _there(file, target)
        draft = _draft(target)
        draft.touch(exist_ok=False)
        draft.unlink()
        if there is not None and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise _unwritable(file, error, Exit.USAGE) from None


def save(text: str, file: Path) -> None:
    """Writes the calendar whole or not at all, in place of an earlier one of ours, whose other events it takes over.

    Raises WizardError; a file that holds anything else is left as it is.
    """
    target = _target(file)
    draft = _draft(target)
    try:
        before = _there(file, target)
        draft.write_text(text if before is None else _with_others(text, before), encoding="utf-8", newline="")
        if before is None:
            _put_in_place(draft, file, target)
        else:
            shutil.copymode(target, draft)
            draft.replace(target)
    except OSError as error:
        raise _unwritable(file, error, Exit.BLOCKED) from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _target(file: Path) -> Path:
    """The file itself, where a link leads to it."""
    return Path(os.path.realpath(file))


def _draft(target: Path) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}")


def _there(file: Path, target: Path) -> str | None:
    """The calendar of ours that is there; None when there is no file. Raises WizardError for anything else, and OSError."""
    try:
        regular = stat.S_ISREG(target.stat().st_mode)
        raw = target.read_bytes()[: _LONGEST + 1] if regular and target.stat().st_size <= _LONGEST else None
    except FileNotFoundError:
        return None
    text = raw.decode(errors="replace") if raw is not None else ""
    if not _is_ours(text):
        raise _not_ours(file)
    return text


def _put_in_place(draft: Path, file: Path, target: Path) -> None:
    """Gives the draft its name, unless another file has got it meanwhile."""
    try:
        os.link(draft, target)
    except FileExistsError:
        raise _not_ours(file) from None
    except OSError:  # a file system without links
        if target.exists():
            raise _not_ours(file) from None
        draft.replace(target)


def _is_ours(text: str) -> bool:
    """Whether this is one calendar as `calendar` writes it, with no event in it but of ours."""
    lines = text.replace("\r\n", "\n").replace("\n ", "").split("\n")
    begun = [line.removeprefix("BEGIN:") for line in lines if line.startswith("BEGIN:")]
    marks = [line for line in lines if line.startswith("UID")]
    return (
        begun[:1] == ["VCALENDAR"]
        and set(begun[1:]) == {"VEVENT", "VALARM"}
        and f"PRODID:{_PRODUCT}" in lines
        and len(marks) == begun.count("VEVENT")
        and all(re.fullmatch(r"UID:sign-in-[0-9a-f]+@photosync-wizard", mark) for mark in marks)
    )


def _with_others(text: str, before: str) -> str:
    """The calendar, with those events of the one before that it does not hold itself: of other accounts, other clusters."""
    held = set(_UID.findall(text))
    others = [event for event in _EVENT.findall(before) if not held & set(_UID.findall(event))]
    return text.replace("END:VCALENDAR", "".join(others) + "END:VCALENDAR")


def _not_ours(file: Path) -> WizardError:
    return WizardError(
        "calendar.exists",
        f"{file} exists already, and is no calendar that the wizard wrote.",
        why="It may hold something else, so it was left as it is. Its own calendar it replaces.",
        fix="Give another name.",
        exit_code=Exit.USAGE,
        retry=Retry.NEVER,
    )


def _unwritable(file: Path, error: OSError, code: Exit) -> WizardError:
    return WizardError(
        "calendar.unwritable",
        f"{file} can't be written.",
        why=f"{error.strerror}." if error.strerror else "",
        fix="Give a file in a folder of your own.",
        exit_code=code,
        retry=Retry.NEVER,
    )


def _event(due: Due, now: datetime, *, several: bool) -> list[str]:
    whose = "" if due.account == DEFAULT_ACCOUNT else f" ({due.account})"
    account = ("--account", due.account) if several or due.account != DEFAULT_ACCOUNT else ()
    renew, look = (due.address.line(photosync_wizard("reauth", flag, *account)) for flag in ("--renew", "--check"))
    title = f"Sign in to iCloud again{whose}"
    text = (
        f"Apple's session for the photo sync ends about today. Run `{renew}` before: it takes about a minute.\n"
        f"The date is an estimate; `{look}` asks whether the session still works."
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
