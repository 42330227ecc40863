"""Worlds in which Argo CD, or the repository that it follows, is in the way. Messages are those of Argo CD 3.2.11."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import cast

from wizard.demo.scenario import Scenario
from wizard.demo.scenarios.apple import PLACEHOLDER
from wizard.demo.scenarios.edits import ARGOCD, OURS, changed, found, key_of, merge, merged, with_objects
from wizard.demo.scenarios.files import Object
from wizard.demo.scenarios.good import complete, seed

CANT_LOAD = "Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = "
SHRUNK_REVISION = "55103241467df6a0a9bad5759569bef48db2c24d"
MENDED_REVISION = "32e58f5c671af40b12c03ccd54f0acd908f9e50b"


def _uncomparable(scenario: Scenario, message: str, source: Object) -> Scenario:
    """photo-sync can't be compared any more: sync Unknown, health as it was, every object up for pruning."""

    def change(application: Object) -> None:
        merge(application["spec"]["source"], source)
        status = application["status"]
        status["conditions"] = [
            {"type": "ComparisonError", "message": CANT_LOAD + message, "lastTransitionTime": "{now-12m}"}
        ]
        status["sync"] = {
            "status": "Unknown",
            "revision": application["spec"]["source"]["targetRevision"],
            "comparedTo": {
                "destination": application["spec"]["destination"],
                "source": dict(application["spec"]["source"]),
            },
        }
        status.pop("sourceType", None)
        for resource in status["resources"]:
            resource |= {"status": "Unknown", "requiresPruning": True}

    return changed(scenario, "Application", "photo-sync", change, ARGOCD)


def wrong_branch() -> Scenario:
    """The seed one commit earlier: the application follows main, the repository has master."""
    message = "Unknown desc = unable to resolve 'main' to a commit SHA"
    return _uncomparable(seed(), message, {"targetRevision": "main"})


def wrong_path() -> Scenario:
    """The application's path was not pushed."""
    message = "Unknown desc = apps/photosync: app path does not exist"
    return _uncomparable(seed(), message, {"path": "apps/photosync"})


def broken_manifest() -> Scenario:
    """A manifest in git that is no YAML: nothing is compared, and health stays as it was."""
    message = (
        'FailedPrecondition desc = Failed to unmarshal "cronjob.yaml": failed to unmarshal manifest: error converting '
        "YAML to JSON: yaml: line 3: did not find expected ',' or '}'"
    )
    return _uncomparable(complete(), message, {})


def repository_unreachable() -> Scenario:
    """Argo CD can't reach the server that the repository is on."""
    url = "https://git.example.com/you/homelab"
    message = (
        f'Unknown desc = failed to list refs: Get "{url}/info/refs?service=git-upload-pack": dial tcp 192.0.2.7:443: '
        "connect: connection refused"
    )
    return _uncomparable(complete(), message, {"repoURL": url})


def shrunk_claim() -> Scenario:
    """A claim was made smaller in git, then mended: the old sync goes on retrying and holds the mended commit back."""
    reason = (
        'error when patching "/dev/shm/3747562823": PersistentVolumeClaim "icloudpd-config" is invalid: '
        "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
    )

    def retry(application: Object) -> None:
        status = application["status"]
        status["sync"]["revision"] = MENDED_REVISION
        operation = status["operationState"]
        operation |= {
            "phase": "Running",
            "message": f"one or more objects failed to apply, reason: {reason}. Retrying attempt #2 at 2:09AM.",
            "retryCount": 2,
            "startedAt": "{now-9m}",
            "finishedAt": "{now-8m}",
        }
        operation["operation"]["sync"]["revision"] = operation["syncResult"]["revision"] = SHRUNK_REVISION
        operation["syncResult"]["resources"] = [
            {
                "group": "",
                "kind": "PersistentVolumeClaim",
                "name": "icloudpd-config",
                "namespace": OURS,
                "version": "v1",
                "status": "SyncFailed",
                "message": reason,
                "hookPhase": "Failed",
                "syncPhase": "Sync",
            }
        ]

    return changed(complete(), "Application", "photo-sync", retry, ARGOCD)


def two_applications() -> Scenario:
    """Two Applications own the same objects and undo each other's changes."""
    scenario = complete()
    other = found(scenario, "Application", "photo-sync", ARGOCD)
    other["metadata"] |= {"name": "photos", "creationTimestamp": "{now-2d}", "annotations": {}}
    other["status"].pop("conditions", None)

    def warn(application: Object) -> None:
        status = application["status"]
        status["sync"]["status"] = "OutOfSync"
        shared = [item for item in status["resources"] if item["kind"] in ("ConfigMap", "CronJob")]
        status["conditions"] = [
            {
                "type": "SharedResourceWarning",
                "message": f"{item['kind']}/{item['name']} is part of applications argocd/photo-sync and photos",
                "lastTransitionTime": "{now-2d}",
            }
            for item in shared
        ]
        for item in shared:
            item["status"] = "OutOfSync"

    scenario = changed(scenario, "Application", "photo-sync", warn, ARGOCD)
    for item in (
        found(scenario, "ConfigMap", "icloudpd-config"),
        found(scenario, "CronJob", "icloudpd-sync"),
    ):
        annotations = item["metadata"]["annotations"]
        tracking = annotations["argocd.argoproj.io/tracking-id"]
        annotations["argocd.argoproj.io/tracking-id"] = tracking.replace("photo-sync:", "photos:", 1)
        scenario = with_objects(scenario, item)
    return with_objects(scenario, other)


def secret_in_git() -> Scenario:
    """The Secret, password and all, comes out of the repository."""
    tracking = {"argocd.argoproj.io/tracking-id": f"photo-sync:/Secret:{OURS}/icloud-credentials"}
    patch = {"metadata": {"annotations": tracking}, "data": {"password": PLACEHOLDER}}
    scenario = merged(complete(), "Secret", "icloud-credentials", patch)

    def list_it(application: Object) -> None:
        resources = application["status"]["resources"]
        account = next(item for item in resources if item["kind"] == "ServiceAccount")
        resources.insert(resources.index(account), account | {"kind": "Secret", "name": "icloud-credentials"})

    return changed(scenario, "Application", "photo-sync", list_it, ARGOCD)


def auth_pod_in_git() -> Scenario:
    """The auth pod's manifest lies in the application's path: Progressing for ever, and it comes back when deleted."""
    tracking = {"argocd.argoproj.io/tracking-id": f"photo-sync:/Pod:{OURS}/icloudpd-auth"}
    scenario = merged(seed(), "Pod", "icloudpd-auth", {"metadata": {"annotations": tracking}})

    def list_it(application: Object) -> None:
        resources = application["status"]["resources"]
        secret = next(item for item in resources if item["kind"] == "Secret")
        resources.insert(resources.index(secret), secret | {"kind": "Pod", "name": "icloudpd-auth"})

    return changed(scenario, "Application", "photo-sync", list_it, ARGOCD)


def unknown_project() -> Scenario:
    """The Application names a project that does not exist."""
    lost = {
        "spec": {"project": "photos"},
        "status": {
            "conditions": [
                {
                    "type": "InvalidSpecError",
                    "message": "Application referencing project photos which does not exist",
                    "lastTransitionTime": "{now-12m}",
                }
            ],
            "health": {"status": "Unknown", "lastTransitionTime": "{now-12m}"},
            "sync": None,
            "operationState": None,
            "resources": None,
            "history": None,
        },
    }
    scenario = merged(seed(), "Application", "photo-sync", lost, ARGOCD)
    return merged(scenario, "Application", "photo-sync", {"status": {"sync": {"status": "Unknown"}}}, ARGOCD)


def just_applied() -> Scenario:
    """The Application was applied a second ago; Argo CD has not looked at it yet."""
    return merged(
        seed(),
        "Application",
        "photo-sync",
        {"metadata": {"creationTimestamp": "{now-1s}", "generation": 1}, "status": None},
        ARGOCD,
    )


def no_argocd() -> Scenario:
    """The seed's objects, applied by hand on a cluster without Argo CD: even its kinds are not there."""
    scenario = seed()
    kept = []
    for item in scenario.objects:
        own = deepcopy(cast("Object", item))
        own["metadata"].get("annotations", {}).pop("argocd.argoproj.io/tracking-id", None)
        if not _is_argocds(own):
            kept.append(own)
    return replace(scenario, objects=tuple(kept))


def _is_argocds(item: Object) -> bool:
    kind, namespace, name = key_of(item)
    return namespace == ARGOCD or (kind, name) == ("Namespace", ARGOCD) or kind == "CustomResourceDefinition"
