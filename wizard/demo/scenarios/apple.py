"""Worlds in which Apple, or what icloudpd is told to say to Apple, is in the way. Most show in a log only.

Logs are those of icloudpd 1.32.3, which exits 0 on nearly every failure.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta

from wizard.demo.apple.accounts import Account
from wizard.demo.scenario import ICloudUser, Scenario
from wizard.demo.scenarios.edits import (
    ARGOCD,
    OURS,
    changed,
    found,
    log_of,
    merged,
    pod_of,
    with_logs,
    with_objects,
    with_person,
    without,
)
from wizard.demo.scenarios.files import Object, log
from wizard.demo.scenarios.good import LAST_JOB, SESSION_VOLUME, YOU, complete, last_run, seed
from wizard.demo.scenarios.workloads import run, running

PLACEHOLDER = b64encode(b"demo-password").decode()
DEAD = frozenset({"web session", "session token"})


def container(cron_job: Object) -> Object:
    """The one container of a CronJob."""
    first: Object = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    return first


def _with_password_option(cron_job: Object) -> None:
    command = container(cron_job)["command"]
    command[-1] = command[-1].replace("--password-provider parameter", "--password $(cat /credentials/password)")


def password_argument() -> Scenario:
    """The nightly run reads a key that the Secret lacks: an argument error, and a Job that counts as complete."""
    scenario = changed(complete(), "CronJob", "icloudpd-sync", _with_password_option)
    return last_run(scenario, "auth-no-password", exit_code=0)


def auth_waiting() -> Scenario:
    """The seed with its Secret mended: the auth pod asks for a code, and waits for somebody to type it."""
    scenario = merged(seed(), "Secret", "icloud-credentials", {"data": {"password": PLACEHOLDER}})
    return with_logs(scenario, {f"{OURS}/icloudpd-auth": log("auth-waiting").rstrip("\n")})


def auth_no_code() -> Scenario:
    """The auth pod runs the wrong program, which waits for a code that it never asked Apple to send."""

    def wrong_program(pod: Object) -> None:
        command = pod["spec"]["containers"][0]["command"]
        command[-1] = "/opt/icloudpd/bin/icloud --username $(cat /credentials/username) && sleep 3600\n"

    scenario = changed(auth_waiting(), "Pod", "icloudpd-auth", wrong_program)
    return with_logs(scenario, {f"{OURS}/icloudpd-auth": log("auth-wrong-program").rstrip("\n")})


def adp() -> Scenario:
    """Advanced Data Protection, or web access switched off: signing in works, the photos are refused."""
    refused = {"photos": "access-denied", "advanced_data_protection": True}
    return with_person(last_run(complete(), "sync-adp", exit_code=0), YOU, account=refused)


def throttled() -> Scenario:
    """Apple refuses service for a while."""
    scenario = last_run(complete(), "sync-throttled", exit_code=0)
    return with_person(scenario, YOU, account={"sign_in": "refused-at-complete"}, ended=DEAD)


def terms() -> Scenario:
    """New iCloud terms wait to be accepted, which icloudpd reports as a 503."""
    scenario = last_run(complete(), "sync-terms", exit_code=0)
    return with_person(scenario, YOU, account={"terms_pending": True}, ended=DEAD)


def zone_not_found() -> Scenario:
    """The account's photo library is not set up, or not where icloudpd looks for it."""
    scenario = last_run(complete(), "sync-zone-not-found", exit_code=0)
    return with_person(scenario, YOU, account={"photos": "zone-not-found"})


def account_locked() -> Scenario:
    """A CronJob that retries has tried so often that Apple locked the account."""

    def hammer(cron_job: Object) -> None:
        template = cron_job["spec"]["jobTemplate"]["spec"]
        template["backoffLimit"] = 3
        template["template"]["spec"]["restartPolicy"] = "OnFailure"
        _with_password_option(cron_job)

    scenario = changed(complete(), "CronJob", "icloudpd-sync", hammer)
    scenario = merged(scenario, "Secret", "icloud-credentials", {"data": {"password": PLACEHOLDER}})
    scenario = with_person(scenario, YOU, account={"sign_in": "locked"}, ended=DEAD)
    return last_run(scenario, "sync-locked", exit_code=0)


def session_lost() -> Scenario:
    """The session is kept in the container itself, so that every run starts without one."""

    def forget(cron_job: Object) -> None:
        command = container(cron_job)["command"]
        command[-1] = command[-1].replace("--cookie-directory /config", "--cookie-directory /home/icloudpd/.pyicloud")

    scenario = changed(complete(), "CronJob", "icloudpd-sync", forget)
    return last_run(with_person(scenario, YOU, claim=""), "sync-no-session", exit_code=1)


def suspended() -> Scenario:
    """The CronJob was paused for a sign-in three weeks ago and never resumed."""
    stopped = {
        "spec": {"suspend": True},
        "status": {"lastScheduleTime": "{now-21d}", "lastSuccessfulTime": "{now-21d}"},
    }
    scenario = merged(complete(), "CronJob", "icloudpd-sync", stopped)
    for name in ("icloudpd-sync-29408040", LAST_JOB):
        scenario = _without_run(scenario, name)
    return scenario


def _without_run(scenario: Scenario, name: str) -> Scenario:
    return without(without(scenario, "Pod", pod_of(scenario, name)), "Job", name)


def first_sync() -> Scenario:
    """The first run by hand is under way: a third of the library is here, nothing is counted yet."""
    scenario = complete()
    for name in ("icloudpd-sync-manual", "icloudpd-sync-29408040", LAST_JOB):
        scenario = _without_run(scenario, name)
    job, pod = run(
        found(scenario, "CronJob", "icloudpd-sync"), "icloudpd-sync-manual", started=34, manual=True, state=running(34)
    )
    scenario = with_logs(with_objects(scenario, job, pod), {log_of(pod): log("sync-running")})
    scenario = merged(scenario, "CronJob", "icloudpd-sync", {"status": {"lastSuccessfulTime": None}})
    nothing = dict.fromkeys(
        f"photosync-wizard/{name}" for name in ("verified-at", "verified-counts", "runbook-written-at")
    )
    return merged(scenario, "PersistentVolumeClaim", "icloud-photos", {"metadata": {"annotations": nothing}})


def family() -> Scenario:
    """Two accounts in one namespace: the first with the seed's names, a second one called anna."""
    scenario = complete()
    renamed = {
        "Secret": "icloud-credentials",
        "PersistentVolumeClaim": "icloudpd-config",
        "CronJob": "icloudpd-sync",
    }
    for kind, name in renamed.items():
        scenario = with_objects(scenario, _for_anna(found(scenario, kind, name)))
    volume = found(scenario, "PersistentVolume", SESSION_VOLUME)
    scenario = with_objects(scenario, _volume_for_anna(volume))
    job, pod = run(found(scenario, "CronJob", "icloudpd-sync-anna"), "icloudpd-sync-anna-29409510", started=450)
    by_hand, first_pod = run(
        found(scenario, "CronJob", "icloudpd-sync-anna"), "icloudpd-sync-anna-manual", started=4 * 1440, manual=True
    )
    scenario = with_objects(scenario, job, pod, by_hand, first_pod)
    scenario = with_logs(scenario, {log_of(pod): log("sync-anna"), log_of(first_pod): log("sync-anna-first")})

    anna = ICloudUser(
        Account("anna@example.com", "Anna"), "icloudpd-config-anna", timedelta(days=4), folder="icloud-import/anna"
    )
    scenario = replace(scenario, people=(*scenario.people, anna))

    def list_them(application: Object) -> None:
        resources = application["status"]["resources"]
        template = next(item for item in resources if item["name"] == "icloudpd-config" and "Claim" in item["kind"])
        resources.insert(3, template | {"name": "icloudpd-config-anna"})
        resources.append(resources[-1] | {"name": "icloudpd-sync-anna"})

    return changed(scenario, "Application", "photo-sync", list_them, ARGOCD)


ANNAS_CLAIM = "9c0d6a3e-3c52-4f4b-9d7a-7a1de1d3f0aa"


def _for_anna(item: Object) -> Object:
    metadata = item["metadata"]
    metadata |= {"name": f"{metadata['name']}-anna", "creationTimestamp": "{now-4d}"}
    annotations = metadata.get("annotations", {})
    if "argocd.argoproj.io/tracking-id" in annotations:
        annotations["argocd.argoproj.io/tracking-id"] += "-anna"
    if item["kind"] == "Secret":
        item["data"] = {"username": "YW5uYUBleGFtcGxlLmNvbQ=="}
    elif item["kind"] == "PersistentVolumeClaim":
        metadata["uid"] = ANNAS_CLAIM
        item["spec"]["volumeName"] = f"pvc-{ANNAS_CLAIM}"
        annotations |= {
            "photosync-wizard/session-account": "anna@example.com",
            "photosync-wizard/session-expires-at": "{now+26d}",
            "photosync-wizard/session-verified-at": "{now-4d}",
        }
    else:
        item["spec"]["schedule"] = "30 3 * * *"
        item["status"] = {"lastScheduleTime": "{now-450m}", "lastSuccessfulTime": "{now-446m}"}
        command = container(item)["command"]
        command[-1] = command[-1].replace("icloud-import", "icloud-import/anna")
        secret, config, _ = item["spec"]["jobTemplate"]["spec"]["template"]["spec"]["volumes"]
        secret["secret"]["secretName"] += "-anna"
        config["persistentVolumeClaim"]["claimName"] += "-anna"
    return item


def _volume_for_anna(volume: Object) -> Object:
    name = f"pvc-{ANNAS_CLAIM}"
    volume["metadata"] |= {"name": name, "creationTimestamp": "{now-4d}"}
    volume["spec"]["claimRef"] |= {"name": "icloudpd-config-anna", "uid": ANNAS_CLAIM}
    volume["spec"]["hostPath"]["path"] = f"/opt/local-path-provisioner/{name}_photo-sync_icloudpd-config-anna"
    return volume
