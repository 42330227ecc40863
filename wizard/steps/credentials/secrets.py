"""The Secrets: every key that the workloads really read, which is told from their command lines and not from a list."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wizard.command import Command, Shell, kubectl, line
from wizard.facts.objects import application_of, manager_of
from wizard.facts.runners import SESSION_ONLY, names_of, namespace_unusable, runners
from wizard.icloudpd.workload import KeyRead, needed_objects
from wizard.model import Blocker, Finding, Severity, Status
from wizard.settings import Settings
from wizard.steps.base import unknown
from wizard.world import NOT_ASKED, Found, Missing, Unreadable, World


def readers_by_object(world: World, settings: Settings, kind: str) -> dict[str, list[tuple[str, KeyRead]]]:
    """By object name, which workload reads which of its keys; objects that are only needed whole have none."""
    readers: dict[str, list[tuple[str, KeyRead]]] = {}
    for where, spec, workload in runners(world, settings):
        for needed, name in needed_objects(spec):
            if needed == kind:
                readers.setdefault(name, [])
        for key in workload.keys:
            if key.kind == kind and not key.optional:
                readers.setdefault(key.name, []).append((where, key))
    return readers


def check_secrets(world: World, settings: Settings) -> Iterator[Finding]:
    readers = readers_by_object(world, settings, "secret")
    own = {names.secret for names in names_of(settings)}
    for name in sorted(own | readers.keys()):
        yield from _secret(name, readers.get(name, []), world, settings)


def _secret(name: str, readers: list[tuple[str, KeyRead]], world: World, settings: Settings) -> Iterator[Finding]:
    where = f"secret/{name}"
    yield from keys_not_mounted(where, readers)
    match world.secrets.get(name, NOT_ASKED):
        case Found(value=secret):
            lacking = [(reader, key) for reader, key in readers if key.mounted and key.key not in secret.keys]
            application = application_of(world, "Secret", secret.meta)
            if lacking:
                yield _key_missing(name, lacking, secret.keys, application, settings)
            elif not secret.keys:
                yield Finding(
                    "credentials.secret-empty",
                    Severity.ERROR,
                    f"The Secret {name} has no keys at all.",
                    evidence={f"{where} data": "empty"},
                    why="icloudpd gets the Apple ID from it.",
                    fix="Put the Apple ID in its key username." + _out_of_git(application),
                    commands=(add_key_command(settings.namespace, name, "username"),),
                    implies=Status.ACTION_REQUIRED,
                )
            else:
                read = ", ".join(sorted({key.key for _, key in readers}))
                yield Finding(
                    "credentials.secret-keys",
                    Severity.OK,
                    f"The Secret {name} has every key that the workloads read: {read}."
                    if read
                    else f"The Secret {name} exists; "
                    + ("nothing reads it yet." if isinstance(world.cron_jobs, Found) else "what reads it is unknown."),
                    evidence={
                        f"{where} keys": ", ".join(secret.keys),
                        "managed by": manager_of(secret.meta, application),
                    },
                )
            if passwords := sorted({reader for reader, key in readers if _password(key) and key.key in secret.keys}):
                yield _password_in_cluster(name, passwords, readers)
            if application:
                yield Finding(
                    "credentials.secret-in-git",
                    Severity.WARNING,
                    f"The Secret {name} comes from git, through the application {application}.",
                    evidence={f"{where} managed by": f"Argo CD ({application})"},
                    why="Anyone who can read the repository, its forks or its history can read the Secret.",
                    fix="Remove it from the application's path and create it in the cluster, or use SealedSecrets, External Secrets or SOPS.",
                )
        case Unreadable() as read:
            yield unknown("credentials.secret-unreadable", f"The Secret {name}", read)
        case Missing():
            if not namespace_unusable(world):
                yield _secret_missing(name, readers, settings)


def _password(key: KeyRead) -> bool:
    return re.search(r"pass", f"{key.key} {key.where}", re.IGNORECASE) is not None


def _password_in_cluster(name: str, users: list[str], readers: list[tuple[str, KeyRead]]) -> Finding:
    return Finding(
        "credentials.password-in-cluster",
        Severity.INFO,
        f"The Secret {name} holds the Apple password, and {' and '.join(users)} {'read' if len(users) > 1 else 'reads'} it.",
        evidence={f"{who} reads": key.where for who, key in readers if _password(key)},
        why="When the session ends, icloudpd signs in again by itself for as long as Apple trusts it; after that a code is "
        "needed anyway. Anyone who may read Secrets in this namespace can read the password.",
        fix=f"Nothing, if that is what you want. Otherwise rely on the session alone ({SESSION_ONLY}), then remove the "
        "key from the Secret.",
    )


def _secret_missing(name: str, readers: list[tuple[str, KeyRead]], settings: Settings) -> Finding:
    own = name in {names.secret for names in names_of(settings)}
    keys = sorted({key.key for _, key in readers} | ({"username"} if own else set()))
    which = (
        f"{'key' if len(keys) == 1 else 'keys'} {' and '.join(keys)}" if keys else "the keys that the workloads read"
    )
    apple_id = next(
        (settings.apple_ids.get(names.account) for names in names_of(settings) if names.secret == name), None
    )
    literals = (f"--from-literal=username={apple_id or 'YOUR_APPLE_ID'}",) if "username" in keys else ()
    return Finding(
        "credentials.secret-missing",
        Severity.ERROR,
        f"The Secret {name} does not exist yet.",
        evidence={f"secret/{name}": "not found"}
        | {
            f"{reader} reads": ", ".join(sorted({key.where for who, key in readers if who == reader}))
            for reader, _ in readers
        },
        why="It tells icloudpd which Apple ID to sync." if own else "The pod that refers to it can't start without it.",
        fix="Create it with your Apple ID as username. A password is not needed: the session is enough."
        if keys == ["username"]
        else f"Create it with {which}.",
        commands=(
            kubectl("create", "secret", "generic", name, *literals, namespace=settings.namespace),
            *(add_key_command(settings.namespace, name, key) for key in keys if key != "username"),
        ),
        implies=Status.ACTION_REQUIRED,
        blocker=Blocker(
            "P0",
            f"Secret {name} does not exist",
            ("iteration_3", "cronjob_execution"),
            user_action_required=True,
            estimated_minutes=2,
            ready_when=(f"Secret {name} exists with {which}",),
        ),
    )


def keys_not_mounted(where: str, readers: list[tuple[str, KeyRead]]) -> Iterator[Finding]:
    left_out = [(reader, key) for reader, key in readers if not key.mounted]
    if left_out:
        yield Finding(
            "credentials.key-not-mounted",
            Severity.ERROR,
            f"{left_out[0][0]} reads {left_out[0][1].where}, which its volume does not include.",
            evidence={f"{reader} reads {key.where}": f"not among the items of {where}" for reader, key in left_out},
            why="A volume with a list of items contains only those items, whatever else the object has.",
            fix="Add the key to the volume's items, or remove the list.",
            implies=Status.ACTION_REQUIRED,
        )


def _out_of_git(application: str | None) -> str:
    """What to know before a key is added to a Secret that Argo CD makes."""
    if not application:
        return ""
    return (
        f" The Secret comes from git, through the application {application}: remove it from the application's path "
        "first, since secrets don't belong in git."
    )


def _key_missing(
    name: str, lacking: list[tuple[str, KeyRead]], keys: tuple[str, ...], application: str | None, settings: Settings
) -> Finding:
    files = sorted({key.where for _, key in lacking})
    missing = sorted({key.key for _, key in lacking})
    readers = sorted({reader for reader, _ in lacking})
    count = {1: "A workload reads", 2: "Two workloads read"}.get(len(readers), f"{len(readers)} workloads read")
    noun = "key" if len(missing) == 1 else "keys"
    fix = f"Add the {noun} {' and '.join(missing)} to the Secret."
    if missing == ["password"]:
        fix = (
            f"Either let them rely on the session alone ({SESSION_ONLY} instead of --password, which keeps no password "
            "in the cluster), or add the key to the Secret."
        )
    return Finding(
        "credentials.secret-key-missing",
        Severity.ERROR,
        f"{count} {' and '.join(files)}, but the Secret {name} has no such {noun}.",
        evidence={f"secret/{name} keys": ", ".join(keys) or "none"}
        | {
            f"{reader} reads": ", ".join(sorted({key.where for who, key in lacking if who == reader}))
            for reader in readers
        },
        why="icloudpd stops with an argument error and exits 0: the pod stays Running, and nothing waits for you. "
        "Step 3 can't succeed until this is fixed.",
        fix=fix + _out_of_git(application),
        commands=tuple(add_key_command(settings.namespace, name, key) for key in missing),
        implies=Status.ACTION_REQUIRED,
        blocker=Blocker(
            "P0",
            f"Secret {name} has no {noun} {' and '.join(missing)}",
            ("iteration_3", "cronjob_execution"),
            user_action_required=True,
            estimated_minutes=1,
            ready_when=(f"Secret {name} has every key that the workloads read ({', '.join(missing)} is missing)",),
        ),
    )


def add_key_command(namespace: str, secret: str, key: str, *, asks: str = "") -> Command:
    """Adds a key, asked for without echo; its value never stands on a command line. For sh, bash and zsh alike."""
    return line(
        *("printf", f"{asks or f'Value for {key}'}: "),
        Shell(" && stty -echo && IFS= read -r V; stty echo; echo; "),
        *("printf", f'{{"data":{{"{key}":"%s"}}}}'),
        Shell(""" "$(printf %s "$V" | base64 | tr -d '\\n')" | """),
        kubectl("patch", "secret", secret, "--type", "merge", "--patch-file", "/dev/stdin", namespace=namespace),
        Shell("; unset V"),
    )
