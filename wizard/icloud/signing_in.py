"""Signing in as a conversation: each call leads to the next step, or raises a WizardError with what to do next. No UI in here.

    async with SigningIn(private_folder) as signing_in:
        step = await signing_in.start("you@example.com", password)      # CodeWanted, SignedIn, TermsWanted, ...
        step = await signing_in.submit("123456")                        # SignedIn, or WrongCode with the step to go on
        pair = await signing_in.files()

pyicloud runs in daemon threads. A call that is cancelled or takes too long leaves its client for good: nothing more is sent by
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
from wizard.icloud.daemon_thread import in_daemon_thread
from wizard.icloud.files import Pair, is_of_china, tidy, without_session
from wizard.icloud.input_checks import account_name, is_account_name, is_app_specific, read_code
from wizard.icloud.limits import Limits
from wizard.icloud.login import Login
from wizard.icloud.messages import trouble
from wizard.icloud.steps import CodeWanted, Delivery, Library, Phone, Step, WrongCode

if TYPE_CHECKING:
    from wizard.icloud.pyicloud_client import PyicloudClient

T = TypeVar("T")

_CLOSING_SECONDS = 2.0


@dataclass(slots=True)
class _Talk:
    """A client and the event that ends it; `client` is None until its thread has opened it."""

    left: threading.Event
    client: PyicloudClient | None = None
    busy: bool = False


class SigningIn:
    """One account's sign-in at a time. `folder` is private (0700) and made by the caller; after `close` nothing of ours is in it.

    Others may keep things there: each client has a sub-folder of its own, for the moments in which files are on the disk.
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
        kept_pair: Pair | None = None,
    ) -> Step:
        """Send the password, once. `kept_pair` is an earlier session: while Apple trusts it no code is wanted.

        `kept_password` says that the person did not type it now, so that a refusal means a changed password.
        """
        account = account_name(apple_id)
        if not is_account_name(account):
            raise trouble("icloud.apple-id")
        if not password:
            raise trouble("icloud.no-password")
        if is_app_specific(password):
            raise trouble("icloud.app-specific-password")
        pair = without_session(tidy(kept_pair)) if kept_pair else None
        login = Login(account, self._place(), password, kept_password=kept_password, china=china, pair=pair)
        return await self._begin(login, lambda client: client.sign_in())

    async def resume(self, pair: Pair) -> Step:
        """Bring an earlier session back without a password: SignedIn, or PasswordWanted when that is not enough."""
        login = Login(account_name(pair.account), self._place(), None, china=is_of_china(pair), pair=tidy(pair))
        return await self._begin(login, lambda client: client.resume())

    async def request_code(self, delivery: Delivery, phone: Phone | None = None) -> CodeWanted:
        """Ask Apple for another code: "device" for a prompt, "sms" for a message to `phone` (None: the first)."""
        return await self._step(lambda client: client.request_code(delivery, phone))

    async def submit(self, code: str, delivery: Delivery | None = None) -> Step | WrongCode:
        """Send the code, once. `delivery` says how it came, if the person knows and it is not how it was asked for last."""
        digits = read_code(code)
        if digits is None:
            raise trouble("icloud.code-shape")
        return await self._step(lambda client: client.submit(digits, delivery))

    async def accept_terms(self) -> Step:
        """Accept the terms that were shown; only after the person said so."""
        return await self._step(lambda client: client.accept_terms())

    async def use_security_key(self) -> Step:
        """Wait for a touch of the security key that is plugged in. Nothing here has ever proved this against Apple."""
        return await self._step(lambda client: client.use_security_key(), self._limits.key)

    async def photos(self, on_consent_asked: Callable[[], None] = lambda: None) -> Library:
        """Look at the photo library, which proves that photos can be read at all; a WizardError says why they can't.

        `on_consent_asked` is called when Apple asks on the person's devices first, for whose answer this then waits.
        """
        loop = asyncio.get_running_loop()

        def hear() -> None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(on_consent_asked)

        return await self._step(lambda client: client.photos(hear), self._limits.photos)

    async def files(self) -> Pair:
        """The session's two files as pyicloud writes them; `files.fit_for_icloudpd` makes them fit for icloudpd."""
        return await self._step(lambda client: client.files())

    async def close(self) -> None:
        """Leave whatever is under way, close the connections, remove our folder. The session at Apple stays."""
        talk, self._talk = self._talk, None
        if talk:
            talk.left.set()
            if talk.client and not talk.busy:
                with contextlib.suppress(TimeoutError):
                    await in_daemon_thread(talk.client.close, limit=_CLOSING_SECONDS)
        for folder in self._folder.glob(f"{self._mark}*"):
            shutil.rmtree(folder, ignore_errors=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _place(self) -> Path:
        """A folder for the next client, which makes it and removes it."""
        return self._folder / f"{self._mark}{secrets.token_hex(4)}"

    async def _begin(self, login: Login, enter: Callable[[PyicloudClient], Step]) -> Step:
        """A new client in place of the one before; a refusal at the door ends it."""
        before, talk = self._talk, _Talk(threading.Event())
        self._talk = talk
        if before:
            before.left.set()
        clock, limits = self._clock, self._limits

        def work() -> Step | WizardError:
            from wizard.icloud.pyicloud_client import PyicloudClient  # noqa: PLC0415 - pyicloud takes a second to load

            if before and before.client and not before.busy:
                before.client.close()
            if talk.left.is_set():
                return trouble("icloud.no-step")
            try:
                client = PyicloudClient(login, clock, limits, talk.left)
            except Exception as error:  # noqa: BLE001 - what it says may hold the password
                return trouble("icloud.unexpected", f"{type(error).__name__} before any request.")
            outcome = _attempt(client, enter)
            if isinstance(outcome, WizardError):
                client.close()
            else:
                talk.client = client
            return outcome

        outcome = await self._talked(talk, work, limits.step)
        if isinstance(outcome, WizardError):
            if self._talk is talk:
                self._talk = None
            raise outcome
        return outcome

    async def _step(self, work: Callable[[PyicloudClient], T], limit: float | None = None) -> T:
        """One more step of the client; a refusal leaves it open, so that the person can go on."""
        talk = self._talk
        if talk is None or talk.client is None:
            raise trouble("icloud.no-step")
        if talk.busy:
            raise trouble("icloud.busy")
        client = talk.client
        outcome = await self._talked(talk, lambda: _attempt(client, work), limit or self._limits.step)
        if isinstance(outcome, WizardError):
            raise outcome
        return outcome

    async def _talked(self, talk: _Talk, work: Callable[[], T], limit: float) -> T | WizardError:
        """The outcome of `work` in a thread; who stops waiting for it leaves the client."""
        talk.busy = True
        came = False
        try:
            outcome = await in_daemon_thread(work, limit=limit)
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


def _attempt(client: PyicloudClient, work: Callable[[PyicloudClient], T]) -> T | WizardError:
    """What the work came to, with every refusal as a WizardError that carries nothing of pyicloud's along."""
    client.begin_step()
    try:
        return work(client)
    except Exception as error:  # noqa: BLE001 - whatever pyicloud raises is told to a person, and goes no further
        refusal = client.trouble_of(error)
    finally:
        client.close_if_left()
    refusal.__cause__ = refusal.__context__ = None
    return refusal.with_traceback(None)


def _now() -> datetime:
    return datetime.now(UTC)
