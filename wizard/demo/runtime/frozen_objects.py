"""What a scenario shows as it is, so that no controller may bring it on: a claim that stays Pending, a pod that hangs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FrozenObjects:
    """Uids of the objects that came with a status, and of those that were being deleted already."""

    with_status: frozenset[str] = frozenset()
    deleting: frozenset[str] = frozenset()
