"""What is said around signing in: which command is offered, what is believed of the notes, what a waiting pod is known by."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.names import PHOTOS_CLAIM
from tests.steps.table import UNATTENDED
from tests.steps.worlds import (
    NOW,
    SETTINGS,
    ago,
    annotated,
    claim,
    complete,
    cron_job,
    job,
    job_pod,
    list_of,
    log_of,
    meta,
    page,
    pod_spec,
    seed,
    with_annotations,
    with_auth,
    with_claim,
    with_cron,
    with_run,
    with_session,
)
from wizard.annotations import LIBRARY_COUNT, SESSION_EXPIRES_AT, SESSION_VERIFIED_AT, SUSPENDED_BY
from wizard.command import Address
from wizard.iterations import ITERATIONS
from wizard.model import Finding, SessionState, Severity, Status
from wizard.observe.pods import auth_pods
from wizard.settings import Settings
from wizard.signin.sign_in import LONGEST_SECONDS
from wizard.steps import diagnose
from wizard.steps.authentication.session_notes import LONGEST_SIGN_IN
from wizard.world import Found, Job, SecretKeys, World

ENDED = "2026-11-24 03:00:02 ERROR    Authentication required for Account. (421)"


def found(finding_id: str, world: World, settings: Settings = SETTINGS) -> Finding | None:
    report = diagnose(world, settings)
    return next((one for step in report.steps for one in step.findings if one.id == finding_id), None)


def commands(finding_id: str, world: World, settings: Settings = SETTINGS) -> tuple[str, ...]:
    finding = found(finding_id, world, settings)
    assert finding
    return settings.address.lines(finding.commands)


def expired() -> World:
    return with_run(complete(), "KeyError: 'dsInfo'", state="failed")


def family() -> World:
    """A second account, anna, whose last run found its session ended."""
    world = complete()
    spec = cron_job().spec
    volumes = tuple(replace(one, ref="icloudpd-config-anna") if one.name == "config" else one for one in spec.volumes)
    last = replace(
        job("icloudpd-sync-anna-29409480", state="failed"),
        meta=meta("icloudpd-sync-anna-29409480", owner="CronJob/icloudpd-sync-anna", created=ago(hours=8)),
    )
    return replace(
        world,
        claims=page(*list_of(world.claims), annotated(claim("icloudpd-config-anna", "1Gi"))),
        cron_jobs=page(
            *list_of(world.cron_jobs),
            cron_job(meta=meta("icloudpd-sync-anna"), spec=replace(spec, volumes=volumes)),
        ),
        jobs=page(*list_of(world.jobs), last),
        job_pods=page(*list_of(world.job_pods), job_pod(last)),
        sync_logs={**world.sync_logs, **log_of(last, "KeyError: 'dsInfo'")},
    )


class TestTheCommandThatIsOffered:
    def test_the_wizard_s_own_comes_first_and_by_hand_second(self) -> None:
        own, by_hand, *_ = commands("authentication.session-expired", expired())
        assert own == "photosync-wizard reauth"
        assert by_hand.startswith("kubectl -n photo-sync run icloudpd-sign-in")

    def test_it_is_addressed_to_the_same_cluster(self) -> None:
        settings = replace(SETTINGS, address=Address(context="home"))
        own, by_hand, *_ = commands("authentication.session-expired", expired(), settings)
        assert own == "photosync-wizard --context home reauth"
        assert by_hand.startswith("kubectl --context home -n photo-sync")

    def test_of_several_accounts_it_names_one(self) -> None:
        report = diagnose(family(), SETTINGS)
        assert [account.session.state for account in report.accounts] == [SessionState.VALID, SessionState.EXPIRED]
        assert commands("authentication.session-expired", family())[0] == "photosync-wizard reauth --account anna"
        first = with_session(family(), expires_in=timedelta(days=3), verified_ago=timedelta(days=1))
        assert commands("authentication.session-expiring", first)[0] == (
            "photosync-wizard reauth --renew --account default"
        )

    def test_it_is_not_offered_where_it_could_not_work(self) -> None:
        without = replace(expired(), cron_jobs=page())
        assert not any("reauth" in one for one in commands("authentication.session-expired", without))

    def test_a_pod_that_waits_is_the_way_by_hand(self) -> None:
        waiting = with_auth(expired(), "iCloud Password for you@example.com: ")
        assert commands("authentication.session-expired", waiting)[1:] == (
            "kubectl -n photo-sync attach -it icloudpd-auth",
            "kubectl -n photo-sync delete pod icloudpd-auth",
        )


class TestAPausedCronJob:
    @pytest.mark.parametrize("note", ["2026-11-24T06:40:00Z", ""])
    def test_what_we_paused_is_resumed_by_reauth(self, note: str) -> None:
        world = with_cron(complete(), suspend=True, meta=meta("icloudpd-sync", annotations={SUSPENDED_BY: note}))
        own, by_hand = commands("credentials.cronjob-suspended", world)
        assert own == "photosync-wizard reauth"
        assert '"suspend":false' in by_hand
        assert f'"{SUSPENDED_BY}":null' in by_hand

    def test_what_somebody_else_paused_is_not(self) -> None:
        assert not any(
            "reauth" in one for one in commands("credentials.cronjob-suspended", with_cron(complete(), suspend=True))
        )


class TestTheNotes:
    @pytest.mark.parametrize(
        "text", ["", "soon", "2026-13-45", "0001-01-01T00:00:00+14:00", "2099-01-01T00:00:00Z", "{}"]
    )
    @pytest.mark.parametrize("key", [SESSION_VERIFIED_AT, SESSION_EXPIRES_AT])
    def test_garbage_is_said_and_not_believed(self, key: str, text: str) -> None:
        world = with_annotations(expired(), "icloudpd-config", **{key: text})
        assert found("authentication.session-note-broken", world)
        assert diagnose(world, SETTINGS).accounts[0].session.state is SessionState.EXPIRED

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            "{}",
            '{"count": -1}',
            '{"count": true}',
            '{"count": "x", "bytes": 1}',
            "[" * 4000,
            '{"count": 3, "bytes": "x"}',
        ],
    )
    def test_a_library_that_was_not_counted_is_compared_with_nothing(self, text: str) -> None:
        world = with_annotations(complete(), "icloudpd-config", **{LIBRARY_COUNT: text})
        assert diagnose(world, SETTINGS).complete == len(ITERATIONS)
        assert not found("authentication.library-too-large", world)

    def test_two_libraries_share_the_claim(self) -> None:
        half = json.dumps({"count": 10, "bytes": 60 * 2**30})
        world = with_annotations(family(), "icloudpd-config", **{LIBRARY_COUNT: half})
        assert not found("authentication.library-too-large", world)
        assert found("storage.pvc-small", with_claim(world, PHOTOS_CLAIM, capacity="99Gi"))
        both = with_annotations(world, "icloudpd-config-anna", **{LIBRARY_COUNT: half})
        finding = found("authentication.library-too-large", both)
        assert finding
        assert f"pvc {PHOTOS_CLAIM}" in Address().line(finding.commands[0])

    def test_a_claim_that_is_known_to_be_large_enough_is_not_small(self) -> None:
        small = with_claim(complete(), PHOTOS_CLAIM, capacity="20Gi")
        assert found("storage.pvc-small", small)
        for size, warned in ((15, False), (19, True)):
            counted = json.dumps({"count": 10, "bytes": size * 2**30})
            world = with_annotations(small, "icloudpd-config", **{LIBRARY_COUNT: counted})
            assert bool(found("storage.pvc-small", world)) is warned


def handover(state: str, **fields: Any) -> World:
    made = meta("photosync-handover-1f2e3d", labels={"photosync-wizard/purpose": "handover"}, **fields)
    one = Job(made, state, started=made.created, finished=made.created if state != "running" else None)
    world = complete()
    return replace(world, jobs=page(one, *list_of(world.jobs)))


def test_a_session_that_nobody_used_lately_says_why_not() -> None:
    world = replace(with_session(complete(), expires_in=timedelta(20), verified_ago=timedelta(10)), sync_logs={})
    for paused, why in ((True, "The CronJob is paused"), (False, "By its schedule a run should have used it")):
        finding = found("authentication.session-not-proved-lately", with_cron(world, suspend=paused))
        assert finding
        assert finding.why.startswith(why)
        assert Address().lines(finding.commands) == ("photosync-wizard reauth --check",)


class TestHandOverJobs:
    def test_the_wizard_gives_up_by_the_same_time(self) -> None:
        assert LONGEST_SIGN_IN.total_seconds() == LONGEST_SECONDS

    @pytest.mark.parametrize(
        ("world", "expected"),
        [
            (handover("running", created=ago(minutes=3)), "signing-in"),
            (handover("running", created=ago(minutes=40)), "handover-left"),
            (handover("failed", created=ago(minutes=40)), "handover-left"),
            (handover("complete", created=ago(seconds=30)), None),
            (handover("running", created=ago(minutes=40), deleting=ago(seconds=3)), None),
        ],
    )  # fmt: skip
    def test_in_use_or_left(self, world: World, expected: str | None) -> None:
        seen = [one for one in ("signing-in", "handover-left") if found(f"authentication.{one}", world)]
        assert seen == ([expected] if expected else [])
        status = Status.ACTION_REQUIRED if expected == "handover-left" else Status.COMPLETE
        assert diagnose(world, SETTINGS).steps[2].status is status


class TestPromptsThatNoLogHolds:
    """containerd keeps whole lines only, and a prompt ends none."""

    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            (("2026-11-24 06:40:00 INFO     Processing user: you@example.com",), "the Apple password, or hangs"),
            (("2026-11-24 06:40:00 DEBUG    Authenticating...",), "the Apple password, or hangs"),
            (("2026-11-24 06:40:00 INFO     Processing user: you@example.com", ENDED), "the Apple password"),
            (("2026-11-24 06:40:00 INFO     Two-factor authentication is required (2fa)",), "a two-factor code"),
            (("2026-11-24 06:40:00 DEBUG    2FA push notification triggered", "  a: (***) ***-**81"), "a two-factor code"),
        ],
    )  # fmt: skip
    def test_it_waits(self, lines: tuple[str, ...], expected: str) -> None:
        script = "icloudpd --username you@example.com --cookie-directory /config --auth-only"
        waiting = found("authentication.auth-pod-waiting", with_auth(seed(), *lines, script=script))
        assert waiting
        assert waiting.summary == f"Pod icloudpd-auth is waiting for you to type {expected}."

    def test_one_that_was_given_its_password_does_not_wait_for_it(self) -> None:
        world = with_auth(seed(), "2026-11-24 06:40:00 INFO     Processing user: you@example.com", ENDED)
        assert not found("authentication.auth-pod-waiting", world)
        assert not found("authentication.auth-pod-not-waiting", world)
        assert found("authentication.session-refused", world)
        busy = with_auth(
            seed(), "2026-11-24 06:49:00 INFO     Processing user: x", ENDED.replace("03:00:02", "06:49:01")
        )
        assert found("authentication.auth-pod-busy", busy)
        assert not found("authentication.session-refused", busy)

    @pytest.mark.parametrize(
        ("name", "is_one"), [("icloudpd-auth", True), ("icloudpd-auth-anna", True), ("icloudpd-authelia", False)]
    )
    def test_only_a_pod_for_signing_in_is_one(self, name: str, *, is_one: bool) -> None:
        world = with_auth(seed(), meta=meta(name, deleting=ago(minutes=1)))
        assert bool(found("authentication.auth-pod-going", world)) is is_one
        assert [one.meta.name for one in auth_pods(list_of(world.pods))] == ([name] if is_one else [])

    def test_one_without_a_terminal_waits_for_nobody(self) -> None:
        spec = pod_spec("icloudpd --username you@example.com --cookie-directory /config --auth-only")
        world = with_auth(seed(), "INFO     Two-factor authentication is required (2fa)", spec=spec)
        assert not found("authentication.auth-pod-waiting", world)


class TestAPasswordInTheCluster:
    LOG = (
        "2026-11-24 03:00:02 INFO     Processing user: you@example.com",
        ENDED,
        "getpass.py:90: GetPassWarning: Can not control echo on the terminal.",
        "iCloud Password for you@example.com:2026-11-24 03:00:09 INFO     Downloading 12431 original photos to /photos",
    )

    def world(self, *keys: str) -> World:
        spec = pod_spec(UNATTENDED, env_from=("configmap/icloudpd-config",))
        secret = SecretKeys(meta("icloud-credentials"), "Opaque", keys)
        world = with_cron(with_run(complete(), *self.LOG), spec=spec)
        return replace(world, secrets={"icloud-credentials": Found(secret)})

    def test_it_is_understood(self) -> None:
        world = self.world("username", "password")
        finding = found("credentials.password-in-cluster", world)
        assert finding
        assert finding.severity is Severity.INFO
        assert "/credentials/password" in str(finding.evidence)
        assert not found("credentials.password-in-arguments", world)
        report = diagnose(world, SETTINGS)
        assert report.steps[1].status is Status.COMPLETE

    def test_a_run_that_signed_in_by_itself_proves_the_session(self) -> None:
        session = diagnose(self.world("username", "password"), SETTINGS).accounts[0].session
        assert session.state is SessionState.VALID
        assert session.verified_at == NOW - timedelta(hours=8) + timedelta(minutes=4)

    def test_without_the_key_it_is_missing(self) -> None:
        world = self.world("username")
        assert found("credentials.secret-key-missing", world)
        assert not found("credentials.password-in-cluster", world)
