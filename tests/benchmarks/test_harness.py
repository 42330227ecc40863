"""The harness itself: its verdicts, its longer line, and that it writes to this machine's clusters only."""

from __future__ import annotations

import re
import socket
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from tests.benchmarks import commands, kubeconfigs, proxy, results, terminal

KUBECONFIG = {
    "current-context": "home",
    "contexts": [{"name": "home", "context": {"cluster": "home", "user": "me"}}],
    "clusters": [
        {"name": "other", "cluster": {"server": "https://10.0.0.5:6443"}},
        {"name": "home", "cluster": {"server": "https://localhost:6443", "certificate-authority-data": "eA=="}},
    ],
    "users": [{"name": "me", "user": {}}],
}


def kubeconfig(folder: Path, server: str) -> Path:
    config = {**KUBECONFIG, "clusters": [{"name": "home", "cluster": {"server": server}}]}
    path = folder / "config"
    path.write_text(yaml.safe_dump(config))
    return path


def test_a_limit_exceeded_is_seen_and_said() -> None:
    kept = results.seconds_apart("start", [0.3, 0.4, 9.0], [0.2, 0.2, 0.9], 1.5)
    broken = results.more_megabytes("memory", [80.0], [40.0], 30)
    assert kept.value == pytest.approx(1.5)
    assert kept.kept
    assert (broken.value, broken.kept) == (40.0, False)
    head, rule, first, second = results.table([kept, broken]).split("\n")
    assert set(rule) == {"-", " "}
    assert re.search(r"1\.50x +1\.5x +ok$", first)
    assert re.search(r"40\.00 MB +30 MB +EXCEEDED$", second)
    assert head.index("limit") == first.index("1.5x", first.index("1.50x") + 1)


def test_what_was_measured_in_turns_is_compared_pair_by_pair() -> None:
    slow_for_a_while = results.seconds_in_turns("status", [0.3, 0.9, 0.3], [0.2, 0.6, 0.3], 1.2)
    assert slow_for_a_while.value == pytest.approx(1.5)
    assert not slow_for_a_while.kept


def test_the_proxy_delays_both_ways_and_loses_nothing() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def echo() -> None:
            connection, _ = server.accept()
            with connection:
                while chunk := connection.recv(65536):
                    connection.sendall(chunk)

        threading.Thread(target=echo, daemon=True).start()
        message = bytes(range(256)) * 2000
        with proxy.delaying("127.0.0.1", server.getsockname()[1], 0.02) as port:
            began = time.perf_counter()
            with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
                client.sendall(message)
                client.shutdown(socket.SHUT_WR)
                answer = b"".join(iter(lambda: client.recv(65536), b""))
            assert time.perf_counter() - began >= 0.04
    assert answer == message


@pytest.mark.parametrize("server", ["https://10.0.0.5:6443", "https://cluster.example", "https://[2001:db8::1]:6443"])
def test_another_machines_cluster_is_refused(tmp_path: Path, server: str) -> None:
    with pytest.raises(kubeconfigs.NotLoopbackError):
        kubeconfigs.server_of(kubeconfig(tmp_path, server))


@pytest.mark.parametrize(
    ("server", "address", "name"),
    [
        ("https://127.0.0.1:6443", ("127.0.0.1", 6443), None),
        ("https://localhost", ("localhost", 443), "localhost"),
        ("https://[::1]:7443", ("::1", 7443), "::1"),
    ],
)
def test_the_proxys_kubeconfig_expects_the_real_certificate(
    tmp_path: Path, server: str, address: tuple[str, int], name: str | None
) -> None:
    original = kubeconfig(tmp_path, server)
    assert kubeconfigs.server_of(original) == address
    copy = kubeconfigs.through(original, 4321, tmp_path / "far")
    cluster = yaml.safe_load(copy.read_text())["clusters"][0]["cluster"]
    assert cluster["server"] == "https://127.0.0.1:4321"
    assert cluster.get("tls-server-name") == name
    assert copy.stat().st_mode & 0o077 == 0


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    done = commands.run((sys.executable, "-c", "print('x')"), tmp_path)
    assert done.seconds > 0
    assert done.megabytes > 3
    with pytest.raises(commands.UnexpectedExitError, match="ended with 7"):
        commands.run((sys.executable, "-c", "raise SystemExit(7)"), tmp_path)


def test_a_program_in_a_terminal_is_timed_until_it_has_drawn(tmp_path: Path) -> None:
    drawing = "import time\nprint('\\x1b[1mHel\\x1b[0mlo', flush=True)\ntime.sleep(60)"
    opened = terminal.open_in_terminal((sys.executable, "-c", drawing), re.compile(b"Hello"), tmp_path)
    assert 0 < opened.seconds < 30
    assert opened.megabytes > 3
    with pytest.raises(terminal.NothingDrawnError, match="ended before its time"):
        terminal.open_in_terminal((sys.executable, "-c", "print('no')"), re.compile(b"Hello"), tmp_path)
