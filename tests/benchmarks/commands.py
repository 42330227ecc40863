"""The commands that are timed, and how: ours, and the seed's own seven."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

RUNNER = str(Path(__file__).with_name("runner.py"))
COMMAND_SECONDS = 120


class UnexpectedExitError(Exception):
    """A timed command failed, so that its time means nothing."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command, or several after another; `megabytes` is the peak of its resident memory."""

    seconds: float
    megabytes: float


def environment(home: Path) -> dict[str, str]:
    """A clean one, with everything that programs leave behind under `home`."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SSL_CERT_FILE") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "KUBECACHEDIR": str(home / "kube-cache"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "TERM": "xterm-256color",
        "TZ": "UTC",
    }


def wizard(kubeconfig: Path, namespace: str) -> tuple[str, ...]:
    """How the wizard begins, installed beside this Python."""
    script = Path(sys.executable).with_name("photosync-wizard")
    return (str(script), "--kubeconfig", str(kubeconfig), "-n", namespace)


def status(kubeconfig: Path, namespace: str) -> tuple[str, ...]:
    """Our one command."""
    return (*wizard(kubeconfig, namespace), "status", "-o", "json")


def seeds_own(kubeconfig: Path, namespace: str) -> list[tuple[str, ...]]:
    """The seven commands with which the seed verifies its state."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        raise FileNotFoundError("kubectl is not on PATH")
    inside = (kubectl, "--kubeconfig", str(kubeconfig), "-n", namespace)
    return [
        (*inside, "get", "application", "photo-sync"),
        (*inside, "describe", "application", "photo-sync"),
        (*inside, "get", "application", "photo-sync", "-o", "jsonpath={.status.resources}"),
        (*inside, "get", "all,pvc,secret,configmap"),
        (*inside, "describe", "cronjob", "icloudpd-sync"),
        (*inside, "get", "cronjob", "icloudpd-sync", "-o", "yaml"),
        (*inside, "get", "jobs"),
    ]


def run(command: Sequence[str], home: Path, allowed: tuple[int, ...] = (0,)) -> Run:
    """Runs it to its end. Raises UnexpectedExitError when it ends with another code than the allowed ones."""
    done = subprocess.run(
        [sys.executable, "-S", "-E", RUNNER, *command],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=True,
    )
    answer: Mapping[str, float] = json.loads(done.stdout)
    if answer["code"] not in allowed:
        raise UnexpectedExitError(f"{' '.join(command)} ended with {answer['code']}: {done.stderr[-500:]}")
    return Run(answer["seconds"], answer["megabytes"])


def run_status(kubeconfig: Path, namespace: str, home: Path) -> Run:
    """`status`, which ends with 3 or 4 while anything is left to do."""
    return run(status(kubeconfig, namespace), home, allowed=(0, 3, 4))


def run_seeds_own(kubeconfig: Path, namespace: str, home: Path) -> Run:
    """All seven, one after the other, as a person would."""
    runs = [run(command, home) for command in seeds_own(kubeconfig, namespace)]
    return Run(sum(each.seconds for each in runs), max(each.megabytes for each in runs))
