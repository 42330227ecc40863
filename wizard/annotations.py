"""The annotations in which the wizard keeps what can't be observed any more. Never a secret.

On the config claim: when the session was last proved, until when its files say that it lasts (RFC 3339, UTC), what iCloud
held then (JSON: count, bytes or null, at), and which file there holds a password in clear (its path, relative to the claim).
On the photos claim: the external library and the last verification, with its counts as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

PREFIX = "photosync-wizard/"
SESSION_VERIFIED_AT = PREFIX + "session-verified-at"
SESSION_EXPIRES_AT = PREFIX + "session-expires-at"
LIBRARY_COUNT = PREFIX + "library-count"
PASSWORD_IN_CLEAR = PREFIX + "password-in-clear"
LIBRARY = PREFIX + "library"
VERIFIED_AT = PREFIX + "verified-at"
VERIFIED_COUNTS = PREFIX + "verified-counts"
RUNBOOK_WRITTEN_AT = PREFIX + "runbook-written-at"
SUSPENDED_BY = PREFIX + "suspended-by"

PURPOSE = PREFIX + "purpose"
"""The label of our own Jobs, and its value on those through which a session is handed over."""
HANDOVER = "handover"
HANDOVER_KEPT_SECONDS = 60
"""How long the cluster keeps such a Job once it has finished."""

TRACKING_ID = "argocd.argoproj.io/tracking-id"
SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
INSTANTIATE = "cronjob.kubernetes.io/instantiate"


def parse_time(text: str | None) -> datetime | None:
    """An RFC 3339 time as UTC; None for nothing and for anything else."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def application_in(tracking_id: str) -> str:
    """The Argo CD application that a tracking id names; empty where it names none."""
    return tracking_id.partition(":")[0]


def written(moment: datetime) -> str:
    """A time as it stands in an annotation: RFC 3339, UTC, whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def read_json(annotations: Mapping[str, str], key: str) -> Mapping[str, Any]:
    """The JSON object in an annotation; empty when it is absent or no object."""
    try:
        value = json.loads(annotations.get(key, ""))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
