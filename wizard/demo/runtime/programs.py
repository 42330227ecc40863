"""The few programs that every demo container has, each as far as the wizard's scripts and a curious person use it."""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from wizard.demo.runtime.process import Process, Program
from wizard.demo.runtime.shell import NOT_FOUND, sh
from wizard.demo.runtime.volumes import Entry, FileError, missing

_TYPES = {True: "d", False: "-"}


async def run(process: Process) -> int:
    """Runs whatever the first argument names; 127 where there is no such program."""
    program = process.find()
    if program is None:
        process.stderr(f"demo container: {process.arguments[0]}: not found\n".encode())
        return NOT_FOUND
    return await program(process)


def _split(process: Process, flags: str) -> tuple[set[str], list[str]]:
    """Options as letters and the other words. Raises FileError for a letter that is not among `flags`."""
    letters: set[str] = set()
    words = list(process.arguments[1:])
    while words and words[0].startswith("-") and len(words[0]) > 1:
        word = words.pop(0)
        if word == "--":
            break
        letters |= set(word[1:])
    if unknown := letters - set(flags):
        raise FileError(f"invalid option -- '{min(unknown)}'")
    return letters, words


def _simple(work: Callable[[Process], int]) -> Program:
    """A program that needs no waiting, and says of a path what is wrong with it."""

    async def program(process: Process) -> int:
        try:
            return work(process)
        except FileError as error:
            process.complain(str(error))
            return 1

    return program


def _about(name: str, error: FileError) -> FileError:
    return FileError(f"{name}: {error}")


async def _cat(process: Process) -> int:
    code = 0
    for name in process.arguments[1:] or ("-",):
        try:
            if name != "-":
                process.stdout(process.tree.read(process.path(name)))
                continue
            while data := await process.stdin.some():
                process.stdout(data)
        except FileError as error:
            process.complain(f"{name}: {error}")
            code = 1
    return code


def _mkdir(process: Process) -> int:
    letters, names = _split(process, "p")
    for name in names:
        path = process.path(name)
        there = process.tree.entry(path)
        if "p" in letters and there is not None and there.is_folder:
            continue
        parents = [path]
        while "p" in letters and process.tree.entry(posixpath.dirname(parents[0])) is None:
            parents.insert(0, posixpath.dirname(parents[0]))
        for parent in parents:
            try:
                process.tree.make_folder(parent, 0o777 & ~process.umask)
            except FileError as error:
                raise FileError(f"cannot create directory '{name}': {error}") from None
    return 0


def _rm(process: Process) -> int:
    letters, names = _split(process, "rf")
    for name in names:
        path = process.path(name)
        entry = process.tree.entry(path)
        if entry is None and "f" in letters:
            continue
        if entry is not None and entry.is_folder and "r" not in letters:
            raise FileError(f"cannot remove '{name}': Is a directory")
        try:
            process.tree.remove(path)
        except FileError as error:
            raise FileError(f"cannot remove '{name}': {error}") from None
    return 0


def _rmdir(process: Process) -> int:
    for name in process.arguments[1:]:
        path = process.path(name)
        entry = process.tree.entry(path)
        if entry is None or not entry.is_folder:
            raise FileError(f"failed to remove '{name}': {'Not a directory' if entry else 'No such file or directory'}")
        if len(list(process.tree.walk(path))) > 1:
            raise FileError(f"failed to remove '{name}': Directory not empty")
        process.tree.remove(path)
    return 0


def _destination(process: Process, source: str, target: str) -> str:
    entry = process.tree.entry(process.path(target))
    path = process.path(target)
    return posixpath.join(path, posixpath.basename(source)) if entry and entry.is_folder else path


def _cp(process: Process) -> int:
    letters, names = _split(process, "pf")
    *sources, target = names
    for source in sources:
        entry = process.tree.entry(process.path(source))
        if entry is None:
            raise FileError(f"cannot stat '{source}': {missing()}")
        if entry.is_folder:
            raise FileError(f"-r not specified; omitting directory '{source}'")
        place = _destination(process, source, target)
        content = process.tree.read(process.path(source))
        try:
            process.tree.write(place, content, entry.mode & ~process.umask)
        except FileError as error:
            raise FileError(f"cannot create regular file '{target}': {error}") from None
        if "p" in letters:
            process.tree.put(place, entry)
    return 0


def _mv(process: Process) -> int:
    _, names = _split(process, "f")
    *sources, target = names
    for source in sources:
        place = _destination(process, source, target)
        try:
            process.tree.move(process.path(source), place)
        except FileError as error:
            raise FileError(f"cannot move '{source}' to '{target}': {error}") from None
    return 0


def _existing(process: Process, name: str, what: str) -> Entry:
    entry = process.tree.entry(process.path(name))
    if entry is None:
        raise FileError(f"cannot {what} '{name}': {missing()}")
    return entry


def _chmod(process: Process) -> int:
    mode, *names = process.arguments[1:]
    for name in names:
        entry = _existing(process, name, "access")
        process.tree.put(process.path(name), replace(entry, mode=int(mode, 8)))
    return 0


def _chown(process: Process) -> int:
    owner, *names = process.arguments[1:]
    uid, _, gid = owner.partition(":")
    for name in names:
        entry = _existing(process, name, "access")
        changed = replace(entry, uid=int(uid), gid=int(gid or entry.gid))
        if process.tree.uid != 0 and (changed.uid, changed.gid) != (entry.uid, entry.gid):
            raise FileError(f"changing ownership of '{name}': Operation not permitted")
        process.tree.put(process.path(name), changed)
    return 0


def _stat(process: Process) -> int:
    option, form, *names = process.arguments[1:]
    if option != "-c":
        raise FileError("only -c FORMAT is understood")
    for name in names:
        entry = process.tree.entry(process.path(name))
        if entry is None:
            raise FileError(f"cannot statx '{name}': {missing()}")
        values = {
            "s": str(len(entry.content or b"")),
            "u": str(entry.uid),
            "g": str(entry.gid),
            "a": f"{entry.mode:o}",
            "Y": str(int(entry.changed.timestamp())),
            "n": name,
        }
        text = form
        for letter, value in values.items():
            text = text.replace(f"%{letter}", value)
        process.say(text + "\n")
    return 0


def _ls(process: Process) -> int:
    letters, names = _split(process, "laAn1")
    for name in names or ["."]:
        path = process.path(name)
        entry = process.tree.entry(path)
        if entry is None:
            process.complain(f"cannot access '{name}': {missing()}")
            return 2
        listed = process.tree.names(path) if entry.is_folder else [name]
        hidden = letters & {"a", "A"}
        for each in listed:
            if hidden or not each.startswith(".") or not entry.is_folder:
                child = process.tree.entry(posixpath.join(path, each)) if entry.is_folder else entry
                process.say(_long(each, child) if letters & {"l", "n"} and child else f"{each}\n")
    return 0


def _long(name: str, entry: Entry) -> str:
    bits = "".join(letter if entry.mode >> 8 - n & 1 else "-" for n, letter in enumerate("rwxrwxrwx"))
    return (
        f"{_TYPES[entry.is_folder]}{bits} 1 {entry.uid} {entry.gid} {len(entry.content or b''):>6} "
        f"{entry.changed:%b %d %H:%M} {name}\n"
    )


def _test(process: Process) -> int:
    words = list(process.arguments[1:])
    if process.name == "[":
        if words[-1:] != ["]"]:
            raise FileError("missing ]")
        words.pop()
    negated = words[:1] == ["!"]
    words = words[1:] if negated else words
    return int(_holds(process, words) is negated)


def _holds(process: Process, words: list[str]) -> bool:
    match words:
        case []:
            return False
        case [text]:
            return bool(text)
        case ["-n", text]:
            return bool(text)
        case ["-z", text]:
            return not text
        case [("-r" | "-w" | "-x") as what, name]:
            bits = {"-r": 0o444, "-w": 0o222, "-x": 0o111}[what]
            return process.tree.may(process.path(name), bits)
        case [("-e" | "-f" | "-d" | "-s") as what, name]:
            entry = process.tree.entry(process.path(name))
            return (
                entry is not None
                and {
                    "-e": True,
                    "-f": not entry.is_folder,
                    "-d": entry.is_folder,
                    "-s": entry.is_folder or bool(entry.content),
                }[what]
            )
        case [left, ("=" | "!=") as how, right]:
            return (left == right) is (how == "=")
        case [left, "-gt", right]:
            return int(left) > int(right)
    raise FileError(f"{' '.join(words)}: not understood in a demo container")


def _printf(process: Process) -> int:
    form, *values = process.arguments[1:]
    text = form.replace("\\n", "\n").replace("\\t", "\t")
    for value in values:
        text = text.replace("%s", value, 1)
    process.stdout(text.replace("%s", "").encode("utf-8", "surrogateescape"))
    return 0


def _echo(process: Process) -> int:
    words = list(process.arguments[1:])
    end = "" if words[:1] == ["-n"] else "\n"
    process.stdout((" ".join(words[1:] if not end else words) + end).encode("utf-8", "surrogateescape"))
    return 0


async def _sleep(process: Process) -> int:
    words = process.arguments[1:]
    if words == ("infinity",):
        await asyncio.Event().wait()
    await asyncio.sleep(float(words[0]))
    return 0


def _id(process: Process) -> int:
    process.say(f"{process.tree.uid}\n")
    return 0


def _date(now: Callable[[], datetime]) -> Callable[[Process], int]:
    def program(process: Process) -> int:
        process.say(f"{now():%a %b %e %H:%M:%S UTC %Y}\n")
        return 0

    return program


def standard(now: Callable[[], datetime]) -> Mapping[str, Program]:
    """The programs by name."""
    return {
        "sh": sh,
        "ash": sh,
        "dash": sh,
        "cat": _cat,
        "sleep": _sleep,
        "true": _simple(lambda _: 0),
        ":": _simple(lambda _: 0),
        "false": _simple(lambda _: 1),
        "sync": _simple(lambda _: 0),
        "mkdir": _simple(_mkdir),
        "rm": _simple(_rm),
        "rmdir": _simple(_rmdir),
        "cp": _simple(_cp),
        "mv": _simple(_mv),
        "chmod": _simple(_chmod),
        "chown": _simple(_chown),
        "stat": _simple(_stat),
        "ls": _simple(_ls),
        "test": _simple(_test),
        "[": _simple(_test),
        "printf": _simple(_printf),
        "echo": _simple(_echo),
        "id": _simple(_id),
        "date": _simple(_date(now)),
    }
