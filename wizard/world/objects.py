"""Metadata and the objects that run nothing. Shapes follow Kubernetes, with only the fields that a diagnosis reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


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
