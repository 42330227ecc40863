"""The sign-in as a widget, the same full-screen and inline: it leads the course, answers, and lets it be left.

The sign-in itself runs as a task that the screen's owner keeps, so that leaving puts everything back whoever closes what.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message
from textual.widgets import Input

from screens.asking import (
    Asked,
    Begin,
    CodeAsked,
    InUseAsked,
    Keep,
    KeyAsked,
    Moved,
    PasswordAsked,
    Review,
    ScreenPerson,
    SecondWayAsked,
    Secret,
    TermsAsked,
    Used,
    Way,
)
from screens.boxes import CodeBoxes, SecretInput
from screens.copying import with_way
from screens.course import TYPED, Course
from screens.leading import Began, Chosen, Wishes, lead
from screens.page import Page
from screens.rows import Command
from screens.signin_end import offers_calendar
from screens.signin_keys import KEYS
from screens.signin_panel import SignInPanel
from screens.signin_plan import commands, manifest
from screens.signin_shown import Shown, clock
from screens.signin_steps import farewell
from wizard.errors import Retry, Trouble
from wizard.renewal.person import AnotherCode, Code, GaveUp, InUse, Outcome

if TYPE_CHECKING:
    from wizard.icloud.steps import Delivery, Phone
    from wizard.renewal.desk import Desk
    from wizard.renewal.telling import Unattended

CALENDAR_NAME = "photosync-sign-in.ics"
COMMANDS_NAME = "sign-in-commands.sh"
UNATTENDED_NAME = "unattended-sign-in.sh"
SENT = "Apple is asked about it, once"
READABLE_SECONDS = 1.5


class SignInView(SignInPanel):
    """One account's sign-in after the other, until it is closed."""

    class Closed(Message):
        """It is over: signed in, refused or left."""

        def __init__(
            self, view: SignInView, outcome: Outcome | None, told: tuple[str, ...], trouble: Trouble | None
        ) -> None:
            self.view = view
            self.outcome = outcome
            self.told = told
            self.trouble = trouble
            super().__init__()

    class Ended(Message):
        """It went well."""

        def __init__(self, outcome: Outcome, told: tuple[str, ...]) -> None:
            self.outcome = outcome
            self.told = told
            super().__init__()

    class Refused(Message):
        """It can't go on."""

        def __init__(self, trouble: Trouble) -> None:
            self.trouble = trouble
            super().__init__()

    class Rang(Message):
        """A phone of the demo world shows something; in no other world is it ever sent."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Broken(Message):
        """The program itself has failed."""

        def __init__(self, error: Exception) -> None:
            self.error = error
            super().__init__()

    class Left(Message):
        """The person has left, and everything is put back."""

    def __init__(
        self,
        desk: Desk,
        *,
        wishes: Wishes,
        now: Callable[[], datetime],
        hold: Callable[[asyncio.Task[None]], object],
        save: Callable[[str, str], str],
        banner: str = "",
        demo_commands: tuple[str, ...] = (),
        inline: bool = False,
        offers_calendar: bool = True,
        before: Sequence[Outcome] = (),
    ) -> None:
        super().__init__(inline=inline, banner=banner)
        self._desk = desk
        self._wishes = wishes
        self._now = now
        self._hold = hold
        self._save = save
        self._demo_commands = demo_commands
        self._offers_calendar = offers_calendar
        self._before = tuple(before)
        self.course = Course(wishes.account, now())
        self.person = ScreenPerson(self._post)
        self._errand: asyncio.Task[None] | None = None
        self._aside = ""
        self._way = Way.IN_POD if wishes.in_pod else Way.HERE
        self._renew = wishes.renew
        self._keep = wishes.keep
        self._keyring = ""
        self._kept = False
        self._other = False
        self._hint = ""
        self._demo = ""
        self._namespace = ""
        self._kubectl = "kubectl"
        self._manifest = ""
        self._unattended: Unattended | None = None

    def on_mount(self) -> None:
        """Begins at once: nothing is changed before the plan was seen."""
        self._desk.listen(lambda text: self._post(self.Rang(text)))
        self.set_interval(0.5, self.draw)
        self.call_after_refresh(self.begin)

    def shown(self) -> Shown:
        """What is to be drawn now."""
        return Shown(
            self.course,
            self._now(),
            aside=self._aside,
            way=self._way,
            renew=self._renew,
            keep=self._keep,
            keyring=self._keyring,
            kept=self._kept,
            other=self._other,
            hint=self._hint,
            demo=self._demo,
            namespace=self._namespace,
            unattended=self._unattended,
            manifest=self._manifest,
            kubectl=self._kubectl,
            demo_commands=self._demo_commands,
            offers_calendar=self._offers_calendar,
        )

    @property
    def farewell(self) -> str:
        """What there is to say to somebody who leaves now; nothing once it has ended."""
        return "" if self.course.ended else farewell(self.course)

    # The sign-in

    def begin(self) -> None:
        """Begins, or begins again after a refusal."""
        self.course = Course(self._wishes.account, self._now())
        self._aside, self._hint, self._other, self._unattended = "", "", False, None
        self.person = ScreenPerson(self._post)
        task = asyncio.create_task(self._sign_in(self.person), name="sign-in")
        self._errand = task
        self._hold(task)
        self.rearrange()

    async def _sign_in(self, person: ScreenPerson) -> None:
        end: Message
        try:
            outcome, told = await lead(self._desk, person, self._wishes, lambda: self._keep, self._post)
            end = self.Ended(outcome, told)
        except (GaveUp, asyncio.CancelledError):
            end = self.Left()
        except Trouble as trouble:
            end = self.Refused(trouble)
        except Exception as error:  # noqa: BLE001 - raised again where the app ends without showing values
            end = self.Broken(error)
        self._post(end)

    def _post(self, message: Message) -> None:
        if self.is_attached:
            self.post_message(message)

    # What comes from it

    @on(Chosen)
    def account_chosen(self, event: Chosen) -> None:
        """Now it is known who signs in."""
        self._keyring, self._namespace = event.keyring, event.where
        self._kubectl = self._desk.settings.kubectl
        self._wishes = replace(self._wishes, account=event.account)
        self.course = replace(self.course, account=event.account, apple_id=event.apple_id)
        self.rearrange()

    @on(Began)
    def began(self, event: Began) -> None:
        """The plan is being carried out."""
        self._kept = event.kept
        self.course = replace(self.course, under_way=True, began=self._now())
        self.rearrange()

    @on(Moved)
    def moved(self, event: Moved) -> None:
        """A stage has moved."""
        self.course = self.course.moved(event.progress, self._now())
        self.draw()

    @on(Asked)
    def asked(self, event: Asked) -> None:
        """Another question."""
        same = type(event.question) is type(self.course.question)
        self.course = self.course.asked(event.question, self._now())
        self._aside, self._hint, self._other = "", "", False
        if isinstance(event.question, Review):
            self._renew = self._wishes.renew or event.question.due
        self.rearrange(fresh=not same)

    @on(Used)
    def used(self) -> None:
        """What was typed early is on its way."""
        self.course = self.course.used(SENT, self._now())
        self.draw()

    @on(Ended)
    def ended(self, event: Ended) -> None:
        """It went well."""
        told = event.told + (self._tell_unattended() if self._keep is Keep.CLUSTER else ())
        self.course = self.course.finished(event.outcome, told)
        self._aside, self._hint = "", ""
        self.rearrange()
        if self.inline and not offers_calendar(self.shown()):
            self.set_timer(READABLE_SECONDS, self.close)

    @on(Refused)
    def refused(self, event: Refused) -> None:
        """It can't go on."""
        self.course = self.course.failed(event.trouble, self._now())
        self._aside, self._hint = "", ""
        self.rearrange()
        if self.inline and event.trouble.retry is not Retry.NOW:
            self.set_timer(READABLE_SECONDS, self.close)

    @on(Rang)
    def rang(self, event: Rang) -> None:
        """Shows it."""
        self._demo = event.text
        self.draw()

    @on(Broken)
    def broken(self, event: Broken) -> None:
        """Ends the app."""
        raise event.error

    @on(Left)
    def left(self) -> None:
        """Everything is put back."""
        self.close()

    # What the person types

    @on(SecretInput.Given)
    def password_given(self) -> None:
        """Hands the password on and forgets it."""
        question = self.course.question
        secret = Secret(self.secret.take())
        if not secret.reveal():
            self._say("Nothing was typed, and nothing was sent.")
        elif isinstance(question, PasswordAsked):
            self._hint = ""
            self._answer(TYPED if question.early and not self._renew else SENT, secret)

    @on(CodeBoxes.Filled)
    def code_filled(self) -> None:
        """Hands the code on and forgets it."""
        digits = self.boxes.take()
        question = self.course.question
        if not isinstance(question, CodeAsked) or len(digits) != 6:
            return
        delivery: Delivery | None = None
        if self._other:
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
        self.course = self.course.answered(words, self._now())
        self.person.answer(value)
        self.rearrange()

    def _say(self, hint: str) -> None:
        self._hint = hint
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
        question = self.course.question
        match name:
            case "help":
                self.press(rest)
            case "keep":
                self._keep = Keep(rest)
                self.rearrange()
            case "renew":
                self._set_renew(rest == "yes")
            case "number" if isinstance(question, CodeAsked):
                self._ask_for("sms", question.wanted.phones[int(rest)])
            case "account":
                self._answer("", rest)
            case "second" if isinstance(question, SecondWayAsked):
                self.course = replace(self.course, inside=rest == "yes")
                self._answer("", rest == "yes")
            case "terms" | "key" if isinstance(question, TermsAsked | KeyAsked):
                self._answer("", rest == "yes")
            case "in" if isinstance(question, InUseAsked):
                self._answer("", InUse(rest.removeprefix("use-")))
            case "again":
                self._way = Way.HERE if rest == "here" else self._way
                self.press("again")
            case "back":
                self.close()
            case "command" | "undo" | "serve":
                self._copy([row.command for row in self.page.rows if isinstance(row, Command) and row.id == row_id])
            case _:
                self.press(row_id)

    def press(self, name: str) -> None:
        """What a key does; without effect where it means nothing."""
        course, question = self.course, self.course.question
        match name:
            case "go" if isinstance(question, Review):
                inside = self._way is Way.IN_POD
                self.course = replace(course, inside=inside)
                self._answer("", Begin(self._way, self._renew and not inside))
            case "n" if isinstance(question, Review) and not self._aside:
                self._set_renew(not self._renew)
            case "way" if isinstance(question, Review):
                self._way = Way.IN_POD if self._way is Way.HERE else Way.HERE
                self.draw()
            case "kubectl" if isinstance(question, Review):
                self._show_by_hand(question)
            case "calendar" if course.outcome:
                self._write_calendar(course.outcome)
            case "calendar" | "copy" if self._aside == "kubectl" and isinstance(question, Review):
                self._copy(commands(question, self.shown()))
            case "calendar" | "copy" if course.trouble:
                self._copy(list(course.trouble.commands))
            case "again" if course.trouble:
                self.begin()
            case "done" if course.outcome:
                self.close()
            case _ if isinstance(question, CodeAsked):
                self._help(name, question)

    def _set_renew(self, renew: bool) -> None:
        question = self.course.question
        if isinstance(question, Review) and question.works and self._way is Way.HERE:
            self._renew = renew
            self.draw()

    def _help(self, name: str, question: CodeAsked) -> None:
        wanted, inside = question.wanted, self.course.inside
        match name:
            case "n" if not inside:
                self._ask_for(wanted.delivery, wanted.phone)
            case "d" if not inside:
                self._ask_for("device", None)
            case "t" if len(wanted.phones) == 1:
                self._ask_for("sms", wanted.phones[0])
            case "t" if wanted.phones:
                self._look_aside("numbers")
            case "b" if wanted.may_have_two_codes and self.course.two_ways and not inside:
                self._other = not self._other
                self.draw()
            case "w":
                self._look_aside("why")

    def _ask_for(self, delivery: Delivery, phone: Phone | None) -> None:
        """Asks for another code, unless one was sent on the same way within the last minute."""
        left = self.course.wait_before(delivery, phone, self._now())
        if left and not self.course.inside:
            self._say(f"It can be sent there again in {clock(left)}: Apple limits how many come.")
        else:
            self._aside = ""
            self._answer("asking for another one", AnotherCode(delivery, phone))

    def _look_aside(self, what: str) -> None:
        self._aside, self._hint = what, ""
        self.rearrange()

    # What is written to files

    def _show_by_hand(self, question: Review) -> None:
        """The plan as commands; the pod's manifest is written first, since one of them reads it."""
        if not self._aside and (file := manifest(question)):
            try:
                self._manifest = self._save(*file)
            except OSError:
                self._manifest = ""
        self._look_aside("" if self._aside else "kubectl")

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
        self._offers_calendar = False
        self._say(f"Written to {where}: open it with your calendar.")

    def _tell_unattended(self) -> tuple[str, ...]:
        """Writes down what a password in the cluster takes, and says where; for nothing of it is done here."""
        from wizard.renewal.telling import unattended  # noqa: PLC0415 - seldom

        self._unattended = unattended(self._desk.settings, self.course.account)
        text = "\n".join(with_way(self.shown(), [self._unattended.script]))
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
        text = "\n".join(with_way(self.shown(), wanted)) + "\n"
        self.app.copy_to_clipboard(text)
        try:
            self._say(f"Copied; also in {self._save(COMMANDS_NAME, text)}.")
        except OSError as error:
            self._say(f"Copied; it could not be saved as well: {error.strerror or type(error).__name__}.")

    # Leaving

    def leave(self) -> None:
        """One step back: out of what is looked at besides, else out of the sign-in; a second time without waiting."""
        if self._aside:
            self._look_aside("")
        elif self.course.ended or self.course.leaving or self._errand is None:
            self.close()
        else:
            self._errand.cancel()
            self.course = replace(self.course, question=None, leaving=self._now())
            self.rearrange()

    def close(self) -> None:
        """Tells whoever opened it."""
        course = self.course
        self.post_message(self.Closed(self, course.outcome, course.told, course.trouble))


__all__ = ["CALENDAR_NAME", "KEYS", "SignInView"]
