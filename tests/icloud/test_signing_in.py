"""Real pyicloud through the conversation against the demo Apple: every way in, and every way back to it."""

from __future__ import annotations

import http.cookiejar
from pathlib import Path

from tests.icloud.conftest import PASSWORD, Clock, code
from wizard.demo.apple.server import DemoApple
from wizard.icloud.files import icloudpd_names, prepare
from wizard.icloud.ladder import Rung
from wizard.icloud.signing_in import SigningIn
from wizard.icloud.steps import CodeWanted, Phone, SignedIn

WHO = "one.phone@example.com"


async def test_a_device_code_signs_in(signing_in: SigningIn, apple: DemoApple, clock: Clock, private: Path) -> None:
    step = await signing_in.start(" One.Phone@Example.com ", PASSWORD)
    assert step == CodeWanted("device", (Phone(1, "81"),), clock.now)
    shown = code(apple, WHO)
    assert await signing_in.submit(f" {shown[:3]}-{shown[3:]}\n") == SignedIn(Rung.CODE)
    pair = prepare(await signing_in.files())
    assert pair.account == WHO
    for name, content in zip(
        (icloudpd_names(WHO).jar, icloudpd_names(WHO).session), (pair.jar, pair.session), strict=True
    ):
        (private / name).write_text(content)
    jar = http.cookiejar.LWPCookieJar(str(private / icloudpd_names(WHO).jar))
    jar.load(ignore_discard=True)
    assert "X-APPLE-WEBAUTH-TOKEN" in {cookie.name for cookie in jar}
    await signing_in.close()
    assert list(private.iterdir()) == []
