"""The newest Jobs of our namespace, however many finished ones lie about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from wizard.errors import Trouble
from wizard.kube.client import Cluster
from wizard.kube.errors import Expired
from wizard.observe.asking import unread
from wizard.observe.parse import job
from wizard.observe.raw import meta, record, records, text
from wizard.world import Found, Job, Page, Read

KEPT = 20
WHOLE_PAGE = 20
TABLE_PAGE = 500
PAGES = 60
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_STATES = {"Complete": "complete", "Failed": "failed", "Suspended": "suspended", "FailureTarget": "failed"}


async def newest_jobs(cluster: Cluster, namespace: str) -> Read[Page[Job]]:
    """The newest Jobs, newest first.

    The first few are read whole, which is all there is on an ordinary cluster. Of thousands only table rows are read,
    page by page, and forgotten; rows know less than whole objects (no reason, no times of start and end).
    """
    path = f"/apis/batch/v1/namespaces/{namespace}/jobs"
    try:
        first = await cluster.list_page(path, limit=WHOLE_PAGE)
    except Trouble as trouble:
        return unread(trouble)
    listed = record(record(first).get("metadata"))
    kept = _newest(job(item) for item in records(record(first).get("items")))
    cont, more = text(listed.get("continue")), False
    for _ in range(PAGES):
        if not cont:
            break
        try:
            page = await cluster.list_page(path, limit=TABLE_PAGE, cont=cont, form="table")
        except Expired as expired:
            cont, more = expired.fresh_continue, True
            continue
        except Trouble as trouble:
            unread(trouble)
            more = True
            break
        kept = _newest((*kept, *_rows(page)))
        cont = text(record(record(page).get("metadata")).get("continue"))
    return Found(Page(kept, more or bool(cont)))


def newest_of(jobs: Iterable[Job], cron_job: str, count: int) -> list[Job]:
    """The newest `count` Jobs of a CronJob; `jobs` come newest first."""
    return [one for one in jobs if belongs(one, cron_job)][:count]


def belongs(one: Job, cron_job: str) -> bool:
    """Whether a Job is of that CronJob: owned by it, or made from it by hand."""
    if one.meta.owner:
        return one.meta.owner == f"CronJob/{cron_job}"
    return one.meta.name.startswith(f"{cron_job}-")


def is_whole(one: Job) -> bool:
    """Whether a Job was read as a whole object, not as a table row."""
    return one.started is not None or one.finished is not None or bool(one.reason)


def _newest(jobs: Iterable[Job]) -> tuple[Job, ...]:
    return tuple(sorted(jobs, key=lambda one: (one.meta.created or _LONG_AGO, one.meta.name), reverse=True)[:KEPT])


def _rows(table: Any) -> list[Job]:
    columns = [text(column.get("name")) for column in records(record(table).get("columnDefinitions"))]
    return [_row(columns, row) for row in records(record(table).get("rows"))]


def _row(columns: list[str], row: Mapping[str, Any]) -> Job:
    cells = dict(zip(columns, row.get("cells") or (), strict=False))
    status = text(cells.get("Status"))
    done, _, wanted = text(cells.get("Completions")).partition("/")
    fallback = "complete" if done and done == wanted.partition(" ")[0] else "running"
    return Job(meta(row.get("object")), _STATES.get(status, "running") if status else fallback)
