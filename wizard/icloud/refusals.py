"""Apple's refusals told apart: from pyicloud's exception and how Apple answered to a WizardError in plain words. Pure.

pyicloud reports a wrong password, an unknown account and a busy Apple alike, so the answers themselves decide. No text of
Apple's or of pyicloud's is passed on: it may carry tokens. The words are in `words`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wizard.errors import WizardError
from wizard.icloud.messages import trouble, unavailable

WRONG_PASSWORD = "-20101"  # noqa: S105 - Apple's number for it
LOCKED = "-20209"
TOO_MANY_CODES = frozenset({"-21668", "-22979", "-22981", "-22982"})
NO_SMS = "-28248"
CLOSES_PHOTOS = frozenset(
    {
        "icloud.advanced-data-protection",
        "icloud.web-access-off",
        "icloud.device-consent",
        "icloud.setup-unfinished",
        "icloud.indexing",
        "icloud.no-photo-library",
    }
)
"""What keeps icloudpd from the photos too, although the sign-in is good; anything else is a count that failed."""
_ADP = "ACCESS_DENIED"
WEB_PAGE = "web page"
_BEFORE_THE_PASSWORD = ("/authorize/signin", "/signin/init")
_UNFINISHED = ("ZONE_NOT_FOUND", "AUTHENTICATION_FAILED")


@dataclass(frozen=True, slots=True)
class Answer:
    """How one request was answered: `status` 0 when nothing came, `codes` Apple's error numbers.

    `problem` is the line's where nothing came, and WEB_PAGE where a page for people came with a status of 200.
    """

    method: str
    host: str
    path: str
    status: int
    codes: frozenset[str] = frozenset()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Hints:
    """What else is known: whether the password was a kept one, whether Apple has accepted it (None: it was not sent), and
    what Apple's account data says (None: nothing).
    """

    kept_password: bool = False
    password_accepted: bool | None = None
    data_protection: bool | None = None
    web_access: bool | None = None


def trouble_of(error: Exception, answers: Sequence[Answer], hints: Hints) -> WizardError:
    """The refusal that an exception out of pyicloud stands for, given the answers to the requests of this call."""
    if isinstance(error, WizardError):
        return error
    code = code_of(error, answers, hints)
    if code == "icloud.unreachable":
        return trouble(code, _line_problem(answers))
    if answers and busy_code(answers[-1]) == code:
        return busy_trouble(code, answers[-1], hints)
    if code == "icloud.unexpected":
        return trouble(code, f"{_kind(error)} after {_last_words(answers)}")
    return trouble(code)


def busy_trouble(code: str, answer: Answer, hints: Hints) -> WizardError:
    """The trouble of an answer whose `busy_code` this is."""
    return unavailable(answer.status, hints.password_accepted) if code == "icloud.unavailable" else trouble(code)


def code_of(error: Exception, answers: Sequence[Answer], hints: Hints) -> str:
    """The stable code of a refusal."""
    kinds = {name for link in _chain(error) for name in _names(link)}
    texts = " ".join(str(link.args[0]) for link in _chain(error) if link.args)
    last = answers[-1] if answers else None
    every = {code for answer in answers for code in answer.codes}
    if "PyiCloudAccountLockedException" in kinds or LOCKED in every:
        return "icloud.locked"
    if "PyiCloudAcceptTermsException" in kinds:
        return "icloud.terms"
    if kinds & {"PyiCloudSecurityKeyTimeoutException", "PyiCloudSecurityKeyException"}:
        return _key_code(kinds, texts)
    if "PyiCloudTrustedDevicePromptException" in kinds:
        return "icloud.push-unreachable"
    if last and last.status == 0:
        return "icloud.unreachable"
    if isinstance(error, OSError) and not isinstance(error, ValueError) and "PyiCloudException" not in kinds:
        return "icloud.push-unreachable"
    if "PyiCloudConnectionException" in kinds:
        return "icloud.unreachable"
    if "PyiCloudTrustedDeviceVerificationException" in kinds:
        return "icloud.code-unchecked"
    if last and (late := _photos(last, texts, kinds, hints)):
        return late
    if last and (busy := busy_code(last)):
        return busy
    return _by_place(last, kinds, hints) if last else "icloud.unexpected"


def busy_code(answer: Answer) -> str | None:
    """Whether an answer only says that Apple is unavailable now."""
    if answer.status == 429:
        return "icloud.throttled"
    if answer.problem == WEB_PAGE:
        return "icloud.web-page"
    return "icloud.unavailable" if answer.status >= 500 else None


def says_nothing(answer: Answer) -> bool:
    """Whether nobody knows from the answer what became of the request."""
    return answer.status == 0 or answer.status >= 500 or answer.problem == WEB_PAGE


def faltered(answer: Answer) -> bool:
    """Whether the same request may do better in some seconds.

    A 503 before the password is Apple's answer to too many tries, which another would add to; what did not come in time, or
    has no way to Apple at all, is not waited for twice.
    """
    if answer.status == 503:
        return not answer.path.endswith(_BEFORE_THE_PASSWORD)
    return says_nothing(answer) and answer.problem in ("", "connection", WEB_PAGE)


def password_accepted(answers: Sequence[Answer]) -> bool:
    """Whether Apple took the password in one of these answers: it asks for a code (409) or for something else first (412) only
    of who has proved it.
    """
    return any(answer.path.endswith("/signin/complete") and answer.status in (200, 409, 412) for answer in answers)


def _by_place(last: Answer, kinds: set[str], hints: Hints) -> str:
    """What a plain refusal means depends on where it came."""
    match last.path.rpartition("/")[2]:
        case "complete" | "init" if last.status == 401 or WRONG_PASSWORD in last.codes:
            return "icloud.password-changed" if hints.kept_password else "icloud.wrong-password"
        case "complete" if last.status in (409, 412) or "PyiCloud2SARequiredException" in kinds:
            return "icloud.no-two-factor"
        case "accountLogin" if last.status in (421, 450):
            return "icloud.web-access-off"
        case "phone" if NO_SMS in last.codes or last.status == 423:
            return "icloud.sms-refused"
        case "key":
            return "icloud.security-key-refused"
    if last.codes & TOO_MANY_CODES or last.status == 423:
        return "icloud.too-many-codes"
    if "/appleauth/" in last.path and last.status in (401, 412):
        return "icloud.sign-in-lapsed"
    if last.status == 410:
        return "icloud.outdated"
    return "icloud.unexpected"


def _photos(last: Answer, texts: str, kinds: set[str], hints: Hints) -> str | None:
    """What keeps the photos closed although signing in worked."""
    if _ADP in last.codes:
        return (
            "icloud.web-access-off"
            if hints.web_access is False and not hints.data_protection
            else "icloud.advanced-data-protection"
        )
    if last.codes & set(_UNFINISHED):
        return "icloud.setup-unfinished"
    if "finished indexing" in texts:
        return "icloud.indexing"
    if "Webservice not available: ckdatabasews" in texts:
        return "icloud.no-photo-library"
    if "PyiCloudPCSTimeoutException" in kinds or "PCS access" in texts:
        return "icloud.device-consent"
    return None


def _key_code(kinds: set[str], texts: str) -> str:
    if "PyiCloudSecurityKeyTimeoutException" in kinds:
        return "icloud.security-key-untouched"
    return "icloud.security-key-missing" if "No FIDO2 devices" in texts else "icloud.security-key-refused"


def _line_problem(answers: Sequence[Answer]) -> str:
    last = answers[-1] if answers else None
    host = last.host if last else "Apple"
    match last.problem if last else "":
        case "certificate":
            return (
                f"The certificate of {host} is not trusted here: something on the way reads along, or a clock is wrong."
            )
        case "proxy":
            return f"The proxy on the way to {host} does not answer."
        case "timeout":
            return f"{host} did not answer in time."
        case "name":
            return f"The name {host} can't be resolved here."
    return f"The connection to {host} failed."


def _last_words(answers: Sequence[Answer]) -> str:
    return f"{answers[-1].method} {answers[-1].path} {answers[-1].status}" if answers else "no request at all"


def _kind(error: Exception) -> str:
    return type(error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, what caused it, what was being handled meanwhile, and what it carries as argument."""
    visited: set[int] = set()
    todo: list[BaseException] = [error]
    while todo:
        link = todo.pop(0)
        if id(link) in visited:
            continue
        visited.add(id(link))
        yield link
        todo += [inner for inner in (link.__cause__, link.__context__, *link.args) if isinstance(inner, BaseException)]


def _names(error: BaseException) -> Iterator[str]:
    return (kind.__name__ for kind in type(error).__mro__)
