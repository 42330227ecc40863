"""What icloudpd's own log says: the table of its known lines, and which of them counts.

icloudpd exits 0 on nearly every failure, so its log is the witness. Lines are those of 1.32.3, transcribed in ICLOUD.md.
A new failure mode is one more entry in SIGNS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wizard.model import Finding, Severity, Status
from wizard.world import LogTail

SUCCESS = "Authentication completed successfully"
SESSION_DEAD = "session-dead"
PASSWORD_PROMPT = re.compile(r"iCloud Password for .*:\s*$")
CODE_PROMPT = re.compile(
    r"Please enter two-(?:factor|step) (?:authentication|verification) code.*:\s*$|Please choose an option: .*:\s*$"
)


@dataclass(frozen=True, slots=True)
class Sign:
    """One known line: `about` is "account" when it concerns the sign-in, "run" when it concerns a download."""

    slug: str
    pattern: re.Pattern[str]
    about: str
    summary: str
    why: str
    fix: str
    status: Status = Status.ACTION_REQUIRED
    severity: Severity = Severity.ERROR


def _sign(
    slug: str, pattern: str, about: str, summary: str, why: str, fix: str, *, status: Status = Status.ACTION_REQUIRED
) -> Sign:
    return Sign(slug, re.compile(pattern), about, summary, why, fix, status)


SIGNS: tuple[Sign, ...] = (
    _sign(
        "arguments-wrong",
        r"argument -\S+: expected one argument|unrecognized arguments: |the following arguments are required|^usage: icloudpd",
        "account",
        "icloudpd could not make sense of its arguments, and ended without signing in.",
        "It exits 0 on an argument error, so the pod looks as if all were well.",
        "Mend the command or the Secret that it reads (iteration 2), then start the pod anew.",
    ),
    _sign(
        "file-missing",
        r"cat: (?:can't open ')?/\S+.*No such file or directory",
        "account",
        "A file that the command reads is not there.",
        "Usually a key that the Secret does not have.",
        "Mend iteration 2, then start the pod anew.",
    ),
    _sign(
        "web-access-off",
        r"ACCESS_DENIED|private db access disabled for this account",
        "account",
        "Apple refuses the photos: Advanced Data Protection is on, or web access to iCloud data is off.",
        "The text speaks of throttling, but waiting does not help.",
        "On the iPhone: Settings, your name, iCloud. Turn Advanced Data Protection off and Access iCloud Data on the Web on.",
    ),
    _sign(
        "terms",
        r"AcceptTerms|terms and conditions|Terms of Service.*accept",
        "account",
        "Apple wants new terms to be accepted first.",
        "Until then it refuses the sign-in, often with a 503.",
        "Sign in at icloud.com or on the iPhone and accept them.",
    ),
    _sign(
        "account-locked",
        r"-20209|[Mm]issing apple_id field",
        "account",
        "Apple has locked the account, or it has no two-factor authentication.",
        "Too many tries lock it; further ones keep it locked.",
        "Unlock it at iforgot.apple.com, see that two-factor authentication is on, and sign in once at icloud.com.",
        status=Status.BLOCKED,
    ),
    _sign(
        "wrong-password",
        r"Invalid email/password combination|-20101|Invalid username/password combination",
        "account",
        "Apple refused the Apple ID or the password.",
        "The same text can also mean a 503, or terms that wait to be accepted.",
        "Check the password at icloud.com; it must be the account's own, not an app-specific one.",
    ),
    _sign(
        "throttled",
        r"temporary refusing to serve icloudpd|Service Temporarily Unavailable \(503\)|Failed to initiate srp authentication",
        "account",
        "Apple is refusing to serve for the moment (503).",
        "Too many tries in a short time, new terms to accept, or a client that is too old.",
        "Stop all retries and wait an hour; sign in at icloud.com to see whether terms wait for you.",
        status=Status.BLOCKED,
    ),
    _sign(
        "domain-china",
        r"Apple insists on using|use --domain parameter",
        "account",
        "The account belongs to mainland China's iCloud.",
        "It is served by icloud.com.cn, not by icloud.com.",
        "Add --domain cn to the command.",
    ),
    _sign(
        "wrong-code",
        r"Incorrect verification code|Failed to verify two-(?:factor|step) authentication code|Code verification failed",
        "account",
        "The code was not accepted.",
        "A code is good for one try. Text-message codes can be refused although they are right (HTTP 409), codes from a device are not.",
        "Start again and use the code that appears on a trusted device.",
    ),
    _sign(
        "wrong-binary",
        r"Please enter validation code",
        "account",
        "The wrong program was started: `icloud` never asks Apple to send a code.",
        "It waits for a code that nobody sends.",
        "Run `icloudpd --auth-only`.",
    ),
    _sign(
        SESSION_DEAD,
        r"KeyError: 'dsInfo'|EOFError",
        "account",
        "Apple's session has ended, and icloudpd has nothing to start a new one with.",
        "It needs a sign-in with a person's help about once a month.",
        "Sign in again: photosync-wizard reauth.",
    ),
    _sign(
        "setup-incomplete",
        r"ZONE_NOT_FOUND|iCloud setup is not complete|Webservice not available \(ckdatabasews\)",
        "account",
        "Apple says that this account's iCloud Photos is not set up.",
        "The sign-in itself works; the photo library does not answer.",
        "Sign in at icloud.com once and open Photos there; then try again.",
    ),
    _sign(
        "library-indexing",
        r"has not finished indexing yet",
        "run",
        "Apple is still indexing the photo library.",
        "It can't be listed until that is done.",
        "Wait, and look again tomorrow.",
        status=Status.IN_PROGRESS,
    ),
    _sign(
        "apple-unreachable",
        r"Cannot connect to Apple iCloud service|Name or service not known|Temporary failure in name resolution",
        "run",
        "The pod could not reach Apple.",
        "DNS, a firewall, a proxy, or IPv6 that leads nowhere.",
        "Try from a pod of this namespace whether icloud.com resolves; dnsConfig ndots: 1 helps with search domains.",
    ),
    _sign(
        "session-files-unwritable",
        r"PermissionError: .*/config|Read-only file system.*/config",
        "run",
        "icloudpd may not write its session files.",
        "It rewrites both at every request, and stops when it can't.",
        "Let the files belong to the user that icloudpd runs as.",
    ),
    _sign(
        "photos-unwritable",
        r"PermissionError: .*/photos|Permission denied: '/photos",
        "run",
        "icloudpd may not write to the photos volume.",
        "The folder belongs to another user.",
        "Set fsGroup in the pod's securityContext, or mend the folder's owner.",
    ),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a log says: the signs in the order of SIGNS with the line that shows each, and how the log ends.

    `ending` is "signed-in", "asks-password", "asks-code", "signing-in" (it began and says no more) or "".
    """

    signs: tuple[tuple[Sign, str], ...]
    ending: str
    downloading: str = ""


def read_log(log: LogTail) -> Reading:
    """Reads the log of one icloudpd run. What comes before a later success line does not count any more."""
    lines = log.lines
    last_success = max((index for index, line in enumerate(lines) if SUCCESS in line), default=None)
    tail = lines if last_success is None else lines[last_success + 1 :]
    signs = tuple(
        (sign, line)
        for sign in SIGNS
        if (line := next((line for line in tail if sign.pattern.search(line)), None)) is not None
    )
    downloading = next((line for line in reversed(lines) if re.search(r"Downloading \S+ original", line)), "")
    return Reading(signs, _ending(lines, last_success), downloading)


def _ending(lines: tuple[str, ...], last_success: int | None) -> str:
    last = next((line for line in reversed(lines) if line.strip()), "")
    if PASSWORD_PROMPT.search(last):
        return "asks-password"
    if CODE_PROMPT.search(last):
        return "asks-code"
    if last_success is not None:
        return "signed-in"
    return "signing-in" if "Authenticating..." in last or "Processing user:" in last else ""


def findings_from(step_id: str, log: LogTail, about: tuple[str, ...]) -> Iterator[Finding]:
    """One finding per known failure in the log that concerns `about` ("account", "run")."""
    for sign, line in read_log(log).signs:
        if sign.about in about:
            yield Finding(
                f"{step_id}.{sign.slug}",
                sign.severity,
                sign.summary,
                evidence={f"log of pod/{log.pod}": line.strip()},
                why=sign.why,
                fix=sign.fix,
                implies=sign.status,
            )
