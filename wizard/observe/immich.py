"""Finds Immich wherever it runs, and asks it what anybody may ask: its version and whether it is set up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wizard.choices import IMMICH_MOUNT, IMMICH_NAMESPACE
from wizard.errors import WizardError
from wizard.kube.client import Cluster, ServiceAnswer
from wizard.kube.errors import ClusterError
from wizard.observe.json_values import listed, meta, number, page, record, records, strings, text
from wizard.observe.parse import claim, ingress, persistent_volume
from wizard.observe.parse_pod import pod, pod_spec
from wizard.observe.reads import Budget, ask, found, mapped, together
from wizard.settings import IMMICH_NEEDS, Settings
from wizard.world import NOT_ASKED, Claim, Found, Immich, Ingress, Meta, Missing, Page, Pod, PodSpec, Read, Unreadable

CHART_LABELS = "app.kubernetes.io/name in (server,immich,immich-server)"
SERVICE_NAME = "immich-server"
PORTS = (2283, 3001)
PROBE_SECONDS = 6.0
VOLUMES_READ = 2
_SEARCHED = ("deployments", "statefulsets")
PODS_READ = 60
INSTANCE = "app.kubernetes.io/instance"
_OF_IMMICH = re.compile(f"immich|{IMMICH_NEEDS}")


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment or StatefulSet that runs Immich's server: `match` are the labels that it knows its pods by."""

    meta: Meta
    spec: PodSpec
    image: str
    ready: bool
    kind: str
    match: Mapping[str, str]
    pod_labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Service:
    """A Service; `ports` in their order."""

    meta: Meta
    ports: tuple[int, ...]
    selector: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Hints:
    """What the first requests found: Deployments with the chart's labels, Services with the usual name."""

    workloads: Read[Page[Workload | None]]
    services: Read[Page[Service]]


async def hints(cluster: Cluster, settings: Settings, budget: Budget) -> Hints:
    """Two requests: over all namespaces, or the one that the person named or that is usual where that may not be."""
    deployments, services = await together(
        ask(cluster.list_page("/apis/apps/v1/deployments", labels=CHART_LABELS, limit=20), _workloads),
        ask(cluster.list_page("/api/v1/services", fields=f"metadata.name={SERVICE_NAME}", limit=10), _services),
    )
    if isinstance(deployments, Unreadable) and deployments.reason == "forbidden" and budget.take():
        where = settings[IMMICH_NAMESPACE] or "immich"
        there = await ask(cluster.list_page(f"/apis/apps/v1/namespaces/{where}/deployments", limit=50), _workloads)
        deployments = there if isinstance(there, Found) and _real(there.value.items) else deployments
    return Hints(deployments, services)


async def find_immich(
    cluster: Cluster,
    settings: Settings,
    budget: Budget,
    first: Hints,
    our_claims: Read[Page[Claim]],
    ingresses: Read[Page[Ingress]],
) -> Read[Immich]:
    """Immich, with what it says of itself; Missing when no Deployment and no StatefulSet runs its image."""
    read = first.workloads
    candidates = _real(read.value.items) if isinstance(read, Found) else []
    if not candidates:
        if not isinstance(read, Found):
            return read
        searched = await _search(cluster, settings, budget)
        if not isinstance(searched, Found):
            return searched
        candidates = [searched.value]
    chosen = next(
        (server for server in candidates if server.meta.namespace == settings[IMMICH_NAMESPACE]), candidates[0]
    )
    return Found(await _described(cluster, settings, budget, chosen, first.services, our_claims, ingresses))


async def _search(cluster: Cluster, settings: Settings, budget: Budget) -> Read[Workload]:
    """A Deployment with Immich's image, else a StatefulSet; what could not all be looked through is not known."""
    pages: list[Read[Page[Meta]]] = await together(
        *(_rows(cluster, settings, budget, resource) for resource in _SEARCHED)
    )
    for resource, rows in zip(_SEARCHED, pages, strict=True):
        for item in rows.value.items if isinstance(rows, Found) else ():
            if not budget.take():
                return NOT_ASKED
            whole = await ask(
                cluster.get(f"/apis/apps/v1/namespaces/{item.namespace}/{resource}/{item.name}"), workload
            )
            if isinstance(whole, Found) and whole.value is not None:
                return Found(whole.value)
    for rows in pages:
        if not isinstance(rows, Found):
            return rows
        if rows.value.more:
            return Unreadable("not-asked", "There are too many workloads to search them all for Immich.")
    return Missing()


async def _rows(cluster: Cluster, settings: Settings, budget: Budget, resource: str) -> Read[Page[Meta]]:
    """Those with Immich's image, by the Images column of one page of rows."""
    if not budget.take():
        return NOT_ASKED
    where = f"namespaces/{settings[IMMICH_NAMESPACE]}/" if settings[IMMICH_NAMESPACE] else ""
    return await ask(cluster.list_page(f"/apis/apps/v1/{where}{resource}", limit=200, form="table"), _immich_rows)


async def _described(
    cluster: Cluster,
    settings: Settings,
    budget: Budget,
    chosen: Workload,
    services: Read[Page[Service]],
    our_claims: Read[Page[Claim]],
    ingresses: Read[Page[Ingress]],
) -> Immich:
    namespace = chosen.meta.namespace
    (service, probe), (claims, sources), pods, own_ingresses = await together(
        _service_and_probe(cluster, budget, chosen, services),
        _storage(cluster, budget, chosen, our_claims if namespace == settings.namespace else None, settings),
        _pods(cluster, budget, chosen),
        _ingresses(cluster, budget, namespace, ingresses),
    )
    return Immich(
        namespace=namespace,
        workload=chosen.meta,
        spec=chosen.spec,
        ready=chosen.ready,
        image=chosen.image,
        service=service.meta.name if service else "",
        port=_port(service) if service else None,
        claims=claims,
        volume_sources=sources,
        pods=pods,
        kind=chosen.kind,
        ingresses=own_ingresses,
        **probe,
    )


async def _service_and_probe(
    cluster: Cluster, budget: Budget, chosen: Workload, services: Read[Page[Service]]
) -> tuple[Service | None, dict[str, Any]]:
    listed_services = found(services)
    service = _serving(chosen, listed_services.items if listed_services else ())
    if service is None and budget.take():
        path = f"/api/v1/namespaces/{chosen.meta.namespace}/services"
        there = found(await ask(cluster.list_page(path, limit=50), _services))
        service = _serving(chosen, there.items if there else ())
    if service is None:
        return None, {"probe_error": f"No Service selects {chosen.meta.name}."}
    return service, await _probe(cluster, budget, service)


async def _probe(cluster: Cluster, budget: Budget, service: Service) -> dict[str, Any]:
    if not budget.take(2):
        return {"probe_error": "It was not asked."}
    version, config = await together(
        _public(cluster, service, "api/server/version"), _public(cluster, service, "api/server/config")
    )
    if isinstance(version, str):
        return {"probe_error": version}
    said = config if isinstance(config, Mapping) else {}
    domain = said.get("externalDomain")
    return {
        "version": ".".join(text(version.get(part)) for part in ("major", "minor", "patch")),
        "initialized": said["isInitialized"] if isinstance(said.get("isInitialized"), bool) else None,
        "external_domain": domain if isinstance(domain, str) else None,
        "maintenance": said["maintenanceMode"] if isinstance(said.get("maintenanceMode"), bool) else None,
        "probe_error": config if isinstance(config, str) else "",
    }


async def _public(cluster: Cluster, service: Service, path: str) -> Mapping[str, Any] | str:
    """A public endpoint's JSON, or a sentence about why there is none."""
    try:
        answer: ServiceAnswer = await cluster.service_get(
            service.meta.namespace, service.meta.name, _port(service), path, seconds=PROBE_SECONDS
        )
    except ClusterError:
        raise
    except WizardError as error:
        return f"{error.what} {error.why}".strip()
    body = answer.json()
    if answer.status != 200 or not isinstance(body, Mapping):
        return f"/{path} answered HTTP {answer.status}."
    return body


async def _storage(
    cluster: Cluster,
    budget: Budget,
    chosen: Workload,
    ours: Read[Page[Claim]] | None,
    settings: Settings,
) -> tuple[dict[str, Read[Claim]], dict[str, str]]:
    names = mounted_claims(chosen.spec, settings)
    if not names:
        return {}, {}
    if ours is None:
        if not budget.take():
            return dict.fromkeys(names, NOT_ASKED), {}
        path = f"/api/v1/namespaces/{chosen.meta.namespace}/persistentvolumeclaims"
        ours = await ask(cluster.list_page(path, limit=100), lambda body: page(body, claim))
    if not isinstance(ours, Found):
        return dict.fromkeys(names, ours), {}
    by_name = {item.meta.name: item for item in ours.value.items}
    claims: dict[str, Read[Claim]] = {name: Found(by_name[name]) if name in by_name else Missing() for name in names}
    bound = [by_name[name] for name in names if name in by_name and by_name[name].volume_name]
    bound_claims = [item for item in bound[:VOLUMES_READ] if budget.take()]
    volumes = await together(
        *(ask(cluster.get(f"/api/v1/persistentvolumes/{item.volume_name}"), persistent_volume) for item in bound_claims)
    )
    pairs = zip(bound_claims, volumes, strict=True)
    return claims, {item.meta.name: read.value.source for item, read in pairs if isinstance(read, Found)}


async def _pods(cluster: Cluster, budget: Budget, chosen: Workload) -> Read[Page[Pod]]:
    """While the server is not ready: its pods, and those of its instance or kind that it can't do without."""
    if chosen.ready or not budget.take():
        return NOT_ASKED
    path = f"/api/v1/namespaces/{chosen.meta.namespace}/pods"
    read = await ask(cluster.list_page(path, limit=PODS_READ), lambda body: page(body, pod))
    return mapped(
        read,
        lambda all_of: Page(tuple(item for item in all_of.items if _belongs(item, chosen)), all_of.more),
    )


def _belongs(candidate: Pod, chosen: Workload) -> bool:
    labels = candidate.meta.labels
    if chosen.match and all(labels.get(key) == value for key, value in chosen.match.items()):
        return True
    instance = chosen.pod_labels.get(INSTANCE)
    if instance and INSTANCE in labels:
        return labels[INSTANCE] == instance
    return any(_OF_IMMICH.search(container.image) for container in candidate.spec.containers)


async def _ingresses(
    cluster: Cluster, budget: Budget, namespace: str, everywhere: Read[Page[Ingress]]
) -> Read[Page[Ingress]]:
    """Those of Immich's namespace, where the list over all namespaces may not be read or does not hold one of them."""
    if isinstance(everywhere, Found):
        ingresses = everywhere.value
        if not ingresses.more or any(item.meta.namespace == namespace for item in ingresses.items):
            return NOT_ASKED
    elif not isinstance(everywhere, Unreadable) or everywhere.reason != "forbidden":
        return NOT_ASKED
    if not budget.take():
        return NOT_ASKED
    path = f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses"
    return await ask(cluster.list_page(path, limit=100), lambda body: page(body, ingress))


def is_server_image(image: str) -> bool:
    """Whether an image is that of Immich's server, of whatever registry."""
    name = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return name in ("immich-server", "immich")


def mounted_claims(spec: PodSpec, settings: Settings) -> list[str]:
    """The claims that a pod mounts, those under the photos' mount path first."""
    claims = {volume.name: volume.ref for volume in spec.volumes if volume.kind == "pvc"}
    mounts = [mount for container in spec.containers for mount in container.mounts if mount.volume in claims]
    mounts.sort(key=lambda mount: not mount.path.startswith((settings[IMMICH_MOUNT], "/external")))
    return list(dict.fromkeys([claims[mount.volume] for mount in mounts] + list(claims.values())))


def workload(body: Any) -> Workload | None:
    """A Deployment or StatefulSet as Workload; None when it does not run Immich's server."""
    spec, status = record(record(body).get("spec")), record(record(body).get("status"))
    template = record(spec.get("template"))
    inside = pod_spec(template.get("spec"))
    image = next((container.image for container in inside.containers if is_server_image(container.image)), None)
    if image is None:
        return None
    match = strings(record(spec.get("selector")).get("matchLabels"))
    labels = strings(record(template.get("metadata")).get("labels"))
    ready = (number(status.get("readyReplicas")) or 0) > 0
    kind = text(record(body).get("kind")) or "Deployment"
    return Workload(meta(body), inside, image, ready, kind, match or labels, labels or match)


def _real(candidates: Iterable[Workload | None]) -> list[Workload]:
    return [candidate for candidate in candidates if candidate is not None]


def _workloads(body: Any) -> Page[Workload | None]:
    return page(body, workload)


def _services(body: Any) -> Page[Service]:
    return page(body, _service)


def _service(body: Any) -> Service:
    spec = record(record(body).get("spec"))
    ports = (number(port.get("port")) for port in records(spec.get("ports")))
    return Service(meta(body), tuple(port for port in ports if port), strings(spec.get("selector")))


def _serving(chosen: Workload, services: Iterable[Service]) -> Service | None:
    here = [service for service in services if service.meta.namespace == chosen.meta.namespace and service.ports]
    named = [service for service in here if service.meta.name in (SERVICE_NAME, chosen.meta.name)]
    led = [
        service
        for service in here
        if service.selector and all(chosen.pod_labels.get(key) == value for key, value in service.selector.items())
    ]
    return next(iter([*named, *led]), None)


def _port(service: Service) -> int:
    return next((port for port in PORTS if port in service.ports), service.ports[0])


def _immich_rows(table: Any) -> Page[Meta]:
    columns = [text(column.get("name")) for column in records(record(table).get("columnDefinitions"))]
    place = columns.index("Images") if "Images" in columns else None
    rows = records(record(table).get("rows"))
    chosen = [
        meta(row.get("object"))
        for row in rows
        if place is not None
        and len(listed(row.get("cells"))) > place
        and any(is_server_image(image) for image in text(row["cells"][place]).split(","))
    ]
    return Page(tuple(chosen), bool(record(record(table).get("metadata")).get("continue")))
