"""Which Apple ID a sign-in is for: what stands in the cluster, else what the person said, else as it was signed in last."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from tests.demo_world.signing import YOU, Visit, visit
from wizard.errors import Trouble
from wizard.renewal.begin import Start, begin
from wizard.settings import Settings

OTHER = "other@example.com"
NAMESPACE = "/api/v1/namespaces/photo-sync"
CRON_JOB = "/apis/batch/v1/namespaces/photo-sync/cronjobs/icloudpd-sync"


async def started(there: Visit, **settings: Any) -> Start:
    await there.look()
    return await begin(there.engine.cluster, there.seen, Settings(**settings), "default")


async def in_secret(there: Visit, apple_id: str | None) -> None:
    value = base64.b64encode(apple_id.encode()).decode() if apple_id else None
    await there.engine.cluster.send(
        "PATCH",
        f"{NAMESPACE}/secrets/icloud-credentials",
        body={"data": {"username": value}},
        content_type="application/merge-patch+json",
    )


async def on_command_line(there: Visit, apple_id: str) -> None:
    job = there.get("CronJob", "icloudpd-sync")
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    word = next(word for word in ("command", "args") if any("--username" in text for text in container.get(word, ())))
    text = " ".join(container[word])
    given = re.search(r'--username "([^"]*)"', text)
    assert given
    container[word] = [part.replace(given[1], apple_id) for part in container[word]]
    patch = {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [container]}}}}}}
    await there.engine.cluster.send("PATCH", CRON_JOB, body=patch, content_type="application/merge-patch+json")


async def test_the_secret_that_the_cron_job_reads(tmp_path: Path) -> None:
    async with visit("complete", tmp_path) as there:
        start = await started(there)
        assert (start.apple_id, start.source) == (YOU, "from the Secret icloud-credentials")


async def test_a_name_on_the_command_line_comes_before_a_secret_that_nobody_reads(tmp_path: Path) -> None:
    async with visit("complete", tmp_path) as there:
        await on_command_line(there, OTHER)
        start = await started(there)
        assert (start.apple_id, start.source) == (OTHER, "from the CronJob's command line")


async def test_who_said_another_name_is_told(tmp_path: Path) -> None:
    async with visit("complete", tmp_path) as there:
        with pytest.raises(Trouble) as refused:
            await started(there, apple_ids={"default": OTHER})
        assert refused.value.code == "renewal.other-apple-id"
        await on_command_line(there, "third@example.com")
        with pytest.raises(Trouble) as refused:
            await started(there, apple_ids={"default": YOU})
        assert "third@example.com" in refused.value.what


async def test_a_secret_that_was_changed_since_the_last_sign_in_is_followed(tmp_path: Path) -> None:
    async with visit("complete", tmp_path) as there:
        await in_secret(there, OTHER)
        assert (await started(there, seen_apple_ids={"default": YOU})).apple_id == OTHER


async def test_what_stands_nowhere_is_as_the_person_said_or_as_last_time(tmp_path: Path) -> None:
    async with visit("complete", tmp_path) as there:
        await in_secret(there, None)
        assert (await started(there)).apple_id is None
        assert (await started(there, seen_apple_ids={"default": YOU})).apple_id == YOU
        assert (await started(there, seen_apple_ids={"default": YOU}, apple_ids={"default": OTHER})).apple_id == OTHER
