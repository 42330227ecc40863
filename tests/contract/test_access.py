"""Who is let in, what they may do, and how they are told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.api import Api, Json
from tests.contract.conftest import Place

ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


def asked(**attributes: str) -> Json:
    spec = {"resourceAttributes": attributes}
    return {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}


async def test_a_wrong_token(place: Place) -> None:
    async with Api.connect(place.kubeconfig, place.api.namespace, "wrong") as api:
        for path in ("pods", "/api", "/version"):
            answer = await api.get(path)
            assert answer.status == 401
            assert answer.body == {
                "kind": "Status",
                "apiVersion": "v1",
                "metadata": {},
                "status": "Failure",
                "message": "Unauthorized",
                "reason": "Unauthorized",
                "code": 401,
            }


async def test_no_token(place: Place) -> None:
    async with Api.connect(place.kubeconfig, place.api.namespace, None) as api:
        answer = await api.get("pods")
        where = f'in API group "" in the namespace "{api.namespace}"'
        message = f'pods is forbidden: User "system:anonymous" cannot list resource "pods" {where}'
        assert (answer.status, answer.message) == (403, message)
        answer = await api.get("/api")
        assert (answer.status, answer.message) == (403, 'forbidden: User "system:anonymous" cannot get path "/api"')
        for path in ("/version", "/healthz"):
            assert (await api.get(path)).status == 200


@pytest.mark.parametrize(
    ("method", "path", "subject", "verb", "resource", "group"),
    [
        ("POST", "configmaps", "configmaps", "create", "configmaps", ""),
        ("GET", "secrets", "secrets", "list", "secrets", ""),
        ("GET", "secrets/x", 'secrets "x"', "get", "secrets", ""),
        ("GET", "/api/v1/secrets", "secrets", "list", "secrets", ""),
        ("GET", "/api/v1/nodes", "nodes", "list", "nodes", ""),
        ("GET", "/api/v1/namespaces/{}", 'namespaces "{}"', "get", "namespaces", ""),
        ("GET", "pods/x/exec?command=sh", 'pods "x"', "get", "pods/exec", ""),
        ("PATCH", "pods/x", 'pods "x"', "patch", "pods", ""),
        ("DELETE", "pods/x", 'pods "x"', "delete", "pods", ""),
        ("DELETE", "pods", "pods", "deletecollection", "pods", ""),
        ("GET", "configmaps?watch=true", "configmaps", "watch", "configmaps", ""),
        (
            "GET",
            "argoproj.io/v1alpha1/applications",
            "applications.argoproj.io",
            "list",
            "applications",
            "argoproj.io",
        ),
        ("GET", "gizmos", "gizmos", "list", "gizmos", ""),
    ],
)
async def test_forbidden(
    limited: Api, method: str, path: str, subject: str, verb: str, resource: str, group: str
) -> None:
    path, subject = path.format(limited.namespace), subject.format(limited.namespace)
    answer = await limited.ask(method, path, {} if method in ("POST", "PATCH") else None)
    where = f'in the namespace "{limited.namespace}"' if "/namespaces/" in limited.at(path) else "at the cluster scope"
    details: dict[str, Any] = {"group": group} if group else {}
    if '"' in subject:
        details["name"] = subject.split('"')[1]
    assert answer.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f'{subject} is forbidden: User "{limited.user}" cannot {verb} resource "{resource}" '
        f'in API group "{group}" {where}',
        "reason": "Forbidden",
        "details": {**details, "kind": resource.partition("/")[0]},
        "code": 403,
    }
    assert answer.status == 403


async def test_what_is_not_forbidden(limited: Api) -> None:
    assert (await limited.get("pods")).status == 200
    assert (await limited.get("pods/nope/log")).status == 404


@pytest.mark.parametrize(
    ("attributes", "allowed"),
    [
        ({"verb": "list", "resource": "pods"}, True),
        ({"verb": "get", "resource": "pods", "subresource": "log"}, True),
        ({"verb": "get", "resource": "configmaps", "name": "x"}, True),
        ({"verb": "list", "resource": "configmaps"}, False),
        ({"verb": "create", "resource": "pods", "subresource": "exec"}, False),
        ({"verb": "get", "resource": "secrets"}, False),
        ({"verb": "get", "group": "argoproj.io", "resource": "applications"}, False),
        ({"verb": "list", "resource": "gizmos"}, False),
    ],
)
async def test_access_review(limited: Api, attributes: dict[str, str], *, allowed: bool) -> None:
    spec = {"namespace": limited.namespace, **attributes}
    answer = await limited.post(ACCESS, asked(**spec))
    assert answer.status == 201
    assert (answer.body["kind"], answer.body["spec"]) == ("SelfSubjectAccessReview", {"resourceAttributes": spec})
    assert answer.body["status"]["allowed"] is allowed


async def test_the_administrator_may(api: Api) -> None:
    answer = await api.post(ACCESS, asked(verb="create", resource="pods", namespace=api.namespace))
    assert answer.body["status"]["allowed"] is True


async def test_access_review_of_nothing(api: Api) -> None:
    answer = await api.post(ACCESS, {"spec": {}})
    assert (answer.status, answer.body["reason"]) == (422, "Invalid")
    cause = answer.body["details"]["causes"][0]
    assert (cause["reason"], cause["field"]) == ("FieldValueInvalid", "spec.resourceAttributes")
    assert answer.message == f'.authorization.k8s.io "" is invalid: {cause["field"]}: {cause["message"]}'


def field(number: int, content: bytes | str) -> bytes:
    """A length-delimited field of a protobuf message, shorter than 128 bytes."""
    data = content.encode() if isinstance(content, str) else content
    return bytes([number << 3 | 2, len(data)]) + data


async def test_reviews_as_kubectl_sends_them(api: Api) -> None:
    """Its typed clients write protobuf and prefer to read it."""
    for kind, path, spec in (
        ("SelfSubjectAccessReview", ACCESS, field(1, field(1, api.namespace) + field(2, "get") + field(5, "pods"))),
        ("SelfSubjectAccessReview", ACCESS, field(2, field(1, "/version") + field(2, "get"))),
        ("SelfSubjectRulesReview", RULES, field(1, api.namespace)),
    ):
        head = field(1, "authorization.k8s.io/v1") + field(2, kind)
        body = b"k8s\x00" + field(1, head) + field(2, field(1, b"") + field(2, spec)) + field(3, b"") + field(4, b"")
        protobuf = "application/vnd.kubernetes.protobuf"
        answer = await api.ask("POST", path, body, Content_Type=protobuf)
        assert (answer.status, answer.body["kind"]) == (201, kind)
        status = answer.body["status"]
        assert status.get("allowed") or status["resourceRules"]
        broken = await api.ask("POST", path, body[:-20], Content_Type=protobuf)
        assert broken.status == 400


async def test_rules_review(limited: Api, api: Api) -> None:
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {}}
    body["spec"] = {"namespace": limited.namespace}
    answer = await limited.post(RULES, body)
    status = answer.body["status"]
    assert (answer.status, status["incomplete"]) == (201, False)
    granted = {(verb, name) for rule in status["resourceRules"] for verb in rule["verbs"] for name in rule["resources"]}
    assert {("list", "pods"), ("get", "pods/log"), ("get", "configmaps")} <= granted
    assert not {("list", "secrets"), ("list", "configmaps"), ("list", "nodes"), ("*", "*")} & granted
    everything = (await api.post(RULES, body)).body["status"]["resourceRules"]
    assert {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]} in everything


async def test_who_am_i(limited: Api) -> None:
    answer = await limited.post(WHO, {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"})
    user = answer.body["status"]["userInfo"]
    assert (answer.status, user["username"]) == (201, limited.user)
    assert "system:authenticated" in user["groups"]
