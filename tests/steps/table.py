# ruff: noqa: E501 - rows are read as rows
"""One row per finding: a world that shows it, and one in which it must not be seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from tests.names import PHOTOS_CLAIM
from tests.steps.worlds import (
    FORBIDDEN,
    GOOD_LOG,
    GOOD_SCRIPT,
    NS,
    OLDER,
    PASSWORD_LINES,
    SETTINGS,
    ago,
    application,
    auth_pod,
    claim,
    complete,
    cron_job,
    denied,
    fresh,
    immich,
    ingress,
    job,
    job_pod,
    list_of,
    meta,
    page,
    pod_spec,
    seed,
    tracked,
    with_annotations,
    with_app,
    with_auth,
    with_claim,
    with_cron,
    with_events,
    with_immich,
    with_ingress,
    with_option,
    with_run,
    with_script,
    with_session,
    without_claim,
)
from wizard.annotations import (
    LIBRARY,
    LIBRARY_COUNT,
    PASSWORD_IN_CLEAR,
    RUNBOOK_WRITTEN_AT,
    SESSION_EXPIRES_AT,
    SUSPENDED_BY,
    SYNC_OPTIONS,
    VERIFIED_AT,
    VERIFIED_COUNTS,
)
from wizard.choices import HOST_NAME, SKIPPED
from wizard.settings import Settings
from wizard.world import (
    AppResource,
    AppSource,
    Container,
    ContainerState,
    Event,
    Found,
    IngressClass,
    IngressRule,
    Job,
    Missing,
    Mount,
    Namespace,
    Page,
    PersistentVolume,
    Pod,
    PodSpec,
    PodVolume,
    SecretKeys,
    ServiceAccount,
    StorageClass,
    World,
)

UNATTENDED = GOOD_SCRIPT.rstrip("\n").replace("parameter", "console") + " < /credentials/password\n"
Make = Callable[[], World]
SKIP_IMMICH = SETTINGS.having(SKIPPED, ("immich",))


@dataclass(frozen=True)
class Row:
    """`shows` makes a world with the finding, `clear` one without it; `settings` go with `shows`."""

    shows: Make
    clear: Make = complete
    settings: Settings = SETTINGS


def _pending(**fields: object) -> World:
    return with_claim(complete(), PHOTOS_CLAIM, **({"phase": "Pending", "capacity": "", "volume_name": ""} | fields))


def _class(**fields: object) -> StorageClass:
    base = StorageClass(
        meta("local-path", ""),
        "rancher.io/local-path",
        "WaitForFirstConsumer",
        "Delete",
        expandable=False,
        default=True,
    )
    return replace(base, **fields)  # type: ignore[arg-type]


def _with_args(*args: str) -> PodSpec:
    spec = pod_spec(GOOD_SCRIPT)
    return replace(spec, containers=(replace(spec.containers[0], command=(), args=args),))


def _ns(phase: str = "Active", **labels: str) -> Found[Namespace]:
    return Found(Namespace(meta(NS, "", labels=dict(labels)), phase))


def _event(reason: str, message: str, kind: str, name: str) -> Event:
    return Event("Warning", reason, message, kind, name, NS, ago(minutes=5))


def _spec(**fields: object) -> PodSpec:
    return replace(cron_job().spec, **fields)  # type: ignore[arg-type]


def _secret(*keys: str, annotations: Mapping[str, str] | None = None) -> Found[SecretKeys]:
    return Found(SecretKeys(meta("icloud-credentials", annotations=annotations or {}), "Opaque", keys))


def _mounts(read_only: str) -> tuple[Mount, ...]:
    return tuple(replace(mount, read_only=mount.volume == read_only) for mount in cron_job().spec.containers[0].mounts)


def _other_client() -> Pod:
    """A Deployment's pod of some other client, on our session's volume."""
    container = Container("icloud", "mandarons/icloud-drive:1.24.0")
    spec = PodSpec((container,), (PodVolume("config", "pvc", "icloudpd-config"),))
    return Pod(meta("icloud-7d9f-x2x4z", owner="ReplicaSet/icloud-7d9f"), spec, "Running")


def _read_only_session() -> World:
    container = replace(cron_job().spec.containers[0], mounts=_mounts("config"))
    return with_cron(complete(), spec=_spec(containers=(container,)))


def _volumes(name: str, volume: PodVolume) -> World:
    volumes = tuple(volume if one.name == name else one for one in cron_job().spec.volumes)
    return with_cron(complete(), spec=_spec(volumes=volumes))


def _library(**fields: object) -> World:
    return with_annotations(complete(), PHOTOS_CLAIM, **{LIBRARY: json.dumps(fields)})


def _counts(**counts: int) -> World:
    return with_annotations(complete(), PHOTOS_CLAIM, **{VERIFIED_COUNTS: json.dumps(counts)})


def _resource(kind: str, name: str, status: str = "OutOfSync", **fields: object) -> AppResource:
    return AppResource(kind, name, NS, status=status, **fields)  # type: ignore[arg-type]


def _condition(kind: str, message: str, sync: str = "Unknown") -> Make:
    return lambda: with_app(complete(), sync=sync, conditions=((kind, message),))


def _comparison(tail: str) -> Make:
    return _condition(
        "ComparisonError", "Failed to load target state: failed to generate manifest for source 1 of 1: " + tail
    )


def _immich_mounts(mount: Mount, volume: PodVolume) -> World:
    spec = immich().spec
    container = replace(spec.containers[0], mounts=(mount,))
    return with_immich(complete(), spec=replace(spec, containers=(container,), volumes=(volume,)))


def _elsewhere(**fields: object) -> World:
    """Immich in a namespace of its own, where its claim is another one."""
    theirs = replace(claim(PHOTOS_CLAIM, "100Gi"), meta=meta(PHOTOS_CLAIM, "immich"), volume_name="pv-other")
    base = {
        "namespace": "immich",
        "workload": meta("immich-server", "immich"),
        "claims": {PHOTOS_CLAIM: Found(theirs)},
        "volume_sources": {PHOTOS_CLAIM: "hostPath: /opt/photos"},
    }
    world = with_immich(complete(), **(base | fields))
    return replace(world, ingresses=page(ingress(meta=meta("immich", "immich"))))


def _immich_pod(
    *states: ContainerState, image: str = "ghcr.io/immich-app/immich-server:v2.7.5", **fields: object
) -> World:
    pod = Pod(
        meta("immich-server-1"),
        PodSpec((Container("main", image, limits={"memory": "1Gi"}),)),
        "Running",
        containers=states,
    )
    return with_immich(complete(), ready=False, version=None, pods=page(replace(pod, **fields)))  # type: ignore[arg-type]


def _plain_database() -> World:
    world = _immich_pod(ContainerState("main", "waiting", "CrashLoopBackOff", restarts=9))
    database = Pod(meta("immich-postgres-0"), PodSpec((Container("db", "docker.io/library/postgres:16"),)), "Running")
    return replace(world, pods=page(database))


def _with_immich_app(kind: str, message: str) -> World:
    chart = AppSource("oci://ghcr.io/immich-app/immich-charts", "0.10.3", chart="immich")
    other = application(meta=meta("immich", "argocd"), sources=(chart,), conditions=((kind, message),))
    return replace(complete(), applications=page(application(), other))


def _running_pod(*states: ContainerState, **fields: object) -> World:
    """A run that is under way, its pod in this state."""
    running = job(state="running", started=ago(minutes=5))
    pod = job_pod(running, *states, phase="Pending")
    world = complete()
    return replace(
        world,
        jobs=page(running, *list_of(world.jobs)),
        job_pods=page(replace(pod, **fields)),  # type: ignore[arg-type]
        sync_logs={},
    )


def _nginx(**annotations: str) -> World:
    world = with_ingress(complete(), class_name="nginx", meta=meta("immich-ingress", annotations=annotations))
    return replace(world, ingress_classes=page(IngressClass(meta("nginx", ""), "k8s.io/ingress-nginx", default=True)))


def _web_ui() -> World:
    world = complete()
    rule = IngressRule("sync.example.com", "/", "icloudpd-webui", "8080")
    return replace(world, ingresses=page(*list_of(world.ingresses), ingress(meta=meta("icloudpd"), rules=(rule,))))


def _never_run() -> World:
    bare = dict.fromkeys((VERIFIED_AT, VERIFIED_COUNTS, RUNBOOK_WRITTEN_AT))
    return replace(with_annotations(complete(), PHOTOS_CLAIM, **bare), jobs=page(), job_pods=page(), sync_logs={})


def _two_pods() -> World:
    world = with_auth(complete(), "2026-11-24 06:49:58 DEBUG    Authenticating...")
    running = job(state="running")
    return replace(world, jobs=page(running), job_pods=page(job_pod(running)))


def _multi_attach() -> World:
    message = 'Multi-Attach error for volume "pvc-config" Volume is already used by pod(s) icloudpd-auth'
    world = _running_pod()
    pod = list_of(world.job_pods)[0]
    return replace(
        world, pods=page(auth_pod()), events=page(_event("FailedAttachVolume", message, "Pod", pod.meta.name))
    )


def _config_map_missing() -> World:
    return replace(complete(), config_maps={"icloudpd-config": Missing()})


def _refused(message: str) -> Make:
    return lambda: with_events(_running_pod(), _event("FailedCreate", message, "Job", "icloudpd-sync-29409480"))


def _shared_folder() -> World:
    spec = replace(immich().spec, run_as_user=1000)
    return with_immich(complete(), spec=spec)


def _handover(state: str = "running", **age: float) -> World:
    """A sign-in whose Job was made that long ago."""
    labels = {"photosync-wizard/purpose": "handover"}
    one = Job(meta("photosync-handover-1f2e3d", labels=labels, created=ago(**age)), state, started=ago(**age))
    world = complete()
    return replace(world, jobs=page(one, *list_of(world.jobs)))


def _library_of(**counted: int) -> World:
    return with_annotations(complete(), "icloudpd-config", **{LIBRARY_COUNT: json.dumps(counted)})


def _dropped(world: World, **fields: object) -> World:
    return replace(world, **fields)  # type: ignore[arg-type]


_STORAGE: dict[str, Row] = {
    "namespace": Row(complete, fresh),
    "namespace-missing": Row(fresh),
    "namespace-terminating": Row(lambda: replace(complete(), namespace=_ns("Terminating"))),
    "namespace-unreadable": Row(lambda: replace(fresh(), namespace=FORBIDDEN)),
    "namespace-not-shown": Row(lambda: replace(complete(), namespace=FORBIDDEN)),
    "claims-unreadable": Row(lambda: replace(complete(), claims=FORBIDDEN)),
    "pvc-missing": Row(lambda: without_claim(complete(), PHOTOS_CLAIM), fresh),
    "pvc-bound": Row(complete, fresh),
    "pvc-deleting": Row(lambda: with_claim(complete(), PHOTOS_CLAIM, meta=meta(PHOTOS_CLAIM, deleting=ago(minutes=1)))),
    "pvc-lost": Row(lambda: with_claim(complete(), PHOTOS_CLAIM, phase="Lost")),
    "pvc-read-only": Row(lambda: with_claim(complete(), PHOTOS_CLAIM, access_modes=("ReadOnlyMany",))),
    "pvc-small": Row(lambda: with_claim(complete(), PHOTOS_CLAIM, capacity="20Gi")),
    "pvc-wait-for-first-consumer": Row(_pending),
    "pvc-users-unreadable": Row(
        lambda: replace(_pending(), pods=FORBIDDEN), lambda: replace(complete(), pods=FORBIDDEN)
    ),
    "events-unreadable": Row(
        lambda: replace(_pending(), events=FORBIDDEN), lambda: replace(complete(), events=FORBIDDEN)
    ),
    "pvc-binding": Row(lambda: replace(_pending(), job_pods=page(job_pod(job(), phase="Pending"))), _pending),
    "pvc-pending": Row(lambda: replace(_pending(), storage_classes=page(_class(binding_mode="Immediate"))), _pending),
    "pvc-provisioning-failed": Row(
        lambda: with_events(
            _pending(), _event("ProvisioningFailed", "no space in the pool", "PersistentVolumeClaim", PHOTOS_CLAIM)
        ),
        _pending,
    ),
    "pvc-no-volume": Row(lambda: _pending(storage_class=""), _pending),
    "class-missing": Row(lambda: _pending(storage_class="fast"), _pending),
    "class-unreadable": Row(lambda: replace(_pending(), storage_classes=FORBIDDEN), _pending),
    "no-default-class": Row(
        lambda: replace(_pending(storage_class=None), storage_classes=page(_class(default=False))),
        lambda: _pending(storage_class=None),
    ),
    "multi-attach": Row(_multi_attach, lambda: replace(_multi_attach(), job_pods=page())),
    "volume-full": Row(lambda: with_run(complete(), "OSError: [Errno 28] No space left on device", state="failed")),
    "reclaim-delete": Row(
        lambda: replace(
            complete(),
            volumes={PHOTOS_CLAIM: Found(PersistentVolume(meta("pvc-icloud-photos", ""), "Delete", "hostPath: /x"))},
        )
    ),
    "rights-missing": Row(lambda: denied(fresh(), ("create", "persistentvolumeclaims", NS))),
}

_CREDENTIALS: dict[str, Row] = {
    "waits-for-namespace": Row(fresh),
    "secret-keys": Row(complete, seed),
    "secret-missing": Row(lambda: replace(complete(), secrets={"icloud-credentials": Missing()}), fresh),
    "secret-unreadable": Row(lambda: replace(complete(), secrets={"icloud-credentials": FORBIDDEN})),
    "secret-empty": Row(
        lambda: replace(
            with_script(complete(), GOOD_SCRIPT.replace('"$(cat /credentials/username)"', "you@example.com")),
            secrets={"icloud-credentials": _secret()},
        )
    ),
    "secret-key-missing": Row(seed),
    "secret-in-git": Row(
        lambda: replace(
            complete(),
            secrets={"icloud-credentials": _secret("username", annotations=tracked("/Secret", "icloud-credentials"))},
        )
    ),
    "key-not-mounted": Row(
        lambda: _volumes(
            "credentials", PodVolume("credentials", "secret", "icloud-credentials", keys=(("username", "user"),))
        )
    ),
    "configmap": Row(complete, fresh),
    "configmap-missing": Row(_config_map_missing),
    "configmap-unreadable": Row(lambda: replace(complete(), config_maps={"icloudpd-config": FORBIDDEN})),
    "configmap-key-missing": Row(
        lambda: _volumes("credentials", PodVolume("credentials", "configMap", "icloudpd-config"))
    ),
    "configmap-unused": Row(lambda: with_script(complete(), GOOD_SCRIPT, env_from=())),
    "serviceaccount": Row(complete, fresh),
    "serviceaccount-missing": Row(lambda: replace(complete(), service_account=Missing()), fresh),
    "serviceaccount-unreadable": Row(lambda: replace(complete(), service_account=FORBIDDEN)),
    "token-automounted": Row(
        lambda: replace(complete(), service_account=Found(ServiceAccount(meta("icloudpd"), automount=None)))
    ),
    "cronjob": Row(complete, fresh),
    "cronjob-missing": Row(lambda: replace(complete(), cron_jobs=page()), fresh),
    "other-client": Row(
        lambda: replace(complete(), cron_jobs=page(), pods=page(_other_client())),
        lambda: replace(complete(), cron_jobs=page(), pods=page(auth_pod())),
    ),
    "cronjob-suspended": Row(
        lambda: with_cron(complete(), suspend=True, meta=meta("icloudpd-sync", annotations={SUSPENDED_BY: "sign-in"}))
    ),
    "cronjob-paused": Row(
        lambda: with_cron(
            _handover(minutes=5), suspend=True, meta=meta("icloudpd-sync", annotations={SUSPENDED_BY: "2026"})
        ),
        lambda: with_cron(
            _handover(minutes=26), suspend=True, meta=meta("icloudpd-sync", annotations={SUSPENDED_BY: "2026"})
        ),
    ),
    "cronjobs-unreadable": Row(lambda: replace(complete(), cron_jobs=FORBIDDEN)),
    "claim-reference-broken": Row(lambda: _volumes("photos", PodVolume("photos", "pvc", "photos"))),
    "other-serviceaccount": Row(lambda: with_cron(complete(), spec=_spec(service_account=""))),
    "schedule-outlives-session": Row(lambda: with_cron(complete(), schedule="0 3 1 * *")),
    "schedule-unreadable": Row(
        lambda: with_cron(complete(), schedule="0 3 30 2 *"), lambda: with_cron(complete(), schedule="@every 12h")
    ),
    "retries-hammer": Row(lambda: with_cron(complete(), backoff_limit=3)),
    "concurrent-runs": Row(lambda: with_cron(complete(), concurrency="Allow")),
    "pod-security-refused": Row(
        _refused('pods "icloudpd-sync-1" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true')
    ),
    "pods-refused": Row(
        _refused('error looking up service account photo-sync/icloudpd: serviceaccount "icloudpd" not found')
    ),
    "pod-security-hostpath": Row(
        lambda: replace(
            _volumes("photos", PodVolume("photos", "hostPath", "/mnt/photos")),
            namespace=_ns(**{"pod-security.kubernetes.io/enforce": "baseline"}),
        ),
        lambda: _volumes("photos", PodVolume("photos", "hostPath", "/mnt/photos")),
    ),
    "command-unknown": Row(
        lambda: with_cron(complete(), spec=_spec(containers=(Container("icloudpd", "boredazfcuk/icloudpd:1.2.3"),)))
    ),
    "username-missing": Row(
        lambda: with_script(complete(), "icloudpd --directory /photos/icloud-import --cookie-directory /config")
    ),
    "directory-missing": Row(
        lambda: with_script(complete(), "icloudpd --username you@example.com --cookie-directory /config")
    ),
    "downloads-nothing": Row(lambda: with_option(complete(), "--dry-run")),
    "path-unknown": Row(lambda: with_script(complete(), GOOD_SCRIPT.replace("/config", '"$CONFIG_DIR"'))),
    "cookie-directory-lost": Row(
        lambda: with_script(complete(), GOOD_SCRIPT.replace("--cookie-directory /config", ""))
    ),
    "other-config-claim": Row(lambda: _volumes("config", PodVolume("config", "pvc", PHOTOS_CLAIM))),
    "photos-lost": Row(lambda: _volumes("photos", PodVolume("photos", "emptyDir"))),
    "other-photos-claim": Row(lambda: _volumes("photos", PodVolume("photos", "pvc", "icloudpd-config"))),
    "photos-elsewhere": Row(
        lambda: with_script(complete(), GOOD_SCRIPT.replace("/photos/icloud-import", "/photos")),
        lambda: with_script(complete(), GOOD_SCRIPT.replace("/photos/icloud-import", "/photos/icloud-import/anna")),
    ),
    "mount-read-only": Row(_read_only_session),
    "password-in-arguments": Row(lambda: with_option(complete(), '--password "$(cat /credentials/username)"')),
    "password-in-cluster": Row(
        lambda: replace(
            with_script(complete(), UNATTENDED), secrets={"icloud-credentials": _secret("username", "password")}
        ),
        lambda: replace(complete(), secrets={"icloud-credentials": _secret("username", "password")}),
    ),
    "auto-delete": Row(lambda: with_option(complete(), "--auto-delete")),
    "deletes-in-icloud": Row(lambda: with_option(complete(), "--keep-icloud-recent-days 30")),
    "never-ends": Row(lambda: with_option(complete(), "--watch-with-interval 3600")),
    "log-too-quiet": Row(lambda: with_script(complete(), GOOD_SCRIPT.replace("info", "error"))),
    "until-found": Row(lambda: with_option(complete(), "--until-found 50")),
    "recent-only": Row(lambda: with_option(complete(), "--recent 500")),
    "substitution-unquoted": Row(
        lambda: with_script(
            complete(), GOOD_SCRIPT.replace('"$(cat /credentials/username)"', "$(cat /credentials/username)")
        )
    ),
    "substitution-literal": Row(
        lambda: with_script(
            complete(), GOOD_SCRIPT.replace('"$(cat /credentials/username)"', "'$(cat /credentials/username)'")
        )
    ),
    "image-latest": Row(lambda: with_cron(complete(), spec=pod_spec(GOOD_SCRIPT, "icloudpd/icloudpd:latest"))),
    "image-old": Row(lambda: with_cron(complete(), spec=pod_spec(GOOD_SCRIPT, "icloudpd/icloudpd:1.29.4"))),
    "arguments-without-program": Row(
        lambda: with_cron(complete(), spec=_with_args("--directory", "/photos/icloud-import")),
        lambda: with_cron(complete(), spec=_with_args("icloudpd", "--directory", "/photos/icloud-import")),
    ),
    "program-not-in-image": Row(
        lambda: with_script(complete(), GOOD_SCRIPT.replace("/app/icloudpd", "/app/icloudpd_ex icloudpd")),
        lambda: with_cron(
            complete(),
            spec=pod_spec(
                GOOD_SCRIPT.replace("/app/icloudpd", "/app/icloudpd_ex icloudpd"), "icloudpd/icloudpd:1.31.0"
            ),
        ),
    ),
    "rights-missing": Row(lambda: denied(complete(), ("patch", "secrets", NS))),
}

_AUTHENTICATION: dict[str, Row] = {
    "session-valid": Row(complete, seed),
    "session-expiring": Row(
        lambda: with_session(complete(), expires_in=timedelta(days=5), verified_ago=timedelta(days=24))
    ),
    "session-expired": Row(lambda: with_run(complete(), "KeyError: 'dsInfo'", state="failed")),
    "session-unverified": Row(seed),
    "session-in-doubt": Row(
        lambda: replace(complete(), sync_logs={job().meta.name: FORBIDDEN}),
        lambda: replace(
            with_session(complete(), expires_in=timedelta(days=20), verified_ago=timedelta(hours=1)),
            sync_logs={job().meta.name: FORBIDDEN},
        ),
    ),
    "session-unreadable": Row(lambda: replace(complete(), claims=FORBIDDEN)),
    "waits-for-claim": Row(fresh),
    "session-shared": Row(_two_pods),
    "pods-unreadable": Row(lambda: replace(complete(), pods=FORBIDDEN)),
    "auth-pod-going": Row(lambda: with_auth(seed(), meta=meta("icloudpd-auth", deleting=ago(minutes=1))), seed),
    "auth-pod-starting": Row(lambda: with_auth(seed(), phase="Pending"), seed),
    "auth-pod-no-terminal": Row(
        lambda: with_auth(seed(), "iCloud Password for you@example.com: ", spec=pod_spec("icloudpd --auth-only")), seed
    ),
    "auth-pod-waiting": Row(
        lambda: with_auth(
            seed(),
            "2026-11-24 06:46:01 INFO     Two-factor authentication is required (2fa)",
            "  a: (***) ***-**81",
            "Please enter two-factor authentication code or device index (a) to send SMS with a code: ",
        ),
        seed,
    ),
    "auth-pod-left": Row(
        lambda: with_auth(complete(), "2026-11-24 06:47:01 INFO     Authentication completed successfully"), seed
    ),
    "auth-pod-busy": Row(lambda: with_auth(seed(), "2026-11-24 06:49:30 DEBUG    Authenticating..."), seed),
    "auth-pod-stuck": Row(
        lambda: with_auth(seed(), "2026-11-24 06:31:00 DEBUG    Authenticating...", ips=("10.0.0.9", "fd00::9")),
        lambda: with_auth(seed(), "2026-11-24 06:49:30 DEBUG    Authenticating..."),
    ),
    "auth-pod-not-waiting": Row(seed),
    "auth-pod-finished": Row(lambda: with_auth(complete(), *PASSWORD_LINES, phase="Succeeded"), seed),
    "auth-pod-log-unreadable": Row(
        lambda: replace(with_auth(complete()), auth_logs={"icloudpd-auth": FORBIDDEN}), seed
    ),
    "signing-in": Row(lambda: _handover(minutes=5), lambda: _handover(minutes=26)),
    "handover-left": Row(lambda: _handover(minutes=26), lambda: _handover(minutes=5)),
    "session-note-broken": Row(
        lambda: with_annotations(complete(), "icloudpd-config", **{SESSION_EXPIRES_AT: "next month"})
    ),
    "password-in-clear": Row(
        lambda: with_annotations(
            complete(), "icloudpd-config", **{PASSWORD_IN_CLEAR: "python_keyring/keyring_pass.cfg"}
        )
    ),
    "session-not-proved-lately": Row(
        lambda: _dropped(with_session(complete(), expires_in=timedelta(20), verified_ago=timedelta(10)), sync_logs={}),
        lambda: _dropped(with_session(complete(), expires_in=timedelta(20), verified_ago=timedelta(2)), sync_logs={}),
    ),
    "library-too-large": Row(lambda: _library_of(count=40_000, bytes=150 * 2**30)),
    "first-sync-longer-than-deadline": Row(
        lambda: with_cron(_library_of(count=400_000, bytes=80 * 2**30), last_success=None),
        lambda: _library_of(count=400_000, bytes=80 * 2**30),
    ),
    "rights-missing": Row(lambda: denied(complete(), ("get", "pods/exec", NS))),
}

_ARGOCD: dict[str, Row] = {
    "synced": Row(complete, fresh),
    "healthy": Row(complete, fresh),
    "not-installed": Row(
        lambda: replace(fresh(), application=Missing(kind_installed=False)),
        lambda: replace(complete(), application=Missing(kind_installed=False)),
    ),
    "elsewhere": Row(
        lambda: replace(complete(), application=Missing(kind_installed=False)),
        lambda: replace(fresh(), application=Missing(kind_installed=False)),
    ),
    "application-missing": Row(lambda: replace(complete(), application=Missing())),
    "application-unreadable": Row(lambda: replace(complete(), application=FORBIDDEN)),
    "application-deleting": Row(
        lambda: with_app(complete(), meta=meta("photo-sync", "argocd", deleting=ago(minutes=2)))
    ),
    "other-destination": Row(lambda: with_app(complete(), destination_namespace="photos", resources=())),
    "not-yet-looked-at": Row(lambda: with_app(complete(), looked_at=False, sync="", health="", operation_phase="")),
    "branch-missing": Row(_comparison("rpc error: code = Unknown desc = unable to resolve 'main' to a commit SHA")),
    "path-missing": Row(_comparison("rpc error: code = Unknown desc = apps/nowhere: app path does not exist")),
    "repository-unreadable": Row(_comparison("rpc error: failed to list refs: repository not found")),
    "chart-refused": Row(_comparison("execution error: The postgres subchart has been removed")),
    "manifest-broken": Row(_comparison('Failed to unmarshal "broken.yaml": yaml: line 3: mapping values')),
    "comparison-failed": Row(_condition("ComparisonError", "the cache is on fire")),
    "project-refuses": Row(
        _condition("InvalidSpecError", "Application referencing project nobody which does not exist")
    ),
    "shared-object": Row(
        _condition(
            "SharedResourceWarning",
            "CronJob/icloudpd-sync is part of applications argocd/photo-sync and other",
            "OutOfSync",
        )
    ),
    "deletion-stuck": Row(
        _condition("DeletionError", "Failed to delete PersistentVolumeClaim icloud-photos", "OutOfSync")
    ),
    "condition-other": Row(_condition("SyncError", "Failed last sync attempt", "OutOfSync")),
    "syncing": Row(
        lambda: with_app(complete(), sync="OutOfSync", operation_phase="Running", operation_message="waiting for hooks")
    ),
    "sync-retries": Row(
        lambda: with_app(
            complete(),
            sync="OutOfSync",
            operation_phase="Running",
            operation_message="one or more objects failed to apply, reason: field can not be less than status.capacity. Retrying attempt #2 at 2:09AM.",
        ),
        lambda: with_app(complete(), operation_phase="Running"),
    ),
    "sync-retries-old-commit": Row(
        lambda: with_app(
            complete(),
            operation_phase="Running",
            operation_revision=OLDER,
            operation_message="one or more objects failed to apply, reason: field can not be less than status.capacity. Retrying attempt #2 at 2:09AM.",
        )
    ),
    "sync-failed": Row(
        lambda: with_app(complete(), sync="OutOfSync", operation_phase="Failed", operation_message="is immutable")
    ),
    "newer-commit-equal": Row(lambda: with_app(complete(), operation_revision=OLDER)),
    "left-git": Row(
        lambda: with_app(
            complete(),
            sync="OutOfSync",
            resources=(_resource("PersistentVolumeClaim", PHOTOS_CLAIM, requires_pruning=True),),
        )
    ),
    "not-automated": Row(lambda: with_app(complete(), sync="OutOfSync", automated=False)),
    "differs-after-sync": Row(
        lambda: with_app(complete(), sync="OutOfSync", resources=(_resource("ConfigMap", "icloudpd-config"),)),
        lambda: with_app(complete(), sync="OutOfSync", operation_revision=OLDER),
    ),
    "settling": Row(
        lambda: with_app(complete(), sync="OutOfSync", operation_finished=ago(minutes=1)),
        lambda: with_app(complete(), sync="OutOfSync", operation_finished=ago(minutes=3)),
    ),
    "out-of-sync": Row(lambda: with_app(complete(), sync="OutOfSync", operation_revision=OLDER)),
    "sync-unknown": Row(lambda: with_app(complete(), sync="Unknown")),
    "degraded": Row(
        lambda: with_app(
            complete(), health="Degraded", resources=(_resource("CronJob", "icloudpd-sync", health="Degraded"),)
        )
    ),
    "objects-missing": Row(lambda: with_app(complete(), health="Missing")),
    "suspended": Row(lambda: with_app(complete(), health="Suspended")),
    "health-unknown": Row(lambda: with_app(complete(), health="")),
    "auth-pod-in-app": Row(
        lambda: with_app(complete(), resources=(*application().resources, _resource("Pod", "icloudpd-auth", "Synced")))
    ),
    "progressing-explained": Row(seed),
    "progressing-claim": Row(lambda: with_app(_pending(storage_class="fast"), health="Progressing"), seed),
    "progressing-pod": Row(
        lambda: with_app(_running_pod(ContainerState("icloudpd", "waiting", "ImagePullBackOff")), health="Progressing"),
        seed,
    ),
    "progressing-ingress": Row(lambda: with_app(with_ingress(complete(), addresses=()), health="Progressing"), seed),
    "progressing-unexplained": Row(lambda: with_app(complete(), health="Progressing"), seed),
    "claims-unprotected": Row(lambda: with_annotations(complete(), PHOTOS_CLAIM, **{SYNC_OPTIONS: "Prune=false"})),
    "objects-outside-git": Row(
        lambda: with_app(
            replace(complete(), cron_jobs=page(cron_job(meta=meta("icloudpd-sync", managers=("kubectl-create",))))),
            resources=(),
        )
    ),
    "self-heal": Row(complete, lambda: with_app(complete(), self_heal=False)),
    "healthy-but-failing": Row(lambda: with_run(complete(), state="failed", reason="BackoffLimitExceeded")),
    "rights-missing": Row(lambda: denied(complete(), ("patch", "applications.argoproj.io", "argocd"))),
}

_IMMICH: dict[str, Row] = {
    "answers": Row(complete, fresh),
    "photos-mounted": Row(complete, fresh),
    "library": Row(complete, seed),
    "unreadable": Row(lambda: replace(complete(), immich=FORBIDDEN)),
    "not-installed": Row(lambda: replace(complete(), immich=Missing())),
    "not-ready": Row(lambda: with_immich(complete(), ready=False, version=None)),
    "pods-unreadable": Row(lambda: with_immich(complete(), ready=False, version=None, pods=FORBIDDEN)),
    "no-vector-extension": Row(_plain_database),
    "no-admin": Row(lambda: with_immich(complete(), initialized=False)),
    "maintenance": Row(lambda: with_immich(complete(), maintenance=True)),
    "no-service": Row(lambda: with_immich(complete(), version=None, service="", port=None)),
    "silent": Row(lambda: with_immich(complete(), version=None, probe_error="connection refused")),
    "answer-unreadable": Row(lambda: with_immich(complete(), version=None, probe_error="services/proxy is forbidden")),
    "old-probe": Row(
        lambda: with_immich(
            complete(), ready=False, spec=PodSpec((Container("main", "x", probe_paths=("/api/server-info/ping",)),))
        )
    ),
    "photos-not-mounted": Row(lambda: with_immich(complete(), spec=PodSpec((Container("main", "x"),)))),
    "photos-empty-folder": Row(
        lambda: _immich_mounts(Mount("icloud", "/external/icloud", read_only=True), PodVolume("icloud", "emptyDir"))
    ),
    "photos-writable": Row(
        lambda: _immich_mounts(Mount("icloud", "/external/icloud"), PodVolume("icloud", "pvc", PHOTOS_CLAIM))
    ),
    "claim-missing": Row(lambda: _elsewhere(claims={PHOTOS_CLAIM: Missing()})),
    "claim-unreadable": Row(lambda: _elsewhere(claims={PHOTOS_CLAIM: FORBIDDEN})),
    "other-volume": Row(lambda: _elsewhere(volume_sources={PHOTOS_CLAIM: "hostPath: /opt/other"}), _elsewhere),
    "volume-unknown": Row(lambda: _elsewhere(volume_sources={}), _elsewhere),
    "library-unknown": Row(lambda: with_annotations(complete(), PHOTOS_CLAIM, **{LIBRARY: None})),
    "library-path": Row(lambda: _library(import_path="/photos", scanned_at="2026-11-24T03:00:00Z", assets=3)),
    "library-not-scanned": Row(lambda: _library(import_path="/external/icloud/icloud-import")),
    "library-empty": Row(
        lambda: _library(import_path="/external/icloud/icloud-import", scanned_at="2026-11-24T03:00:00Z", assets=0)
    ),
    "chart-refused": Row(lambda: _with_immich_app("ComparisonError", "execution error: existingClaim is required")),
    "application-broken": Row(lambda: _with_immich_app("ComparisonError", "chart not found")),
    "chart-repository-old": Row(
        lambda: with_app(
            complete(), sources=(AppSource("https://immich-app.github.io/immich-charts", "0.9.3", chart="immich"),)
        )
    ),
    "other-user": Row(_shared_folder),
    "no-watching": Row(
        lambda: replace(
            complete(), volumes={PHOTOS_CLAIM: Found(PersistentVolume(meta("pv", ""), "Retain", "nfs: nas:/photos"))}
        )
    ),
    "rights-missing": Row(lambda: denied(complete(), ("patch", "deployments.apps", NS))),
}

_EXPOSURE: dict[str, Row] = {
    "ingress": Row(complete, fresh),
    "external-url": Row(complete, fresh),
    "waits-for-immich": Row(seed),
    "immich-elsewhere": Row(lambda: replace(complete(), immich=Missing()), seed, SKIP_IMMICH),
    "immich-unreadable": Row(lambda: replace(complete(), immich=FORBIDDEN)),
    "ingresses-unreadable": Row(lambda: replace(complete(), ingresses=FORBIDDEN)),
    "ingress-missing": Row(lambda: replace(complete(), ingresses=page(list_of(complete().ingresses)[1]))),
    "ingress-not-seen": Row(
        lambda: replace(complete(), ingresses=Found(Page(list_of(complete().ingresses)[1:], more=True)))
    ),
    "class-missing": Row(lambda: with_ingress(complete(), class_name="nginx")),
    "no-class": Row(
        lambda: replace(
            with_ingress(complete(), class_name="", addresses=()),
            ingress_classes=page(IngressClass(meta("traefik", ""), "traefik.io/ingress-controller", default=False)),
        ),
        lambda: with_ingress(complete(), class_name=""),
    ),
    "no-address": Row(lambda: with_ingress(complete(), addresses=())),
    "well-known-not-routed": Row(
        lambda: with_ingress(complete(), rules=(IngressRule("immich.example.com", "/api", "immich-server", "2283"),))
    ),
    "sub-path": Row(
        lambda: with_ingress(complete(), rules=(IngressRule("example.com", "/photos", "immich-server", "2283"),))
    ),
    "body-size": Row(_nginx, lambda: _nginx(**{"nginx.ingress.kubernetes.io/proxy-body-size": "0"})),
    "nginx-retired": Row(_nginx),
    "no-tls": Row(lambda: with_ingress(complete(), tls=False)),
    "other-host": Row(complete, complete, SETTINGS.having(HOST_NAME, "photos.example.com")),
    "external-url-differs": Row(lambda: with_immich(complete(), external_domain="")),
    "external-url-unreadable": Row(lambda: with_immich(complete(), external_domain=None)),
    "icloudpd-web-ui": Row(_web_ui),
    "rights-missing": Row(lambda: denied(complete(), ("create", "ingresses.networking.k8s.io", NS))),
}

_VERIFICATION: dict[str, Row] = {
    "run-by-hand": Row(complete, fresh),
    "last-run": Row(complete, fresh),
    "counts": Row(complete, seed),
    "runbook": Row(complete, seed),
    "jobs-unreadable": Row(lambda: replace(complete(), jobs=FORBIDDEN)),
    "cronjobs-unreadable": Row(lambda: replace(complete(), cron_jobs=FORBIDDEN)),
    "claims-unreadable": Row(lambda: replace(complete(), claims=FORBIDDEN)),
    "waits": Row(seed),
    "running": Row(lambda: _running_pod(phase="Running")),
    "run-without-pod": Row(
        lambda: replace(_refused("violates PodSecurity")(), job_pods=page()), lambda: _running_pod(phase="Running")
    ),
    "run-failed": Row(lambda: with_run(complete(), state="failed", reason="BackoffLimitExceeded")),
    "run-before-sign-in": Row(
        lambda: with_session(
            with_run(complete(), "KeyError: 'dsInfo'", state="failed"),
            expires_in=timedelta(days=30),
            verified_ago=timedelta(hours=1),
        ),
        lambda: with_run(complete(), "KeyError: 'dsInfo'", state="failed"),
    ),
    "run-too-long": Row(lambda: with_run(complete(), *GOOD_LOG[:2], state="failed", reason="DeadlineExceeded")),
    "run-lied": Row(lambda: with_run(complete(), *PASSWORD_LINES)),
    "log-unreadable": Row(lambda: replace(complete(), sync_logs={job().meta.name: FORBIDDEN})),
    "job-pods-unreadable": Row(
        lambda: replace(complete(), job_pods=FORBIDDEN, sync_logs={}), lambda: replace(complete(), job_pods=FORBIDDEN)
    ),
    "log-not-read": Row(lambda: replace(complete(), sync_logs={})),
    "no-run-by-hand": Row(_never_run),
    "no-recent-success": Row(lambda: with_cron(complete(), last_success=ago(days=5))),
    "never-scheduled": Row(lambda: with_cron(complete(), last_success=None, last_schedule=None)),
    "counts-differ": Row(lambda: _counts(icloud=12431, volume=12431, immich=12400)),
    "not-counted": Row(_never_run, seed),
    "no-runbook": Row(lambda: with_annotations(complete(), PHOTOS_CLAIM, **{RUNBOOK_WRITTEN_AT: None}), seed),
    "job-suspended": Row(lambda: replace(complete(), jobs=page(*list_of(complete().jobs), job("other", "suspended")))),
    "rights-missing": Row(lambda: denied(complete(), ("create", "jobs.batch", NS))),
}

SIGN_LINES: dict[str, str] = {
    "arguments-wrong": PASSWORD_LINES[1],
    "file-missing": PASSWORD_LINES[0],
    "web-access-off": "INFO     private db access disabled for this account.  Please wait a few minutes then try again.(ACCESS_DENIED)",
    "terms": "PyiCloudAcceptTermsException: Apple's terms and conditions have changed",
    "account-locked": "INFO     ('Invalid email/password combination.', PyiCloudAPIResponseException('{\"code\": \"-20209\"} (403)'))",
    "wrong-password": "INFO     ('Invalid email/password combination.', PyiCloudAPIResponseException('{\"code\": \"-20101\"} (401)'))",
    "throttled": "INFO     Apple iCloud is temporary refusing to serve icloudpd",
    "domain-china": "ERROR    Apple insists on using icloud.com.cn. Please use --domain parameter",
    "too-many-codes": "ERROR    Too many verification codes have been sent. (-21668)",
    "wrong-code": "ERROR    Incorrect verification code. (-21669)",
    "arguments-without-program": "Error: You must specify either 'icloud' or 'icloudpd' as the first argument.",
    "program-not-found": "/bin/sh: /app/icloudpd_ex: not found",
    "wrong-binary": "Please enter validation code: ",
    "apple-faltered": "ERROR    Authentication required for Account. (500)",
    "session-broken": "WARNING  Failed to read cookiejar /config/youexamplecom",
    "session-dead": "KeyError: 'dsInfo'",
    "session-refused": "ERROR    Authentication required for Account. (421)",
    "asked-nobody": "EOFError: EOF when reading a line",
    "setup-incomplete": "INFO     Apple iCloud setup is not complete. Please log into https://icloud.com/ (ZONE_NOT_FOUND)",
    "library-indexing": "ERROR    Apple iCloud Photo Library has not finished indexing yet",
    "apple-unreachable": "INFO     Cannot connect to Apple iCloud service",
    "downloads-refused": "2026-11-24 03:00:09 ERROR    Invalid username/password combination. (401)",
    "session-files-unwritable": "PermissionError: [Errno 13] Permission denied: '/config/youexamplecom.session'",
    "log-cut": '    "status_code": 421,',
    "photos-unwritable": "PermissionError: [Errno 13] Permission denied: '/photos/icloud-import/2026'",
}

_NO_PROGRAM = 'exec: "/app/icloudpd_ex": stat /app/icloudpd_ex: no such file or directory: unknown'
_POD_STATES: dict[str, tuple[ContainerState, ...]] = {
    "image-pull": (ContainerState("icloudpd", "waiting", "ImagePullBackOff", "Back-off pulling image"),),
    "program-not-found": (ContainerState("icloudpd", "terminated", "StartError", _NO_PROGRAM, exit_code=128),),
    "container-config": (ContainerState("icloudpd", "waiting", "CreateContainerConfigError", 'secret "x" not found'),),
    "out-of-memory": (ContainerState("icloudpd", "terminated", "OOMKilled", exit_code=137),),
    "crash-loop": (ContainerState("icloudpd", "waiting", "CrashLoopBackOff", restarts=5, last_reason="Error"),),
}


def _immich_states(states: tuple[ContainerState, ...]) -> Make:
    return lambda: _immich_pod(*(replace(state, name="main") for state in states))


def _pod_rows() -> Iterator[tuple[str, Row]]:
    for slug, states in _POD_STATES.items():
        yield f"verification.{slug}", Row(lambda states=states: _running_pod(*states))  # type: ignore[misc]
        yield f"authentication.{slug}", Row(lambda states=states: with_auth(seed(), containers=states), seed)  # type: ignore[misc]
        yield f"immich.{slug}", Row(_immich_states(states))
    why = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    yield "verification.pod-unschedulable", Row(lambda: _running_pod(unschedulable=why))
    yield "authentication.pod-unschedulable", Row(lambda: with_auth(seed(), phase="Pending", unschedulable=why), seed)
    yield "immich.pod-unschedulable", Row(lambda: _immich_pod(phase="Pending", unschedulable=why))
    mount = 'MountVolume.SetUp failed for volume "credentials" : secret "icloud-credentials" not found'

    def event(pod: str) -> Event:
        return _event("FailedMount", mount, "Pod", pod)

    yield (
        "verification.mount-failed",
        Row(lambda: with_events(_running_pod(), event("icloudpd-sync-29409480-abcde"))),
    )
    yield (
        "authentication.mount-failed",
        Row(lambda: with_events(with_auth(seed(), phase="Pending"), event("icloudpd-auth")), seed),
    )
    yield "immich.mount-failed", Row(lambda: with_events(_immich_pod(phase="Pending"), event("immich-server-1")))


def _sign_rows() -> Iterator[tuple[str, Row]]:
    shown_by_seed = ("arguments-wrong", "file-missing")
    for slug, line in SIGN_LINES.items():
        yield f"verification.{slug}", Row(lambda line=line: with_run(complete(), line))  # type: ignore[misc]
        yield (
            f"authentication.{slug}",
            Row(lambda line=line: with_auth(seed(), line), complete if slug in shown_by_seed else seed),  # type: ignore[misc]
        )


ROWS: dict[str, Row] = {
    f"{step}.{slug}": row
    for step, rows in (
        ("storage", _STORAGE),
        ("credentials", _CREDENTIALS),
        ("authentication", _AUTHENTICATION),
        ("argocd", _ARGOCD),
        ("immich", _IMMICH),
        ("exposure", _EXPOSURE),
        ("verification", _VERIFICATION),
    )
    for slug, row in rows.items()
} | dict((*_sign_rows(), *_pod_rows()))
