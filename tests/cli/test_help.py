"""--help, --version and completion: for people, at once, without loading what they don't need."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.cli.running import PROGRAM, ran
from wizard import __version__
from wizard.cli.parser import FORMATS
from wizard.iterations import IDS

HEAVY = ("textual", "rich", "aiohttp", "kubernetes", "pyicloud", "yaml", "keyring", "asyncio", "wizard.engine")


def modules_of(*arguments: str) -> set[str]:
    """What is loaded when the program ends."""
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        f"sys.argv = ['photosync-wizard', *{arguments!r}]\n"
        "from screens.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("status", "--help"), ("demo", "--help")])
def test_help_and_version_load_nothing_heavy(arguments: tuple[str, ...]) -> None:
    loaded = modules_of(*arguments)
    assert "wizard.cli.main" in loaded
    assert not loaded & set(HEAVY)


def test_help_says_all_a_newcomer_needs() -> None:
    ended = ran("--help", env={"COLUMNS": "100"})
    assert (ended.code, ended.err) == (0, "")
    for heading in ("examples:", "environment:", "files:", "exit codes:"):
        assert f"\n{heading}\n" in ended.out
    for word in ("KUBECONFIG", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "NO_COLOR", "--kubeconfig", "--context", "--skip"):
        assert word in ended.out
    codes = ended.out.partition("exit codes:")[2]
    assert re.findall(r"\b(\d+) [a-z]", codes) == ["0", "1", "2", "3", "4", "5", "130"]


def test_every_example_in_the_help_is_accepted() -> None:
    from wizard.cli.parser import parser

    text = ran("--help").out.partition("examples:\n")[2].partition("\nenvironment:")[0]
    commands = [line.split("  ")[0].split() for line in text.split("\n  photosync-wizard") for line in [line.strip()]]
    assert len(commands) >= 6
    for words in commands:
        parser().parse_args([word for word in words if word != "photosync-wizard"])


def test_version() -> None:
    ended = ran("--version")
    assert (ended.code, ended.out, ended.err) == (0, f"photosync-wizard {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("statsu",), "invalid choice: 'statsu'"),
        (("status", "-o", "xml"), "invalid choice: 'xml'"),
        (("status", "--skip", "nothing"), "'nothing' is not one of storage"),
        (("status", "--outp", "json"), "unrecognized arguments: --outp"),
        (("demo", "--serve", "--port", "65536"), "not a valid port"),
        (("-n", "a/../b", "status"), "not a valid namespace"),
        (("--namespace=", "status"), "not a valid namespace"),
        (("-n", "Photos", "status"), "not a valid namespace"),
        (("completion", "fish"), "invalid choice: 'fish'"),
    ],
)
def test_usage(arguments: tuple[str, ...], said: str) -> None:
    ended = ran(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("photosync-wizard: ")
    assert said in ended.err
    assert re.search(r"^Try photosync-wizard.* --help\.$", ended.err, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        (("status", "--reset"), ("--reset only applies to demo worlds",)),
        (("--demo", "seed", "--context", "home", "status"), ("at the same time", "Leave out --demo")),
        (("--demo", "nowhere", "status"), ("no demo scenario called nowhere", "seed")),
        (("--demo", "", "status"), ("no demo scenario",)),
        (("demo", ""), ("no demo scenario",)),
        (("demo", "--serve"), ("--write-kubeconfig FILE",)),
        (("demo", "--write-kubeconfig", "x"), ("Add --serve.",)),
        ((), ("needs a terminal", "photosync-wizard status -o json")),
        (("demo",), ("needs a terminal",)),
    ],
)
def test_what_cannot_be_meant_is_said_in_words(arguments: tuple[str, ...], fragments: tuple[str, ...]) -> None:
    ran(*arguments).said_in_words(2, *fragments)


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_is_a_valid_script(shell: str) -> None:
    ended = ran("completion", shell)
    assert (ended.code, ended.err) == (0, "")
    for word in ("status", "demo", "--kubeconfig", "--watch", *FORMATS, *IDS):
        assert word in ended.out
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed here")
    checked = subprocess.run([shell, "-n"], input=ended.out, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_bash_completes_with_it() -> None:
    script = ran("completion", "bash").out
    asked = 'COMP_WORDS=(photosync-wizard sta); COMP_CWORD=1; _shtab_photosync_wizard; echo "${COMPREPLY[*]}"'
    done = subprocess.run(["bash", "-c", f"{script}\n{asked}"], text=True, capture_output=True, check=False)
    assert done.stdout.split() == ["status"]


def test_output_that_cannot_be_written() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        for arguments in (("--help",), ("--version",), ("completion", "bash"), ("demo", "--list")):
            done = subprocess.run([*PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
            assert done.returncode == 1
            assert "The output can't be written: No space left on device." in done.stderr
            assert "mistake" not in done.stderr


def test_a_reader_that_has_enough() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run([*PROGRAM, "--help"], stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_closed_streams() -> None:
    command = " ".join(PROGRAM)
    done = subprocess.run(
        ["sh", "-c", f"exec {command} --demo complete status >&- <&-"], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    done = subprocess.run(["sh", "-c", f"exec {command} --demo nowhere status 2>&-"], capture_output=True, check=False)
    assert done.returncode == 2
