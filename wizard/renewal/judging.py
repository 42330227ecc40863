"""What the cluster's icloudpd says of a session, on the claim or staged: asked, told to the person, turned into what is known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from wizard.apply.pod import HandoverPod, OnClaim
from wizard.apply.proof import Proof, Verdict
from wizard.errors import Exit, Retry, Trouble
from wizard.icloud.files import Pair, has_token
from wizard.icloud.ladder import Known
from wizard.renewal.auth_pod import prove_in_place
from wizard.renewal.person import Person, Progress, Stage, Tick

FALTERS = 3
PAUSE_SECONDS = 3.0
NO_SESSION = "there is no session on the volume yet"


async def known(
    pod: HandoverPod, apple_id: str, found: OnClaim, person: Person, note: Callable[[str], None]
) -> tuple[Known, Pair | None]:
    """What is known of the session in place, and its files when there are both. Raises Trouble when nobody could judge it."""
    if not found.pair:
        person.show(Progress(Stage.CLAIM, Tick.DONE, NO_SESSION))
        return Known(accepted=False, readable=False), None
    person.show(Progress(Stage.CLAIM, Tick.DOING, "asking icloudpd about the session that is there"))
    proof = await prove_in_place(pod, apple_id)
    if found.attended:
        proof = await _settled(pod, apple_id, proof, note)
    if proof.verdict is Verdict.NOT_JUDGED:
        person.show(Progress(Stage.CLAIM, Tick.FAILED, proof.why))
        raise not_judged(proof, pod)
    pair = Pair(apple_id, *await pod.read())
    person.show(Progress(Stage.CLAIM, Tick.DONE, "the session works" if proof.accepted else "the session has ended"))
    tokens = {name: has_token(pair, name) for name in ("session_token", "trust_token")}
    return Known(accepted=proof.accepted, readable=True, **tokens), pair


async def _settled(pod: HandoverPod, apple_id: str, proof: Proof, note: Callable[[str], None]) -> Proof:
    """The wizard died while it answered another icloudpd: what that one wrote is good, or the pair before is put back."""
    if proof.verdict is Verdict.NOT_JUDGED:
        return proof
    if proof.accepted:
        await pod.settle()
        return proof
    await pod.take_back()
    note("An earlier sign-in was cut off; the session before it was put back.")
    return await prove_in_place(pod, apple_id)


async def prove_staged(pod: HandoverPod, apple_id: str, person: Person) -> Proof:
    """The word of icloudpd on the staged pair; asked again a few times while Apple falters, which costs no password."""
    proof = await pod.prove(apple_id)
    for _ in range(FALTERS - 1):
        if proof.verdict is not Verdict.NOT_JUDGED:
            break
        person.show(Progress(Stage.PROVED, Tick.DOING, "icloudpd got no answer; asking again"))
        await asyncio.sleep(PAUSE_SECONDS)
        proof = await pod.prove(apple_id)
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
        commands=() if sign else (f"kubectl -n {pod.namespace} get cronjobs -o wide",),
        exit_code=Exit.BLOCKED,
        retry=Retry.LATER,
    )
