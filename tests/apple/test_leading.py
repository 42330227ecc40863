"""Apple's names lead to the demo and nowhere else, over TLS that only who was told trusts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from pathlib import Path

import certifi
import pytest
import requests

from tests.apple.conftest import off_loop
from wizard.demo.apple.accounts import demo_accounts
from wizard.demo.apple.proxy import DemoProxy
from wizard.demo.apple.route import answers_to, names_lead_to
from wizard.demo.apple.server import DemoApple, real_clock

OURS = [
    "idmsa.apple.com",
    "idmsa.apple.com.cn",
    "setup.icloud.com",
    "setup.icloud.com.cn",
    "p42-ckdatabasews.icloud.com",
    "cvws.icloud-content.com",
    "websocket.push.apple.com",
]


@pytest.mark.parametrize("name", OURS)
async def test_every_name_resolves_to_the_demo_and_its_certificate_is_good_for_it(apple: DemoApple, name: str) -> None:
    context = ssl.create_default_context(cafile=str(apple.ca_file))
    assert socket.getaddrinfo(name, 443)[0][4] == ("127.0.0.1", apple.port)
    _, writer = await asyncio.open_connection("127.0.0.1", apple.port, ssl=context, server_hostname=name)
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    "name", ["appleid.apple.com", "icloud.com.evil.example", "xicloud.com", "idmsa.apple.com.", ""]
)
def test_no_other_name_is_ours(name: str) -> None:
    assert not answers_to(name)


@pytest.mark.parametrize(
    "name", ["appleid.apple.com", "gateway.icloud.net.apple.com", "websocket-missing.push.invalid"]
)
@pytest.mark.usefixtures("apple")
async def test_what_else_is_apples_resolves_to_nothing(name: str) -> None:
    with pytest.raises(socket.gaierror, match="not part of the demo"):
        socket.getaddrinfo(name, 443)


async def test_leading_ends_with_its_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    resolve = socket.getaddrinfo
    with contextlib.suppress(RuntimeError), names_lead_to("127.0.0.1:1", tmp_path / "ca.pem"):
        assert "HTTPS_PROXY" not in os.environ
        assert os.environ["SSL_CERT_FILE"] == str(tmp_path / "ca.pem")
        raise RuntimeError
    assert socket.getaddrinfo is resolve
    assert os.environ["HTTPS_PROXY"] == "http://127.0.0.1:1"
    assert "SSL_CERT_FILE" not in os.environ


async def test_a_client_that_was_not_told_of_the_ca_does_not_trust_the_demo(apple: DemoApple) -> None:
    untold = ssl.create_default_context(cafile=certifi.where())
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection("127.0.0.1", apple.port, ssl=untold, server_hostname="idmsa.apple.com")


async def test_the_ca_is_the_only_file_and_for_its_owner(apple: DemoApple) -> None:
    assert [file.name for file in apple.ca_file.parent.iterdir()] == ["apple-ca.pem"]
    assert apple.ca_file.stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE" not in apple.ca_file.read_bytes()


async def test_a_host_answers_only_what_is_its_own(apple: DemoApple) -> None:
    def ask() -> list[int]:
        urls = (
            "https://setup.icloud.com/appleauth/auth/authorize/signin",
            "https://idmsa.apple.com/setup/ws/1/validate",
            "https://idmsa.apple.com/appleauth/auth/authorize/signin",
        )
        return [requests.get(url, timeout=5).status_code for url in urls]

    assert await off_loop(ask) == [404, 404, 200]
    assert len(apple.requests) == 3


async def test_the_proxy_carries_apples_names_and_refuses_the_rest(tmp_path: Path) -> None:
    def ask(proxy: str, ca_file: Path) -> int:
        with requests.Session() as session:
            session.proxies, session.verify, session.trust_env = {"https": proxy}, str(ca_file), False
            for other in ("https://example.org/", "https://appleid.apple.com/", "https://idmsa.apple.com:8443/"):
                with pytest.raises(requests.exceptions.ProxyError):
                    session.get(other, timeout=5)
            return session.get("https://idmsa.apple.com/appleauth/auth/authorize/signin", timeout=5).status_code

    async with (
        DemoApple.open(demo_accounts(), real_clock, tls=tmp_path) as apple,
        DemoProxy.open(apple.address) as proxy,
    ):
        assert await off_loop(lambda: ask(proxy.url, apple.ca_file)) == 200
        assert proxy.refused == ["example.org", "appleid.apple.com", "idmsa.apple.com"]
        assert [str(seen) for seen in apple.requests] == ["GET /appleauth/auth/authorize/signin 200"]


@pytest.mark.parametrize(
    "nonsense", [b"", b"GET / HTTP/1.1\r\n\r\n", b"CONNECT\r\n\r\n", b"x" * 20000, b"\xff\r\n\r\n"]
)
async def test_the_proxy_survives_nonsense(nonsense: bytes) -> None:
    async with DemoProxy.open("127.0.0.1:1") as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(nonsense)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert answer == b"" or answer.startswith(b"HTTP/1.1 403 ")


async def test_of_two_blocks_the_later_one_leads_whichever_ends_first(tmp_path: Path) -> None:
    async with (
        DemoApple.open(demo_accounts(), real_clock, tls=tmp_path / "one") as one,
        DemoApple.open(demo_accounts(), real_clock, tls=tmp_path / "two") as two,
    ):
        first, second = names_lead_to(one.address, one.ca_file), names_lead_to(two.address, two.ca_file)
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert socket.getaddrinfo("idmsa.apple.com", 443)[0][4] == ("127.0.0.1", two.port)
        assert os.environ["SSL_CERT_FILE"] == str(two.ca_file)
        second.__exit__(None, None, None)
        assert "SSL_CERT_FILE" not in os.environ or os.environ["SSL_CERT_FILE"] != str(two.ca_file)
        assert socket.getaddrinfo("127.0.0.1", 443)[0][4] == ("127.0.0.1", 443)
