"""`explain`: what an installed user has of the documentation, without a cluster and without anything heavy."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.cli.running import on_terminal, ran
from tests.cli.test_help import HEAVY, modules_of
from tests.steps.registry import finding_ids
from wizard import pages
from wizard.iterations import IDS, ITERATIONS
from wizard.steps.base import docs_of

ROOT = Path(__file__).resolve().parents[2]
CLASS_MISSING = "storage.class-missing"


def test_a_finding_is_explained_with_its_section_alone() -> None:
    ended = ran("explain", CLASS_MISSING, env={"KUBECONFIG": "/nowhere/at-all"})
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"### {CLASS_MISSING}\n\nThe claim icloud-photos asks for storage class fast,")
    assert "What helps: " in ended.out
    assert ended.out.count("\n#") == 0


def test_every_finding_leads_to_its_section() -> None:
    for finding_id in finding_ids():
        text = pages.text_of(docs_of(finding_id).removeprefix("photosync-wizard explain "))
        assert text is not None, finding_id
        assert text.startswith(f"### {finding_id}\n"), finding_id
    assert set(pages.summaries()) == finding_ids()


def test_a_step_is_explained_with_all_its_findings() -> None:
    for iteration in ITERATIONS:
        text = pages.text_of(iteration.id)
        assert text is not None
        assert text.startswith(f"## {iteration.number} {iteration.title}\n")
        headings = re.findall(r"^### (\S+)$", text, re.MULTILINE)
        assert sorted(headings) == sorted(name for name in finding_ids() if name.startswith(f"{iteration.id}."))


@pytest.mark.parametrize("name", ["demo", "findings", "manifests", "signing-in", "status"])
def test_a_page_is_printed_whole(name: str) -> None:
    ended = ran("explain", name)
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[0] == page.splitlines()[0]
    assert len(ended.out.splitlines()) == len(page.splitlines())


def test_links_between_pages_are_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "findings.md").write_text("# Findings\n")
    (tmp_path / "one.md").write_text(
        "# One\n\nSee [the other](other.md#part) and [a site](https://example.com/x.md).\n"
    )
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    text = pages.text_of("one")
    assert text == "# One\n\nSee the other (`photosync-wizard explain other`) and [a site](https://example.com/x.md).\n"


def test_what_the_program_cites_can_be_printed() -> None:
    sources = [
        path.read_text(encoding="utf-8") for folder in ("wizard", "screens") for path in (ROOT / folder).rglob("*.py")
    ]
    cited = {name for text in sources for name in re.findall(r"`photosync-wizard explain ([a-z.-]+)`", text)}
    assert cited >= {"manifests", "signing-in"}
    assert cited <= set(pages.names())


def test_without_a_name_it_lists_what_there_is() -> None:
    ended = ran("explain")
    assert (ended.code, ended.err) == (0, "")
    words = set(ended.out.split())
    assert {"manifests", "signing-in", *finding_ids(), *(f"({step_id})" for step_id in IDS)} <= words


@pytest.mark.parametrize(
    ("name", "fragments"),
    [
        ("class-missing", ("'class-missing'", f"Close to it: {CLASS_MISSING}")),
        ("storage.clas-missing", (CLASS_MISSING,)),
        ("manifest", ("Close to it: manifests",)),
        ("xyzzy", ("`photosync-wizard explain` lists",)),
        ("", ("lists",)),
        ("../README", ("lists",)),
    ],
)
def test_an_unknown_name_is_answered_with_close_ones(name: str, fragments: tuple[str, ...]) -> None:
    ran("explain", name).said_in_words(2, *fragments)


def test_nothing_heavy_is_loaded() -> None:
    assert not modules_of("explain", CLASS_MISSING) & set(HEAVY)


def test_on_a_terminal_it_is_rendered() -> None:
    with on_terminal("explain", CLASS_MISSING, env={"NO_COLOR": "1"}) as terminal:
        assert terminal.end() == 0
    assert CLASS_MISSING in terminal.text
    assert "###" not in terminal.text
    assert all(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) <= 80 for line in terminal.text.splitlines())


def test_completion_knows_the_names() -> None:
    script = ran("completion", "bash").out
    typed = f"COMP_WORDS=(photosync-wizard explain {CLASS_MISSING[:-3]}); COMP_CWORD=2"
    asked = f'{typed}; _shtab_photosync_wizard; echo "${{COMPREPLY[*]}}"'
    done = subprocess.run(["bash", "-c", f"{script}\n{asked}"], text=True, capture_output=True, check=False)
    assert done.stdout.split() == [CLASS_MISSING]


def test_the_pages_are_in_the_wheel(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    done = subprocess.run(
        [sys.executable, "-m", "screens", "explain", CLASS_MISSING],
        cwd=installed,
        env={"PYTHONPATH": str(installed), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"### {CLASS_MISSING}\n")
    in_wheel = {path.name for path in (installed / "wizard" / "pages").iterdir()}
    assert in_wheel == {path.name for path in (ROOT / "docs").glob("*.md")}
