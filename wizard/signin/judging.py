"""What is known of the session on the claim: what icloudpd says of it, told to the person, and what its files hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from wizard.handover.pod import HandoverPod, OnClaim
from wizard.icloud.files import Pair, has_token
from wizard.icloud.ladder import Known
from wizard.icloudpd.proof import Proof, Verdict
from wizard.signin.person import Person, Progress, Stage, Tick
from wizard.signin.proving import not_judged, password_removed, patiently, prove_in_place, prove_reach

NO_SESSION = "there is no session on the volume yet"


async def known(
    pod: HandoverPod,
    username: str,
    found: OnClaim,
    person: Person,
    note: Callable[[str], None],
    *,
    before_sign_in: bool,
) -> tuple[Known, Pair | None]:
    """What is known of the session in place, and its files when there are both. Raises WizardError when nobody could judge it.

    `before_sign_in`: also where that is settled without Apple, whether Apple answers the pod.
    """
    if not found.pair:
        if before_sign_in:
            await prove_reach(pod, username, person)
        person.show(Progress(Stage.CLAIM, Tick.DONE, NO_SESSION))
        return Known(accepted=False, readable=False), None
    person.show(Progress(Stage.CLAIM, Tick.DOING, "asking icloudpd about the session that is there"))
    proof = await patiently(partial(prove_in_place, pod, username), person, Stage.CLAIM)
    if found.attended:
        proof = await _settled(pod, username, proof, note)
    if proof.verdict is Verdict.NOT_JUDGED:
        person.show(Progress(Stage.CLAIM, Tick.FAILED, proof.why))
        raise not_judged(proof, pod)
    if before_sign_in and not proof.answered:
        await prove_reach(pod, username, person)
    pair = Pair(username, *await pod.read())
    person.show(Progress(Stage.CLAIM, Tick.DONE, "the session works" if proof.accepted else "the session has ended"))
    tokens = {name: has_token(pair, name) for name in ("session_token", "trust_token")}
    return Known(accepted=proof.accepted, readable=True, **tokens), pair


async def _settled(pod: HandoverPod, username: str, proof: Proof, note: Callable[[str], None]) -> Proof:
    """The wizard died while it answered another icloudpd: what that one wrote is good, or the pair before is put back."""
    if proof.verdict is Verdict.NOT_JUDGED:
        return proof
    if proof.accepted:
        for sentence in password_removed(await pod.settle()):
            note(sentence)
        return proof
    removed = await pod.take_back()
    for sentence in ("An earlier sign-in was cut off; the session before it was put back.", *password_removed(removed)):
        note(sentence)
    return await prove_in_place(pod, username)
