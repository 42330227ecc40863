"""The flags of the choices, as they are declared: parsed, checked, and put together with an answers file."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from wizard.choices import CHOICES
from wizard.errors import WizardError
from wizard.iterations import IDS
from wizard.settings import ANSWERS, FLAG, Choice, Value

_BEFORE, _BEHIND = "before_", "behind_"
_TITLES = {
    "": "your choices",
    "storage": "choices for the storage",
    "credentials": "choices for icloudpd",
    "argocd": "choices for git and Argo CD",
    "immich": "choices for Immich",
    "exposure": "choices for the address",
}


def add_choices(
    parser: argparse.ArgumentParser,
    *,
    top: bool = False,
    without: Collection[Choice[Any]] = (),
    choices: Iterable[Choice[Any]] = CHOICES,
) -> None:
    """Adds `--answers` and a flag for each choice, in groups by step, and leaves the usage line short.

    They may stand before a command (`top`) and behind it; what stands behind counts, and several values add up.
    """
    usage = parser.format_usage().removeprefix("usage: ").rstrip()
    parser.usage = usage.replace("COMMAND ...", "[CHOICES] COMMAND ...") if top else f"{usage} [CHOICES]"
    declared = [choice for choice in choices if choice not in without]
    for step in ("", *IDS):
        of_step = [choice for choice in declared if choice.step == step]
        if not (of_step or step == ""):
            continue
        group = parser.add_argument_group(_TITLES.get(step, f"choices for {step}"))
        if not step:
            group.add_argument(
                "--answers",
                metavar="FILE",
                default=argparse.SUPPRESS,
                help="a YAML file of choices; flags take precedence",
            )
        for choice in of_step:
            _add(group, choice, _BEFORE if top else _BEHIND)


def _add(group: argparse._ArgumentGroup, choice: Choice[Any], prefix: str) -> None:
    usual = "" if choice.default in (None, ()) else f" (default: {choice.text(choice.default)})"
    group.add_argument(
        choice.flag,
        dest=prefix + choice.id,
        type=_checked(choice),
        action=_Adding if choice.many else "store",
        metavar=choice.metavar,
        choices=_Suggested(choice.words) if choice.words else None,
        default=argparse.SUPPRESS,
        help=(choice.help + usual).replace("%", "%%"),
    )


def _checked(choice: Choice[Any]) -> Any:
    def check(text: str) -> Any:
        try:
            return choice.check(text)
        except WizardError as error:
            raise argparse.ArgumentTypeError(error.what) from None

    return check


class _Suggested(tuple[str, ...]):
    """Words for the shell's completion; whether a value is one of them is for its check to say."""

    __slots__ = ()

    def __contains__(self, value: object) -> bool:
        return True


class _Adding(argparse.Action):
    """Several values add up."""

    def __call__(self, parser: object, options: argparse.Namespace, values: Any, option_string: object = None) -> None:
        del parser, option_string
        setattr(options, self.dest, (*getattr(options, self.dest, ()), *values))


def said(options: argparse.Namespace, choices: Iterable[Choice[Any]] = CHOICES) -> Mapping[str, Value[Any]]:
    """What the flags and the answers file say, by choice id. Raises WizardError for an answers file that can't be used."""
    values: dict[str, Value[Any]] = {}
    if path := getattr(options, "answers", None):
        from wizard.answers import read_answers  # noqa: PLC0415 - only where there is one

        values |= {name: Value(value, ANSWERS) for name, value in read_answers(Path(path)).items()}
    for choice in choices:
        flags = [getattr(options, prefix + choice.id, None) for prefix in (_BEFORE, _BEHIND)]
        flag_values = [value for value in flags if value is not None]
        if flag_values:
            values[choice.id] = Value(tuple(chain(*flag_values)) if choice.many else flag_values[-1], FLAG)
    return values
