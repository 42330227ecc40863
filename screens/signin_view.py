"""The sign-in as a widget, the same full-screen and inline: it shows the course, takes what is typed, and lets it be left.

The sign-in itself runs as a task that the screen's owner keeps, so that leaving puts everything back whoever closes what.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.css.scalar import Scalar
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from screens.asking import (
    AppleIdAsked,
    Asked,
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
from screens.course import TYPED, Course
from screens.frame import Line, key_line, rule_line
from screens.leading import Began, Chosen, Wishes, lead
from screens.page import Page
from screens.rows import GUTTER, Row, clean, clip
from screens.signin_rows import SEND_AGAIN_AFTER, Shown, above, below, clock, heading, keys
from screens.words import MUTED, STYLE
from wizard.errors import Retry, Trouble
from wizard.renewal.person import AnotherCode, Code, GaveUp, InUse, Outcome

if TYPE_CHECKING:
    from wizard.icloud.steps import Delivery
    from wizard.renewal.desk import Desk

CALENDAR_NAME = "photosync-sign-in.ics"
SENT = "Apple is asked about it, once"
PLAN_SECONDS = 2.0
READABLE_SECONDS = 1.5
COMMANDS_NAME = "sign-in-commands.sh"
KEYS: list[BindingType] = [
    Binding("escape", "leave", "leave", id="signin.leave", tooltip="Back, or leave the sign-in: the pod is removed"),
    Binding(
        "n",
        "press('n')",
        "send again",
        id="signin.again",
        tooltip="Ask Apple for another code, a minute after the last",
    ),
    Binding("t", "press('t')", "text message", id="signin.text", tooltip="Get the code as a text message"),
    Binding("d", "press('d')", "device", id="signin.device", tooltip="Get the code on a trusted device"),
    Binding("b", "press('b')", "other code", id="signin.other", tooltip="Of two codes, it is the other one"),
    Binding("w", "press('w')", "why", id="signin.why", tooltip="Why no code may come"),
    Binding(
        "i", "press('way')", "other way", id="signin.way", tooltip="Let icloudpd itself sign in, inside the pod, or not"
    ),
    Binding("k", "press('kubectl')", "kubectl", id="signin.kubectl", tooltip="The plan as kubectl commands"),
    Binding(
        "c",
        "press('calendar')",
        "calendar",
        id="signin.calendar",
        tooltip="At the end: a reminder for the calendar; k then c: copy",
    ),
    Binding("r", "press('again')", "try again", id="signin.retry", tooltip="Try again after a refusal"),
]


class SignInView(Vertical):
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
        inline: bool = False,
    ) -> None:
        super().__init__(id="view", classes="-inline" if inline else "")
        self._desk = desk
        self._wishes = wishes
        self._now = now
        self._hold = hold
        self._save = save
        self._banner = banner
        self.inline = inline
        self.course = Course(wishes.account, now())
        self.person = ScreenPerson(self._post)
        self._errand: asyncio.Task[None] | None = None
        self._aside = ""
        self._way = Way.IN_POD if wishes.in_pod else Way.HERE
        self._keep = wishes.keep
        self._keyring = ""
        self._kept = False
        self._other = False
        self._hint = ""
        self._demo = ""
        self._namespace = ""

    def compose(self) -> ComposeResult:
        """The heading, the page, what is typed into, what stands below it, the keys."""
        yield Line(id="heading")
        yield Line(id="upper")
        yield Page(id="page")
        yield CodeBoxes(id="boxes")
        yield SecretInput(id="secret")
        yield Input(id="line", compact=True)
        yield Page(id="below")
        yield Line(id="lower")
        yield Line(id="keys")

    def on_mount(self) -> None:
        """Begins at once: nothing is changed before the plan was seen."""
        self._desk.listen(lambda text: self._post(self.Rang(text)))
        self.set_interval(0.5, self.draw)
        self.call_after_refresh(self.begin)

    # The sign-in

    def begin(self) -> None:
        """Begins, or begins again after a refusal."""
        self.course = Course(self._wishes.account, self._now())
        self._aside, self._hint, self._other = "", "", False
        self.person = ScreenPerson(self._post)
        task = asyncio.create_task(self._sign_in(self.person), name="sign-in")
        self._errand = task
        self._hold(task)
        self._arrange()

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
        self._wishes = replace(self._wishes, account=event.account)
        self.course = replace(self.course, account=event.account, apple_id=event.apple_id)
        self._arrange()

    @on(Began)
    def began(self, event: Began) -> None:
        """The plan is being carried out."""
        self._kept = event.kept
        self.course = replace(self.course, under_way=True, began=self._now())
        self._arrange()

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
        self._arrange(fresh=not same)
        if self.inline and isinstance(event.question, Review):
            self.set_timer(PLAN_SECONDS, self._go_on)

    @on(Used)
    def used(self) -> None:
        """What was typed early is on its way."""
        self.course = self.course.used(SENT, self._now())
        self.draw()

    @on(Ended)
    def ended(self, event: Ended) -> None:
        """It went well."""
        self.course = self.course.finished(event.outcome, event.told)
        self._aside = ""
        self._arrange()
        if self.inline:
            self.set_timer(READABLE_SECONDS, self.close)

    @on(Refused)
    def refused(self, event: Refused) -> None:
        """It can't go on."""
        self.course = self.course.failed(event.trouble, self._now())
        self._aside = ""
        self._arrange()
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

    # Drawing

    def shown(self) -> Shown:
        """What is to be drawn now."""
        commands: tuple[str, ...] = ()
        if self.course.outcome and self._keep is Keep.CLUSTER:
            from wizard.renewal.telling import unattended  # noqa: PLC0415 - seldom

            commands = unattended(self._desk.settings, self.course.account)
        return Shown(
            self.course,
            self._now(),
            self.inline,
            self._aside,
            self._way,
            self._keep,
            self._keyring,
            self._kept,
            self._other,
            self._hint,
            self._demo,
            self._namespace,
            commands,
        )

    def _arrange(self, *, fresh: bool = True) -> None:
        """Shows the widgets that the question takes, empties the others, and puts the cursor where it belongs."""
        question = None if self._aside else self.course.question
        asks_code, asks_secret = isinstance(question, CodeAsked), isinstance(question, PasswordAsked)
        asks_line = isinstance(question, AppleIdAsked)
        self.set_class(asks_code, "-code")
        self.set_class(asks_secret, "-secret")
        self.set_class(asks_line, "-line")
        chooses_below = isinstance(question, Review | TermsAsked) or (self.course.ended and not self._aside)
        self.set_class(chooses_below, "-choice")
        boxes, secret, line = (
            self.query_one(CodeBoxes),
            self.query_one("#secret", SecretInput),
            self.query_one("#line", Input),
        )
        if not isinstance(self.course.question, CodeAsked):
            boxes.clear()
        elif self.inline:
            asked = self.course.question
            boxes.set_class(asked.why is not None or asked.wanted.may_have_two_codes, "-flat")
        if not isinstance(self.course.question, PasswordAsked):
            secret.clear()
        names = {boxes: asks_code, secret: asks_secret, line: asks_line}
        below = chooses_below and not isinstance(question, TermsAsked)
        other = self.query_one("#below" if below else "#page", Page)
        target: Widget = next((widget for widget, asks in names.items() if asks), other)
        if fresh:
            target.focus()
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Draws everything; what is unchanged costs nothing."""
        width = self.size.width
        if not width or not self.is_attached:
            return
        shown = self.shown()
        title, right, sign = heading(shown)
        gap = width - 2 - Content(right).cell_length
        left = clip(clean(title), max(1, gap - 2))
        pad = " " * max(1, gap - Content(left).cell_length)
        style = "bold " + STYLE.get(sign, MUTED)
        self.query_one("#heading", Line).show(Content.assemble(" ", (left, "bold"), pad, (right, style), " "))
        self.query_one("#upper", Line).show(rule_line(width, -1, "", self._banner))
        self.query_one("#lower", Line).show(rule_line(width, -1, ""))
        asks = any(self.has_class(name) for name in ("-code", "-secret", "-line"))
        _fill(self.query_one("#page", Page), tuple(above(shown)), fit=asks or self.inline)
        _fill(self.query_one("#below", Page), tuple(below(shown)), fit=self.inline or not asks)
        self.query_one("#keys", Line).show(key_line(keys(shown), "", MUTED, width))

    def on_resize(self) -> None:
        """Draws for the new size, once it is laid out."""
        self.call_after_refresh(self.draw)

    # What the person does

    @on(SecretInput.Given)
    def password_given(self) -> None:
        """Hands the password on and forgets it."""
        secret = Secret(self.query_one("#secret", SecretInput).take())
        if not secret.reveal():
            return
        self._answer(TYPED if self._early else SENT, secret)

    @property
    def _early(self) -> bool:
        question = self.course.question
        return isinstance(question, PasswordAsked) and question.early

    @on(CodeBoxes.Filled)
    def code_filled(self) -> None:
        """Hands the code on and forgets it."""
        digits = self.query_one(CodeBoxes).take()
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
        self._arrange()

    def _say(self, hint: str) -> None:
        self._hint = hint
        self.draw()

    @on(Page.Chosen)
    def row_chosen(self, event: Page.Chosen) -> None:
        """Enter or a click on a row."""
        event.stop()
        self.choose(event.row_id)

    @on(Page.Left)
    def page_left(self, event: Page.Left) -> None:
        """Up from what stands below is what is typed into."""
        event.stop()
        if event.page.id == "page" and event.direction > 0 and self.has_class("-choice"):
            self.query_one("#below", Page).focus()
        elif event.page.id == "below" and event.direction < 0:
            if self.has_class("-choice"):
                self.query_one("#page", Page).focus()
            else:
                self._arrange()

    def on_key(self, event: events.Key) -> None:
        """Down from what is typed into is what stands below it."""
        if event.key == "down" and isinstance(self.screen.focused, CodeBoxes | Input):
            event.stop()
            event.prevent_default()
            self.query_one("#below", Page).focus()

    def choose(self, row_id: str) -> None:
        """What choosing a row does."""
        name, _, rest = row_id.partition("-")
        question = self.course.question
        match name:
            case "help":
                self.press(rest)
            case "keep":
                self._keep = Keep(rest)
                self.draw()
            case "number" if isinstance(question, CodeAsked):
                self._ask_for("sms", int(rest))
            case "account":
                self._answer("", rest)
            case "terms" | "key" | "second":
                self._answer("", rest == "yes") if isinstance(
                    question, (TermsAsked, KeyAsked, SecondWayAsked)
                ) else None
            case "in" if isinstance(question, InUseAsked):
                self._answer("", InUse(rest.removeprefix("use-")))
            case "back":
                self.close()
            case "command":
                self.press("copy")
            case _:
                self.press(row_id)

    def press(self, name: str) -> None:
        """What a key does; without effect where it means nothing."""
        course, question = self.course, self.course.question
        match name:
            case "go" if isinstance(question, Review):
                self._answer("", self._way)
            case "way" if isinstance(question, Review):
                self._way = Way.IN_POD if self._way is Way.HERE else Way.HERE
                self.draw()
            case "kubectl" if isinstance(question, Review):
                self._look_aside("" if self._aside else "kubectl")
            case "calendar" if course.outcome:
                self._write_calendar(course.outcome)
            case "calendar" | "copy" if self._aside == "kubectl" or course.ended:
                self._copy()
            case "again" if course.trouble:
                self.begin()
            case "done" if course.outcome:
                self.close()
            case _ if isinstance(question, CodeAsked):
                self._help(name, question)

    def _help(self, name: str, question: CodeAsked) -> None:
        wanted = question.wanted
        match name:
            case "n":
                left = SEND_AGAIN_AFTER - (self._now() - wanted.sent_at)
                if left.total_seconds() > 0:
                    self._say(f"It can be sent again in {clock(left)}: Apple limits how many come.")
                else:
                    self._answer("asking for another one", AnotherCode(wanted.delivery, wanted.phone))
            case "d":
                self._ask_for("device", None)
            case "t" if len(wanted.phones) == 1:
                self._ask_for("sms", 0)
            case "t" if wanted.phones:
                self._look_aside("numbers")
            case "b" if wanted.may_have_two_codes:
                self._other = not self._other
                self.draw()
            case "w":
                self._look_aside("why")

    def _ask_for(self, delivery: Delivery, number: int | None) -> None:
        question = self.course.question
        if isinstance(question, CodeAsked):
            phone = None if number is None else question.wanted.phones[number]
            self._aside = ""
            self._answer("asking for another one", AnotherCode(delivery, phone))

    def _go_on(self) -> None:
        """After the plan was shown for a while, unless it is being looked at."""
        if not self._aside:
            self.press("go")

    def _look_aside(self, what: str) -> None:
        self._aside = what
        self._arrange()

    def _write_calendar(self, outcome: Outcome) -> None:
        text = self._desk.reminder([outcome])
        if text is None:
            self._say("There is no date to be reminded of.")
            return
        try:
            self._say(f"Written to {self._save(CALENDAR_NAME, text)}: open it with your calendar.")
        except OSError as error:
            self._say(f"It could not be written: {error.strerror or type(error).__name__}.")

    def _copy(self) -> None:
        question, shown = self.course.question, self.shown()
        commands = list(shown.commands)
        if isinstance(question, Review):
            commands = [action.command for action in question.plan.actions if action.command]
        elif self.course.trouble:
            commands = list(self.course.trouble.commands)
        if not commands:
            return
        text = "\n".join(commands) + "\n"
        self.app.copy_to_clipboard(text)
        try:
            where = f"Also in {self._save(COMMANDS_NAME, text)}."
        except OSError:
            where = ""
        self.app.notify(where, title="Copied", markup=False)

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
            self._arrange()

    def close(self) -> None:
        """Tells whoever opened it."""
        course = self.course
        self.post_message(self.Closed(self, course.outcome, course.told, course.trouble))


def _fill(page: Page, rows: tuple[Row, ...], *, fit: bool) -> None:
    """Shows the rows; with `fit` the page is as high as they are, else as its style says."""
    width = page.scrollable_content_region.width - len(GUTTER)
    height = sum(len(list(row.lines(width))) for row in rows) if fit and width > 0 else None
    if page.styles.inline.height != (None if height is None else Scalar.from_number(height)):
        page.styles.height = height
    page.show(rows)


__all__ = ["KEYS", "SignInView"]
