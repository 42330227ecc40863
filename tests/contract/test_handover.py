"""The hand-over's own scripts in a hand-over pod: the same on the demo's files as on a real volume, wherever they are cut off."""

from __future__ import annotations

import asyncio
import contextlib
import copy
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.api import Json
from tests.contract.conftest import Place
from tests.support.faults import faults_of
from wizard.accounts import AccountNames
from wizard.apply.objects import send
from wizard.errors import WizardError
from wizard.handover import pod as pods
from wizard.handover import scripts, start_pod
from wizard.handover.job import CONTAINER, handover
from wizard.handover.pod import HandoverPod
from wizard.icloudpd.proof import Verdict
from wizard.kube.client import Cluster, connect
from wizard.kube.streams import ExecResult
from wizard.settings import Settings
from wizard.steps.authentication.plan import remove_job

NAME = "youexamplecom"
OLD, NEW, NEWER = ("old jar\n", '{"old": 1}\n'), ("new jar\n", '{"new": 1}\n'), ("newer jar\n", '{"newer": 1}\n')
CLAIM: Json = {
    "metadata": {"name": "icloudpd-config"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
CRON_JOB: Json = {
    "metadata": {"name": "icloudpd-sync"},
    "spec": {
        "schedule": "0 3 1 1 *",
        "suspend": True,
        "jobTemplate": {
            "spec": {
                "template": {
                    "spec": {
                        "restartPolicy": "Never",
                        "containers": [
                            {
                                "name": "icloudpd",
                                "image": "boredazfcuk/icloudpd:1.32.3",
                                "imagePullPolicy": "IfNotPresent",
                                "command": ["/opt/icloudpd/bin/icloudpd"],
                                "args": ["--cookie-directory", "/config", "--directory", "/photos"],
                                "volumeMounts": [{"name": "config", "mountPath": "/config"}],
                            }
                        ],
                        "volumes": [
                            {"name": "config", "persistentVolumeClaim": {"claimName": "icloudpd-config"}},
                        ],
                    }
                }
            }
        },
    },
}


class Pod(HandoverPod):
    """A hand-over pod with a way to run anything in it."""

    def __init__(self, cluster: Cluster, cron_job: Json, node: str = "") -> None:
        made = handover(cron_job, AccountNames.of("default", Settings()), "photosync-handover-test", node)
        assert made is not None
        super().__init__(cluster, made, NAME)
        self._connection = cluster
        self._start = made.change
        self.more: tuple[str, ...] = ()
        self.scripted = asyncio.Event()

    async def open(self) -> None:
        await send(self._connection, self._start)
        await self.wait_until_running()

    async def leave(self) -> None:
        async def remove() -> None:
            await send(self._connection, remove_job(self._start.target))

        await self.close(remove)

    def sign_in_command(self, apple_id: str) -> list[str]:
        return [*super().sign_in_command(apple_id), *self.more]

    async def _script(self, text: str) -> str:
        self.scripted.set()
        return await super()._script(text)

    async def run(self, command: list[str]) -> ExecResult:
        return await self._connection.exec(self.namespace, self.pod, CONTAINER, command)

    async def sh(self, text: str, *arguments: str) -> ExecResult:
        words = arguments or (self._handover.directory, NAME)
        command = [*scripts.SHELL, *words]
        return await self._connection.exec(self.namespace, self.pod, CONTAINER, command, stdin=text.encode())

    async def put(self, pair: tuple[str, str]) -> None:
        """Makes this the pair in place, with nothing else beside it."""
        names = ("staging", "journal", "journal.new", "previous", "previous.new", "attended")
        await self.sh(f'cd "$1"; rm -rf {" ".join(f".photosync-{name}" for name in names)}')
        await self.stage(*pair)
        await self.commit()
        await self.sh('rm -rf "$1/.photosync-previous"')

    async def listed(self) -> list[str]:
        found = (await self.sh('cd "$1"; ls -A')).stdout.decode().split()
        return sorted(found)

    async def pair_in(self, folder: str) -> tuple[str, str]:
        """Both files of a folder."""
        jar, session = [
            (await self.sh('cat "$1"', f"{folder}/{NAME}{end}")).stdout.decode() for end in ("", ".session")
        ]
        return jar, session

    async def stat(self, name: str) -> str:
        return (await self.sh("stat -c '%u:%g %a' \"$1\"", name)).stdout.decode().strip()


@contextlib.asynccontextmanager
async def connected(place: Place, folder: Path) -> AsyncIterator[Cluster]:
    """What the wizard talks through, and a claim."""
    await place.api.made("persistentvolumeclaims", CLAIM)
    cluster = await connect(str(place.path), None, folder, env={})
    try:
        yield cluster
    finally:
        await cluster.close()


@contextlib.asynccontextmanager
async def opened(place: Place, cluster: Cluster, cron_job: Json, node: str = "") -> AsyncIterator[Pod]:
    """An open hand-over pod, made from a CronJob as the server has it; gone afterwards."""
    pod = Pod(cluster, await place.api.made("batch/v1/cronjobs", cron_job), node)
    try:
        await pod.open()
        yield pod
    finally:
        await pod.leave()
        await all_gone(place)
        await place.api.delete("batch/v1/cronjobs/icloudpd-sync")


async def all_gone(place: Place) -> None:
    for path in ("batch/v1/jobs", "pods"):
        selector = "labelSelector=photosync-wizard%2Fpurpose%3Dhandover"
        await place.api.until(f"{path}?{selector}", lambda answer: answer.body["items"] == [])


@pytest.fixture
async def pod(place: Place, tmp_path: Path) -> AsyncIterator[Pod]:
    """An open hand-over pod of the usual CronJob."""
    async with connected(place, tmp_path) as cluster, opened(place, cluster, CRON_JOB) as made:
        yield made


def with_pod(*containers: Json, **spec: Any) -> Json:
    """The usual CronJob with other values in its pod, and in its container."""
    cron_job = copy.deepcopy(CRON_JOB)
    pod = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    pod |= spec
    for changes in containers:
        pod["containers"][0] |= changes
    return cron_job


async def test_an_empty_claim(pod: Pod) -> None:
    found = await pod.recover_and_look()
    assert (found.pair, found.recovered) == (False, "")
    with pytest.raises(WizardError):
        await pod.read()
    with pytest.raises(WizardError):
        await pod.commit()


async def test_staging_and_committing(pod: Pod) -> None:
    await pod.stage(*OLD)
    assert await pod.pair_in(pod.staging) == OLD
    assert (await pod.recover_and_look()).recovered == "undone"
    assert await pod.listed() == []
    await pod.stage(*OLD)
    await pod.commit()
    assert await pod.read() == OLD
    assert await pod.stat(f"/config/{NAME}") == await pod.stat(f"/config/{NAME}.session") == "0:0 600"
    await pod.stage(*NEW)
    await pod.commit()
    found = await pod.recover_and_look()
    assert (await pod.read(), found.pair) == (NEW, True)
    assert await pod.pair_in("/config/.photosync-previous") == OLD
    assert await pod.stat("/config/.photosync-previous") == "0:0 700"
    assert await pod.listed() == [".photosync-previous", NAME, f"{NAME}.session"]


async def test_a_copy_to_prove_touches_nothing(pod: Pod) -> None:
    await pod.put(OLD)
    await pod.stage_copy()
    await pod.sh('printf changed > "$1/.photosync-staging/$2"')
    assert (await pod.pair_in(pod.staging))[0] == "changed"
    await pod.discard()
    assert await pod.read() == OLD
    assert await pod.listed() == [NAME, f"{NAME}.session"]


async def test_what_somebody_elses_uid_owns_stays_theirs(pod: Pod) -> None:
    await pod.put(OLD)
    await pod.sh('chown 1000:1001 "$1/$2" "$1/$2.session"')
    await pod.stage(*NEW)
    await pod.commit()
    assert await pod.stat(f"/config/{NAME}") == await pod.stat(f"/config/{NAME}.session") == "1000:1001 600"
    await pod.keep(keyring_stays=True)
    await pod.sh('printf half > "$1/$2"')
    await pod.take_back()
    assert await pod.stat(f"/config/{NAME}") == "1000:1001 600"


async def test_another_icloudpd_writes_in_place(pod: Pod) -> None:
    await pod.put(OLD)
    await pod.keep(keyring_stays=True)
    await pod.sh('printf half > "$1/$2"')
    await pod.take_back()
    assert await pod.read() == OLD
    await pod.keep(keyring_stays=True)
    await pod.sh('printf good > "$1/$2"')
    await pod.settle()
    assert (await pod.read())[0] == "good"
    assert (await pod.recover_and_look()).recovered == ""


@pytest.mark.parametrize("keyring_stays", [True, False])
async def test_what_another_icloudpd_wrote_in_vain_goes_where_there_was_no_pair(pod: Pod, keyring_stays: bool) -> None:
    await pod.keep(keyring_stays=keyring_stays)
    await pod.sh(
        'echo half > "$1/$2"; echo half > "$1/$2.session"; mkdir "$1/python_keyring"; echo x > "$1/$3"',
        "/config",
        NAME,
        scripts.KEYRING,
    )
    removed = await pod.take_back()
    assert removed == (() if keyring_stays else (scripts.KEYRING,))
    assert await pod.listed() == (["python_keyring"] if keyring_stays else [])
    assert not (await pod.recover_and_look()).pair


async def test_contents_of_any_kind_arrive(pod: Pod) -> None:
    odd = ("$name `id` $(id) \\ 'one' \"two\" €\nEND\n\tlast line without its end", '{"a": "\\u00e9é"}')
    await pod.stage(*odd)
    await pod.commit()
    assert await pod.read() == (f"{odd[0]}\n", f"{odd[1]}\n")


def cuts(script: str) -> list[str]:
    """The script cut off after each of its lines, and killed after each of them."""
    lines = script.splitlines(keepends=True)
    ends = ["".join(lines[:n]) for n in range(1, len(lines))]
    kills = ["".join([*lines[:n], "exit 9\n", *lines[n:]]) for n in range(6, len(lines))]
    return [*ends, *kills]


async def test_cut_off_anywhere_the_claim_holds_one_pair_whole(pod: Pod) -> None:
    seen = set()
    for script in cuts(scripts.COMMIT):
        await pod.put(OLD)
        await pod.stage(*NEW)
        await pod.sh(script)
        found = await pod.recover_and_look()
        pair = await pod.read()
        assert pair in (OLD, NEW), script
        assert found.pair
        seen.add((found.recovered, pair))
        left = set(await pod.listed()) - {".photosync-previous", NAME, f"{NAME}.session"}
        assert not left, script
        await pod.stage(*NEWER)
        await pod.commit()
        assert await pod.read() == NEWER
    assert {("undone", OLD), ("completed", NEW)} <= seen


async def test_staging_cut_off_anywhere_leaves_what_was_there(pod: Pod) -> None:
    await pod.put(OLD)
    for script in cuts(scripts.stage(*NEW)):
        await pod.sh(script)
        assert await pod.read() == OLD, script
        await pod.recover_and_look()
        assert await pod.listed() == [NAME, f"{NAME}.session"], script


async def test_an_icloudpd_without_apple_says_so(place: Place, pod: Pod) -> None:
    """On the demo, where no Apple is to be reached in this world; the real cluster may lead pods to one."""
    if place.world is None:
        pytest.skip("the real cluster's pods may be led to an Apple")
    await pod.put(("#LWP-Cookies-2.0\n", '{"session_token": "x"}'))
    await pod.stage_copy()
    proof = await pod.prove("you@example.com")
    assert not proof.accepted
    assert proof.last_line.endswith("Cannot connect to Apple iCloud service")


async def test_a_program_that_is_not_there_says_nothing_of_the_session(place: Place, tmp_path: Path) -> None:
    command = {"command": ["/opt/elsewhere/icloudpd-9.9.9"]}
    async with connected(place, tmp_path) as cluster, opened(place, cluster, with_pod(command)) as pod:
        await pod.put(("#LWP-Cookies-2.0\n", '{"session_token": "x"}'))
        await pod.stage_copy()
        proof = await pod.prove("you@example.com")
        assert (proof.verdict, proof.accepted) == (Verdict.NOT_JUDGED, False)
        assert command["command"][0] in proof.why


async def test_an_argument_that_icloudpd_does_not_know_says_nothing_of_the_session(pod: Pod) -> None:
    await pod.put(("#LWP-Cookies-2.0\n", '{"session_token": "x"}'))
    await pod.stage_copy()
    pod.more = ("--bogus",)
    proof = await pod.prove("you@example.com")
    assert proof.verdict is Verdict.NOT_JUDGED
    assert "--bogus" in proof.why


OFFICIAL: Json = {"image": "icloudpd/icloudpd:1.32.3"}
OPTIONS = CRON_JOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"]


@pytest.mark.parametrize(
    "container",
    [
        {"command": ["icloudpd"]},
        {"command": ["./icloudpd"]},
        {"command": ["/opt/icloudpd/bin/icloudpd"]},
        OFFICIAL | {"command": ["/app/icloudpd"]},
        OFFICIAL | {"command": ["/app/entrypoint.sh", "icloudpd"]},
        OFFICIAL | {"command": ["/app/icloudpd_ex", "icloudpd"]},
        OFFICIAL | {"command": [], "args": ["icloudpd", *OPTIONS]},
    ],
    ids=lambda container: f"{container.get('image', 'boredazfcuk')} {' '.join(container['command'])}",
)
async def test_the_program_is_found_where_the_image_has_it(place: Place, tmp_path: Path, container: Json) -> None:
    """Although no PATH leads there, and whatever the CronJob calls it by."""
    container = container | {"env": [{"name": "PATH", "value": "/usr/bin:/bin"}]}
    async with connected(place, tmp_path) as cluster, opened(place, cluster, with_pod(container)) as pod:
        await pod.recover_and_look()
        result = await pod.run([*pod.sign_in_command("you@example.com"), "--bogus"])
        assert (result.exit_code, "--bogus" in result.stdout.decode()) == (0, True)


async def test_a_user_of_its_own_in_a_folder_elsewhere(place: Place, tmp_path: Path) -> None:
    """The claim under another path, its session in a folder of its own; icloudpd runs as 1000."""
    mounts = {"volumeMounts": [{"name": "config", "mountPath": "/var/lib/icloud", "subPath": "session"}]}
    args = {"args": ["--cookie-directory", "/var/lib/icloud", "--directory", "/photos"]}
    user = {"runAsUser": 1000, "runAsGroup": 1000}
    open_to_all = with_pod(mounts | args)
    async with connected(place, tmp_path) as cluster:
        async with opened(place, cluster, open_to_all) as pod:
            await pod.sh('chown 1000:1000 "$1" && chmod 777 "$1"')
        async with opened(place, cluster, with_pod(mounts | args, securityContext=user)) as pod:
            await pod.stage(*OLD)
            await pod.commit()
            assert await pod.read() == OLD
            assert (await pod.stat(f"/var/lib/icloud/{NAME}")).startswith("1000:")
            assert (await pod.recover_and_look()).pair


async def test_a_cron_job_that_gave_up_being_root(place: Place, tmp_path: Path) -> None:
    """Root's files can't be read by the new user, so there is no session; a new one takes their place all the same."""
    user = {"runAsUser": 1000, "runAsGroup": 1000}
    async with connected(place, tmp_path) as cluster:
        async with opened(place, cluster, CRON_JOB) as pod:
            await pod.put(OLD)
            await pod.sh('chmod 777 "$1"')
        async with opened(place, cluster, with_pod(securityContext=user)) as pod:
            assert not (await pod.recover_and_look()).pair
            await pod.stage(*NEW)
            await pod.commit()
            assert await pod.read() == NEW
            assert await pod.stat(f"/config/{NAME}") == "1000:1000 600"
            assert (await pod.recover_and_look()).pair


async def test_beside_a_pod_on_its_node_with_all_that_comes_along(place: Place, tmp_path: Path) -> None:
    """The server takes the whole manifest, and its scheduler the node, whatever else the CronJob wants of one."""
    nodes = (await place.api.get("/api/v1/nodes")).body["items"]
    await place.api.made("configmaps", {"metadata": {"name": "network"}, "data": {"proxy": "http://proxy:3128"}})
    proxy = {"configMapKeyRef": {"name": "network", "key": "proxy"}}
    container = {
        "env": [{"name": "HTTPS_PROXY", "valueFrom": proxy}, {"name": "APPLE_PW", "value": "hunter2"}],
        "envFrom": [{"configMapRef": {"name": "network"}}],
        "volumeMounts": [{"name": "config", "mountPath": "/config"}, {"name": "mixed", "mountPath": "/mixed"}],
    }
    sources = [{"configMap": {"name": "network"}}, {"serviceAccountToken": {"path": "token"}}]
    volumes = [
        {"name": "config", "persistentVolumeClaim": {"claimName": "icloudpd-config"}},
        {"name": "mixed", "projected": {"sources": sources}},
    ]
    cron_job = with_pod(container, volumes=volumes, nodeSelector={"disk": "nowhere"}, hostNetwork=True)
    template = cron_job["spec"]["jobTemplate"]["spec"]["template"]
    template["metadata"] = {"labels": {"egress": "apple"}, "annotations": {"sidecar.istio.io/inject": "false"}}
    async with (
        connected(place, tmp_path) as cluster,
        opened(place, cluster, cron_job, nodes[0]["metadata"]["name"]) as pod,
    ):
        found = (await place.api.get(f"pods/{pod.pod}")).body
        assert found["spec"]["nodeName"] == nodes[0]["metadata"]["name"]
        assert found["metadata"]["labels"]["egress"] == "apple"
        assert found["metadata"]["annotations"]["sidecar.istio.io/inject"] == "false"
        assert (await pod.sh('echo "$HTTPS_PROXY,${APPLE_PW}"')).stdout == b"http://proxy:3128,\n"
        if place.world is None:
            assert (await pod.sh("ls /mixed")).stdout == b"proxy\n"


async def test_a_quota_that_is_full_is_told_and_not_waited_for(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place.world is not None:
        pytest.skip("the demo knows no quotas")
    monkeypatch.setattr(start_pod, "REFUSED_SECONDS", 1.0)
    monkeypatch.setattr(start_pod, "LOOK_EVERY_SECONDS", 0.3)
    await place.api.made("resourcequotas", {"metadata": {"name": "full"}, "spec": {"hard": {"pods": "0"}}})
    await place.api.until("resourcequotas/full", lambda answer: "hard" in answer.body.get("status", {}))
    async with connected(place, tmp_path) as cluster:
        with pytest.raises(WizardError) as error:
            async with opened(place, cluster, CRON_JOB):
                pass
    assert error.value.code == "handover.pod-refused"
    assert "exceeded quota: full" in error.value.why


async def test_a_volume_that_can_not_be_written_to_is_told_first(place: Place, tmp_path: Path) -> None:
    if place.world is not None:
        pytest.skip("the demo's claims can always be written to")
    mounts = {"volumeMounts": [{"name": "config", "mountPath": "/config", "readOnly": True}]}
    async with connected(place, tmp_path) as cluster, opened(place, cluster, with_pod(mounts)) as pod:
        with pytest.raises(WizardError) as error:
            await pod.hold()
    assert error.value.code == "handover.not-held"
    assert "Read-only file system" in error.value.why


async def test_a_pod_that_nobody_hears_of_is_not_waited_for_for_ever(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pods, "SCRIPT_SECONDS", 0.2)
    monkeypatch.setattr(scripts, "HOLD", "sleep 5")
    with pytest.raises(WizardError) as error:
        await pod.hold()
    assert error.value.code == "handover.not-held"
    monkeypatch.undo()


async def test_a_normal_end_leaves_nothing(place: Place, tmp_path: Path) -> None:
    async with connected(place, tmp_path) as cluster:
        async with opened(place, cluster, CRON_JOB) as pod:
            await pod.put(OLD)
            await pod.hold()
            await pod.stage(*NEW)
            assert await pod.listed() == [".photosync-held", ".photosync-staging", NAME, f"{NAME}.session"]
        async with opened(place, cluster, CRON_JOB) as pod:
            assert await pod.listed() == [NAME, f"{NAME}.session"]


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_pod_that_does_not_answer_is_removed_all_the_same(
    place: Place, pod: Pod, monkeypatch: pytest.MonkeyPatch, cancelled: bool
) -> None:
    if place.world is None:
        pytest.skip("a real pod answers")
    monkeypatch.setattr(pods, "TIDY_SECONDS", 60.0 if cancelled else 0.05)
    await pod.stage(*NEW)
    faults_of(place.world).delay(r"/exec\?", 11)
    pod.scripted.clear()
    closing = asyncio.create_task(pod.leave())
    if cancelled:
        async with asyncio.timeout(10):
            await pod.scripted.wait()
        closing.cancel()
    async with asyncio.timeout(10):
        await asyncio.gather(closing, return_exceptions=True)
        await all_gone(place)
