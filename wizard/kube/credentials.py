"""Who we say we are: the user entry of a kubeconfig as headers and a client certificate.

Runs exec plugins (without a terminal, their complaints become part of the WizardError), reads token files again when they
may have changed, and refreshes what expires. Nothing here prints, logs or keeps a secret longer than it is valid.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from wizard.command import line
from wizard.errors import Retry, WizardError, shorten
from wizard.kube.errors import CredentialsRejected
from wizard.kube.kubeconfig import Kubeconfig

PLUGIN_SECONDS = 120.0
TOKEN_FILE_LIFE = timedelta(minutes=1)
EXPIRY_MARGIN = timedelta(seconds=30)
_TOKEN = re.compile(r"eyJ[\w-]{8,}(\.[\w-]*)*|[\w+/=-]{60,}")
_EXEC_EXTENSION = "client.authentication.k8s.io/exec"


@dataclass(frozen=True, slots=True)
class Credentials:
    """`headers` go with every request; `certificate` and `key` are PEM for TLS; None `valid_until` never ends."""

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    valid_until: datetime | None = None
    plugin: str = ""

    def due(self, now: datetime) -> bool:
        """Whether they should be fetched anew before the next request."""
        return self.valid_until is not None and now + EXPIRY_MARGIN >= self.valid_until

    def hidden_in(self, text: str) -> str:
        """`text` without the token or password, which some servers repeat in what they complain about."""
        for name, value in self.headers:
            secret = value.rpartition(" ")[2] if name == "Authorization" else ""
            text = text.replace(secret, "[hidden]") if secret else text
        return text


async def obtain(config: Kubeconfig, env: Mapping[str, str], private_dir: Path) -> Credentials:
    """The credentials of the chosen context's user. Raises WizardError when they can't be had."""
    user = config.user
    headers = _impersonation(user)
    certificate = _data_or_file(user, "client-certificate")
    key = _data_or_file(user, "client-key")
    if isinstance(user.get("exec"), Mapping):
        return await _from_plugin(config, headers, env, Credentials(headers, certificate, key))
    if user.get("auth-provider"):
        headers += (("Authorization", await _from_library(config, private_dir)),)
        return Credentials(headers, certificate, key, datetime.now(UTC) + TOKEN_FILE_LIFE)
    token, valid_until = "", None
    if user.get("tokenFile"):
        token = _read(Path(str(user["tokenFile"])), "tokenFile").decode(errors="replace").strip()
        valid_until = datetime.now(UTC) + TOKEN_FILE_LIFE
    token = token or str(user.get("token") or "")
    if token:
        headers += (("Authorization", f"Bearer {token}"),)
    elif user.get("username"):
        pair = f"{user['username']}:{user.get('password') or ''}".encode()
        headers += (("Authorization", f"Basic {base64.b64encode(pair).decode()}"),)
    return Credentials(headers, certificate, key, valid_until)


def authority(config: Kubeconfig) -> bytes:
    """The PEM of the authority that signs the server's certificate; empty when the system's own are meant."""
    return _data_or_file(config.cluster, "certificate-authority")


def _impersonation(user: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    headers = [("Impersonate-User", str(user["as"]))] if user.get("as") else []
    headers += [("Impersonate-Uid", str(user["as-uid"]))] if user.get("as-uid") else []
    headers += [("Impersonate-Group", str(group)) for group in user.get("as-groups") or ()]
    for key, values in (user.get("as-user-extra") or {}).items():
        headers += [(f"Impersonate-Extra-{quote(str(key))}", str(value)) for value in values]
    return tuple(headers)


def _data_or_file(entry: Mapping[str, Any], key: str) -> bytes:
    data = entry.get(f"{key}-data")
    if data:
        try:
            return base64.b64decode(str(data), validate=False)
        except (binascii.Error, ValueError) as error:
            raise _broken(f"{key}-data in the kubeconfig is not valid base64.") from error
    return _read(Path(str(entry[key])), key) if entry.get(key) else b""


def _read(path: Path, key: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _broken(
            f"The file {path}, which the kubeconfig names as {key}, can't be read.", error.strerror
        ) from error


def _broken(what: str, why: str | None = None) -> CredentialsRejected:
    return CredentialsRejected(
        "kube.credentials-file",
        what,
        why=why or "",
        fix="Fix the kubeconfig, or fetch a fresh one.",
        retry=Retry.NEVER,
    )


async def _from_library(config: Kubeconfig, private_dir: Path) -> str:
    from wizard.kube import client_library  # noqa: PLC0415 - only the old auth-provider entries need it

    library = client_library.whole("kubernetes.aio.config.kube_config")
    name = str(config.user["auth-provider"].get("name", ""))
    loader = library.KubeConfigLoader(
        {
            "current-context": "x",
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
            "clusters": [{"name": "x", "cluster": dict(config.cluster)}],
            "users": [{"name": "x", "user": dict(config.user)}],
        },
        temp_file_path=str(private_dir),
    )
    try:
        await loader._load_authentication()  # noqa: SLF001 - the library's only way to have the token alone
    except Exception as error:  # noqa: BLE001 - it raises whatever came up, with tokens in the text
        raise CredentialsRejected(
            "kube.auth-provider",
            f'The kubeconfig\'s auth-provider "{name}" provides no token.',
            why=type(error).__name__,
            fix="Sign in again with the tool that wrote the kubeconfig; kubectl itself has moved to exec plugins.",
        ) from None
    return str(getattr(loader, "token", ""))


async def _from_plugin(
    config: Kubeconfig, headers: tuple[tuple[str, str], ...], env: Mapping[str, str], configured: Credentials
) -> Credentials:
    entry: Mapping[str, Any] = config.user["exec"]
    command = str(entry.get("command") or "")
    name = os.path.basename(command) or "without a command"  # noqa: PTH119 - of a command, not of a path
    if str(entry.get("interactiveMode") or "") == "Always":
        raise _plugin_trouble(name, entry, "It needs a terminal of its own (interactiveMode: Always).")
    output = await _run_plugin(name, entry, _plugin_environment(config, entry, env))
    try:
        answer = json.loads(output)
        status = answer["status"]
        version = answer.get("apiVersion")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _plugin_trouble(name, entry, "Its output is not an ExecCredential.") from None
    if version != entry.get("apiVersion"):
        raise _plugin_trouble(
            name, entry, f"It returned {version}, but the kubeconfig asks for {entry.get('apiVersion')}."
        )
    token = str(status.get("token") or "")
    certificate = str(status.get("clientCertificateData") or "").encode()
    key = str(status.get("clientKeyData") or "").encode()
    if not token and not (certificate and key):
        raise _plugin_trouble(name, entry, "It returned neither a token nor a certificate with its key.")
    return Credentials(
        (*headers, ("Authorization", f"Bearer {token}")) if token else headers,
        certificate or configured.certificate,
        key or configured.key,
        _time(status.get("expirationTimestamp")),
        name,
    )


def _plugin_environment(config: Kubeconfig, entry: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, str]:
    spec: dict[str, Any] = {"interactive": False}
    if entry.get("provideClusterInfo"):
        cluster = config.cluster
        info: dict[str, Any] = {"server": cluster.get("server")}
        ca = authority(config)
        if ca:
            info["certificate-authority-data"] = base64.b64encode(ca).decode()
        for key in ("tls-server-name", "insecure-skip-tls-verify", "proxy-url", "disable-compression"):
            if cluster.get(key):
                info[key] = cluster[key]
        for extension in cluster.get("extensions") or ():
            if isinstance(extension, Mapping) and extension.get("name") == _EXEC_EXTENSION:
                info["config"] = extension.get("extension")
        spec["cluster"] = info
    own = {str(item["name"]): str(item.get("value") or "") for item in entry.get("env") or () if item.get("name")}
    request = {"apiVersion": entry.get("apiVersion"), "kind": "ExecCredential", "spec": spec}
    return {**env, **own, "KUBERNETES_EXEC_INFO": json.dumps(request)}


async def _run_plugin(name: str, entry: Mapping[str, Any], env: Mapping[str, str]) -> bytes:
    arguments = [str(argument) for argument in entry.get("args") or ()]
    try:
        process = await asyncio.create_subprocess_exec(
            str(entry.get("command") or ""),
            *arguments,
            env=dict(env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        hint = shorten(str(entry.get("installHint") or ""))
        raise _plugin_trouble(
            name, entry, hint or getattr(error, "strerror", None) or "It can't be started."
        ) from error
    try:
        async with asyncio.timeout(PLUGIN_SECONDS):
            output, complaint = await process.communicate()
    except TimeoutError:
        raise _plugin_trouble(name, entry, f"It did not finish within {PLUGIN_SECONDS:.0f} seconds.") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        said = shorten(_TOKEN.sub("[hidden]", complaint.decode(errors="replace"))) or "It printed nothing."
        raise _plugin_trouble(name, entry, f"It exited with code {process.returncode}: {said}")
    return output


def _plugin_trouble(name: str, entry: Mapping[str, Any], why: str) -> WizardError:
    words = [str(part) for part in (entry.get("command") or "", *(entry.get("args") or ()))]
    command = shorten(" ".join(takewhile(lambda word: not word.startswith("-"), words)))
    return CredentialsRejected(
        "kube.exec-plugin",
        f'The kubeconfig\'s credential plugin "{name}" failed.',
        why=why,
        fix="Run it by hand, sign in where it asks you to, and try again.",
        commands=(line(*command.split()),) if command else (),
    )


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
