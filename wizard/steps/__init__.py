"""The seven iterations: what they mean and where each stands. Pure functions of World and Settings, no I/O."""

from __future__ import annotations

from wizard.model import Report
from wizard.settings import Settings
from wizard.steps.argocd import STEP as ARGOCD
from wizard.steps.authentication import STEP as AUTHENTICATION
from wizard.steps.base import Step
from wizard.steps.credentials import STEP as CREDENTIALS
from wizard.steps.exposure import STEP as EXPOSURE
from wizard.steps.immich import STEP as IMMICH
from wizard.steps.report import diagnose_with
from wizard.steps.storage import STEP as STORAGE
from wizard.steps.verification import STEP as VERIFICATION
from wizard.world import World

STEPS: tuple[Step, ...] = (STORAGE, CREDENTIALS, AUTHENTICATION, ARGOCD, IMMICH, EXPOSURE, VERIFICATION)

__all__ = ["STEPS", "Step", "diagnose"]


def diagnose(world: World, settings: Settings) -> Report:
    """Where all seven iterations stand, as of this look."""
    return diagnose_with(STEPS, world, settings)
