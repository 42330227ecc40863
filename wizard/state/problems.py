"""What can go wrong with a kept state, in the person's words. All of it is survivable: the wizard goes on."""

from __future__ import annotations

import json
from pathlib import Path

from wizard.command import kubectl, line
from wizard.errors import Exit, Retry, WizardError
from wizard.model import ClusterRef


def reason(error: OSError) -> str:
    """Why the system refused, as it words it."""
    return error.strerror or type(error).__name__


def other_cluster(saved: ClusterRef, reached: ClusterRef) -> WizardError:
    return WizardError(
        "state.other-cluster",
        f"The saved state for context {saved.context} belongs to a different cluster from the one that answers now.",
        why=f"Saved: {_described(saved)}. Now: {_described(reached)}.",
        fix=(
            "Nothing is lost: each cluster keeps its own state. To resume, choose the context of the saved one; to "
            "set up this cluster, look again: it gets a state of its own."
        ),
        commands=(kubectl("config", "get-contexts"),),
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.NEVER,
    )


def secret_refused(error: ValueError) -> WizardError:
    return WizardError(
        "state.secret-refused",
        "Your choice was not saved, because part of it looks like a secret.",
        why=f"There is {error}.",
        fix="Secrets belong in the keyring or the cluster: remove it from that value.",
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.NEVER,
    )


def changed_meanwhile() -> WizardError:
    return WizardError(
        "state.changed-meanwhile",
        "Another photosync-wizard has changed the saved state since this one was opened.",
        fix="Close this one and open it again; what the other one saved stays.",
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.NEVER,
    )


def unwritable(path: Path, error: OSError) -> WizardError:
    return WizardError(
        "state.unwritable",
        f"Your choices can't be saved right now ({reason(error)}); the wizard goes on, and nothing else is lost.",
        why=f"They would be saved in {path}.",
        fix="Free some space or make that folder writable; the next change is saved again.",
        commands=(line("df", "-h", str(path.parent)), line("ls", "-ld", str(path.parent))),
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.NOW,
    )


def locked(note: bytes) -> WizardError:
    try:
        holder = json.loads(note)
        pid, since = int(holder["pid"]), str(holder["since"])
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        pid, since = 0, ""
    who = f" (process {pid}, since {since})" if pid else ""
    return WizardError(
        "state.locked",
        f"Another photosync-wizard has this setup open{who}.",
        why="Two at once would overwrite each other's choices.",
        fix="Continue here read-only, or close the other one first.",
        commands=(line("ps", "-fp", str(pid)),) if pid else (),
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.LATER,
    )


def from_the_future(path: Path) -> WizardError:
    return WizardError(
        "state.from-the-future",
        f"The saved state {path} was written by a newer photosync-wizard.",
        why="This one can't read it and leaves it as it is.",
        fix="Update photosync-wizard, or move the file away to start over.",
        commands=(line("pip", "install", "--upgrade", "photosync-wizard"), line("mv", str(path), f"{path}.newer")),
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.NEVER,
    )


def _described(cluster: ClusterRef) -> str:
    identity = f"kube-system {cluster.uid}" if cluster.uid else "kube-system's UID not known"
    return f"{cluster.server} (context {cluster.context}, {identity})"
