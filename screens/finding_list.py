"""The findings of one iteration as the screens list them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wizard.command import Command
    from wizard.model import Diagnosis, Finding


def references(step: Diagnosis) -> list[tuple[str, Finding]]:
    """The findings with a reference each: the id, and `#2`, `#3` behind it where one id was found several times."""
    counts: dict[str, int] = {}
    pairs = []
    for finding in step.findings:
        counts[finding.id] = counts.get(finding.id, 0) + 1
        pairs.append((finding.id if counts[finding.id] == 1 else f"{finding.id}#{counts[finding.id]}", finding))
    return pairs


def open_findings(step: Diagnosis) -> list[Finding]:
    """What is not fine, in the report's order."""
    return [finding for finding in step.findings if finding.severity not in ("ok", "info")]


def commands_of(step: Diagnosis) -> list[Command]:
    """The commands for everything that is not fine, each once."""
    return list(dict.fromkeys(command for finding in open_findings(step) for command in finding.commands))
