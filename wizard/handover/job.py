"""The Job through which a session is handed over: the CronJob's own image, settings and config volume, idling.

What verifies the session is so what will run with it. Nothing of a Secret gets into it, no photos, and of variables written in
the CronJob only those that say how Apple is reached, as they stand there: no Apple password is within reach, and what a secret
is part of stays out. Of the CronJob's containers it has
icloudpd's alone: init containers and sidecars prepare or accompany a run, often on volumes that are not here. It goes by
itself: a deadline ends it, a time to live removes it, also when the wizard died.
"""

from __future__ import annotations

import copy
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wizard.accounts import AccountNames
from wizard.annotations import HANDOVER, HANDOVER_KEPT_SECONDS, PURPOSE
from wizard.facts.objects import claims_of
from wizard.icloudpd.session_folder import directory_of, program_of
from wizard.icloudpd.workload import read_workload
from wizard.observe.parse_pod import pod_spec
from wizard.plan import CreateObject, Target
from wizard.steps.authentication.plan import START, remove_job

LABEL = "app.kubernetes.io/managed-by"
MANAGER = "photosync-wizard"
CONTAINER = "icloudpd"
DEADLINE_SECONDS = 1800
IDLE = "trap 'exit 0' TERM INT; sleep 1800 & wait"

_PLACING = ("affinity", "nodeSelector", "tolerations")
_KEPT_OF_POD = (
    "dnsConfig",
    "dnsPolicy",
    "hostAliases",
    "hostNetwork",
    "imagePullSecrets",
    "priorityClassName",
    "runtimeClassName",
    "schedulerName",
    "securityContext",
    "serviceAccountName",
)
_SAFE_VOLUMES = ("emptyDir", "configMap", "downwardAPI")
_SAFE_SOURCES = ("configMap", "downwardAPI", "clusterTrustBundle")
_SAFE_VARIABLE = re.compile(
    r"(?!.*(?:PASS|SECRET|TOKEN))(?:TZ|LANG|LANGUAGE|LC_\w+|\w+_(?:PROXY|proxy)|\w+_CA_\w+|SSL_CERT_\w+|HOME|TMPDIR|PATH|CLIENT_ID)"
)
_REACHING = re.compile(r"\w+_(?:PROXY|proxy)|\w+_CA_\w+|SSL_CERT_\w+")
_NAMED_SECRET = re.compile("PASS|SECRET|TOKEN", re.IGNORECASE)
_SIGNED_IN_AS = re.compile(r"://([^/]*)@")
_REFERENCE = re.compile(r"\$\(([\w.-]+)\)")
_OF_JOBS = re.compile(r"batch\.kubernetes\.io/.*|job-name|controller-uid")
_ROOT_NEEDS = ["CHOWN", "DAC_OVERRIDE", "FOWNER"]

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Handover:
    """The Job, and where the session lives in it: `directory` as the CronJob mounts it, `program` the name or path by
    which it calls icloudpd.

    `mounts` are where the claim is mounted, each with the part of the claim that is seen there; `notes` are sentences for the
    person about what the pod has to do without.
    """

    change: CreateObject
    directory: str
    program: str
    domain: str = ""
    notes: tuple[str, ...] = ()
    mounts: tuple[tuple[str, str], ...] = ()

    @property
    def data_homes(self) -> tuple[str, ...]:
        """Folders on the claim that a container may have as its XDG_DATA_HOME, or as its home."""
        roots = dict.fromkeys((*(path for path, _ in self.mounts), self.directory))
        return tuple(home for root in roots for home in (root, posixpath.join(root, ".local/share")))

    def on_claim(self, path: str) -> str:
        """A path of the pod as it is on the claim itself, relative to its top; empty for what lies elsewhere."""
        for mount, part in sorted(self.mounts, reverse=True):
            if path.startswith(mount.rstrip("/") + "/"):
                return posixpath.join(part, path[len(mount.rstrip("/")) + 1 :])
        return ""


def handover(cron_job: Mapping[str, Any], names: AccountNames, name: str, node: str = "") -> Handover | None:
    """The hand-over Job called `name`, made from the CronJob as the server has it; None when that mounts no config claim.

    `node` is given when only one node at a time may use the claim, and a pod there does: the only place for another one. Raises
    WizardError when nobody can tell in which folder of the claim the CronJob's icloudpd looks for its session.
    """
    template = cron_job["spec"]["jobTemplate"]["spec"]["template"]
    pod = template["spec"]
    spec = pod_spec(pod)
    workload = read_workload(spec)
    if workload is None or names.config_claim not in claims_of(spec):
        return None
    everything = (*pod["containers"], *pod.get("initContainers", ()))
    container = next(candidate for candidate in everything if candidate["name"] == workload.container.name)
    working_directory = str(container.get("workingDir", ""))
    namespace = cron_job["metadata"]["namespace"]
    directory = directory_of(workload, _user(container, pod), working_directory, names, namespace)
    labels = {LABEL: MANAGER, PURPOSE: HANDOVER}
    manifest: Json = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "ttlSecondsAfterFinished": HANDOVER_KEPT_SECONDS,
            "template": {
                "metadata": _metadata(template.get("metadata") or {}, labels),
                "spec": _pod(pod, container, names.config_claim, node),
            },
        },
    }
    target = Target("batch/v1", "Job", "jobs", namespace, name)
    change = CreateObject(
        id=START,
        title=f"Start a pod that mounts {names.config_claim}, with the CronJob's own image",
        target=target,
        manifest=manifest,
        undo=(remove_job(target),),
    )
    domain = "cn" if workload.option("--domain") == "cn" else ""
    _, left_out = _variables(container.get("env", []), container.get("volumeMounts", []))
    config = {volume["name"] for volume in pod.get("volumes", ()) if _claim_of(volume) == names.config_claim}
    mounts = tuple(
        (posixpath.normpath(mount["mountPath"]), str(mount.get("subPath", "")))
        for mount in container.get("volumeMounts", ())
        if mount["name"] in config
    )
    program = program_of(workload, working_directory)
    return Handover(change, directory, program, domain, tuple(_without(left_out)), mounts)


def _without(left_out: list[str]) -> Iterator[str]:
    """What it means that the pod does without these variables, where that can matter."""
    if names := [name for name in left_out if _REACHING.fullmatch(name)]:
        yield (
            f"The pod starts without {', '.join(names)}, which a secret is part of: where Apple is reached only that way, "
            "icloudpd can't judge a session in it, and nothing is moved into place."
        )


def _metadata(own: Mapping[str, Any], labels: Mapping[str, str]) -> Json:
    """The template's labels and annotations, by which policies and proxies know its pods; ours win."""
    kept = {key: value for key, value in (own.get("labels") or {}).items() if not _OF_JOBS.fullmatch(key)}
    annotations = own.get("annotations") or {}
    return {"labels": {**kept, **labels}, **({"annotations": dict(annotations)} if annotations else {})}


def _pod(pod: Mapping[str, Any], container: Mapping[str, Any], claim: str, node: str) -> Json:
    volumes = dict(_volumes(pod, claim))
    mounts = [copy.deepcopy(mount) for mount in container.get("volumeMounts", []) if mount["name"] in volumes]
    used = {mount["name"] for mount in mounts}
    placing = _beside(node, pod) if node else {key: pod[key] for key in _PLACING if key in pod}
    return copy.deepcopy(
        {
            **{key: pod[key] for key in _KEPT_OF_POD if key in pod},
            **placing,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 5,
            "containers": [_container(container, pod, mounts)],
            "volumes": [volume for key, volume in volumes.items() if key in used],
        }
    )


def _beside(node: str, pod: Mapping[str, Any]) -> Json:
    """On that node and no other, by way of the scheduler, which binds claims; what keeps others from the node does not matter."""
    fields = [{"key": "metadata.name", "operator": "In", "values": [node]}]
    affinity = {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": fields}]}
        }
    }
    anything = {"operator": "Exists", "effect": "NoSchedule"}
    return {"affinity": affinity, "tolerations": [*pod.get("tolerations", ()), anything]}


def _volumes(pod: Mapping[str, Any], claim: str) -> Iterator[tuple[str, Json]]:
    """The config claim and what holds no secret, by name."""
    for volume in pod.get("volumes", ()):
        name = volume["name"]
        if "projected" in volume:
            projected = volume["projected"]
            sources = [
                source for source in projected.get("sources") or () if any(kind in source for kind in _SAFE_SOURCES)
            ]
            if sources:
                yield name, {**volume, "projected": {**projected, "sources": sources}}
        elif any(kind in volume for kind in _SAFE_VOLUMES) or claim == _claim_of(volume):
            yield name, volume


def _claim_of(volume: Json) -> str:
    return str(volume.get("persistentVolumeClaim", {}).get("claimName", ""))


def _container(container: Mapping[str, Any], pod: Mapping[str, Any], mounts: list[Json]) -> Json:
    result: Json = {
        "name": CONTAINER,
        "image": container["image"],
        "command": ["/bin/sh", "-c", IDLE],
        "volumeMounts": mounts,
        "securityContext": _restricted(container, pod),
    }
    variables, _ = _variables(container.get("env", []), mounts)
    if variables:
        result["env"] = variables
    if sources := [source for source in container.get("envFrom", []) if "configMapRef" in source]:
        result["envFrom"] = sources
    for key in ("imagePullPolicy", "resources"):
        if key in container:
            result[key] = container[key]
    return result


def _variables(written: list[Json], mounts: list[Json]) -> tuple[list[Json], list[str]]:
    """Those that say how Apple is reached, with what they or a mount's path are made of; and the names of those that a secret
    is part of, which stay out.
    """
    there = {item["name"]: item for item in written}
    kept: set[str] = set()
    left_out: list[str] = []
    for name in (name for name in there if _SAFE_VARIABLE.fullmatch(name)):
        parts = _made_of(name, there)
        kept |= parts
        left_out += [] if parts else [name]
    for mount in mounts:
        for name in _REFERENCE.findall(mount.get("subPathExpr", "")):
            kept |= _made_of(name, there)
    return [item for name, item in there.items() if name in kept], left_out


def _made_of(name: str, there: Mapping[str, Json]) -> set[str]:
    """A variable and those that it refers to; none where one of them is a secret: by where it comes from, how it is called,
    or because a proxy is to be told it.
    """
    parts: set[str] = set()
    credentials: set[str] = set()
    pending = [name]
    while pending:
        variable = pending.pop()
        if variable not in there or variable in parts:
            continue
        value = str(there[variable].get("value", ""))
        is_secret = variable in credentials or (variable != name and _NAMED_SECRET.search(variable))
        if "secretKeyRef" in there[variable].get("valueFrom", {}) or (value and is_secret):
            return set()
        parts.add(variable)
        credentials.update(reference for part in _SIGNED_IN_AS.findall(value) for reference in _REFERENCE.findall(part))
        pending += _REFERENCE.findall(value)
    return parts


def _user(container: Mapping[str, Any], pod: Mapping[str, Any]) -> int | None:
    own, shared = container.get("securityContext") or {}, pod.get("securityContext") or {}
    user: int | None = own.get("runAsUser", shared.get("runAsUser"))
    return user


def _restricted(container: Mapping[str, Any], pod: Mapping[str, Any]) -> Json:
    """The container's own context, tightened as far as a root image allows; root keeps what giving files away takes."""
    own, shared = container.get("securityContext") or {}, pod.get("securityContext") or {}
    non_root = bool(_user(container, pod)) or own.get("runAsNonRoot", shared.get("runAsNonRoot", False))
    capabilities: Json = {"drop": ["ALL"]}
    if not non_root:
        capabilities["add"] = _ROOT_NEEDS
    return {
        "seccompProfile": {"type": "RuntimeDefault"},
        **own,
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "capabilities": capabilities,
    }
