"""`reauth --plain` on a terminal, in demo worlds: a person types, leaves and is refused; the terminal is afterwards as before."""

from __future__ import annotations

import re
import signal

import pytest

from tests.cli.running import Terminal, on_terminal
from wizard.errors import Exit

PASSWORD = "Password for you@example.com (Ctrl+D leaves): "


def shows(terminal: Terminal) -> bool:
    """Whether what is typed shows now."""
    return terminal.echoes


def begin(terminal: Terminal) -> None:
    """Wants what the plan says."""
    terminal.wait_for("Go on? [Y/n, u: how it is undone] ")
    terminal.type("\r")


def code_of(terminal: Terminal) -> str:
    """What the demo phone shows."""
    terminal.wait_for("Code (")
    found = re.search(r"demo device is (\d{6})", terminal.text)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("typed", "number", "code"),
    [
        ("half of it\x03", None, Exit.INTERRUPTED),
        ("half of it", signal.SIGTERM, Exit.INTERRUPTED),
        ("\x04", None, Exit.NEEDS_PERSON),
    ],
    ids=["ctrl-c", "sigterm", "ctrl-d"],
)
def test_whoever_leaves_at_the_password_sees_again_what_they_type(
    typed: str, number: signal.Signals | None, code: Exit
) -> None:
    with on_terminal("--demo", "expired", "reauth", "--plain") as terminal:
        begin(terminal)
        terminal.wait_for(PASSWORD)
        assert not shows(terminal)
        terminal.type(typed)
        if number:
            terminal.send(number)
        assert terminal.end() == code
        assert shows(terminal)
    assert "half of it" not in terminal.text
    assert terminal.text.endswith("Stopped. Nothing on the volume has changed.\r\n")
    assert "Traceback" not in terminal.text
    assert "Fatal" not in terminal.text


def test_a_refusal_after_the_password_leaves_the_terminal_as_it_was() -> None:
    with on_terminal("--demo", "account-locked", "reauth", "--plain") as terminal:
        begin(terminal)
        terminal.wait_for(PASSWORD)
        assert not shows(terminal)
        terminal.type("demo-password\r")
        assert terminal.end() == Exit.NEEDS_PERSON
        assert shows(terminal)
    assert "Apple has locked this Apple ID" in terminal.text
    assert "demo-password" not in terminal.text


def test_a_wrong_password_a_code_and_what_stands_there_in_the_end() -> None:
    with on_terminal("--demo", "trust-expired", "reauth", "--plain") as terminal:
        begin(terminal)
        terminal.wait_for(PASSWORD)
        terminal.type("wrong-one\r")
        terminal.wait_for(f"It was not sent again. What you type now will be sent once.\r\n{PASSWORD}")
        terminal.type("demo-password\r")
        code = code_of(terminal)
        assert shows(terminal)
        terminal.type("\r")
        terminal.wait_for("nothing was sent.")
        terminal.type(f"{code}\r")
        assert terminal.end() == Exit.DONE
    assert "✓ Signed in until about" in terminal.text
    assert "It took password and code." in terminal.text
    assert "demo-password" not in terminal.text
    assert "Traceback" not in terminal.text
    lines = terminal.text.replace("\r", "").split("\n")
    foldable = [line for line in lines if " " in line.strip()]
    assert [line for line in foldable if len(line) > 80 and "Code (" not in line] == []
    assert "      kubectl -n photo-sync create -f -" in lines
    assert "  - Ask the cluster's icloudpd whether it accepts them (--auth-only, no\n    password)" in "\n".join(lines)
    assert "commands would meet your own cluster" in " ".join(terminal.text.split())
    assert '"kind": "Job"' not in terminal.text


def test_a_promise_on_a_terminal_is_asked_there_without_echo() -> None:
    with on_terminal("--demo", "expired", "reauth", "--password-stdin") as terminal:
        terminal.wait_for(PASSWORD)
        assert not shows(terminal)
        terminal.type("\x03")
        assert terminal.end() == Exit.INTERRUPTED
        assert shows(terminal)
    assert "Go on?" not in terminal.text
    assert "kubectl" not in terminal.text
