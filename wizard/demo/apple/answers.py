"""How the demo Apple words its answers: errors as Apple codes them, and what the request log may know of a request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from wizard.demo.apple.state import Person

WRONG_PASSWORD = "-20101"  # noqa: S105 - Apple's number for it
ACCOUNT_LOCKED = "-20209"
WRONG_CODE = "-21669"
TOO_MANY_CODES = "-21668"
SMS_REFUSED = "-28248"

NO_ANSWER = 444

ABOUT = web.RequestKey("about", str)


def note(request: web.Request, person: Person | None) -> None:
    """Say whose request this is, for the log that counts requests per account."""
    if person is not None:
        request[ABOUT] = person.account.apple_id


async def body_of(request: web.Request) -> dict[str, Any]:
    """The request's JSON object, whatever content type it claims; anything else is an empty one."""
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def sign_in_error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """An error of signin/complete, which Apple words with `serviceErrors`."""
    error = {"code": code, "message": message, "suppressDismissal": False}
    return web.json_response({"serviceErrors": [error]}, status=status, headers=headers)


def code_error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """An error about a code, which Apple words with `service_errors` and `hasError`."""
    error = {"code": code, "title": message.rstrip("."), "message": message}
    return web.json_response({"service_errors": [error], "hasError": True}, status=status, headers=headers)


def unavailable() -> web.Response:
    return web.Response(status=503, text="<html><body>503 Service Temporarily Unavailable</body></html>")


def too_many_requests() -> web.Response:
    page = "<html><head><title>429 Too Many Requests</title></head><body>429 Too Many Requests</body></html>"
    return web.Response(status=429, text=page, content_type="text/html")


def page() -> web.Response:
    """What a portal or a page about maintenance looks like to a program: well answered, and not what was asked for."""
    return web.Response(
        text="<html><head><title>Welcome</title></head><body>Log in.</body></html>", content_type="text/html"
    )


def drop(request: web.Request) -> web.Response:
    """Close the connection without an answer, as a dying line does."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=NO_ANSWER)


def no_web_session(reason: str = "Missing X-APPLE-WEBAUTH-TOKEN cookie") -> web.Response:
    """Apple's 421 to a request that needs a live web session."""
    body = {"success": False, "error": 1, "reason": reason, "trustTokens": [], "requestInfo": {"country": "US"}}
    return web.json_response(body, status=421)
