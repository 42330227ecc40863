"""The shell of demo containers: what it understands, and that it never guesses or leaves the container."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from datetime import UTC, datetime

import pytest

from wizard.demo.runtime.process import Input, Process
from wizard.demo.runtime.programs import run, standard
from wizard.demo.runtime.volumes import Entry, Tree, Volume

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SH = shutil.which("dash") or shutil.which("sh")


async def sh(script: str, *arguments: str, volume: Volume | None = None, uid: int = 0) -> tuple[int, str, str]:
    out, err = bytearray(), bytearray()
    tree = Tree({"/data": volume or Volume()}, lambda: NOW, uid, uid)
    words = ("/bin/sh", "-s", "--", *arguments)
    process = Process(words, tree, Input(script.encode()), out.extend, err.extend, standard(lambda: NOW))
    code = await asyncio.wait_for(run(process), 5)
    return code, out.decode(), err.decode()


SAME = [
    "echo a  b 'c  d' \"e  f\"",
    "x='a  b'; echo $x \"$x\" '$x' ${x}c",
    "for i in 1 '2 3' $(echo 4 5); do echo \"<$i>\"; done",
    "if [ 1 = 2 ]; then echo a; elif [ -z '' ]; then echo b; else echo c; fi",
    "false || echo or; true && echo and; ! false && echo not",
    "false && echo no; echo $?",
    "set -e; false || true; if false; then :; fi; echo still; false; echo never",
    "set -eu; echo $nothing; echo never",
    "exit 3; echo never",
    "echo one\nif true; then\n  echo two\n",
    "echo out; echo err >&2; nope; echo $?",
    "cat <<'END'\n$x `y` \\z\nEND\necho after",
    "printf '%s-' a; printf 'b\\n'",
    "n=$(printf 'a\\n\\n'); echo \"[$n]\"",
    'echo "$(echo "in $(echo "deep")")"',
    'echo $# $1 "$2"; for a in "$@"; do echo "<$a>"; done',
    "# a comment\necho a # another\necho 'a # no comment'",
    "echo a \\\n  b; echo c & wait; echo d",
    "x=1 y=2; echo $x$y; x=3 true; echo $x",
    "then",
    "echo 'unfinished",
]


@pytest.mark.skipif(SH is None, reason="no shell to compare with")
@pytest.mark.parametrize("script", SAME)
async def test_it_does_as_a_real_shell_does(script: str) -> None:
    assert SH is not None
    real = subprocess.run(  # noqa: ASYNC221
        [SH, "-s", "--", "first", "the second"], input=script, capture_output=True, text=True, timeout=5, check=False
    )
    code, out, err = await sh(script, "first", "the second")
    assert (code, out, bool(err)) == (real.returncode, real.stdout, bool(real.stderr))


@pytest.mark.parametrize(
    "script",
    [
        "echo `id`",
        "cat <<END\nx\nEND\n",
        "f() { :; }",
        "echo a | cat",
        "case x in x) ;; esac",
        "(echo a)",
        "i=0a; echo ${i#0}",
    ],
)
async def test_what_it_does_not_know_is_an_error_and_no_guess(script: str) -> None:
    code, out, err = await sh(script)
    assert code in (2, 127) or "`id`" in out
    assert err or "`id`" in out


async def test_it_sees_nothing_of_this_machine() -> None:
    code, out, err = await sh("cat /etc/passwd; cat /proc/self/environ; ls /; cat /data/../etc/hosts; cd /home")
    assert (code, out) == (2, "data\n")
    assert err.count("No such file or directory") == 3


async def test_an_endless_loop_ends() -> None:
    code, _, err = await sh("while true; do :; done")
    assert code == 1
    assert "too many steps" in err


async def test_modes_and_owners() -> None:
    volume = Volume({"theirs": Entry(b"x", 0o600, 1000, 1000, NOW), "ours": Entry(b"y", 0o600, 1001, 1001, NOW)})
    code, out, err = await sh("cat /data/ours /data/theirs; chown 0:0 /data/ours", volume=volume, uid=1001)
    assert (code, out) == (1, "y")
    assert "theirs: Permission denied" in err
    assert "Operation not permitted" in err
    assert (await sh("cat /data/theirs", volume=volume))[1] == "x"


async def test_a_read_only_volume_stays_as_it_is() -> None:
    volume = Volume({"key": Entry(b"x", 0o644, 0, 0, NOW)}, read_only=True)
    for script in ("echo y > /data/key", "rm -f /data/key", "mkdir /data/more", "mv /data/key /data/other"):
        assert (await sh(script, volume=volume))[0] != 0
    assert volume.entries["key"].content == b"x"
    assert len(volume.entries) == 1


async def test_files_are_listed_and_kept() -> None:
    volume = Volume()
    await sh("umask 077; cd /data; mkdir -p a/b; echo hello > a/b/file; cp -p a/b/file copy; mv copy a", volume=volume)
    assert sorted(volume.entries) == ["a", "a/b", "a/b/file", "a/copy"]
    assert Volume.of(volume.kept()).entries == volume.entries
    assert (await sh("ls -l /data/a", volume=volume))[1].splitlines()[1] == (
        "-rw------- 1 0 0      6 Nov 24 12:00 copy"
    )


async def test_what_its_user_may() -> None:
    """As access(2) says it: of somebody else's file only what its mode gives away."""
    modes = {"own": (0o600, 1000), "shared": (0o644, 0), "closed": (0o600, 0)}
    volume = Volume({name: Entry(b"x", mode, uid, uid, NOW) for name, (mode, uid) in modes.items()})
    script = "".join(
        f"[ {letter} /data/{name} ] && echo '{name} {letter}'\n"
        for name in (*modes, "nothing")
        for letter in ("-r", "-w", "-x")
    )
    assert (await sh(script, volume=volume, uid=1000))[1].splitlines() == ["own -r", "own -w", "shared -r"]
