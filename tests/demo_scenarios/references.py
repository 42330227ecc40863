"""Which objects an object names, read from its fields: for tests that nothing in a scenario leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
Key = tuple[str, str, str]


def references(item: Json) -> Iterator[Key]:
    """Kind, namespace and name of everything that must exist for this object to work."""
    namespace = item["metadata"].get("namespace", "")
    for owner in item["metadata"].get("ownerReferences", ()):
        yield owner["kind"], namespace, owner["name"]
    spec = item.get("spec", {})
    match item["kind"]:
        case "Pod":
            yield from _pod(spec, namespace)
        case "Deployment" | "ReplicaSet" | "StatefulSet" | "Job":
            yield from _pod(spec["template"]["spec"], namespace)
        case "CronJob":
            yield from _pod(spec["jobTemplate"]["spec"]["template"]["spec"], namespace)
        case "PersistentVolumeClaim":
            if spec.get("storageClassName"):
                yield "StorageClass", "", spec["storageClassName"]
            if spec.get("volumeName"):
                yield "PersistentVolume", "", spec["volumeName"]
        case "PersistentVolume":
            claim = spec["claimRef"]
            yield claim["kind"], claim["namespace"], claim["name"]
            yield "StorageClass", "", spec["storageClassName"]
        case "Ingress":
            yield "IngressClass", "", spec["ingressClassName"]
            for rule in spec["rules"]:
                for path in rule["http"]["paths"]:
                    yield "Service", namespace, path["backend"]["service"]["name"]
            for tls in spec.get("tls", ()):
                yield "Secret", namespace, tls["secretName"]
        case "Application":
            yield "AppProject", namespace, spec["project"]
            for resource in item.get("status", {}).get("resources", ()):
                of_cluster = resource["kind"] == "Namespace"
                yield resource["kind"], "" if of_cluster else resource["namespace"], resource["name"]
        case "Event":
            about = item["involvedObject"]
            yield about["kind"], about["namespace"], about["name"]
        case _:
            pass


def _pod(spec: Json, namespace: str) -> Iterator[Key]:
    yield "ServiceAccount", namespace, spec.get("serviceAccountName", "default")
    if "nodeName" in spec:
        yield "Node", "", spec["nodeName"]
    for volume in spec.get("volumes", ()):
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", namespace, volume["persistentVolumeClaim"]["claimName"]
        if "secret" in volume:
            yield "Secret", namespace, volume["secret"]["secretName"]
    for container in spec["containers"]:
        for source in container.get("envFrom", ()):
            yield "ConfigMap", namespace, source["configMapRef"]["name"]
        for variable in container.get("env", ()):
            if "valueFrom" in variable:
                yield "Secret", namespace, variable["valueFrom"]["secretKeyRef"]["name"]
