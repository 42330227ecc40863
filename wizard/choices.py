"""What a person may choose about their setup, and what is wrong with a value that can't be right. Reads and keeps nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from wizard.errors import Exit, Retry, Trouble
from wizard.icloud.typed import account_name, account_name_problem
from wizard.settings import DEFAULT_ACCOUNT, WARNING_DAYS
from wizard.state.record import Choices

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*")


def chosen(choices: Choices, name: str, value: str) -> Choices:
    """`choices` with one value set; an empty one takes the choice back. Raises Trouble for a value that can't be right."""
    value = value.strip()
    match name:
        case "apple_id":
            if not value:
                return replace(choices, apple_ids={})
            value = account_name(value)
            _refuse(name, account_name_problem(value), "Type the address that you sign in to iCloud with.")
            return replace(choices, apple_ids={**choices.apple_ids, DEFAULT_ACCOUNT: value})
        case "skip":
            return replace(choices, skipped=choices.skipped | {value})
        case "unskip":
            return replace(choices, skipped=choices.skipped - {value})
        case "warning_days":
            return replace(choices, warning_days=warning_days(value) if value else None)
        case "time_zone" | "application" | "immich_namespace" | "host_name":
            if value:
                _refuse(name, _problem(name, value), "Type another, or leave it empty: then it is worked out.")
            changed: dict[str, Any] = {name: value or None}
            return replace(choices, **changed)
        case _:
            raise Trouble(
                "settings.unknown", f"There is no setting called {name}.", exit_code=Exit.USAGE, retry=Retry.NEVER
            )


def warning_days(value: str) -> int:
    """A number of days as typed ("7", "7 days"). Raises Trouble for one that can't be right."""
    digits = value.strip().removesuffix("s").removesuffix("day").strip()
    days = int(digits) if digits.isdecimal() and len(digits) < 4 else 0
    problem = f"{value!r} is no number of days: {WARNING_DAYS[0]} to {WARNING_DAYS[-1]}."
    _refuse("warning_days", "" if days in WARNING_DAYS else problem, "Type a number, such as 7.")
    return days


def _refuse(name: str, problem: str, fix: str) -> None:
    if problem:
        code = f"settings.{name.replace('_', '-')}"
        raise Trouble(code, problem, fix=fix, exit_code=Exit.USAGE, retry=Retry.NOW)


def _problem(name: str, value: str) -> str:
    match name:
        case "time_zone" if not _is_time_zone(value):
            return f"There is no time zone {value!r}: they are called like Europe/Berlin or America/Edmonton."
        case "host_name" if not _HOST.fullmatch(value):
            return f"{value!r} is no host name: it looks like immich.home.example, without https:// and without a path."
        case "immich_namespace" if not _NAMESPACE.fullmatch(value):
            return f"{value!r} is no namespace: their names have lower-case letters, digits and dashes."
        case "application" if not _NAME.fullmatch(value):
            return f"{value!r} is no Application: their names have lower-case letters, digits, dashes and dots."
        case _:
            return ""


def _is_time_zone(value: str) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones  # noqa: PLC0415 - seldom needed

    if not available_timezones():
        return True
    try:
        ZoneInfo(value)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True
