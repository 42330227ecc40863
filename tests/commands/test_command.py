"""A command is built without flags; the address of the opening gives them, and a shell reads what was meant."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from wizard.command import Address, Command, Program, Shell, helm, kubectl, line, photosync_wizard

NOWHERE = Address()
FULL = Address(kubeconfig="/home/anna/my config", context="home", namespace="photos")
DEMO = Address(kubeconfig="real", context="real", demo="expired")


@pytest.mark.parametrize(
    ("command", "address", "text"),
    [
        (kubectl("get", "pvc"), NOWHERE, "kubectl get pvc"),
        (kubectl("get", "pvc", namespace="ns"), NOWHERE, "kubectl -n ns get pvc"),
        (
            kubectl("get", "pvc", namespace="ns"),
            FULL,
            "kubectl --kubeconfig '/home/anna/my config' --context home -n ns get pvc",
        ),
        (kubectl("get", "pv"), FULL, "kubectl --kubeconfig '/home/anna/my config' --context home get pv"),
        (kubectl("get", "pvc", namespace="ns"), DEMO, "kubectl -n ns get pvc"),
        (photosync_wizard("reauth"), NOWHERE, "photosync-wizard reauth"),
        (
            photosync_wizard("reauth", "--renew"),
            FULL,
            "photosync-wizard --kubeconfig '/home/anna/my config' --context home -n photos reauth --renew",
        ),
        (
            photosync_wizard("status", namespace="other"),
            FULL,
            "photosync-wizard --kubeconfig '/home/anna/my config' --context home -n other status",
        ),
        (photosync_wizard("reauth"), Address(demo="expired"), "photosync-wizard --demo expired reauth"),
        (
            helm("install", "x", namespace="ns"),
            Address("f", "c"),
            "helm --kubeconfig f --kube-context c -n ns install x",
        ),
        (helm("install", "x", namespace="ns"), DEMO, "helm -n ns install x"),
        (
            photosync_wizard("reauth"),
            Address(context="c", flags=("--pvc", "my photos")),
            "photosync-wizard --context c --pvc 'my photos' reauth",
        ),
        (kubectl("get", "pv"), Address(context="c", flags=("--pvc", "x")), "kubectl --context c get pv"),
        (line("ls", "-l", "/a b"), FULL, "ls -l '/a b'"),
        (
            kubectl("patch", "pvc", "x", "-p", '{"spec": "it\'s"}'),
            NOWHERE,
            """kubectl patch pvc x -p '{"spec": "it'"'"'s"}'""",
        ),
        (
            line(kubectl("get", "pods"), Shell(" | "), "grep", "-i", "provisioner"),
            Address(context="c"),
            "kubectl --context c get pods | grep -i provisioner",
        ),
        (
            line(kubectl("get", "a"), Shell("\n"), kubectl("get", "b"), Shell("; unset V")),
            Address(context="c"),
            "kubectl --context c get a\nkubectl --context c get b; unset V",
        ),
        (
            kubectl("create", "job", "--from=cronjob/x", Shell(" x-$(date +%s)")),
            NOWHERE,
            "kubectl create job --from=cronjob/x x-$(date +%s)",
        ),
        (kubectl("apply", "-f", "-", stdin="a: 1\n"), NOWHERE, "kubectl apply -f - <<'EOF'\na: 1\nEOF"),
        (kubectl("apply", "-f", "-", stdin="EOF\n$HOME"), NOWHERE, "kubectl apply -f - <<'EOF_'\nEOF\n$HOME\nEOF_"),
    ],
)
def test_a_line_to_paste(command: Command, address: Address, text: str) -> None:
    assert address.line(command) == text


def test_several_lines() -> None:
    assert Address(context="c").lines((kubectl("version"), line("id"))) == ("kubectl --context c version", "id")


def test_a_file_in_place_of_standard_input() -> None:
    command = kubectl("create", "-f", "-", namespace="ns", stdin="kind: Job").reading("/home/me/pod of mine.json")
    assert NOWHERE.line(command) == "kubectl -n ns create -f '/home/me/pod of mine.json'"


def test_equal_commands_are_equal_values() -> None:
    assert kubectl("get", "pv") == Command((Program("kubectl"), "get", "pv"))
    assert {kubectl("get", "pv"), kubectl("get", "pv")} == {kubectl("get", "pv")}


def test_a_shell_reads_what_was_meant(tmp_path: Path) -> None:
    """Words with whatever is in them, a here-document and a pipe, through a real shell and a kubectl that repeats them."""
    double = tmp_path / "kubectl"
    double.write_text('#!/bin/sh\nfor word; do printf "[%s]" "$word"; done\ncat\n')
    double.chmod(0o755)
    words = ("a b", "$HOME", "it's", '{"a":"*"}', "two\nlines", "`id`", "~", "")
    command = line(kubectl(*words, namespace="ns"), Shell(" | tr a-z A-Z"))
    fed = kubectl("-", stdin="$(id) EOF\nEOF\nlast")
    run = subprocess.run(
        ["sh", "-c", Address(context="c d").line(command) + "\n" + NOWHERE.line(fed)],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": "/nowhere"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    shown = "".join(f"[{word}]" for word in ("--context", "c d", "-n", "ns", *words)).upper()
    assert run.stdout == shown + "[-]$(id) EOF\nEOF\nlast\n"
