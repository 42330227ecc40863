"""Container logs."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.contract.api import Api
from tests.contract.conftest import Place, PodMaker

PRINT = "printf 'one\\ntwo\\nthree\\n'; sleep 600"
TEXT = "one\ntwo\nthree\n"


@pytest.fixture
async def logger(place: Place, pod: PodMaker) -> Api:
    """A server with a running pod that has printed three lines."""
    await place.api.made("pods", pod("logger", PRINT))
    await place.api.phase("pods/logger", "Running")
    await place.log("logger", TEXT)
    await place.api.until("pods/logger/log", lambda answer: answer.text == TEXT)
    return place.api


async def test_options(logger: Api) -> None:
    expected = {
        "": TEXT,
        "?tailLines=2": "two\nthree\n",
        "?tailLines=9": TEXT,
        "?tailLines=0": "",
        "?limitBytes=6": "one\ntw",
        "?tailLines=1&limitBytes=3": "thr",
        "?container=main": TEXT,
    }
    for query, text in expected.items():
        answer = await logger.get(f"pods/logger/log{query}", "application/json, */*")
        assert (query, answer.status, answer.text) == (query, 200, text)
        assert answer.headers["Content-Type"] == "text/plain"


async def test_refused(logger: Api) -> None:
    expected = {
        "?tailLines=-1": (
            422,
            'PodLogOptions "logger" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
        ),
        "?limitBytes=0": (
            422,
            'PodLogOptions "logger" is invalid: limitBytes: Invalid value: 0: must be greater than 0',
        ),
        "?tailLines=x": (400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        "?container=other": (400, "container other is not valid for pod logger"),
        "?previous=true": (400, 'previous terminated container "main" in pod "logger" not found'),
    }
    for query, wanted in expected.items():
        answer = await logger.get(f"pods/logger/log{query}")
        assert (answer.status, answer.message) == wanted


async def test_two_containers(place: Place, pod: PodMaker) -> None:
    await place.api.made("pods", pod("two", PRINT, "first", "second"))
    await place.api.phase("pods/two", "Running")
    await place.log("two", TEXT)
    answer = await place.api.get("pods/two/log")
    message = "a container name must be specified for pod two, choose one of: [first second]"
    assert (answer.status, answer.message) == (400, message)
    await place.api.until("pods/two/log?container=second", lambda each: each.text == TEXT)


async def test_not_scheduled(api: Api, pod: PodMaker) -> None:
    volumes = [{"name": "gone", "persistentVolumeClaim": {"claimName": "gone"}}]
    await api.made("pods", pod("waiting", volumes=volumes))
    answer = await api.get("pods/waiting/log")
    assert (answer.status, answer.text) == (204, "")


async def test_follow(place: Place, pod: PodMaker) -> None:
    await place.api.made("pods", pod("logger", "echo one; sleep 2; echo two; sleep 600"))
    await place.api.phase("pods/logger", "Running")
    await place.log("logger", "one\n")
    async with place.api.watch("pods/logger/log?follow=true") as stream:
        content = stream.content
        async with asyncio.timeout(10):
            assert await content.readline() == b"one\n"
            await place.log("logger", "two\n")
            assert await content.readline() == b"two\n"
            await place.api.delete("pods/logger")
            with contextlib.suppress(ConnectionError):
                assert await content.readline() == b""
