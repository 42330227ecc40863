"""The Job through which a session is handed over: the CronJob's own image, settings and config volume, idling.

What verifies the session is so what will run with it. It mounts no photos and no Secret, so no password is within reach,
and it goes by itself: a deadline ends it, a time to live removes it, also when the wizard died.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wizard.annotations import HANDOVER, HANDOVER_KEPT_SECONDS, PURPOSE
from wizard.model import Action, Target, Verb
from wizard.settings import AccountNames

LABEL = "app.kubernetes.io/managed-by"
MANAGER = "photosync-wizard"
CONTAINER = "icloudpd"
DEADLINE_SECONDS = 1800
IDLE = "trap 'exit 0' TERM INT; sleep 1800 & wait"

_KEPT_OF_POD = (
    "affinity",
    "dnsConfig",
    "dnsPolicy",
    "hostAliases",
    "imagePullSecrets",
    "nodeSelector",
    "priorityClassName",
    "runtimeClassName",
    "securityContext",
    "serviceAccountName",
    "tolerations",
)
_SAFE_VOLUMES = ("emptyDir", "configMap", "projected")
_ROOT_NEEDS = ["CHOWN", "DAC_OVERRIDE", "FOWNER"]


@dataclass(frozen=True, slots=True)
class Handover:
    """The Job, and where the session lives in it: `directory` as the CronJob mounts it, `program` how it calls icloudpd."""

    action: Action
    directory: str
    program: tuple[str, ...]
    domain: str = ""


def handover(cron_job: Mapping[str, Any], names: AccountNames, name: str) -> Handover | None:
    """The hand-over Job called `name`, made from the CronJob as the server has it; None when that mounts no config claim."""
    template = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    volumes = {volume["name"]: volume for volume in template.get("volumes", [])}
    config = next(
        (key for key, volume in volumes.items() if _claim(volume) == names.config_claim),
        None,
    )
    container = next(
        (
            item
            for item in template["containers"]
            if any(mount["name"] == config for mount in item.get("volumeMounts", []))
        ),
        None,
    )
    if config is None or container is None:
        return None
    text = " ".join([*container.get("command", []), *container.get("args", [])])
    mount = next(item for item in container["volumeMounts"] if item["name"] == config)
    directory = _directory(text, mount["mountPath"])
    kept = {config} | {key for key, volume in volumes.items() if any(kind in volume for kind in _SAFE_VOLUMES)}
    namespace = cron_job["metadata"]["namespace"]
    labels = {LABEL: MANAGER, PURPOSE: HANDOVER}
    manifest = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "ttlSecondsAfterFinished": HANDOVER_KEPT_SECONDS,
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    **{key: copy.deepcopy(template[key]) for key in _KEPT_OF_POD if key in template},
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "restartPolicy": "Never",
                    "terminationGracePeriodSeconds": 5,
                    "containers": [_container(container, template, kept)],
                    "volumes": [copy.deepcopy(volume) for key, volume in volumes.items() if key in kept],
                },
            },
        },
    }
    action = Action(
        f"Start a pod that mounts {names.config_claim}, with the CronJob's own image",
        Verb.CREATE,
        Target("batch/v1", "Job", "jobs", namespace, name),
        manifest,
        command=f"kubectl -n {namespace} create -f handover-job.json",
        undo=f"It ends by itself; sooner with: kubectl -n {namespace} delete job {name}",
    )
    return Handover(action, directory, _program(text), "cn" if re.search(r"--domain[ =]cn\b", text) else "")


def _claim(volume: Mapping[str, Any]) -> str:
    return str(volume.get("persistentVolumeClaim", {}).get("claimName", ""))


def _directory(text: str, mount_path: str) -> str:
    """The cookie directory when it lies on the mount, else the mount itself."""
    match = re.search(r"--cookie-directory[ =]+[\"']?([^\s\"']+)", text)
    path = match[1].rstrip("/") if match else ""
    root = mount_path.rstrip("/")
    return path if path == root or path.startswith(root + "/") else root


def _program(text: str) -> tuple[str, ...]:
    """How icloudpd is called: its path, or with the official image's launcher in front ("/app/icloudpd_ex icloudpd")."""
    match = re.search(r"(?:^|\s)((?:\S*/icloudpd_ex\s+)?(?:\S*/)?icloudpd)(?=\s|$)", text)
    return tuple(match[1].split()) if match else ("icloudpd",)


def _container(container: Mapping[str, Any], template: Mapping[str, Any], kept: set[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "name": CONTAINER,
        "image": container["image"],
        "command": ["/bin/sh", "-c", IDLE],
        "volumeMounts": [copy.deepcopy(mount) for mount in container.get("volumeMounts", []) if mount["name"] in kept],
        "securityContext": _restricted(container.get("securityContext", {}), template.get("securityContext", {})),
    }
    if plain := [
        copy.deepcopy(item) for item in container.get("env", []) if "value" in item and not _secret(item["name"])
    ]:
        result["env"] = plain
    for key in ("imagePullPolicy", "resources"):
        if key in container:
            result[key] = copy.deepcopy(container[key])
    return result


def _secret(name: str) -> bool:
    return re.search(r"pass|secret|token|key|credential", name, re.IGNORECASE) is not None


def _restricted(own: Mapping[str, Any], pod: Mapping[str, Any]) -> dict[str, Any]:
    """The container's own context, tightened as far as a root image allows; root keeps what giving files away takes."""
    user = own.get("runAsUser", pod.get("runAsUser"))
    non_root = bool(user) or own.get("runAsNonRoot", pod.get("runAsNonRoot", False))
    capabilities: dict[str, Any] = {"drop": ["ALL"]}
    if not non_root:
        capabilities["add"] = _ROOT_NEEDS
    return {
        "seccompProfile": {"type": "RuntimeDefault"},
        **copy.deepcopy(dict(own)),
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "capabilities": capabilities,
    }
