"""A demo Apple per test, a clock that the test moves, real pyicloud led to it, and a guard against the network."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio
from pyicloud import PyiCloudService

from wizard.demo.apple.accounts import demo_accounts
from wizard.demo.apple.route import names_lead_to
from wizard.demo.apple.server import DemoApple
from wizard.demo.apple.state import Way

PASSWORD = "demo-password"

T = TypeVar("T")


class Clock:
    """Starts at the real time, because clients judge a cookie's date by theirs, and moves only when told to."""

    def __init__(self) -> None:
        self.now = dt.datetime.now(dt.UTC).replace(microsecond=0)

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += dt.timedelta(**by)


def _is_loopback(host: object) -> bool:
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return text == "localhost"


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Fail the test that resolves a name or connects to an address outside this machine, also if that was swallowed."""
    attempts: list[str] = []
    resolve, connect = socket.getaddrinfo, socket.socket.connect

    def guarded_resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host is not None and not _is_loopback(host):
            attempts.append(str(host))
            raise socket.gaierror(socket.EAI_NONAME, f"the tests do not resolve {host}")
        return resolve(host, *args, **kwargs)

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            attempts.append(str(address[0]))
            raise ConnectionRefusedError(f"the tests do not connect to {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", guarded_resolve)
    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    yield attempts
    assert attempts == []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def apple(tmp_path: Path, clock: Clock) -> AsyncIterator[DemoApple]:
    async with DemoApple.open(demo_accounts(), clock, tls=tmp_path / "tls") as apple:
        with names_lead_to(apple.address, apple.ca_file):
            yield apple


@pytest.fixture
def cookies(tmp_path: Path) -> Path:
    """The folder of pyicloud's session files."""
    return tmp_path / "pyicloud"


@contextmanager
def service(apple_id: str, cookies: Path, password: str | None = PASSWORD, **kwargs: Any) -> Iterator[PyiCloudService]:
    """Real pyicloud, signed in as far as its constructor goes, closed at the end of the block."""
    api = PyiCloudService(apple_id, password, cookie_directory=str(cookies), authenticate=False, **kwargs)
    try:
        api.authenticate()
        yield api
    finally:
        api._clear_trusted_device_bridge_state()
        api.session.close()


async def off_loop(work: Callable[[], T]) -> T:
    """Run what blocks beside the event loop that serves the demo Apple."""
    return await asyncio.to_thread(work)


def sign_in(apple: DemoApple, apple_id: str, cookies: Path, **kwargs: Any) -> None:
    """The whole way with the right code, leaving session files behind."""
    with service(apple_id, cookies, **kwargs) as api:
        if not api.requires_2fa:
            return
        way: Way = "sms" if api.two_factor_delivery_method == "sms" else "device"
        code = apple.code_for(apple_id, way)
        assert code is not None
        assert api.validate_2fa_code(code)


def lines(apple: DemoApple) -> list[str]:
    return [str(seen) for seen in apple.requests]
