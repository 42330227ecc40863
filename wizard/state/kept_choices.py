"""How a choice gets into the kept ones, and from there into the settings. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from wizard.choice_values import choice_called, choice_named, with_value
from wizard.choices import APPLE_ID, SKIPPED
from wizard.errors import WizardError
from wizard.settings import DEFAULT_ACCOUNT, STATE, Choice, Settings
from wizard.state.record import Choices


def chosen(choices: Choices, name: str, text: str) -> Choices:
    """`choices` with one set as typed; an empty text takes it back. `name` is a choice's id, or "skip" or "unskip" a step.

    Raises WizardError for a value that can't be right and for a choice that there isn't.
    """
    text = text.strip()
    if name in ("skip", "unskip"):
        skipped = set(SKIPPED.parse(SKIPPED.text(choices.values.get(SKIPPED.id, ()))))
        skipped = skipped | {text} if name == "skip" else skipped - {text}
        name, text = SKIPPED.id, ",".join(skipped)
    choice = choice_named(name)
    if choice.id == APPLE_ID.id:
        return replace(choices, apple_ids={**choices.apple_ids, DEFAULT_ACCOUNT: choice.check(text)} if text else {})
    values = {kept: value for kept, value in choices.values.items() if kept != name}
    return replace(choices, values={**values, name: choice.check(text)} if text else values)


def fill_in(settings: Settings, choices: Choices) -> Settings:
    """`settings` with the kept choices where neither a flag nor an answers file said otherwise (source "state").

    Of a choice with several values they add up. A kept value that can't be right is left out: see `unusable`.
    """
    for choice, value in _usable(choices):
        if choice.many:
            together = choice.text((*settings[choice], *value))
            settings = with_value(settings, choice, choice.parse(together), settings.sources.get(choice.id, STATE))
        elif not settings.is_said(choice):
            settings = with_value(settings, choice, value, STATE)
    apple_ids = {**choices.apple_ids, **settings.apple_ids}
    if DEFAULT_ACCOUNT in choices.apple_ids and not settings.is_said(APPLE_ID):
        settings = with_value(settings, APPLE_ID, choices.apple_ids[DEFAULT_ACCOUNT], STATE)
    return replace(settings, apple_ids=apple_ids, accounts=choices.accounts or settings.accounts)


def unusable(choices: Choices) -> tuple[str, ...]:
    """A sentence about each kept value that can't be right; those of choices that this version does not have are no matter."""
    problems = []
    for choice, kept in _known(choices):
        try:
            choice.check(choice.text(kept))
        except WizardError as error:
            problems.append(f"The saved value of {choice.label} is not used: {error.what}")
    return tuple(problems)


def _usable(choices: Choices) -> Iterator[tuple[Choice[Any], Any]]:
    for choice, kept in _known(choices):
        try:
            value = choice.check(choice.text(kept))
        except WizardError:
            continue
        yield choice, value


def _known(choices: Choices) -> Iterator[tuple[Choice[Any], Any]]:
    for name, kept in choices.values.items():
        if choice := choice_called(name):
            yield choice, kept
