"""The files that a sign-in leaves where the person can use them, and the sentence that says where. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from screens.clipboard import with_way
from screens.signin.plan_rows import manifest

if TYPE_CHECKING:
    from screens.signin.questions import Review
    from screens.signin.state import SignInState
    from wizard.signin.summary import Unattended

CALENDAR_NAME = "photosync-sign-in.ics"
COMMANDS_NAME = "sign-in-commands.sh"
UNATTENDED_NAME = "unattended-sign-in.sh"

Save = Callable[[str, str], str]
"""Keeps a private file of that name with that text and returns its path; may raise OSError."""


def save_manifest(review: Review, save: Save) -> str:
    """Keeps the pod of the plan, and returns its path; empty where there is none, or it could not be kept."""
    file = manifest(review)
    if file is None:
        return ""
    try:
        return save(*file)
    except OSError:
        return ""


def save_calendar(text: str, save: Save) -> tuple[bool, str]:
    """Keeps the reminder: whether it is there now, and what to say about it."""
    try:
        return True, f"Written to {save(CALENDAR_NAME, text)}: open it with your calendar."
    except OSError as error:
        return False, f"It could not be written: {_reason(error)}."


def save_unattended(instructions: Unattended, state: SignInState, save: Save) -> str:
    """Keeps what a password in the cluster takes, and returns the line about it, a sign and a space in front."""
    try:
        where = save(UNATTENDED_NAME, "\n".join(with_way(state, [instructions.script(state.address)])))
    except OSError:
        return "! Unattended re-login is up to you: `photosync-wizard explain signing-in` says how."
    return f"  Unattended re-login is up to you, in two changes: {where} has the commands and what to mind."


def save_commands(text: str, save: Save) -> str:
    """Keeps commands that were copied, and returns what to say about it."""
    try:
        return f"Copied; also in {save(COMMANDS_NAME, text)}."
    except OSError as error:
        return f"Copied; it could not be saved as well: {_reason(error)}."


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
