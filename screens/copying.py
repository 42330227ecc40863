"""Copying what a person may want elsewhere: to the terminal's clipboard, which may ignore it, and to a file, which stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from screens.rows import Command, Row, Space, Text
from screens.words import plural

if TYPE_CHECKING:
    from screens.app import WizardApp
    from screens.session import Session

COPY_NAME = "commands.sh"


SERVE = "serve"


def demo_note(session: Session) -> Iterator[Row]:
    """In a demo world: that commands would not meet it as it is, and how they would. Nothing for a real cluster."""
    if session.demo_commands:
        yield Text(
            lead="This is a demo world inside the wizard.",
            text="A terminal doesn't reach it, and the commands below would meet your own cluster. Serve it first, from another "
            "terminal; what is copied here leads there:",
            style="$text-warning",
        )
        yield Command(id=SERVE, command=session.demo_commands[0])
        yield Space()


def copy_commands(app: WizardApp, commands: list[str]) -> None:
    """Copies the commands and says where else they are."""
    if not commands:
        app.notify("There is no command here.", markup=False)
        return
    text = "\n".join((*_before(app.session, commands), *commands)) + "\n"
    app.copy_to_clipboard(text)
    try:
        saved = f"Also in {app.session.save(COPY_NAME, text)}, in case this terminal does not take it."
    except OSError as error:
        saved = f"They could not be saved to a file as well: {error.strerror or type(error).__name__}."
    app.notify(saved, title=f"{plural(len(commands), 'command')} copied", markup=False)


def _before(session: Session, commands: list[str]) -> Iterator[str]:
    """What keeps a demo world's commands away from the person's own cluster."""
    if session.demo_commands and commands != [session.demo_commands[0]]:
        serve, *lead = session.demo_commands
        yield f"# For a demo world, once it is served: {serve}"
        yield from lead
