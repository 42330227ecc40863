"""The first-run rows, schedules and quantities."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.steps.worlds import (
    FORBIDDEN,
    NOW,
    NS,
    SETTINGS,
    application,
    complete,
    denied,
    fresh,
    meta,
    page,
)
from wizard.annotations import parse_time, read_json
from wizard.choice_values import choice_named, with_value
from wizard.quantity import bytes_of
from wizard.schedule import in_words, longest_gap, next_runs
from wizard.settings import FLAG, STATE, Settings
from wizard.setup import SetupRow, setup_rows
from wizard.world import Access, Missing, StorageClass, World


def row(world: World, name: str, settings: Settings = SETTINGS) -> SetupRow:
    return next(one for one in setup_rows(world, settings) if one.id == name)


def with_said(source: str, **values: str) -> Settings:
    """Settings in which these choices were said, as they are typed."""
    settings = SETTINGS
    for name, text in values.items():
        settings = with_value(settings, choice_named(name), choice_named(name).check(text), source)
    return settings


def test_all_that_can_be_known_is_worked_out_with_its_source() -> None:
    rows = setup_rows(complete(), with_said("from this machine", time_zone="Europe/Berlin"))
    assert [(one.id, one.value, one.state) for one in rows if not one.advanced] == [
        ("cluster", "home, Kubernetes v1.36.2", "ok"),
        ("namespace", NS, "ok"),
        ("access", "all that are needed", "ok"),
        ("storage_class", "local-path (waits for first consumer)", "ok"),
        ("application", "in argocd, 1 application", "ok"),
        ("git", "github.com/you/homelab, master", "ok"),
        ("immich_namespace", "2.7.5 in photo-sync, port 2283", "ok"),
        ("ingress", "traefik, as in mealie/mealie", "ok"),
        ("host_name", "immich.example.com", "ok"),
        ("time_zone", "America/Phoenix", "ok"),
        ("apple_id", "in Secret icloud-credentials", "ok"),
        ("warning_days", "7 days before Apple's session ends", "ok"),
    ]
    assert all(one.source for one in rows)
    assert 'itself from "app-of-apps"' in row(complete(), "git").source


@pytest.mark.parametrize(
    ("change", "name", "state"),
    [
        ({"storage_classes": FORBIDDEN}, "storage_class", "unknown"),
        ({"storage_classes": page()}, "storage_class", "missing"),
        ({"applications": FORBIDDEN}, "application", "unknown"),
        ({"applications": Missing(kind_installed=False)}, "application", "missing"),
        ({"application": Missing(), "applications": page()}, "git", "unknown"),
        ({"immich": FORBIDDEN}, "immich_namespace", "unknown"),
        ({"immich": Missing()}, "immich_namespace", "missing"),
        ({"ingress_classes": FORBIDDEN}, "ingress", "unknown"),
        ({"ingress_classes": page()}, "ingress", "missing"),
        ({"access": ()}, "access", "unknown"),
        ({"access": (*complete().access, Access("get", "pods/exec", NS, allowed=None))}, "access", "unknown"),
    ],
)
def test_what_is_not_known_is_said_so(change: dict[str, Any], name: str, state: str) -> None:
    assert row(replace(complete(), **change), name).state == state


@pytest.mark.parametrize(
    ("settings", "change", "name", "told"),
    [
        ({"application": "photo-sync"}, {}, "application", ("photo-sync in argocd", "your choice", "ok")),
        (
            {"application": "phots"},
            {"application": Missing()},
            "application",
            ("phots", "your choice, but there is no such Application", "wrong"),
        ),
        (
            {"application": "phots"},
            {"application": FORBIDDEN, "applications": FORBIDDEN},
            "application",
            ("phots", "your choice; the applications could not be read", "unknown"),
        ),
        (
            {"immich_namespace": "photo-sync"},
            {},
            "immich_namespace",
            ("2.7.5 in photo-sync, port 2283", "your choice, and it is there", "ok"),
        ),
        (
            {"immich_namespace": "mealie"},
            {},
            "immich_namespace",
            ("in mealie", "your choice, but it was found in photo-sync", "wrong"),
        ),
        ({"host_name": "immich.example.com"}, {}, "host_name", ("immich.example.com", "uses it", "ok")),
        ({"host_name": "photos.example.org"}, {}, "host_name", ("photos.example.org", "no Ingress leads", "missing")),
        (
            {"time_zone": "Europe/Berlin"},
            {},
            "time_zone",
            ("Europe/Berlin", "your choice; CronJob icloudpd-sync has America/Phoenix", "ok"),
        ),
        ({"apple_id": "you@example.com"}, {}, "apple_id", ("you@example.com", "your choice", "ok")),
    ],
)
def test_what_the_person_said_is_shown_and_checked(
    settings: dict[str, str], change: dict[str, Any], name: str, told: tuple[str, str, str]
) -> None:
    found = row(replace(complete(), **change), name, with_said(STATE, **settings))
    assert (found.value, found.state) == (told[0], told[2])
    assert told[1] in found.source
    assert found.said == next(iter(settings.values()))


@pytest.mark.parametrize(
    ("source", "told", "said"), [("state", "your choice", "1"), ("flag", "from --warning-days", "")]
)
def test_the_days_before_a_reminder_say_where_they_come_from(source: str, told: str, said: str) -> None:
    found = row(complete(), "warning_days", with_said(source, warning_days="1"))
    assert (found.value, found.source, found.said) == ("1 day before Apple's session ends", told, said)


def test_nothing_that_was_worked_out_counts_as_said() -> None:
    assert not any(one.said for one in setup_rows(complete(), SETTINGS))


def test_several_classes_without_a_default_are_a_question() -> None:
    classes = [
        StorageClass(meta(name, ""), "x", "Immediate", "Delete", expandable=False, default=False) for name in "ab"
    ]
    assert row(replace(complete(), storage_classes=page(*classes)), "storage_class").state == "ask"


def test_git_is_taken_from_the_other_applications_where_ours_is_not_there_yet() -> None:
    others = [application(meta=meta(name, "application")) for name in ("mealie", "paperless")]
    found = row(replace(fresh(), applications=page(*others)), "git")
    assert (found.value, found.source) == ("github.com/you/homelab, master", "2 of the applications follow it")


def test_missing_rights_are_named() -> None:
    world = denied(complete(), ("create", "secrets", NS), ("patch", "secrets", NS), ("list", "deployments.apps", ""))
    assert row(world, "access").value == "can't create secrets and 1 more, can't read deployments.apps"


def test_the_time_zone_and_the_apple_id_come_from_the_settings_where_nothing_else_says() -> None:
    assert row(fresh(), "time_zone", with_said("from this machine", time_zone="Europe/Berlin")).value == "Europe/Berlin"
    assert row(fresh(), "time_zone").state == "ask"
    assert row(fresh(), "apple_id", with_said(FLAG, apple_id="you@example.com")).state == "ok"
    assert row(fresh(), "apple_id").state == "ask"


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("0 3 * * *", "daily"),
        ("@daily", "daily"),
        ("*/15 * * * *", "several times a day"),
        ("@every 12h", "several times a day"),
        ("@every 48h0m0s", "every 2 days"),
        ("0 3 * * 0", "weekly"),
        ("0 3 1 * *", "monthly"),
        ("@monthly", "monthly"),
        ("0 3 1 */2 *", "every 62 days"),
        ("TZ=Europe/Berlin 0 3 * * *", "daily"),
    ],
)
def test_how_often_a_schedule_runs(schedule: str, words: str) -> None:
    gap = longest_gap(schedule, "", NOW)
    assert gap is not None
    assert in_words(gap) == words


@pytest.mark.parametrize("schedule", ["", "0 3 * *", "0 3 30 2 *", "@every", "@every 0s", "whenever", "61 3 * * *"])
def test_schedules_that_never_come_round(schedule: str) -> None:
    assert longest_gap(schedule, "", NOW) is None


def test_runs_are_in_the_cronjob_s_time_zone() -> None:
    assert next_runs("0 3 * * *", "America/Phoenix", NOW) == [datetime(2026, 11, 24, 10, tzinfo=UTC)]
    assert next_runs("0 3 * * *", "Nowhere/Land", NOW) == [datetime(2026, 11, 25, 3, tzinfo=UTC)]
    assert next_runs("@every 90m", "", NOW, 2) == [NOW + timedelta(minutes=90), NOW + timedelta(minutes=180)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1Gi", 1024**3),
        ("100Gi", 100 * 1024**3),
        ("1500M", 1.5e9),
        ("0.5", 0.5),
        ("1e3", 1000),
        ("500m", 0.5),
        ("250u", 0.00025),
        ("1500n", 0.0000015),
        ("", 0),
        ("much", 0),
    ],
)
def test_quantities(text: str, value: float) -> None:
    assert bytes_of(text) == value


def test_annotations_that_are_not_what_they_should_be_are_nothing() -> None:
    assert parse_time("yesterday") is None
    assert parse_time("2026-11-24T06:50:00Z") == NOW
    assert parse_time("2026-11-24T06:50:00") == NOW
    assert read_json({"x": "[1]"}, "x") == {}
    assert read_json({"x": "{"}, "x") == {}
    assert read_json({}, "x") == {}
