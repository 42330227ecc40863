"""Asking the cluster's icloudpd about a session, in place or staged, and what a person is told when it does not accept it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from wizard.command import kubectl
from wizard.errors import Exit, Retry, WizardError
from wizard.handover.pod import ClaimContents, HandoverPod
from wizard.icloud.files import Pair, has_token
from wizard.icloud.ladder import SessionFacts
from wizard.icloudpd.proof import Proof, Verdict
from wizard.signin.person import Person, Stage, StageProgress, Tick

ACCEPTED = StageProgress(Stage.PROVED, Tick.DONE, "icloudpd accepts the session", as_expected=True)
NO_SESSION = "there is no session on the volume yet"
FALTERS = 3
SET_ASIDE = "The new session is kept on the volume: the next start proves it first, without another code. "
NO_SESSION_FILES = ("#LWP-Cookies-2.0\n", '{"session_token": "none"}')
"""A pair that is no session, and makes icloudpd ask Apple about it all the same: any token does."""
PAUSE_SECONDS = 3.0


async def judge_session(
    pod: HandoverPod,
    username: str,
    contents: ClaimContents,
    person: Person,
    note: Callable[[str], None],
    *,
    before_sign_in: bool,
) -> tuple[SessionFacts, Pair | None]:
    """What is known of the session in place, and its files when there are both. Raises WizardError when nobody could judge it.

    `before_sign_in`: also where that is settled without Apple, whether Apple answers the pod.
    """
    if not contents.pair:
        if before_sign_in:
            await prove_reach(pod, username, person)
        person.show(StageProgress(Stage.CLAIM, Tick.DONE, NO_SESSION))
        return SessionFacts(accepted=False, readable=False), None
    person.show(StageProgress(Stage.CLAIM, Tick.DOING, "asking icloudpd about the session that is there"))
    proof = await patiently(partial(prove_in_place, pod, username), person, Stage.CLAIM)
    if contents.attended and proof.accepted:
        for sentence in password_removed(await pod.settle()):
            note(sentence)
    if contents.attended and proof.verdict is Verdict.ENDED:
        contents = await undo_cut_off(pod, note)
        if not contents.pair:
            return await judge_session(pod, username, contents, person, note, before_sign_in=before_sign_in)
        proof = await prove_in_place(pod, username)
    if proof.verdict is Verdict.NOT_JUDGED:
        person.show(StageProgress(Stage.CLAIM, Tick.FAILED, proof.why))
        raise not_judged(proof, pod)
    if before_sign_in and not proof.answered:
        await prove_reach(pod, username, person)
    pair = Pair(username, *await pod.read())
    text = "the session works" if proof.accepted else "the session has ended"
    person.show(StageProgress(Stage.CLAIM, Tick.DONE, text))
    tokens = {name: has_token(pair, name) for name in ("session_token", "trust_token")}
    return SessionFacts(accepted=proof.accepted, readable=True, **tokens), pair


async def undo_cut_off(pod: HandoverPod, note: Callable[[str], None]) -> ClaimContents:
    """The wizard died while it answered another icloudpd, and what that one wrote is no good: what there is without it."""
    removed = await pod.take_back()
    for sentence in ("An earlier sign-in was cut off, and what it had written was undone.", *password_removed(removed)):
        note(sentence)
    return await pod.recover_and_look()


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


async def prove_reach(pod: HandoverPod, username: str, person: Person) -> None:
    """Sees that Apple answers the pod, before a password or a code is asked for in vain. Raises WizardError when it does not."""
    person.show(StageProgress(Stage.CLAIM, Tick.DOING, "asking from the pod whether Apple answers it"))
    await pod.stage(*NO_SESSION_FILES)
    proof = await patiently(partial(pod.prove, username), person, Stage.CLAIM)
    await pod.discard()
    if proof.verdict is Verdict.NOT_JUDGED and not proof.answered:
        person.show(StageProgress(Stage.CLAIM, Tick.FAILED, proof.why))
        raise not_judged(proof, pod)


async def prove_set_aside(pod: HandoverPod, username: str, person: Person) -> bool:
    """Whether icloudpd accepts the session that an earlier sign-in had to leave unproved; it is staged then, else forgotten.

    Raises WizardError, and keeps it, when nobody could judge it again.
    """
    person.show(
        StageProgress(
            Stage.PROVED, Tick.DOING, "asking icloudpd about the session that an earlier sign-in left unproved"
        )
    )
    await pod.stage_set_aside()
    proof = await patiently(partial(pod.prove, username), person)
    if proof.accepted:
        person.show(ACCEPTED)
        return True
    await pod.discard()
    if proof.verdict is Verdict.NOT_JUDGED:
        raise not_judged(proof, pod, set_aside=True)
    await pod.forget_set_aside()
    return False


async def prove_new(pod: HandoverPod, username: str, person: Person) -> Proof:
    """What icloudpd says of the staged pair, which Apple has just given; it is kept until that is known.

    Raises WizardError when nobody could judge it: the next start proves it again.
    """
    await pod.set_aside()
    proof = await patiently(partial(pod.prove, username), person)
    if proof.accepted:
        person.show(ACCEPTED)
        return proof
    await pod.discard()
    said = pod.in_place[:1].lower() + pod.in_place[1:].rstrip(".")
    person.show(StageProgress(Stage.PROVED, Tick.FAILED, f"icloudpd does not accept it; {said}"))
    if proof.verdict is Verdict.NOT_JUDGED:
        raise not_judged(proof, pod, set_aside=True)
    await pod.forget_set_aside()
    return proof


async def patiently(prove: Callable[[], Awaitable[Proof]], person: Person, stage: Stage = Stage.PROVED) -> Proof:
    """The word of icloudpd; asked again a few times while nobody can judge the session, which costs no password.

    Not where there is no program to ask, which stays so.
    """
    proof = await prove()
    for _ in range(FALTERS - 1):
        if proof.verdict is not Verdict.NOT_JUDGED or not proof.may_differ:
            break
        person.show(StageProgress(stage, Tick.DOING, f"{proof.why} Asking again"))
        await asyncio.sleep(PAUSE_SECONDS)
        proof = await prove()
    return proof


def refused_by_icloudpd(proof: Proof, pod: HandoverPod) -> WizardError:
    """Apple let us in, and the cluster's icloudpd does not get in with the same session."""
    sign = proof.reading.signs[0][0] if proof.reading.signs else None
    return WizardError(
        "renewal.refused-by-icloudpd",
        "The cluster's icloudpd does not accept the session that Apple has just given.",
        why=sign.summary if sign else f"It ended with: {proof.last_line}",
        fix=f"Sign in once more inside the pod, where icloudpd asks Apple itself. {pod.in_place}",
        exit_code=Exit.BLOCKED,
        retry=Retry.NOW,
    )


def not_judged(proof: Proof, pod: HandoverPod, *, set_aside: bool = False) -> WizardError:
    """Nobody can say whether the session lives: Apple did not answer, or icloudpd could not be run.

    `set_aside`: it is a new one, which waits on the claim to be proved.
    """
    sign = proof.reading.signs[0][0] if proof.reading.signs else None
    return WizardError(
        "renewal.not-judged",
        sign.summary if sign else "The cluster's icloudpd could not be asked about the session.",
        why=sign.why if sign else proof.why,
        fix=f"{sign.fix if sign else 'Check that the command of the CronJob runs icloudpd (step 2).'} "
        f"{SET_ASIDE if set_aside else ''}{pod.in_place}",
        commands=() if sign else (kubectl("get", "cronjobs", "-o", "wide", namespace=pod.namespace),),
        exit_code=Exit.BLOCKED,
        retry=Retry.LATER,
    )
