"""What people type, the ladder, and whether a library fits: pure functions in tables."""

from __future__ import annotations

import pytest

from wizard.command import Address
from wizard.icloud.input_checks import account_name, is_account_name, is_app_specific, read_code
from wizard.icloud.ladder import Rung, SessionFacts, next_rung
from wizard.icloud.library_size import first_sync_seconds, library_findings
from wizard.icloud.steps import Library
from wizard.quantity import bytes_of


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("123456", "123456"),
        (" 123 456\n", "123456"),
        ("123-456", "123456"),
        ("123\u2013456", "123456"),
        ("123\u00a0456", "123456"),
        ("\uff11\uff12\uff13\uff14\uff15\uff16", "123456"),
        ("12345", None),
        ("1234567", None),
        ("१२३४५६", None),
        ("abcdef", None),
        ("", None),
    ],
)
def test_codes(typed: str, code: str | None) -> None:
    assert read_code(typed) == code


@pytest.mark.parametrize(
    ("typed", "name", "usable"),
    [
        (" You@Example.COM ", "you@example.com", True),
        ("jose\u0301@example.com", "jos\u00e9@example.com", True),
        ("+8613800000000", "+8613800000000", True),
        ("you", "you", False),
        ("@", "@", False),
        ("you @example.com", "you @example.com", False),
        ("", "", False),
    ],
)
def test_account_names(typed: str, name: str, usable: bool) -> None:
    assert (account_name(typed), is_account_name(account_name(typed))) == (name, usable)


@pytest.mark.parametrize(
    ("password", "refused"),
    [
        ("abcd-efgh-ijkl-mnop", True),
        (" abcd-efgh-ijkl-mnop\n", True),
        ("Abcd-efgh-ijkl-mnop", False),
        ("abcd-efgh-ijkl-mnop1", False),
        ("abcdefghijklmnop", False),
    ],
)
def test_app_specific_passwords(password: str, refused: bool) -> None:
    assert is_app_specific(password) is refused


GOOD = {"readable": True, "session_token": True, "trust_token": True}


@pytest.mark.parametrize(
    ("known", "rung", "inputs"),
    [
        (SessionFacts(), Rung.WORKS, ()),
        (SessionFacts(accepted=True), Rung.WORKS, ()),
        (SessionFacts(**GOOD), Rung.WORKS, ()),
        (SessionFacts(accepted=False, **GOOD), Rung.HEALED, ()),
        (SessionFacts(accepted=False, heals=False, **GOOD), Rung.TRUSTED_PASSWORD, ("password",)),
        (SessionFacts(accepted=False, heals=False, password_known=True, **GOOD), Rung.TRUSTED_PASSWORD, ()),
        (SessionFacts(accepted=False, readable=True, trust_token=True), Rung.TRUSTED_PASSWORD, ("password",)),
        (SessionFacts(accepted=False, readable=True, session_token=True, heals=False), Rung.CODE, ("password", "code")),
        (SessionFacts(readable=False), Rung.CODE, ("password", "code")),
        (SessionFacts(readable=False, password_known=True), Rung.CODE, ("code",)),
        (SessionFacts(accepted=False, **GOOD | {"readable": False}), Rung.CODE, ("password", "code")),
    ],
)
def test_the_ladder_takes_the_lowest_rung_that_is_left(
    known: SessionFacts, rung: Rung, inputs: tuple[str, ...]
) -> None:
    found = next_rung(known)
    assert (found.rung, found.inputs) == (rung, inputs)
    assert found.sentence.endswith(".")


GIB = 2**30


NAMES = {"claim": "icloud-photos", "cron_job": "icloudpd-sync", "namespace": "photo-sync"}


@pytest.mark.parametrize(
    ("library", "claim", "deadline", "found"),
    [
        (Library(12_431, 85 * GIB, "storage"), "100Gi", 24 * 3600, []),
        (Library(12_431, 95 * GIB, "storage"), "100Gi", None, ["authentication.library-too-large"]),
        (Library(12_431, None, "nothing"), "1Gi", None, []),
        (Library(50_000, 9 * GIB, "sample", 50), "100Gi", 3600, ["authentication.first-sync-longer-than-deadline"]),
        (Library(10, 90 * GIB, "sample", 10), "100Gi", 3600, ["authentication.first-sync-longer-than-deadline"]),
        (Library(0, 0, "nothing"), "100Gi", 60, []),
    ],
)
def test_room(library: Library, claim: str, deadline: float | None, found: list[str]) -> None:
    findings = list(library_findings(library, **NAMES, claim_bytes=bytes_of(claim), deadline_seconds=deadline))
    assert [finding.id for finding in findings] == found


def test_too_large_says_how_large_it_has_to_be() -> None:
    library = Library(12_431, 200 * GIB, "storage")
    [finding] = library_findings(library, **NAMES, claim_bytes=100 * GIB, deadline_seconds=None)
    assert (
        finding.summary
        == "The iCloud library (12,431 items, about 200 GiB) does not fit on claim icloud-photos (100 GiB)."
    )
    assert Address().lines(finding.commands) == (
        """kubectl -n photo-sync patch pvc icloud-photos -p '{"spec":{"resources":{"requests":{"storage":"220Gi"}}}}'""",
    )


def test_too_long_says_a_deadline_that_is_enough() -> None:
    library = Library(100_000, 50 * GIB, "storage")
    [finding] = library_findings(library, **NAMES, claim_bytes=None, deadline_seconds=3600)
    wanted = Address().line(finding.commands[0]).partition('"activeDeadlineSeconds":')[2].partition("}")[0]
    assert int(wanted) > first_sync_seconds(library)
    assert "about 14 hours, and CronJob icloudpd-sync ends its runs after 60 minutes." in finding.summary
