"""Jobs that idle, fail, are deleted, and end by themselves: what the hand-over of a session rests on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.contract.api import Api, Json
from tests.contract.conftest import Place

IDLE = "trap 'exit 0' TERM INT; sleep 1800 & wait"


def job(command: str = IDLE, *, policy: str = "Never", **spec: Any) -> Json:
    """A Job of the icloudpd image, whose main program demo containers really run."""
    container = {
        "name": "icloudpd",
        "image": "boredazfcuk/icloudpd:1.32.3",
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-c", command],
    }
    template = {
        "metadata": {"labels": {"purpose": "test"}},
        "spec": {"restartPolicy": policy, "terminationGracePeriodSeconds": 1, "containers": [container]},
    }
    return {"metadata": {"name": "it"}, "spec": {"backoffLimit": 0, "template": template, **spec}}


async def pods(api: Api) -> list[Json]:
    found: list[Json] = (await api.get("pods?labelSelector=batch.kubernetes.io/job-name%3Dit")).body["items"]
    return found


async def running(api: Api) -> Json:
    """The job's pod, once it runs."""
    answer = await api.until(
        "pods?labelSelector=batch.kubernetes.io/job-name%3Dit",
        lambda each: any(pod["status"].get("phase") == "Running" for pod in each.body["items"]),
    )
    pod: Json = answer.body["items"][0]
    return pod


async def no_pods(api: Api) -> None:
    await api.until("pods?labelSelector=batch.kubernetes.io/job-name%3Dit", lambda each: each.body["items"] == [])


def conditions(item: Json) -> dict[str, tuple[str, str]]:
    return {
        each["type"]: (each["reason"], each["message"])
        for each in item["status"].get("conditions", ())
        if each["status"] == "True"
    }


async def test_a_pod_that_idles_stays_running(place: Place) -> None:
    made = await place.api.made("batch/v1/jobs", job())
    pod = await running(place.api)
    if place.world:
        await place.world.settle()
    status = (await place.api.get("batch/v1/jobs/it")).body["status"]
    assert (status["active"], status.get("conditions", [])) == (1, [])
    assert status["startTime"]
    assert pod["metadata"]["labels"]["purpose"] == "test"
    assert pod["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "name": "it",
            "uid": made["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]


async def test_deleting_it_in_the_background_takes_its_pod(api: Api) -> None:
    made = await api.made("batch/v1/jobs", job())
    await running(api)
    answer = await api.delete("batch/v1/jobs/it", {"propagationPolicy": "Background"})
    assert (answer.status, answer.body["kind"], answer.body["status"]) == (200, "Status", "Success")
    assert answer.body["details"] == {"name": "it", "group": "batch", "kind": "jobs", "uid": made["metadata"]["uid"]}
    assert (await api.get("batch/v1/jobs/it")).status == 404
    await no_pods(api)


async def test_deleting_it_without_a_policy_leaves_its_pod_and_says_so(api: Api) -> None:
    await api.made("batch/v1/jobs", job())
    await running(api)
    answer = await api.delete("batch/v1/jobs/it")
    assert answer.body["kind"] == "Job"
    assert answer.headers["Warning"].startswith('299 - "child pods are preserved by default when jobs are deleted')
    await api.until("batch/v1/jobs/it", lambda each: each.status == 404)
    (pod,) = await pods(api)
    assert pod["metadata"].get("ownerReferences", []) == []
    assert pod["status"]["phase"] == "Running"


async def test_deleting_it_in_the_foreground(api: Api) -> None:
    await api.made("batch/v1/jobs", job())
    await running(api)
    answer = await api.delete("batch/v1/jobs/it?propagationPolicy=Foreground")
    assert answer.body["metadata"]["finalizers"] == ["foregroundDeletion"]
    await api.until("batch/v1/jobs/it", lambda each: each.status == 404)
    await no_pods(api)


async def test_an_unknown_policy(api: Api) -> None:
    await api.made("batch/v1/jobs", job())
    answer = await api.delete("batch/v1/jobs/it?propagationPolicy=Sideways")
    assert answer.status == 422
    assert 'Unsupported value: "Sideways": supported values: "Foreground", "Background", "Orphan"' in answer.message


async def test_one_that_ends_well(api: Api) -> None:
    await api.made("batch/v1/jobs", job("echo done"))
    done = (await api.until("batch/v1/jobs/it", lambda each: "Complete" in conditions(each.body))).body
    assert done["status"]["succeeded"] == 1
    (pod,) = await pods(api)
    assert (await api.get(f"pods/{pod['metadata']['name']}/log")).text == "done\n"
    assert pod["status"]["phase"] == "Succeeded"


async def test_one_that_fails(api: Api) -> None:
    await api.made("batch/v1/jobs", job("echo no >&2; exit 3"))
    failed = (await api.until("batch/v1/jobs/it", lambda each: "Failed" in conditions(each.body))).body
    why = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
    assert conditions(failed) == {"FailureTarget": why, "Failed": why}
    assert failed["status"]["failed"] == 1
    (pod,) = await pods(api)
    assert pod["status"]["phase"] == "Failed"
    ended = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (3, "Error")


async def test_its_deadline_takes_its_pod(place: Place) -> None:
    await place.api.made("batch/v1/jobs", job(activeDeadlineSeconds=3))
    await running(place.api)
    failed = (await place.api.until("batch/v1/jobs/it", lambda each: "Failed" in conditions(each.body))).body
    assert conditions(failed)["Failed"] == ("DeadlineExceeded", "Job was active longer than specified deadline")
    await no_pods(place.api)


async def test_it_goes_when_its_time_is_over(api: Api) -> None:
    await api.made("batch/v1/jobs", job("true", ttlSecondsAfterFinished=1))
    await api.until("batch/v1/jobs/it", lambda each: each.status == 404)
    await no_pods(api)


async def test_it_takes_the_jobs_of_a_cron_job_that_goes(api: Api) -> None:
    template = {"spec": job()["spec"]}
    made = await api.made(
        "batch/v1/cronjobs",
        {"metadata": {"name": "nightly"}, "spec": {"schedule": "0 3 1 1 *", "suspend": True, "jobTemplate": template}},
    )
    assert made["spec"]["suspend"] is True
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": made["metadata"]["uid"]}
    body = job()
    body["metadata"] |= {
        "annotations": {"cronjob.kubernetes.io/instantiate": "manual"},
        "ownerReferences": [{**owner, "controller": True}],
    }
    await api.made("batch/v1/jobs", body)
    await running(api)
    await api.delete("batch/v1/cronjobs/nightly", {"propagationPolicy": "Background"})
    await api.until("batch/v1/jobs/it", lambda each: each.status == 404)
    await no_pods(api)


@pytest.mark.parametrize("seconds", [1799, 1801])
async def test_deadlines_go_by_the_worlds_clock(seconds: int) -> None:
    """On the demo alone: a real clock can't be moved."""
    from tests.contract.conftest import tiny
    from wizard.demo.world import DemoWorld

    now = datetime.fromisoformat("2026-11-24T12:00:00Z")

    def clock() -> datetime:
        return now

    async with DemoWorld.open(tiny(), clock=clock) as world, Api.connect(world.kubeconfig(), "default") as api:
        await api.made("batch/v1/jobs", job(activeDeadlineSeconds=1800))
        await running(api)
        now += timedelta(seconds=seconds)
        world.controllers.wake()
        await world.settle()
        found = (await api.get("batch/v1/jobs/it")).body
        assert ("Failed" in conditions(found)) is (seconds > 1800)
