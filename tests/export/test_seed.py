"""`-o seed`: the shape of the seed's "State for next iteration", with nothing in it that was not seen."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from tests.export.reports import NOON, every_time_the_same, report, reports, seed_report
from wizard.export import to_seed
from wizard.model import Report, Status
from wizard.world import (
    Application,
    AppSource,
    Claim,
    ConfigMap,
    CronJob,
    Found,
    Meta,
    Missing,
    Page,
    PodSpec,
    SecretKeys,
    ServiceAccount,
    Unreadable,
    World,
)

REVISION = "e829dc496d82f3492e041df2d53bbb0c884d2e1e"
SHAPE = {
    "argocd": [
        "application_name", "namespace", "sync_status", "health_status", "revision",
        "auto_sync", "auto_prune", "self_heal",
    ],
    "resources": ["namespace", "cronjob", "pvcs", "secret", "configmap", "serviceaccount"],
    "git": ["repository", "branch", "app_path", "commits", "pushed"],
}  # fmt: skip
FIELDS = ["iteration", "status", *SHAPE, "blockers", "next_iteration", "next_iteration_ready_when"]


def seed_world() -> World:
    def claim(name: str) -> Claim:
        return Claim(Meta(name), "Bound", "local-path", ("ReadWriteOnce",), "1Gi", "1Gi", "pvc-1")

    return World(
        taken_at=NOON,
        cluster=seed_report().cluster,
        claims=Found(Page((claim("icloud-photos"), claim("icloudpd-config"), claim("somebody-elses")))),
        cron_jobs=Found(
            Page((CronJob(Meta("icloudpd-sync"), "0 3 1 * *", "", False, "Forbid", 3, None, PodSpec(())),))
        ),
        secrets={"icloud-credentials": Found(SecretKeys(Meta("icloud-credentials"), "Opaque", ("username",)))},
        config_maps={"icloudpd-config": Found(ConfigMap(Meta("icloudpd-config"), {}))},
        service_account=Found(ServiceAccount(Meta("icloudpd"), automount=False)),
        application=Found(
            Application(
                Meta("photo-sync", "argocd"),
                "default",
                (AppSource("https://github.com/you/homelab", "master", "apps/photo-sync"),),
                "photo-sync",
                automated=True,
                prune=True,
                self_heal=True,
                sync="Synced",
                health="Progressing",
                compared_revision=REVISION,
            )
        ),
    )


def test_the_seeds_own_cluster_gives_the_seeds_own_words() -> None:
    assert to_seed(seed_report(), seed_world()) == {
        "iteration": 1,
        "status": "complete",
        "argocd": {
            "application_name": "photo-sync",
            "namespace": "argocd",
            "sync_status": "Synced",
            "health_status": "Progressing",
            "revision": REVISION,
            "auto_sync": True,
            "auto_prune": True,
            "self_heal": True,
        },
        "resources": {
            "namespace": "photo-sync",
            "cronjob": "icloudpd-sync",
            "pvcs": ["icloud-photos", "icloudpd-config"],
            "secret": "icloud-credentials",
            "configmap": "icloudpd-config",
            "serviceaccount": "icloudpd",
        },
        "git": {
            "repository": "https://github.com/you/homelab",
            "branch": "master",
            "app_path": "apps/photo-sync",
            "commits": ["e829dc4"],
            "pushed": True,
        },
        "blockers": [
            {
                "priority": "P0",
                "issue": "Immich not installed",
                "affects": ["iteration_5", "iteration_6", "iteration_7"],
                "user_action_required": True,
                "estimated_time": "10 minutes",
            },
            {
                "priority": "P1",
                "issue": "iCloud authentication incomplete",
                "affects": ["cronjob_execution"],
                "user_action_required": True,
                "estimated_time": "1 minute",
            },
        ],
        "next_iteration": 2,
        "next_iteration_ready_when": [],
    }


@every_time_the_same
@given(reports)
def test_every_field_is_there_for_every_report(report: Report) -> None:
    document = json.loads(json.dumps(to_seed(report)))
    assert list(document) == FIELDS
    assert {part: list(document[part]) for part in SHAPE} == SHAPE


def test_what_was_not_seen_is_null_and_what_is_not_there_is_not_named() -> None:
    unread = Unreadable("forbidden", "no")
    world = replace(
        seed_world(),
        application=unread,
        claims=unread,
        cron_jobs=Found(Page(())),
        secrets={"icloud-credentials": Missing()},
        service_account=Missing(),
    )
    document = to_seed(seed_report(), world)
    assert set(document["argocd"].values()) == {None}
    assert document["git"] == {"repository": None, "branch": None, "app_path": None, "commits": [], "pushed": None}
    assert document["resources"] == {
        "namespace": "photo-sync",
        "cronjob": None,
        "pvcs": None,
        "secret": None,
        "configmap": "icloudpd-config",
        "serviceaccount": None,
    }


@pytest.mark.parametrize(
    ("statuses", "iteration", "status", "following"),
    [
        ((), 7, "complete", None),
        ((Status.PENDING,), 1, "pending", 1),
        ((Status.COMPLETE, Status.SKIPPED, Status.COMPLETE, Status.FAILED), 3, "complete", 4),
        ((Status.SKIPPED,) * 7, None, "complete", None),
    ],
)
def test_the_iteration_is_the_last_of_the_unbroken_run(
    statuses: tuple[Status, ...], iteration: int | None, status: str, following: int | None
) -> None:
    document = to_seed(report(*statuses))
    assert (document["iteration"], document["status"], document["next_iteration"]) == (iteration, status, following)


def test_the_page_about_it_lists_every_field() -> None:
    page = (Path(__file__).parents[2] / "docs" / "status.md").read_text()
    words = set(re.findall(r"`([a-z_]+)`", page))
    assert {*FIELDS, *(name for names in SHAPE.values() for name in names)} <= words
