"""Worlds in which Immich does not come up, or does not see the photos."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import cast

from wizard.demo.scenario import Scenario
from wizard.demo.scenarios.edits import (
    ARGOCD,
    OURS,
    changed,
    found,
    key_of,
    log_of,
    merged,
    pod_of,
    with_events,
    with_logs,
    with_objects,
    without,
)
from wizard.demo.scenarios.files import Object, documents, log
from wizard.demo.scenarios.good import IMMICH, complete, immich_answers
from wizard.demo.scenarios.workloads import event, pod_status, rolled_out, terminated, waiting

ELSEWHERE = "immich"
EMPTY_CLAIM = "e3b0c442-98fc-4c14-9afb-f4c8996fb924"
GONE = "docker.io/bitnami/postgresql:14.10.0-debian-11-r30"


def _without_immich() -> Scenario:
    """Complete up to iteration 4, with what is known of iterations 5 to 7 forgotten."""
    ours = {key_of(item) for item in documents("immich")}
    owners = {name for kind, _, name in ours if kind == "Deployment"}

    def is_immichs(item: Object) -> bool:
        return key_of(item) in ours or any(item["metadata"]["name"].startswith(f"{owner}-") for owner in owners)

    scenario = complete()
    scenario = replace(
        scenario,
        objects=tuple(item for item in scenario.objects if not is_immichs(cast("Object", item))),
        proxies={},
    )
    return _forgotten(scenario, "library", "verified-at", "verified-counts", "runbook-written-at")


def _forgotten(scenario: Scenario, *names: str) -> Scenario:
    nothing = dict.fromkeys(f"photosync-wizard/{name}" for name in names)
    return merged(scenario, "PersistentVolumeClaim", "icloud-photos", {"metadata": {"annotations": nothing}})


def _in_its_own_namespace() -> Scenario:
    """Immich as its chart's own instructions install it: in namespace `immich`, where the photos' claim is not."""
    scenario = _without_immich()
    namespace: Object = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": ELSEWHERE, "creationTimestamp": "{now-9d}"},
    }
    moved = [_moved(item) for item in documents("immich") if item["kind"] != "PersistentVolume"]
    volume = next(item for item in documents("immich") if item["kind"] == "PersistentVolume")
    volume["spec"]["claimRef"]["namespace"] = ELSEWHERE
    for item in moved:
        made = rolled_out(item) if item["kind"] == "Deployment" else (item,)
        scenario = with_objects(scenario, *made)
    return with_objects(scenario, namespace, volume)


def _moved(item: Object) -> Object:
    moved = deepcopy(item)
    if moved["kind"] == "Application":
        moved["spec"]["destination"]["namespace"] = ELSEWHERE
        moved["status"]["sync"]["comparedTo"]["destination"]["namespace"] = ELSEWHERE
        for resource in moved["status"]["resources"]:
            resource["namespace"] = ELSEWHERE
        return moved
    moved["metadata"]["namespace"] = ELSEWHERE
    annotations = moved["metadata"].get("annotations", {})
    for key, value in annotations.items():
        annotations[key] = value.replace(f":{OURS}/", f":{ELSEWHERE}/")
    return moved


def immich_elsewhere() -> Scenario:
    """Immich in a namespace of its own mounts a claim of the photos' name that is not there: its pod can't be scheduled."""
    scenario = _in_its_own_namespace()
    name = pod_of(scenario, "immich-server", ELSEWHERE)
    message = (
        '0/1 nodes are available: persistentvolumeclaim "icloud-photos" not found. no new claims to deallocate, '
        "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    )

    def unschedulable(pod: Object) -> None:
        pod["spec"].pop("nodeName")
        pod["status"] = {
            "phase": "Pending",
            "qosClass": "BestEffort",
            "conditions": [
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "reason": "Unschedulable",
                    "message": message,
                    "lastProbeTime": None,
                    "lastTransitionTime": "{now-9d}",
                }
            ],
        }

    scenario = changed(scenario, "Pod", name, unschedulable, ELSEWHERE)
    scenario = _unavailable(scenario, ELSEWHERE)
    pod = found(scenario, "Pod", name, ELSEWHERE)
    return with_events(
        scenario, [event(pod, "FailedScheduling", message, component="default-scheduler", last=4, count=52)]
    )


def _unavailable(scenario: Scenario, namespace: str) -> Scenario:
    def change(deployment: Object) -> None:
        status = deployment["status"]
        status.pop("readyReplicas", None)
        status.pop("availableReplicas", None)
        status["unavailableReplicas"] = 1
        status["conditions"][0] |= {
            "status": "False",
            "reason": "MinimumReplicasUnavailable",
            "message": "Deployment does not have minimum availability.",
        }

    scenario = changed(scenario, "Deployment", "immich-server", change, namespace)
    if any(key_of(item)[:2] == ("Application", ARGOCD) and key_of(item)[2] == "immich" for item in scenario.objects):
        progressing = {"status": {"health": {"status": "Progressing"}}}
        scenario = merged(scenario, "Application", "immich", progressing, ARGOCD)
    return scenario


def immich_empty_volume() -> Scenario:
    """A claim of the photos' name was made in Immich's namespace too: another volume, and nothing in it."""
    scenario = _in_its_own_namespace()
    claim = found(scenario, "PersistentVolumeClaim", "icloud-photos")
    name = f"pvc-{EMPTY_CLAIM}"
    volume = found(scenario, "PersistentVolume", claim["spec"]["volumeName"])
    claim["metadata"] |= {"namespace": ELSEWHERE, "uid": EMPTY_CLAIM, "creationTimestamp": "{now-9d}"}
    annotations = claim["metadata"]["annotations"]
    claim["metadata"]["annotations"] = {
        key: value for key, value in annotations.items() if "volume" in key or "pv." in key
    }
    claim["spec"]["volumeName"] = name
    volume["metadata"] |= {"name": name}
    volume["spec"]["claimRef"] |= {"namespace": ELSEWHERE, "uid": EMPTY_CLAIM}
    volume["spec"]["hostPath"]["path"] = f"/opt/local-path-provisioner/{name}_{ELSEWHERE}_icloud-photos"
    scenario = with_objects(scenario, claim, volume)
    scenario = replace(scenario, proxies={f"{ELSEWHERE}/immich-server:2283": immich_answers()})
    empty = (
        '{"id": "7f1c5d0e-2b57-4a5a-9d0f-3c1f0a6c8b21", "import_path": "/external/icloud/icloud-import", '
        '"scanned_at": "{now-8h}", "assets": 0}'
    )
    counted = {
        "photosync-wizard/library": empty,
        "photosync-wizard/verified-at": "{now-8h}",
        "photosync-wizard/verified-counts": '{"icloud": 12431, "volume": 12431, "immich": 0}',
    }
    return merged(scenario, "PersistentVolumeClaim", "icloud-photos", {"metadata": {"annotations": counted}})


def _server_in(scenario: Scenario, state: Object, **how: object) -> Scenario:
    """Immich's server pod in another state, its Deployment without a ready replica, its Service silent."""
    name = pod_of(scenario, "immich-server")

    def change(pod: Object) -> None:
        restarts = how.get("restarts", 0)
        last = how.get("last_state")
        pod["status"] = pod_status(
            pod["spec"],
            state,
            created=2880,
            restarts=restarts if isinstance(restarts, int) else 0,
            last_state=last if isinstance(last, dict) else None,
        )

    scenario = _unavailable(changed(scenario, "Pod", name, change), OURS)
    return replace(scenario, proxies={})


def immich_image_pull() -> Scenario:
    """An old chart whose database comes from docker.io/bitnami, where it is no more: Immich never starts."""
    scenario = complete()
    scenario = without(scenario, "Pod", pod_of(scenario, "immich-postgres"))
    database = found(scenario, "Deployment", "immich-postgres")
    database["spec"]["template"]["spec"]["containers"][0]["image"] = GONE
    message = (
        f'Back-off pulling image "{GONE}": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image '
        f'"{GONE}": failed to resolve reference "{GONE}": {GONE}: not found'
    )
    made = list(rolled_out(database, state=waiting("ImagePullBackOff", message)))
    scenario = with_objects(scenario, *made)
    scenario = with_events(
        scenario, [event(made[-1], "BackOff", f'Back-off pulling image "{GONE}"', warning=False, last=1, count=410)]
    )
    return _crashing(scenario, "immich-no-database")


def _crashing(scenario: Scenario, log_name: str) -> Scenario:
    server = found(scenario, "Pod", pod_of(scenario, "immich-server"))
    address = f"{server['metadata']['name']}_{OURS}(5d2f2c1e-0f0c-4a5d-8a53-5f0d0c1b7a11)"
    message = f"back-off 5m0s restarting failed container=main pod={address}"
    scenario = _server_in(
        _forgotten(scenario, "library", "verified-at", "verified-counts", "runbook-written-at"),
        waiting("CrashLoopBackOff", message),
        restarts=23,
        last_state=terminated(1, 5, 4),
    )
    back_off = f"Back-off restarting failed container main in pod {address}"
    scenario = with_events(scenario, [event(server, "BackOff", back_off, last=1, count=280)])
    return with_logs(scenario, {log_of(server): log(log_name)})


def immich_no_vectors() -> Scenario:
    """Immich's database lacks VectorChord: the server ends as soon as it has looked."""

    def plain(deployment: Object) -> None:
        deployment["spec"]["template"]["spec"]["containers"][0]["image"] = "docker.io/library/postgres:16"

    return _crashing(changed(complete(), "Deployment", "immich-postgres", plain), "immich-no-vectors")


def immich_not_scanned() -> Scenario:
    """Immich sees the photos, and has no library on them yet."""
    return _forgotten(complete(), "library", "verified-at", "verified-counts", "runbook-written-at")


def immich_new() -> Scenario:
    """Immich has only just been installed: no admin, no library, the photos mounted with the right to delete them."""

    def writable(deployment: Object) -> None:
        deployment["spec"]["template"]["spec"]["containers"][0]["volumeMounts"][1].pop("readOnly")

    scenario = changed(immich_not_scanned(), "Deployment", "immich-server", writable)
    answers = immich_answers(isInitialized=False, isOnboarded=False, externalDomain="")
    scenario = changed(without(scenario, "Ingress", "immich-ingress"), "Application", "immich", _forget_ingress, ARGOCD)
    return replace(scenario, proxies={IMMICH: answers})


def _forget_ingress(application: Object) -> None:
    resources = application["status"]["resources"]
    application["status"]["resources"] = [item for item in resources if item["kind"] != "Ingress"]
