"""The one number that `status` ends with."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.export.reports import NOON, VALID, report
from wizard.errors import Exit
from wizard.export import exit_code
from wizard.model import Session, SessionState, Status

WARNING_DAYS = 7


def lasting(days: int, state: SessionState = SessionState.VALID) -> Session:
    return Session(state, NOON + timedelta(days=days), days)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((), Exit.DONE),
        ((Status.SKIPPED, Status.SKIPPED), Exit.DONE),
        ((Status.ACTION_REQUIRED,), Exit.NEEDS_PERSON),
        ((Status.PENDING,), Exit.NEEDS_PERSON),
        ((Status.IN_PROGRESS,), Exit.NEEDS_PERSON),
        ((Status.BLOCKED,), Exit.BLOCKED),
        ((Status.FAILED,), Exit.BLOCKED),
        ((Status.UNKNOWN,), Exit.BLOCKED),
        ((Status.ACTION_REQUIRED, Status.BLOCKED), Exit.BLOCKED),
        ((Status.UNKNOWN, Status.PENDING), Exit.BLOCKED),
    ],
)
def test_the_worst_iteration_decides(statuses: tuple[Status, ...], expected: Exit) -> None:
    assert exit_code(report(*statuses), WARNING_DAYS) is expected


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        (VALID, Exit.DONE),
        (lasting(8), Exit.DONE),
        (lasting(7), Exit.NEEDS_PERSON),
        (lasting(0), Exit.NEEDS_PERSON),
        (lasting(20, SessionState.EXPIRING), Exit.NEEDS_PERSON),
        (lasting(-1, SessionState.EXPIRED), Exit.NEEDS_PERSON),
        (Session(SessionState.MISSING), Exit.NEEDS_PERSON),
        (Session(SessionState.UNVERIFIED), Exit.DONE),
    ],
)
def test_a_session_that_is_due_needs_a_person(session: Session, expected: Exit) -> None:
    assert exit_code(report(session=session), WARNING_DAYS) is expected
    assert exit_code(report(Status.BLOCKED, session=session), WARNING_DAYS) is Exit.BLOCKED


def test_a_session_nobody_wants_is_never_due() -> None:
    skipped = report(Status.COMPLETE, Status.COMPLETE, Status.SKIPPED, session=Session(SessionState.MISSING))
    assert exit_code(skipped, WARNING_DAYS) is Exit.DONE
