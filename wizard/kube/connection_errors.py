"""Names the reason when no connection comes about: from the HTTP library's exceptions to WizardError.

The only other module that knows that library's exceptions is the client. On a certificate with other names it asks the
server once more what the certificate says.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from dataclasses import dataclass, field

from wizard.command import kubectl
from wizard.errors import Retry, WizardError, shorten
from wizard.kube.errors import SHOW_SERVER, CredentialsRejected, NotKubernetes, TlsMismatch, Unreachable

_PLAIN = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL")
_CLIENT_CERTIFICATE = (
    "CERTIFICATE_REQUIRED",
    "ALERT_BAD_CERTIFICATE",
    "ALERT_CERTIFICATE_EXPIRED",
    "ALERT_UNKNOWN_CA",
    "ALERT_CERTIFICATE_UNKNOWN",
    "ALERT_ACCESS_DENIED",
    "ALERT_HANDSHAKE_FAILURE",
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where to: `server` as in the kubeconfig, `expected` the name that the certificate has to carry."""

    server: str
    host: str
    port: int
    expected: str
    named_by_kubeconfig: bool
    proxy: str = field(default="", repr=False)


def trouble_of(error: BaseException, target: Target) -> WizardError:
    """What `error`, raised while connecting or sending, means; certificate names are not looked up."""
    chain = _chain(error)
    for link in (
        error_of_ssl for error_of_ssl in chain if type(error_of_ssl).__module__ == "ssl"
    ):  # the HTTP library's heirs lack their fields
        if isinstance(link, ssl.SSLCertVerificationError):
            return _certificate(link, target, None)
        if isinstance(link, ssl.SSLError):
            return _tls(link, target)
    for link in chain:
        if isinstance(link, socket.gaierror):
            return _unreachable(target, f"The host name {target.host} can't be resolved (DNS).", "unknown-host")
    if any(type(link).__name__ in ("ClientProxyConnectionError", "ClientHttpProxyError") for link in chain):
        status = next((getattr(link, "status", None) for link in chain if getattr(link, "status", None)), None)
        return Unreachable(
            "kube.proxy",
            f"The proxy in front of the cluster at {target.server} can't be used.",
            why=f"It answered HTTP {status}." if status else "It can't be reached.",
            fix="Check proxy-url in the kubeconfig, or HTTPS_PROXY and NO_PROXY.",
            commands=(SHOW_SERVER,),
        )
    return _by_kind(chain, target)


async def with_certificate_names(error: WizardError, authority: bytes, target: Target) -> WizardError:
    """`trouble`, and for a certificate with other names a second look that says which names it carries.

    `authority` is the PEM that the kubeconfig names, empty when it names none. A TLS context of its own is used: the
    session's keeps checking names for whoever connects meanwhile.
    """
    if error.code != "kube.tls-name" or target.proxy:
        return error
    names = await _names_on_certificate(authority, target)
    return _name_mismatch(target, names) if names else error


def _by_kind(chain: list[BaseException], target: Target) -> WizardError:
    for link in chain:
        if isinstance(link, ConnectionRefusedError):
            return _unreachable(target, f"Nothing is listening on port {target.port} of {target.host}.", "refused")
        if isinstance(link, OSError) and link.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN):
            return _unreachable(
                target, "There is no route to it: this machine is on another network, or the VPN is off.", "no-route"
            )
    names = {type(link).__name__ for link in chain}
    if "InvalidURL" in names or "NonHttpUrlClientError" in names:
        return _unreachable(target, "That is not a valid address.", "address")
    if any(isinstance(link, TimeoutError) for link in chain) or "ConnectionTimeoutError" in names:
        return _unreachable(target, "It did not answer in time.", "timeout")
    if "BadHttpMessage" in names or "ClientResponseError" in names or "ClientPayloadError" in names:
        return NotKubernetes(
            "kube.not-http",
            f"The server at {target.server} does not speak valid HTTP.",
            fix="Check the server's address and port in the kubeconfig.",
            commands=(SHOW_SERVER,),
        )
    return _unreachable(target, "The connection was lost.", "broken")


def _unreachable(target: Target, why: str, slug: str) -> Unreachable:
    return Unreachable(
        f"kube.{slug}",
        f"The cluster at {target.server} can't be reached.",
        why=why,
        fix="Check that the cluster is up, that you are on its network, and that the address is right.",
        commands=(SHOW_SERVER, kubectl("version")),
        retry=Retry.NEVER if slug == "address" else Retry.LATER,
    )


def _certificate(error: ssl.SSLCertVerificationError, target: Target, names: tuple[str, ...] | None) -> WizardError:
    if error.verify_code in (62, 64) or "mismatch" in (error.verify_message or ""):
        return _name_mismatch(target, names or ())
    if error.verify_code == 10:
        return TlsMismatch(
            "kube.tls-expired",
            f"The certificate of {target.server} has expired.",
            fix="Renew the cluster's certificates (k3s: restart it; kubeadm: kubeadm certs renew all).",
            retry=Retry.LATER,
        )
    if error.verify_code == 9:
        return TlsMismatch(
            "kube.tls-not-yet",
            f"The certificate of {target.server} is not valid yet.",
            fix="Check the clocks of this machine and of the cluster.",
        )
    return TlsMismatch(
        "kube.tls-unknown-ca",
        f"The certificate of {target.server} is not signed by the certificate authority in the kubeconfig.",
        why=shorten(error.verify_message or ""),
        fix="Usually the kubeconfig is from an earlier installation of the cluster, or something intercepts the "
        "connection: fetch a fresh kubeconfig.",
        retry=Retry.NEVER,
    )


def _name_mismatch(target: Target, names: tuple[str, ...]) -> TlsMismatch:
    says = f"It is for {shorten(', '.join(names))}." if names else "It is for other names."
    setting = "tls-server-name" if target.named_by_kubeconfig else "the server's address"
    return TlsMismatch(
        "kube.tls-name",
        f'The certificate of {target.server} is not for "{target.expected}", which is {setting} in the kubeconfig.',
        why=says,
        fix=f"Set tls-server-name in the kubeconfig to {names[0]}."
        if names
        else "Set tls-server-name in the kubeconfig.",
        commands=(kubectl("config", "set-cluster", "CLUSTER", f"--tls-server-name={names[0]}"),) if names else (),
        retry=Retry.NEVER,
    )


def _tls(error: ssl.SSLError, target: Target) -> WizardError:
    message = f"{getattr(error, 'reason', '')} {error}".upper().replace(" ", "_")
    if any(word in message for word in _PLAIN):
        return NotKubernetes(
            "kube.plain-http",
            f"The server at {target.server} does not speak TLS.",
            why="It answered in plain text, as an HTTP server would.",
            fix="Check the port, or whether the address should begin with http://.",
            commands=(SHOW_SERVER,),
            retry=Retry.NEVER,
        )
    if any(word in message for word in _CLIENT_CERTIFICATE):
        return CredentialsRejected(
            "kube.client-certificate",
            f"The cluster at {target.server} rejected the client certificate in the kubeconfig.",
            why=shorten(getattr(error, "reason", None) or ""),
            fix="Fetch a fresh kubeconfig: the certificate has expired or belongs to another cluster.",
        )
    return TlsMismatch(
        "kube.tls",
        f"An encrypted connection to {target.server} can't be established.",
        why=shorten(getattr(error, "reason", None) or str(error)),
        fix="Check the server's address, and any proxy or firewall in between.",
    )


async def _names_on_certificate(authority: bytes, target: Target) -> tuple[str, ...]:
    try:
        context = ssl.create_default_context(cadata=authority.decode("ascii", errors="replace") or None)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.check_hostname = False
        async with asyncio.timeout(5):
            _, writer = await asyncio.open_connection(
                target.host, target.port, ssl=context, server_hostname=target.expected
            )
            try:
                certificate = writer.get_extra_info("peercert") or {}
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return ()
    return tuple(str(value) for _, value in certificate.get("subjectAltName", ()))


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    queue: list[BaseException | None] = [error]
    while queue:
        link = queue.pop(0)
        if link is None or link in chain:
            continue
        chain.append(link)
        queue += [
            link.__cause__,
            link.__context__,
            getattr(link, "certificate_error", None),
            getattr(link, "os_error", None),
        ]
    return chain
