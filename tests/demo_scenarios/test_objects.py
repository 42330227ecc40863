"""Every scenario is a whole world: it fills a demo cluster, nothing in it leads nowhere, and nothing in it is secret."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

import pytest

from tests.demo_scenarios.references import Key, references
from wizard.demo.api.store import Store
from wizard.demo.scenario import Scenario
from wizard.demo.scenarios import load, names
from wizard.demo.seed_store import at_time, seed

Json = dict[str, Any]
NOW = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)

MEANT_TO_BE_ABSENT: dict[str, set[Key]] = {
    "claim-wrong-class": {("StorageClass", "", "longhorn")},
    "immich-elsewhere": {("PersistentVolumeClaim", "immich", "icloud-photos")},
    "terminating": {
        ("ConfigMap", "photo-sync", "icloudpd-config"),
        ("CronJob", "photo-sync", "icloudpd-sync"),
        ("PersistentVolumeClaim", "photo-sync", "icloud-photos"),
        ("Secret", "photo-sync", "icloud-credentials"),
        ("ServiceAccount", "photo-sync", "icloudpd"),
    },
    "unknown-project": {("AppProject", "argocd", "photos")},
}
FAKES = {
    b"you@example.com",
    b"anna@example.com",
    b"demo-password",
    b"not-a-real-password",
    b"not a real certificate",
    b"not a real key",
}


@cache
def scenario(name: str) -> Scenario:
    return load(name)


def objects(name: str) -> list[Json]:
    return [cast("Json", item) for item in scenario(name).objects]


def key(item: Json) -> Key:
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]


@pytest.mark.parametrize("name", names())
def test_fills_a_demo_cluster(name: str) -> None:
    store = Store(name, lambda: NOW)
    seed(store, scenario(name))
    stored = {key(item): item for item in store.everything()}
    assert stored.keys() >= {key(item) for item in objects(name)}
    for item in objects(name):
        assert stored[key(item)]["metadata"]["uid"] == item["metadata"]["uid"]


@pytest.mark.parametrize("name", names())
def test_each_object_is_there_once_and_knows_what_it_is(name: str) -> None:
    keys = [key(item) for item in objects(name)]
    assert sorted(keys) == sorted(set(keys))
    uids = [item["metadata"]["uid"] for item in objects(name)]
    assert len(uids) == len(set(uids))
    for item in objects(name):
        assert item["apiVersion"]
        assert re.fullmatch(r"[a-z0-9]([-.a-z0-9]*[a-z0-9])?", item["metadata"]["name"]), key(item)


@pytest.mark.parametrize("name", names())
def test_what_objects_name_is_there(name: str) -> None:
    keys = {key(item) for item in objects(name)}
    missing = {wanted for item in objects(name) for wanted in references(item) if wanted not in keys}
    assert missing == MEANT_TO_BE_ABSENT.get(name, set())


@pytest.mark.parametrize("name", names())
def test_owners_volumes_and_events_mean_the_very_object(name: str) -> None:
    uids = {key(item): item["metadata"]["uid"] for item in objects(name)}
    for item in objects(name):
        namespace = item["metadata"].get("namespace", "")
        for owner in item["metadata"].get("ownerReferences", ()):
            assert owner["uid"] == uids[owner["kind"], namespace, owner["name"]]
        if item["kind"] == "PersistentVolume":
            claim = item["spec"]["claimRef"]
            assert claim["uid"] == uids["PersistentVolumeClaim", claim["namespace"], claim["name"]]
        if item["kind"] == "Event":
            about = item["involvedObject"]
            assert about["uid"] == uids[about["kind"], about["namespace"], about["name"]]


@pytest.mark.parametrize("name", names())
def test_selectors_select_the_pods_that_belong_to_them(name: str) -> None:
    for item in objects(name):
        if item["kind"] in ("Job", "ReplicaSet"):
            wanted = item["spec"]["selector"]["matchLabels"].items()
            for pod in objects(name):
                owned = any(
                    owner["uid"] == item["metadata"]["uid"] for owner in pod["metadata"].get("ownerReferences", ())
                )
                labels = pod["metadata"].get("labels", {})
                selected = pod["kind"] == "Pod" and wanted <= labels.items()
                assert owned == selected, key(pod)


@pytest.mark.parametrize("name", names())
def test_bound_claims_and_volumes_belong_to_each_other(name: str) -> None:
    volumes = {item["metadata"]["name"]: item for item in objects(name) if item["kind"] == "PersistentVolume"}
    for claim in objects(name):
        if claim["kind"] != "PersistentVolumeClaim":
            continue
        bound = claim["status"]["phase"] == "Bound"
        assert bound == ("volumeName" in claim["spec"])
        if bound:
            volume = volumes[claim["spec"]["volumeName"]]
            assert volume["spec"]["claimRef"]["uid"] == claim["metadata"]["uid"]
            assert volume["spec"]["storageClassName"] == claim["spec"]["storageClassName"]


@pytest.mark.parametrize("name", names())
def test_logs_and_proxies_belong_to_pods_and_services(name: str) -> None:
    keys = {key(item): item for item in objects(name)}
    for place in scenario(name).logs:
        assert ("Pod", *place.split("/")) in keys
    for place in scenario(name).proxies:
        namespace, _, rest = place.partition("/")
        service, _, port = rest.partition(":")
        ports = [each["port"] for each in keys["Service", namespace, service]["spec"]["ports"]]
        assert int(port) in ports


@pytest.mark.parametrize("name", names())
def test_every_finished_run_has_a_log(name: str) -> None:
    for item in objects(name):
        owners = item["metadata"].get("ownerReferences", ())
        if item["kind"] == "Pod" and any(owner["kind"] == "Job" for owner in owners):
            assert f"{item['metadata']['namespace']}/{item['metadata']['name']}" in scenario(name).logs


@pytest.mark.parametrize("name", names())
def test_every_time_is_one_that_the_demo_understands(name: str) -> None:
    world = scenario(name)
    text = json.dumps(at_time([list(world.objects), dict(world.logs), dict(world.proxies)], NOW))
    assert "{now" not in text
    for item in at_time(objects(name), NOW):
        created = item["metadata"].get("creationTimestamp")
        assert created is None or datetime.fromisoformat(created) <= NOW


@pytest.mark.parametrize("name", names())
def test_secrets_are_obvious_fakes_and_addresses_are_nobodys(name: str) -> None:
    for item in objects(name):
        if item["kind"] == "Secret":
            assert {base64.b64decode(value, validate=True) for value in item["data"].values()} <= FAKES
    text = json.dumps([list(scenario(name).objects), dict(scenario(name).logs)])
    addresses = set(re.findall(r"[\w.+-]+@[\w-]+\.[a-z]+", text))
    assert addresses <= {"you@example.com", "anna@example.com"}
    hosts = set(re.findall(r"host\": \"([^\"]+)\"", text))
    assert all(host.endswith(".example.com") or host == "demo" for host in hosts)


def test_the_cluster_is_the_same_one_in_every_scenario() -> None:
    uids = {
        item["metadata"]["uid"]
        for name in names()
        for item in objects(name)
        if key(item) == ("Namespace", "", "kube-system")
    }
    assert len(uids) == 1
