"""What a demo world is made of: plain Kubernetes objects and a few texts, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from wizard.demo.apple.accounts import Account


@dataclass(frozen=True, slots=True)
class ICloudUser:
    """Somebody whose photos the world is about, and what they bring along.

    On `claim` (empty: nowhere) lies the session of a sign-in that long ago (None: there was none), of which at Apple has
    `ended` what is named; by themselves a web session lasts 30 days, a session token 60, trust 90. The first `photos` of
    the library lie in `folder` of the photos' claim.
    """

    account: Account
    claim: str = ""
    signed_in: timedelta | None = None
    ended: frozenset[Literal["web session", "session token", "trust"]] = frozenset()
    folder: str = "icloud-import"
    photos: int = 0


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
    `people` are those whose Apple IDs the objects name.
    A kind that is not Kubernetes' own needs its CustomResourceDefinition among the objects; without, it is not installed.
    """

    name: str
    title: str
    objects: tuple[Mapping[str, object], ...]
    logs: Mapping[str, str] = field(default_factory=dict)
    proxies: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    denied: tuple[str, ...] = ()
    people: tuple[ICloudUser, ...] = ()
