"""Who else is at the session during a sign-in: runs, another sign-in, what an earlier one left, somebody who deletes things."""

from __future__ import annotations

import asyncio
import copy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.demo_world.signing import NAMES, YOU, Somebody, Visit, leaves, visit
from wizard.command import Address
from wizard.errors import WizardError
from wizard.handover.pod import HandoverPod
from wizard.icloud.ladder import Rung
from wizard.icloud.steps import CodeWanted
from wizard.signin import other_users, setup_and_cleanup
from wizard.signin.person import AnotherCode, Code, GaveUp, InUse
from wizard.world import Found

BACKGROUND = {"propagationPolicy": "Background"}
PODS = "/api/v1/namespaces/photo-sync/pods"
MERGE = "application/merge-patch+json"
CRON_JOB = "/apis/batch/v1/namespaces/photo-sync/cronjobs/icloudpd-sync"


def user(name: str, owner: str = "") -> dict[str, Any]:
    """A pod that has the session's claim mounted and goes on for a while."""
    kind, _, of = owner.partition("/")
    made_by = [{"apiVersion": "apps/v1", "kind": kind, "name": of, "uid": "1-2-3", "controller": True}] if owner else []
    return {
        "metadata": {"name": name, "ownerReferences": made_by},
        "spec": {
            "containers": [
                {
                    "name": "it",
                    "image": "busybox",
                    "command": ["sleep", "3600"],
                    "volumeMounts": [{"name": "config", "mountPath": "/config"}],
                }
            ],
            "volumes": [{"name": "config", "persistentVolumeClaim": {"claimName": "icloudpd-config"}}],
        },
    }


async def made(there: Visit, pod: dict[str, Any]) -> None:
    await there.engine.cluster.send("POST", PODS, body=pod)
    await there.world.settle()


async def runs_soon(there: Visit) -> None:
    """The CronJob's next run is five minutes away, and Argo CD lets it be paused."""
    soon = datetime.now(UTC) + timedelta(minutes=5)
    body = {"spec": {"schedule": f"{soon.minute} {soon.hour} * * *", "timeZone": "Etc/UTC"}}
    await there.engine.cluster.send("PATCH", CRON_JOB, body=body, content_type=MERGE)
    await there.engine.cluster.send(
        "PATCH",
        "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/photo-sync",
        body={"spec": {"syncPolicy": {"automated": {"selfHeal": False}}}},
        content_type=MERGE,
    )
    await there.look()


@pytest.mark.parametrize("choice", [InUse.STOP, InUse.LEAVE])
async def test_a_run_that_uses_the_session_just_now(tmp_path: Path, choice: InUse) -> None:
    async with visit("first-sync", tmp_path, Somebody(uses=[choice])) as there:
        sign_in = await there.sign_in()
        if choice is InUse.LEAVE:
            with pytest.raises(GaveUp):
                await sign_in.run()
            assert any(name.startswith("icloudpd-sync-manual-") for name in there.pods())
        else:
            assert (await sign_in.run()).rung is Rung.WORKS
            assert not any(name.startswith("icloudpd-sync-manual-") for name in there.pods())
        await there.settled()


async def test_two_at_once_do_not_spoil_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is told, and leaves everything to the first, which ends well."""
    monkeypatch.setattr(other_users, "LOOKS", 1)
    second: list[str] = []

    class Busy(Somebody):
        async def code(self, wanted: CodeWanted, why: WizardError | None) -> Code | AnotherCode:
            other = await there.sign_in()
            other.person = Somebody()
            for attempt in (other.run, other.check):
                with pytest.raises(WizardError) as refused:
                    await attempt()
                second.append(refused.value.code)
            assert there.get("CronJob", "icloudpd-sync")["spec"]["suspend"] is True
            return await super().code(wanted, why)

    async with visit("trust-expired", tmp_path, Busy()) as there:
        await runs_soon(there)
        assert (await (await there.sign_in()).run()).rung is Rung.CODE
        assert there.get("CronJob", "icloudpd-sync")["spec"]["suspend"] is False
        await there.settled()
    assert second == ["renewal.under-way"] * 2


async def test_of_two_that_begin_at_the_same_moment_the_later_one_stands_back(tmp_path: Path) -> None:
    async with visit("expired-heals", tmp_path) as there:
        sign_in, other = await there.sign_in(), (await there.start()).preparation
        first: Any = copy.deepcopy(other.handover.change.manifest)
        first["metadata"]["name"] = "a-first"
        await there.engine.cluster.send("POST", "/apis/batch/v1/namespaces/photo-sync/jobs", body=first)
        with pytest.raises(WizardError) as refused:
            await sign_in.run()
        assert refused.value.code == "renewal.under-way"
        await there.world.settle()
        assert there.jobs() == []
        assert there.get("Job", "a-first")


async def test_somebody_removes_the_pod_in_the_middle(tmp_path: Path) -> None:
    class Unlucky(Somebody):
        async def code(self, wanted: CodeWanted, why: WizardError | None) -> Code | AnotherCode:
            (job,) = there.jobs()
            await there.engine.cluster.send(
                "DELETE", f"/apis/batch/v1/namespaces/photo-sync/jobs/{job}", body=BACKGROUND
            )
            await there.world.settle()
            return await super().code(wanted, why)

    async with visit("trust-expired", tmp_path, Unlucky()) as there:
        before = there.session()
        with pytest.raises(WizardError) as ended:
            await (await there.sign_in()).run()
        assert ended.value.code == "renewal.taken-over"
        assert there.session() == before


async def test_what_an_earlier_start_left(tmp_path: Path) -> None:
    """A hand-over that was killed between its journal and its end: the next start completes it, and its Job goes."""
    async with visit("trust-expired", tmp_path) as there:
        start = await there.start()
        await there.engine.cluster.send(
            "POST", "/apis/batch/v1/namespaces/photo-sync/jobs", body=start.preparation.handover.change.manifest
        )
        await there.world.settle()
        assert len(there.jobs()) == 1
    async with visit("trust-expired", tmp_path) as there:
        apple, entries = there.icloud_users.apple, there.volume.entries
        assert apple is not None
        good = apple.signed_in(YOU)
        like = entries[NAMES[0]]
        for name, text in zip(NAMES, (good.jar, good.session), strict=True):
            entries[f".photosync-staging/{name}"] = type(like)(text.encode(), 0o600, 0, 0, like.changed)
        entries[".photosync-staging"] = type(like)(None, 0o700, 0, 0, like.changed)
        entries[".photosync-journal"] = type(like)(NAMES[0].encode(), 0o600, 0, 0, like.changed)
        start = await there.start()
        assert len(start.preparation.left_over) == 1
        outcome = await (await there.sign_in()).run()
        assert outcome.rung is Rung.WORKS
        assert any("moved into place" in note for note in outcome.notes)
        assert there.session()[0] is not None
        await there.settled()


async def test_a_paused_cron_job_goes_on(tmp_path: Path) -> None:
    async with visit("complete", tmp_path) as there:
        await runs_soon(there)
        sign_in = await there.sign_in()
        assert sign_in.preparation.pausing.suspend is not None
        suspended = []
        there.world.store.listeners.append(
            lambda change: (
                suspended.append(change.after["spec"]["suspend"])
                if change.kind.kind == "CronJob" and change.after
                else None
            )
        )
        await sign_in.run()
        assert suspended[0] is True
        after = there.get("CronJob", "icloudpd-sync")
        assert after["spec"]["suspend"] is False
        assert "photosync-wizard/suspended-by" not in after["metadata"].get("annotations", {})


async def test_a_run_that_begins_in_the_middle_is_noticed_before_anything_is_moved(tmp_path: Path) -> None:
    class Slow(Somebody):
        async def code(self, wanted: CodeWanted, why: WizardError | None) -> Code | AnotherCode:
            await made(there, user("a-late-run"))
            return await super().code(wanted, why)

        async def in_use(self, pods: tuple[str, ...]) -> InUse:
            assert there.session() == before
            return await super().in_use(pods)

    async with visit("trust-expired", tmp_path, Slow(uses=[InUse.STOP])) as there:
        before = there.session()
        assert (await (await there.sign_in()).run()).rung is Rung.CODE
        assert "a-late-run" not in there.pods()
        assert there.session() != before
        await there.settled()


async def test_who_is_ended_by_another_sign_in_leaves_the_pause_to_it(tmp_path: Path) -> None:
    class Ended(Somebody):
        async def code(self, wanted: CodeWanted, why: WizardError | None) -> Code | AnotherCode:
            (own,) = there.jobs()
            other: Any = copy.deepcopy(there.get("Job", own))
            other["metadata"] = {"name": "of-another", "labels": other["metadata"]["labels"]}
            del other["spec"]["selector"], other["spec"]["template"]["metadata"]["labels"]
            path = "/apis/batch/v1/namespaces/photo-sync/jobs"
            await there.engine.cluster.send("POST", path, body=other)
            await there.engine.cluster.send("DELETE", f"{path}/{own}", body=BACKGROUND)
            await there.world.settle()
            return await super().code(wanted, why)

    async with visit("trust-expired", tmp_path, Ended()) as there:
        await runs_soon(there)
        with pytest.raises(WizardError) as ended:
            await (await there.sign_in()).run()
        assert ended.value.code == "renewal.taken-over"
        assert there.get("CronJob", "icloudpd-sync")["spec"]["suspend"] is True


async def test_a_pod_for_signing_in_that_comes_back_is_noticed(tmp_path: Path) -> None:
    """As Argo CD brings back one that is in git."""

    class Slow(Somebody):
        async def password(self, apple_id: str, why: WizardError | None) -> str:
            await made(there, user("icloudpd-auth"))
            return await super().password(apple_id, why)

    async with visit("auth-waiting", tmp_path, Slow(uses=[InUse.STOP])) as there:
        assert (await (await there.sign_in()).run()).rung is Rung.CODE
        assert "in-use by 1" in there.person.questions
        assert "icloudpd-auth" not in there.pods()


async def test_a_pair_that_was_half_written_is_put_back_before_anything_is_asked(tmp_path: Path) -> None:
    """The wizard died while it answered another icloudpd, which had emptied one of the two files by then."""
    async with visit("trust-expired", tmp_path, Somebody(codes=[leaves])) as there:
        entries, whole = there.volume.entries, there.session()
        like = entries[NAMES[0]]
        for name, content in zip(NAMES, whole, strict=True):
            entries[f".photosync-previous/{name}"] = replace(like, content=content)
        entries[".photosync-previous"] = replace(like, content=None, mode=0o700)
        entries[".photosync-attended"] = replace(like, content=b"")
        entries[NAMES[1]] = replace(like, content=b"")
        with pytest.raises(GaveUp):
            await (await there.sign_in()).run()
        assert there.session() == whole


async def test_a_check_beside_a_sign_in_that_has_just_begun_stands_back(tmp_path: Path) -> None:
    async with visit("expired-heals", tmp_path) as there:
        check, other = await there.sign_in(), (await there.start()).preparation
        first: Any = copy.deepcopy(other.handover.change.manifest)
        first["metadata"]["name"] = "a-first"
        await there.engine.cluster.send("POST", "/apis/batch/v1/namespaces/photo-sync/jobs", body=first)
        with pytest.raises(WizardError) as refused:
            await check.check()
        assert refused.value.code == "renewal.under-way"


async def test_a_pod_that_would_come_back_is_not_stopped(tmp_path: Path) -> None:
    async with visit("expired-heals", tmp_path, Somebody(uses=[InUse.STOP])) as there:
        await made(there, user("icloud-7d9f-x2x4z", "ReplicaSet/icloud-7d9f"))
        with pytest.raises(WizardError) as refused:
            await (await there.sign_in()).run()
        assert refused.value.code == "renewal.comes-back"
        assert "kubectl -n photo-sync scale deployment icloud --replicas=0" in Address().lines(refused.value.commands)
        assert "icloud-7d9f-x2x4z" in there.pods()
        await there.settled()


async def test_a_pod_that_can_not_run_uses_nothing(tmp_path: Path) -> None:
    async with visit("image-pull", tmp_path) as there:
        assert (await (await there.sign_in()).run()).rung is Rung.WORKS
        assert there.person.questions == []


async def test_leaving_lets_the_cron_job_go_on_although_the_pod_no_longer_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    class Leaves(Somebody):
        def right(self, _wanted: CodeWanted) -> Code:
            monkeypatch.setattr(HandoverPod, "close", never)
            raise GaveUp

    monkeypatch.setattr(setup_and_cleanup, "LEAVING_SECONDS", 0.2)
    async with visit("trust-expired", tmp_path, Leaves()) as there:
        await runs_soon(there)
        with pytest.raises(GaveUp):
            await (await there.sign_in()).run()
        after = there.get("CronJob", "icloudpd-sync")
        assert after["spec"]["suspend"] is False
        assert "photosync-wizard/suspended-by" not in after["metadata"].get("annotations", {})


async def test_a_check_changes_nothing_that_was_left(tmp_path: Path) -> None:
    """Not the CronJob that an earlier sign-in paused, nor its Job."""
    async with visit("expired-heals", tmp_path) as there:
        paused = {"metadata": {"annotations": {"photosync-wizard/suspended-by": "x"}}, "spec": {"suspend": True}}
        await there.engine.cluster.send("PATCH", CRON_JOB, body=paused, content_type=MERGE)
        start = await there.start()
        job = start.preparation.handover.change
        await there.engine.cluster.send("POST", job.target.collection, body=job.manifest)
        await there.world.settle()
        await there.look()
        assert (await (await there.sign_in()).check()).rung is Rung.HEALED
        assert there.get("CronJob", "icloudpd-sync")["spec"]["suspend"] is True
        await there.world.settle()
        assert there.jobs() == [job.target.name]


async def test_a_check_notes_that_the_session_works(tmp_path: Path) -> None:
    async with visit("complete", tmp_path) as there:
        before = there.get("PersistentVolumeClaim", "icloudpd-config")["metadata"]["annotations"]
        assert (await (await there.sign_in()).check()).rung is Rung.WORKS
        after = there.get("PersistentVolumeClaim", "icloudpd-config")["metadata"]["annotations"]
        verified = "photosync-wizard/session-verified-at"
        assert after[verified] > before[verified]


def with_access(there: Visit, mode: str) -> None:
    """As if the session's claim had this access mode."""
    assert isinstance(there.seen.claims, Found)
    claims = [
        replace(claim, access_modes=(mode,)) if claim.meta.name == "icloudpd-config" else claim
        for claim in there.seen.claims.value.items
    ]
    there.seen = replace(there.seen, claims=Found(replace(there.seen.claims.value, items=tuple(claims))))


@pytest.mark.parametrize(("mode", "pinned"), [("ReadWriteOnce", True), ("ReadWriteMany", False)])
async def test_where_one_node_only_may_use_the_claim_the_pod_goes_to_who_uses_it(
    tmp_path: Path, mode: str, pinned: bool
) -> None:
    async with visit("complete", tmp_path) as there:
        await made(there, user("somebody"))
        node = there.get("Pod", "somebody")["spec"]["nodeName"]
        with_access(there, mode)
        assert (node in json.dumps((await there.start()).preparation.handover.change.manifest)) is pinned


async def test_a_claim_for_one_pod_is_not_looked_at_beside_another(tmp_path: Path) -> None:
    async with visit("auth-waiting", tmp_path, Somebody(goes_inside=True)) as there:
        with_access(there, "ReadWriteOncePod")
        with pytest.raises(WizardError) as refused:
            await (await there.sign_in()).check()
        assert refused.value.code == "renewal.claim-busy"
        assert (await (await there.sign_in()).run()).rung is Rung.CODE
        assert "second-way" not in there.person.questions
        assert "icloudpd-auth" not in there.pods()
        await there.settled()
