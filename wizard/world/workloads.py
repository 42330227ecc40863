"""Pods and what runs them. Shapes follow Kubernetes, with only the fields that a diagnosis reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wizard.world.objects import Meta


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
class LogTail:
    """The last lines of a container's log, at most 64 KiB of them, without colour codes."""

    pod: str
    lines: tuple[str, ...]
