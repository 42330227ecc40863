"""From a World to a Report: every iteration diagnosed, every account's session, the pipeline."""

from __future__ import annotations

from collections.abc import Sequence

from wizard.facts.accounts import accounts_of, with_discovered_accounts
from wizard.model import Report
from wizard.settings import Settings
from wizard.steps.base import Step
from wizard.steps.pipeline import pipeline
from wizard.world import World


def diagnose_with(steps: Sequence[Step], world: World, settings: Settings) -> Report:
    """What this look found out, by these steps."""
    settings = with_discovered_accounts(world, settings)
    diagnoses = tuple(step.diagnose(world, settings) for step in steps)
    accounts = accounts_of(world, settings)
    statuses = {diagnosis.id: diagnosis.status for diagnosis in diagnoses}
    return Report(
        world.taken_at,
        world.cluster,
        settings.namespace,
        accounts,
        diagnoses,
        pipeline(world, settings, accounts, statuses),
    )
