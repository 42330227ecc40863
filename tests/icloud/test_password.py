"""A password is kept in a real keyring or not at all."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backends import fail, null
from keyring.backends.chainer import ChainerBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from wizard.command import Address
from wizard.errors import WizardError
from wizard.icloud.password import SERVICE, available

WHO = "You@Example.com"


class Safe:
    """A keyring in memory; no KeyringBackend, since those enter themselves into a list of the whole process."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise PasswordDeleteError("not there")
        del self.kept[service, username]


class Locked(Safe):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked(f"planted {service} {username}")


class Forgetful(Safe):
    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password[:-1]


class PlaintextThing(Safe):
    """Told by its name."""


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    """The real chain of keyrings, with these in it."""

    def of(*backends: object) -> object:
        monkeypatch.setattr(ChainerBackend, "backends", backends)
        return ChainerBackend()  # type: ignore[no-untyped-call]

    return of


@given(st.text(min_size=1))
async def test_any_password_survives_and_is_found_by_its_owner(password: str) -> None:
    safe = Safe()
    keeper = await available(lambda: safe)
    assert keeper is not None
    await keeper.set(WHO, password)
    assert list(safe.kept) == [(SERVICE, "you@example.com")]
    assert await keeper.get(f" {WHO.lower()}") == password
    await keeper.delete(WHO)
    await keeper.delete(WHO)
    assert await keeper.get(WHO) is None


@pytest.mark.parametrize("name", ["null", "fail", "plain text", "plain text by its name"])
async def test_a_keyring_that_keeps_nothing_or_keeps_it_readable_is_none(
    chain: Callable[..., object], name: str
) -> None:
    alt = importlib.import_module("keyrings.alt.file")
    made: dict[str, Callable[[], object]] = {
        "null": null.Keyring,
        "fail": fail.Keyring,
        "plain text": alt.PlaintextKeyring,
        "plain text by its name": PlaintextThing,
    }
    backend, safe = made[name](), Safe()
    assert await available(lambda: backend) is None
    assert await available(lambda: chain(backend)) is None
    keeper = await available(lambda: chain(backend, safe))
    assert keeper is not None
    await keeper.set(WHO, "planted")
    assert safe.kept


async def test_the_keyring_of_this_machine_is_the_null_one_here() -> None:
    assert await available() is None


async def test_a_keyring_that_is_broken_is_none() -> None:
    def broken() -> object:
        raise RuntimeError("no D-Bus")

    assert await available(broken) is None


async def test_a_keyring_that_does_not_answer_is_given_up() -> None:
    released = threading.Event()

    class Slow(Safe):
        def get_password(self, service: str, username: str) -> str | None:
            del service, username
            released.wait(10)
            return None

    keeper = await available(Slow)
    assert keeper is not None
    keeper._seconds = 0.01
    with pytest.raises(WizardError) as refusal:
        await keeper.get(WHO)
    released.set()
    assert refusal.value.code == "icloud.keyring"


@pytest.mark.parametrize("kind", [Locked, Forgetful])
async def test_a_keyring_that_does_not_keep_is_said_without_the_password(kind: type[Safe]) -> None:
    backend = kind()
    keeper = await available(lambda: backend)
    assert keeper is not None
    with pytest.raises(WizardError) as refusal:
        await keeper.set(WHO, "planted")
    assert refusal.value.code == "icloud.keyring"
    assert "planted" not in " ".join(refusal.value.lines(Address()))
    assert refusal.value.__context__ is None
