"""What icloudpd's own log says: the table of its known lines, and which of them counts.

icloudpd exits 0 on nearly every failure, so its log is the witness. Lines are those of 1.32.3.
A new failure mode is one more entry in SIGNS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Literal

from wizard.icloudpd.signs import (
    APPLE_FALTERED,
    ASKED_NOBODY,
    DOWNLOADS_REFUSED,
    FALTERED,
    LOG_CUT,
    REFUSED,
    SESSION_DEAD,
    SESSION_REFUSED,
    SIGNS,
    SUCCESS,
    UNUSABLE,
    Sign,
)
from wizard.model import Finding, Severity
from wizard.world import LogTail

_GAVE_UP = frozenset({SESSION_DEAD, ASKED_NOBODY})
_ANOTHER_ERROR = re.compile(r"\bERROR\b.*\(\d{3}\)\s*$")
_BEGAN_ANEW = re.compile(
    r"authentication is required \(2[fs]a\)|iCloud Password for |Failed to initiate srp authentication"
    r"|Invalid email/password combination|[(\"]-20(?:101|209)[)\"]|[Mm]issing apple_id field"
    r"|Failed to (?:verify|send) two-(?:factor|step) authentication code|KeyError: 'dsInfo'|EOFError"
)
"""What icloudpd says only when it has found no session that Apple takes: it signs in again, or tries to."""
_DOWNLOADING = re.compile(r"Downloading (?:the first|\S+) \S+ photo")
_DOWNLOADED = re.compile(r" INFO +Downloaded /")
_PHOTOS_ANSWER = re.compile(
    r"\(ACCESS_DENIED\)|\(ZONE_NOT_FOUND\)|Webservice not available \(ckdatabasews\)|has not finished indexing yet"
)
"""What only somebody hears who has got in and asks for the photos."""
_PROGRESS = re.compile(r" (?:INFO|DEBUG) +Download")
_TRACED = re.compile(r"\++ \S")
_STAMP = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
PASSWORD_PROMPT = re.compile(r"iCloud Password for .*:\s*$")
CODE_PROMPT = re.compile(
    r"Please enter two-(?:factor|step) (?:authentication|verification) code.*:\s*$|Please choose an option: .*:\s*$"
)

BEFORE_CODE = re.compile(
    r"authentication is required \(2[fs]a\)|2FA push notification|^\s+\w: .*\d\d\s*$|Try again\s*$"
)
"""The whole lines that come just before icloudpd asks for a code."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a log says: the signs in the order of SIGNS with the line that shows each, and how the log ends.

    `ending` is "signed-in", "asks-password", "asks-code", "signing-in" (it began and says no more) or "". `session` is its last
    word on Apple's session, said in `session_line`: "accepted", "ended", or "" for none.
    """

    signs: tuple[tuple[Sign, str], ...]
    ending: str
    downloading: str = ""
    session: Literal["accepted", "ended", ""] = ""
    session_line: str = ""

    @property
    def refused(self) -> bool:
        """Whether Apple itself refused a session that was there, and not just nobody had one."""
        return self.session == "ended" and bool(REFUSED.search(self.session_line))


def read_log(log: LogTail) -> Reading:
    """Reads the log of one icloudpd run. What comes before a later success line does not count any more.

    Photos that come are a success of the sign-in too, and so is what Apple answers where they don't. A line shows one failure only: that of the first sign that knows it.
    """
    lines = log.lines
    last_success = max((index for index, line in enumerate(lines) if SUCCESS in line), default=None)
    got_in = max((index for index, line in enumerate(lines) if _got_in(line)), default=None)
    signs: dict[str, tuple[Sign, str]] = {}
    for index, line in enumerate(lines):
        if _PROGRESS.search(line) or (last_success is not None and index <= last_success):
            continue
        sign = next((sign for sign in SIGNS if sign.pattern.search(line)), None)
        over = got_in is not None and index < got_in and sign is not None and sign.about == "account"
        if sign and not over and sign.slug not in signs:
            signs[sign.slug] = (sign, line)
    session, session_line = _last_word(lines, got_in)
    if session != "ended" and signs.keys() & _GAVE_UP:
        signs = _without_an_end(signs, lines, got_in)
    if session == "ended":
        signs.pop(APPLE_FALTERED, None)
    if session or len(signs) > 1:
        signs.pop(LOG_CUT, None)
    hidden = {slug for sign, _ in signs.values() for slug in sign.hides}
    visible = sorted(
        (pair for slug, pair in signs.items() if slug not in hidden), key=lambda pair: SIGNS.index(pair[0])
    )
    downloading = next((line for line in reversed(lines) if _DOWNLOADING.search(line)), "")
    return Reading(tuple(visible), _ending(lines, last_success), downloading, session, session_line)


def _got_in(line: str) -> bool:
    return SUCCESS in line or bool(_DOWNLOADING.search(line) or _DOWNLOADED.search(line) or _PHOTOS_ANSWER.search(line))


def _last_word(lines: tuple[str, ...], got_in: int | None) -> tuple[Literal["accepted", "ended", ""], str]:
    """What a log says of the session at last, and where. An Apple that faltered has not judged it, whatever followed.

    After any other error of Apple's only a refusal proves an end: icloudpd signs in again whatever it was.
    """
    another = False
    for line in lines if got_in is None else lines[got_in + 1 :]:
        if FALTERED.search(line):
            break
        if REFUSED.search(line) or UNUSABLE.search(line) or (_BEGAN_ANEW.search(line) and not another):
            return "ended", line
        another = another or bool(_ANOTHER_ERROR.search(line))
    return ("", "") if got_in is None else ("accepted", lines[got_in])


def _without_an_end(
    signs: dict[str, tuple[Sign, str]], lines: tuple[str, ...], got_in: int | None
) -> dict[str, tuple[Sign, str]]:
    """The signs where icloudpd gave up on an error of Apple's: that has judged no session, and nobody has got in by it."""
    kept = {slug: pair for slug, pair in signs.items() if slug not in _GAVE_UP}
    if got_in is None:
        kept.pop(DOWNLOADS_REFUSED, None)
    if not kept:
        faltered = next(sign for sign in SIGNS if sign.slug == APPLE_FALTERED)
        since = lines if got_in is None else lines[got_in + 1 :]
        kept[APPLE_FALTERED] = (faltered, next(line for line in since if _ANOTHER_ERROR.search(line)))
    return kept


def evidence_line(line: str) -> str:
    """A line of a log as evidence; of a command that a shell traced (set -x) no argument, which could be the password."""
    text = line.strip()
    return "+ (a command that the shell traced)" if _TRACED.match(text) else text


def moment_of(line: str, zone: tzinfo) -> datetime | None:
    """The time at which icloudpd wrote a line; it prints its container's local time. None for a line without one."""
    match = _STAMP.match(line)
    if not match:
        return None
    try:
        return datetime.fromisoformat(match[0]).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None


def _ending(lines: tuple[str, ...], last_success: int | None) -> str:
    last = next((line for line in reversed(lines) if line.strip()), "")
    if PASSWORD_PROMPT.search(last):
        return "asks-password"
    if CODE_PROMPT.search(last):
        return "asks-code"
    if last_success is not None:
        return "signed-in"
    return "signing-in" if "Authenticating..." in last or "Processing user:" in last else ""


def findings_from(
    step_id: str, log: LogTail, about: tuple[str, ...], *, still_trying: bool = False
) -> Iterator[Finding]:
    """One finding per known failure in the log that concerns `about` ("account", "run").

    Of an icloudpd that is `still_trying`, a refused session is no failure yet: it may be getting a new one.
    """
    for sign, line in read_log(log).signs:
        if sign.about in about and not (still_trying and sign.slug == SESSION_REFUSED):
            yield Finding(
                f"{step_id}.{sign.slug}",
                Severity.ERROR,
                sign.summary,
                evidence={f"log of pod/{log.pod}": evidence_line(line)},
                why=sign.why,
                fix=sign.fix,
                implies=sign.status,
            )
