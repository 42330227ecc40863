"""A demo Apple with real pyicloud led to it, a private folder, and a person who is about to sign in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.apple.conftest import PASSWORD, Clock, apple, clock, lines, only_loopback
from wizard.demo.apple.server import DemoApple
from wizard.demo.apple.state import Way
from wizard.icloud.files import Pair
from wizard.icloud.limits import Limits
from wizard.icloud.signing_in import SigningIn
from wizard.icloud.steps import CodeWanted, SignedIn, Step, WrongCode

__all__ = [
    "PASSWORD",
    "Clock",
    "apple",
    "clock",
    "code",
    "files_in",
    "lines",
    "only_loopback",
    "session",
    "type_code",
    "wrong",
]


@pytest.fixture
def private(tmp_path: Path) -> Path:
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    return folder


@pytest_asyncio.fixture
async def signing_in(apple: DemoApple, private: Path, clock: Clock) -> AsyncIterator[SigningIn]:
    """Leaves nothing behind in the private folder, whatever the test does."""
    assert apple.requests == []
    async with SigningIn(private, clock=clock, limits=Limits(pauses=(0, 0))) as conversation:
        yield conversation
    assert files_in(private) == []


def files_in(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*"))


def code(apple: DemoApple, apple_id: str, way: Way = "device", n: int = 0) -> str:
    """The code that the person sees."""
    found = apple.code_for(apple_id, way, n)
    assert found is not None
    return found


def wrong(right: str) -> str:
    return "111111" if right != "111111" else "222222"


async def type_code(
    signing_in: SigningIn,
    apple: DemoApple,
    apple_id: str,
    step: Step,
) -> Step | WrongCode:
    """Type the code that came the way the step says."""
    assert isinstance(step, CodeWanted)
    return await signing_in.submit(code(apple, apple_id, "sms" if step.delivery == "sms" else "device"))


async def session(signing_in: SigningIn, apple: DemoApple, apple_id: str, *, china: bool = False) -> Pair:
    """The files of a sign-in that went well; the requests that it cost are forgotten."""
    step = await signing_in.start(apple_id, PASSWORD, china=china)
    assert isinstance(await type_code(signing_in, apple, apple_id, step), SignedIn)
    pair = await signing_in.files()
    apple.requests.clear()
    return pair
