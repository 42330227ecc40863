"""The hand-over's own scripts in a hand-over pod: the same on the demo's files as on a real volume, wherever they are cut off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.api import Json
from tests.contract.conftest import Place
from wizard.apply import scripts
from wizard.apply.handover_job import CONTAINER, handover
from wizard.apply.pod import HandoverPod
from wizard.errors import Trouble
from wizard.kube.client import Cluster, connect
from wizard.kube.streams import ExecResult
from wizard.settings import AccountNames

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

    def __init__(self, cluster: Cluster, cron_job: Json) -> None:
        made = handover(cron_job, AccountNames.of("default"), "photosync-handover-test")
        assert made is not None
        super().__init__(cluster, made, NAME)
        self._connection = cluster

    async def sh(self, text: str, *arguments: str) -> ExecResult:
        words = arguments or ("/config", NAME)
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


@pytest.fixture
async def pod(place: Place, tmp_path: Path) -> AsyncIterator[Pod]:
    """An open hand-over pod, made from a CronJob as the server has it."""
    await place.api.made("persistentvolumeclaims", CLAIM)
    cron_job = await place.api.made("batch/v1/cronjobs", CRON_JOB)
    cluster = await connect(str(place.path), None, tmp_path, env={})
    try:
        opened = Pod(cluster, cron_job)
        await opened.open()
        yield opened
        await opened.close()
        await place.api.until(
            "pods?labelSelector=photosync-wizard/purpose%3Dhandover", lambda answer: answer.body["items"] == []
        )
    finally:
        await cluster.close()


async def test_an_empty_claim(pod: Pod) -> None:
    found = await pod.recover_and_look()
    assert (found.pair, found.recovered) == (False, "")
    with pytest.raises(Trouble):
        await pod.read()
    with pytest.raises(Trouble):
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
    await pod.keep()
    await pod.sh('printf half > "$1/$2"')
    await pod.take_back()
    assert await pod.stat(f"/config/{NAME}") == "1000:1001 600"


async def test_another_icloudpd_writes_in_place(pod: Pod) -> None:
    await pod.put(OLD)
    await pod.keep()
    await pod.sh('printf half > "$1/$2"')
    await pod.take_back()
    assert await pod.read() == OLD
    await pod.keep()
    await pod.sh('printf good > "$1/$2"')
    await pod.settle()
    assert (await pod.read())[0] == "good"
    assert (await pod.recover_and_look()).recovered == ""


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
