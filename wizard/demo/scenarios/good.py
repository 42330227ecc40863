"""The worlds that the others are made of: a fresh cluster, the seed, every iteration done, and the session running out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from wizard.choices import TIME_ZONE
from wizard.demo.api.defaults import fill_pod
from wizard.demo.apple.accounts import Account, Phone
from wizard.demo.scenario import ICloudUser, Scenario
from wizard.demo.scenarios.edits import (
    ARGOCD,
    OURS,
    changed,
    found,
    log_of,
    merged,
    with_logs,
    with_objects,
    with_person,
    with_proxy,
    without,
)
from wizard.demo.scenarios.files import Object, documents, log
from wizard.demo.scenarios.workloads import rolled_out, run
from wizard.manifests import Manifest
from wizard.manifests.credentials import config_map, cron_job, service_account
from wizard.manifests.storage import config_claim, namespace, photos_claim
from wizard.settings import Settings

SEED_REVISION = "e829dc496d82f3492e041df2d53bbb0c884d2e1e"
COMPLETE_REVISION = "9c4de0d1b6c75aa4b0d3d2f0a7d1d55c7c1b2a90"
LAST_JOB = "icloudpd-sync-29409480"
LAST_RUN = 480
YOU = "you@example.com"
SESSION_VOLUME = "pvc-cab8e83a-df0b-468a-b162-90482a1ff14a"
IMMICH = f"{OURS}/immich-server:2283"
_AS_IN_THE_SEED = (
    ("Namespace", OURS),
    ("Secret", "icloud-credentials"),
    ("ConfigMap", "icloudpd-config"),
    ("ServiceAccount", "icloudpd"),
)


def fresh() -> Scenario:
    """A cluster with Argo CD, an ingress class, a default storage class and other people's apps."""
    objects = _with_pods(*(documents(name) for name in ("cluster", "argocd", "neighbours")))
    return Scenario("fresh", "", objects, people=(ICloudUser(Account(YOU, "you")),))


def _with_pods(*groups: list[Object]) -> tuple[Object, ...]:
    return tuple(
        made
        for group in groups
        for item in group
        for made in (rolled_out(item) if item["kind"] in ("Deployment", "StatefulSet") else (item,))
    )


def seed() -> Scenario:
    """What the seed document shows, object by object."""
    scenario = with_objects(fresh(), *documents("seed"))
    scenario = with_logs(scenario, {f"{OURS}/icloudpd-auth": log("auth-no-password")})
    return _in_app_of_apps(scenario, SEED_REVISION, "photo-sync")


def _in_app_of_apps(scenario: Scenario, revision: str, *applications: str) -> Scenario:
    def change(parent: Object) -> None:
        status = parent["status"]
        by_name = {resource["name"]: resource for resource in status["resources"]}
        template = by_name["mealie"]
        by_name |= {name: template | {"name": name} for name in applications}
        status["resources"] = [by_name[name] for name in sorted(by_name)]
        status["sync"]["revision"] = status["operationState"]["syncResult"]["revision"] = revision
        status["operationState"]["operation"]["sync"]["revision"] = revision
        status["history"][-1]["revision"] = revision

    return changed(scenario, "Application", "app-of-apps", change, ARGOCD)


def complete() -> Scenario:
    """Every iteration done, the session good for three more weeks."""
    scenario = without(seed(), "Pod", "icloudpd-auth")
    for manifest in _manifests():
        scenario = merged(scenario, manifest["kind"], manifest["metadata"]["name"], manifest)
    volume, *additions = documents("complete")
    for addition in additions:
        scenario = merged(scenario, addition["kind"], addition["metadata"]["name"], addition)
    scenario = changed(scenario, "CronJob", "icloudpd-sync", _with_defaults)
    scenario = with_objects(scenario, volume, *_with_pods(documents("immich")))
    scenario = without(scenario, "Event", "icloud-photos.18eae7885bc2ce46")
    for kind, name in _AS_IN_THE_SEED:
        scenario = merged(scenario, kind, name, {"metadata": {"creationTimestamp": "{now-40d}"}})
    scenario = merged(scenario, "Secret", "icloud-credentials", {"metadata": {"annotations": None}})
    retained = {"metadata": {"creationTimestamp": "{now-40d}"}, "spec": {"persistentVolumeReclaimPolicy": "Retain"}}
    scenario = merged(scenario, "PersistentVolume", SESSION_VOLUME, retained)
    scenario = changed(scenario, "Application", "photo-sync", _synced_healthy, ARGOCD)
    scenario = _in_app_of_apps(scenario, COMPLETE_REVISION, "immich", "photo-sync")
    scenario = with_proxy(scenario, IMMICH, immich_answers())
    scenario = with_person(scenario, YOU, claim="icloudpd-config", signed_in=timedelta(days=9), photos=4)
    syncing = found(scenario, "CronJob", "icloudpd-sync")
    first, first_pod = run(syncing, "icloudpd-sync-manual", started=9 * 1440, minutes=97, manual=True)
    before, before_pod = run(syncing, "icloudpd-sync-29408040", started=LAST_RUN + 1440)
    last, last_pod = run(syncing, LAST_JOB, started=LAST_RUN)
    scenario = with_objects(scenario, first, first_pod, before, before_pod, last, last_pod)
    return with_logs(
        scenario,
        {
            log_of(first_pod): log("sync-first"),
            log_of(before_pod): log("sync-before"),
            log_of(last_pod): log("sync-good"),
        },
    )


def _manifests() -> tuple[Manifest, ...]:
    """What the wizard itself wants to exist."""
    settings = Settings().having(TIME_ZONE, "America/Edmonton")
    storage = (namespace(settings.namespace), config_claim(settings), photos_claim(settings))
    return *storage, config_map(settings), service_account(settings), cron_job(settings)


def _with_defaults(syncing: Object) -> None:
    fill_pod(syncing["spec"]["jobTemplate"]["spec"]["template"]["spec"])


def _synced_healthy(application: Object) -> None:
    application["metadata"]["creationTimestamp"] = "{now-40d}"
    status = application["status"]
    status["health"] = {"status": "Healthy", "lastTransitionTime": "{now-9d}"}
    status["sync"]["revision"] = COMPLETE_REVISION
    status["resources"] = [resource for resource in status["resources"] if resource["kind"] != "Secret"]
    operation = status["operationState"]
    operation |= {"startedAt": "{now-8d}", "finishedAt": "{now-8d}"}
    operation["operation"]["sync"]["revision"] = operation["syncResult"]["revision"] = COMPLETE_REVISION
    for past in status["history"]:
        past |= {"deployStartedAt": "{now-40d}", "deployedAt": "{now-40d}"}
    newest = status["history"][-1]
    status["history"].append(
        newest | {"id": 2, "deployStartedAt": "{now-8d}", "deployedAt": "{now-8d}", "revision": COMPLETE_REVISION}
    )


def immich_answers(**config: Any) -> dict[str, object]:
    """What Immich 2.7.5 says to anybody who asks, by path, with changes to its public config."""
    return {
        "/.well-known/immich": {"api": {"endpoint": "/api"}},
        "/api/server/ping": {"res": "pong"},
        "/api/server/version": {"major": 2, "minor": 7, "patch": 5},
        "/api/server/features": {
            "smartSearch": True,
            "facialRecognition": True,
            "duplicateDetection": True,
            "map": True,
            "reverseGeocoding": True,
            "importFaces": False,
            "sidecar": True,
            "search": True,
            "trash": True,
            "oauth": False,
            "oauthAutoLaunch": False,
            "ocr": True,
            "passwordLogin": True,
            "configFile": False,
            "email": False,
        },
        "/api/server/config": {
            "loginPageMessage": "",
            "trashDays": 30,
            "userDeleteDelay": 7,
            "oauthButtonText": "Login with OAuth",
            "isInitialized": True,
            "isOnboarded": True,
            "externalDomain": "https://immich.example.com",
            "publicUsers": True,
            "mapDarkStyleUrl": "https://tiles.immich.cloud/v1/style/dark.json",
            "mapLightStyleUrl": "https://tiles.immich.cloud/v1/style/light.json",
            "maintenanceMode": False,
        }
        | config,
    }


def last_run(
    scenario: Scenario, log_name: str, *, exit_code: int, reason: str = "", session: Mapping[str, str] | None = None
) -> Scenario:
    """The last run ended otherwise, with another log; `session` are the session's annotations by suffix."""
    syncing = found(scenario, "CronJob", "icloudpd-sync")
    job, pod = run(syncing, LAST_JOB, started=LAST_RUN, minutes=1, exit_code=exit_code, reason=reason)
    scenario = with_logs(with_objects(scenario, job, pod), {log_of(pod): log(log_name)})
    if exit_code:
        scenario = merged(scenario, "CronJob", "icloudpd-sync", {"status": {"lastSuccessfulTime": "{now-1916m}"}})
    annotations = {f"photosync-wizard/session-{suffix}": value for suffix, value in (session or {}).items()}
    return merged(scenario, "PersistentVolumeClaim", "icloudpd-config", {"metadata": {"annotations": annotations}})


def _over(*ended: str) -> Scenario:
    session = {"expires-at": "{now-10h}", "verified-at": "{now-30d}"}
    scenario = last_run(complete(), "sync-expired", exit_code=1, session=session)
    return with_person(scenario, YOU, signed_in=timedelta(days=30, hours=10), ended=frozenset(ended))


def expired() -> Scenario:
    """Complete, but Apple's session is dead: the nightly run fails. Apple still trusts it: the password is enough."""
    return _over("web session", "session token")


def expired_heals() -> Scenario:
    """As `expired`, but the session's own tokens bring it back, without a password."""
    return _over("web session")


def trust_expired() -> Scenario:
    """As `expired`, and Apple trusts it no longer: password and code."""
    return _over("web session", "session token", "trust")


def sms_only() -> Scenario:
    """As `trust_expired`, for somebody without a trusted device: codes come as text messages, to either of two numbers."""
    phones = (Phone("81"), Phone("42"))
    return with_person(trust_expired(), YOU, account={"delivery": "sms", "phones": phones})


def security_key() -> Scenario:
    """As `trust_expired`, for somebody who signs in with a hardware key."""
    return with_person(trust_expired(), YOU, account={"phones": (), "security_keys": ("Demo key",)})


def sms_dead() -> Scenario:
    """As `sms_only`, but a text message's code is accepted in a way that icloudpd does not understand: pyicloud does."""
    return with_person(sms_only(), YOU, account={"sms": "conflict"})


def expiring() -> Scenario:
    """Complete, with five days left."""
    annotations = {
        "photosync-wizard/session-expires-at": "{now+132h}",
        "photosync-wizard/session-verified-at": "{now-24d}",
    }
    scenario = with_person(complete(), YOU, signed_in=timedelta(days=30) - timedelta(hours=132))
    return merged(scenario, "PersistentVolumeClaim", "icloudpd-config", {"metadata": {"annotations": annotations}})
