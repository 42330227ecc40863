"""Where the images of icloudpd have their programs, and what becomes of a pod that calls one which is not there."""

from __future__ import annotations

import pytest

from tests.contract.api import Api, Json

BOREDAZFCUK, OFFICIAL = "boredazfcuk/icloudpd:1.32.3", "icloudpd/icloudpd:1.32.3"
ENTRY_POINT = "Error: You must specify either 'icloud' or 'icloudpd' as the first argument."


async def ended(api: Api, image: str, **container: list[str]) -> tuple[Json, str]:
    """How a pod with this container ended, and its log."""
    each = {"name": "icloudpd", "image": image, "imagePullPolicy": "IfNotPresent", **container}
    await api.made("pods", {"metadata": {"name": "it"}, "spec": {"restartPolicy": "Never", "containers": [each]}})
    pod = (await api.until("pods/it", lambda one: one.body["status"].get("phase") in ("Succeeded", "Failed"))).body
    log = (await api.get("pods/it/log", accept="*/*")).text
    return pod["status"]["containerStatuses"][0]["state"]["terminated"], log


@pytest.mark.parametrize(
    ("image", "program"),
    [
        (BOREDAZFCUK, "/opt/icloudpd/bin/icloudpd"),
        (BOREDAZFCUK, "/usr/local/bin/icloudpd"),
        (BOREDAZFCUK, "icloudpd"),
        (OFFICIAL, "/app/icloudpd"),
    ],
)
async def test_a_program_that_the_image_has(api: Api, image: str, program: str) -> None:
    state, log = await ended(api, image, command=["/bin/sh", "-c", f"{program} --bogus"])
    assert (state["exitCode"], "--bogus" in log) == (0, True)


@pytest.mark.parametrize("program", ["icloudpd", "/app/icloudpd_ex", "/opt/icloudpd/bin/icloudpd"])
async def test_a_program_that_a_shell_does_not_find(api: Api, program: str) -> None:
    state, log = await ended(api, OFFICIAL, command=["/bin/sh", "-c", f"{program} --bogus"])
    assert (state["exitCode"], state["reason"]) == (127, "Error")
    assert log.strip() == f"/bin/sh: {program}: not found"


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("/app/icloudpd_ex", "stat /app/icloudpd_ex: no such file or directory: unknown"),
        ("icloudpd", "executable file not found in $PATH: unknown"),
    ],
)
async def test_a_program_that_the_runtime_does_not_find(api: Api, program: str, why: str) -> None:
    state, log = await ended(api, OFFICIAL, command=[program, "--bogus"])
    assert (state["exitCode"], state["reason"], log) == (128, "StartError", "")
    assert state["message"].endswith(f'exec: "{program}": {why}')


async def test_the_entry_point_wants_the_program_first(api: Api) -> None:
    state, log = await ended(api, OFFICIAL, args=["icloudpd", "--bogus"])
    assert (state["exitCode"], "--bogus" in log) == (0, True)


async def test_the_entry_point_refuses_options_alone(api: Api) -> None:
    state, log = await ended(api, OFFICIAL, args=["--directory", "/photos"])
    assert (state["exitCode"], state["reason"]) == (1, "Error")
    assert log.startswith(ENTRY_POINT)
