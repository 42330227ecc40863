"""The service proxy."""

from __future__ import annotations

import pytest

from tests.contract.api import Api
from tests.contract.conftest import Place, PodMaker

PAGE = 'mkdir -p /w && cd /w && echo hello > index.html && printf \'{"version": "1"}\' > answer.json && exec httpd -f -p 8080'


@pytest.fixture
async def web(place: Place, pod: PodMaker) -> Api:
    """A server with a service called web, which answers, and one called empty, which nobody is behind."""
    api = place.api
    await api.made("pods", pod("web", PAGE))
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    for name in ("web", "empty"):
        await api.made("services", {"metadata": {"name": name}, "spec": {"selector": {"app": name}, "ports": ports}})
    await api.phase("pods/web", "Running")
    await api.until("services/web:80/proxy/answer.json", lambda answer: answer.status == 200)
    return api


async def test_it_answers(web: Api) -> None:
    for service in ("web:80", "web:http", "http:web:80"):
        answer = await web.get(f"services/{service}/proxy/answer.json?x=1")
        assert (answer.status, answer.body) == (200, {"version": "1"})
    answer = await web.get("services/web:80/proxy/")
    assert (answer.text, answer.headers["Content-Type"].split(";")[0]) == ("hello\n", "text/html")


async def test_what_is_not_there_behind_it(web: Api) -> None:
    answer = await web.get("services/web:80/proxy/nope")
    assert answer.status == 404
    assert '"kind":"Status"' not in answer.text.replace(" ", "")


async def test_without_a_slash(web: Api) -> None:
    answer = await web.get("services/web:80/proxy")
    assert (answer.status, answer.headers["Location"]) == (301, web.at("services/web:80/proxy/"))


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ("web:81", 'no service port 81 found for service "web"'),
        ("https:web:80", "error trying to reach service: tls: first record does not look like a TLS handshake"),
        ("empty:80", 'no endpoints available for service "empty"'),
    ],
)
async def test_unavailable(web: Api, service: str, message: str) -> None:
    answer = await web.get(f"services/{service}/proxy/")
    assert (answer.status, answer.body["reason"], answer.message) == (503, "ServiceUnavailable", message)
