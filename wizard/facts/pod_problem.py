"""Why a pod does not do its work, from its status and the events about it: one problem, or none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wizard.command import Command, kubectl
from wizard.icloudpd.images import PROGRAM_PLACES
from wizard.model import Finding, Severity, Status
from wizard.world import ContainerState, Event, Pod

_PULL = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
_COMMAND_LINE = re.compile(r"""(exec: ["'][^\s"']*)\s.*?(?=: [\w ]+(?:in \$PATH|directory|denied)|$)""", re.DOTALL)
_CONFIG = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
_NOT_STARTED = frozenset({"StartError", "ContainerCannotRun", "RunContainerError"})
_NO_PROGRAM = re.compile(r"exec: .*(?:no such file or directory|executable file not found)", re.DOTALL)
_NOT_FOUND_CODE = 127
"""With which a shell ends that does not find the program that it is to start."""
SLUGS = (
    "pod-unschedulable",
    "image-pull",
    "program-not-found",
    "container-config",
    "out-of-memory",
    "crash-loop",
    "mount-failed",
)


@dataclass(frozen=True, slots=True)
class PodProblem:
    """What keeps a pod from its work; `slug` is one of SLUGS."""

    slug: str
    summary: str
    evidence: Mapping[str, object]
    why: str
    fix: str
    commands: tuple[Command, ...]
    status: Status

    def finding(self, step_id: str) -> Finding:
        """The trouble as a finding of an iteration."""
        return Finding(
            f"{step_id}.{self.slug}",
            Severity.ERROR,
            self.summary,
            self.evidence,
            self.why,
            self.fix,
            self.commands,
            implies=self.status,
        )


def pod_problem(pod: Pod, events: Iterable[Event]) -> PodProblem | None:
    """The first thing that keeps this pod from working; `events` may be about anything."""
    where = f"pod/{pod.meta.name}"
    describe = (kubectl("describe", "pod", pod.meta.name, namespace=pod.meta.namespace),)
    if pod.unschedulable and pod.phase == "Pending":
        return PodProblem(
            "pod-unschedulable",
            f"No node can run pod {pod.meta.name}.",
            {f"{where} PodScheduled": pod.unschedulable},
            "It stays Pending until a node fits.",
            "The scheduler's message says what is missing: a claim, memory, or a node that has the volume.",
            describe,
            Status.BLOCKED,
        )
    for state in pod.containers:
        if problem := _container_problem(state, where, pod, describe):
            return problem
    return _mount_problem(pod, where, events, describe)


def _without_arguments(message: str) -> str:
    """What the runtime says of a program that is not there: a whole command line where somebody wrote one as its name."""
    return _COMMAND_LINE.sub(r"\1 …", message)


def _mount_problem(pod: Pod, where: str, events: Iterable[Event], describe: tuple[Command, ...]) -> PodProblem | None:
    if pod.phase != "Pending":
        return None
    for event in events:
        if (
            event.kind == "Pod"
            and event.name == pod.meta.name
            and event.reason in ("FailedMount", "FailedAttachVolume")
        ):
            return PodProblem(
                "mount-failed",
                f"A volume of pod {pod.meta.name} can't be mounted.",
                {f"event on {where}": event.message},
                "It can't start without it, and keeps trying.",
                "The message names the volume: a missing Secret or claim, or one that another node still holds.",
                describe,
                Status.BLOCKED,
            )
    return None


def _container_problem(state: ContainerState, where: str, pod: Pod, describe: tuple[Command, ...]) -> PodProblem | None:
    evidence = {
        f"{where} {state.name} {state.state}": f"{state.reason}: {_without_arguments(state.message)}".rstrip(": ")
    }
    container = next((item for item in pod.spec.containers if item.name == state.name), None)
    if state.state == "waiting" and state.reason in _PULL:
        image = container.image if container else ""
        gone = "docker.io/bitnami/" in image or image.startswith("bitnami/")
        return PodProblem(
            "image-pull",
            f"The image of pod {pod.meta.name} can't be pulled.",
            evidence | {f"{where} image": image},
            "Bitnami took its free images off Docker Hub in 2025."
            if gone
            else "The name or tag is wrong, the registry can't be reached, or it needs credentials.",
            "Use the application's current images; docker.io/bitnamilegacy is a stopgap."
            if gone
            else "Correct the image, or try to pull it from a node.",
            describe,
            Status.BLOCKED,
        )
    if (state.reason in _NOT_STARTED and _NO_PROGRAM.search(state.message)) or state.exit_code == _NOT_FOUND_CODE:
        image = container.image if container else ""
        return PodProblem(
            "program-not-found",
            f"The container of pod {pod.meta.name} calls a program that its image does not have.",
            {f"{where} image": image} | evidence | ({"exit code": state.exit_code} if state.exit_code else {}),
            PROGRAM_PLACES if "icloudpd" in image else "The command has the wrong path, or it is the wrong image.",
            "Call the program where its image has it, or use an image that has it there.",
            describe,
            Status.ACTION_REQUIRED,
        )
    if state.state == "waiting" and state.reason in _CONFIG:
        return PodProblem(
            "container-config",
            f"The container of pod {pod.meta.name} can't be created.",
            evidence,
            "Something that its spec refers to is missing.",
            "The message says which Secret, ConfigMap or key is missing.",
            describe,
            Status.ACTION_REQUIRED,
        )
    if state.reason == "OOMKilled" or (state.last_reason == "OOMKilled" and not state.ready):
        limit = container.limits.get("memory", "") if container else ""
        return PodProblem(
            "out-of-memory",
            f"Pod {pod.meta.name} was killed because it used more memory than its limit allows.",
            {f"{where} {state.name}": "OOMKilled", "memory limit": limit or "none"},
            "Large libraries need more, and icloudpd before 1.31 needed much more.",
            "Raise the memory limit, and use icloudpd 1.32.3 or later.",
            describe,
            Status.FAILED,
        )
    if state.state == "waiting" and state.reason == "CrashLoopBackOff":
        return PodProblem(
            "crash-loop",
            f"Pod {pod.meta.name} keeps crashing ({state.restarts} restarts).",
            evidence | {"last end": state.last_reason or "unknown"},
            "Its last words before the crash say why.",
            "Read its log.",
            (kubectl("logs", pod.meta.name, "--previous", namespace=pod.meta.namespace),),
            Status.FAILED,
        )
    return None
