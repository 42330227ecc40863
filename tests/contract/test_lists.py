"""Lists: pages, old versions, selectors, and the forms in which they come."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from tests.contract.api import Answer, Api
from wizard.demo.api.kinds import BUILT_IN
from wizard.demo.api.table import columns_of

TABLE = (
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
)
PARTIAL = "application/json;as=PartialObjectMetadata{};v=v1;g=meta.k8s.io"


async def seven(api: Api) -> None:
    for number in range(7):
        await api.config_map(f"page-{number}", {"page": "yes", "odd": str(number % 2)}, a="1")


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [item["metadata"]["name"] for item in answer.body["items"]]


async def test_pages(api: Api) -> None:
    await seven(api)
    first = await api.get("configmaps?labelSelector=page%3Dyes&limit=3")
    assert names(first) == ["page-0", "page-1", "page-2"]
    assert "remainingItemCount" not in first.body["metadata"]
    await api.put("configmaps/page-4", {"metadata": {"name": "page-4"}, "data": {"a": "changed"}})
    await api.delete("configmaps/page-3")
    path = f"configmaps?labelSelector=page%3Dyes&limit=3&continue={first.body['metadata']['continue']}"
    second = await api.get(path)
    assert names(second) == ["page-3", "page-4", "page-5"], "a further page is of the same moment"
    assert second.body["items"][1]["data"] == {"a": "1"}
    assert second.body["metadata"]["resourceVersion"] == first.body["metadata"]["resourceVersion"]
    path = f"configmaps?labelSelector=page%3Dyes&limit=3&continue={second.body['metadata']['continue']}"
    last = await api.get(path)
    assert names(last) == ["page-6"]
    assert "continue" not in last.body["metadata"]


async def test_how_many_remain(api: Api) -> None:
    await seven(api)
    answer = await api.get("configmaps?limit=2")
    assert len(names(answer)) == 2
    assert answer.body["metadata"]["remainingItemCount"] == 6
    assert len(names(await api.get("configmaps?limit=-1"))) == 8
    assert len(names(await api.get("configmaps?limit=2&resourceVersion=0"))) == 8


async def test_an_expired_page(api: Api) -> None:
    await seven(api)
    token = base64.urlsafe_b64encode(
        json.dumps({"v": "meta.k8s.io/v1", "rv": 2, "start": "page-0\0"}).encode()
    ).decode()
    answer = await api.get(f"configmaps?limit=3&continue={token.rstrip('=')}")
    assert (answer.status, answer.body["reason"]) == (410, "Expired")
    assert answer.message.startswith("The provided continue parameter is too old to display a consistent list result.")
    again = await api.get(f"configmaps?limit=3&continue={answer.body['metadata']['continue']}")
    assert len(names(again)) == 3


@pytest.mark.parametrize(
    ("query", "status", "reason", "message"),
    [
        ("limit=x", 400, "BadRequest", 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("continue=xyz", 400, "BadRequest", "invalid continue token: "),
        (
            "resourceVersion=abc",
            400,
            "BadRequest",
            'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": '
            "invalid syntax",
        ),
        ("resourceVersion=99999999", 504, "Timeout", "Timeout: Too large resource version: 99999999, current: "),
        (
            "resourceVersion=2&resourceVersionMatch=Exact",
            410,
            "Expired",
            "The resourceVersion for the provided list is too old.",
        ),
        (
            "resourceVersionMatch=Exact",
            422,
            "Invalid",
            'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden '
            "unless resourceVersion is provided",
        ),
        ("labelSelector=!!a", 400, "BadRequest", "unable to parse requirement: found '!', expected: identifier"),
        (
            "labelSelector=a%3D%3D%3Db",
            400,
            "BadRequest",
            "unable to parse requirement: found '=', expected: identifier",
        ),
        ("fieldSelector=foo", 400, "BadRequest", "invalid selector: 'foo'; can't understand 'foo'"),
    ],
)
async def test_refused(api: Api, query: str, status: int, reason: str, message: str) -> None:
    answer = await api.get(f"configmaps?{query}")
    assert (answer.status, answer.body["code"], answer.body["reason"]) == (status, status, reason)
    assert answer.message.startswith(message)
    if status == 504:
        assert answer.headers["Retry-After"] == "1"
        assert answer.body["details"]["retryAfterSeconds"] == 1
    if status == 422:
        cause = answer.body["details"]["causes"][0]
        assert (cause["reason"], cause["field"]) == ("FieldValueForbidden", "resourceVersionMatch")


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("page=yes", "0123456"),
        ("page==yes,odd=1", "135"),
        ("page,odd!=1", "0246"),
        ("page in (yes, no), odd notin (0)", "135"),
        ("!odd", ""),
        ("odd,!page", ""),
        ("odd=", ""),
        ("other!=x,page=yes,odd=0", "0246"),
    ],
)
async def test_label_selectors(api: Api, selector: str, expected: str) -> None:
    await seven(api)
    found = names(await api.get(f"configmaps?labelSelector={quote(selector)}"))
    assert [name for name in found if name.startswith("page-")] == [f"page-{digit}" for digit in expected]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("metadata.name=page-3", ["page-3"]),
        ("metadata.name=page-3,metadata.namespace=nope", []),
        ("metadata.name!=kube-root-ca.crt", [f"page-{number}" for number in range(7)]),
    ],
)
async def test_field_selectors(api: Api, selector: str, expected: list[str]) -> None:
    await seven(api)
    assert names(await api.get(f"configmaps?fieldSelector={quote(selector)}")) == expected


async def test_field_selectors_of_kinds(api: Api) -> None:
    secret = {"metadata": {"name": "typed"}, "type": "example.com/some", "stringData": {"a": "1"}}
    await api.made("secrets", secret)
    await api.made("secrets", {"metadata": {"name": "plain"}})
    assert names(await api.get("secrets?fieldSelector=type%3Dexample.com/some")) == ["typed"]
    about = {"kind": "Pod", "namespace": api.namespace, "name": "x", "uid": "u"}
    for reason in ("Failed", "Pulled"):
        kind = {"type": "Warning" if reason == "Failed" else "Normal", "reason": reason}
        await api.made("events", {"metadata": {"name": reason.lower()}, "involvedObject": about, **kind})
    assert names(await api.get("events?fieldSelector=type%3DWarning,involvedObject.name%3Dx")) == ["failed"]
    assert names(await api.get("events?fieldSelector=reason%3DPulled,involvedObject.uid%3Du")) == ["pulled"]
    assert names(await api.get("events?fieldSelector=involvedObject.kind%3DJob")) == []


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("configmaps", '"spec.foo" is not a known field selector: only "metadata.name", "metadata.namespace"'),
        (
            "persistentvolumeclaims",
            '"spec.foo" is not a known field selector: only "metadata.name", "metadata.namespace"',
        ),
        ("batch/v1/cronjobs", '"spec.foo" is not a known field selector: only "metadata.name", "metadata.namespace"'),
        ("batch/v1/jobs", 'field label "spec.foo" not supported for Job'),
        ("pods", "field label not supported: spec.foo"),
        ("secrets", "field label not supported: spec.foo"),
        ("events", "field label not supported: spec.foo"),
        ("services", "field label not supported: spec.foo"),
        ("argoproj.io/v1alpha1/applications", "field label not supported: spec.foo"),
    ],
)
async def test_unknown_fields(api: Api, path: str, message: str) -> None:
    answer = await api.get(f"{path}?fieldSelector=spec.foo%3D1")
    assert (answer.status, answer.message) == (400, message)


async def test_items_carry_their_kind_only_if_custom(api: Api) -> None:
    await api.config_map("one")
    application = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "one"}}
    spec = {"project": "default", "destination": {}, "source": {"repoURL": "https://example.com/r", "path": "."}}
    await api.made("argoproj.io/v1alpha1/applications", {**application, "spec": spec})
    built_in = (await api.get("configmaps?fieldSelector=metadata.name%3Done")).body
    assert (built_in["kind"], built_in["apiVersion"]) == ("ConfigMapList", "v1")
    assert not {"kind", "apiVersion"} & built_in["items"][0].keys()
    custom = (await api.get("argoproj.io/v1alpha1/applications")).body
    assert (custom["kind"], custom["apiVersion"]) == ("ApplicationList", "argoproj.io/v1alpha1")
    assert (custom["items"][0]["kind"], custom["items"][0]["apiVersion"]) == ("Application", "argoproj.io/v1alpha1")


async def test_metadata_alone(api: Api) -> None:
    await api.config_map("one", a="1")
    listed = (await api.get("configmaps?fieldSelector=metadata.name%3Done", PARTIAL.format("List"))).body
    assert (listed["kind"], listed["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    item = listed["items"][0]
    assert item.keys() == {"kind", "apiVersion", "metadata"}
    assert (item["kind"], item["metadata"]["name"]) == ("PartialObjectMetadata", "one")
    single = (await api.get("configmaps/one", PARTIAL.format(""))).body
    assert single == item


async def test_as_a_table(api: Api) -> None:
    await api.config_map("one", a="1", b="2")
    path = "configmaps?fieldSelector=metadata.name%3Done"
    table = (await api.get(path, TABLE)).body
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    row = table["rows"][0]
    assert row["cells"][:2] == ["one", 2]
    assert (row["object"]["kind"], row["object"]["metadata"]["name"]) == ("PartialObjectMetadata", "one")
    assert (await api.get(f"{path}&includeObject=None", TABLE)).body["rows"][0]["object"] is None
    assert (await api.get(f"{path}&includeObject=Object", TABLE)).body["rows"][0]["object"]["data"] == {
        "a": "1",
        "b": "2",
    }
    assert (await api.get("configmaps/one", TABLE)).body["rows"][0]["cells"][:2] == ["one", 2]
    assert (await api.get("/api/v1/namespaces/nope/configmaps", TABLE)).body["rows"] == []


PRINTED = [
    "configmaps",
    "endpoints",
    "events",
    "/api/v1/namespaces",
    "/api/v1/nodes",
    "persistentvolumeclaims",
    "/api/v1/persistentvolumes",
    "pods",
    "secrets",
    "serviceaccounts",
    "services",
    "apps/v1/deployments",
    "apps/v1/replicasets",
    "apps/v1/statefulsets",
    "apps/v1/daemonsets",
    "batch/v1/jobs",
    "batch/v1/cronjobs",
    "networking.k8s.io/v1/ingresses",
    "/apis/networking.k8s.io/v1/ingressclasses",
    "/apis/storage.k8s.io/v1/storageclasses",
    "argoproj.io/v1alpha1/applications",
    "rbac.authorization.k8s.io/v1/roles",
]


@pytest.mark.parametrize("path", PRINTED)
async def test_columns(api: Api, path: str) -> None:
    table = (await api.get(f"{path}?limit=1", TABLE)).body
    found = [(each["name"], each["type"], each["priority"]) for each in table["columnDefinitions"]]
    if path.endswith("applications"):
        assert found == [("Name", "string", 0), *ARGO]
    else:
        kind = next(kind for kind in BUILT_IN if kind.plural == path.rpartition("/")[2])
        assert found == [(each.name, each.type, each.priority) for each in columns_of(kind)]
    assert [each["name"] for each in table["columnDefinitions"] if each["format"] == "name"] == ["Name"]


ARGO = [
    ("Sync Status", "string", 0),
    ("Health Status", "string", 0),
    ("Revision", "string", 10),
    ("Project", "string", 10),
]


@pytest.mark.parametrize(
    ("path", "item", "cells"),
    [
        ("secrets", {"type": "Opaque", "stringData": {"username": "a", "password": "b"}}, ["x", "Opaque", 2, "0s"]),
        ("serviceaccounts", {}, ["x", "0s"]),
        (
            "persistentvolumeclaims",
            {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}},
            ["x", "Pending", "", "", "", "local-path", "<unset>", "0s", "Filesystem"],
        ),
        (
            "services",
            {"spec": {"clusterIP": "None", "selector": {"app": "x"}, "ports": [{"port": 80}]}},
            ["x", "ClusterIP", "None", "<none>", "80/TCP", "0s", "app=x"],
        ),
        (
            "batch/v1/cronjobs",
            {
                "spec": {
                    "schedule": "0 3 1 * *",
                    "suspend": True,
                    "jobTemplate": {
                        "spec": {
                            "template": {
                                "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]}
                            }
                        }
                    },
                }
            },
            ["x", "0 3 1 * *", "<none>", "True", 0, "<none>", "0s", "c", "busybox", "<none>"],
        ),
        (
            "networking.k8s.io/v1/ingresses",
            {
                "spec": {
                    "ingressClassName": "traefik",
                    "tls": [{"hosts": ["x.example"]}],
                    "defaultBackend": {"service": {"name": "x", "port": {"number": 80}}},
                    "rules": [{"host": "x.example"}],
                }
            },
            ["x", "traefik", "x.example", "", "80, 443", "0s"],
        ),
        (
            "argoproj.io/v1alpha1/applications",
            {
                "spec": {"project": "default", "destination": {}, "source": {"repoURL": "https://example.com/r"}},
                "status": {"sync": {"status": "Synced", "revision": "abc"}, "health": {"status": "Progressing"}},
            },
            ["x", "Synced", "Progressing", "abc", "default"],
        ),
        (
            "events",
            {
                "involvedObject": {"kind": "Pod", "name": "p", "fieldPath": "spec.containers{c}"},
                "type": "Normal",
                "reason": "Pulled",
                "message": "Here\n",
                "source": {"component": "kubelet", "host": "lab"},
                "firstTimestamp": "2020-01-01T00:00:00Z",
                "lastTimestamp": "2020-01-02T00:00:00Z",
                "count": 3,
            },
            ["AGE", "Normal", "Pulled", "pod/p", "spec.containers{c}", "kubelet, lab", "Here", "AGE", 3, "x"],
        ),
    ],
)
async def test_rows(api: Api, path: str, item: dict[str, Any], cells: list[Any]) -> None:
    version = "v1" if "/" not in path else path.rpartition("/")[0]
    kind = {"argoproj.io/v1alpha1": {"apiVersion": version, "kind": "Application"}}.get(version, {})
    if path == "events":
        item = {**item, "involvedObject": {**item["involvedObject"], "namespace": api.namespace}}
    await api.made(path, {**kind, "metadata": {"name": "x"}, **item})
    row = (await api.get(f"{path}/x", TABLE)).body["rows"][0]["cells"]
    assert [_ageless(cell, want) for cell, want in zip(row, cells, strict=True)] == cells


def _ageless(cell: Any, want: Any) -> Any:
    if want == "AGE":
        years = datetime.now(UTC).year - 2020
        return "AGE" if str(cell).startswith((f"{years}y", f"{years - 1}y")) else cell
    return "0s" if want == "0s" and cell in ("1s", "2s") else cell


async def test_nothing_acceptable(api: Api) -> None:
    answer = await api.get("configmaps/kube-root-ca.crt", "text/html")
    assert (answer.status, answer.body["reason"], answer.body["details"]) == (406, "NotAcceptable", {})
    assert answer.message.startswith("406: Not Acceptable\n\nAvailable representations: application/json")


async def test_protobuf_is_only_preferred(api: Api) -> None:
    answer = await api.get("configmaps/kube-root-ca.crt", "application/vnd.example.unknown,application/json")
    assert answer.body["kind"] == "ConfigMap"
