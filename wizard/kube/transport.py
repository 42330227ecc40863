"""The HTTP session that everything goes through: TLS, proxy, server name, built on the official client's own parts.

Knows addresses and certificates, nothing of Kubernetes' objects. The client key is on disk only while it is loaded.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from wizard.errors import Retry, WizardError
from wizard.kube import client_library
from wizard.kube.connection_errors import Target
from wizard.kube.credentials import Credentials, authority
from wizard.kube.errors import ClusterError
from wizard.kube.kubeconfig import Kubeconfig

CONNECT_SECONDS = 10.0
STREAMS = 100


@dataclass(frozen=True, slots=True)
class Transport:
    """An open session to one server; `options` go with every request."""

    session: Any
    base: str
    options: Mapping[str, Any] = field(repr=False)
    target: Target
    authority: bytes = field(repr=False)
    ca_sha256: str | None


def open_transport(
    config: Kubeconfig, credentials: Credentials, env: Mapping[str, str], private_dir: Path
) -> Transport:
    """A session for the chosen context. Raises WizardError for an address, authority or proxy that can't be used."""
    target = _target(config, env)
    ca = authority(config)
    configuration, rest_client = client_library.load()
    settings = configuration(host=target.server)
    settings.verify_ssl = not config.cluster.get("insecure-skip-tls-verify")
    settings.disable_strict_ssl_verification = True  # kubectl's TLS library has no such mode either
    settings.connection_pool_maxsize = STREAMS
    settings.client_session_kwargs = _session_options(config)
    if ca:
        settings.ca_cert_data = ca.decode("ascii", errors="replace")
    with _key_files(credentials, private_dir) as (certificate, key):
        settings.cert_file, settings.key_file = certificate, key
        try:
            client = rest_client(settings)
        except (ssl.SSLError, ValueError, OSError) as error:
            raise _bad_certificate(error) from error
    session = client._create_pool_manager()  # noqa: SLF001 - the library's documented place to get the session from
    options: dict[str, Any] = {"allow_redirects": False}
    if config.cluster.get("tls-server-name"):
        options["server_hostname"] = target.expected
    if target.proxy:
        options["proxy"] = target.proxy
    return Transport(
        session=session,
        base=target.server.rstrip("/"),
        options=options,
        target=target,
        authority=ca,
        ca_sha256=hashlib.sha256(ca).hexdigest() if ca else None,
    )


def _session_options(config: Kubeconfig) -> dict[str, Any]:
    import aiohttp  # noqa: PLC0415 - loads with the library, when somebody connects

    headers = {"Accept": "application/json", "User-Agent": "photosync-wizard"}
    if config.cluster.get("disable-compression"):
        headers["Accept-Encoding"] = "identity"
    return {
        "trust_env": False,
        "cookie_jar": aiohttp.DummyCookieJar(),
        "headers": headers,
        "timeout": aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
    }


def _target(config: Kubeconfig, env: Mapping[str, str]) -> Target:
    server = str(config.cluster.get("server") or "")
    if "://" not in server:
        server = f"https://{server}" if config.cluster.get("certificate-authority-data") else f"http://{server}"
    try:
        parts = urlsplit(server)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        host, port, parts = "", 0, urlsplit("")
    if not host or parts.scheme not in ("http", "https"):
        raise ClusterError(
            "kube.address",
            f'The server address of the cluster "{config.cluster_name}" in the kubeconfig is not valid.',
            fix="It should look like https://192.168.1.10:6443.",
            retry=Retry.NEVER,
        )
    server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    named = str(config.cluster.get("tls-server-name") or "")
    proxy = _proxy(str(config.cluster.get("proxy-url") or ""), parts.scheme, host, port, env)
    return Target(server, host, port, named or host, bool(named), proxy)


def _proxy(configured: str, scheme: str, host: str, port: int, env: Mapping[str, str]) -> str:
    proxy = configured or _proxy_of_environment(scheme, host, port, env)
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    if proxy and urlsplit(proxy).scheme not in ("http", "https"):
        raise ClusterError(
            "kube.proxy-kind",
            f"The proxy for this cluster speaks {urlsplit(proxy).scheme}, which isn't supported.",
            fix="Use an HTTP proxy, or open a tunnel (ssh -L) and point the kubeconfig at it.",
            retry=Retry.NEVER,
        )
    return proxy


def _proxy_of_environment(scheme: str, host: str, port: int, env: Mapping[str, str]) -> str:
    name = f"{scheme}_proxy"
    proxy = env.get(name.upper()) or env.get(name) or ""
    if not proxy or host == "localhost" or _is_loopback(host):
        return ""
    for rule in (env.get("NO_PROXY") or env.get("no_proxy") or "").split(","):
        if _spared(rule.strip().lower(), host.lower(), port):
            return ""
    return proxy


def _spared(rule: str, host: str, port: int) -> bool:
    """Whether a rule of NO_PROXY means `host`: "*", a name with those below it, an address or network, each with a port."""
    if rule == "*":
        return True
    address = _address(host)
    try:
        network = ipaddress.ip_network(rule, strict=False)
    except ValueError:
        network = None
    if network is not None:
        return address is not None and address in network
    name, colon, rule_port = rule.rpartition(":") if not rule.endswith("]") else (rule, "", "")
    name = name if colon else rule
    if not name or (colon and rule_port != str(port)):
        return False
    named = _address(name.strip("[]"))
    if named is not None or address is not None:
        return named == address
    return host == name or host.endswith("." + name.lstrip("*").lstrip("."))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return address is not None and address.is_loopback


@contextmanager
def _key_files(credentials: Credentials, private_dir: Path) -> Iterator[tuple[str | None, str | None]]:
    if not credentials.certificate:
        yield None, None
        return
    written: list[str] = []
    try:
        for content in (credentials.certificate, credentials.key or credentials.certificate):
            handle, name = tempfile.mkstemp(dir=private_dir)
            written.append(name)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
        yield written[0], written[1]
    finally:
        for name in written:
            Path(name).unlink(missing_ok=True)


def _bad_certificate(error: Exception) -> WizardError:
    return ClusterError(
        "kube.certificate-data",
        "A certificate or key in the kubeconfig can't be used.",
        why=getattr(error, "reason", None) or type(error).__name__,
        fix="Fetch a fresh kubeconfig.",
        retry=Retry.NEVER,
    )
