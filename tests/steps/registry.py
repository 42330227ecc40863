"""Every finding id that the engine can make, read from its source and its tables."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import wizard
from wizard.facts.pod_problem import SLUGS
from wizard.icloudpd.signs import SIGNS
from wizard.steps import STEPS
from wizard.steps.argocd.conditions import CONDITIONS
from wizard.steps.credentials.command_line import OPTIONS

_ID = re.compile(rf"^({'|'.join(step.id for step in STEPS)})\.[a-z][a-z-]*$")
_TABLES = {
    "f'argocd.{condition.slug}'": [f"argocd.{item.slug}" for item in CONDITIONS],
    "f'credentials.{option.slug}'": [f"credentials.{item.slug}" for item in OPTIONS],
}
_SHARED = frozenset({"f'{step_id}.rights-missing'", "f'{step_id}.{sign.slug}'", "f'{step_id}.{self.slug}'"})


def finding_ids() -> set[str]:
    """All of them. Raises ValueError for an id that is put together in a way that this does not know."""
    return set(_ids())


def _ids() -> Iterator[str]:
    yield from (f"{step.id}.rights-missing" for step in STEPS if step.plan or step.needs)
    engine = Path(wizard.__file__).parent
    sources = (
        path for package in ("steps", "facts", "icloudpd", "icloud") for path in (engine / package).rglob("*.py")
    )
    for source in sorted(sources):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            yield from _of(node, source.name)


def _of(node: ast.AST, where: str) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ID.match(node.value):
        yield node.value
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    first = node.args[0] if node.args else None
    if name in ("Finding", "unknown") and isinstance(first, ast.JoinedStr):
        pattern = ast.unparse(first)
        if pattern not in _TABLES and pattern not in _SHARED:
            raise ValueError(
                f"{where}: an id is made by {pattern}; say in tests/steps/registry.py which ones that gives"
            )
        yield from _TABLES.get(pattern, ())
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return
    if name == "findings_from":
        about = {one.value for one in ast.walk(node.args[2]) if isinstance(one, ast.Constant)}
        yield from (f"{first.value}.{sign.slug}" for sign in SIGNS if sign.about in about)
    elif name == "finding":
        yield from (f"{first.value}.{slug}" for slug in SLUGS)
