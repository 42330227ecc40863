"""What a demo world is made of: plain Kubernetes objects and a few texts, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Scenario:
    """A world to start from.

    `objects` are whole Kubernetes objects as the API server would store them (uid, resourceVersion and managedFields may
    be left out, the server gives them). Times may be written as `{now-5m}`, `{now+21d}`: relative to when the scenario
    starts, in s, m, h or d, as a whole string or inside one; Kubernetes' form, 2026-11-24T02:03:44Z.
    `logs` maps "namespace/pod" to the text of its log, where `{now-5m}` stands for icloudpd's form, 2026-11-24 02:03:44.
    `proxies` maps "namespace/service:port" to answers of the service proxy by path ("/api/server/version" to a JSON
    value). `denied` lists what the demo's user may not do, as "verb resource[.group][/subresource] [namespace]" with `*`
    as a wildcard; empty: everything is allowed.
    A kind that is not Kubernetes' own needs its CustomResourceDefinition among the objects; without, it is not installed.
    """

    name: str
    title: str
    objects: tuple[Mapping[str, object], ...]
    logs: Mapping[str, str] = field(default_factory=dict)
    proxies: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    denied: tuple[str, ...] = ()
