"""What the wizard says of every scenario, through the demo cluster's HTTP: the whole way from an object to a finding."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from wizard.demo.scenarios import load, names
from wizard.demo.world import DemoWorld
from wizard.iterations import ITERATIONS
from wizard.kube.client import connect
from wizard.model import Report
from wizard.observe.look import observe
from wizard.settings import Settings
from wizard.steps import diagnose

NOW = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)

DONE = ("complete",) * len(ITERATIONS)
WITHOUT_IMMICH = ("blocked", "pending", "pending")
STATUSES: dict[str, tuple[str, ...]] = {
    "fresh": ("action_required", "pending", "pending", "pending", *WITHOUT_IMMICH),
    "seed": ("complete", "action_required", "action_required", "complete", *WITHOUT_IMMICH),
    "complete": DONE,
    **dict.fromkeys(
        ("expired", "expired-heals", "trust-expired", "sms-only", "sms-refused-inside", "security-key"),
        ("complete", "complete", "action_required", "complete", "complete", "complete", "pending"),
    ),
    "expiring": DONE,
    "family": DONE,
    "http-only": DONE,
    "secret-in-git": DONE,
    "small-uploads": DONE,
}

FINDINGS: dict[str, set[str]] = {
    "fresh": {"storage.namespace-missing", "immich.not-installed"},
    "seed": {
        "storage.pvc-wait-for-first-consumer",
        "credentials.secret-key-missing",
        "credentials.schedule-outlives-session",
        "credentials.image-latest",
        "credentials.secret-in-git",
        "authentication.auth-pod-not-waiting",
        "argocd.progressing-explained",
        "argocd.claims-unprotected",
        "immich.not-installed",
    },
    "complete": set(),
    **{
        name: {"authentication.session-expired", "verification.session-dead"}
        for name in ("expired", "expired-heals", "trust-expired", "sms-only", "sms-refused-inside", "security-key")
    },
    "expiring": {"authentication.session-expiring"},
    "first-sync": {"verification.running"},
    "family": set(),
    "auth-waiting": {"authentication.auth-pod-waiting"},
    "auth-no-code": {"authentication.wrong-binary"},
    "password-argument": {"credentials.secret-key-missing", "verification.arguments-wrong", "verification.run-lied"},
    "session-lost": {"credentials.cookie-directory-lost"},
    "suspended": {"credentials.cronjob-suspended", "verification.no-recent-success"},
    "adp": {"verification.web-access-off"},
    "throttled": {"verification.throttled"},
    "terms": {"verification.throttled"},
    "zone-not-found": {"verification.setup-incomplete"},
    "account-locked": {"credentials.retries-hammer", "verification.account-locked"},
    "claim-no-class": {"storage.no-default-class"},
    "claim-wrong-class": {"storage.class-missing"},
    "terminating": {"storage.namespace-terminating", "storage.pvc-deleting"},
    "multi-attach": {"storage.multi-attach", "authentication.auth-pod-left"},
    "pod-security": {"credentials.pod-security-refused"},
    "image-pull": {"verification.image-pull"},
    "oom": {"verification.out-of-memory"},
    "volume-full": {"storage.volume-full"},
    "wrong-branch": {"argocd.branch-missing"},
    "wrong-path": {"argocd.path-missing"},
    "broken-manifest": {"argocd.manifest-broken"},
    "repository-unreachable": {"argocd.repository-unreadable"},
    "unknown-project": {"argocd.project-refuses"},
    "shrunk-claim": {"argocd.sync-retries-old-commit"},
    "two-applications": {"argocd.shared-object"},
    "secret-in-git": {"credentials.secret-in-git"},
    "auth-pod-in-git": {"argocd.auth-pod-in-app"},
    "just-applied": {"argocd.not-yet-looked-at"},
    "no-argocd": {"argocd.not-installed"},
    "immich-new": {"immich.no-admin", "immich.photos-writable", "exposure.ingress-missing"},
    "immich-not-scanned": {"immich.library-unknown"},
    "immich-elsewhere": {"immich.claim-missing", "immich.pod-unschedulable"},
    "immich-empty-volume": {"immich.other-volume", "verification.counts-differ"},
    "immich-image-pull": {"immich.crash-loop"},
    "immich-no-vectors": {"immich.crash-loop"},
    "http-only": {"exposure.no-tls"},
    "small-uploads": {"exposure.body-size"},
    "sub-path": {"exposure.sub-path", "exposure.no-address"},
    "web-ui-exposed": {"exposure.icloudpd-web-ui"},
    "restricted": {"credentials.secret-unreadable", "argocd.application-unreadable"},
}


async def report_of(name: str, tmp_path: Path) -> Report:
    async with DemoWorld.open(load(name), clock=lambda: NOW) as world:
        await world.settle()
        kubeconfig = tmp_path / f"{name}.kubeconfig"
        world.write_kubeconfig(kubeconfig)
        cluster = await connect(str(kubeconfig), None, tmp_path, env={})
        try:
            return diagnose(await observe(cluster, Settings(), NOW), Settings())
        finally:
            await cluster.close()


@pytest.mark.parametrize("name", names())
async def test_is_told_truthfully(name: str, tmp_path: Path) -> None:
    report = await report_of(name, tmp_path)
    wrong = {finding.id for step in report.steps for finding in step.findings if finding.severity not in ("ok", "info")}
    said = {finding.id for step in report.steps for finding in step.findings}
    assert FINDINGS[name] <= said
    if name in STATUSES:
        assert tuple(step.status.value for step in report.steps)[: len(STATUSES[name])] == STATUSES[name]
    if STATUSES.get(name) == DONE:
        assert wrong == FINDINGS[name]
    else:
        assert report.complete < len(ITERATIONS)


async def test_the_two_accounts_of_the_family_have_their_own_sessions(tmp_path: Path) -> None:
    report = await report_of("family", tmp_path)
    assert [(account.name, account.session.state, account.session.days_left) for account in report.accounts] == [
        ("default", "valid", 21),
        ("anna", "valid", 26),
    ]


async def test_what_may_not_be_read_is_unknown_and_never_complete(tmp_path: Path) -> None:
    report = await report_of("restricted", tmp_path)
    assert {step.id: step.status.value for step in report.steps if step.status == "unknown"}.keys() >= {
        "credentials",
        "argocd",
    }
