"""The demo Apple as a person meets it: what is printed, and that it can be left."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.apple.conftest import off_loop, service
from wizard.demo.apple.accounts import demo_accounts
from wizard.demo.apple.route import names_lead_to
from wizard.demo.apple.serve import code_line, serve
from wizard.demo.apple.state import CodeSent
from wizard.errors import WizardError


async def test_it_introduces_itself_and_then_shows_codes(tmp_path: Path, cookies: Path) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    serving = asyncio.create_task(serve(said.put_nowait, tmp_path))
    introduction = await said.get()
    found = re.search(r"^Demo Apple on (127\.0\.0\.1:\d+);", introduction)
    assert found is not None
    ca_file = tmp_path / "apple-ca.pem"
    assert f"CA certificate: {ca_file}" in introduction
    assert all(account.apple_id in introduction and account.title in introduction for account in demo_accounts())

    def begin() -> None:
        with service("one.phone@example.com", cookies):
            pass

    with names_lead_to(found[1], ca_file):
        await off_loop(begin)
    assert re.fullmatch(r"one\.phone@example\.com: the code on your demo device is \d{6}", await said.get())
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


async def test_a_port_that_is_taken_is_a_trouble(tmp_path: Path) -> None:
    taken = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    async with taken:
        with pytest.raises(WizardError, match="can't start") as trouble:
            await serve(print, tmp_path, port=port)
        with pytest.raises(WizardError, match="can't start"):
            await serve(print, tmp_path, proxy_port=port)
    assert "in use" in trouble.value.why


def test_an_sms_says_which_phone_it_came_to() -> None:
    sent = CodeSent("two.phones@example.com", "sms", 1, "123456")
    assert code_line(sent, demo_accounts()) == "two.phones@example.com: an SMS to (•••) •••-••42 says 123456"


def test_the_accounts_are_nobodys() -> None:
    accounts = demo_accounts()
    assert all(account.apple_id.endswith("@example.com") for account in accounts)
    assert {account.password for account in accounts} == {"demo-password"}
    assert len({account.apple_id for account in accounts}) == len(accounts)
