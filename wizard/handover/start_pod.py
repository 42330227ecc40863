"""Waits until the pod of a Job of ours runs, and says why it does not: the pod's own words, or those of what refuses it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from wizard.command import kubectl
from wizard.errors import Exit, Retry, WizardError, shorten
from wizard.facts.pod_problem import pod_problem
from wizard.kube.client import Cluster
from wizard.observe.parse_pod import pod as parse_pod
from wizard.plan import Target
from wizard.world import Pod

REFUSED_SECONDS = 6.0
"""How long a Job may fail to make its pod: a quota is free again only a moment after the pod before has gone."""
LOOK_EVERY_SECONDS = 2.0

Say = Callable[[str], None]


@dataclass(slots=True)
class PodStart:
    """The pod of the Job `target`, coming up; `say` gets a few words whenever what is awaited changes."""

    cluster: Cluster
    target: Target
    say: Say
    _pod: str = field(default="", init=False)

    async def running(self, seconds: float) -> str:
        """The pod's name, once all of it runs. Raises WizardError with the reason when it can't, or when `seconds` pass."""
        running, refused = asyncio.create_task(self._until_running()), asyncio.create_task(self._until_refused())
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wait((running, refused), return_when=asyncio.FIRST_COMPLETED)
                if refused.done():
                    await refused
                return await running
        except TimeoutError:
            raise await self._late(seconds) from None
        finally:
            running.cancel()
            refused.cancel()
            await asyncio.gather(running, refused, return_exceptions=True)

    @property
    def _selector(self) -> str:
        return f"batch.kubernetes.io/job-name={self.target.name}"

    async def _late(self, seconds: float) -> WizardError:
        warnings = (
            await self._warnings("Pod", self._pod) if self._pod else await self._warnings("Job", self.target.name)
        )
        return WizardError(
            "handover.pod-late",
            f"The pod of job {self.target.name} did not start within {seconds:.0f} seconds.",
            why=warnings[-1] if warnings else "It may wait for a node, for its volume or for its image.",
            fix="See what the cluster says about it; nothing was changed.",
            commands=(kubectl("describe", "pods", "-l", self._selector, namespace=self.target.namespace),),
        )

    async def _until_running(self) -> str:
        path = f"/api/v1/namespaces/{self.target.namespace}/pods"
        page = await self.cluster.list_page(path, labels=self._selector)
        for pod in map(parse_pod, page["items"]):
            if self._runs(pod):
                return pod.meta.name
        version = page["metadata"]["resourceVersion"]
        async for event in self.cluster.watch(path, resource_version=version, labels=self._selector):
            pod = parse_pod(event.object)
            if event.type in ("ADDED", "MODIFIED") and self._runs(pod):
                return pod.meta.name
            if event.type == "DELETED":
                break
        raise WizardError(
            "handover.pod-removed",
            f"The pod of job {self.target.name} was removed while it started.",
            why="Another sign-in of this account was begun meanwhile, or somebody deleted it.",
            fix="Finish the other one, or start again; nothing was changed.",
            retry=Retry.NOW,
        )

    def _runs(self, pod: Pod) -> bool:
        self._pod = pod.meta.name
        if pod.phase == "Running" and all(state.state == "running" for state in pod.containers):
            return True
        if pod.phase in ("Succeeded", "Failed"):
            raise WizardError(
                "handover.pod-ended",
                f"The pod {pod.meta.name} ended before it could be used.",
                why=next((shorten(f"{state.reason} {state.message}") for state in pod.containers if state.reason), ""),
                fix="Its events say more; nothing was changed.",
                commands=(kubectl("describe", "pod", pod.meta.name, namespace=pod.meta.namespace),),
            )
        if problem := pod_problem(pod, ()):
            if problem.slug in ("image-pull", "container-config"):
                raise WizardError(
                    f"handover.{problem.slug}",
                    problem.summary,
                    why=problem.why,
                    fix=problem.fix,
                    commands=problem.commands,
                )
            self.say(problem.summary)
        else:
            self.say(f"pod {pod.meta.name} is {_waiting_for(pod)}")
        return False

    async def _until_refused(self) -> None:
        """Raises WizardError once the Job has failed to make its pod for a while: a quota or an admission rule is in the way."""
        refused = 0.0
        while not self._pod:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            warnings = await self._warnings("Job", self.target.name, "FailedCreate")
            refused += LOOK_EVERY_SECONDS if warnings else 0.0
            if warnings and refused >= REFUSED_SECONDS and not self._pod:
                namespace = self.target.namespace
                raise WizardError(
                    "handover.pod-refused",
                    f"The cluster does not let job {self.target.name} make its pod.",
                    why=warnings[-1],
                    fix="Make room in the quota, or fix the rule named there; nothing was changed.",
                    commands=(
                        kubectl("describe", "job", self.target.name, namespace=namespace),
                        kubectl("describe", "quota,limitrange", namespace=namespace),
                    ),
                    exit_code=Exit.BLOCKED,
                    retry=Retry.LATER,
                )

    async def _warnings(self, kind: str, name: str, reason: str = "") -> list[str]:
        """What the cluster warned of about an object, the newest last; nothing where that may not be read."""
        fields = f"involvedObject.kind={kind},involvedObject.name={name},type=Warning"
        fields += f",reason={reason}" if reason else ""
        try:
            page = await self.cluster.list_page(f"/api/v1/namespaces/{self.target.namespace}/events", fields=fields)
        except WizardError:
            return []
        events = sorted(page["items"], key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
        return [shorten(str(event.get("message", ""))) for event in events]


def _waiting_for(pod: Pod) -> str:
    reason = next((state.reason for state in pod.containers if state.state == "waiting" and state.reason), "")
    return {"ContainerCreating": "being created", "PodInitializing": "being prepared"}.get(reason, "starting")
