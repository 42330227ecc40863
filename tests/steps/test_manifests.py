"""The manifests in the documentation are good ones: complete by the diagnoses' own measure, without a warning."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from tests.names import PHOTOS_CLAIM
from tests.steps.worlds import SETTINGS, complete, fresh, meta, page
from wizard.model import Finding, Severity, Status
from wizard.observe import parse
from wizard.steps import STEPS, diagnose
from wizard.world import Found, Namespace, SecretKeys, World

PAGE = Path(__file__).resolve().parents[2] / "docs" / "manifests.md"


def documented() -> dict[str, Any]:
    """The page's objects by "Kind namespace/name"."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    objects = [document for block in blocks for document in yaml.safe_load_all(block) if "metadata" in document]
    return {f"{one['kind']} {one['metadata'].get('namespace', '')}/{one['metadata']['name']}": one for one in objects}


def applied() -> World:
    """A cluster on which the page's objects have just been created, before anything has used them."""
    objects = documented()
    claims = [
        replace(parse.claim(one), phase="Pending", storage_class="local-path")
        for key, one in objects.items()
        if key.startswith("PersistentVolumeClaim photo-sync/")
    ]
    secret = SecretKeys(meta("icloud-credentials"), "Opaque", ("username",))
    return replace(
        fresh(),
        storage_classes=complete().storage_classes,
        namespace=Found(Namespace(parse.namespace(objects["Namespace /photo-sync"]).meta, "Active")),
        claims=page(*claims),
        secrets={"icloud-credentials": Found(secret)},
        config_maps={"icloudpd-config": Found(parse.config_map(objects["ConfigMap photo-sync/icloudpd-config"]))},
        service_account=Found(parse.service_account(objects["ServiceAccount photo-sync/icloudpd"])),
        cron_jobs=page(parse.cron_job(objects["CronJob photo-sync/icloudpd-sync"])),
    )


def loud(world: World) -> list[Finding]:
    return [
        finding
        for step in STEPS
        if step.id in ("storage", "credentials")
        for finding in step.diagnose(world, SETTINGS).findings
        if finding.severity not in (Severity.OK, Severity.INFO)
    ]


def test_they_complete_the_first_two_iterations_without_a_warning() -> None:
    world = applied()
    assert [step.status for step in diagnose(world, SETTINGS).steps[:2]] == [Status.COMPLETE] * 2
    assert loud(world) == []


def test_the_second_volume_is_bound_to_its_claim_alone_and_read_only() -> None:
    objects = documented()
    volume = objects["PersistentVolume /icloud-photos-for-immich"]["spec"]
    claim = objects[f"PersistentVolumeClaim immich/{PHOTOS_CLAIM}"]["spec"]
    assert claim["volumeName"] == "icloud-photos-for-immich"
    assert claim["storageClassName"] == volume["storageClassName"] == ""
    assert volume["claimRef"] == {"namespace": "immich", "name": PHOTOS_CLAIM}
    assert claim["accessModes"] == volume["accessModes"] == ["ReadOnlyMany"]
    assert volume["persistentVolumeReclaimPolicy"] == "Retain"
