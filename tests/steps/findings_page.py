"""Writes docs/findings.md from what the diagnoses themselves say in the table's worlds: python -m tests.steps.findings_page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.steps.table import ROWS, Row
from wizard.model import Finding
from wizard.steps import STEPS, Step

PAGE = Path(__file__).resolve().parents[2] / "docs" / "findings.md"
HEAD = """\
# Findings

What `photosync-wizard` can find, by step, each with the sentence it shows and what helps. The ids are stable: search for
them, and count on them in scripts (`photosync-wizard status -o json`). The names in them are examples.

This page is written from the diagnoses themselves, by `python -m tests.steps.findings_page`.
"""


def written() -> str:
    """The whole page."""
    return "\n".join((HEAD, *(line for step in STEPS for line in _step(step))))


def _step(step: Step) -> Iterator[str]:
    yield f"## {step.iteration.number} {step.iteration.title}\n\n{step.purpose}\n"
    for finding_id, row in sorted(ROWS.items()):
        if finding_id.startswith(step.id + "."):
            yield _entry(_example(step, finding_id, row))


def _example(step: Step, finding_id: str, row: Row) -> Finding:
    found = step.diagnose(row.shows(), row.settings).findings
    return next(finding for finding in found if finding.id == finding_id)


def _entry(finding: Finding) -> str:
    status = f", {finding.implies.replace('_', ' ')}" if finding.implies else ""
    text = f"### {finding.id}\n\n{finding.summary} ({finding.severity}{status})\n"
    for part in (finding.why, f"What helps: {finding.fix}" if finding.fix else ""):
        text += f"\n{part}\n" if part else ""
    return text


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
