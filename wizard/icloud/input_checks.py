"""What people type: an Apple ID, a password, a code. Pure; refuses what could only fail before it is sent anywhere."""

from __future__ import annotations

import re
import unicodedata

_APP_SPECIFIC = re.compile(r"[a-z]{4}-[a-z]{4}-[a-z]{4}-[a-z]{4}")
_PHONE = re.compile(r"\+[0-9]{6,}")


def account_name(typed: str) -> str:
    """The Apple ID as it is given to pyicloud and to icloudpd alike: lower-cased, NFC, without spaces around it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", typed.strip()).lower())


def account_name_problem(name: str) -> str:
    """What is wrong with an Apple ID, an address or a phone number, in one sentence; empty when nothing is."""
    if _PHONE.fullmatch(name):
        return ""
    if re.search(r"\s", name):
        return "That is not a valid Apple ID: it has spaces in it."
    address, at, domain = name.partition("@")
    if not at:
        return "That is not a valid Apple ID: it is an email address, such as name@example.com."
    labels = domain.split(".")
    if not re.search(r"\w", address) or "@" in domain or len(labels) < 2 or not all(labels):
        return "That is not a valid Apple ID: the email address is not whole, such as name@example.com."
    return ""


def is_account_name(name: str) -> bool:
    """Whether a session's files could be named after it, and Apple could know it."""
    return not account_name_problem(name)


def read_code(typed: str) -> str | None:
    """Six ASCII digits, out of what may have been pasted with spaces or dashes; None for anything else."""
    digits = re.sub(r"[\s\-\u2010-\u2015]", "", unicodedata.normalize("NFKC", typed))
    return digits if re.fullmatch(r"[0-9]{6}", digits) else None


def is_app_specific(password: str) -> bool:
    """Whether this is one of Apple's app-specific passwords: no account password looks like one (it needs a capital)."""
    return bool(_APP_SPECIFIC.fullmatch(password.strip()))
