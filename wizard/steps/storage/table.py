"""What iteration 1 shows beside its findings: the claims."""

from __future__ import annotations

from wizard.facts.objects import items
from wizard.model import FactTable
from wizard.settings import Settings
from wizard.world import World


def claims_table(world: World, settings: Settings) -> FactTable:
    """The claims of the namespace, with the size that they have, else the one that they ask for."""
    del settings
    return FactTable(
        ("claim", "size", "class", "state"),
        tuple(
            (claim.meta.name, claim.capacity or claim.requested, claim.storage_class or None, claim.phase)
            for claim in items(world.claims)
        ),
    )
