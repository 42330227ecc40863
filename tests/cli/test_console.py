"""A question on a terminal can be left in every way that there is, and the terminal is afterwards as it was."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import signal
import subprocess
import termios
import tty
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from wizard.cli.console import Console, folded, folded_command
from wizard.command import Address
from wizard.errors import Exit, WizardError

SECRET = "planted-secret-4711"


@dataclass
class Pair:
    """Both ends of a terminal, and what was asked on it."""

    person: int
    program: int
    asked: str = ""
    at: dict[str, Callable[[], object]] = field(default_factory=dict)

    @property
    def console(self) -> Console:
        return Console(Address(), self.program, self._write)

    def _write(self, text: str) -> None:
        self.asked += text
        if action := self.at.get(text):
            asyncio.get_running_loop().call_soon(action)

    def type(self, text: str) -> None:
        os.write(self.person, text.encode())

    @property
    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.program)[3] & termios.ECHO)

    def shown(self) -> str:
        """What the terminal has shown of what was typed."""
        os.set_blocking(self.person, False)
        try:
            return os.read(self.person, 65536).decode()
        except BlockingIOError:
            return ""
        finally:
            os.set_blocking(self.person, True)


@pytest.fixture
def ends() -> Iterator[Pair]:
    person, program = pty.openpty()
    yield Pair(person, program)
    for descriptor in (person, program):
        os.close(descriptor)


async def test_a_secret_is_read_and_not_shown(ends: Pair) -> None:
    ends.at["Password: "] = lambda: ends.type(f"{SECRET}\n")
    assert await ends.console.ask("Password: ", secret=True) == SECRET
    assert ends.echoes
    assert ends.shown() == ""
    assert ends.asked == "Password: \n"


async def test_anything_else_is_shown(ends: Pair) -> None:
    ends.at["Who? "] = lambda: ends.type("you\n")
    assert await ends.console.ask("Who? ") == "you"
    assert ends.shown() == "you\r\n"
    assert ends.asked == "Who? "


async def cancelled(asking: Awaitable[str]) -> None:
    task = asyncio.ensure_future(asking)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def unanswered(asking: Awaitable[str]) -> None:
    with pytest.raises(WizardError) as refused:
        await asking
    assert (refused.value.code, refused.value.exit_code) == ("reauth.unanswered", Exit.NEEDS_PERSON)


async def too_long_as_a_whole(asking: Awaitable[str]) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await asking


@pytest.mark.parametrize("left", [cancelled, unanswered, too_long_as_a_whole])
async def test_whoever_leaves_finds_the_terminal_as_it_was(
    ends: Pair, left: Callable[[Awaitable[str]], Awaitable[None]]
) -> None:
    console = ends.console
    hidden: list[bool] = []

    def half() -> None:
        hidden.append(not ends.echoes)
        ends.type(SECRET)

    ends.at["Password: "] = half
    await left(console.ask("Password: ", secret=True, seconds=0.02 if left is unanswered else 60))
    assert hidden == [True]
    assert ends.echoes
    assert ends.asked == "Password: \n"
    assert not asyncio.get_running_loop().remove_reader(ends.program)
    assert ends.shown() == ""
    ends.at["Again: "] = lambda: ends.type("all of it\n")
    assert await console.ask("Again: ") == "all of it", "what was typed half is there no more"


async def test_the_end_of_the_terminal(ends: Pair) -> None:
    ends.at["Password: "] = lambda: ends.type("\x04")
    with pytest.raises(EOFError):
        await ends.console.ask("Password: ", secret=True)
    assert ends.echoes


async def test_stopped_and_gone_on_with_it_hides_again_and_asks_again(ends: Pair) -> None:
    def stopped() -> None:
        del ends.at["Password: "]
        as_a_shell_likes_it = termios.tcgetattr(ends.program)
        as_a_shell_likes_it[3] |= termios.ECHO
        termios.tcsetattr(ends.program, termios.TCSANOW, as_a_shell_likes_it)
        ends.at["Password: "] = lambda: ends.type(f"{SECRET}\n")
        os.kill(os.getpid(), signal.SIGCONT)

    ends.at["Password: "] = stopped
    assert await ends.console.ask("Password: ", secret=True) == SECRET
    assert ends.shown() == ""
    assert ends.asked == "Password: Password: \n"
    assert signal.getsignal(signal.SIGCONT) is signal.SIG_DFL


async def test_bytes_that_are_no_text_are_in_no_exception(ends: Pair) -> None:
    ends.at["Password: "] = partial(os.write, ends.person, b"planted\xff\n")
    with pytest.raises(WizardError) as refused:
        await ends.console.ask("Password: ", secret=True)
    assert refused.value.code == "reauth.not-text"
    assert refused.value.__context__ is None
    assert ends.echoes


async def test_what_is_told_while_a_question_stands_gets_lines_of_its_own(ends: Pair) -> None:
    console = ends.console

    def meanwhile() -> None:
        console.say("◐ a pod is starting")
        ends.type("123456\n")

    ends.at = {"Code: ": meanwhile}
    assert await console.ask("Code: ") == "123456"
    console.say("done")
    assert ends.asked == "Code: \n◐ a pod is starting\nCode: done\n"


async def test_without_a_terminal_nothing_is_asked() -> None:
    there, away = os.pipe()
    asked: list[str] = []
    with pytest.raises(WizardError) as refused:
        await Console(Address(), there, asked.append).ask("Who? ")
    assert (refused.value.code, asked) == ("reauth.no-terminal", [])
    os.close(there)
    os.close(away)


async def test_lines_of_a_pipe_come_one_by_one() -> None:
    there, away = os.pipe()
    console = Console(Address(), there)
    os.write(away, b"pass word \r\n4179")
    assert await console.line() == "pass word "
    with pytest.raises(WizardError) as refused:
        await console.line(seconds=0.01)
    assert (refused.value.code, refused.value.exit_code) == ("reauth.stdin", Exit.NEEDS_PERSON)
    os.write(away, b"02")
    asyncio.get_running_loop().call_later(0.02, os.write, away, b"\nlast")
    assert await console.line() == "417902"
    os.close(away)
    assert await console.line() == "last"
    assert await console.line() is None
    os.close(there)


async def test_lines_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("one\n\nthree")
    with (tmp_path / "answers").open() as file:
        console = Console(Address(), file.fileno())
        assert [await console.line() for _ in range(4)] == ["one", "", "three", None]


async def test_a_terminal_in_raw_mode_is_left_in_it(ends: Pair) -> None:
    tty.setraw(ends.program)
    before = termios.tcgetattr(ends.program)
    ends.at["Password: "] = lambda: ends.type(f"{SECRET}\n")
    assert await ends.console.ask("Password: ", secret=True) == SECRET
    assert termios.tcgetattr(ends.program) == before


class Shown(io.StringIO):
    def isatty(self) -> bool:
        return True


COMMAND = """kubectl -n photo-sync annotate pvc icloudpd-config --overwrite at="$(printf %s a-b)" 'b={"c":null}'"""


def words(command: str) -> list[str]:
    """What a shell makes of it."""
    script = f"kubectl() {{ printf '%s\\n' \"$@\"; }}\n{command}\n"
    return subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize("columns", ["20", "40", "80", "200"])
def test_a_command_is_folded_so_that_a_shell_reads_the_same(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    text = folded_command(COMMAND, Shown(), "      ")
    assert words(text) == words(COMMAND)
    assert all(len(line) <= max(40, int(columns)) for line in text.splitlines())
    assert (len(text.splitlines()) > 1) is (columns != "200")
    assert folded_command(COMMAND, io.StringIO(), "  ") == f"  {COMMAND}"


def test_what_is_folded_stays_indented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = "it is said in " + "some words " * 4
    for begins, indent in (("", 2), ("  ", 2), ("  - ", 4), ("      ", 6)):
        first, second = folded(f"{begins}{text}".rstrip(), Shown()).split("\n")
        assert first.startswith(f"{begins}it")
        assert len(second) - len(second.lstrip()) == indent
