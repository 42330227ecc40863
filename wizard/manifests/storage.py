"""Iteration 1: the namespace and the claims."""

from __future__ import annotations

from collections.abc import Sequence

from wizard.manifests.text import Manifest
from wizard.settings import ACCESS_MODES, CONFIG_CLAIM_BASE, CONFIG_SIZE, NAMESPACE, PHOTOS_CLAIM, PHOTOS_SIZE

POD_SECURITY = "pod-security.kubernetes.io/enforce"
PROTECTED = {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"}
"""Keeps Argo CD from deleting an object when its file leaves git or when its application is deleted."""


def namespace(name: str = NAMESPACE, *, pod_security: str | None = "baseline") -> Manifest:
    """The Namespace, which Argo CD never deletes, for the claims would go with it.

    `pod_security` is the level that it enforces: icloudpd's images run as root, which `baseline` lets them. None leaves it to
    the cluster: so for a namespace that is there, and whose pods nobody has measured by one.
    """
    labels = {"labels": {POD_SECURITY: pod_security}} if pod_security else {}
    metadata = {"name": name, **labels, "annotations": dict(PROTECTED)}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def claim(
    name: str,
    namespace: str = NAMESPACE,
    *,
    size: str,
    storage_class: str | None = None,
    access_modes: Sequence[str] = ACCESS_MODES,
) -> Manifest:
    """A PersistentVolumeClaim that Argo CD never deletes. `size` is a quantity ("100Gi"); without a class, the default one."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace, "annotations": dict(PROTECTED)},
        "spec": {
            "accessModes": list(access_modes),
            **({} if storage_class is None else {"storageClassName": storage_class}),
            "resources": {"requests": {"storage": size}},
        },
    }


def config_claim(namespace: str = NAMESPACE, *, storage_class: str | None = None) -> Manifest:
    """The first account's config claim, as the seed has it."""
    return claim(CONFIG_CLAIM_BASE, namespace, size=CONFIG_SIZE, storage_class=storage_class)


def photos_claim(namespace: str = NAMESPACE, *, storage_class: str | None = None) -> Manifest:
    """The claim for the photos, as the seed has it."""
    return claim(PHOTOS_CLAIM, namespace, size=PHOTOS_SIZE, storage_class=storage_class)
