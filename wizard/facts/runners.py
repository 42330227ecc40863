"""What of ours runs icloudpd: the CronJobs of the accounts and the pods that somebody made for signing in."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.accounts import AccountNames
from wizard.command import Command
from wizard.facts.objects import cron_job_named, fix_for, items
from wizard.icloudpd.workload import Workload, read_workload
from wizard.settings import Settings, is_auth_pod
from wizard.world import CronJob, Found, Missing, PodSpec, World

SESSION_ONLY = "--password-provider parameter"


def names_of(settings: Settings) -> list[AccountNames]:
    """The object names of every account."""
    return [AccountNames.of(account, settings) for account in settings.accounts]


def cron_jobs(world: World, settings: Settings) -> Iterator[tuple[CronJob, AccountNames]]:
    """The accounts' CronJobs that exist."""
    for names in names_of(settings):
        if job := cron_job_named(world, names.cron_job):
            yield job, names


def runners(world: World, settings: Settings) -> Iterator[tuple[str, PodSpec, Workload]]:
    """Everything of ours that runs icloudpd: ("cronjob/icloudpd-sync", its specification, how it reads the world)."""
    for job, _ in cron_jobs(world, settings):
        if workload := read_workload(job.spec):
            yield f"cronjob/{job.meta.name}", job.spec, workload
    for pod in items(world.pods):
        if is_auth_pod(pod.meta.name) and (workload := read_workload(pod.spec)):
            yield f"pod/{pod.meta.name}", pod.spec, workload


def fix_for_runner(
    where: str, world: World, settings: Settings, fix: str, *commands: Command
) -> tuple[str, tuple[Command, ...]]:
    """How to change what runs icloudpd, where it is known by its name ("cronjob/icloudpd-sync"): (fix, commands)."""
    job = next((job for job, _ in cron_jobs(world, settings) if where == f"cronjob/{job.meta.name}"), None)
    return fix_for(world, "CronJob", job.meta, fix, *commands) if job else (fix, commands)


def namespace_unusable(world: World) -> bool:
    """Whether nothing can be created because the namespace is not there, or on its way out."""
    namespace = world.namespace
    return isinstance(namespace, Missing) or (isinstance(namespace, Found) and namespace.value.phase == "Terminating")
