"""The iterations: their numbers, ids and titles. Imports nothing; everybody takes them from here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Iteration:
    """One iteration.

    `id` names its package under wizard/steps and begins its findings' ids; `short` is its title where room is scarce.
    """

    number: int
    id: str
    title: str
    short: str


ITERATIONS = (
    Iteration(1, "storage", "Storage", "Storage"),
    Iteration(2, "credentials", "Credentials & config", "Credentials"),
    Iteration(3, "authentication", "Initial authentication", "Authentication"),
    Iteration(4, "argocd", "Argo CD integration", "Argo CD"),
    Iteration(5, "immich", "Immich integration", "Immich"),
    Iteration(6, "exposure", "External exposure", "Exposure"),
    Iteration(7, "verification", "Verification", "Verification"),
)
IDS = tuple(iteration.id for iteration in ITERATIONS)


def iteration(step_id: str) -> Iteration:
    """The iteration with this id. Raises ValueError when there is none."""
    return ITERATIONS[IDS.index(step_id)]
