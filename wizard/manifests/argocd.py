"""Iteration 4: the Application, and the files of the folder that it follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wizard.choices import APPLICATION, GIT_BRANCH, GIT_PATH, GIT_REPOSITORY
from wizard.manifests.text import Manifest, as_yaml
from wizard.settings import Settings

HERE = "https://kubernetes.default.svc"
"""The cluster that Argo CD itself runs in."""
_FILES = {
    "Namespace": "namespace",
    "PersistentVolumeClaim": "pvc",
    "ConfigMap": "configmap",
    "ServiceAccount": "serviceaccount",
    "CronJob": "cronjob",
}


def application(
    settings: Settings,
    *,
    repo: str,
    branch: str,
    path: str | None = None,
    argocd_namespace: str = "argocd",
    project: str = "default",
    retry_refresh: bool = False,
) -> Manifest:
    """The Application that keeps the namespace as `path` on `branch` of the git repository `repo` (a URL) says.

    What was chosen goes before what is given. `retry_refresh`: an operation that is tried again takes the newest commit, so that
    a fix is not waited out; only where the CustomResourceDefinition has that field, which is so since 3.2. It has no finalizer:
    to delete it deletes nothing else.
    """
    policy: Manifest = {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["CreateNamespace=true"]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": settings[APPLICATION], "namespace": argocd_namespace},
        "spec": {
            "project": project,
            "source": {
                "repoURL": settings[GIT_REPOSITORY] or repo,
                "targetRevision": settings[GIT_BRANCH] or branch,
                "path": settings[GIT_PATH] if settings.is_said(GIT_PATH) else path or settings[GIT_PATH],
            },
            "destination": {"server": HERE, "namespace": settings.namespace},
            "syncPolicy": policy | ({"retry": {"limit": 5, "refresh": True}} if retry_refresh else {}),
        },
    }


def kustomization(settings: Settings, resources: Iterable[str]) -> Manifest:
    """What kustomize puts together: files of the same folder, by their names."""
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": settings.namespace,
        "resources": list(resources),
    }


def files(manifests: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """The folder as it lies in git: a file's content by its name, one for each manifest. Raises ValueError for a Secret.

    A name says what is in the file: "namespace.yaml", "pvc-icloud-photos.yaml".
    """
    return {file_name(manifest): as_yaml(manifest) for manifest in manifests}


def file_name(manifest: Mapping[str, object]) -> str:
    """What a manifest's file is called. Raises ValueError for a kind that does not belong into git, a Secret above all."""
    kind, metadata = str(manifest["kind"]), manifest["metadata"]
    if kind not in _FILES or not isinstance(metadata, Mapping):
        raise ValueError(f"{kind} does not belong into git")
    return f"{_FILES[kind]}.yaml" if kind == "Namespace" else f"{_FILES[kind]}-{metadata['name']}.yaml"
