"""Six boxes and a secret line: what can be typed and pasted, and that nothing of it gets out but by `take`."""

from __future__ import annotations

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.message import Message

from screens.widgets.code_boxes import CodeBoxes, code_in
from screens.widgets.secret_input import SecretInput


class Typing(App[None]):
    """The two widgets, and every message that leaves them."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield CodeBoxes(id="boxes")
        yield SecretInput(id="secret")

    def on_code_boxes_filled(self, event: CodeBoxes.Filled) -> None:
        self.heard.append(event)

    def on_code_boxes_misread(self, event: CodeBoxes.Misread) -> None:
        self.heard.append(event)

    def on_secret_input_given(self, event: SecretInput.Given) -> None:
        self.heard.append(event)

    def on_input_changed(self, event: SecretInput.Changed) -> None:
        self.heard.append(event)

    def on_input_submitted(self, event: SecretInput.Submitted) -> None:
        self.heard.append(event)

    def names(self) -> list[str]:
        return [type(message).__name__ for message in self.heard]


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        ("123456", "123456"),
        ("123 456", "123456"),
        ("123-456\n", "123456"),
        ("\uff11\uff12\uff13\uff14\uff15\uff16", "123456"),
        ("Your Apple Account code is: 123456. Don't share it with anyone.", "123456"),
        ("@apple.com #123456 %apple.com", "123456"),
        ("12345", None),
        ("1234567", None),
        ("call 0171 1234567", None),
        ("123456 or 654321", None),
        ("", None),
        ("no digits", None),
    ],
)
def test_what_is_a_code_in_what_was_pasted(pasted: str, code: str | None) -> None:
    assert code_in(pasted) == code


@pytest.mark.parametrize(
    ("keys", "left"),
    [
        (["1", "2", "3", "4", "5", "6"], "123456"),
        (["1", "2", "backspace", "7"], "17"),
        (["1", "2", "left", "left", "9"], "92"),
        (["1", "home", "delete", "5"], "5"),
        (["1", "x", "space", "2"], "12"),
        (["backspace", "backspace", "1"], "1"),
        (["1", "2", "3", "end", "6", "4", "5"], "123456"),
        (["home", "right", "right", "right", "right", "right", "right", "8"], "8"),
    ],
)
async def test_typing_into_the_boxes(keys: list[str], left: str) -> None:
    app = Typing()
    async with app.run_test() as pilot:
        boxes = app.query_one(CodeBoxes)
        boxes.focus()
        await pilot.press(*keys)
        assert ("Filled" in app.names()) == (len(left) == 6)
        assert boxes.take() == left
        assert boxes.empty
        assert boxes.take() == ""


async def test_pasting_fills_or_says_that_it_cannot() -> None:
    app = Typing()
    async with app.run_test() as pilot:
        boxes = app.query_one(CodeBoxes)
        boxes.focus()
        await pilot.pause()
        app.post_message(events.Paste("nothing"))
        await pilot.pause()
        assert app.names() == ["Misread"]
        assert boxes.empty
        app.post_message(events.Paste("417 902"))
        await pilot.pause()
        assert app.names() == ["Misread", "Filled"]
        assert boxes.take() == "417902"


async def test_the_boxes_show_where_the_next_digit_goes() -> None:
    app = Typing()
    async with app.run_test() as pilot:
        boxes = app.query_one(CodeBoxes)
        boxes.focus()
        await pilot.press("4", "1")
        assert boxes.render().plain.splitlines()[1] == "    │ 4 ││ 1 ││ _ │  │   ││   ││   │"
        boxes.add_class("-flat")
        assert boxes.render().plain == "    [4] [1] [_]   [ ] [ ] [ ] "
        boxes.remove_class("-flat")
        await pilot.click(CodeBoxes, offset=(27, 1))
        await pilot.press("9")
        assert "│ 9 │" in boxes.render().plain.splitlines()[1][21:31]


async def test_the_secret_line_tells_nobody_its_text() -> None:
    app = Typing()
    async with app.run_test() as pilot:
        secret = app.query_one(SecretInput)
        secret.focus()
        await pilot.press(*"hunter2")
        app.post_message(events.Paste("-and-more"))
        await pilot.pause()
        await pilot.press("ctrl+c", "shift+home", "ctrl+c", "ctrl+x", "enter")
        assert app.names() == ["Given"]
        assert app.clipboard == ""
        assert "hunter2" not in app.export_screenshot()
        assert "hunter2" not in repr(app.heard)
        assert secret.take() == "hunter2-and-more"
        assert secret.value == ""
        assert app.names() == ["Given"]
