"""A demo Apple with real pyicloud led to it, a private folder, and a person who is about to sign in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.apple.conftest import PASSWORD, Clock, apple, clock, lines, only_loopback
from wizard.demo.apple.server import DemoApple
from wizard.demo.apple.state import Way
from wizard.icloud.signing_in import SigningIn
from wizard.icloud.steps import CodeWanted, SignedIn, Step

__all__ = ["PASSWORD", "Clock", "apple", "clock", "code", "lines", "only_loopback", "sign_in", "wrong"]


@pytest.fixture
def private(tmp_path: Path) -> Path:
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    return folder


@pytest_asyncio.fixture
async def signing_in(apple: DemoApple, private: Path, clock: Clock) -> AsyncIterator[SigningIn]:
    async with SigningIn(private, clock=clock) as conversation:
        yield conversation
    assert list(private.iterdir()) == []


def code(apple: DemoApple, apple_id: str, way: Way = "device", n: int = 0) -> str:
    """The code that the person sees."""
    found = apple.code_for(apple_id, way, n)
    assert found is not None
    return found


def wrong(right: str) -> str:
    return "111111" if right != "111111" else "222222"


async def sign_in(signing_in: SigningIn, apple: DemoApple, apple_id: str) -> Step:
    """The whole way with the right code, as it was asked for."""
    step = await signing_in.start(apple_id, PASSWORD)
    assert isinstance(step, CodeWanted)
    way: Way = "sms" if step.delivery == "sms" else "device"
    done = await signing_in.submit(code(apple, apple_id, way))
    assert isinstance(done, SignedIn)
    return done
