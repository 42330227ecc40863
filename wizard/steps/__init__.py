"""The seven iterations: what they mean and where each stands. Pure functions of World and Settings, no I/O."""

from __future__ import annotations

from wizard.steps.base import Step
from wizard.steps.storage import STEP as STORAGE

STEPS: tuple[Step, ...] = (STORAGE,)

__all__ = ["STEPS", "Step"]
