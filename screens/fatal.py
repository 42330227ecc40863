"""How an app of ours ends when the program itself fails: a few words and a report, neither with any value in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wizard.command import Address

if TYPE_CHECKING:
    from textual.app import App

    from wizard.command import Address


def end_without_values(app: App[Any], save: Callable[[str, str], str], address: Address) -> None:
    """What stands in the place of Textual's own ending, which prints local variables."""
    from rich.text import Text  # noqa: PLC0415 - only now

    from wizard.crash import describe  # noqa: PLC0415 - only now

    if app._exception is not None and not app._exit_renderables:  # noqa: SLF001 - Textual has no other way
        app._exit_renderables.append(Text(describe(app._exception, save, address)))  # noqa: SLF001
    app._close_messages_no_wait()  # noqa: SLF001
