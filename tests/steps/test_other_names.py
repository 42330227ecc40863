"""Somebody with other names for everything gets the diagnosis that the seed's names get."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from tests.steps.worlds import SETTINGS, complete, fresh, seed
from wizard.choices import (
    CONFIG_CLAIM,
    CONFIG_MAP,
    CRON_JOB,
    IMMICH_MOUNT,
    IMPORT_FOLDER,
    PHOTOS_CLAIM,
    PHOTOS_MOUNT,
    SECRET,
    SERVICE_ACCOUNT,
    with_value,
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
