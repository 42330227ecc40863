"""What becomes of a password in this machine's keyring when a sign-in is over, in the words that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.command import Address, photosync_wizard
from wizard.errors import WizardError
from wizard.icloud.password import Keeper

if TYPE_CHECKING:
    from wizard.signin.renew import Renewal

NO_KEYRING = "! There is no keyring here that keeps a password safe; it will be asked for each time."


class OnlyKeeps(Keeper):
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


async def keep(renewal: Renewal, keeper: Keeper | None, address: Address) -> str:
    """Keeps the password that was used, and says what came of it."""
    if keeper is None:
        return NO_KEYRING
    try:
        kept = await renewal.keep_password()
    except WizardError:
        return f"! {keeper.name} did not take the password; it will be asked for each time."
    if not kept:
        renew = address.line(photosync_wizard("reauth", "--renew"))
        return f"! There was no password to keep: none was needed. `{renew}` asks for one."
    remove = address.line(photosync_wizard("reauth", "--forget-password"))
    return f"  The password is kept in {keeper.name}. `{remove}` removes it from there."
