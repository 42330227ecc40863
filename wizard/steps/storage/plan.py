"""Iteration 1's plan: the namespace and the claims that are missing, and what keeps Argo CD from deleting those that are there."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.annotations import SYNC_OPTIONS
from wizard.choice_values import value_of
from wizard.choices import PHOTOS_CLAIM, STORAGE_CLASS
from wizard.facts.objects import application_of, items, lacking_protection, with_protection
from wizard.manifests import Manifest, storage
from wizard.plan import ApplyObject, Change, DeleteObject, PatchObject, Plan, Target, WaitUntil, target_of
from wizard.quantity import bytes_of
from wizard.settings import Settings
from wizard.world import Claim, Found, Missing, Unreadable, World

CLAIMS = "persistentvolumeclaims"
BINDING_SECONDS = 300.0
"""How long a claim of a class that binds at once may take."""


def plan(world: World, settings: Settings) -> Plan:
    """What iteration 1 lacks in this world. Never shrinks a claim, and makes none again that is there."""
    title = f"Storage in the namespace {settings.namespace}"
    if obstacles := tuple(_obstacles(world, settings)):
        return Plan(title, obstacles=obstacles)
    present = {claim.meta.name: claim for claim in items(world.claims)}
    storage_class = _storage_class(world, settings)
    changes: list[Change] = list(_namespace(world, settings))
    notes: list[str] = []
    waits: list[Change] = []
    for name, manifest in storage.claims(settings, storage_class=storage_class).items():
        if claim := present.get(name):
            changes += _protection(claim, world, notes)
            notes += _other_size(claim, manifest, settings)
        elif _kept_in_git(name, world, settings):
            notes.append(
                f"The claim {name} is in the git repository that Argo CD follows: a sync creates it, not the wizard."
            )
        else:
            changes.append(_claim(manifest))
            waits += _binding(manifest, storage_class, world)
    return Plan(title, (*changes, *waits), tuple(notes))


def _obstacles(world: World, settings: Settings) -> Iterator[str]:
    match world.namespace:
        case Found(value=namespace) if namespace.phase == "Terminating":
            yield f"The namespace {settings.namespace} is being deleted: nothing can be created in it until it is gone."
    match world.claims:
        case Unreadable(message=message):
            yield f"The claims in {settings.namespace} could not be read. {message}"
        case Found(value=page) if page.more:
            yield f"Only some of the claims in {settings.namespace} were read, so it is unknown which are missing."
    claims = {claim.meta.name: claim for claim in items(world.claims)}
    for name in storage.claims(settings):
        if name in claims and claims[name].meta.deleting:
            yield f"The claim {name} is being deleted: it can be created again once it is gone."
    match world.storage_classes:
        case Found(value=classes) if not classes.more and not claims.keys() >= storage.claims(settings).keys():
            yield from _class_obstacles([item.meta.name for item in classes.items], _storage_class(world, settings))
    if len(storage.claims(settings)) <= len(settings.accounts):
        name = settings[PHOTOS_CLAIM]
        yield f"The photos and a session would share the claim {name}: choose another with {PHOTOS_CLAIM.flag}."


def _class_obstacles(classes: list[str], chosen: str | None) -> Iterator[str]:
    names = ", ".join(classes)
    if chosen and chosen not in classes:
        there_are = f"there are {names}" if names else "the cluster has none"
        yield f"There is no storage class {chosen} ({there_are}): choose one with {STORAGE_CLASS.flag}."
    elif not chosen:
        yield (
            f"None of the storage classes is the default ({names}): choose one with {STORAGE_CLASS.flag}."
            if names
            else "The cluster has no storage class, so nothing would provision a volume for a claim."
        )


def _storage_class(world: World, settings: Settings) -> str | None:
    return value_of(STORAGE_CLASS, world, settings).value


def _namespace(world: World, settings: Settings) -> Iterator[Change]:
    if isinstance(world.namespace, Missing):
        manifest = storage.namespace(settings.namespace)
        yield ApplyObject(
            id="namespace",
            title=f"Create the namespace {settings.namespace}",
            target=target_of(manifest, "namespaces"),
            manifest=manifest,
            no_undo="Deleting a namespace deletes everything in it, including the claims with the photos.",
        )


def _claim(manifest: Manifest) -> Change:
    target = target_of(manifest, CLAIMS)
    removal = DeleteObject(
        id=f"remove-{target.name}",
        title=f"Delete the claim {target.name}, with everything on it",
        target=target,
        no_undo="What was on the claim is gone with it.",
    )
    return ApplyObject(
        id=f"claim-{target.name}",
        title=f"Create the claim {target.name} ({storage.size_of(manifest)})",
        target=target,
        manifest=manifest,
        undo=(removal,),
    )


def _protection(claim: Claim, world: World, notes: list[str]) -> Iterator[Change]:
    """What adds the sync options that keep Argo CD from deleting a claim that is there, beside those that it has."""
    if not lacking_protection(claim.meta):
        return
    name, options = claim.meta.name, with_protection(claim.meta)
    if application := application_of(world, "PersistentVolumeClaim", claim.meta):
        notes.append(
            f"Argo CD manages the claim {name} from git (application {application}) and may delete it: "
            f"its file there has to say {SYNC_OPTIONS}: {options}."
        )
        return
    target = Target("v1", "PersistentVolumeClaim", CLAIMS, claim.meta.namespace, name)
    yield PatchObject(
        id=f"protect-{name}",
        title=f"Keep Argo CD from ever deleting the claim {name}",
        target=target,
        patch={"metadata": {"annotations": {SYNC_OPTIONS: options}}},
        undo=(
            PatchObject(
                id=f"unprotect-{name}",
                title=f"Let Argo CD delete the claim {name} again",
                target=target,
                patch={"metadata": {"annotations": {SYNC_OPTIONS: claim.meta.annotations.get(SYNC_OPTIONS)}}},
            ),
        ),
    )


def _other_size(claim: Claim, manifest: Manifest, settings: Settings) -> Iterator[str]:
    """What becomes of a size that was chosen for a claim that is there: this plan leaves it as it is."""
    size, chosen = claim.capacity or claim.requested, storage.size_of(manifest)
    if settings.is_said(storage.size_choice(claim.meta.name, settings)) and bytes_of(size) != bytes_of(chosen):
        yield f"The claim {claim.meta.name} exists with {size} and stays as it is: you chose {chosen}."


def _kept_in_git(name: str, world: World, settings: Settings) -> bool:
    """Whether our application would make this claim at its next sync."""
    app = world.application.value if isinstance(world.application, Found) else None
    this = ("PersistentVolumeClaim", name, settings.namespace)
    return bool(app and any((item.kind, item.name, item.namespace) == this for item in app.resources))


def _binding(manifest: Manifest, storage_class: str | None, world: World) -> Iterator[Change]:
    """What waits until the claim is bound, where its class doesn't wait for a pod that mounts it."""
    chosen = next((item for item in items(world.storage_classes) if item.meta.name == storage_class), None)
    if chosen and chosen.binding_mode == "Immediate":
        target = target_of(manifest, CLAIMS)
        yield WaitUntil(
            id=f"bound-{target.name}",
            title=f"Wait until the claim {target.name} has its volume",
            target=target,
            field="status.phase",
            values=("Bound",),
            seconds=BINDING_SECONDS,
        )
