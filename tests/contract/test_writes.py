"""Plain writes: create, replace, merge patch, delete, and who comes second."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.api import Answer, Api, Json

APPLICATION: Json = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Application",
    "metadata": {"name": "one"},
    "spec": {"project": "default", "destination": {}, "source": {"repoURL": "https://example.com/r", "path": "."}},
}
APPLICATIONS = "argoproj.io/v1alpha1/applications"
MODIFIED = (
    'Operation cannot be fulfilled on configmaps "one": the object has been modified; '
    "please apply your changes to the latest version and try again"
)


def refusal(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.body.get("reason", ""), answer.message


async def test_what_a_new_object_is_given(api: Api) -> None:
    answer = await api.post("configmaps?fieldManager=me", {"metadata": {"name": "one"}, "data": {"a": "1"}})
    body = answer.body
    assert answer.status == 201
    assert (body["kind"], body["apiVersion"], body["data"]) == ("ConfigMap", "v1", {"a": "1"})
    metadata = body["metadata"]
    assert metadata["namespace"] == api.namespace
    assert metadata["resourceVersion"].isdecimal()
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", metadata["uid"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", metadata["creationTimestamp"])
    manager = metadata["managedFields"][0]
    assert (manager["manager"], manager["operation"], manager["apiVersion"]) == ("me", "Update", "v1")
    assert manager["fieldsV1"]["f:data"]["f:a"] == {}
    assert (await api.get("configmaps/one")).body == body


async def test_generate_name(api: Api) -> None:
    made = await api.made("configmaps", {"metadata": {"generateName": "gen-"}})
    assert re.fullmatch(r"gen-[bcdfghjklmnpqrstvwxz2456789]{5}", made["metadata"]["name"])


@pytest.mark.parametrize(
    ("path", "body", "status", "reason", "message"),
    [
        ("configmaps", {"metadata": {"name": "one"}}, 409, "AlreadyExists", 'configmaps "one" already exists'),
        (
            "/api/v1/namespaces",
            {"metadata": {"name": "default"}},
            409,
            "AlreadyExists",
            'namespaces "default" already exists',
        ),
        (
            "/api/v1/namespaces/nope/configmaps",
            {"metadata": {"name": "x"}},
            404,
            "NotFound",
            'namespaces "nope" not found',
        ),
        (
            "configmaps",
            {"metadata": {}},
            422,
            "Invalid",
            'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
        ),
        (
            "configmaps",
            {"metadata": {"name": "x", "namespace": "default"}},
            400,
            "BadRequest",
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (
            "configmaps",
            {"metadata": {"name": "x", "resourceVersion": "5"}},
            500,
            "",
            "resourceVersion should not be set on objects to be created",
        ),
    ],
)
async def test_create_refused(api: Api, path: str, body: Json, status: int, reason: str, message: str) -> None:
    await api.config_map("one")
    assert refusal(await api.post(path, body)) == (status, reason, message)


async def test_bodies_that_are_none(api: Api) -> None:
    for body, start in {
        b"{nope": "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse",
        b"": "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse",
        b'{"apiVersion":"v1","kind":"Secret"}': 'Secret in version "v1" cannot be handled as a ConfigMap',
        b'{"apiVersion":"v1","kind":"Gizmo"}': 'Gizmo in version "v1" cannot be handled as a ConfigMap',
    }.items():
        answer = await api.ask("POST", "configmaps", body)
        assert (answer.status, answer.body["reason"]) == (400, "BadRequest")
        assert answer.message.startswith(start)
    answer = await api.ask("POST", "configmaps", b"x", Content_Type="text/plain")
    assert (answer.status, answer.body["reason"]) == (415, "UnsupportedMediaType")
    assert answer.message.startswith(
        "the body of the request was in an unknown format - accepted media types include: "
    )


async def test_dry_run_changes_nothing(api: Api) -> None:
    await api.config_map("one", a="1")
    assert (await api.post("configmaps?dryRun=All", {"metadata": {"name": "two"}})).status == 201
    assert (await api.get("configmaps/two")).status == 404
    assert (await api.patch("configmaps/one?dryRun=All", {"data": {"a": "2"}})).body["data"] == {"a": "2"}
    assert (await api.delete("configmaps/one?dryRun=All")).status == 200
    assert (await api.get("configmaps/one")).body["data"] == {"a": "1"}


async def test_the_second_writer_is_told(api: Api) -> None:
    first = await api.config_map("one", a="1")
    stale = first["metadata"]["resourceVersion"]
    put = await api.put("configmaps/one", {"metadata": {"name": "one"}, "data": {"a": "2"}})
    assert put.status == 200, "a ConfigMap may be replaced without saying which version"
    assert put.body["metadata"]["uid"] == first["metadata"]["uid"]
    assert int(put.body["metadata"]["resourceVersion"]) > int(stale)
    body = {"metadata": {"name": "one", "resourceVersion": stale}, "data": {"a": "3"}}
    for answer in (await api.put("configmaps/one", body), await api.patch("configmaps/one", body)):
        assert refusal(answer) == (409, "Conflict", MODIFIED)
        assert answer.body["details"] == {"name": "one", "kind": "configmaps"}


async def test_a_write_that_changes_nothing_is_none(api: Api) -> None:
    first = await api.config_map("one", a="1")
    version = first["metadata"]["resourceVersion"]
    same = await api.put("configmaps/one", {"metadata": {"name": "one", "labels": {}}, "data": {"a": "1"}})
    assert same.body["metadata"]["resourceVersion"] == version


async def test_replace_refused(api: Api) -> None:
    await api.config_map("one")
    answer = await api.put("configmaps/one", {"metadata": {"name": "one", "resourceVersion": "abc"}})
    assert refusal(answer) == (500, "", 'strconv.ParseUint: parsing "abc": invalid syntax')
    answer = await api.put("configmaps/one", {"metadata": {"name": "other"}})
    message = "the name of the object (other) does not match the name on the URL (one)"
    assert refusal(answer) == (400, "BadRequest", message)
    await api.made(APPLICATIONS, APPLICATION)
    answer = await api.put(f"{APPLICATIONS}/one", APPLICATION)
    cause = "metadata.resourceVersion: Invalid value: 0: must be specified for an update"
    assert refusal(answer) == (422, "Invalid", f'applications.argoproj.io "one" is invalid: {cause}')
    for method in (api.put, api.patch, api.delete):
        answer = await method("configmaps/nope", {"metadata": {"name": "nope"}})
        assert refusal(answer) == (404, "NotFound", 'configmaps "nope" not found')


async def test_merge_patch(api: Api) -> None:
    await api.config_map("one", {"keep": "1", "go": "1"}, a="1", b="2")
    body: Json = {"metadata": {"labels": {"go": None}}, "data": {"b": None, "c": "3"}}
    patched = (await api.patch("configmaps/one", body)).body
    assert (patched["metadata"]["labels"], patched["data"]) == ({"keep": "1"}, {"a": "1", "c": "3"})


async def test_the_status_of_an_application_is_on_the_main_resource(api: Api) -> None:
    made = await api.made(APPLICATIONS, APPLICATION)
    assert made["metadata"]["generation"] == 1
    status: dict[str, Any] = {"sync": {"status": "Synced"}, "health": {"status": "Healthy"}}
    answer = await api.patch(f"{APPLICATIONS}/one", {"status": status})
    assert answer.status == 200
    assert answer.body["status"]["health"] == {"status": "Healthy"}
    missing = await api.get(f"{APPLICATIONS}/one/status")
    assert refusal(missing) == (404, "NotFound", 'applications.argoproj.io "one" not found')


async def test_string_data_of_a_secret(api: Api) -> None:
    made = await api.made("secrets", {"metadata": {"name": "one"}, "stringData": {"a": "1"}})
    assert (made["type"], made["data"]) == ("Opaque", {"a": "MQ=="})
    assert "stringData" not in made


async def test_what_delete_answers(api: Api) -> None:
    made = await api.config_map("one")
    answer = await api.delete("configmaps/one")
    assert (answer.status, answer.body) == (
        200,
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": {"name": "one", "kind": "configmaps", "uid": made["metadata"]["uid"]},
        },
    )
    assert (await api.get("configmaps/one")).status == 404
    again = await api.config_map("one")
    assert again["metadata"]["uid"] != made["metadata"]["uid"]


async def test_preconditions_of_delete(api: Api) -> None:
    made = (await api.config_map("one"))["metadata"]
    other = "00000000-0000-0000-0000-000000000000"
    answer = await api.delete("configmaps/one", {"preconditions": {"uid": other}})
    assert refusal(answer) == (
        409,
        "Conflict",
        f'Operation cannot be fulfilled on ConfigMap "one": the UID in the precondition ({other}) does not match the UID '
        f"in record ({made['uid']}). The object might have been deleted and then recreated",
    )
    answer = await api.delete("configmaps/one", {"preconditions": {"resourceVersion": "1"}})
    assert refusal(answer) == (
        409,
        "Conflict",
        'Operation cannot be fulfilled on ConfigMap "one": the ResourceVersion in the precondition (1) does not match the '
        f"ResourceVersion in record ({made['resourceVersion']}). The object might have been modified",
    )


async def test_a_finalizer_holds_an_object(api: Api) -> None:
    held = {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}, "data": {"a": "1"}}
    await api.made("configmaps", held)
    answer = await api.delete("configmaps/held")
    assert answer.body["kind"] == "ConfigMap"
    assert answer.body["metadata"]["deletionTimestamp"]
    assert (await api.get("configmaps/held")).status == 200
    assert (await api.patch("configmaps/held", {"metadata": {"finalizers": None}})).status == 200
    assert (await api.get("configmaps/held")).status == 404


async def test_a_namespace_that_is_being_deleted(api: Api) -> None:
    held = {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    await api.made("configmaps", held)
    namespace = f"/api/v1/namespaces/{api.namespace}"
    answer = await api.delete(namespace)
    assert (answer.body["kind"], answer.body["status"]["phase"]) == ("Namespace", "Terminating")
    late = await api.post("configmaps", {"metadata": {"name": "late"}})
    assert refusal(late) == (
        403,
        "Forbidden",
        f'configmaps "late" is forbidden: unable to create new content in namespace {api.namespace} '
        "because it is being terminated",
    )
    assert late.body["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    await api.patch("configmaps/held", {"metadata": {"finalizers": None}})
    await api.until(namespace, lambda each: each.status == 404)


async def test_a_namespace_that_may_not_be_deleted(api: Api) -> None:
    answer = await api.delete("/api/v1/namespaces/kube-system?dryRun=All")
    assert refusal(answer) == (
        403,
        "Forbidden",
        'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    )
