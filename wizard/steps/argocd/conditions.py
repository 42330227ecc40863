"""The known conditions of an Argo CD Application: a new one is an entry in CONDITIONS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wizard.command import Command, kubectl, line
from wizard.facts.objects import items
from wizard.model import Finding, Severity, Status
from wizard.world import Application, World


@dataclass(frozen=True, slots=True)
class Condition:
    """One known condition of an Application: its type, what its message matches, and what that means."""

    slug: str
    type: str
    pattern: re.Pattern[str]
    summary: str
    why: str
    fix: str
    severity: Severity = Severity.ERROR
    status: Status | None = Status.ACTION_REQUIRED


CONDITIONS: tuple[Condition, ...] = (
    Condition(
        "branch-missing",
        "ComparisonError",
        re.compile(r"unable to resolve '?([^' ]+)'? to a commit SHA"),
        "The application follows a branch that the repository does not have.",
        "Often main where the repository has master, or the other way around.",
        "See what the repository's branch is called, and set targetRevision to it.",
    ),
    Condition(
        "path-missing",
        "ComparisonError",
        re.compile(r"(\S+): app path does not exist"),
        "The application's path is not in the commit that it follows.",
        "The manifests were not pushed, or lie in another folder.",
        "Push them, or correct spec.source.path.",
    ),
    Condition(
        "repository-unreadable",
        "ComparisonError",
        re.compile(r"failed to list refs|repository not found|authentication required|connection refused|dial tcp"),
        "Argo CD can't read the repository.",
        "The URL is wrong, the server does not answer, or the repository is private and Argo CD has no credentials for it.",
        "Write the URL as Argo CD's other applications have it; credentials are a Secret labeled argocd.argoproj.io/secret-type.",
    ),
    Condition(
        "chart-refused",
        "ComparisonError",
        re.compile(r"subchart has been removed|existingClaim is required"),
        "The chart rejects the values that it is given.",
        "Immich's chart dropped its postgresql and redis parts in 0.10, and needs a claim for its library.",
        "Remove those keys and name an existing claim.",
    ),
    Condition(
        "manifest-broken",
        "ComparisonError",
        re.compile(r"Failed to unmarshal|yaml: line \d+|error converting YAML|failed to generate manifest|kustomize"),
        "A manifest in git can't be read.",
        "Nothing is compared or synced until it is fixed; the health shown is an old one.",
        "The message names the file and the line.",
    ),
    Condition(
        "comparison-failed",
        "ComparisonError",
        re.compile(r""),
        "Argo CD can't compare git with the cluster.",
        "While this lasts, the health shown is an old one.",
        "Its message says why.",
    ),
    Condition(
        "project-refuses",
        "InvalidSpecError",
        re.compile(r""),
        "The application's spec is not permitted.",
        "Its project does not exist, or does not permit this repository or destination.",
        "Use project default, or ask whoever owns the project.",
    ),
    Condition(
        "shared-object",
        "SharedResourceWarning",
        re.compile(r""),
        "Two applications own the same object, and undo each other's changes.",
        "One of them shows Synced and no warning.",
        "Keep one application per path; remove the other one alone, without its objects: argocd app delete NAME --cascade=false.",
        Severity.WARNING,
    ),
    Condition(
        "deletion-stuck",
        "DeletionError",
        re.compile(r""),
        "The application is being deleted and can't finish.",
        "An object that it owns is held by a finalizer.",
        "The message names the object; see what holds it.",
        status=Status.BLOCKED,
    ),
    Condition(
        "condition-other",
        "",
        re.compile(r""),
        "Argo CD reports a problem with the application.",
        "Its message says what it is.",
        "Fix what the message names.",
    ),
)


def _condition_for(kind: str, message: str) -> Condition | None:
    return next(
        (
            item
            for item in CONDITIONS
            if (item.type == kind or (not item.type and kind.endswith("Error"))) and item.pattern.search(message)
        ),
        None,
    )


def conditions_of(app: Application, world: World) -> Iterator[Finding]:
    """One finding per known condition of the application, and the warnings about it that others carry."""
    reported: set[str] = set()
    for kind, message in app.conditions + tuple(_of_others(app, world)):
        condition = _condition_for(kind, message)
        if condition is None or condition.slug in reported:
            continue
        reported.add(condition.slug)
        source = app.sources[0] if app.sources else None
        yield Finding(
            f"argocd.{condition.slug}",
            condition.severity,
            condition.summary,
            evidence={f"application/{app.meta.name} condition {kind}": message}
            | (
                {"repository": source.repo_url, "branch": source.target_revision or "HEAD", "path": source.path}
                if source
                else {}
            ),
            why=condition.why,
            fix=condition.fix,
            commands=(
                *_branches(condition, app),
                kubectl(
                    *("get", "application", app.meta.name, "-o", "jsonpath={.status.conditions}"),
                    namespace=app.meta.namespace,
                ),
            ),
            implies=condition.status,
        )


def _branches(condition: Condition, app: Application) -> Iterator[Command]:
    """Asks the repository what its branch is called."""
    if condition.slug == "branch-missing" and app.sources:
        yield line("git", "ls-remote", "--symref", app.sources[0].repo_url, "HEAD")


def _of_others(app: Application, world: World) -> Iterator[tuple[str, str]]:
    """Shared objects are reported on either of the applications, the other one says nothing."""
    for other in items(world.applications):
        if other.meta.uid == app.meta.uid and other.meta.name == app.meta.name:
            continue
        for kind, message in other.conditions:
            named = re.search(r"is part of applications (.+)$", message)
            parts = re.split(r"\s+and\s+|,\s*", named[1]) if named else []
            if kind == "SharedResourceWarning" and any(part.split("/")[-1] == app.meta.name for part in parts):
                yield kind, message
