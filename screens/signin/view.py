"""The sign-in's widget: draws the controller's state, puts the cursor where it belongs, hands on what is typed and chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.css.scalar import Scalar
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from screens.signin.controller import SignInContext, SignInController
from screens.signin.events import Event
from screens.signin.keys import keys
from screens.signin.layout import Layout, lay_out, types_in
from screens.signin.questions import AppleIdAsked, CodeAsked, PasswordAsked, Secret, TermsAsked
from screens.signin.rows import heading
from screens.signin.state import SignInState
from screens.widgets.code_boxes import CodeBoxes
from screens.widgets.line import Line, key_line, rule_line
from screens.widgets.page import Page
from screens.widgets.rows import GUTTER, Command, clean, clip
from screens.widgets.secret_input import SecretInput
from screens.words import MUTED, STYLE

_SCROLLBAR = 1


class SignInView(Vertical):
    """One account's sign-in, the same in the wizard and beneath the prompt."""

    class Happened(Message):
        """An event on its way to the controller."""

        def __init__(self, event: Event) -> None:
            self.event = event
            super().__init__()

    class Closed(Message):
        """It is over: signed in, refused or left, as the controller's attempt says."""

        def __init__(self, controller: SignInController) -> None:
            self.controller = controller
            super().__init__()

    def __init__(self, context: SignInContext, *, banner: str = "") -> None:
        super().__init__(id="view", classes="-inline" if context.inline else "")
        self.inline = context.inline
        self.controller = SignInController(context, self)
        self._banner = banner
        self._arrived = True

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
        """Begins once it is laid out."""
        self.set_interval(0.5, self.draw)
        self.call_after_refresh(self.controller.start)

    @property
    def page(self) -> Page:
        """What is read, or what is above the line or the boxes."""
        return self.query_one("#page", Page)

    @property
    def below(self) -> Page:
        """What there is to choose from."""
        return self.query_one("#below", Page)

    @property
    def boxes(self) -> CodeBoxes:
        """Where a code is typed."""
        return self.query_one(CodeBoxes)

    @property
    def secret(self) -> SecretInput:
        """Where a password is typed."""
        return self.query_one("#secret", SecretInput)

    @property
    def line(self) -> Input:
        """Where an Apple ID is typed."""
        return self.query_one("#line", Input)

    # Drawing

    def rearrange(self, *, fresh: bool = True) -> None:
        """Shows the widgets that the question takes, empties the others, and with `fresh` puts the cursor where it belongs."""
        state = self.controller.state
        question = state.attempt.question
        if not isinstance(question, CodeAsked):
            self.boxes.clear()
        if not isinstance(question, PasswordAsked):
            self.secret.clear()
        layout = self._layout_of(state)
        typed = self._typed_into(state)
        for widget in (self.boxes, self.secret, self.line):
            widget.display = widget is typed
        self.below.display = layout is not None and bool(layout.below)
        if fresh:
            self._arrived = True
            self._place_for(layout, typed).focus()
        self.call_after_refresh(self.draw)

    def _layout_of(self, state: SignInState) -> Layout | None:
        width, height = self.size.width, self.app.size.height if self.inline else self.size.height
        if not width or not height:
            return None
        here = self.screen.focused is self.below
        return lay_out(replace(state, at_choices=here), width - _SCROLLBAR - len(GUTTER), height)

    def _typed_into(self, state: SignInState) -> Widget | None:
        if not types_in(state):
            return None
        question = state.attempt.question
        if isinstance(question, CodeAsked):
            return self.boxes
        return self.line if isinstance(question, AppleIdAsked) else self.secret

    def _place_for(self, layout: Layout | None, typed: Widget | None) -> Widget:
        """Where the cursor belongs: where it is typed, else where it is chosen, but at a text that goes on, on the text."""
        if typed is not None:
            return typed
        if layout is None or not any(row.id for row in layout.below):
            return self.page
        return (
            self.page
            if layout.state.overflows and isinstance(layout.state.attempt.question, TermsAsked)
            else self.below
        )

    def draw(self) -> None:
        """Draws everything; what is unchanged costs nothing."""
        if not self.is_attached or (layout := self._layout_of(self.controller.state)) is None:
            return
        state, width = layout.state, self.size.width
        title, right, sign = heading(state)
        gap = width - 2 - Content(right).cell_length
        left = clip(clean(title), max(1, gap - 2))
        pad = " " * max(1, gap - Content(left).cell_length)
        style = "bold " + STYLE.get(sign, MUTED)
        self.query_one("#heading", Line).show(Content.assemble(" ", (left, "bold"), pad, (right, style), " "))
        self.query_one("#upper", Line).show(rule_line(width, -1, "", self._banner))
        self.query_one("#lower", Line).show(rule_line(width, -1, ""))
        self.set_class(layout.tight, "-tight")
        self.set_class(types_in(state), "-types")
        self.boxes.set_class(layout.flat, "-flat")
        self.below.display = bool(layout.below)
        _make_high(self.page, layout.page_height)
        _make_high(self.below, layout.below_height)
        self._show_page(layout)
        self.below.show(layout.below)
        self.query_one("#keys", Line).show(key_line(keys(state), "", MUTED, width))

    def _show_page(self, layout: Layout) -> None:
        """The page; what has no room above the line or the boxes is what came first, until somebody scrolls there."""
        page, at = self.page, self.page.scroll_offset.y
        page.show(layout.page)
        if not page.cursor:
            if not self._arrived:
                page.scroll_to(y=at, animate=False, immediate=True)
            elif types_in(layout.state):
                page.scroll_end(animate=False, immediate=True)
        self._arrived = False

    def on_resize(self) -> None:
        """Draws for the new size, once it is laid out."""
        self.call_after_refresh(self.draw)

    # What goes to the controller, and what it asks for

    def post(self, event: Event) -> None:
        """Queues an event for the controller, from any thread."""
        if self.is_attached:
            self.post_message(self.Happened(event))

    @on(Happened)
    def happened(self, message: Happened) -> None:
        """Now it is this event's turn."""
        self.controller.receive(message.event)

    def copy(self, text: str) -> None:
        """Gives the text to the terminal's clipboard."""
        self.app.copy_to_clipboard(text)

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Calls back after a while."""
        self.set_timer(seconds, call)

    def close(self) -> None:
        """Tells whoever opened it."""
        self.post_message(self.Closed(self.controller))

    @on(SecretInput.Given)
    def password_typed(self) -> None:
        """Hands the password on and forgets it."""
        self.controller.password_typed(Secret(self.secret.take()))

    @on(CodeBoxes.Filled)
    def code_typed(self) -> None:
        """Hands the code on and forgets it."""
        self.controller.code_typed(self.boxes.take())

    @on(CodeBoxes.Misread)
    def code_misread(self) -> None:
        """Says so."""
        self.controller.say("What was pasted does not contain six digits.")

    @on(Input.Submitted, "#line")
    def apple_id_typed(self, event: Input.Submitted) -> None:
        """Hands the Apple ID on."""
        event.stop()
        self.controller.apple_id_typed(event.value)

    @on(Page.Chosen)
    def row_chosen(self, event: Page.Chosen) -> None:
        """Enter or a click on a row: a command is copied, anything else is for the controller."""
        event.stop()
        if isinstance(event.row, Command):
            self.controller.copy_commands([event.row.command])
        else:
            self.controller.choose(event.row_id)

    # Where keys go

    @on(Page.Left)
    def page_left(self, event: Page.Left) -> None:
        """Beyond the last or the first row of one part is the next part."""
        event.stop()
        if event.page is self.page and event.direction > 0 and self.below.display:
            self.below.focus()
        elif event.page is self.below and event.direction < 0:
            (self._typed_into(self.controller.state) or self.page).focus()
        self.call_after_refresh(self.draw)

    def on_key(self, event: events.Key) -> None:
        """Keys that mean another part than the one that has the cursor."""
        focused = self.screen.focused
        if focused is not self.page and event.key in ("pageup", "pagedown"):
            handled = True
            self.page.action_page_up() if event.key == "pageup" else self.page.action_page_down()
        elif isinstance(focused, CodeBoxes | Input):
            handled = event.key == "down" and self.below.display
            if handled:
                self.below.focus()
        elif focused is self.below:
            handled = self._key_while_choosing(event)
        else:
            handled = event.key == "enter" and self._read_on()
        if handled:
            event.stop()
            event.prevent_default()
            self.call_after_refresh(self.draw)

    def _key_while_choosing(self, event: events.Key) -> bool:
        """What is typed while the cursor is on a choice belongs where it is typed."""
        typed, character = self._typed_into(self.controller.state), event.character
        if typed is not None and event.key == "backspace":
            typed.focus()
            return True
        if typed is None or character is None or not event.is_printable or event.key == "space":
            return False
        if isinstance(typed, CodeBoxes):
            if not typed.takes(character):
                return False
            typed.put(character)
        elif isinstance(typed, Input):
            typed.insert_text_at_cursor(character)
        typed.focus()
        return True

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted while the cursor is on a choice belongs where it is typed."""
        typed = self._typed_into(self.controller.state)
        if typed is None or self.screen.focused is not self.below:
            return
        event.stop()
        typed.focus()
        if isinstance(typed, CodeBoxes):
            typed.on_paste(event)
        elif isinstance(typed, Input) and event.text:
            typed.insert_text_at_cursor(event.text.splitlines()[0])

    def _read_on(self) -> bool:
        """Enter on a text: on to its next page, and from its end to the choice."""
        page = self.page
        if page.cursor or not self.below.display:
            return False
        if page.scroll_offset.y >= page.max_scroll_y:
            self.below.focus()
        else:
            page.action_page_down()
        return True


def _make_high(page: Page, height: int) -> None:
    if page.styles.inline.height != Scalar.from_number(height):
        page.styles.height = height
