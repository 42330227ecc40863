"""What answers behind the service proxy: the texts of Scenario.proxies. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from wizard.demo.api.cells import dig
from wizard.demo.api.kinds import Object
from wizard.demo.api.refusals import not_found, unavailable
from wizard.demo.api.store import Store

Backends = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer of a backend."""

    status: int
    content_type: str
    body: bytes


def answer(store: Store, backends: Backends, namespace: str, target: str, path: str) -> Answer:
    """What [http:]NAME:PORT answers at `path`; JSON values as JSON, texts as HTML. Raises Refused (404, 503)."""
    scheme, _, rest = target.partition(":")
    if scheme not in ("http", "https"):
        scheme, rest = "http", target
    name, _, port = rest.partition(":")
    service = store.get("Service", namespace, name)
    if service is None:
        raise not_found(store.kinds.named("Service"), name)
    number = _port(service, port)
    if number is None:
        raise unavailable(f'no service port {port} found for service "{name}"')
    backend = backends.get(f"{namespace}/{name}:{number}")
    if backend is None:
        raise unavailable(f'no endpoints available for service "{name}"')
    if scheme == "https":
        raise unavailable("error trying to reach service: tls: first record does not look like a TLS handshake")
    if path not in backend:
        nothing = {"message": f"Cannot GET {path}", "error": "Not Found", "statusCode": 404}
        return Answer(404, "application/json", json.dumps(nothing).encode())
    content = backend[path]
    if isinstance(content, str):
        return Answer(200, "text/html", content.encode())
    return Answer(200, "application/json", json.dumps(content).encode())


def _port(service: Object, reference: str) -> int | None:
    for port in dig(service, "spec", "ports", default=()):
        if reference in (str(port["port"]), port.get("name", "")):
            return int(port["port"])
    return None
