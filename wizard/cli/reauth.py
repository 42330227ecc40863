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
from wizard.icloud.input_checks import account_name, account_name_problem
from wizard.icloud.ladder import Rung
from wizard.icloud.password import Keeper
from wizard.signin.passwords import WriteOnlyKeeper, forget, keep
from wizard.signin.person import GaveUp, Outcome
from wizard.signin.prepare import PreparedSignIn
from wizard.signin.service import SignInService
from wizard.signin.summary import checked
from wizard.workspace import Request, Workspace


@dataclass(frozen=True, slots=True)
class ReauthOptions:
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
class ReauthResults:
    """How it went with each of the accounts, in their order. `left` is the one at which the person left, if they did;
    `due` says that a check found a session that does not work any more.
    """

    accounts: tuple[str, ...] = ()
    outcomes: list[Outcome] = field(default_factory=list)
    troubles: list[tuple[str, WizardError]] = field(default_factory=list)
    due: bool = False
    left: str = ""


SignInOnScreen = Callable[[Workspace, ReauthOptions], int]


def reauth(request: Request, options: ReauthOptions, on_screen: SignInOnScreen | None = None) -> int:
    """Signs every wished account in by the ladder and returns the documented exit code. Raises WizardError.

    `on_screen` does it where there is a screen; it raises what this one does.
    """
    check_options(options)
    opening = Workspace(request)
    try:
        if on_screen is not None:
            return on_screen(opening, options)
        opening.phone = lambda text: _say(f"demo phone: {text}")
        return asyncio.run(_reauth(opening, options))
    finally:
        opening.close()
        for notice in opening.notices:
            _say(f"photosync-wizard: {notice}")


def check_options(options: ReauthOptions) -> None:
    """Raises WizardError for what can't be done, before anything else happens."""
    if options.apple_id and (problem := account_name_problem(account_name(options.apple_id))):
        raise WizardError(
            "reauth.apple-id",
            f"--apple-id: {problem}",
            fix="Type it as it stands on the device under Settings, your name.",
            exit_code=Exit.USAGE,
            retry=Retry.NEVER,
        )
    if options.ask_apple and not options.check:
        raise WizardError(
            "reauth.ask-apple",
            "--ask-apple belongs to --check.",
            why="A sign-in asks Apple anyway.",
            fix="Add --check, or leave it out.",
            exit_code=Exit.USAGE,
            retry=Retry.NEVER,
        )
    if options.ics and options.check:
        raise WizardError(
            "reauth.check-ics",
            "--check signs nobody in, so it has no date for --ics.",
            fix="Leave out one of them.",
            exit_code=Exit.USAGE,
            retry=Retry.NEVER,
        )
    if options.ics:
        calendar.check(options.ics)


def check_one_account(accounts: Sequence[str], options: ReauthOptions) -> None:
    """Raises WizardError where one person's answers are given for several accounts."""
    if len(accounts) > 1 and (options.apple_id or options.password_stdin or options.code_stdin):
        raise WizardError(
            "reauth.one-account",
            "One Apple ID, password or code can be given for one account only.",
            fix=f"Say which one: --account {accounts[0]}.",
            exit_code=Exit.USAGE,
            retry=Retry.NEVER,
        )


def conclude(results: ReauthResults, reminder: str | None, options: ReauthOptions, address: Address) -> int:
    """Writes the calendar for those that are signed in, tells what failed, and returns the worst exit code.

    Raises the trouble of an only account.
    """
    troubles = list(results.troubles)
    if options.ics and results.outcomes:
        try:
            put_line(_written(reminder, options.ics))
        except WizardError as unwritten:
            troubles.append(("", unwritten))
    if troubles and len(results.accounts) == 1:
        raise troubles[0][1]
    for account, trouble in troubles:
        mark = f"photosync-wizard: {account}: " if account else "photosync-wizard: "
        print(in_words(trouble, address, sys.stderr, mark), file=sys.stderr, flush=True)
    codes = [Exit.DONE, *(trouble.exit_code for _, trouble in troubles)]
    if any(outcome.photos_trouble for outcome in results.outcomes):
        codes.append(Exit.BLOCKED)
    if results.due:
        codes.append(Exit.NEEDS_PERSON)
    if results.left:
        codes.append(Exit.NEEDS_PERSON)
        _say(_farewell(results, "Nothing on the volume has changed."))
    return int(max(codes))


def _farewell(results: ReauthResults, stays: str) -> str:
    return f"Stopped at {results.left}. {stays}" if results.left and len(results.accounts) > 1 else f"Stopped. {stays}"


async def _reauth(opening: Workspace, options: ReauthOptions) -> int:
    engine = opening.engine()
    service = SignInService(engine, opening)
    person = TerminalPerson(
        Console(opening.settings.address),
        password_promised=options.password_stdin,
        code_promised=options.code_stdin and not options.check,
        demo=bool(opening.demo_commands),
    )
    results = ReauthResults()
    try:
        await service.look()
        results.accounts = service.accounts(options.accounts)
        check_one_account(results.accounts, options)
        for account in results.accounts:
            try:
                await (_check if options.check else _sign_in)(service, account, options, person, results)
            except GaveUp:
                results.left = account
                break
            except asyncio.CancelledError:
                results.left = account
                raise
            except WizardError as trouble:
                results.troubles.append((account, trouble))
                if account != results.accounts[-1]:
                    _say(f"✗ {account}: {trouble.what} Going on with the next account.")
        return conclude(results, service.reminder(results.outcomes), options, opening.settings.address)
    except asyncio.CancelledError:  # Ctrl+C, once all is put back
        _say(_farewell(results, person.stays))
        raise
    finally:
        await engine.close()


async def _check(
    service: SignInService, account: str, options: ReauthOptions, person: TerminalPerson, results: ReauthResults
) -> None:
    start, apple_id, keeper = await _begun(service, account, options, person)
    next_rung = await service.sign_in(start, apple_id, person, keeper).check(ask_apple=options.ask_apple)
    results.due |= next_rung.rung is not Rung.WORKS
    put_line(checked(account, next_rung))


async def _sign_in(
    service: SignInService, account: str, options: ReauthOptions, person: TerminalPerson, results: ReauthResults
) -> None:
    start, apple_id, keeper = await _begun(service, account, options, person)
    sign_in = service.sign_in(start, apple_id, person, keeper, in_pod=options.in_pod, renew=options.renew)
    plan = start.preparation.plan_inside if options.in_pod else start.preparation.plan
    await person.plan(plan, account if len(results.accounts) > 1 else "")
    outcome = await sign_in.run()
    service.signed_in(account, outcome.apple_id)
    results.outcomes.append(outcome)
    if options.keep_password:
        _say(await keep(sign_in.keep_password, keeper, service.settings.address))
    for line in service.summarize(outcome):
        put_line(line)


async def _begun(
    service: SignInService, account: str, options: ReauthOptions, person: TerminalPerson
) -> tuple[PreparedSignIn, str, Keeper | None]:
    """What it starts from, the Apple ID, known or asked, and the keyring of this machine, if one is fit.

    A password from standard input comes before one that is kept there.
    """
    start = await service.prepare_sign_in(account, options.apple_id)
    apple_id = start.apple_id
    if apple_id is None:
        apple_id = await person.apple_id()
        start = await service.prepare_sign_in(account, apple_id)
    keeper = await service.keeper()
    if keeper and options.password_stdin:
        keeper = WriteOnlyKeeper(keeper)
    if options.forget_password:
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
