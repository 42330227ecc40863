"""Iteration 4: Argo CD keeps what is in the cluster as it is in git, at the commit that was pushed.

Health alone never says why; a Progressing application is explained from the objects, or not called complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wizard.annotations import SYNC_OPTIONS
from wizard.model import Blocker, Finding, Severity, Status
from wizard.settings import AUTH_POD, PHOTOS_CLAIM, AccountNames, Settings
from wizard.steps.base import Step, missing_rights, unknown
from wizard.steps.look_up import all_pods, claim_named, cron_job_named, items, jobs_of, tracked_by
from wizard.steps.pod_trouble import pod_trouble
from wizard.steps.storage import WAIT_FOR_FIRST_CONSUMER, wanted_claims
from wizard.world import Application, Found, Meta, Missing, Unreadable, World


@dataclass(frozen=True, slots=True)
class Condition:
    """One known condition of an Application: its type, what its message matches, and what that means."""

    slug: str
    type: str
    pattern: re.Pattern[str]
    summary: str
    why: str
    fix: str
    severity: Severity = Severity.ERROR
    status: Status | None = Status.ACTION_REQUIRED


CONDITIONS: tuple[Condition, ...] = (
    Condition(
        "branch-missing",
        "ComparisonError",
        re.compile(r"unable to resolve '?([^' ]+)'? to a commit SHA"),
        "The application follows a branch that the repository does not have.",
        "Often main where the repository has master, or the other way round.",
        "See what the repository's branch is called (git ls-remote --symref REPO HEAD) and set targetRevision to it.",
    ),
    Condition(
        "path-missing",
        "ComparisonError",
        re.compile(r"(\S+): app path does not exist"),
        "The application's path is not in the commit that it follows.",
        "The manifests were not pushed, or lie in another folder.",
        "Push them, or correct spec.source.path.",
    ),
    Condition(
        "repository-unreadable",
        "ComparisonError",
        re.compile(r"failed to list refs|repository not found|authentication required|connection refused|dial tcp"),
        "Argo CD can't read the repository.",
        "The URL is wrong, the server does not answer, or the repository is private and Argo CD has no credentials for it.",
        "Write the URL as Argo CD's other applications have it; credentials are a Secret labelled argocd.argoproj.io/secret-type.",
    ),
    Condition(
        "chart-refused",
        "ComparisonError",
        re.compile(r"subchart has been removed|existingClaim is required"),
        "The chart refuses the values that it is given.",
        "Immich's chart dropped its postgresql and redis parts in 0.10, and wants a claim for its library.",
        "Remove those keys and name an existing claim.",
    ),
    Condition(
        "manifest-broken",
        "ComparisonError",
        re.compile(r"Failed to unmarshal|yaml: line \d+|error converting YAML|failed to generate manifest|kustomize"),
        "A manifest in git can't be read.",
        "Nothing is compared or synced until it is mended; health stays as it was before.",
        "The message names the file and the line.",
    ),
    Condition(
        "comparison-failed",
        "ComparisonError",
        re.compile(r""),
        "Argo CD can't compare git with the cluster.",
        "Its health says nothing about now while this lasts.",
        "Its message says why.",
    ),
    Condition(
        "project-refuses",
        "InvalidSpecError",
        re.compile(r""),
        "The application's specification is not allowed as it is.",
        "Its project does not exist, or does not permit this repository or destination.",
        "Use project default, or ask whoever owns the project.",
    ),
    Condition(
        "shared-object",
        "SharedResourceWarning",
        re.compile(r""),
        "Two applications own the same object, and undo each other's changes.",
        "One of them shows Synced without a word.",
        "Keep one application per path; remove the other with --cascade=false.",
        Severity.WARNING,
    ),
    Condition(
        "deletion-stuck",
        "DeletionError",
        re.compile(r""),
        "The application is being deleted and can't finish.",
        "An object that it owns is held by a finalizer.",
        "The message names the object; see what holds it.",
        status=Status.BLOCKED,
    ),
)


def check_application(world: World, settings: Settings) -> Iterator[Finding]:
    match world.application:
        case Found(value=app):
            yield from _conditions(app, settings)
            yield from _state(app, world, settings)
        case Unreadable() as read:
            yield unknown("argocd.application-unreadable", "Argo CD's applications", read)
        case Missing(kind_installed=False):
            yield Finding(
                "argocd.not-installed",
                Severity.ERROR,
                "Argo CD is not installed on this cluster.",
                evidence={"applications.argoproj.io": "the server does not know this kind"},
                why="It would keep the cluster as it is in git. The photos come without it as well.",
                fix="Install Argo CD, or skip this iteration.",
                commands=("kubectl api-resources --api-group=argoproj.io",),
                implies=Status.BLOCKED,
                blocker=Blocker(
                    "P2",
                    "Argo CD not installed",
                    ("iteration_4",),
                    user_action_required=True,
                    estimated_minutes=15,
                    ready_when=("Argo CD installed on cluster, or iteration 4 skipped",),
                ),
            )
        case Missing():
            waits = claim_named(world, PHOTOS_CLAIM) is None
            yield Finding(
                "argocd.application-missing",
                Severity.INFO if waits else Severity.ERROR,
                "No Argo CD application puts anything into the namespace " + settings.namespace + "."
                if not waits
                else "Waits for iterations 1 and 2: their manifests are what goes into git.",
                evidence={"applications looked at": len(items(world.applications))},
                why="What is only in the cluster is lost with it; what is in git comes back.",
                fix=_application_hint(world),
                implies=Status.PENDING if waits else Status.ACTION_REQUIRED,
            )


def _application_hint(world: World) -> str:
    sources = [source for app in items(world.applications) for source in app.sources if source.path]
    if not sources:
        return "Put the manifests into your git repository and make an Application that follows them."
    source = sources[0]
    folder = source.path.rsplit("/", 1)[0] if "/" in source.path else "apps"
    return (
        f"Put the manifests into {source.repo_url} ({source.target_revision or 'HEAD'}), for example under {folder}/photo-sync, "
        "and make an Application beside the others."
    )


def _conditions(app: Application, settings: Settings) -> Iterator[Finding]:
    seen: set[str] = set()
    for kind, message in app.conditions:
        known = next((item for item in CONDITIONS if item.type == kind and item.pattern.search(message)), None)
        if known is None or known.slug in seen:
            continue
        seen.add(known.slug)
        source = app.sources[0] if app.sources else None
        yield Finding(
            f"argocd.{known.slug}",
            known.severity,
            known.summary,
            evidence={f"application/{app.meta.name} condition {kind}": message}
            | (
                {"repository": source.repo_url, "branch": source.target_revision or "HEAD", "path": source.path}
                if source
                else {}
            ),
            why=known.why,
            fix=known.fix,
            commands=(
                f"kubectl -n {app.meta.namespace} get application {app.meta.name} -o jsonpath='{{.status.conditions}}'",
            ),
            implies=known.status,
        )
    del settings


def _state(app: Application, world: World, settings: Settings) -> Iterator[Finding]:
    where = f"application/{app.meta.name}"
    revision = app.compared_revision[:7]
    branch = app.sources[0].target_revision if app.sources else ""
    if app.destination_namespace and app.destination_namespace != settings.namespace and not _owns_ours(app, settings):
        yield Finding(
            "argocd.other-destination",
            Severity.ERROR,
            f"The application {app.meta.name} deploys into {app.destination_namespace}, not into {settings.namespace}.",
            evidence={f"{where} spec.destination.namespace": app.destination_namespace},
            fix="Correct the destination, or start the wizard with --namespace " + app.destination_namespace + ".",
            implies=Status.ACTION_REQUIRED,
        )
    if not app.looked_at:
        yield Finding(
            "argocd.not-yet-looked-at",
            Severity.INFO,
            f"Argo CD has not looked at the application {app.meta.name} yet.",
            evidence={f"{where} status": "empty"},
            why="A new application has no status for some seconds.",
            fix="Wait a minute. If it stays like this, the application controller does not run.",
            commands=(f"kubectl -n {app.meta.namespace} get pods",),
            implies=Status.IN_PROGRESS,
        )
        return
    yield from _operation(app, where)
    if app.sync == "Synced":
        yield Finding(
            "argocd.synced",
            Severity.OK,
            f"Synced at commit {revision}" + (f" of {branch}." if branch else "."),
            evidence={f"{where} status.sync.revision": app.compared_revision},
        )
    elif app.sync == "OutOfSync":
        yield from _out_of_sync(app, where, world)
    else:
        yield from _sync_unknown(app, where)
    yield from _health(app, where, world, settings)


def _owns_ours(app: Application, settings: Settings) -> bool:
    return any(resource.namespace == settings.namespace for resource in app.resources)


def _operation(app: Application, where: str) -> Iterator[Finding]:
    running = app.operation_phase == "Running"
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
            fix="Mend it in git, then end the running operation; a retry policy with refresh: true (Argo CD 3.2 and later) avoids it."
            if not old
            else "End the running operation; the newer commit is synced then.",
            commands=(
                f"kubectl -n {app.meta.namespace} patch application {app.meta.name} --type merge "
                '-p \'{"status":{"operationState":{"phase":"Terminating"}}}\'',
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
            else "An earlier sync failed; the cluster is as in git now.",
            evidence={f"{where} status.operationState.message": app.operation_message},
            why=_why_refused(app.operation_message),
            fix="Mend what the message names in git, and sync again.",
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
    return "The API server refused a part of it, and says so in the message."


def _out_of_sync(app: Application, where: str, world: World) -> Iterator[Finding]:
    differing = [resource for resource in app.resources if resource.status == "OutOfSync"]
    names = ", ".join(f"{resource.kind}/{resource.name}" for resource in differing) or "unknown"
    pruning = [resource for resource in differing if resource.requires_pruning]
    evidence: dict[str, object] = {f"{where} status.sync.status": "OutOfSync", "differs": names}
    if pruning and len(pruning) == len(differing):
        yield Finding(
            "argocd.left-git",
            Severity.INFO,
            f"{names} is no longer in git and is kept all the same.",
            evidence=evidence,
            why="It is protected with Prune=false, as claims should be.",
            fix="Put it back into git, or delete it by hand when you are sure.",
        )
        return
    if not app.automated:
        yield Finding(
            "argocd.not-automated",
            Severity.WARNING,
            f"Git and the cluster differ, and nobody syncs {app.meta.name}: it has no automated policy.",
            evidence=evidence | {f"{where} spec.syncPolicy.automated": "not set"},
            fix="Sync it by hand, or set syncPolicy.automated.",
            commands=(
                f"kubectl -n {app.meta.namespace} patch application {app.meta.name} --type merge "
                '-p \'{"operation":{"sync":{}}}\'',
            ),
            implies=Status.ACTION_REQUIRED,
        )
    elif app.operation_phase == "Succeeded":
        yield Finding(
            "argocd.differs-after-sync",
            Severity.WARNING,
            f"The last sync succeeded, and {names} differs from git all the same.",
            evidence=evidence,
            why="A field in the manifest that the server drops or changes is seen as a difference for ever; a brand-new change is one for seconds.",
            fix="Compare the manifest with the live object; a misspelt field is the usual reason.",
            commands=(
                f"kubectl -n {app.meta.namespace} get application {app.meta.name} -o jsonpath='{{.status.resources}}'",
            ),
            implies=Status.ACTION_REQUIRED,
        )
    elif not app.operation_phase:
        yield Finding(
            "argocd.out-of-sync",
            Severity.WARNING,
            f"{names} differs from git.",
            evidence,
            fix="Wait for the next sync.",
            implies=Status.IN_PROGRESS,
        )
    else:
        yield Finding(
            "argocd.out-of-sync",
            Severity.WARNING,
            f"{names} differs from git.",
            evidence,
            fix="See what the running or last operation says.",
            implies=Status.ACTION_REQUIRED if app.operation_phase != "Running" else Status.IN_PROGRESS,
        )
    del world


def _sync_unknown(app: Application, where: str) -> Iterator[Finding]:
    if not app.conditions:
        yield Finding(
            "argocd.sync-unknown",
            Severity.UNKNOWN,
            "Argo CD does not know whether the cluster is as in git.",
            evidence={f"{where} status.sync.status": app.sync or "(empty)"},
            fix="Ask it to look again.",
            commands=(
                f"kubectl -n {app.meta.namespace} annotate application {app.meta.name} argocd.argoproj.io/refresh=hard --overwrite",
            ),
            implies=Status.UNKNOWN,
        )


def _health(app: Application, where: str, world: World, settings: Settings) -> Iterator[Finding]:
    evidence: dict[str, object] = {f"{where} status.health.status": app.health}
    if app.sync not in ("Synced", "OutOfSync"):
        return
    if app.health == "Healthy":
        yield Finding(
            "argocd.healthy", Severity.OK, "All that it manages is healthy, as far as Argo CD can tell.", evidence
        )
    elif app.health == "Progressing":
        yield _progressing(app, evidence, world, settings)
    elif app.health == "Degraded":
        yield Finding(
            "argocd.degraded",
            Severity.ERROR,
            "Argo CD reports something that it manages as failed.",
            evidence=evidence
            | {
                "resources": ", ".join(f"{r.kind}/{r.name} {r.health}" for r in app.resources if r.health == "Degraded")
            },
            fix="The other iterations' findings say what it is.",
            implies=Status.FAILED,
        )
    elif app.health == "Missing":
        yield Finding(
            "argocd.objects-missing",
            Severity.ERROR,
            "Objects that are in git are not in the cluster.",
            evidence=evidence,
            fix="Sync the application; what the last operation says tells what is in the way.",
            implies=Status.ACTION_REQUIRED,
        )
    elif app.health == "Suspended":
        yield Finding("argocd.suspended", Severity.INFO, "Something that it manages is suspended.", evidence)
    else:
        yield Finding(
            "argocd.health-unknown",
            Severity.UNKNOWN,
            "Argo CD does not know the health of what it manages.",
            evidence,
            implies=Status.UNKNOWN,
        )


def _progressing(app: Application, evidence: dict[str, object], world: World, settings: Settings) -> Finding:
    pods = [resource for resource in app.resources if resource.kind == "Pod" and resource.name.startswith(AUTH_POD)]
    if pods:
        return Finding(
            "argocd.auth-pod-in-app",
            Severity.WARNING,
            f"Progressing because pod {pods[0].name} is part of the application.",
            evidence=evidence,
            why="A pod that is to end is Progressing until it has, and self-healing brings it back when you delete it.",
            fix="Take the pod's manifest out of the application's path.",
            implies=Status.ACTION_REQUIRED,
        )
    for pod in all_pods(world):
        if (trouble := pod_trouble(pod, "argocd")) and pod.meta.owner:
            return Finding(
                "argocd.progressing-pod",
                Severity.WARNING,
                f"Progressing because of pod {pod.meta.name}: {trouble.summary}",
                evidence=evidence | dict(trouble.evidence),
                why=trouble.why,
                fix=trouble.fix,
                commands=trouble.commands,
                implies=Status.ACTION_REQUIRED,
            )
    classes = {item.meta.name: item for item in items(world.storage_classes)}
    default = next((item for item in classes.values() if item.default), None)
    waiting = [
        claim
        for claim in items(world.claims)
        if claim.phase == "Pending"
        and (kind := classes.get(claim.storage_class or "", default))
        and kind.binding_mode == WAIT_FOR_FIRST_CONSUMER
    ]
    if waiting:
        names = " and ".join(claim.meta.name for claim in waiting)
        return Finding(
            "argocd.progressing-explained",
            Severity.INFO,
            f"Progressing because {names} waits for its first consumer, which is normal.",
            evidence=evidence
            | {f"persistentvolumeclaim/{claim.meta.name} status.phase": "Pending" for claim in waiting},
            why="Argo CD calls a claim healthy only when it is Bound, and this one is bound by the first pod that uses it.",
            fix="Nothing to do.",
        )
    ingresses = [
        item for item in items(world.ingresses) if item.meta.namespace == settings.namespace and not item.addresses
    ]
    if ingresses:
        return Finding(
            "argocd.progressing-ingress",
            Severity.WARNING,
            f"Progressing because Ingress {ingresses[0].meta.name} has no address.",
            evidence=evidence,
            why="The controller does not publish one (Traefik: publishedService; bare metal: MetalLB).",
            fix="Let the controller publish its address. The Ingress may work all the same.",
            implies=Status.IN_PROGRESS,
        )
    return Finding(
        "argocd.progressing-unexplained",
        Severity.WARNING,
        "Something that it manages is still on its way, and it can't be told what.",
        evidence=evidence,
        fix="Wait a few minutes; Argo CD's own page shows which object it is.",
        implies=Status.IN_PROGRESS,
    )


def check_claims_protected(world: World, settings: Settings) -> Iterator[Finding]:
    if not isinstance(world.application, Found):
        return
    app = world.application.value
    exposed: dict[str, str] = {}
    for name in wanted_claims(settings):
        claim = claim_named(world, name)
        if claim and tracked_by(claim.meta) == app.meta.name:
            options = {option.strip() for option in claim.meta.annotations.get(SYNC_OPTIONS, "").split(",")}
            lacking = {"Prune=false", "Delete=false"} - options - set(app.sync_options)
            if lacking:
                exposed[name] = ", ".join(sorted(lacking))
    if exposed:
        yield Finding(
            "argocd.claims-unprotected",
            Severity.WARNING,
            f"Argo CD would delete {' and '.join(exposed)} with the application"
            + (", or when their files leave git." if app.prune else "."),
            evidence={f"persistentvolumeclaim/{name} lacks": lacking for name, lacking in exposed.items()}
            | {
                "automated.prune": app.prune,
                "finalizers": ", ".join(app.meta.finalizers) or "none",
            },
            why="A claim that goes takes its volume with it where the class reclaims: the photos, and the session.",
            fix="Annotate both claims in git with argocd.argoproj.io/sync-options: Prune=false,Delete=false.",
            commands=tuple(
                f"kubectl -n {settings.namespace} annotate pvc {name} argocd.argoproj.io/sync-options=Prune=false,Delete=false --overwrite"
                for name in exposed
            ),
        )


def check_management(world: World, settings: Settings) -> Iterator[Finding]:
    if not isinstance(world.application, Found):
        return
    app = world.application.value
    strangers = [
        name
        for name, meta in _our_objects(world, settings)
        if tracked_by(meta) != app.meta.name and not _listed(app, name)
    ]
    if strangers and app.looked_at:
        yield Finding(
            "argocd.objects-outside-git",
            Severity.INFO,
            f"{len(strangers)} of our objects {'is' if len(strangers) == 1 else 'are'} not in git.",
            evidence=dict.fromkeys(strangers, "not tracked by the application"),
            why="They are not brought back with the rest. For the Secret that is right.",
            fix="Add the others to the application's path.",
        )
    if app.self_heal:
        yield Finding(
            "argocd.self-heal",
            Severity.INFO,
            "What is changed by hand here is put back as it is in git.",
            evidence={f"application/{app.meta.name} spec.syncPolicy.automated.selfHeal": True},
            why="Self-healing is on.",
            fix="Change it in git. Only what git does not set (a claim's annotations) stays.",
        )


def _our_objects(world: World, settings: Settings) -> Iterator[tuple[str, Meta]]:
    for account in settings.accounts:
        names = AccountNames.of(account)
        if job := cron_job_named(world, names.cron_job):
            yield f"CronJob/{names.cron_job}", job.meta
    for name in wanted_claims(settings):
        if claim := claim_named(world, name):
            yield f"PersistentVolumeClaim/{name}", claim.meta
    for name, config_map in world.config_maps.items():
        if isinstance(config_map, Found):
            yield f"ConfigMap/{name}", config_map.value.meta


def _listed(app: Application, name: str) -> bool:
    return any(f"{resource.kind}/{resource.name}" == name for resource in app.resources)


def check_degraded_jobs(world: World, settings: Settings) -> Iterator[Finding]:
    """Argo CD calls a CronJob healthy that has never succeeded (its health.lua): the Jobs tell."""
    if not isinstance(world.application, Found) or world.application.value.health != "Healthy":
        return
    for account in settings.accounts:
        jobs = jobs_of(world, AccountNames.of(account).cron_job)
        if jobs and jobs[-1].state == "failed":
            yield Finding(
                "argocd.healthy-but-failing",
                Severity.INFO,
                f"Argo CD says Healthy although the last run ({jobs[-1].meta.name}) failed.",
                evidence={f"job/{jobs[-1].meta.name}": jobs[-1].reason or "failed"},
                why="It judges a CronJob that never succeeded as healthy.",
                fix="Iteration 7 says why it failed.",
            )


STEP = Step(
    4,
    "argocd",
    "Argo CD integration",
    "The manifests live in your git repository, and Argo CD keeps the cluster as it is there. What is in git comes back after any mishap.",
    (
        check_application,
        check_claims_protected,
        check_management,
        check_degraded_jobs,
        missing_rights("argocd", "ask Argo CD to look again", [("patch", "applications.argoproj.io")]),
    ),
)
