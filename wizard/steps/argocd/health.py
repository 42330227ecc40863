"""Why an Application's health is what it is: Argo CD names no cause, the objects do."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.accounts import AccountNames
from wizard.facts.objects import all_pods, class_of, items, jobs_of
from wizard.facts.pod_problem import pod_problem
from wizard.model import Finding, Severity, Status
from wizard.settings import Settings, is_auth_pod
from wizard.steps.storage.checks import WAIT_FOR_FIRST_CONSUMER
from wizard.world import Application, AppResource, Claim, Found, World


def health_of(app: Application, world: World, settings: Settings) -> Iterator[Finding]:
    """What its health says, explained where it is not Healthy; nothing while the comparison fails, for then it is an old one."""
    evidence: dict[str, object] = {f"application/{app.meta.name} status.health.status": app.health}
    if app.sync not in ("Synced", "OutOfSync"):
        return
    if app.health == "Healthy":
        yield Finding(
            "argocd.healthy",
            Severity.OK,
            "Everything that the application manages is healthy, as far as Argo CD can tell.",
            evidence,
        )
    elif app.health == "Progressing":
        if not _auth_pods(app):
            yield _progressing(evidence, world, settings)
    elif app.health == "Degraded":
        yield Finding(
            "argocd.degraded",
            Severity.ERROR,
            "Argo CD reports that something it manages has failed.",
            evidence=evidence
            | {
                "resources": ", ".join(f"{r.kind}/{r.name} {r.health}" for r in app.resources if r.health == "Degraded")
            },
            fix="The other steps' findings say what it is.",
            implies=Status.FAILED,
        )
    elif app.health == "Missing":
        yield Finding(
            "argocd.objects-missing",
            Severity.ERROR,
            "Objects that are in git are not in the cluster.",
            evidence=evidence,
            fix="Sync the application; the last operation's message says what is in the way.",
            implies=Status.ACTION_REQUIRED,
        )
    elif app.health == "Suspended":
        yield Finding(
            "argocd.suspended", Severity.INFO, "Argo CD reports that something it manages is suspended.", evidence
        )
    else:
        yield Finding(
            "argocd.health-unknown",
            Severity.UNKNOWN,
            "Argo CD does not know the health of what it manages.",
            evidence,
            implies=Status.UNKNOWN,
        )


def _progressing(evidence: dict[str, object], world: World, settings: Settings) -> Finding:
    for pod in all_pods(world):
        if (problem := pod_problem(pod, items(world.events))) and pod.meta.owner:
            return Finding(
                "argocd.progressing-pod",
                Severity.WARNING,
                f"Progressing because {problem.summary[:1].lower()}{problem.summary[1:]}",
                evidence=evidence | dict(problem.evidence),
                why=problem.why,
                fix=problem.fix,
                commands=problem.commands,
                implies=Status.ACTION_REQUIRED,
            )
    waiting = [claim for claim in items(world.claims) if claim.phase == "Pending" and _waits_for_consumer(claim, world)]
    stuck = [claim for claim in items(world.claims) if claim.phase != "Bound" and claim not in waiting]
    if stuck:
        return Finding(
            "argocd.progressing-claim",
            Severity.WARNING,
            f"Progressing because {' and '.join(claim.meta.name for claim in stuck)} can't be bound.",
            evidence=evidence
            | {f"persistentvolumeclaim/{claim.meta.name} status.phase": claim.phase for claim in stuck},
            why="Argo CD calls a claim healthy only when it is Bound.",
            fix="Step 1 says what is in the way.",
            implies=Status.PENDING,
        )
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
            fix="Let the controller publish its address. The Ingress may work anyway.",
            implies=Status.IN_PROGRESS,
        )
    return Finding(
        "argocd.progressing-unexplained",
        Severity.WARNING,
        "Argo CD is waiting for something to become healthy, and does not say what.",
        evidence=evidence,
        fix="Wait a few minutes; Argo CD's UI shows which object it is.",
        implies=Status.IN_PROGRESS,
    )


def _waits_for_consumer(claim: Claim, world: World) -> bool:
    if not isinstance(world.storage_classes, Found):
        return False
    chosen = class_of(claim, world.storage_classes.value)
    return chosen is not None and chosen.binding_mode == WAIT_FOR_FIRST_CONSUMER


def check_degraded_jobs(world: World, settings: Settings) -> Iterator[Finding]:
    """Argo CD calls a CronJob healthy that has never succeeded (its health.lua): the Jobs tell."""
    if not isinstance(world.application, Found) or world.application.value.health != "Healthy":
        return
    for account in settings.accounts:
        jobs = jobs_of(world, AccountNames.of(account, settings).cron_job)
        if jobs and jobs[-1].state == "failed":
            yield Finding(
                "argocd.healthy-but-failing",
                Severity.INFO,
                f"Argo CD says Healthy although the last run ({jobs[-1].meta.name}) failed.",
                evidence={f"job/{jobs[-1].meta.name}": jobs[-1].reason or "failed"},
                why="It considers a CronJob healthy even if it has never succeeded.",
                fix="Step 7 says why it failed.",
            )


def _auth_pods(app: Application) -> list[AppResource]:
    return [item for item in app.resources if item.kind == "Pod" and is_auth_pod(item.name)]


def check_auth_pod(world: World, settings: Settings) -> Iterator[Finding]:
    del settings
    app = world.application.value if isinstance(world.application, Found) else None
    pods = _auth_pods(app) if app else []
    if app and pods:
        yield Finding(
            "argocd.auth-pod-in-app",
            Severity.WARNING,
            f"Pod {pods[0].name} is part of the application.",
            evidence={f"application/{app.meta.name} status.resources": f"Pod/{pods[0].name}"},
            why="A pod that runs only once is Progressing until it ends, and self-healing brings it back when you delete it.",
            fix="Remove the pod's manifest from the application's path.",
            implies=Status.ACTION_REQUIRED,
        )
