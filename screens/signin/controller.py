"""The sign-in's controller: it takes what happens and what the person does, and decides what follows. It draws nothing.

The sign-in itself runs as a task that the screen's owner keeps, so that leaving puts everything back whoever closes what.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from screens.clipboard import with_way
from screens.signin.attempt import TYPED, Attempt
from screens.signin.ending import closes_itself, offers_again, offers_calendar
from screens.signin.events import (
    AccountChosen,
    Asked,
    Began,
    Broken,
    EarlyPasswordUsed,
    Ended,
    Event,
    Left,
    Moved,
    PhoneRang,
    Refused,
)
from screens.signin.files import Save, save_calendar, save_commands, save_manifest, save_unattended
from screens.signin.flow import SignInOptions, lead_to_end
from screens.signin.person import ScreenPerson
from screens.signin.plan_rows import commands
from screens.signin.questions import (
    Begin,
    CodeAsked,
    InUseAsked,
    Keep,
    KeyAsked,
    PasswordAsked,
    Question,
    Review,
    SecondWayAsked,
    Secret,
    TermsAsked,
    Way,
)
from screens.signin.state import SignInState, clock
from screens.signin.step_rows import farewell
from wizard.signin.person import AnotherCode, Code, InUse, Outcome

if TYPE_CHECKING:
    from wizard.icloud.steps import Delivery, Phone
    from wizard.signin.service import SignInService

READABLE_SECONDS = 1.5
SENT = "Apple is asked about it, once"


class Display(Protocol):
    """Whoever shows the controller's state."""

    def draw(self) -> None:
        """Shows the state as it is now."""

    def rearrange(self, *, fresh: bool = True) -> None:
        """Shows what another question takes; with `fresh` the cursor goes where it belongs."""

    def post(self, event: Event) -> None:
        """Brings the event to `SignInController.receive` when its turn comes. Called from any thread."""

    def copy(self, text: str) -> None:
        """Gives the text to the terminal's clipboard."""

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Calls back after a while."""

    def close(self) -> None:
        """Tells whoever opened it that it is over."""


@dataclass(frozen=True, slots=True)
class SignInContext:
    """What a sign-in is opened with.

    `hold` is given the running sign-in, to end it when the app ends; `save` keeps a private file and returns its path;
    `demo_commands` are what to type before any command; `earlier` are the outcomes of other accounts, for one calendar.
    """

    service: SignInService
    now: Callable[[], datetime]
    hold: Callable[[asyncio.Task[None]], object]
    save: Save
    options: SignInOptions = SignInOptions()  # noqa: RUF009 - frozen
    demo_commands: tuple[str, ...] = ()
    inline: bool = False
    offers_calendar: bool = True
    earlier: tuple[Outcome, ...] = ()


class SignInController:
    """One account's sign-in, until it is closed; begun again after a refusal."""

    def __init__(self, context: SignInContext, display: Display) -> None:
        self._context = context
        self._service = context.service
        self._now = context.now
        self._display = display
        self._options = context.options
        self._person = ScreenPerson(display.post)
        self._task: asyncio.Task[None] | None = None
        self._state = SignInState(
            Attempt(context.options.account, self._now()),
            self._now(),
            inline=context.inline,
            way=Way.IN_POD if context.options.in_pod else Way.HERE,
            renew=context.options.renew,
            keep=context.options.keep,
            address=context.service.address,
            demo_commands=context.demo_commands,
            offers_calendar=context.offers_calendar,
        )

    @property
    def state(self) -> SignInState:
        """What is to be shown now."""
        return replace(self._state, now=self._now())

    @property
    def attempt(self) -> Attempt:
        """How far it is."""
        return self._state.attempt

    @property
    def farewell(self) -> str:
        """What there is to say to somebody who leaves now; nothing once it has ended."""
        return "" if self.attempt.ended else farewell(self.attempt)

    def start(self) -> None:
        """Begins at once: nothing is changed before the plan was seen."""
        self._service.listen(lambda text: self._display.post(PhoneRang(text)))
        self._begin()

    def _begin(self) -> None:
        """Begins, or begins again after a refusal."""
        attempt = Attempt(self._options.account, self._now())
        self._set(attempt=attempt, side_page="", hint="", other_code=False, unattended=None)
        self._person = ScreenPerson(self._display.post)
        leading = lead_to_end(self._service, self._person, self._options, lambda: self._state.keep, self._display.post)
        self._task = asyncio.create_task(leading, name="sign-in")
        self._context.hold(self._task)
        self._display.rearrange()

    def _set(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)

    # What happens

    def receive(self, event: Event) -> None:
        """Takes notice of an event. Raises the error of a program that has failed, to end the app."""
        now = self._now()
        match event:
            case AccountChosen():
                self._account_chosen(event)
            case Began(password_kept=kept):
                self._set(attempt=replace(self.attempt, under_way=True, began=now), password_kept=kept)
                self._display.rearrange()
            case Moved(progress=progress):
                self._set(attempt=self.attempt.moved(progress, now, self._state.address))
                self._display.draw()
            case Asked(question=question):
                self._asked(question)
            case EarlyPasswordUsed():
                self._set(attempt=self.attempt.used(SENT, now))
                self._display.draw()
            case PhoneRang(text=text):
                self._set(demo=text)
                self._display.draw()
            case Ended(outcome=outcome, lines=lines):
                self._ended(outcome, lines)
            case Refused(error=problem):
                self._set(attempt=self.attempt.failed(problem, now), side_page="", hint="")
                self._display.rearrange()
                if closes_itself(self.state):
                    self._display.after(READABLE_SECONDS, self._display.close)
            case Broken(error=error):
                raise error
            case Left():
                self._display.close()

    def _account_chosen(self, chosen: AccountChosen) -> None:
        self._options = replace(self._options, account=chosen.account)
        self._set(
            attempt=replace(self.attempt, account=chosen.account, apple_id=chosen.apple_id),
            keyring=chosen.keyring,
            namespace=chosen.namespace,
        )
        self._display.rearrange()

    def _asked(self, question: Question | None) -> None:
        same_kind = type(question) is type(self.attempt.question)
        self._set(attempt=self.attempt.asked(question, self._now()), side_page="", hint="", other_code=False)
        if isinstance(question, Review):
            self._set(renew=self._options.renew or question.due)
        self._display.rearrange(fresh=not same_kind)

    def _ended(self, outcome: Outcome, lines: tuple[str, ...]) -> None:
        if self._state.keep is Keep.CLUSTER:
            lines += (self._explain_unattended(),)
        self._set(attempt=self.attempt.finished(outcome, lines), side_page="", hint="")
        self._display.rearrange()
        if self._state.inline and not offers_calendar(self.state):
            self._display.after(READABLE_SECONDS, self._display.close)

    # What the person types

    def password_typed(self, secret: Secret) -> None:
        """Hands a password on."""
        question = self.attempt.question
        if not secret.reveal():
            self.say("Nothing was typed, and nothing was sent.")
        elif isinstance(question, PasswordAsked):
            self._set(hint="")
            self._answer(TYPED if question.early and not self._state.renew else SENT, secret)

    def code_typed(self, digits: str) -> None:
        """Hands six digits on."""
        question = self.attempt.question
        if not isinstance(question, CodeAsked) or len(digits) != 6:
            return
        delivery: Delivery | None = None
        if self._state.other_code:
            delivery = "device" if question.request.delivery == "sms" else "sms"
        self._answer("asking Apple about it", Code(digits, delivery))

    def apple_id_typed(self, text: str) -> None:
        """Hands the Apple ID on."""
        if text.strip():
            self._answer("", text)

    def _answer(self, words: str, value: object) -> None:
        self._set(attempt=self.attempt.answered(words, self._now()))
        self._person.answer(value)
        self._display.rearrange()

    def say(self, hint: str) -> None:
        """Shows a line about what was just done."""
        self._set(hint=hint)
        self._display.draw()

    # What the person chooses

    def choose(self, row_id: str) -> None:
        """What choosing a row does; commands are copied by `copy_commands`."""
        name, _, rest = row_id.partition("-")
        question = self.attempt.question
        match name:
            case "help":
                self.press(rest)
            case "keep":
                self._set(keep=Keep(rest))
                self._display.rearrange()
            case "renew":
                self._set_renew(rest == "yes")
            case "number" if isinstance(question, CodeAsked):
                self._ask_for("sms", question.request.phones[int(rest)])
            case "account":
                self._answer("", rest)
            case "second" if isinstance(question, SecondWayAsked):
                self._set(attempt=replace(self.attempt, inside=rest == "yes"))
                self._answer("", rest == "yes")
            case "terms" | "key" if isinstance(question, TermsAsked | KeyAsked):
                self._answer("", rest == "yes")
            case "in" if isinstance(question, InUseAsked):
                choice = InUse(rest.removeprefix("use-"))
                if choice is InUse.STOP:
                    self._set(attempt=self.attempt.stopping(question.pods))
                self._answer("", choice)
            case "again":
                self._set(way=Way.HERE if rest == "here" else self._state.way)
                self.press("again")
            case "back":
                self._display.close()
            case _:
                self.press(row_id)

    def press(self, name: str) -> None:
        """What a key does; without effect where it means nothing."""
        state, attempt, question = self._state, self.attempt, self.attempt.question
        match name:
            case "go" if isinstance(question, Review):
                inside = state.way is Way.IN_POD
                self._set(attempt=replace(attempt, inside=inside))
                self._answer("", Begin(state.way, state.renew and not inside))
            case "n" if isinstance(question, Review) and not state.side_page:
                self._set_renew(not state.renew)
            case "way" if isinstance(question, Review):
                self._set(way=Way.IN_POD if state.way is Way.HERE else Way.HERE)
                self._display.draw()
            case "kubectl" if isinstance(question, Review):
                if not state.side_page:
                    self._set(manifest=save_manifest(question, self._context.save))
                self._show_side_page("" if state.side_page else "kubectl")
            case "calendar" if attempt.outcome:
                self._write_calendar(attempt.outcome)
            case "calendar" | "copy" if state.side_page == "kubectl" and isinstance(question, Review):
                self.copy_commands(commands(question, self.state))
            case "calendar" | "copy" if attempt.error:
                self.copy_commands(list(state.address.lines(attempt.error.commands)))
            case "again" if offers_again(self.state):
                self._begin()
            case "done" if attempt.outcome:
                self._display.close()
            case _ if isinstance(question, CodeAsked):
                self._press_at_code(name, question)

    def _set_renew(self, renew: bool) -> None:
        question = self.attempt.question
        if isinstance(question, Review) and question.works and self._state.way is Way.HERE:
            self._set(renew=renew)
            self._display.draw()

    def _press_at_code(self, name: str, question: CodeAsked) -> None:
        request, inside = question.request, self.attempt.inside
        match name:
            case "n" if not inside:
                self._ask_for(request.delivery, request.phone)
            case "d" if not inside:
                self._ask_for("device", None)
            case "t" if len(request.phones) == 1:
                self._ask_for("sms", request.phones[0])
            case "t" if request.phones:
                self._show_side_page("numbers")
            case "b" if request.may_have_two_codes and self.attempt.two_ways and not inside:
                self._set(other_code=not self._state.other_code)
                self._display.draw()
            case "w":
                self._show_side_page("why")

    def _ask_for(self, delivery: Delivery, phone: Phone | None) -> None:
        """Asks for another code, unless one was sent on the same way within the last minute."""
        left = self.attempt.wait_before(delivery, phone, self._now())
        if left and not self.attempt.inside:
            self.say(f"It can be sent there again in {clock(left)}: Apple limits how many it sends.")
        else:
            self._set(side_page="")
            self._answer("asking for another one", AnotherCode(delivery, phone))

    def _show_side_page(self, name: str) -> None:
        self._set(side_page=name, hint="")
        self._display.rearrange()

    def leave(self) -> None:
        """One step back: out of what is looked at besides, else out of the sign-in; a second time without waiting."""
        if self._state.side_page:
            self._show_side_page("")
        elif self.attempt.ended or self.attempt.leaving or self._task is None:
            self._display.close()
        else:
            self._task.cancel()
            self._set(attempt=replace(self.attempt, question=None, leaving=self._now()))
            self._display.rearrange()

    # What is written to files

    def copy_commands(self, lines: list[str]) -> None:
        """Copies commands, and keeps them in a file too."""
        if lines:
            text = "\n".join(with_way(self._state, lines)) + "\n"
            self._display.copy(text)
            self.say(save_commands(text, self._context.save))

    def _write_calendar(self, outcome: Outcome) -> None:
        text = self._service.reminder([*self._context.earlier, outcome])
        if text is None:
            self.say("There is no date to be reminded of.")
            return
        written, hint = save_calendar(text, self._context.save)
        self._set(offers_calendar=self._state.offers_calendar and not written)
        self.say(hint)

    def _explain_unattended(self) -> str:
        """Keeps what a password in the cluster takes, for nothing of it is done here; returns the line about it."""
        from wizard.signin.summary import unattended  # noqa: PLC0415 - seldom

        instructions = unattended(self._service.settings, self.attempt.account)
        self._set(unattended=instructions)
        return save_unattended(instructions, self._state, self._context.save)
