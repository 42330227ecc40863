"""The values in force for the choices, and choices by their name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from wizard.choices import APPLE_ID, CHOICES
from wizard.errors import Exit, Retry, WizardError
from wizard.settings import ANSWERS, DEFAULT_ACCOUNT, FLAG, STATE, Choice, Settings, Value

if TYPE_CHECKING:
    from wizard.world import World

YOUR_CHOICE = "your choice"

T = TypeVar("T")


def value_of(choice: Choice[T], world: World, settings: Settings) -> Value[T]:
    """The value in force: what a person said, else what the cluster suggests, else what was detected, else the default."""
    if not settings.is_said(choice) and choice.work_out and (worked_out := choice.work_out(world, settings)):
        return worked_out
    return Value(settings[choice], source_of(choice, settings))


def source_of(choice: Choice[Any], settings: Settings) -> str:
    """Where the value in the settings came from, in a person's words."""
    source = settings.sources.get(choice.id, "")
    words = {"": "the default", STATE: YOUR_CHOICE, FLAG: f"from {choice.flag}", ANSWERS: "from your answers file"}
    return words.get(source, source)


def with_value(settings: Settings, choice: Choice[T], value: T, source: str) -> Settings:
    """`settings` with another value for a choice; an Apple ID is that of the first account."""
    settings = settings.having(choice, value, source)
    if choice.id != APPLE_ID.id:
        return settings
    return replace(settings, apple_ids={**settings.apple_ids, DEFAULT_ACCOUNT: str(value)})


def choice_called(name: str) -> Choice[Any] | None:
    """The choice with this id; None where there is none."""
    return next((choice for choice in CHOICES if choice.id == name), None)


def choice_named(name: str) -> Choice[Any]:
    """The choice with this id. Raises WizardError "settings.unknown" where there is none."""
    if choice := choice_called(name):
        return choice
    raise WizardError("settings.unknown", f"There is no choice called {name}.", exit_code=Exit.USAGE, retry=Retry.NEVER)
