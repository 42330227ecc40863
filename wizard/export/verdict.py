"""What `status` has to say in one number. The numbers are documented in docs/status.md and stable."""

from __future__ import annotations

from wizard.errors import Exit
from wizard.model import Report, Session, SessionState, Status

_STUCK = frozenset({Status.BLOCKED, Status.FAILED, Status.UNKNOWN})
_DUE = frozenset({SessionState.EXPIRING, SessionState.EXPIRED, SessionState.MISSING})


def exit_code(report: Report, warning_days: int) -> Exit:
    """BLOCKED before NEEDS_PERSON before DONE.

    What could not be read counts as blocked, since it may hide a failure; what is under way or waiting is not done.
    """
    statuses = {step.status for step in report.included}
    if statuses & _STUCK:
        return Exit.BLOCKED
    if statuses - {Status.COMPLETE} or _session_due(report, warning_days):
        return Exit.NEEDS_PERSON
    return Exit.DONE


def _session_due(report: Report, warning_days: int) -> bool:
    counts = any(step.id == "authentication" for step in report.included)
    return counts and any(_due(account.session, warning_days) for account in report.accounts)


def _due(session: Session, warning_days: int) -> bool:
    return session.state in _DUE or (session.days_left is not None and session.days_left <= warning_days)
