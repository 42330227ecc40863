"""What the person chose and what was assumed, each value with where it came from.

Names default to the seed's. Nothing here reads files or the cluster; `wizard.cli` and `wizard.state` fill it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

DEFAULT_ACCOUNT = "default"
NAMESPACE = "photo-sync"
AUTH_POD = "icloudpd-auth"
CONFIG_MAP = "icloudpd-config"
PHOTOS_CLAIM = "icloud-photos"
SERVICE_ACCOUNT = "icloudpd"
SECRET_BASE = "icloud-credentials"  # noqa: S105 - the Secret's name
CONFIG_CLAIM_BASE = "icloudpd-config"
CRON_JOB_BASE = "icloudpd-sync"
WARNING_DAYS = range(1, 61)
"""How many days before the session's end somebody may want to be asked for a sign-in."""
IMMICH_NEEDS = "postgres|pgvecto|vectorchord|redis|valkey"
"""What the images of Immich's database and cache are known by: a regular expression."""
IMMICH_MOUNT = "/external/icloud"
IMPORT_PATH = "/external/icloud/icloud-import"
IMPORT_FOLDER = "icloud-import"
PHOTOS_SIZE = "100Gi"
CONFIG_SIZE = "1Gi"
ACCESS_MODES = ("ReadWriteOnce",)
IMAGE = "icloudpd/icloudpd:1.32.3"
PROGRAM = "/app/icloudpd"
"""Where IMAGE has icloudpd; nothing of it is on the PATH."""
SCHEDULE = "0 3 * * *"
CREDENTIALS_MOUNT = "/credentials"
CONFIG_MOUNT = "/config"
PHOTOS_MOUNT = "/photos"
APPLICATION = "photo-sync"
ARGOCD_NAMESPACE = "argocd"
MANIFESTS_PATH = "apps/photo-sync"
"""The folder in the git repository, as the seed has it."""


@dataclass(frozen=True, slots=True)
class AccountNames:
    """The objects that belong to one Apple account: the seed's names, with `-NAME` behind for every further account."""

    account: str
    secret: str
    config_claim: str
    cron_job: str

    @classmethod
    def of(cls, account: str) -> AccountNames:
        """Names for the account called `account`; DEFAULT_ACCOUNT has the seed's own."""
        tail = "" if account == DEFAULT_ACCOUNT else f"-{account}"
        return cls(account, SECRET_BASE + tail, CONFIG_CLAIM_BASE + tail, CRON_JOB_BASE + tail)


def is_auth_pod(name: str) -> bool:
    """Whether a pod of that name is one that somebody made for signing in."""
    return name == AUTH_POD or name.startswith(f"{AUTH_POD}-")


def seen_accounts(accounts: Iterable[str], cron_jobs: Iterable[str]) -> tuple[str, ...]:
    """The accounts that are known, and those that CronJobs of these names would be for, whether or not anybody named them."""
    prefix = f"{CRON_JOB_BASE}-"
    seen = sorted(name.removeprefix(prefix) for name in cron_jobs if name.startswith(prefix) and name != prefix)
    return tuple(dict.fromkeys((*accounts, *seen)))


@dataclass(frozen=True, slots=True)
class Settings:
    """`sources` says of a field where its value came from ("flag", "environment", "state", "detected"); default if absent.

    `accounts` are names as the person gave them, `apple_ids` what they gave by account name, `seen_apple_ids` as whom an
    account was last signed in, `skipped` step ids that are not wanted; `warning_days` is how long before the session's end
    `status` starts to ask for a sign-in. `kubectl` and `wizard` are how commands for the person begin: with `--kubeconfig` and
    `--context` behind them where they were given to us, our own with `--namespace` too.
    """

    namespace: str = NAMESPACE
    application: str = APPLICATION
    immich_namespace: str | None = None
    host_name: str | None = None
    time_zone: str | None = None
    accounts: tuple[str, ...] = (DEFAULT_ACCOUNT,)
    apple_ids: Mapping[str, str] = field(default_factory=dict)
    seen_apple_ids: Mapping[str, str] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()
    warning_days: int = 7
    git_checkout: str | None = None
    kubectl: str = "kubectl"
    wizard: str = "photosync-wizard"
    sources: Mapping[str, str] = field(default_factory=dict)
