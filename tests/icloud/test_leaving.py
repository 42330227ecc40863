"""A sign-in can be left at any moment: nothing hangs, nothing more is sent, nothing stays in the folder."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.icloud.conftest import PASSWORD, code, files_in, lines
from wizard.demo.apple.route import names_lead_to
from wizard.demo.apple.server import DemoApple
from wizard.demo.apple.tls import make_authority
from wizard.errors import WizardError
from wizard.icloud.daemon_thread import in_daemon_thread
from wizard.icloud.limits import Limits
from wizard.icloud.pyicloud_client import PyicloudClient
from wizard.icloud.signing_in import SigningIn
from wizard.icloud.steps import CodeWanted, SignedIn, WrongCode

WHO = "one.phone@example.com"


@pytest.fixture
def deaf(tmp_path: Path) -> Iterator[str]:
    """An Apple that takes connections and never says a word; its address."""
    ca_file = make_authority(tmp_path / "tls").ca_file
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with names_lead_to(address, ca_file):
            yield address


def posted(apple: DemoApple) -> list[str]:
    """The requests so far, without the push host's connection, which is logged when it ends."""
    return [line for line in lines(apple) if not line.startswith("GET /v2/")]


@pytest.mark.usefixtures("deaf")
async def test_an_apple_that_says_nothing_is_given_up(private: Path) -> None:
    async with SigningIn(private, limits=Limits(connect=0.1, answer=0.1)) as signing_in:
        with pytest.raises(WizardError) as refusal:
            await signing_in.start(WHO, PASSWORD)
    assert (refusal.value.code, refusal.value.why) == ("icloud.unreachable", "idmsa.apple.com did not answer in time.")


@pytest.mark.usefixtures("deaf")
async def test_a_step_has_a_limit_of_its_own(private: Path) -> None:
    async with SigningIn(private, limits=Limits(connect=2, answer=2, step=0.1)) as signing_in:
        with pytest.raises(WizardError) as refusal:
            await signing_in.start(WHO, PASSWORD)
        assert refusal.value.code == "icloud.unreachable"
        with pytest.raises(WizardError) as nothing:
            await signing_in.submit("123456")
        assert nothing.value.code == "icloud.no-step"


async def test_who_is_left_in_the_middle_sends_nothing_more(
    signing_in: SigningIn, apple: DemoApple, monkeypatch: pytest.MonkeyPatch, private: Path
) -> None:
    """After the password two more requests would follow for this account: for its numbers and for a prompt."""
    asked, released, over = asyncio.Event(), threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(_: object) -> None:
        loop.call_soon_threadsafe(asked.set)
        released.wait(10)

    hang_up = PyicloudClient.close_if_left

    def hung_up(visit: PyicloudClient) -> None:
        hang_up(visit)
        over.set()

    monkeypatch.setattr("wizard.icloud.service.Service.forget_password", slow)
    monkeypatch.setattr("wizard.icloud.pyicloud_client.PyicloudClient.close_if_left", hung_up)
    leaving = asyncio.create_task(signing_in.start("older.page@example.com", PASSWORD))
    await asked.wait()
    sent = posted(apple)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await signing_in.close()
    released.set()
    assert await asyncio.to_thread(over.wait, 10)
    assert posted(apple) == sent
    assert files_in(private) == []


async def test_closed_there_is_no_step_to_go_on_with(signing_in: SigningIn, apple: DemoApple) -> None:
    await signing_in.start(WHO, PASSWORD)
    sent = posted(apple)
    await signing_in.close()
    with pytest.raises(WizardError) as refusal:
        await signing_in.submit(code(apple, WHO))
    assert (refusal.value.code, posted(apple)) == ("icloud.no-step", sent)
    assert isinstance(await signing_in.start(WHO, PASSWORD), CodeWanted)


async def test_two_steps_at_once_are_one_too_many(signing_in: SigningIn) -> None:
    await signing_in.start("sms.only@example.com", PASSWORD)
    first = asyncio.create_task(signing_in.submit("000000"))
    await asyncio.sleep(0)
    with pytest.raises(WizardError) as refusal:
        await signing_in.submit("000000")
    assert refusal.value.code == "icloud.busy"
    assert isinstance(await first, WrongCode)


async def test_of_two_starts_the_later_one_counts(signing_in: SigningIn, apple: DemoApple) -> None:
    first = asyncio.create_task(signing_in.start("throttled@example.com", PASSWORD))
    await asyncio.sleep(0)
    assert isinstance(await signing_in.start("sms.only@example.com", PASSWORD), CodeWanted)
    with pytest.raises(WizardError):
        await first
    assert isinstance(await signing_in.submit(code(apple, "sms.only@example.com", "sms")), SignedIn)


async def test_what_others_keep_in_the_private_folder_is_left_alone(
    signing_in: SigningIn, apple: DemoApple, private: Path
) -> None:
    (private / "client.key").write_text("not ours")
    await signing_in.start("sms.only@example.com", PASSWORD)
    await signing_in.submit(code(apple, "sms.only@example.com", "sms"))
    await signing_in.files()
    await signing_in.close()
    await signing_in.close()
    assert files_in(private) == ["client.key"]
    (private / "client.key").unlink()


@pytest.mark.parametrize("how", ["cancel", "interrupt", "fall-off-the-end"])
def test_the_program_ends_at_once_though_apple_does_not_answer(tmp_path: Path, private: Path, how: str) -> None:
    ca_file = make_authority(tmp_path / "tls").ca_file
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.icloud.leaving_program", str(ca_file), str(private), how],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    )
    try:
        assert program.stdout is not None
        assert program.stdout.readline() == b"asking\n"
        begun = time.monotonic()
        out, err = program.communicate(timeout=20)
    finally:
        program.kill()
    assert time.monotonic() - begun < 5
    assert (out, err, program.returncode) == (b"left\n", b"", 0)


async def test_what_a_thread_raises_is_raised_where_it_is_awaited() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await in_daemon_thread(fail, limit=5)
    assert await in_daemon_thread(lambda: 7, limit=5) == 7


async def test_a_thread_that_is_late_is_not_waited_for() -> None:
    released = threading.Event()
    with pytest.raises(TimeoutError):
        await in_daemon_thread(lambda: released.wait(10), limit=0.01)
    released.set()
