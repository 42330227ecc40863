"""The command `reauth` without a screen: questions on the terminal, or answers from standard input; three lines at the end.

What is asked goes to standard error, what came of it to standard output.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from wizard.errors import Exit, Retry, Trouble
from wizard.icloud.aside import aside
from wizard.icloud.calendar import save
from wizard.icloud.steps import CodeWanted, SecurityKeyWanted, TermsWanted
from wizard.model import Plan
from wizard.opening import Opening, Request
from wizard.renewal.begin import Start
from wizard.renewal.desk import Desk
from wizard.renewal.person import AnotherCode, Code, GaveUp, InUse, Outcome, Progress, Tick
from wizard.renewal.renew import Renewal
from wizard.renewal.telling import checked

_SIGNS = {Tick.DOING: "◐", Tick.DONE: "✓", Tick.FAILED: "✗", Tick.SKIPPED: "·"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asked for."""

    accounts: tuple[str, ...] = ()
    apple_id: str | None = None
    check: bool = False
    in_pod: bool = False
    password_stdin: bool = False
    code_stdin: bool = False
    keep_password: bool = False
    forget_password: bool = False
    ics: Path | None = None


OnScreen = Callable[[Opening, Wish], int]


def reauth(request: Request, wish: Wish, on_screen: OnScreen | None = None) -> int:
    """Signs every wished account in by the ladder and returns the documented exit code. Raises Trouble.

    `on_screen` does it where there is a screen; it raises what this one does, and GaveUp.
    """
    opening = Opening(request)
    try:
        if on_screen is not None:
            return on_screen(opening, wish)
        opening.phone = lambda text: print(f"demo phone: {text}", file=sys.stderr, flush=True)
        return asyncio.run(_reauth(opening, wish))
    except GaveUp:
        print("Left. What was there before is still in place.", file=sys.stderr)
        return int(Exit.NEEDS_PERSON)
    finally:
        opening.close()
        for notice in opening.notices:
            print(f"photosync-wizard: {notice}", file=sys.stderr)


async def _reauth(opening: Opening, wish: Wish) -> int:
    engine = opening.engine()
    desk = Desk(engine, opening)
    person = TerminalPerson(Answers.from_stdin(wish.password_stdin, wish.code_stdin))
    try:
        await desk.look()
        accounts = desk.accounts(wish.accounts)
        check_one_account(accounts, wish)
        outcomes = []
        for account in accounts:
            start = await desk.begin(account, wish.apple_id)
            renewal = await _renewal(desk, start, wish, person)
            if wish.check:
                print(checked(account, await renewal.check()))
                continue
            person.plan(start.preparation.plan)
            outcome = await renewal.run()
            desk.signed_in(account, outcome.apple_id)
            await _keep_password(renewal, wish)
            outcomes.append(outcome)
            print(*desk.told(outcome), sep="\n", flush=True)
        if wish.ics and outcomes:
            print(write_reminder(desk.reminder(outcomes), wish.ics))
        return int(exit_code(outcomes))
    finally:
        await engine.close()


def check_one_account(accounts: Sequence[str], wish: Wish) -> None:
    """Raises Trouble where one person's answers are given for several accounts."""
    if len(accounts) > 1 and (wish.apple_id or wish.password_stdin or wish.code_stdin):
        raise Trouble(
            "reauth.one-account",
            "One Apple ID, password or code can be given for one account only.",
            fix=f"Say which one: --account {accounts[0]}.",
            exit_code=Exit.USAGE,
            retry=Retry.NEVER,
        )


def exit_code(outcomes: Sequence[Outcome]) -> Exit:
    """What the command ends with when every account was signed in."""
    return Exit.BLOCKED if any(outcome.photos_trouble for outcome in outcomes) else Exit.DONE


def write_reminder(text: str | None, file: Path) -> str:
    """Writes the calendar, and says so in a line. Raises Trouble."""
    if text is None:
        return f"There is no date to put into {file}."
    save(text, file)
    return f"  {file} has the date for your calendar, with a reminder some days before."


async def _renewal(desk: Desk, start: Start, wish: Wish, person: TerminalPerson) -> Renewal:
    apple_id = start.apple_id or await person.apple_id()
    keeper = None if wish.password_stdin else await desk.keeper()
    if wish.forget_password and keeper:
        await keeper.delete(apple_id)
    return desk.renewal(start, apple_id, person, keeper, in_pod=wish.in_pod)


async def _keep_password(renewal: Renewal, wish: Wish) -> None:
    if not wish.keep_password:
        return
    if renewal.keeper is None:
        print("There is no keyring here that keeps a password safe; it will be asked for each time.", file=sys.stderr)
    else:
        await renewal.keep_password()


@dataclass(slots=True)
class Answers:
    """What standard input holds, if it was promised to: a password, a code, or both in this order. Each is used once."""

    password: str | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)
    code_promised: bool = False
    _stream: TextIO | None = field(default=None, repr=False)

    @classmethod
    def from_stdin(cls, password: bool, code: bool, stream: TextIO | None = None) -> Answers:
        """Reads the password's line at once; the code's when it is needed, since it may not be known before."""
        stream = stream or sys.stdin
        first = stream.readline().rstrip("\r\n") if password else None
        return cls(first, None, code, stream)

    def take_password(self) -> str | None:
        """The password, the first time."""
        taken, self.password = self.password, None
        return taken

    async def take_code(self) -> str | None:
        """The code, the first time."""
        if not self.code_promised or self._stream is None:
            return None
        self.code_promised = False
        line: str = await aside(self._stream.readline, limit=600)
        return line.strip() or None


class TerminalPerson:
    """Asks on the terminal itself, so that standard input and output stay free for data."""

    def __init__(self, answers: Answers, say: Callable[[str], None] | None = None) -> None:
        self._answers = answers
        self._stdin_only = answers.password is not None or answers.code_promised
        self._say = say or (lambda text: print(text, file=sys.stderr, flush=True))
        self._last = ""

    def plan(self, plan: Plan) -> None:
        """What will be changed."""
        self._say("This will:")
        for action in plan.actions:
            self._say(f"  - {action.title}")
        for note in plan.notes:
            self._say(f"  {note}")

    def show(self, progress: Progress) -> None:
        """One line per movement, none twice."""
        line = f"{_SIGNS[progress.tick]} {progress.text}"
        if line != self._last:
            self._last = line
            self._say(line)

    async def apple_id(self) -> str:
        """The Apple ID, when nothing tells it."""
        return await self._ask("Apple ID: ")

    async def password(self, apple_id: str, why: Trouble | None) -> str:
        """From standard input once, else without echo."""
        if (given := self._answers.take_password()) is not None:
            return given
        self._tell(why)
        if self._stdin_only:
            raise why or _no_more("password")
        return await self._ask(f"Password for {apple_id}: ", secret=True)

    async def code(self, wanted: CodeWanted, why: Trouble | None) -> Code | AnotherCode:
        """Six digits, `n` for another one, or `t` for a text message."""
        self._tell(why)
        if (given := await self._answers.take_code()) is not None:
            return Code(given)
        if self._stdin_only:
            raise why or _no_more("code")
        self._say(_came(wanted))
        while True:
            line = (await self._ask("Code (or n: send again" + _choices(wanted) + ", q: leave): ")).strip().lower()
            if line == "q":
                raise GaveUp
            if line in ("n", ""):
                return AnotherCode("sms" if wanted.delivery == "sms" else "device", wanted.phone)
            if line.startswith("t") and (index := _index(line[1:], len(wanted.phones))) is not None:
                return AnotherCode("sms", wanted.phones[index])
            return Code(line)

    async def terms(self, wanted: TermsWanted) -> bool:
        """Shows them, and takes only a clear yes."""
        self._say(wanted.text or f"Apple has new terms. Read them at {wanted.url}.")
        return not self._stdin_only and (await self._ask("Accept them? [y/N] ")).strip().lower() in ("y", "yes")

    async def security_key(self, wanted: SecurityKeyWanted) -> bool:
        """Waits until it is plugged in."""
        self._say(f"This Apple ID opens only with a security key ({', '.join(wanted.keys) or 'any of yours'}).")
        return not self._stdin_only and await self._ask("Plug it in, press Enter, then touch it: ") is not None

    async def in_use(self, pods: tuple[str, ...]) -> InUse:
        """Two programs on one session spoil it."""
        self._say(f"{', '.join(pods)} uses the session just now.")
        if self._stdin_only or not sys.stdin.isatty():
            await asyncio.sleep(5)
            return InUse.WAIT
        line = (await self._ask("w: wait for it, s: stop it, q: leave [w] ")).strip().lower()
        if line.startswith("s"):
            return InUse.STOP
        if line.startswith("q"):
            return InUse.LEAVE
        await asyncio.sleep(5)
        return InUse.WAIT

    async def second_way(self, why: Trouble) -> bool:
        """Says why, and asks."""
        self._tell(why)
        return not self._stdin_only and (await self._ask("Sign in inside the pod? [Y/n] ")).strip().lower() not in (
            "n",
            "no",
        )

    def _tell(self, why: Trouble | None) -> None:
        if why:
            for line in why.lines():
                self._say(f"! {line}")

    async def _ask(self, question: str, *, secret: bool = False) -> str:
        """A line from the terminal; the wait can be left with Ctrl+C."""
        if not sys.stdin.isatty():
            raise Trouble(
                "reauth.no-terminal",
                "There is something to ask, and no terminal to ask it on.",
                fix="Run it in a terminal, or give --apple-id, --password-stdin and --code-stdin.",
                exit_code=Exit.NEEDS_PERSON,
                retry=Retry.NEVER,
            )
        import getpass  # noqa: PLC0415 - only where somebody is asked

        def ask() -> str:
            if secret:
                return getpass.getpass(question, sys.stderr)
            print(question, end="", file=sys.stderr, flush=True)
            return sys.stdin.readline()

        try:
            answer: str = await aside(ask, limit=1200)
        except EOFError:
            raise GaveUp from None
        return answer.rstrip("\r\n")


def _no_more(what: str) -> Trouble:
    return Trouble(
        "reauth.stdin",
        f"A {what} is needed, and standard input holds none.",
        fix=f"Give it with --{what}-stdin, or run it in a terminal.",
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.NEVER,
    )


def _came(wanted: CodeWanted) -> str:
    match wanted.delivery:
        case "device":
            text = "A code is on its way to your trusted devices."
        case "sms":
            text = f"A text message is on its way{' to ••' + wanted.phone.ending if wanted.phone else ''}."
        case _:
            text = "Apple has asked for a code, and does not say whether it sent one."
    return text + (" If two came: the one asked for last counts." if wanted.may_have_two_codes else "")


def _choices(wanted: CodeWanted) -> str:
    return "".join(f", t{number}: text ••{phone.ending}" for number, phone in enumerate(wanted.phones, 1))


def _index(text: str, count: int) -> int | None:
    text = text.strip() or "1"
    return int(text) - 1 if text.isdigit() and 1 <= int(text) <= count else None
