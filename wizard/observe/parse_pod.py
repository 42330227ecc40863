"""Pods and what they are made of, from Kubernetes' JSON: pure, tolerant of whatever is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.errors import shorten
from wizard.observe.json_values import listed, meta, number, record, records, strings, text
from wizard.world import Container, ContainerState, EnvVar, Mount, Pod, PodSpec, PodVolume

_VALUE_LIMIT = 1024
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def pod(body: Any) -> Pod:
    """A pod with the states of its containers, those of init containers last."""
    raw = record(body)
    spec, status = record(raw.get("spec")), record(raw.get("status"))
    ips = tuple(text(address.get("ip")) for address in records(status.get("podIPs")))
    states = [*records(status.get("containerStatuses")), *records(status.get("initContainerStatuses"))]
    scheduled = next(
        (condition for condition in records(status.get("conditions")) if condition.get("type") == "PodScheduled"), {}
    )
    return Pod(
        meta=meta(body),
        spec=pod_spec(spec),
        phase=text(status.get("phase")),
        node=text(spec.get("nodeName")),
        ips=ips or ((text(status["podIP"]),) if status.get("podIP") else ()),
        containers=tuple(_state(state) for state in states),
        unschedulable=shorten(text(scheduled.get("message"))) if scheduled.get("status") == "False" else "",
    )


def pod_spec(body: Any) -> PodSpec:
    """What a pod or a pod template is made of; init containers come last."""
    raw = record(body)
    security = record(raw.get("securityContext"))
    automount = raw.get("automountServiceAccountToken")
    containers = [*records(raw.get("containers")), *records(raw.get("initContainers"))]
    return PodSpec(
        containers=tuple(_container(container) for container in containers),
        volumes=tuple(_volume(volume) for volume in records(raw.get("volumes"))),
        service_account=text(raw.get("serviceAccountName") or raw.get("serviceAccount")),
        automount=automount if isinstance(automount, bool) else None,
        restart_policy=text(raw.get("restartPolicy")) or "Always",
        fs_group=number(security.get("fsGroup")),
        run_as_user=number(security.get("runAsUser")),
    )


def _container(raw: Mapping[str, Any]) -> Container:
    resources = record(raw.get("resources"))
    sources = []
    for entry in records(raw.get("envFrom")):
        for kind, field in (("secret", "secretRef"), ("configmap", "configMapRef")):
            if entry.get(field):
                sources.append(f"{kind}/{text(record(entry[field]).get('name'))}")
    ports = (number(port.get("containerPort")) for port in records(raw.get("ports")))
    probes = (record(record(raw.get(probe)).get("httpGet")).get("path") for probe in _PROBES)
    return Container(
        name=text(raw.get("name")),
        image=text(raw.get("image")),
        command=tuple(text(word) for word in listed(raw.get("command"))),
        args=tuple(text(word) for word in listed(raw.get("args"))),
        env=tuple(_variable(variable) for variable in records(raw.get("env"))),
        env_from=tuple(sources),
        mounts=tuple(_mount(mount) for mount in records(raw.get("volumeMounts"))),
        ports=tuple(port for port in ports if port is not None),
        stdin=bool(raw.get("stdin")),
        tty=bool(raw.get("tty")),
        limits=strings(resources.get("limits")),
        requests=strings(resources.get("requests")),
        probe_paths=tuple(dict.fromkeys(text(path) for path in probes if path)),
    )


def _variable(raw: Mapping[str, Any]) -> EnvVar:
    name = text(raw.get("name"))
    origin = record(raw.get("valueFrom"))
    for source, field in (("secret", "secretKeyRef"), ("configmap", "configMapKeyRef")):
        if origin.get(field):
            ref = record(origin[field])
            return EnvVar(
                name,
                source=source,
                source_name=text(ref.get("name")),
                source_key=text(ref.get("key")),
                optional=bool(ref.get("optional")),
            )
    if origin:
        ref = record(origin.get("fieldRef"))
        return EnvVar(name, source="field", source_key=text(ref.get("fieldPath")))
    return EnvVar(name, value=text(raw.get("value"))[:_VALUE_LIMIT])


def _mount(raw: Mapping[str, Any]) -> Mount:
    return Mount(
        volume=text(raw.get("name")),
        path=text(raw.get("mountPath")),
        read_only=bool(raw.get("readOnly")),
        sub_path=text(raw.get("subPath") or raw.get("subPathExpr")),
    )


def _volume(raw: Mapping[str, Any]) -> PodVolume:
    name = text(raw.get("name"))
    for kind, field, ref in (
        ("pvc", "persistentVolumeClaim", "claimName"),
        ("secret", "secret", "secretName"),
        ("configMap", "configMap", "name"),
        ("hostPath", "hostPath", "path"),
    ):
        if isinstance(raw.get(field), Mapping):
            source = raw[field]
            keys = tuple((text(entry.get("key")), text(entry.get("path"))) for entry in _items(source))
            return PodVolume(name, kind, text(source.get(ref)), bool(source.get("optional")), keys)
    if isinstance(raw.get("nfs"), Mapping):
        return PodVolume(name, "nfs", f"{text(raw['nfs'].get('server'))}:{text(raw['nfs'].get('path'))}")
    return PodVolume(name, next((kind for kind in ("emptyDir", "projected") if kind in raw), "other"))


def _items(source: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return records(source.get("items"))


def _state(raw: Mapping[str, Any]) -> ContainerState:
    states = record(raw.get("state"))
    kind = next((name for name in ("running", "terminated", "waiting") if states.get(name) is not None), "waiting")
    now = record(states.get(kind))
    before = record(record(raw.get("lastState")).get("terminated"))
    return ContainerState(
        name=text(raw.get("name")),
        state=kind,
        reason=text(now.get("reason")),
        message=shorten(text(now.get("message"))),
        exit_code=number(now.get("exitCode")),
        ready=bool(raw.get("ready")),
        restarts=number(raw.get("restartCount")) or 0,
        image_id=text(raw.get("imageID")),
        last_reason=text(before.get("reason")),
    )
