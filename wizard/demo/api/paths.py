"""From a request's path to what it is about, as an API server reads it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from wizard.demo.api.access import Wish

_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_BELOW_NAMESPACES = ("status", "finalize")


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names. `plural` is "" for a group's own document, `rest` what follows a subresource."""

    group: str
    version: str
    namespace: str = ""
    plural: str = ""
    name: str = ""
    subresource: str = ""
    rest: str | None = None

    def wish(self, method: str, *, watch: bool) -> Wish:
        """What somebody who sends `method` here wants to do."""
        verb = _VERBS.get(method, method.lower())
        if method == "GET" and not self.name:
            verb = "watch" if watch else "list"
        if method == "DELETE" and not self.name:
            verb = "deletecollection"
        return Wish(verb, self.group, self.plural, self.subresource, self.namespace, self.name)


def parse(path: str) -> Target | None:
    """The target of a still encoded path below /api or /apis; None when it is no such path."""
    parts = path.split("/")[1:]
    if parts[:1] == ["api"] and len(parts) > 1:
        group, parts = "", parts[1:]
    elif parts[:1] == ["apis"] and len(parts) > 2:
        group, parts = unquote(parts[1]), parts[2:]
    else:
        return None
    version, parts = parts[0], parts[1:]
    namespace = ""
    if parts[:1] == ["namespaces"] and len(parts) > 1:
        namespace = unquote(parts[1])
        if len(parts) > 2 and parts[2] not in _BELOW_NAMESPACES:
            parts = parts[2:]
    plural, name, subresource = (*map(unquote, parts[:3]), "", "", "")[:3]
    rest = "/" + "/".join(parts[3:]) if len(parts) > 3 else None
    return Target(group, version, namespace, plural, name, subresource, rest)
