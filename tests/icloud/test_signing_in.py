"""Real pyicloud through the conversation against the demo Apple: every way in."""

from __future__ import annotations

import asyncio
import gc
import http.cookiejar
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from fido2.client import ClientError
from pyicloud.services.account import AccountStorage

from tests.icloud.conftest import PASSWORD, Clock, code, files_in, lines, session, type_code, wrong
from wizard.demo.apple.server import DemoApple
from wizard.errors import WizardError
from wizard.icloud.files import fit_for_icloudpd, has_token, icloudpd_names
from wizard.icloud.ladder import Rung
from wizard.icloud.library import stored
from wizard.icloud.pyicloud_client import PyicloudClient
from wizard.icloud.signing_in import SigningIn
from wizard.icloud.steps import (
    CodeWanted,
    Delivery,
    Library,
    Phone,
    SecurityKeyWanted,
    SignedIn,
    TermsWanted,
    WrongCode,
)

WHO = "one.phone@example.com"
BOTH = (Phone(1, "81"), Phone(2, "42"))


async def test_a_device_code_leads_to_files_that_a_cookie_jar_reads(
    signing_in: SigningIn, apple: DemoApple, clock: Clock, tmp_path: Path
) -> None:
    step = await signing_in.start(" One.Phone@Example.com ", PASSWORD)
    assert step == CodeWanted("device", (Phone(1, "81"),), clock.now)
    shown = code(apple, WHO)
    assert await signing_in.submit(f" {shown[:3]}-{shown[3:]}\n") == SignedIn(Rung.CODE)
    pair = fit_for_icloudpd(await signing_in.files())
    assert (pair.account, has_token(pair, "trust_token")) == (WHO, True)
    file = tmp_path / icloudpd_names(pair.account).jar
    file.write_text(pair.jar)
    jar = http.cookiejar.LWPCookieJar(str(file))
    jar.load(ignore_discard=True)
    assert {"X-APPLE-WEBAUTH-TOKEN", "X-APPLE-WEBAUTH-USER"} <= {cookie.name for cookie in jar}


@pytest.mark.parametrize(
    ("apple_id", "delivery", "phones"),
    [
        (WHO, "device", BOTH[:1]),
        ("two.phones@example.com", "device", BOTH),
        ("no.phone@example.com", "device", ()),
        ("bridge.legacy@example.com", "device", BOTH[:1]),
        ("older.page@example.com", "device", BOTH),
        ("sms.only@example.com", "sms", BOTH),
        ("sms.conflict@example.com", "sms", BOTH[:1]),
    ],
)
async def test_after_a_wrong_code_the_right_one_is_enough(
    signing_in: SigningIn, apple: DemoApple, apple_id: str, delivery: Delivery, phones: tuple[Phone, ...]
) -> None:
    step = await signing_in.start(apple_id, PASSWORD)
    assert isinstance(step, CodeWanted)
    assert (step.delivery, step.phones, step.notice) == (delivery, phones, None)
    assert step.phone == (phones[0] if delivery == "sms" else None)
    refused = await signing_in.submit(wrong(code(apple, apple_id, "sms" if delivery == "sms" else "device")))
    assert isinstance(refused, WrongCode)
    assert refused.why.code == "icloud.wrong-code"
    assert await type_code(signing_in, apple, apple_id, refused.step) == SignedIn(Rung.CODE)


async def test_a_wrong_code_over_the_push_host_asks_for_a_new_prompt_at_once(
    signing_in: SigningIn, apple: DemoApple, clock: Clock
) -> None:
    step = await signing_in.start(WHO, PASSWORD)
    first = code(apple, WHO)
    clock.advance(seconds=20)
    refused = await signing_in.submit(wrong(first))
    assert isinstance(step, CodeWanted)
    assert isinstance(refused, WrongCode)
    assert (refused.step.sent_at - step.sent_at).seconds == 20
    assert code(apple, WHO) != first
    assert lines(apple).count("POST /appleauth/auth/bridge/step/0 204") == 2


async def test_an_sms_goes_to_the_number_that_was_chosen(signing_in: SigningIn, apple: DemoApple) -> None:
    who = "two.phones@example.com"
    await signing_in.start(who, PASSWORD)
    step = await signing_in.request_code("sms", BOTH[1])
    assert (step.delivery, step.phone, step.may_have_two_codes) == ("sms", BOTH[1], True)
    assert apple.code_for(who, "sms", 0) is None
    assert await signing_in.submit(code(apple, who, "sms", 1)) == SignedIn(Rung.CODE)


async def test_back_from_an_sms_to_the_devices(signing_in: SigningIn, apple: DemoApple) -> None:
    await signing_in.start(WHO, PASSWORD)
    await signing_in.request_code("sms")
    message = code(apple, WHO, "sms")
    step = await signing_in.request_code("device")
    assert (step.delivery, step.phone) == ("device", None)
    assert isinstance(await signing_in.submit(wrong(message), "sms"), WrongCode)
    assert await signing_in.submit(message, "sms") == SignedIn(Rung.CODE)


async def test_the_prompt_after_an_sms_counts_as_well(signing_in: SigningIn, apple: DemoApple) -> None:
    await signing_in.start(WHO, PASSWORD)
    await signing_in.request_code("sms")
    step = await signing_in.request_code("device")
    assert await type_code(signing_in, apple, WHO, step) == SignedIn(Rung.CODE)


async def test_the_page_of_before_2026_is_asked_the_way_of_icloudpd(signing_in: SigningIn, apple: DemoApple) -> None:
    who = "older.page@example.com"
    step = await signing_in.start(who, PASSWORD)
    assert isinstance(step, CodeWanted)
    assert step.may_have_two_codes
    assert lines(apple)[-1] == "PUT /appleauth/auth/verify/trusteddevice/securitycode 202"
    await signing_in.request_code("sms")
    assert await signing_in.submit(code(apple, who, "device"), "device") == SignedIn(Rung.CODE)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_push_host_that_refuses_leads_to_an_sms(signing_in: SigningIn, apple: DemoApple) -> None:
    """The refused socket is left by pyicloud to the garbage collector, which is not for us to mend."""
    who = "push.refused@example.com"
    step = await signing_in.start(who, PASSWORD)
    assert isinstance(step, CodeWanted)
    assert (step.delivery, step.may_have_two_codes) == ("sms", True)
    assert step.notice is not None
    assert step.notice.code == "icloud.push-unreachable"
    assert await type_code(signing_in, apple, who, step) == SignedIn(Rung.CODE)
    gc.collect()


async def test_a_push_host_that_is_not_found_leads_to_a_prompt_without_it(
    signing_in: SigningIn, apple: DemoApple
) -> None:
    who = "push.unreachable@example.com"
    step = await signing_in.start(who, PASSWORD)
    assert isinstance(step, CodeWanted)
    assert step.delivery == "device"
    assert step.notice is not None
    assert step.notice.code == "icloud.push-unreachable"
    refused = await signing_in.submit(wrong(code(apple, who)))
    assert isinstance(refused, WrongCode)
    assert await type_code(signing_in, apple, who, refused.step) == SignedIn(Rung.CODE)


async def test_no_sms_is_said_and_can_be_asked_for_again(signing_in: SigningIn) -> None:
    step = await signing_in.start("sms.refused@example.com", PASSWORD)
    assert isinstance(step, CodeWanted)
    assert step.delivery == "unknown"
    assert step.notice is not None
    assert step.notice.code == "icloud.sms-refused"
    with pytest.raises(WizardError) as refusal:
        await signing_in.request_code("sms", BOTH[0])
    assert refusal.value.code == "icloud.sms-refused"


async def test_terms_are_shown_and_accepted_only_when_told_to(signing_in: SigningIn, apple: DemoApple) -> None:
    who = "terms@example.com"
    step = await signing_in.start(who, PASSWORD)
    shown = await type_code(signing_in, apple, who, step)
    assert shown == TermsWanted(7, "The demo's terms: none.", "https://www.icloud.com")
    assert "GET /setup/ws/1/repairDone 200" not in lines(apple)
    apple.requests.clear()
    assert await signing_in.accept_terms() == SignedIn(Rung.CODE)
    assert lines(apple) == ["GET /setup/ws/1/repairDone 200", "POST /setup/ws/1/accountLogin 200"]
    assert has_token(await signing_in.files(), "session_token")


async def test_terms_nobody_has_seen_are_not_accepted(signing_in: SigningIn, apple: DemoApple) -> None:
    await session(signing_in, apple, WHO)
    with pytest.raises(WizardError) as refusal:
        await signing_in.accept_terms()
    assert (refusal.value.code, lines(apple)) == ("icloud.terms", [])


async def test_an_account_of_the_chinese_mainland(signing_in: SigningIn, apple: DemoApple) -> None:
    pair = await session(signing_in, apple, "china@example.com", china=True)
    assert ".icloud.com.cn" in pair.jar
    assert await signing_in.resume(pair) == SignedIn(Rung.WORKS)


async def test_a_security_key_is_waited_for_as_far_as_pyicloud_goes(
    signing_in: SigningIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await signing_in.start("security.key@example.com", PASSWORD) == SecurityKeyWanted(("Demo key",))
    monkeypatch.setattr("fido2.hid.CtapHidDevice.list_devices", lambda: iter(()))
    with pytest.raises(WizardError) as refusal:
        await signing_in.use_security_key()
    assert refusal.value.code == "icloud.security-key-missing"


class Touched:
    """A security key that was touched, or one that nobody touches until the wait is given up."""

    touched = True

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def get_assertion(self, _: object, event: threading.Event) -> Touched:
        if not self.touched:
            event.wait(10)
            given_up = ClientError.ERR.TIMEOUT()
            raise given_up
        return self

    def get_response(self, _: int) -> SimpleNamespace:
        made = SimpleNamespace(client_data=b"{}", signature=b"s", authenticator_data=b"a", user_handle=None)
        return SimpleNamespace(response=made, raw_id=b"i")


class Untouched(Touched):
    touched = False


async def test_what_a_security_key_signed_is_shown_to_apple(
    signing_in: SigningIn, apple: DemoApple, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo accepts no key, as nothing here could tell a real one."""
    await signing_in.start("security.key@example.com", PASSWORD)
    monkeypatch.setattr("fido2.hid.CtapHidDevice.list_devices", lambda: iter(("a key",)))
    monkeypatch.setattr("pyicloud.base.Fido2Client", Touched)
    with pytest.raises(WizardError) as refusal:
        await signing_in.use_security_key()
    assert refusal.value.code == "icloud.security-key-refused"
    assert lines(apple)[-1] == "POST /appleauth/auth/verify/security/key 400"


async def test_waiting_for_a_touch_ends_when_the_sign_in_is_left(
    signing_in: SigningIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await signing_in.start("security.key@example.com", PASSWORD)
    monkeypatch.setattr("fido2.hid.CtapHidDevice.list_devices", lambda: iter(("a key",)))
    monkeypatch.setattr("pyicloud.base.Fido2Client", Untouched)
    ended = threading.Event()
    hang_up = PyicloudClient.close_if_left

    def watched(visit: PyicloudClient) -> None:
        hang_up(visit)
        ended.set()

    monkeypatch.setattr(PyicloudClient, "close_if_left", watched)
    waiting = asyncio.create_task(signing_in.use_security_key())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.to_thread(ended.wait, 5)


async def test_the_photo_library_is_counted_and_its_size_estimated(signing_in: SigningIn, apple: DemoApple) -> None:
    await session(signing_in, apple, WHO)
    library = await signing_in.photos()
    assert library == Library(6, library.estimated_bytes, "sample", 6)
    assert library.estimated_bytes
    assert 6_000 < library.estimated_bytes < 60_000_000


async def test_a_new_start_takes_the_place_of_the_one_before(
    signing_in: SigningIn, apple: DemoApple, private: Path
) -> None:
    await signing_in.start(WHO, PASSWORD)
    await session(signing_in, apple, "sms.only@example.com")
    assert (await signing_in.files()).account == "sms.only@example.com"
    assert files_in(private) == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"storageUsageByMedia": [{"mediaKey": "photos", "usageInBytes": 85_000_000_000}]}, 85_000_000_000),
        ({"storageUsageByMedia": [{"mediaKey": "photos", "usageInBytes": 0}]}, None),
        ({"storageUsageByMedia": [{"mediaKey": "photos"}]}, None),
        ({"storageUsageByMedia": [{"mediaKey": "mail", "usageInBytes": 7}]}, None),
        ({}, None),
    ],
)
def test_apples_storage_figure(answer: dict[str, object], expected: int | None) -> None:
    api = SimpleNamespace(account=SimpleNamespace(storage=AccountStorage(answer)))
    assert stored(api) == expected


def test_nothing_heavy_is_loaded_before_somebody_signs_in() -> None:
    names = (
        "calendar",
        "expiry",
        "files",
        "ladder",
        "password",
        "refusals",
        "library_size",
        "signing_in",
        "steps",
        "messages",
    )
    script = f"import sys, {', '.join(f'wizard.icloud.{name}' for name in names)}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert {"pyicloud", "requests", "keyring", "kubernetes", "textual"}.isdisjoint(loaded)
