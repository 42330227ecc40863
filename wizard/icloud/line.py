"""The line to Apple under pyicloud: gives every request a timeout, can be cut, and remembers how each was answered.

It keeps of an answer what tells refusals apart (path, status, Apple's error numbers), never a body, a header or a query.
Import it in a thread only: it loads requests.
"""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from wizard.icloud.refusals import Answer


class Line(HTTPAdapter):
    """One visit's connections; `connect` and `answer` are seconds.

    Once `left` is set no request is sent any more, and no answer to one under way is delivered.
    """

    def __init__(self, connect: float, answer: float, left: threading.Event) -> None:
        super().__init__()
        self.answer_limit = answer
        self._limits = (connect, answer)
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
        self._check()
        where = urlsplit(str(request.url))
        method, host, path = str(request.method), where.hostname or "", where.path
        try:
            response = super().send(request, stream, timeout or self._limits, verify, cert, proxies)
            codes = _codes(response)
        except requests.RequestException as error:
            self.answers.append(Answer(method, host, path, 0, problem=_problem(error)))
            raise
        self.answers.append(Answer(method, host, path, response.status_code, codes))
        self._check()
        return response

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
    if response.ok or "json" not in response.headers.get("Content-Type", ""):
        return frozenset()
    try:
        body = response.json()
    except ValueError:
        return frozenset()
    if not isinstance(body, dict):
        return frozenset()
    errors = [*_list(body.get("serviceErrors")), *_list(body.get("service_errors")), body]
    found = (
        entry.get(key)
        for entry in errors
        for key in ("code", "serverErrorCode", "errorCode")
        if isinstance(entry, dict)
    )
    return frozenset(str(code) for code in found if isinstance(code, (int, str)))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
