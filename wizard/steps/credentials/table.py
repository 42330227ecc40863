"""What iteration 2 shows beside its findings: what icloudpd runs as, and when."""

from __future__ import annotations

from wizard.facts.runners import cron_jobs
from wizard.model import FactTable
from wizard.settings import Settings
from wizard.world import CronJob, World


def schedules_table(world: World, settings: Settings) -> FactTable:
    """The accounts' CronJobs."""
    return FactTable(
        ("CronJob", "schedule", "last run", "image"),
        tuple(
            (
                job.meta.name,
                _schedule(job),
                job.last_schedule,
                job.spec.containers[0].image if job.spec.containers else None,
            )
            for job, _ in cron_jobs(world, settings)
        ),
    )


def _schedule(job: CronJob) -> str:
    return f"{job.schedule} {job.time_zone}".strip() + (" (suspended)" if job.suspend else "")
