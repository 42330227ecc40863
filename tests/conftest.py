"""What every test gets: a clean environment and no way out of this machine; and the real cluster, for who asks for it."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

_LOOPBACK = ("127.", "::1", "localhost")
_LED = ("tests/signin/", "tests/observe/test_unattended.py")
_UNWANTED = ("KUBECONFIG", "NO_COLOR", "COLORTERM", "FORCE_COLOR", "TERM_PROGRAM", "COLUMNS", "LINES")


def pytest_addoption(parser: pytest.Parser) -> None:
    """--kubeconfig: the real cluster. Whatever KUBECONFIG points to is never used."""
    parser.addoption(
        "--kubeconfig", metavar="PATH", help="a real cluster to run the contract on, in namespaces of its own"
    )
    parser.addoption(
        "--apple-hook",
        metavar="PATH",
        help="a program that leads its pods to a demo Apple: PATH --apple IP:PORT --apple-ca FILE; away: PATH --no-apple",
    )


def pytest_configure() -> None:
    """The same examples in every run: a failure is somebody's change, never luck."""
    hypothesis.settings.register_profile("suite", derandomize=True, deadline=None)
    hypothesis.settings.load_profile("suite")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are processors, since many tests wait for a program of theirs; a cluster needs its share."""
    return (os.cpu_count() or 1) + (0 if config.getoption("--kubeconfig") else 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """All that leads the cluster's pods to a demo Apple runs on one worker, since they can be led to one at a time."""

    class OneWorkerForApple(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return "apple" if nodeid.startswith(_LED) else nodeid

    return OneWorkerForApple(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long rows of cases wait for a cluster's run."""
    quick = not config.getoption("--kubeconfig")
    for item in items:
        if quick and item.get_closest_marker("exhaustive"):
            item.add_marker(pytest.mark.skip(reason="one of many alike: pytest --kubeconfig=PATH runs them all"))


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An own home, no cluster, no colours, no keyring, UTC."""
    home = tmp_path / "home"
    home.mkdir()
    for name in list(os.environ):
        if name in _UNWANTED or name.startswith(("TEXTUAL", "XDG_", "PHOTOSYNC_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    for name, folder in (
        ("CONFIG", ".config"),
        ("STATE", ".local/state"),
        ("CACHE", ".cache"),
        ("DATA", ".local/share"),
    ):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / folder))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def only_loopback(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets reach this machine only; a test on a real cluster may reach that."""
    if request.node.get_closest_marker("cluster"):
        return
    connect: Callable[[socket.socket, Any], None] = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(_LOOPBACK):
            raise AssertionError(f"a test wanted to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def real_kubeconfig(request: pytest.FixtureRequest) -> Path:
    """The kubeconfig given with --kubeconfig."""
    given = request.config.getoption("--kubeconfig")
    if not given:
        pytest.skip("needs a real cluster: pytest --kubeconfig=PATH")
    return Path(given)


@pytest.fixture
async def throwaway_namespace(real_kubeconfig: Path) -> AsyncIterator[str]:
    """A namespace of its own on the real cluster, deleted afterwards."""
    from tests.contract.api import Api, load_kubeconfig

    name = f"photosync-test-{secrets.token_hex(4)}"
    async with Api.connect(load_kubeconfig(real_kubeconfig), name) as api:
        await api.make_namespace()
        try:
            yield name
        finally:
            await api.delete(f"/api/v1/namespaces/{name}")
