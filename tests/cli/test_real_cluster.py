"""The promise: the same objects, the same statuses and finding ids, in the demo world and on a real cluster with Argo CD."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.kubeconfigs import certified, write
from tests.cli.running import files_below, ran, ran_beside
from tests.contract.api import Api, load_kubeconfig
from tests.kube.certificates import Authority
from wizard.demo.scenarios import manifests

pytestmark = pytest.mark.cluster

Json = dict[str, Any]
APPLICATIONS = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"
TRACKED = "argocd.argoproj.io/tracking-id"
BRANCH = "master"
CONTROLLER_SECONDS = 40


@dataclass(frozen=True)
class Setup:
    """The seed on a real cluster: its namespace and its Application have one name, `name`-parent is the app of apps."""

    name: str
    repository: Path
    api: Api

    def source(self, path: str) -> Json:
        return {"repoURL": f"file://{self.repository}", "targetRevision": BRANCH, "path": path}

    def parent(self) -> Json:
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": f"{self.name}-parent", "namespace": "argocd"},
            "spec": {
                "project": "default",
                "source": self.source("bootstrap/argocd-apps"),
                "destination": {"server": "https://kubernetes.default.svc", "namespace": "argocd"},
                "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
            },
        }

    def application(self, like: Json) -> Json:
        """The seed's own Application as a person has it in git."""
        metadata = {"name": self.name, "namespace": "argocd"}
        spec = {**deepcopy(like["spec"]), "source": self.source("apps/photo-sync")}
        return {"apiVersion": like["apiVersion"], "kind": like["kind"], "metadata": metadata, "spec": spec}


def committed(folder: Path, files: dict[str, list[Json]]) -> Path:
    """A bare repository whose branch has these YAML files."""
    bare, tree = folder / "homelab.git", folder / "homelab"
    who = ("-c", "user.name=you", "-c", "user.email=you@example.com")
    subprocess.run(["git", "init", "-q", "--bare", "-b", BRANCH, bare], check=True)
    subprocess.run(["git", "clone", "-q", bare, tree], check=True, capture_output=True)
    for name, items in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(yaml.safe_dump_all(items))
    subprocess.run(["git", "-C", tree, "add", "-A"], check=True)
    subprocess.run(["git", "-C", tree, *who, "commit", "-qm", "photo-sync"], check=True)
    subprocess.run(["git", "-C", tree, "push", "-q", "origin", f"HEAD:{BRANCH}"], check=True)
    return bare


def untracked(item: Json) -> Json:
    copy = deepcopy(item)
    copy["metadata"].pop("annotations", None)
    return copy


@asynccontextmanager
async def seed_on(kubeconfig: Path, folder: Path) -> AsyncIterator[Setup]:
    """Git, app of apps, Application, and what was applied by hand; all of it removed afterwards."""
    name = f"photosync-test-{secrets.token_hex(4)}"
    *ours, application = (dict(item) for item in manifests("seed", name, applications=True))
    by_git = [untracked(item) for item in ours if TRACKED in item["metadata"].get("annotations", {})]
    by_hand = [item for item in ours if TRACKED not in item["metadata"].get("annotations", {})]
    assert [item["kind"] for item in by_hand] == ["Pod"]
    async with Api.connect(load_kubeconfig(kubeconfig), name) as api:
        setup = Setup(name, folder / "homelab.git", api)
        committed(
            folder,
            {
                "apps/photo-sync/all.yaml": by_git,
                "bootstrap/argocd-apps/photo-sync.yaml": [setup.application(application)],
            },
        )
        try:
            assert (await api.post(APPLICATIONS, setup.parent())).status == 201
            await _synced(api, f"{name}-parent")
            await _synced(api, name)
            await api.until("persistentvolumeclaims/icloudpd-config", lambda answer: answer.status == 200)
            for item in by_hand:
                await api.made("pods", item)
            await api.phase("persistentvolumeclaims/icloudpd-config", "Bound")
            await api.until("pods/icloudpd-auth/log", lambda answer: "argument" in answer.text)
            await api.until(f"{APPLICATIONS}/{name}", lambda answer: "health" in answer.body.get("status", {}))
            yield setup
        finally:
            for each in (f"{name}-parent", name):
                await api.delete(f"{APPLICATIONS}/{each}")
            await api.delete(f"/api/v1/namespaces/{name}")


async def _synced(api: Api, name: str) -> None:
    def synced(answer: Any) -> bool:
        status = answer.body.get("status", {}) if answer.status == 200 else {}
        return bool(status.get("sync", {}).get("status") == "Synced")

    try:
        await api.until(f"{APPLICATIONS}/{name}", synced, seconds=CONTROLLER_SECONDS)
    except (AssertionError, TimeoutError):
        got = await api.get(f"{APPLICATIONS}/{name}")
        if got.status == 404 or not got.body.get("status"):
            pytest.skip("no Argo CD runs on this cluster: its application controller does nothing")
        raise


def told(document: Json) -> dict[str, tuple[str, list[str]]]:
    return {step["id"]: (step["status"], sorted(each["id"] for each in step["findings"])) for step in document["steps"]}


async def test_the_seed_gives_the_same_in_the_demo_and_on_a_real_cluster(real_kubeconfig: Path, tmp_path: Path) -> None:
    demo = ran("--demo", "seed", "status", "-o", "json")
    async with seed_on(real_kubeconfig, tmp_path) as setup:
        where = ("--kubeconfig", str(real_kubeconfig), "-n", setup.name)
        real = await ran_beside(*where, "status", "-o", "json")
        seed = await ran_beside(*where, "status", "-o", "seed")
    assert (real.err, seed.err) == ("", "")
    assert told(json.loads(real.out)) == told(json.loads(demo.out))
    assert (real.code, seed.code) == (demo.code, demo.code)
    state = json.loads(seed.out)
    assert state["argocd"]["application_name"] == setup.name
    assert (state["argocd"]["sync_status"], state["argocd"]["auto_sync"]) == ("Synced", True)
    assert (state["git"]["branch"], state["git"]["app_path"]) == (BRANCH, "apps/photo-sync")
    assert [name for name in files_below(tmp_path / "home") if "/demo/" not in name] == []


async def test_an_account_that_may_do_nothing(real_kubeconfig: Path, throwaway_namespace: str, tmp_path: Path) -> None:
    config = load_kubeconfig(real_kubeconfig)
    async with Api.connect(config, throwaway_namespace) as api:
        await api.made("serviceaccounts", {"metadata": {"name": "nobody"}})
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
        token = (await api.made("serviceaccounts/nobody/token", request))["status"]["token"]
    cluster = config["clusters"][0]["cluster"]
    kubeconfig = write(tmp_path, cluster["server"], cluster=cluster, user={"token": token})
    ended = await ran_beside("--kubeconfig", str(kubeconfig), "-n", throwaway_namespace, "status", "-o", "json")
    assert (ended.code, ended.err) == (4, "")
    document = json.loads(ended.out)
    assert document["cluster"]["uid"] is None
    assert {step["status"] for step in document["steps"]} <= {"unknown", "pending", "blocked"}
    assert document["steps"][0]["status"] == "unknown"
    assert token not in ended.out


async def test_credentials_of_another_cluster(real_kubeconfig: Path, tmp_path: Path) -> None:
    cluster = load_kubeconfig(real_kubeconfig)["clusters"][0]["cluster"]
    for user in (certified(Authority().issue("me")), {"token": "eyJhbGciOiJub25lIn0.e30.planted"}):
        kubeconfig = write(tmp_path, cluster["server"], cluster=cluster, user=user)
        ended = await ran_beside("--kubeconfig", str(kubeconfig), "status")
        ended.said_in_words(5, "rejected your credentials", "Get a fresh kubeconfig")
        assert "planted" not in ended.err


async def test_a_namespace_that_is_terminating(real_kubeconfig: Path) -> None:
    name = f"photosync-test-{secrets.token_hex(4)}"
    async with Api.connect(load_kubeconfig(real_kubeconfig), name) as api:
        await api.make_namespace()
        held = {"metadata": {"name": "held", "finalizers": ["photosync-test/held"]}}
        await api.made("configmaps", held)
        await api.delete(f"/api/v1/namespaces/{name}")
        try:
            ended = await ran_beside("--kubeconfig", str(real_kubeconfig), "-n", name, "status", "-o", "json")
        finally:
            await api.patch("configmaps/held", {"metadata": {"finalizers": None}})
    assert (ended.code, ended.err) == (4, "")
    step = json.loads(ended.out)["steps"][0]
    assert step["status"] == "blocked"
    assert step["findings"][0]["id"] == "storage.namespace-terminating"
