"""Watches: what is told, in which order, where it begins and how it ends."""

from __future__ import annotations

import time

import pytest

from tests.contract.api import Api

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"


async def version(api: Api) -> str:
    return str((await api.get("configmaps")).body["metadata"]["resourceVersion"])


async def change(api: Api, name: str, labels: dict[str, str] | None = None, **data: str) -> str:
    body = {"metadata": {"name": name, "labels": labels or {}}, "data": data}
    answer = await api.put(f"configmaps/{name}", body)
    assert answer.status == 200, answer.text
    return str(answer.body["metadata"]["resourceVersion"])


async def test_from_a_version_on(api: Api) -> None:
    async with api.watch(f"configmaps?watch=true&resourceVersion={await version(api)}") as events:
        await api.config_map("w", a="1")
        changed = await change(api, "w", a="2")
        await api.delete("configmaps/w")
        assert await events.some(1) == [("ADDED", "w")]
        event = await events.next()
        assert event
        assert (event["type"], event["object"]["kind"], event["object"]["data"]) == (
            "MODIFIED",
            "ConfigMap",
            {"a": "2"},
        )
        assert event["object"]["metadata"]["resourceVersion"] == changed
        event = await events.next()
        assert event
        assert (event["type"], event["object"]["data"]) == ("DELETED", {"a": "2"})
        assert int(event["object"]["metadata"]["resourceVersion"]) > int(changed)


async def test_what_happened_before_is_told_again(api: Api) -> None:
    start = await version(api)
    await api.config_map("w", a="1")
    await change(api, "w", a="2")
    await api.delete("configmaps/w")
    async with api.watch(f"configmaps?watch=1&resourceVersion={start}") as events:
        assert await events.some(3) == [("ADDED", "w"), ("MODIFIED", "w"), ("DELETED", "w")]


@pytest.mark.parametrize("query", ["", "&resourceVersion=0"])
async def test_without_a_version_what_is_there_comes_first(api: Api, query: str) -> None:
    await api.config_map("w")
    async with api.watch(f"configmaps?watch=true{query}") as events:
        assert sorted(await events.some(2)) == [("ADDED", "kube-root-ca.crt"), ("ADDED", "w")]
        await api.delete("configmaps/w")
        assert await events.some(1) == [("DELETED", "w")]


async def test_a_label_lost_arrives_as_deleted(api: Api) -> None:
    path = f"configmaps?watch=true&resourceVersion={await version(api)}&labelSelector=w%3Dyes"
    async with api.watch(path) as events:
        await api.config_map("w", {"w": "yes"}, a="1")
        await change(api, "w", {"w": "yes"}, a="2")
        lost = await change(api, "w", a="3")
        await change(api, "w", {"w": "yes"}, a="4")
        assert await events.some(2) == [("ADDED", "w"), ("MODIFIED", "w")]
        event = await events.next()
        assert event
        assert event["type"] == "DELETED"
        assert (event["object"]["data"], event["object"]["metadata"]["labels"]) == ({"a": "2"}, {"w": "yes"})
        assert event["object"]["metadata"]["resourceVersion"] == lost
        assert await events.some(1) == [("ADDED", "w")]


async def test_one_object(api: Api) -> None:
    await api.config_map("w")
    async with api.watch("configmaps?watch=true&fieldSelector=metadata.name%3Dw") as events:
        await api.config_map("other")
        await change(api, "w", a="2")
        assert await events.some(2) == [("ADDED", "w"), ("MODIFIED", "w")]


@pytest.mark.parametrize(
    "query",
    [
        "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
        "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion=0",
        "allowWatchBookmarks=true",
    ],
)
async def test_the_end_of_what_is_there_is_marked(api: Api, query: str) -> None:
    await api.config_map("w")
    async with api.watch(f"configmaps?watch=true&{query}") as events:
        assert sorted(await events.some(2)) == [("ADDED", "kube-root-ca.crt"), ("ADDED", "w")]
        event = await events.next()
        assert event
        assert event["type"] == "BOOKMARK"
        assert event["object"].keys() == {"kind", "apiVersion", "metadata"}
        assert event["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
        seen = int(event["object"]["metadata"]["resourceVersion"])
        changed = await change(api, "w", a="2")
        assert seen < int(changed)
        assert await events.some(1) == [("MODIFIED", "w")]


async def test_bookmarks_and_a_clean_end(api: Api) -> None:
    start = await version(api)
    began = time.monotonic()
    path = f"configmaps?watch=true&allowWatchBookmarks=true&resourceVersion={start}&timeoutSeconds=4"
    async with api.watch(path) as events:
        found = await events.rest()
    assert {event["type"] for event in found} == {"BOOKMARK"}
    assert "annotations" not in found[0]["object"]["metadata"]
    assert int(found[0]["object"]["metadata"]["resourceVersion"]) >= int(start)
    assert 3 <= time.monotonic() - began <= 6


async def test_too_old(api: Api) -> None:
    async with api.watch("configmaps?watch=true&resourceVersion=1") as events:
        found = await events.rest()
        assert events.status == 200
    assert [event["type"] for event in found] == ["ERROR"]
    status = found[0]["object"]
    assert (status["kind"], status["code"], status["reason"]) == ("Status", 410, "Expired")
    assert status["message"].startswith("too old resource version: 1 (")


async def test_a_version_to_come_is_waited_for(api: Api) -> None:
    async with api.watch("configmaps?watch=true&resourceVersion=99999999") as events:
        assert events.status == 200
        with pytest.raises(TimeoutError):
            await events.next(0.3)


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        (
            "sendInitialEvents=true",
            422,
            'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting '
            "resourceVersionMatch to NotOlderThan",
        ),
        (
            "resourceVersion=abc",
            500,
            'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
        ),
        ("timeoutSeconds=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        (
            "fieldSelector=data.a%3D1",
            400,
            '"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"',
        ),
    ],
)
async def test_refused(api: Api, query: str, status: int, message: str) -> None:
    answer = await api.get(f"configmaps?watch=true&{query}")
    assert (answer.status, answer.message) == (status, message)


async def test_as_a_table(api: Api) -> None:
    await api.config_map("w", a="1")
    path = "configmaps?watch=true&fieldSelector=metadata.name%3Dw"
    async with api.watch(path, TABLE) as events:
        first = await events.next()
        await change(api, "w", a="1", b="2")
        second = await events.next()
        assert first
        assert second
        assert (first["type"], second["type"]) == ("ADDED", "MODIFIED")
        assert [each["object"]["kind"] for each in (first, second)] == ["Table", "Table"]
        assert [column["name"] for column in first["object"]["columnDefinitions"]] == ["Name", "Data", "Age"]
        assert second["object"]["columnDefinitions"] is None
        assert second["object"]["rows"][0]["cells"][:2] == ["w", 2]


async def test_metadata_alone(api: Api) -> None:
    await api.config_map("w", a="1")
    async with api.watch("configmaps?watch=true&fieldSelector=metadata.name%3Dw", PARTIAL) as events:
        event = await events.next()
        assert event
        assert event["object"].keys() == {"kind", "apiVersion", "metadata"}
        assert event["object"]["kind"] == "PartialObjectMetadata"


async def test_all_namespaces(api: Api) -> None:
    start = await version(api)
    async with api.watch(
        f"/api/v1/configmaps?watch=true&resourceVersion={start}&labelSelector=mine={api.namespace}"
    ) as events:
        await api.config_map("w", {"mine": api.namespace})
        assert await events.some(1) == [("ADDED", "w")]


async def test_many_watches_at_once(api: Api) -> None:
    start = await version(api)
    path = f"configmaps?watch=true&resourceVersion={start}"
    async with api.watch(path) as one, api.watch(path) as two:
        await api.config_map("w")
        assert await one.some(1) == await two.some(1) == [("ADDED", "w")]
