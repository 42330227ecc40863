"""Leads one account through a sign-in: what is asked before it, the sign-in itself, and what is kept after it. No drawing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from screens.signin.events import AccountChosen, Began, Broken, Ended, Event, Left, Refused
from screens.signin.person import ScreenPerson
from screens.signin.plan_rows import signs_in_by_itself
from screens.signin.questions import AccountAsked, AppleIdAsked, Begin, Keep, Review, Way
from wizard.errors import WizardError
from wizard.icloud.input_checks import account_name, is_account_name
from wizard.icloud.messages import trouble
from wizard.signin.passwords import forget as forget_it
from wizard.signin.passwords import keep as keep_it
from wizard.signin.person import GaveUp, Outcome

if TYPE_CHECKING:
    from wizard.icloud.password import Keeper
    from wizard.signin.prepare import PreparedSignIn
    from wizard.signin.service import SignInService


@dataclass(frozen=True, slots=True)
class SignInOptions:
    """What was said before the screen opened. Without `account` the person is asked where there are several."""

    account: str = ""
    apple_id: str | None = None
    in_pod: bool = False
    keep: Keep = Keep.NOWHERE
    forget: bool = False
    renew: bool = False


async def lead_to_end(
    service: SignInService,
    person: ScreenPerson,
    options: SignInOptions,
    keep: Callable[[], Keep],
    post: Callable[[Event], object],
) -> None:
    """As `lead`, and posts how it ended."""
    end: Event
    try:
        end = Ended(*await lead(service, person, options, keep, post))
    except (GaveUp, asyncio.CancelledError):
        end = Left()
    except WizardError as problem:
        end = Refused(problem)
    except Exception as error:  # noqa: BLE001 - raised again where the app ends without showing values
        end = Broken(error)
    post(end)


async def lead(
    service: SignInService,
    person: ScreenPerson,
    options: SignInOptions,
    keep: Callable[[], Keep],
    post: Callable[[Event], object],
) -> tuple[Outcome, tuple[str, ...]]:
    """What came of it, and the lines that say so. Raises WizardError, or GaveUp; cancelled, everything is put back.

    `keep` is asked at the end where the password is to live.
    """
    snapshot = await service.look()
    accounts = snapshot.report.accounts
    account = options.account
    if not account:
        account = accounts[0].name if len(accounts) == 1 else await person.ask(AccountAsked(accounts), str)
    start, apple_id = await _who(service, person, account, options.apple_id)
    keeper = await service.keeper()
    keeper, kept, notes = await _kept(keeper, apple_id, forget=options.forget)
    post(AccountChosen(account, apple_id, keeper.name if keeper else "", service.settings.namespace))
    review = Review(
        start.preparation.plan,
        start.preparation.plan_inside,
        apple_id,
        start.source,
        keeper.name if keeper else "",
        kept,
        next((item.session for item in accounts if item.name == account), None),
        signs_in_by_itself(start.preparation, apple_id),
    )
    begin = await person.ask(review, Begin)
    post(Began(kept))
    state = review.session.state if review.session else ""
    perhaps = begin.renew or state in ("unverified", "expired")
    if begin.way is Way.HERE and not kept and perhaps:
        person.ask_early(apple_id)
    sign_in = service.sign_in(start, apple_id, person, keeper, in_pod=begin.way is Way.IN_POD, renew=begin.renew)
    try:
        outcome = await sign_in.run()
    finally:
        await person.forget_early()
    service.signed_in(account, outcome.apple_id)
    if keep() is Keep.KEYRING:
        notes += (await keep_it(sign_in.keep_password, keeper, service.settings.address),)
    return outcome, service.summarize(outcome) + notes


async def _who(
    service: SignInService, person: ScreenPerson, account: str, apple_id: str | None
) -> tuple[PreparedSignIn, str]:
    """What it starts from, and the Apple ID: known, or asked until it can be one."""
    start = await service.prepare_sign_in(account, apple_id)
    why: WizardError | None = None
    while start.apple_id is None:
        typed = account_name(await person.ask(AppleIdAsked(why), str))
        if is_account_name(typed):
            start = await service.prepare_sign_in(account, typed)
        else:
            why = trouble("icloud.apple-id")
    return start, start.apple_id


async def _kept(keeper: Keeper | None, apple_id: str, *, forget: bool) -> tuple[Keeper | None, bool, tuple[str, ...]]:
    """The keyring if it works, whether it holds the password, and what there is to say about it."""
    notes = (await forget_it(keeper, apple_id),) if forget else ()
    if keeper is None:
        return None, False, notes
    try:
        return keeper, await keeper.get(apple_id) is not None, notes
    except WizardError as refused:
        return None, False, (*notes, f"! {refused.what} {refused.fix}")
