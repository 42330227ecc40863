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
from wizard.observe.asking import Budget, ask, found, mapped, together, unread, whole
from wizard.observe.jobs import is_whole, newest_of
from wizard.observe.parse_pod import pod
from wizard.observe.raw import page
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


async def first_pods(cluster: Cluster, own: str) -> Pods:
    """One page of pods, told apart by whether a Job made them."""
    first = await ask(cluster.list_page(f"{own}/pods", limit=40), lambda body: page(body, pod))
    if not isinstance(first, Found):
        return Pods(first, first, all_seen=True)
    if first.value.more:
        return Pods(NOT_ASKED, NOT_ASKED, all_seen=False)
    theirs = tuple(one for one in first.value.items if _job_of(one))
    others = tuple(one for one in first.value.items if not _job_of(one))
    return Pods(Found(Page(others)), Found(Page(theirs)), all_seen=True)


async def other_pods(cluster: Cluster, own: str, budget: Budget, pods: Pods) -> Read[Page[Pod]]:
    """The pods that no Job made."""
    if pods.all_seen:
        return pods.others
    if not budget.take():
        return NOT_ASKED
    return await whole(cluster, f"{own}/pods", pod, labels="!batch.kubernetes.io/job-name", limit=100)


async def auth_logs(cluster: Cluster, budget: Budget, pods: Iterable[Pod]) -> dict[str, Read[LogTail]]:
    """The logs of the first few sign-in pods, by pod name."""
    chosen = list(pods)[:AUTH_PODS]
    logs = await together(*(_log(cluster, budget, one, AUTH_LINES) for one in chosen))
    return {one.meta.name: log for one, log in zip(chosen, logs, strict=True)}


def auth_pods(pods: Iterable[Pod]) -> list[Pod]:
    """The pods that somebody made for signing in, the one with the usual name first."""
    known = list(pods)
    named = [one for one in known if one.meta.name == AUTH_POD]
    return named + [one for one in known if one not in named and is_auth_pod(one.meta.name)]


def watched_jobs(jobs: Iterable[Job], cron_jobs: Iterable[str]) -> list[Job]:
    """The newest Jobs of each CronJob, newest first."""
    listed = list(jobs)
    chosen = {one.meta.name for name in cron_jobs for one in newest_of(listed, name, JOBS_PER_CRON_JOB)}
    return [one for one in listed if one.meta.name in chosen]


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
    known = found(jobs)
    watched = watched_jobs(known.items if known else (), cron_jobs)
    rows = [one for one in watched[:1] if not is_whole(one) and one.state != "running" and budget.take()]
    rows_whole, job_pods = await together(
        together(
            *(
                ask(cluster.get(f"/apis/batch/v1/namespaces/{namespace}/jobs/{one.meta.name}"), parse.job)
                for one in rows
            )
        ),
        _job_pods(cluster, namespace, budget, watched, pods),
    )
    read = {one.value.meta.name: one.value for one in rows_whole if isinstance(one, Found)}
    better = mapped(jobs, lambda one: Page(tuple(read.get(job.meta.name, job) for job in one.items), one.more))
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
    asked = [(name, of, for_logs) for name, of in newest.items()] + [
        (name, of, budget) for name, of in finished.items()
    ]
    logs = await together(*(_log(cluster, purse, of, SYNC_LINES) for _, of, purse in asked))
    return {name: log for (name, _, _), log in zip(asked, logs, strict=True)}


async def _job_pods(
    cluster: Cluster, namespace: str, budget: Budget, watched: list[Job], pods: Pods
) -> Read[Page[Pod]]:
    names = {one.meta.name for one in watched}
    if pods.all_seen:
        return mapped(pods.of_jobs, lambda one: Page(tuple(pod for pod in one.items if _job_of(pod) in names)))
    if not names:
        return Found(Page())
    if not budget.take():
        return NOT_ASKED
    labels = f"batch.kubernetes.io/job-name in ({','.join(sorted(names))})"
    return await whole(cluster, f"/api/v1/namespaces/{namespace}/pods", pod, labels=labels, limit=100)


async def _log(cluster: Cluster, budget: Budget, source: Pod, lines: int) -> Read[LogTail]:
    if all(one.state == "waiting" and not one.restarts for one in source.containers):
        return Missing()
    if not budget.take():
        return NOT_ASKED
    name = source.meta.name
    try:
        text = await cluster.log(source.meta.namespace, name, _speaker(source.spec), tail=lines, limit_bytes=LOG_BYTES)
    except WizardError as trouble:
        return unread(trouble)
    return Found(LogTail(name, clean_lines(text)))


def _speaker(spec: PodSpec) -> str:
    """Name of the container that speaks for icloudpd: whose command names it, else whose image does, else the first."""
    commands = [(one.name, " ".join((*one.command, *one.args))) for one in spec.containers]
    images = [(one.name, one.image) for one in spec.containers]
    named = [name for name, text in (*commands, *images) if "icloudpd" in text]
    return next(iter([*named, *(one.name for one in spec.containers)]), "")


def clean_lines(text: str) -> tuple[str, ...]:
    """A log as lines, without colour codes; of a line that redrew itself the last state."""
    plain = _COLOUR.sub("", text).replace("\r\n", "\n")
    return tuple(line.rstrip("\r").rpartition("\r")[2] for line in plain.rstrip("\n").split("\n")) if plain else ()


def _pod_of(job: Job, pods: Read[Page[Pod]]) -> Pod | None:
    """The newest pod of a Job."""
    known = found(pods)
    theirs: list[Any] = [one for one in known.items if _job_of(one) == job.meta.name] if known else []
    return max(theirs, key=lambda one: (one.meta.created or job.meta.created or _NEVER, one.meta.name), default=None)


def _job_of(one: Pod) -> str:
    labels = one.meta.labels
    return labels.get("batch.kubernetes.io/job-name") or labels.get("job-name") or ""
