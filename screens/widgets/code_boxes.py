"""Six boxes for a code. What is typed is given out once, by `take`, and is in no message."""

from __future__ import annotations

import re
import unicodedata
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from wizard.icloud.input_checks import read_code

LENGTH = 6
_IN_A_MESSAGE = re.compile(r"(?<!\d)\d{3}[\s-]?\d{3}(?!\d)")


def code_in(text: str) -> str | None:
    """The six digits in what was pasted: alone, with spaces or dashes, or as the only such number of a whole message."""
    if code := read_code(text):
        return code
    codes = {re.sub(r"\D", "", match) for match in _IN_A_MESSAGE.findall(unicodedata.normalize("NFKC", text))}
    return codes.pop() if len(codes) == 1 else None


class CodeBoxes(Widget, can_focus=True):
    """Six boxes. Digits go from one to the next, a paste fills all, the sixth digit submits."""

    DEFAULT_CSS = """
    CodeBoxes { height: 3; width: 100%; }
    CodeBoxes.-flat { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "left", show=False),
        Binding("right", "move(1)", "right", show=False),
        Binding("home", "move(-6)", "first", show=False),
        Binding("end", "move(6)", "last", show=False),
        Binding("backspace", "rub_out", "rub out", show=False),
        Binding("delete", "empty", "empty", show=False),
    ]

    class Filled(Message):
        """All six are there."""

    class Misread(Message):
        """What was pasted holds no six digits."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._digits = [""] * LENGTH
        self._at = 0

    def take(self) -> str:
        """The digits, once: the boxes are empty afterwards."""
        taken = "".join(self._digits)
        self.clear()
        return taken

    def clear(self) -> None:
        """Empties the boxes."""
        self._digits = [""] * LENGTH
        self._at = 0
        self.refresh()

    @property
    def empty(self) -> bool:
        """Whether nothing is in them."""
        return not any(self._digits)

    @staticmethod
    def takes(character: str) -> bool:
        """Whether it is a digit, of any script."""
        digit = unicodedata.normalize("NFKC", character)
        return digit.isdecimal() and digit.isascii() and len(digit) == 1

    def put(self, character: str) -> None:
        """Puts a digit where the next one goes."""
        digit = unicodedata.normalize("NFKC", character)
        self._digits[self._at] = digit
        if all(self._digits):
            self.post_message(self.Filled())
        else:
            later = [index for index in range(self._at + 1, LENGTH) if not self._digits[index]]
            self._at = later[0] if later else self._digits.index("")
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        """Digits of any script count; everything else is for somebody else."""
        if self.takes(event.character or ""):
            event.stop()
            event.prevent_default()
            self.put(event.character or "")

    def on_paste(self, event: events.Paste) -> None:
        """Fills all boxes, or says that there is no code in it."""
        event.stop()
        code = code_in(event.text)
        if code is None:
            self.post_message(self.Misread())
            return
        self._digits = list(code)
        self._at = LENGTH - 1
        self.refresh()
        self.post_message(self.Filled())

    def on_click(self, event: events.Click) -> None:
        """To the box under the mouse."""
        starts = [self._indent + 5 * index + (2 if index >= LENGTH // 2 else 0) for index in range(LENGTH)]
        hit = [index for index, start in enumerate(starts) if start <= event.x < start + 5]
        if hit:
            self._at = hit[0]
            self.refresh()

    def action_move(self, by: int) -> None:
        """To another box."""
        self._at = max(0, min(LENGTH - 1, self._at + by))
        self.refresh()

    def action_rub_out(self) -> None:
        """Empties this box, or the one before when it is empty already."""
        if not self._digits[self._at]:
            self._at = max(0, self._at - 1)
        self._digits[self._at] = ""
        self.refresh()

    def action_empty(self) -> None:
        """Empties this box."""
        self._digits[self._at] = ""
        self.refresh()

    @property
    def _indent(self) -> int:
        return 4

    def render(self) -> Content:
        """The boxes with their digits; an underscore where the next one goes."""
        flat = self.has_class("-flat")
        rows: list[list[Content | str]] = [[" " * self._indent] for _ in range(1 if flat else 3)]
        for index, digit in enumerate(self._digits):
            here = index == self._at and self.has_focus
            style = "bold $text-primary" if here else ""
            character = digit or ("_" if here else " ")
            gap = "  " if index == LENGTH // 2 else ""
            if flat:
                rows[0] += [gap, Content.styled(f"[{character}] ", style)]
                continue
            for row, text in zip(rows, ("┌───┐", f"│ {character} │", "└───┘"), strict=True):
                row += [gap, Content.styled(text, style)]
        return Content("\n").join(Content.assemble(*row) for row in rows)
