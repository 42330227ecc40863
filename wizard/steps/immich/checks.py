"""Iteration 5: Immich answers, sees the photos read-only at the agreed place, and has a library on them that was scanned.

Here Immich itself; what it sees of the photos is in immich_photos.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from wizard.choices import IMMICH_MOUNT, import_path
from wizard.command import helm, kubectl
from wizard.facts.objects import items, manager_of, pods_needed_by
from wizard.facts.pod_problem import pod_problem
from wizard.iterations import iteration
from wizard.model import Blocker, Finding, Severity, Status
from wizard.settings import Settings
from wizard.steps.base import Need, Step, unknown
from wizard.steps.immich.photos import check_network_volume, check_users, library_of, mount_of
from wizard.steps.immich.table import installation_table
from wizard.world import Found, Immich, Missing, Pod, Unreadable, World

DATABASE_IMAGE = re.compile(r"postgres|pgvecto|vectorchord|pgvector")
VECTORS = re.compile(r"vectorchord|pgvecto|pgvector|immich-app/postgres")
_CHART = "oci://ghcr.io/immich-app/immich-charts/immich"


def check_installed(world: World, settings: Settings) -> Iterator[Finding]:
    match world.immich:
        case Unreadable() as read:
            yield unknown("immich.unreadable", "Whether Immich is in this cluster", read)
        case Missing():
            yield Finding(
                "immich.not-installed",
                Severity.ERROR,
                "There is no Immich on this cluster.",
                evidence={
                    "deployments and stateful sets with an immich-server image": "none",
                    "service immich-server": "none",
                },
                why="Immich shows the photos; steps 6 and 7 need it.",
                fix="Install Immich (chart 0.10 or later, with a PostgreSQL that has VectorChord and a claim for its library), "
                "or skip these steps if yours runs elsewhere. A claim can be mounted only in its own namespace: "
                f"installing it in {settings.namespace} is simplest.",
                commands=(helm("install", "immich", _CHART, "-f", "values.yaml", namespace=settings.namespace),),
                implies=Status.BLOCKED,
                blocker=Blocker(
                    "P0",
                    "Immich not installed",
                    ("iteration_5", "iteration_6", "iteration_7"),
                    user_action_required=True,
                    estimated_minutes=25,
                    ready_when=(
                        "Immich installed on cluster",
                        "Its Service answers",
                        f"Photos mounted read-only at {settings[IMMICH_MOUNT]} in Immich",
                        f"A library on {import_path(settings)} scanned",
                    ),
                ),
            )
        case Found(value=immich):
            mounts = list(mount_of(immich, world, settings))
            yield from (finding for finding in mounts if finding.implies is Status.BLOCKED)
            yield from _server(immich, world)
            yield from (finding for finding in mounts if finding.implies is not Status.BLOCKED)
            yield from library_of(world, settings)


def _server(immich: Immich, world: World) -> Iterator[Finding]:
    where = f"{immich.namespace}/{immich.workload.name}"
    problems = [] if immich.ready else _problems(immich, world)
    yield from problems
    if isinstance(immich.pods, Unreadable) and immich.pods.reason != "not-asked" and not immich.ready:
        yield unknown("immich.pods-unreadable", f"The pods in {immich.namespace}", immich.pods)
    elif not immich.ready and not problems:
        yield Finding(
            "immich.not-ready",
            Severity.WARNING,
            "Immich is installed but not ready yet.",
            evidence={f"{immich.kind.lower()} {where}": "no ready replica"},
            why="The first start migrates its database, which takes minutes.",
            fix="Wait; if it restarts instead, its log says why (database without VectorChord, no cache, no library claim).",
            commands=(
                kubectl("get", "pods", namespace=immich.namespace),
                kubectl(
                    "logs", f"{immich.kind.lower()}/{immich.workload.name}", "--tail=50", namespace=immich.namespace
                ),
            ),
            implies=Status.IN_PROGRESS,
        )
    if immich.version:
        yield Finding(
            "immich.answers",
            Severity.OK,
            f"Immich {immich.version} answers on port {immich.port}.",
            evidence={
                f"service {immich.namespace}/{immich.service}": immich.port or "",
                "managed by": manager_of(immich.workload),
            },
        )
    elif immich.ready:
        yield from _silent(immich, where)
    if immich.initialized is False:
        yield Finding(
            "immich.no-admin",
            Severity.WARNING,
            "Immich has no admin account yet.",
            evidence={"/api/server/config isInitialized": False},
            why="A library can be added only by an admin.",
            fix="Open Immich in a browser and sign up; the first account is the admin.",
            commands=(
                kubectl("port-forward", f"svc/{immich.service}", f"2283:{immich.port}", namespace=immich.namespace),
            ),
            implies=Status.ACTION_REQUIRED,
        )
    if immich.maintenance:
        yield Finding(
            "immich.maintenance",
            Severity.WARNING,
            "Immich is in maintenance mode.",
            evidence={"/api/server/config maintenanceMode": True},
            fix="End it in Immich's administration.",
            implies=Status.IN_PROGRESS,
        )
    yield from _probes(immich, where)


def _problems(immich: Immich, world: World) -> list[Finding]:
    """What keeps Immich from starting: what it needs before the server, whose problems follow from that."""
    needed = sorted(pods_needed_by(immich, world), key=lambda pod: not _runs(pod, DATABASE_IMAGE))
    others = {pod.meta.name for pod in needed}
    events = items(world.events)

    def of(pods: Iterable[Pod]) -> list[Finding]:
        return [problem.finding("immich") for pod in pods if (problem := pod_problem(pod, events))]

    findings = of(pod for pod in items(immich.pods) if pod.meta.name not in others)
    if causes := of(needed):
        follow = [replace(finding, severity=Severity.INFO, implies=None) for finding in findings]
        return [*causes[:1], *follow[:1]]
    for pod in needed:
        images = [container.image for container in pod.spec.containers if DATABASE_IMAGE.search(container.image)]
        if images and not VECTORS.search(images[0]):
            findings.insert(
                0,
                Finding(
                    "immich.no-vector-extension",
                    Severity.ERROR,
                    "Immich's database has no vector extension, and Immich does not start without one.",
                    evidence={f"pod/{pod.meta.name} image": images[0]},
                    why="A plain PostgreSQL lacks VectorChord, which Immich needs since 1.133.",
                    fix="Use an image with VectorChord (ghcr.io/immich-app/postgres, or tensorchord/cloudnative-vectorchord for CloudNativePG).",
                    commands=(
                        kubectl(
                            *("logs", f"{immich.kind.lower()}/{immich.workload.name}", "--tail=50"),
                            namespace=immich.namespace,
                        ),
                    ),
                    implies=Status.BLOCKED,
                ),
            )
    return findings[:2]


def _runs(pod: Pod, image: re.Pattern[str]) -> bool:
    return any(image.search(container.image) for container in pod.spec.containers)


def _silent(immich: Immich, where: str) -> Iterator[Finding]:
    if not immich.service:
        yield Finding(
            "immich.no-service",
            Severity.ERROR,
            "Immich is running, but no Service points to it.",
            evidence={f"{immich.kind.lower()} {where}": "ready", "service immich-server": "not found"},
            fix="Create a Service for port 2283 of its pods.",
            commands=(kubectl("get", "services", namespace=immich.namespace),),
            implies=Status.ACTION_REQUIRED,
        )
    elif "forbidden" in immich.probe_error.lower():
        yield unknown(
            "immich.answer-unreadable",
            "Immich's own answer",
            Unreadable("forbidden", immich.probe_error or "services/proxy is forbidden"),
        )
    else:
        yield Finding(
            "immich.silent",
            Severity.WARNING,
            "Immich's pod is ready, but its Service does not answer.",
            evidence={f"service {immich.namespace}/{immich.service}:{immich.port}": immich.probe_error or "no answer"},
            why="The Service points to another port, or the server is just starting. Immich listens on 2283 since 1.118, on 3001 before.",
            fix="Compare the Service's target port with the container's.",
            commands=(kubectl("describe", "service", immich.service, namespace=immich.namespace),),
            implies=Status.ACTION_REQUIRED,
        )


def _probes(immich: Immich, where: str) -> Iterator[Finding]:
    paths = {path for container in immich.spec.containers for path in container.probe_paths}
    if not immich.ready and any("/server-info/" in path for path in paths):
        yield Finding(
            "immich.old-probe",
            Severity.ERROR,
            "Immich's health probes use a path that it no longer has.",
            evidence={f"{immich.kind.lower()} {where} probes": ", ".join(sorted(paths)), "image": immich.image},
            why="Charts before 0.8 use /api/server-info/ping, which 1.118 removed; the right path is /api/server/ping on port 2283.",
            fix="Use chart 0.10 or later with the image it comes with.",
            implies=Status.BLOCKED,
        )


def check_chart(world: World, settings: Settings) -> Iterator[Finding]:
    del settings
    for app in items(world.applications):
        for source in app.sources:
            if source.chart == "immich" and source.repo_url.startswith("http"):
                yield Finding(
                    "immich.chart-repository-old",
                    Severity.INFO,
                    "Immich's chart comes from its HTTP repository, which gets no more updates.",
                    evidence={f"application/{app.meta.name} repoURL": source.repo_url},
                    fix="Switch to oci://ghcr.io/immich-app/immich-charts.",
                )


def check_application(world: World, settings: Settings) -> Iterator[Finding]:
    """The Argo CD application that installs Immich, when its chart refuses what it is given."""
    del settings
    for app in items(world.applications):
        if not any(source.chart == "immich" for source in app.sources):
            continue
        for kind, message in app.conditions:
            if kind.endswith("Error"):
                refused = re.search(r"subchart has been removed|existingClaim is required", message)
                yield Finding(
                    "immich.chart-refused" if refused else "immich.application-broken",
                    Severity.ERROR,
                    "Immich's chart rejects the values that it is given."
                    if refused
                    else "Argo CD can't install Immich as its application says.",
                    evidence={f"application/{app.meta.name} condition {kind}": message},
                    why="The chart dropped its postgresql and redis parts in 0.10, and needs a claim for its library."
                    if refused
                    else "Its message says why.",
                    fix="Remove the keys postgresql and redis, use a PostgreSQL with VectorChord and valkey.enabled, and name an existing claim."
                    if refused
                    else "Fix what the message names.",
                    commands=(
                        kubectl(
                            *("get", "application", app.meta.name, "-o", "jsonpath={.status.conditions}"),
                            namespace=app.meta.namespace,
                        ),
                    ),
                    implies=Status.ACTION_REQUIRED,
                )
                return


STEP = Step(
    iteration("immich"),
    "Immich shows the photos. It mounts the volume read-only, with an external library on the folder that icloudpd fills.",
    (
        check_installed,
        check_application,
        check_chart,
        check_users,
        check_network_volume,
    ),
    table=installation_table,
    work="mount the photos in Immich",
    needs=(Need("patch", "deployments.apps", "immich"), Need("create", "persistentvolumes", "cluster")),
)
