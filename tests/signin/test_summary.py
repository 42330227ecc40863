"""How unattended re-login is told: one text for the screens and the page, whose commands any shell understands."""

from __future__ import annotations

import base64
import json
import os
import pty
import subprocess
import termios
from pathlib import Path

from wizard.command import Address
from wizard.settings import Settings
from wizard.signin.summary import FROM_SECRET, NO_PASSWORD, unattended

DOCS = Path(__file__).resolve().parents[2] / "docs" / "signing-in.md"
PASSWORD = "p\"4$s'ß \\w"


def _flat(text: str) -> str:
    return " ".join(text.split())


def test_the_page_says_the_same() -> None:
    page = _flat(DOCS.read_text(encoding="utf-8"))
    for part in unattended(Settings(), "default").parts:
        assert part.command is None or _flat(Address().line(part.command)) in page
    for told in (
        FROM_SECRET,
        NO_PASSWORD,
        '["sh", "-c", "icloudpd … < /credentials/password"]',
        "`/credentials`",
        "Argo CD",
    ):
        assert told in page


def test_the_password_is_typed_unseen_and_arrives_as_it_was_typed(tmp_path: Path) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words; cat > {tmp_path}/patch\n')
    kubectl.chmod(0o700)
    command = unattended(Settings(), "anna").parts[0].command
    assert command
    parent, child = pty.openpty()
    process = subprocess.Popen(
        ["/bin/sh", "-c", Address().line(command)],
        stdin=child,
        stdout=child,
        stderr=child,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    try:
        seen = b""
        while b"Apple password: " not in seen:
            seen += os.read(parent, 1024)
        while _echoes(child):
            os.sched_yield()
        os.write(parent, f"{PASSWORD}\n".encode())
        assert process.wait(10) == 0
        seen += os.read(parent, 4096)
    finally:
        process.kill()
        os.close(child)
        os.close(parent)
    patch = json.loads((tmp_path / "patch").read_text())
    assert base64.b64decode(patch["data"]["password"]).decode() == PASSWORD
    assert "patch secret icloud-credentials-anna" in (tmp_path / "words").read_text()
    assert PASSWORD not in (tmp_path / "words").read_text()
    assert PASSWORD.encode() not in seen


def _echoes(terminal: int) -> bool:
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def test_what_is_written_down_can_be_run() -> None:
    script = unattended(Settings(), "default").script(Address())
    done = subprocess.run(["/bin/sh", "-n"], input=script.encode(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "# Put the password into the Secret icloud-credentials." in script
    assert "only a shell" in _flat(script.replace("#", "")).lower()
