"""What the server says of itself, and of what is not there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.api import Api

ALL_VERBS = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
KINDS = [
    ("/api/v1", "configmaps", "ConfigMap", True, ["cm"], []),
    ("/api/v1", "endpoints", "Endpoints", True, ["ep"], []),
    ("/api/v1", "events", "Event", True, ["ev"], []),
    ("/api/v1", "limitranges", "LimitRange", True, ["limits"], []),
    ("/api/v1", "nodes", "Node", False, ["no"], []),
    ("/api/v1", "persistentvolumeclaims", "PersistentVolumeClaim", True, ["pvc"], []),
    ("/api/v1", "persistentvolumes", "PersistentVolume", False, ["pv"], []),
    ("/api/v1", "pods", "Pod", True, ["po"], ["all"]),
    ("/api/v1", "replicationcontrollers", "ReplicationController", True, ["rc"], ["all"]),
    ("/api/v1", "resourcequotas", "ResourceQuota", True, ["quota"], []),
    ("/api/v1", "secrets", "Secret", True, [], []),
    ("/api/v1", "serviceaccounts", "ServiceAccount", True, ["sa"], []),
    ("/api/v1", "services", "Service", True, ["svc"], ["all"]),
    ("/apis/apps/v1", "daemonsets", "DaemonSet", True, ["ds"], ["all"]),
    ("/apis/apps/v1", "deployments", "Deployment", True, ["deploy"], ["all"]),
    ("/apis/apps/v1", "replicasets", "ReplicaSet", True, ["rs"], ["all"]),
    ("/apis/apps/v1", "statefulsets", "StatefulSet", True, ["sts"], ["all"]),
    ("/apis/autoscaling/v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True, ["hpa"], ["all"]),
    ("/apis/batch/v1", "cronjobs", "CronJob", True, ["cj"], ["all"]),
    ("/apis/batch/v1", "jobs", "Job", True, [], ["all"]),
    ("/apis/networking.k8s.io/v1", "ingresses", "Ingress", True, ["ing"], []),
    ("/apis/networking.k8s.io/v1", "ingressclasses", "IngressClass", False, [], []),
    ("/apis/networking.k8s.io/v1", "networkpolicies", "NetworkPolicy", True, ["netpol"], []),
    ("/apis/rbac.authorization.k8s.io/v1", "clusterrolebindings", "ClusterRoleBinding", False, [], []),
    ("/apis/rbac.authorization.k8s.io/v1", "clusterroles", "ClusterRole", False, [], []),
    ("/apis/rbac.authorization.k8s.io/v1", "rolebindings", "RoleBinding", True, [], []),
    ("/apis/rbac.authorization.k8s.io/v1", "roles", "Role", True, [], []),
    ("/apis/storage.k8s.io/v1", "csinodes", "CSINode", False, [], []),
    ("/apis/storage.k8s.io/v1", "storageclasses", "StorageClass", False, ["sc"], []),
    (
        "/apis/apiextensions.k8s.io/v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        False,
        None,
        ["api-extensions"],
    ),
    ("/apis/coordination.k8s.io/v1", "leases", "Lease", True, [], []),
    ("/apis/discovery.k8s.io/v1", "endpointslices", "EndpointSlice", True, [], []),
    ("/apis/argoproj.io/v1alpha1", "applications", "Application", True, ["app", "apps"], []),
    ("/apis/argoproj.io/v1alpha1", "appprojects", "AppProject", True, ["appproj", "appprojs"], []),
]
REVIEWS = {
    "/apis/authorization.k8s.io/v1": {"selfsubjectaccessreviews", "selfsubjectrulesreviews"},
    "/apis/authentication.k8s.io/v1": {"selfsubjectreviews"},
}


async def test_version(api: Api) -> None:
    body = (await api.get("/version")).body
    assert (body["major"], body["minor"][:2], body["gitVersion"][:2]) == ("1", body["gitVersion"][3:5], "v1")
    assert {"gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"} <= body.keys()


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
async def test_health(api: Api, path: str) -> None:
    answer = await api.get(path)
    assert (answer.status, answer.text, answer.headers["Content-Type"]) == (200, "ok", "text/plain; charset=utf-8")


async def test_groups_in_the_older_form(api: Api) -> None:
    core = (await api.get("/api")).body
    assert (core["kind"], core["versions"], len(core["serverAddressByClientCIDRs"])) == ("APIVersions", ["v1"], 1)
    groups = (await api.get("/apis")).body
    assert groups["kind"] == "APIGroupList"
    batch = next(group for group in groups["groups"] if group["name"] == "batch")
    version = {"groupVersion": "batch/v1", "version": "v1"}
    assert batch == {"name": "batch", "versions": [version], "preferredVersion": version}
    assert (await api.get("/apis/batch")).body == {"kind": "APIGroup", "apiVersion": "v1", **batch}


async def test_resources_in_the_older_form(api: Api) -> None:
    listed: dict[str, dict[str, Any]] = {}
    for path in {*(kind[0] for kind in KINDS), *REVIEWS}:
        body = (await api.get(path)).body
        assert (body["kind"], body["groupVersion"]) == (
            "APIResourceList",
            path.removeprefix("/apis/").removeprefix("/api/"),
        )
        listed[path] = {line["name"]: line for line in body["resources"]}
    for path, name, kind, namespaced, short, categories in KINDS:
        line = listed[path][name]
        assert (line["kind"], line["singularName"], line["namespaced"]) == (kind, kind.lower(), namespaced)
        assert set(line["verbs"]) == ALL_VERBS
        assert short is None or line.get("shortNames", []) == short
        assert line.get("categories", []) == categories
    for path, names in REVIEWS.items():
        assert names <= listed[path].keys()
        assert all(listed[path][name]["verbs"] == ["create"] for name in names)
    assert listed["/api/v1"]["pods/log"]["verbs"] == ["get"]
    assert "get" in listed["/api/v1"]["services/proxy"]["verbs"]


async def test_aggregated_discovery(api: Api) -> None:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path in ("/api", "/apis"):
        answer = await api.get(path, AGGREGATED)
        assert "as=APIGroupDiscoveryList" in answer.headers["Content-Type"]
        assert (answer.body["kind"], answer.body["apiVersion"]) == ("APIGroupDiscoveryList", "apidiscovery.k8s.io/v2")
        for group in answer.body["items"]:
            for version in group["versions"]:
                assert version["freshness"] == "Current"
                where = "/".join(filter(None, (path, group["metadata"].get("name"), version["version"])))
                found |= {(where, line["resource"]): line for line in version["resources"]}
    for path, name, kind, namespaced, short, categories in KINDS:
        line = found[path, name]
        assert line["responseKind"]["kind"] == kind
        assert (line["scope"], line["singularResource"]) == ("Namespaced" if namespaced else "Cluster", kind.lower())
        assert set(line["verbs"]) == ALL_VERBS
        assert short is None or line.get("shortNames", []) == short
        assert line.get("categories", []) == categories
    log = next(each for each in found["/api/v1", "pods"]["subresources"] if each["subresource"] == "log")
    assert log["verbs"] == ["get"]


async def test_openapi_index(api: Api) -> None:
    assert isinstance((await api.get("/openapi/v3")).body["paths"], dict)


NO_SUCH = "the server could not find the requested resource"


@pytest.mark.parametrize(
    ("path", "message", "details"),
    [
        ("pods/nope", 'pods "nope" not found', {"name": "nope", "kind": "pods"}),
        ("/api/v1/namespaces/nope", 'namespaces "nope" not found', {"name": "nope", "kind": "namespaces"}),
        ("/api/v1/namespaces/nope/pods/x", 'pods "x" not found', {"name": "x", "kind": "pods"}),
        (
            "argoproj.io/v1alpha1/applications/nope",
            'applications.argoproj.io "nope" not found',
            {"name": "nope", "group": "argoproj.io", "kind": "applications"},
        ),
        ("batch/v1/jobs/nope", 'jobs.batch "nope" not found', {"name": "nope", "group": "batch", "kind": "jobs"}),
        ("pods/nope/log", 'pods "nope" not found', {"name": "nope", "kind": "pods"}),
        ("services/nope:80/proxy/", 'services "nope" not found', {"name": "nope", "kind": "services"}),
        ("apps/v1/gizmos", NO_SUCH, {}),
        ("/apis/batch/v9/jobs", NO_SUCH, {}),
        ("configmaps/kube-root-ca.crt/gizmo", NO_SUCH, {}),
    ],
)
async def test_not_found_as_a_status(api: Api, path: str, message: str, details: dict[str, str]) -> None:
    answer = await api.get(path)
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": "NotFound",
        "details": details,
        "code": 404,
    }


@pytest.mark.parametrize("path", ["/nope", "/apis/nope.example.com/v1/things", "/apis/nope.example.com"])
async def test_not_found_as_a_text(api: Api, path: str) -> None:
    answer = await api.get(path)
    assert (answer.status, answer.text) == (404, "404 page not found\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


async def test_a_list_in_a_missing_namespace_is_empty(api: Api) -> None:
    answer = await api.get("/api/v1/namespaces/nope/pods")
    body = answer.body
    assert body["metadata"].pop("resourceVersion").isdecimal()
    assert (answer.status, body) == (200, {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "configmaps/kube-root-ca.crt"),
        ("PUT", "configmaps"),
        ("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
    ],
)
async def test_method_not_allowed(api: Api, method: str, path: str) -> None:
    answer = await api.ask(method, path, {"metadata": {"name": "x"}} if method != "GET" else None)
    assert answer.status == 405
    assert answer.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "the server does not allow this method on the requested resource",
        "reason": "MethodNotAllowed",
        "details": {},
        "code": 405,
    }
