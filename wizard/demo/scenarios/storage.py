"""Worlds in which the volumes, or the pods that mount them, are in the way. Event texts are Kubernetes' own."""

from __future__ import annotations

from wizard.demo.scenario import Scenario
from wizard.demo.scenarios.edits import (
    OURS,
    changed,
    found,
    log_of,
    merged,
    pod_of,
    with_events,
    with_logs,
    with_objects,
    without,
)
from wizard.demo.scenarios.files import Object, log
from wizard.demo.scenarios.good import LAST_JOB, LAST_RUN, SESSION_VOLUME, complete, last_run, seed
from wizard.demo.scenarios.workloads import event, job_without_pod, run, waiting

HOLDS = "snapshot.storage.kubernetes.io/pvc-as-source-protection"
CLAIMS = ("icloudpd-config", "icloud-photos")
REFUSED = (
    'Error creating: pods "{pod}" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != '
    'false (container "icloudpd" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities '
    '(container "icloudpd" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container '
    '"icloudpd" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "icloudpd" must set '
    'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
)


def _unbound() -> Scenario:
    """The seed before anything used a volume: both claims Pending, no auth pod."""
    scenario = without(without(seed(), "Pod", "icloudpd-auth"), "PersistentVolume", SESSION_VOLUME)
    return changed(scenario, "PersistentVolumeClaim", "icloudpd-config", _release)


def _release(claim: Object) -> None:
    annotations = claim["metadata"]["annotations"]
    claim["metadata"]["annotations"] = {key: annotations[key] for key in annotations if "argocd" in key}
    claim["spec"].pop("volumeName")
    claim["status"] = {"phase": "Pending"}


def claim_no_class() -> Scenario:
    """No storage class is the default, and the claims name none."""
    scenario = without(_unbound(), "Event", "icloud-photos.18eae7885bc2ce46")
    scenario = merged(scenario, "StorageClass", "local-path", {"metadata": {"annotations": None}})
    for name in CLAIMS:
        scenario = merged(scenario, "PersistentVolumeClaim", name, {"spec": {"storageClassName": None}})
        nobody = event(
            found(scenario, "PersistentVolumeClaim", name),
            "FailedBinding",
            "no persistent volumes available for this claim and no storage class is set",
            warning=False,
            component="persistentvolume-controller",
            count=240,
        )
        scenario = with_events(scenario, [nobody])
    return scenario


def claim_wrong_class() -> Scenario:
    """The claims ask for a class that this cluster does not have."""
    scenario = without(_unbound(), "Event", "icloud-photos.18eae7885bc2ce46")
    for name in CLAIMS:
        scenario = merged(scenario, "PersistentVolumeClaim", name, {"spec": {"storageClassName": "longhorn"}})
        missing = event(
            found(scenario, "PersistentVolumeClaim", name),
            "ProvisioningFailed",
            'storageclass.storage.k8s.io "longhorn" not found',
            component="persistentvolume-controller",
            count=240,
        )
        scenario = with_events(scenario, [missing])
    return scenario


def terminating() -> Scenario:
    """The namespace is being deleted, and a snapshot that is still being taken of a claim holds it."""
    leaving = {"deletionTimestamp": "{now-20m}"}
    scenario = merged(seed(), "Namespace", OURS, {"metadata": leaving, "status": _namespace_status()})
    for kind, name in (
        ("Pod", "icloudpd-auth"),
        ("PersistentVolumeClaim", "icloud-photos"),
        ("Secret", "icloud-credentials"),
        ("ConfigMap", "icloudpd-config"),
        ("ServiceAccount", "icloudpd"),
        ("CronJob", "icloudpd-sync"),
    ):
        scenario = without(scenario, kind, name)
    held = {"metadata": leaving | {"finalizers": ["kubernetes.io/pvc-protection", HOLDS]}}
    return merged(scenario, "PersistentVolumeClaim", "icloudpd-config", held)


def _namespace_status() -> Object:
    said = (
        (
            "NamespaceContentRemaining",
            "SomeResourcesRemain",
            "Some resources are remaining: persistentvolumeclaims. has 1 resource instances",
        ),
        (
            "NamespaceFinalizersRemaining",
            "SomeFinalizersRemain",
            f"Some content in the namespace has finalizers remaining: {HOLDS} in 1 resource instances",
        ),
    )
    return {
        "phase": "Terminating",
        "conditions": [
            {"type": kind, "status": "True", "reason": reason, "message": text, "lastTransitionTime": "{now-20m}"}
            for kind, reason, text in said
        ],
    }


def multi_attach() -> Scenario:
    """Two nodes and a class whose volumes belong to one of them: the auth pod still holds the session's volume."""
    scenario = _second_node(complete())
    auth = found(changed(seed(), "Pod", "icloudpd-auth", ask_for_password), "Pod", "icloudpd-auth")
    cron_job = found(scenario, "CronJob", "icloudpd-sync")
    state = waiting("ContainerCreating")
    job, stuck = run(cron_job, LAST_JOB, started=22, state=state)
    stuck["spec"]["nodeName"] = "demo-2"
    stuck["status"] |= {"hostIP": "192.168.1.21", "hostIPs": [{"ip": "192.168.1.21"}]}
    scenario = with_objects(scenario, auth, job, stuck)
    attach = f'Multi-Attach error for volume "{SESSION_VOLUME}" Volume is already used by pod(s) icloudpd-auth'
    scenario = with_events(
        scenario, [event(stuck, "FailedAttachVolume", attach, component="attachdetach-controller", count=1)]
    )
    return with_logs(scenario, {f"{OURS}/icloudpd-auth": log("auth-signed-in"), log_of(stuck): ""})


def ask_for_password(pod: Object) -> None:
    """Makes an auth pod ask whoever attaches for the password, instead of reading it from the Secret."""
    command = pod["spec"]["containers"][0]["command"]
    script = command[-1].replace("--password $(cat /credentials/password)", "--password-provider console")
    command[-1] = script.replace("$(cat /credentials/username)", '"$(cat /credentials/username)"')


def _second_node(scenario: Scenario) -> Scenario:
    node = found(scenario, "Node", "demo")
    node["metadata"] |= {"name": "demo-2", "labels": {"kubernetes.io/hostname": "demo-2", "kubernetes.io/os": "linux"}}
    node["status"]["addresses"] = [
        {"type": "InternalIP", "address": "192.168.1.21"},
        {"type": "Hostname", "address": "demo-2"},
    ]
    longhorn: Object = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "longhorn", "creationTimestamp": "{now-300d}"},
        "provisioner": "driver.longhorn.io",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
        "allowVolumeExpansion": True,
    }
    scenario = with_objects(scenario, node, longhorn)
    for name in CLAIMS:
        scenario = merged(scenario, "PersistentVolumeClaim", name, {"spec": {"storageClassName": "longhorn"}})
        volume = found(scenario, "PersistentVolumeClaim", name)["spec"]["volumeName"]
        attached = {"driver": "driver.longhorn.io", "fsType": "ext4", "volumeHandle": volume}
        networked = {"storageClassName": "longhorn", "hostPath": None, "nodeAffinity": None, "csi": attached}
        scenario = merged(scenario, "PersistentVolume", volume, {"spec": networked})
    return scenario


def pod_security() -> Scenario:
    """The namespace got the level restricted, and the night's Job can't create its pod."""
    level = {"pod-security.kubernetes.io/enforce": "restricted"}
    scenario = merged(complete(), "Namespace", OURS, {"metadata": {"labels": level}})
    scenario = without(scenario, "Pod", pod_of(scenario, LAST_JOB))
    job = job_without_pod(found(scenario, "CronJob", "icloudpd-sync"), LAST_JOB, started=LAST_RUN)
    refused = event(
        job, "FailedCreate", REFUSED.format(pod=f"{LAST_JOB}-x7kdp"), component="job-controller", last=24, count=9
    )
    return with_objects(scenario, job, refused)


def volume_full() -> Scenario:
    """The photos' volume is full: downloads are skipped, then a session file can't be written."""
    return last_run(complete(), "sync-volume-full", exit_code=1)


def oom() -> Scenario:
    """The last run used more memory than its limit and was killed."""
    return last_run(complete(), "sync-oom", exit_code=137, reason="OOMKilled")


def image_pull() -> Scenario:
    """The CronJob names an image tag that does not exist."""
    image = "icloudpd/icloudpd:1.33.9"

    def mistype(cron_job: Object) -> None:
        cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["image"] = image

    scenario = changed(complete(), "CronJob", "icloudpd-sync", mistype)
    cron_job = found(scenario, "CronJob", "icloudpd-sync")
    cause = f'failed to resolve reference "docker.io/{image}": docker.io/{image}: not found'
    full = (
        f'Back-off pulling image "{image}": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack '
        f'image "docker.io/{image}": {cause}'
    )
    job, stuck = run(cron_job, LAST_JOB, started=LAST_RUN, state=waiting("ImagePullBackOff", full))
    scenario = with_objects(scenario, job, stuck)
    scenario = with_events(
        scenario,
        [
            event(
                stuck, "Failed", f'Failed to pull image "{image}": rpc error: code = NotFound desc = {cause}', last=3
            ),
            event(stuck, "BackOff", f'Back-off pulling image "{image}"', warning=False, last=1, count=97),
        ],
    )
    return with_logs(scenario, {log_of(stuck): ""})
