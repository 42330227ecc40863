"""Somebody with other names for everything gets the diagnosis that the seed's names get."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from tests.steps.worlds import SETTINGS, complete, fresh, seed
from wizard.choice_values import with_value
from wizard.choices import (
    CONFIG_CLAIM,
    CONFIG_MAP,
    CONFIG_SIZE,
    CRON_JOB,
    IMMICH_MOUNT,
    IMPORT_FOLDER,
    PHOTOS_ACCESS_MODE,
    PHOTOS_CLAIM,
    PHOTOS_MOUNT,
    PHOTOS_SIZE,
    SCHEDULE,
    SECRET,
    SERVICE_ACCOUNT,
    STORAGE_CLASS,
)
from wizard.model import Finding
from wizard.settings import FLAG, Choice
from wizard.steps import diagnose
from wizard.world import World

NAMES: Mapping[str, tuple[Choice[str], str]] = {
    "icloud-photos": (PHOTOS_CLAIM, "pictures"),
    "icloud-credentials": (SECRET, "who-i-am"),
    "icloudpd-sync": (CRON_JOB, "nightly"),
    "/external/icloud": (IMMICH_MOUNT, "/mnt/pictures"),
    "icloud-import": (IMPORT_FOLDER, "new"),
    "/photos": (PHOTOS_MOUNT, "/data"),
}


def renamed(value: Any) -> Any:
    """The value with other names in every text in it, however deep."""
    if isinstance(value, str):
        for name, (_, other) in NAMES.items():
            value = value.replace(name, other)
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{field.name: renamed(getattr(value, field.name)) for field in fields(value) if field.init}
        )
    if isinstance(value, Mapping):
        return {renamed(key): renamed(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset | set):
        return type(value)(renamed(item) for item in value)
    return value


@pytest.mark.parametrize("world", [complete, seed, fresh])
def test_a_diagnosis_follows_the_names(world: Callable[[], World]) -> None:
    settings = SETTINGS
    for choice, other in NAMES.values():
        settings = with_value(settings, choice, other, FLAG)
    theirs, usual = diagnose(renamed(world()), settings), diagnose(world(), SETTINGS)
    for step, expected in zip(theirs.steps, usual.steps, strict=True):
        assert step.status == expected.status
        assert [finding.summary for finding in step.findings] == [renamed(f.summary) for f in expected.findings]
        assert [words(finding) for finding in step.findings] == [words(renamed(f)) for f in expected.findings]
    assert theirs.pipeline == renamed(usual.pipeline)


def words(finding: Finding) -> tuple[str, str, tuple[str, ...]]:
    return finding.id, finding.fix, tuple(map(str, finding.commands))


@pytest.mark.parametrize(
    ("choice", "other", "finding_id"),
    [
        (CONFIG_CLAIM, "session", "storage.pvc-missing"),
        (CONFIG_MAP, "sync-options", "credentials.configmap-unreadable"),
        (SERVICE_ACCOUNT, "downloader", "credentials.other-serviceaccount"),
    ],
)
def test_an_object_that_is_not_there_is_missed_by_the_name_that_was_said(
    choice: Choice[str], other: str, finding_id: str
) -> None:
    report = diagnose(complete(), with_value(SETTINGS, choice, other, FLAG))
    found = [finding for step in report.steps for finding in step.findings if finding.id == finding_id]
    assert any(other in finding.summary for finding in found)


@pytest.mark.parametrize(
    ("schedule", "fix"),
    [
        ("0 4 * * *", "Run it daily: 0 4 * * *."),
        ("0 3 * * 0", "Run it weekly: 0 3 * * 0."),
        ("@monthly", "Run it daily: 0 3 * * *."),
    ],
)
def test_a_schedule_that_was_chosen_is_the_one_to_run_by_unless_it_outlives_the_session(
    schedule: str, fix: str
) -> None:
    report = diagnose(seed(), with_value(SETTINGS, SCHEDULE, schedule, FLAG))
    found = [finding for step in report.steps for finding in step.findings]
    assert any(f.id == "credentials.schedule-outlives-session" and f.fix.startswith(fix) for f in found)


def test_a_claim_to_create_has_the_size_class_and_mode_that_were_chosen() -> None:
    settings = with_value(SETTINGS, PHOTOS_SIZE, "2Ti", FLAG)
    settings = with_value(settings, STORAGE_CLASS, "nfs", FLAG)
    settings = with_value(settings, PHOTOS_ACCESS_MODE, "ReadWriteMany", FLAG)
    world = replace(fresh(), namespace=complete().namespace)
    storage = diagnose(world, with_value(settings, CONFIG_SIZE, "2Gi", FLAG)).steps[0]
    config, photos = (f.commands[-1].stdin for f in storage.findings if f.id == "storage.pvc-missing")
    for text in ("storage: 2Ti", "storageClassName: nfs", "accessModes: [ReadWriteMany]"):
        assert text in photos
    for text in ("storage: 2Gi", "storageClassName: nfs", "accessModes: [ReadWriteOnce]"):
        assert text in config
