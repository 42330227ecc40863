"""Which icloudpd a hand-over pod asks: the one that its image has, or none, which is told before anything is asked."""

from __future__ import annotations

from typing import Any, cast

import pytest

from wizard.errors import Exit, WizardError
from wizard.handover import scripts
from wizard.handover.job import Handover
from wizard.handover.pod import HandoverPod
from wizard.kube.streams import ExecResult
from wizard.plan import CreateObject, Target


class Answering:
    """A cluster in whose pod the look-up of a program says `answer`, and all else is well."""

    def __init__(self, answer: bytes, exit_code: int = 0) -> None:
        self.answer = ExecResult(answer, b"", exit_code)

    async def exec(self, *_: object, stdin: bytes = b"", **__: object) -> ExecResult:
        return self.answer if stdin == scripts.FIND_PROGRAM.encode() else ExecResult(b"pair\n", b"", 0)


def pod(cluster: Answering) -> HandoverPod:
    target = Target("batch/v1", "Job", "jobs", "photo-sync", "it")
    made = Handover(
        CreateObject(id="start", title="Start", target=target, manifest={}), "/config", "/opt/elsewhere/icloudpd"
    )
    return HandoverPod(cast("Any", cluster), made, "youexamplecom")


@pytest.mark.parametrize(
    ("answer", "program"),
    [
        (b"/opt/my bin/icloudpd\n", ["/opt/my bin/icloudpd"]),
        (b"/app/icloudpd_ex\nicloudpd\n", ["/app/icloudpd_ex", "icloudpd"]),
    ],
)
async def test_the_one_that_is_there(answer: bytes, program: list[str]) -> None:
    it = pod(Answering(answer))
    assert (await it.recover_and_look()).pair
    assert it.sign_in_command("you@example.com")[: len(program) + 1] == [*program, "--auth-only"]


async def test_none() -> None:
    with pytest.raises(WizardError) as trouble:
        await pod(Answering(b"")).recover_and_look()
    assert (trouble.value.code, trouble.value.exit_code) == ("handover.program-not-found", Exit.BLOCKED)
    assert "/opt/elsewhere/icloudpd" in trouble.value.why
    assert "/app/icloudpd " in trouble.value.fix


async def test_a_look_that_failed_is_not_taken_for_none() -> None:
    with pytest.raises(WizardError) as trouble:
        await pod(Answering(b"", exit_code=126)).recover_and_look()
    assert trouble.value.code == "handover.script"
