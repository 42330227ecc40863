"""What the demo cluster says about itself: version, groups and resources, in the aggregated and the older form."""

from __future__ import annotations

from typing import Any

from wizard.demo.api.kinds import Kind, Kinds, Object

VERSION: Object = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.2",
    "gitCommit": "",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "go1.26.6",
    "compiler": "gc",
    "platform": "linux/amd64",
}
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def api_versions(address: str) -> Object:
    """/api in the older form."""
    served = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": served}


def api_groups(kinds: Kinds) -> Object:
    """/apis in the older form."""
    groups = [_group(kinds, name) for name in kinds.groups()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def api_group(kinds: Kinds, name: str) -> Object | None:
    """/apis/GROUP; None for a group that is not served."""
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(kinds, name)} if name in kinds.groups() else None


def api_resources(kinds: Kinds, group: str, version: str) -> Object | None:
    """/api/v1 or /apis/GROUP/VERSION; None for what is not served."""
    resources = [line for kind in kinds if (kind.group, kind.version) == (group, version) for line in _resources(kind)]
    if not resources:
        return None
    result = {"kind": "APIResourceList", "groupVersion": f"{group}/{version}" if group else version}
    return {**result, **({"apiVersion": "v1"} if group else {}), "resources": resources}


def aggregated(kinds: Kinds, *, core: bool) -> Object:
    """/api (core) or /apis as an APIGroupDiscoveryList."""
    items: list[Object] = []
    for group in [""] if core else kinds.groups():
        members = [kind for kind in kinds if kind.group == group]
        versions = [
            {
                "version": version,
                "resources": [_discovery(kind) for kind in members if kind.version == version],
                "freshness": "Current",
            }
            for version in dict.fromkeys(kind.version for kind in members)
        ]
        items.append({"metadata": {"name": group} if group else {}, "versions": versions})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def openapi_index() -> Object:
    """/openapi/v3: no schemas are served."""
    return {"paths": {}}


def _group(kinds: Kinds, name: str) -> Object:
    versions = [
        {"groupVersion": f"{name}/{version}", "version": version}
        for version in dict.fromkeys(kind.version for kind in kinds if kind.group == name)
    ]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resources(kind: Kind) -> list[Object]:
    line: dict[str, Any] = {"name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced}
    line |= {"kind": kind.kind, "verbs": list(kind.verbs)}
    line |= {"shortNames": list(kind.short)} if kind.short else {}
    line |= {"categories": list(kind.categories)} if kind.categories else {}
    return [
        line,
        *(
            {
                "name": f"{kind.plural}/{sub.name}",
                "singularName": "",
                "namespaced": kind.namespaced,
                "kind": sub.kind,
                "verbs": list(sub.verbs),
            }
            for sub in kind.subresources
        ),
    ]


def _discovery(kind: Kind) -> Object:
    line: Object = {
        "resource": kind.plural,
        "responseKind": {"group": "", "version": "", "kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": list(kind.verbs),
    }
    line |= {"shortNames": list(kind.short)} if kind.short else {}
    line |= {"categories": list(kind.categories)} if kind.categories else {}
    if kind.subresources:
        line["subresources"] = [
            {
                "subresource": sub.name,
                "responseKind": {"group": "", "version": "", "kind": sub.kind},
                "verbs": list(sub.verbs),
            }
            for sub in kind.subresources
        ]
    return line
