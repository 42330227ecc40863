"""How objects are applied, created, patched and deleted: rehearsed by the server's dry run, then done. Never with force.

Every request names the field manager and has unknown fields refused.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wizard.kube.client import Answer, Cluster
from wizard.kube.errors import Conflict, NotFound
from wizard.manifests.as_written import same
from wizard.plan import (
    FIELD_MANAGER,
    ApplyObject,
    CreateObject,
    DeleteObject,
    Effect,
    FieldConflict,
    ObjectChange,
    PatchObject,
    ReviewedChange,
)

_MERGE = "application/merge-patch+json"
_APPLY = "application/apply-patch+yaml"
_STRICT = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
_REHEARSED = {"dryRun": "All"}
_MANAGER = re.compile(r'conflict with "([^"]+)"')


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of it: the object as the server has it now (empty after a delete), and its warnings."""

    object: dict[str, Any] = field(default_factory=dict, repr=False)
    warnings: tuple[str, ...] = ()


async def send(cluster: Cluster, change: ObjectChange, *, rehearse: bool = False) -> Applied:
    """Makes the change, or has the server rehearse it. Deleting what is gone already is done as well. Raises WizardError."""
    query = {**_STRICT, **_REHEARSED} if rehearse else _STRICT
    path = change.target.path
    match change:
        case ApplyObject(manifest=manifest):
            answer = await cluster.send("PATCH", path, body=manifest, content_type=_APPLY, query=query)
        case CreateObject(manifest=manifest):
            answer = await cluster.send("POST", change.target.collection, body=manifest, query=query)
        case PatchObject(patch=patch):
            answer = await cluster.send("PATCH", path, body=patch, content_type=_MERGE, query=query)
        case DeleteObject():
            return await _delete(cluster, change, rehearse=rehearse)
        case _:
            raise TypeError(f"{type(change).__name__} is not a change of an object")
    return Applied(answer.body, answer.warnings)


async def _delete(cluster: Cluster, change: DeleteObject, *, rehearse: bool) -> Applied:
    body: dict[str, Any] = {"propagationPolicy": "Background"}
    if change.uid:
        body["preconditions"] = {"uid": change.uid}
    if change.grace_seconds is not None:
        body["gracePeriodSeconds"] = change.grace_seconds
    try:
        answer: Answer = await cluster.send(
            "DELETE", change.target.path, body=body, query=_REHEARSED if rehearse else None
        )
    except NotFound:
        return Applied()
    except Conflict:
        if change.uid and not await _is_there(cluster, change):
            return Applied()
        raise
    return Applied(warnings=answer.warnings)


async def _is_there(cluster: Cluster, change: DeleteObject) -> bool:
    """Whether the very object that was seen is there; a namesake is another one."""
    before = await read(cluster, change)
    return before is not None and before["metadata"]["uid"] == change.uid


async def read(cluster: Cluster, change: ObjectChange) -> dict[str, Any] | None:
    """The object as it is; None when it is not there."""
    try:
        body: dict[str, Any] = await cluster.get(change.target.path)
    except NotFound:
        return None
    return body


async def preview(cluster: Cluster, change: ObjectChange, to_be_made: frozenset[str]) -> ReviewedChange:
    """The change held against the object as it is; `to_be_made` are namespaces that the same plan makes before.

    Raises WizardError for what the server would refuse, but for fields that others manage: those are in the result.
    """
    if change.target.namespace in to_be_made:
        note = f"The server can't dry-run it before the namespace {change.target.namespace} exists."
        return ReviewedChange.as_planned(change, Effect.CREATE, note)
    before = await read(cluster, change)
    if isinstance(change, DeleteObject):
        there = before is not None and change.uid in ("", before["metadata"]["uid"])
        return ReviewedChange(change, Effect.DELETE if there else Effect.NONE, before=before if there else None)
    try:
        rehearsed = await send(cluster, change, rehearse=True)
    except Conflict as conflict:
        conflicts = _conflicts(conflict.causes)
        if not conflicts:
            raise
        return ReviewedChange(change, Effect.CHANGE, before, None, conflicts)
    if same(before, rehearsed.object):
        return ReviewedChange(change, Effect.NONE, before, rehearsed.object, notes=rehearsed.warnings)
    effect = Effect.CREATE if before is None else Effect.CHANGE
    return ReviewedChange(change, effect, before, rehearsed.object, notes=rehearsed.warnings)


async def run(cluster: Cluster, change: ObjectChange) -> AsyncGenerator[str, None]:
    """Makes the change; gives the server's warnings."""
    for warning in (await send(cluster, change)).warnings:
        yield warning


def _conflicts(causes: tuple[Mapping[str, Any], ...]) -> tuple[FieldConflict, ...]:
    return tuple(
        FieldConflict(str(cause.get("field", "")), named[1] if named else "somebody else")
        for cause in causes
        if cause.get("reason") == "FieldManagerConflict"
        for named in (_MANAGER.search(str(cause.get("message", ""))),)
    )
