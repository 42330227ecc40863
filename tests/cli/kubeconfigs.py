"""Kubeconfigs of every kind, most of them wrong."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.kube.certificates import Authority, Pair


def write(
    folder: Path, server: str, *, cluster: Mapping[str, Any] | None = None, user: Mapping[str, Any] | None = None
) -> Path:
    """A kubeconfig (JSON is YAML) whose only context is "home"."""
    path = folder / "kubeconfig"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "home",
        "contexts": [{"name": "home", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": "u", "user": dict(user or {})}],
    }
    path.write_text(json.dumps(content))
    return path


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def trusting(authority: Authority, **more: str) -> dict[str, str]:
    return {"certificate-authority-data": text(authority.pem), **more}


def certified(pair: Pair) -> dict[str, str]:
    return {"client-certificate-data": text(pair.certificate), "client-key-data": text(pair.key)}


def plugin(folder: Path, script: str) -> dict[str, Any]:
    """A user whose token comes from this shell script."""
    path = folder / "credential-plugin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return calling(str(path))


def calling(command: str) -> dict[str, Any]:
    api = "client.authentication.k8s.io/v1"
    return {"exec": {"apiVersion": api, "command": command, "interactiveMode": "IfAvailable"}}
