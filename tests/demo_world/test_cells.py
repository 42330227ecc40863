"""The words in a Table's cells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wizard.demo.api import cells

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        ({"seconds": 1}, "1s"),
        ({"seconds": 70}, "70s"),
        ({"seconds": 190}, "3m10s"),
        ({"minutes": 5}, "5m"),
        ({"minutes": 70}, "70m"),
        ({"hours": 3, "minutes": 15}, "3h15m"),
        ({"hours": 47}, "47h"),
        ({"hours": 49}, "2d1h"),
        ({"days": 8, "hours": 2}, "8d"),
        ({"days": 367}, "367d"),
        ({"days": 365 * 2 + 25}, "2y25d"),
        ({"days": 365 * 8 + 2}, "8y"),
        ({"seconds": -1}, "0s"),
        ({"seconds": -2}, "<invalid>"),
    ],
)
def test_duration(span: dict[str, int], text: str) -> None:
    assert cells.duration(timedelta(**span)) == text


def pod(*states: dict[str, Any], phase: str = "Running", **more: Any) -> dict[str, Any]:
    statuses = [{"name": "c", "ready": "running" in state, "restartCount": 0, "state": state} for state in states]
    containers = [{"name": "c"} for _ in states]
    status = {"phase": phase, "containerStatuses": statuses, **more.pop("status", {})}
    return {"metadata": {"name": "p", **more}, "spec": {"containers": containers}, "status": status}


RUNNING: dict[str, Any] = {"running": {}}
COMPLETED = {"terminated": {"exitCode": 0, "reason": "Completed"}}


@pytest.mark.parametrize(
    ("item", "status", "ready"),
    [
        (pod(RUNNING), "Running", "1/1"),
        (pod({"waiting": {"reason": "ImagePullBackOff"}}, phase="Pending"), "ImagePullBackOff", "0/1"),
        (pod({"waiting": {"reason": "CrashLoopBackOff"}}), "CrashLoopBackOff", "0/1"),
        (pod(COMPLETED, phase="Succeeded"), "Completed", "0/1"),
        (pod({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, phase="Failed"), "OOMKilled", "0/1"),
        (pod({"terminated": {"exitCode": 3}}, phase="Failed"), "ExitCode:3", "0/1"),
        (pod({"terminated": {"exitCode": 3, "signal": 9}}, phase="Failed"), "Signal:9", "0/1"),
        (pod(COMPLETED, RUNNING, status={"conditions": [{"type": "Ready", "status": "True"}]}), "Running", "1/2"),
        (pod(COMPLETED, RUNNING), "NotReady", "1/2"),
        (pod(RUNNING, deletionTimestamp="2026-11-24T12:00:00Z"), "Terminating", "1/1"),
        (pod(phase="Failed", status={"reason": "Evicted"}), "Evicted", "0/0"),
        (
            pod(phase="Pending", status={"initContainerStatuses": [{"name": "i", "state": {"running": {}}}]}),
            "Init:0/1",
            "0/0",
        ),
    ],
)
def test_pods(item: dict[str, Any], status: str, ready: str) -> None:
    assert (cells.pod_status(item), cells.pod_ready(item)) == (status, ready)


def test_restarts() -> None:
    item = pod(RUNNING)
    assert cells.pod_restarts(item, NOW) == "0"
    item["status"]["containerStatuses"][0] |= {
        "restartCount": 3,
        "lastState": {"terminated": {"finishedAt": "2026-11-24T11:55:00Z"}},
    }
    assert cells.pod_restarts(item, NOW) == "3 (5m ago)"


@pytest.mark.parametrize(
    ("status", "metadata", "text"),
    [
        ({}, {}, "Running"),
        ({"conditions": [{"type": "Complete", "status": "True"}]}, {}, "Complete"),
        ({"conditions": [{"type": "Failed", "status": "True"}]}, {}, "Failed"),
        ({"conditions": [{"type": "Suspended", "status": "True"}]}, {}, "Suspended"),
        ({"conditions": [{"type": "Suspended", "status": "False"}]}, {}, "Running"),
        ({}, {"deletionTimestamp": "2026-11-24T12:00:00Z"}, "Terminating"),
    ],
)
def test_jobs(status: dict[str, Any], metadata: dict[str, Any], text: str) -> None:
    assert cells.job_status({"metadata": metadata, "status": status}) == text
