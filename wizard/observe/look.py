"""One look at the cluster: everything the diagnoses need, concurrently, in at most 25 requests.

First what is always asked, then what the first answers call for. It reads and changes nothing. A further account may add
three: its Secret and two logs. Not counted are access reviews and further pages of lists in our own namespace; of other
people's kinds one page is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from wizard.accounts import AccountNames, seen_accounts
from wizard.choices import CONFIG_MAP, PHOTOS_CLAIM, SERVICE_ACCOUNT
from wizard.command import kubectl
from wizard.kube.client import Cluster
from wizard.kube.errors import Unreachable
from wizard.model import ClusterRef
from wizard.observe import parse
from wizard.observe.applications import APPLICATIONS, find_application, find_parent
from wizard.observe.immich import Hints, find_immich, hints
from wizard.observe.jobs import newest_jobs
from wizard.observe.json_values import page
from wizard.observe.parse_application import application
from wizard.observe.pods import Pods, auth_logs, auth_pods, first_pods, other_pods, runs, watched_jobs
from wizard.observe.reads import Budget, ask, found, together, whole
from wizard.observe.rights import access, everything, reading
from wizard.plan import Right
from wizard.settings import Settings
from wizard.world import (
    NOT_ASKED,
    Application,
    Claim,
    Event,
    Found,
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
PER_FURTHER_ACCOUNT = 3
ACCOUNTS = 8
ALWAYS = 15
ARGO_NAMESPACE = "argocd"
EXTRA_OBJECTS = 6
EVENTS_READ, EVENTS_KEPT = 250, 60


def nothing(_: World, __: Settings) -> Iterable[Right]:
    """No rights beyond those of the look itself."""
    return ()


async def observe(
    cluster: Cluster,
    settings: Settings,
    now: datetime,
    rights: Callable[[World, Settings], Iterable[Right]] = nothing,
) -> World:
    """What there is to see. Raises ClusterError when the cluster can't be asked at all; all else is in the World.

    `rights` gives the rights that changing such a world would take: the server is asked about them as well.
    """
    before = cluster.counts.requests
    budget = Budget(REQUESTS + _for_accounts(settings.accounts))
    namespace_path = f"/api/v1/namespaces/{settings.namespace}"
    accounts = [AccountNames.of(name, settings) for name in settings.accounts]
    secret_names = [account_names.secret for account_names in accounts]
    secrets = secret_names[:ACCOUNTS]
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
        whole(cluster, f"{namespace_path}/persistentvolumeclaims", parse.claim, limit=500),
        ask(cluster.get(f"{namespace_path}/configmaps/{settings[CONFIG_MAP]}"), parse.config_map),
        ask(cluster.get(f"{namespace_path}/serviceaccounts/{settings[SERVICE_ACCOUNT]}"), parse.service_account),
        whole(cluster, f"/apis/batch/v1/namespaces/{settings.namespace}/cronjobs", parse.cron_job, limit=100),
        first_pods(cluster, namespace_path),
        ask(cluster.list_page(f"{namespace_path}/events", limit=EVENTS_READ, fields="type=Warning"), _newest_events),
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
        *(ask(cluster.get(f"{namespace_path}/secrets/{name}"), parse.secret_keys) for name in secrets),
    )
    first = World(
        taken_at=now,
        cluster=ClusterRef(cluster.context, cluster.server, uid, cluster.ca_sha256),
        latency_ms=cluster.latency_ms,
        version=version,
        namespace=namespace,
        storage_classes=classes,
        claims=claims,
        secrets=dict.fromkeys(secret_names, NOT_ASKED) | dict(zip(secrets, read_secrets, strict=True)),
        config_maps={settings[CONFIG_MAP]: config_map},
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
    second = await _second_wave(cluster, settings, budget, first, pods, immich_hints)
    questions = (*reading(settings.namespace), *rights(second, settings))
    answers = await access(cluster, questions, all_granted=all_granted)
    return replace(second, requests=cluster.counts.requests - before, access=answers)


async def _second_wave(
    cluster: Cluster,
    settings: Settings,
    budget: Budget,
    world: World,
    pods: Pods,
    immich_hints: Hints,
) -> World:
    namespace_path = f"/api/v1/namespaces/{settings.namespace}"
    accounts = seen_accounts(settings, [cron_job.meta.name for cron_job in _items(world.cron_jobs)])
    budget.add(_for_accounts(accounts) - _for_accounts(settings.accounts))
    names = [AccountNames.of(account, settings).cron_job for account in accounts][:ACCOUNTS]
    for_logs = Budget(sum(1 for name in names if watched_jobs(_items(world.jobs), [name]) and budget.take()))
    specs = [owner.spec for owner in (*_items(world.cron_jobs), *auth_pods(_items(world.pods))[:1])]
    more_secrets = [name for name in _referenced(specs, "secret") if name not in world.secrets]
    more_maps = [name for name in _referenced(specs, "configMap") if name not in world.config_maps]
    (
        (application_read, parent),
        runs_of_ours,
        (others, logs_of_signing_in),
        volumes,
        immich,
        extra_secrets,
        extra_maps,
    ) = await together(
        _application(cluster, settings, budget, world),
        runs(cluster, settings.namespace, budget, for_logs, world.jobs, names, pods),
        _others(cluster, namespace_path, budget, pods),
        _volumes(cluster, budget, world.claims, settings),
        find_immich(cluster, settings, budget, immich_hints, world.claims, world.ingresses),
        _objects(cluster, budget, f"{namespace_path}/secrets", more_secrets, parse.secret_keys),
        _objects(cluster, budget, f"{namespace_path}/configmaps", more_maps, parse.config_map),
    )
    return replace(
        world,
        volumes=volumes,
        secrets={**world.secrets, **extra_secrets},
        config_maps={**world.config_maps, **extra_maps},
        jobs=runs_of_ours.jobs,
        pods=others,
        job_pods=runs_of_ours.pods,
        application=application_read,
        parent_application=parent,
        immich=immich,
        auth_logs=logs_of_signing_in,
        sync_logs=runs_of_ours.logs,
    )


async def _version(cluster: Cluster) -> Read[Any]:
    read = await ask(cluster.get("/version"), parse.server_version)
    if isinstance(read, Unreadable) and read.reason == "timeout":
        raise Unreachable(
            "kube.timeout",
            f"The cluster at {cluster.server} can't be reached.",
            why="It accepts connections but does not answer.",
            fix="Check that the cluster is up and not overloaded, then try again.",
            commands=(kubectl("version"),),
        )
    return read


async def _namespaces(cluster: Cluster, name: str, budget: Budget) -> tuple[str | None, Read[Namespace]]:
    labels = f"kubernetes.io/metadata.name in (kube-system,{name})"
    listed = await ask(
        cluster.list_page("/api/v1/namespaces", labels=labels, limit=10), lambda body: page(body, parse.namespace)
    )
    both = found(listed)
    if both is not None:
        by_name = {namespace.meta.name: namespace for namespace in both.items}
        system = by_name.get("kube-system")
        return system.meta.uid if system else None, Found(by_name[name]) if name in by_name else Missing()
    if not budget.take(2):
        return None, NOT_ASKED
    system_read, own_read = await together(
        *(
            ask(cluster.get(f"/api/v1/namespaces/{wanted_name}"), parse.namespace)
            for wanted_name in ("kube-system", name)
        )
    )
    system = found(system_read)
    return system.meta.uid if system else None, own_read


async def _applications(cluster: Cluster, budget: Budget) -> Read[Page[Application]]:
    read = await ask(cluster.list_page(APPLICATIONS, limit=50), lambda body: page(body, application))
    if isinstance(read, Unreadable) and read.reason == "forbidden" and budget.take():
        path = f"/apis/argoproj.io/v1alpha1/namespaces/{ARGO_NAMESPACE}/applications"
        argo_read = await ask(cluster.list_page(path, limit=50), lambda body: page(body, application))
        return argo_read if isinstance(argo_read, Found) else read
    return read


async def _application(
    cluster: Cluster, settings: Settings, budget: Budget, world: World
) -> tuple[Read[Application], Read[Application]]:
    ours = await find_application(cluster, settings, budget, world)
    return ours, await find_parent(cluster, budget, world.applications, ours)


async def _others(
    cluster: Cluster, namespace_path: str, budget: Budget, pods: Pods
) -> tuple[Read[Page[Pod]], dict[str, Read[LogTail]]]:
    others = await other_pods(cluster, namespace_path, budget, pods)
    return others, await auth_logs(cluster, budget, auth_pods(_items(others)))


async def _volumes(
    cluster: Cluster, budget: Budget, claims: Read[Page[Claim]], settings: Settings
) -> dict[str, Read[PersistentVolume]]:
    photos = next(
        (claim for claim in _items(claims) if claim.meta.name == settings[PHOTOS_CLAIM] and claim.volume_name), None
    )
    if photos is None:
        return {}
    if not budget.take():
        return {settings[PHOTOS_CLAIM]: NOT_ASKED}
    path = f"/api/v1/persistentvolumes/{photos.volume_name}"
    return {settings[PHOTOS_CLAIM]: await ask(cluster.get(path), parse.persistent_volume)}


async def _objects(cluster: Cluster, budget: Budget, path: str, names: list[str], of: Any) -> dict[str, Read[Any]]:
    affordable = [name for name in names[:EXTRA_OBJECTS] if budget.take()]
    answers = await together(*(ask(cluster.get(f"{path}/{name}"), of) for name in affordable))
    return dict.fromkeys(names, NOT_ASKED) | dict(zip(affordable, answers, strict=True))


def _for_accounts(accounts: tuple[str, ...]) -> int:
    """How many requests all accounts but the first may add."""
    return PER_FURTHER_ACCOUNT * (min(len(accounts), ACCOUNTS) - 1)


def _newest_events(body: Any) -> Page[Event]:
    whole = page(body, parse.event)
    ordered = sorted(
        whole.items, key=lambda event: event.last_seen.timestamp() if event.last_seen else 0.0, reverse=True
    )
    return Page(tuple(ordered[:EVENTS_KEPT]), whole.more or len(ordered) > EVENTS_KEPT)


def _referenced(specs: Iterable[PodSpec], kind: str) -> list[str]:
    source = kind.lower()
    names: list[str] = []
    for spec in specs:
        names += [volume.ref for volume in spec.volumes if volume.kind == kind]
        for container in spec.containers:
            names += [variable.source_name for variable in container.env if variable.source == source]
            names += [
                reference.partition("/")[2] for reference in container.env_from if reference.startswith(f"{source}/")
            ]
    return list(dict.fromkeys(name for name in names if name))


def _items(read: Read[Page[Any]]) -> tuple[Any, ...]:
    listed = found(read)
    return listed.items if listed is not None else ()
