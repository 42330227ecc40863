"""Finds the kubeconfig and merges its files as kubectl does. Reads files; contacts nobody.

`--kubeconfig` before the files of KUBECONFIG before ~/.kube/config before the service account of a pod. The first file
that names a context, cluster, user or current-context wins, whole; relative paths are relative to their own file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wizard.command import Command, kubectl, line
from wizard.errors import Exit, Retry, WizardError, shorten

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
IN_CLUSTER = "in-cluster"
_SECTIONS = (("clusters", "cluster"), ("users", "user"), ("contexts", "context"))
_PATHS = {
    "clusters": ("certificate-authority",),
    "users": ("client-certificate", "client-key", "tokenFile"),
    "contexts": (),
}


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """One chosen context with its cluster and user entry as they stand in the file, paths made absolute."""

    context: str
    namespace: str
    cluster_name: str
    user_name: str
    cluster: Mapping[str, Any] = field(repr=False)
    user: Mapping[str, Any] = field(repr=False)
    files: tuple[Path, ...] = ()


def config_files(flag: str | None, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
    """The files to read, in order; those that are missing are in it too."""
    if flag:
        return (Path(flag),)
    listed = tuple(dict.fromkeys(part for part in env.get("KUBECONFIG", "").split(os.pathsep) if part))
    if listed:
        return tuple(Path(part) for part in listed)
    return (home / ".kube" / "config",)


def load(
    flag: str | None,
    context: str | None,
    *,
    env: Mapping[str, str],
    home: Path,
    service_account: Path = SERVICE_ACCOUNT,
) -> Kubeconfig:
    """What kubectl would connect with. Raises WizardError when there is no such thing."""
    paths = config_files(flag, env, home)
    if flag and _is_missing(paths[0]):
        raise _trouble(
            "kubeconfig.missing",
            f"There is no kubeconfig at {flag}.",
            fix="Check the path given with --kubeconfig, or leave it out to use KUBECONFIG or ~/.kube/config.",
        )
    present = tuple(path for path in paths if not _is_missing(path))
    merged = merge([(path, read(path)) for path in present])
    if not any(merged[section] for section, _ in _SECTIONS):
        inside = None if flag else _in_cluster(env, service_account)
        if inside is not None:
            return inside
        raise _nothing_found(paths, present)
    return choose(merged, context, present)


def read(path: Path) -> Mapping[str, Any]:
    """One file as a mapping; an empty file is an empty mapping. Raises WizardError when it can't be read or isn't YAML."""
    import yaml  # noqa: PLC0415 - only whoever connects pays for it

    try:
        text = path.read_bytes()
    except OSError as error:
        raise _trouble(
            "kubeconfig.unreadable",
            f"The kubeconfig {path} can't be read.",
            why=error.strerror or "",
            fix="Make the file readable for you, or choose another one with --kubeconfig.",
            commands=(line("ls", "-l", str(path)),),
        ) from error
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(text, Loader=loader)  # noqa: S506 - both are safe loaders
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark is not None else "its text"
        raise _trouble(
            "kubeconfig.not-yaml",
            f"The kubeconfig {path} is not valid YAML, see {where}.",
            why=shorten(str(getattr(error, "problem", "") or "")),
            fix="Fix the file, or choose another one with --kubeconfig.",
        ) from error
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        raise _not_a_kubeconfig(path, "It contains a single value where a mapping is expected.")
    return content


def _is_missing(path: Path) -> bool:
    """False also for what may not be looked at: reading it says why."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def merge(files: Sequence[tuple[Path, Mapping[str, Any]]]) -> dict[str, Any]:
    """One kubeconfig out of several, as `kubectl config view --raw` would show it but with all paths absolute."""
    merged: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "current-context": ""}
    for section, key in _SECTIONS:
        entries: dict[str, dict[str, Any]] = {}
        for path, content in files:
            for name, value in _named(path, content, section, key):
                entries.setdefault(name, {"name": name, key: _absolute(section, value, path.absolute().parent)})
        merged[section] = [entries[name] for name in sorted(entries)]
    for _, content in files:
        current = content.get("current-context")
        if current:
            merged["current-context"] = str(current)
            break
    return merged


def choose(merged: Mapping[str, Any], context: str | None, files: tuple[Path, ...] = ()) -> Kubeconfig:
    """The entries of `context`, or of the current context. Raises WizardError naming the contexts that there are."""
    contexts = {entry["name"]: entry["context"] for entry in merged["contexts"]}
    name = context or merged["current-context"]
    names = ", ".join(sorted(contexts)) or "none"
    listing = (kubectl("config", "get-contexts"),)
    if not name:
        raise _trouble(
            "kubeconfig.no-context",
            f"The kubeconfig has no current context. Available: {shorten(names)}.",
            fix="Choose one with --context, or permanently with the command below.",
            commands=(kubectl("config", "use-context", "NAME"),),
        )
    if name not in contexts:
        raise _trouble(
            "kubeconfig.unknown-context",
            f'There is no context called "{shorten(name, 80)}" in the kubeconfig. Available: {shorten(names)}.',
            fix="Choose one of these with --context."
            if context
            else "Choose one of these with --context, or fix current-context.",
            commands=listing,
        )
    chosen = contexts[name]
    clusters = {entry["name"]: entry["cluster"] for entry in merged["clusters"]}
    users = {entry["name"]: entry["user"] for entry in merged["users"]}
    cluster_name, user_name = str(chosen.get("cluster") or ""), str(chosen.get("user") or "")
    if cluster_name not in clusters or not clusters[cluster_name].get("server"):
        problem = (
            f'names the cluster "{cluster_name}", which does not exist' if cluster_name else "does not name a cluster"
        )
        if cluster_name in clusters:
            problem = f'names the cluster "{cluster_name}", which has no server address'
        raise _trouble(
            "kubeconfig.no-cluster",
            f'The context "{name}" of the kubeconfig {problem}.',
            why="When several files define an entry, the first one counts; a file may be missing from KUBECONFIG.",
            fix="Fix the context, or choose another one with --context.",
            commands=listing,
        )
    if user_name and user_name not in users:
        raise _trouble(
            "kubeconfig.no-user",
            f'The context "{name}" of the kubeconfig names the user "{user_name}", which does not exist.',
            fix="Fix the context, or choose another one with --context.",
            commands=listing,
        )
    return Kubeconfig(
        context=name,
        namespace=str(chosen.get("namespace") or ""),
        cluster_name=cluster_name,
        user_name=user_name,
        cluster=clusters[cluster_name],
        user=users.get(user_name, {}),
        files=files,
    )


def _named(path: Path, content: Mapping[str, Any], section: str, key: str) -> list[tuple[str, Mapping[str, Any]]]:
    items = content.get(section) or []
    if not isinstance(items, list):
        raise _not_a_kubeconfig(path, f'"{section}" is not a list.')
    entries = []
    for item in items:
        if not isinstance(item, Mapping) or not item.get("name"):
            raise _not_a_kubeconfig(path, f'An entry of "{section}" has no name.')
        value = item.get(key)
        entries.append((str(item["name"]), value if isinstance(value, Mapping) else {}))
    return entries


def _absolute(section: str, value: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    resolved = dict(value)
    for key in _PATHS[section]:
        if resolved.get(key):
            resolved[key] = os.path.normpath(folder / str(resolved[key]))
    plugin = resolved.get("exec")
    if section == "users" and isinstance(plugin, Mapping) and os.sep in str(plugin.get("command", "")):
        resolved["exec"] = {**plugin, "command": os.path.normpath(folder / str(plugin["command"]))}
    return resolved


def _in_cluster(env: Mapping[str, str], service_account: Path) -> Kubeconfig | None:
    host, port = env.get("KUBERNETES_SERVICE_HOST", ""), env.get("KUBERNETES_SERVICE_PORT", "")
    token = service_account / "token"
    if not host or not port or _is_missing(token):
        return None
    try:
        namespace = (service_account / "namespace").read_text(errors="replace").strip()
    except OSError:
        namespace = ""
    return Kubeconfig(
        context=IN_CLUSTER,
        namespace=namespace,
        cluster_name=IN_CLUSTER,
        user_name="the pod's service account",
        cluster={
            "server": f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
            "certificate-authority": str(service_account / "ca.crt"),
        },
        user={"tokenFile": str(token)},
    )


def _nothing_found(paths: tuple[Path, ...], present: tuple[Path, ...]) -> WizardError:
    looked = ", ".join(str(path) for path in paths)
    state = "is empty" if present else "doesn't exist"
    return _trouble(
        "kubeconfig.none",
        "There is no kubeconfig, so there is no cluster to look at.",
        why=f"Looked at {shorten(looked)}, which {state}, and this is not running in a pod.",
        fix="Copy your cluster's kubeconfig to ~/.kube/config, or point to it with --kubeconfig or KUBECONFIG. To look "
        "around without a cluster, start the demo.",
        commands=(line("photosync-wizard", "demo"),),
    )


def _not_a_kubeconfig(path: Path, why: str) -> WizardError:
    return _trouble(
        "kubeconfig.not-yaml",
        f"The file {path} is not a kubeconfig.",
        why=why,
        fix="Choose another file with --kubeconfig.",
    )


def _trouble(code: str, what: str, *, why: str = "", fix: str = "", commands: tuple[Command, ...] = ()) -> WizardError:
    return WizardError(code, what, why=why, fix=fix, commands=commands, exit_code=Exit.UNREACHABLE, retry=Retry.NEVER)
