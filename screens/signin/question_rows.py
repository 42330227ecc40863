"""What a sign-in asks, as rows: the words above the line or the boxes, and what there is to choose below them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from screens.signin.attempt import PASSWORD
from screens.signin.questions import CodeAsked, InUseAsked, Keep, KeyAsked, PasswordAsked, SecondWayAsked
from screens.signin.state import SignInState, clock
from screens.widgets.rows import Heading, Item, Row, Text
from screens.words import MUTED
from wizard.signin.person import Tick

if TYPE_CHECKING:
    from wizard.errors import WizardError
    from wizard.icloud.steps import CodeWanted, Delivery, Phone, TermsWanted

WAITING_POD = "renewal.auth-pod-waits"
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth")
_ONE_TRY = "icloudpd allows one try: a wrong one ends it, and you start over."


def problem(why: WizardError | None, *, short: bool = False) -> Iterator[Row]:
    """What was wrong with the answer before."""
    if why is None:
        return
    yield Item(sign="✗", text=why.what, style="bold")
    rest = " ".join(part for part in ("" if short else why.why, why.fix) if part)
    if rest:
        yield Text(text=rest, indent=2)


# The password


def above_password(question: PasswordAsked, state: SignInState) -> Iterator[Row]:
    """What was wrong, and whose password it is."""
    times = state.attempt.times_refused
    if question.why is not None and question.why.code == "icloud.wrong-password" and times > 1:
        yield Item(sign="✗", text=f"{question.why.what} That is the {_ordinal(times)} refusal.", style="bold")
        yield Text(
            text="Each was sent once. Apple locks an account after a few wrong ones: look it up before you type it again.",
            style="$text-warning",
            indent=2,
        )
    else:
        yield from problem(question.why, short=state.short and not state.inline)
    if state.hint:
        yield Text(text=state.hint, style="$text-warning")
    yield Text(text=_whose(question, state))


def _whose(question: PasswordAsked, state: SignInState) -> str:
    if question.early:
        return (
            f"Type the password of {question.apple_id} in the meantime. It is sent only if the session on the "
            "volume can't be brought back without it."
            if not state.renew
            else f"Type the password of {question.apple_id} in the meantime. It is sent to Apple once, when the pod is ready."
        )
    if state.attempt.inside:
        return (
            f"icloudpd asks for the password of {question.apple_id}. It goes through the pod's terminal, and icloudpd sends it "
            f"to Apple once. {_ONE_TRY}"
        )
    if state.short:
        return f"The password of {question.apple_id}, sent to Apple once:"
    return f"The password of {question.apple_id}. It goes to Apple once, from here, and is forgotten when the sign-in ends."


def places(state: SignInState) -> Iterator[Row]:
    """Where the password may live, the first by default."""
    choices = [(Keep.NOWHERE, "not saved: you are asked for it each time")]
    if state.keyring:
        choices.append((Keep.KEYRING, f"kept in {state.keyring}, this machine's keyring: no typing next time"))
    choices.append(
        (
            Keep.CLUSTER,
            "kept in the cluster's Secret, for unattended re-login; how is said at the end"
            if state.short
            else "kept in the cluster's Secret: icloudpd then signs in again by itself while Apple trusts it; whoever may read "
            f"Secrets in {state.namespace} can then read it. How is said at the end",
        )
    )
    for place, words in choices:
        yield Item(id=f"keep-{place}", sign="●" if place is state.keep else "○", text=words)
    if not state.keyring and not state.short:
        yield Text(text="There is no keyring here that could store a password safely.", style=MUTED, indent=2)


# The code


def above_code(question: CodeAsked, state: SignInState) -> Iterator[Row]:
    """What was wrong, what the demo's phone shows, and what is to be known about the code."""
    if question.why is not None and question.why.code == "icloud.wrong-code":
        yield from _refused_code(question.request, question.why, state)
    else:
        yield from problem(question.why, short=state.short)
    if state.demo:
        yield Text(lead="Demo phone of", text=state.demo, style="$text-accent", indent=2)
    if state.attempt.inside:
        yield Text(text=_ONE_TRY)
    elif question.request.may_have_two_codes and (state.attempt.two_ways or question.why is None):
        yield Text(text=_two_codes(question.request, state))


def _refused_code(request: CodeWanted, why: WizardError, state: SignInState) -> Iterator[Row]:
    times = state.attempt.times_refused
    again = f" That is the {_ordinal(times)} refusal." if times > 1 else ""
    yield Item(sign="✗", text=why.what + again, style="bold")
    if state.attempt.resent:
        fix = "Apple was asked for a new one: type that one, the previous one is no longer valid."
    elif request.delivery == "sms":
        fix = "No new one was sent: look at the newest message and type its code, or ask for another one."
    else:
        fix = "No new one was sent: look at the newest one and type it, or ask for another one."
    warning = "After too many wrong ones, Apple accepts no code for some hours." if times > 1 else ""
    cause = "" if state.short or times > 1 else why.why
    yield Text(text=" ".join(part for part in (cause, fix, warning) if part), indent=2)


def _two_codes(request: CodeWanted, state: SignInState) -> str:
    if not state.attempt.two_ways:
        return "More than one code may be on its way; the newest one counts."
    sms = (request.delivery == "sms") != state.other_code
    mine = "came by text message" if sms else "is shown on your device"
    before = (
        "The newest code counts." if state.short else "More than one code may be on its way; the newest one counts."
    )
    return f"{before} What you type is taken for the one that {mine}."


def more_codes(request: CodeWanted, state: SignInState) -> Iterator[Row]:
    """What to do when no code comes."""
    if state.hint:
        yield Text(text=state.hint, style="$text-warning")
    inside = state.attempt.inside
    if not inside:
        wait = _wait(state, request.delivery, request.phone)
        yield Item(id="help-n", sign="n", text=f"nothing arrived: send again{wait}")
        if request.delivery != "device":
            yield Item(id="help-d", sign="d", text=f"show a code on my devices instead{_wait(state, 'device', None)}")
    if len(request.phones) == 1:
        phone = request.phones[0]
        if request.delivery != "sms" or request.phone != phone:
            yield Item(id="help-t", sign="t", text=f"text message to •• {phone.ending}{_wait(state, 'sms', phone)}")
    elif request.phones:
        yield Item(id="help-t", sign="t", text=f"text message to one of {len(request.phones)} numbers…")
    if request.may_have_two_codes and state.attempt.two_ways and not inside:
        sms = (request.delivery == "sms") != state.other_code
        yield Item(
            id="help-b", sign="b", text=f"what I type {'is shown on my device' if sms else 'came by text message'}"
        )
    yield Item(id="help-w", sign="w", text="why a code may not arrive")


def _wait(state: SignInState, delivery: Delivery, phone: Phone | None) -> str:
    left = state.attempt.wait_before(delivery, phone, state.now)
    return f" (in {clock(left)})" if left else ""


def numbers(request: CodeWanted, state: SignInState) -> Iterator[Row]:
    """The numbers that a text message may go to."""
    yield Text(text="To which number? Apple limits how many messages each one gets.")
    if state.hint:
        yield Text(text=state.hint, style="$text-warning")
    for index, phone in enumerate(request.phones):
        wait = "" if state.attempt.inside else _wait(state, "sms", phone)
        yield Item(id=f"number-{index}", sign="·", text=f"text message to •• {phone.ending}{wait}")


def why_no_code(state: SignInState) -> Iterator[Row]:
    """What keeps codes from coming."""
    yield Heading(text="Why a code may not arrive")
    inside = (
        (
            "Here icloudpd asks Apple, not the wizard. It asks once, can't make many devices on iOS 26.4 and later "
            "show a code, and may refuse the right code from a text message. The first way, from this machine, "
            "handles both.",
        )
        if state.attempt.inside
        else ()
    )
    for text in (
        *inside,
        "It goes to devices that are switched on, online, and signed in to this Apple ID. They ask first whether to allow it, "
        "and show the code after that.",
        "On the iPhone itself: Settings, your name, Sign-In & Security, Get Verification Code. On iOS 26.4 and later that entry "
        "shows only in airplane mode: switch it on, take the code, switch it off.",
        *(
            ()
            if state.attempt.inside
            else (
                "Since iOS 26.4 a code has to be asked for, and the wizard does so. One device with it is enough to change this "
                "for all.",
                "Asking goes over websocket.push.apple.com, port 443: a proxy or a filter on the way may block it. "
                "A text message does not depend on it.",
            )
        ),
        "Codes for one sign-in expire after some minutes, and Apple limits how many it sends: wait a minute between two.",
        "icloud.com shows a code for its own sign-in. It works here for some people only.",
    ):
        yield Item(sign="·", text=text)


# Terms, keys, pods in the way, the second way


def terms(request: TermsWanted) -> Iterator[Row]:
    """The terms, whole."""
    if request.version is None or not request.text:
        yield Text(text=f"Apple has new terms to accept, and does not show them here. Read them at {request.url}.")
        return
    yield Heading(text="Apple wants these terms accepted")
    yield Text(text=request.text)


def the_matter(question: object, state: SignInState) -> Iterator[Row]:
    """What a choice is about."""
    match question:
        case InUseAsked(pods=pods, waiting=waiting):
            use = "uses" if len(pods) == 1 else "use"
            yield Text(text=f"{', '.join(pods)} {use} the session right now. Two programs using one session break it.")
            if waiting:
                yield Item(sign="◐", text="waiting for it to finish…")
        case KeyAsked(request=request):
            names = f" ({', '.join(request.keys)})" if request.keys else ""
            yield Text(
                text=f"This Apple ID opens only with a security key{names}. Plug it in, go on, then touch it when it blinks."
            )
            yield Text(
                text="This relies on pyicloud's own call; it could not be tested against Apple.",
                style=MUTED,
            )
        case SecondWayAsked(why=why):
            yield from problem(why)
            if why.code != WAITING_POD and _has_password(state):
                yield Text(text="The password is not asked for again: icloudpd sends the same one to Apple.")
        case _:
            return


def _has_password(state: SignInState) -> bool:
    """Whether a password was typed and sent, or is kept."""
    mark = state.attempt.marks.get(PASSWORD)
    return state.password_kept or (mark is not None and mark.tick is Tick.DONE)


def the_choice(question: object) -> Iterator[Row]:
    """What there is to choose from."""
    match question:
        case InUseAsked(pods=pods, waiting=waiting):
            it = "it has" if len(pods) == 1 else "they have"
            if not waiting:
                yield Item(id="in-use-wait", sign="·", text=f"wait until {it} finished")
            yield Item(
                id="in-use-stop",
                sign="·",
                text=f"stop {'it' if len(pods) == 1 else 'them'}: what is downloaded stays, the next run continues from there",
            )
            yield Item(id="in-use-leave", sign="·", text="leave")
        case KeyAsked():
            yield Item(id="key-yes", sign="·", text="it is plugged in: go on")
            yield Item(id="key-no", sign="·", text="leave")
        case SecondWayAsked(why=why) if why.code == WAITING_POD:
            yield Item(id="second-yes", sign="·", text="answer it there: the second way, inside the pod")
            yield Item(id="second-no", sign="·", text="sign in from here: that pod is removed")
        case SecondWayAsked():
            yield Item(id="second-yes", sign="·", text="the second way: let icloudpd itself sign in, inside the pod")
            yield Item(id="second-no", sign="·", text="leave; nothing on the volume changes")
        case _:
            return


def _ordinal(times: int) -> str:
    return _ORDINALS[times] if times < len(_ORDINALS) else f"{times}th"
