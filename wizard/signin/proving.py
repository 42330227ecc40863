"""Asking the cluster's icloudpd about a session, in place or staged, and what a person is told when it does not say yes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from wizard.command import kubectl
from wizard.errors import Exit, Retry, Trouble
from wizard.handover.pod import HandoverPod
from wizard.icloudpd.proof import Proof, Verdict
from wizard.signin.person import Person, Progress, Stage, Tick

FALTERS = 3
PAUSE_SECONDS = 3.0


async def prove_in_place(pod: HandoverPod, apple_id: str) -> Proof:
    """Whether icloudpd accepts the pair in place, by a copy of it."""
    await pod.stage_copy()
    proof = await pod.prove(apple_id)
    await pod.discard()
    return proof


def password_removed(paths: tuple[str, ...]) -> tuple[str, ...]:
    """What the person is told of keyring files that were removed from the claim: a sentence for each."""
    return tuple(
        f"The Apple password that another icloudpd had left in clear in {path} on the volume was removed."
        for path in paths
    )


def password_there(paths: tuple[str, ...]) -> tuple[str, ...]:
    """What the person is told of keyring files that stay on the claim."""
    return tuple(
        f"{path} on the volume holds a password in clear. Remove it, unless your own set-up needs it." for path in paths
    )


async def patiently(prove: Callable[[], Awaitable[Proof]], person: Person, stage: Stage = Stage.PROVED) -> Proof:
    """The word of icloudpd; asked again a few times while nobody can judge the session, which costs no password."""
    proof = await prove()
    for _ in range(FALTERS - 1):
        if proof.verdict is not Verdict.NOT_JUDGED:
            break
        person.show(Progress(stage, Tick.DOING, f"{proof.why} Asking again"))
        await asyncio.sleep(PAUSE_SECONDS)
        proof = await prove()
    return proof


def refused_by_icloudpd(proof: Proof) -> Trouble:
    """Apple let us in, and the cluster's icloudpd does not get in with the same session."""
    sign = proof.reading.signs[0][0] if proof.reading.signs else None
    return Trouble(
        "renewal.refused-by-icloudpd",
        "The cluster's icloudpd does not accept the session that Apple has just given.",
        why=sign.summary if sign else f"It ended with: {proof.last_line}",
        fix="Sign in once more inside the pod, where icloudpd asks Apple itself. The session before is still in place.",
        exit_code=Exit.BLOCKED,
        retry=Retry.NOW,
    )


def not_judged(proof: Proof, pod: HandoverPod) -> Trouble:
    """Nobody can say whether the session lives: Apple did not answer, or icloudpd could not be run."""
    sign = proof.reading.signs[0][0] if proof.reading.signs else None
    return Trouble(
        "renewal.not-judged",
        sign.summary if sign else "The cluster's icloudpd could not be asked about the session.",
        why=sign.why if sign else proof.why,
        fix=f"{sign.fix if sign else 'See that the command of the CronJob runs icloudpd (iteration 2).'} "
        "The session on the volume is as it was.",
        commands=() if sign else (kubectl("get", "cronjobs", "-o", "wide", namespace=pod.namespace),),
        exit_code=Exit.BLOCKED,
        retry=Retry.LATER,
    )
