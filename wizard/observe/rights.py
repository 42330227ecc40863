"""Asks the server what we may do: what a look takes, and what the steps' plans would take.

An administrator is asked one question for all; everybody else one per right. Access reviews change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wizard.kube.client import Cluster
from wizard.kube.errors import Refused, TimedOut
from wizard.observe.json_values import record, records
from wizard.observe.reads import together
from wizard.plan import Right
from wizard.world import Access

_RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
_NOWHERE = "photosync-wizard-no-such-namespace"

_READ = (
    ("list", "persistentvolumeclaims"),
    ("list", "cronjobs.batch"),
    ("list", "jobs.batch"),
    ("list", "pods"),
    ("list", "events"),
    ("get", "secrets"),
    ("get", "configmaps"),
    ("get", "serviceaccounts"),
    ("get", "pods/log"),
)
_READ_EVERYWHERE = (
    "storageclasses.storage.k8s.io",
    "ingressclasses.networking.k8s.io",
    "ingresses.networking.k8s.io",
    "deployments.apps",
    "applications.argoproj.io",
)


def reading(namespace: str) -> Iterator[Right]:
    """The rights that a look itself takes."""
    for verb, resource in _READ:
        yield Right(verb, resource, namespace)
    for resource in _READ_EVERYWHERE:
        yield Right("list", resource)


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


async def ask(cluster: Cluster, rights: Iterable[Right]) -> dict[Right, bool | None]:
    """Each right with what the server says of it; None where it says nothing."""
    questions = tuple(dict.fromkeys(rights))
    answers = await together(*(_one(cluster, right) for right in questions))
    return dict(zip(questions, answers, strict=True))


async def access(cluster: Cluster, rights: Iterable[Right], *, all_granted: bool) -> tuple[Access, ...]:
    """These rights with their answers; `all_granted` is what `everything` said."""
    answers = dict.fromkeys(rights, True) if all_granted else await ask(cluster, rights)
    return tuple(Access(right.verb, right.resource, right.namespace, allowed) for right, allowed in answers.items())


async def _one(cluster: Cluster, right: Right) -> bool | None:
    whole, _, subresource = right.resource.partition("/")
    plural, _, group = whole.partition(".")
    return await cluster.review(right.verb, plural, group=group, subresource=subresource, namespace=right.namespace)
