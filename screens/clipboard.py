"""Copying what a person may want elsewhere: to the terminal's clipboard, which may ignore it, and to a file, which stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from screens.widgets.rows import Command, Row, Space, Text
from screens.words import plural

if TYPE_CHECKING:
    from screens.host import Host

COPY_NAME = "commands.sh"
SERVE = "serve"


class InWorld(Protocol):
    """Whatever knows whether this is a demo world, and what to type before any command that is to meet it."""

    @property
    def demo_commands(self) -> tuple[str, ...]:
        """One serves the world, the others lead to it; empty for a real cluster."""


def demo_note(where: InWorld) -> Iterator[Row]:
    """In a demo world: that commands would not meet it as it is, and how they would. Nothing for a real cluster."""
    if where.demo_commands:
        yield Text(
            lead="This is a demo world inside the wizard.",
            text="A terminal can't reach it, and the commands below would run against your own cluster. Serve it first, "
            "from another terminal; what you copy here then leads there:",
            style="$text-warning",
        )
        yield Command(id=SERVE, command=where.demo_commands[0])
        yield Space()


def copy_commands(host: Host, commands: list[str]) -> None:
    """Copies the commands and says where else they are."""
    if not commands:
        host.notify("There is no command here.", markup=False)
        return
    text = "\n".join(with_way(host.workspace, commands)) + "\n"
    host.copy_to_clipboard(text)
    try:
        saved = f"Also in {host.workspace.save(COPY_NAME, text)}, in case this terminal does not support copying."
    except OSError as error:
        saved = f"They could not also be saved to a file: {error.strerror or type(error).__name__}."
    host.notify(saved, title=f"{plural(len(commands), 'command')} copied", markup=False)


def with_way(where: InWorld, commands: list[str]) -> list[str]:
    """The commands, in a demo world with what keeps them away from the person's own cluster before them."""
    if not where.demo_commands or not commands or commands == [where.demo_commands[0]]:
        return commands
    serve, *lead = where.demo_commands
    return [f"# For a demo world, once it is served: {serve}", *lead, *commands]
