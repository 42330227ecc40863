"""With Advanced Data Protection Apple asks on a device before it opens the photos: the person hears of it while it waits."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pyicloud.base
import pytest

from tests.icloud.conftest import session
from wizard.demo.apple.server import DemoApple
from wizard.errors import WizardError
from wizard.icloud.signing_in import SigningIn


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long pyicloud would have slept between its looks, each time."""
    slept: list[float] = []
    monkeypatch.setattr(pyicloud.base, "time", SimpleNamespace(sleep=slept.append))
    return slept


async def test_the_person_hears_of_it_before_the_wait(
    signing_in: SigningIn, apple: DemoApple, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = threading.Event()
    before_the_wait: list[bool] = []
    sleep = lambda _: before_the_wait.append(heard.wait(10))  # noqa: E731
    monkeypatch.setattr(pyicloud.base, "time", SimpleNamespace(sleep=sleep))
    await session(signing_in, apple, "adp.consent@example.com")
    assert (await signing_in.photos(heard.set)).count
    assert before_the_wait == [True]


async def test_nobody_at_the_device(signing_in: SigningIn, apple: DemoApple, waits: list[float]) -> None:
    heard: list[str] = []
    await session(signing_in, apple, "adp.silent@example.com")
    with pytest.raises(WizardError) as refusal:
        await signing_in.photos(lambda: heard.append("asked"))
    assert (refusal.value.code, heard) == ("icloud.device-consent", ["asked"])
    assert sum(waits) > 60
    assert sum(seen.path.endswith("/enableDeviceConsentForPCS") for seen in apple.requests) == 1


async def test_others_are_asked_nothing(signing_in: SigningIn, apple: DemoApple) -> None:
    heard: list[str] = []
    await session(signing_in, apple, "one.phone@example.com")
    await signing_in.photos(lambda: heard.append("asked"))
    assert heard == []
