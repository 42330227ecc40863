"""Whether the CronJob's next run would meet a sign-in, and what is done about it then: a pure function of what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from wizard.annotations import SUSPENDED_BY, written
from wizard.command import kubectl
from wizard.facts.objects import tracked_by
from wizard.model import Action, Target, Verb
from wizard.schedule import next_runs
from wizard.settings import Settings
from wizard.world import CronJob, Found, World

SIGN_IN_TAKES = timedelta(minutes=30)
"""A run that begins within this time would meet the sign-in."""


@dataclass(frozen=True, slots=True)
class Pausing:
    """`suspend` and `resume` are None where the CronJob is left alone; `notes` are sentences for the person."""

    suspend: Action | None = None
    resume: Action | None = None
    notes: tuple[str, ...] = ()


def pausing(job: CronJob | None, world: World, settings: Settings, at: datetime) -> Pausing:
    """What a sign-in that begins at `at` does about the CronJob."""
    if job is None:
        return Pausing()
    name, target = job.meta.name, Target("batch/v1", "CronJob", "cronjobs", settings.namespace, job.meta.name)
    resume = Action(
        f"Let the CronJob {name} go on",
        Verb.PATCH,
        target,
        {"metadata": {"annotations": {SUSPENDED_BY: None}}, "spec": {"suspend": False}},
        command=kubectl(
            *("patch", "cronjob", name, "--type", "merge", "-p"),
            f'{{"metadata":{{"annotations":{{"{SUSPENDED_BY}":null}}}},"spec":{{"suspend":false}}}}',
            namespace=settings.namespace,
        ),
    )
    if job.suspend and job.meta.annotations.get(SUSPENDED_BY):
        return Pausing(None, resume, (f"{name} is still paused from an earlier sign-in, and goes on afterwards.",))
    upcoming = next_runs(job.schedule, job.time_zone, at)
    if job.suspend or not upcoming or upcoming[0] - at > SIGN_IN_TAKES:
        return Pausing()
    if _undone_by_argo_cd(job, world):
        note = f"{name} runs at {upcoming[0]:%H:%M} UTC, and Argo CD would undo a pause: be done before, or wait."
        return Pausing(notes=(note,))
    suspend = Action(
        f"Pause the CronJob {name}, whose next run is at {upcoming[0]:%H:%M} UTC",
        Verb.PATCH,
        target,
        {"metadata": {"annotations": {SUSPENDED_BY: written(at)}}, "spec": {"suspend": True}},
        command=kubectl("patch", "cronjob", name, "-p", '{"spec":{"suspend":true}}', namespace=settings.namespace),
        undo="It goes on when the sign-in ends; the next start of the wizard sees to it if this one can't.",
    )
    return Pausing(suspend, resume, (f"{name} is paused meanwhile, and goes on afterwards.",))


def _undone_by_argo_cd(job: CronJob, world: World) -> bool:
    app = world.application.value if isinstance(world.application, Found) else None
    return bool(
        app and app.self_heal and tracked_by(job.meta) == app.meta.name and "/spec/suspend" not in app.ignored_paths
    )
