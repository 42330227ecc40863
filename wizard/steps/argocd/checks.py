"""Iteration 4: Argo CD keeps what is in the cluster as it is in git, at the commit that was pushed.

Here the Application itself and what it manages; its conditions are in argocd_conditions.py, sync and health beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

from wizard.accounts import AccountNames
from wizard.choices import GIT_BRANCH, GIT_PATH, GIT_REPOSITORY, PHOTOS_CLAIM
from wizard.command import kubectl, photosync_wizard
from wizard.facts.objects import (
    application_of,
    claim_named,
    cron_job_named,
    items,
    lacking_protection,
    listed,
    manager_of,
    tracked_by,
)
from wizard.iterations import iteration
from wizard.model import Blocker, Finding, Severity, Status
from wizard.settings import Settings
from wizard.steps.argocd.conditions import conditions_of
from wizard.steps.argocd.health import check_auth_pod, check_degraded_jobs, health_of
from wizard.steps.argocd.sync import sync_of
from wizard.steps.argocd.table import application_table
from wizard.steps.base import Need, Step, unknown
from wizard.steps.storage.checks import claim_sizes
from wizard.world import Application, Found, Meta, Missing, Unreadable, World


def check_application(world: World, settings: Settings) -> Iterator[Finding]:
    match world.application:
        case Found(value=app):
            yield from conditions_of(app, world)
            yield from _state(app, world, settings)
        case Unreadable() as read:
            yield unknown("argocd.application-unreadable", "Argo CD's applications", read)
        case Missing(kind_installed=False) if elsewhere := _tracked(world, settings):
            name = next(iter(elsewhere.values()))
            yield Finding(
                "argocd.elsewhere",
                Severity.UNKNOWN,
                f"The application {name} of an Argo CD elsewhere manages these objects; its state can't be seen from here.",
                evidence={f"{where} tracked by": app for where, app in elsewhere.items()},
                why="This cluster does not know Argo CD's kinds, but objects here carry its tracking annotation.",
                fix="Look there, and skip this step here. It may revert what you change here by hand.",
                implies=Status.UNKNOWN,
            )
        case Missing(kind_installed=False):
            yield Finding(
                "argocd.not-installed",
                Severity.ERROR,
                "Argo CD is not installed on this cluster.",
                evidence={"applications.argoproj.io": "the server does not know this kind"},
                why="It keeps the cluster in line with git. The photos arrive without it too.",
                fix="Install Argo CD, or skip this step.",
                commands=(kubectl("api-resources", "--api-group=argoproj.io"),),
                implies=Status.BLOCKED,
                blocker=Blocker(
                    "P2",
                    "Argo CD not installed",
                    ("iteration_4",),
                    user_action_required=True,
                    estimated_minutes=25,
                    ready_when=(
                        "Argo CD installed on cluster, or step 4 skipped",
                        f"An application deploys the manifests from git into {settings.namespace}, and is Synced",
                    ),
                ),
            )
        case Missing():
            waits = claim_named(world, settings[PHOTOS_CLAIM]) is None
            yield Finding(
                "argocd.application-missing",
                Severity.INFO if waits else Severity.ERROR,
                "No Argo CD application deploys into the namespace " + settings.namespace + "."
                if not waits
                else "Waits for steps 1 and 2: their manifests are what goes into git.",
                evidence={"applications looked at": len(items(world.applications))},
                why="What is only in the cluster is lost with it; what is in git comes back.",
                fix=_application_hint(world, settings),
                implies=Status.PENDING if waits else Status.ACTION_REQUIRED,
                blocker=None
                if waits
                else Blocker(
                    "P1",
                    "No application follows the manifests",
                    ("iteration_4",),
                    user_action_required=True,
                    estimated_minutes=10,
                    ready_when=(
                        f"An application deploys the manifests from git into {settings.namespace}, and is Synced",
                    ),
                ),
            )


def _tracked(world: World, settings: Settings) -> dict[str, str]:
    """Which of our objects carry an application's tracking annotation, and whose."""
    return {name: app for name, meta in _our_objects(world, settings) if (app := tracked_by(meta))}


def _application_hint(world: World, settings: Settings) -> str:
    sources = [source for app in items(world.applications) for source in app.sources if source.path]
    if not sources:
        return "Put the manifests in your git repository and create an Application that follows them."
    source = sources[0]
    folder = source.path.rsplit("/", 1)[0] if "/" in source.path else "apps"
    path = settings[GIT_PATH] if settings.is_said(GIT_PATH) else f"{folder}/photo-sync"
    repository = settings[GIT_REPOSITORY] or source.repo_url
    branch = settings[GIT_BRANCH] or source.target_revision or "HEAD"
    return (
        f"Put the manifests in {repository} ({branch}), for example under {path}, and create an Application "
        "next to the others."
    )


def _state(app: Application, world: World, settings: Settings) -> Iterator[Finding]:
    where = f"application/{app.meta.name}"
    if app.meta.deleting and not any(kind == "DeletionError" for kind, _ in app.conditions):
        yield Finding(
            "argocd.application-deleting",
            Severity.ERROR,
            f"The application {app.meta.name} is being deleted.",
            evidence={
                f"{where} metadata.deletionTimestamp": app.meta.deleting,
                f"{where} metadata.finalizers": ", ".join(app.meta.finalizers) or "none",
            },
            why="With its resources-finalizer everything that it manages is deleted too, except what Delete=false protects.",
            fix="Wait until it is gone, then create it again; annotate the claims now if they are not protected.",
            commands=(kubectl("get", "application", app.meta.name, "-o", "yaml", namespace=app.meta.namespace),),
            implies=Status.BLOCKED,
        )
    if app.meta.deleting:
        return
    if app.destination_namespace and app.destination_namespace != settings.namespace and not _owns_ours(app, settings):
        yield Finding(
            "argocd.other-destination",
            Severity.ERROR,
            f"The application {app.meta.name} deploys into {app.destination_namespace}, not into {settings.namespace}.",
            evidence={f"{where} spec.destination.namespace": app.destination_namespace},
            why=f"What is in git is created there, and what the wizard sees in {settings.namespace} is not from git.",
            fix=f"Look in {app.destination_namespace} instead, or correct the destination if you want {settings.namespace}.",
            commands=(photosync_wizard("status", namespace=app.destination_namespace),),
            implies=Status.ACTION_REQUIRED,
        )
        return
    if not app.looked_at or not (app.sync or app.health or app.conditions):
        yield Finding(
            "argocd.not-yet-looked-at",
            Severity.INFO,
            f"Argo CD has not processed the application {app.meta.name} yet.",
            evidence={f"{where} status.sync": "empty"},
            why="A new application has no status for a few seconds.",
            fix="Wait a minute. If nothing changes, the application controller is not running.",
            commands=(kubectl("get", "pods", namespace=app.meta.namespace),),
            implies=Status.IN_PROGRESS,
        )
        return
    yield from sync_of(app, world.taken_at)
    yield from health_of(app, world, settings)


def _owns_ours(app: Application, settings: Settings) -> bool:
    return any(resource.namespace == settings.namespace for resource in app.resources)


def check_claims_protected(world: World, settings: Settings) -> Iterator[Finding]:
    if not isinstance(world.application, Found):
        return
    app = world.application.value
    exposed: dict[str, str] = {}
    for name in claim_sizes(settings):
        claim = claim_named(world, name)
        ours = claim and application_of(world, "PersistentVolumeClaim", claim.meta) == app.meta.name
        if claim and ours and (lacking := lacking_protection(claim.meta)):
            exposed[name] = ", ".join(lacking)
    if exposed:
        yield Finding(
            "argocd.claims-unprotected",
            Severity.WARNING,
            f"Argo CD would delete {' and '.join(exposed)} with the application"
            + (", or when their files are removed from git." if app.prune else "."),
            evidence={f"persistentvolumeclaim/{name} lacks": lacking for name, lacking in exposed.items()}
            | {
                "automated.prune": app.prune,
                "finalizers": ", ".join(app.meta.finalizers) or "none",
            },
            why="Unless the reclaim policy is Retain, a deleted claim takes its volume with it: the photos, and the session.",
            fix=f"Annotate {'it' if len(exposed) == 1 else 'both'} in git with argocd.argoproj.io/sync-options: Prune=false,Delete=false.",
            commands=tuple(
                kubectl(
                    *("annotate", "pvc", name, "argocd.argoproj.io/sync-options=Prune=false,Delete=false"),
                    "--overwrite",
                    namespace=settings.namespace,
                )
                for name in exposed
            ),
        )


def check_management(world: World, settings: Settings) -> Iterator[Finding]:
    if not isinstance(world.application, Found):
        return
    app = world.application.value
    strangers = {
        name: manager_of(meta)
        for name, meta in _our_objects(world, settings)
        if application_of(world, name.split("/")[0], meta) is None
    }
    if strangers and app.looked_at:
        yield Finding(
            "argocd.objects-outside-git",
            Severity.INFO,
            f"{listed(strangers)} {'is' if len(strangers) == 1 else 'are'} not in git.",
            evidence={
                name: f"not tracked by the application; managed by {manager}" for name, manager in strangers.items()
            },
            why="They are not restored with the rest.",
            fix="Add them to the application's path.",
        )
    if app.self_heal:
        yield Finding(
            "argocd.self-heal",
            Severity.INFO,
            f"Argo CD reverts what is changed by hand in {settings.namespace}.",
            evidence={f"application/{app.meta.name} spec.syncPolicy.automated.selfHeal": True},
            why="Self-healing is on.",
            fix="Change it in git. Only what git does not set (a claim's annotations) stays.",
        )


def _our_objects(world: World, settings: Settings) -> Iterator[tuple[str, Meta]]:
    for account in settings.accounts:
        names = AccountNames.of(account, settings)
        if job := cron_job_named(world, names.cron_job):
            yield f"CronJob/{names.cron_job}", job.meta
    for name in claim_sizes(settings):
        if claim := claim_named(world, name):
            yield f"PersistentVolumeClaim/{name}", claim.meta
    for name, config_map in world.config_maps.items():
        if isinstance(config_map, Found):
            yield f"ConfigMap/{name}", config_map.value.meta


STEP = Step(
    iteration("argocd"),
    "The manifests live in your git repository, and Argo CD keeps the cluster in line with them. What is in git can be restored after any mishap.",
    (
        check_application,
        check_claims_protected,
        check_management,
        check_auth_pod,
        check_degraded_jobs,
    ),
    table=application_table,
    work="ask Argo CD to refresh",
    needs=(Need("patch", "applications.argoproj.io", "argocd"),),
)
