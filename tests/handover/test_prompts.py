"""What is read off icloudpd's terminal: its own lines, and of what was typed nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from wizard.handover.prompts import Ask, Conversation
from wizard.kube.streams import Stream

PASSWORD = "iCloud Password for you@example.com: "
CHOICE = (
    "  a: (•••) •••-••81\r\nPlease enter two-factor authentication code or device index (a) to send SMS with a code: "
)
NOT_SENT = "Failed to send two-factor authentication code\r\n"


class Terminal:
    """Shows these texts in order, and remembers what was typed."""

    def __init__(self, *shown: str) -> None:
        self.shown = shown
        self.typed: list[bytes] = []

    async def __aiter__(self) -> AsyncIterator[tuple[int, bytes]]:
        for text in self.shown:
            yield 1, text.encode()

    async def send(self, data: bytes) -> None:
        self.typed.append(data)


def conversation(*shown: str) -> tuple[Conversation, Terminal]:
    terminal: Any = Terminal(*shown)
    return Conversation(cast("Stream", terminal)), terminal


@pytest.mark.parametrize("letter", ["a", "t"])
async def test_a_letter_that_was_typed_leaves_icloudpds_words_whole(letter: str) -> None:
    talk, terminal = conversation(CHOICE, f"{letter}\r\n{NOT_SENT}")
    assert (await talk.next_prompt()).ask is Ask.CODE
    await talk.type(letter)
    assert (await talk.next_prompt()).ask is Ask.ENDED
    assert "Failed to send two-factor authentication code" in talk.output
    assert terminal.typed == [f"{letter}\n".encode()]


async def test_nothing_of_a_password_or_code_is_kept_wherever_it_is_echoed() -> None:
    talk, _ = conversation(PASSWORD, "hunter2\r\nread hunter2\r\n" + CHOICE, "417902\r\nsent 417902\r\n")
    for secret in ("hunter2", "417902"):
        await talk.next_prompt()
        await talk.type(secret)
    await talk.next_prompt()
    assert "hunter2" not in talk.output
    assert "417902" not in talk.output
    assert "read …" in talk.output
