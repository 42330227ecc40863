"""`-o json` and `-o yaml`: the schema holds for every report, and the document says what the report does."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from hypothesis import given

from tests.export.reports import every_time_the_same, reports, seed_report
from wizard.command import Address
from wizard.export import to_json, to_yaml
from wizard.model import Finding, Report, SessionState, Severity, Status

NOWHERE = Address()


def schema() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(files("wizard.export").joinpath("status.schema.json").read_text())
    return content


VALIDATOR = jsonschema.Draft202012Validator(schema())


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@every_time_the_same
@given(reports)
def test_every_report_keeps_the_schema_in_json_and_yaml(report: Report) -> None:
    document = to_json(report, NOWHERE)
    text = json.dumps(document, allow_nan=False)
    VALIDATOR.validate(json.loads(text))
    assert yaml.safe_load(to_yaml(report, NOWHERE)) == document


def test_the_document_is_the_designs() -> None:
    document = to_json(seed_report(), NOWHERE)
    assert document["taken_at"] == "2026-01-18T12:00:00Z"
    assert document["cluster"]["context"] == "home-cluster"
    assert document["progress"] == {"complete": 2, "total": 7, "percent": 29}
    assert document["accounts"] == [
        {
            "name": "default",
            "apple_id": "you@example.com",
            "session": {
                "state": "unverified",
                "expires_at": None,
                "days_left": None,
                "verified_at": None,
                "source": "",
            },
        }
    ]
    assert [step["status"] for step in document["steps"]] == [
        "complete", "action_required", "action_required", "complete", "blocked", "pending", "pending",
    ]  # fmt: skip
    assert document["steps"][0]["findings"][0] == {
        "id": "storage.pvc-wait-for-first-consumer",
        "severity": "info",
        "summary": "Claim icloud-photos is Pending until its first pod: local-path waits for a consumer.",
        "why": "",
        "evidence": {},
        "fix": "",
        "commands": [],
        "docs": "",
    }
    assert document["steps"][4]["blockers"][0]["estimated_minutes"] == 10
    assert document["next_iteration"] == 2


def test_evidence_becomes_plain_json() -> None:
    report = seed_report()
    odd = Finding(
        "storage.odd",
        Severity.INFO,
        "Odd.",
        {
            "time": report.taken_at,
            "naive": report.taken_at.replace(tzinfo=None),
            "set": frozenset({"b", "a"}),
            "tuple": (1, None),
            "enum": Status.FAILED,
            "nan": float("nan"),
            "object": Path("/x"),
        },
    )
    step = replace(report.steps[0], findings=(odd,))
    assert to_json(replace(report, steps=(step,)), NOWHERE)["steps"][0]["findings"][0]["evidence"] == {
        "time": "2026-01-18T12:00:00Z",
        "naive": "2026-01-18T12:00:00Z",
        "set": ["a", "b"],
        "tuple": [1, None],
        "enum": "failed",
        "nan": "nan",
        "object": "/x",
    }


def _required(node: object, where: str = "") -> list[str]:
    """Places in the schema where a property is not required or others would be let in."""
    wrong: list[str] = []
    if isinstance(node, dict):
        if "properties" in node and (
            set(node["required"]) != set(node["properties"]) or node["additionalProperties"] is not False
        ):
            wrong.append(where)
        for name, item in node.items():
            wrong += _required(item, f"{where}/{name}")
    return wrong


def test_the_schema_is_strict_everywhere() -> None:
    assert _required(schema()) == []


def test_the_schemas_words_are_the_models() -> None:
    definitions = schema()["$defs"]
    assert definitions["step"]["properties"]["status"]["enum"] == [status.value for status in Status]
    assert definitions["finding"]["properties"]["severity"]["enum"] == [severity.value for severity in Severity]
    states = definitions["account"]["properties"]["session"]["properties"]["state"]["enum"]
    assert states == [state.value for state in SessionState]
