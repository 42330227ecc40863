"""Iteration 2: what icloudpd signs in with, and the CronJob that runs it.

The CronJob lives on the session alone: no password stands on its command line or in the cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wizard.manifests.text import Manifest
from wizard.settings import (
    CONFIG_CLAIM_BASE,
    CONFIG_MAP,
    CONFIG_MOUNT,
    CREDENTIALS_MOUNT,
    CRON_JOB_BASE,
    IMAGE,
    IMPORT_FOLDER,
    NAMESPACE,
    PHOTOS_CLAIM,
    PHOTOS_MOUNT,
    PROGRAM,
    SCHEDULE,
    SECRET_BASE,
    SERVICE_ACCOUNT,
)

LONGEST_RUN_SECONDS = 86400


def secret(name: str = SECRET_BASE, namespace: str = NAMESPACE, *, keys: Iterable[str] = ("username",)) -> Manifest:
    """The Secret, with a placeholder for every value: whoever writes it into the cluster puts the values in."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "Opaque",
        "stringData": {key: placeholder(key) for key in keys},
    }


def placeholder(key: str) -> str:
    """What stands for the value of a Secret's key."""
    return "YOUR_APPLE_ID" if key == "username" else f"YOUR_{key.upper().replace('-', '_')}"


def config_map(
    name: str = CONFIG_MAP,
    namespace: str = NAMESPACE,
    *,
    time_zone: str | None = None,
    data: Mapping[str, str] | None = None,
) -> Manifest:
    """The ConfigMap, whose keys become variables of icloudpd's container: TZ, by which it names times, and `data`."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": {**({"TZ": time_zone} if time_zone else {}), **(data or {})},
    }


def service_account(name: str = SERVICE_ACCOUNT, namespace: str = NAMESPACE) -> Manifest:
    """The ServiceAccount, whose pods get no token for the cluster."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": namespace},
        "automountServiceAccountToken": False,
    }


def cron_job(
    name: str = CRON_JOB_BASE,
    namespace: str = NAMESPACE,
    *,
    schedule: str = SCHEDULE,
    time_zone: str | None = None,
    image: str = IMAGE,
    program: str = PROGRAM,
    folder: str = IMPORT_FOLDER,
    secret: str = SECRET_BASE,
    config_map: str = CONFIG_MAP,
    service_account: str = SERVICE_ACCOUNT,
    config_claim: str = CONFIG_CLAIM_BASE,
    photos_claim: str = PHOTOS_CLAIM,
    credentials_mount: str = CREDENTIALS_MOUNT,
    config_mount: str = CONFIG_MOUNT,
    photos_mount: str = PHOTOS_MOUNT,
) -> Manifest:
    """The CronJob that syncs one account; `folder` is where on the photos' claim, `program` where `image` has icloudpd.

    A run that fails is not repeated before the next one is due, because Apple locks accounts that are tried again and again.
    """
    container: Manifest = {
        "name": "icloudpd",
        "image": image,
        "command": ["/bin/sh", "-c", _script(program, f"{photos_mount}/{folder}", credentials_mount, config_mount)],
        "envFrom": [{"configMapRef": {"name": config_map}}],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
        "volumeMounts": [
            {"name": "credentials", "mountPath": credentials_mount, "readOnly": True},
            {"name": "config", "mountPath": config_mount},
            {"name": "photos", "mountPath": photos_mount},
        ],
    }
    pod: Manifest = {
        "serviceAccountName": service_account,
        "automountServiceAccountToken": False,
        "restartPolicy": "Never",
        "containers": [container],
        "volumes": [
            {"name": "credentials", "secret": {"secretName": secret}},
            {"name": "config", "persistentVolumeClaim": {"claimName": config_claim}},
            {"name": "photos", "persistentVolumeClaim": {"claimName": photos_claim}},
        ],
    }
    job = {"backoffLimit": 0, "activeDeadlineSeconds": LONGEST_RUN_SECONDS, "template": {"spec": pod}}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "schedule": schedule,
            **({"timeZone": time_zone} if time_zone else {}),
            "concurrencyPolicy": "Forbid",
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"spec": job},
        },
    }


def _script(program: str, directory: str, credentials: str, cookies: str) -> str:
    """The shell line; what is in double quotes can't change the command, whatever the Secret holds."""
    options = (
        program,
        f"--directory {directory}",
        f'--username "$(cat {credentials}/username)"',
        "--password-provider parameter",
        f"--cookie-directory {cookies}",
        '--folder-structure "{:%Y/%m}"',
        "--set-exif-datetime",
        "--no-progress-bar",
        "--log-level info",
    )
    return " \\\n  ".join(options) + "\n"
