"""Finding Immich and our Application, however they are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.observe.looking import NOW, demo, look, scenario, thing, value
from tests.support.faults import faults_of
from wizard.choices import APPLICATION, IMMICH_NAMESPACE
from wizard.demo.scenario import Scenario
from wizard.demo.scenarios import load
from wizard.observe.applications import choose
from wizard.observe.look import observe
from wizard.observe.parse_application import application
from wizard.settings import Settings
from wizard.world import NOT_ASKED, Immich, Missing, Unreadable

VERSION = {"/api/server/version": {"major": 2, "minor": 7, "patch": 5}}
CONFIG = {"/api/server/config": {"isInitialized": True, "externalDomain": "https://photos.example.com"}}


def deployment(name: str = "photos", namespace: str = "media", **status: Any) -> dict[str, Any]:
    """Immich by hand: without the chart's labels and names."""
    container = {"name": "main", "image": "ghcr.io/immich-app/immich-server:v2.7.5"}
    mount = {"name": "p", "mountPath": "/external/icloud"}
    volume = {"name": "p", "persistentVolumeClaim": {"claimName": "shared-photos"}}
    pod = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{**container, "volumeMounts": [mount]}], "volumes": [volume]},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": pod}
    return thing("Deployment", name, namespace, version="apps/v1", spec=spec, status=status)


def service(name: str = "photos", namespace: str = "media", port: int = 2283, app: str = "photos") -> dict[str, Any]:
    return thing("Service", name, namespace, spec={"selector": {"app": app}, "ports": [{"port": port}]})


def with_immich(
    *objects: dict[str, Any], answers: dict[str, Any] | None = None, place: str = "media/photos:2283"
) -> Scenario:
    return scenario(*objects, proxies={place: answers or {**VERSION, **CONFIG}})


async def found(what: Scenario, folder: Path, settings: Settings | None = None) -> Immich:
    return value((await look(what, folder, settings)).immich)


async def test_without_the_charts_names(tmp_path: Path) -> None:
    immich = await found(with_immich(deployment(readyReplicas=1), service()), tmp_path)
    assert (immich.namespace, immich.workload.name, immich.ready) == ("media", "photos", True)
    assert (immich.service, immich.port, immich.version) == ("photos", 2283, "2.7.5")
    assert (immich.initialized, immich.external_domain) == (True, "https://photos.example.com")
    assert immich.probe_error == ""
    assert immich.claims == {"shared-photos": Missing()}


async def test_before_1_118_it_listened_elsewhere(tmp_path: Path) -> None:
    what = with_immich(deployment(readyReplicas=1), service(port=3001), place="media/photos:3001")
    assert (await found(what, tmp_path)).port == 3001


async def test_no_service_leads_to_it(tmp_path: Path) -> None:
    immich = await found(with_immich(deployment(readyReplicas=1), service(app="other", name="other")), tmp_path)
    assert (immich.service, immich.port, immich.version) == ("", None, None)
    assert immich.probe_error == "No Service selects photos."


async def test_it_does_not_answer(tmp_path: Path) -> None:
    async with demo(with_immich(deployment(readyReplicas=1), service()), tmp_path) as (world, cluster):
        faults_of(world).answer("/proxy/api/server/version", 502, "<html>Bad gateway</html>")
        immich = value((await observe(cluster, Settings(), NOW)).immich)
    assert immich.version is None
    assert "502" in immich.probe_error


async def test_while_it_is_not_ready_its_pods_are_looked_at(tmp_path: Path) -> None:
    pod = thing(
        "Pod",
        "photos-1",
        "media",
        spec={"containers": [{"name": "main", "image": "x"}]},
        metadata={"labels": {"app": "photos"}},
        status={"phase": "Pending"},
    )
    immich = await found(with_immich(deployment(replicas=1), service(), pod), tmp_path)
    assert not immich.ready
    assert "photos-1" in [one.meta.name for one in value(immich.pods).items]


async def test_of_several_the_persons_namespace_counts(tmp_path: Path) -> None:
    both = [deployment("immich-server", place, readyReplicas=1) for place in ("a", "b")]
    for one in both:
        one["metadata"]["labels"] = {"app.kubernetes.io/name": "immich-server"}
    assert (await found(scenario(*both), tmp_path)).namespace == "a"
    assert (await found(scenario(*both), tmp_path, Settings().having(IMMICH_NAMESPACE, "b"))).namespace == "b"


async def test_in_a_crowd_too_large_to_look_through_nobody_knows(tmp_path: Path) -> None:
    pod = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "other"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": pod}
    crowd = [thing("Deployment", f"d-{number:03}", "x", version="apps/v1", spec=spec) for number in range(201)]
    seen = (await look(scenario(*crowd), tmp_path)).immich
    assert isinstance(seen, Unreadable)
    assert (await look(scenario(*crowd), tmp_path, Settings().having(IMMICH_NAMESPACE, "y"))).immich == Missing()


def app(
    name: str, namespace: str = "argocd", destination: str = "photo-sync", server: str = "", cluster: str = ""
) -> Any:
    return application(
        {
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"destination": {"namespace": destination, "server": server, "name": cluster}},
        }
    )


OTHER = "https://10.9.9.9:6443"
OURS = "https://127.0.0.1:6443"


@pytest.mark.parametrize(
    ("known", "named", "expected"),
    [
        ([app("photo-sync"), app("other")], [], ("photo-sync", "argocd")),
        ([app("a"), app("icloud")], ["icloud"], ("icloud", "argocd")),
        ([app("renamed"), app("x", destination="y")], [], ("renamed", "argocd")),
        ([app("a"), app("b")], [], None),
        ([app("photo-sync", "x", "y"), app("photo-sync", "z")], [], ("photo-sync", "z")),
        ([app("photo-sync", "x", "y"), app("mine")], [], ("mine", "argocd")),
        ([app("photo-sync", "x", "y"), app("mine")], ["photo-sync"], ("photo-sync", "x")),
        ([app("photo-sync", "x", "y"), app("a"), app("b")], [], ("photo-sync", "x")),
        ([app("photo-sync", "x", "y")], [], ("photo-sync", "x")),
        ([], ["photo-sync"], None),
        ([app("photo-sync", server=OTHER)], [], None),
        ([app("photo-sync", server=OTHER)], ["photo-sync"], ("photo-sync", "argocd")),
        ([app("photo-sync", "x", server=OTHER), app("photo-sync", "z")], ["photo-sync"], ("photo-sync", "z")),
        ([app("photo-sync", server=OTHER), app("mine", server=OURS)], [], ("mine", "argocd")),
        ([app("a", server=OTHER), app("b", server="https://kubernetes.default.svc")], [], ("b", "argocd")),
        ([app("a", cluster="staging"), app("b", cluster="in-cluster")], [], ("b", "argocd")),
        ([app("a", cluster="homelab"), app("b", server=OTHER)], [], ("a", "argocd")),
    ],
)
def test_which_application_is_ours(known: list[Any], named: list[str], expected: tuple[str, str] | None) -> None:
    chosen = choose(known, named, "photo-sync", "photo-sync", f"{OURS}/")
    assert (chosen and (chosen.meta.name, chosen.meta.namespace)) == expected


async def test_by_what_our_objects_say(tmp_path: Path) -> None:
    tracking = {"argocd.argoproj.io/tracking-id": "home-photos:/PersistentVolumeClaim:photo-sync/icloud-photos"}
    claim = thing("PersistentVolumeClaim", "icloud-photos", spec={}, metadata={"annotations": tracking})
    apps = [
        thing("Application", name, "argocd", version="argoproj.io/v1alpha1", spec={"destination": {}})
        for name in ("aaa", "home-photos", "photo-sync")
    ]
    kinds = [one for one in load("fresh").objects if one["kind"] == "CustomResourceDefinition"]
    what = scenario(*kinds, claim, *apps)
    assert value((await look(what, tmp_path)).application).meta.name == "home-photos"
    theirs = Settings().having(APPLICATION, "aaa")
    assert value((await look(what, tmp_path, theirs)).application).meta.name == "aaa"


def forbidden(path: str) -> str:
    return f'{{"kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403, "message": "{path}"}}'


async def test_a_stateful_set_will_do(tmp_path: Path) -> None:
    stateful = {**deployment(readyReplicas=1), "kind": "StatefulSet"}
    immich = await found(with_immich(stateful, service()), tmp_path)
    assert (immich.kind, immich.workload.name, immich.version) == ("StatefulSet", "photos", "2.7.5")
    assert (await found(with_immich(deployment(readyReplicas=1), service()), tmp_path)).kind == "Deployment"


async def test_while_it_is_not_ready_what_it_needs_is_looked_at_and_nothing_else(tmp_path: Path) -> None:
    def other(name: str, image: str, **labels: str) -> dict[str, Any]:
        return thing(
            "Pod", name, "media", spec={"containers": [{"name": "c", "image": image}]}, metadata={"labels": labels}
        )

    instance = {"app.kubernetes.io/instance": "photos"}
    server = deployment(replicas=1)
    server["spec"]["template"]["metadata"]["labels"].update(instance)
    pods = [
        other("photos-1", "x", app="photos", **instance),
        other("its-database", "docker.io/bitnami/postgresql:16", **instance),
        other("its-chart-s-own", "x", **instance),
        other("database-by-hand", "tensorchord/vchord-postgres:16"),
        other("jellyfin-database", "postgres:16", **{"app.kubernetes.io/instance": "jellyfin"}),
        other("jellyfin", "jellyfin/jellyfin:10"),
    ]
    immich = await found(with_immich(server, service(), *pods), tmp_path)
    assert {one.meta.name for one in value(immich.pods).items} == {
        "photos-1",
        "its-database",
        "its-chart-s-own",
        "database-by-hand",
    }


def ingress(name: str, namespace: str = "media") -> dict[str, Any]:
    rule = {
        "host": "a",
        "http": {"paths": [{"path": "/", "backend": {"service": {"name": "photos", "port": {"number": 80}}}}]},
    }
    return thing("Ingress", name, namespace, version="networking.k8s.io/v1", spec={"rules": [rule]})


async def test_its_own_ingresses_are_read_where_all_may_not_be(tmp_path: Path) -> None:
    async with demo(with_immich(deployment(readyReplicas=1), service(), ingress("mine")), tmp_path) as (world, cluster):
        faults_of(world).answer(
            "GET /apis/networking.k8s.io/v1/ingresses", 403, forbidden("no"), content_type="text/json"
        )
        seen = await observe(cluster, Settings(), NOW)
    assert isinstance(seen.ingresses, Unreadable)
    assert [one.meta.name for one in value(value(seen.immich).ingresses).items] == ["mine"]


async def test_its_own_ingresses_are_read_where_there_are_too_many(tmp_path: Path) -> None:
    crowd = [ingress(f"i-{number:03}", "crowd") for number in range(101)]
    what = with_immich(deployment(readyReplicas=1), service(), ingress("mine"), *crowd)
    seen = await look(what, tmp_path)
    assert value(seen.ingresses).more
    assert [one.meta.name for one in value(value(seen.immich).ingresses).items] == ["mine"]
    few = await look(with_immich(deployment(readyReplicas=1), service(), ingress("mine")), tmp_path)
    assert value(few.immich).ingresses == NOT_ASKED
