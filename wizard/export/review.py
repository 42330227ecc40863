"""A review in the forms that others read: JSON, and lines for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wizard.command import Address
from wizard.plan import Change, Effect, ObjectChange, Review, ReviewedChange, Right, Target

SCHEMA = 1
_SIGNS = {Effect.CREATE: "+", Effect.CHANGE: "~", Effect.DELETE: "-", Effect.RUN: ">", Effect.WAIT: "…"}


def to_document(step_id: str, review: Review, address: Address) -> dict[str, Any]:
    """The content of `plan -o json`: every field always there, no Secret's value in any of them."""
    return {
        "schema": SCHEMA,
        "step": step_id,
        "title": review.plan.title,
        "digest": review.digest,
        "blocked": review.is_blocked,
        "obstacles": list(review.plan.obstacles),
        "rights_refused": [_right(right) for right in review.refused],
        "rights_unanswered": [_right(right) for right in review.unanswered],
        "changes": [_change(reviewed, address) for reviewed in review.changes],
        "unchanged": [change.id for change in review.unchanged],
        "notes": list(review.plan.notes),
    }


def _right(right: Right) -> dict[str, str]:
    return {"verb": right.verb, "resource": right.resource, "namespace": right.namespace}


def _object(target: Target) -> dict[str, str]:
    return {"kind": target.kind, "namespace": target.namespace, "name": target.name}


def _change(reviewed: ReviewedChange, address: Address) -> dict[str, Any]:
    change = reviewed.change
    return {
        "id": change.id,
        "title": change.title,
        "effect": reviewed.effect.value,
        "object": _object(change.target) if isinstance(change, ObjectChange) else None,
        "diff": reviewed.diff,
        "conflicts": [{"field": conflict.field, "manager": conflict.manager} for conflict in reviewed.conflicts],
        "notes": list(reviewed.notes),
        "command": address.line(change.command) if change.command else None,
        "undo": [address.line(undo.command) for undo in change.undo if undo.command],
        "no_undo": change.no_undo or None,
    }


def to_lines(review: Review, address: Address) -> Iterator[str]:
    """The review for a person at a terminal."""
    yield review.plan.title
    for sentence in review.plan.obstacles:
        yield f"✗ {sentence}"
    for right in review.refused:
        yield f"✗ You don't have permission to {right.verb} {right.resource}{_place(right)}."
        yield f"    {address.line(right.question)}"
    for right in review.unanswered:
        yield f"? It is unknown whether you may {right.verb} {right.resource}{_place(right)}."
    for reviewed in review.changes:
        yield from _lines_of(reviewed)
    for change in review.unchanged:
        yield f"✓ {_as_is(change)}"
    if not review.changes and not review.plan.obstacles:
        yield "✓ Nothing for the wizard to change."
    yield from (f"  {note}" for note in review.plan.notes)


def _lines_of(reviewed: ReviewedChange) -> Iterator[str]:
    yield f"{_SIGNS.get(reviewed.effect, ' ')} {reviewed.change.title}"
    yield from (f"    {line}" for line in reviewed.diff.splitlines() if not line.startswith("@@"))
    for conflict in reviewed.conflicts:
        yield f"  ✗ {conflict.manager} manages {conflict.field}, which this would change."
    yield from (f"    {note}" for note in reviewed.notes)


def _place(right: Right) -> str:
    return f" in {right.namespace}" if right.namespace else ""


def _as_is(change: Change) -> str:
    return f"{change.subject} is as it should be."
