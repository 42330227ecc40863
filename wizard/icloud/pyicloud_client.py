"""One client to Apple with pyicloud, step by step. Blocking: call it in a thread only.

The session's files are in memory here: they touch the disk only in the moments in which pyicloud reads or writes them, in a
folder of their own. A password is sent once per call of `sign_in`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pyicloud.exceptions import (
    PyiCloudAcceptTermsException,
    PyiCloudAccountLockedException,
    PyiCloudException,
    PyiCloudFailedLoginException,
)

from wizard.errors import WizardError
from wizard.icloud.challenge import Challenge
from wizard.icloud.files import Pair, has_token, pyicloud_names
from wizard.icloud.ladder import Rung
from wizard.icloud.library import measure_library
from wizard.icloud.limits import Limits
from wizard.icloud.login import Login
from wizard.icloud.messages import trouble
from wizard.icloud.refusals import Hints, busy_code, busy_trouble, password_accepted, trouble_of
from wizard.icloud.service import Service
from wizard.icloud.silence_loggers import silence_loggers
from wizard.icloud.steps import (
    CodeWanted,
    Delivery,
    Library,
    PasswordWanted,
    Phone,
    SecurityKeyWanted,
    SignedIn,
    Step,
    TermsWanted,
    WrongCode,
)
from wizard.icloud.transport import Transport

TERMS_URL = "https://www.icloud.com"


class PyicloudClient:
    """A browser's stay at Apple, from the first request to the files that are left of it. Setting `left` ends it."""

    def __init__(self, login: Login, clock: Callable[[], datetime], limits: Limits, left: threading.Event) -> None:
        silence_loggers()
        self._left = left
        self._had_trust = login.pair is not None and has_token(login.pair, "trust_token")
        self._transport = Transport(limits, left)
        self._password_accepted: bool | None = None if login.password is None else False
        self._rung = Rung.CODE
        self._terms_version: int | None = None
        self._folder = login.folder
        self._service = self._open(login)
        self._login = replace(login, password=None, pair=None)
        self._challenge = Challenge(self._service, self._transport, clock)

    def begin_step(self) -> None:
        """Refusals are told by the answers of one step only."""
        self._note_password()
        self._transport.answers.clear()

    def trouble_of(self, error: Exception) -> WizardError:
        """The refusal behind an exception of the current step."""
        return trouble_of(error, self._transport.answers, self._hints())

    def _hints(self) -> Hints:
        self._note_password()
        about = self._service.about
        return Hints(
            self._login.kept_password,
            self._password_accepted,
            about.get("iCDPEnabled"),
            about.get("isWebAccessAllowed"),
        )

    def _note_password(self) -> None:
        if self._password_accepted is False:
            self._password_accepted = password_accepted(self._transport.answers)

    def resume(self) -> Step:
        """Bring back the pair's session without a password: one request if it lives, two if its tokens heal it."""
        try:
            self._service.authenticate()
        except PyiCloudAcceptTermsException:
            self._rung = Rung.HEALED
            return self._terms()
        except PyiCloudAccountLockedException:
            raise
        except PyiCloudFailedLoginException:
            self._check_not_busy()
            return PasswordWanted(self._had_trust)
        healed = any(answer.path.endswith("/accountLogin") for answer in self._transport.answers)
        self._rung = Rung.HEALED if healed else Rung.WORKS
        return self._arrived()

    def sign_in(self) -> Step:
        """Send the password once. With an earlier session's trust token no code is asked for while Apple trusts it."""
        service = self._service
        failure: OSError | None = None
        self._rung = Rung.TRUSTED_PASSWORD
        try:
            service.authenticate()
        except PyiCloudAcceptTermsException:
            return self._terms()
        except OSError as error:
            if not service.challenged:
                raise
            failure = error
        finally:
            service.forget_password()
        if service.is_trusted_session:
            return self._arrived()
        self._check_domain()
        if service.two_factor_delivery_method == "security_key":
            return SecurityKeyWanted(tuple(service.security_key_names or ()))
        if not service.challenged:
            asks_for_codes = service.about.get("hsaVersion") == 2
            self._check_not_busy()
            raise trouble("icloud.trust-refused" if asks_for_codes and self._had_trust else "icloud.no-two-factor")
        self._rung = Rung.CODE
        return self._challenge.opened(failure)

    def request_code(self, delivery: Delivery, phone: Phone | None) -> CodeWanted:
        return self._challenge.request(delivery, phone)

    def submit(self, code: str, delivery: Delivery | None) -> Step | WrongCode:
        """Send the code once; an accepted one leads on to trust and the web session."""
        try:
            verdict = self._challenge.judge(code, delivery)
        except PyiCloudAcceptTermsException:
            return self._terms()
        if verdict == "accepted":
            return self._arrived()
        why = trouble("icloud.wrong-code" if verdict == "wrong" else "icloud.code-unchecked")
        return WrongCode(self._challenge.wanted(), why)

    def accept_terms(self) -> Step:
        """Accept the version that was shown, and no other."""
        if self._terms_version is None:
            raise trouble("icloud.terms")
        try:
            self._service.accept_terms(self._terms_version)
        except PyiCloudAcceptTermsException:
            return self._terms()
        return self._arrived()

    def use_security_key(self) -> Step:
        """Wait for a touch of the first key that is plugged in; leaving ends the wait."""
        self._rung = Rung.SECURITY_KEY
        try:
            self._service.confirm_security_key(event=self._left)
        except PyiCloudAcceptTermsException:
            return self._terms()
        return self._arrived()

    def photos(self, on_consent_asked: Callable[[], None]) -> Library:
        """Waits some minutes at most where Apple asks on the devices first, which is said at once."""
        self._service.on_consent_asked(on_consent_asked)
        return measure_library(self._service)

    def files(self) -> Pair:
        """The session as pyicloud writes it."""
        if not self._service.is_trusted_session:
            raise trouble("icloud.session-ended")
        with self._place():
            jar, session = self._service.write_files()
            return Pair(self._login.account, jar.read_text(encoding="utf-8"), session.read_text(encoding="utf-8"))

    def close(self) -> None:
        """Close the connections. The session at Apple stays: it is what the cluster goes on with."""
        with contextlib.suppress(PyiCloudException, OSError):
            self._service.hang_up()

    def close_if_left(self) -> None:
        """Who was left cleans up by itself: nobody waits for it any more."""
        if self._left.is_set():
            self.close()

    def _open(self, login: Login) -> Service:
        with self._place() as place:
            if login.pair is not None:
                names = pyicloud_names(login.account)
                _write_private(place / names.jar, login.pair.jar)
                _write_private(place / names.session, login.pair.session)
            return Service(login.account, login.password, place, china=login.china, transport=self._transport)

    @contextlib.contextmanager
    def _place(self) -> Iterator[Path]:
        """The folder that pyicloud was told of, for as long as it reads or writes there."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        try:
            yield self._folder
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _arrived(self) -> Step:
        """What is reached when Apple has nothing more to ask for, or seems to."""
        self._check_domain()
        if self._service.data.get("termsUpdateNeeded"):
            return self._terms()
        if not self._service.is_trusted_session:
            self._check_not_busy()
            raise trouble("icloud.not-trusted")
        return SignedIn(self._rung)

    def _check_domain(self) -> None:
        if domain := self._service.data.get("domainToUse"):
            raise trouble("icloud.china" if str(domain).lower().endswith(".cn") else "icloud.not-china")

    def _check_not_busy(self) -> None:
        """A busy Apple is no refusal of the session."""
        for answer in self._transport.answers:
            if busy := busy_code(answer):
                raise busy_trouble(busy, answer, self._hints())

    def _terms(self) -> TermsWanted:
        """The terms that Apple wants accepted, as far as it shows them."""
        terms: dict[str, object] = {}
        with contextlib.suppress(PyiCloudException, ValueError):
            terms = self._service.terms()
        version = terms.get("version")
        self._terms_version = version if isinstance(version, int) else None
        return TermsWanted(self._terms_version, str(terms.get("text") or ""), TERMS_URL)


def _write_private(file: Path, content: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(content)
