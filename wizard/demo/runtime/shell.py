"""Runs the shell's language of `wizard.demo.runtime.shell_syntax` in a demo container. Never anything of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import replace

from wizard.demo.runtime.process import Input, Process, Program, Write
from wizard.demo.runtime.shell_parser import Parser
from wizard.demo.runtime.shell_syntax import (
    Commands,
    For,
    If,
    Output,
    Redirection,
    ShellSyntaxError,
    Simple,
    Text,
    Variable,
    While,
    Word,
)
from wizard.demo.runtime.volumes import FileError

NOT_FOUND = 127
_LONGEST = 10_000
_TERMINAL = "/proc/1/fd/0"


class _Exit(Exception):
    """The script ends here."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def sh(process: Process) -> int:
    """`sh -c SCRIPT [NAME ARGUMENT...]` and `sh -s [--] [ARGUMENT...]` with the script on standard input."""
    words = list(process.arguments[1:])
    if words[:1] == ["-c"] and len(words) > 1:
        return await _run(process, words[1], words[2:3] or [process.arguments[0]], words[3:])
    if words[:1] == ["-s"]:
        words = words[1:]
    if words[:1] == ["--"]:
        words = words[1:]
    elif words and process.arguments[1] != "-s":
        process.complain(f"0: cannot open {words[0]}: No such file")
        return 2
    script = (await process.stdin.rest()).decode("utf-8", "surrogateescape")
    return await _run(replace(process, stdin=Input(b"")), script, [process.arguments[0]], words)


async def _run(process: Process, script: str, name: list[str], positional: list[str]) -> int:
    shell = Shell(process, name[0], positional)
    try:
        return await shell.run(script)
    finally:
        shell.leave()


class Shell:
    """One shell: its variables, its folder, its exit-on-error; what it started in the background ends with it."""

    def __init__(self, process: Process, name: str, positional: list[str]) -> None:
        self._process = process
        self._name = name
        self._positional = positional
        self._variables = dict(process.environment)
        self._last = 0
        self._exit_on_error = False
        self._unset_is_error = False
        self._background: list[asyncio.Task[int]] = []
        self._steps = 0
        self._last_output = 0

    async def run(self, script: str) -> int:
        """Runs line after line; one that can't be understood ends it with 2, after those before it."""
        parser = Parser(script)
        try:
            while (commands := parser.next_line()) is not None:
                await self._commands(commands, checked=True)
        except ShellSyntaxError as error:
            self._complain(f"Syntax error: {error}")
            return 2
        except _Exit as end:
            return end.code
        return self._last

    def leave(self) -> None:
        """Ends what still runs in the background."""
        for task in self._background:
            task.cancel()

    def _complain(self, text: str) -> None:
        self._process.stderr(f"{self._name}: {text}\n".encode())

    async def _commands(self, commands: Commands, *, checked: bool) -> None:
        """`checked`: whether a failure ends the script under `set -e`."""
        for index, item in enumerate(commands):
            before = commands[index - 1].operator if index else ";"
            if (before == "&&" and self._last) or (before == "||" and not self._last):
                continue
            if item.operator == "&":
                self._start(item.command)
                self._last = 0
                continue
            guarded = item.negated or item.operator in ("&&", "||")
            await self._command(item.command, checked=checked and not guarded)
            if item.negated:
                self._last = int(self._last == 0)
            if self._last and self._exit_on_error and checked and not guarded:
                raise _Exit(self._last)

    def _start(self, command: object) -> None:
        if not isinstance(command, Simple):
            raise ShellSyntaxError("only plain commands run in the background")

        async def work() -> int:
            fork = Shell(replace(self._process, stdin=Input(b"")), self._name, self._positional)
            fork._variables = dict(self._variables)
            with contextlib.suppress(_Exit):
                await fork._simple(command)
            return fork._last

        self._background.append(asyncio.create_task(work()))

    async def _command(self, command: Simple | If | For | While, *, checked: bool) -> None:
        self._steps += 1
        if self._steps > _LONGEST:
            self._complain("the demo container gives up: too many steps")
            raise _Exit(1)
        match command:
            case Simple():
                await self._simple(command)
            case If(branches):
                for condition, body in branches:
                    await self._commands(condition, checked=False)
                    if not condition or self._last == 0:
                        await self._commands(body, checked=checked)
                        return
                self._last = 0
            case For(name, words, body):
                self._last = 0
                for value in [field for word in words for field in await self._fields(word)]:
                    self._variables[name] = value
                    await self._commands(body, checked=checked)
            case While(condition, body):
                result = 0
                while True:
                    await self._commands(condition, checked=False)
                    if self._last:
                        break
                    await self._commands(body, checked=checked)
                    result = self._last
                self._last = result

    async def _simple(self, command: Simple) -> None:
        self._last_output = 0
        words = [field for word in command.words for field in await self._fields(word)]
        values = [(name, await self._value(word)) for name, word in command.assignments]
        try:
            stdin, stdout, stderr = await self._redirected(command.redirections)
        except FileError as error:
            self._complain(str(error))
            self._last = 2
            return
        if not words:
            self._variables.update(values)
            self._last = self._last_output
            return
        process = self._process.child(tuple(words), stdin=stdin, stdout=stdout, stderr=stderr)
        process.environment.update(values)
        if (builtin := getattr(self, f"_do_{words[0]}", None)) is not None:
            self._last = await builtin(process, words[1:])
        elif (program := process.find()) is None:
            process.stderr(f"{self._name}: {words[0]}: not found\n".encode())
            self._last = NOT_FOUND
        else:
            self._last = await _ran(program, process)

    # What a shell does itself

    async def _do_set(self, _process: Process, words: list[str]) -> int:
        for word in words:
            if word[:1] in "-+":
                self._exit_on_error = word[0] == "-" if "e" in word else self._exit_on_error
                self._unset_is_error = word[0] == "-" if "u" in word else self._unset_is_error
        return 0

    async def _do_umask(self, _process: Process, words: list[str]) -> int:
        self._process.umask = int(words[0], 8)
        return 0

    async def _do_cd(self, process: Process, words: list[str]) -> int:
        entry = process.tree.entry(process.path(words[0]))
        if entry is None or not entry.is_folder:
            self._complain(f"cd: can't cd to {words[0]}")
            return 2
        self._process.directory = process.path(words[0])
        return 0

    async def _do_exit(self, _process: Process, words: list[str]) -> int:
        raise _Exit(int(words[0]) if words else self._last)

    async def _do_trap(self, _process: Process, _words: list[str]) -> int:
        return 0

    async def _do_export(self, _process: Process, words: list[str]) -> int:
        for word in words:
            name, equals, value = word.partition("=")
            if equals:
                self._variables[name] = value
            self._process.environment[name] = self._variables.get(name, "")
        return 0

    async def _do_read(self, process: Process, words: list[str]) -> int:
        names = [word for word in words if not word.startswith("-")]
        line = (await process.stdin.line()).decode(errors="replace")
        if names:
            self._variables[names[0]] = line.removesuffix("\n").strip()
        return 0 if line.endswith("\n") else 1

    async def _do_wait(self, _process: Process, _words: list[str]) -> int:
        await asyncio.gather(*self._background)
        return 0

    async def _do_exec(self, process: Process, words: list[str]) -> int:
        child = process.child(tuple(words))
        program = child.find()
        if program is None:
            process.stderr(f"{self._name}: exec: {words[0]}: not found\n".encode())
            raise _Exit(NOT_FOUND)
        raise _Exit(await _ran(program, child))

    async def _do_command(self, process: Process, words: list[str]) -> int:
        child = process.child(tuple(words[1:]))
        if words[:1] != ["-v"] or (child.find() is None and not hasattr(self, f"_do_{child.name}")):
            return NOT_FOUND
        process.say(f"{child.arguments[0]}\n")
        return 0

    # Words

    async def _fields(self, word: Word) -> list[str]:
        """What a word becomes: one field, none, or several where something unquoted has blanks in it."""
        fields: list[str] = []
        open_ = ""
        begun = False
        for part in word:
            if isinstance(part, Variable) and part.name == "@":
                fields += self._positional[:-1]
                open_, begun = open_ + "".join(self._positional[-1:]), begun or bool(self._positional)
                continue
            text = await self._part(part)
            if isinstance(part, Text) or part.quoted:
                open_, begun = open_ + text, True
                continue
            pieces = re.split(r"[ \t\n]+", text)
            if pieces[0]:
                open_, begun = open_ + pieces[0], True
            for piece in pieces[1:]:
                if begun:
                    fields.append(open_)
                open_, begun = piece, bool(piece)
        return [*fields, open_] if begun else fields

    async def _value(self, word: Word) -> str:
        return "".join([await self._part(part) for part in word])

    async def _part(self, part: Text | Variable | Output) -> str:
        match part:
            case Text(text):
                return text
            case Variable(name):
                return self._variable(name)
            case Output(script):
                kept = bytearray()
                process = replace(self._process, stdout=kept.extend)
                fork = Shell(process, self._name, self._positional)
                fork._variables = dict(self._variables)
                fork._exit_on_error = self._exit_on_error
                try:
                    self._last_output = await fork.run(script)
                finally:
                    fork.leave()
                return kept.decode("utf-8", "surrogateescape").rstrip("\n")

    def _variable(self, name: str) -> str:
        if name == "?":
            return str(self._last)
        if name == "#":
            return str(len(self._positional))
        if name == "*":
            return " ".join(self._positional)
        if name in "!$":
            return "1"
        if name.isdigit():
            arguments = [self._name, *self._positional]
            if int(name) < len(arguments):
                return arguments[int(name)]
        elif name in self._variables:
            return self._variables[name]
        if self._unset_is_error:
            self._complain(f"{name}: parameter not set")
            raise _Exit(2)
        return ""

    async def _redirected(self, redirections: tuple[Redirection, ...]) -> tuple[Input, Write, Write]:
        stdin, writes = self._process.stdin, {1: self._process.stdout, 2: self._process.stderr}
        for redirection in redirections:
            target = await self._value(redirection.target)
            match redirection.kind:
                case "<<":
                    stdin = Input(target.encode("utf-8", "surrogateescape"))
                case "<":
                    stdin = Input(b"" if target == "/dev/null" else self._read(target))
                case ">&":
                    writes[redirection.fd] = writes[int(target)]
                case _:
                    writes[redirection.fd] = self._into(target, append=redirection.kind == ">>")
        return stdin, writes[1], writes[2]

    def _read(self, name: str) -> bytes:
        if name == _TERMINAL:
            return b""
        try:
            return self._process.tree.read(self._process.path(name))
        except FileError as error:
            raise FileError(f"cannot open {name}: {error}") from None

    def _into(self, name: str, *, append: bool) -> Write:
        """Writing into a file, which is there, and empty, from now on."""
        if name == "/dev/null":
            return lambda _: None
        tree, path = self._process.tree, self._process.path(name)
        try:
            old = tree.entry(path)
            tree.write(path, tree.read(path) if append and old else b"", 0o666 & ~self._process.umask)
        except FileError as error:
            raise FileError(f"cannot create {name}: {error}") from None
        return lambda data: tree.write(path, tree.read(path) + data)


async def _ran(program: Program, process: Process) -> int:
    return await program(process)
