"""The same manifests on a real cluster: accepted strictly, stored as the scenario says, and listed as the seed shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.contract.api import Api, load_kubeconfig
from wizard.demo.scenarios import load, manifests, names
from wizard.demo.world import DemoWorld
from wizard.kube.client import connect
from wizard.observe.look import observe
from wizard.settings import Settings
from wizard.steps import diagnose

Json = dict[str, Any]
STRICT = "fieldManager=photosync-test&fieldValidation=Strict"
PLURALS = {"Ingress": "ingresses"}

pytestmark = pytest.mark.cluster


def path_of(item: Json) -> str:
    plural = PLURALS.get(item["kind"], f"{item['kind'].lower()}s")
    return plural if item["apiVersion"] == "v1" else f"{item['apiVersion']}/{plural}"


def differing(wanted: Any, stored: Any, where: str = "") -> Iterator[str]:
    """Where `stored` says something else than `wanted`, or nothing."""
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            if not isinstance(stored, dict) or key not in stored:
                yield f"{where}.{key} is not stored"
            else:
                yield from differing(value, stored[key], f"{where}.{key}")
    elif isinstance(wanted, list):
        if not isinstance(stored, list) or len(stored) != len(wanted):
            yield f"{where} has another length"
        else:
            for index, value in enumerate(wanted):
                yield from differing(value, stored[index], f"{where}[{index}]")
    elif wanted != stored:
        yield f"{where} is {stored!r}, not {wanted!r}"


async def test_the_seed_gives_the_seeds_listing(real_kubeconfig: Path, throwaway_namespace: str) -> None:
    async with Api.connect(load_kubeconfig(real_kubeconfig), throwaway_namespace) as api:
        for item in manifests("seed", throwaway_namespace)[1:]:
            stored = await api.made(f"{path_of(item)}?{STRICT}", item)
            assert not list(differing(item, stored, item["kind"]))
        await api.phase("persistentvolumeclaims/icloudpd-config", "Bound")
        await api.phase("pods/icloudpd-auth", "Running")
        photos = (await api.get("persistentvolumeclaims/icloud-photos")).body
        assert photos["status"] == {"phase": "Pending"}
        assert len((await api.get("secrets/icloud-credentials")).body["data"]) == 1
        assert len((await api.get("configmaps/icloudpd-config")).body["data"]) == 7
        wanted = load("seed").logs["photo-sync/icloudpd-auth"].split()
        log = await api.until("pods/icloudpd-auth/log", lambda answer: "argument" in answer.text)
        assert log.text.split() == wanted
        pod = (await api.get("pods/icloudpd-auth")).body
        assert pod["status"]["phase"] == "Running"


async def test_the_seed_is_diagnosed_alike_on_the_demo_and_on_a_real_cluster(
    real_kubeconfig: Path, throwaway_namespace: str, tmp_path: Path
) -> None:
    async with Api.connect(load_kubeconfig(real_kubeconfig), throwaway_namespace) as api:
        for item in manifests("seed", throwaway_namespace)[1:]:
            await api.made(path_of(item), item)
        await api.phase("persistentvolumeclaims/icloudpd-config", "Bound")
        await api.until("pods/icloudpd-auth/log", lambda answer: "argument" in answer.text)
    real = await seen(real_kubeconfig, Settings(namespace=throwaway_namespace))
    async with DemoWorld.open(load("seed")) as world:
        kubeconfig = tmp_path / "demo.kubeconfig"
        world.write_kubeconfig(kubeconfig)
        demo = await seen(kubeconfig, Settings())
    assert real == demo


async def seen(kubeconfig: Path, settings: Settings) -> dict[str, tuple[str, list[str]]]:
    """Status and finding ids of the iterations that are about photo-sync alone."""
    cluster = await connect(str(kubeconfig), None, kubeconfig.parent, env={})
    try:
        report = diagnose(await observe(cluster, settings, datetime.now(UTC)), settings)
    finally:
        await cluster.close()
    alone = ("storage", "credentials", "authentication")
    return {
        step.id: (step.status, sorted(each.id for each in step.findings)) for step in report.steps if step.id in alone
    }


async def test_every_scenarios_manifests_are_accepted_strictly(real_kubeconfig: Path, throwaway_namespace: str) -> None:
    refused = []
    async with Api.connect(load_kubeconfig(real_kubeconfig), throwaway_namespace) as api:
        await api.made("serviceaccounts", {"metadata": {"name": "icloudpd"}, "automountServiceAccountToken": False})
        for name in names():
            for item in manifests(name, throwaway_namespace)[1:]:
                if item["kind"] == "ServiceAccount":
                    continue
                answer = await api.post(f"{path_of(item)}?dryRun=All&{STRICT}", item)
                wrong = [answer.text[:300]] if answer.status != 201 else list(differing(item, answer.body))
                refused += [(name, item["kind"], item["metadata"]["name"], each) for each in wrong]
    assert refused == []
