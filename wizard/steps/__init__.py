"""The iterations: what they mean and where each stands. Pure functions of World and Settings, no I/O."""

from __future__ import annotations

from importlib import import_module

from wizard.iterations import ITERATIONS
from wizard.model import Report
from wizard.plan import Right
from wizard.settings import Settings
from wizard.steps.base import Step
from wizard.steps.report import diagnose_with
from wizard.world import World

STEPS: tuple[Step, ...] = tuple(import_module(f"{__name__}.{iteration.id}.checks").STEP for iteration in ITERATIONS)

__all__ = ["STEPS", "Step", "diagnose", "rights_to_change"]


def diagnose(world: World, settings: Settings) -> Report:
    """Where every iteration stands, as of this look."""
    return diagnose_with(STEPS, world, settings)


def rights_to_change(world: World, settings: Settings) -> tuple[Right, ...]:
    """Every right that the iterations' changes to such a world would take, each once."""
    return tuple(dict.fromkeys(right for step in STEPS for right in step.rights(world, settings)))
