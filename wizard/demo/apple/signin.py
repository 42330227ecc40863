"""idmsa.apple.com up to the password: the sign-in page, the SRP exchange, and the page that offers a second factor."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import secrets
from typing import Any

from aiohttp import web

from wizard.demo.apple import answers, srp_server
from wizard.demo.apple.accounts import Account, Phone
from wizard.demo.apple.state import Person, SignIn, State

PUSH_HOST = "websocket.push.apple.com"
REFUSING_PUSH_HOST = "websocket-refused.push.apple.com"
MISSING_PUSH_HOST = "websocket-missing.push.invalid"
PUSH_TOPIC = "com.apple.idmsauthwidget"


class Idmsa:
    """The handlers of `/appleauth/auth` that lead to the second factor."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/appleauth/auth/authorize/signin", self.page),
            web.post("/appleauth/auth/federate", self.federate),
            web.post("/appleauth/auth/signin/init", self.init),
            web.post("/appleauth/auth/signin/complete", self.complete),
            web.post("/appleauth/auth/repair/complete", self.repair),
            web.get("/appleauth/auth", self.second_factor_page),
        ]

    async def page(self, _request: web.Request) -> web.Response:
        started = self._state.start_sign_in()
        return web.Response(
            text=_html({"direct": {"authInitialRoute": "auth/signin"}}),
            content_type="text/html",
            headers=session_headers(started),
        )

    async def federate(self, _request: web.Request) -> web.Response:
        return web.json_response({"federated": False, "hasSWP": False})

    async def init(self, request: web.Request) -> web.Response:
        body = await answers.body_of(request)
        apple_id = str(body.get("accountName", ""))
        person = self._state.person(apple_id)
        answers.note(request, person)
        match person and person.account.sign_in:
            case "refused-at-init":
                return answers.unavailable()
            case "too-many-requests":
                return answers.too_many_requests()
            case "dropped":
                return answers.drop(request)
        protocol = person.account.srp_protocol if person else "s2k"
        if protocol not in body.get("protocols", []):
            return answers.sign_in_error(400, "-20000", "No common password protocol.")
        if person:
            await asyncio.to_thread(person.prepare)
        salt = person.salt if person else srp_server.new_salt()
        verifier = person.verifier if person else secrets.randbits(2000)
        try:
            handshake = srp_server.Handshake(apple_id, salt, verifier, _unbase64(body.get("a")))
        except ValueError:
            return answers.sign_in_error(400, "-20000", "The request is malformed.")
        challenge = secrets.token_urlsafe(24)
        self._state.handshakes[challenge] = handshake
        started = find_sign_in(self._state, request) or self._state.start_sign_in()
        answer = {
            "iteration": srp_server.ITERATIONS,
            "salt": base64.b64encode(salt).decode(),
            "protocol": protocol,
            "b": base64.b64encode(handshake.public).decode(),
            "c": challenge,
        }
        return web.json_response(answer, headers=session_headers(started))

    async def complete(self, request: web.Request) -> web.Response:
        body = await answers.body_of(request)
        apple_id = str(body.get("accountName", ""))
        person = self._state.person(apple_id)
        answers.note(request, person)
        started = find_sign_in(self._state, request) or self._state.start_sign_in()
        if person and person.account.sign_in == "refused-at-complete":
            return answers.unavailable()
        handshake = self._state.handshakes.pop(str(body.get("c", "")), None)
        try:
            m1, m2 = _unbase64(body.get("m1")), _unbase64(body.get("m2"))
        except ValueError:
            m1 = m2 = b""
        is_proved = handshake is not None and handshake.apple_id == apple_id and handshake.proves(apple_id, m1, m2)
        if person is None or not is_proved:
            message = "Check the account information you entered and try again."
            return answers.sign_in_error(401, answers.WRONG_PASSWORD, message, session_headers(started, "401"))
        if person.account.sign_in == "locked":
            message = "This Apple Account has been locked for security reasons."
            return answers.sign_in_error(403, answers.ACCOUNT_LOCKED, message, session_headers(started, "403"))
        started.person, started.password_proved = person, True
        if person.account.password_only:
            return web.json_response({}, status=412, headers=session_headers(started, "412"))
        tokens = body.get("trustTokens")
        trusted = self._state.is_trusted(person, map(str, tokens) if isinstance(tokens, list) else [])
        started.code_accepted = trusted
        token = {"X-Apple-Session-Token": self._state.give_session_token(person, trusted=trusted)}
        if trusted or not person.account.two_factor:
            answer = {"authType": "hsa2" if trusted else "sa"}
            return web.json_response(answer, headers=session_headers(started) | token)
        if person.account.delivery == "page":
            self._state.send_code(person, "device")
        challenge = {"authType": "hsa2"} | _security_key_challenge(person.account)
        return web.json_response(challenge, status=409, headers=session_headers(started, "409") | token)

    async def repair(self, request: web.Request) -> web.Response:
        """What an account without a second factor gets in with, after the 412 that it is answered with."""
        attempt = proved_sign_in(self._state, request)
        if attempt is None:
            return lost_sign_in()
        started, person = attempt
        if not person.account.password_only:
            return web.Response(status=404, headers=session_headers(started))
        token = {"X-Apple-Session-Token": self._state.give_session_token(person, trusted=True)}
        return web.json_response({}, headers=session_headers(started) | token)

    async def second_factor_page(self, request: web.Request) -> web.Response:
        attempt = proved_sign_in(self._state, request)
        if attempt is None:
            return lost_sign_in()
        started, person = attempt
        account = person.account
        if "application/json" in request.headers.get("Accept", ""):
            answer = phone_verification(account) | {"authenticationType": "hsa2"} | _security_key_challenge(account)
            return web.json_response(answer, headers=session_headers(started))
        return web.Response(
            text=_html(_boot_arguments(account)), content_type="text/html", headers=session_headers(started)
        )


def find_sign_in(state: State, request: web.Request) -> SignIn | None:
    """The sign-in that a browser's headers speak of."""
    return state.sign_in(request.headers.get("X-Apple-ID-Session-Id", ""), request.headers.get("scnt", ""))


def proved_sign_in(state: State, request: web.Request) -> tuple[SignIn, Person] | None:
    """The sign-in whose password was proved, and its person."""
    started = find_sign_in(state, request)
    if started is None or started.person is None or not started.password_proved:
        return None
    answers.note(request, started.person)
    return started, started.person


def lost_sign_in() -> web.Response:
    return answers.sign_in_error(401, "-20000", "Your sign-in has expired. Please start again.")


def session_headers(started: SignIn, result: str | None = None) -> dict[str, str]:
    """The headers that carry a sign-in from answer to answer; `result` is Apple's own status where it is no success."""
    headers = {
        "X-Apple-ID-Session-Id": started.session_id,
        "scnt": started.scnt,
        "X-Apple-ID-Account-Country": "CHN" if started.person and started.person.account.china_mainland else "USA",
        "Set-Cookie": f"aasp={started.session_id}; Domain=idmsa.apple.com; Path=/; Secure; HttpOnly",
    }
    return headers | ({"X-Apple-I-Rscd": result} if result else {})


def phone_verification(account: Account) -> dict[str, Any]:
    """The numbers that can be sent a code, numbered from 1 as Apple does."""
    phones = [_phone(n, phone) for n, phone in enumerate(account.phones, 1)]
    first = {"trustedPhoneNumber": phones[0]} if phones else {}
    return first | {"trustedPhoneNumbers": phones, "securityCode": {"length": 6}, "mode": "sms"}


def _phone(n: int, phone: Phone) -> dict[str, Any]:
    return {
        "id": n,
        "nonFTEU": False,
        "pushMode": "sms",
        "numberWithDialCode": f"+1 {phone.obfuscated}",
        "obfuscatedNumber": phone.obfuscated,
        "lastTwoDigits": phone.last_digits,
    }


def _boot_arguments(account: Account) -> dict[str, Any]:
    phones = phone_verification(account)
    if account.delivery == "page":
        factors = {"authFactors": ["generatedcode", "sms"], "phoneNumberVerification": phones}
        return {"direct": {"authInitialRoute": "auth/verify/device", "hasTrustedDevices": True, "twoSV": factors}}
    by_sms = account.delivery == "sms"
    push_host = {"ok": PUSH_HOST, "refused": REFUSING_PUSH_HOST, "unreachable": MISSING_PUSH_HOST}[account.push]
    bridge: dict[str, Any] = {"phoneNumberVerification": phones}
    if not by_sms:
        bridge |= {"apnsTopic": PUSH_TOPIC, "apnsEnvironment": "prod", "webSocketUrl": push_host}
    return {
        "direct": {
            "authInitialRoute": "auth/verify/phone" if by_sms else "auth/bridge/step",
            "hasTrustedDevices": not by_sms,
            "twoSV": {
                "authFactors": ["sms"] if by_sms else ["web_bridge", "sms"],
                "sourceAppId": "1159",
                "bridgeInitiateData": bridge,
            },
        }
    }


def _security_key_challenge(account: Account) -> dict[str, Any]:
    """The shape of a security key's challenge. Nothing here can check a key, so no key is ever accepted."""
    if not account.security_keys:
        return {}
    handles = [base64.urlsafe_b64encode(name.encode()).decode() for name in account.security_keys]
    challenge = secrets.token_urlsafe(32)
    return {
        "fsaChallenge": {"challenge": challenge, "keyHandles": handles, "rpId": "apple.com"},
        "keyNames": list(account.security_keys),
    }


def _html(boot_arguments: dict[str, Any]) -> str:
    script = json.dumps(boot_arguments, ensure_ascii=False)
    return f'<html><body><script type="application/json" class="boot_args">{script}</script></body></html>'


def _unbase64(value: object) -> bytes:
    try:
        return base64.b64decode(str(value), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
