"""The pages and the docstrings say nothing of files that are not in the repository, and the two for newcomers stay short."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOR_NEWCOMERS = ("CONTRIBUTING.md", "docs/architecture.md")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
SOURCES = sorted(path for folder in ("wizard", "screens", "tests") for path in (ROOT / folder).rglob("*.py"))
_PAGE = re.compile(r"(?:\bdocs/[\w-]+|\b[A-Z]{3,})\.md\b")
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
_PLACE = re.compile(r"`((?:wizard|screens|tests)/[\w/.]+)`")


def cited(path: Path) -> Iterator[str]:
    """The pages that a source names, and whatever lies outside of the repository."""
    text = path.read_text(encoding="utf-8")
    yield from _PAGE.findall(text)
    yield from re.findall(r"\.\./shared/\S+|\bseed/iteration\S*", text) if path != Path(__file__) else ()


def test_sources_cite_only_pages_that_are_here() -> None:
    citations = [(path, page) for path in SOURCES for page in cited(path)]
    assert {"docs/status.md", "docs/manifests.md"} <= {page for _, page in citations}
    assert [(str(path), page) for path, page in citations if not (ROOT / page).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = _LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("name", FOR_NEWCOMERS)
def test_what_newcomers_are_sent_to_is_there(name: str) -> None:
    places = _PLACE.findall((ROOT / name).read_text(encoding="utf-8"))
    assert len(places) > 10
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_newcomers_read_at_most_250_lines() -> None:
    assert sum(len((ROOT / name).read_text(encoding="utf-8").splitlines()) for name in FOR_NEWCOMERS) <= 250


def test_no_file_of_the_product_is_too_long_to_hold_in_the_head() -> None:
    product = [path for path in SOURCES if path.relative_to(ROOT).parts[0] != "tests"]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in product}
    assert {name: length for name, length in lengths.items() if length > 400} == {}
