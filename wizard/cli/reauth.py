"""The command `reauth` without a screen, and what it shares with the one on a screen: what may be wished, and how it ends.

What is asked goes to standard error, what came of it to standard output.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wizard.cli.console import Console, folded, in_words
from wizard.cli.terminal_person import TerminalPerson
from wizard.command import Address
from wizard.errors import Exit, Retry, WizardError
from wizard.icloud import calendar
from wizard.icloud.ladder import Rung
from wizard.icloud.password import Keeper
from wizard.icloud.typed import account_name, account_name_problem
from wizard.signin.begin import Start
from wizard.signin.desk import Desk
from wizard.signin.password_keeping import OnlyKeeps, forget, keep
from wizard.signin.person import GaveUp, Outcome
from wizard.signin.telling import checked
from wizard.workspace import Request, Workspace


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asked for."""

    accounts: tuple[str, ...] = ()
    apple_id: str | None = None
    check: bool = False
    ask_apple: bool = False
    in_pod: bool = False
    password_stdin: bool = False
    code_stdin: bool = False
    keep_password: bool = False
    forget_password: bool = False
    ics: Path | None = None
    renew: bool = False


@dataclass(slots=True)
class Tally:
    """How it went with each of the accounts, in their order. `left` is the one at which the person left, if they did;
    `due` says that a check found a session that does not work any more.
    """

    accounts: tuple[str, ...] = ()
    outcomes: list[Outcome] = field(default_factory=list)
    troubles: list[tuple[str, WizardError]] = field(default_factory=list)
    due: bool = False
    left: str = ""


OnScreen = Callable[[Workspace, Wish], int]


def reauth(request: Request, wish: Wish, on_screen: OnScreen | None = None) -> int:
    """Signs every wished account in by the ladder and returns the documented exit code. Raises WizardError.

    `on_screen` does it where there is a screen; it raises what this one does.
    """
    check_wish(wish)
    opening = Workspace(request)
    try:
        if on_screen is not None:
            return on_screen(opening, wish)
        opening.phone = lambda text: _say(f"demo phone: {text}")
        return asyncio.run(_reauth(opening, wish))
    finally:
        opening.close()
        for notice in opening.notices:
            _say(f"photosync-wizard: {notice}")


def check_wish(wish: Wish) -> None:
    """Raises WizardError for what can't be done, before anything else happens."""
    if wish.apple_id and (problem := account_name_problem(account_name(wish.apple_id))):
        raise WizardError(
            "reauth.apple-id",
            f"--apple-id: {problem}",
            fix="Type it as it stands on the device under Settings, your name.",
            exit_code=Exit.USAGE,
            retry=Retry.NEVER,
        )
    if wish.ask_apple and not wish.check:
        raise WizardError(
            "reauth.ask-apple",
            "--ask-apple belongs to --check.",
            why="A sign-in asks Apple anyway.",
            fix="Add --check, or leave it out.",
            exit_code=Exit.USAGE,
            retry=Retry.NEVER,
        )
    if wish.ics and wish.check:
        raise WizardError(
            "reauth.check-ics",
            "--check signs nobody in, so it has no date for --ics.",
            fix="Leave out one of them.",
            exit_code=Exit.USAGE,
            retry=Retry.NEVER,
        )
    if wish.ics:
        calendar.check(wish.ics)


def check_one_account(accounts: Sequence[str], wish: Wish) -> None:
    """Raises WizardError where one person's answers are given for several accounts."""
    if len(accounts) > 1 and (wish.apple_id or wish.password_stdin or wish.code_stdin):
        raise WizardError(
            "reauth.one-account",
            "One Apple ID, password or code can be given for one account only.",
            fix=f"Say which one: --account {accounts[0]}.",
            exit_code=Exit.USAGE,
            retry=Retry.NEVER,
        )


def conclude(tally: Tally, reminder: str | None, wish: Wish, address: Address) -> int:
    """Writes the calendar for those that are signed in, tells what failed, and returns the worst exit code.

    Raises the trouble of an only account.
    """
    troubles = list(tally.troubles)
    if wish.ics and tally.outcomes:
        try:
            put_line(_written(reminder, wish.ics))
        except WizardError as unwritten:
            troubles.append(("", unwritten))
    if troubles and len(tally.accounts) == 1:
        raise troubles[0][1]
    for account, trouble in troubles:
        mark = f"photosync-wizard: {account}: " if account else "photosync-wizard: "
        print(in_words(trouble, address, sys.stderr, mark), file=sys.stderr, flush=True)
    codes = [Exit.DONE, *(trouble.exit_code for _, trouble in troubles)]
    if any(outcome.photos_trouble for outcome in tally.outcomes):
        codes.append(Exit.BLOCKED)
    if tally.due:
        codes.append(Exit.NEEDS_PERSON)
    if tally.left:
        codes.append(Exit.NEEDS_PERSON)
        _say(_farewell(tally, "What was there before is still in place."))
    return int(max(codes))


def _farewell(tally: Tally, stays: str) -> str:
    return f"Stopped at {tally.left}. {stays}" if tally.left and len(tally.accounts) > 1 else f"Stopped. {stays}"


async def _reauth(opening: Workspace, wish: Wish) -> int:
    engine = opening.engine()
    desk = Desk(engine, opening)
    person = TerminalPerson(
        Console(opening.settings.address),
        password_promised=wish.password_stdin,
        code_promised=wish.code_stdin and not wish.check,
        demo=bool(opening.demo_commands),
    )
    tally = Tally()
    try:
        await desk.look()
        tally.accounts = desk.accounts(wish.accounts)
        check_one_account(tally.accounts, wish)
        for account in tally.accounts:
            try:
                await (_check if wish.check else _sign_in)(desk, account, wish, person, tally)
            except GaveUp:
                tally.left = account
                break
            except asyncio.CancelledError:
                tally.left = account
                raise
            except WizardError as trouble:
                tally.troubles.append((account, trouble))
                if account != tally.accounts[-1]:
                    _say(f"✗ {account}: {trouble.what} The next account has its turn.")
        return conclude(tally, desk.reminder(tally.outcomes), wish, opening.settings.address)
    except asyncio.CancelledError:  # Ctrl+C, once all is put back
        _say(_farewell(tally, person.stays))
        raise
    finally:
        await engine.close()


async def _check(desk: Desk, account: str, wish: Wish, person: TerminalPerson, tally: Tally) -> None:
    start, apple_id, keeper = await _begun(desk, account, wish, person)
    found = await desk.renewal(start, apple_id, person, keeper).check(ask_apple=wish.ask_apple)
    tally.due |= found.rung is not Rung.WORKS
    put_line(checked(account, found))


async def _sign_in(desk: Desk, account: str, wish: Wish, person: TerminalPerson, tally: Tally) -> None:
    start, apple_id, keeper = await _begun(desk, account, wish, person)
    renewal = desk.renewal(start, apple_id, person, keeper, in_pod=wish.in_pod, renew=wish.renew)
    plan = start.preparation.plan_inside if wish.in_pod else start.preparation.plan
    await person.plan(plan, account if len(tally.accounts) > 1 else "")
    outcome = await renewal.run()
    desk.signed_in(account, outcome.apple_id)
    tally.outcomes.append(outcome)
    if wish.keep_password:
        _say(await keep(renewal, keeper, desk.settings.address))
    for line in desk.told(outcome):
        put_line(line)


async def _begun(desk: Desk, account: str, wish: Wish, person: TerminalPerson) -> tuple[Start, str, Keeper | None]:
    """What it starts from, the Apple ID, known or asked, and the keyring of this machine, if one is fit.

    A password from standard input comes before one that is kept there.
    """
    start = await desk.begin(account, wish.apple_id)
    apple_id = start.apple_id
    if apple_id is None:
        apple_id = await person.apple_id()
        start = await desk.begin(account, apple_id)
    keeper = await desk.keeper()
    if keeper and wish.password_stdin:
        keeper = OnlyKeeps(keeper)
    if wish.forget_password:
        _say(await forget(keeper, apple_id))
    return start, apple_id, keeper


def _written(text: str | None, file: Path) -> str:
    if text is None:
        return f"! There is no date to put into {file}."
    calendar.save(text, file)
    return f"  {file} has the date for your calendar, with a reminder some days before."


def put_line(line: str) -> None:
    """One line of what came of it."""
    print(folded(line, sys.stdout), flush=True)


def _say(line: str) -> None:
    print(folded(line, sys.stderr), file=sys.stderr, flush=True)
