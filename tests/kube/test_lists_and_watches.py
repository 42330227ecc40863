from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.kube.serving import connected, serving, status
from wizard.kube.client import Cluster
from wizard.kube.errors import ClusterError, Expired

PATH = "/api/v1/namespaces/x/pods"


def listed(*names: str, cont: str = "", version: str = "7") -> web.Response:
    items = [{"metadata": {"name": name}} for name in names]
    return web.json_response({"items": items, "metadata": {"continue": cont, "resourceVersion": version}})


async def names(cluster: Cluster) -> list[str]:
    return [item["metadata"]["name"] async for page in cluster.pages(PATH, limit=1) for item in page["items"]]


class TestPages:
    async def test_all_of_them(self, tmp_path: Path) -> None:
        async def pages(request: web.Request) -> web.Response:
            return listed("b") if request.query.get("continue") == "next" else listed("a", cont="next")

        async with serving(pages) as server, connected(tmp_path, server) as cluster:
            assert await names(cluster) == ["a", "b"]
            assert (cluster.counts.requests, cluster.counts.pages) == (1, 1)
            assert cluster.versions == {PATH: "7"}

    async def test_an_expired_continuation_takes_the_servers_offer(self, tmp_path: Path) -> None:
        async def pages(request: web.Request) -> web.Response:
            match request.query.get("continue"):
                case None:
                    return listed("a", cont="old")
                case "old":
                    return status(410, "Expired", "too old", metadata={"continue": "fresh"})
                case _:
                    return listed("b")

        async with serving(pages) as server, connected(tmp_path, server) as cluster:
            assert await names(cluster) == ["a", "b"]

    async def test_without_an_offer_it_is_raised(self, tmp_path: Path) -> None:
        async def pages(request: web.Request) -> web.Response:
            return status(410, "Expired", "too old") if "continue" in request.query else listed("a", cont="old")

        async with serving(pages) as server, connected(tmp_path, server) as cluster:
            with pytest.raises(Expired):
                await names(cluster)

    @pytest.mark.parametrize(
        ("form", "accept", "include"),
        [
            ("full", "application/json", None),
            ("metadata", "as=PartialObjectMetadataList", None),
            ("table", "as=Table", "Metadata"),
            ("cells", "as=Table", "None"),
        ],
    )
    async def test_what_is_asked_for(self, tmp_path: Path, form: str, accept: str, include: str | None) -> None:
        asked: list[web.Request] = []

        async def pages(request: web.Request) -> web.Response:
            asked.append(request)
            return listed()

        async with serving(pages) as server, connected(tmp_path, server) as cluster:
            await cluster.list_page(PATH, form=form, labels="a in (b,c)", fields="type=Warning", limit=3)
        assert accept in asked[0].headers["Accept"]
        query = dict(asked[0].query)
        expected = {"limit": "3", "labelSelector": "a in (b,c)", "fieldSelector": "type=Warning"}
        assert query == expected | ({"includeObject": include} if include else {})


def event(kind: str, name: str, version: str) -> dict[str, Any]:
    return {"type": kind, "object": {"metadata": {"name": name, "resourceVersion": version}}}


class Watches:
    """A server whose watches say one script after the other, and then stay open."""

    def __init__(self, *scripts: list[dict[str, Any]]) -> None:
        self.scripts = list(scripts)
        self.asked: list[dict[str, str]] = []
        self.abort = False
        self.twenty = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.query))
        if len(self.asked) == 20:
            self.twenty.set()
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        if not self.scripts:
            if self.abort:
                assert request.transport is not None
                request.transport.abort()
            await asyncio.Event().wait()
        text = "".join(json.dumps(one) + "\n" for one in self.scripts.pop(0)).encode()
        half = len(text) // 2
        await response.write(text[:half])
        await asyncio.sleep(0)
        await response.write(text[half:])
        return response


class TestWatch:
    async def test_events_and_a_watch_that_goes_on_where_it_was(self, tmp_path: Path) -> None:
        served = Watches([event("ADDED", "a", "8"), event("BOOKMARK", "", "20")], [event("MODIFIED", "a", "21")], [])
        async with serving(served.handle) as server, connected(tmp_path, server) as cluster:
            seen = []
            async with aclosing(cluster.watch(PATH, resource_version="7", form="metadata")) as events:
                async for one in events:
                    seen.append((one.type, one.resource_version))
                    if len(seen) == 2:
                        break
            assert cluster.counts.requests == 0
        assert seen == [("ADDED", "8"), ("MODIFIED", "21")]
        assert [one["resourceVersion"] for one in served.asked] == ["7", "20"]
        assert {one["allowWatchBookmarks"] for one in served.asked} == {"true"}

    async def test_expired_in_the_stream(self, tmp_path: Path) -> None:
        gone = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}}
        async with serving(Watches([gone]).handle) as server, connected(tmp_path, server) as cluster:
            with pytest.raises(Expired):
                async for _ in cluster.watch(PATH, resource_version="1"):
                    pass

    async def test_a_line_that_breaks(self, tmp_path: Path) -> None:
        served = Watches([event("ADDED", "a", "8")])
        served.abort = True
        async with serving(served.handle) as server, connected(tmp_path, server) as cluster:
            with pytest.raises(ClusterError):
                async for _ in cluster.watch(PATH):
                    pass

    async def test_many_watches_leave_room_for_requests(self, tmp_path: Path) -> None:
        served = Watches()

        async def both(request: web.Request) -> web.StreamResponse:
            return await served.handle(request) if "watch" in request.query else listed()

        async def follow(cluster: Cluster) -> None:
            async for _ in cluster.watch(PATH):
                pass

        async with serving(both) as server, connected(tmp_path, server) as cluster:
            watching = [asyncio.create_task(follow(cluster)) for _ in range(20)]
            await served.twenty.wait()
            async with asyncio.timeout(5):
                await cluster.list_page(PATH)
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)


async def test_the_last_bytes_of_a_log_are_kept(tmp_path: Path) -> None:
    async def log(request: web.Request) -> web.Response:
        assert request.query["tailLines"] == "5"
        assert "limitBytes" not in request.query  # it would cut off the newest lines
        return web.Response(text="\n".join(f"line {number:04}" for number in range(100)) + "\n")

    async with serving(log) as server, connected(tmp_path, server) as cluster:
        text = await cluster.log("x", "pod", "c", tail=5, limit_bytes=35)
    assert text.splitlines() == ["line 0097", "line 0098", "line 0099"]


async def test_the_answers_of_a_service_are_not_the_clusters(tmp_path: Path) -> None:
    async def proxy(request: web.Request) -> web.Response:
        assert request.path.startswith("/api/v1/namespaces/immich/services/immich-server:2283/proxy/api/")
        if request.path.endswith("/unready"):
            return status(503, "ServiceUnavailable", "no endpoints available for service")
        if request.path.endswith("/page"):
            return web.Response(status=502, text="<html>", content_type="text/html")
        return web.json_response({"message": "Invalid API key"}, status=401)

    async with serving(proxy) as server, connected(tmp_path, server) as cluster:
        there = ("immich", "immich-server", 2283)
        answer = await cluster.service_send("GET", *there, "/api/users/me", headers={"x-api-key": "k"})
        assert (answer.status, answer.json()) == (401, {"message": "Invalid API key"})
        assert (await cluster.service_get(*there, "api/page")).status == 502
        with pytest.raises(Exception, match="too busy") as raised:
            await cluster.service_get(*there, "api/unready")
        assert not isinstance(raised.value, ClusterError)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [({"status": {"allowed": True}}, True), ({"status": {"allowed": False}}, False), ({}, None), (403, None)],
)
async def test_reviews(tmp_path: Path, answer: dict[str, Any] | int, expected: bool | None) -> None:
    bodies: list[Any] = []

    async def review(request: web.Request) -> web.Response:
        bodies.append(await request.json())
        return status(403, "Forbidden", "no") if isinstance(answer, int) else web.json_response(answer)

    async with serving(review) as server, connected(tmp_path, server) as cluster:
        allowed = await cluster.review("create", "pods", subresource="exec", namespace="x")
        assert (cluster.counts.requests, cluster.counts.reviews) == (0, 1)
    assert allowed is expected
    asked = {"verb": "create", "resource": "pods", "group": "", "subresource": "exec", "namespace": "x"}
    assert bodies[0]["spec"] == {"resourceAttributes": asked}
