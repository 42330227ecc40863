"""What `status` prints for a person."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.export.reports import IMMICH, STEPS, VALID, every_time_the_same, report, reports, seed_report
from wizard.command import Address, line, photosync_wizard
from wizard.export import to_table
from wizard.export.table import cells, clean, wrapped
from wizard.model import Finding, Report, Severity, Status

NOWHERE = Address()

SEED = """\
photo-sync on home-cluster (https://10.0.0.5:6443)
██████░░░░░░░░░░░░░░  2 of 7 complete                       2026-01-18 12:00 UTC

✓ 1 Storage infrastructure                                              complete
! 2 Credentials & config                                         action required
    Secret icloud-credentials has no key password, which the CronJob and the
    auth pod read.
! 3 Initial authentication                                       action required
✓ 4 Argo CD integration                                                 complete
    ! Argo CD would delete both claims.
✗ 5 Immich integration                                                   blocked
    Immich is not installed.
· 6 External exposure                                                    pending
· 7 Verification                                                         pending
    It waits.

Session   default (you@example.com): not verified
Next      2 Credentials & config
          Take --password out of the command.
          $ kubectl -n photo-sync edit cronjob icloudpd-sync
Unknown   Jobs could not be read.
"""


def test_the_seed_at_80_columns() -> None:
    assert to_table(seed_report(), NOWHERE) == SEED


def test_colour_only_repeats() -> None:
    coloured = to_table(seed_report(), NOWHERE, colour=True)
    assert "\033[32m✓\033[0m" in coloured
    assert "\033[31mblocked\033[0m" in coloured
    assert re.sub(r"\033\[\d+m", "", coloured) == SEED


def test_without_unicode_it_still_reads() -> None:
    table = to_table(seed_report(), NOWHERE, unicode=False)
    assert table.isascii()
    assert "x 5 Immich integration" in table
    assert "######..............  2 of 7 complete" in table


def test_all_complete_names_the_day_the_session_ends() -> None:
    table = to_table(report(session=VALID), NOWHERE)
    assert "default (you@example.com): valid, until 2026-02-16, 29 days left" in table
    assert "nothing: every step that you want is complete" in table
    assert "Unknown" not in table


def test_a_sign_in_that_is_due_is_next_when_all_else_is_done() -> None:
    due = Finding(
        "authentication.session-expiring",
        Severity.WARNING,
        "Apple's session ends soon.",
        fix="Sign in again before 23 January; it takes a minute.",
        commands=(photosync_wizard("reauth"),),
        docs="photosync-wizard explain authentication.session-expiring",
    )
    table = to_table(report(findings={"authentication": (due,)}), NOWHERE)
    assert (
        "Next      3 Initial authentication\n"
        "          Sign in again before 23 January; it takes a minute.\n"
        "          $ photosync-wizard reauth\n"
        "More      photosync-wizard explain authentication.session-expiring\n"
    ) in table


def test_what_is_awaited_is_listed() -> None:
    waiting = report(*(Status.COMPLETE,) * 4, Status.BLOCKED, blockers={"immich": (IMMICH,)})
    assert "Done when Immich installed on cluster\n          Immich deployment and" in to_table(waiting, NOWHERE)


def test_a_servers_text_can_not_steer_the_terminal() -> None:
    nasty = Finding("storage.odd", Severity.ERROR, "a\033[2Jb\r\nc\u202e\x9b31md", commands=(line("rm\x1b]0;x\x07"),))
    table = to_table(report(Status.FAILED, findings={"storage": (nasty,)}), NOWHERE)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", table)


@every_time_the_same
@given(reports, st.integers(1, 130), st.booleans())
def test_no_line_is_wider_than_asked_and_every_iteration_is_there(report: Report, width: int, unicode: bool) -> None:
    table = to_table(report, NOWHERE, width, unicode=unicode)
    limit = max(40, min(width, 100))
    lines = [line for line in table.split("\n") if not line.startswith(" " * 10 + "$ ")]
    assert [line for line in lines if cells(line) > limit] == []
    assert all(f" {number} {title}" in table for number, (_, title) in enumerate(STEPS, start=1))


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, []),
        ("one two three", 7, ["one two", "three"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("写真写真 x", 4, ["写真", "写真", "x"]),
        ("  spaces \n and\tlines ", 40, ["spaces and lines"]),
    ],
)
def test_wrapping(text: str, width: int, lines: list[str]) -> None:
    assert list(wrapped(text, width)) == lines


def test_cleaning_takes_out_what_no_terminal_should_see() -> None:
    assert clean("a\x1bb\u200ec\ud800d") == "abcd"


def test_exporting_loads_no_big_library() -> None:
    script = (
        "import sys, wizard.export, wizard.state\n"
        "print({'rich', 'yaml', 'kubernetes', 'textual', 'asyncio', 'aiohttp'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "set()"
