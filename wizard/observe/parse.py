"""Kubernetes' JSON to the records of wizard.world: pure, tolerant of whatever is missing.

A Secret's values are dropped here, at the first touch. Argo CD's kinds are in `parse_argo`, pods in `parse_pod`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wizard.errors import shorten
from wizard.observe.json_values import listed, meta, number, record, records, strings, text, when
from wizard.observe.parse_pod import pod_spec
from wizard.world import (
    Claim,
    ConfigMap,
    CronJob,
    Event,
    Ingress,
    IngressClass,
    IngressRule,
    Job,
    Namespace,
    PersistentVolume,
    SecretKeys,
    ServerVersion,
    ServiceAccount,
    StorageClass,
)

CONFIG_VALUE_LIMIT = 4096
_SAFE_ANNOTATIONS = ("argocd.argoproj.io/", "meta.helm.sh/", "photosync-wizard/")


def server_version(body: Any) -> ServerVersion:
    raw = record(body)
    return ServerVersion(text(raw.get("gitVersion")), _leading(raw.get("major")), _leading(raw.get("minor")))


def namespace(body: Any) -> Namespace:
    return Namespace(meta(body), text(record(record(body).get("status")).get("phase")))


def storage_class(body: Any) -> StorageClass:
    raw, about = record(body), meta(body)
    return StorageClass(
        meta=about,
        provisioner=text(raw.get("provisioner")),
        binding_mode=text(raw.get("volumeBindingMode")) or "Immediate",
        reclaim_policy=text(raw.get("reclaimPolicy")) or "Delete",
        expandable=bool(raw.get("allowVolumeExpansion")),
        default=any(
            about.annotations.get(f"storageclass.{beta}kubernetes.io/is-default-class") == "true"
            for beta in ("", "beta.")
        ),
    )


def claim(body: Any) -> Claim:
    spec, status = record(record(body).get("spec")), record(record(body).get("status"))
    named = spec.get("storageClassName")
    return Claim(
        meta=meta(body),
        phase=text(status.get("phase")) or "Pending",
        storage_class=None if named is None else str(named),
        access_modes=tuple(text(mode) for mode in listed(spec.get("accessModes"))),
        requested=text(record(record(spec.get("resources")).get("requests")).get("storage")),
        capacity=text(record(status.get("capacity")).get("storage")),
        volume_name=text(spec.get("volumeName")),
    )


def persistent_volume(body: Any) -> PersistentVolume:
    spec = record(record(body).get("spec"))
    return PersistentVolume(
        meta=meta(body),
        reclaim_policy=text(spec.get("persistentVolumeReclaimPolicy")) or "Retain",
        source=volume_source(spec),
    )


def volume_source(spec: Mapping[str, Any]) -> str:
    """Where a volume's bytes are, as "kind: where"; empty when none of its fields says it."""
    for kind in ("hostPath", "local"):
        if isinstance(spec.get(kind), Mapping):
            return f"{kind}: {text(spec[kind].get('path'))}"
    if isinstance(spec.get("nfs"), Mapping):
        return f"nfs: {text(spec['nfs'].get('server'))}:{text(spec['nfs'].get('path'))}"
    if isinstance(spec.get("csi"), Mapping):
        return f"csi: {text(spec['csi'].get('driver'))}/{text(spec['csi'].get('volumeHandle'))}"
    kinds = ("iscsi", "rbd", "cephfs", "glusterfs", "fc", "awsElasticBlockStore", "gcePersistentDisk", "azureDisk")
    return next((f"{kind}: " for kind in kinds if kind in spec), "")


def secret_keys(body: Any) -> SecretKeys:
    """A Secret's keys. Values go, and so do the annotations in which tools keep copies of them."""
    raw = record(body)
    about = meta(body)
    annotations = {key: value for key, value in about.annotations.items() if key.startswith(_SAFE_ANNOTATIONS)}
    return SecretKeys(
        replace(about, annotations=annotations),
        text(raw.get("type")),
        tuple(sorted(str(key) for key in record(raw.get("data")))),
    )


def config_map(body: Any) -> ConfigMap:
    data = strings(record(body).get("data"))
    return ConfigMap(meta(body), {key: value[:CONFIG_VALUE_LIMIT] for key, value in data.items()})


def service_account(body: Any) -> ServiceAccount:
    automount = record(body).get("automountServiceAccountToken")
    return ServiceAccount(meta(body), automount if isinstance(automount, bool) else None)


def cron_job(body: Any) -> CronJob:
    spec, status = record(record(body).get("spec")), record(record(body).get("status"))
    job = record(record(spec.get("jobTemplate")).get("spec"))
    backoff = number(job.get("backoffLimit"))
    return CronJob(
        meta=meta(body),
        schedule=text(spec.get("schedule")),
        time_zone=text(spec.get("timeZone")),
        suspend=bool(spec.get("suspend")),
        concurrency=text(spec.get("concurrencyPolicy")) or "Allow",
        backoff_limit=6 if backoff is None else backoff,
        deadline_seconds=number(job.get("activeDeadlineSeconds")),
        spec=pod_spec(record(job.get("template")).get("spec")),
        last_schedule=when(status.get("lastScheduleTime")),
        last_success=when(status.get("lastSuccessfulTime")),
        active=len(records(status.get("active"))),
    )


def job(body: Any) -> Job:
    spec, status = record(record(body).get("spec")), record(record(body).get("status"))
    conditions = {
        text(condition.get("type")): condition
        for condition in records(status.get("conditions"))
        if condition.get("status") == "True"
    }
    telling: Mapping[str, Any] = {}
    state = "running"
    for kind, name in (("Failed", "failed"), ("Complete", "complete"), ("Suspended", "suspended")):
        if kind in conditions:
            state, telling = name, conditions[kind]
            break
    else:
        telling = next(iter(conditions.values()), {})
        state = "suspended" if spec.get("suspend") else "running"
    ended = when(status.get("completionTime"))
    if ended is None and state in ("failed", "complete"):
        ended = when(telling.get("lastTransitionTime"))
    return Job(
        meta=meta(body),
        state=state,
        reason=text(telling.get("reason")),
        message=shorten(text(telling.get("message"))),
        started=when(status.get("startTime")),
        finished=ended,
    )


def event(body: Any) -> Event:
    raw = record(body)
    about = record(raw.get("involvedObject") or raw.get("regarding"))
    series = record(raw.get("series"))
    last_seen = (
        when(series.get("lastObservedTime"))
        or when(raw.get("lastTimestamp") or raw.get("deprecatedLastTimestamp"))
        or when(raw.get("eventTime"))
        or meta(body).created
    )
    return Event(
        type=text(raw.get("type")),
        reason=text(raw.get("reason")),
        message=shorten(text(raw.get("message") or raw.get("note")), 1024),
        kind=text(about.get("kind")),
        name=text(about.get("name")),
        namespace=text(about.get("namespace")),
        last_seen=last_seen,
        count=number(series.get("count")) or number(raw.get("count")) or number(raw.get("deprecatedCount")) or 1,
    )


def ingress_class(body: Any) -> IngressClass:
    about = meta(body)
    return IngressClass(
        meta=about,
        controller=text(record(record(body).get("spec")).get("controller")),
        default=about.annotations.get("ingressclass.kubernetes.io/is-default-class") == "true",
    )


def ingress(body: Any) -> Ingress:
    raw, about = record(body), meta(body)
    spec = record(raw.get("spec"))
    rules = []
    for rule in records(spec.get("rules")):
        paths = records(record(rule.get("http")).get("paths")) or [{}]
        rules += [_ingress_rule(text(rule.get("host")), path) for path in paths]
    if spec.get("defaultBackend"):
        rules.append(_ingress_rule("", {"backend": spec["defaultBackend"]}))
    tls = records(spec.get("tls"))
    balancers = records(record(record(raw.get("status")).get("loadBalancer")).get("ingress"))
    return Ingress(
        meta=about,
        class_name=text(spec.get("ingressClassName")) or about.annotations.get("kubernetes.io/ingress.class", ""),
        rules=tuple(rules),
        tls_hosts=tuple(text(host) for entry in tls for host in listed(entry.get("hosts"))),
        tls=bool(tls),
        addresses=tuple(text(balancer.get("ip") or balancer.get("hostname")) for balancer in balancers),
    )


def _ingress_rule(host: str, path: Mapping[str, Any]) -> IngressRule:
    service = record(record(path.get("backend")).get("service"))
    port = record(service.get("port"))
    return IngressRule(
        host, text(path.get("path")), text(service.get("name")), text(port.get("number") or port.get("name"))
    )


def _leading(value: Any) -> int:
    digits = ""
    for letter in text(value):
        if not letter.isdigit():
            break
        digits += letter
    return int(digits or 0)
