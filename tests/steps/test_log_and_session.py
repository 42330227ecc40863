# ruff: noqa: E501 - rows are read as rows
"""What icloudpd's log says, and what is known of the session from it and from the annotations."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.steps.table import SIGN_LINES
from tests.steps.worlds import (
    GOOD_LOG,
    NOW,
    SETTINGS,
    ago,
    auth_pod,
    complete,
    meta,
    page,
    with_auth,
    with_run,
    with_session,
    without_claim,
)
from wizard.facts.session import session_of
from wizard.icloudpd.log import moment_of, read_log
from wizard.icloudpd.signs import SIGNS
from wizard.model import SessionState
from wizard.world import ConfigMap, EnvVar, Found, LogTail, Unreadable, World

DONE = "2026-11-24 06:48:01 INFO     Authentication completed successfully"
EXPIRED = (
    "2026-11-24 03:00:02 INFO     Processing user: you@example.com",
    "2026-11-24 03:00:03 ERROR    Authentication required for Account. (421)",
    "KeyError: 'dsInfo'",
    "[PYI-11:ERROR] Failed to execute script 'icloudpd' due to unhandled exception!",
)


def slugs(*lines: str) -> list[str]:
    return [sign.slug for sign, _ in read_log(LogTail("pod", lines)).signs]


def test_the_table_of_lines_has_every_sign() -> None:
    assert set(SIGN_LINES) == {sign.slug for sign in SIGNS}


@pytest.mark.parametrize(("slug", "line"), SIGN_LINES.items(), ids=list(SIGN_LINES))
def test_a_line_shows_one_failure_only(slug: str, line: str) -> None:
    assert slugs(line) == [slug]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (GOOD_LOG, []),
        (EXPIRED, ["session-dead"]),
        ((EXPIRED[1], DONE), []),
        ((DONE, *EXPIRED), ["session-dead"]),
        (("ERROR    Authentication required for Account. (500)", "KeyError: 'dsInfo'"), ["apple-faltered"]),
        (("ERROR    Bad Gateway (502)", "KeyError: 'dsInfo'"), ["apple-faltered"]),
        (("ERROR    Invalid username/password combination. (401)", "EOFError: EOF"), ["apple-faltered"]),
        ((DONE, "ERROR    Invalid username/password combination. (401)", "EOFError: EOF"), ["downloads-refused"]),
        (("ERROR    Bad Gateway (502)", EXPIRED[1], "KeyError: 'dsInfo'"), ["session-dead"]),
        (("iCloud Password for a: ", "EOFError: EOF when reading a line"), ["asked-nobody"]),
        (("WARNING  Failed to read cookiejar /config/a", "KeyError: 'dsInfo'"), ["session-broken"]),
        (("INFO     ('Invalid authentication token.', PyiCloudAPIResponseException('...'))",), ["web-access-off"]),
    ],
)
def test_what_follows_from_a_failure_does_not_mislead(lines: tuple[str, ...], expected: list[str]) -> None:
    assert slugs(*lines) == expected


def test_the_first_line_that_shows_a_failure_is_the_proof() -> None:
    lines = (
        "PermissionError: [Errno 13] Permission denied: '/photos/a'",
        "PermissionError: [Errno 13] Permission denied: '/photos/b'",
    )
    assert [line for _, line in read_log(LogTail("pod", lines)).signs] == [lines[0]]


@pytest.mark.parametrize(
    ("last", "ending"),
    [
        ("iCloud Password for you@example.com: ", "asks-password"),
        ("Please enter two-factor authentication code or device index (a..b) to send SMS with a code: ", "asks-code"),
        ("Please enter two-factor authentication code: ", "asks-code"),
        ("Please enter two-factor authentication code that you received over SMS: ", "asks-code"),
        ("Please choose an option: [0]: ", "asks-code"),
        ("Please enter two-factor authentication code: 123456", ""),
        (DONE, "signed-in"),
        ("2026-11-24 06:48:01 DEBUG    Authenticating...", "signing-in"),
        ("argument -p/--password: expected one argument", ""),
        ("", ""),
    ],
)
def test_how_a_log_ends(last: str, ending: str) -> None:
    assert read_log(LogTail("pod", (last, "", " "))).ending == ending


def test_a_log_s_times_are_its_container_s() -> None:
    phoenix = ZoneInfo("America/Phoenix")
    assert moment_of("2026-11-24 06:48:01 INFO x", UTC) == datetime(2026, 11, 24, 6, 48, 1, tzinfo=UTC)
    assert moment_of("2026-11-23 23:48:01 INFO x", phoenix) == datetime(2026, 11, 24, 6, 48, 1, tzinfo=UTC)
    assert moment_of("KeyError: 'dsInfo'", UTC) is None
    assert moment_of("2026-13-99 99:99:99 INFO x", UTC) is None


def unproved() -> World:
    return with_session(complete(), expires_in=None, verified_ago=None)


def state(world: World) -> SessionState:
    return session_of("default", world, SETTINGS).state


CASES: list[tuple[str, World, SessionState]] = [
    ("recorded, three weeks left", complete(), SessionState.VALID),
    ("a week and a day left", with_session(complete(), expires_in=timedelta(days=8), verified_ago=timedelta(1)), SessionState.VALID),
    ("a week left", with_session(complete(), expires_in=timedelta(days=7), verified_ago=timedelta(1)), SessionState.EXPIRING),
    ("its date has passed", with_session(complete(), expires_in=-timedelta(hours=3), verified_ago=timedelta(30)), SessionState.EXPIRED),
    ("a run got in after its date", with_session(complete(), expires_in=-timedelta(days=1), verified_ago=timedelta(30)), SessionState.EXPIRING),
    ("the last run died", with_run(complete(), *EXPIRED, state="failed"), SessionState.EXPIRED),
    ("asked nobody", with_run(complete(), "EOFError: EOF when reading a line", state="failed"), SessionState.EXPIRED),
    ("signed in since the run died", with_session(with_run(complete(), *EXPIRED, state="failed"), expires_in=timedelta(30), verified_ago=timedelta(hours=1)), SessionState.VALID),
    ("apple faltered", with_run(complete(), SIGN_LINES["apple-faltered"], "KeyError: 'dsInfo'", state="failed"), SessionState.VALID),
    ("a run got in, nothing recorded", unproved(), SessionState.VALID),
    ("a run that only complained about its arguments", with_run(unproved(), SIGN_LINES["arguments-wrong"]), SessionState.UNVERIFIED),
    ("a run that downloaded until the disk was full", with_run(unproved(), *GOOD_LOG[:2], SIGN_LINES["photos-unwritable"], state="failed"), SessionState.VALID),
    ("signed in through the auth pod after the run died", with_auth(with_run(unproved(), *EXPIRED, state="failed"), DONE), SessionState.VALID),
    ("signed in through the auth pod before the run died", with_auth(with_run(unproved(), *EXPIRED, state="failed"), "2026-11-23 22:00:00 INFO     Authentication completed successfully", meta=meta("icloudpd-auth", created=ago(hours=9))), SessionState.EXPIRED),
    ("no claim", without_claim(complete(), "icloudpd-config"), SessionState.MISSING),
    ("claims unreadable", replace(complete(), claims=Unreadable("forbidden", "x")), SessionState.UNVERIFIED),
]  # fmt: skip


@pytest.mark.parametrize(("world", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_session_s_state(world: World, expected: SessionState) -> None:
    assert state(world) is expected


def test_days_left_are_whole_and_never_negative() -> None:
    world = with_session(complete(), expires_in=timedelta(days=5, hours=23), verified_ago=timedelta(1))
    assert session_of("default", world, SETTINGS).days_left == 5
    world = with_session(complete(), expires_in=-timedelta(days=3), verified_ago=timedelta(30))
    assert session_of("default", replace(world, sync_logs={}), SETTINGS).days_left == 0


def test_an_auth_pod_s_success_is_dated_by_its_own_clock() -> None:
    pod = auth_pod()
    container = replace(pod.spec.containers[0], env=(EnvVar("TZ", "America/Phoenix"),))
    world = with_auth(unproved(), "2026-11-23 23:48:01 INFO     Authentication completed successfully")
    own = replace(world, pods=page(replace(pod, spec=replace(pod.spec, containers=(container,)))))
    signed_in = NOW - timedelta(minutes=1, seconds=59)
    assert session_of("default", own, SETTINGS).verified_at == signed_in
    theirs = replace(pod.spec.containers[0], env_from=("configmap/icloudpd-config",))
    zone = Found(ConfigMap(meta("icloudpd-config"), {"TZ": "America/Phoenix"}))
    mapped = replace(
        world,
        pods=page(replace(pod, spec=replace(pod.spec, containers=(theirs,)))),
        config_maps={"icloudpd-config": zone},
        sync_logs={},
    )
    assert session_of("default", mapped, SETTINGS).verified_at == signed_in
    nobody_knows = replace(world, pods=page(pod), sync_logs={})
    assert session_of("default", nobody_knows, SETTINGS).verified_at == pod.meta.created
