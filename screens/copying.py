"""Copying what a person may want elsewhere: to the terminal's clipboard, which may ignore it, and to a file, which stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.words import plural

if TYPE_CHECKING:
    from screens.app import WizardApp

COPY_NAME = "commands.sh"


def copy_commands(app: WizardApp, commands: list[str]) -> None:
    """Copies the commands and says where else they are."""
    if not commands:
        app.notify("There is no command here.", markup=False)
        return
    text = "\n".join(commands) + "\n"
    app.copy_to_clipboard(text)
    try:
        saved = f"Also in {app.session.save(COPY_NAME, text)}, in case this terminal does not take it."
    except OSError as error:
        saved = f"They could not be saved to a file as well: {error.strerror or type(error).__name__}."
    app.notify(saved, title=f"{plural(len(commands), 'command')} copied", markup=False)
