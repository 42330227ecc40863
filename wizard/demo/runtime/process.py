"""A program in a demo container: what it was called with, what it reads and where it writes. All of it in memory."""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from wizard.demo.runtime.volumes import Tree

Write = Callable[[bytes], None]
ON_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


class Program(Protocol):
    """What stands behind a name."""

    def __call__(self, process: Process) -> Awaitable[int]:
        """Runs to the end and gives the exit code."""


class Input:
    """A standard input: bytes that come until it is ended, or until Ctrl+C where a terminal is in front of it."""

    def __init__(self, content: bytes | None = None) -> None:
        self._held = bytearray(content or b"")
        self._ended = content is not None
        self._more = asyncio.Event()
        self.awaited = asyncio.Event()

    def feed(self, data: bytes) -> None:
        """More of it."""
        self._held += data
        self._more.set()

    def end(self) -> None:
        """No more of it."""
        self._ended = True
        self._more.set()

    async def line(self) -> bytes:
        """The next line with its end; what there is, or nothing, once it has ended."""
        while b"\n" not in self._held and not self._ended:
            self.awaited.set()
            self._more.clear()
            await self._more.wait()
        end = self._held.find(b"\n") + 1 or len(self._held)
        taken = bytes(self._held[:end])
        del self._held[:end]
        return taken

    async def some(self) -> bytes:
        """What there is, once there is something; nothing once it has ended."""
        while not self._held and not self._ended:
            self.awaited.set()
            self._more.clear()
            await self._more.wait()
        taken = bytes(self._held)
        self._held.clear()
        return taken

    async def rest(self) -> bytes:
        """Everything until it ends."""
        while not self._ended:
            self._more.clear()
            await self._more.wait()
        taken = bytes(self._held)
        self._held.clear()
        return taken


class Terminal:
    """A terminal's input side: it shows what is typed, unless the program wants that hidden, and turns keys into lines."""

    def __init__(self, show: Write) -> None:
        self.input = Input()
        self.echo = True
        self._show = show
        self._line = bytearray()
        self.interrupt: Callable[[], None] = lambda: None

    def type(self, data: bytes) -> None:
        """Keys as they come over the wire; Return is either end of line."""
        for key in data.replace(b"\r", b"\n"):
            if key == 3:
                self._show(b"^C")
                self._line.clear()
                self.interrupt()
            elif key == 4 and not self._line:
                self.input.end()
            elif key in (8, 127):
                if self._line:
                    del self._line[-1]
                    self._shown(b"\b \b")
            else:
                self._line.append(key)
                self._shown(b"\r\n" if key == 10 else bytes([key]))
                if key == 10:
                    self.input.feed(bytes(self._line))
                    self._line.clear()

    def _shown(self, data: bytes) -> None:
        if self.echo:
            self._show(data)


class Interrupted(Exception):
    """Ctrl+C was typed."""


@dataclass(slots=True)
class Process:
    """One running program. `programs` is what can be started, by path or by the name that is on the PATH.

    `terminal` is None where its output is no terminal.
    """

    arguments: tuple[str, ...]
    tree: Tree
    stdin: Input
    stdout: Write
    stderr: Write
    programs: Mapping[str, Program]
    environment: dict[str, str] = field(default_factory=dict)
    directory: str = "/"
    umask: int = 0o022
    terminal: Terminal | None = None

    @property
    def name(self) -> str:
        """The last part of what it was called by."""
        return self.arguments[0].rpartition("/")[2] if self.arguments else ""

    def path(self, name: str) -> str:
        """An absolute path for one as it was given."""
        return name if name.startswith("/") else f"{self.directory.rstrip('/')}/{name}"

    def say(self, text: str) -> None:
        self.stdout(text.encode())

    def complain(self, text: str) -> None:
        """A line on standard error, with the program's name before it."""
        self.stderr(f"{self.name}: {text}\n".encode())

    def child(self, arguments: tuple[str, ...], **changes: object) -> Process:
        """Another program with the same everything, but for the changes."""
        return replace(self, arguments=arguments, environment=dict(self.environment), **changes)  # type: ignore[arg-type]

    def find(self) -> Program | None:
        """The program that the first argument names, as a shell looks for it: by path, or by name on the PATH."""
        called = self.arguments[0]
        if "/" not in called:
            return self.programs.get(called)
        folder, name = posixpath.split(posixpath.normpath(self.path(called)))
        return self.programs.get(f"{folder}/{name}") or (self.programs.get(name) if folder in ON_PATH else None)
