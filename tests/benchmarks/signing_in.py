"""From "code accepted" to "accepted by the cluster's icloudpd", beside the bare cost of it with kubectl in the same pod."""

from __future__ import annotations

import asyncio
import io
import shutil
import subprocess
import tarfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks import commands
from tests.benchmarks.commands import UnexpectedExitError
from tests.contract.api import Api, load_kubeconfig
from tests.names import PHOTOS_CLAIM
from tests.signin import objects
from tests.signin.apple import PASSWORD, ServedApple, pods_led_to, served
from tests.support.person import Somebody
from wizard.accounts import AccountNames
from wizard.annotations import HANDOVER, PURPOSE
from wizard.demo.apple.route import names_lead_to
from wizard.errors import WizardError
from wizard.handover.job import CONTAINER
from wizard.icloud.files import icloudpd_names
from wizard.icloud.steps import CodeWanted
from wizard.icloudpd.signs import SUCCESS
from wizard.kube.client import Cluster, connect
from wizard.observe.look import observe
from wizard.settings import DEFAULT_ACCOUNT, Settings
from wizard.signin.person import AnotherCode, Code, Stage, StageProgress, Tick
from wizard.signin.prepare import prepare_sign_in
from wizard.signin.sign_in import SignIn

BARE_FOLDER = "/tmp/bare"  # noqa: S108 - in the pod


@dataclass(slots=True)
class Timed(Somebody):
    """Measures the bare cost in the pod that is ready, types the code, and then takes the time of the hand-over."""

    bench: Signing | None = None
    bare: float = 0.0
    ours: float = 0.0
    _accepted: float = field(default=0.0, init=False)

    async def code(self, wanted: CodeWanted, why: WizardError | None) -> Code | AnotherCode:
        self._note("code", "", wanted, why)
        assert self.bench is not None
        self.bare = await self.bench.bare()
        return Code(self.bench.apple.code(self.bench.apple_id))

    def show(self, progress: StageProgress) -> None:
        if progress.tick is Tick.DONE and progress.stage is Stage.APPLE:
            self._accepted = time.perf_counter()
        if progress.tick is Tick.DONE and progress.stage is Stage.PROVED:
            self.ours = time.perf_counter() - self._accepted


@dataclass(slots=True)
class Signing:
    """A namespace with everything for one account, led to a demo Apple."""

    cluster: Cluster
    apple: ServedApple
    apple_id: str
    namespace: str
    kubeconfig: Path
    folder: Path

    async def once(self) -> tuple[float, float]:
        """Seconds of the hand-over and of its bare cost, in one pod."""
        apple = self.apple.apple
        for end in (apple.end_web_sessions, apple.end_session_tokens, apple.end_trust):
            end(self.apple_id)
        person = Timed([PASSWORD], bench=self)
        settings = Settings(namespace=self.namespace)
        world = await observe(self.cluster, settings, datetime.now(UTC))
        start = await prepare_sign_in(self.cluster, world, settings, DEFAULT_ACCOUNT)
        private = self.folder / "apple"
        private.mkdir(mode=0o700, exist_ok=True)
        await SignIn(self.cluster, start.preparation, self.apple_id, private, person).run()
        return person.ours, person.bare

    async def bare(self) -> float:
        """One exec that copies the two files, and one icloudpd --auth-only, by kubectl."""
        path = f"/api/v1/namespaces/{self.namespace}/pods"
        async with asyncio.timeout(60):
            while not (pods := await self._ready(path)):  # noqa: ASYNC110 - a look is enough
                await asyncio.sleep(0.2)
        return await asyncio.to_thread(self._bare, pods[0], _archive(self.apple, self.apple_id))

    async def _ready(self, path: str) -> list[str]:
        page = await self.cluster.list_page(path, labels=f"{PURPOSE}={HANDOVER}")
        return [
            pod["metadata"]["name"]
            for pod in page["items"]
            if pod["status"].get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]
        ]

    def _bare(self, pod: str, archive: bytes) -> float:
        kubectl = shutil.which("kubectl")
        if kubectl is None:
            raise FileNotFoundError("kubectl is not on PATH")
        inside = [
            kubectl,
            "--kubeconfig",
            str(self.kubeconfig),
            "-n",
            self.namespace,
            "exec",
            "-i",
            pod,
            "-c",
            CONTAINER,
        ]
        copy = ["--", "/bin/sh", "-c", f"mkdir -p {BARE_FOLDER} && tar x -C {BARE_FOLDER}"]
        prove = ["--", objects.BOREDAZFCUK.program, "--auth-only", "--log-level", "info", "--username", self.apple_id]
        prove += ["--cookie-directory", BARE_FOLDER, "--password-provider", "parameter"]
        began = time.perf_counter()
        copied = self._run([*inside, *copy], archive)
        proved = self._run([*inside, *prove], b"")
        seconds = time.perf_counter() - began
        if copied.returncode or SUCCESS.encode() not in proved.stdout:
            raise UnexpectedExitError(f"kubectl exec: {(copied.stderr + proved.stdout + proved.stderr)[-500:]!r}")
        return seconds

    def _run(self, command: list[str], stdin: bytes) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command,
            input=stdin,
            env=commands.environment(self.folder),
            capture_output=True,
            timeout=commands.COMMAND_SECONDS,
            check=False,
        )


def measure(kubeconfig: Path, hook: Path, folder: Path, namespace: str, runs: int) -> tuple[list[float], list[float]]:
    """Seconds of ours and of the bare cost, in turns, after one of each that doesn't count."""

    async def take() -> list[tuple[float, float]]:
        async with _signing(kubeconfig, apple, folder, namespace) as signing:
            return [await signing.once() for _ in range(runs + 1)][1:]

    with (
        served(folder / "tls") as apple,
        pods_led_to(apple.apple, hook),
        names_lead_to(apple.apple.address, apple.apple.ca_file),
    ):
        pairs = asyncio.run(take())
    return [ours for ours, _ in pairs], [bare for _, bare in pairs]


@asynccontextmanager
async def _signing(kubeconfig: Path, apple: ServedApple, folder: Path, namespace: str) -> AsyncIterator[Signing]:
    names = AccountNames.of(DEFAULT_ACCOUNT, Settings())
    apple_id = apple.somebody()
    cluster = await connect(str(kubeconfig), None, folder)
    try:
        async with Api.connect(load_kubeconfig(kubeconfig), namespace) as api:
            await api.make_namespace()
            try:
                for claim in (PHOTOS_CLAIM, names.config_claim):
                    await api.made("persistentvolumeclaims", objects.claim(claim))
                await api.made("secrets", objects.secret(names, apple_id))
                await api.made("batch/v1/cronjobs", objects.cron_job(names, objects.BOREDAZFCUK))
                yield Signing(cluster, apple, apple_id, namespace, kubeconfig, folder)
            finally:
                await api.delete(f"/api/v1/namespaces/{namespace}")
    finally:
        await cluster.close()


def _archive(apple: ServedApple, apple_id: str) -> bytes:
    """A living session of the account, as a tar of its two files."""
    files = apple.apple.signed_in(apple_id)
    names = icloudpd_names(apple_id)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, text in ((names.jar, files.jar), (names.session, files.session)):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text.encode()), 0o600
            tar.addfile(entry, io.BytesIO(text.encode()))
    return archive.getvalue()
