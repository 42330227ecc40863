"""Signing in to demo worlds, from the hand-over pod to the notes on the claim: every rung, and everything in the way."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyicloud.base
import pytest
from requests.adapters import HTTPAdapter

from tests.demo_world.signing import YOU, Keyring, Somebody, Visit, leaves, visit
from wizard.command import Address
from wizard.demo.apple.server import Hiccup
from wizard.demo.runtime.volumes import Entry
from wizard.errors import Exit, Retry, WizardError
from wizard.handover.pod import HandoverPod
from wizard.icloud.ladder import Rung
from wizard.icloud.steps import CodeWanted
from wizard.icloudpd.proof import Proof, proof_of
from wizard.settings import Settings
from wizard.signin import prove as proving
from wizard.signin.in_pod import waits
from wizard.signin.person import AnotherCode, Code, GaveUp, Stage
from wizard.steps.authentication.checks import STEP as AUTHENTICATION

BACKGROUND = {"propagationPolicy": "Background"}
WROTE = {Stage.POD, Stage.CLAIM, Stage.APPLE, Stage.SAVED, Stage.PROVED, Stage.PHOTOS}


def wrong(_wanted: CodeWanted) -> Code:
    return Code("000000")


@pytest.mark.parametrize(
    ("scenario", "rung", "asked"),
    [
        ("complete", Rung.WORKS, []),
        ("expired-heals", Rung.HEALED, []),
        ("expired", Rung.TRUSTED_PASSWORD, [f"password of {YOU}"]),
        ("trust-expired", Rung.CODE, [f"password of {YOU}", "code by device"]),
        ("sms-only", Rung.CODE, [f"password of {YOU}", "code by sms"]),
        ("sms-refused-inside", Rung.CODE, [f"password of {YOU}", "code by sms"]),
        ("seed", Rung.CODE, [f"password of {YOU}", "code by device"]),
    ],
)
async def test_every_rung_of_the_ladder(tmp_path: Path, scenario: str, rung: Rung, asked: list[str]) -> None:
    async with visit(scenario, tmp_path) as there:
        before = there.session()
        outcome = await (await there.sign_in()).run()
        assert (outcome.rung, there.person.questions) == (rung, asked)
        assert there.person.done() >= ({Stage.PROVED} if rung is Rung.WORKS else WROTE)
        assert (there.session() == before) is (rung is Rung.WORKS)
        assert outcome.expires_at is not None
        assert outcome.expires_at > datetime.now(UTC) + timedelta(days=20)
        notes = there.get("PersistentVolumeClaim", "icloudpd-config")["metadata"]["annotations"]
        assert notes["photosync-wizard/session-expires-at"] == outcome.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        await there.settled()
    async with visit(scenario, tmp_path) as again:
        assert (await (await again.sign_in()).run()).rung is Rung.WORKS
        assert again.person.questions == []


@pytest.mark.parametrize(
    ("scenario", "rung"),
    [
        ("complete", Rung.WORKS),
        ("expired-heals", Rung.HEALED),
        ("expired", Rung.TRUSTED_PASSWORD),
        ("seed", Rung.CODE),
    ],
)
async def test_a_check_says_which_and_asks_nobody(tmp_path: Path, scenario: str, rung: Rung) -> None:
    async with visit(scenario, tmp_path) as there:
        assert (await (await there.sign_in()).check(ask_apple=True)).rung is rung
        assert there.person.questions == []
        await there.settled()


async def test_a_check_reaches_apple_from_here_only_when_it_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its own pod asks of Apple goes by another way."""

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("asked Apple from here")

    monkeypatch.setattr(HTTPAdapter, "send", refused)
    async with visit("expired-heals", tmp_path) as there:
        step = await (await there.sign_in()).check()
        assert (step.rung, "`--ask-apple`" in step.sentence) == (Rung.HEALED, True)
        with pytest.raises(WizardError):
            await (await there.sign_in()).check(ask_apple=True)


async def test_a_session_that_the_cron_job_would_not_find_is_not_made(tmp_path: Path) -> None:
    async with visit("session-lost", tmp_path) as there:
        with pytest.raises(WizardError) as refused:
            await there.sign_in()
        assert refused.value.code == "renewal.not-ready"
        assert "looks for its session in /home/icloudpd/.pyicloud" in refused.value.what
        assert there.jobs() == []


async def test_a_session_that_ends_soon_is_renewed(tmp_path: Path) -> None:
    async with visit("expiring", tmp_path) as there:
        outcome = await (await there.sign_in(renew=True)).run()
        assert (outcome.rung, there.person.questions) == (Rung.TRUSTED_PASSWORD, [f"password of {YOU}"])
        assert outcome.expires_at is not None
        assert outcome.expires_at > datetime.now(UTC) + timedelta(days=20)
        await there.settled()


async def test_the_nightly_run_works_again_afterwards(tmp_path: Path) -> None:
    """As `kubectl create job --from=cronjob/icloudpd-sync` does; before it fails, afterwards it downloads what is new."""

    async def run(name: str) -> tuple[str, str]:
        cron_job = there.get("CronJob", "icloudpd-sync")
        body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, **cron_job["spec"]["jobTemplate"]}
        await there.engine.cluster.send("POST", "/apis/batch/v1/namespaces/photo-sync/jobs", body=body)
        conditions: list[dict[str, str]] = []
        async with asyncio.timeout(10):
            async for event in there.engine.cluster.watch(
                "/apis/batch/v1/namespaces/photo-sync/jobs", fields=f"metadata.name={name}"
            ):
                if conditions := event.object["status"].get("conditions", []):
                    break
        pod = next(each for each in there.pods() if each.startswith(f"{name}-"))
        return conditions[-1]["type"], there.world.logs.texts[f"photo-sync/{pod}"]

    def photos() -> int:
        volume = there.world.containers.volume_of("photo-sync", "icloud-photos")
        assert volume is not None
        return sum(not entry.is_folder for entry in volume.entries.values())

    async with visit("expired", tmp_path) as there:
        assert photos() == 4
        how, log = await run("before")
        assert how == "Failed"
        assert "KeyError: 'dsInfo'" in log
        await (await there.sign_in()).run()
        how, log = await run("after")
        assert how == "Complete"
        assert log.count("Downloaded /photos/icloud-import/") == 2
        assert log.rstrip().endswith("All photos and videos have been downloaded")
        assert photos() == 6


async def test_a_wrong_code_and_then_the_right_one(tmp_path: Path) -> None:
    async with visit("trust-expired", tmp_path, Somebody(codes=[wrong, wrong])) as there:
        assert (await (await there.sign_in()).run()).rung is Rung.CODE
        assert there.person.questions == [f"password of {YOU}", *["code by device"] * 3]
        assert there.person.whys == ["icloud.wrong-code"] * 2
        assert len(there.person.phone) == 3, "each wrong code needs a new one"


async def test_a_wrong_password_and_then_the_right_one(tmp_path: Path) -> None:
    async with visit("expired", tmp_path, Somebody(passwords=["not it"])) as there:
        assert (await (await there.sign_in()).run()).rung is Rung.TRUSTED_PASSWORD
        assert there.person.questions == [f"password of {YOU}"] * 2
        assert there.person.whys == ["icloud.wrong-password"]


async def test_a_text_message_to_the_other_number(tmp_path: Path) -> None:
    def other(wanted: CodeWanted) -> AnotherCode:
        return AnotherCode("sms", wanted.phones[1])

    async with visit("sms-only", tmp_path, Somebody(codes=[other])) as there:
        assert (await (await there.sign_in()).run()).rung is Rung.CODE
        assert ["81" in there.person.phone[0], "42" in there.person.phone[1]] == [True, True]


async def test_the_second_way_in_the_pod(tmp_path: Path) -> None:
    async with visit("trust-expired", tmp_path) as there:
        assert (await (await there.sign_in(in_pod_only=True)).run()).rung is Rung.CODE
        assert there.person.questions == [f"password of {YOU}", "code by device"]
        assert not any("code" in text.lower() and "demo" in text for text in there.world.logs.texts.values())
        await there.settled()


async def test_the_second_way_in_the_pod_by_text_message(tmp_path: Path) -> None:
    def other(wanted: CodeWanted) -> AnotherCode:
        return AnotherCode("sms", wanted.phones[1])

    async with visit("sms-only", tmp_path, Somebody(codes=[other])) as there:
        assert (await (await there.sign_in(in_pod_only=True)).run()).rung is Rung.CODE
        assert there.person.questions == [f"password of {YOU}", "code by device", "code by sms"]


async def test_a_kept_password_that_is_refused_in_the_pod_is_forgotten(tmp_path: Path) -> None:
    keyring = Keyring("of last year")
    async with visit("trust-expired", tmp_path) as there:
        sign_in = await there.sign_in(in_pod_only=True, keeper=keyring)
        with pytest.raises(WizardError) as refused:
            await sign_in.run()
        assert refused.value.code == "icloud.password-changed"
        assert keyring.held is None
        assert there.person.questions == []
        await there.settled()


async def test_an_apple_that_falters_at_the_last_proof_costs_no_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, prove = [], HandoverPod.prove

    async def faltering(self: HandoverPod, apple_id: str) -> Proof:
        asked.append(apple_id)
        if len(asked) == 1:
            return proof_of("pod", b"ERROR    Authentication required for Account. (500)")
        return await prove(self, apple_id)

    monkeypatch.setattr(HandoverPod, "prove", faltering)
    monkeypatch.setattr(proving, "PAUSE_SECONDS", 0)
    async with visit("trust-expired", tmp_path) as there:
        assert (await (await there.sign_in(in_pod_only=True)).run()).rung is Rung.CODE
        assert len(asked) == 2


async def test_an_apple_that_falters_at_the_first_look_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove, outputs = HandoverPod.prove, [b"ERROR    Authentication required for Account. (500)"]

    async def faltering(self: HandoverPod, apple_id: str) -> Proof:
        return proof_of("pod", outputs.pop()) if outputs else await prove(self, apple_id)

    monkeypatch.setattr(HandoverPod, "prove", faltering)
    monkeypatch.setattr(proving, "PAUSE_SECONDS", 0)
    async with visit("complete", tmp_path) as there:
        assert (await (await there.sign_in()).run()).rung is Rung.WORKS
        assert there.person.questions == []
        await there.settled()


async def test_refused_by_icloudpd_and_then_in_the_pod(tmp_path: Path) -> None:
    """The web session is gone before icloudpd is asked, as if Apple bound sessions to programs."""
    async with visit("expired", tmp_path, Somebody(goes_inside=True)) as there:
        apple = there.icloud_users.apple
        assert apple is not None
        sign_in = await there.sign_in()
        seen = there.person.show

        def forget(progress: object) -> None:
            seen(progress)  # type: ignore[arg-type]
            if getattr(progress, "stage", None) is Stage.SAVED and apple is not None:
                apple.end_web_sessions(YOU)

        there.person = sign_in.person = Watching(there.person, forget)  # type: ignore[assignment]
        outcome = await sign_in.run()
        assert outcome.rung is Rung.CODE
        assert "renewal.refused-by-icloudpd" in sign_in.person.whys  # type: ignore[attr-defined]
        await there.settled()


class Watching:
    """Somebody else's eyes on what is shown."""

    def __init__(self, person: Somebody, show: object) -> None:
        self._person = person
        self.show = show

    def __getattr__(self, name: str) -> object:
        return getattr(self._person, name)


async def test_leaving_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    async with visit("trust-expired", tmp_path, Somebody(codes=[leaves])) as there:
        before = there.session()
        with pytest.raises(GaveUp):
            await (await there.sign_in()).run()
        assert there.session() == before
        await there.settled()


@pytest.mark.parametrize("scenario", ["account-locked", "throttled", "security-key"])
async def test_what_apple_refuses_changes_nothing(tmp_path: Path, scenario: str) -> None:
    async with visit(scenario, tmp_path) as there:
        before = there.session()
        with pytest.raises((WizardError, GaveUp)):
            await (await there.sign_in()).run()
        assert there.session() == before
        await there.settled()


async def test_terms_are_shown_and_accepted(tmp_path: Path) -> None:
    async with visit("terms", tmp_path) as there:
        await (await there.sign_in()).run()
        assert there.person.questions[-1].startswith("terms ")
        await there.settled()


async def test_photos_that_apple_keeps_closed(tmp_path: Path) -> None:
    async with visit("adp", tmp_path) as there:
        there.icloud_users.apple.end_web_sessions(YOU)  # type: ignore[union-attr]
        outcome = await (await there.sign_in()).run()
        assert outcome.photos_trouble is not None
        assert outcome.photos_trouble.code == "icloud.advanced-data-protection"


async def test_photos_that_could_not_be_counted_are_a_note(tmp_path: Path) -> None:
    async with visit("expired", tmp_path) as there:
        there.icloud_users.apple.hiccups.append(Hiccup("/records/query", 500, times=99))  # type: ignore[union-attr]
        outcome = await (await there.sign_in()).run()
        assert (outcome.library, outcome.photos_trouble) == (None, None)
        assert "The photos could not be counted, which the session does not depend on." in " ".join(outcome.notes)


async def test_a_device_that_has_to_allow_the_photos_is_told_of_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyicloud.base, "time", SimpleNamespace(sleep=lambda _: None))
    async with visit("expired", tmp_path) as there:
        as_account(there, advanced_data_protection=True, consent="given")
        outcome = await (await there.sign_in()).run()
        assert (outcome.library is not None, outcome.photos_trouble) == (True, None)
        texts = [progress.text for progress in there.person.shown if progress.stage is Stage.PHOTOS]
        assert [text.startswith("Apple asks on your devices") for text in texts] == [False, True, False]


@pytest.mark.parametrize("in_pod", [False, True])
async def test_an_apple_that_is_away_has_one_exit_code(tmp_path: Path, in_pod: bool) -> None:
    async with visit("expired", tmp_path) as there:
        as_account(there, sign_in="refused-at-complete")
        with pytest.raises(WizardError) as ended:
            await (await there.sign_in(in_pod_only=in_pod)).run()
        assert (ended.value.exit_code, ended.value.retry) == (Exit.BLOCKED, Retry.LATER)
        await there.settled()


@pytest.mark.parametrize("scenario", ["seed", "trust-expired"])
async def test_an_account_without_a_second_factor_gets_in_inside_the_pod(tmp_path: Path, scenario: str) -> None:
    async with visit(scenario, tmp_path, Somebody(goes_inside=True)) as there:
        as_account(there, two_factor=False, password_only=True)
        await (await there.sign_in()).run()
        assert there.person.questions == [f"password of {YOU}", "second-way"]
        assert there.person.whys == ["icloud.no-two-factor"]
        await there.settled()
        assert None not in there.session()


async def test_without_a_second_factor_and_not_inside_the_pod_it_is_said_what_does(tmp_path: Path) -> None:
    async with visit("trust-expired", tmp_path) as there:
        as_account(there, two_factor=False, password_only=True)
        with pytest.raises(WizardError) as ended:
            await (await there.sign_in()).run()
        assert ended.value.code == "icloud.no-two-factor"
        assert any("--in-pod" in line for line in Address().lines(ended.value.commands))
        await there.settled()


def as_account(there: Visit, **different: object) -> None:
    """Your account at the demo Apple, as it is not in the scenario."""
    apple = there.icloud_users.apple
    assert apple is not None
    person = apple._state.person(YOU)
    assert person is not None
    person.account = replace(person.account, **different)  # type: ignore[arg-type]


async def test_a_waiting_auth_pod_is_answered_by_attaching(tmp_path: Path) -> None:
    async with visit("auth-waiting", tmp_path, Somebody(goes_inside=True)) as there:
        outcome = await (await there.sign_in()).run()
        assert outcome.rung is Rung.CODE
        assert "icloudpd-auth" not in there.pods()
        await there.settled()
        assert None not in there.session()


KEYRING = "python_keyring/keyring_pass.cfg"
PASSWORD_IN_CLEAR = "photosync-wizard/password-in-clear"


def put_keyring(there: Visit) -> None:
    now = datetime.now(UTC)
    there.volume.entries["python_keyring"] = Entry(None, 0o755, 0, 0, now)
    there.volume.entries[KEYRING] = Entry(b"[somebody else's]\n", 0o600, 0, 0, now)


@pytest.mark.parametrize(
    ("answers", "ends"), [([], None), ([wrong], WizardError), ([leaves], GaveUp)], ids=["right", "wrong", "leaves"]
)
async def test_answering_an_auth_pod_leaves_no_password_in_clear(
    tmp_path: Path, answers: list[Any], ends: type[Exception] | None
) -> None:
    """Its icloudpd, with the default providers, has written it before the code is asked for."""
    seen: list[bool] = []

    class Looking(Somebody):
        async def code(self, wanted: CodeWanted, why: WizardError | None) -> Code | AnotherCode:
            seen.append(KEYRING in there.volume.entries)
            return await super().code(wanted, why)

    async with visit("auth-waiting", tmp_path, Looking(goes_inside=True, codes=answers)) as there:
        sign_in = await there.sign_in()
        if ends:
            with pytest.raises(ends):
                await sign_in.run()
        else:
            assert any(f"in clear in {KEYRING}" in note for note in (await sign_in.run()).notes)
        assert seen == [True]
        assert not [name for name in there.volume.entries if name.startswith("python_keyring")]
        assert PASSWORD_IN_CLEAR not in there.get("PersistentVolumeClaim", "icloudpd-config")["metadata"]["annotations"]
        assert "icloudpd-auth" not in there.pods()
        (told,) = [each.text for each in there.person.shown if KEYRING in each.text]
        assert told.endswith("was removed")


async def test_the_plan_of_the_second_way_answers_a_pod_that_waits(tmp_path: Path) -> None:
    async with visit("auth-waiting", tmp_path) as there:
        plan = (await there.start()).preparation.plan_inside
        titles = [change.title for change in plan.changes]
        answering = next(
            n for n, title in enumerate(titles) if title.startswith("Answer icloudpd in pod icloudpd-auth")
        )
        assert any(title.startswith("Remove pod icloudpd-auth") for title in titles[answering:])
        assert not any("staging" in title for title in titles)
        assert any("password in clear" in note for note in plan.notes)


async def test_before_an_auth_pod_is_answered_it_is_said_what_that_leaves(tmp_path: Path) -> None:
    async with visit("auth-waiting", tmp_path) as there:
        (auth_pod,) = [(await there.start()).preparation.auth_pod]
        assert auth_pod is not None
        why = waits(auth_pod).why
        assert "password in clear" in why
        assert "trust token" in why
        only_asking = replace(auth_pod, keeps_password=False)
        assert "password" not in waits(only_asking).why


async def test_a_password_in_clear_that_was_there_before_stays_and_is_noted_until_it_is_gone(tmp_path: Path) -> None:
    async with visit("complete", tmp_path) as there:
        put_keyring(there)
        outcome = await (await there.sign_in()).run()
        assert any(KEYRING in note for note in outcome.notes)
        assert KEYRING in there.volume.entries
        await there.look()
        findings = AUTHENTICATION.diagnose(there.seen, Settings()).findings
        (finding,) = [each for each in findings if each.id == "authentication.password-in-clear"]
        assert KEYRING in str(finding.evidence)
        del there.volume.entries[KEYRING]
        await (await there.sign_in()).check()
        assert PASSWORD_IN_CLEAR not in there.get("PersistentVolumeClaim", "icloudpd-config")["metadata"]["annotations"]


async def test_cancelled_while_the_person_thinks(tmp_path: Path) -> None:
    asked, never = asyncio.Event(), asyncio.Event()

    class Slow(Somebody):
        async def code(self, wanted: CodeWanted, why: WizardError | None) -> Code | AnotherCode:
            asked.set()
            await never.wait()
            raise AssertionError(wanted, why)

    async with visit("trust-expired", tmp_path, Slow()) as there:
        before = there.session()
        running = asyncio.create_task((await there.sign_in()).run())
        await asked.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert there.session() == before
        await there.settled()


def cut_off(monkeypatch: pytest.MonkeyPatch, *, after: int = 0) -> list[str]:
    """No icloudpd in any pod reaches Apple any more, after so many that did; gives who asked."""
    asked: list[str] = []
    reaches = HandoverPod.prove

    async def prove(self: HandoverPod, username: str) -> Proof:
        asked.append(username)
        if len(asked) <= after:
            return await reaches(self, username)
        return proof_of("pod", b"2026-11-24 06:46:01 INFO     Cannot connect to Apple iCloud service")

    monkeypatch.setattr(HandoverPod, "prove", prove)
    monkeypatch.setattr(proving, "PAUSE_SECONDS", 0)
    return asked


@pytest.mark.parametrize("scenario", ["seed", "trust-expired"])
async def test_a_pod_that_does_not_reach_apple_costs_no_password_and_no_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scenario: str
) -> None:
    async with visit(scenario, tmp_path) as there:
        cut_off(monkeypatch)
        with pytest.raises(WizardError) as ended:
            await (await there.sign_in()).run()
        assert (ended.value.code, ended.value.what) == ("renewal.not-judged", "The pod could not reach Apple.")
        assert (there.person.questions, there.person.phone) == ([], [])
        assert ("There was no session before." in ended.value.fix) is (scenario == "seed")
        await there.settled()


@pytest.mark.parametrize(
    ("scenario", "options", "proofs"),
    [
        ("seed", {}, 1),
        ("trust-expired", {}, 1),
        ("trust-expired", {"in_pod_only": True}, 0),
        ("auth-waiting", {"in_pod_only": True}, 0),
    ],
)
async def test_a_session_that_nobody_could_judge_is_proved_first_by_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scenario: str, options: dict[str, Any], proofs: int
) -> None:
    async with visit(scenario, tmp_path) as there:
        before = there.session()
        with monkeypatch.context() as meanwhile:
            cut_off(meanwhile, after=proofs)
            with pytest.raises(WizardError) as ended:
                await (await there.sign_in(**options)).run()
        assert "without another code" in ended.value.fix
        if None not in before:
            assert there.session() == before
    async with visit(scenario, tmp_path) as again:
        await again.look()
        check = await (await again.sign_in()).check()
        assert check.rung in (Rung.SET_ASIDE, Rung.WORKS)
        outcome = await (await again.sign_in()).run()
        assert (outcome.rung, again.person.questions) == (Rung.SET_ASIDE, [])
        assert again.session() != before
        await again.settled()
        assert (await (await again.sign_in()).run()).rung is Rung.WORKS


async def test_a_session_set_aside_that_apple_has_ended_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with visit("trust-expired", tmp_path) as there:
        with monkeypatch.context() as meanwhile:
            cut_off(meanwhile, after=1)
            with pytest.raises(WizardError):
                await (await there.sign_in()).run()
        there.icloud_users.apple.end_web_sessions(YOU)  # type: ignore[union-attr]
        there.person.questions.clear()
        outcome = await (await there.sign_in()).run()
        assert outcome.rung in (Rung.HEALED, Rung.TRUSTED_PASSWORD, Rung.CODE)
        assert there.person.questions
        await there.settled()


async def test_each_of_the_family_signs_in_for_themselves(tmp_path: Path) -> None:
    async with visit("family", tmp_path) as there:
        assert (await (await there.sign_in("anna")).run()).apple_id == "anna@example.com"
        assert (await (await there.sign_in()).run()).apple_id == YOU
        apple = there.icloud_users.apple
        assert apple is not None
        apple.end_web_sessions("anna@example.com")
        outcome = await (await there.sign_in("anna")).run()
        assert (outcome.rung, outcome.account) == (Rung.HEALED, "anna")


async def test_no_code_password_or_token_is_in_any_object_or_log(tmp_path: Path) -> None:
    async with visit("trust-expired", tmp_path) as there:
        await (await there.sign_in()).run()
        (shown,) = there.person.phone
        content = there.session()[1] or b""
        world = str(list(there.world.store.everything())) + str(there.world.logs.texts)
        import json

        session = json.loads(content)
        for secret in (shown[-6:], "demo-password", session["session_token"], session["trust_token"]):
            assert secret not in world
