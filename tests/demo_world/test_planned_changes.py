"""What was shown is what runs: every request of a sign-in that changes something, held against the plan's changes in order."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.demo_world.signing import Somebody, Visit, visit
from tests.demo_world.test_others_at_the_session import CRON_JOB, runs_soon
from tests.support.faults import faults_of
from wizard.demo.api.access import Policy
from wizard.errors import Exit, WizardError
from wizard.handover import scripts
from wizard.icloud.ladder import Rung
from wizard.kube.client import Cluster
from wizard.kube.streams import ExecResult
from wizard.plan import CreateObject, DeleteObject, PatchObject, Plan
from wizard.signin.person import Tick
from wizard.signin.prove import NO_SESSION_FILES
from wizard.steps.authentication.plan import (
    AUTH_POD,
    KEEP,
    MOVE,
    NOTE,
    PAUSE,
    PROVE,
    REMOVE,
    RESUME,
    START,
    WRITE,
)

LOOK = "look"
AT_THE_END = {NOTE, REMOVE, RESUME}
"""These are put back side by side, however the sign-in ends."""
_WRITES = re.compile(r"(POST|PUT|PATCH|DELETE) (\S+?)(?:\?|$)")
_STREAM = re.compile(r"GET \S+/pods/([^/]+)/(exec|attach)\?(\S*)")
_REVIEWS = "/apis/authorization.k8s.io/"


def script_does(text: str) -> str:
    """Which change a script of the hand-over is part of; LOOK for those that leave the session as it is."""
    if text == scripts.COMMIT:
        return MOVE
    if text in (scripts.keep(keyring_stays=True), scripts.keep(keyring_stays=False)):
        return KEEP
    is_probe = NO_SESSION_FILES[1] in text
    return WRITE if text == scripts.EMPTY_STAGING or ('cat > "$stage' in text and not is_probe) else LOOK


@asynccontextmanager
async def recorded(there: Visit, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[str]]:
    """The requests that reach the server meanwhile; those that run a script say in front which change it is part of."""
    exec_in_pod, requests = Cluster.exec, faults_of(there.world).requests
    requests.clear()

    async def noted(self: Cluster, *words: Any, stdin: bytes = b"", **options: Any) -> ExecResult:
        if stdin:
            requests.append(f"SCRIPT {script_does(stdin.decode())}")
        return await exec_in_pod(self, *words, stdin=stdin, **options)

    monkeypatch.setattr(Cluster, "exec", noted)
    yield requests


def changes_in(requests: Iterable[str], plan: Plan) -> list[str]:
    """The ids of the plan's changes that the requests make, in their order, each once in a row. Anything else fails the test."""
    keys = {
        **{f"POST {c.target.collection}": c.id for c in plan.changes if isinstance(c, CreateObject)},
        **{f"PATCH {c.target.path}": c.id for c in plan.changes if isinstance(c, PatchObject) and c.id != RESUME},
        **{f"DELETE {c.target.path}": c.id for c in plan.changes if isinstance(c, DeleteObject)},
    }
    ids: list[str] = []
    script = ""
    for request in requests:
        made = ""
        if write := _WRITES.match(request):
            if write[2].startswith(_REVIEWS):
                continue
            made = keys[f"{write[1]} {write[2]}"]
            if made == PAUSE and PAUSE in ids:
                made = RESUME
        elif stream := _STREAM.match(request):
            made, script = script or stream_does(*stream.groups()), ""
            if made == PROVE and WRITE not in ids:
                made = LOOK
            assert START in ids or made == LOOK, request
        elif request.startswith("SCRIPT "):
            script = request.removeprefix("SCRIPT ")
        if made not in ("", LOOK, *ids[-1:]):
            ids.append(made)
    return ids


def stream_does(pod: str, kind: str, query: str) -> str:
    """Which change a command in a pod is part of."""
    if kind == "attach" or "console" in query:
        return WRITE
    assert pod.startswith("photosync-handover-") or "stty" in query, pod
    return PROVE if "--auth-only" in query else LOOK


def held_against(ids: list[str], plan: Plan) -> None:
    """Each of the plan's changes was made, in its order, and nothing else."""
    planned = [change.id for change in plan.changes]
    put_back = next(index for index, change_id in enumerate(planned) if change_id in AT_THE_END)
    assert ids[:put_back] == planned[:put_back]
    assert set(ids[put_back:]) == set(planned[put_back:]) <= AT_THE_END
    assert ids[put_back] == NOTE


@pytest.mark.parametrize(
    ("scenario", "person", "in_pod", "due", "left_over", "expected"),
    [
        pytest.param("expired-heals", {}, False, False, False, [START, WRITE, PROVE, MOVE], id="first-way"),
        pytest.param("trust-expired", {}, False, True, False, [START, PAUSE, WRITE, PROVE, MOVE], id="run-due-soon"),
        pytest.param("trust-expired", {}, True, True, False, [START, PAUSE, WRITE, PROVE, MOVE], id="second-way"),
        pytest.param("expired-heals", {}, False, False, True, ["remove-", START, WRITE, PROVE, MOVE], id="left-over"),
        pytest.param("auth-waiting", {}, False, False, False, [AUTH_POD, START, WRITE, PROVE, MOVE], id="not-answered"),
        pytest.param(
            *("auth-waiting", {"goes_inside": True}, False, False, False, [START, KEEP, WRITE, AUTH_POD, PROVE]),
            id="answered",
        ),
    ],
)
async def test_a_sign_in_makes_the_changes_of_its_plan_and_no_others(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scenario: str,
    person: dict[str, Any],
    in_pod: bool,
    due: bool,
    left_over: bool,
    expected: list[str],
) -> None:
    async with visit(scenario, tmp_path, Somebody(**person)) as there:
        if due:
            await runs_soon(there)
        if left_over:
            job = (await there.start()).preparation.handover.change
            await there.engine.cluster.send("POST", job.target.collection, body=job.manifest)
            await there.world.settle()
        sign_in = await there.sign_in(in_pod_only=in_pod)
        preparation = sign_in.preparation
        plan = preparation.plan_inside if in_pod or person else preparation.plan
        planned = [change.id for change in plan.changes]
        assert [each.startswith(start) for each, start in zip(planned, expected, strict=False)] == [True] * len(
            expected
        )
        async with recorded(there, monkeypatch) as requests:
            await sign_in.run()
        held_against(changes_in(requests, plan), plan)


async def test_a_session_that_works_takes_no_more_than_its_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with visit("complete", tmp_path) as there:
        sign_in = await there.sign_in()
        async with recorded(there, monkeypatch) as requests:
            assert (await sign_in.run()).rung is Rung.WORKS
        assert changes_in(requests, sign_in.preparation.plan) == [START, NOTE, REMOVE]


async def denied(there: Visit, monkeypatch: pytest.MonkeyPatch, *rights: str) -> None:
    """From now on the person may not do that."""
    monkeypatch.setattr(there.world.server, "_policy", Policy(rights))
    await there.look()


def says_paused(there: Visit, notes: Iterable[str]) -> bool:
    texts = (*notes, *(progress.text for progress in there.person.shown if progress.tick is Tick.FAILED))
    return any("is still paused" in text or "is paused in the meantime" in text for text in texts)


async def test_who_may_not_pause_the_cron_job_is_told_before_and_signs_in_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with visit("trust-expired", tmp_path) as there:
        await runs_soon(there)
        await denied(there, monkeypatch, "patch cronjobs.batch")
        sign_in = await there.sign_in()
        plan = sign_in.preparation.plan
        assert PAUSE not in plan
        assert RESUME not in plan
        assert any("you may not pause it" in note for note in plan.notes)
        async with recorded(there, monkeypatch) as requests:
            outcome = await sign_in.run()
        held_against(changes_in(requests, plan), plan)
        assert outcome.rung is Rung.CODE
        assert there.get("CronJob", "icloudpd-sync")["spec"]["suspend"] is False
        assert not says_paused(there, outcome.notes)


async def test_a_pause_that_is_refused_after_all_ends_nothing_and_is_not_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server had said yes, or nothing: an admission rule has the last word."""
    async with visit("trust-expired", tmp_path) as there:
        await runs_soon(there)
        sign_in = await there.sign_in()
        assert PAUSE in sign_in.preparation.plan
        await denied(there, monkeypatch, "patch cronjobs.batch")
        outcome = await sign_in.run()
        assert outcome.rung is Rung.CODE
        assert any("could not be paused" in note for note in outcome.notes)
        assert not says_paused(there, outcome.notes)
        assert there.get("CronJob", "icloudpd-sync")["spec"]["suspend"] is False
        assert not [request for request in faults_of(there.world).requests if request == f"PATCH {CRON_JOB}"][1:]


async def test_a_cron_job_that_can_not_go_on_is_said_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Denied(Somebody):
        def right(self, wanted: Any) -> Any:
            monkeypatch.setattr(there.world.server, "_policy", Policy(("patch cronjobs.batch",)))
            return Somebody.right(self, wanted)

    async with visit("trust-expired", tmp_path, Denied()) as there:
        await runs_soon(there)
        await (await there.sign_in()).run()
        (failed,) = [progress for progress in there.person.shown if progress.tick is Tick.FAILED]
        assert failed.text.startswith("icloudpd-sync is still paused")
        assert failed.command is not None
        assert there.get("CronJob", "icloudpd-sync")["spec"]["suspend"] is True


@pytest.mark.parametrize("right", ["delete jobs.batch", "create pods/exec", "delete pods"])
async def test_a_right_that_it_takes_and_that_is_denied_is_told_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, right: str
) -> None:
    async with visit("auth-waiting", tmp_path) as there:
        await denied(there, monkeypatch, right)
        with pytest.raises(WizardError) as refused:
            await there.sign_in()
        assert (refused.value.code, refused.value.exit_code) == ("renewal.rights", Exit.BLOCKED)
        assert right in refused.value.what


async def test_who_may_not_attach_is_not_offered_to_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with visit("auth-waiting", tmp_path, Somebody(goes_inside=True)) as there:
        await denied(there, monkeypatch, "create pods/attach")
        sign_in = await there.sign_in()
        assert any("you may not attach to it" in note for note in sign_in.preparation.plan.notes)
        assert KEEP not in sign_in.preparation.plan_inside
        assert (await sign_in.run()).rung is Rung.CODE
        assert "second-way" not in there.person.questions


async def test_a_right_of_which_the_server_says_nothing_is_not_taken_as_granted(tmp_path: Path) -> None:
    async with visit("trust-expired", tmp_path) as there:
        faults_of(there.world).answer("selfsubjectaccessreviews", 201, "{}", content_type="application/json")
        plan = (await there.start()).preparation.plan
        (note,) = [note for note in plan.notes if note.startswith("The server does not say whether you may")]
        assert "create jobs.batch" in note
        assert "create pods/exec" in note
