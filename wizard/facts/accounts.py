"""Whose photos they are: the accounts that are there, each with its Apple ID and how its session stands."""

from __future__ import annotations

from dataclasses import replace

from wizard.accounts import AccountNames, account_of, seen_accounts
from wizard.facts.objects import claims_of, cron_job_named, items
from wizard.facts.session import session_of
from wizard.icloud.input_checks import account_name, is_account_name
from wizard.icloudpd.workload import opaque, read_workload
from wizard.model import Account
from wizard.settings import Settings
from wizard.world import CronJob, World


def accounts_of(world: World, settings: Settings) -> tuple[Account, ...]:
    """The accounts of the settings as of this look."""
    return tuple(
        Account(name, apple_id_of(name, world, settings), session_of(name, world, settings))
        for name in settings.accounts
    )


def with_discovered_accounts(world: World, settings: Settings) -> Settings:
    """The settings with the accounts whose CronJobs are in the namespace, whether or not anybody named them here.

    A CronJob's name alone makes no account: `icloudpd-sync-report` may be somebody's own.
    """
    accounts = seen_accounts(settings, [job.meta.name for job in items(world.cron_jobs) if _syncs(job, settings)])
    return settings if accounts == settings.accounts else replace(settings, accounts=accounts)


def _syncs(job: CronJob, settings: Settings) -> bool:
    """Whether a CronJob runs icloudpd, or mounts the session's claim of the account that its name says."""
    workload = read_workload(job.spec)
    account = account_of(job.meta.name, settings)
    return bool(workload and workload.program) or AccountNames.of(account, settings).config_claim in claims_of(job.spec)


def apple_id_of(account: str, world: World, settings: Settings) -> str | None:
    """The Apple ID as the person gave it, as it stands in the CronJob's command line, or as it was last signed in."""
    return (
        settings.apple_ids.get(account)
        or apple_id_on_command_line(account, world, settings)
        or settings.seen_apple_ids.get(account)
    )


def apple_id_on_command_line(account: str, world: World, settings: Settings) -> str | None:
    """The Apple ID as it stands in the CronJob's command line itself; Secrets' values are not read."""
    job = cron_job_named(world, AccountNames.of(account, settings).cron_job)
    workload = read_workload(job.spec) if job else None
    written = workload.option("--username") if workload else None
    return written if written and not opaque(written) and is_account_name(account_name(written)) else None
