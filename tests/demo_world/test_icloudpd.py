"""The demo's icloudpd beside the real one at the same demo Apple: same words, same exit code, files that both take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.apple import icloudpd as real
from wizard.demo.apple.accounts import demo_accounts
from wizard.demo.apple.proxy import DemoProxy
from wizard.demo.apple.server import DemoApple, real_clock
from wizard.demo.apple.state import Way
from wizard.demo.icloudpd.program import programs, read_arguments
from wizard.demo.icloudpd.sign_in import Door
from wizard.demo.runtime.process import Input, Process, Terminal
from wizard.demo.runtime.programs import run, standard
from wizard.demo.runtime.volumes import Entry, Tree, Volume

PROGRAM = real.binary()
ONE = "one.phone@example.com"
PASSWORD = ("iCloud Password for ", "demo-password")
CODE = "Please enter two-factor authentication code"
needs_real = pytest.mark.skipif(PROGRAM is None, reason="icloudpd's own binary is not here: set PHOTOSYNC_ICLOUDPD")

Answers = tuple[tuple[str, str], ...]


@pytest.fixture
async def apple(tmp_path: Path) -> AsyncIterator[DemoApple]:
    async with DemoApple.open(demo_accounts(), real_clock, tls=tmp_path / "tls") as opened:
        yield opened


class Demo:
    """One run of the demo's icloudpd on a terminal, or with its input ended where there is none."""

    def __init__(self, apple: DemoApple, volume: Volume, *, terminal: bool = True) -> None:
        self.apple = apple
        self.volume = volume
        self.output = ""
        self.exit_code: int | None = None
        self._more = asyncio.Event()
        self.terminal = Terminal(lambda _: None) if terminal else None

    def _hear(self, data: bytes) -> None:
        self.output += data.decode()
        self._more.set()

    async def go(
        self, apple_id: str, arguments: tuple[str, ...], answers: Answers, photos: Path = Path("/photos")
    ) -> None:
        door = Door(lambda: self.apple._state, lambda: self.apple.outage)
        words = ("icloudpd", "--username", apple_id, "--cookie-directory", "/config", *arguments)
        tree = Tree({"/config": self.volume, str(photos): Volume()}, real_clock)
        stdin = self.terminal.input if self.terminal else Input(b"")
        known = {**standard(real_clock), **programs(door, real_clock)}
        at_home = {"XDG_DATA_HOME": "/config"}
        process = Process(words, tree, stdin, self._hear, self._hear, known, at_home, terminal=self.terminal)
        work = asyncio.create_task(run(process))
        for prompt, answer in answers:
            await self._until(prompt, work)
            assert self.terminal is not None
            self.terminal.type(f"{typed(self.apple, apple_id, answer)}\n".encode())
        self.exit_code = await asyncio.wait_for(work, 10)

    async def _until(self, prompt: str, work: asyncio.Task[int]) -> None:
        seen = len(self.output)
        while prompt not in self.output[seen:]:
            assert not work.done(), self.output
            self._more.clear()
            await asyncio.wait_for(self._more.wait(), 10)

    @property
    def log(self) -> list[str]:
        return real.Icloudpd.log.fget(self)  # type: ignore[attr-defined,no-any-return]


def typed(apple: DemoApple, apple_id: str, answer: str) -> str:
    codes: dict[str, tuple[Way, int]] = {"@device": ("device", 0), "@sms": ("sms", 0), "@sms2": ("sms", 1)}
    if answer not in codes:
        return answer
    code = apple.code_for(apple_id, *codes[answer])
    assert code is not None
    return code


async def real_run(
    apple: DemoApple, home: Path, apple_id: str, arguments: tuple[str, ...], answers: Answers
) -> real.Icloudpd:
    assert PROGRAM is not None
    words = ("--username", apple_id, "--cookie-directory", str(home / "config"), *arguments)
    async with (
        DemoProxy.open(apple.address) as proxy,
        real.running(PROGRAM, words, proxy=proxy.url, ca_file=apple.ca_file, home=home) as running,
    ):
        for prompt, answer in answers:
            await running.until(prompt)
            running.type(typed(apple, apple_id, answer))
        await running.end()
        return running


def put(apple: DemoApple, apple_id: str, ago: timedelta, volume: Volume, home: Path) -> None:
    """A session of that age for both of them."""
    files = apple.signed_in(apple_id, ago)
    name = "".join(each for each in apple_id if each.isalnum() or each == "_")
    (home / "config").mkdir(parents=True, exist_ok=True)
    for file, text in ((name, files.jar), (f"{name}.session", files.session)):
        volume.entries[file] = Entry(text.encode(), 0o600, 0, 0, real_clock())
        (home / "config" / file).write_text(text)


def tail(output: str) -> str:
    """The last line of a traceback."""
    lines = [line for line in output.splitlines() if "Error" in line and not line.startswith("[PYI-")]
    return lines[-1].strip() if lines else ""


SIGN_IN = ("--auth-only", "--log-level", "info", "--password-provider", "console")
ALONE = ("--auth-only", "--log-level", "info", "--password-provider", "parameter")


@pytest.mark.exhaustive
@needs_real
@pytest.mark.parametrize(
    ("apple_id", "answers"),
    [
        (ONE, (PASSWORD, (CODE, "@device"))),
        (ONE, (PASSWORD, (CODE, "000000"))),
        (
            ONE,
            (PASSWORD, (CODE, ""), ("Try again", "z"), ("Try again", "12345"), ("Try again", "abc"), (CODE, "@device")),
        ),
        ("two.phones@example.com", (PASSWORD, ("(a..b)", "b"), ("over SMS", "@sms2"))),
        ("two.phones@example.com", (PASSWORD, ("(a..b)", "a"), ("over SMS", "000000"))),
        ("two.phones@example.com", (PASSWORD, ("(a..b)", "c"), ("(a..b)", "hello"), ("(a..b)", "@device"))),
        ("no.phone@example.com", (PASSWORD, (f"{CODE}: ", "@device"))),
        ("sms.conflict@example.com", (PASSWORD, ("(a)", "a"), ("SMS: ", "@sms"))),
        ("sms.refused@example.com", (PASSWORD, ("(a)", "a"))),
        ("codes.exhausted@example.com", (PASSWORD, (CODE, "123456"))),
        ("throttled@example.com", (PASSWORD,)),
        ("throttled.early@example.com", (PASSWORD,)),
        ("too.many@example.com", (PASSWORD,)),
        ("dropped@example.com", (PASSWORD,)),
        ("web.off@example.com", (PASSWORD,)),
        ("locked@example.com", (PASSWORD,)),
        ("nobody@example.com", (PASSWORD,)),
        (ONE, ((PASSWORD[0], "not it"),)),
        ("password.only@example.com", (PASSWORD,)),
        ("no.2fa@example.com", (PASSWORD, ("option: [0]: ", "0"), ("two-step authentication code: ", "@sms"))),
    ],
)
async def test_signing_in(apple: DemoApple, tmp_path: Path, apple_id: str, answers: Answers) -> None:
    beside = await real_run(apple, tmp_path, apple_id, SIGN_IN, answers)
    demo = Demo(apple, Volume())
    await demo.go(apple_id, SIGN_IN, answers)
    assert (demo.log, demo.exit_code) == (beside.log, beside.exit_code)
    spoken = [
        line for line in beside.output.splitlines() if line.startswith(("  a:", "  b:", "  0:")) or "Try again" in line
    ]
    for line in spoken:
        assert line.rpartition(": ")[2] in demo.output


@needs_real
@pytest.mark.parametrize("password", [PASSWORD[1], "not it"])
async def test_its_own_providers_keep_an_accepted_password_in_clear(
    apple: DemoApple, tmp_path: Path, password: str
) -> None:
    """Before a code is asked for, so also when that is wrong; a failed run shows trust tokens in its log."""
    arguments = ("--auth-only",)
    answers = ((PASSWORD[0], password), *(((CODE, "000000"),) if password == PASSWORD[1] else ()))
    beside = await real_run(apple, tmp_path, ONE, arguments, answers)
    demo = Demo(apple, Volume())
    await demo.go(ONE, arguments, answers)
    file = tmp_path / ".local/share/python_keyring/keyring_pass.cfg"
    entry = demo.volume.entries.get("python_keyring/keyring_pass.cfg")
    assert (entry.content if entry else None) == (file.read_bytes() if file.exists() else None)
    assert (entry is not None) is (password == PASSWORD[1])
    assert entry is None or entry.mode == file.stat().st_mode & 0o777
    for output in (demo.output, beside.output):
        assert '"trustTokens": []' in output


@pytest.mark.exhaustive
@needs_real
@pytest.mark.parametrize(
    ("days", "arguments"),
    [
        (0, ALONE),
        (31, ALONE),
        (31, (*ALONE, "--password", "demo-password")),
        (0, (*ALONE, "--bogus")),
        (0, ("--log-level", "info")),
    ],
)
async def test_alone(apple: DemoApple, tmp_path: Path, days: int, arguments: tuple[str, ...]) -> None:
    volume = Volume()
    put(apple, ONE, timedelta(days=days), volume, tmp_path)
    demo = Demo(apple, volume, terminal=False)
    await demo.go(ONE, arguments, ())
    put(apple, ONE, timedelta(days=days), Volume(), tmp_path)
    beside = await real_run(apple, tmp_path, ONE, arguments, ())
    assert (demo.log, demo.exit_code, tail(demo.output)) == (beside.log, beside.exit_code, tail(beside.output))
    if not beside.log:
        assert demo.output == beside.output


@pytest.mark.exhaustive
@needs_real
@pytest.mark.parametrize(
    "apple_id",
    [ONE, "adp@example.com", "unfinished@example.com", "photos.off@example.com", "indexing@example.com"],
)
async def test_downloading(apple: DemoApple, tmp_path: Path, apple_id: str) -> None:
    volume = Volume()
    put(apple, apple_id, timedelta(), volume, tmp_path)
    photos = tmp_path / "a folder whose path is longer than a line of the log can be" / "photos"
    photos.mkdir(parents=True)
    more = (
        "--folder-structure",
        "{:%Y/%m}",
        "--log-level",
        "info",
        "--password-provider",
        "parameter",
        "--no-progress-bar",
    )
    beside = await real_run(apple, tmp_path, apple_id, ("--directory", str(photos), *more), ())
    demo = Demo(apple, volume, terminal=False)
    await demo.go(apple_id, ("--directory", str(photos), *more), (), photos)
    assert demo.log == beside.log
    assert demo.exit_code == beside.exit_code


@needs_real
async def test_the_real_one_takes_over_what_the_demo_has_written(apple: DemoApple, tmp_path: Path) -> None:
    volume = Volume()
    demo = Demo(apple, volume)
    await demo.go(ONE, SIGN_IN, (PASSWORD, (CODE, "@device")))
    (tmp_path / "config").mkdir()
    for name, entry in volume.entries.items():
        (tmp_path / "config" / name).write_bytes(entry.content or b"")
    beside = await real_run(apple, tmp_path, ONE, ALONE, ())
    assert beside.log[-1].endswith("Authentication completed successfully")


async def test_the_password_is_not_shown_and_a_code_is(apple: DemoApple) -> None:
    shown = bytearray()
    demo = Demo(apple, Volume())
    assert demo.terminal is not None
    demo.terminal._show = shown.extend
    await demo.go(ONE, SIGN_IN, (PASSWORD, (CODE, "@device")))
    assert b"demo-password" not in shown
    assert len(shown.strip()) == 6


async def test_a_jar_without_its_header_is_said_to_be_unreadable(apple: DemoApple, tmp_path: Path) -> None:
    volume = Volume()
    put(apple, ONE, timedelta(), volume, tmp_path)
    old = volume.entries["onephoneexamplecom"]
    volume.entries["onephoneexamplecom"] = Entry(b"# nothing\n", old.mode, 0, 0, old.changed)
    demo = Demo(apple, volume, terminal=False)
    await demo.go(ONE, ALONE, ())
    assert "WARNING  Failed to read cookiejar /config/onephoneexamplecom" in demo.log
    assert demo.exit_code == 1


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--auth-only", "--password", "--username", "x"), "argument -p/--password: expected one argument"),
        (("--auth-only", "--bogus"), "unrecognized arguments: --bogus"),
        (("--auth-only", "-u", "x", "-p=y"), ""),
    ],
)
def test_arguments(words: tuple[str, ...], problem: str) -> None:
    assert read_arguments(words).problem == problem
