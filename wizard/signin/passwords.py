"""The Apple password of a sign-in: where it comes from, and what becomes of the one in this machine's keyring afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from wizard.command import Address, photosync_wizard
from wizard.errors import WizardError
from wizard.icloud.password import Keeper
from wizard.signin.person import Person

NO_KEYRING = "! There is no keyring here that keeps a password safe; it will be asked for each time."


@dataclass(slots=True)
class Passwords:
    """Where the password comes from: the keyring first, then the person. `used` is the last one that was given out.

    `note` takes a sentence for the person when the keyring can't be used.
    """

    apple_id: str
    person: Person
    keeper: Keeper | None
    note: Callable[[str], None]
    used: str | None = field(default=None, repr=False)
    from_keyring: bool = False
    _refused: bool = False

    async def kept(self) -> str | None:
        """The kept password, unless there is none, it can't be read, or Apple has refused it."""
        if self.keeper is None or self._refused:
            return None
        try:
            return await self.keeper.get(self.apple_id)
        except WizardError as trouble:
            self._refused = True
            self.note(f"{trouble.what} The password was asked for instead.")
            return None

    async def get(self, why: WizardError | None = None) -> str:
        """The kept one, else what the person types, who is told `why`."""
        kept = await self.kept()
        self.from_keyring = kept is not None
        self.used = kept if kept is not None else await self.person.password(self.apple_id, why)
        return self.used

    async def refused(self) -> None:
        """Apple does not take the kept password any more: it is forgotten, so that no later start sends it again."""
        self._refused = True
        if self.keeper:
            try:
                await self.keeper.delete(self.apple_id)
            except WizardError as trouble:
                self.note(f"{trouble.what} The kept password is refused by Apple and should be removed.")

    async def keep(self) -> bool:
        """Keeps the one that was used in the keyring, because the person said so. Whether there was one to keep."""
        if self.keeper is None or self.used is None:
            return False
        if not self.from_keyring:
            await self.keeper.set(self.apple_id, self.used)
        return True


class WriteOnlyKeeper:
    """A keyring that gives nothing, because the password comes from elsewhere, and may still be told to keep or to forget."""

    def __init__(self, keeper: Keeper) -> None:
        self.name = keeper.name
        self._keeper = keeper

    async def get(self, apple_id: str) -> str | None:
        """Nothing."""
        del apple_id
        return None

    async def set(self, apple_id: str, password: str) -> None:
        """As the keyring does."""
        await self._keeper.set(apple_id, password)

    async def delete(self, apple_id: str) -> None:
        """As the keyring does."""
        await self._keeper.delete(apple_id)


async def forget(keeper: Keeper | None, apple_id: str) -> str:
    """Removes the kept password, and says what came of it."""
    if keeper is None:
        return "! There is no keyring here that keeps a password safe, so there is none to remove."
    try:
        await keeper.delete(apple_id)
    except WizardError as refused:
        return f"! The kept password could not be removed. {refused.what} {refused.why}".rstrip()
    return f"  {keeper.name} keeps no password for this Apple ID any more."


async def keep(keep_used: Callable[[], Awaitable[bool]], keeper: Keeper | None, address: Address) -> str:
    """Keeps the password that was used by `keep_used`, which says whether there was one, and says what came of it."""
    if keeper is None:
        return NO_KEYRING
    try:
        kept = await keep_used()
    except WizardError:
        return f"! {keeper.name} did not take the password; it will be asked for each time."
    if not kept:
        renew = address.line(photosync_wizard("reauth", "--renew"))
        return f"! There was no password to keep: none was needed. `{renew}` asks for one."
    remove = address.line(photosync_wizard("reauth", "--forget-password"))
    return f"  The password is kept in {keeper.name}. `{remove}` removes it from there."
