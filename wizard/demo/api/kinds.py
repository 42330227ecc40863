"""Which kinds of objects the demo cluster knows: Kubernetes' own as a table, others from CustomResourceDefinitions.

Names, short names, categories and verbs are those of discovery on a real 1.36 server. Nothing here stores or serves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class Subresource:
    """Something below an object; `kind` and `group_version` are those of what is sent or answered there."""

    name: str
    kind: str
    verbs: tuple[str, ...] = ("get", "patch", "update")


@dataclass(frozen=True, slots=True)
class PrinterColumn:
    """A column that a CustomResourceDefinition asks for."""

    name: str
    type: str
    path: str
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind; `plural` is its name in paths. `columns` is None where the server's own table applies."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[Subresource, ...] = ()
    verbs: tuple[str, ...] = VERBS
    columns: tuple[PrinterColumn, ...] | None = None

    @property
    def api_version(self) -> str:
        """As objects carry it: "v1", "batch/v1"."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """As messages name it: "pods", "applications.argoproj.io"."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def singular(self) -> str:
        """As people type it."""
        return self.kind.lower()

    @property
    def custom(self) -> bool:
        """Whether a CustomResourceDefinition brought it."""
        return self.columns is not None


_STATUS = ("status",)
_SCALED = ("scale", "status")
_ALL = ("all",)
_API_EXT = ("api-extensions",)
_POD_SUBRESOURCES = (
    Subresource("attach", "PodAttachOptions", ("create", "get")),
    Subresource("exec", "PodExecOptions", ("create", "get")),
    Subresource("log", "Pod", ("get",)),
    Subresource("status", "Pod"),
)
_SERVICE_SUBRESOURCES = (
    Subresource("proxy", "ServiceProxyOptions", ("get",)),
    Subresource("status", "Service"),
)
_APPS, _BATCH, _NET, _STORAGE, _RBAC = (
    "apps",
    "batch",
    "networking.k8s.io",
    "storage.k8s.io",
    "rbac.authorization.k8s.io",
)
_AUTHORIZATION, _AUTHENTICATION = "authorization.k8s.io", "authentication.k8s.io"


def _review(group: str, plural: str, kind: str) -> Kind:
    return Kind(group, "v1", plural, kind, namespaced=False, verbs=("create",))


BUILT_IN = (
    Kind("", "v1", "configmaps", "ConfigMap", short=("cm",)),
    Kind("", "v1", "endpoints", "Endpoints", short=("ep",)),
    Kind("", "v1", "events", "Event", short=("ev",)),
    Kind("", "v1", "limitranges", "LimitRange", short=("limits",)),
    Kind("", "v1", "namespaces", "Namespace", namespaced=False, short=("ns",)),
    Kind("", "v1", "nodes", "Node", namespaced=False, short=("no",)),
    Kind("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", short=("pvc",)),
    Kind("", "v1", "persistentvolumes", "PersistentVolume", namespaced=False, short=("pv",)),
    Kind("", "v1", "pods", "Pod", short=("po",), categories=_ALL, subresources=_POD_SUBRESOURCES),
    Kind("", "v1", "replicationcontrollers", "ReplicationController", short=("rc",), categories=_ALL),
    Kind("", "v1", "resourcequotas", "ResourceQuota", short=("quota",)),
    Kind("", "v1", "secrets", "Secret"),
    Kind("", "v1", "serviceaccounts", "ServiceAccount", short=("sa",)),
    Kind("", "v1", "services", "Service", short=("svc",), categories=_ALL, subresources=_SERVICE_SUBRESOURCES),
    Kind(_APPS, "v1", "daemonsets", "DaemonSet", short=("ds",), categories=_ALL),
    Kind(_APPS, "v1", "deployments", "Deployment", short=("deploy",), categories=_ALL),
    Kind(_APPS, "v1", "replicasets", "ReplicaSet", short=("rs",), categories=_ALL),
    Kind(_APPS, "v1", "statefulsets", "StatefulSet", short=("sts",), categories=_ALL),
    _review(_AUTHENTICATION, "selfsubjectreviews", "SelfSubjectReview"),
    _review(_AUTHORIZATION, "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    _review(_AUTHORIZATION, "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    Kind("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", short=("hpa",), categories=_ALL),
    Kind(_BATCH, "v1", "cronjobs", "CronJob", short=("cj",), categories=_ALL),
    Kind(_BATCH, "v1", "jobs", "Job", categories=_ALL),
    Kind(_NET, "v1", "ingressclasses", "IngressClass", namespaced=False),
    Kind(_NET, "v1", "ingresses", "Ingress", short=("ing",)),
    Kind(_NET, "v1", "networkpolicies", "NetworkPolicy", short=("netpol",)),
    Kind(_RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False),
    Kind(_RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False),
    Kind(_RBAC, "v1", "rolebindings", "RoleBinding"),
    Kind(_RBAC, "v1", "roles", "Role"),
    Kind(_STORAGE, "v1", "csinodes", "CSINode", namespaced=False),
    Kind(_STORAGE, "v1", "storageclasses", "StorageClass", namespaced=False, short=("sc",)),
    Kind(
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        namespaced=False,
        short=("crd", "crds"),
        categories=_API_EXT,
    ),
    Kind("coordination.k8s.io", "v1", "leases", "Lease"),
    Kind("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
)


def from_definition(definition: Mapping[str, Any]) -> Kind:
    """The kind that a CustomResourceDefinition brings, in its storage version."""
    spec = definition["spec"]
    names = spec["names"]
    version = next(version for version in spec["versions"] if version["storage"])
    columns = tuple(
        PrinterColumn(column["name"], column["type"], column["jsonPath"], column.get("priority", 0))
        for column in version.get(
            "additionalPrinterColumns", [{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}]
        )
    )
    return Kind(
        group=spec["group"],
        version=version["name"],
        plural=names["plural"],
        kind=names["kind"],
        namespaced=spec["scope"] == "Namespaced",
        short=tuple(names.get("shortNames", ())),
        categories=tuple(names.get("categories", ())),
        columns=columns,
    )


class Kinds:
    """The kinds that are served; iterates in discovery's order."""

    def __init__(self, kinds: Iterable[Kind] = BUILT_IN) -> None:
        self._by_path = {(kind.group, kind.version, kind.plural): kind for kind in kinds}

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._by_path.values())

    def add(self, kind: Kind) -> None:
        """Serves `kind` from now on."""
        self._by_path[(kind.group, kind.version, kind.plural)] = kind

    def remove(self, kind: Kind) -> None:
        """Serves `kind` no longer."""
        self._by_path.pop((kind.group, kind.version, kind.plural), None)

    def at(self, group: str, version: str, plural: str) -> Kind | None:
        """The kind served at a path; None when there is none."""
        return self._by_path.get((group, version, plural))

    def of(self, item: Mapping[str, Any]) -> Kind:
        """The kind of an object. Raises KeyError for one that is not served."""
        api_version, name = item["apiVersion"], item["kind"]
        for kind in self:
            if kind.kind == name and kind.api_version == api_version:
                return kind
        raise KeyError(f"no kind {name} in {api_version} is served")

    def named(self, name: str) -> Kind:
        """A kind by its name ("Pod") or resource ("pods", "applications.argoproj.io"). Raises KeyError."""
        for kind in self:
            if name in (kind.kind, kind.resource):
                return kind
        raise KeyError(f"no kind {name} is served")

    def groups(self) -> list[str]:
        """API groups with a name, each once."""
        return list(dict.fromkeys(kind.group for kind in self if kind.group))
