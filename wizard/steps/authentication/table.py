"""What iteration 3 shows beside its findings: the accounts and their sessions."""

from __future__ import annotations

from wizard.facts.accounts import accounts_of
from wizard.model import FactTable
from wizard.settings import Settings
from wizard.world import World


def sessions_table(world: World, settings: Settings) -> FactTable:
    """Each account with what is known of its session."""
    return FactTable(
        ("account", "session", "until", "known from"),
        tuple(
            (
                account.apple_id or account.name,
                str(account.session.state),
                account.session.expires_at,
                account.session.source or None,
            )
            for account in accounts_of(world, settings)
        ),
    )
