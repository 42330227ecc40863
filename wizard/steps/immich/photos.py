"""Iteration 5's photos: the volume that Immich mounts is the one that icloudpd fills, and a library on it was scanned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.annotations import LIBRARY, read_json
from wizard.choices import IMMICH_MOUNT, PHOTOS_CLAIM, import_path
from wizard.command import kubectl
from wizard.facts.objects import claim_named
from wizard.facts.runners import cron_jobs
from wizard.model import Blocker, Finding, Severity, Status
from wizard.settings import Settings
from wizard.steps.base import unknown
from wizard.world import Claim, Found, Immich, Missing, Mount, PodVolume, Read, Unreadable, World


def _server_mount(immich: Immich, settings: Settings) -> tuple[Mount, PodVolume] | None:
    """Where the photos are mounted: the mount at, above or below the agreed path, with its volume."""
    volumes = {volume.name: volume for volume in immich.spec.volumes}
    for container in immich.spec.containers:
        for mount in container.mounts:
            path = mount.path.rstrip("/")
            if mount.volume in volumes and (
                path in (settings[IMMICH_MOUNT], import_path(settings)) or import_path(settings).startswith(path + "/")
            ):
                return mount, volumes[mount.volume]
    return None


def mount_of(immich: Immich, world: World, settings: Settings) -> Iterator[Finding]:
    where = f"{immich.namespace}/{immich.workload.name}"
    photos = _server_mount(immich, settings)
    if photos is None:
        mounts = ", ".join(f"{mount.path}" for container in immich.spec.containers for mount in container.mounts)
        elsewhere = immich.namespace != settings.namespace
        yield Finding(
            "immich.photos-not-mounted",
            Severity.ERROR,
            f"Immich does not see the photos: nothing is mounted at {settings[IMMICH_MOUNT]}.",
            evidence={f"{immich.kind.lower()} {where} mounts": mounts or "none"}
            | ({f"library on {import_path(settings)}": "recorded"} if _recorded_library(world, settings) else {}),
            why=f"A claim can be mounted only in its own namespace, and Immich is in {immich.namespace}: it needs a second volume and claim "
            "there that point to the same place, or has to move."
            if elsewhere
            else "An external library needs the folder inside Immich's own container.",
            fix=f"Mount the claim {settings[PHOTOS_CLAIM]} read-only at {settings[IMMICH_MOUNT]} (chart: server.persistence.icloud); `photosync-wizard explain manifests` "
            "shows both ways."
            + (
                " Let no scan run before that: Immich moves to its trash what it can't see, and deletes it after 30 days."
                if _recorded_library(world, settings)
                else ""
            ),
            implies=Status.ACTION_REQUIRED,
            blocker=Blocker(
                "P1",
                "Photos are not mounted in Immich",
                ("iteration_5", "iteration_7"),
                user_action_required=True,
                estimated_minutes=10,
                ready_when=(
                    f"Photos mounted read-only at {settings[IMMICH_MOUNT]} in Immich",
                    f"A library on {import_path(settings)} scanned",
                ),
            ),
        )
        return
    mount, volume = photos
    evidence: dict[str, object] = {
        f"{immich.kind.lower()} {where} {mount.path}": f"{volume.kind} {volume.ref}",
        "read-only": mount.read_only,
    }
    if volume.kind == "emptyDir":
        yield Finding(
            "immich.photos-empty-folder",
            Severity.ERROR,
            f"What is mounted at {mount.path} is an empty folder (emptyDir), not the photos.",
            evidence,
            fix=f"Mount the claim {settings[PHOTOS_CLAIM]} there.",
            implies=Status.ACTION_REQUIRED,
        )
    elif volume.kind == "pvc":
        yield from _mounted_claim(immich, volume.ref, evidence, world, settings)
    else:
        yield from _mounted_directly(volume, evidence, world, settings)
    if not mount.read_only:
        yield Finding(
            "immich.photos-writable",
            Severity.WARNING,
            "Immich can write to the photos, and so delete originals.",
            evidence,
            why="Emptying Immich's trash would delete them from the volume.",
            fix="Mount it with readOnly: true.",
            implies=Status.ACTION_REQUIRED,
        )


def _mounted_directly(
    volume: PodVolume, evidence: dict[str, object], world: World, settings: Settings
) -> Iterator[Finding]:
    """A folder of the node or the network without a claim: the same place as the photos' volume, or not."""
    theirs, ours = f"{volume.kind}: {volume.ref}", _our_source(world, settings)
    if theirs == ours:
        yield Finding(
            "immich.photos-mounted",
            Severity.OK,
            f"Immich sees the volume with the photos at {settings[IMMICH_MOUNT]}.",
            evidence,
        )
    elif ours and ours.partition(":")[0] == volume.kind:
        yield _other_volume(f"Immich mounts {theirs}", evidence, theirs, ours)
    else:
        yield _volume_unknown(f"{theirs}", evidence)


def _other_volume(summary: str, evidence: dict[str, object], theirs: str, ours: str) -> Finding:
    return Finding(
        "immich.other-volume",
        Severity.ERROR,
        f"{summary}, which is not the volume that icloudpd fills.",
        evidence=evidence | {"Immich's volume": theirs, "the photos' volume": ours},
        why="It stays empty, and a scan of an empty folder looks like success.",
        fix="Make its volume point to the same place as the photos' volume, as `photosync-wizard explain manifests` shows.",
        implies=Status.ACTION_REQUIRED,
    )


def _volume_unknown(what: str, evidence: dict[str, object]) -> Finding:
    return Finding(
        "immich.volume-unknown",
        Severity.UNKNOWN,
        f"It is unknown whether {what} in Immich points to the same place as the photos.",
        evidence=evidence,
        why="The volumes could not be read, or don't exist yet.",
        fix="Look again when both claims are Bound; reading volumes needs the right to get persistentvolumes.",
        commands=(kubectl("auth", "can-i", "get", "persistentvolumes"),),
        implies=Status.UNKNOWN,
    )


def _mounted_claim(
    immich: Immich, name: str, evidence: dict[str, object], world: World, settings: Settings
) -> Iterator[Finding]:
    read: Read[Claim] = immich.claims.get(name, Unreadable("not-asked", "It was not looked at."))
    ours = claim_named(world, settings[PHOTOS_CLAIM])
    match read:
        case Missing():
            yield Finding(
                "immich.claim-missing",
                Severity.ERROR,
                f"Immich mounts the claim {name}, which does not exist in its namespace {immich.namespace}.",
                evidence=evidence | {f"persistentvolumeclaim/{name} in {immich.namespace}": "not found"},
                why="A claim can be mounted only in its own namespace; the one with the photos is in "
                + settings.namespace
                + "."
                if immich.namespace != settings.namespace
                else "Its pod waits for it.",
                fix="Create a second, static volume and claim there that point to the same place, or move Immich to "
                + settings.namespace
                + " (`photosync-wizard explain manifests` shows how). A new claim with a storage class would be a different, empty volume.",
                implies=Status.BLOCKED,
            )
        case Unreadable():
            yield unknown("immich.claim-unreadable", f"The claim {name} in {immich.namespace}", read)
        case Found(value=claim):
            same = _same_volume(immich, claim, ours, world, settings)
            if same is False:
                yield _other_volume(
                    f"Immich mounts the claim {name}",
                    evidence,
                    immich.volume_sources.get(name) or claim.volume_name or "(none yet)",
                    _our_source(world, settings) or (ours.volume_name if ours else ""),
                )
            elif same is None:
                yield _volume_unknown(f"claim {name}", evidence)
            else:
                yield Finding(
                    "immich.photos-mounted",
                    Severity.OK,
                    f"Immich sees the volume with the photos at {settings[IMMICH_MOUNT]}.",
                    evidence,
                )


def _our_source(world: World, settings: Settings) -> str:
    volume = world.volumes.get(settings[PHOTOS_CLAIM])
    return volume.value.source if isinstance(volume, Found) else ""


def _same_volume(immich: Immich, claim: Claim, ours: Claim | None, world: World, settings: Settings) -> bool | None:
    if ours and claim.meta.namespace == ours.meta.namespace and claim.meta.name == ours.meta.name:
        return True
    if ours is None or not ours.volume_name or not claim.volume_name:
        return None
    if claim.volume_name == ours.volume_name:
        return True
    theirs, mine = immich.volume_sources.get(claim.meta.name, ""), _our_source(world, settings)
    return theirs == mine if theirs and mine else None


def _recorded_library(world: World, settings: Settings) -> Mapping[str, Any]:
    claim = claim_named(world, settings[PHOTOS_CLAIM])
    return read_json(claim.meta.annotations, LIBRARY) if claim else {}


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "an unknown number"


def library_of(world: World, settings: Settings) -> Iterator[Finding]:
    library = _recorded_library(world, settings)
    if not library:
        yield Finding(
            "immich.library-unknown",
            Severity.UNKNOWN,
            f"It is unknown whether Immich has a library on {import_path(settings)}.",
            evidence={f"persistentvolumeclaim/{settings[PHOTOS_CLAIM]} {LIBRARY}": "not recorded"},
            why="Only an admin's API key can ask Immich, and none has been used yet.",
            fix=f"In Immich: Administration, External Libraries: create one with the import path {import_path(settings)}, then Scan.",
            implies=Status.UNKNOWN,
        )
        return
    path = str(library.get("import_path", ""))
    evidence = {
        f"persistentvolumeclaim/{settings[PHOTOS_CLAIM]} {LIBRARY}": ", ".join(
            f"{key} {value}" for key, value in library.items()
        )
    }
    if path.rstrip("/") != import_path(settings):
        yield Finding(
            "immich.library-path",
            Severity.WARNING,
            f"Immich's library is on {path or 'no path'}, not on {import_path(settings)}.",
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
            why="An empty folder, a folder that Immich can't read, and one unreadable subfolder all look like success.",
            fix="Check whether Immich can see the files: list the folder inside its pod. Exclude lost+found from the library.",
            commands=(
                (
                    kubectl(
                        *("exec", f"{world.immich.value.kind.lower()}/{world.immich.value.workload.name}", "--"),
                        *("ls", "-la", import_path(settings)),
                        namespace=world.immich.value.namespace,
                    ),
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
            f"Immich's library on {path} counted {_number(library.get('assets'))} at its last scan.",
            evidence,
        )


def check_network_volume(world: World, settings: Settings) -> Iterator[Finding]:
    source = _our_source(world, settings)
    if isinstance(world.immich, Found) and source.startswith("nfs"):
        yield Finding(
            "immich.no-watching",
            Severity.INFO,
            "New photos show up only after a scan: the volume is on the network, where Immich can't watch for files.",
            evidence={"photos volume": source},
            fix="Keep the nightly scan enabled.",
        )


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
                why="One folder that Immich can't read makes a whole scan import nothing.",
                fix="Give both the same fsGroup, or let icloudpd run as Immich's user.",
            )
            return
