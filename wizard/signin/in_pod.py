"""The second way in: icloudpd signs in by itself, in the hand-over pod or in a pod that waits, and the person answers it here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from wizard.apply.planned import PlannedChanges
from wizard.errors import Exit, Retry, WizardError, shorten
from wizard.handover.pod import HandoverPod, proof_of, until_gone
from wizard.handover.prompts import Ask, Conversation, Prompt
from wizard.icloud.messages import trouble
from wizard.icloud.steps import CodeWanted, Phone
from wizard.icloudpd.proof import Proof, Verdict
from wizard.icloudpd.signs import APPLE_IS_AWAY, WRONG_PASSWORD
from wizard.signin.auth_pod import AuthPod
from wizard.signin.passwords import Passwords
from wizard.signin.person import AnotherCode, Person, Stage, StageProgress, Tick
from wizard.signin.prove import ACCEPTED, not_judged, password_removed, patiently, prove_in_place, prove_new
from wizard.steps.authentication.plan import AUTH_POD, KEEP, PROVE, WRITE

_RETRY = {
    "account-locked": Retry.NEVER,
    **dict.fromkeys(APPLE_IS_AWAY, Retry.LATER),
    "too-many-codes": Retry.LATER,
    "web-access-off": Retry.LATER,
    "terms": Retry.LATER,
    "setup-incomplete": Retry.LATER,
}
"""When another try can be of use; after a sign that is not here, at once."""


async def sign_in_inside(
    planned: PlannedChanges, pod: HandoverPod, username: str, person: Person, passwords: Passwords
) -> None:
    """Signs in with icloudpd itself, into the staging folder, and proves what came of it without a password.

    Raises WizardError with icloudpd's own reason; what is in place stays as it is until the proof.
    """

    async def write() -> Proof:
        await pod.clear_staging()
        async with pod.terminal(username) as stream:
            conversation = Conversation(stream)
            await answer_all(conversation, person, passwords)
        return proof_of(pod.pod, conversation.output.encode())

    person.show(StageProgress(Stage.APPLE, Tick.DOING, "icloudpd signs in by itself, inside the pod"))
    await _got_in(await planned.run(WRITE, write), person, passwords)
    proof = await planned.run(PROVE, partial(prove_new, pod, username, person))
    if not proof.accepted:
        raise _not_lasting(proof, pod)


def waits(pod: AuthPod) -> WizardError:
    """What the person is told of a pod that waits, before they choose."""
    return WizardError(
        "renewal.auth-pod-waits",
        f"Pod {pod.name} is already waiting for {pod.asks}.",
        why=f"Its icloudpd asked Apple by itself. {pod.leaves}",
        fix="Answer it there, or sign in from here, which leaves neither: the pod is removed then."
        if pod.keeps_password
        else "Answer it there, or sign in from here: the pod is removed then.",
        retry=Retry.NOW,
    )


async def answer(
    planned: PlannedChanges,
    waiting: AuthPod,
    pod: HandoverPod,
    username: str,
    person: Person,
    passwords: Passwords,
    note: Callable[[str], None],
) -> None:
    """Answers the icloudpd of a pod that waits, and proves what it wrote by the hand-over pod, without a password.

    It writes into the session in place, so the pair there is kept before anything is typed. Raises WizardError with icloudpd's
    own reason; what was there before is in place again then. However it ends, the pod is gone, and the password that it kept
    in clear too.
    """
    cluster = planned.cluster

    async def write() -> Proof:
        async with cluster.attach(waiting.namespace, waiting.name, waiting.container, tty=True) as stream:
            conversation = Conversation(stream, waiting.screen)
            await answer_all(conversation, person, passwords)
        return proof_of(waiting.name, conversation.output.encode())

    person.show(
        StageProgress(Stage.APPLE, Tick.DOING, f"answering icloudpd in pod {waiting.name}", answers=waiting.name)
    )
    await planned.run(KEEP, partial(pod.keep, keyring_stays=bool(pod.keyring) and not waiting.has_password))
    settled = False
    try:
        try:
            answered = await planned.run(WRITE, write)
        finally:
            await remove(planned)
        await _got_in(answered, person, passwords)
        proof = await planned.run(PROVE, lambda: patiently(partial(prove_in_place, pod, username), person))
        if proof.verdict is Verdict.NOT_JUDGED:
            await pod.stage_copy()
            await pod.set_aside()
            await pod.discard()
            raise not_judged(proof, pod, set_aside=True)
        if not proof.accepted:
            raise _not_lasting(proof, pod)
        _tell_removed(await pod.settle(), person, note)
        settled = True
        person.show(ACCEPTED)
    finally:
        if not settled:
            _tell_removed(await pod.take_back(), person, note)


async def remove(planned: PlannedChanges) -> None:
    """Deletes the pod that somebody left for signing in, and waits until it is gone, log and all."""
    await planned.make(AUTH_POD)
    await until_gone(planned.cluster, planned[AUTH_POD].target.path)


def _tell_removed(paths: tuple[str, ...], person: Person, note: Callable[[str], None]) -> None:
    for sentence in password_removed(paths):
        person.show(StageProgress(Stage.CLAIM, Tick.DONE, sentence.rstrip(".")))
        note(sentence)


async def _got_in(answered: Proof, person: Person, passwords: Passwords) -> None:
    """Goes on where icloudpd has signed in. Raises WizardError with its own reason."""
    if not answered.accepted:
        raise await _refused(answered, passwords)
    person.show(StageProgress(Stage.APPLE, Tick.DONE, "icloudpd has signed in"))
    person.show(StageProgress(Stage.PROVED, Tick.DOING, "asking it once more, without a password"))


async def _refused(answered: Proof, passwords: Passwords) -> WizardError:
    """It ended without getting in, for the reason that its own lines tell. A kept password that was refused is forgotten."""
    sign = answered.reading.signs[0][0] if answered.reading.signs else None
    if sign and sign.slug == WRONG_PASSWORD and passwords.from_keyring:
        await passwords.refused()
        return trouble("icloud.password-changed")
    return WizardError(
        "renewal.refused-inside",
        sign.summary if sign else "icloudpd ended without signing in.",
        why=sign.why if sign else shorten(answered.last_line),
        fix=sign.fix if sign else "Start again.",
        exit_code=Exit.BLOCKED if sign and sign.slug in APPLE_IS_AWAY else Exit.NEEDS_PERSON,
        retry=_RETRY.get(sign.slug, Retry.NOW) if sign else Retry.NOW,
    )


def _not_lasting(proof: Proof, pod: HandoverPod) -> WizardError:
    """It got in with the password, and not without it."""
    return WizardError(
        "renewal.not-lasting",
        "icloudpd signed in, but does not get in a second time without the password.",
        why=shorten(proof.last_line),
        fix=f"Start again. {pod.in_place}",
        retry=Retry.NOW,
    )


async def answer_all(conversation: Conversation, person: Person, passwords: Passwords) -> None:
    """Has the person answer every question until icloudpd ends; a password that was given already is not asked for again."""
    password = passwords.used
    phones: tuple[tuple[str, str], ...] = ()
    while True:
        prompt = await conversation.next_prompt()
        phones = prompt.phones or phones
        match prompt.ask:
            case Ask.ENDED:
                return
            case Ask.PASSWORD:
                await conversation.type(password if password is not None else await passwords.get())
                password = None
            case Ask.DEVICE:
                await conversation.type("0")
            case Ask.CODE | Ask.SMS_CODE:
                await conversation.type(await _code(person, prompt, phones))


async def _code(person: Person, prompt: Prompt, phones: tuple[tuple[str, str], ...]) -> str:
    """Six digits, or the letter of the phone that is to get a message."""
    numbers = tuple(Phone(letter, ending[-2:]) for letter, ending in phones)
    sms = prompt.ask is Ask.SMS_CODE
    request = CodeWanted("sms" if sms else "device", () if sms else numbers, datetime.now(UTC), can_be_sent_again=False)
    why = WizardError("icloud.code-shape", prompt.again.rstrip(".") + ".", retry=Retry.NOW) if prompt.again else None
    while True:
        answer = await person.code(request, why)
        if not isinstance(answer, AnotherCode):
            return answer.digits
        if answer.phone is not None and numbers and not sms:
            return str(answer.phone.id)
        why = WizardError(
            "renewal.no-other-code",
            "icloudpd asks Apple for a code only once.",
            fix="Type the code that came, or leave and start again.",
            retry=Retry.NOW,
        )
