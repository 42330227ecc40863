"""Writes docs/choices.md from the declarations themselves: python -m tests.steps.choices_page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wizard.choices import CHOICES
from wizard.iterations import IDS, iteration
from wizard.settings import Choice

PAGE = Path(__file__).resolve().parents[2] / "docs" / "choices.md"
HEAD = """\
# Choices

Everything that you can decide about your setup. Each choice has a flag, a name in the answers file, and a row in the set-up
(`u` in the wizard; `a` there shows the rarely changed ones too). What you don't decide is worked out from the cluster, or has its
default; the set-up shows where each value comes from.

    photosync-wizard --photos-size 200Gi                # for this run; a flag comes before everything else
    photosync-wizard status --answers answers.yaml      # for this run too; then what you chose in the set-up, which is kept
    photosync-wizard status -o answers > answers.yaml   # what you decided, as an answers file

An answers file is YAML or JSON, a name and a value on a line. A name that does not exist and a value that can't be right are
refused, with their line. It holds no secrets: passwords are asked for when they are needed.

    photos_size: 200Gi
    storage_class: local-path
    skipped: [exposure]

A size, an access mode or a storage class applies to a claim that will be created; an existing claim keeps its own, and step 1
says where it differs. If your objects have other names, choose those: the diagnosis then looks at them.

This page is written from the declarations, by `python -m tests.steps.choices_page`.
"""


def page() -> str:
    """The whole page."""
    return "\n".join((HEAD, *(line for step in ("", *IDS) for line in _step(step))))


def _step(step: str) -> Iterator[str]:
    choices = [choice for choice in CHOICES if choice.step == step]
    if choices:
        yield f"## {iteration(step).title if step else 'For all steps'}\n"
        yield "| name, flag | what it is | default |\n| --- | --- | --- |"
        yield from map(_row, choices)
        yield ""


def _row(choice: Choice[Any]) -> str:
    words = f" {'Any' if choice.many else 'One'} of {', '.join(choice.words)}." if choice.words else ""
    usual = f"`{choice.text(choice.default)}`" if choice.default not in (None, ()) else ""
    worked_out = "worked out" if choice.work_out else ""
    default = ", else ".join(part for part in (worked_out, usual) if part) or "none"
    return f"| `{choice.id}` `{choice.flag}` | {choice.question}{words} | {default} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
