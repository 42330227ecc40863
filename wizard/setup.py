"""What was worked out about the person's setup: the rows of the first-run screen. Pure functions of World and Settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SetupRow:
    """One row: `id` ("cluster", "access", "storage", "argocd", "git", "immich", "ingress", "time-zone", "apple-id"), a label,
    the value in a person's words, where it came from, and `state` ok, missing, ask or unknown."""

    id: str
    label: str
    value: str
    source: str
    state: str
