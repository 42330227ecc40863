"""The demo keeps the rules for secrets too: nothing of a sign-in is in its log, its records or their texts."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest

from tests.apple.conftest import off_loop, service
from wizard.demo.apple.accounts import Account
from wizard.demo.apple.route import names_lead_to
from wizard.demo.apple.server import DemoApple, real_clock
from wizard.demo.apple.state import CodeSent

PASSWORD = "demo-planted-5ecret"


async def test_no_log_line_and_no_record_tells_a_secret(
    tmp_path: Path, cookies: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[CodeSent] = []

    def through() -> None:
        with service("planted@example.com", cookies, password=PASSWORD) as api:
            wrong = "111111" if sent[-1].code != "111111" else "222222"
            assert not api.validate_2fa_code(wrong)
            api.request_2fa_code()
            assert api.validate_2fa_code(sent[-1].code)
            _ = api.photos

    for name in ("aiohttp", "asyncio", "wizard"):
        caplog.set_level(logging.DEBUG, name)
    account = Account("planted@example.com", "planted", password=PASSWORD)
    async with DemoApple.open([account], real_clock, tls=tmp_path, on_code=sent.append) as apple:
        with names_lead_to(apple.address, apple.ca_file):
            await off_loop(through)
        records = [repr(apple.requests), repr(apple.__dict__), repr(account), repr(sent), *map(str, apple.requests)]
        records.append(repr(apple.signed_in("planted@example.com")))
    logged = [record.getMessage() for record in caplog.records if record.name.split(".")[0] in ("aiohttp", "wizard")]
    session = json.loads((cookies / "plantedexamplecom.session").read_text())
    secrets = [PASSWORD, *(code.code for code in sent), session["session_token"], session["trust_token"]]
    secrets += re.findall(r"t=([\w-]{16,})", (cookies / "plantedexamplecom.cookiejar").read_text())
    assert len(secrets) > 10
    text = "\n".join([*records, *logged])
    assert [secret for secret in secrets if secret in text] == []
