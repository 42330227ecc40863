"""Access reviews: what the demo's user may do, as `kubectl auth can-i` asks. Pure functions of policy and kinds."""

from __future__ import annotations

from collections import defaultdict

from wizard.demo.api.access import USER, Policy, Wish
from wizard.demo.api.kinds import Kind, Kinds, Object
from wizard.demo.api.refusals import invalid

_OPEN_PATHS = [
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
]


def review(kind: Kind, body: Object, policy: Policy, kinds: Kinds) -> Object:
    """The answer to a SelfSubjectAccessReview, SelfSubjectRulesReview or SelfSubjectReview. Raises Refused (422)."""
    answer = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": {}}
    spec = body.get("spec") or {}
    if kind.kind == "SelfSubjectReview":
        user = {"username": USER, "groups": ["system:authenticated"]}
        return {**answer, "status": {"userInfo": user}}
    if kind.kind == "SelfSubjectRulesReview":
        return {**answer, "spec": {}, "status": _rules(spec.get("namespace", ""), policy, kinds)}
    asked = spec.get("resourceAttributes")
    if (asked is None) == (spec.get("nonResourceAttributes") is None):
        detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        subject = {"group": kind.group}
        raise invalid(subject, f'.{kind.group} ""', "spec.resourceAttributes", "Invalid value: null", detail)
    allowed = asked is None or policy.allows(
        Wish(
            asked.get("verb", ""),
            asked.get("group", ""),
            asked.get("resource", ""),
            asked.get("subresource", ""),
            asked.get("namespace", ""),
            asked.get("name", ""),
        )
    )
    return {**answer, "spec": spec, "status": {"allowed": allowed}}


def _rules(namespace: str, policy: Policy, kinds: Kinds) -> Object:
    everything = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
    resources = everything if policy.grants_everything else _granted(namespace, policy, kinds)
    paths = [{"verbs": ["get"], "nonResourceURLs": _OPEN_PATHS}]
    return {"resourceRules": resources, "nonResourceRules": paths, "incomplete": False}


def _granted(namespace: str, policy: Policy, kinds: Kinds) -> list[Object]:
    by_verbs: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for kind in kinds:
        for subresource, offered in [("", kind.verbs), *((sub.name, sub.verbs) for sub in kind.subresources)]:
            wishes = [Wish(verb, kind.group, kind.plural, subresource, namespace) for verb in offered]
            verbs = tuple(wish.verb for wish in wishes if policy.allows(wish))
            if verbs:
                by_verbs[kind.group, verbs].append(wishes[0].resource)
    return [
        {"verbs": list(verbs), "apiGroups": [group], "resources": names} for (group, verbs), names in by_verbs.items()
    ]
