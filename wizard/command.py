"""What a person would type, as a value: built anywhere without flags, and addressed to this cluster in one place.

Nothing here reads, runs or prints. `Address.line` alone makes text of a command, at the edges: tables, JSON, screens, errors.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace

KUBECTL = "kubectl"
WIZARD = "photosync-wizard"
HELM = "helm"
STDIN = "-"
"""The word by which kubectl reads a manifest from standard input."""


@dataclass(frozen=True, slots=True)
class Program:
    """kubectl, helm or the wizard where it stands in a line; without a namespace it takes the one of its context or opening."""

    name: str
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Shell:
    """Shell text that stands in the line as it is, with its own spaces: a pipe, a substitution, a line of its own."""

    text: str


Part = str | Program | Shell
"""A word, which is quoted where that is needed; a program that is addressed; or shell text."""


@dataclass(frozen=True, slots=True)
class Command:
    """One line for a shell; `stdin` is a text for its standard input, such as a manifest, and never a secret."""

    parts: tuple[Part, ...]
    stdin: str = ""

    def reading(self, path: str) -> Command:
        """The same, reading the file at `path` instead of standard input."""
        return replace(self, parts=tuple(path if part == STDIN else part for part in self.parts), stdin="")


def kubectl(*words: str | Shell, namespace: str = "", stdin: str = "") -> Command:
    """Kubectl with these words, in `namespace` where one is given."""
    return Command((Program(KUBECTL, namespace), *words), stdin)


def photosync_wizard(*words: str | Shell, namespace: str = "") -> Command:
    """The wizard with these words, for another namespace than this opening's where one is given."""
    return Command((Program(WIZARD, namespace), *words))


def helm(*words: str | Shell, namespace: str = "") -> Command:
    """Helm with these words, in `namespace` where one is given."""
    return Command((Program(HELM, namespace), *words))


def line(*parts: Part | Command) -> Command:
    """Words, shell text and commands in a row as one line. Commands in it have no standard input of their own."""
    return Command(tuple(word for part in parts for word in (part.parts if isinstance(part, Command) else (part,))))


@dataclass(frozen=True, slots=True)
class Address:
    """How commands reach the cluster of this opening, as it was named on the command line; None where it was not.

    `flags` are words that the wizard takes besides: those that say which objects are meant.

    In a demo world kubectl and helm get no flags: $KUBECONFIG leads them there, and the flags would lead to a real cluster.
    """

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    demo: str | None = None
    flags: tuple[str, ...] = ()

    def line(self, command: Command) -> str:
        """The text to paste into a shell, a here-document behind it where there is one."""
        text = ""
        for part in command.parts:
            if isinstance(part, Shell):
                text += part.text
            else:
                gap = " " if text and not text[-1].isspace() else ""
                text += gap + shlex.join((part,) if isinstance(part, str) else self._program(part))
        return text + (_here_document(command.stdin) if command.stdin else "")

    def lines(self, commands: Iterable[Command]) -> tuple[str, ...]:
        """The texts of several."""
        return tuple(self.line(command) for command in commands)

    def _program(self, program: Program) -> tuple[str, ...]:
        context = "--kube-context" if program.name == HELM else "--context"
        cluster = (("--kubeconfig", self.kubeconfig), (context, self.context))
        flags: tuple[tuple[str, str | None], ...]
        if program.name == WIZARD:
            flags = (("--demo", self.demo), *cluster, ("-n", program.namespace or self.namespace))
        else:
            flags = (*(() if self.demo else cluster), ("-n", program.namespace))
        words = tuple(word for flag, value in flags if value for word in (flag, value))
        return program.name, *words, *(self.flags if program.name == WIZARD else ())


def _here_document(text: str) -> str:
    """The text behind a command, closed by a mark that is no line of it."""
    mark = "EOF"
    while mark in text.splitlines():
        mark += "_"
    return f" <<'{mark}'\n{text.removesuffix(chr(10))}\n{mark}"
