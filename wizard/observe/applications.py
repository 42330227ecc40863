"""Finds our Application among those that there are, and the one that it is itself a part of."""

from __future__ import annotations

from collections.abc import Iterable

from wizard.choices import APPLICATION, CONFIG_MAP
from wizard.kube.client import Cluster
from wizard.observe.json_values import page
from wizard.observe.parse_application import application, tracking_application
from wizard.observe.reads import Budget, ask, found
from wizard.settings import Settings
from wizard.world import NOT_ASKED, Application, Found, Meta, Missing, Page, Read, World

APPLICATIONS = "/apis/argoproj.io/v1alpha1/applications"
_THIS_CLUSTER = ("https://kubernetes.default.svc", "in-cluster")
_HERE, _UNCLEAR, _ELSEWHERE = range(3)


async def find_application(cluster: Cluster, settings: Settings, budget: Budget, world: World) -> Read[Application]:
    """Ours: the one that the person named, that our objects name, that deploys to our namespace, or with the usual name."""
    if not isinstance(world.applications, Found):
        return world.applications
    listed = world.applications.value
    tracking = list(dict.fromkeys(_trackers(_our_objects(world, settings))))
    named = [settings[APPLICATION], *tracking] if "application" in settings.sources else tracking
    chosen = choose(listed.items, named, settings.namespace, settings[APPLICATION], cluster.server)
    unsure = chosen is None or (chosen.meta.name not in named and chosen.destination_namespace != settings.namespace)
    if listed.more and unsure:
        for name in list(dict.fromkeys([*named, settings[APPLICATION]]))[:2]:
            read = await _of_name(cluster, budget, name)
            if not isinstance(read, Found):
                return read
            also = choose(read.value.items, named, settings.namespace, settings[APPLICATION], cluster.server)
            if also:
                return Found(also)
    return Found(chosen) if chosen else Missing()


async def find_parent(
    cluster: Cluster, budget: Budget, listed: Read[Page[Application]], ours: Read[Application]
) -> Read[Application]:
    """The Application that manages ours (app of apps); Missing when none does."""
    if not isinstance(ours, Found):
        return NOT_ASKED
    name = tracking_application(ours.value.meta.annotations, ours.value.meta.labels)
    if not name or name == ours.value.meta.name:
        return Missing()
    all_apps = found(listed)
    for app in all_apps.items if all_apps else ():
        if app.meta.name == name:
            return Found(app)
    return await _by_name(cluster, budget, name) if all_apps and all_apps.more else Missing()


def choose(
    candidates: Iterable[Application], named: Iterable[str], namespace: str, usual: str, server: str = ""
) -> Application | None:
    """The first with one of these names, else the one that deploys into `namespace`, else the one with the usual name.

    Of several with one name the one that deploys there is meant; of several that deploy there the one with the usual name.
    One for another cluster than that at `server` is taken only if it is named. Argo CD's own name for a cluster says
    nothing for sure, so such a one comes after those for this cluster.
    """
    listed = sorted(candidates, key=lambda app: _distance(app, server))
    near = [app for app in listed if _distance(app, server) < _ELSEWHERE]
    for name in named:
        same_name = [app for app in near if app.meta.name == name] or [app for app in listed if app.meta.name == name]
        if same_name:
            return next((app for app in same_name if app.destination_namespace == namespace), same_name[0])
    deploying = [app for app in near if app.destination_namespace == namespace]
    deploying = [app for app in deploying if _distance(app, server) == _HERE] or deploying
    called = [app for app in near if app.meta.name == usual]
    return next((app for app in deploying if app in called), None) or (
        deploying[0] if len(deploying) == 1 else next(iter(called), None)
    )


def _distance(app: Application, server: str) -> int:
    destination = app.destination_server.rstrip("/")
    if destination in ("", *_THIS_CLUSTER, server.rstrip("/")):
        return _HERE
    return _ELSEWHERE if "://" in destination else _UNCLEAR


async def _of_name(cluster: Cluster, budget: Budget, name: str) -> Read[Page[Application]]:
    if not budget.take():
        return NOT_ASKED
    return await ask(
        cluster.list_page(APPLICATIONS, fields=f"metadata.name={name}", limit=5), lambda body: page(body, application)
    )


async def _by_name(cluster: Cluster, budget: Budget, name: str) -> Read[Application]:
    read = await _of_name(cluster, budget, name)
    if not isinstance(read, Found):
        return read
    return Found(read.value.items[0]) if read.value.items else Missing()


def _our_objects(world: World, settings: Settings) -> list[Meta]:
    metas = [
        item.meta for read in (world.claims, world.cron_jobs) if isinstance(read, Found) for item in read.value.items
    ]
    config_map = found(world.config_maps.get(settings[CONFIG_MAP], NOT_ASKED))
    return [*metas, *([config_map.meta] if config_map else [])]


def _trackers(objects: Iterable[Meta]) -> list[str]:
    names = (tracking_application(meta.annotations, meta.labels) for meta in objects)
    return [name for name in names if name]
