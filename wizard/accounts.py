"""The objects of each Apple account: the first has the chosen names, a further one called NAME the same with `-NAME` behind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wizard.choices import CONFIG_CLAIM, CRON_JOB, SECRET
from wizard.settings import DEFAULT_ACCOUNT, Settings


@dataclass(frozen=True, slots=True)
class AccountNames:
    """The objects that belong to one Apple account."""

    account: str
    secret: str
    config_claim: str
    cron_job: str

    @classmethod
    def of(cls, account: str, settings: Settings) -> AccountNames:
        """Names for the account called `account`; DEFAULT_ACCOUNT has the chosen names themselves."""
        tail = "" if account == DEFAULT_ACCOUNT else f"-{account}"
        return cls(account, settings[SECRET] + tail, settings[CONFIG_CLAIM] + tail, settings[CRON_JOB] + tail)


def account_of(cron_job: str, settings: Settings) -> str:
    """The account that a CronJob of this name would be for; DEFAULT_ACCOUNT where its name says none."""
    base, dash, account = cron_job.partition(f"{settings[CRON_JOB]}-")
    return account if dash and account and not base else DEFAULT_ACCOUNT


def seen_accounts(settings: Settings, cron_jobs: Iterable[str]) -> tuple[str, ...]:
    """The accounts that are known, and those that CronJobs of these names would be for, whether or not anybody named them."""
    further = sorted({account_of(name, settings) for name in cron_jobs} - {DEFAULT_ACCOUNT})
    return tuple(dict.fromkeys((*settings.accounts, *further)))
