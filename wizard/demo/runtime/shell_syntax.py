"""The part of the shell's language that demo containers understand: enough for the wizard's own scripts and CronJobs. Pure.

Commands with quoting, variables and command substitution, redirections and here-documents, `;`, `&`, `&&`, `||`, `!`, `if`,
`for` and `while`. What it does not know is a ShellSyntaxError, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Operator = Literal[";", "&", "&&", "||"]


class ShellSyntaxError(Exception):
    """What a shell says before it ends with exit code 2."""


class Unfinished(ShellSyntaxError):
    """The text ends in the middle of a command."""


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that stand for themselves; `quoted` ones are never split."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Variable:
    """$name, $1, $? or ${name}; split at blanks unless `quoted`."""

    name: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Output:
    """$(commands)."""

    script: str
    quoted: bool


Part = Text | Variable | Output
Word = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Redirection:
    """`fd` goes to or comes from `target`; of a here-document that is its text."""

    fd: int
    kind: Literal[">", ">>", "<", ">&", "<<"]
    target: Word


@dataclass(frozen=True, slots=True)
class Simple:
    """Assignments, words and redirections."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirections: tuple[Redirection, ...]


@dataclass(frozen=True, slots=True)
class If:
    """Branches of condition and body; the last condition may be empty: else."""

    branches: tuple[tuple[Commands, Commands], ...]


@dataclass(frozen=True, slots=True)
class For:
    """A body for every field of the words."""

    name: str
    words: tuple[Word, ...]
    body: Commands


@dataclass(frozen=True, slots=True)
class While:
    """A body as long as the condition succeeds."""

    condition: Commands
    body: Commands


@dataclass(frozen=True, slots=True)
class Item:
    """A command, whether its result is turned round, and what stands behind it."""

    command: Simple | If | For | While
    negated: bool
    operator: Operator


Commands = tuple[Item, ...]
