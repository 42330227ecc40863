"""Reports and worlds for the tests of the exports, and hypothesis strategies over the model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from wizard.command import kubectl, line
from wizard.model import (
    Account,
    Blocker,
    ClusterRef,
    Diagnosis,
    Finding,
    Report,
    Session,
    SessionState,
    Severity,
    Status,
)

every_time_the_same = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

NOON = datetime(2026, 1, 18, 12, 0, 0, 123456, tzinfo=UTC)
STEPS = (
    ("storage", "Storage infrastructure"),
    ("credentials", "Credentials & config"),
    ("authentication", "Initial authentication"),
    ("argocd", "Argo CD integration"),
    ("immich", "Immich integration"),
    ("exposure", "External exposure"),
    ("verification", "Verification"),
)
VALID = Session(SessionState.VALID, NOON + timedelta(days=29), 29, NOON, "the last run")
AUTHENTICATION = Blocker(
    "P1", "iCloud authentication incomplete", ("cronjob_execution",), user_action_required=True, estimated_minutes=1
)
IMMICH = Blocker(
    "P0",
    "Immich not installed",
    ("iteration_5", "iteration_6", "iteration_7"),
    user_action_required=True,
    estimated_minutes=10,
    ready_when=("Immich installed on cluster", "Immich deployment and service identified"),
)


def report(
    *statuses: Status,
    session: Session = VALID,
    findings: dict[str, tuple[Finding, ...]] | None = None,
    blockers: dict[str, tuple[Blocker, ...]] | None = None,
) -> Report:
    """A report of seven iterations with these statuses, complete from where they end."""
    rest = (Status.COMPLETE,) * (len(STEPS) - len(statuses))
    return Report(
        taken_at=NOON,
        cluster=ClusterRef("home-cluster", "https://10.0.0.5:6443", "c7b1a3d0-0f2e-4a55-9a67-2f5c3f1f9f10"),
        namespace="photo-sync",
        accounts=(Account("default", "you@example.com", session),),
        steps=tuple(
            Diagnosis(number, name, title, status, (findings or {}).get(name, ()), (blockers or {}).get(name, ()))
            for number, ((name, title), status) in enumerate(zip(STEPS, (*statuses, *rest), strict=True), start=1)
        ),
        pipeline=(),
    )


def seed_report() -> Report:
    """The seed's standing, told truthfully."""
    return report(
        Status.COMPLETE,
        Status.ACTION_REQUIRED,
        Status.ACTION_REQUIRED,
        Status.COMPLETE,
        Status.BLOCKED,
        Status.PENDING,
        Status.PENDING,
        session=Session(SessionState.UNVERIFIED),
        blockers={"authentication": (AUTHENTICATION,), "immich": (IMMICH,)},
        findings={
            "storage": (
                Finding(
                    "storage.pvc-wait-for-first-consumer",
                    Severity.INFO,
                    "Claim icloud-photos is Pending until its first pod: local-path waits for a consumer.",
                ),
            ),
            "credentials": (
                Finding(
                    "credentials.secret-key-missing",
                    Severity.WARNING,
                    "Secret icloud-credentials has no key password, which the CronJob and the auth pod read.",
                    fix="Take --password out of the command.",
                    commands=(kubectl("edit", "cronjob", "icloudpd-sync", namespace="photo-sync"),),
                    implies=Status.ACTION_REQUIRED,
                ),
                Finding("credentials.schedule", Severity.ERROR, "A loud one that stands in nobody's way."),
            ),
            "argocd": (
                Finding("argocd.claims-unprotected", Severity.WARNING, "Argo CD would delete both claims."),
                Finding("argocd.synced", Severity.OK, "The application is Synced."),
            ),
            "immich": (Finding("immich.missing", Severity.ERROR, "Immich is not installed.", implies=Status.BLOCKED),),
            "verification": (
                Finding("verification.waits", Severity.INFO, "It waits.", implies=Status.PENDING),
                Finding("verification.unread", Severity.UNKNOWN, "Jobs could not be read."),
            ),
        },
    )


texts = st.text(max_size=30)
shell_words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=30)
times = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
evidence = st.dictionaries(
    texts,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | texts | times | st.frozensets(texts) | st.binary(),
        lambda inner: st.tuples(inner, inner) | st.dictionaries(texts, inner, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)
blockers = st.builds(
    Blocker,
    st.sampled_from(("P0", "P1", "P2")),
    st.text(min_size=1, max_size=20),
    st.lists(st.sampled_from(("iteration_5", "cronjob_execution")), max_size=2).map(tuple),
    st.booleans(),
    st.integers(0, 90),
    st.lists(texts, max_size=2).map(tuple),
)
findings = st.builds(
    Finding,
    st.sampled_from(("storage.pvc-pending", "argocd.out-of-sync", "immich.v3")),
    st.sampled_from(Severity),
    st.text(min_size=1, max_size=120),
    evidence,
    texts,
    texts,
    st.lists(st.builds(line, shell_words), max_size=2).map(tuple),
    texts,
    st.none() | st.sampled_from(Status),
)
sessions = st.builds(
    Session,
    st.sampled_from(SessionState),
    st.none() | times,
    st.none() | st.integers(-5, 90),
    st.none() | times,
    texts,
)
reports = st.builds(
    Report,
    times,
    st.builds(ClusterRef, texts, texts, st.none() | texts),
    texts,
    st.lists(st.builds(Account, texts, st.none() | texts, sessions), max_size=2).map(tuple),
    st.tuples(
        *(
            st.builds(
                Diagnosis,
                st.just(number),
                st.just(name),
                st.just(title),
                st.sampled_from(Status),
                st.lists(findings, max_size=2).map(tuple),
                st.lists(blockers, max_size=2).map(tuple),
            )
            for number, (name, title) in enumerate(STEPS, start=1)
        )
    ),
    st.just(()),
)
