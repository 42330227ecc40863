from __future__ import annotations

import pytest

from wizard.kube.transport import _proxy_of_environment

PROXY = "http://proxy:3128"


@pytest.mark.parametrize(
    ("host", "no_proxy", "through"),
    [
        ("10.1.2.3", "", True),
        ("10.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "192.168.0.0/16,10.1.2.3", False),
        ("10.1.2.3", "192.168.0.0/16", True),
        ("lab.home", "home", False),
        ("lab.home", ".home", False),
        ("lab.home", "*.home", False),
        ("lab.home", "lab.home:6443", False),
        ("lab.home", "lab.home:443", True),
        ("lab.home", ".home:6443", False),
        ("lab.home", ".home:443", True),
        ("lab.home", "b.home", True),
        ("10.1.2.3", "10.1.2.3:6443", False),
        ("10.1.2.3", "10.1.2.3:443", True),
        ("10.1.2.3", "2.3", True),
        ("10.1.2.3", "fd00::/8", True),
        ("fd00::1", "fd00::1", False),
        ("fd00::1", "fd00:0:0::1", False),
        ("fd00::1", "fd00::2", True),
        ("fd00::1", "fd00::/8", False),
        ("fd00::1", "[fd00::1]", False),
        ("fd00::1", "[fd00::1]:6443", False),
        ("fd00::1", "[fd00::1]:443", True),
        ("lab.home", "*", False),
        ("lab.home", " , ", True),
        ("127.0.0.1", "", False),
        ("localhost", "", False),
        ("::1", "", False),
    ],
)
def test_who_goes_through_the_proxy(host: str, no_proxy: str, *, through: bool) -> None:
    env = {"HTTPS_PROXY": PROXY, "NO_PROXY": no_proxy}
    assert _proxy_of_environment("https", host, 6443, env) == (PROXY if through else "")
