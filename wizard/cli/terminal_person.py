"""The person in front of a terminal, as `wizard.signin` sees them: asked in plain lines, or answered for by standard input."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from wizard.cli.console import Console
from wizard.errors import Exit, Retry, WizardError
from wizard.icloud.input_checks import account_name, account_name_problem, read_code
from wizard.icloud.limits import sending, wait_before
from wizard.icloud.messages import trouble
from wizard.icloud.steps import CodeWanted, SecurityKeyWanted, TermsWanted
from wizard.plan import Change, Plan
from wizard.signin.person import AnotherCode, Code, GaveUp, InUse, Stage, StageProgress, Tick

LOOK_AGAIN_SECONDS = 5.0
_SIGNS = {Tick.DOING: "◐", Tick.DONE: "✓", Tick.FAILED: "✗", Tick.SKIPPED: "·"}
_SENT = frozenset({"icloud.wrong-password", "icloud.password-changed"})


class TerminalPerson:
    """Asks on the terminal; where standard input is none, only what it was promised to hold is taken from it, once each.

    The password's line comes before the code's. On a terminal there is nothing to promise: everything is asked.
    """

    def __init__(
        self,
        console: Console,
        *,
        password_promised: bool = False,
        code_promised: bool = False,
        demo: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._console = console
        self._by_script = (password_promised or code_promised) and not console.is_terminal
        self._asks_before = console.is_terminal and not (password_promised or code_promised)
        self._password_promised = password_promised and self._by_script
        self._code_promised = code_promised and self._by_script
        self._demo = demo
        self._clock = clock
        self._last = ""
        self._waits_for: frozenset[str] = frozenset()
        self._sent: dict[str, datetime] = {}
        self._moved = False

    @property
    def stays(self) -> str:
        """What is on the volume if it ends now, in a sentence."""
        return "The new session is in place." if self._moved else "Nothing on the volume has changed."

    async def plan(self, plan: Plan, whose: str = "") -> None:
        """What will be changed, and whose session it is about where there are several.

        A person at a terminal sees the commands too, and is asked before it begins: raises GaveUp when they leave.
        """
        self._moved = False
        self._say(f"{f'{whose}: as' if whose else 'As'} far as it is needed, this will:")
        if self._asks_before and self._demo:
            self._say("! This is a demo world inside the wizard: the commands would meet your own cluster.")
        for change in plan.changes:
            self._say(f"  - {change.title}")
            if self._asks_before:
                self._command(change)
        for note in plan.notes:
            self._say(f"  {note}")
        while self._asks_before:
            match (await self._ask("Go on? [Y/n, u: how it is undone] ")).strip().lower()[:1]:
                case "" | "y":
                    return
                case "n" | "q":
                    raise GaveUp
                case "u":
                    for change in plan.changes:
                        self._tell_undo(change)

    def _command(self, change: Change) -> None:
        """What a person would type for it; a manifest that it reads is named only."""
        if command := change.command:
            self._console.say_command(command)
            if command.stdin:
                self._say(f"      (reads the manifest of {change.subject})")

    def _tell_undo(self, change: Change) -> None:
        """How it is taken back, or why nothing takes it back."""
        self._say(f"  - {change.title}{f': {change.no_undo}' if change.no_undo else ''}")
        for undo in change.undo:
            if undo.command:
                self._console.say_command(undo.command)

    def show(self, progress: StageProgress) -> None:
        """One line per movement, none twice."""
        self._waits_for = frozenset()
        self._moved = self._moved or (progress.stage, progress.tick) == (Stage.SAVED, Tick.DONE)
        if progress.command:
            self._say_once(f"{_SIGNS[progress.tick]} {progress.text}:")
            self._console.say_command(progress.command)
        else:
            self._say_once(f"{_SIGNS[progress.tick]} {progress.text}")

    async def apple_id(self) -> str:
        """The Apple ID, when nothing tells it: asked until it can be one."""
        while True:
            name = account_name(await self._ask("Apple ID: "))
            problem = account_name_problem(name)
            if not problem:
                return name
            self._say(f"! {problem}")

    async def password(self, apple_id: str, why: WizardError | None) -> str:
        """From standard input once, else without echo."""
        if self._password_promised:
            self._password_promised = False
            if password := await self._console.line():
                return password
            raise _no_more("password")
        if self._by_script:
            raise _ended(why) if why else _no_more("password")
        self._tell(why)
        if why and why.code in _SENT:
            self._say("! It was not sent again. What you type now will be sent once.")
        while not (typed := await self._ask(f"Password for {apple_id} (Ctrl+D leaves): ", secret=True)):
            self._say("Nothing was typed, and nothing was sent. Ctrl+C leaves.")
        return typed

    async def code(self, wanted: CodeWanted, why: WizardError | None) -> Code | AnotherCode:
        """Six digits, or the wish for another code; an empty line is neither."""
        if self._code_promised:
            return await self._promised_code(why)
        if self._by_script:
            raise why or _no_more("code")
        self._tell(why)
        way = sending(wanted.delivery, wanted.phone)
        is_new = self._sent.get(way) != wanted.sent_at
        self._say(_came(wanted) if is_new else "No new one was sent: type the newest that came.")
        self._sent[way] = wanted.sent_at
        while True:
            line = (await self._ask(f"Code ({_choices(wanted)}): ")).strip().lower()
            match line[:1]:
                case "":
                    self._say("Nothing was typed, and nothing was sent.")
                case "q":
                    raise GaveUp
                case "n" | "d" | "t" if another := _another(line, wanted):
                    if not (left := wait_before(self._sent, another.delivery, another.phone, self._clock())):
                        return another
                    self._say(
                        f"It can be sent again in {-(-left // timedelta(seconds=1))} seconds: Apple limits how many come."
                    )
                case _ if digits := read_code(line):
                    return Code(digits)
                case _:
                    self._tell(trouble("icloud.code-shape"))

    async def terms(self, wanted: TermsWanted) -> bool:
        """Shows them, and takes only a clear yes; a script can't give it."""
        if self._by_script:
            raise WizardError(
                "reauth.terms",
                "Apple has new terms to accept before it opens anything, and nobody is here to read them.",
                fix="Run it in a terminal, which shows them and asks, or accept them at https://www.icloud.com and start again.",
                exit_code=Exit.NEEDS_PERSON,
                retry=Retry.NEVER,
            )
        self._say("Apple has new terms to accept before it opens anything.")
        self._say(wanted.text or f"Read them at {wanted.url}.")
        return (await self._ask("Accept them? [y/N] ")).strip().lower() in ("y", "yes")

    async def security_key(self, wanted: SecurityKeyWanted) -> bool:
        """Waits until it is plugged in."""
        self._say(f"This Apple ID opens only with a security key ({', '.join(wanted.keys) or 'any of yours'}).")
        if self._by_script:
            raise WizardError(
                "reauth.key",
                "A security key has to be touched, which nobody does here.",
                fix="Run it in a terminal, with the key at hand.",
                exit_code=Exit.NEEDS_PERSON,
                retry=Retry.NEVER,
            )
        return await self._ask("Plug it in, press Enter, then touch it: ") is not None

    async def in_use(self, pods: tuple[str, ...]) -> InUse:
        """Two programs on one session spoil it. Asked once for these pods: who waits is looked after every few seconds."""
        waits = self._waits_for.issuperset(pods)
        self._say_once(f"{', '.join(pods)} uses the session just now.")
        if not waits and not self._by_script and self._console.is_terminal:
            line = (await self._ask("w: wait for it, s: stop it, q: leave [w] ")).strip().lower()
            if line.startswith("s"):
                return InUse.STOP
            if line.startswith("q"):
                return InUse.LEAVE
        if not waits:
            self._say("Waiting for it. Ctrl+C leaves.")
        self._waits_for |= frozenset(pods)
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return InUse.WAIT

    async def second_way(self, why: WizardError) -> bool:
        """Says why, and asks."""
        self._tell(why)
        if self._by_script:
            return False
        return (await self._ask("Sign in inside the pod? [Y/n] ")).strip().lower() not in ("n", "no")

    async def _promised_code(self, why: WizardError | None) -> Code:
        self._code_promised = False
        self._tell(why)
        if self._password_promised:
            self._password_promised = False
            await self._console.line()
        line = await self._console.line() or ""
        if not line.strip():
            raise _no_more("code")
        if digits := read_code(line):
            return Code(digits)
        raise trouble("icloud.code-shape")

    def _say(self, text: str) -> None:
        self._console.say(text)

    def _say_once(self, line: str) -> None:
        if line != self._last:
            self._last = line
            self._say(line)

    def _tell(self, why: WizardError | None) -> None:
        if why:
            self._console.tell(why)

    async def _ask(self, question: str, *, secret: bool = False) -> str:
        """A line from the terminal; Ctrl+C and Ctrl+D leave."""
        try:
            return await self._console.ask(question, secret=secret)
        except EOFError:
            raise GaveUp from None


def _ended(why: WizardError) -> WizardError:
    """A refusal that a script can't fix: it ends here, and the password was not tried a second time."""
    if why.code not in _SENT:
        return why
    said = f"{why.why} Standard input holds no other, so nothing was sent again."
    return WizardError(
        why.code,
        why.what,
        why=said.strip(),
        fix=why.fix,
        commands=why.commands,
        exit_code=why.exit_code,
        retry=why.retry,
    )


def _no_more(what: str) -> WizardError:
    return WizardError(
        "reauth.stdin",
        f"A {what} is needed, and standard input holds none.",
        fix=f"Put it there, with --{what}-stdin, or run it in a terminal.",
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.NEVER,
    )


def _came(request: CodeWanted) -> str:
    match request.delivery:
        case "device":
            text = "A code is on its way to your trusted devices."
        case "sms":
            text = f"A text message is on its way{' to ••' + request.phone.ending if request.phone else ''}."
        case _:
            text = "Apple has asked for a code, and does not say whether it sent one."
    return text + (" If two came: the one asked for last counts." if request.may_have_two_codes else "")


def _choices(request: CodeWanted) -> str:
    texts = tuple(f"t{number}: text ••{phone.ending}" for number, phone in enumerate(request.phones, 1))
    device = ("d: device",) if request.delivery == "sms" else ()
    again = ("n: again", *device) if request.can_be_sent_again else ()
    return ", ".join((*again, *texts, "q: leave"))


def _another(line: str, request: CodeWanted) -> AnotherCode | None:
    """The other code that a line asks for: the same way again, a device's, or a text message to a number."""
    if line[:1] in ("n", "d") and not request.can_be_sent_again:
        return None
    match line[:1]:
        case "n":
            return AnotherCode("sms" if request.delivery == "sms" else "device", request.phone)
        case "d":
            return AnotherCode("device")
        case _:
            index = _index(line[1:], len(request.phones))
            return None if index is None else AnotherCode("sms", request.phones[index])


def _index(text: str, count: int) -> int | None:
    text = text.strip() or "1"
    return int(text) - 1 if text.isdigit() and 1 <= int(text) <= count else None
