"""What is shown beside the findings says the same as they do, and holds what was seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.steps.worlds import NS, SETTINGS, complete, fresh, ingress, job, meta, page, seed
from wizard.choices import HOST_NAME, SKIPPED
from wizard.model import Cell, FactTable
from wizard.settings import Settings
from wizard.steps import STEPS, diagnose
from wizard.world import IngressRule, World

ALIEN = ingress(
    meta=meta("other-ingress", "elsewhere"), rules=(IngressRule("other.example", "/", "immich-server", "2283"),)
)


def table(step_id: str, world: World, settings: Settings = SETTINGS) -> FactTable | None:
    """What that iteration's diagnosis shows."""
    return next(step.table for step in diagnose(world, settings).steps if step.id == step_id)


def rows(step_id: str, world: World, settings: Settings = SETTINGS) -> tuple[tuple[Cell, ...], ...]:
    """The rows of it."""
    made = table(step_id, world, settings)
    return made.rows if made else ()


def findings(step_id: str, world: World, settings: Settings = SETTINGS) -> set[str]:
    return {found.id for step in diagnose(world, settings).steps if step.id == step_id for found in step.findings}


@pytest.mark.parametrize("host", ["", "other.example"])
def test_a_service_of_the_same_name_elsewhere_leads_nowhere(host: str) -> None:
    world = replace(complete(), ingresses=page(ALIEN))
    settings = SETTINGS.having(HOST_NAME, host) if host else SETTINGS
    assert "exposure.ingress-missing" in findings("exposure", world, settings)
    made = table("exposure", world, settings)
    assert made is not None
    assert made.title == "Other Ingresses in this cluster, to use one as a pattern"
    assert [row[:2] for row in made.rows] == [("other.example", "elsewhere/other-ingress")]


def test_what_leads_to_immich_shows_its_own_hosts_and_nobody_elses() -> None:
    rules = tuple(
        IngressRule(host, "/", service, "80")
        for host, service in (("docs.example", "docs"), ("photos.example", "immich-server"))
    )
    world = replace(complete(), ingresses=page(ALIEN, ingress(rules=rules, tls=False, addresses=())))
    made = table("exposure", world)
    assert made is not None
    assert made.title == "What leads to Immich"
    assert made.rows == (("photos.example", f"{NS}/immich-ingress", "traefik", "no", None),)


def test_the_last_runs_are_those_of_our_cron_jobs() -> None:
    world = complete()
    stranger = replace(job(), meta=meta("somebody-elses"))
    mixed = replace(world, jobs=page(*(world.jobs.value.items), stranger))  # type: ignore[union-attr]
    names = [row[0] for row in rows("verification", mixed)]
    assert names == [row[0] for row in rows("verification", world)]
    assert names[0] == "icloudpd-sync-29409480"


def test_each_iteration_shows_what_was_seen() -> None:
    world = complete()
    assert ("icloud-photos", "Bound") in [(row[0], row[-1]) for row in rows("storage", world)]
    assert [row[0] for row in rows("credentials", world)] == ["icloudpd-sync"]
    assert rows("authentication", world)[0][1] == "valid"
    assert [row[0] for row in rows("argocd", world)] == ["sync", "health", "revision", "follows"]
    assert ("workload", f"{NS}/immich-server") in rows("immich", world)


def test_nothing_is_shown_of_what_is_not_there() -> None:
    assert table("immich", fresh()) is None
    assert table("argocd", fresh()) is None
    assert rows("storage", fresh()) == ()


def test_a_skipped_iteration_still_shows_what_was_seen() -> None:
    for step in STEPS:
        skipped = SETTINGS.having(SKIPPED, (step.id,))
        assert table(step.id, seed(), skipped) == table(step.id, seed())
