"""Leads Apple's names to a demo Apple within this process, and everything else of Apple nowhere.

Programs of another process are led there by `wizard.demo.apple.proxy` instead.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from wizard.demo.apple.tls import NAMES

APPLE = ("apple.com", "apple.com.cn", "icloud.com", "icloud.com.cn", "icloud-content.com", "icloud-content.com.cn")
_TRUST = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def answers_to(host: str) -> bool:
    """Whether a demo Apple has a certificate for this name."""
    return host != "localhost" and any(fnmatchcase(host.lower(), name) for name in NAMES)


def belongs_to_apple(host: str) -> bool:
    return any(host.lower() == name or host.lower().endswith(f".{name}") for name in APPLE)


@contextmanager
def names_lead_to(address: str, ca_file: Path) -> Iterator[None]:
    """Until the block ends, resolve Apple's names to `address` (HOST:PORT) and trust `ca_file`.

    It changes name resolution and some environment variables of the whole process: for the demo and for tests. Of several
    open blocks the last one leads; one that ends before it changes nothing.
    """
    resolve = socket.getaddrinfo
    ended = False
    host, _, port = address.rpartition(":")

    def lead(name: bytes | str | None, service: Any, *args: Any, **kwargs: Any) -> Any:
        text = name.decode() if isinstance(name, bytes) else name or ""
        if ended:
            return resolve(name, service, *args, **kwargs)
        if answers_to(text):
            return resolve(host, int(port), *args, **kwargs)
        if belongs_to_apple(text) or text.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, f"{text} is not part of the demo")
        return resolve(name, service, *args, **kwargs)

    before = {name: os.environ.get(name) for name in (*_TRUST, *_PROXIES)}
    for name in _PROXIES:
        os.environ.pop(name, None)
    for name in _TRUST:
        os.environ[name] = str(ca_file)
    socket.getaddrinfo = lead  # type: ignore[assignment]
    try:
        yield
    finally:
        ended = True
        if socket.getaddrinfo is lead:
            socket.getaddrinfo = resolve
        if os.environ.get(_TRUST[0]) == str(ca_file):
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value
