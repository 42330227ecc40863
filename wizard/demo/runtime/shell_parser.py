"""Parses a shell script into the commands of `shell_syntax`. Pure."""

from __future__ import annotations

import re

from wizard.demo.runtime.shell_syntax import (
    Commands,
    For,
    If,
    Item,
    Operator,
    Output,
    Part,
    Redirection,
    ShellSyntaxError,
    Simple,
    Text,
    Unfinished,
    Variable,
    While,
    Word,
)

_OPERATORS = ("&&", "||", ";", "&", "\n")


_REDIRECTION = re.compile(r"(\d?)(<<|>>|>&|>|<)")


_NAME = re.compile(r"[A-Za-z_]\w*")


_VARIABLE = re.compile(r"\{(\w+|\?)\}|(\w+|[?#@*!$])")


_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=")


_RESERVED = ("then", "elif", "else", "fi", "do", "done")


_BLANK = " \t"


class Parser:
    """Reads one script from its beginning, a line's worth at a time, as a shell that is fed its script does."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._documents: list[tuple[int, str, bool]] = []
        self._bodies: dict[int, Word] = {}

    def next_line(self) -> Commands | None:
        """The next complete commands; None at the end. Raises ShellSyntaxError, Unfinished where the text stops too early."""
        while True:
            self._skip_blank(newlines=True)
            if self._at >= len(self._text):
                return None
            items = self._list(until=(), one_line=True)
            if items:
                return self._filled(items)

    def _list(self, until: tuple[str, ...], *, one_line: bool = False) -> Commands:
        items: list[Item] = []
        while True:
            self._skip_blank(newlines=not one_line or not items)
            if self._at >= len(self._text):
                if until:
                    raise Unfinished(f'unexpected end of file (expecting "{until[-1]}")')
                return tuple(items)
            word = self._peek_word()
            if word in until:
                return tuple(items)
            if word in _RESERVED:
                raise ShellSyntaxError(f'"{word}" unexpected')
            negated = word == "!"
            if negated:
                self._at += 1
                self._skip_blank()
            command = self._command()
            self._skip_blank()
            operator, ended = self._operator()
            items.append(Item(command, negated, operator))
            if one_line and ended and operator not in ("&&", "||"):
                return tuple(items)

    def _operator(self) -> tuple[Operator, bool]:
        """What stands behind a command, and whether the line ends with it."""
        for operator in _OPERATORS:
            if self._text.startswith(operator, self._at):
                self._at += len(operator)
                if operator == "\n":
                    self._read_documents()
                    return ";", True
                if operator in ("&&", "||"):
                    self._skip_blank(newlines=True)
                    if self._at >= len(self._text):
                        raise Unfinished("unexpected end of file")
                self._skip_blank()
                ended = self._text.startswith("\n", self._at) or self._at >= len(self._text)
                if ended and operator in (";", "&") and self._at < len(self._text):
                    self._at += 1
                    self._read_documents()
                return operator, ended  # type: ignore[return-value]
        if self._at >= len(self._text):
            if self._documents:
                self._read_documents()
            return ";", True
        raise ShellSyntaxError(f'"{self._text[self._at]}" unexpected')

    def _command(self) -> Simple | If | For | While:
        word = self._peek_word()
        if word == "if":
            return self._if()
        if word == "for":
            return self._for()
        if word == "while":
            self._take("while")
            condition = self._list(("do",))
            self._take("do")
            body = self._list(("done",))
            self._take("done")
            return While(condition, body)
        return self._simple()

    def _if(self) -> If:
        branches: list[tuple[Commands, Commands]] = []
        self._take("if")
        while True:
            condition = self._list(("then",))
            self._take("then")
            branches.append((condition, self._list(("elif", "else", "fi"))))
            if self._peek_word() != "elif":
                break
            self._take("elif")
        if self._peek_word() == "else":
            self._take("else")
            branches.append(((), self._list(("fi",))))
        self._take("fi")
        return If(tuple(branches))

    def _for(self) -> For:
        self._take("for")
        self._skip_blank()
        name = self._peek_word()
        self._at += len(name)
        self._skip_blank()
        if not _NAME.fullmatch(name) or self._peek_word() != "in":
            raise ShellSyntaxError("bad for loop")
        self._take("in")
        words = []
        while True:
            self._skip_blank()
            if self._at >= len(self._text):
                raise Unfinished('unexpected end of file (expecting "do")')
            if self._text[self._at] in ";\n":
                self._at += 1
                break
            words.append(self._word())
        self._skip_blank(newlines=True)
        if self._at >= len(self._text):
            raise Unfinished('unexpected end of file (expecting "do")')
        self._take("do")
        body = self._list(("done",))
        self._take("done")
        return For(name, tuple(words), body)

    def _simple(self) -> Simple:
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirections: list[Redirection] = []
        while True:
            self._skip_blank()
            if self._at >= len(self._text) or self._text[self._at] in ";&|\n)":
                break
            if match := _REDIRECTION.match(self._text, self._at):
                redirections.append(self._redirection(match))
            elif not words and (match := _ASSIGNMENT.match(self._text, self._at)):
                self._at = match.end()
                assignments.append((match[1], self._word(may_be_empty=True)))
            else:
                words.append(self._word())
        if not (assignments or words or redirections):
            unexpected = self._text[self._at : self._at + 1] or "end of file"
            raise ShellSyntaxError(f'"{unexpected}" unexpected')
        return Simple(tuple(assignments), tuple(words), tuple(redirections))

    def _redirection(self, match: re.Match[str]) -> Redirection:
        self._at = match.end()
        kind = match[2]
        fd = int(match[1]) if match[1] else int(kind.startswith(">"))
        self._skip_blank()
        target = self._word()
        if kind == "<<":
            literal = all(isinstance(part, Text) and part.quoted for part in target)
            if not all(isinstance(part, Text) for part in target) or not literal:
                raise ShellSyntaxError("only here-documents with a quoted end mark are understood")
            number = len(self._bodies) + len(self._documents)
            self._documents.append((number, "".join(part.text for part in target if isinstance(part, Text)), literal))
            return Redirection(fd, "<<", (Text(str(number), quoted=True),))
        return Redirection(fd, kind, target)  # type: ignore[arg-type]

    def _read_documents(self) -> None:
        """Here-documents begin on the line after the command. One that the text ends in holds what there is."""
        for number, mark, _ in self._documents:
            lines: list[str] = []
            while self._at < len(self._text):
                end = self._text.find("\n", self._at)
                line = self._text[self._at :] if end < 0 else self._text[self._at : end]
                self._at = len(self._text) if end < 0 else end + 1
                if line == mark:
                    break
                lines.append(line + ("\n" if end >= 0 else ""))
            self._bodies[number] = (Text("".join(lines), quoted=True),)
        self._documents.clear()

    def _filled(self, items: Commands) -> Commands:
        return tuple(Item(self._fill(item.command), item.negated, item.operator) for item in items)

    def _fill(self, command: Simple | If | For | While) -> Simple | If | For | While:
        match command:
            case Simple(assignments, words, redirections):
                filled = tuple(
                    Redirection(redirection.fd, "<<", self._bodies[int(_plain(redirection.target))])
                    if redirection.kind == "<<"
                    else redirection
                    for redirection in redirections
                )
                return Simple(assignments, words, filled)
            case If(branches):
                return If(tuple((self._filled(condition), self._filled(body)) for condition, body in branches))
            case For(name, words, body):
                return For(name, words, self._filled(body))
            case While(condition, body):
                return While(self._filled(condition), self._filled(body))

    def _word(self, *, may_be_empty: bool = False) -> Word:
        parts: list[Part] = []
        start = self._at
        while self._at < len(self._text):
            character = self._text[self._at]
            if character in " \t\n;&|<>()":
                break
            if character == "'":
                end = self._text.find("'", self._at + 1)
                if end < 0:
                    raise Unfinished("unterminated quoted string")
                parts.append(Text(self._text[self._at + 1 : end], quoted=True))
                self._at = end + 1
            elif character == '"':
                self._at += 1
                self._quoted(parts)
            elif character == "$":
                parts.append(self._dollar(quoted=False))
            elif character == "\\":
                parts.append(Text(self._text[self._at + 1 : self._at + 2], quoted=True))
                self._at += 2
            else:
                parts.append(Text(character, quoted=False))
                self._at += 1
        if self._at == start and not may_be_empty:
            unexpected = self._text[self._at : self._at + 1] or "end of file"
            raise ShellSyntaxError(f'"{unexpected}" unexpected')
        return _joined(parts)

    def _quoted(self, parts: list[Part]) -> None:
        parts.append(Text("", quoted=True))
        while True:
            if self._at >= len(self._text):
                raise Unfinished("unterminated quoted string")
            character = self._text[self._at]
            if character == '"':
                self._at += 1
                return
            if character == "$":
                parts.append(self._dollar(quoted=True))
            elif character == "\\" and self._text[self._at + 1 : self._at + 2] in ('"', "\\", "$", "`"):
                parts.append(Text(self._text[self._at + 1], quoted=True))
                self._at += 2
            else:
                parts.append(Text(character, quoted=True))
                self._at += 1

    def _dollar(self, *, quoted: bool) -> Part:
        self._at += 1
        if self._text.startswith("(", self._at):
            end = self._closing(self._at)
            script = self._text[self._at + 1 : end]
            self._at = end + 1
            return Output(script, quoted)
        match = _VARIABLE.match(self._text, self._at)
        if not match and self._text.startswith("{", self._at):
            raise ShellSyntaxError("Bad substitution")
        if not match:
            return Text("$", quoted=True)
        name = match[1] or match[2]
        if not match[1] and name[0].isdigit():
            self._at += 1
            return Variable(name[0], quoted)
        self._at = match.end()
        return Variable(name, quoted)

    def _closing(self, start: int) -> int:
        """Where the bracket at `start` is closed; quotes are passed over."""
        depth, at, quote = 0, start, ""
        while at < len(self._text):
            character = self._text[at]
            if quote:
                quote = "" if character == quote else quote
            elif character in "'\"":
                quote = character
            elif character == "(":
                depth += 1
            elif character == ")":
                depth -= 1
                if depth == 0:
                    return at
            at += 1
        raise Unfinished('unexpected end of file (expecting ")")')

    def _skip_blank(self, *, newlines: bool = False) -> None:
        while self._at < len(self._text):
            if self._text[self._at] in _BLANK:
                self._at += 1
            elif self._text.startswith("\\\n", self._at):
                self._at += 2
            elif newlines and self._text[self._at] == "\n":
                self._at += 1
                self._read_documents()
            elif self._text[self._at] == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            else:
                return

    def _peek_word(self) -> str:
        match = re.compile(r"[^\s;&|<>()'\"$\\]+").match(self._text, self._at)
        return match[0] if match else ""

    def _take(self, word: str) -> None:
        if self._peek_word() != word:
            raise ShellSyntaxError(f'"{self._peek_word()}" unexpected (expecting "{word}")')
        self._at += len(word)


def _plain(word: Word) -> str:
    return "".join(part.text for part in word if isinstance(part, Text))


def _joined(parts: list[Part]) -> Word:
    joined: list[Part] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, Text) and isinstance(last, Text) and part.quoted == last.quoted:
            joined[-1] = Text(last.text + part.text, part.quoted)
        else:
            joined.append(part)
    return tuple(joined)
