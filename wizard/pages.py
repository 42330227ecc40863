"""The documentation that an installed user has: the pages of docs/, which a wheel carries as wizard/pages.

A page is called after its file; a finding and a step are called by their ids and have a section of the page of findings.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from wizard.iterations import ITERATIONS

FINDINGS = "findings"
_HERE = Path(__file__).resolve().parent
FOLDER = next((folder for folder in (_HERE / "pages", _HERE.parent / "docs") if folder.is_dir()), _HERE)
_HEADING = re.compile(r"^(#{1,3}) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\(([a-z-]+)\.md(?:#[^)]*)?\)")


def titles() -> dict[str, str]:
    """The first heading of every page, by the page's name."""
    return {path.stem: _text(path).partition("\n")[0].removeprefix("# ") for path in sorted(FOLDER.glob("*.md"))}


def summaries() -> dict[str, str]:
    """One sentence, with how much it matters, of every finding, by its id and in the order of the page."""
    sections = _sections()
    return {name: text.split("\n\n")[1].strip() for name, text in sections.items() if "." in name}


def text_of(name: str) -> str | None:
    """The page of this name, or the section of a finding or a step with this id, as Markdown; None where there is none.

    Links to other pages are the commands that print them.
    """
    page = FOLDER / f"{name}.md"
    text = _text(page) if name in titles() else _sections().get(name)
    return text and _LINK.sub(r"\1 (`photosync-wizard explain \2`)", text).rstrip() + "\n"


def names() -> tuple[str, ...]:
    """Everything that `text_of` knows."""
    return *titles(), *_sections()


def similar(name: str) -> list[str]:
    """The names that somebody who typed `name` may have meant, at most five, the likeliest first."""
    every = names()
    containing = [other for other in every if name and name in other]
    return list(dict.fromkeys((*containing[:5], *difflib.get_close_matches(name, every, 5))))[:5]


def _sections() -> dict[str, str]:
    """The sections of the page of findings: a step's goes to the next step, a finding's to the next heading."""
    text = _text(FOLDER / f"{FINDINGS}.md")
    headings = list(_HEADING.finditer(text))
    steps = {f"{iteration.number} {iteration.title}": iteration.id for iteration in ITERATIONS}
    sections = {}
    for number, heading in enumerate(headings):
        following = (other.start() for other in headings[number + 1 :] if len(other[1]) <= len(heading[1]))
        sections[steps.get(heading[2], heading[2])] = text[heading.start() : next(following, len(text))]
    return {name: section for name, section in sections.items() if name in steps.values() or "." in name}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
