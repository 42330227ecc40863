"""What a person can do in a sign-in: type, choose, press; each leads to an answer, a look aside, or a file. It leads nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from textual import on
from textual.message import Message
from textual.widgets import Input

from screens.clipboard import with_way
from screens.signin.attempt import TYPED, Attempt
from screens.signin.ending import offers_again
from screens.signin.panel import SignInPanel
from screens.signin.plan_rows import commands, manifest
from screens.signin.questions import (
    Begin,
    CodeAsked,
    InUseAsked,
    Keep,
    KeyAsked,
    PasswordAsked,
    Review,
    ScreenPerson,
    SecondWayAsked,
    Secret,
    TermsAsked,
    Way,
)
from screens.signin.state import SignInState, clock
from screens.widgets.code_boxes import CodeBoxes
from screens.widgets.page import Page
from screens.widgets.rows import Command
from screens.widgets.secret_input import SecretInput
from wizard.signin.person import AnotherCode, Code, InUse, Outcome

if TYPE_CHECKING:
    from wizard.icloud.steps import Delivery, Phone
    from wizard.signin.desk import Desk

CALENDAR_NAME = "photosync-sign-in.ics"
COMMANDS_NAME = "sign-in-commands.sh"
UNATTENDED_NAME = "unattended-sign-in.sh"
SENT = "Apple is asked about it, once"


class SignInDoing(SignInPanel):
    """The sign-in's state, and what changes it from the person's side.

    `before` are the outcomes of other accounts, for one calendar; `save` keeps a private file and says where.
    """

    def __init__(
        self,
        state: SignInState,
        desk: Desk,
        *,
        now: Callable[[], datetime],
        save: Callable[[str, str], str],
        before: Sequence[Outcome],
        banner: str,
        inline: bool,
    ) -> None:
        super().__init__(inline=inline, banner=banner)
        self._state = state
        self._desk = desk
        self._now = now
        self._save = save
        self._before = tuple(before)
        self.person = ScreenPerson(self._post)

    def state(self) -> SignInState:
        """What is to be drawn now."""
        return replace(self._state, now=self._now())

    @property
    def attempt(self) -> Attempt:
        """How far it is."""
        return self._state.attempt

    def _set(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)

    def _post(self, message: Message) -> None:
        if self.is_attached:
            self.post_message(message)

    def begin(self) -> None:
        """Begins, or begins again after a refusal."""
        raise NotImplementedError

    def close(self) -> None:
        """Tells whoever opened it."""
        raise NotImplementedError

    # What the person types

    @on(SecretInput.Given)
    def password_given(self) -> None:
        """Hands the password on and forgets it."""
        question = self.attempt.question
        secret = Secret(self.secret.take())
        if not secret.reveal():
            self._say("Nothing was typed, and nothing was sent.")
        elif isinstance(question, PasswordAsked):
            self._set(hint="")
            self._answer(TYPED if question.early and not self._state.renew else SENT, secret)

    @on(CodeBoxes.Filled)
    def code_filled(self) -> None:
        """Hands the code on and forgets it."""
        digits = self.boxes.take()
        question = self.attempt.question
        if not isinstance(question, CodeAsked) or len(digits) != 6:
            return
        delivery: Delivery | None = None
        if self._state.other:
            delivery = "device" if question.wanted.delivery == "sms" else "sms"
        self._answer("asking Apple about it", Code(digits, delivery))

    @on(CodeBoxes.Misread)
    def code_misread(self) -> None:
        """Says so."""
        self._say("There are no six digits in what was pasted.")

    @on(Input.Submitted, "#line")
    def apple_id_given(self, event: Input.Submitted) -> None:
        """Hands the Apple ID on."""
        event.stop()
        if event.value.strip():
            self._answer("", event.value)

    def _answer(self, words: str, value: object) -> None:
        self._set(attempt=self.attempt.answered(words, self._now()))
        self.person.answer(value)
        self.rearrange()

    def _say(self, hint: str) -> None:
        self._set(hint=hint)
        self.draw()

    # What the person chooses

    @on(Page.Chosen)
    def row_chosen(self, event: Page.Chosen) -> None:
        """Enter or a click on a row."""
        event.stop()
        self.choose(event.row_id)

    def choose(self, row_id: str) -> None:
        """What choosing a row does."""
        name, _, rest = row_id.partition("-")
        question = self.attempt.question
        match name:
            case "help":
                self.press(rest)
            case "keep":
                self._set(keep=Keep(rest))
                self.rearrange()
            case "renew":
                self._set_renew(rest == "yes")
            case "number" if isinstance(question, CodeAsked):
                self._ask_for("sms", question.wanted.phones[int(rest)])
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
                self.close()
            case "command" | "undo" | "serve":
                self._copy([row.command for row in self.page.rows if isinstance(row, Command) and row.id == row_id])
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
            case "n" if isinstance(question, Review) and not state.aside:
                self._set_renew(not state.renew)
            case "way" if isinstance(question, Review):
                self._set(way=Way.IN_POD if state.way is Way.HERE else Way.HERE)
                self.draw()
            case "kubectl" if isinstance(question, Review):
                self._show_by_hand(question)
            case "calendar" if attempt.outcome:
                self._write_calendar(attempt.outcome)
            case "calendar" | "copy" if state.aside == "kubectl" and isinstance(question, Review):
                self._copy(commands(question, self.state()))
            case "calendar" | "copy" if attempt.trouble:
                self._copy(list(state.address.lines(attempt.trouble.commands)))
            case "again" if offers_again(self.state()):
                self.begin()
            case "done" if attempt.outcome:
                self.close()
            case _ if isinstance(question, CodeAsked):
                self._help(name, question)

    def _set_renew(self, renew: bool) -> None:
        question = self.attempt.question
        if isinstance(question, Review) and question.works and self._state.way is Way.HERE:
            self._set(renew=renew)
            self.draw()

    def _help(self, name: str, question: CodeAsked) -> None:
        wanted, inside = question.wanted, self.attempt.inside
        match name:
            case "n" if not inside:
                self._ask_for(wanted.delivery, wanted.phone)
            case "d" if not inside:
                self._ask_for("device", None)
            case "t" if len(wanted.phones) == 1:
                self._ask_for("sms", wanted.phones[0])
            case "t" if wanted.phones:
                self._look_aside("numbers")
            case "b" if wanted.may_have_two_codes and self.attempt.two_ways and not inside:
                self._set(other=not self._state.other)
                self.draw()
            case "w":
                self._look_aside("why")

    def _ask_for(self, delivery: Delivery, phone: Phone | None) -> None:
        """Asks for another code, unless one was sent on the same way within the last minute."""
        left = self.attempt.wait_before(delivery, phone, self._now())
        if left and not self.attempt.inside:
            self._say(f"It can be sent there again in {clock(left)}: Apple limits how many come.")
        else:
            self._set(aside="")
            self._answer("asking for another one", AnotherCode(delivery, phone))

    def _look_aside(self, what: str) -> None:
        self._set(aside=what, hint="")
        self.rearrange()

    # What is written to files

    def _show_by_hand(self, question: Review) -> None:
        """The plan as commands; the pod's manifest is written first, since one of them reads it."""
        if not self._state.aside and (file := manifest(question)):
            try:
                self._set(manifest=self._save(*file))
            except OSError:
                self._set(manifest="")
        self._look_aside("" if self._state.aside else "kubectl")

    def _write_calendar(self, outcome: Outcome) -> None:
        text = self._desk.reminder([*self._before, outcome])
        if text is None:
            self._say("There is no date to be reminded of.")
            return
        try:
            where = self._save(CALENDAR_NAME, text)
        except OSError as error:
            self._say(f"It could not be written: {error.strerror or type(error).__name__}.")
            return
        self._set(offers_calendar=False)
        self._say(f"Written to {where}: open it with your calendar.")

    def _tell_unattended(self) -> tuple[str, ...]:
        """Writes down what a password in the cluster takes, and says where; for nothing of it is done here."""
        from wizard.signin.telling import unattended  # noqa: PLC0415 - seldom

        told = unattended(self._desk.settings, self.attempt.account)
        self._set(unattended=told)
        text = "\n".join(with_way(self._state, [told.script(self._state.address)]))
        try:
            where = self._save(UNATTENDED_NAME, text)
        except OSError:
            return (
                "! Unattended re-login is up to you: docs/signing-in.md says how the password gets into the Secret.",
            )
        return (f"  Unattended re-login is up to you, in two changes: {where} has the commands and what to mind.",)

    def _copy(self, wanted: list[str]) -> None:
        if not wanted:
            return
        text = "\n".join(with_way(self._state, wanted)) + "\n"
        self.app.copy_to_clipboard(text)
        try:
            self._say(f"Copied; also in {self._save(COMMANDS_NAME, text)}.")
        except OSError as error:
            self._say(f"Copied; it could not be saved as well: {error.strerror or type(error).__name__}.")
