"""Label and field selectors, as list and watch take them: text in, a test of an object out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from wizard.demo.api.kinds import Kind, Object
from wizard.demo.api.refusals import bad_request

Matches = Callable[[Object], bool]

_SET = re.compile(r"(?P<key>[\w./-]+)\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)")
_EQUALITY = re.compile(r"(?P<key>[\w./-]+)\s*(?P<op>==|=|!=)\s*(?P<value>[\w./-]*)")
_EXISTS = re.compile(r"(?P<absent>!?)\s*(?P<key>[\w./-]+)")

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "pods": ("spec.nodeName", "spec.restartPolicy", "status.phase"),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "reason",
        "type",
    ),
    "jobs.batch": ("status.successful",),
    "secrets": ("type",),
    "namespaces": ("status.phase",),
}
_ELSEWHERE = {"status.successful": ("status", "succeeded")}
_DEFAULTS: Mapping[str, Any] = {"status.successful": 0}
_OWN_WORDING = frozenset({"pods", "events", "secrets", "namespaces", "nodes", "services"})


def label_selector(text: str) -> Matches:
    """A test of an object's labels. Raises Refused (400) for what is no selector."""
    tests: list[Callable[[Mapping[str, str]], bool]] = [_requirement(part) for part in _split(text)]
    return lambda item: all(test(item["metadata"].get("labels") or {}) for test in tests)


def field_selector(text: str, kind: Kind) -> Matches:
    """A test of the few fields that a server can select by. Raises Refused (400) for any other."""
    conditions: list[tuple[tuple[str, ...], str, bool, Any]] = []
    for part in filter(None, text.split(",")):
        match = re.fullmatch(r"([^=!]+)(==|=|!=)(.*)", part)
        if match is None:
            raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
        field, operator, value = match.groups()
        if field not in ("metadata.name", "metadata.namespace", *_FIELDS.get(kind.resource, ())):
            raise bad_request(_unsupported(field, kind))
        path = _ELSEWHERE.get(field) or tuple(field.split("."))
        conditions.append((path, value, operator != "!=", _DEFAULTS.get(field, "")))
    return lambda item: all(
        (str(_dig(item, path, default)) == value) is same for path, value, same, default in conditions
    )


def _unsupported(field: str, kind: Kind) -> str:
    if kind.resource == "jobs.batch":
        return f'field label "{field}" not supported for Job'
    if kind.custom or kind.resource in _OWN_WORDING:
        return f"field label not supported: {field}"
    return f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"'


def _dig(item: Object, path: tuple[str, ...], default: Any) -> Any:
    value: Any = item
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return default if value is None else value


def _split(text: str) -> list[str]:
    return [part.strip() for part in re.split(r",(?![^()]*\))", text) if part.strip()]


def _requirement(part: str) -> Callable[[Mapping[str, str]], bool]:
    if match := _SET.fullmatch(part):
        key, values = match["key"], {value.strip() for value in match["values"].split(",")}
        if match["op"] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if match := _EQUALITY.fullmatch(part):
        key, value, same = match["key"], match["value"], match["op"] != "!="
        return lambda labels: (labels.get(key) == value) is same
    if match := _EXISTS.fullmatch(part):
        key, present = match["key"], not match["absent"]
        return lambda labels: (key in labels) is present
    odd = re.sub(r"^!?[\w./-]*\s*(==|=|!=)?", "", part)[:1]
    raise bad_request(f"unable to parse requirement: found '{odd}', expected: identifier")
