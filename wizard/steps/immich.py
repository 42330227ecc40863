"""Iteration 5: Immich answers, sees the photos read-only at the agreed place, and has a library on them that was scanned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wizard.annotations import LIBRARY, read_json
from wizard.model import Blocker, Finding, Severity, Status
from wizard.settings import IMMICH_MOUNT, IMPORT_PATH, PHOTOS_CLAIM, Settings
from wizard.steps.base import Right, Step, missing_rights, unknown
from wizard.steps.look_up import claim_named, items, manager_of, pods_of_database
from wizard.steps.pod_trouble import pod_trouble
from wizard.steps.runners import cron_jobs
from wizard.world import Claim, Found, Immich, Missing, Mount, PodVolume, Read, Unreadable, World

DATABASE_IMAGE = re.compile(r"postgres|pgvecto|vectorchord|pgvector")
VECTORS = re.compile(r"vectorchord|pgvecto|pgvector|immich-app/postgres")


def check_installed(world: World, settings: Settings) -> Iterator[Finding]:
    match world.immich:
        case Unreadable() as read:
            yield unknown("immich.unreadable", "Whether Immich is in this cluster", read)
        case Missing():
            yield Finding(
                "immich.not-installed",
                Severity.ERROR,
                "There is no Immich on this cluster.",
                evidence={"deployments with an immich-server image": "none", "service immich-server": "none"},
                why="Immich is what shows the photos; iterations 6 and 7 are about it.",
                fix="Install Immich (chart 0.10 or later, with a PostgreSQL that has VectorChord and a claim for its library), "
                "or skip these iterations when yours runs elsewhere. A claim can be mounted only in its own namespace: "
                f"installing it into {settings.namespace} is the simplest.",
                commands=(
                    f"helm install immich oci://ghcr.io/immich-app/immich-charts/immich -n {settings.namespace} -f values.yaml",
                ),
                implies=Status.BLOCKED,
                blocker=Blocker(
                    "P0",
                    "Immich not installed",
                    ("iteration_5", "iteration_6", "iteration_7"),
                    user_action_required=True,
                    estimated_minutes=10,
                    ready_when=("Immich installed on cluster", "Immich deployment and service identified"),
                ),
            )
        case Found(value=immich):
            yield from _server(immich, world)
            yield from _mount(immich, world, settings)
            yield from _library(world)


def _server(immich: Immich, world: World) -> Iterator[Finding]:
    where = f"{immich.namespace}/{immich.workload.name}"
    troubles = [] if immich.ready else _troubles(immich, world)
    yield from troubles
    if isinstance(immich.pods, Unreadable) and immich.pods.reason != "not-asked" and not immich.ready:
        yield unknown("immich.pods-unreadable", f"The pods in {immich.namespace}", immich.pods)
    elif not immich.ready and not troubles:
        yield Finding(
            "immich.not-ready",
            Severity.WARNING,
            "Immich is installed and not ready yet.",
            evidence={f"deployment {where}": "no ready replica"},
            why="The first start migrates its database, which takes minutes.",
            fix="Wait; if it restarts instead, its log says why (database without VectorChord, no cache, no library claim).",
            commands=(
                f"kubectl -n {immich.namespace} get pods",
                f"kubectl -n {immich.namespace} logs deploy/{immich.workload.name} --tail=50",
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
            commands=(f"kubectl -n {immich.namespace} port-forward svc/{immich.service} 2283:{immich.port}",),
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


def _troubles(immich: Immich, world: World) -> list[Finding]:
    """What keeps Immich from starting, the database's troubles before the server's, which follow from them."""
    database = pods_of_database(world, immich.namespace)
    events = items(world.events)
    found = [
        trouble.finding("immich") for pod in (*database, *items(immich.pods)) if (trouble := pod_trouble(pod, events))
    ]
    for pod in database if not found or found[0].id == "immich.crash-loop" else ():
        images = [container.image for container in pod.spec.containers if DATABASE_IMAGE.search(container.image)]
        if images and not VECTORS.search(images[0]):
            found.insert(
                0,
                Finding(
                    "immich.no-vector-extension",
                    Severity.ERROR,
                    "Immich's database has no vector extension, and Immich does not start without one.",
                    evidence={f"pod/{pod.meta.name} image": images[0]},
                    why="A plain PostgreSQL lacks VectorChord, which Immich needs since 1.133.",
                    fix="Use an image with VectorChord (ghcr.io/immich-app/postgres, or tensorchord/cloudnative-vectorchord for CloudNativePG).",
                    commands=(f"kubectl -n {immich.namespace} logs deploy/{immich.workload.name} --tail=50",),
                    implies=Status.BLOCKED,
                ),
            )
    return found[:2]


def _silent(immich: Immich, where: str) -> Iterator[Finding]:
    if not immich.service:
        yield Finding(
            "immich.no-service",
            Severity.ERROR,
            "Immich runs, and no Service leads to it.",
            evidence={f"deployment {where}": "ready", "service immich-server": "not found"},
            fix="Make a Service for port 2283 of its pods.",
            commands=(f"kubectl -n {immich.namespace} get services",),
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
            "Immich's pod is ready, and its Service does not answer.",
            evidence={f"service {immich.namespace}/{immich.service}:{immich.port}": immich.probe_error or "no answer"},
            why="The Service leads to another port, or the server is only just starting. Immich listens on 2283 since 1.118, on 3001 before.",
            fix="Compare the Service's target port with the container's.",
            commands=(f"kubectl -n {immich.namespace} describe service {immich.service}",),
            implies=Status.ACTION_REQUIRED,
        )


def _probes(immich: Immich, where: str) -> Iterator[Finding]:
    paths = {path for container in immich.spec.containers for path in container.probe_paths}
    if not immich.ready and any("/server-info/" in path for path in paths):
        yield Finding(
            "immich.old-probe",
            Severity.ERROR,
            "Immich is asked for its health at a path that it no longer has.",
            evidence={f"deployment {where} probes": ", ".join(sorted(paths)), "image": immich.image},
            why="Charts before 0.8 ask /api/server-info/ping, which went with 1.118; the right path is /api/server/ping on port 2283.",
            fix="Use chart 0.10 or later with the image it comes with.",
            implies=Status.BLOCKED,
        )


def _server_mount(immich: Immich) -> tuple[Mount, PodVolume] | None:
    """Where the photos are mounted: the mount at, above or below the agreed path, with its volume."""
    volumes = {volume.name: volume for volume in immich.spec.volumes}
    for container in immich.spec.containers:
        for mount in container.mounts:
            path = mount.path.rstrip("/")
            if mount.volume in volumes and (path in (IMMICH_MOUNT, IMPORT_PATH) or IMPORT_PATH.startswith(path + "/")):
                return mount, volumes[mount.volume]
    return None


def _mount(immich: Immich, world: World, settings: Settings) -> Iterator[Finding]:
    where = f"{immich.namespace}/{immich.workload.name}"
    found = _server_mount(immich)
    if found is None:
        mounts = ", ".join(f"{mount.path}" for container in immich.spec.containers for mount in container.mounts)
        elsewhere = immich.namespace != settings.namespace
        yield Finding(
            "immich.photos-not-mounted",
            Severity.ERROR,
            f"Immich does not see the photos: nothing is mounted at {IMMICH_MOUNT}.",
            evidence={f"deployment {where} mounts": mounts or "none"}
            | ({f"library on {IMPORT_PATH}": "recorded"} if _recorded_library(world) else {}),
            why=f"A claim can be mounted only in its own namespace, and Immich is in {immich.namespace}: it needs a second volume and claim "
            "there that lead to the same place, or to move."
            if elsewhere
            else "An external library needs the folder inside Immich's own container.",
            fix=f"Mount the claim {PHOTOS_CLAIM} read-only at {IMMICH_MOUNT} (chart: server.persistence.icloud); docs/manifests.md "
            "shows both ways."
            + (
                " Let no scan run before that: Immich moves to its trash what it can't see, and deletes it after 30 days."
                if _recorded_library(world)
                else ""
            ),
            implies=Status.ACTION_REQUIRED,
            blocker=Blocker(
                "P1",
                "Photos are not mounted in Immich",
                ("iteration_5", "iteration_7"),
                user_action_required=True,
                estimated_minutes=10,
                ready_when=(f"Photos mounted read-only at {IMMICH_MOUNT} in Immich",),
            ),
        )
        return
    mount, volume = found
    evidence: dict[str, object] = {
        f"deployment {where} {mount.path}": f"{volume.kind} {volume.ref}",
        "read-only": mount.read_only,
    }
    if volume.kind == "emptyDir":
        yield Finding(
            "immich.photos-empty-folder",
            Severity.ERROR,
            f"What is mounted at {mount.path} is an empty folder of the pod's own.",
            evidence,
            fix=f"Mount the claim {PHOTOS_CLAIM} there.",
            implies=Status.ACTION_REQUIRED,
        )
    elif volume.kind == "pvc":
        yield from _mounted_claim(immich, volume.ref, evidence, world, settings)
    else:
        yield from _mounted_directly(volume, evidence, world)
    if not mount.read_only:
        yield Finding(
            "immich.photos-writable",
            Severity.WARNING,
            "Immich may write to the photos, and so delete originals.",
            evidence,
            why="Whoever empties Immich's trash would empty the volume.",
            fix="Mount it with readOnly: true.",
            implies=Status.ACTION_REQUIRED,
        )


def _mounted_directly(volume: PodVolume, evidence: dict[str, object], world: World) -> Iterator[Finding]:
    """A folder of the node or the network without a claim: the same place as the photos' volume, or not."""
    theirs, ours = f"{volume.kind}: {volume.ref}", _our_source(world)
    if theirs == ours:
        yield Finding(
            "immich.photos-mounted",
            Severity.OK,
            f"Immich sees the volume with the photos at {IMMICH_MOUNT}.",
            evidence,
        )
    elif ours and ours.partition(":")[0] == volume.kind:
        yield _other_volume(f"Immich mounts {theirs}, another place", evidence, theirs, ours)
    else:
        yield _volume_unknown(f"{theirs}", evidence)


def _other_volume(summary: str, evidence: dict[str, object], theirs: str, ours: str) -> Finding:
    return Finding(
        "immich.other-volume",
        Severity.ERROR,
        f"{summary} than the one that icloudpd fills.",
        evidence=evidence | {"Immich's volume": theirs, "the photos' volume": ours},
        why="It stays empty, and a scan of an empty folder looks like success.",
        fix="Make its volume lead to the same place as the photos' volume, as docs/manifests.md shows.",
        implies=Status.ACTION_REQUIRED,
    )


def _volume_unknown(what: str, evidence: dict[str, object]) -> Finding:
    return Finding(
        "immich.volume-unknown",
        Severity.UNKNOWN,
        f"Whether {what} in Immich leads to the same place as the photos can't be told.",
        evidence=evidence,
        why="The volumes could not be read, or are not there yet.",
        fix="Look again when both claims are Bound; reading volumes needs the right to get persistentvolumes.",
        commands=("kubectl auth can-i get persistentvolumes",),
        implies=Status.UNKNOWN,
    )


def _mounted_claim(
    immich: Immich, name: str, evidence: dict[str, object], world: World, settings: Settings
) -> Iterator[Finding]:
    read: Read[Claim] = immich.claims.get(name, Unreadable("not-asked", "It was not looked at."))
    ours = claim_named(world, PHOTOS_CLAIM)
    match read:
        case Missing():
            yield Finding(
                "immich.claim-missing",
                Severity.ERROR,
                f"Immich mounts the claim {name}, and there is none of that name in its namespace {immich.namespace}.",
                evidence=evidence | {f"persistentvolumeclaim/{name} in {immich.namespace}": "not found"},
                why="A claim can be mounted only in its own namespace; the one with the photos is in "
                + settings.namespace
                + "."
                if immich.namespace != settings.namespace
                else "Its pod waits for it.",
                fix="Make a second, static volume and claim there that lead to the same place, or move Immich into "
                + settings.namespace
                + " (docs/manifests.md shows how). A new claim of a class would be another, empty volume.",
                implies=Status.BLOCKED,
            )
        case Unreadable():
            yield unknown("immich.claim-unreadable", f"The claim {name} in {immich.namespace}", read)
        case Found(value=claim):
            same = _same_volume(immich, claim, ours, world)
            if same is False:
                yield _other_volume(
                    f"Immich's claim {name} is another volume",
                    evidence,
                    immich.volume_sources.get(name) or claim.volume_name or "(none yet)",
                    _our_source(world) or (ours.volume_name if ours else ""),
                )
            elif same is None:
                yield _volume_unknown(f"claim {name}", evidence)
            else:
                yield Finding(
                    "immich.photos-mounted",
                    Severity.OK,
                    f"Immich sees the volume with the photos at {IMMICH_MOUNT}.",
                    evidence,
                )


def _our_source(world: World) -> str:
    volume = world.volumes.get(PHOTOS_CLAIM)
    return volume.value.source if isinstance(volume, Found) else ""


def _same_volume(immich: Immich, claim: Claim, ours: Claim | None, world: World) -> bool | None:
    if ours and claim.meta.namespace == ours.meta.namespace and claim.meta.name == ours.meta.name:
        return True
    if ours is None or not ours.volume_name or not claim.volume_name:
        return None
    if claim.volume_name == ours.volume_name:
        return True
    theirs, mine = immich.volume_sources.get(claim.meta.name, ""), _our_source(world)
    return theirs == mine if theirs and mine else None


def _recorded_library(world: World) -> Mapping[str, Any]:
    claim = claim_named(world, PHOTOS_CLAIM)
    return read_json(claim.meta.annotations, LIBRARY) if claim else {}


def _library(world: World) -> Iterator[Finding]:
    library = _recorded_library(world)
    if not library:
        yield Finding(
            "immich.library-unknown",
            Severity.UNKNOWN,
            f"Whether Immich has a library on {IMPORT_PATH} is not known.",
            evidence={f"persistentvolumeclaim/{PHOTOS_CLAIM} {LIBRARY}": "not recorded"},
            why="Only an admin's API key can ask Immich, and none has been used yet.",
            fix=f"In Immich: Administration, External Libraries: one with the import path {IMPORT_PATH}, then Scan.",
            implies=Status.UNKNOWN,
        )
        return
    path = str(library.get("import_path", ""))
    evidence = {
        f"persistentvolumeclaim/{PHOTOS_CLAIM} {LIBRARY}": ", ".join(f"{key} {value}" for key, value in library.items())
    }
    if path.rstrip("/") != IMPORT_PATH:
        yield Finding(
            "immich.library-path",
            Severity.WARNING,
            f"Immich's library is on {path or 'no path'}, not on {IMPORT_PATH}.",
            evidence,
            fix="Correct its import path; it is the one inside the container.",
            implies=Status.ACTION_REQUIRED,
        )
    elif not library.get("scanned_at"):
        yield Finding(
            "immich.library-not-scanned",
            Severity.WARNING,
            "Immich's library has not been scanned yet.",
            evidence,
            fix="Scan it in Administration, External Libraries.",
            implies=Status.ACTION_REQUIRED,
        )
    elif library.get("assets") == 0:
        yield Finding(
            "immich.library-empty",
            Severity.WARNING,
            f"Immich's last scan of {path} found nothing.",
            evidence,
            why="An empty folder, a folder that Immich may not read, and one unreadable sub-folder all look like success.",
            fix="See whether the files are there for Immich: list the folder inside its pod. Exclude lost+found from the library.",
            commands=(
                (
                    f"kubectl -n {world.immich.value.namespace} exec deploy/{world.immich.value.workload.name} -- ls -la {IMPORT_PATH}",
                )
                if isinstance(world.immich, Found)
                else ()
            ),
            implies=Status.ACTION_REQUIRED,
        )
    else:
        yield Finding(
            "immich.library",
            Severity.OK,
            f"Immich's library on {path} counted {library.get('assets', '?')} at its last scan.",
            evidence,
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
                    fix="Change to oci://ghcr.io/immich-app/immich-charts.",
                )


def check_network_volume(world: World, settings: Settings) -> Iterator[Finding]:
    del settings
    source = _our_source(world)
    if isinstance(world.immich, Found) and source.startswith("nfs"):
        yield Finding(
            "immich.no-watching",
            Severity.INFO,
            "New photos show up after a scan only: the volume is on the network, where Immich can't watch for files.",
            evidence={"photos volume": source},
            fix="Leave the nightly scan on.",
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
                    "Immich's chart refuses the values that it is given."
                    if refused
                    else "Argo CD can't install Immich as its application says.",
                    evidence={f"application/{app.meta.name} condition {kind}": message},
                    why="The chart dropped its postgresql and redis parts in 0.10, and wants a claim for its library."
                    if refused
                    else "Its message says why.",
                    fix="Remove the keys postgresql and redis, use a PostgreSQL with VectorChord and valkey.enabled, and name an existing claim."
                    if refused
                    else "Mend what the message names.",
                    commands=(
                        f"kubectl -n {app.meta.namespace} get application {app.meta.name} -o jsonpath='{{.status.conditions}}'",
                    ),
                    implies=Status.ACTION_REQUIRED,
                )
                return


def check_users(world: World, settings: Settings) -> Iterator[Finding]:
    """Files that icloudpd writes as one user and Immich reads as another."""
    if not isinstance(world.immich, Found):
        return
    reads = world.immich.value.spec
    for job, _ in cron_jobs(world, settings):
        writes = job.spec
        shared = reads.fs_group is not None and reads.fs_group == writes.fs_group
        if reads.run_as_user and reads.run_as_user != writes.run_as_user and not shared:
            yield Finding(
                "immich.other-user",
                Severity.WARNING,
                f"Immich reads as user {reads.run_as_user} what icloudpd writes as {writes.run_as_user or 'root'}.",
                evidence={
                    "Immich runAsUser": reads.run_as_user,
                    "Immich fsGroup": reads.fs_group if reads.fs_group is not None else "not set",
                    f"cronjob/{job.meta.name} runAsUser": writes.run_as_user
                    if writes.run_as_user is not None
                    else "not set",
                    f"cronjob/{job.meta.name} fsGroup": writes.fs_group if writes.fs_group is not None else "not set",
                },
                why="One folder that Immich may not read makes a whole scan import nothing.",
                fix="Give both the same fsGroup, or let icloudpd run as Immich's user.",
            )
            return


STEP = Step(
    5,
    "immich",
    "Immich integration",
    "Immich shows the photos. It gets the volume read-only, and an external library that points at the folder icloudpd fills.",
    (
        check_installed,
        check_application,
        check_chart,
        check_users,
        check_network_volume,
        missing_rights(
            "immich",
            "mount the photos in Immich",
            Right("patch", "deployments.apps", "immich"),
            Right("create", "persistentvolumes", "cluster"),
        ),
    ),
)
