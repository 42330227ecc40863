"""What step 1 would do in a world: only what is missing, with the choices' values, and never against who keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.steps.worlds import NOW, NS, SETTINGS, complete, fresh, meta, page
from wizard.choices import CONFIG_CLAIM, CONFIG_SIZE, PHOTOS_ACCESS_MODE, PHOTOS_CLAIM, PHOTOS_SIZE, STORAGE_CLASS
from wizard.plan import ApplyObject, PatchObject, Plan, Right, WaitUntil
from wizard.settings import Settings
from wizard.steps.storage.plan import plan
from wizard.world import AppResource, Claim, Found, Missing, Page, StorageClass, Unreadable, World

OPTIONS = "argocd.argoproj.io/sync-options"


def storage_class(name: str, *, default: bool = False, mode: str = "WaitForFirstConsumer") -> StorageClass:
    return StorageClass(meta(name), "example.com/disk", mode, "Delete", expandable=True, default=default)


def with_classes(world: World, *classes: StorageClass) -> World:
    return replace(world, storage_classes=Found(Page(classes)))


def claim(name: str, **annotations: str) -> Claim:
    return Claim(
        replace(meta(name), namespace=NS, annotations=annotations),
        "Bound",
        "local-path",
        ("ReadWriteOnce",),
        "1Gi",
        "1Gi",
        "pv",
    )


def ids(made: Plan) -> list[str]:
    return [change.id for change in made.changes]


def test_an_empty_cluster_gets_the_namespace_and_both_claims() -> None:
    made = plan(fresh(), SETTINGS)
    assert ids(made) == ["namespace", "claim-icloudpd-config", "claim-icloud-photos"]
    assert made.obstacles == ()
    photos = made["claim-icloud-photos"]
    assert isinstance(photos, ApplyObject)
    assert photos.manifest["spec"]["resources"]["requests"]["storage"] == "100Gi"
    assert photos.manifest["metadata"]["annotations"][OPTIONS] == "Prune=false,Delete=false"
    assert [undo.id for undo in photos.undo] == ["remove-icloud-photos"]
    assert made["namespace"].undo == ()
    assert "deletes everything" in made["namespace"].no_undo


def test_the_choices_are_what_is_made() -> None:
    chosen = (
        SETTINGS.having(PHOTOS_CLAIM, "pictures")
        .having(PHOTOS_SIZE, "2Ti")
        .having(PHOTOS_ACCESS_MODE, "ReadWriteMany")
        .having(CONFIG_CLAIM, "session")
        .having(CONFIG_SIZE, "2Gi")
        .having(STORAGE_CLASS, "fast")
    )
    made = plan(with_classes(fresh(), storage_class("fast")), chosen)
    assert ids(made) == ["namespace", "claim-session", "claim-pictures"]
    manifests = [change.manifest for change in made.changes if isinstance(change, ApplyObject)][1:]
    assert [
        (
            each["spec"]["storageClassName"],
            each["spec"]["resources"]["requests"]["storage"],
            each["spec"]["accessModes"],
        )
        for each in manifests
    ] == [("fast", "2Gi", ["ReadWriteOnce"]), ("fast", "2Ti", ["ReadWriteMany"])]


@pytest.mark.parametrize(
    ("world", "chosen", "obstacle"),
    [
        (
            with_classes(fresh(), storage_class("a"), storage_class("b")),
            SETTINGS.having(STORAGE_CLASS, "c"),
            "There is no storage class c (there are a, b): choose one with --storage-class.",
        ),
        (
            with_classes(fresh()),
            SETTINGS.having(STORAGE_CLASS, "c"),
            "There is no storage class c (the cluster has none): choose one with --storage-class.",
        ),
        (
            fresh(),
            SETTINGS.having(PHOTOS_CLAIM, "icloudpd-config"),
            "The photos and a session would share the claim icloudpd-config: choose another with --photos-claim.",
        ),
    ],
)
def test_choices_that_can_not_become_claims_are_obstacles(world: World, chosen: Settings, obstacle: str) -> None:
    made = plan(world, chosen)
    assert (made.changes, made.obstacles) == ((), (obstacle,))


def test_every_account_has_a_config_claim() -> None:
    made = plan(fresh(), replace(SETTINGS, accounts=("default", "anna")))
    assert ids(made)[1:] == ["claim-icloudpd-config", "claim-icloudpd-config-anna", "claim-icloud-photos"]


def test_what_is_there_is_left_alone() -> None:
    protected = {OPTIONS: "Prune=false,Delete=false"}
    world = replace(complete(), claims=page(claim("icloudpd-config", **protected), claim("icloud-photos", **protected)))
    assert plan(world, SETTINGS) == Plan(f"Storage in the namespace {NS}")


@pytest.mark.parametrize(
    ("present", "after"),
    [
        ("", "Prune=false,Delete=false"),
        ("Replace=true", "Replace=true,Prune=false,Delete=false"),
        ("Delete=confirm", "Delete=confirm,Prune=false"),
        ("Prune=false", "Prune=false,Delete=false"),
        ("Prune=true,Delete=true", "Prune=false,Delete=false"),
        ("Replace=true, Prune=false", "Replace=true,Prune=false,Delete=false"),
    ],
)
def test_a_claim_that_argo_cd_could_delete_is_protected_beside_its_other_options(present: str, after: str) -> None:
    unprotected = claim("icloud-photos", **({OPTIONS: present} if present else {}))
    world = replace(
        complete(), claims=page(claim("icloudpd-config", **{OPTIONS: "Prune=false,Delete=false"}), unprotected)
    )
    (change,) = plan(replace(world, application=Missing()), SETTINGS).changes
    assert isinstance(change, PatchObject)
    assert change.patch == {"metadata": {"annotations": {OPTIONS: after}}}
    (undo,) = change.undo
    assert isinstance(undo, PatchObject)
    assert undo.patch == {"metadata": {"annotations": {OPTIONS: present or None}}}


def test_options_with_spaces_between_them_protect_as_well() -> None:
    claims = page(
        *(claim(name, **{OPTIONS: "Prune=false, Delete=false"}) for name in ("icloudpd-config", "icloud-photos"))
    )
    assert plan(replace(complete(), claims=claims, application=Missing()), SETTINGS).changes == ()


def test_a_claim_that_argo_cd_lists_without_tracking_it_is_left_to_git() -> None:
    made = plan(replace(complete(), claims=page(claim("icloudpd-config"), claim("icloud-photos"))), SETTINGS)
    assert made.changes == ()
    assert sum("from git" in note for note in made.notes) == 2


def test_a_claim_on_its_way_out_is_in_the_way() -> None:
    going = claim("icloud-photos")
    going = replace(going, meta=replace(going.meta, deleting=NOW))
    made = plan(replace(complete(), claims=page(claim("icloudpd-config"), going)), SETTINGS)
    assert made.changes == ()
    assert "icloud-photos is being deleted" in made.obstacles[0]


def test_without_a_claim_to_create_the_class_does_not_matter() -> None:
    protected = {OPTIONS: "Prune=false,Delete=false"}
    claims = page(claim("icloudpd-config", **protected), claim("icloud-photos", **protected))
    world = with_classes(replace(complete(), claims=claims), storage_class("a"), storage_class("b"))
    assert plan(world, SETTINGS).obstacles == ()


def test_what_argo_cd_tracks_is_changed_in_git_and_not_from_here() -> None:
    tracked = {"argocd.argoproj.io/tracking-id": f"photo-sync:/PersistentVolumeClaim:{NS}/icloud-photos"}
    world = replace(complete(), claims=page(claim("icloud-photos", **tracked)))
    made = plan(world, SETTINGS)
    assert "protect-icloud-photos" not in made
    assert any("icloud-photos from git" in note for note in made.notes)


def test_a_claim_that_lies_in_git_is_left_to_a_sync() -> None:
    world = complete()
    assert isinstance(world.application, Found)
    resource = AppResource("PersistentVolumeClaim", "icloud-photos", NS, status="OutOfSync")
    app = replace(world.application.value, resources=(resource,))
    made = plan(replace(world, claims=page(), application=Found(app)), SETTINGS)
    assert ids(made) == ["claim-icloudpd-config"]
    assert any("icloud-photos" in note and "sync" in note for note in made.notes)


def test_a_class_that_binds_at_once_is_waited_for() -> None:
    world = with_classes(fresh(), storage_class("disk", default=True, mode="Immediate"))
    waits = [change for change in plan(world, SETTINGS).changes if isinstance(change, WaitUntil)]
    assert [(wait.id, wait.values) for wait in waits] == [
        ("bound-icloudpd-config", ("Bound",)),
        ("bound-icloud-photos", ("Bound",)),
    ]


@pytest.mark.parametrize(
    ("world", "settings", "words"),
    [
        pytest.param(
            lambda: with_classes(fresh(), storage_class("a"), storage_class("b")),
            SETTINGS,
            "choose one with --storage-class",
            id="no default class",
        ),
        pytest.param(lambda: with_classes(fresh()), SETTINGS, "no storage class", id="no class"),
        pytest.param(
            lambda: replace(complete(), claims=Unreadable("forbidden", "You are not allowed to list them.")),
            SETTINGS,
            "You are not allowed to list them.",
            id="claims unreadable",
        ),
        pytest.param(
            lambda: replace(complete(), claims=Found(Page((), more=True))),
            SETTINGS,
            "Only some of the claims",
            id="claims cut short",
        ),
    ],
)
def test_what_is_in_the_way_is_said_and_nothing_is_planned(
    world: Callable[[], World], settings: Settings, words: str
) -> None:
    made = plan(world(), settings)
    assert made.changes == ()
    assert any(words in obstacle for obstacle in made.obstacles)


def test_a_namespace_on_its_way_out_takes_nothing() -> None:
    world = complete()
    assert isinstance(world.namespace, Found)
    made = plan(replace(world, namespace=Found(replace(world.namespace.value, phase="Terminating"))), SETTINGS)
    assert made.changes == ()
    assert "being deleted" in made.obstacles[0]


def test_the_class_that_was_chosen_needs_no_default() -> None:
    world = with_classes(fresh(), storage_class("a"), storage_class("b"))
    assert len(plan(world, SETTINGS.having(STORAGE_CLASS, "b")).changes) == 3


def test_its_rights_are_those_of_its_changes() -> None:
    assert plan(fresh(), SETTINGS).rights == (
        Right("create", "namespaces"),
        Right("patch", "namespaces"),
        Right("create", "persistentvolumeclaims", NS),
        Right("patch", "persistentvolumeclaims", NS),
    )
