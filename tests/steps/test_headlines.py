"""What one line says of an iteration: the cause before what follows from it, and nothing that is only a remark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.steps.table import ROWS
from tests.steps.worlds import SETTINGS, complete, meta, seed, with_run
from wizard.annotations import TRACKING_ID
from wizard.command import Address
from wizard.export.table import headline
from wizard.model import Finding
from wizard.steps import diagnose
from wizard.world import Found, Missing, SecretKeys, World


def _shows(finding_id: str) -> Callable[[], World]:
    return ROWS[finding_id].shows


HEADLINES: list[tuple[str, Callable[[], World], str | None]] = [
    ("storage", complete, None),
    ("argocd", complete, None),
    ("verification", lambda: with_run(complete(), "ACCESS_DENIED"), "verification.web-access-off"),
    ("verification", lambda: with_run(complete(), "KeyError: 'dsInfo'", state="failed"), "verification.session-dead"),
    ("verification", lambda: with_run(complete(), "Hm.", state="failed"), "verification.run-failed"),
    ("verification", _shows("verification.running"), "verification.running"),
    ("verification", _shows("verification.run-without-pod"), "verification.run-without-pod"),
    ("authentication", _shows("authentication.auth-pod-waiting"), "authentication.auth-pod-waiting"),
    ("authentication", seed, "authentication.auth-pod-not-waiting"),
    ("immich", _shows("immich.no-vector-extension"), "immich.no-vector-extension"),
    ("immich", _shows("immich.claim-missing"), "immich.claim-missing"),
    ("storage", _shows("storage.namespace-not-shown"), None),
    ("argocd", _shows("argocd.claims-unprotected"), "argocd.claims-unprotected"),
]


@pytest.mark.parametrize(("step", "world", "expected"), HEADLINES, ids=[f"{row[0]}-{row[2]}" for row in HEADLINES])
def test_the_cause_is_what_is_said(step: str, world: Callable[[], World], expected: str | None) -> None:
    told = next(headline(each) for each in diagnose(world(), SETTINGS).steps if each.id == step)
    assert (told.id if told else None) == expected


def test_a_first_run_is_under_way_before_anything_else_is_missing() -> None:
    world = _shows("verification.running")()
    claims = world.claims
    assert isinstance(claims, Found)
    bare = tuple(replace(claim, meta=replace(claim.meta, annotations={})) for claim in claims.value.items)
    unnoted = replace(world, claims=Found(replace(claims.value, items=bare)))
    seen = {finding.id for step in diagnose(unnoted, SETTINGS).steps for finding in step.findings}
    assert not seen & {"verification.not-counted", "verification.no-runbook"}


def test_a_namespace_that_is_not_there_is_named_with_the_one_that_is_meant() -> None:
    elsewhere = replace(SETTINGS, namespace="other", address=Address(context="home", namespace="other"))
    missing = replace(complete(), namespace=Missing())
    told = headline(diagnose(missing, elsewhere).steps[0])
    assert told
    assert elsewhere.address.line(told.commands[0]) == "photosync-wizard --context home -n photo-sync status"
    assert "photo-sync" in told.fix


def test_what_immich_counted_is_written_as_a_person_writes_it() -> None:
    immich = diagnose(complete(), SETTINGS).steps[4]
    said = next(finding.summary for finding in immich.findings if finding.id == "immich.library")
    assert said.endswith("counted 12,431 at its last scan.")


def _finding(world: World, finding_id: str) -> Finding:
    return next(one for step in diagnose(world, SETTINGS).steps for one in step.findings if one.id == finding_id)


def test_the_pod_that_holds_the_volume_for_a_sign_in_is_the_one_to_delete() -> None:
    told = _finding(_shows("storage.multi-attach")(), "storage.multi-attach")
    assert Address().lines(told.commands) == (f"kubectl -n {SETTINGS.namespace} delete pod icloudpd-auth",)
    assert "icloudpd-auth" in told.fix


def test_a_full_volume_is_named_by_the_file_that_did_not_fit_on_it() -> None:
    lines = (
        "ERROR    IOError while writing file to /photos/icloud-import/a.HEIC.",
        "OSError: [Errno 28] No space left on device",
    )
    world = with_run(complete(), *lines, state="failed")
    assert "icloud-photos" in _finding(world, "storage.volume-full").summary
    assert next(hop.state for hop in diagnose(world, SETTINGS).pipeline if hop.name == "volume") == "broken"


def test_a_password_does_not_go_into_a_secret_that_git_makes_without_a_word() -> None:
    annotations = {TRACKING_ID: "photo-sync:/Secret:photo-sync/icloud-credentials"}
    secret = SecretKeys(meta("icloud-credentials", annotations=annotations), "Opaque", ("username",))
    world = replace(seed(), secrets={"icloud-credentials": Found(secret)})
    assert "remove it from the application's path" in _finding(world, "credentials.secret-key-missing").fix
