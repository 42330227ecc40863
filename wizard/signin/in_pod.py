"""The second way in: icloudpd's own questions, inside the hand-over pod, led through by the same person."""

from __future__ import annotations

from datetime import UTC, datetime

from wizard.errors import Exit, Retry, WizardError, shorten
from wizard.handover.pod import HandoverPod, proof_of
from wizard.handover.prompts import Ask, Conversation, Prompt
from wizard.icloud.steps import CodeWanted, Phone
from wizard.icloud.words import trouble
from wizard.icloudpd.proof import Proof
from wizard.icloudpd.signs import APPLE_IS_AWAY, WRONG_PASSWORD
from wizard.signin.apple import Passwords
from wizard.signin.person import AnotherCode, Person, Progress, Stage, Tick
from wizard.signin.proving import prove_new

_RETRY = {
    "account-locked": Retry.NEVER,
    **dict.fromkeys(APPLE_IS_AWAY, Retry.LATER),
    "too-many-codes": Retry.LATER,
    "web-access-off": Retry.LATER,
    "terms": Retry.LATER,
    "setup-incomplete": Retry.LATER,
}
"""When another try can be of use; after a sign that is not here, at once."""


async def sign_in_inside(pod: HandoverPod, username: str, person: Person, passwords: Passwords) -> None:
    """Signs in with icloudpd itself, into the staging folder, and proves what came of it without a password.

    Raises WizardError with icloudpd's own reason; what is in place stays as it is until the proof.
    """
    person.show(Progress(Stage.APPLE, Tick.DOING, "icloudpd signs in by itself, inside the pod"))
    await pod.clear_staging()
    async with pod.terminal(username) as stream:
        talk = Conversation(stream)
        await answer_all(talk, person, passwords)
    said = proof_of(pod.pod, talk.output.encode())
    if not said.accepted:
        raise await refused_inside(said, passwords)
    person.show(Progress(Stage.APPLE, Tick.DONE, "icloudpd has signed in"))
    person.show(Progress(Stage.PROVED, Tick.DOING, "asking it once more, without a password"))
    proof = await prove_new(pod, username, person)
    if not proof.accepted:
        raise not_lasting(proof, pod)


async def refused_inside(said: Proof, passwords: Passwords) -> WizardError:
    """It ended without getting in, for the reason that its own lines tell. A kept password that was refused is forgotten."""
    sign = said.reading.signs[0][0] if said.reading.signs else None
    if sign and sign.slug == WRONG_PASSWORD and passwords.from_keyring:
        await passwords.refused()
        return trouble("icloud.password-changed")
    return WizardError(
        "renewal.refused-inside",
        sign.summary if sign else "icloudpd ended without signing in.",
        why=sign.why if sign else shorten(said.last_line),
        fix=sign.fix if sign else "Start again.",
        exit_code=Exit.BLOCKED if sign and sign.slug in APPLE_IS_AWAY else Exit.NEEDS_PERSON,
        retry=_RETRY.get(sign.slug, Retry.NOW) if sign else Retry.NOW,
    )


def not_lasting(proof: Proof, pod: HandoverPod) -> WizardError:
    """It got in with the password, and not without it."""
    return WizardError(
        "renewal.not-lasting",
        "icloudpd signed in, and does not get in a second time without the password.",
        why=shorten(proof.last_line),
        fix=f"Start again. {pod.in_place}",
        retry=Retry.NOW,
    )


async def answer_all(talk: Conversation, person: Person, passwords: Passwords) -> None:
    """Has the person answer every question until icloudpd ends; a password that was given already is not asked for again."""
    given = passwords.used
    phones: tuple[tuple[str, str], ...] = ()
    while True:
        prompt = await talk.next_prompt()
        phones = prompt.phones or phones
        match prompt.ask:
            case Ask.ENDED:
                return
            case Ask.PASSWORD:
                await talk.type(given if given is not None else await passwords.get())
                given = None
            case Ask.DEVICE:
                await talk.type("0")
            case Ask.CODE | Ask.SMS_CODE:
                await talk.type(await _code(person, prompt, phones))


async def _code(person: Person, prompt: Prompt, phones: tuple[tuple[str, str], ...]) -> str:
    """Six digits, or the letter of the phone that is to get a message."""
    known = tuple(Phone(letter, ending[-2:]) for letter, ending in phones)
    sms = prompt.ask is Ask.SMS_CODE
    wanted = CodeWanted("sms" if sms else "device", () if sms else known, datetime.now(UTC), can_be_sent_again=False)
    why = WizardError("icloud.code-shape", prompt.again.rstrip(".") + ".", retry=Retry.NOW) if prompt.again else None
    while True:
        answer = await person.code(wanted, why)
        if not isinstance(answer, AnotherCode):
            return answer.digits
        if answer.phone is not None and known and not sms:
            return str(answer.phone.id)
        why = WizardError(
            "renewal.no-other-code",
            "icloudpd asks Apple for a code only once.",
            fix="Type the code that came, or leave and start again.",
            retry=Retry.NOW,
        )
