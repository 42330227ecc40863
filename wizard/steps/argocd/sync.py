"""Whether an Application is synced: its operation, and what differs from git."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from wizard.command import kubectl
from wizard.model import Finding, Severity, Status
from wizard.world import Application

SETTLES = timedelta(minutes=2)
"""How long after a sync Argo CD may still show what was true before it."""


def sync_of(app: Application, now: datetime) -> Iterator[Finding]:
    """What the last or running operation does, and whether the cluster is as in git."""
    where = f"application/{app.meta.name}"
    branch = app.sources[0].target_revision if app.sources else ""
    yield from _operation(app, where)
    if app.sync == "Synced":
        yield Finding(
            "argocd.synced",
            Severity.OK,
            f"Synced at commit {app.compared_revision[:7]}" + (f" of {branch}." if branch else "."),
            evidence={f"{where} status.sync.revision": app.compared_revision},
        )
    elif app.sync == "OutOfSync":
        yield from _out_of_sync(app, where, now)
    else:
        yield from _sync_unknown(app, where)


def _operation(app: Application, where: str) -> Iterator[Finding]:
    running = app.operation_phase in ("Running", "Terminating")
    if running and "etrying attempt" in app.operation_message:
        old = app.operation_revision and app.compared_revision and app.operation_revision != app.compared_revision
        yield Finding(
            "argocd.sync-retries-old-commit" if old else "argocd.sync-retries",
            Severity.ERROR,
            f"A sync that can't succeed keeps retrying commit {app.operation_revision[:7]}"
            + (f" and holds back {app.compared_revision[:7]}." if old else "."),
            evidence={
                f"{where} status.operationState.phase": app.operation_phase,
                f"{where} status.operationState.message": app.operation_message,
                f"{where} status.operationState.syncResult.revision": app.operation_revision,
                f"{where} status.sync.revision": app.compared_revision,
            },
            why=_why_refused(app.operation_message),
            fix="Fix it in git, then terminate the running operation; a retry policy with refresh: true (Argo CD 3.2 and later) makes the latter unnecessary."
            if not old
            else "Terminate the running operation; then the newer commit is synced.",
            commands=(
                kubectl(
                    *("patch", "application", app.meta.name, "--type", "merge", "-p"),
                    '{"status":{"operationState":{"phase":"Terminating"}}}',
                    namespace=app.meta.namespace,
                ),
            ),
            implies=Status.ACTION_REQUIRED,
        )
    elif running:
        yield Finding(
            "argocd.syncing",
            Severity.INFO,
            f"Argo CD is syncing commit {app.operation_revision[:7]}.",
            evidence={f"{where} status.operationState.message": app.operation_message or "(none)"},
            fix="Wait for it to finish.",
            implies=Status.IN_PROGRESS,
        )
    elif app.operation_phase in ("Failed", "Error"):
        yield Finding(
            "argocd.sync-failed",
            Severity.ERROR if app.sync != "Synced" else Severity.INFO,
            f"The last sync of {app.meta.name} failed."
            if app.sync != "Synced"
            else "An earlier sync failed; the cluster now matches git.",
            evidence={f"{where} status.operationState.message": app.operation_message},
            why=_why_refused(app.operation_message),
            fix="Fix what the message names in git, and sync again.",
            implies=Status.ACTION_REQUIRED if app.sync != "Synced" else None,
        )
    elif app.sync == "Synced" and app.operation_revision and app.operation_revision != app.compared_revision:
        yield Finding(
            "argocd.newer-commit-equal",
            Severity.INFO,
            f"Commit {app.compared_revision[:7]} changes nothing here; {app.operation_revision[:7]} was the last that did.",
            evidence={f"{where} status.operationState.syncResult.revision": app.operation_revision},
        )


def _why_refused(message: str) -> str:
    for pattern, why in (
        ("field can not be less than", "A claim can't be made smaller."),
        ("is immutable", "That field can't be changed on an existing object."),
        (
            'namespaces "',
            "The namespace does not exist, and the application does not create it (CreateNamespace=true).",
        ),
        ("CRD is installed", "A kind in the manifests is not installed on this cluster."),
        ("tasks are not valid", "A kind in the manifests is not installed on this cluster."),
        ("violates PodSecurity", "The namespace's Pod Security level refuses it."),
        ("forbidden", "Argo CD may not do that here."),
    ):
        if pattern in message:
            return why
    return "The API server rejected part of it; the message says why."


def _out_of_sync(app: Application, where: str, now: datetime) -> Iterator[Finding]:
    differing = [resource for resource in app.resources if resource.status == "OutOfSync"]
    names = ", ".join(f"{resource.kind}/{resource.name}" for resource in differing) or "something"
    pruning = [resource for resource in differing if resource.requires_pruning]
    evidence: dict[str, object] = {f"{where} status.sync.status": "OutOfSync", "differs": names}
    if pruning and len(pruning) == len(differing):
        yield Finding(
            "argocd.left-git",
            Severity.WARNING,
            f"{names} is no longer in git, but is kept.",
            evidence=evidence,
            why="It is protected with Prune=false, as claims should be. What is not in git can't be restored after a mishap.",
            fix="Put it back in git, or delete it by hand if you are sure.",
            implies=Status.ACTION_REQUIRED,
        )
        return
    if not app.automated:
        yield Finding(
            "argocd.not-automated",
            Severity.WARNING,
            f"Git and the cluster differ, and nothing syncs {app.meta.name}: it has no automated policy.",
            evidence=evidence | {f"{where} spec.syncPolicy.automated": "not set"},
            fix="Sync it by hand, or set syncPolicy.automated.",
            commands=(
                kubectl(
                    *("patch", "application", app.meta.name, "--type", "merge", "-p", '{"operation":{"sync":{}}}'),
                    namespace=app.meta.namespace,
                ),
            ),
            implies=Status.ACTION_REQUIRED,
        )
    elif app.operation_phase == "Succeeded" and app.operation_revision == app.compared_revision:
        if app.operation_finished and now - app.operation_finished < SETTLES:
            yield Finding(
                "argocd.settling",
                Severity.INFO,
                f"Commit {app.compared_revision[:7]} was synced just now, and Argo CD has not compared everything again yet.",
                evidence=evidence | {f"{where} status.operationState.finishedAt": app.operation_finished},
                fix="Look again in a minute.",
                implies=Status.IN_PROGRESS,
            )
        elif not any(kind == "SharedResourceWarning" for kind, _ in app.conditions):
            yield Finding(
                "argocd.differs-after-sync",
                Severity.WARNING,
                f"Commit {app.compared_revision[:7]} was synced, but {names} still differs from it.",
                evidence=evidence,
                why="A field in the manifest that the server drops or changes differs forever; "
                "a change by hand differs for seconds, or for good where self-healing is off.",
                fix="Compare the manifest with the live object: a misspelt field is the usual reason.",
                commands=(
                    kubectl(
                        *("get", "application", app.meta.name, "-o", "jsonpath={.status.resources}"),
                        namespace=app.meta.namespace,
                    ),
                ),
                implies=Status.ACTION_REQUIRED,
            )
    elif app.operation_phase in ("Running", "Terminating", "Failed", "Error"):
        return
    else:
        yield Finding(
            "argocd.out-of-sync",
            Severity.INFO,
            f"{names[:1].upper()}{names[1:]} differs from git, and commit {app.compared_revision[:7]} is about to be synced.",
            evidence,
            why="Argo CD has seen a newer commit than it has synced.",
            fix="Wait for the sync; it takes seconds.",
            implies=Status.IN_PROGRESS,
        )


def _sync_unknown(app: Application, where: str) -> Iterator[Finding]:
    if not app.conditions:
        yield Finding(
            "argocd.sync-unknown",
            Severity.UNKNOWN,
            "Argo CD does not know whether the cluster matches git.",
            evidence={f"{where} status.sync.status": app.sync or "(empty)"},
            fix="Ask it to refresh.",
            commands=(
                kubectl(
                    *("annotate", "application", app.meta.name, "argocd.argoproj.io/refresh=hard", "--overwrite"),
                    namespace=app.meta.namespace,
                ),
            ),
            implies=Status.UNKNOWN,
        )
