"""How the CronJob is kept from running into a sign-in, and goes on afterwards. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from wizard.annotations import SUSPENDED_BY, written
from wizard.facts.objects import tracked_by
from wizard.plan import PatchObject, Target
from wizard.schedule import next_runs
from wizard.settings import Settings
from wizard.world import CronJob, Found, World

SIGN_IN_TAKES = timedelta(minutes=30)
"""A run that begins within this time would meet the sign-in."""


@dataclass(frozen=True, slots=True)
class Pausing:
    """`suspend` and `resume` are None where the CronJob is left alone; `notes` are sentences for the person."""

    suspend: PatchObject | None = None
    resume: PatchObject | None = None
    notes: tuple[str, ...] = ()


def pausing(job: CronJob | None, world: World, settings: Settings, at: datetime) -> Pausing:
    """What a sign-in that begins at `at` does about the CronJob."""
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
        return Pausing(None, resume, (f"{name} is still paused from an earlier sign-in, and is resumed afterwards.",))
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
    if _may_not(suspend, world):
        return Pausing(notes=(f"{name} runs at {run_at}, and you may not pause it: finish before then, or wait.",))
    return Pausing(suspend, resume, (f"{name} is paused in the meantime, and resumed afterwards.",))


def right_to_pause(job: CronJob, settings: Settings) -> PatchObject:
    """A pause that is not due, for the right that it would take."""
    target = Target("batch/v1", "CronJob", "cronjobs", settings.namespace, job.meta.name)
    return PatchObject(id="pause", title=f"Pause the CronJob {job.meta.name}", target=target, patch={})


def _may_not(change: PatchObject, world: World) -> bool:
    """Whether the server was asked about it and denied it."""
    return any(
        access.allowed is False
        and (access.verb, access.resource, access.namespace) == (right.verb, right.resource, right.namespace)
        for right in change.rights
        for access in world.access
    )


def _undone_by_argo_cd(job: CronJob, world: World) -> bool:
    app = world.application.value if isinstance(world.application, Found) else None
    return bool(
        app and app.self_heal and tracked_by(job.meta) == app.meta.name and "/spec/suspend" not in app.ignored_paths
    )
