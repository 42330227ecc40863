"""What was observed of the world, frozen: the only thing that diagnoses may look at.

Every part is a `Read`: `Found` with what was there, `Missing` when the server said that it is not there (or its kind is not
installed), `Unreadable` when nobody knows. Shapes follow Kubernetes, with only the fields that a diagnosis reads; field
names are Kubernetes' own in snake_case. Times are aware UTC datetimes. Secrets' values are never in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from wizard.model import ClusterRef

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """It was read, and this is it."""

    value: T


@dataclass(frozen=True, slots=True)
class Missing:
    """The server says that it is not there; `kind_installed` is False when the whole kind is unknown to it."""

    kind_installed: bool = True


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Nobody knows: `reason` is "forbidden", "timeout", "error" or "not-asked", `message` a sentence for a person."""

    reason: str
    message: str


Read = Found[T] | Missing | Unreadable
NOT_ASKED = Unreadable("not-asked", "It was not looked at.")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items of a list; `more` is True when the server has further ones that were not fetched."""

    items: tuple[T, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Meta:
    """An object's metadata; `managers` are its field managers, `owner` is "Kind/name" of its controller."""

    name: str
    namespace: str = ""
    uid: str = ""
    created: datetime | None = None
    deleting: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    finalizers: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class ServerVersion:
    """`git` as in v1.36.2; major and minor as whole numbers (a "+" behind the minor is dropped)."""

    git: str
    major: int
    minor: int


@dataclass(frozen=True, slots=True)
class Access:
    """One answered access review: `resource` may carry a group ("cronjobs.batch") and a subresource ("pods/exec")."""

    verb: str
    resource: str
    namespace: str
    allowed: bool | None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Namespace:
    meta: Meta
    phase: str


@dataclass(frozen=True, slots=True)
class StorageClass:
    meta: Meta
    provisioner: str
    binding_mode: str
    reclaim_policy: str
    expandable: bool
    default: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A PersistentVolumeClaim; sizes are quantities as written ("100Gi"), `capacity` empty until bound."""

    meta: Meta
    phase: str
    storage_class: str | None
    access_modes: tuple[str, ...]
    requested: str
    capacity: str
    volume_name: str


@dataclass(frozen=True, slots=True)
class PersistentVolume:
    """`source` is "kind: where" ("hostPath: /opt/x", "nfs: server:/path", "csi: driver/handle")."""

    meta: Meta
    reclaim_policy: str
    source: str


@dataclass(frozen=True, slots=True)
class SecretKeys:
    """A Secret without its values."""

    meta: Meta
    type: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfigMap:
    """Values are cut to 4,096 characters each."""

    meta: Meta
    data: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    meta: Meta
    automount: bool | None


@dataclass(frozen=True, slots=True)
class EnvVar:
    """An environment variable: a literal `value`, or `source` "secret" / "configmap" / "field" with name and key."""

    name: str
    value: str | None = None
    source: str = ""
    source_name: str = ""
    source_key: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Mount:
    volume: str
    path: str
    read_only: bool = False
    sub_path: str = ""


@dataclass(frozen=True, slots=True)
class PodVolume:
    """`kind` is pvc, secret, configMap, hostPath, emptyDir, nfs, projected or other; `ref` the claim, object or path.

    `keys` are the (key, path) pairs of an `items` list; empty when the whole object is mounted."""

    name: str
    kind: str
    ref: str = ""
    optional: bool = False
    keys: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Container:
    """`env_from` are "secret/NAME" or "configmap/NAME"; limits and requests are quantities as written."""

    name: str
    image: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    ports: tuple[int, ...] = ()
    stdin: bool = False
    tty: bool = False
    limits: Mapping[str, str] = field(default_factory=dict)
    requests: Mapping[str, str] = field(default_factory=dict)
    probe_paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PodSpec:
    containers: tuple[Container, ...]
    volumes: tuple[PodVolume, ...] = ()
    service_account: str = ""
    automount: bool | None = None
    restart_policy: str = "Always"
    fs_group: int | None = None
    run_as_user: int | None = None


@dataclass(frozen=True, slots=True)
class ContainerState:
    """`state` is running, waiting or terminated; `reason` as Kubernetes words it (ImagePullBackOff, OOMKilled)."""

    name: str
    state: str
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    ready: bool = False
    restarts: int = 0
    image_id: str = ""
    last_reason: str = ""


@dataclass(frozen=True, slots=True)
class Pod:
    meta: Meta
    spec: PodSpec
    phase: str
    node: str = ""
    ips: tuple[str, ...] = ()
    containers: tuple[ContainerState, ...] = ()
    unschedulable: str = ""


@dataclass(frozen=True, slots=True)
class CronJob:
    meta: Meta
    schedule: str
    time_zone: str
    suspend: bool
    concurrency: str
    backoff_limit: int
    deadline_seconds: int | None
    spec: PodSpec
    last_schedule: datetime | None = None
    last_success: datetime | None = None
    active: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """`state` is complete, failed, running or suspended; `reason` and `message` are those of its last condition."""

    meta: Meta
    state: str
    reason: str = ""
    message: str = ""
    started: datetime | None = None
    finished: datetime | None = None

    def is_of(self, cron_job: str) -> bool:
        """Whether it is the CronJob's: owned by it, or made from it by hand."""
        if self.meta.owner:
            return self.meta.owner == f"CronJob/{cron_job}"
        return self.meta.name.startswith(f"{cron_job}-")


@dataclass(frozen=True, slots=True)
class Event:
    """`kind` and `name` are those of the object it is about."""

    type: str
    reason: str
    message: str
    kind: str
    name: str
    namespace: str = ""
    last_seen: datetime | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class IngressClass:
    meta: Meta
    controller: str
    default: bool


@dataclass(frozen=True, slots=True)
class IngressRule:
    host: str
    path: str
    service: str
    port: str


@dataclass(frozen=True, slots=True)
class Ingress:
    meta: Meta
    class_name: str
    rules: tuple[IngressRule, ...]
    tls_hosts: tuple[str, ...] = ()
    tls: bool = False
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AppSource:
    repo_url: str
    target_revision: str = ""
    path: str = ""
    chart: str = ""


@dataclass(frozen=True, slots=True)
class AppResource:
    """One line of an Application's status.resources; `health` is empty where Argo CD does not write it."""

    kind: str
    name: str
    namespace: str = ""
    group: str = ""
    status: str = ""
    health: str = ""
    requires_pruning: bool = False


@dataclass(frozen=True, slots=True)
class Application:
    """An Argo CD Application. `compared_revision` is status.sync.revision, `operation_revision` what the last or running
    operation syncs, `operation_finished` when the last one ended; `looked_at` is False while it has no status at all.
    `conditions` are (type, message) pairs."""

    meta: Meta
    project: str
    sources: tuple[AppSource, ...]
    destination_namespace: str
    destination_server: str = ""
    automated: bool = False
    prune: bool = False
    self_heal: bool = False
    ignored_paths: tuple[str, ...] = ()
    looked_at: bool = False
    sync: str = ""
    health: str = ""
    compared_revision: str = ""
    operation_phase: str = ""
    operation_message: str = ""
    operation_revision: str = ""
    operation_finished: datetime | None = None
    conditions: tuple[tuple[str, str], ...] = ()
    resources: tuple[AppResource, ...] = ()


@dataclass(frozen=True, slots=True)
class LogTail:
    """The last lines of a container's log, at most 64 KiB of them, without colour codes."""

    pod: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Immich:
    """An Immich server found in the cluster.

    `mounts` are (claim name, mount path, read only) of its server container; `volumes` the same for what is no claim, as
    (kind: where). `version` and the config fields come from its own public endpoints through the service proxy and are None
    where it did not answer; `probe_error` says why. `claims` are those claims' objects in its namespace, `volume_sources`
    their volumes' sources by claim name where they could be read. `kind` is that of `workload`. `pods` are those of its
    instance, read while it is not ready; `ingresses` those of its namespace, read where the cluster's could not all be.
    """

    namespace: str
    workload: Meta
    spec: PodSpec
    ready: bool
    image: str
    service: str = ""
    port: int | None = None
    version: str | None = None
    initialized: bool | None = None
    external_domain: str | None = None
    maintenance: bool | None = None
    probe_error: str = ""
    claims: Mapping[str, Read[Claim]] = field(default_factory=dict)
    volume_sources: Mapping[str, str] = field(default_factory=dict)
    pods: Read[Page[Pod]] = NOT_ASKED
    kind: str = "Deployment"
    ingresses: Read[Page[Ingress]] = NOT_ASKED


@dataclass(frozen=True, slots=True)
class World:
    """One look at the cluster. Mappings are by object name; what was not asked for is not in them.

    `auth_logs` are by pod, `sync_logs` by the Job whose pod wrote them.
    """

    taken_at: datetime
    cluster: ClusterRef
    latency_ms: float | None = None
    requests: int = 0
    version: Read[ServerVersion] = NOT_ASKED
    access: tuple[Access, ...] = ()
    namespace: Read[Namespace] = NOT_ASKED
    storage_classes: Read[Page[StorageClass]] = NOT_ASKED
    claims: Read[Page[Claim]] = NOT_ASKED
    volumes: Mapping[str, Read[PersistentVolume]] = field(default_factory=dict)
    secrets: Mapping[str, Read[SecretKeys]] = field(default_factory=dict)
    config_maps: Mapping[str, Read[ConfigMap]] = field(default_factory=dict)
    service_account: Read[ServiceAccount] = NOT_ASKED
    cron_jobs: Read[Page[CronJob]] = NOT_ASKED
    jobs: Read[Page[Job]] = NOT_ASKED
    pods: Read[Page[Pod]] = NOT_ASKED
    job_pods: Read[Page[Pod]] = NOT_ASKED
    events: Read[Page[Event]] = NOT_ASKED
    ingress_classes: Read[Page[IngressClass]] = NOT_ASKED
    ingresses: Read[Page[Ingress]] = NOT_ASKED
    applications: Read[Page[Application]] = NOT_ASKED
    application: Read[Application] = NOT_ASKED
    parent_application: Read[Application] = NOT_ASKED
    immich: Read[Immich] = NOT_ASKED
    auth_logs: Mapping[str, Read[LogTail]] = field(default_factory=dict)
    sync_logs: Mapping[str, Read[LogTail]] = field(default_factory=dict)
