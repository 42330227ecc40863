"""Worlds for the diagnoses: one where all is done, the seed's own, and small changes to them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from tests.names import PHOTOS_CLAIM
from wizard.annotations import (
    INSTANTIATE,
    LIBRARY,
    RUNBOOK_WRITTEN_AT,
    SESSION_EXPIRES_AT,
    SESSION_VERIFIED_AT,
    SYNC_OPTIONS,
    TRACKING_ID,
    VERIFIED_AT,
    VERIFIED_COUNTS,
)
from wizard.model import ClusterRef
from wizard.settings import Settings
from wizard.world import (
    Access,
    Application,
    AppResource,
    AppSource,
    Claim,
    ConfigMap,
    Container,
    ContainerState,
    CronJob,
    Event,
    Found,
    Immich,
    Ingress,
    IngressClass,
    IngressRule,
    Job,
    LogTail,
    Meta,
    Missing,
    Mount,
    Namespace,
    Page,
    PersistentVolume,
    Pod,
    PodSpec,
    PodVolume,
    Read,
    SecretKeys,
    ServerVersion,
    ServiceAccount,
    StorageClass,
    Unreadable,
    World,
)

T = TypeVar("T")
NOW = datetime(2026, 11, 24, 6, 50, tzinfo=UTC)
NS = "photo-sync"
REVISION = "9c4de0d1b6c75aa4b0d3d2f0a7d1d55c7c1b2a90"
OLDER = "e829dc496d82f3492e041df2d53bbb0c884d2e1e"
SETTINGS = Settings()
FORBIDDEN = Unreadable("forbidden", "User you cannot do that.")
PASSWORD_LINES = (
    "cat: /credentials/password: No such file or directory",
    "argument -p/--password: expected one argument",
)
GOOD_SCRIPT = """\
/app/icloudpd --directory /photos/icloud-import \\
  --username "$(cat /credentials/username)" --password-provider parameter \\
  --cookie-directory /config --folder-structure "{:%Y/%m}" --log-level info
"""
SEED_SCRIPT = """\
/opt/icloudpd/bin/icloudpd \\
  --directory /photos/icloud-import \\
  --username $(cat /credentials/username) \\
  --password $(cat /credentials/password) \\
  --cookie-directory /config --folder-structure "{:%Y/%m}" --until-found 50
"""
AUTH_SCRIPT = (
    "/opt/icloudpd/bin/icloudpd --username $(cat /credentials/username) --password $(cat /credentials/password)"
    " --cookie-directory /config --auth-only && sleep 3600"
)
GOOD_LOG = (
    "2026-11-24 03:00:02 INFO     Processing user: you@example.com",
    "2026-11-24 03:00:09 INFO     Downloading 12431 original photos and videos to /photos/icloud-import ...",
    "2026-11-24 03:04:00 INFO     All photos and videos have been downloaded",
)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def meta(name: str, namespace: str = NS, **fields: Any) -> Meta:
    return Meta(name, namespace, uid=f"uid-{namespace}-{name}", **({"created": ago(days=40)} | fields))


def tracked(kind: str, name: str, app: str = "photo-sync", **annotations: str) -> dict[str, str]:
    return {TRACKING_ID: f"{app}:{kind}:{NS}/{name}", **annotations}


def page(*items: T, more: bool = False) -> Found[Page[T]]:
    return Found(Page(items, more))


def list_of(read: Read[Page[T]]) -> tuple[T, ...]:
    assert isinstance(read, Found)
    return read.value.items


def pod_spec(script: str, image: str = "icloudpd/icloudpd:1.32.3", **container: Any) -> PodSpec:
    return PodSpec(
        containers=(
            Container(
                "icloudpd",
                image,
                command=("/bin/sh", "-c", script),
                mounts=(
                    Mount("credentials", "/credentials", read_only=True),
                    Mount("config", "/config"),
                    Mount("photos", "/photos"),
                ),
                **container,
            ),
        ),
        volumes=(
            PodVolume("credentials", "secret", "icloud-credentials"),
            PodVolume("config", "pvc", "icloudpd-config"),
            PodVolume("photos", "pvc", PHOTOS_CLAIM),
        ),
        service_account="icloudpd",
        restart_policy="Never",
    )


def claim(name: str, size: str, **fields: Any) -> Claim:
    annotations = tracked("/PersistentVolumeClaim", name, **{SYNC_OPTIONS: "Prune=false,Delete=false"})
    base = Claim(
        meta(name, annotations=annotations), "Bound", "local-path", ("ReadWriteOnce",), size, size, f"pvc-{name}"
    )
    return replace(base, **fields)


def annotated(one: Claim, **annotations: str | None) -> Claim:
    merged = {**one.meta.annotations, **annotations}
    kept = {key: value for key, value in merged.items() if value is not None}
    return replace(one, meta=replace(one.meta, annotations=kept))


def cron_job(**fields: Any) -> CronJob:
    base = CronJob(
        meta("icloudpd-sync", annotations=tracked("batch/CronJob", "icloudpd-sync")),
        schedule="0 3 * * *",
        time_zone="America/Phoenix",
        suspend=False,
        concurrency="Forbid",
        backoff_limit=0,
        deadline_seconds=86400,
        spec=pod_spec(GOOD_SCRIPT, env_from=("configmap/icloudpd-config",)),
        last_schedule=ago(hours=8),
        last_success=ago(hours=8),
    )
    return replace(base, **fields)


def job(name: str = "icloudpd-sync-29409480", state: str = "complete", *, manual: bool = False, **fields: Any) -> Job:
    started = fields.pop("started", ago(hours=8))
    about = meta(
        name,
        owner="CronJob/icloudpd-sync",
        created=started,
        annotations={INSTANTIATE: "manual"} if manual else {},
    )
    return Job(
        about, state, started=started, finished=started + timedelta(minutes=4) if state != "running" else None, **fields
    )


def job_pod(of: Job, *states: ContainerState, **fields: Any) -> Pod:
    base = Pod(
        meta(f"{of.meta.name}-abcde", owner=f"Job/{of.meta.name}", created=of.started),
        pod_spec(GOOD_SCRIPT),
        "Running" if of.state == "running" else "Succeeded",
        node="node-1",
        containers=states,
    )
    return replace(base, **fields)


def log_of(run: Job, *lines: str) -> dict[str, Read[LogTail]]:
    return {run.meta.name: Found(LogTail(job_pod(run).meta.name, lines))}


def auth_pod(script: str = AUTH_SCRIPT, **fields: Any) -> Pod:
    base = Pod(
        meta("icloudpd-auth", created=ago(minutes=20)),
        pod_spec(script, "boredazfcuk/icloudpd:1.2.3", stdin=True, tty=True),
        "Running",
        node="node-1",
        containers=(ContainerState("icloudpd", "running", ready=True),),
    )
    return replace(base, **fields)


def application(**fields: Any) -> Application:
    resources = [
        AppResource("ConfigMap", "icloudpd-config", NS, status="Synced"),
        AppResource("CronJob", "icloudpd-sync", NS, "batch", "Synced"),
        AppResource("PersistentVolumeClaim", "icloudpd-config", NS, status="Synced"),
        AppResource("PersistentVolumeClaim", PHOTOS_CLAIM, NS, status="Synced"),
        AppResource("ServiceAccount", "icloudpd", NS, status="Synced"),
    ]
    base = Application(
        meta(
            "photo-sync", "argocd", annotations={TRACKING_ID: "app-of-apps:argoproj.io/Application:argocd/photo-sync"}
        ),
        "default",
        (AppSource("https://github.com/you/homelab", "master", "apps/photo-sync"),),
        NS,
        automated=True,
        prune=True,
        self_heal=True,
        looked_at=True,
        sync="Synced",
        health="Healthy",
        compared_revision=REVISION,
        operation_phase="Succeeded",
        operation_message="successfully synced (all tasks run)",
        operation_revision=REVISION,
        resources=tuple(resources),
    )
    return replace(base, **fields)


def immich(**fields: Any) -> Immich:
    base = Immich(
        namespace=NS,
        workload=meta("immich-server"),
        spec=PodSpec(
            (
                Container(
                    "main",
                    "ghcr.io/immich-app/immich-server:v2.7.5",
                    mounts=(Mount("library", "/data"), Mount("icloud", "/external/icloud", read_only=True)),
                    probe_paths=("/api/server/ping",),
                ),
            ),
            (PodVolume("library", "pvc", "immich-library"), PodVolume("icloud", "pvc", PHOTOS_CLAIM)),
        ),
        ready=True,
        image="ghcr.io/immich-app/immich-server:v2.7.5",
        service="immich-server",
        port=2283,
        version="2.7.5",
        initialized=True,
        external_domain="https://immich.example.com",
        maintenance=False,
        claims={PHOTOS_CLAIM: Found(claim(PHOTOS_CLAIM, "100Gi"))},
        volume_sources={PHOTOS_CLAIM: "hostPath: /opt/photos"},
    )
    return replace(base, **fields)


def ingress(**fields: Any) -> Ingress:
    base = Ingress(
        meta("immich-ingress"),
        "traefik",
        (IngressRule("immich.example.com", "/", "immich-server", "2283"),),
        ("immich.example.com",),
        tls=True,
        addresses=("192.168.1.20",),
    )
    return replace(base, **fields)


def complete() -> World:
    """All seven iterations complete; nothing to complain about."""
    last, by_hand = job(), job("icloudpd-sync-by-hand", manual=True, started=ago(days=9))
    session = {SESSION_VERIFIED_AT: ago(days=9).isoformat(), SESSION_EXPIRES_AT: (NOW + timedelta(days=21)).isoformat()}
    library = {"import_path": "/external/icloud/icloud-import", "scanned_at": ago(hours=8).isoformat(), "assets": 12431}
    verified = {
        LIBRARY: json.dumps(library),
        VERIFIED_AT: ago(hours=8).isoformat(),
        VERIFIED_COUNTS: json.dumps({"icloud": 12431, "volume": 12431, "immich": 12431}),
        RUNBOOK_WRITTEN_AT: ago(days=8).isoformat(),
    }
    app = application()
    return World(
        taken_at=NOW,
        cluster=ClusterRef("home", "https://192.168.1.20:6443", "uid-kube-system"),
        latency_ms=31.0,
        version=Found(ServerVersion("v1.36.2", 1, 36)),
        access=(Access("create", "pods", NS, allowed=True),),
        namespace=Found(Namespace(meta(NS, ""), "Active")),
        storage_classes=page(
            StorageClass(meta("local-path", ""), "rancher.io/local-path", "WaitForFirstConsumer", "Delete", False, True)
        ),
        claims=page(
            annotated(claim("icloudpd-config", "1Gi"), **session), annotated(claim(PHOTOS_CLAIM, "100Gi"), **verified)
        ),
        volumes={
            PHOTOS_CLAIM: Found(PersistentVolume(meta("pvc-icloud-photos", ""), "Retain", "hostPath: /opt/photos"))
        },
        secrets={"icloud-credentials": Found(SecretKeys(meta("icloud-credentials"), "Opaque", ("username",)))},
        config_maps={
            "icloudpd-config": Found(
                ConfigMap(
                    meta("icloudpd-config", annotations=tracked("/ConfigMap", "icloudpd-config")),
                    {"directory": "/photos"},
                )
            )
        },
        service_account=Found(ServiceAccount(meta("icloudpd"), automount=False)),
        cron_jobs=page(cron_job()),
        jobs=page(last, by_hand),
        pods=page(),
        job_pods=page(job_pod(last)),
        events=page(),
        ingress_classes=page(IngressClass(meta("traefik", ""), "traefik.io/ingress-controller", default=True)),
        ingresses=page(
            ingress(),
            ingress(meta=meta("mealie", "mealie"), rules=(IngressRule("mealie.example.com", "/", "mealie", "80"),)),
        ),
        applications=page(app),
        application=Found(app),
        parent_application=Found(application(meta=meta("app-of-apps", "argocd"))),
        immich=Found(immich()),
        sync_logs=log_of(last, *GOOD_LOG),
    )


def seed() -> World:
    """What the seed document shows, seen for what it is."""
    world = complete()
    unprotected = {
        name: replace(claim(name, size), meta=meta(name, annotations=tracked("/PersistentVolumeClaim", name)))
        for name, size in (("icloudpd-config", "1Gi"), (PHOTOS_CLAIM, "100Gi"))
    }
    photos = replace(unprotected[PHOTOS_CLAIM], phase="Pending", capacity="", volume_name="")
    spec = pod_spec(SEED_SCRIPT, "boredazfcuk/icloudpd:latest")
    app = application(health="Progressing")
    return replace(
        world,
        claims=page(unprotected["icloudpd-config"], photos),
        volumes={},
        cron_jobs=page(
            cron_job(
                schedule="0 3 1 * *",
                backoff_limit=3,
                spec=replace(spec, restart_policy="OnFailure"),
                last_schedule=None,
                last_success=None,
                meta=replace(cron_job().meta, created=ago(hours=5)),
            )
        ),
        jobs=page(),
        job_pods=page(),
        pods=page(auth_pod()),
        auth_logs={"icloudpd-auth": Found(LogTail("icloudpd-auth", PASSWORD_LINES))},
        sync_logs={},
        application=Found(app),
        applications=page(app),
        immich=Missing(),
        ingresses=page(
            ingress(meta=meta("mealie", "mealie"), rules=(IngressRule("mealie.example.com", "/", "mealie", "80"),))
        ),
    )


def with_claim(world: World, name: str, **fields: Any) -> World:
    kept = [replace(one, **fields) if one.meta.name == name else one for one in list_of(world.claims)]
    return replace(world, claims=page(*kept))


def with_annotations(world: World, name: str, **annotations: str | None) -> World:
    kept = [annotated(one, **annotations) if one.meta.name == name else one for one in list_of(world.claims)]
    return replace(world, claims=page(*kept))


def without_claim(world: World, name: str) -> World:
    return replace(world, claims=page(*(one for one in list_of(world.claims) if one.meta.name != name)))


def with_cron(world: World, **fields: Any) -> World:
    return replace(world, cron_jobs=page(*(replace(one, **fields) for one in list_of(world.cron_jobs))))


def with_script(world: World, script: str, **container: Any) -> World:
    return with_cron(world, spec=pod_spec(script, **({"env_from": ("configmap/icloudpd-config",)} | container)))


def with_option(world: World, option: str) -> World:
    return with_script(world, GOOD_SCRIPT.rstrip("\n") + f" {option}\n")


def with_app(world: World, **fields: Any) -> World:
    app = application(**fields)
    return replace(world, application=Found(app), applications=page(app))


def with_immich(world: World, **fields: Any) -> World:
    return replace(world, immich=Found(immich(**fields)))


def with_ingress(world: World, **fields: Any) -> World:
    return replace(world, ingresses=page(ingress(**fields), *list_of(world.ingresses)[1:]))


def with_auth(world: World, *lines: str, script: str = AUTH_SCRIPT, **fields: Any) -> World:
    pod = auth_pod(script, **fields)
    return replace(world, pods=page(pod), auth_logs={pod.meta.name: Found(LogTail(pod.meta.name, tuple(lines)))})


def with_run(world: World, *lines: str, state: str = "complete", **fields: Any) -> World:
    """The last run ended so, with this log."""
    last = job(state=state, **fields)
    return replace(
        world,
        jobs=page(last, *list_of(world.jobs)[1:]),
        job_pods=page(job_pod(last)),
        sync_logs=log_of(last, *lines),
    )


def with_events(world: World, *events: Event) -> World:
    return replace(world, events=page(*events))


def with_session(world: World, *, expires_in: timedelta | None, verified_ago: timedelta | None) -> World:
    return with_annotations(
        world,
        "icloudpd-config",
        **{
            SESSION_EXPIRES_AT: (NOW + expires_in).isoformat() if expires_in is not None else None,
            SESSION_VERIFIED_AT: (NOW - verified_ago).isoformat() if verified_ago is not None else None,
        },
    )


def denied(world: World, *rights: tuple[str, str, str]) -> World:
    """`rights` are (verb, resource, namespace)."""
    refused: Iterable[Access] = (Access(verb, resource, place, allowed=False) for verb, resource, place in rights)
    return replace(world, access=tuple(refused))


def fresh() -> World:
    """A cluster with nothing of ours on it, and no Immich."""
    world = complete()
    nothing = Missing()
    return replace(
        world,
        namespace=nothing,
        claims=page(),
        volumes={},
        secrets={"icloud-credentials": nothing},
        config_maps={"icloudpd-config": nothing},
        service_account=nothing,
        cron_jobs=page(),
        jobs=page(),
        job_pods=page(),
        application=nothing,
        applications=page(),
        parent_application=nothing,
        immich=nothing,
        ingresses=page(),
        sync_logs={},
    )
