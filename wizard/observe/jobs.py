"""The newest Jobs of our namespace, however many finished ones lie about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from wizard.errors import WizardError
from wizard.kube.client import Cluster
from wizard.kube.errors import Expired
from wizard.observe.json_values import listed, meta, record, records, text
from wizard.observe.parse import job
from wizard.observe.reads import unread
from wizard.world import Found, Job, Page, Read

KEPT = 20
WHOLE_PAGE = 20
CELLS_PAGE = 1000
PAGES = 60
PAGES_AGAIN = 3
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_STATES = {"Complete": "complete", "Failed": "failed", "Suspended": "suspended", "FailureTarget": "failed"}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "y": 31536000}


async def newest_jobs(cluster: Cluster, namespace: str) -> Read[Page[Job]]:
    """The newest Jobs, newest first.

    The first few are read whole, which is all there is on an ordinary cluster. Of thousands the printed cells are read,
    page by page, and then once more, with metadata, the pages that hold the youngest; such rows know less than whole
    objects (no reason, no times of start and end).
    """
    path = f"/apis/batch/v1/namespaces/{namespace}/jobs"
    try:
        first = await cluster.list_page(path, limit=WHOLE_PAGE)
        newest = _newest(job(item) for item in records(record(first).get("items")))
        cont = _continue(first)
        if not cont:
            return Found(Page(newest))
        tokens, complete = await _pages_of_youngest(cluster, path, cont)
        for token in tokens:
            page = await cluster.list_page(path, limit=CELLS_PAGE, cont=token, form="table")
            newest = _newest((*newest, *_rows(page)))
    except Expired:
        return Found(Page(newest, more=True))
    except WizardError as error:
        return unread(error)
    return Found(Page(newest, more=not complete))


async def _pages_of_youngest(cluster: Cluster, path: str, cont: str) -> tuple[list[str], bool]:
    """The continue tokens of the pages on which the youngest Jobs are, and whether every page was looked at."""
    youngest: list[tuple[int, str]] = []
    for _ in range(PAGES):
        page = await cluster.list_page(path, limit=CELLS_PAGE, cont=cont, form="cells")
        ages = sorted(age_seconds(text(cells.get("Age"))) for cells in _cells(page))
        youngest = sorted([*youngest, *((age, cont) for age in ages[:KEPT])])[:KEPT]
        cont = _continue(page)
        if not cont:
            break
    return list(dict.fromkeys(token for _, token in youngest))[:PAGES_AGAIN], not cont


def newest_of(jobs: Iterable[Job], cron_job: str, count: int) -> list[Job]:
    """The newest `count` Jobs of a CronJob; `jobs` come newest first."""
    return [job for job in jobs if job.is_of(cron_job)][:count]


def is_whole(job: Job) -> bool:
    """Whether a Job was read as a whole object, not as a table row."""
    return job.started is not None or job.finished is not None or bool(job.reason)


def _newest(jobs: Iterable[Job]) -> tuple[Job, ...]:
    return tuple(sorted(jobs, key=lambda job: (job.meta.created or _LONG_AGO, job.meta.name), reverse=True)[:KEPT])


def _rows(table: Any) -> list[Job]:
    rows = records(record(table).get("rows"))
    return [_row(cells, row) for cells, row in zip(_cells(table), rows, strict=True)]


def _row(cells: Mapping[str, Any], row: Mapping[str, Any]) -> Job:
    status = text(cells.get("Status"))
    done, _, completions = text(cells.get("Completions")).partition("/")
    fallback = "complete" if done and done == completions.partition(" ")[0] else "running"
    return Job(meta(row.get("object")), _STATES.get(status, "running") if status else fallback)


def age_seconds(age: str) -> int:
    """An age as a server prints it ("3d4h") in seconds; what is no age counts as young."""
    return sum(int(count) * _SECONDS[unit] for count, unit in re.findall(r"(\d+)([smhdy])", age))


def _cells(table: Any) -> list[dict[str, Any]]:
    columns = [text(column.get("name")) for column in records(record(table).get("columnDefinitions"))]
    return [dict(zip(columns, listed(row.get("cells")), strict=False)) for row in records(record(table).get("rows"))]


def _continue(page: Any) -> str:
    return text(record(record(page).get("metadata")).get("continue"))
