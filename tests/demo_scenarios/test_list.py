"""The list of scenarios: what can be asked for, and that the page about them is about all of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from wizard.demo.scenarios import load, names, titles
from wizard.errors import Exit, WizardError

PAGE = Path(__file__).parents[2] / "docs" / "demo.md"


def test_the_ones_that_everybody_needs_come_first() -> None:
    assert names()[:4] == ("fresh", "seed", "complete", "expired")


def test_every_scenario_has_a_title_of_its_own_that_fits_a_line() -> None:
    assert tuple(titles()) == names()
    assert len(set(titles().values())) == len(names())
    assert all(0 < len(title) <= 80 for title in titles().values())


def test_a_loaded_scenario_carries_its_name_and_title() -> None:
    scenario = load("expired")
    assert (scenario.name, scenario.title) == ("expired", titles()["expired"])


def test_loading_twice_gives_equal_worlds_that_share_nothing() -> None:
    first, second = load("complete"), load("complete")
    assert first == second
    assert not {id(item) for item in first.objects} & {id(item) for item in second.objects}


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(WizardError) as caught:
        load("no-such-world")
    assert caught.value.exit_code is Exit.USAGE
    assert "no-such-world" in caught.value.what
    assert all(name in caught.value.fix for name in names())


def test_the_list_costs_no_yaml_parser_and_no_file() -> None:
    code = (
        "import sys, wizard.demo.scenarios as s; s.names(); s.titles(); "
        "print([name for name in ('yaml', 'aiohttp', 'kubernetes') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_page_lists_every_scenario_with_its_title() -> None:
    listed = re.findall(r"^\| `([a-z0-9-]+)` \| ([^|]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: title.strip() for name, title in listed} == dict(titles())
