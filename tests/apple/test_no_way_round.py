"""Nobody gets past a step of the demo's sign-in without having taken it: else it would prove nothing about its clients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from pyicloud import PyiCloudService

from tests.apple.conftest import off_loop, service, sign_in
from wizard.demo.apple.server import DemoApple

WHO = "sms.only@example.com"
AUTH = "https://idmsa.apple.com/appleauth/auth"
SETUP = "https://setup.icloud.com/setup/ws/1"
QUERY = "https://p42-ckdatabasews.icloud.com/database/1/com.apple.photos.cloud/production/private/records/query?remapEnums=1"

CODE = {"phoneNumber": {"id": 1}, "securityCode": {"code": "123456"}, "mode": "sms"}


def answer(api: PyiCloudService, method: str, url: str, json: Any = None) -> int:
    """The status of one request with the headers of the sign-in under way."""
    headers = api._get_auth_headers() if url.startswith(AUTH) else None
    return int(api.session.request_raw(method, url, json=json, headers=headers).status_code)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("GET", "/2sv/trust", None),
        ("PUT", "/verify/phone", CODE),
        ("POST", "/verify/phone/securitycode", CODE),
        ("PUT", "/verify/trusteddevice/securitycode", None),
        ("POST", "/verify/trusteddevice/securitycode", CODE),
        ("POST", "/verify/security/key", {}),
        ("POST", "/bridge/step/0", {}),
        ("POST", "/bridge/step/2", {}),
        ("POST", "/bridge/step/4", {}),
        ("POST", "/bridge/step/6", {}),
        ("POST", "/bridge/code/validate", {}),
    ],
)
@pytest.mark.usefixtures("apple")
async def test_without_a_password(method: str, path: str, body: Any) -> None:
    def ask() -> tuple[int, int]:
        page = requests.get(f"{AUTH}/authorize/signin", timeout=5)
        begun = {name: page.headers[name] for name in ("X-Apple-ID-Session-Id", "scnt")}
        return (
            requests.request(method, f"{AUTH}{path}", json=body, timeout=5).status_code,
            requests.request(method, f"{AUTH}{path}", json=body, headers=begun, timeout=5).status_code,
        )

    assert await off_loop(ask) == (401, 401)


async def past_the_password(cookies: Path, ask: Callable[[PyiCloudService], Any], apple_id: str = WHO) -> Any:
    """What `ask` finds when the password is proved and the code is awaited."""

    def begin() -> Any:
        with service(apple_id, cookies) as api:
            return ask(api)

    return await off_loop(begin)


@pytest.mark.usefixtures("apple")
async def test_without_a_code_there_is_no_trust(cookies: Path) -> None:
    assert await past_the_password(cookies, lambda api: answer(api, "GET", f"{AUTH}/2sv/trust")) == 412


async def test_without_a_code_the_photos_stay_closed(apple: DemoApple, cookies: Path) -> None:
    def ask(api: PyiCloudService) -> tuple[int, int]:
        token = {"dsWebAuthToken": api.session.data["session_token"]}
        logged_in = answer(api, "POST", f"{SETUP}/accountLogin", token)
        waiting = api.session.cookies.get("X-APPLE-WEBAUTH-HSA-LOGIN")
        api.session.cookies.set("X-APPLE-WEBAUTH-TOKEN", waiting, domain=".icloud.com")
        return logged_in, answer(api, "POST", QUERY, {"query": {"recordType": "CheckIndexingState"}})

    assert await past_the_password(cookies, ask) == (200, 421)
    assert apple.requests[-1].path.endswith("/records/query")


async def test_a_code_is_good_for_one_time_and_one_phone(apple: DemoApple, cookies: Path) -> None:
    def ask(api: PyiCloudService) -> list[int]:
        right = {**CODE, "securityCode": {"code": apple.code_for(WHO, "sms", 0)}}
        other = {**right, "phoneNumber": {"id": 2}}
        return [answer(api, "POST", f"{AUTH}/verify/phone/securitycode", body) for body in (other, right, right)]

    assert await past_the_password(cookies, ask) == [400, 200, 400]


@pytest.mark.parametrize("code", ["", "١٢٣٤٥٦", "123456 ", None, 123456, ["1"], {"a": 1}])
@pytest.mark.usefixtures("apple")
async def test_what_is_no_code_is_wrong(cookies: Path, code: object) -> None:
    body = {**CODE, "securityCode": {"code": code}}
    status = await past_the_password(
        cookies, lambda api: answer(api, "POST", f"{AUTH}/verify/phone/securitycode", body)
    )
    assert status == 400


async def test_the_bridge_wants_its_proof_and_not_the_code(apple: DemoApple, cookies: Path) -> None:
    def ask(api: PyiCloudService) -> list[int]:
        bridge = api._trusted_device_bridge_state
        code = apple.code_for("one.phone@example.com", "device")
        named = {"sessionUUID": bridge.session_uuid, "code": code}
        return [
            answer(api, "POST", f"{AUTH}/bridge/code/validate", named),
            answer(api, "POST", f"{AUTH}/bridge/step/2", {**named, "data": "AAAA"}),
            answer(api, "POST", f"{AUTH}/bridge/step/4", {**named, "data": "AAAA"}),
            answer(api, "POST", f"{AUTH}/verify/trusteddevice/securitycode", {"securityCode": {"code": code}}),
            answer(api, "GET", f"{AUTH}/2sv/trust"),
        ]

    assert await past_the_password(cookies, ask, "one.phone@example.com") == [412, 412, 412, 400, 412]


@pytest.mark.parametrize("hello", ["00", "zz", "0a00", "0a" + "ff" * 20])
@pytest.mark.usefixtures("apple")
async def test_the_push_host_wants_a_signed_hello(hello: str) -> None:
    def ask() -> int:
        return requests.get(f"https://websocket.push.apple.com/v2/{hello}", timeout=5).status_code

    assert await off_loop(ask) == 403


async def test_trust_is_for_the_account_that_earned_it(apple: DemoApple, cookies: Path, tmp_path: Path) -> None:
    def lend() -> bool:
        with service("one.phone@example.com", cookies, password=None) as api:
            trust = api.session.data["trust_token"]
        borrower = PyiCloudService(
            "two.phones@example.com", "demo-password", cookie_directory=str(tmp_path / "other"), authenticate=False
        )
        borrower.session.data["trust_token"] = trust
        try:
            borrower.authenticate()
            return bool(borrower.requires_2fa)
        finally:
            borrower._clear_trusted_device_bridge_state()
            borrower.session.close()

    await off_loop(lambda: sign_in(apple, "one.phone@example.com", cookies))
    assert await off_loop(lend)


@pytest.mark.parametrize("token", ["", "x", None, 1, ["x"]])
@pytest.mark.usefixtures("apple")
async def test_a_made_up_session_token_opens_nothing(token: Any) -> None:
    def ask() -> int:
        body = {"dsWebAuthToken": token, "trustToken": token}
        return requests.post(f"{SETUP}/accountLogin", json=body, timeout=5).status_code

    assert await off_loop(ask) == 400


@pytest.mark.parametrize(
    "body", ["", "[]", "null", "{", '{"query": 1}', '{"batch": [1]}', '{"query": {"filterBy": [1]}}']
)
async def test_nonsense_in_a_query_is_a_bad_request(apple: DemoApple, cookies: Path, body: str) -> None:
    def ask() -> list[int]:
        with service(WHO, cookies, password=None) as api:
            urls = (QUERY, QUERY.replace("/records/query", "/internal/records/query/batch"))
            return [api.session.request_raw("POST", url, data=body).status_code for url in urls]

    await off_loop(lambda: sign_in(apple, WHO, cookies))
    assert await off_loop(ask) == [400, 400]
