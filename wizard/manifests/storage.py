"""Iteration 1: the namespace and the claims."""

from __future__ import annotations

from collections.abc import Sequence

from wizard.accounts import AccountNames
from wizard.choices import (
    CONFIG_ACCESS_MODE,
    CONFIG_SIZE,
    PHOTOS_ACCESS_MODE,
    PHOTOS_CLAIM,
    PHOTOS_SIZE,
    STORAGE_CLASS,
)
from wizard.manifests.text import Manifest
from wizard.settings import DEFAULT_ACCOUNT, NAMESPACE, Choice, Settings

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
    access_modes: Sequence[str] = (PHOTOS_ACCESS_MODE.default,),
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


def claims(settings: Settings, *, storage_class: str | None = None) -> dict[str, Manifest]:
    """Every claim that the accounts need, by name."""
    made = [config_claim(settings, account, storage_class=storage_class) for account in settings.accounts]
    made.append(photos_claim(settings, storage_class=storage_class))
    return {str(each["metadata"]["name"]): each for each in made}


def size_of(claim: Manifest) -> str:
    """The size that a claim's manifest asks for, as a quantity."""
    return str(claim["spec"]["resources"]["requests"]["storage"])


def size_choice(claim: str, settings: Settings) -> Choice[str]:
    """The choice that the size of the claim with this name follows."""
    return PHOTOS_SIZE if claim == settings[PHOTOS_CLAIM] else CONFIG_SIZE


def config_claim(settings: Settings, account: str = DEFAULT_ACCOUNT, *, storage_class: str | None = None) -> Manifest:
    """An account's config claim; its class is the one that was chosen, else `storage_class`."""
    return claim(
        AccountNames.of(account, settings).config_claim,
        settings.namespace,
        size=settings[CONFIG_SIZE],
        storage_class=settings[STORAGE_CLASS] or storage_class,
        access_modes=(settings[CONFIG_ACCESS_MODE],),
    )


def photos_claim(settings: Settings, *, storage_class: str | None = None) -> Manifest:
    """The claim for the photos; its class is the one that was chosen, else `storage_class`."""
    return claim(
        settings[PHOTOS_CLAIM],
        settings.namespace,
        size=settings[PHOTOS_SIZE],
        storage_class=settings[STORAGE_CLASS] or storage_class,
        access_modes=(settings[PHOTOS_ACCESS_MODE],),
    )
