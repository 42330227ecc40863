"""Iteration 1's volumes in use: held elsewhere, full, or gone with their claim."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wizard.choices import PHOTOS_CLAIM
from wizard.command import Command, kubectl
from wizard.facts.objects import all_pods, claim_named, claims_of, class_of, events_about, fix_for, items
from wizard.icloudpd.workload import read_workload
from wizard.model import Finding, Severity, Status
from wizard.quantity import bytes_of
from wizard.settings import Settings
from wizard.steps.authentication.auth_pods import auth_pods
from wizard.world import Claim, Event, Found, LogTail, Pod, Read, World

_PATH = re.compile(r"/[^\s'\":,]+")


def growing(claim: Claim, size: str, world: World, settings: Settings) -> tuple[str, tuple[Command, ...]]:
    """How to get more room: (fix, commands)."""
    chosen = class_of(claim, world.storage_classes.value) if isinstance(world.storage_classes, Found) else None
    if chosen and not chosen.expandable:
        return (
            f"Storage class {chosen.meta.name} can't expand a claim: create a larger one and copy the data, or free up space on it.",
            (),
        )
    patch = f'{{"spec":{{"resources":{{"requests":{{"storage":"{size}"}}}}}}}}'
    return fix_for(
        world,
        "PersistentVolumeClaim",
        claim.meta,
        f"Expand it to {size}; a claim can never shrink.",
        kubectl("patch", "pvc", claim.meta.name, "--type", "merge", "-p", patch, namespace=settings.namespace),
    )


def check_multi_attach(world: World, settings: Settings) -> Iterator[Finding]:
    for event in reversed(events_about(world, "Pod")):
        if event.reason == "FailedAttachVolume" and "Multi-Attach" in event.message and _still_waits(event, world):
            yield _multi_attach(event, world, settings)
            return


def _multi_attach(event: Event, world: World, settings: Settings) -> Finding:
    """Names who holds the volume; only a pod for signing in is there to be deleted."""
    holders = _holders(event, world)
    done_with = [pod for pod in holders if pod in auth_pods(world)]
    if done_with:
        names = " and ".join(pod.meta.name for pod in done_with)
        fix = f"Delete pod {names}, which was only there for a sign-in: that releases the volume."
    elif holders:
        fix = f"Pin the CronJob to node {holders[0].node}, where pod {holders[0].meta.name} uses the same claim."
    else:
        fix = "Find the pod that uses the same claim on another node; delete it, or pin both to one node."
    return Finding(
        "storage.multi-attach",
        Severity.ERROR,
        f"Pod {event.name} can't start: its volume is attached to another node.",
        evidence={f"event on pod/{event.name}": event.message}
        | {f"pod/{pod.meta.name} on node {pod.node}": "uses the same claim" for pod in holders},
        why="A ReadWriteOnce volume can be attached to one node at a time, and another pod still holds it.",
        fix=fix,
        commands=tuple(kubectl("delete", "pod", pod.meta.name, namespace=settings.namespace) for pod in done_with)
        or (kubectl("get", "pods", "-o", "wide", namespace=settings.namespace),),
        implies=Status.BLOCKED,
    )


def _still_waits(event: Event, world: World) -> bool:
    if not isinstance(world.pods, Found) and not isinstance(world.job_pods, Found):
        return True
    return any(pod.meta.name == event.name and pod.phase == "Pending" for pod in all_pods(world))


def _holders(event: Event, world: World) -> list[Pod]:
    """The pods that the event names; else those that use the claim of the volume that it names, or any claim of its pod's."""
    _, _, named = event.message.partition("used by pod(s) ")
    if holders := [pod for pod in all_pods(world) if pod.meta.name in named.replace(",", " ").split()]:
        return holders
    waiting = next((pod for pod in all_pods(world) if pod.meta.name == event.name), None)
    claims = claims_of(waiting.spec) if waiting else frozenset[str]()
    attached = {
        claim.meta.name for claim in items(world.claims) if claim.volume_name and claim.volume_name in event.message
    }
    claims = claims & attached or claims
    return [
        pod
        for pod in all_pods(world)
        if pod.phase == "Running" and pod.meta.name != event.name and claims & claims_of(pod.spec)
    ]


def _says_full(log: Read[LogTail]) -> tuple[str, str, tuple[str, ...]] | None:
    """(pod, line, the lines up to it) of a log that ends for lack of room."""
    if not isinstance(log, Found):
        return None
    for number, line in reversed(list(enumerate(log.value.lines, start=1))):
        if "No space left on device" in line:
            return log.value.pod, line, log.value.lines[:number]
    return None


def check_volume_full(world: World, settings: Settings) -> Iterator[Finding]:
    logs = (*world.sync_logs.values(), *world.auth_logs.values())
    full_log = next((full for log in logs if (full := _says_full(log))), None)
    if full_log is None:
        return
    pod, line, before = full_log
    named = _claim_in(before, pod, world)
    claim = claim_named(world, named or settings[PHOTOS_CLAIM])
    fix, commands = growing(claim, _doubled(claim), world, settings) if claim else ("", ())
    yield Finding(
        "storage.volume-full",
        Severity.ERROR,
        f"The volume of the claim {named} is full: icloudpd could not write to it."
        if named
        else "A volume is full, most likely the one for the photos: icloudpd could not write to it.",
        evidence={f"log of pod/{pod}": line} | ({f"claim {claim.meta.name}": claim.capacity} if claim else {}),
        why="Downloads stop there, and a session file that can't be written is lost.",
        fix=fix or "Free up space on the volume.",
        commands=commands,
        implies=Status.FAILED,
    )


def _claim_in(lines: tuple[str, ...], pod: str, world: World) -> str:
    """The claim of the last file that the lines name, seen from the pod; empty when they name none on a claim."""
    spec = next((item.spec for item in all_pods(world) if item.meta.name == pod), None)
    workload = read_workload(spec) if spec else None
    for path in reversed(_PATH.findall("\n".join(lines))):
        volume = workload.volume_at(path) if workload else None
        if volume and volume.kind == "pvc":
            return volume.ref
    return ""


def _doubled(claim: Claim) -> str:
    return f"{max(1, round(2 * bytes_of(claim.capacity or claim.requested) / 1024**3))}Gi"


def check_reclaim(world: World, settings: Settings) -> Iterator[Finding]:
    volume = world.volumes.get(settings[PHOTOS_CLAIM])
    if isinstance(volume, Found) and volume.value.reclaim_policy == "Delete":
        yield Finding(
            "storage.reclaim-delete",
            Severity.INFO,
            f"Whoever deletes the claim {settings[PHOTOS_CLAIM]} deletes the photos with it.",
            evidence={f"persistentvolume/{volume.value.meta.name} spec.persistentVolumeReclaimPolicy": "Delete"},
            why="The volume's reclaim policy is Delete.",
            fix="Set it to Retain to keep the data whatever happens to the claim.",
            commands=(
                kubectl(
                    *("patch", "pv", volume.value.meta.name, "--type", "merge", "-p"),
                    '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}',
                ),
            ),
        )
