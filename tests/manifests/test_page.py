"""docs/manifests.md shows what the builders make, to the letter, and so do the demo's worlds."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from wizard.choices import IMAGE, PHOTOS_MOUNT, SCHEDULE, SECRET, TIME_ZONE
from wizard.demo.scenarios import load
from wizard.icloudpd.images import program_in
from wizard.manifests import Manifest, as_yaml
from wizard.manifests.argocd import application, file_name, files, kustomization
from wizard.manifests.credentials import config_map, cron_job, secret, service_account
from wizard.manifests.storage import config_claim, namespace, photos_claim
from wizard.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "manifests.md"
BERLIN, EDMONTON = "Europe/Berlin", "America/Edmonton"
STORAGE = (namespace(), config_claim(Settings()), photos_claim(Settings()))
APPLICATION = application(Settings(), repo="https://github.com/you/homelab", branch="master")


def credentials(time_zone: str) -> tuple[Manifest, ...]:
    settings = Settings()
    return config_map(settings, time_zone=time_zone), service_account(settings), cron_job(settings, time_zone=time_zone)


def test_the_page_shows_what_is_made() -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    names = map(file_name, (*STORAGE, *credentials(BERLIN)))
    assert blocks[0] == as_yaml(*STORAGE)
    assert blocks[1] == as_yaml(*credentials(BERLIN))
    assert blocks[2] == as_yaml(kustomization(Settings(), names))
    assert blocks[3] == as_yaml(APPLICATION)


def within(part: Any, whole: Any) -> bool:
    """Whether everything in `part` is in `whole`, which a server and time have added to."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and within(value, whole[key]) for key, value in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) == len(whole) and all(map(within, part, whole))
    return bool(part == whole)


@pytest.mark.parametrize(
    "manifest",
    [*STORAGE, *credentials(EDMONTON), APPLICATION],
    ids=lambda manifest: f"{manifest['kind']} {manifest['metadata']['name']}",
)
def test_the_complete_demo_is_made_of_them(manifest: Manifest) -> None:
    objects = [cast("Manifest", item) for item in load("complete").objects]
    metadata = manifest["metadata"]
    (found,) = (
        item
        for item in objects
        if (item["kind"], item["metadata"]["name"]) == (manifest["kind"], metadata["name"])
        and item["metadata"].get("namespace") == metadata.get("namespace")
    )
    assert within(manifest, found)


def test_what_is_chosen_is_what_is_made() -> None:
    settings = replace(Settings(), namespace="pictures")
    settings = settings.having(SCHEDULE, "30 4 * * *").having(IMAGE, "boredazfcuk/icloudpd:1")
    settings = settings.having(PHOTOS_MOUNT, "/data").having(TIME_ZONE, BERLIN).having(SECRET, "apple")
    made = cron_job(settings, "anna", time_zone=EDMONTON)
    assert made["metadata"] == {"name": "icloudpd-sync-anna", "namespace": "pictures"}
    assert (made["spec"]["schedule"], made["spec"]["timeZone"]) == ("30 4 * * *", BERLIN)
    pod = made["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "boredazfcuk/icloudpd:1"
    assert container["command"][-1].startswith(
        "/opt/icloudpd/bin/icloudpd \\\n  --directory /data/icloud-import/anna \\\n"
    )
    assert "--password " not in container["command"][-1]
    assert pod["volumes"][0]["secret"] == {"secretName": "apple-anna"}
    assert pod["volumes"][1]["persistentVolumeClaim"] == {"claimName": "icloudpd-config-anna"}
    assert container["volumeMounts"][2] == {"name": "photos", "mountPath": "/data"}


@pytest.mark.parametrize(
    ("image", "program"),
    [
        ("icloudpd/icloudpd:1.32.3", "/app/icloudpd"),
        ("docker.io/icloudpd/icloudpd@sha256:4b", "/app/icloudpd"),
        ("icloudpd/icloudpd:1.31.0", "/app/icloudpd_ex icloudpd"),
        ("docker.io/boredazfcuk/icloudpd:latest", "/opt/icloudpd/bin/icloudpd"),
        ("registry.home:5000/photos:1", "icloudpd"),
    ],
)
def test_icloudpd_is_called_where_the_image_has_it(image: str, program: str) -> None:
    assert program_in(image) == program


def test_a_secret_is_made_without_values_and_never_lies_in_git() -> None:
    made = secret(Settings(), keys=("username", "app-password"))
    assert made["stringData"] == {"username": "YOUR_APPLE_ID", "app-password": "YOUR_APP_PASSWORD"}
    with pytest.raises(ValueError, match="does not belong into git"):
        files([*STORAGE, made])


def test_the_folder_in_git_has_a_file_for_each() -> None:
    folder = files([*STORAGE, *credentials(BERLIN)])
    assert list(folder)[:3] == ["namespace.yaml", "pvc-icloudpd-config.yaml", "pvc-icloud-photos.yaml"]
    assert folder["pvc-icloud-photos.yaml"] == as_yaml(photos_claim(Settings()))
