"""What the recorded refusals of a real API server become."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wizard.command import Address
from wizard.errors import Exit
from wizard.kube.errors import (
    Busy,
    Conflict,
    CredentialsRejected,
    Expired,
    Forbidden,
    Invalid,
    NotFound,
    ServerFault,
    describe,
    in_band,
    refusal,
)

JOBS = "/apis/batch/v1/namespaces/photo-sync/jobs"


def answer(code: int, reason: str, message: str, **more: Any) -> str:
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    return json.dumps(body | {"reason": reason, "code": code} | more)


@pytest.mark.parametrize(
    ("method", "path", "verb", "what"),
    [
        ("GET", JOBS, "list", "jobs.batch in namespace photo-sync"),
        ("GET", f"{JOBS}/x", "get", 'jobs.batch "x" in namespace photo-sync'),
        ("GET", "/api/v1/namespaces/a/pods/b/log?x=y", "get", 'pods/log "b" in namespace a'),
        ("POST", "/api/v1/namespaces", "create", "namespaces"),
        ("GET", "/api/v1/namespaces/a", "get", 'namespaces "a"'),
        ("PATCH", "/api/v1/namespaces/a/secrets/s", "patch", 'secrets "s" in namespace a'),
        ("DELETE", "/api/v1/persistentvolumes/p", "delete", 'persistentvolumes "p"'),
        ("GET", "/version", "get", "/version"),
    ],
)
def test_requests_in_the_words_of_rbac(method: str, path: str, verb: str, what: str) -> None:
    assert describe(method, path) == (verb, what)


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (400, answer(400, "BadRequest", "bad"), Invalid),
        (403, answer(403, "Forbidden", "jobs.batch is forbidden: User cannot list"), Forbidden),
        (403, "", Forbidden),
        (404, answer(404, "NotFound", "x", details={"name": "x", "kind": "jobs"}), NotFound),
        (409, answer(409, "AlreadyExists", "x"), Conflict),
        (410, answer(410, "Expired", "too old"), Expired),
        (415, answer(415, "UnsupportedMediaType", "x"), Invalid),
        (422, answer(422, "Invalid", "x"), Invalid),
        (429, answer(429, "TooManyRequests", "x"), Busy),
        (500, 'container not found ("c")', ServerFault),
        (504, answer(504, "Timeout", "Too large resource version"), Busy),
    ],
)
def test_kinds(code: int, text: str, kind: type) -> None:
    found = refusal("GET", JOBS, code, {}, text)
    assert type(found) is kind
    assert found.exit_code is Exit.BLOCKED


def test_forbidden_names_verb_and_resource_and_how_to_check() -> None:
    found = refusal("GET", "/api/v1/namespaces/a/pods/b/log", 403, {}, answer(403, "Forbidden", "x"))
    assert found.what == 'You are not allowed to get pods/log "b" in namespace a.'
    assert Address().lines(found.commands) == ("kubectl -n a auth can-i get pods --subresource=log",)
    found = refusal("GET", JOBS, 403, {}, answer(403, "Forbidden", "x"))
    assert Address().lines(found.commands) == ("kubectl -n photo-sync auth can-i list jobs.batch",)
    found = refusal("DELETE", f"{JOBS}/x", 403, {}, answer(403, "Forbidden", "x"))
    assert Address().lines(found.commands) == ("kubectl -n photo-sync auth can-i delete jobs.batch/x",)


def test_401_is_about_the_whole_cluster() -> None:
    found = refusal("GET", JOBS, 401, {}, answer(401, "Unauthorized", "Unauthorized"))
    assert isinstance(found, CredentialsRejected)
    assert found.exit_code is Exit.UNREACHABLE


@pytest.mark.parametrize(
    ("text", "installed"),
    [
        (answer(404, "NotFound", 'jobs.batch "x" not found', details={"name": "x", "kind": "jobs"}), True),
        (answer(404, "NotFound", "the server could not find the requested resource", details={}), False),
        ("404 page not found\n", False),
    ],
)
def test_not_there_or_not_installed(text: str, *, installed: bool) -> None:
    found = refusal("GET", f"{JOBS}/x", 404, {}, text)
    assert isinstance(found, NotFound)
    assert found.kind_installed is installed


def test_expired_carries_the_offer_to_go_on() -> None:
    text = answer(410, "Expired", "too old", metadata={"continue": "fresh", "resourceVersion": "-1"})
    found = refusal("GET", JOBS, 410, {}, text)
    assert isinstance(found, Expired)
    assert found.fresh_continue == "fresh"


def test_inside_a_watch() -> None:
    assert isinstance(in_band({"code": 410, "reason": "Expired", "message": "too old"}), Expired)
    assert isinstance(in_band({"code": 500, "message": "boom"}), ServerFault)
    assert isinstance(in_band({}), ServerFault)


def test_a_page_of_a_load_balancer_is_about_what_is_behind_it() -> None:
    found = refusal("GET", JOBS, 502, {"Content-Type": "text/html"}, "<html>Bad gateway</html>")
    assert (found.code, found.exit_code) == ("kube.gateway", Exit.UNREACHABLE)


def test_a_page_that_forbids_is_no_kubernetes() -> None:
    assert refusal("GET", JOBS, 403, {"Content-Type": "text/html"}, "<html>").code == "kube.html"
