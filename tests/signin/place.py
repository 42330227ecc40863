"""A namespace of the real cluster in which somebody signs in, and what lies on its volumes."""

from __future__ import annotations

import io
import tarfile
import time
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.contract.api import Api
from tests.names import PHOTOS_CLAIM
from tests.signin import objects
from tests.signin.apple import ServedApple
from tests.support.person import Somebody
from wizard.accounts import AccountNames
from wizard.demo.apple.session_files import SessionFiles
from wizard.icloud.files import Pair, icloudpd_names
from wizard.icloud.ladder import NextRung
from wizard.kube.client import Cluster
from wizard.observe.look import observe
from wizard.settings import DEFAULT_ACCOUNT, Settings
from wizard.signin.person import Outcome
from wizard.signin.prepare import PreparedSignIn, prepare_sign_in
from wizard.signin.sign_in import SignIn

SECONDS = 90


@dataclass(frozen=True, slots=True)
class File:
    """One file on a volume."""

    content: bytes = field(repr=False)
    mode: int = 0o600
    uid: int = 0


Files = dict[str, File]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A small pod that sees the folder in which all volumes of this cluster lie, so that looking at one is no use of it."""

    namespace: str
    root: str
    pod: str = "shelf"


@dataclass(slots=True)
class Place:
    """`api` shows answers as they are, `cluster` is what the wizard itself talks through; `private` is its 0700 folder."""

    api: Api
    cluster: Cluster
    apple: ServedApple
    shelf: Shelf
    kubeconfig: Path
    private: Path
    image: objects.Image
    apple_id: str = ""
    settings: Settings = field(default_factory=Settings)

    @property
    def namespace(self) -> str:
        return self.api.namespace

    # What is there before

    async def set_up(self, account: str = DEFAULT_ACCOUNT, kind: str = "ordinary", **cron_job: str) -> str:
        """Claims, Secret and CronJob of one account, and the Apple ID that it is for; "zoë" is held decomposed."""
        names = AccountNames.of(account, Settings())
        apple_id = self.apple.somebody(kind)
        if account == DEFAULT_ACCOUNT:
            self.apple_id = apple_id
            await self.api.made("persistentvolumeclaims", objects.claim(PHOTOS_CLAIM))
        await self.api.made("persistentvolumeclaims", objects.claim(names.config_claim))
        written = unicodedata.normalize("NFD", apple_id) if kind == "zoë" else apple_id
        await self.api.made("secrets", objects.secret(names, written))
        await self.api.made("batch/v1/cronjobs", objects.cron_job(names, self.image, **cron_job))
        return apple_id

    async def lay(self, files: SessionFiles, claim: str = "icloudpd-config", uid: int = 0) -> Pair:
        """The session files of somebody who signed in some time ago, as icloudpd keeps them."""
        pair = Pair(self.apple_id, files.jar, files.session)
        names = icloudpd_names(self.apple_id)
        await self.bind(claim)
        await self._write(
            claim,
            {names.jar: File(pair.jar.encode(), uid=uid), names.session: File(pair.session.encode(), uid=uid)},
        )
        return pair

    async def bind(self, claim: str) -> None:
        """Makes the claim's volume, which takes a pod that wants it."""
        volume = {"name": "it", "persistentVolumeClaim": {"claimName": claim}}
        pod = objects.idle_pod("first", [volume], [{"name": "it", "mountPath": "/it"}])
        await self.api.made("pods", pod)
        await self.api.phase("pods/first", "Running")
        await self.api.delete("pods/first")
        await self.gone("pods/first")

    # The wizard

    async def start(self, account: str = DEFAULT_ACCOUNT) -> PreparedSignIn:
        """A look, and what a sign-in begins with."""
        settings = replace(self.settings, namespace=self.namespace)
        world = await observe(self.cluster, settings, datetime.now(UTC))
        return await prepare_sign_in(self.cluster, world, settings, account)

    async def prepared(self, person: Somebody, account: str = DEFAULT_ACCOUNT, **options: Any) -> SignIn:
        start = await self.start(account)
        assert start.apple_id is not None
        return SignIn(self.cluster, start.preparation, start.apple_id, self.private, person, **options)

    async def sign_in(self, person: Somebody, account: str = DEFAULT_ACCOUNT, **options: Any) -> Outcome:
        """One whole sign-in."""
        return await (await self.prepared(person, account, **options)).run()

    async def check(self, person: Somebody, *, ask_apple: bool = False) -> NextRung:
        return await (await self.prepared(person)).check(ask_apple=ask_apple)

    # What is there afterwards

    async def files(self, claim: str = "icloudpd-config") -> Files:
        """Every file on the claim by its path, folders with a slash behind."""
        path = await self._path(claim)
        result = await self.cluster.exec(
            self.shelf.namespace, self.shelf.pod, self.shelf.pod, ["tar", "-c", "-C", path, "."]
        )
        assert result.exit_code == 0, result.stderr
        found: Files = {}
        with tarfile.open(fileobj=io.BytesIO(result.stdout)) as archive:
            for entry in archive:
                name = entry.name[2:]
                if name:
                    content = archive.extractfile(entry)
                    found[name + "/" * entry.isdir()] = File(content.read() if content else b"", entry.mode, entry.uid)
        return found

    async def pair(self, claim: str = "icloudpd-config") -> tuple[File, File]:
        """The session in place."""
        files = await self.files(claim)
        names = icloudpd_names(self.apple_id)
        return files[names.jar], files[names.session]

    async def pictures(self) -> list[str]:
        """What has been downloaded."""
        return [name for name in await self.files(PHOTOS_CLAIM) if not name.endswith("/")]

    async def run_cron_job(self, name: str = "icloudpd-sync-by-hand", account: str = DEFAULT_ACCOUNT) -> str:
        """Starts a Job from the CronJob, waits for its end and gives its log."""
        cron_job = (await self.api.get(f"batch/v1/cronjobs/{AccountNames.of(account, Settings()).cron_job}")).body
        await self.api.made("batch/v1/jobs", objects.job_from(cron_job, name))
        await self.api.until(
            f"batch/v1/jobs/{name}",
            lambda answer: any(
                each["type"] in ("Complete", "Failed") for each in answer.body["status"].get("conditions", ())
            ),
            SECONDS,
        )
        selector = f"batch.kubernetes.io/job-name={name}"
        pods = (await self.api.get(f"pods?labelSelector={selector}")).body["items"]
        return (await self.api.get(f"pods/{pods[0]['metadata']['name']}/log", accept="*/*")).text

    async def gone(self, path: str) -> None:
        await self.api.until(path, lambda answer: answer.status == 404, SECONDS)

    async def all_gone(self) -> None:
        """Waits until no hand-over Job and no pod of one is left."""
        for path in ("batch/v1/jobs", "pods"):
            selector = "labelSelector=photosync-wizard/purpose=handover"
            await self.api.until(f"{path}?{selector}", lambda answer: not answer.body["items"], SECONDS)

    async def cron_job(self, account: str = DEFAULT_ACCOUNT) -> dict[str, Any]:
        found: dict[str, Any] = (
            await self.api.get(f"batch/v1/cronjobs/{AccountNames.of(account, Settings()).cron_job}")
        ).body
        return found

    async def _write(self, claim: str, files: Files) -> None:
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, file in files.items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode, entry.uid = len(file.content), file.mode, file.uid
                entry.mtime = int(time.time())
                tar.addfile(entry, io.BytesIO(file.content))
        path = await self._path(claim)
        result = await self.cluster.exec(
            self.shelf.namespace,
            self.shelf.pod,
            self.shelf.pod,
            ["tar", "-x", "-C", path],
            stdin=archive.getvalue(),
        )
        assert result.exit_code == 0, result.stderr

    async def _path(self, claim: str) -> str:
        name = (await self.api.get(f"persistentvolumeclaims/{claim}")).body["spec"]["volumeName"]
        return path_of((await self.api.get(f"/api/v1/persistentvolumes/{name}")).body)


def path_of(volume: dict[str, Any]) -> str:
    """Where a volume lies on its node."""
    spec = volume["spec"]
    return str((spec.get("hostPath") or spec.get("local"))["path"])
