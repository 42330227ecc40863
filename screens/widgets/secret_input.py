"""A line for a password. What is typed is given out once, by `take`, and is in no message."""

from __future__ import annotations

from textual.message import Message
from textual.widgets import Input


class SecretInput(Input):
    """A line whose text is never shown, copied or told: it submits without it, and gives it out once."""

    class Given(Message):
        """Enter was pressed."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, password=True, compact=True, select_on_focus=False)

    def take(self) -> str:
        """The text, once: the line is empty afterwards."""
        taken = self.value
        self.clear()
        return taken

    def _watch_value(self, value: str) -> None:
        """Nobody is told of a change: such a message would carry the text."""
        with self.prevent(self.Changed):
            super()._watch_value(value)

    async def action_submit(self) -> None:
        """Says only that there is something to take."""
        self.post_message(self.Given())

    def action_copy(self) -> None:
        """Nothing leaves this line by the clipboard."""

    def action_cut(self) -> None:
        """Nothing leaves this line by the clipboard."""
