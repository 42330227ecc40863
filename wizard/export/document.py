"""The report as `status -o json` and `-o yaml` give it: schema 1 of status.schema.json, every field present always."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from wizard.annotations import written
from wizard.command import Address
from wizard.model import Account, Blocker, Diagnosis, Finding, Report

SCHEMA = 1


def to_json(report: Report, address: Address) -> dict[str, Any]:
    """The report as a JSON object, its commands for this address; times are UTC to the second, `2026-01-18T12:00:00Z`."""
    following = report.next_step
    return {
        "schema": SCHEMA,
        "taken_at": time_text(report.taken_at),
        "cluster": {"context": report.cluster.context, "server": report.cluster.server, "uid": report.cluster.uid},
        "progress": {"complete": report.complete, "total": len(report.included), "percent": report.percent},
        "accounts": [_account(account) for account in report.accounts],
        "steps": [_step(step, address) for step in report.steps],
        "next_iteration": following.iteration if following else None,
        "next_iteration_ready_when": list(report.ready_when),
    }


def to_yaml(report: Report, address: Address) -> str:
    """The same document as YAML."""
    import yaml  # noqa: PLC0415  (40 ms that the other forms do without)

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(to_json(report, address), Dumper=dumper, sort_keys=False, allow_unicode=True, width=100)
    return text


def time_text(time: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the second."""
    return None if time is None else written(time)


def _account(account: Account) -> dict[str, Any]:
    session = account.session
    return {
        "name": account.name,
        "apple_id": account.apple_id,
        "session": {
            "state": session.state.value,
            "expires_at": time_text(session.expires_at),
            "days_left": session.days_left,
            "verified_at": time_text(session.verified_at),
            "source": session.source,
        },
    }


def _step(step: Diagnosis, address: Address) -> dict[str, Any]:
    return {
        "iteration": step.iteration,
        "id": step.id,
        "title": step.title,
        "status": step.status.value,
        "findings": [_finding(finding, address) for finding in step.findings],
        "blockers": [_blocker(blocker) for blocker in step.blockers],
    }


def _finding(finding: Finding, address: Address) -> dict[str, Any]:
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        "summary": finding.summary,
        "why": finding.why,
        "evidence": {str(key): _plain(value) for key, value in finding.evidence.items()},
        "fix": finding.fix,
        "commands": list(address.lines(finding.commands)),
        "docs": finding.docs,
    }


def _blocker(blocker: Blocker) -> dict[str, Any]:
    return {
        "priority": blocker.priority,
        "issue": blocker.issue,
        "affects": list(blocker.affects),
        "user_action_required": blocker.user_action_required,
        "estimated_minutes": blocker.estimated_minutes,
        "ready_when": list(blocker.ready_when),
    }


def _plain(value: object) -> Any:
    """Evidence in JSON's own types: times as text, sets sorted, everything else that JSON has not as its text."""
    match value:
        case Enum():
            return _plain(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case datetime():
            return time_text(value if value.tzinfo else value.replace(tzinfo=UTC))
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case set() | frozenset():
            return sorted((_plain(item) for item in value), key=str)
        case Iterable() if not isinstance(value, bytes):
            return [_plain(item) for item in value]
        case _:
            return str(value)
