"""A stand-in for the engine and for whoever opens the screens, and the seed's state written by hand: for these tests alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from wizard.command import Address, Command, helm, kubectl
from wizard.engine import Engine, Fresh, Snapshot, Stale, Update
from wizard.errors import Exit, WizardError
from wizard.iterations import Iteration
from wizard.model import (
    Account,
    Blocker,
    ClusterRef,
    Diagnosis,
    FactTable,
    Finding,
    Hop,
    Report,
    Session,
    SessionState,
    Severity,
    Status,
)
from wizard.settings import Settings
from wizard.setup import SetupRow
from wizard.signin.service import SignInService
from wizard.state.kept_choices import chosen, fill_in
from wizard.state.record import Choices
from wizard.steps import STEPS
from wizard.world import (
    Application,
    AppSource,
    Claim,
    Container,
    CronJob,
    Found,
    Ingress,
    IngressRule,
    Job,
    Meta,
    Page,
    PodSpec,
    World,
)

NOW = datetime(2026, 1, 18, 12, 0, 0, tzinfo=UTC)
NS = "photo-sync"
CLUSTER = ClusterRef("home-cluster", "https://192.0.2.10:6443", "uid-1")


def unreachable(commands: tuple[Command, ...] = (kubectl("cluster-info"),)) -> WizardError:
    """The commonest trouble."""
    return WizardError(
        "cluster.unreachable",
        "The cluster at https://192.0.2.10:6443 does not answer.",
        why="The connection was refused: the machine is up, but nothing listens there.",
        fix="See whether the cluster runs and this machine can reach it, then try again.",
        commands=commands,
        exit_code=Exit.UNREACHABLE,
    )


def settings(namespace: str = NS, address: Address | None = None) -> Settings:
    """The usual ones."""
    return Settings(namespace=namespace, address=address or Address())


class FakeEngine(Engine):
    """Gives what the test puts into `feed`; a WizardError in it is raised."""

    def __init__(self, *updates: Update | WizardError) -> None:
        self.feed: asyncio.Queue[Update | WizardError] = asyncio.Queue()
        for update in updates:
            self.feed.put_nowait(update)
        self.looks = 0
        self.closed = False

    async def look(self) -> Snapshot:
        raise NotImplementedError

    async def updates(self) -> AsyncGenerator[Update, None]:
        while True:
            update = await self.feed.get()
            if isinstance(update, WizardError):
                raise update
            yield update

    def look_again(self) -> None:
        self.looks += 1

    async def close(self) -> None:
        self.closed = True


class FakeWorkspace:
    """Remembers what the screens told it."""

    def __init__(
        self,
        *updates: Update | WizardError,
        place: Mapping[str, str] | None = None,
        banner: str = "",
    ) -> None:
        self.fake_engine = FakeEngine(*updates)
        self.settings = settings()
        self.place: Mapping[str, str] | None = place
        self.banner = banner
        self.chosen: list[tuple[str, str]] = []
        self._choices = Choices()
        self.saved: dict[str, str] = {}
        self.failure: WizardError | None = None
        self.breaks: Callable[[], object] | None = None
        self.save_failure: OSError | None = None
        self.choose_failure: WizardError | None = None
        self.scripted_service: SignInService | None = None
        self.notices: tuple[str, ...] = ()
        self.demo_commands: tuple[str, ...] = ()

    def engine(self) -> Engine:
        if self.failure is not None:
            raise self.failure
        if self.breaks is not None:
            self.breaks()
        return self.fake_engine

    def sign_in_service(self) -> SignInService:
        assert self.scripted_service is not None
        return self.scripted_service

    def remember(self, place: Mapping[str, str]) -> None:
        self.place = place

    def choose(self, name: str, value: str) -> None:
        if self.choose_failure is not None:
            raise self.choose_failure
        self._choices = chosen(self._choices, name, value)
        self.settings = fill_in(settings(), self._choices)
        self.chosen.append((name, value))

    def save(self, name: str, text: str) -> str:
        if self.save_failure is not None:
            raise self.save_failure
        self.saved[name] = text
        return f"~/.local/state/photosync-wizard/{name}"


def _ok(name: str, summary: str, evidence: Mapping[str, object] | None = None) -> Finding:
    return Finding(name, Severity.OK, summary, evidence or {})


STORAGE = Diagnosis(
    1,
    "storage",
    "Storage infrastructure",
    Status.COMPLETE,
    (
        Finding(
            "storage.pvc-wait-for-first-consumer",
            Severity.INFO,
            "The claim icloud-photos is Pending because its class waits for the first pod that uses it. That is normal.",
            {
                "persistentvolumeclaim/icloud-photos status.phase": "Pending",
                "storageclass/local-path volumeBindingMode": "WaitForFirstConsumer",
            },
            why="local-path makes the volume on the node where the first pod runs.",
        ),
        _ok("storage.namespace", "The namespace photo-sync exists.", {"namespace/photo-sync status.phase": "Active"}),
        _ok("storage.pvc-bound", "The claim icloudpd-config (1Gi) is bound."),
    ),
)
CREDENTIALS = Diagnosis(
    2,
    "credentials",
    "Credentials & config",
    Status.ACTION_REQUIRED,
    (
        Finding(
            "credentials.secret-key-missing",
            Severity.ERROR,
            "Two workloads read /credentials/password, but the Secret has no such key.",
            {
                "secret/icloud-credentials data": ("username",),
                "cronjob/icloudpd-sync command": '--password "$(cat /credentials/password)"',
                "pod/icloudpd-auth command": '--password "$(cat /credentials/password)"',
            },
            why="icloudpd gets an empty argument, prints a usage error and exits 0: step 3 can't succeed until this is "
            "fixed.",
            fix="Let icloudpd rely on its session alone, or add the key.",
            commands=(
                kubectl(
                    "patch",
                    "secret",
                    "icloud-credentials",
                    "--type",
                    "merge",
                    "-p",
                    '{"stringData":{"password":"…"}}',
                    namespace="photo-sync",
                ),
            ),
            docs="photosync-wizard explain credentials.secret-key-missing",
            implies=Status.ACTION_REQUIRED,
        ),
        Finding(
            "credentials.schedule-outlives-session",
            Severity.WARNING,
            "The schedule (monthly) outlives Apple's session (about 30 days).",
            {"cronjob/icloudpd-sync spec.schedule": "0 3 1 * *"},
            why="Every run would need a new code.",
            fix="Run it daily.",
            commands=(
                kubectl(
                    "patch",
                    "cronjob",
                    "icloudpd-sync",
                    "-p",
                    '{"spec":{"schedule":"0 3 * * *"}}',
                    namespace="photo-sync",
                ),
            ),
        ),
        Finding(
            "credentials.image-latest",
            Severity.WARNING,
            "Image tag :latest can change under you.",
            {"cronjob/icloudpd-sync image": "boredazfcuk/icloudpd:latest"},
            fix="Pin the digest that runs today.",
            commands=(
                kubectl(
                    "set",
                    "image",
                    "cronjob/icloudpd-sync",
                    "icloudpd=boredazfcuk/icloudpd@sha256:4be1",
                    namespace="photo-sync",
                ),
            ),
        ),
        _ok("credentials.config-map", "ConfigMap icloudpd-config has all 7 keys."),
        _ok("credentials.cron-job", "CronJob icloudpd-sync exists, not suspended."),
        _ok("credentials.service-account", "ServiceAccount icloudpd exists, without token."),
        _ok("credentials.mounts", "CronJob and claims fit together."),
        _ok("credentials.concurrency", "Runs never overlap (Forbid)."),
        _ok("credentials.deadline", "A run may take 24 hours."),
    ),
    (
        Blocker(
            "P0",
            "The Secret lacks a key that is read",
            ("iteration_3", "cronjob_execution"),
            user_action_required=True,
            estimated_minutes=1,
            ready_when=("Secret icloud-credentials has every key that is read",),
        ),
    ),
)
AUTHENTICATION = Diagnosis(
    3,
    "authentication",
    "Initial authentication",
    Status.ACTION_REQUIRED,
    (
        Finding(
            "authentication.pod-not-waiting",
            Severity.ERROR,
            "The pod icloudpd-auth is Running, but not waiting for anybody: icloudpd has ended and it sleeps.",
            {"pod/icloudpd-auth log": "icloudpd: error: argument -p/--password: expected one argument"},
            why="There is nothing to attach to.",
            fix="Fix step 2, then delete the pod and sign in.",
            commands=(kubectl("delete", "pod", "icloudpd-auth", namespace="photo-sync"),),
            implies=Status.ACTION_REQUIRED,
        ),
        Finding(
            "authentication.session-unverified", Severity.UNKNOWN, "Whether there is a session has not been proved.", {}
        ),
    ),
    (
        Blocker(
            "P1", "iCloud authentication incomplete", ("cronjob_execution",), True, 5, ("A session is on the claim",)
        ),
    ),
    FactTable(
        ("account", "session", "until", "known from"),
        (("you@example.com", "unverified", None, "no proof on the claim"),),
    ),
)
ARGOCD = Diagnosis(
    4,
    "argocd",
    "Argo CD integration",
    Status.COMPLETE,
    (
        Finding(
            "argocd.prune-would-delete-claims",
            Severity.WARNING,
            "Argo CD would delete both claims with the application.",
            {"application/photo-sync metadata.finalizers": ("resources-finalizer.argocd.argoproj.io",)},
            why="Deleting the application would delete the photos.",
            fix="Annotate both claims with Delete=false.",
            commands=(
                kubectl(
                    "annotate",
                    "pvc",
                    "icloud-photos",
                    "argocd.argoproj.io/sync-options=Prune=false,Delete=false",
                    namespace="photo-sync",
                ),
            ),
        ),
        Finding(
            "argocd.progressing-explained", Severity.INFO, "Progressing only because a claim waits for its first pod."
        ),
        _ok("argocd.synced", "Application photo-sync is Synced at e829dc4."),
    ),
)
IMMICH = Diagnosis(
    5,
    "immich",
    "Immich integration",
    Status.BLOCKED,
    (
        Finding(
            "immich.not-installed",
            Severity.ERROR,
            "There is no Immich in this cluster.",
            {"deployments, statefulsets": "none with an Immich image"},
            why="Photos on a volume are safe, but nobody sees them.",
            fix="Install Immich with its chart, or say where it runs.",
            commands=(
                helm(
                    "install",
                    "immich",
                    "oci://ghcr.io/immich-app/immich-charts/immich",
                    "--create-namespace",
                    namespace="immich",
                ),
            ),
            implies=Status.BLOCKED,
        ),
    ),
    (
        Blocker(
            "P0",
            "Immich not installed",
            ("iteration_5", "iteration_6", "iteration_7"),
            user_action_required=True,
            estimated_minutes=10,
            ready_when=("Immich installed on cluster", "Immich deployment and service identified"),
        ),
    ),
)
EXPOSURE = Diagnosis(
    6,
    "exposure",
    "External exposure",
    Status.PENDING,
    (Finding("exposure.waits-for-immich", Severity.INFO, "Waits for step 5: there is no Immich to expose."),),
)
VERIFICATION = Diagnosis(
    7,
    "verification",
    "Verification",
    Status.PENDING,
    (Finding("verification.waits", Severity.INFO, "Waits for steps 3 and 5."),),
)


def _claim(name: str, phase: str, size: str, capacity: str) -> Claim:
    return Claim(Meta(name, NS), phase, "local-path", ("ReadWriteOnce",), size, capacity, "")


WORLD = World(
    NOW - timedelta(seconds=2),
    CLUSTER,
    latency_ms=31.4,
    requests=18,
    claims=Found(
        Page((_claim("icloud-photos", "Pending", "100Gi", ""), _claim("icloudpd-config", "Bound", "1Gi", "1Gi")))
    ),
    cron_jobs=Found(
        Page(
            (
                CronJob(
                    Meta("icloudpd-sync", NS),
                    "0 3 1 * *",
                    "America/Edmonton",
                    False,
                    "Forbid",
                    3,
                    86400,
                    PodSpec((Container("icloudpd", "boredazfcuk/icloudpd:latest"),)),
                ),
            )
        )
    ),
    jobs=Found(
        Page(
            (
                Job(Meta("icloudpd-sync-1", NS), "failed", "BackoffLimitExceeded", "", NOW - timedelta(days=17)),
                Job(Meta("icloudpd-sync-2", NS), "complete", "", "", NOW - timedelta(hours=9)),
            )
        )
    ),
    application=Found(
        Application(
            Meta("photo-sync", "argocd"),
            "default",
            (AppSource("https://github.com/you/homelab", "master", "apps/photo-sync"),),
            NS,
            sync="Synced",
            health="Progressing",
            compared_revision="e829dc496d82f3492e041df2d53bbb0c884d2e1e",
            looked_at=True,
        )
    ),
    ingresses=Found(
        Page(
            (
                Ingress(
                    Meta("mealie-ingress", "mealie"), "nginx", (IngressRule("mealie.example.com", "/", "mealie", "80"),)
                ),
            )
        )
    ),
)
_WRITTEN = {
    diagnosis.id: diagnosis
    for diagnosis in (STORAGE, CREDENTIALS, AUTHENTICATION, ARGOCD, IMMICH, EXPOSURE, VERIFICATION)
}


def _pending(iteration: Iteration) -> Diagnosis:
    """What the seed has of an iteration that nothing is written of here."""
    return Diagnosis(iteration.number, iteration.id, iteration.title, Status.PENDING, ())


REPORT = Report(
    WORLD.taken_at,
    CLUSTER,
    NS,
    (Account("default", "you@example.com", Session(SessionState.UNVERIFIED, source="no proof on the claim")),),
    tuple(
        replace(diagnosis, table=diagnosis.table or (step.table and step.table(WORLD, settings())))
        for step in STEPS
        for diagnosis in (_WRITTEN.get(step.id) or _pending(step.iteration),)
    ),
    (
        Hop("iCloud", "unknown", "unverified"),
        Hop("icloudpd", "broken", "no password key"),
        Hop("volume", "waiting", "first pod"),
        Hop("Immich", "broken", "not there"),
        Hop("you", "broken"),
    ),
)


SETUP = (
    SetupRow("cluster", "Cluster", "home-cluster", "from kubeconfig, current context", "ok"),
    SetupRow("access", "Permissions", "all that are needed", "from access reviews", "ok"),
    SetupRow("storage_class", "Storage", "local-path (waits for first consumer)", "the only class", "ok"),
    SetupRow("application", "Argo CD", "in argocd, 12 applications", "found by its CRD", "ok"),
    SetupRow("git", "Git", "github.com/you/homelab, master", 'from application "photo-sync"', "ok"),
    SetupRow("immich_namespace", "Immich", "not found", "see step 5", "missing"),
    SetupRow("ingress", "Ingress", "nginx, as in mealie/mealie-ingress", "most used class", "ok"),
    SetupRow("host_name", "Address", "none yet", "see step 6", "missing"),
    SetupRow("time_zone", "Time zone", "Europe/Berlin", "from this machine", "ok"),
    SetupRow("apple_id", "Apple ID", "", "the only thing that can't be worked out", "ask"),
    SetupRow("warning_days", "Remind me", "7 days before Apple's session ends", "the default", "ok"),
)
SEED = Snapshot(WORLD, REPORT, SETUP)


def with_steps(*changed: Diagnosis, taken_at: datetime | None = None) -> Snapshot:
    """The seed with some iterations as given."""
    by_id = {step.id: step for step in changed}
    steps = tuple(by_id.get(step.id, step) for step in REPORT.steps)
    return replace(SEED, report=replace(REPORT, steps=steps, taken_at=taken_at or REPORT.taken_at))


def all_complete() -> Snapshot:
    """Everything done."""
    return with_steps(
        *(
            replace(
                step,
                status=Status.COMPLETE,
                blockers=(),
                findings=tuple(found for found in step.findings if found.severity == "ok")
                or (_ok(f"{step.id}.fine", f"{step.title} is as it should be."),),
            )
            for step in REPORT.steps
        )
    )


def fresh(snapshot: Snapshot = SEED) -> Fresh:
    """A look."""
    return Fresh(snapshot)


def stale(attempt: int = 1, *, seen: bool = True) -> Stale:
    """A failed try."""
    return Stale(unreachable(), attempt, REPORT.taken_at if seen else None)


HOME = {"screen": "iteration", "step": "", "finding": "", "theme": ""}
