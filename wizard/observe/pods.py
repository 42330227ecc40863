"""The pods of our namespace and their logs: what the accounts' runs and the sign-in pods say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wizard.errors import WizardError
from wizard.kube.client import Cluster
from wizard.observe import parse
from wizard.observe.jobs import is_whole, newest_of
from wizard.observe.json_values import page
from wizard.observe.parse_pod import pod
from wizard.observe.reads import Budget, ask, found, mapped, together, unread, whole
from wizard.settings import AUTH_POD, is_auth_pod
from wizard.world import NOT_ASKED, Found, Job, LogTail, Missing, Page, Pod, PodSpec, Read

JOBS_PER_CRON_JOB = 2
AUTH_PODS = 2
AUTH_LINES, SYNC_LINES, LOG_BYTES = 60, 200, 65536
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Pods:
    """The pods of our namespace; `all_seen` when one page held them all, else Jobs' pods are still to be asked for."""

    others: Read[Page[Pod]]
    of_jobs: Read[Page[Pod]]
    all_seen: bool


@dataclass(frozen=True, slots=True)
class Runs:
    """The Jobs, those that decide something read whole; the pods of these; their logs by Job name."""

    jobs: Read[Page[Job]]
    pods: Read[Page[Pod]]
    logs: Mapping[str, Read[LogTail]]


async def first_pods(cluster: Cluster, namespace_path: str) -> Pods:
    """One page of pods, told apart by whether a Job made them."""
    first = await ask(cluster.list_page(f"{namespace_path}/pods", limit=40), lambda body: page(body, pod))
    if not isinstance(first, Found):
        return Pods(first, first, all_seen=True)
    if first.value.more:
        return Pods(NOT_ASKED, NOT_ASKED, all_seen=False)
    of_jobs = tuple(item for item in first.value.items if _job_of(item))
    others = tuple(item for item in first.value.items if not _job_of(item))
    return Pods(Found(Page(others)), Found(Page(of_jobs)), all_seen=True)


async def other_pods(cluster: Cluster, namespace_path: str, budget: Budget, pods: Pods) -> Read[Page[Pod]]:
    """The pods that no Job made."""
    if pods.all_seen:
        return pods.others
    if not budget.take():
        return NOT_ASKED
    return await whole(cluster, f"{namespace_path}/pods", pod, labels="!batch.kubernetes.io/job-name", limit=100)


async def auth_logs(cluster: Cluster, budget: Budget, pods: Iterable[Pod]) -> dict[str, Read[LogTail]]:
    """The logs of the first few sign-in pods, by pod name."""
    chosen = list(pods)[:AUTH_PODS]
    logs = await together(*(_log(cluster, budget, chosen_pod, AUTH_LINES) for chosen_pod in chosen))
    return {chosen_pod.meta.name: log for chosen_pod, log in zip(chosen, logs, strict=True)}


def auth_pods(pods: Iterable[Pod]) -> list[Pod]:
    """The pods that somebody made for signing in, the one with the usual name first."""
    all_pods = list(pods)
    named = [item for item in all_pods if item.meta.name == AUTH_POD]
    return named + [item for item in all_pods if item not in named and is_auth_pod(item.meta.name)]


def watched_jobs(jobs: Iterable[Job], cron_jobs: Iterable[str]) -> list[Job]:
    """The newest Jobs of each CronJob, newest first."""
    listed = list(jobs)
    chosen = {job.meta.name for name in cron_jobs for job in newest_of(listed, name, JOBS_PER_CRON_JOB)}
    return [job for job in listed if job.meta.name in chosen]


async def runs(
    cluster: Cluster,
    namespace: str,
    budget: Budget,
    for_logs: Budget,
    jobs: Read[Page[Job]],
    cron_jobs: list[str],
    pods: Pods,
) -> Runs:
    """The runs of these CronJobs. Of each the newest log is read, and the newest of a finished run where that is another.

    `for_logs` is what was set aside for the former; a second log is read only with what `budget` has left.
    """
    listed = found(jobs)
    watched = watched_jobs(listed.items if listed else (), cron_jobs)
    rows = [job for job in watched[:1] if not is_whole(job) and job.state != "running" and budget.take()]
    rows_whole, job_pods = await together(
        together(
            *(
                ask(cluster.get(f"/apis/batch/v1/namespaces/{namespace}/jobs/{row.meta.name}"), parse.job)
                for row in rows
            )
        ),
        _job_pods(cluster, namespace, budget, watched, pods),
    )
    whole_jobs = {job_read.value.meta.name: job_read.value for job_read in rows_whole if isinstance(job_read, Found)}
    better = mapped(
        jobs, lambda all_jobs: Page(tuple(whole_jobs.get(job.meta.name, job) for job in all_jobs.items), all_jobs.more)
    )
    return Runs(better, job_pods, await _sync_logs(cluster, budget, for_logs, job_pods, watched, cron_jobs))


async def _sync_logs(
    cluster: Cluster,
    budget: Budget,
    for_logs: Budget,
    job_pods: Read[Page[Pod]],
    watched: list[Job],
    cron_jobs: list[str],
) -> dict[str, Read[LogTail]]:
    newest: dict[str, Pod] = {}
    finished: dict[str, Pod] = {}
    for name in cron_jobs:
        theirs = [(job, of) for job in newest_of(watched, name, JOBS_PER_CRON_JOB) if (of := _pod_of(job, job_pods))]
        if theirs:
            newest.setdefault(theirs[0][0].meta.name, theirs[0][1])
            done = next((pair for pair in theirs if pair[0].state != "running"), None)
            if done and done is not theirs[0]:
                finished[done[0].meta.name] = done[1]
    requests = [(name, of, for_logs) for name, of in newest.items()] + [
        (name, of, budget) for name, of in finished.items()
    ]
    logs = await together(*(_log(cluster, purse, of, SYNC_LINES) for _, of, purse in requests))
    return {name: log for (name, _, _), log in zip(requests, logs, strict=True)}


async def _job_pods(
    cluster: Cluster, namespace: str, budget: Budget, watched: list[Job], pods: Pods
) -> Read[Page[Pod]]:
    names = {job.meta.name for job in watched}
    if pods.all_seen:
        return mapped(
            pods.of_jobs, lambda all_pods: Page(tuple(pod for pod in all_pods.items if _job_of(pod) in names))
        )
    if not names:
        return Found(Page())
    if not budget.take():
        return NOT_ASKED
    labels = f"batch.kubernetes.io/job-name in ({','.join(sorted(names))})"
    return await whole(cluster, f"/api/v1/namespaces/{namespace}/pods", pod, labels=labels, limit=100)


async def _log(cluster: Cluster, budget: Budget, source: Pod, lines: int) -> Read[LogTail]:
    if all(container.state == "waiting" and not container.restarts for container in source.containers):
        return Missing()
    if not budget.take():
        return NOT_ASKED
    name = source.meta.name
    try:
        text = await cluster.log(source.meta.namespace, name, _speaker(source.spec), tail=lines, limit_bytes=LOG_BYTES)
    except WizardError as error:
        return unread(error)
    return Found(LogTail(name, clean_lines(text)))


def _speaker(spec: PodSpec) -> str:
    """Name of the container that speaks for icloudpd: whose command names it, else whose image does, else the first."""
    commands = [(container.name, " ".join((*container.command, *container.args))) for container in spec.containers]
    images = [(container.name, container.image) for container in spec.containers]
    named = [name for name, text in (*commands, *images) if "icloudpd" in text]
    return next(iter([*named, *(container.name for container in spec.containers)]), "")


def clean_lines(text: str) -> tuple[str, ...]:
    """A log as lines, without colour codes; of a line that redrew itself the last state."""
    plain = _COLOUR.sub("", text).replace("\r\n", "\n")
    return tuple(line.rstrip("\r").rpartition("\r")[2] for line in plain.rstrip("\n").split("\n")) if plain else ()


def _pod_of(job: Job, pods: Read[Page[Pod]]) -> Pod | None:
    """The newest pod of a Job."""
    listed = found(pods)
    theirs: list[Any] = [item for item in listed.items if _job_of(item) == job.meta.name] if listed else []
    return max(
        theirs,
        key=lambda candidate: (candidate.meta.created or job.meta.created or _NEVER, candidate.meta.name),
        default=None,
    )


def _job_of(source: Pod) -> str:
    labels = source.meta.labels
    return labels.get("batch.kubernetes.io/job-name") or labels.get("job-name") or ""
