"""Pure edits of a scenario: each gives a changed copy, so that a failing world is a good one and what broke.

Objects are named by kind, name and namespace; naming one that is not there is a KeyError, so that no edit is in vain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any, cast

from wizard.demo.scenario import Scenario
from wizard.demo.scenarios.files import Object

OURS = "photo-sync"
ARGOCD = "argocd"


def key_of(item: Mapping[str, Any]) -> tuple[str, str, str]:
    """Kind, namespace and name; the namespace is empty for what has none."""
    metadata = item["metadata"]
    return item["kind"], metadata.get("namespace", ""), metadata["name"]


def found(scenario: Scenario, kind: str, name: str, namespace: str = OURS) -> Object:
    """A copy of one object; the namespace does not matter for kinds without. Raises KeyError."""
    for item in scenario.objects:
        if key_of(item) in ((kind, namespace, name), (kind, "", name)):
            return deepcopy(cast("Object", item))
    raise KeyError(f"{kind} {namespace}/{name}")


def pod_of(scenario: Scenario, owner: str, namespace: str = OURS) -> str:
    """Name of the pod that belongs to a Job, StatefulSet or Deployment. Raises KeyError."""
    for item in scenario.objects:
        kind, where, name = key_of(item)
        if kind == "Pod" and where == namespace and _belongs_to(owner, cast("Object", item)):
            return name
    raise KeyError(f"pod of {namespace}/{owner}")


def _belongs_to(owner: str, pod: Object) -> bool:
    return any(
        reference["name"] == owner
        or (reference["kind"] == "ReplicaSet" and reference["name"].rpartition("-")[0] == owner)
        for reference in pod["metadata"].get("ownerReferences", ())
    )


def log_of(pod: Mapping[str, Any]) -> str:
    """Where a pod's log is in `Scenario.logs`."""
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def with_objects(scenario: Scenario, *objects: Mapping[str, Any]) -> Scenario:
    """These objects added, in the place of those that they have the name of."""
    merged: dict[tuple[str, str, str], Mapping[str, object]] = {key_of(item): item for item in scenario.objects}
    merged |= {key_of(item): item for item in objects}
    return replace(scenario, objects=tuple(merged.values()))


def without(scenario: Scenario, kind: str, name: str, namespace: str = OURS) -> Scenario:
    """One object less, with its log and the events about it."""
    gone = key_of(found(scenario, kind, name, namespace))

    def about_it(item: Mapping[str, Any]) -> bool:
        involved = item.get("involvedObject", {})
        return (involved.get("kind"), involved.get("namespace", ""), involved.get("name")) == gone

    return replace(
        scenario,
        objects=tuple(item for item in scenario.objects if key_of(item) != gone and not about_it(item)),
        logs={pod: text for pod, text in scenario.logs.items() if kind != "Pod" or pod != f"{namespace}/{name}"},
    )


def without_namespace(scenario: Scenario, namespace: str) -> Scenario:
    """A namespace less, with everything in it and the volumes of its claims."""

    def in_it(item: Mapping[str, Any]) -> bool:
        claimed = item.get("spec", {}).get("claimRef", {}) if item["kind"] == "PersistentVolume" else {}
        where = (item["metadata"].get("namespace"), claimed.get("namespace"))
        return namespace in where or key_of(item) == ("Namespace", "", namespace)

    return replace(
        scenario,
        objects=tuple(item for item in scenario.objects if not in_it(item)),
        logs={pod: text for pod, text in scenario.logs.items() if not pod.startswith(f"{namespace}/")},
    )


def changed(
    scenario: Scenario, kind: str, name: str, change: Callable[[Object], None], namespace: str = OURS
) -> Scenario:
    """One object after `change` has edited a copy of it."""
    item = found(scenario, kind, name, namespace)
    change(item)
    return with_objects(scenario, item)


def merged(scenario: Scenario, kind: str, name: str, patch: Mapping[str, Any], namespace: str = OURS) -> Scenario:
    """One object with a JSON merge patch (RFC 7396) applied: None removes, lists are replaced whole."""
    return changed(scenario, kind, name, lambda item: merge(item, patch), namespace)


def merge(target: Object, patch: Mapping[str, Any]) -> None:
    """Applies a JSON merge patch to `target` in place."""
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, Mapping):
            inner = target.get(key)
            target[key] = inner if isinstance(inner, dict) else {}
            merge(target[key], value)
        else:
            target[key] = deepcopy(value)


def with_logs(scenario: Scenario, logs: Mapping[str, str]) -> Scenario:
    """Logs added, by "namespace/pod"."""
    return replace(scenario, logs=dict(scenario.logs) | dict(logs))


def with_proxy(scenario: Scenario, service: str, answers: Mapping[str, object]) -> Scenario:
    """Answers of the service proxy added or replaced, for "namespace/service:port"."""
    current_answers = dict(scenario.proxies.get(service, {}))
    return replace(scenario, proxies=dict(scenario.proxies) | {service: current_answers | dict(answers)})


def with_events(scenario: Scenario, events: Iterable[Mapping[str, Any]]) -> Scenario:
    """Events added."""
    return with_objects(scenario, *events)


def with_person(
    scenario: Scenario, apple_id: str, *, account: Mapping[str, Any] | None = None, **changes: Any
) -> Scenario:
    """One of the people changed: `account` in how Apple answers them, the rest in what they bring along. Raises KeyError."""
    if apple_id not in {account.account.apple_id for account in scenario.people}:
        raise KeyError(apple_id)
    people = tuple(
        replace(each, account=replace(each.account, **(account or {})), **changes)
        if each.account.apple_id == apple_id
        else each
        for each in scenario.people
    )
    return replace(scenario, people=people)


def named(scenario: Scenario, name: str, title: str) -> Scenario:
    """The same world under another name."""
    return replace(scenario, name=name, title=title)
