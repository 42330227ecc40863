"""Iteration 1: the namespace and the claims exist, on a storage class that exists. A claim may wait for its first consumer."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.command import Command, Shell, kubectl, line, photosync_wizard
from wizard.facts.library_room import library_fits
from wizard.facts.objects import (
    application_of,
    class_of,
    events_about,
    manager_of,
    more_of,
    mounting_pods,
)
from wizard.facts.runners import namespace_unusable
from wizard.iterations import iteration
from wizard.manifests import storage, to_apply
from wizard.model import Blocker, Finding, Severity, Status
from wizard.quantity import bytes_of
from wizard.settings import Settings
from wizard.steps.base import Step, cut_short, unknown
from wizard.steps.storage.plan import plan
from wizard.steps.storage.table import claims_table
from wizard.steps.storage.volumes import check_multi_attach, check_reclaim, check_volume_full, growing
from wizard.world import Claim, Found, Missing, Page, StorageClass, Unreadable, World

WAIT_FOR_FIRST_CONSUMER = "WaitForFirstConsumer"
APPLY = photosync_wizard("apply", "storage")
_NO_CLASSES: Page[StorageClass] = Page()
_WRITABLE = frozenset({"ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"})


def claim_sizes(settings: Settings) -> dict[str, str]:
    """Every claim that the accounts need, with its size."""
    return {name: storage.size_of(claim) for name, claim in storage.claims(settings).items()}


def check_namespace(world: World, settings: Settings) -> Iterator[Finding]:
    name = settings.namespace
    match world.namespace:
        case Found(value=namespace) if namespace.phase == "Terminating":
            yield Finding(
                "storage.namespace-terminating",
                Severity.ERROR,
                f"The namespace {name} is being deleted.",
                evidence={f"namespace/{name} status.phase": "Terminating"},
                why="Nothing can be created in it, and everything in it, claims included, is being deleted too.",
                fix="Wait until it is gone, or find the finalizer that holds it up; then create it again.",
                commands=(kubectl("get", "namespace", name, "-o", "jsonpath={.status.conditions}"),),
                implies=Status.BLOCKED,
                blocker=Blocker(
                    "P0",
                    f"Namespace {name} is being deleted",
                    ("iteration_1", "iteration_2", "iteration_3"),
                    user_action_required=True,
                    estimated_minutes=10,
                    ready_when=_ready_when(settings),
                ),
            )
        case Found():
            yield Finding(
                "storage.namespace",
                Severity.OK,
                f"The namespace {name} exists.",
                {f"namespace/{name} status.phase": "Active"},
            )
        case Missing():
            elsewhere = _deployed_elsewhere(world, settings)
            yield Finding(
                "storage.namespace-missing",
                Severity.ERROR,
                f"There is no namespace {name} yet.",
                evidence={f"namespace/{name}": "not found"}
                | ({"the application deploys into": elsewhere} if elsewhere else {}),
                why="Everything that syncs photos lives in its own namespace.",
                fix=f"Look in {elsewhere} instead, where the application deploys; create {name} only if you want a second setup."
                if elsewhere
                else "Let the wizard create it, with the claims, or create it yourself.",
                commands=(
                    *((photosync_wizard("status", namespace=elsewhere),) if elsewhere else ()),
                    APPLY,
                    to_apply(storage.namespace(name)),
                ),
                implies=Status.ACTION_REQUIRED,
                blocker=Blocker(
                    "P0",
                    f"Namespace {name} does not exist",
                    ("iteration_2", "iteration_3", "iteration_4"),
                    user_action_required=True,
                    estimated_minutes=5,
                    ready_when=_ready_when(settings),
                ),
            )
        case Unreadable() as read:
            if isinstance(world.claims, Found) and world.claims.value.items:
                yield _proved_by_its_claims(name, read)
            else:
                yield unknown("storage.namespace-unreadable", f"The namespace {name}", read)


def _ready_when(settings: Settings) -> tuple[str, ...]:
    """What is true when the iteration is done."""
    claims = (f"PersistentVolumeClaim {claim} exists" for claim in claim_sizes(settings))
    return f"Namespace {settings.namespace} exists and is not being deleted", *claims


def _deployed_elsewhere(world: World, settings: Settings) -> str:
    """Another namespace into which our application deploys; empty when there is none."""
    there = world.application.value.destination_namespace if isinstance(world.application, Found) else ""
    return there if there != settings.namespace else ""


def _proved_by_its_claims(name: str, read: Unreadable) -> Finding:
    """A namespaced role often may not read its own namespace object; what is in it still tells."""
    return Finding(
        "storage.namespace-not-shown",
        Severity.INFO,
        f"You may not read the namespace {name} itself, but you can read the claims in it.",
        evidence={"reason": read.reason, "answer": read.message},
        why="The claims prove that it exists; whether it is being deleted can't be seen.",
    )


def check_claims(world: World, settings: Settings) -> Iterator[Finding]:
    match world.claims:
        case Unreadable() as read:
            yield unknown("storage.claims-unreadable", f"The claims in {settings.namespace}", read)
        case Missing():
            yield from _missing_claims(world, settings, list(claim_sizes(settings)))
        case Found(value=page):
            present = {claim.meta.name: claim for claim in page.items}
            absent = [name for name in claim_sizes(settings) if name not in present]
            if page.more:
                yield from (cut_short("storage.claims-unreadable", "claims", f"a claim {name}") for name in absent)
            else:
                yield from _missing_claims(world, settings, absent)
            for name, size in claim_sizes(settings).items():
                if name in present:
                    yield from _claim(present[name], size, world, settings)


def _missing_claims(world: World, settings: Settings, names: list[str]) -> Iterator[Finding]:
    if namespace_unusable(world):
        return
    sizes, claims = claim_sizes(settings), storage.claims(settings)
    for name in names:
        yield Finding(
            "storage.pvc-missing",
            Severity.ERROR,
            f"The claim {name} ({sizes[name]}) does not exist yet.",
            evidence={f"persistentvolumeclaim/{name}": "not found"},
            why="icloudpd keeps its session on one volume and the photos on another, and each volume needs a claim.",
            fix="Let the wizard create it, or create it yourself, in git if Argo CD manages this namespace.",
            commands=(APPLY, to_apply(claims[name])),
            implies=Status.ACTION_REQUIRED,
            blocker=Blocker(
                "P0",
                "Claims are missing",
                ("iteration_2", "iteration_3"),
                user_action_required=True,
                estimated_minutes=2,
                ready_when=(f"PersistentVolumeClaim {name} exists",),
            ),
        )


def _claim(claim: Claim, chosen_size: str, world: World, settings: Settings) -> Iterator[Finding]:
    where = f"persistentvolumeclaim/{claim.meta.name}"
    if claim.meta.deleting:
        yield Finding(
            "storage.pvc-deleting",
            Severity.ERROR,
            f"The claim {claim.meta.name} is being deleted, and will be gone as soon as no pod uses it.",
            evidence={f"{where} metadata.deletionTimestamp": claim.meta.deleting},
            why="Unless the volume's reclaim policy is Retain, its data goes with it.",
            fix="Copy its data while a pod still uses it; a deletion can't be undone.",
            commands=(kubectl("describe", "pvc", claim.meta.name, namespace=settings.namespace),),
            implies=Status.BLOCKED,
        )
    elif claim.phase == "Lost":
        yield Finding(
            "storage.pvc-lost",
            Severity.ERROR,
            f"The volume behind the claim {claim.meta.name} is gone.",
            evidence={f"{where} status.phase": "Lost", f"{where} spec.volumeName": claim.volume_name},
            why="The cluster can no longer reach what was on it.",
            fix="Restore the volume, or delete the claim and start with an empty one.",
            commands=(kubectl("get", "pv", claim.volume_name),),
            implies=Status.FAILED,
        )
    elif claim.phase == "Bound":
        yield Finding(
            "storage.pvc-bound",
            Severity.OK,
            f"The claim {claim.meta.name} is Bound, {claim.capacity or claim.requested}.",
            evidence={
                f"{where} status.phase": "Bound",
                f"{where} spec.volumeName": claim.volume_name,
                "managed by": manager_of(claim.meta, application_of(world, "PersistentVolumeClaim", claim.meta)),
            },
        )
    else:
        yield from _pending_claim(claim, where, world, settings)
    if claim.access_modes and not _WRITABLE.intersection(claim.access_modes):
        yield Finding(
            "storage.pvc-read-only",
            Severity.ERROR,
            f"Nothing can be written to the claim {claim.meta.name}.",
            evidence={f"{where} spec.accessModes": ", ".join(claim.access_modes)},
            why="icloudpd rewrites its session on every request, and the photos have to go somewhere.",
            fix="A claim's access modes can't be changed: replace it with one that has ReadWriteOnce.",
            implies=Status.ACTION_REQUIRED,
        )
    yield from _size(claim, chosen_size, where, world, settings)


def _pending_claim(claim: Claim, where: str, world: World, settings: Settings) -> Iterator[Finding]:
    describe = kubectl("describe", "pvc", claim.meta.name, namespace=settings.namespace)
    evidence: dict[str, object] = {f"{where} status.phase": claim.phase or "Pending"}
    failures = [
        event for event in events_about(world, "PersistentVolumeClaim", claim.meta.name) if event.type == "Warning"
    ]
    match world.storage_classes:
        case Unreadable() as read:
            yield unknown("storage.class-unreadable", "The storage classes", read)
            return
        case Found(value=page):
            chosen, finding = _class_of(claim, page, where, describe)
        case _:
            chosen, finding = _class_of(claim, _NO_CLASSES, where, describe)
    if finding:
        yield finding
        return
    if isinstance(world.events, Unreadable):
        yield _events_unreadable(claim, world.events)
    if failures:
        yield Finding(
            "storage.pvc-provisioning-failed",
            Severity.ERROR,
            f"No volume could be provisioned for the claim {claim.meta.name}.",
            evidence=evidence | {f"event {event.reason}": event.message for event in failures[-2:]},
            why="The provisioner tried and was refused; a pod that uses the claim can't start.",
            fix="The provisioner's message in the event says what went wrong.",
            commands=(describe,),
            implies=Status.BLOCKED,
        )
    elif chosen and chosen.binding_mode == WAIT_FOR_FIRST_CONSUMER:
        users = [pod for pod in mounting_pods(world, claim.meta.name) if pod.phase == "Pending"]
        evidence[f"storageclass/{chosen.meta.name} volumeBindingMode"] = WAIT_FOR_FIRST_CONSUMER
        if users:
            yield Finding(
                "storage.pvc-binding",
                Severity.INFO,
                f"The claim {claim.meta.name} is being bound for pod {users[0].meta.name}.",
                evidence=evidence | {f"pod/{users[0].meta.name} status.phase": "Pending"},
                fix="Look again in a minute; if nothing changes, the pod's events say why.",
                commands=(kubectl("describe", "pod", users[0].meta.name, namespace=settings.namespace), describe),
                implies=Status.IN_PROGRESS,
            )
        elif unread := next((read for read in (world.pods, world.job_pods) if isinstance(read, Unreadable)), None):
            yield unknown("storage.pvc-users-unreadable", f"Whether a pod uses the claim {claim.meta.name}", unread)
        elif more_of(world.pods) or more_of(world.job_pods):
            yield cut_short("storage.pvc-users-unreadable", "pods", f"a pod that uses the claim {claim.meta.name}")
        else:
            yield Finding(
                "storage.pvc-wait-for-first-consumer",
                Severity.INFO,
                f"The claim {claim.meta.name} is Pending because nothing uses it yet, which is normal.",
                evidence=evidence,
                why=f"Storage class {chosen.meta.name} provisions the volume only when the first pod that mounts the claim starts.",
                fix="Nothing to do: the first sign-in or sync binds it.",
                commands=(describe,),
            )
    else:
        yield Finding(
            "storage.pvc-pending",
            Severity.WARNING,
            f"The claim {claim.meta.name} is Pending although its class binds immediately.",
            evidence=evidence | {f"{where} spec.storageClassName": claim.storage_class or "(none)"},
            why="The provisioner has not responded yet, or is not running.",
            fix="Check that the provisioner's pod is running; the claim's events say what it tried.",
            commands=(describe, line(kubectl("get", "pods", "-A"), Shell(" | "), "grep", "-i", "provisioner")),
            implies=Status.IN_PROGRESS,
        )


def _events_unreadable(claim: Claim, read: Unreadable) -> Finding:
    return Finding(
        "storage.events-unreadable",
        Severity.INFO,
        f"Whether provisioning a volume for the claim {claim.meta.name} has failed can't be seen.",
        evidence={"events": read.message},
        why="Only the claim's events say so, and they could not be read.",
    )


def _class_of(
    claim: Claim, page: Page[StorageClass], where: str, describe: Command
) -> tuple[StorageClass | None, Finding | None]:
    names = ", ".join(item.meta.name for item in page.items) or "none"
    chosen = class_of(claim, page)
    if chosen or page.more:
        return chosen, None
    if claim.storage_class:
        return None, Finding(
            "storage.class-missing",
            Severity.ERROR,
            f"The claim {claim.meta.name} asks for storage class {claim.storage_class}, which this cluster does not have.",
            evidence={f"{where} spec.storageClassName": claim.storage_class, "storage classes": names},
            why="No provisioner serves that class, so only an existing PersistentVolume of the same class can be bound to it.",
            fix="If there is such a volume, check that it is Available, large enough and has the claim's access modes. "
            "Otherwise recreate the claim with a class from the list; nothing is on it yet.",
            commands=(kubectl("get", "pv"), kubectl("get", "storageclass"), describe),
            implies=Status.ACTION_REQUIRED,
        )
    if claim.storage_class == "":
        return None, Finding(
            "storage.pvc-no-volume",
            Severity.ERROR,
            f"The claim {claim.meta.name} asks for no storage class, and no existing volume matches it.",
            evidence={
                f"{where} spec.storageClassName": '""',
                f"{where} spec.volumeName": claim.volume_name or "(none)",
            },
            why='With storageClassName "" nothing is provisioned: somebody has to create the volume.',
            fix="Create a PersistentVolume of this size and these access modes, or recreate the claim with a named class.",
            commands=(kubectl("get", "pv"), kubectl("get", "storageclass")),
            implies=Status.ACTION_REQUIRED,
        )
    return None, Finding(
        "storage.no-default-class",
        Severity.ERROR,
        f"The claim {claim.meta.name} names no storage class, and this cluster has no default.",
        evidence={f"{where} spec.storageClassName": "(none)", "storage classes": names},
        why="No provisioner is responsible for the claim, so it stays Pending.",
        fix="Mark one class as the default, or recreate the claim with a named class.",
        commands=(
            kubectl("get", "storageclass"),
            kubectl(
                *("annotate", "storageclass", names if len(page.items) == 1 else "NAME"),
                "storageclass.kubernetes.io/is-default-class=true",
            ),
        ),
        implies=Status.ACTION_REQUIRED,
    )


def _size(claim: Claim, chosen_size: str, where: str, world: World, settings: Settings) -> Iterator[Finding]:
    size = claim.capacity or claim.requested
    if size and bytes_of(size) < bytes_of(chosen_size) and not library_fits(claim, world, settings):
        fix, commands = growing(claim, chosen_size, world, settings)
        yield Finding(
            "storage.pvc-small",
            Severity.WARNING,
            f"The claim {claim.meta.name} is {size}; {_whose(claim.meta.name, settings)} {chosen_size}.",
            evidence={f"{where} size": size},
            why="A first sync of a whole library stops when the volume is full.",
            fix=f"Leave it if your library is smaller than that. {fix}",
            commands=commands,
        )


def _whose(claim: str, settings: Settings) -> str:
    return "you chose" if settings.is_said(storage.size_choice(claim, settings)) else "the usual size is"


STEP = Step(
    iteration("storage"),
    "Two volumes from the cluster's storage: a small one for Apple's session, a large one for the photos. "
    "Every later step mounts them.",
    (
        check_namespace,
        check_claims,
        check_multi_attach,
        check_volume_full,
        check_reclaim,
    ),
    table=claims_table,
    work="create the namespace and the claims",
    plan=plan,
)
