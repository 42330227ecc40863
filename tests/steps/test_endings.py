# ruff: noqa: E501 - rows are read as rows
"""How a run's log can end, and what is then said of the session: what icloudpd 1.32.3 printed at the demo Apple, and variations."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.steps.worlds import (
    FORBIDDEN,
    GOOD_LOG,
    NOW,
    SETTINGS,
    ago,
    auth_pod,
    complete,
    job,
    job_pod,
    list_of,
    log_of,
    meta,
    page,
    with_auth,
    with_claim,
    with_cron,
    with_run,
    with_session,
)
from wizard.command import photosync_wizard
from wizard.facts.session import session_of
from wizard.icloudpd.log import read_log
from wizard.model import Finding, Session, SessionState, Severity, Status
from wizard.steps import diagnose
from wizard.world import Found, Job, LogTail, Missing, Page, Unreadable, World

DATA = Path(__file__).parent / "data" / "icloudpd"
REFUSED = "2026-11-23 22:51:31 ERROR    Authentication required for Account. (421)"
FALTERED = "2026-11-23 22:51:31 ERROR    Authentication required for Account. (500)"
BEGINS = "2026-11-23 22:51:30 INFO     Processing user: you@example.com"
WRONG = "2026-11-23 22:51:32 INFO     ('Invalid email/password combination.', PyiCloudAPIResponseException('{\"code\": \"-20101\"} (401)'))"
COMES = "2026-11-23 22:51:33 INFO     Downloading 12431 original photos and videos to /photos/icloud-import ..."
EXPIRED, VALID, UNVERIFIED = SessionState.EXPIRED, SessionState.VALID, SessionState.UNVERIFIED


def printed(name: str) -> tuple[str, ...]:
    """What icloudpd printed in that case."""
    return tuple((DATA / f"{name}.log").read_text(encoding="utf-8").splitlines())


def session(world: World) -> Session:
    return session_of("default", world, SETTINGS)


def found(step: str, finding: str, world: World) -> Finding:
    findings = [one for each in diagnose(world, SETTINGS).steps if each.id == step for one in each.findings]
    return next(one for one in findings if one.id == f"{step}.{finding}")


PRINTED: list[tuple[str, str, SessionState, str, str]] = [
    # log, the job's state, the session's, iteration 7's findings, and what iteration 3 says of it
    ("alive", "complete", VALID, "last-run", "works"),
    ("alive-recent-1", "complete", VALID, "last-run", "works"),
    ("again-by-password", "complete", VALID, "last-run", "works"),
    ("broken-jar-password", "complete", VALID, "last-run", "works"),
    ("wrong-password", "complete", EXPIRED, "wrong-password run-lied", "Apple refused the Apple ID or the password."),
    ("wrong-password-debug", "complete", EXPIRED, "wrong-password run-lied", "Apple refused the Apple ID or the password."),
    ("broken-jar-wrong-password", "complete", EXPIRED, "wrong-password session-broken run-lied", "Apple refused the Apple ID"),
    ("locked", "complete", EXPIRED, "account-locked run-lied", "Unlock it at iforgot.apple.com"),
    ("web-off", "complete", EXPIRED, "web-access-off run-lied", "Access iCloud Data on the Web on"),
    ("throttled", "complete", EXPIRED, "throttled run-lied", "refusing requests for the moment"),
    ("too-many", "complete", EXPIRED, "throttled run-lied", "refusing requests for the moment"),
    ("dropped", "complete", EXPIRED, "session-refused apple-unreachable run-lied", "has ended"),
    ("two-factor", "failed", EXPIRED, "asked-nobody run-failed", "has ended"),
    ("default-providers", "failed", EXPIRED, "asked-nobody run-failed", "has ended"),
    ("no-password", "failed", EXPIRED, "session-dead run-failed", "has ended"),
    ("session-cut", "failed", EXPIRED, "session-dead run-failed", "has ended"),
    ("broken-jar", "failed", EXPIRED, "session-broken run-failed", "has ended"),
    ("version-missing", "failed", EXPIRED, "session-broken run-failed", "has ended"),
    ("china", "failed", EXPIRED, "domain-china run-failed", "mainland China"),
    ("web-off-cut", "complete", UNVERIFIED, "log-cut run-lied", "part of its log that was not read"),
    ("session-list", "failed", UNVERIFIED, "run-failed", "failed, and its log does not say why"),
]  # fmt: skip


def test_every_recording_has_its_row() -> None:
    assert {path.stem for path in DATA.glob("*.log")} == {row[0] for row in PRINTED}


@pytest.mark.parametrize(("name", "ended", "state", "said", "words"), PRINTED, ids=[row[0] for row in PRINTED])
def test_what_icloudpd_printed(name: str, ended: str, state: SessionState, said: str, words: str) -> None:
    world = with_run(complete(), *printed(name), state=ended)
    assert session(world).state is state
    report = diagnose(world, SETTINGS)
    authentication, verification = report.steps[2], report.steps[6]
    told = [
        one.id.split(".")[1]
        for one in verification.findings
        if one.id.split(".")[1] in said.split() or one.severity is Severity.ERROR
    ]
    assert sorted(told) == sorted(said.split())
    assert (
        authentication.status
        is {VALID: Status.COMPLETE, EXPIRED: Status.ACTION_REQUIRED, UNVERIFIED: Status.UNKNOWN}[state]
    )
    first = authentication.findings[0]
    assert words in f"{first.summary} {first.why} {first.fix}"
    assert first.id == f"authentication.session-{ {VALID: 'valid', EXPIRED: 'expired', UNVERIFIED: 'in-doubt'}[state] }"


@pytest.mark.parametrize(("name", "ended", "state"), [row[:3] for row in PRINTED], ids=[row[0] for row in PRINTED])
class TestWhenItHappened:
    """The same logs, and a proof or a run after them."""

    def test_a_sign_in_that_was_proved_since_then_wins(self, name: str, ended: str, state: SessionState) -> None:
        world = with_session(complete(), expires_in=timedelta(days=30), verified_ago=timedelta(hours=7, minutes=50))
        assert session(with_run(world, *printed(name), state=ended)).state is VALID, state

    def test_one_that_was_proved_just_before_does_not(self, name: str, ended: str, state: SessionState) -> None:
        world = with_session(complete(), expires_in=timedelta(days=30), verified_ago=timedelta(hours=8))
        assert session(with_run(world, *printed(name), state=ended)).state is state

    def test_a_newer_run_that_got_in_wins(self, name: str, ended: str, state: SessionState) -> None:
        world = with_run(complete(), *printed(name), state=ended)
        newer = job("icloudpd-sync-29410920", started=ago(hours=1))
        world = replace(
            world,
            jobs=page(newer, *list_of(world.jobs)),
            sync_logs={**world.sync_logs, **log_of(newer, *GOOD_LOG)},
        )
        assert session(world).state is VALID, state

    def test_one_that_says_nothing_does_not_bring_it_back(self, name: str, ended: str, state: SessionState) -> None:
        world = with_run(complete(), *printed(name), state=ended)
        newer = job("icloudpd-sync-29410920", started=ago(hours=1))
        said = (BEGINS, "2026-11-24 05:50:03 INFO     Cannot connect to Apple iCloud service")
        world = replace(
            world, jobs=page(newer, *list_of(world.jobs)), sync_logs={**world.sync_logs, **log_of(newer, *said)}
        )
        assert session(world).state is state


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ((REFUSED,), "ended"),
        ((BEGINS, REFUSED), "ended"),
        ((REFUSED, COMES), "accepted"),
        ((REFUSED, "x INFO     Downloaded /photos/2026/IMG_1.HEIC"), "accepted"),
        ((REFUSED, "x INFO     Authentication completed successfully"), "accepted"),
        ((REFUSED, "x INFO     Downloading the first original photo or video to /photos ..."), "accepted"),
        ((REFUSED, "x INFO     Downloading 3 original,medium photos to /photos ..."), "accepted"),
        ((COMES, REFUSED), "ended"),
        ((COMES, FALTERED), "accepted"),
        ((REFUSED, "x INFO     private db access disabled for this account. (ACCESS_DENIED)"), "accepted"),
        ((FALTERED, "KeyError: 'dsInfo'"), ""),
        ((FALTERED, WRONG), ""),
        ((REFUSED, FALTERED), "ended"),
        (("x ERROR    Bad Gateway (502)", "KeyError: 'dsInfo'"), ""),
        ((COMES, "x ERROR    Bad Gateway (502)", "KeyError: 'dsInfo'"), "accepted"),
        (("x ERROR    Bad Gateway (502)", REFUSED), "ended"),
        ((BEGINS, WRONG), "ended"),
        ((BEGINS,), ""),
        ((BEGINS, "x INFO     Apple iCloud is temporary refusing to serve icloudpd"), ""),
        ((COMES, "x ERROR    Could not download /photos/2010/IMG-20101231-WA0001.jpg"), "accepted"),
        ((COMES, "x INFO     Downloaded /photos/Authentication required for Account. (421)"), "accepted"),
        ((), ""),
    ],
)
def test_the_last_word_counts(lines: tuple[str, ...], word: str) -> None:
    assert read_log(LogTail("pod", lines)).session == word


def test_a_session_that_apple_refused_before_it_faltered_has_ended() -> None:
    assert [sign.slug for sign, _ in read_log(LogTail("pod", (REFUSED, FALTERED))).signs] == ["session-refused"]


def test_the_file_names_of_photos_are_no_failures() -> None:
    line = "2026-11-23 22:51:33 ERROR    IOError while writing file to /photos/IMG-20101231-WA0001.jpg. Skipping this file..."
    assert read_log(LogTail("pod", (COMES, line))).signs == ()


class TestARunThatGoesOn:
    def world(self, *lines: str, **since: float) -> World:
        running = job("icloudpd-sync-29410920", "running", started=ago(**since))
        world = complete()
        return replace(
            world,
            jobs=page(running, *list_of(world.jobs)),
            job_pods=page(*list_of(world.job_pods), job_pod(running)),
            sync_logs={**world.sync_logs, **log_of(running, *lines)},
        )

    def test_refused_a_moment_ago_it_may_be_signing_in_by_itself(self) -> None:
        line = "2026-11-24 06:48:00 ERROR    Authentication required for Account. (421)"
        assert session(self.world(line, minutes=3)).state is VALID

    def test_refused_for_minutes_it_is_not(self) -> None:
        line = "2026-11-24 06:46:00 ERROR    Authentication required for Account. (421)"
        assert session(self.world(line, minutes=5)).state is EXPIRED

    def test_refused_for_good_it_is_not_either(self) -> None:
        refused = "2026-11-24 06:48:00 ERROR    Authentication required for Account. (421)"
        assert session(self.world(refused, WRONG, minutes=3)).state is EXPIRED

    def test_that_downloads_proves_the_session_as_of_then(self) -> None:
        seen = session(self.world(COMES.replace("2026-11-23 22:51", "2026-11-24 06:40"), hours=1))
        assert (seen.state, seen.verified_at) == (VALID, NOW.replace(hour=6, minute=40, second=33))


class TestTheTimeOfAnEnd:
    def test_a_proof_in_the_same_second_is_the_one_that_mended_it(self) -> None:
        line = next(line for line in printed("no-password") if "(421)" in line)
        then = datetime.fromisoformat(f"{line[:19]}Z")
        world = with_session(complete(), expires_in=timedelta(30), verified_ago=NOW - then)
        assert session(with_run(world, *printed("no-password"), state="failed")).state is VALID

    def test_is_that_of_the_line_not_of_the_job_s_end(self) -> None:
        world = with_session(complete(), expires_in=timedelta(30), verified_ago=timedelta(hours=7, minutes=57))
        assert session(with_run(world, *printed("no-password"), state="failed")).state is VALID

    def test_is_the_job_s_end_where_the_line_s_can_t_be(self) -> None:
        lines = [line.replace("2026-11-23 22:51", "2026-11-23 15:51") for line in printed("no-password")]
        world = with_session(complete(), expires_in=timedelta(30), verified_ago=timedelta(hours=7, minutes=57))
        assert session(with_run(world, *lines, state="failed")).state is EXPIRED


def _failed(world: World, **fields: Any) -> World:
    return with_run(world, state="failed", **fields)


NIGHT = job().meta.name


class TestARunThatNobodyCouldRead:
    """It leaves the session unproved; what was proved after it stays so."""

    @pytest.mark.parametrize(
        ("world", "source"),
        [
            (replace(complete(), sync_logs={NIGHT: FORBIDDEN}), f"the log of job/{NIGHT} could not be read"),
            (replace(_failed(complete()), sync_logs={NIGHT: FORBIDDEN}), f"the log of job/{NIGHT} could not be read"),
            (replace(_failed(complete()), sync_logs={}), f"job/{NIGHT} failed, and its log is gone"),
            (_failed(complete()), f"job/{NIGHT} failed, and its log does not say why"),
            (replace(complete(), sync_logs={}, job_pods=FORBIDDEN), f"the log of job/{NIGHT} could not be read"),
            (replace(complete(), jobs=FORBIDDEN), "the runs could not be read"),
            (replace(complete(), jobs=FORBIDDEN, cron_jobs=FORBIDDEN), "the runs could not be read"),
            (
                with_cron(replace(complete(), jobs=page(), sync_logs={}), last_success=ago(hours=32)),
                "the last run of cronjob/icloudpd-sync did not succeed, and its Job is gone",
            ),
        ],
    )
    def test_it_is_in_doubt(self, world: World, source: str) -> None:
        seen = session(world)
        assert (seen.state, seen.source) == (UNVERIFIED, source)
        assert (seen.days_left, seen.verified_at) == (21, ago(days=9))
        finding = found("authentication", "session-in-doubt", world)
        assert source in finding.summary
        assert finding.commands[0] == photosync_wizard("reauth", "--check")
        assert finding.blocker is None
        if not isinstance(world.cron_jobs, Unreadable):
            since = with_session(world, expires_in=timedelta(days=30), verified_ago=timedelta(hours=1))
            assert session(since).state is VALID

    @pytest.mark.parametrize(
        "world",
        [
            replace(complete(), sync_logs={}),
            replace(complete(), sync_logs={NIGHT: Missing()}),
            replace(_failed(complete()), sync_logs={NIGHT: Missing()}),
            _failed(complete(), reason="DeadlineExceeded"),
            with_cron(_failed(complete(), reason="DeadlineExceeded"), last_success=ago(hours=32)),
            with_run(complete(), "x INFO     Cannot connect to Apple iCloud service"),
            with_run(complete()),
            with_cron(replace(complete(), jobs=page(), sync_logs={}), active=1, last_success=ago(hours=32)),
            with_cron(replace(complete(), jobs=page(), sync_logs={})),
            with_cron(replace(complete(), jobs=page(), sync_logs={}), last_success=None, last_schedule=None),
            with_cron(complete(), suspend=True),
        ],
    )  # fmt: skip
    def test_what_speaks_of_no_failure_raises_no_doubt(self, world: World) -> None:
        assert session(world).state is VALID

    def test_where_nobody_ever_signed_in_a_sign_in_is_asked_for(self) -> None:
        never = with_session(replace(complete(), sync_logs={NIGHT: FORBIDDEN}), expires_in=None, verified_ago=None)
        assert found("authentication", "session-unverified", never).implies is Status.ACTION_REQUIRED
        assert session(never).source == "no session on the claim has been proved yet"

    def test_an_older_end_stays_an_end(self) -> None:
        world = _failed(complete(), started=ago(hours=8))
        older = job("icloudpd-sync-29408040", "failed", started=ago(hours=32))
        world = replace(
            world,
            jobs=page(*list_of(world.jobs), older),
            sync_logs={**world.sync_logs, **log_of(older, *printed("no-password"))},
        )
        assert session(world).state is EXPIRED


class TestOtherWitnesses:
    def test_a_pod_for_signing_in_that_was_refused_proves_the_end(self) -> None:
        world = with_auth(complete(), "2026-11-24 06:40:00 ERROR    Authentication required for Account. (421)")
        assert session(world).state is EXPIRED

    def test_one_that_only_asks_may_have_a_folder_of_its_own(self) -> None:
        world = with_auth(complete(), "2026-11-24 06:40:00 INFO     Two-factor authentication is required (2fa)")
        assert session(world).state is VALID

    def test_one_on_another_claim_says_nothing(self) -> None:
        other = auth_pod()
        volumes = tuple(replace(one, ref="elsewhere") if one.name == "config" else one for one in other.spec.volumes)
        line = "2026-11-24 06:40:00 ERROR    Authentication required for Account. (421)"
        world = with_auth(complete(), line, spec=replace(other.spec, volumes=volumes))
        assert session(world).state is VALID

    def test_what_was_before_the_claim_is_of_another_session(self) -> None:
        claim = meta("icloudpd-config", created=ago(hours=2))
        assert session(with_claim(complete(), "icloudpd-config", meta=claim)).state is UNVERIFIED
        died = with_run(complete(), *printed("no-password"), state="failed")
        assert session(with_claim(died, "icloudpd-config", meta=claim)).state is UNVERIFIED

    def test_another_account_s_run_by_hand_is_not_ours(self) -> None:
        world = complete()
        by_hand = Job(meta("icloudpd-sync-anna-by-hand", created=ago(hours=1)), "failed", finished=ago(hours=1))
        world = replace(
            world,
            jobs=page(by_hand, *list_of(world.jobs)),
            sync_logs={**world.sync_logs, **log_of(by_hand, *printed("no-password"))},
        )
        annas = replace(list_of(world.cron_jobs)[0], meta=meta("icloudpd-sync-anna"))
        assert session(replace(world, cron_jobs=page(*list_of(world.cron_jobs), annas))).state is VALID

    def test_a_claim_that_was_not_among_those_read_is_not_missing(self) -> None:
        some = replace(complete(), claims=Found(Page((), more=True)))
        assert session(some).state is UNVERIFIED

    def test_a_clock_that_is_ahead_is_believed_for_an_hour(self) -> None:
        world = with_run(complete(), *printed("no-password"), state="failed")
        ahead = with_session(world, expires_in=timedelta(30), verified_ago=-timedelta(minutes=40))
        assert session(ahead).state is VALID
        tomorrow = with_session(world, expires_in=timedelta(30), verified_ago=-timedelta(hours=2))
        assert session(tomorrow).state is EXPIRED


@pytest.mark.parametrize(("name", "tried"), [("broken-jar", False), ("no-password", False), ("wrong-password", True)])
def test_only_who_has_a_password_is_said_to_have_tried(name: str, *, tried: bool) -> None:
    finding = found("authentication", "session-expired", with_run(complete(), *printed(name), state="failed"))
    assert ("tried to sign in by itself" in finding.why) is tried
    assert any("2026-11-23 22:51" in str(value) for value in finding.evidence.values())


def test_after_a_sign_in_the_refused_password_is_still_named() -> None:
    world = with_session(complete(), expires_in=timedelta(30), verified_ago=timedelta(hours=1))
    finding = found("verification", "run-before-sign-in", with_run(world, *printed("wrong-password")))
    assert "password in the cluster was refused" in finding.fix


def test_downloads_that_are_refused_are_not_mended_by_a_proof() -> None:
    lines = (COMES, "2026-11-23 22:51:34 ERROR    Invalid username/password combination. (401)")
    world = with_session(complete(), expires_in=timedelta(30), verified_ago=timedelta(hours=1))
    world = with_run(world, *lines)
    assert session(world).state is VALID
    assert found("verification", "downloads-refused", world).commands == (photosync_wizard("reauth", "--renew"),)
