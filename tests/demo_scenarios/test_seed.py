"""Scenario `seed` is the state that the seed document shows, object by object."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from wizard.demo.scenarios import load, manifests

Json = dict[str, Any]
REVISION = "e829dc496d82f3492e041df2d53bbb0c884d2e1e"


@cache
def objects() -> dict[tuple[str, str], Json]:
    """What is in photo-sync, and its Application, by kind and name."""
    items = [cast("Json", item) for item in load("seed").objects]
    return {
        (item["kind"], item["metadata"]["name"]): item
        for item in items
        if item["metadata"].get("namespace") == "photo-sync" or item["metadata"]["name"] == "photo-sync"
    }


def of(kind: str, name: str) -> Json:
    return objects()[kind, name]


def test_holds_what_kubectl_lists_and_nothing_more() -> None:
    listed = {found for found in objects() if found[0] != "Event"}
    assert listed == {
        ("Namespace", "photo-sync"),
        ("Application", "photo-sync"),
        ("Pod", "icloudpd-auth"),
        ("CronJob", "icloudpd-sync"),
        ("PersistentVolumeClaim", "icloud-photos"),
        ("PersistentVolumeClaim", "icloudpd-config"),
        ("Secret", "icloud-credentials"),
        ("ConfigMap", "icloudpd-config"),
        ("ConfigMap", "kube-root-ca.crt"),
        ("ServiceAccount", "default"),
        ("ServiceAccount", "icloudpd"),
    }


def test_claims_one_bound_one_waiting() -> None:
    config, photos = of("PersistentVolumeClaim", "icloudpd-config"), of("PersistentVolumeClaim", "icloud-photos")
    assert config["status"] == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}
    assert config["spec"]["volumeName"] == "pvc-cab8e83a-df0b-468a-b162-90482a1ff14a"
    assert photos["status"] == {"phase": "Pending"}
    assert photos["spec"]["resources"]["requests"] == {"storage": "100Gi"}
    assert {claim["spec"]["storageClassName"] for claim in (config, photos)} == {"local-path"}


def test_secret_has_one_key_and_it_is_not_the_password() -> None:
    assert list(of("Secret", "icloud-credentials")["data"]) == ["username"]
    assert len(of("ConfigMap", "icloudpd-config")["data"]) == 7
    assert len(of("ConfigMap", "kube-root-ca.crt")["data"]) == 1
    assert of("ServiceAccount", "icloudpd")["automountServiceAccountToken"] is False


def test_cron_job_as_verified_there() -> None:
    cron_job = of("CronJob", "icloudpd-sync")
    spec, job = cron_job["spec"], cron_job["spec"]["jobTemplate"]["spec"]
    pod = job["template"]["spec"]
    container = pod["containers"][0]
    assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == (
        "0 3 1 * *",
        "America/Edmonton",
        "Forbid",
    )
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"], spec["suspend"]) == (3, 3, False)
    assert (job["backoffLimit"], job["activeDeadlineSeconds"]) == (3, 86400)
    assert (pod["restartPolicy"], container["image"]) == ("OnFailure", "boredazfcuk/icloudpd:latest")
    assert container["resources"]["requests"] == {"cpu": "100m", "memory": "256Mi"}
    assert container["resources"]["limits"] == {"cpu": "1", "memory": "1Gi"}
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/credentials", "/config", "/photos"}
    assert cron_job["status"] == {}
    for option in ("--until-found 50", '--folder-structure "{:%Y/%m}"', "--password $(cat /credentials/password)"):
        assert option in container["command"][-1]


def test_auth_pod_runs_and_waits_for_nobody() -> None:
    pod = of("Pod", "icloudpd-auth")
    assert pod["status"]["phase"] == "Running"
    assert [status["ready"] for status in pod["status"]["containerStatuses"]] == [True]
    container = pod["spec"]["containers"][0]
    assert (container["stdin"], container["tty"]) == (True, True)
    assert container["command"][-1].rstrip().endswith("--auth-only && sleep 3600")
    assert load("seed").logs["photo-sync/icloudpd-auth"].splitlines() == [
        "cat: /credentials/password: No such file or directory",
        "argument -p/--password: expected one argument",
    ]


def test_application_synced_and_progressing_at_the_second_commit() -> None:
    application = of("Application", "photo-sync")
    source, status = application["spec"]["source"], application["status"]
    assert source == {
        "repoURL": "https://github.com/you/homelab",
        "targetRevision": "master",
        "path": "apps/photo-sync",
    }
    assert application["spec"]["syncPolicy"] == {
        "automated": {"prune": True, "selfHeal": True},
        "syncOptions": ["CreateNamespace=true"],
    }
    assert (status["sync"]["status"], status["health"]["status"]) == ("Synced", "Progressing")
    assert status["sync"]["revision"] == status["operationState"]["syncResult"]["revision"] == REVISION
    assert [past["revision"][:7] for past in status["history"]] == ["6252232", "e829dc4"]
    assert len(status["resources"]) == 7


def test_every_synced_object_carries_argo_cds_tracking_id() -> None:
    for resource in of("Application", "photo-sync")["status"]["resources"]:
        annotations = of(resource["kind"], resource["name"])["metadata"]["annotations"]
        group = resource.get("group", "")
        wanted = f"photo-sync:{group}/{resource['kind']}:photo-sync/{resource['name']}"
        assert annotations["argocd.argoproj.io/tracking-id"] == wanted


def test_there_is_no_immich() -> None:
    assert "immich" not in str(load("seed").objects)


def test_manifests_carry_nothing_that_a_server_adds() -> None:
    for item in manifests("seed"):
        assert "status" not in item
        assert not {"uid", "creationTimestamp", "ownerReferences", "finalizers"} & item["metadata"].keys()
    assert "volumeName" not in str(manifests("seed"))
    assert "{now" not in str(manifests("seed"))


def test_manifests_go_into_another_namespace_whole() -> None:
    moved = manifests("seed", "elsewhere", applications=True)
    assert moved[0]["kind"] == "Namespace"
    assert moved[0]["metadata"]["name"] == "elsewhere"
    application = moved[-1]
    assert application["kind"] == "Application"
    assert application["status"]["sync"]["revision"] == REVISION
    assert application["spec"]["destination"]["namespace"] == "elsewhere"
    for item in moved[1:-1]:
        assert item["metadata"]["namespace"] == "elsewhere"
    namespace = moved[0]["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"]
    assert namespace == "photo-sync:/Namespace:elsewhere/elsewhere"
    claim = next(item for item in moved if item["kind"] == "PersistentVolumeClaim")
    assert claim["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"].endswith(":elsewhere/icloudpd-config")
