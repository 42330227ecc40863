"""Carries out one Action on the cluster. Server-side apply as `photosync-wizard`, never with force."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from wizard.errors import Trouble
from wizard.kube.client import Cluster
from wizard.kube.errors import NotFound
from wizard.model import Action, Verb

FIELD_MANAGER = "photosync-wizard"
_MERGE = "application/merge-patch+json"
_APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of it: the object as the server has it now (empty after a delete), and its warnings."""

    object: dict[str, Any] = field(default_factory=dict, repr=False)
    warnings: tuple[str, ...] = ()


async def execute(cluster: Cluster, action: Action) -> Applied:
    """Makes the change. Deleting what is gone already is done as well. Raises Trouble with the server's reason."""
    target = action.target
    one = f"{target.path}/{target.name}"
    match action.verb:
        case Verb.APPLY:
            body = {"apiVersion": target.group_version, "kind": target.kind, **_mapping(action)}
            answer = await cluster.send(
                "PATCH", one, body=body, content_type=_APPLY, query={"fieldManager": FIELD_MANAGER}
            )
        case Verb.CREATE:
            answer = await cluster.send(
                "POST",
                target.path,
                body=_mapping(action),
                query={"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"},
            )
        case Verb.PATCH:
            answer = await cluster.send(
                "PATCH", one, body=_mapping(action), content_type=_MERGE, query={"fieldManager": FIELD_MANAGER}
            )
        case Verb.DELETE:
            try:
                answer = await cluster.send("DELETE", one, body={"propagationPolicy": "Background", **_mapping(action)})
            except NotFound:
                return Applied()
            return Applied(warnings=answer.warnings)
        case Verb.RUN:
            raise Trouble("apply.run", "A command inside a pod is carried out by whoever has the pod open.")
    return Applied(answer.body, answer.warnings)


def _mapping(action: Action) -> dict[str, Any]:
    return dict(action.body) if isinstance(action.body, dict) else {}
