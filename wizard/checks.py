"""What a person types, made a value: each function returns it, or raises ValueError with a sentence about what is wrong.

Reads nothing but the machine's list of time zones. What Kubernetes takes was tried on a real API server (1.36).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime

from wizard.icloud.input_checks import account_name, account_name_problem
from wizard.quantity import bytes_of

_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_IMAGE = re.compile(
    r"(?:[a-zA-Z0-9][-a-zA-Z0-9.]*(?::[0-9]+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)
_CRON_FIELD = re.compile(r"[*?]|[0-9]+|[A-Za-z]{3}")
_BRANCH_REFUSES = re.compile(r"[\s~^:?*\[\\\x00-\x1f]|\.\.|@\{|//|^[-/]|[/.]$|\.lock$")
_TOKEN = re.compile(r"gh[a-z]_|github_pat_|glpat-")
_MOST_BYTES = 2**63
_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_LONGEST_CRON_JOB_NAME = 52


def apple_id(text: str) -> str:
    """An Apple ID as it is given to Apple."""
    name = account_name(text)
    if problem := account_name_problem(name):
        raise ValueError(problem)
    return name


def whole_number(values: range, unit: str) -> Callable[[str], int]:
    """A number out of `values`, with or without its unit behind it ("7", "7 days"); `unit` is its plural."""

    def parse(text: str) -> int:
        digits = text.removesuffix("s").removesuffix(unit.removesuffix("s")).strip()
        number = int(digits) if digits.isdecimal() and len(digits) < 10 else -1
        if number not in values:
            raise ValueError(f"{text!r} is not a number of {unit} from {values[0]} to {values[-1]}.")
        return number

    return parse


def one_of(values: Collection[str]) -> Callable[[str], str]:
    """One of these words."""

    def parse(text: str) -> str:
        if text not in values:
            raise ValueError(f"{text!r} is not one of {', '.join(values)}.")
        return text

    return parse


def several_of(values: Collection[str]) -> Callable[[str], tuple[str, ...]]:
    """Some of these words, separated by commas, in the order of `values` and each once."""
    parse_word = one_of(values)

    def parse(text: str) -> tuple[str, ...]:
        words = {parse_word(word.strip()) for word in text.split(",") if word.strip()}
        return tuple(value for value in values if value in words)

    return parse


def time_zone(text: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones  # noqa: PLC0415 - seldom needed

    if available_timezones():
        try:
            ZoneInfo(text)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ValueError(
                f"There is no time zone {text!r}: time zones have names like Europe/Berlin or America/Edmonton."
            ) from None
    return text


def host_name(text: str) -> str:
    if not _SUBDOMAIN.fullmatch(text):
        raise ValueError(
            f"{text!r} is not a valid host name: it should look like immich.home.example, without https:// or a path."
        )
    return text


def namespace(text: str) -> str:
    if not re.fullmatch(_LABEL, text):
        raise ValueError(
            f"{text!r} is not a valid namespace: use lower-case letters, digits and dashes, at most 63 in all."
        )
    return text


def object_name(kind: str, longest: int = 253) -> Callable[[str], str]:
    """The name of a Kubernetes object (an RFC 1123 subdomain) of at most `longest` characters; `kind` is for the sentence."""

    def parse(text: str) -> str:
        if not _SUBDOMAIN.fullmatch(text) or len(text) > longest:
            raise ValueError(
                f"{text!r} is not a valid name for {kind}: use lower-case letters, digits, dashes and dots, "
                f"at most {longest} in all."
            )
        return text

    return parse


cron_job_name = object_name("a CronJob", _LONGEST_CRON_JOB_NAME)


def quantity(text: str) -> str:
    """A size as Kubernetes writes it, of a mebibyte at least."""
    if 1 <= bytes_of(text) < 2**20:
        raise ValueError(f"{text!r} would be less than a mebibyte: give it a unit, as in 100Gi.")
    if not 1 <= bytes_of(text) < _MOST_BYTES:
        raise ValueError(f"{text!r} is not a valid size: it should look like 100Gi, with Ki, Mi, Gi or Ti as the unit.")
    return text


def absolute_path(text: str) -> str:
    """A path from the root, without a slash at its end; a pod's mount path may hold no colon."""
    if not re.fullmatch(r"(?:/[^/:\x00-\x1f]+)+/?", text) or {".", ".."} & set(text.split("/")):
        raise ValueError(
            f"{text!r} is not an absolute path: it must start with / and have no colon, no // and no .. in it."
        )
    return text.rstrip("/")


def relative_path(text: str) -> str:
    """A path below a folder, without slashes at its ends."""
    path = text.removesuffix("/")
    if not re.fullmatch(r"[^/\x00-\x1f]+(?:/[^/\x00-\x1f]+)*", path) or {".", ".."} & set(path.split("/")):
        raise ValueError(f"{text!r} is not a relative path: it must not start with / and have no .. in it.")
    return path


def schedule(text: str) -> str:
    """A CronJob's schedule that comes round: five fields, or @daily and the like. Kubernetes knows no L, W, #, nor a day 7."""
    from wizard.schedule import next_runs  # noqa: PLC0415 - seldom needed

    words = text.split()
    if "TZ=" in text:
        raise ValueError(
            f"{text!r} names a time zone: that is a separate choice, and Kubernetes allows none in a schedule."
        )
    fields = [part for word in words for part in re.split(r"[,/-]", word)]
    macro = text.startswith("@")
    readable = macro or (len(words) == 5 and all(_CRON_FIELD.fullmatch(part) for part in fields))
    if not readable or (not macro and "7" in re.split(r"[,-]", words[4].partition("/")[0])):
        raise ValueError(
            f"{text!r} is not a schedule that Kubernetes understands: it should look like 0 3 * * * "
            "(minute, hour, day, month, day of the week with 0 for Sunday) or @daily."
        )
    if not next_runs(text, "", _ANY_DAY):
        raise ValueError(f"{text!r} is not a schedule that ever comes due: it should look like 0 3 * * * or @daily.")
    return text


def image(text: str) -> str:
    """A container image's reference, with a tag or a digest or neither."""
    if not _IMAGE.fullmatch(text) or len(text) > 512:
        raise ValueError(f"{text!r} is not a valid image: it should look like name:tag, with its registry in front.")
    return text


def git_repository(text: str) -> str:
    """A repository's address as git and Argo CD take it. One with a password in it is refused, and not repeated."""
    user, at, _ = text.partition("://")[2].partition("/")[0].rpartition("@")
    if at and (":" in user or len(user) > 30 or _TOKEN.match(user)):
        raise ValueError(
            "The address of the repository has a password or a token in it: leave that out, git will ask for it."
        )
    if not re.fullmatch(r"(?:https?|ssh|git)://[^\s/]+/\S+|[\w.-]+@[\w.-]+:\S+", text):
        raise ValueError(
            f"{text!r} is not the address of a repository: it should look like https://github.com/you/homelab."
        )
    return text


def git_branch(text: str) -> str:
    if _BRANCH_REFUSES.search(text):
        raise ValueError(
            f"{text!r} is not a valid branch: it should look like main, without spaces or two dots in a row."
        )
    return text
