"""The HTTP transport under pyicloud: gives every request a timeout, can be cut, and remembers how each was answered.

It keeps of an answer what tells refusals apart (path, status, Apple's error numbers), never a body, a header or a query.
An answer that says nothing of the request, or none at all, has it sent again a few times, unless it carries a password or a
code or makes Apple send something. Import it in a thread only: it loads requests.
"""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from wizard.icloud.limits import Limits
from wizard.icloud.refusals import WEB_PAGE, Answer, faltered

_SENT_ONCE = ("/signin/complete", "/enableDeviceConsentForPCS")
_SENT_ONCE_BELOW = ("/appleauth/auth/verify/", "/appleauth/auth/bridge/")
_WEB_PAGES = ("/appleauth/auth/authorize/signin", "/appleauth/auth")


class Transport(HTTPAdapter):
    """One visit's connections. `answers` has one entry for each request, however often it was sent: the last.

    Once `left` is set no request is sent any more, and no answer to one under way is delivered.
    """

    def __init__(self, limits: Limits, left: threading.Event) -> None:
        super().__init__()
        self.answer_limit = limits.answer
        self._limits = (limits.connect, limits.answer)
        self._pauses = limits.pauses
        self._left = left
        self.answers: list[Answer] = []

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: dict[str, str] | None = None,
    ) -> requests.Response:
        path = urlsplit(str(request.url)).path
        pauses = () if path.endswith(_SENT_ONCE) or path.startswith(_SENT_ONCE_BELOW) else self._pauses
        for pause in (*pauses, None):
            self._check()
            answer, outcome = self._ask(request, stream, timeout or self._limits, verify, cert, proxies)
            if pause is None or not faltered(answer):
                break
            self._left.wait(pause)
        self.answers.append(answer)
        if isinstance(outcome, requests.RequestException):
            raise outcome
        self._check()
        return outcome

    def _ask(
        self, request: requests.PreparedRequest, stream: bool, *how: Any
    ) -> tuple[Answer, requests.Response | requests.RequestException]:
        """How one request is answered, and the whole answer or what came in its place."""
        where = urlsplit(str(request.url))
        method, host, path = str(request.method), where.hostname or "", where.path
        try:
            response = super().send(request, stream, *how)
            if not stream:
                response.content  # noqa: B018 - reads it, which can fail too
        except requests.RequestException as error:
            return Answer(method, host, path, 0, problem=_problem(error)), error
        page = response.status_code == 200 and "html" in _content_type(response) and path not in _WEB_PAGES
        problem = WEB_PAGE if page else ""
        return Answer(method, host, path, response.status_code, _codes(response), problem), response

    def _check(self) -> None:
        if self._left.is_set():
            raise requests.ConnectionError("the sign-in was left")


def _problem(error: requests.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "certificate"
    if isinstance(error, requests.exceptions.ProxyError):
        return "proxy"
    if isinstance(error, requests.exceptions.Timeout):
        return "timeout"
    return "name" if "NameResolutionError" in repr(error) else "connection"


def _codes(response: requests.Response) -> frozenset[str]:
    """Apple's error numbers and names in an answer, in each of the places where it puts them."""
    if response.ok or "json" not in _content_type(response):
        return frozenset()
    try:
        body = response.json()
    except ValueError:
        return frozenset()
    if not isinstance(body, dict):
        return frozenset()
    errors = [*_list(body.get("serviceErrors")), *_list(body.get("service_errors")), body]
    values = (
        entry.get(key)
        for entry in errors
        for key in ("code", "serverErrorCode", "errorCode")
        if isinstance(entry, dict)
    )
    return frozenset(str(code) for code in values if isinstance(code, (int, str)))


def _content_type(response: requests.Response) -> str:
    return response.headers.get("Content-Type", "")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
