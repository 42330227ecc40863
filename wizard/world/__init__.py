"""What was observed of the world, frozen: the only thing that diagnoses may look at.

Every part is a `Read`: `Found` with what was there, `Missing` when the server said that it is not there (or its kind is not
installed), `Unreadable` when nobody knows. Shapes follow Kubernetes, with only the fields that a diagnosis reads; field
names are Kubernetes' own in snake_case. Times are aware UTC datetimes. Secrets' values are never in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wizard.model import ClusterRef
from wizard.world.argocd import Application, AppResource, AppSource
from wizard.world.immich import Immich
from wizard.world.objects import (
    Access,
    Claim,
    ConfigMap,
    Event,
    Ingress,
    IngressClass,
    IngressRule,
    Meta,
    Namespace,
    PersistentVolume,
    SecretKeys,
    ServerVersion,
    ServiceAccount,
    StorageClass,
)
from wizard.world.reads import NOT_ASKED, Found, Missing, Page, Read, Unreadable
from wizard.world.workloads import (
    Container,
    ContainerState,
    CronJob,
    EnvVar,
    Job,
    LogTail,
    Mount,
    Pod,
    PodSpec,
    PodVolume,
)

__all__ = [
    "NOT_ASKED",
    "Access",
    "AppResource",
    "AppSource",
    "Application",
    "Claim",
    "ConfigMap",
    "Container",
    "ContainerState",
    "CronJob",
    "EnvVar",
    "Event",
    "Found",
    "Immich",
    "Ingress",
    "IngressClass",
    "IngressRule",
    "Job",
    "LogTail",
    "Meta",
    "Missing",
    "Mount",
    "Namespace",
    "Page",
    "PersistentVolume",
    "Pod",
    "PodSpec",
    "PodVolume",
    "Read",
    "SecretKeys",
    "ServerVersion",
    "ServiceAccount",
    "StorageClass",
    "Unreadable",
    "World",
]


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
