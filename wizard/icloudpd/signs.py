"""The known lines of icloudpd's log: those of 1.32.3. A new failure mode is one more entry in SIGNS."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wizard.icloudpd.images import OFFICIAL_PROGRAM, PROGRAM_PLACES
from wizard.model import Status

SUCCESS = "Authentication completed successfully"


SESSION_DEAD = "session-dead"


SESSION_REFUSED = "session-refused"


SESSION_BROKEN = "session-broken"


ASKED_NOBODY = "asked-nobody"


WRONG_BINARY = "wrong-binary"


LOG_CUT = "log-cut"


PROGRAM_NOT_FOUND = "program-not-found"


ARGUMENTS_WITHOUT_PROGRAM = "arguments-without-program"


APPLE_FALTERED = "apple-faltered"


APPLE_IS_AWAY = frozenset({APPLE_FALTERED, "apple-unreachable", "throttled"})
"""The signs that Apple judged nothing."""


WRONG_PASSWORD = "wrong-password"  # noqa: S105 - a sign's name


DOWNLOADS_REFUSED = "downloads-refused"


ENDED = frozenset({SESSION_DEAD, SESSION_REFUSED, ASKED_NOBODY})
"""Signs that say no more than that the session has ended; where another says why it stayed so, that one is shown."""


_ENDED = tuple(sorted(ENDED))


REFUSED = re.compile(r"Authentication required for Account\. \(4\d\d\)")


FALTERED = re.compile(r"Authentication required for Account\. \(5\d\d\)")


UNUSABLE = re.compile(
    r"Failed to read cookiejar|TypeError: '>' not supported between instances of 'NoneType' and 'int'"
)


@dataclass(frozen=True, slots=True)
class Sign:
    """One known line: `about` is "account" when it concerns the sign-in, "run" when it concerns a download.

    `hides` are signs that follow from this one, and would mislead beside it.
    """

    slug: str
    pattern: re.Pattern[str]
    about: str
    summary: str
    why: str
    fix: str
    status: Status = Status.ACTION_REQUIRED
    hides: frozenset[str] = frozenset()


def _sign(
    slug: str,
    pattern: str,
    about: str,
    summary: str,
    why: str,
    fix: str,
    *,
    status: Status = Status.ACTION_REQUIRED,
    hides: tuple[str, ...] = (),
) -> Sign:
    return Sign(slug, re.compile(pattern), about, summary, why, fix, status, frozenset(hides))


SIGNS: tuple[Sign, ...] = (
    _sign(
        "arguments-wrong",
        r"argument -\S+: expected one argument|unrecognized arguments: |the following arguments are required|^usage: icloudpd",
        "account",
        "icloudpd did not understand its arguments, and exited without signing in.",
        "It exits 0 on an argument error, so the pod looks fine.",
        "Fix the command or the Secret that it reads (step 2), then start the pod again.",
    ),
    _sign(
        ARGUMENTS_WITHOUT_PROGRAM,
        r"^Error: You must specify either 'icloud' or 'icloudpd' as the first argument",
        "account",
        "The image's entry point was not told which program to run, so icloudpd never started.",
        "Since 1.32.0 icloudpd's own image needs the program's name as its first argument. Apple was not asked, so this says nothing about the session.",
        "Put icloudpd before the options: args: [icloudpd, --directory, and so on].",
    ),
    _sign(
        PROGRAM_NOT_FOUND,
        r"^\S*sh: .*\bicloud(?:pd)?(?:_ex)?: (?:command )?not found|^\S*sh: .*/icloud(?:pd)?(?:_ex)?: No such file or directory",
        "account",
        "The container's shell did not find icloudpd where the command calls it, so icloudpd never started.",
        f"{PROGRAM_PLACES} Apple was not asked, so this says nothing about the session.",
        f"In icloudpd's own image call {OFFICIAL_PROGRAM}, or remove command and pass only args, starting with icloudpd.",
    ),
    _sign(
        "file-missing",
        r"cat: (?:can't open ')?/\S+.*No such file or directory",
        "account",
        "A file that the command reads is not there.",
        "Usually a key that the Secret does not have.",
        "Fix what step 2 reports, then start the pod again.",
    ),
    _sign(
        "web-access-off",
        r"ACCESS_DENIED|private db access disabled for this account|'Invalid authentication token\.'",
        "account",
        "Apple refuses access to the photos: Advanced Data Protection is on, or web access to iCloud data is off.",
        "The message mentions throttling, but waiting does not help.",
        "On the iPhone: Settings, your name, iCloud. Turn Advanced Data Protection off and Access iCloud Data on the Web on.",
        hides=_ENDED,
    ),
    _sign(
        "terms",
        r"AcceptTerms|terms and conditions|Terms of Service.*accept",
        "account",
        "Apple wants new terms to be accepted first.",
        "Until then it refuses the sign-in, often with a 503.",
        "Sign in at icloud.com or on the iPhone and accept them.",
        hides=_ENDED,
    ),
    _sign(
        "account-locked",
        r"[(\"]-20209[)\"]|[Mm]issing apple_id field",
        "account",
        "Apple has locked the account, or it has no two-factor authentication.",
        "Too many attempts lock it; further ones keep it locked.",
        "Unlock it at iforgot.apple.com, check that two-factor authentication is on, and sign in once at icloud.com.",
        status=Status.BLOCKED,
        hides=_ENDED,
    ),
    _sign(
        WRONG_PASSWORD,
        r"Invalid email/password combination|[(\"]-20101[)\"]",
        "account",
        "Apple refused the Apple ID or the password.",
        "The same message can also mean a 503, or terms waiting to be accepted.",
        "Check the password at icloud.com; it must be the account's own, not an app-specific one.",
        hides=_ENDED,
    ),
    _sign(
        "throttled",
        r"temporary refusing to serve icloudpd|Service Temporarily Unavailable \(503\)|Failed to initiate srp authentication",
        "account",
        "Apple is refusing requests for the moment (503).",
        "Too many attempts in a short time, new terms to accept, or a client that is too old.",
        "Stop all retries and wait an hour; sign in at icloud.com to see whether there are terms to accept.",
        status=Status.BLOCKED,
        hides=_ENDED,
    ),
    _sign(
        "domain-china",
        r"Apple insists on using|use --domain parameter",
        "account",
        "The account belongs to mainland China's iCloud.",
        "It is served by icloud.com.cn, not by icloud.com.",
        "Add --domain cn to the command.",
        hides=_ENDED,
    ),
    _sign(
        "wrong-code",
        r"Incorrect verification code|Failed to verify two-(?:factor|step) authentication code|Code verification failed",
        "account",
        "The code was not accepted.",
        "A code is good for one try. Codes by text message can be refused although they are correct (HTTP 409); codes from a device are not.",
        "Start again and use the code that appears on a trusted device.",
        hides=_ENDED,
    ),
    _sign(
        WRONG_BINARY,
        r"Please enter validation code",
        "account",
        "The wrong program was started: `icloud` never asks Apple to send a code.",
        "It waits for a code that nobody sends.",
        "Run `icloudpd --auth-only`.",
    ),
    _sign(
        "too-many-codes",
        r"[(\"]-21668[)\"]|Failed to send two-(?:factor|step) authentication code",
        "account",
        "Apple is not sending any more codes for now.",
        "Too many were requested or mistyped in a short time.",
        "Wait an hour, then start again, with a code from a trusted device rather than by text message.",
        status=Status.BLOCKED,
        hides=_ENDED,
    ),
    _sign(
        APPLE_FALTERED,
        FALTERED.pattern,
        "account",
        "Apple answered with a server error while the session was being checked.",
        "icloudpd takes that for an ended session and stops; the session may well still work.",
        "Let the next run try again, and sign in only if it keeps failing.",
        status=Status.IN_PROGRESS,
        hides=_ENDED,
    ),
    _sign(
        SESSION_BROKEN,
        UNUSABLE.pattern,
        "account",
        "The session's files can't be read.",
        "icloudpd rewrites them on every request; being killed at the wrong moment, or two pods at once, leaves half a file.",
        "Sign in again, and let nothing else use them in the meantime.",
        hides=_ENDED,
    ),
    _sign(
        SESSION_DEAD,
        r"KeyError: 'dsInfo'",
        "account",
        "Apple's session has ended, and icloudpd has nothing to start a new one with.",
        "About once a month somebody has to sign in.",
        "Sign in again, as step 3 shows.",
        hides=(SESSION_REFUSED, ASKED_NOBODY),
    ),
    _sign(
        ASKED_NOBODY,
        r"EOFError",
        "account",
        "icloudpd asked for a password or a code, and nobody could answer.",
        "A run has no keyboard; it asks when its session has ended.",
        "Sign in again, as step 3 shows. A pod for that needs stdin: true and tty: true.",
        hides=(SESSION_REFUSED,),
    ),
    _sign(
        SESSION_REFUSED,
        REFUSED.pattern,
        "account",
        "Apple refused the session, and there is no sign that icloudpd got a new one.",
        "The session has ended. With a password icloudpd signs in by itself; nothing here shows that it did.",
        "Sign in again, as step 3 shows.",
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
        "Check from a pod in this namespace whether icloud.com resolves; dnsConfig ndots: 1 helps with search domains.",
    ),
    _sign(
        DOWNLOADS_REFUSED,
        r"ERROR +Invalid username/password combination\. \(401\)",
        "run",
        "The sign-in works, but every single download is refused.",
        "The session file remembers an old refusal (apple_rscd 401), and icloudpd treats every photo as refused.",
        "Sign in again with reauth --renew, which rewrites the session file, then start a run by hand.",
        hides=(WRONG_PASSWORD,),
    ),
    _sign(
        "session-files-unwritable",
        r"PermissionError: .*(?:/config|\.session|cookie|pyicloud)|Read-only file system.*(?:/config|\.session|cookie)",
        "run",
        "icloudpd can't write its session files.",
        "It rewrites both on every request, and stops when it can't.",
        "Make the user that icloudpd runs as the owner of the files.",
    ),
    _sign(
        "photos-unwritable",
        r"PermissionError: |Read-only file system",
        "run",
        "icloudpd can't write to the photos volume.",
        "The folder belongs to another user.",
        "Set fsGroup in the pod's securityContext, or change the folder's owner.",
    ),
    _sign(
        LOG_CUT,
        r'^\s*"status_code": \d{3}',
        "account",
        "icloudpd failed, and the reason is further up in its log.",
        "At log level debug it then adds everything that it exchanged with Apple, and only the end of a log is read.",
        "Read the whole log. With --log-level info it stays short.",
    ),
)
