"""What docs/signing-in.md says of an unattended re-login, with the cluster's own icloudpd, and what the diagnosis makes of it."""

from __future__ import annotations

import asyncio
import base64
import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.signin.apple import PASSWORD
from tests.signin.conftest import image, led_apple, place, shelf
from tests.signin.place import Place
from tests.support.person import Somebody
from wizard.model import Finding, SessionState
from wizard.observe.look import observe
from wizard.settings import Settings
from wizard.signin.person import Code
from wizard.steps import diagnose

__all__ = ["image", "led_apple", "place", "shelf"]

pytestmark = pytest.mark.cluster

DOCS = Path(__file__).resolve().parents[2] / "docs" / "signing-in.md"
SESSION_ONLY = "--password-provider parameter"


def documented() -> str:
    """What the page puts in place of the option that keeps no password."""
    found = re.search(r"in place of `--password-provider parameter`:\s*`([^`]+)`", DOCS.read_text(encoding="utf-8"))
    assert found
    return found[1]


async def unattended(place: Place) -> str:
    """Somebody who has signed in, then put the password into the cluster as the page says."""
    apple_id = await place.set_up()
    await place.sign_in(Somebody([PASSWORD], [lambda _: Code(place.apple.code(apple_id))]))
    script = f"""printf '{{"data":{{"password":"%s"}}}}' "$(printf %s "$V" | base64 | tr -d '\\n')" |
        kubectl -n {place.namespace} patch secret icloud-credentials --type merge --patch-file /dev/stdin"""
    page = DOCS.read_text(encoding="utf-8")
    assert script.split("|", 1)[0].strip() in page
    await _run(script, place.kubeconfig, place.private)
    cron_job = await place.cron_job()
    spec: Any = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    command = spec["containers"][0]["command"]
    command[2] = command[2].replace(SESSION_ONLY, documented())
    await place.api.patch("batch/v1/cronjobs/icloudpd-sync", {"spec": cron_job["spec"]})
    return apple_id


async def _run(script: str, kubeconfig: Path, private: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        script,
        env={"V": PASSWORD, "KUBECONFIG": str(kubeconfig), "PATH": os.environ["PATH"], "HOME": str(private)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said


async def seen(place: Place) -> tuple[SessionState, dict[str, Finding]]:
    settings = replace(Settings(), namespace=place.namespace)
    report = diagnose(await observe(place.cluster, settings, datetime.now(UTC)), settings)
    return report.accounts[0].session.state, {one.id: one for step in report.steps for one in step.findings}


async def test_while_the_session_works_the_password_is_not_used(place: Place) -> None:
    apple_id = await unattended(place)
    secret = (await place.api.get("secrets/icloud-credentials")).body
    assert base64.b64decode(secret["data"]["password"]).decode() == PASSWORD
    sent = place.apple.passwords_sent(apple_id)
    log = await place.run_cron_job()
    assert "All photos and videos have been downloaded" in log
    assert place.apple.passwords_sent(apple_id) == sent
    state, findings = await seen(place)
    assert state is SessionState.VALID
    assert "credentials.password-in-cluster" in findings
    assert "credentials.password-in-arguments" not in findings
    assert "credentials.secret-key-missing" not in findings


async def test_when_it_has_ended_icloudpd_signs_in_again_while_apple_trusts(place: Place) -> None:
    apple_id = await unattended(place)
    place.apple.apple.end_web_sessions(apple_id)
    place.apple.apple.end_session_tokens(apple_id)
    log = await place.run_cron_job()
    assert "All photos and videos have been downloaded" in log
    state, findings = await seen(place)
    assert state is SessionState.VALID
    assert "verification.run-lied" not in findings
    assert PASSWORD not in log


async def test_when_apple_trusts_no_more_a_person_is_needed(place: Place) -> None:
    apple_id = await unattended(place)
    place.apple.apple.end_web_sessions(apple_id)
    place.apple.apple.end_session_tokens(apple_id)
    place.apple.apple.end_trust(apple_id)
    log = await place.run_cron_job()
    assert "EOFError" in log
    state, findings = await seen(place)
    assert state is SessionState.EXPIRED
    assert "verification.asked-nobody" in findings
