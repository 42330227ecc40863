"""Real pyicloud signs in to the demo Apple in every way that it knows, and a wrong code is only a wrong code."""

from __future__ import annotations

import gc
import socket
from pathlib import Path

import pytest

from tests.apple.conftest import lines, off_loop, service, sign_in
from wizard.demo.apple.server import DemoApple
from wizard.demo.apple.state import Way

BRIDGE = [
    "GET /appleauth/auth/authorize/signin 200",
    "POST /appleauth/auth/signin/init 200",
    "POST /appleauth/auth/signin/complete 409",
    "GET /appleauth/auth 200",
    "GET /appleauth/auth 200",
    "POST /appleauth/auth/bridge/step/0 204",
    "POST /appleauth/auth/bridge/step/2 204",
    "POST /appleauth/auth/bridge/step/4 204",
    "POST /appleauth/auth/bridge/code/validate 204",
    "POST /appleauth/auth/bridge/step/6 204",
    "GET /v2/… 101",
    "GET /appleauth/auth/2sv/trust 204",
    "POST /setup/ws/1/accountLogin 200",
]


async def test_device_code_over_the_bridge_costs_these_requests(apple: DemoApple, cookies: Path) -> None:
    await off_loop(lambda: sign_in(apple, "one.phone@example.com", cookies))
    assert lines(apple) == BRIDGE


async def test_a_session_is_resumed_with_one_validate_and_no_password(apple: DemoApple, cookies: Path) -> None:
    def resume() -> bool:
        with service("one.phone@example.com", cookies, password=None) as api:
            return bool(api.is_trusted_session)

    await off_loop(lambda: sign_in(apple, "one.phone@example.com", cookies))
    apple.requests.clear()
    assert await off_loop(resume)
    assert lines(apple) == ["POST /setup/ws/1/validate 200"]


@pytest.mark.parametrize(
    ("apple_id", "way"),
    [
        ("one.phone@example.com", "trusted_device"),
        ("two.phones@example.com", "trusted_device"),
        ("no.phone@example.com", "trusted_device"),
        ("bridge.legacy@example.com", "trusted_device"),
        ("older.page@example.com", "unknown"),
        ("sms.only@example.com", "sms"),
        ("sms.conflict@example.com", "sms"),
    ],
)
async def test_wrong_code_then_right_code(apple: DemoApple, cookies: Path, apple_id: str, way: str) -> None:
    def both() -> tuple[str, bool, bool, bool]:
        with service(apple_id, cookies) as api:
            delivered = api.two_factor_delivery_method
            kind: Way = "sms" if delivered == "sms" else "device"
            wrong = "111111" if apple.code_for(apple_id, kind) != "111111" else "222222"
            first = api.validate_2fa_code(wrong)
            api.request_2fa_code()
            code = apple.code_for(apple_id, kind)
            assert code is not None
            return delivered, first, api.validate_2fa_code(code), api.is_trusted_session

    assert await off_loop(both) == (way, False, True, True)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_push_host_that_refuses_leads_to_an_sms(apple: DemoApple, cookies: Path) -> None:
    """The refused socket is left by pyicloud to the garbage collector, which is not for us to mend."""

    def by_sms() -> tuple[str, str | None, bool]:
        with service("push.refused@example.com", cookies) as api:
            code = apple.code_for("push.refused@example.com", "sms")
            assert code is not None
            delivered = api.two_factor_delivery_method, api.two_factor_delivery_notice
            return *delivered, bool(api.validate_2fa_code(code))

    notice = "Trusted-device prompt failed; falling back to SMS."
    assert await off_loop(by_sms) == ("sms", notice, True)
    gc.collect()


async def test_an_sms_to_the_second_number_instead_of_the_device(apple: DemoApple, cookies: Path) -> None:
    def by_choice() -> tuple[list[str], bool]:
        with service("two.phones@example.com", cookies) as api:
            phones = api._auth_data["phoneNumberVerification"]["trustedPhoneNumbers"]
            api._auth_data["trustedPhoneNumber"] = phones[1]
            api._request_sms_2fa_code()
            code = apple.code_for("two.phones@example.com", "sms", 1)
            assert code is not None
            return [phone["obfuscatedNumber"] for phone in phones], bool(api.validate_2fa_code(code))

    assert await off_loop(by_choice) == (["(•••) •••-••81", "(•••) •••-••42"], True)
    assert apple.code_for("two.phones@example.com", "sms", 0) is None


async def test_after_a_wrong_bridge_code_the_right_one_needs_a_new_push(apple: DemoApple, cookies: Path) -> None:
    def without_asking_again() -> bool:
        with service("one.phone@example.com", cookies) as api:
            code = apple.code_for("one.phone@example.com", "device")
            assert code is not None
            assert not api.validate_2fa_code("111111" if code != "111111" else "222222")
            return bool(api.validate_2fa_code(code))

    assert not await off_loop(without_asking_again)


def test_the_guard_refuses_real_names(only_loopback: list[str]) -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("idmsa.apple.com", 443)
    with pytest.raises(ConnectionRefusedError), socket.socket() as outside:
        outside.connect(("192.0.2.1", 443))
    assert only_loopback == ["idmsa.apple.com", "192.0.2.1"]
    only_loopback.clear()
