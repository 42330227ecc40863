"""The kubeconfig that is measured with: on loopback only, and through a proxy with the same certificates."""

from __future__ import annotations

import ipaddress
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml


class NotLoopbackError(Exception):
    """The harness writes ten thousand objects: it does that on this machine only."""


def server_of(kubeconfig: Path) -> tuple[str, int]:
    """Host and port of the current context's cluster. Raises NotLoopbackError for any that is not on this machine."""
    address = urlsplit(_cluster(yaml.safe_load(kubeconfig.read_text()))["server"])
    host = address.hostname or ""
    if host != "localhost" and not _is_loopback(host):
        raise NotLoopbackError(f"{host} is not this machine; benchmarks run on a cluster on loopback only")
    return host, address.port or 443


def through(kubeconfig: Path, port: int, target: Path) -> Path:
    """Writes a copy to `target` that goes to 127.0.0.1:`port`, still expecting the certificate of the real server."""
    config = deepcopy(yaml.safe_load(kubeconfig.read_text()))
    cluster = _cluster(config)
    host = urlsplit(cluster["server"]).hostname
    if host != "127.0.0.1":
        cluster.setdefault("tls-server-name", host)
    cluster["server"] = f"https://127.0.0.1:{port}"
    target.touch(mode=0o600)
    target.write_text(yaml.safe_dump(config))
    return target


def _cluster(config: dict[str, Any]) -> dict[str, Any]:
    current = config["current-context"]
    [context] = [each["context"] for each in config["contexts"] if each["name"] == current]
    [cluster] = [each["cluster"] for each in config["clusters"] if each["name"] == context["cluster"]]
    found: dict[str, Any] = cluster
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
