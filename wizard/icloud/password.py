"""The password in the machine's keyring, if the person says so: asked of the keyring in a thread, never of a plain file.

Keyrings that keep nothing, keep it readable, or ask on the terminal are refused; pyicloud brings such ones along.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from wizard.errors import Exit, Retry, WizardError
from wizard.icloud.daemon_thread import in_daemon_thread
from wizard.icloud.input_checks import account_name

SERVICE = "photosync-wizard"
SECONDS = 30.0

_REFUSED_MODULES = ("keyrings.alt", "keyring.backends.null", "keyring.backends.fail")
_REFUSED_NAMES = ("plaintext", "uncrypted", "null", "fail")


class Keeper(Protocol):
    """What keeps passwords, by the name that a person knows it under. Everything asked of it may raise WizardError."""

    name: str

    async def get(self, apple_id: str) -> str | None:
        """The kept password; None when none is kept."""

    async def set(self, apple_id: str, password: str) -> None:
        """Keep it, and make sure that it can be read back as it is."""

    async def delete(self, apple_id: str) -> None:
        """Forget it; nothing happens when none is kept."""


class Keyring:
    """One keyring of this machine that is fit to keep a password."""

    def __init__(self, backend: Any, seconds: float = SECONDS) -> None:
        self._backend = backend
        self._seconds = seconds
        self.name = str(getattr(backend, "name", type(backend).__name__))

    async def get(self, apple_id: str) -> str | None:
        """The kept password; None when none is kept."""
        kept = await self._ask(lambda: self._backend.get_password(SERVICE, account_name(apple_id)))
        return kept if isinstance(kept, str) and kept else None

    async def set(self, apple_id: str, password: str) -> None:
        """Keep it, and make sure that it can be read back as it is."""

        def work() -> bool:
            self._backend.set_password(SERVICE, account_name(apple_id), password)
            return bool(self._backend.get_password(SERVICE, account_name(apple_id)) == password)

        if not await self._ask(work):
            await self.delete(apple_id)
            raise _refused(self.name, "It did not give back what it was given.")

    async def delete(self, apple_id: str) -> None:
        """Forget it; nothing happens when none is kept."""

        def work() -> None:
            from keyring.errors import PasswordDeleteError  # noqa: PLC0415 - keyring is loaded late and in a thread

            with contextlib.suppress(PasswordDeleteError):
                self._backend.delete_password(SERVICE, account_name(apple_id))

        await self._ask(work)

    async def _ask(self, work: Callable[[], Any]) -> Any:
        refusal: WizardError | None = None

        def attempt() -> Any:
            try:
                return work()
            except Exception as error:  # noqa: BLE001 - backends raise what they like, and it may hold the password
                return _refused(self.name, f"It answered with {type(error).__name__}.")

        try:
            answer = await in_daemon_thread(attempt, limit=self._seconds)
        except TimeoutError:
            refusal = _refused(self.name, f"It did not answer within {self._seconds:.0f} seconds; it may be locked.")
        if refusal or isinstance(answer, WizardError):
            raise refusal or answer
        return answer


async def available(choose: Callable[[], Any] | None = None, seconds: float = SECONDS) -> Keyring | None:
    """The keyring of this machine that is fit to keep a password, or None. `choose` gives the backend that is configured."""

    def work() -> Any:
        if choose is not None:
            return choose()
        import keyring  # noqa: PLC0415 - it looks for its backends when it is loaded

        return keyring.get_keyring()

    try:
        configured = await in_daemon_thread(lambda: next(iter(_fit(work())), None), limit=seconds)
    except Exception:  # noqa: BLE001 - no keyring, whatever the reason: the password is asked for each time
        return None
    return None if configured is None else Keyring(configured, seconds)


def _fit(backend: Any) -> Iterator[Any]:
    """The backends in this one, a chain's in their order, that keep a password so that only its owner reads it."""
    kinds = type(backend).__mro__
    if any(kind.__module__ == "keyring.backends.chainer" for kind in kinds):
        for link in backend.backends:
            yield from _fit(link)
        return
    names = " ".join(kind.__name__.lower() for kind in kinds)
    refused = any(kind.__module__.startswith(_REFUSED_MODULES) for kind in kinds)
    if not refused and not any(word in names for word in _REFUSED_NAMES):
        yield backend


def _refused(name: str, why: str) -> WizardError:
    return WizardError(
        "icloud.keyring",
        f"The keyring {name} does not work.",
        why=why,
        fix="Unlock it, or go on without: the password is then asked for each time.",
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.NOW,
    )
