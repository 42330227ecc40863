"""What a real Argo CD wrote, case by case, gives the finding and the status that it calls for."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
import yaml

from tests.steps.worlds import SETTINGS, complete, job, job_pod, page, seed
from wizard.model import Diagnosis, Status
from wizard.observe.parse_application import application
from wizard.steps import STEPS
from wizard.world import ContainerState, Found, World

ARGOCD = next(step for step in STEPS if step.id == "argocd")
RECORDED: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("data/argocd.yaml").read_text(encoding="utf-8"))

CASES: dict[str, tuple[Status, set[str]]] = {
    "00-just-created": (Status.IN_PROGRESS, {"not-yet-looked-at"}),
    "01-synced-progressing-wffc": (Status.COMPLETE, {"synced", "progressing-explained"}),
    "02-hard-refresh-pending": (Status.COMPLETE, {"synced", "progressing-explained"}),
    "03-hard-refresh-done": (Status.COMPLETE, {"synced", "progressing-explained"}),
    "04-healthy": (Status.COMPLETE, {"synced", "healthy"}),
    "05-claim-shrunk": (Status.ACTION_REQUIRED, {"sync-retries", "healthy"}),
    "05b-mended-but-retrying": (Status.ACTION_REQUIRED, {"sync-retries-old-commit", "synced", "healthy"}),
    "05c-operation-terminated": (Status.COMPLETE, {"sync-failed", "synced", "healthy"}),
    "05d-shrunk-retry-refresh": (Status.ACTION_REQUIRED, {"sync-retries", "healthy"}),
    "05e-mended-retry-refresh": (Status.COMPLETE, {"synced", "healthy"}),
    "06-protected-claim-left-git": (Status.ACTION_REQUIRED, {"left-git", "healthy"}),
    "07-broken-yaml": (Status.ACTION_REQUIRED, {"manifest-broken"}),
    "07b-broken-yaml-mended": (Status.COMPLETE, {"synced", "newer-commit-equal", "progressing-explained"}),
    "08-unknown-field": (Status.ACTION_REQUIRED, {"differs-after-sync", "healthy"}),
    "09-unknown-kind": (Status.ACTION_REQUIRED, {"sync-retries", "healthy"}),
    "10-wrong-path": (Status.ACTION_REQUIRED, {"path-missing", "sync-retries-old-commit"}),
    "11-wrong-branch": (Status.ACTION_REQUIRED, {"branch-missing", "sync-retries-old-commit"}),
    "12-repository-missing": (Status.ACTION_REQUIRED, {"repository-unreadable", "sync-retries-old-commit"}),
    "13-repository-unreachable": (Status.ACTION_REQUIRED, {"repository-unreadable", "sync-retries-old-commit"}),
    "14-namespace-missing": (Status.ACTION_REQUIRED, {"sync-retries", "objects-missing"}),
    "15-manual-never-synced": (Status.ACTION_REQUIRED, {"not-automated", "objects-missing"}),
    "16-unknown-project": (Status.ACTION_REQUIRED, {"project-refuses"}),
    "18-shared-resource": (Status.ACTION_REQUIRED, {"shared-object", "progressing-explained"}),
    "20-after-self-heal": (Status.COMPLETE, {"synced", "progressing-explained"}),
    "21-deleting-stuck": (Status.BLOCKED, {"deletion-stuck"}),
}
ELSEWHERE = {"claims-unprotected", "self-heal", "objects-outside-git", "healthy-but-failing"}
"""Findings that hang on other objects than the Application."""


def diagnosed(case: str, world: World | None = None) -> Diagnosis:
    app = application(RECORDED[case])
    world = world or (seed() if app.health == "Progressing" else complete())
    return ARGOCD.diagnose(replace(world, application=Found(app), applications=page(app)), SETTINGS)


def slugs(diagnosis: Diagnosis) -> set[str]:
    return {finding.id.removeprefix("argocd.") for finding in diagnosis.findings} - ELSEWHERE


@pytest.mark.parametrize(("case", "expected"), CASES.items(), ids=list(CASES))
def test_says_what_the_case_calls_for(case: str, expected: tuple[Status, set[str]]) -> None:
    diagnosis = diagnosed(case)
    assert (diagnosis.status, slugs(diagnosis)) == expected


def test_a_pod_without_its_image_explains_progressing_although_argocd_does_not() -> None:
    running = job(state="running")
    stuck = job_pod(running, ContainerState("icloudpd", "waiting", "ImagePullBackOff"), phase="Pending")
    world = replace(complete(), jobs=page(running), job_pods=page(stuck))
    assert slugs(diagnosed("19-pod-image-missing", world)) == {"synced", "progressing-pod"}


def test_every_recorded_case_is_looked_at() -> None:
    assert set(RECORDED) == set(CASES) | {"19-pod-image-missing"}


def test_a_warning_about_ours_on_another_application_counts() -> None:
    other = replace(
        application(RECORDED["18-shared-resource"]),
        meta=replace(application(RECORDED["04-healthy"]).meta, name="other"),
    )
    ours = application(RECORDED["04-healthy"])
    world = replace(complete(), application=Found(ours), applications=page(ours, other))
    assert "shared-object" in slugs(ARGOCD.diagnose(world, SETTINGS))
