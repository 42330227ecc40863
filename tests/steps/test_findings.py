"""Each finding is seen where it should be and not seen where it should not, is told well, and is documented."""

from __future__ import annotations

import re

import pytest

from tests.steps.findings_page import PAGE, written
from tests.steps.registry import finding_ids
from tests.steps.table import ROWS, Row
from tests.steps.worlds import SETTINGS
from wizard.model import Finding, Severity
from wizard.settings import Settings
from wizard.steps import STEPS
from wizard.world import World

BY_ID = sorted(ROWS.items())


def findings(world: World, settings: Settings, step: str) -> list[Finding]:
    return [finding for each in STEPS if each.id == step for finding in each.diagnose(world, settings).findings]


def test_the_table_has_every_finding_and_no_other() -> None:
    assert set(ROWS) == finding_ids()


@pytest.mark.parametrize(("finding_id", "row"), BY_ID, ids=[name for name, _ in BY_ID])
def test_is_detected(finding_id: str, row: Row) -> None:
    seen = findings(row.shows(), row.settings, finding_id.split(".", maxsplit=1)[0])
    assert finding_id in {finding.id for finding in seen}


@pytest.mark.parametrize(("finding_id", "row"), BY_ID, ids=[name for name, _ in BY_ID])
def test_is_absent(finding_id: str, row: Row) -> None:
    seen = findings(row.clear(), SETTINGS, finding_id.split(".", maxsplit=1)[0])
    assert finding_id not in {finding.id for finding in seen}


@pytest.mark.parametrize(("finding_id", "row"), BY_ID, ids=[name for name, _ in BY_ID])
def test_is_told_so_that_a_person_can_act(finding_id: str, row: Row) -> None:
    for finding in findings(row.shows(), row.settings, finding_id.split(".", maxsplit=1)[0]):
        assert finding.summary.endswith("."), finding
        assert "!" not in finding.summary + finding.why + finding.fix
        assert not re.search(r"\bNone\b|\s{2,}| ,|\.\.", finding.summary + finding.why + finding.fix), finding
        assert finding.docs == f"photosync-wizard explain {finding.id}"
        if finding.severity in (Severity.ERROR, Severity.WARNING):
            assert finding.fix, finding
            assert finding.evidence, finding
        if finding.severity is Severity.OK:
            assert finding.implies is None
        if finding.severity in (Severity.ERROR, Severity.UNKNOWN):
            assert finding.implies is not None, finding
        if finding.implies is not None and finding.severity is Severity.WARNING:
            assert finding.why or finding.fix


def test_the_page_of_findings_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == written(), "write it anew: python -m tests.steps.findings_page"


def test_every_finding_has_a_heading_that_its_docs_lead_to() -> None:
    headings = re.findall(r"^### (\S+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(finding_ids())
