"""Reads a shell script as far as a diagnosis needs it: simple commands, their words, and what in them is substituted.

No expansion, no execution, no conditions: `if`, loops and groups are seen through, so every command that may run is listed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPERATORS = ("&&", "||", ";;", ";", "&", "|", "(", ")", "\n")
_REDIRECTION = re.compile(r"(\d*)(<<<|<<-?|<>|>>|>&|<&|>\||<|>)")
VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?[-=]([^{}]*))?\})")
"""A variable: its name in group 1 or 2, its default in group 3."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word without its quotes; substitutions and variables stand in it as written.

    `bare` are those of them that no quotes protect from being split, `literal` those that single quotes keep from happening.
    """

    text: str
    bare: tuple[str, ...] = ()
    literal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command; `files` are the targets of its redirections, `documents` what it gets fed by here-documents."""

    words: tuple[Word, ...]
    files: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


def commands(script: str) -> list[Command]:
    """The script's simple commands in order; a script that is cut off in a quote gives what could be read."""
    return _Reader(script).read()


def substitutions(text: str) -> list[str]:
    """The command substitutions in a text, as written."""
    texts, place = [], 0
    while place < len(text):
        end = _substitution_end(text, place)
        if end:
            texts.append(text[place:end])
            place = end
        else:
            place += 2 if text[place] == "\\" else 1
    return texts


def inside(substitution: str) -> str:
    """The script within `$(...)` or backticks."""
    return substitution[2:-1] if substitution.startswith("$(") else substitution[1:-1]


def _substitution_end(text: str, start: int) -> int:
    """Where the command substitution that begins at `start` ends; 0 when none begins there."""
    if text[start] == "`":
        end = text.find("`", start + 1)
        return end + 1 if end > 0 else len(text)
    if not text.startswith("$(", start) or text.startswith("$((", start):
        return 0
    depth, quote, place = 0, "", start + 1
    while place < len(text):
        sign = text[place]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign == "\\":
            place += 1
        elif sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
            if depth == 0:
                return place + 1
        place += 1
    return len(text)


class _Reader:
    """A cursor over one script."""

    def __init__(self, script: str) -> None:
        self._text = script.replace("\r\n", "\n").replace("\\\n", " ")
        self._place = 0
        self._commands: list[Command] = []
        self._waiting: list[tuple[str, bool]] = []
        self._start()

    def _start(self) -> None:
        self._words: list[Word] = []
        self._files: list[str] = []
        self._documents: list[str] = []

    def read(self) -> list[Command]:
        while self._place < len(self._text):
            if self._text[self._place] in " \t":
                self._place += 1
            elif self._text[self._place] == "#":
                end = self._text.find("\n", self._place)
                self._place = end if end >= 0 else len(self._text)
            elif redirection := _REDIRECTION.match(self._text, self._place):
                self._redirect(redirection[2], redirection.end())
            elif operator := next((sign for sign in _OPERATORS if self._text.startswith(sign, self._place)), None):
                self._place += len(operator)
                if operator == "\n" and self._waiting:
                    self._here_documents()
                self._finish()
            else:
                self._words.append(self._word())
        self._finish()
        return self._commands

    def _finish(self) -> None:
        if self._words or self._files or self._documents:
            self._commands.append(Command(tuple(self._words), tuple(self._files), tuple(self._documents)))
        self._start()

    def _redirect(self, sign: str, end: int) -> None:
        self._place = end
        while self._text[self._place : self._place + 1] in (" ", "\t"):
            self._place += 1
        quoted = self._text[self._place : self._place + 1] in ("'", '"', "\\")
        target = self._word().text
        if sign in ("<<", "<<-"):
            self._waiting.append((target, quoted))
        elif sign == "<<<":
            self._documents.append(target)
        elif not sign.endswith("&"):
            self._files.append(target)

    def _here_documents(self) -> None:
        for mark, quoted in self._waiting:
            end = re.compile(rf"^\t*{re.escape(mark)}$", re.MULTILINE).search(self._text, self._place)
            body = self._text[self._place : end.start() if end else len(self._text)]
            self._documents.append("" if quoted else body)
            self._place = min(end.end() + 1, len(self._text)) if end else len(self._text)
        self._waiting = []

    def _word(self) -> Word:
        text, bare, literal, quote = "", [], [], ""
        while self._place < len(self._text):
            sign = self._text[self._place]
            if quote == "'":
                end = self._text.find("'", self._place)
                end = end if end >= 0 else len(self._text)
                part = self._text[self._place : end]
                text += part
                literal += [*substitutions(part), *(match[0] for match in VARIABLE.finditer(part))]
                self._place, quote = end + 1, ""
            elif substituted := self._substituted():
                text += substituted
                self._place += len(substituted)
                bare += [] if quote else [substituted]
            elif sign == '"':
                quote = "" if quote else '"'
                self._place += 1
            elif sign == "'" and not quote:
                quote = "'"
                self._place += 1
            elif sign == "\\" and self._place + 1 < len(self._text):
                text += self._text[self._place + 1]
                self._place += 2
            elif not quote and (
                sign in " \t<>" or any(self._text.startswith(operator, self._place) for operator in _OPERATORS)
            ):
                break
            else:
                text += sign
                self._place += 1
        return Word(text, tuple(bare), tuple(literal))

    def _substituted(self) -> str:
        if end := _substitution_end(self._text, self._place):
            return self._text[self._place : end]
        variable = VARIABLE.match(self._text, self._place)
        return variable[0] if variable else ""
