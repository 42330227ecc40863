"""Which Apple ID a sign-in is for: what stands in the cluster, else what the person said, else as it was signed in last."""

from __future__ import annotations

import base64
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tests.demo_world.signing import YOU, Visit, visit
from wizard.errors import WizardError
from wizard.icloud.files import icloudpd_names
from wizard.icloudpd.workload import read_workload
from wizard.settings import Settings
from wizard.signin.prepare import PreparedSignIn, prepare_sign_in, username_key
from wizard.signin.sign_in import SignIn
from wizard.world import Container, EnvVar, Mount, PodSpec, PodVolume

OTHER = "other@example.com"
NAMESPACE = "/api/v1/namespaces/photo-sync"
CRON_JOB = "/apis/batch/v1/namespaces/photo-sync/cronjobs/icloudpd-sync"


async def started(there: Visit, **settings: Any) -> PreparedSignIn:
    await there.look()
    return await prepare_sign_in(there.engine.cluster, there.seen, Settings(**settings), "default")


async def in_secret(there: Visit, apple_id: str | None) -> None:
    value = base64.b64encode(apple_id.encode()).decode() if apple_id else None
    await there.engine.cluster.send(
        "PATCH",
        f"{NAMESPACE}/secrets/icloud-credentials",
        body={"data": {"username": value}},
        content_type="application/merge-patch+json",
    )


async def on_command_line(there: Visit, apple_id: str, *env: dict[str, Any]) -> None:
    job = there.get("CronJob", "icloudpd-sync")
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    word = next(word for word in ("command", "args") if any("--username" in text for text in container.get(word, ())))
    text = " ".join(container[word])
    given = re.search(r'--username "([^"]*)"', text)
    assert given
    container[word] = [part.replace(given[1], apple_id) for part in container[word]]
    container["env"] = [*container.get("env", []), *env]
    patch = {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [container]}}}}}}
    await there.engine.cluster.send("PATCH", CRON_JOB, body=patch, content_type="application/merge-patch+json")


async def test_the_secret_that_the_cron_job_reads(tmp_path: Path) -> None:
    async with visit("complete", tmp_path) as there:
        start = await started(there)
        assert (start.apple_id, start.source) == (YOU, "from the Secret icloud-credentials")


async def test_a_decomposed_name_is_asked_for_as_the_cron_job_has_it(tmp_path: Path) -> None:
    """Icloudpd names its files after the letters that it gets: `zoe`, not `zoë`."""
    composed = unicodedata.normalize("NFC", "Zoë@example.com")
    decomposed = unicodedata.normalize("NFD", composed)
    async with visit("complete", tmp_path) as there:
        await in_secret(there, decomposed)
        start = await started(there)
        assert (start.apple_id, start.preparation.username) == (composed.lower(), decomposed)
        sign_in = SignIn(there.engine.cluster, start.preparation, composed.lower(), tmp_path, there.person)
        assert icloudpd_names(sign_in.username).jar == "zoeexamplecom"


async def test_a_name_on_the_command_line_comes_before_a_secret_that_nobody_reads(tmp_path: Path) -> None:
    async with visit("complete", tmp_path) as there:
        await on_command_line(there, OTHER)
        start = await started(there)
        assert (start.apple_id, start.source) == (OTHER, "from the CronJob's command line")


async def test_a_phone_number_on_the_command_line_is_one_too(tmp_path: Path) -> None:
    async with visit("complete", tmp_path) as there:
        await on_command_line(there, "+491701234567")
        start = await started(there)
        assert (start.apple_id, start.source) == ("+491701234567", "from the CronJob's command line")


@pytest.mark.parametrize("kind", ["configMapKeyRef", "secretKeyRef"])
async def test_a_secret_that_the_cron_job_does_not_read_says_nothing(tmp_path: Path, kind: str) -> None:
    env = {"name": "APPLE_ID", "valueFrom": {kind: {"name": "elsewhere", "key": "username", "optional": True}}}
    async with visit("complete", tmp_path) as there:
        await on_command_line(there, "$APPLE_ID", env)
        assert (await started(there)).apple_id is None
        assert (await started(there, apple_ids={"default": OTHER})).apple_id == OTHER


SECRET = "icloud-credentials"
ENV = (
    EnvVar("APPLE", None, "secret", SECRET, "app"),
    EnvVar("APPLE_ID", None, "secret", SECRET, "id"),
    EnvVar("FROM_MAP", None, "configmap", SECRET, "id"),
    EnvVar("FROM_OTHER", None, "secret", "elsewhere", "username"),
    EnvVar("PLAIN", "$(APPLE_ID)"),
)


@pytest.mark.parametrize(
    ("username", "key"),
    [
        ("$(cat /credentials/username)", "username"),
        ("$(tr -d '\n' < /credentials/id)", "id"),
        ("`cat /credentials/id`", "id"),
        ("$(cat /credentials-of-others/id)", None),
        ("$(cat /credentials/id /credentials/username)", None),
        ("$(cat /credentials/id)@example.com", None),
        ("$(cat /map/username)", None),
        ("$(whoami)", None),
        ("$APPLE", "app"),
        ("$APPLE_ID", "id"),
        ("${APPLE_ID}", "id"),
        ("$PLAIN", "id"),
        ("$FROM_MAP", None),
        ("$FROM_OTHER", None),
        ("$APPLE_ID.$APPLE", None),
        ("$NOBODY_KNOWS", None),
        ("no-address", None),
    ],
)
def test_which_key_of_the_secret_is_the_name(username: str, key: str | None) -> None:
    container = Container(
        "icloudpd",
        "x",
        ("sh", "-c", f'icloudpd --directory /photos --username "{username}"'),
        env=ENV,
        mounts=(Mount("credentials", "/credentials"), Mount("map", "/map")),
    )
    volumes = (PodVolume("credentials", "secret", SECRET), PodVolume("map", "configMap", SECRET))
    assert username_key(read_workload(PodSpec((container,), volumes)), SECRET) == key


@pytest.mark.parametrize(
    ("command", "sources", "key"),
    [
        (("icloudpd", "--username", "$(APPLE_ID)"), (f"secret/{SECRET}",), "APPLE_ID"),
        (("icloudpd", "--username", "$(APPLE_ID)"), (f"secret/{SECRET}", "configmap/network"), None),
        (("icloudpd", "--username", "$(APPLE_ID)"), ("configmap/network", f"secret/{SECRET}"), "APPLE_ID"),
        (("icloudpd", "--username", "$(APPLE_ID)"), ("secret/elsewhere",), None),
        (("/entry.sh",), (f"secret/{SECRET}",), "username"),
    ],
)
def test_a_whole_secret_as_variables_and_a_command_that_says_nothing(
    command: tuple[str, ...], sources: tuple[str, ...], key: str | None
) -> None:
    container = Container("icloudpd", "x", command, env_from=sources)
    assert username_key(read_workload(PodSpec((container,), ())), SECRET) == key
    assert username_key(None, SECRET) == "username"


async def test_who_said_another_name_is_told(tmp_path: Path) -> None:
    async with visit("complete", tmp_path) as there:
        with pytest.raises(WizardError) as refused:
            await started(there, apple_ids={"default": OTHER})
        assert refused.value.code == "renewal.other-apple-id"
        await on_command_line(there, "third@example.com")
        with pytest.raises(WizardError) as refused:
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
