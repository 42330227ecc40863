"""The sentence that says until when somebody is signed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wizard.signin.summary import until

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lasts", "said"),
    [
        (timedelta(days=29, hours=3), "Signed in until about 23 December (29 days)."),
        (timedelta(days=1, hours=3), "Signed in until about 25 November (1 day)."),
        (timedelta(hours=3), "Signed in until about 24 November (less than a day)."),
        (timedelta(days=-3), "it was to end on 21 November; Apple can end it at any time."),
        (timedelta(), "it was to end on 24 November; Apple can end it at any time."),
        (None, "Until when, the session's files don't say."),
    ],
)
def test_until(lasts: timedelta | None, said: str) -> None:
    assert until(None if lasts is None else NOW + lasts, NOW).endswith(said)
