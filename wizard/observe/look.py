"""One look at the cluster: everything the seven diagnoses need, concurrently, in at most 25 requests.

First what is always asked, then what the first answers call for. It reads and changes nothing. Not counted are access
reviews and further pages of lists in our own namespace; of other people's kinds one page is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wizard.errors import Trouble
from wizard.kube.client import Cluster
from wizard.kube.errors import Unreachable
from wizard.model import ClusterRef
from wizard.observe import parse
from wizard.observe.asking import Budget, ask, found, mapped, together, unread
from wizard.observe.jobs import is_whole, newest_jobs, newest_of
from wizard.observe.look_argo import APPLICATIONS, find_application, find_parent
from wizard.observe.look_immich import Hints, find_immich, hints
from wizard.observe.parse_argo import application
from wizard.observe.parse_pod import pod
from wizard.observe.raw import page
from wizard.observe.rights import everything, rights
from wizard.settings import AUTH_POD, CONFIG_MAP, PHOTOS_CLAIM, SERVICE_ACCOUNT, AccountNames, Settings
from wizard.world import (
    NOT_ASKED,
    Application,
    Claim,
    CronJob,
    Event,
    Found,
    Job,
    LogTail,
    Missing,
    Namespace,
    Page,
    PersistentVolume,
    Pod,
    PodSpec,
    Read,
    Unreadable,
    World,
)

REQUESTS = 25
ALWAYS = 15
SECRETS = 5
ARGO_NAMESPACE = "argocd"
JOBS_PER_CRON_JOB = 2
EXTRA_OBJECTS = 6
EVENTS_READ, EVENTS_KEPT = 250, 60
AUTH_LINES, SYNC_LINES, LOG_BYTES = 60, 200, 65536
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class _Pods:
    """The pods of our namespace; `all_seen` when one page held them all, else Jobs' pods are still to be asked for."""

    others: Read[Page[Pod]]
    of_jobs: Read[Page[Pod]]
    all_seen: bool


async def observe(cluster: Cluster, settings: Settings, now: datetime) -> World:
    """What there is to see. Raises ClusterTrouble when the cluster can't be asked at all; all else is in the World."""
    before = cluster.counts.requests
    budget = Budget(REQUESTS)
    own = f"/api/v1/namespaces/{settings.namespace}"
    accounts = [AccountNames.of(name) for name in settings.accounts]
    wanted = [one.secret for one in accounts]
    secrets = wanted[:SECRETS]
    budget.take(ALWAYS + len(secrets))
    (
        version,
        jobs,
        (uid, namespace),
        claims,
        config_map,
        account,
        cron_jobs,
        pods,
        events,
        classes,
        ingress_classes,
        ingresses,
        applications,
        immich_hints,
        all_granted,
        *read_secrets,
    ) = await together(
        _version(cluster),
        newest_jobs(cluster, settings.namespace),
        _namespaces(cluster, settings.namespace, budget),
        ask(cluster.list_page(f"{own}/persistentvolumeclaims"), lambda body: page(body, parse.claim)),
        ask(cluster.get(f"{own}/configmaps/{CONFIG_MAP}"), parse.config_map),
        ask(cluster.get(f"{own}/serviceaccounts/{SERVICE_ACCOUNT}"), parse.service_account),
        ask(
            cluster.list_page(f"/apis/batch/v1/namespaces/{settings.namespace}/cronjobs", limit=50),
            lambda body: page(body, parse.cron_job),
        ),
        _pods(cluster, own),
        ask(cluster.list_page(f"{own}/events", limit=EVENTS_READ, fields="type=Warning"), _newest_events),
        ask(
            cluster.list_page("/apis/storage.k8s.io/v1/storageclasses", limit=50),
            lambda body: page(body, parse.storage_class),
        ),
        ask(
            cluster.list_page("/apis/networking.k8s.io/v1/ingressclasses", limit=50),
            lambda body: page(body, parse.ingress_class),
        ),
        ask(
            cluster.list_page("/apis/networking.k8s.io/v1/ingresses", limit=100),
            lambda body: page(body, parse.ingress),
        ),
        _applications(cluster, budget),
        hints(cluster, settings, budget),
        everything(cluster),
        *(ask(cluster.get(f"{own}/secrets/{name}"), parse.secret_keys) for name in secrets),
    )
    first = World(
        taken_at=now,
        cluster=ClusterRef(cluster.context, cluster.server, uid, cluster.ca_sha256),
        latency_ms=cluster.latency_ms,
        version=version,
        namespace=namespace,
        storage_classes=classes,
        claims=claims,
        secrets=dict.fromkeys(wanted, NOT_ASKED) | dict(zip(secrets, read_secrets, strict=True)),
        config_maps={CONFIG_MAP: config_map},
        service_account=account,
        cron_jobs=cron_jobs,
        jobs=jobs,
        pods=pods.others,
        job_pods=pods.of_jobs,
        events=events,
        ingress_classes=ingress_classes,
        ingresses=ingresses,
        applications=applications,
    )
    return await _second_wave(cluster, settings, budget, first, pods, immich_hints, before, all_granted=all_granted)


async def _second_wave(
    cluster: Cluster,
    settings: Settings,
    budget: Budget,
    world: World,
    pods: _Pods,
    immich_hints: Hints,
    before: int,
    *,
    all_granted: bool,
) -> World:
    own = f"/api/v1/namespaces/{settings.namespace}"
    cron_jobs = _items(world.cron_jobs)
    watched = _watched_jobs(_items(world.jobs), cron_jobs, settings)
    auth_pod = _auth_pod(world.pods)
    specs = [one.spec for one in cron_jobs] + ([auth_pod.spec] if auth_pod else [])
    more_secrets = [name for name in _referenced(specs, "secret") if name not in world.secrets]
    more_maps = [name for name in _referenced(specs, "configMap") if name not in world.config_maps]
    (
        (application_read, parent),
        (jobs, job_pods, sync_log),
        auth_log,
        others,
        volumes,
        immich,
        extra_secrets,
        extra_maps,
    ) = await together(
        _application(cluster, settings, budget, world),
        _job_side(cluster, settings, budget, world.jobs, watched, pods),
        _log(cluster, budget, auth_pod, AUTH_LINES),
        _other_pods(cluster, own, budget, pods),
        _volumes(cluster, budget, world.claims),
        find_immich(cluster, settings, budget, immich_hints, world.claims),
        _objects(cluster, budget, f"{own}/secrets", more_secrets, parse.secret_keys),
        _objects(cluster, budget, f"{own}/configmaps", more_maps, parse.config_map),
    )
    argo = found(application_read)
    place = found(immich)
    access = await rights(
        cluster,
        settings.namespace,
        argo.meta.namespace if argo else ARGO_NAMESPACE,
        settings.immich_namespace or (place.namespace if place else "immich"),
        all_granted=all_granted,
    )
    return World(
        taken_at=world.taken_at,
        cluster=world.cluster,
        latency_ms=world.latency_ms,
        requests=cluster.counts.requests - before,
        version=world.version,
        access=access,
        namespace=world.namespace,
        storage_classes=world.storage_classes,
        claims=world.claims,
        volumes=volumes,
        secrets={**world.secrets, **extra_secrets},
        config_maps={**world.config_maps, **extra_maps},
        service_account=world.service_account,
        cron_jobs=world.cron_jobs,
        jobs=jobs,
        pods=others,
        job_pods=job_pods,
        events=world.events,
        ingress_classes=world.ingress_classes,
        ingresses=world.ingresses,
        applications=world.applications,
        application=application_read,
        parent_application=parent,
        immich=immich,
        auth_log=auth_log,
        sync_log=sync_log,
    )


async def _version(cluster: Cluster) -> Read[Any]:
    read = await ask(cluster.get("/version"), parse.server_version)
    if isinstance(read, Unreadable) and read.reason == "timeout":
        raise Unreachable(
            "kube.timeout",
            f"The cluster at {cluster.server} can't be reached.",
            why="It takes connections but does not answer.",
            fix="Check that the cluster is up and not overloaded, then try again.",
            commands=("kubectl version",),
        )
    return read


async def _namespaces(cluster: Cluster, name: str, budget: Budget) -> tuple[str | None, Read[Namespace]]:
    labels = f"kubernetes.io/metadata.name in (kube-system,{name})"
    listed = await ask(
        cluster.list_page("/api/v1/namespaces", labels=labels, limit=10), lambda body: page(body, parse.namespace)
    )
    both = found(listed)
    if both is not None:
        by_name = {one.meta.name: one for one in both.items}
        system = by_name.get("kube-system")
        return system.meta.uid if system else None, Found(by_name[name]) if name in by_name else Missing()
    if not budget.take(2):
        return None, NOT_ASKED
    system_read, own_read = await together(
        *(ask(cluster.get(f"/api/v1/namespaces/{one}"), parse.namespace) for one in ("kube-system", name))
    )
    system = found(system_read)
    return system.meta.uid if system else None, own_read


async def _pods(cluster: Cluster, own: str) -> _Pods:
    whole = await ask(cluster.list_page(f"{own}/pods", limit=40), lambda body: page(body, pod))
    if not isinstance(whole, Found):
        return _Pods(whole, whole, all_seen=True)
    if whole.value.more:
        return _Pods(NOT_ASKED, NOT_ASKED, all_seen=False)
    theirs = tuple(one for one in whole.value.items if _is_of_job(one))
    others = tuple(one for one in whole.value.items if not _is_of_job(one))
    return _Pods(Found(Page(others)), Found(Page(theirs)), all_seen=True)


async def _applications(cluster: Cluster, budget: Budget) -> Read[Page[Application]]:
    read = await ask(cluster.list_page(APPLICATIONS, limit=50), lambda body: page(body, application))
    if isinstance(read, Unreadable) and read.reason == "forbidden" and budget.take():
        path = f"/apis/argoproj.io/v1alpha1/namespaces/{ARGO_NAMESPACE}/applications"
        there = await ask(cluster.list_page(path, limit=50), lambda body: page(body, application))
        return there if isinstance(there, Found) else read
    return read


async def _application(
    cluster: Cluster, settings: Settings, budget: Budget, world: World
) -> tuple[Read[Application], Read[Application]]:
    ours = await find_application(cluster, settings, budget, world)
    return ours, await find_parent(cluster, budget, world.applications, ours)


async def _job_side(
    cluster: Cluster, settings: Settings, budget: Budget, jobs: Read[Page[Job]], watched: list[Job], pods: _Pods
) -> tuple[Read[Page[Job]], Read[Page[Pod]], Read[LogTail]]:
    own = settings.namespace
    rows = [one for one in watched[:1] if not is_whole(one) and one.state != "running"]
    whole, job_pods = await together(
        _objects(cluster, budget, f"/apis/batch/v1/namespaces/{own}/jobs", [one.meta.name for one in rows], parse.job),
        _job_pods(cluster, own, budget, watched, pods),
    )
    read = {name: one.value for name, one in whole.items() if isinstance(one, Found)}
    better = mapped(jobs, lambda one: Page(tuple(read.get(job.meta.name, job) for job in one.items), one.more))
    return better, job_pods, await _log(cluster, budget, _newest_pod(job_pods, watched), SYNC_LINES)


async def _job_pods(
    cluster: Cluster, namespace: str, budget: Budget, watched: list[Job], pods: _Pods
) -> Read[Page[Pod]]:
    names = {one.meta.name for one in watched}
    if pods.all_seen:
        return mapped(pods.of_jobs, lambda one: Page(tuple(pod for pod in one.items if _job_of(pod) in names)))
    if not names:
        return Found(Page())
    if not budget.take():
        return NOT_ASKED
    labels = f"batch.kubernetes.io/job-name in ({','.join(sorted(names))})"
    return await ask(
        cluster.list_page(f"/api/v1/namespaces/{namespace}/pods", labels=labels, limit=40),
        lambda body: page(body, pod),
    )


async def _other_pods(cluster: Cluster, own: str, budget: Budget, pods: _Pods) -> Read[Page[Pod]]:
    if pods.all_seen:
        return pods.others
    if not budget.take():
        return NOT_ASKED
    return await ask(
        cluster.list_page(f"{own}/pods", labels="!batch.kubernetes.io/job-name", limit=50),
        lambda body: page(body, pod),
    )


async def _log(cluster: Cluster, budget: Budget, source: Pod | None, lines: int) -> Read[LogTail]:
    if source is None:
        return Missing()
    if all(one.state == "waiting" and not one.restarts for one in source.containers):
        return Missing()
    if not budget.take():
        return NOT_ASKED
    container = source.spec.containers[0].name if source.spec.containers else ""
    name = source.meta.name
    try:
        text = await cluster.log(source.meta.namespace, name, container, tail=lines, limit_bytes=LOG_BYTES)
    except Trouble as trouble:
        return unread(trouble)
    return Found(LogTail(name, clean_lines(text)))


async def _volumes(cluster: Cluster, budget: Budget, claims: Read[Page[Claim]]) -> dict[str, Read[PersistentVolume]]:
    photos = next((one for one in _items(claims) if one.meta.name == PHOTOS_CLAIM and one.volume_name), None)
    if photos is None:
        return {}
    if not budget.take():
        return {PHOTOS_CLAIM: NOT_ASKED}
    path = f"/api/v1/persistentvolumes/{photos.volume_name}"
    return {PHOTOS_CLAIM: await ask(cluster.get(path), parse.persistent_volume)}


async def _objects(cluster: Cluster, budget: Budget, path: str, names: list[str], of: Any) -> dict[str, Read[Any]]:
    asked = [name for name in names[:EXTRA_OBJECTS] if budget.take()]
    answers = await together(*(ask(cluster.get(f"{path}/{name}"), of) for name in asked))
    return dict.fromkeys(names, NOT_ASKED) | dict(zip(asked, answers, strict=True))


def clean_lines(text: str) -> tuple[str, ...]:
    """A log as lines, without colour codes; of a line that redrew itself the last state."""
    plain = _COLOUR.sub("", text).replace("\r\n", "\n")
    return tuple(line.rstrip("\r").rpartition("\r")[2] for line in plain.rstrip("\n").split("\n")) if plain else ()


def _newest_events(body: Any) -> Page[Event]:
    whole = page(body, parse.event)
    ordered = sorted(whole.items, key=lambda one: one.last_seen.timestamp() if one.last_seen else 0.0, reverse=True)
    return Page(tuple(ordered[:EVENTS_KEPT]), whole.more or len(ordered) > EVENTS_KEPT)


def _watched_jobs(jobs: Iterable[Job], cron_jobs: Iterable[CronJob], settings: Settings) -> list[Job]:
    listed = list(jobs)
    names = [AccountNames.of(one).cron_job for one in settings.accounts]
    names += [one.meta.name for one in cron_jobs if one.meta.name not in names]
    chosen = {one.meta.name for name in names for one in newest_of(listed, name, JOBS_PER_CRON_JOB)}
    return [one for one in listed if one.meta.name in chosen]


def _newest_pod(pods: Read[Page[Pod]], watched: list[Job]) -> Pod | None:
    for one in watched:
        theirs: list[Pod] = [pod for pod in _items(pods) if _job_of(pod) == one.meta.name]
        if theirs:
            return max(theirs, key=lambda pod: (pod.meta.created or one.meta.created or _NEVER, pod.meta.name))
    return None


def _auth_pod(pods: Read[Page[Pod]]) -> Pod | None:
    named = [one for one in _items(pods) if one.meta.name == AUTH_POD]
    alike = [one for one in _items(pods) if one.meta.name.startswith(f"{AUTH_POD}-")]
    return next(iter(named + alike), None)


def _is_of_job(one: Pod) -> bool:
    return bool(_job_of(one))


def _job_of(one: Pod) -> str:
    labels = one.meta.labels
    return labels.get("batch.kubernetes.io/job-name") or labels.get("job-name") or ""


def _referenced(specs: Iterable[PodSpec], kind: str) -> list[str]:
    source = kind.lower()
    names: list[str] = []
    for spec in specs:
        names += [volume.ref for volume in spec.volumes if volume.kind == kind]
        for container in spec.containers:
            names += [one.source_name for one in container.env if one.source == source]
            names += [one.partition("/")[2] for one in container.env_from if one.startswith(f"{source}/")]
    return list(dict.fromkeys(name for name in names if name))


def _items(read: Read[Page[Any]]) -> tuple[Any, ...]:
    held = found(read)
    return held.items if held is not None else ()
