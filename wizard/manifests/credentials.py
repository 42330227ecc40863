"""Iteration 2: what icloudpd signs in with, and the CronJob that runs it.

The CronJob lives on the session alone: no password stands on its command line or in the cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wizard.accounts import AccountNames
from wizard.choices import (
    CONFIG_MAP,
    CONFIG_MOUNT,
    IMAGE,
    PHOTOS_CLAIM,
    PHOTOS_MOUNT,
    SCHEDULE,
    SERVICE_ACCOUNT,
    TIME_ZONE,
    download_folder,
)
from wizard.icloudpd.images import program_in
from wizard.manifests.text import Manifest
from wizard.settings import DEFAULT_ACCOUNT, Settings

CREDENTIALS_MOUNT = "/credentials"
LONGEST_RUN_SECONDS = 86400


def secret(settings: Settings, account: str = DEFAULT_ACCOUNT, *, keys: Iterable[str] = ("username",)) -> Manifest:
    """An account's Secret, with a placeholder for every value: whoever writes it into the cluster puts the values in."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": AccountNames.of(account, settings).secret, "namespace": settings.namespace},
        "type": "Opaque",
        "stringData": {key: placeholder(key) for key in keys},
    }


def placeholder(key: str) -> str:
    """What stands for the value of a Secret's key."""
    return "YOUR_APPLE_ID" if key == "username" else f"YOUR_{key.upper().replace('-', '_')}"


def config_map(settings: Settings, *, time_zone: str | None = None, data: Mapping[str, str] | None = None) -> Manifest:
    """The ConfigMap, whose keys become variables of icloudpd's container: TZ, by which it names times, and `data`.

    The zone is the one that was chosen, else `time_zone`.
    """
    zone = settings[TIME_ZONE] or time_zone
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": settings[CONFIG_MAP], "namespace": settings.namespace},
        "data": {**({"TZ": zone} if zone else {}), **(data or {})},
    }


def service_account(settings: Settings) -> Manifest:
    """The ServiceAccount, whose pods get no token for the cluster."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": settings[SERVICE_ACCOUNT], "namespace": settings.namespace},
        "automountServiceAccountToken": False,
    }


def cron_job(settings: Settings, account: str = DEFAULT_ACCOUNT, *, time_zone: str | None = None) -> Manifest:
    """The CronJob that syncs one account, in the zone that was chosen, else `time_zone`; a further account has its own folder.

    A run that fails is not repeated before the next one is due, because Apple locks accounts that are tried again and again.
    """
    names, zone = AccountNames.of(account, settings), settings[TIME_ZONE] or time_zone
    directory = download_folder(settings) + ("" if account == DEFAULT_ACCOUNT else f"/{account}")
    container: Manifest = {
        "name": "icloudpd",
        "image": settings[IMAGE],
        "command": ["/bin/sh", "-c", _script(settings, directory)],
        "envFrom": [{"configMapRef": {"name": settings[CONFIG_MAP]}}],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
        "volumeMounts": [
            {"name": "credentials", "mountPath": CREDENTIALS_MOUNT, "readOnly": True},
            {"name": "config", "mountPath": settings[CONFIG_MOUNT]},
            {"name": "photos", "mountPath": settings[PHOTOS_MOUNT]},
        ],
    }
    pod: Manifest = {
        "serviceAccountName": settings[SERVICE_ACCOUNT],
        "automountServiceAccountToken": False,
        "restartPolicy": "Never",
        "containers": [container],
        "volumes": [
            {"name": "credentials", "secret": {"secretName": names.secret}},
            {"name": "config", "persistentVolumeClaim": {"claimName": names.config_claim}},
            {"name": "photos", "persistentVolumeClaim": {"claimName": settings[PHOTOS_CLAIM]}},
        ],
    }
    job = {"backoffLimit": 0, "activeDeadlineSeconds": LONGEST_RUN_SECONDS, "template": {"spec": pod}}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": names.cron_job, "namespace": settings.namespace},
        "spec": {
            "schedule": settings[SCHEDULE],
            **({"timeZone": zone} if zone else {}),
            "concurrencyPolicy": "Forbid",
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"spec": job},
        },
    }


def _script(settings: Settings, directory: str) -> str:
    """The shell line; what is in double quotes can't change the command, whatever the Secret holds."""
    options = (
        program_in(settings[IMAGE]),
        f"--directory {directory}",
        f'--username "$(cat {CREDENTIALS_MOUNT}/username)"',
        "--password-provider parameter",
        f"--cookie-directory {settings[CONFIG_MOUNT]}",
        '--folder-structure "{:%Y/%m}"',
        "--set-exif-datetime",
        "--no-progress-bar",
        "--log-level info",
    )
    return " \\\n  ".join(options) + "\n"
