"""Asks the server what we may do: what later steps would need, up front.

An administrator is asked one question for all; everybody else one per right. Access reviews change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from wizard.kube.client import Cluster
from wizard.kube.errors import Refused, TimedOut
from wizard.observe.asking import together
from wizard.observe.raw import record, records
from wizard.world import Access

_RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
_NOWHERE = "photosync-wizard-no-such-namespace"
_WRITTEN = (
    "persistentvolumeclaims",
    "secrets",
    "configmaps",
    "serviceaccounts",
    "cronjobs.batch",
    "jobs.batch",
    "pods",
)
_WRITES = ("create", "patch", "delete")
_READ = (
    ("list", "persistentvolumeclaims"),
    ("list", "cronjobs.batch"),
    ("list", "jobs.batch"),
    ("list", "pods"),
    ("list", "events"),
    ("get", "secrets"),
    ("get", "configmaps"),
    ("get", "serviceaccounts"),
)
_READ_EVERYWHERE = (
    "storageclasses.storage.k8s.io",
    "ingressclasses.networking.k8s.io",
    "ingresses.networking.k8s.io",
    "deployments.apps",
    "applications.argoproj.io",
)


def wanted(namespace: str, argo_namespace: str, immich_namespace: str) -> Iterator[tuple[str, str, str]]:
    """The (verb, resource, namespace) triples to ask about; an empty namespace is the whole cluster."""
    for resource in _WRITTEN:
        for verb in _WRITES:
            yield verb, resource, namespace
    for verb, resource in _READ:
        yield verb, resource, namespace
    yield "get", "pods/log", namespace
    for resource in ("pods/exec", "pods/attach"):
        yield "get", resource, namespace
        yield "create", resource, namespace
    yield "create", "namespaces", ""
    yield "create", "persistentvolumes", ""
    yield "patch", "applications.argoproj.io", argo_namespace
    yield "create", "ingresses.networking.k8s.io", immich_namespace
    yield "patch", "deployments.apps", immich_namespace
    yield "get", "services/proxy", immich_namespace
    for resource in _READ_EVERYWHERE:
        yield "list", resource, ""


async def everything(cluster: Cluster) -> bool:
    """Whether we may do all there is, everywhere, and the server is sure of it.

    Asked about a namespace that does not exist, as only what is granted in the whole cluster counts there.
    """
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": _NOWHERE},
    }
    try:
        answer = await cluster.send("POST", _RULES, body=body, counted="reviews")
    except (Refused, TimedOut):
        return False
    status = record(record(answer.body).get("status"))
    granted = (
        all("*" in (rule.get(field) or ()) for field in ("verbs", "apiGroups", "resources"))
        and not rule.get("resourceNames")
        for rule in records(status.get("resourceRules"))
    )
    return not status.get("incomplete") and any(granted)


async def rights(
    cluster: Cluster, namespace: str, argo_namespace: str, immich_namespace: str, *, all_granted: bool
) -> tuple[Access, ...]:
    """Every wanted right with its answer; `all_granted` is what `everything` said."""
    triples = list(wanted(namespace, argo_namespace, immich_namespace))
    if all_granted:
        return tuple(Access(verb, resource, where, allowed=True) for verb, resource, where in triples)
    return tuple(await together(*(_one(cluster, *triple) for triple in triples)))


async def _one(cluster: Cluster, verb: str, resource: str, namespace: str) -> Access:
    whole, _, subresource = resource.partition("/")
    plural, _, group = whole.partition(".")
    allowed = await cluster.review(verb, plural, group=group, subresource=subresource, namespace=namespace)
    return Access(verb, resource, namespace, allowed)
