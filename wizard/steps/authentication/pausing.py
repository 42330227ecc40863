"""How the CronJob is kept from running into a sign-in, and goes on afterwards. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from wizard.annotations import SUSPENDED_BY, written
from wizard.facts.objects import tracked_by
from wizard.plan import PatchObject, Right, Target
from wizard.schedule import next_runs
from wizard.settings import Settings
from wizard.world import CronJob, Found, World

SIGN_IN_TAKES = timedelta(minutes=30)
"""A run that begins within this time would meet the sign-in."""


@dataclass(frozen=True, slots=True)
class Pausing:
    """`suspend` and `resume` are None where the CronJob is left alone; `notes` are sentences for the person.

    `if_denied` is what they have to know instead where it may not be changed.
    """

    suspend: PatchObject | None = None
    resume: PatchObject | None = None
    notes: tuple[str, ...] = ()
    if_denied: str = ""

    def permitted(self, answers: Mapping[Right, bool | None]) -> Pausing:
        """What is left of it by the server's answers: nothing but a sentence where it has denied the change."""
        changes = (change for change in (self.suspend, self.resume) if change)
        if any(answers.get(right) is False for change in changes for right in change.rights):
            return Pausing(notes=(self.if_denied,))
        return self


def pausing(job: CronJob | None, world: World, settings: Settings, at: datetime) -> Pausing:
    """What a sign-in that begins at `at` does about the CronJob, if it may."""
    if job is None:
        return Pausing()
    name, target = job.meta.name, Target("batch/v1", "CronJob", "cronjobs", settings.namespace, job.meta.name)
    resume = PatchObject(
        id="resume",
        title=f"Resume the CronJob {name}",
        target=target,
        patch={"metadata": {"annotations": {SUSPENDED_BY: None}}, "spec": {"suspend": False}},
    )
    if job.suspend and job.meta.annotations.get(SUSPENDED_BY):
        still = f"{name} is still paused from an earlier sign-in"
        return Pausing(None, resume, (f"{still}, and is resumed afterwards.",), f"{still}, and you may not resume it.")
    upcoming = next_runs(job.schedule, job.time_zone, at)
    if job.suspend or not upcoming or upcoming[0] - at > SIGN_IN_TAKES:
        return Pausing()
    run_at = f"{upcoming[0]:%H:%M} UTC"
    if _undone_by_argo_cd(job, world):
        return Pausing(
            notes=(f"{name} runs at {run_at}, and Argo CD would undo a pause: finish before then, or wait.",)
        )
    suspend = PatchObject(
        id="pause",
        title=f"Pause the CronJob {name}, whose next run is at {run_at}",
        target=target,
        patch={"metadata": {"annotations": {SUSPENDED_BY: written(at)}}, "spec": {"suspend": True}},
        undo=(resume,),
    )
    return Pausing(
        suspend,
        resume,
        (f"{name} is paused in the meantime, and resumed afterwards.",),
        f"{name} runs at {run_at}, and you may not pause it: finish before then, or wait.",
    )


def right_to_pause(job: CronJob, settings: Settings) -> PatchObject:
    """A pause that is not due, for the right that it would take."""
    target = Target("batch/v1", "CronJob", "cronjobs", settings.namespace, job.meta.name)
    return PatchObject(id="pause", title=f"Pause the CronJob {job.meta.name}", target=target, patch={})


def _undone_by_argo_cd(job: CronJob, world: World) -> bool:
    app = world.application.value if isinstance(world.application, Found) else None
    return bool(
        app and app.self_heal and tracked_by(job.meta) == app.meta.name and "/spec/suspend" not in app.ignored_paths
    )
