"""The next sign-in as a calendar file: what RFC 5545 wants, nothing private, and no file overwritten unasked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.errors import Trouble
from wizard.icloud.calendar import Due, calendar, save

NOW = datetime(2026, 11, 24, 12, 0, 5, tzinfo=UTC)
DAY = date(2026, 12, 23)


def properties(text: str) -> list[str]:
    """The content lines, unfolded."""
    assert text.endswith("\r\n")
    return text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def test_an_all_day_event_with_a_reminder_in_the_morning_a_week_before() -> None:
    text = calendar((Due(DAY, cluster="uid"),), NOW)
    lines = properties(text)
    assert lines[:4] == ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//photosync-wizard//EN", "CALSCALE:GREGORIAN"]
    for expected in (
        "DTSTAMP:20261124T120005Z",
        "DTSTART;VALUE=DATE:20261223",
        "DTEND;VALUE=DATE:20261224",
        "SUMMARY:Sign in to iCloud again",
        "TRIGGER:-P6DT15H",
    ):
        assert expected in lines
    assert [line for line in lines if line.startswith("BEGIN:")] == ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "BEGIN:VALARM"]
    assert any(line.startswith("DESCRIPTION:") and "photosync-wizard reauth" in line for line in lines)


@pytest.mark.parametrize(("days", "trigger"), [(0, "PT9H"), (1, "-P0DT15H"), (7, "-P6DT15H")])
def test_when_the_reminder_comes(days: int, trigger: str) -> None:
    assert f"TRIGGER:{trigger}" in properties(calendar((Due(DAY, days_before=days),), NOW))


def test_the_next_date_moves_the_same_event() -> None:
    def of(due: Due, name: str) -> str:
        return next(line for line in properties(calendar((due,), NOW)) if line.startswith(name))

    first, later = Due(DAY, cluster="a"), Due(DAY + timedelta(days=30), cluster="a")
    assert of(first, "UID:") == of(later, "UID:")
    assert int(of(first, "SEQUENCE:")[9:]) < int(of(later, "SEQUENCE:")[9:])
    assert len({of(due, "UID:") for due in (first, Due(DAY, cluster="b"), Due(DAY, "anna", "a"))}) == 3


def test_several_accounts_are_told_apart_by_name_and_only_then() -> None:
    lines = properties(calendar((Due(DAY), Due(DAY, "anna; b,\\c\nd")), NOW))
    assert "SUMMARY:Sign in to iCloud again" in lines
    assert "SUMMARY:Sign in to iCloud again (anna\\; b\\,\\\\c\\nd)" in lines
    assert calendar((Due(DAY), Due(DAY, "x")), NOW).count("BEGIN:VEVENT") == 2


@given(st.text(min_size=1, max_size=200))
def test_whatever_an_account_is_called_lines_are_short_and_whole(name: str) -> None:
    text = calendar((Due(DAY, f"account {name}"),), NOW)
    raw = text.encode()
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert len(properties(text)) == 21


def test_a_file_that_is_there_is_only_replaced_when_told_to(tmp_path: Path) -> None:
    file = tmp_path / "next.ics"
    save("one\r\n", file)
    with pytest.raises(Trouble) as refusal:
        save("two\r\n", file)
    assert (refusal.value.code, file.read_bytes()) == ("calendar.exists", b"one\r\n")
    save("two\r\n", file, overwrite=True)
    assert file.read_bytes() == b"two\r\n"
    assert [found.name for found in tmp_path.iterdir() if found.is_file()] == [file.name]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Trouble) as refusal:
        save("one\r\n", tmp_path / "nowhere" / "next.ics")
    assert refusal.value.code == "calendar.unwritable"
