"""The pure functions that draw: nothing is ever wider than the screen, and words say what is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from screens.home.header import strip_line, top_line
from screens.home.iteration import act_of, ending, rows
from screens.home.layout import keys
from screens.picture import Picture, freshness
from screens.widgets.line import key_line, rule_line
from screens.widgets.rows import Button, Command, Heading, Item, Row, Table, Text
from screens.words import affected_names, blocker_sentence, minutes, moment, next_line, plural, session_line, span
from tests.screens import fake
from wizard.iterations import ITERATIONS
from wizard.model import Account, Blocker, Hop, Report, Session, SessionState, Status
from wizard.steps import STEPS

TEXTS = st.text(max_size=120)
WIDTHS = st.integers(24, 200)


@given(TEXTS, TEXTS, WIDTHS, st.booleans())
def test_no_row_is_wider_than_its_page(text: str, other: str, width: int, cursor: bool) -> None:
    made: list[Row] = [
        Text(text=text, lead="Lead:", indent=2),
        Heading(text=text, right="blocked", sign="✗"),
        Item(id="x", sign="✗", text=text, more="▸ details"),
        Button(id="x", label=text, key="a"),
        Command(id="x", command=f"kubectl {text}"),
        Table(columns=("object", "field", "value"), cells=((text, other, text),)),
    ]
    for row in made:
        for line in row.render(width, cursor=cursor).split("\n", allow_blank=True):
            assert line.cell_length <= width, (row, line.plain)


@given(TEXTS, TEXTS, st.integers(30, 200))
def test_no_line_of_the_frame_is_wider_than_the_screen(text: str, note: str, width: int) -> None:
    hops = tuple(Hop(name, "ok", note) for name in ("iCloud", "icloudpd", "volume", "Immich", "you"))
    for line in (
        top_line(text, (3, 7), width),
        rule_line(width, 24, "┬", text),
        key_line(keys(width, skipped=False), "looking again…", "", width),
    ):
        assert line.cell_length <= width, line.plain
    assert strip_line(hops, width).cell_length <= width


@given(st.integers(24, 200))
def test_every_word_of_a_page_is_there_at_every_width(width: int) -> None:
    drawn = " ".join(row.render(width).plain for row in rows(fake.CREDENTIALS, "", fake.NOW, unfolded=True))
    together = "".join(drawn.split())
    for finding in fake.CREDENTIALS.findings:
        assert "".join(finding.summary.split()) in together


def test_titles_are_those_of_the_iterations() -> None:
    assert [(title.id, title.title) for title in ITERATIONS] == [(step.id, step.iteration.title) for step in STEPS]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (172799, "47 h"),
        (172800, "2 days"),
    ],
)
def test_spans(seconds: int, said: str) -> None:
    assert span(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (None, "–"),  # noqa: RUF001
        (datetime(2026, 1, 18, 3, 0, tzinfo=UTC), "today 03:00"),
        (datetime(2026, 1, 17, 3, 0, tzinfo=UTC), "yesterday 03:00"),
        (datetime(2026, 1, 5, 3, 0, tzinfo=UTC), "5 Jan 03:00"),
        (datetime(2025, 12, 5, 3, 0, tzinfo=UTC), "5 Dec 2025"),
    ],
)
def test_moments(when: datetime | None, said: str) -> None:
    assert moment(when, fake.NOW) == said


@pytest.mark.parametrize(
    ("sessions", "said"),
    [
        ([], "Session: unverified"),
        ([Session(SessionState.MISSING)], "Session: missing"),
        ([Session(SessionState.VALID, days_left=29)], "Session: 29 days left"),
        ([Session(SessionState.EXPIRING, days_left=1)], "Session: 1 day left"),
        ([Session(SessionState.VALID, days_left=29), Session(SessionState.EXPIRED)], "Session: expired (second)"),
    ],
)
def test_the_worst_session_is_named(sessions: list[Session], said: str) -> None:
    accounts = [Account(name, None, session) for name, session in zip(("default", "second"), sessions, strict=False)]
    assert session_line(accounts, 31) == said


def test_small_words() -> None:
    assert plural(1, "command") == "1 command"
    assert plural(3, "command") == "3 commands"
    assert (
        affected_names(("iteration_5", "iteration_9", "cronjob_execution"))
        == "5 Immich, iteration 9 and the scheduled runs"
    )


def test_a_blocker_in_words() -> None:
    assert blocker_sentence(fake.CREDENTIALS.blockers[0]) == (
        "The Secret lacks a key that is read. Blocks 3 Authentication and the scheduled runs; you have to do this; "
        "about 1 minute."
    )
    assert blocker_sentence(Blocker("P2", "Argo CD not installed", (), False, 0)) == "Argo CD not installed."


def test_minutes_are_those_of_the_whole_iteration_or_none() -> None:
    alone = replace(fake.CREDENTIALS, findings=fake.CREDENTIALS.findings[:1])
    assert minutes(alone) == 1
    assert minutes(fake.CREDENTIALS) == 0


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (23, "Next: 3, about 5 min"),
        (32, "Next: 3, about 5 min"),
        (40, "Next: 3 Authentication, about 5 min"),
    ],
)
def test_the_next_iteration_is_never_cut_off(width: int, said: str) -> None:
    done = replace(fake.CREDENTIALS, status=Status.COMPLETE, blockers=())
    one = replace(fake.AUTHENTICATION, findings=fake.AUTHENTICATION.findings[:1])
    assert next_line(fake.with_steps(done, one).report, width) == said


def _complete(session: Session) -> Report:
    return replace(fake.all_complete().report, accounts=(Account("default", "you@example.com", session),))


@pytest.mark.parametrize(
    ("session", "width", "said"),
    [
        (Session(SessionState.UNVERIFIED), 23, "Next: nothing"),
        (Session(SessionState.VALID, fake.NOW + timedelta(days=29), 29), 23, "Next: sign in 16 Feb"),
        (Session(SessionState.VALID, fake.NOW + timedelta(days=29), 29), 32, "Next: sign in about 16 February"),
        (Session(SessionState.EXPIRING, fake.NOW + timedelta(days=4), 4), 23, "Next: sign in by 22 Jan"),
        (Session(SessionState.EXPIRING, fake.NOW + timedelta(days=4), 4), 32, "Next: sign in by 22 January"),
        (Session(SessionState.EXPIRING, fake.NOW + timedelta(days=4), 4), 40, "Next: sign in again, before 22 January"),
    ],
)
def test_when_all_is_complete_the_next_thing_is_the_session(session: Session, width: int, said: str) -> None:
    assert next_line(_complete(session), width) == said


def test_when_all_is_complete_it_is_said_with_the_date() -> None:
    report = _complete(Session(SessionState.VALID, fake.NOW + timedelta(days=29), 29))
    told = " ".join(" ".join(row.render(200).plain.split()) for row in ending(report, "photosync-wizard reauth"))
    assert f"All {len(ITERATIONS)} steps are complete" in told
    assert "until about 16 February (29 days)" in told
    assert "photosync-wizard reauth" in told
    assert list(ending(fake.REPORT, "x")) == []


def test_a_session_about_to_end_is_what_every_button_is_about_once_all_is_complete() -> None:
    report = _complete(Session(SessionState.EXPIRING, fake.NOW + timedelta(days=4), 4))
    assert {act_of(step, report).label for step in report.steps} == {"Sign in again, before 22 January"}
    assert {act_of(step, report).name for step in report.steps} == {"sign-in"}
    unfinished = replace(report, steps=(*report.steps[:4], fake.IMMICH, *report.steps[5:]))
    assert act_of(unfinished.steps[2], unfinished).label == "Sign in again, before 22 January"
    assert act_of(unfinished.steps[0], unfinished).label == "Go to 5 Immich, which is next"


def test_a_name_of_an_account_is_never_cut_off() -> None:
    sessions = [Session(SessionState.VALID, days_left=20), Session(SessionState.VALID, days_left=29)]
    accounts = [Account(name, None, session) for name, session in zip(("anna", "second"), sessions, strict=True)]
    assert session_line(accounts, 31) == "Session: 20 days left (anna)"
    assert session_line(accounts, 23) == "anna: 20 days left"


def test_a_long_banner_is_whole_at_80_columns() -> None:
    banner = "demo world: immich-no-vectors, nothing leaves this machine"
    assert banner in rule_line(80, 24, "┬", banner).plain


def test_more_to_see_is_said_in_words_at_every_width() -> None:
    for width in range(24, 80):
        drawn = Item(id="x", sign="✗", text="a" * 40, more="▸ details").render(width).plain
        assert "▸ details" in drawn


def test_the_command_under_the_cursor_is_not_in_the_cursor_s_colour() -> None:
    command = Command(id="x", command="kubectl get pods")
    assert any(str(span.style) == "$text-primary" for span in command.render(60).spans)
    assert not any(str(span.style) == "$text-primary" for span in command.render(60, cursor=True).spans)


@pytest.mark.parametrize(
    ("age", "changes", "said"),
    [
        (2, {}, "live"),
        (57, {}, "live"),
        (100, {}, "looked 1 min ago"),
        (25, {"error": fake.unreachable(), "attempt": 2}, "reconnecting, 25 s old"),
        (25, {"error": fake.unreachable(), "attempt": 2, "busy": True}, "trying again…"),
        (240, {"error": fake.unreachable(), "attempt": 9}, "read-only, 4 min old"),
    ],
)
def test_how_fresh_it_is(age: int, changes: dict[str, Any], said: str) -> None:
    picture = replace(Picture(fake.NOW).seen(fake.SEED), **changes)
    assert freshness(picture, fake.REPORT.taken_at + timedelta(seconds=age)) == said


def test_the_button_of_each_iteration_of_the_seed() -> None:
    assert [act_of(step, fake.REPORT).label for step in fake.REPORT.steps[:7]] == [
        "Go to 2 Credentials, which is next",
        "Show the 3 commands…",
        "Sign in…",
        "Go to 2 Credentials, which is next",
        "Show the command…",
        "Go to 2 Credentials, which is next",
        "Go to 2 Credentials, which is next",
    ]


def test_the_button_counts_things_and_commands_where_they_differ() -> None:
    without = replace(fake.CREDENTIALS.findings[1], commands=())
    step = replace(fake.CREDENTIALS, findings=(fake.CREDENTIALS.findings[0], without))
    assert act_of(step, fake.REPORT).label == "Show what to do: 2 things, 1 command…"


def test_notes_of_the_pipeline_come_only_where_all_fit() -> None:
    assert "no password key" in strip_line(fake.REPORT.pipeline, 120).plain
    assert strip_line(fake.REPORT.pipeline, 80).plain.startswith(" iCloud ? ──")
    assert isinstance(strip_line(None, 80), Content)
