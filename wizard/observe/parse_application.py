"""Argo CD's Application from its JSON: pure, tolerant of whatever is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wizard.annotations import TRACKING_ID, application_in
from wizard.errors import shorten
from wizard.observe.json_values import listed, meta, record, records, text, when
from wizard.world import Application, AppResource, AppSource

MESSAGE_LIMIT = 1024
RESOURCE_LIMIT = 200
_USER_INFO = re.compile(r"\b([A-Za-z][\w+.-]*)://([^/\s]*)@")


def application(body: Any) -> Application:
    """An Application; of its resources the first 200, messages cut to 1,024 characters."""
    raw = record(body)
    spec, status = record(raw.get("spec")), record(raw.get("status"))
    policy = record(spec.get("syncPolicy"))
    automated = policy.get("automated")
    details = record(automated)
    on = isinstance(automated, Mapping) and details.get("enabled", True) is not False
    destination = record(spec.get("destination"))
    sync, operation = record(status.get("sync")), record(status.get("operationState"))
    result = record(operation.get("syncResult"))
    asked = record(record(operation.get("operation")).get("sync"))
    return Application(
        meta=meta(body),
        project=text(spec.get("project")),
        sources=tuple(_source(source) for source in records(spec.get("sources")) or records([spec.get("source")])),
        destination_namespace=text(destination.get("namespace")),
        destination_server=text(destination.get("server") or destination.get("name")),
        automated=on,
        prune=on and bool(details.get("prune")),
        self_heal=on and bool(details.get("selfHeal")),
        ignored_paths=_ignored(spec),
        looked_at=bool(status),
        sync=text(sync.get("status")),
        health=text(record(status.get("health")).get("status")),
        compared_revision=_revision(sync),
        operation_phase=text(operation.get("phase")),
        operation_message=_message(operation),
        operation_revision=_revision(result) or _revision(asked),
        operation_finished=when(operation.get("finishedAt")),
        conditions=tuple(
            (text(condition.get("type")), _message(condition)) for condition in records(status.get("conditions"))
        ),
        resources=tuple(_resource(resource) for resource in records(status.get("resources"))[:RESOURCE_LIMIT]),
    )


def tracking_application(annotations: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """The Application that a managed object names: its tracking-id up to the colon, or the label of before 3.0.

    The label is also Helm's, so it is a hint only; empty when neither is there.
    """
    return application_in(annotations.get(TRACKING_ID, "")) or labels.get("argocd.argoproj.io/instance", "")


def without_credentials(text_with_urls: str) -> str:
    """`said` without what stands before the @ in its addresses; of ssh addresses the user's name stays, as it is needed."""
    return _USER_INFO.sub(
        lambda match: f"{match[1]}://{match[2].partition(':')[0]}@" if match[1].endswith("ssh") else f"{match[1]}://",
        text_with_urls,
    )


def _message(raw: Mapping[str, Any]) -> str:
    return shorten(without_credentials(text(raw.get("message"))), MESSAGE_LIMIT)


def _revision(raw: Mapping[str, Any]) -> str:
    return text(raw.get("revision")) or next(
        (text(revision) for revision in listed(raw.get("revisions")) if revision), ""
    )


def _source(raw: Mapping[str, Any]) -> AppSource:
    return AppSource(
        repo_url=without_credentials(text(raw.get("repoURL"))),
        target_revision=text(raw.get("targetRevision")),
        path=text(raw.get("path")),
        chart=text(raw.get("chart")),
    )


def _ignored(spec: Mapping[str, Any]) -> tuple[str, ...]:
    paths = []
    for entry in records(spec.get("ignoreDifferences")):
        paths += [text(path) for key in ("jsonPointers", "jqPathExpressions") for path in listed(entry.get(key))]
    return tuple(dict.fromkeys(paths))


def _resource(raw: Mapping[str, Any]) -> AppResource:
    return AppResource(
        kind=text(raw.get("kind")),
        name=text(raw.get("name")),
        namespace=text(raw.get("namespace")),
        group=text(raw.get("group")),
        status=text(raw.get("status")),
        health=text(record(raw.get("health")).get("status")),
        requires_pruning=bool(raw.get("requiresPruning")),
    )
