"""Signing in as a conversation: each call leads to the next step, or raises a WizardError with what to do next. No UI in here.

    async with SigningIn(private_folder) as signing_in:
        step = await signing_in.start("you@example.com", password)      # CodeWanted, SignedIn, TermsWanted, ...
        step = await signing_in.submit("123456")                        # SignedIn, or WrongCode with the step to go on
        pair = await signing_in.files()

pyicloud runs in daemon threads. A call that is cancelled or takes too long leaves its visit for good: nothing more is sent by
it, and the next call has to be `start` or `resume`. Passwords and codes are in no repr and no exception.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from wizard.errors import WizardError
from wizard.icloud.aside import aside
from wizard.icloud.entry import Entry
from wizard.icloud.files import Pair, is_of_china, tidy, without_session
from wizard.icloud.limits import Limits
from wizard.icloud.steps import CodeWanted, Delivery, Library, Phone, Step, WrongCode
from wizard.icloud.typed import account_name, is_account_name, is_app_specific, read_code
from wizard.icloud.words import trouble

if TYPE_CHECKING:
    from wizard.icloud.visit import Visit

T = TypeVar("T")

_CLOSING_SECONDS = 2.0


@dataclass(slots=True)
class _Talk:
    """A visit and the event that ends it; `visit` is None until its thread has opened it."""

    left: threading.Event
    visit: Visit | None = None
    busy: bool = False


class SigningIn:
    """One account's sign-in at a time. `folder` is private (0700) and made by the caller; after `close` nothing of ours is in it.

    Others may keep things there: each visit has a sub-folder of its own, for the moments in which files are on the disk.
    """

    def __init__(
        self, folder: Path, *, clock: Callable[[], datetime] | None = None, limits: Limits | None = None
    ) -> None:
        self._folder = folder
        self._mark = f"icloud-{secrets.token_hex(4)}-"
        self._clock = clock or _now
        self._limits = limits or Limits()
        self._talk: _Talk | None = None

    async def start(
        self,
        apple_id: str,
        password: str,
        *,
        china: bool = False,
        kept_password: bool = False,
        known: Pair | None = None,
    ) -> Step:
        """Send the password, once. `known` is an earlier session: while Apple trusts it no code is wanted.

        `kept_password` says that the person did not type it now, so that a refusal means a changed password.
        """
        account = account_name(apple_id)
        if not is_account_name(account):
            raise trouble("icloud.apple-id")
        if not password:
            raise trouble("icloud.no-password")
        if is_app_specific(password):
            raise trouble("icloud.app-specific-password")
        pair = without_session(tidy(known)) if known else None
        entry = Entry(account, self._place(), password, kept_password=kept_password, china=china, pair=pair)
        return await self._begin(entry, lambda visit: visit.sign_in())

    async def resume(self, pair: Pair) -> Step:
        """Bring an earlier session back without a password: SignedIn, or PasswordWanted when that is not enough."""
        entry = Entry(account_name(pair.account), self._place(), None, china=is_of_china(pair), pair=tidy(pair))
        return await self._begin(entry, lambda visit: visit.resume())

    async def request_code(self, delivery: Delivery, phone: Phone | None = None) -> CodeWanted:
        """Ask Apple for another code: "device" for a prompt, "sms" for a message to `phone` (None: the first)."""
        return await self._step(lambda visit: visit.request_code(delivery, phone))

    async def submit(self, code: str, delivery: Delivery | None = None) -> Step | WrongCode:
        """Send the code, once. `delivery` says how it came, if the person knows and it is not how it was asked for last."""
        digits = read_code(code)
        if digits is None:
            raise trouble("icloud.code-shape")
        return await self._step(lambda visit: visit.submit(digits, delivery))

    async def accept_terms(self) -> Step:
        """Accept the terms that were shown; only after the person said so."""
        return await self._step(lambda visit: visit.accept_terms())

    async def use_security_key(self) -> Step:
        """Wait for a touch of the security key that is plugged in. Nothing here has ever proved this against Apple."""
        return await self._step(lambda visit: visit.use_security_key(), self._limits.key)

    async def photos(self, on_consent_asked: Callable[[], None] = lambda: None) -> Library:
        """Look at the photo library, which proves that photos can be read at all; a WizardError says why they can't.

        `on_consent_asked` is called when Apple asks on the person's devices first, for whose answer this then waits.
        """
        loop = asyncio.get_running_loop()

        def hear() -> None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(on_consent_asked)

        return await self._step(lambda visit: visit.photos(hear), self._limits.photos)

    async def files(self) -> Pair:
        """The session's two files as pyicloud writes them; `files.prepare` makes them fit for icloudpd."""
        return await self._step(lambda visit: visit.files())

    async def close(self) -> None:
        """Leave whatever is under way, close the connections, remove our folder. The session at Apple stays."""
        talk, self._talk = self._talk, None
        if talk:
            talk.left.set()
            if talk.visit and not talk.busy:
                with contextlib.suppress(TimeoutError):
                    await aside(talk.visit.close, limit=_CLOSING_SECONDS)
        for folder in self._folder.glob(f"{self._mark}*"):
            shutil.rmtree(folder, ignore_errors=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _place(self) -> Path:
        """A folder for the next visit, which makes it and removes it."""
        return self._folder / f"{self._mark}{secrets.token_hex(4)}"

    async def _begin(self, entry: Entry, enter: Callable[[Visit], Step]) -> Step:
        """A new visit in place of the one before; a refusal at the door ends it."""
        before, talk = self._talk, _Talk(threading.Event())
        self._talk = talk
        if before:
            before.left.set()
        clock, limits = self._clock, self._limits

        def work() -> Step | WizardError:
            from wizard.icloud.visit import Visit  # noqa: PLC0415 - pyicloud takes a second to load

            if before and before.visit and not before.busy:
                before.visit.close()
            if talk.left.is_set():
                return trouble("icloud.no-step")
            try:
                visit = Visit(entry, clock, limits, talk.left)
            except Exception as error:  # noqa: BLE001 - what it says may hold the password
                return trouble("icloud.unexpected", f"{type(error).__name__} before any request.")
            outcome = _attempt(visit, enter)
            if isinstance(outcome, WizardError):
                visit.close()
            else:
                talk.visit = visit
            return outcome

        outcome = await self._talked(talk, work, limits.step)
        if isinstance(outcome, WizardError):
            if self._talk is talk:
                self._talk = None
            raise outcome
        return outcome

    async def _step(self, work: Callable[[Visit], T], limit: float | None = None) -> T:
        """One more step of the visit; a refusal leaves it open, so that the person can go on."""
        talk = self._talk
        if talk is None or talk.visit is None:
            raise trouble("icloud.no-step")
        if talk.busy:
            raise trouble("icloud.busy")
        visit = talk.visit
        outcome = await self._talked(talk, lambda: _attempt(visit, work), limit or self._limits.step)
        if isinstance(outcome, WizardError):
            raise outcome
        return outcome

    async def _talked(self, talk: _Talk, work: Callable[[], T], limit: float) -> T | WizardError:
        """The outcome of `work` in a thread; who stops waiting for it leaves the visit."""
        talk.busy = True
        came = False
        try:
            outcome = await aside(work, limit=limit)
            came = True
        except TimeoutError:
            return trouble("icloud.unreachable", f"Apple did not come to an end within {limit:.0f} seconds.")
        else:
            return outcome
        finally:
            if came:
                talk.busy = False
            else:
                talk.left.set()
                if self._talk is talk:
                    self._talk = None


def _attempt(visit: Visit, work: Callable[[Visit], T]) -> T | WizardError:
    """What the work came to, with every refusal as a WizardError that carries nothing of pyicloud's along."""
    visit.begin_step()
    try:
        return work(visit)
    except Exception as error:  # noqa: BLE001 - whatever pyicloud raises is told to a person, and goes no further
        refusal = visit.trouble_of(error)
    finally:
        visit.close_if_left()
    refusal.__cause__ = refusal.__context__ = None
    return refusal.with_traceback(None)


def _now() -> datetime:
    return datetime.now(UTC)
