"""The next sign-in as a calendar file: what RFC 5545 wants, nothing private, and no file of anybody else overwritten."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.command import Address
from wizard.errors import Exit, WizardError
from wizard.icloud.calendar import Due, calendar, check, save

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


def test_what_it_says_to_do_is_what_works_while_the_session_lives() -> None:
    def said(*dues: Due) -> str:
        return "\n".join(line for line in properties(calendar(dues, NOW)) if "Apple's session" in line)

    assert "`photosync-wizard reauth --renew` before" in said(Due(DAY))
    assert "`photosync-wizard reauth --check` asks" in said(Due(DAY))
    assert "`photosync-wizard reauth --renew --account anna` before" in said(Due(DAY, "anna"))
    assert "`photosync-wizard reauth --renew --account default` before" in said(Due(DAY), Due(DAY, "anna"))


# Where it is written


def dates(file: Path) -> list[str]:
    return sorted(line[-8:] for line in properties(file.read_bytes().decode()) if line.startswith("DTSTART"))


def only(file: Path) -> bool:
    """Nothing else was left beside it."""
    return [found.name for found in file.parent.iterdir() if found.name != "home"] == [file.name]


def test_our_own_calendar_is_replaced_and_keeps_its_rights(tmp_path: Path) -> None:
    file = tmp_path / "next.ics"
    check(file)
    assert not file.exists()
    save(calendar((Due(DAY, cluster="a"),), NOW), file)
    file.chmod(0o640)
    check(file)
    save(calendar((Due(DAY + timedelta(days=30), cluster="a"),), NOW), file)
    assert dates(file) == ["20270122"]
    assert file.stat().st_mode & 0o777 == 0o640
    assert only(file)


def test_what_it_holds_of_others_of_ours_stays(tmp_path: Path) -> None:
    file = tmp_path / "next.ics"
    save(calendar((Due(DAY, cluster="a"), Due(DAY + timedelta(days=1), "anna", "a")), NOW), file)
    save(calendar((Due(DAY + timedelta(days=30), "anna", "a"),), NOW), file)
    assert dates(file) == ["20261223", "20270122"]
    file.write_bytes(file.read_bytes().replace(b"\r\n", b"\n"))
    save(calendar((Due(DAY + timedelta(days=60), cluster="a"),), NOW), file)
    check(file)
    assert file.read_bytes().count(b"BEGIN:VEVENT") == file.read_bytes().count(b"END:VEVENT") == 2
    assert file.read_bytes().count(b"END:VCALENDAR") == 1


OURS = calendar((Due(DAY, cluster="a"),), NOW)
APPOINTMENT = "BEGIN:VEVENT\r\nUID:dentist@home\r\nEND:VEVENT\r\n"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "one\r\n",
        OURS.replace("PRODID:-//photosync-wizard//EN", "PRODID:-//somebody//EN"),
        OURS.replace("@photosync-wizard", "@somebody"),
        OURS.replace("END:VCALENDAR", f"{APPOINTMENT}END:VCALENDAR"),
        OURS.replace("END:VCALENDAR", "BEGIN:VTODO\r\nEND:VTODO\r\nEND:VCALENDAR"),
        OURS.replace("END:VCALENDAR", "BEGIN:VEVENT\r\nEND:VEVENT\r\nEND:VCALENDAR"),
        OURS + OURS,
        OURS + " " * 2**20,
        "BEGIN:VCALENDAR\r\nPRODID:-//photosync-wizard//EN\r\nEND:VCALENDAR\r\n",
    ],
)
def test_any_other_file_is_left_as_it_is(tmp_path: Path, content: str) -> None:
    file = tmp_path / "next.ics"
    file.write_text(content, newline="")
    for attempt in (partial(check, file), partial(save, OURS, file)):
        with pytest.raises(WizardError) as refusal:
            attempt()
        assert (refusal.value.code, refusal.value.exit_code) == ("calendar.exists", Exit.USAGE)
    assert file.read_bytes() == content.encode()
    assert only(file)


def test_bytes_that_are_no_text_are_somebody_elses(tmp_path: Path) -> None:
    file = tmp_path / "next.ics"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WizardError, match="exists already"):
        check(file)


def test_a_folder_and_a_pipe_are_no_calendar(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe"):
        with pytest.raises(WizardError, match="exists already"):
            check(tmp_path / name)


def test_where_nothing_can_be_written_is_said_before(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("nowhere/next.ics", "file/next.ics", "n" * 300):
        with pytest.raises(WizardError) as refusal:
            check(tmp_path / name)
        assert (refusal.value.code, refusal.value.exit_code) == ("calendar.unwritable", Exit.USAGE)
        with pytest.raises(WizardError) as late:
            save(OURS, tmp_path / name)
        assert late.value.code == "calendar.unwritable"


def test_a_file_that_is_closed_to_us_is_said_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(OURS, tmp_path / "next.ics")
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path / "next.ics")
    with pytest.raises(WizardError, match="can't be written") as refusal:
        check(tmp_path / "next.ics")
    assert "Permission denied." in refusal.value.lines(Address())


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    link = tmp_path / "next.ics"
    link.symlink_to(tmp_path / "shared" / "calendar.ics")
    for day in (DAY, DAY + timedelta(days=30)):
        check(link)
        save(calendar((Due(day, cluster="a"),), NOW), link)
    assert link.is_symlink()
    assert dates(tmp_path / "shared" / "calendar.ics") == ["20270122"]


def test_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    file = tmp_path / "next.ics"
    save(OURS, file)
    assert dates(file) == ["20261223"]
    assert only(file)


def test_a_file_that_comes_while_ours_is_written_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "next.ics"
    link = os.link

    def late(*names: Path) -> None:
        file.write_text("theirs")
        link(*names)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(WizardError, match="exists already"):
        save(OURS, file)
    assert file.read_text() == "theirs"
    assert only(file)
