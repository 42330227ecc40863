"""Why a pod does not do its work, from its status alone: one finding, or none."""

from __future__ import annotations

from wizard.model import Finding, Severity, Status
from wizard.world import ContainerState, Pod

_PULL = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})


def pod_trouble(pod: Pod, step_id: str) -> Finding | None:
    """The first thing that keeps this pod from working; ids are `<step>.image-pull`, `.pod-unschedulable` and so on."""
    where = f"pod/{pod.meta.name}"
    describe = (f"kubectl -n {pod.meta.namespace} describe pod {pod.meta.name}",)
    if pod.unschedulable:
        return Finding(
            f"{step_id}.pod-unschedulable",
            Severity.ERROR,
            f"No node takes pod {pod.meta.name}.",
            evidence={f"{where} PodScheduled": pod.unschedulable},
            why="It waits until a node fits.",
            fix="The scheduler's words say what is missing: a claim, memory, or a node that has the volume.",
            commands=describe,
            implies=Status.BLOCKED,
        )
    for state in pod.containers:
        if finding := _container_trouble(state, where, pod, step_id, describe):
            return finding
    return None


def _container_trouble(
    state: ContainerState, where: str, pod: Pod, step_id: str, describe: tuple[str, ...]
) -> Finding | None:
    evidence = {f"{where} {state.name} {state.state}": f"{state.reason}: {state.message}".rstrip(": ")}
    if state.state == "waiting" and state.reason in _PULL:
        image = next((item.image for item in pod.spec.containers if item.name == state.name), "")
        gone = "docker.io/bitnami/" in image or image.startswith("bitnami/")
        return Finding(
            f"{step_id}.image-pull",
            Severity.ERROR,
            f"The image of pod {pod.meta.name} can't be pulled.",
            evidence=evidence | {f"{where} image": image},
            why="Bitnami took its free images off Docker Hub in 2025."
            if gone
            else "The name or tag is wrong, the registry can't be reached, or it wants credentials.",
            fix="Use the application's current images; docker.io/bitnamilegacy is a stopgap."
            if gone
            else "Correct the image, or try to pull it from a node.",
            commands=describe,
            implies=Status.BLOCKED,
        )
    if state.state == "waiting" and state.reason in (
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    ):
        return Finding(
            f"{step_id}.container-config",
            Severity.ERROR,
            f"The container of pod {pod.meta.name} can't be made.",
            evidence=evidence,
            why="Something that its specification names is not there.",
            fix="The message says which Secret, ConfigMap or key is missing.",
            commands=describe,
            implies=Status.ACTION_REQUIRED,
        )
    if "OOMKilled" in (state.reason, state.last_reason):
        limit = next((item.limits.get("memory", "") for item in pod.spec.containers if item.name == state.name), "")
        return Finding(
            f"{step_id}.out-of-memory",
            Severity.ERROR,
            f"Pod {pod.meta.name} was killed because it used more memory than it may.",
            evidence={f"{where} {state.name}": "OOMKilled", "memory limit": limit or "none"},
            why="Large libraries need more, and icloudpd before 1.31 needed much more.",
            fix="Raise the memory limit, and use icloudpd 1.32.3 or later.",
            commands=describe,
            implies=Status.FAILED,
        )
    if state.state == "waiting" and state.reason == "CrashLoopBackOff":
        return Finding(
            f"{step_id}.crash-loop",
            Severity.ERROR,
            f"Pod {pod.meta.name} ends again and again ({state.restarts} restarts).",
            evidence=evidence | {"last end": state.last_reason or "unknown"},
            why="What it says before it ends tells why.",
            fix="Read its log.",
            commands=(f"kubectl -n {pod.meta.namespace} logs {pod.meta.name} --previous",),
            implies=Status.FAILED,
        )
    return None
