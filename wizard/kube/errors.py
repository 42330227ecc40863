"""What can go wrong between us and an API server, as WizardError in a person's words.

Built from plain values (status, headers, body, exception texts); the HTTP library's own exceptions stop in
`wizard.kube.client`. Nothing in here holds a token, a header's value or a body that was sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wizard.command import Command, kubectl
from wizard.errors import Exit, Retry, WizardError, shorten

SHOW_SERVER = kubectl("config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}")
"""Shows the address of the server that the kubeconfig leads to."""


class ClusterError(WizardError):
    """The cluster can't be asked at all: exit code 5."""

    def __init__(
        self,
        code: str,
        what: str,
        *,
        why: str = "",
        fix: str = "",
        commands: tuple[Command, ...] = (),
        retry: Retry = Retry.LATER,
    ) -> None:
        super().__init__(code, what, why=why, fix=fix, commands=commands, exit_code=Exit.UNREACHABLE, retry=retry)


class Unreachable(ClusterError):
    """No connection, or it broke: refused, unknown name, reset, no answer to the connecting."""


class TlsMismatch(ClusterError):
    """Somebody answered whose certificate is not the one that the kubeconfig expects."""


class CredentialsRejected(ClusterError):
    """The server doesn't accept who we say we are, or the plugin that should say so failed."""


class NotKubernetes(ClusterError):
    """Something answered that is no Kubernetes API server: a captive portal, another port, plain HTTP."""


class TimedOut(WizardError):
    """The server took the request and did not answer in time."""

    def __init__(self, what: str) -> None:
        super().__init__(
            "kube.timeout",
            what,
            why="The server accepted the request but did not answer in time.",
            fix="Try again; if it keeps happening, check the API server's load.",
            retry=Retry.NOW,
        )


class Expired(WizardError):
    """A watch or a list's continuation is too old: list again. `fresh_continue` is the server's offer to go on."""

    def __init__(self, message: str, fresh_continue: str = "") -> None:
        super().__init__(
            "kube.expired",
            "The server no longer has the version of the list that was being read.",
            why=shorten(message),
            fix="Nothing to do: the list is being read again.",
            retry=Retry.NOW,
        )
        self.fresh_continue = fresh_continue


class Refused(WizardError):
    """The server answered a request with an error. `status` is HTTP's, `reason` Kubernetes' word for it."""

    def __init__(
        self,
        code: str,
        what: str,
        *,
        status: int,
        reason: str = "",
        message: str = "",
        fix: str = "",
        retry: Retry = Retry.NEVER,
        commands: tuple[Command, ...] = (),
    ) -> None:
        super().__init__(code, what, why=shorten(message), fix=fix, retry=retry, commands=commands)
        self.status = status
        self.reason = reason
        self.message = shorten(message)


class Forbidden(Refused):
    """403."""


class NotFound(Refused):
    """404; `kind_installed` is False when the server does not know the kind at all."""

    kind_installed = True


class Conflict(Refused):
    """409: it exists already, changed meanwhile, or another field manager owns what was to be set.

    `causes` are those of the server's Status: for each field its name, the reason and who owns it.
    """

    causes: tuple[Mapping[str, Any], ...] = ()


class Invalid(Refused):
    """400, 415 and 422: the server does not accept what was sent."""


class Busy(Refused):
    """429, and 503 and 504 that a later try may cure; `retry_after` in seconds where the server gave it."""

    retry_after: float | None = None


class ServerFault(Refused):
    """Any other 5xx."""


def describe(method: str, path: str) -> tuple[str, str]:
    """Verb and resource in RBAC's words for a request: ("list", "cronjobs.batch in namespace photo-sync")."""
    parts = [part for part in path.split("?", maxsplit=1)[0].split("/") if part]
    if len(parts) >= 2 and parts[0] == "api":
        group, rest = "", parts[2:]
    elif len(parts) >= 3 and parts[0] == "apis":
        group, rest = parts[1], parts[3:]
    else:
        return method.lower(), path
    namespace = ""
    if len(rest) >= 3 and rest[0] == "namespaces":
        namespace, rest = rest[1], rest[2:]
    if not rest:
        return method.lower(), path
    name = rest[1] if len(rest) > 1 else ""
    kind = f"{rest[0]}.{group}" if group else rest[0]
    if len(rest) > 2:
        kind += f"/{rest[2]}"
    verb = {"GET": "get" if name else "list", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[
        method
    ]
    what = f'{kind} "{name}"' if name else kind
    return verb, f"{what} in namespace {namespace}" if namespace else what


def is_status(body: Any) -> bool:
    """Whether an answer is Kubernetes' own error object."""
    return isinstance(body, Mapping) and body.get("kind") == "Status"


def refusal(method: str, path: str, status: int, headers: Mapping[str, str], text: str) -> WizardError:
    """What an answer with an error status means."""
    body: Any = None
    if text.lstrip().startswith("{"):
        try:
            body = json.loads(text)
        except ValueError:
            body = None
    if looks_like_html(headers.get("Content-Type", ""), text):
        return behind_gateway(status) if status in (502, 503, 504) else not_kubernetes(status)
    if status == 400 and "HTTP request to an HTTPS server" in text:
        return NotKubernetes(
            "kube.http-to-https",
            "The server speaks HTTPS, but the kubeconfig has an http:// address for it.",
            fix="Change the server's address in the kubeconfig to https://.",
            retry=Retry.NEVER,
        )
    has_status = is_status(body)
    message = str(body.get("message", "")) if has_status else text
    reason = str(body.get("reason", "")) if has_status else ""
    verb, what = describe(method, path)
    if status == 401:
        return rejected(message)
    if status == 403:
        return Forbidden(
            "kube.forbidden",
            f"You are not allowed to {verb} {what}.",
            status=status,
            reason=reason,
            message=message,
            fix="Ask whoever administers the cluster for a role that allows it.",
            commands=(_can_i(method, path),),
        )
    if status == 404:
        error = NotFound("kube.not-found", f"There is no {what}.", status=status, reason=reason, message=message)
        details = body.get("details") if has_status else None
        names_an_object = isinstance(details, Mapping) and bool(details.get("name"))
        error.kind_installed = has_status and names_an_object
        return error
    if status == 409:
        conflict = Conflict(
            "kube.conflict",
            f"The cluster could not {verb} {what}, because something else changed or owns it.",
            status=status,
            reason=reason,
            message=message,
            fix="Look again, then retry.",
            retry=Retry.NOW,
        )
        details = body.get("details") if has_status else None
        causes = details.get("causes") if isinstance(details, Mapping) else None
        conflict.causes = tuple(cause for cause in causes or () if isinstance(cause, Mapping))
        return conflict
    if status == 410:
        metadata = body.get("metadata") if has_status else None
        fresh = str(metadata.get("continue", "")) if isinstance(metadata, Mapping) else ""
        return Expired(message, fresh)
    if status in (400, 405, 406, 413, 415, 422):
        return Invalid(
            "kube.invalid",
            f"The cluster rejected the request to {verb} {what}.",
            status=status,
            reason=reason,
            message=message,
        )
    if status in (429, 503, 504):
        busy = Busy(
            "kube.busy",
            f"The cluster is too busy or not ready to {verb} {what}.",
            status=status,
            reason=reason,
            message=message,
            fix="Try again in a moment.",
            retry=Retry.NOW,
        )
        busy.retry_after = retry_after(headers)
        return busy
    return ServerFault(
        "kube.server-error",
        f"The cluster failed to {verb} {what} (HTTP {status}).",
        status=status,
        reason=reason,
        message=message,
        retry=Retry.LATER if status >= 500 else Retry.NEVER,
    )


def rejected(message: str = "") -> CredentialsRejected:
    """401, with what the server said beyond the word itself."""
    said = shorten(message) if message not in ("", "Unauthorized") else ""
    return CredentialsRejected(
        "kube.unauthorized",
        "The cluster rejected your credentials.",
        why=said or "They have expired, or belong to another cluster.",
        fix="Get a fresh kubeconfig, or sign in again the way your cluster requires.",
        commands=(kubectl("auth", "whoami"),),
    )


def in_band(status: Mapping[str, Any]) -> WizardError:
    """What the Status inside a watch's ERROR event means."""
    code = status.get("code")
    message = str(status.get("message", ""))
    if code == 410 or status.get("reason") in ("Expired", "Gone"):
        return Expired(message)
    return ServerFault(
        "kube.watch-error",
        "The cluster ended a watch with an error.",
        status=code if isinstance(code, int) else 500,
        reason=str(status.get("reason", "")),
        message=message,
        retry=Retry.NOW,
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of the Retry-After header; None when it is not there or not a number."""
    try:
        return max(0.0, float(headers.get("Retry-After", "")))
    except ValueError:
        return None


def looks_like_html(content_type: str, text: str) -> bool:
    """Whether an answer is a page for a browser."""
    return content_type.startswith("text/html") or text[:200].lstrip().lower().startswith(("<!doctype html", "<html"))


def not_kubernetes(status: int) -> NotKubernetes:
    """A page for a browser came where a Kubernetes answer should be."""
    return NotKubernetes(
        "kube.html",
        "The server at this address is not Kubernetes: it sent a web page.",
        why=f"HTTP {status} with HTML. A sign-in page of the network (captive portal), a proxy, or another port.",
        fix="Open a browser and sign in to the network, leave the VPN or proxy, or check the server's address.",
        commands=(SHOW_SERVER,),
    )


def behind_gateway(status: int) -> Unreachable:
    """Something in front of the cluster says that it doesn't get through to it."""
    return Unreachable(
        "kube.gateway",
        "A proxy or load balancer in front of the cluster can't reach it.",
        why=f"It answered HTTP {status} with a web page.",
        fix="Check that the cluster's API server is up, then try again.",
        commands=(kubectl("version"),),
    )


def not_json(status: int) -> NotKubernetes:
    """Something came that is neither JSON nor a page."""
    return NotKubernetes(
        "kube.not-json",
        "The server at this address is not Kubernetes.",
        why=f"HTTP {status} without JSON.",
        fix="Check the server's address and port in the kubeconfig.",
        commands=(SHOW_SERVER,),
    )


def _can_i(method: str, path: str) -> Command:
    verb, what = describe(method, path)
    kind, _, rest = what.partition(" in namespace ")
    kind, _, quoted = kind.partition(" ")
    name = f"/{quoted.strip(chr(34))}" if quoted and "/" not in kind else ""
    main, _, sub = kind.partition("/")
    tail = (f"--subresource={sub}",) if sub else ()
    return kubectl("auth", "can-i", verb, f"{main}{name}", *tail, namespace=rest)
