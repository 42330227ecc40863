"""Where a sign-in is started from: one opening's cluster, settings and keyring. The command line and the screens share it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from wizard.command import Address
from wizard.engine import Engine, Snapshot
from wizard.errors import Exit, Retry, WizardError
from wizard.facts.accounts import with_discovered_accounts
from wizard.icloud.ladder import NextRung
from wizard.icloud.password import Keeper, available
from wizard.kube.client import Cluster
from wizard.settings import Settings
from wizard.signin.person import Outcome, Person
from wizard.signin.prepare import PreparedSignIn, prepare_sign_in
from wizard.signin.sign_in import SignIn
from wizard.signin.summary import reminder, summary

CHINA = "cn"


class SignInHost(Protocol):
    """What a service needs of whoever opened the wizard."""

    @property
    def settings(self) -> Settings:
        """As they are now."""

    phone: Callable[[str], None] | None

    def signed_in(self, account: str, apple_id: str, at: datetime) -> None:
        """Keeps when an account was signed in, and as whom."""


class AccountSignIn(Protocol):
    """One account's sign-in, not yet begun, as in `wizard.signin.sign_in.SignIn`."""

    async def check(self, *, ask_apple: bool = False) -> NextRung:
        """Which rung it would take. Raises WizardError."""

    async def run(self) -> Outcome:
        """Signs in. Raises WizardError, or GaveUp when the person leaves."""

    async def keep_password(self) -> bool:
        """Keeps the password that was used in the keyring. Whether there was one to keep. Raises WizardError."""


class SignInService:
    """One opening's service. `look` before everything else."""

    def __init__(self, engine: Engine, opened: SignInHost) -> None:
        self._engine = engine
        self._opened = opened
        self._snapshot: Snapshot | None = None
        self._cluster: Cluster | None = None

    async def look(self) -> Snapshot:
        """Looks at the cluster now, and goes on from what is there. Raises WizardError."""
        self._snapshot = await self._engine.look()
        return self._snapshot

    @property
    def snapshot(self) -> Snapshot:
        """The last look."""
        if self._snapshot is None:
            raise RuntimeError("the service has not looked yet")
        return self._snapshot

    @property
    def settings(self) -> Settings:
        """The settings, with the accounts that were seen."""
        return with_discovered_accounts(self.snapshot.world, self._opened.settings)

    @property
    def address(self) -> Address:
        """How commands for the person reach this cluster."""
        return self._opened.settings.address

    def accounts(self, requested: Sequence[str] = ()) -> tuple[str, ...]:
        """The wanted accounts, or every one. Raises WizardError for one that is not there."""
        configured = self.settings.accounts
        unknown = [name for name in requested if name not in configured]
        if unknown:
            raise WizardError(
                "reauth.unknown-account",
                f"There is no account called {unknown[0]} in {self.settings.namespace}.",
                fix=f"There is: {', '.join(configured)}.",
                exit_code=Exit.USAGE,
                retry=Retry.NEVER,
            )
        return tuple(dict.fromkeys(requested)) or configured

    async def prepare_sign_in(self, account: str, apple_id: str | None = None) -> PreparedSignIn:
        """What a sign-in of this account starts from, as `apple_id` where the person has said it. Raises WizardError."""
        settings = self.settings
        if apple_id:
            settings = replace(settings, apple_ids={**settings.apple_ids, account: apple_id})
        self._cluster = self._cluster or await self._engine.connection()
        return await prepare_sign_in(self._cluster, self.snapshot.world, settings, account)

    async def keeper(self) -> Keeper | None:
        """The keyring of this machine, when it is fit to keep a password."""
        return await available()

    def sign_in(
        self,
        start: PreparedSignIn,
        apple_id: str,
        person: Person,
        keeper: Keeper | None,
        *,
        in_pod: bool = False,
        renew: bool = False,
    ) -> AccountSignIn:
        """The sign-in itself, not yet begun."""
        return SignIn(
            self._cluster or self._engine.cluster,
            start.preparation,
            apple_id,
            self._engine.private_folder("apple"),
            person,
            keeper,
            china=start.preparation.handover.domain == CHINA,
            in_pod_only=in_pod,
            renew=renew,
        )

    def listen(self, phone: Callable[[str], None]) -> None:
        """Gives what the phones of a demo world show to `phone`, from any thread."""
        self._opened.phone = phone

    def signed_in(self, account: str, apple_id: str) -> None:
        """Keeps that it was done, for the next start."""
        self._opened.signed_in(account, apple_id, datetime.now(UTC))

    def summarize(self, outcome: Outcome) -> tuple[str, ...]:
        """What came of it, as in `wizard.signin.summary.summary`."""
        return summary(outcome, self.snapshot.world, self.settings, datetime.now(UTC))

    def reminder(self, outcomes: Sequence[Outcome]) -> str | None:
        """The next sign-ins as a calendar file's text; None when no date is known."""
        return reminder(outcomes, self.snapshot.world.cluster, self.settings, datetime.now(UTC))
