"""What iteration 7 shows beside its findings: the last runs."""

from __future__ import annotations

from wizard.facts.objects import jobs_of
from wizard.facts.runners import names_of
from wizard.model import FactTable
from wizard.settings import Settings
from wizard.world import World

_MOST = 5


def runs_table(world: World, settings: Settings) -> FactTable:
    """The Jobs of the accounts' CronJobs, the latest first."""
    jobs = [job for names in names_of(settings) for job in jobs_of(world, names.cron_job)]
    jobs.sort(key=lambda job: job.started.timestamp() if job.started else 0, reverse=True)
    return FactTable(
        ("run", "state", "started", "what it said"),
        tuple((job.meta.name, job.state, job.started, job.reason or None) for job in jobs[:_MOST]),
    )
