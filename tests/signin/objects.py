"""What a namespace holds in which somebody signs in: the seed's names, one account after the other."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from tests.names import PHOTOS_CLAIM
from wizard.accounts import AccountNames
from wizard.settings import DEFAULT_ACCOUNT


@dataclass(frozen=True, slots=True)
class Image:
    """An image of icloudpd, and where it has the program."""

    name: str
    program: str


BOREDAZFCUK = Image("boredazfcuk/icloudpd:1.32.3", "/opt/icloudpd/bin/icloudpd")
OFFICIAL = Image("icloudpd/icloudpd:1.32.3", "/app/icloudpd")
SMALL_IMAGE = "busybox"
FOLDER = "icloud-import"

Json = dict[str, Any]


def claim(name: str) -> Json:
    return {
        "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }


def secret(names: AccountNames, apple_id: str) -> Json:
    data = {"username": base64.b64encode(apple_id.encode()).decode()}
    return {"metadata": {"name": names.secret}, "data": data}


def cron_job(names: AccountNames, image: Image, schedule: str = "0 3 1 1 *", **annotations: str) -> Json:
    """The seed's CronJob with this image, without a password: it lives on the session alone."""
    folder = FOLDER if names.account == DEFAULT_ACCOUNT else f"{FOLDER}-{names.account}"
    script = (
        f'{image.program} --directory /photos/{folder} --username "$(cat /credentials/username)" '
        "--password-provider parameter --cookie-directory /config --no-progress-bar --log-level info"
    )
    container = {
        "name": "icloudpd",
        "image": image.name,
        "command": ["/bin/sh", "-c", f"mkdir -p /photos/{folder} && {script}"],
        "volumeMounts": [
            {"name": "credentials", "mountPath": "/credentials", "readOnly": True},
            {"name": "config", "mountPath": "/config"},
            {"name": "photos", "mountPath": "/photos"},
        ],
    }
    pod = {
        "restartPolicy": "Never",
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "photos", "operator": "Exists"}],
        "containers": [container],
        "volumes": [
            {"name": "credentials", "secret": {"secretName": names.secret}},
            {"name": "config", "persistentVolumeClaim": {"claimName": names.config_claim}},
            {"name": "photos", "persistentVolumeClaim": {"claimName": PHOTOS_CLAIM}},
        ],
    }
    return {
        "metadata": {"name": names.cron_job, "annotations": annotations},
        "spec": {
            "schedule": schedule,
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "jobTemplate": {"spec": {"backoffLimit": 0, "template": {"spec": pod}}},
        },
    }


def job_from(cron_job: Json, name: str) -> Json:
    """What `kubectl create job NAME --from=cronjob/...` makes of it."""
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": cron_job["metadata"]["name"],
        "uid": cron_job["metadata"]["uid"],
    }
    return {
        "metadata": {
            "name": name,
            "annotations": {"cronjob.kubernetes.io/instantiate": "manual"},
            "ownerReferences": [owner],
        },
        "spec": cron_job["spec"]["jobTemplate"]["spec"],
    }


def auth_pod(apple_id: str, claim_name: str, image: Image, command: list[str] | None = None) -> Json:
    """The pod with which the seed signs in: icloudpd at a terminal with its own password providers, waiting to be attached to."""
    own = [image.program, "--auth-only", "--username", apple_id, "--cookie-directory", "/config"]
    container = {
        "name": "icloudpd",
        "image": image.name,
        "command": command or own,
        "stdin": True,
        "tty": True,
        "volumeMounts": [{"name": "config", "mountPath": "/config"}],
    }
    return {
        "metadata": {"name": "icloudpd-auth", "labels": {"app": "icloudpd-auth"}},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "containers": [container],
            "volumes": [{"name": "config", "persistentVolumeClaim": {"claimName": claim_name}}],
        },
    }


def idle_pod(name: str, volumes: list[Json], mounts: list[Json]) -> Json:
    """A small pod that does nothing until it is used or deleted."""
    return {
        "metadata": {"name": name},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": name, "image": SMALL_IMAGE, "command": ["sleep", "86400"], "volumeMounts": mounts}],
            "volumes": volumes,
        },
    }
