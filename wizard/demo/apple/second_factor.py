"""idmsa.apple.com after the password: codes to a device or a phone, their verdicts, and the trust that follows."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from wizard.demo.apple import answers
from wizard.demo.apple.signin import lost_sign_in, phone_verification, proved_sign_in, session_headers
from wizard.demo.apple.state import SignIn, State, Way

_CODES = {
    answers.WRONG_CODE: "Incorrect verification code.",
    answers.TOO_MANY_CODES: "Too many verification codes have been sent. Please try again later.",
    answers.SMS_REFUSED: "Verification codes can't be sent to this phone number at this time. Please try again later.",
}


class SecondFactor:
    """The handlers of `/appleauth/auth/verify` and of `2sv/trust`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[web.RouteDef]:
        auth = "/appleauth/auth"
        return [
            web.put(f"{auth}/verify/trusteddevice/securitycode", self.push_to_device),
            web.post(f"{auth}/verify/trusteddevice/securitycode", self.check_device_code),
            web.put(f"{auth}/verify/phone", self.send_sms),
            web.post(f"{auth}/verify/phone/securitycode", self.check_sms_code),
            web.post(f"{auth}/verify/security/key", self.check_security_key),
            web.get(f"{auth}/2sv/trust", self.trust),
        ]

    async def push_to_device(self, request: web.Request) -> web.Response:
        attempt = proved_sign_in(self._state, request)
        if attempt is None:
            return lost_sign_in()
        started, person = attempt
        if person.account.delivery != "sms" and not person.account.security_keys:
            self._state.send_code(person, "device")
        return web.json_response({}, status=202, headers=session_headers(started))

    async def send_sms(self, request: web.Request) -> web.Response:
        attempt = proved_sign_in(self._state, request)
        if attempt is None:
            return lost_sign_in()
        started, person = attempt
        n = _phone_index(await answers.body_of(request))
        refused = person.account.sms == "refused" or not 0 <= n < len(person.account.phones)
        if refused:
            return _code_error(423, answers.SMS_REFUSED, started)
        self._state.send_code(person, "sms", n)
        return web.json_response(phone_verification(person.account), headers=session_headers(started))

    async def check_device_code(self, request: web.Request) -> web.Response:
        return await self._check(request, "device")

    async def check_sms_code(self, request: web.Request) -> web.Response:
        return await self._check(request, "sms")

    async def check_security_key(self, request: web.Request) -> web.Response:
        """Refuse: nothing here can check a key, so the demo lets nobody in with one."""
        attempt = proved_sign_in(self._state, request)
        return _code_error(400, answers.WRONG_CODE, attempt[0]) if attempt else lost_sign_in()

    async def trust(self, request: web.Request) -> web.Response:
        attempt = proved_sign_in(self._state, request)
        if attempt is None:
            return lost_sign_in()
        started, person = attempt
        if not person.account.two_factor:
            return web.Response(status=404, headers=session_headers(started))
        if not started.code_accepted:
            return _code_error(412, answers.WRONG_CODE, started)
        tokens = {
            "X-Apple-TwoSV-Trust-Token": self._state.give_trust_token(person),
            "X-Apple-TwoSV-Trust-Eligible": "true",
            "X-Apple-Session-Token": self._state.give_session_token(person, trusted=True),
        }
        return web.Response(status=204, headers=session_headers(started) | tokens)

    async def _check(self, request: web.Request, way: Way) -> web.Response:
        attempt = proved_sign_in(self._state, request)
        if attempt is None:
            return lost_sign_in()
        started, person = attempt
        body = await answers.body_of(request)
        n = _phone_index(body) if way == "sms" else 0
        code = body.get("securityCode")
        digits = str(code.get("code", "")) if isinstance(code, dict) else ""
        match self._state.check_code(person, way, n, digits):
            case "too-many":
                return _code_error(423, answers.TOO_MANY_CODES, started)
            case "wrong":
                return _code_error(400, answers.WRONG_CODE, started)
        started.code_accepted = True
        legacy_bridge = way == "device" and person.account.delivery == "bridge-legacy"
        if legacy_bridge or (way == "sms" and person.account.sms == "conflict"):
            kind = "authenticationType" if way == "sms" else "authType"
            answer = {kind: "hsa2", "securityCode": {"length": 6, "valid": True}}
            return web.json_response(answer, status=409, headers=session_headers(started, "409"))
        if way == "device":
            return web.Response(status=204, headers=session_headers(started))
        return web.json_response(phone_verification(person.account), headers=session_headers(started))


def _code_error(status: int, code: str, started: SignIn) -> web.Response:
    return answers.code_error(status, code, _CODES[code], session_headers(started, str(status)))


def _phone_index(body: dict[str, Any]) -> int:
    """The chosen phone counted from 0; -1 where the request names none."""
    phone = body.get("phoneNumber")
    number = phone.get("id") if isinstance(phone, dict) else None
    return number - 1 if isinstance(number, int) else -1
