"""A plan: the changes for one purpose in order, the rights that they take, how each is taken back; and the review of a plan.

Pure. `wizard.apply.preview` makes a Review of a Plan, `wizard.apply.run` carries out exactly that Review.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from wizard.command import STDIN, Command, Shell, kubectl
from wizard.manifests.as_written import lasting, ordered_like, shown, without_values
from wizard.manifests.text import Manifest, as_yaml

FIELD_MANAGER = "photosync-wizard"


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """`resource` is a plural with its group and subresource ("jobs.batch", "pods/exec"); no namespace is the whole cluster."""

    verb: str
    resource: str
    namespace: str = ""

    @property
    def question(self) -> Command:
        """How a person would ask the server about it."""
        resource, _, subresource = self.resource.partition("/")
        tail = (f"--subresource={subresource}",) if subresource else ()
        return kubectl("auth", "can-i", self.verb, resource, *tail, namespace=self.namespace)


@dataclass(frozen=True, slots=True)
class Target:
    """One object: `resource` is its plural name, `group_version` as in a URL ("v1", "batch/v1"); no namespace is cluster-wide."""

    group_version: str
    kind: str
    resource: str
    namespace: str
    name: str

    @property
    def collection(self) -> str:
        """The path of its collection on the API server."""
        root = "/api" if "/" not in self.group_version else "/apis"
        place = f"/namespaces/{self.namespace}" if self.namespace else ""
        return f"{root}/{self.group_version}{place}/{self.resource}"

    @property
    def path(self) -> str:
        """Its own path on the API server."""
        return f"{self.collection}/{self.name}"

    @property
    def qualified(self) -> str:
        """Its resource as RBAC and kubectl name it: "cronjobs.batch"."""
        group, slash, _ = self.group_version.partition("/")
        return f"{self.resource}.{group}" if slash else self.resource

    def right(self, verb: str, subresource: str = "") -> Right:
        """The right to `verb` it."""
        return Right(verb, self.qualified + (f"/{subresource}" if subresource else ""), self.namespace)

    def kubectl(self, verb: str, *words: str | Shell) -> Command:
        """Kubectl doing something to this object."""
        return kubectl(verb, self.kind.lower(), self.name, *words, namespace=self.namespace)


def target_of(manifest: Mapping[str, Any], resource: str) -> Target:
    """The object that a manifest describes; `resource` is the plural of its kind."""
    metadata = manifest["metadata"]
    return Target(manifest["apiVersion"], manifest["kind"], resource, metadata.get("namespace", ""), metadata["name"])


class Effect(StrEnum):
    """What a change would do to the cluster as it is now."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    RUN = "run"
    WAIT = "wait"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change. `id` is its stable name within a plan; `undo` takes it back, and `no_undo` says why where nothing does.

    A new kind of change is a subclass, and an executor in `wizard.apply.executors`. `effect` is what such a change does where
    nobody has looked yet.
    """

    id: str
    title: str
    undo: tuple[Change, ...] = ()
    no_undo: str = ""
    effect: ClassVar[Effect]

    @property
    def subject(self) -> str:
        """What is changed, in a few words: "PersistentVolumeClaim icloud-photos"."""
        raise NotImplementedError

    @property
    def rights(self) -> tuple[Right, ...]:
        """What the server has to allow for it."""
        raise NotImplementedError

    @property
    def command(self) -> Command | None:
        """What a person would type to make it; None where nothing that can be typed does the same."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectChange(Change):
    """A change of one object in the cluster, or one that goes through it."""

    target: Target

    @property
    def subject(self) -> str:
        return f"{self.target.kind} {self.target.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyObject(ObjectChange):
    """Server-side apply of a manifest: creates the object, or changes the fields that the manifest has."""

    manifest: Manifest = field(repr=False)
    effect: ClassVar[Effect] = Effect.CHANGE

    @property
    def rights(self) -> tuple[Right, ...]:
        """The server asks for `create` as well where the object is not there yet."""
        return self.target.right("create"), self.target.right("patch")

    @property
    def command(self) -> Command:
        """Kubectl's own server-side apply."""
        words = ("apply", "--server-side", f"--field-manager={FIELD_MANAGER}", "-f", STDIN)
        text = as_yaml(without_values(self.target.kind, self.manifest))
        return kubectl(*words, namespace=self.target.namespace, stdin=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateObject(ObjectChange):
    """Creates an object that nobody has made before."""

    manifest: Manifest = field(repr=False)
    effect: ClassVar[Effect] = Effect.CREATE

    @property
    def rights(self) -> tuple[Right, ...]:
        return (self.target.right("create"),)

    @property
    def command(self) -> Command:
        text = as_yaml(without_values(self.target.kind, self.manifest))
        return kubectl("create", "-f", STDIN, namespace=self.target.namespace, stdin=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchObject(ObjectChange):
    """A JSON merge patch of an object that is there. Not `typed`: what it writes is known only when it is made."""

    patch: Mapping[str, Any] = field(repr=False)
    typed: bool = True
    effect: ClassVar[Effect] = Effect.CHANGE

    @property
    def rights(self) -> tuple[Right, ...]:
        return (self.target.right("patch"),)

    @property
    def command(self) -> Command | None:
        if not self.typed:
            return None
        patch = json.dumps(without_values(self.target.kind, self.patch), separators=(",", ":"))
        return self.target.kubectl("patch", "--type", "merge", "-p", patch)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteObject(ObjectChange):
    """Deletes an object; `uid` is that of the one that was seen, so that no namesake goes in its place."""

    uid: str = ""
    grace_seconds: int | None = None
    effect: ClassVar[Effect] = Effect.DELETE

    @property
    def rights(self) -> tuple[Right, ...]:
        return (self.target.right("delete"),)

    @property
    def command(self) -> Command:
        grace = () if self.grace_seconds is None else (f"--grace-period={self.grace_seconds}",)
        return self.target.kubectl("delete", *grace)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInPod(ObjectChange):
    """Something that is done inside a pod by whoever holds it open; `target` is the pod, or the Job that makes it.

    `through` is how it is reached: "exec", or "attach" for what its main program asks.
    """

    through: str = "exec"
    effect: ClassVar[Effect] = Effect.RUN

    @property
    def rights(self) -> tuple[Right, ...]:
        """A websocket begins with a GET, for which newer servers want `create` too."""
        return tuple(Right(verb, f"pods/{self.through}", self.target.namespace) for verb in ("get", "create"))

    @property
    def command(self) -> None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntil(ObjectChange):
    """Changes nothing: waits until `field` of the object ("status.phase") has one of `values`, for `seconds` at most."""

    field: str
    values: tuple[str, ...]
    seconds: float
    effect: ClassVar[Effect] = Effect.WAIT

    @property
    def rights(self) -> tuple[Right, ...]:
        return (self.target.right("get"),)

    @property
    def command(self) -> Command:
        condition = f"--for=jsonpath={{.{self.field}}}={self.values[0]}"
        return self.target.kubectl("wait", condition, f"--timeout={self.seconds:.0f}s")

    def holds(self, manifest: Mapping[str, Any]) -> bool:
        """Whether it is true of the object as the server has it."""
        return self.value(manifest) in self.values

    def value(self, manifest: Mapping[str, Any]) -> str:
        """What the field says there; empty where the object has no such field."""
        value: Any = manifest
        for key in self.field.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done for one purpose, in this order.

    `notes` are sentences that the person should know before; `obstacles` say what has to be out of the way first: a plan that
    has any can't be carried out.
    """

    title: str
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    obstacles: tuple[str, ...] = ()

    def __getitem__(self, change_id: str) -> Change:
        """The change with this id. Raises KeyError."""
        for change in self.changes:
            if change.id == change_id:
                return change
        raise KeyError(change_id)

    def __contains__(self, change_id: object) -> bool:
        return any(change.id == change_id for change in self.changes)

    @property
    def rights(self) -> tuple[Right, ...]:
        """Everything that its changes take, each once, in their order."""
        return tuple(dict.fromkeys(right for change in self.changes for right in change.rights))


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that somebody else manages and the change would set: `field` as ".spec.suspend", `manager` as the server has it."""

    field: str
    manager: str


@dataclass(frozen=True, slots=True)
class ReviewedChange:
    """A change, and the object as it is and as it would be; None where there is none. `notes` are the server's warnings and ours.

    `before` and `after` are as the server has them; what is shown of them is `diff`, in which no Secret's value stands.
    """

    change: Change
    effect: Effect
    before: Manifest | None = field(default=None, repr=False)
    after: Manifest | None = field(default=None, repr=False)
    conflicts: tuple[FieldConflict, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def as_planned(cls, change: Change, effect: Effect, *notes: str) -> ReviewedChange:
        """The change as it was planned, where the server could not rehearse it."""
        manifest = getattr(change, "manifest", None)
        return cls(change, effect, after=dict(manifest) if manifest else None, notes=notes)

    @property
    def diff(self) -> str:
        """What changes in the object, as a unified diff of YAML without file names; empty where nothing does."""
        if self.conflicts:
            return ""
        before, after = shown(self.before or {}), shown(self.after or {})
        texts = (as_yaml(side).splitlines() if side else [] for side in (before, ordered_like(before, after)))
        before_lines, after_lines = texts
        return "\n".join(list(difflib.unified_diff(before_lines, after_lines, lineterm="", n=2))[2:])


@dataclass(frozen=True, slots=True)
class Review:
    """A plan, held against the cluster. `changes` are those that do something, `unchanged` those whose effect is there already.

    `refused` are rights that the server denies, `unanswered` those that it did not answer for.
    """

    plan: Plan
    changes: tuple[ReviewedChange, ...]
    unchanged: tuple[Change, ...] = ()
    refused: tuple[Right, ...] = ()
    unanswered: tuple[Right, ...] = ()

    @property
    def conflicts(self) -> tuple[FieldConflict, ...]:
        """Everything that somebody else manages and the plan would set."""
        return tuple(conflict for reviewed in self.changes for conflict in reviewed.conflicts)

    @property
    def is_blocked(self) -> bool:
        """Whether it can't be carried out as it is."""
        return bool(self.plan.obstacles or self.refused or self.conflicts)

    @property
    def digest(self) -> str:
        """Names what was reviewed: the same changes to the same objects, as they are, give the same text; status aside."""
        parts = [(asdict(reviewed.change), reviewed.effect, lasting(reviewed.before)) for reviewed in self.changes]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


class Phase(StrEnum):
    """Where a change stands while a plan is carried out."""

    STARTED = "started"
    NOTE = "note"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Progress:
    """A change has moved; `detail` says in a few words what is awaited, what the server warned of, or what went wrong."""

    change: Change
    phase: Phase
    detail: str = ""
