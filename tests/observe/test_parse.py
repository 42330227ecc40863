"""Kubernetes' JSON to records: as servers send it, with things missing, and with things that should not be there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.observe import parse
from wizard.observe.immich import is_server_image, mounted_claims, workload
from wizard.observe.jobs import age_seconds
from wizard.observe.json_values import meta, page, when
from wizard.observe.parse_application import application, tracking_application
from wizard.observe.parse_pod import pod, pod_spec
from wizard.settings import Settings
from wizard.world import EnvVar, PodVolume

PARSERS: list[Callable[[Any], Any]] = [
    parse.server_version,
    parse.namespace,
    parse.storage_class,
    parse.claim,
    parse.persistent_volume,
    parse.secret_keys,
    parse.config_map,
    parse.service_account,
    parse.cron_job,
    parse.job,
    parse.event,
    parse.ingress_class,
    parse.ingress,
    application,
    pod,
    pod_spec,
    workload,
]
KEYS = [
    "metadata",
    "spec",
    "status",
    "name",
    "kind",
    "labels",
    "annotations",
    "ownerReferences",
    "managedFields",
    "conditions",
    "type",
    "reason",
    "containers",
    "volumes",
    "env",
    "valueFrom",
    "secretKeyRef",
    "volumeMounts",
    "resources",
    "jobTemplate",
    "template",
    "rules",
    "http",
    "paths",
    "backend",
    "service",
    "port",
    "tls",
    "hosts",
    "source",
    "sources",
    "syncPolicy",
    "automated",
    "sync",
    "health",
    "data",
    "involvedObject",
    "selector",
    "ports",
    "items",
    "accessModes",
    "finalizers",
    "command",
    "args",
    "syncOptions",
    "revisions",
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)


@pytest.mark.parametrize("of", PARSERS)
@pytest.mark.parametrize("body", [{}, None, [], {"metadata": None, "spec": None, "status": None}])
def test_nothing_is_needed(of: Callable[[Any], Any], body: Any) -> None:
    of(body)


def test_times() -> None:
    assert when("2026-11-01T02:03:04Z") == datetime(2026, 11, 1, 2, 3, 4, tzinfo=UTC)
    assert when("2026-11-01T02:03:04.123456Z") == datetime(2026, 11, 1, 2, 3, 4, 123456, tzinfo=UTC)
    assert when("2026-11-01T03:03:04+01:00") == datetime(2026, 11, 1, 2, 3, 4, tzinfo=UTC)
    assert [when(value) for value in (None, "", "soon", 5)] == [None] * 4


def test_metadata() -> None:
    seen = meta(
        {
            "metadata": {
                "name": "n",
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "long": "x" * 9999},
                "ownerReferences": [
                    {"kind": "Other", "name": "o"},
                    {"kind": "CronJob", "name": "icloudpd-sync", "controller": True},
                ],
                "managedFields": [{"manager": "kubectl"}, {"manager": "argocd"}, {"manager": "kubectl"}],
                "deletionTimestamp": "2026-11-01T00:00:00Z",
            }
        }
    )
    assert seen.owner == "CronJob/icloudpd-sync"
    assert seen.managers == ("kubectl", "argocd")
    assert {key: len(value) for key, value in seen.annotations.items()} == {"long": 4096}
    assert seen.deleting == datetime(2026, 11, 1, tzinfo=UTC)


def test_pages_say_whether_there_is_more() -> None:
    assert page({"items": [{}], "metadata": {"continue": "x"}}, meta).more
    assert not page({"items": [{}], "metadata": {}}, meta).more


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"gitVersion": "v1.36.2", "major": "1", "minor": "36"}, (1, 36)),
        ({"gitVersion": "v1.34.1+k3s1", "major": "1", "minor": "34+"}, (1, 34)),
        ({}, (0, 0)),
    ],
)
def test_server_versions(body: dict[str, str], expected: tuple[int, int]) -> None:
    seen = parse.server_version(body)
    assert (seen.major, seen.minor) == expected


@pytest.mark.parametrize(
    ("spec", "source"),
    [
        ({"hostPath": {"path": "/opt/x"}}, "hostPath: /opt/x"),
        ({"local": {"path": "/mnt/x"}}, "local: /mnt/x"),
        ({"nfs": {"server": "nas", "path": "/photos"}}, "nfs: nas:/photos"),
        ({"csi": {"driver": "rbd", "volumeHandle": "h"}}, "csi: rbd/h"),
        ({"iscsi": {}}, "iscsi: "),
        ({}, ""),
    ],
)
def test_where_a_volume_is(spec: dict[str, Any], source: str) -> None:
    assert parse.persistent_volume({"spec": spec}).source == source


@pytest.mark.parametrize(
    ("spec", "expected"), [({}, None), ({"storageClassName": ""}, ""), ({"storageClassName": "nfs"}, "nfs")]
)
def test_no_class_and_the_empty_class_differ(spec: dict[str, Any], expected: str | None) -> None:
    assert parse.claim({"spec": spec}).storage_class == expected


@pytest.mark.parametrize(
    ("spec", "conditions", "state", "reason"),
    [
        ({}, [], "running", ""),
        ({"suspend": True}, [], "suspended", ""),
        ({}, [{"type": "Suspended", "status": "True", "reason": "JobSuspended"}], "suspended", "JobSuspended"),
        ({}, [{"type": "Suspended", "status": "False", "reason": "JobResumed"}], "running", ""),
        (
            {},
            [
                {"type": "SuccessCriteriaMet", "status": "True", "reason": "CompletionsReached"},
                {"type": "Complete", "status": "True", "reason": "CompletionsReached"},
            ],
            "complete",
            "CompletionsReached",
        ),
        (
            {},
            [
                {"type": "FailureTarget", "status": "True", "reason": "BackoffLimitExceeded"},
                {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"},
            ],
            "failed",
            "BackoffLimitExceeded",
        ),
        (
            {},
            [{"type": "FailureTarget", "status": "True", "reason": "DeadlineExceeded"}],
            "running",
            "DeadlineExceeded",
        ),
    ],
)
def test_jobs(spec: dict[str, Any], conditions: list[dict[str, str]], state: str, reason: str) -> None:
    seen = parse.job({"spec": spec, "status": {"conditions": conditions}})
    assert (seen.state, seen.reason) == (state, reason)


def test_a_failed_job_ends_when_its_condition_says() -> None:
    condition = {"type": "Failed", "status": "True", "lastTransitionTime": "2026-11-01T00:00:00Z"}
    assert parse.job({"status": {"conditions": [condition]}}).finished == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "seconds"), [("5s", 5), ("2m3s", 123), ("3h", 10800), ("2d1h", 176400), ("1y2d", 31708800), ("", 0)]
)
def test_ages(age: str, seconds: int) -> None:
    assert age_seconds(age) == seconds


@pytest.mark.parametrize(
    ("body", "last_seen", "count"),
    [
        ({"lastTimestamp": "2026-11-01T00:00:00Z", "count": 3}, 1, 3),
        ({"eventTime": "2026-11-02T00:00:00.000000Z"}, 2, 1),
        (
            {"eventTime": "2026-11-02T00:00:00Z", "series": {"count": 9, "lastObservedTime": "2026-11-03T00:00:00Z"}},
            3,
            9,
        ),
        ({"metadata": {"creationTimestamp": "2026-11-04T00:00:00Z"}}, 4, 1),
    ],
)
def test_events_old_and_new(body: dict[str, Any], last_seen: int, count: int) -> None:
    seen = parse.event(body)
    assert (seen.last_seen, seen.count) == (datetime(2026, 11, last_seen, tzinfo=UTC), count)


def test_an_ingress_with_and_without_rules() -> None:
    backend = {"service": {"name": "immich-server", "port": {"number": 2283}}}
    body = {
        "spec": {
            "ingressClassName": "nginx",
            "rules": [{"host": "a", "http": {"paths": [{"path": "/", "backend": backend}]}}, {"host": "b"}],
            "defaultBackend": {"service": {"name": "other", "port": {"name": "web"}}},
            "tls": [{"hosts": ["a"]}],
        },
        "status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}, {"hostname": "lb"}]}},
    }
    seen = parse.ingress(body)
    assert [(rule.host, rule.service, rule.port) for rule in seen.rules] == [
        ("a", "immich-server", "2283"),
        ("b", "", ""),
        ("", "other", "web"),
    ]
    assert (seen.tls, seen.tls_hosts, seen.addresses) == (True, ("a",), ("10.0.0.1", "lb"))
    old = {"metadata": {"annotations": {"kubernetes.io/ingress.class": "traefik"}}}
    assert parse.ingress(old).class_name == "traefik"


def test_what_a_container_reads() -> None:
    seen = pod_spec(
        {
            "containers": [
                {
                    "name": "c",
                    "env": [
                        {"name": "A", "value": "1"},
                        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": True}}},
                        {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}},
                        {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
                    ],
                    "envFrom": [{"secretRef": {"name": "s"}}, {"configMapRef": {"name": "m"}}],
                    "livenessProbe": {"httpGet": {"path": "/api/server/ping"}},
                    "startupProbe": {"httpGet": {"path": "/api/server/ping"}},
                }
            ],
            "initContainers": [{"name": "i"}],
            "volumes": [
                {"name": "v", "secret": {"secretName": "s", "items": [{"key": "password", "path": "p"}]}},
                {"name": "w", "persistentVolumeClaim": {"claimName": "icloud-photos"}},
                {"name": "n", "nfs": {"server": "nas", "path": "/x"}},
                {"name": "e", "emptyDir": {}},
                {"name": "o", "csi": {}},
            ],
        }
    )
    container, first = seen.containers
    assert first.name == "i"
    assert container.env == (
        EnvVar("A", value="1"),
        EnvVar("B", source="secret", source_name="s", source_key="k", optional=True),
        EnvVar("C", source="configmap", source_name="m", source_key="k"),
        EnvVar("D", source="field", source_key="spec.nodeName"),
    )
    assert container.env_from == ("secret/s", "configmap/m")
    assert container.probe_paths == ("/api/server/ping",)
    assert seen.volumes == (
        PodVolume("v", "secret", "s", keys=(("password", "p"),)),
        PodVolume("w", "pvc", "icloud-photos"),
        PodVolume("n", "nfs", "nas:/x"),
        PodVolume("e", "emptyDir"),
        PodVolume("o", "other"),
    )


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"running": {}}, ("running", "", None)),
        ({"waiting": {"reason": "ImagePullBackOff"}}, ("waiting", "ImagePullBackOff", None)),
        ({"terminated": {"reason": "OOMKilled", "exitCode": 137}}, ("terminated", "OOMKilled", 137)),
        ({}, ("waiting", "", None)),
    ],
)
def test_states_of_containers(state: dict[str, Any], expected: tuple[str, str, int | None]) -> None:
    seen = pod({"status": {"containerStatuses": [{"name": "c", "state": state}]}}).containers[0]
    assert (seen.state, seen.reason, seen.exit_code) == expected


def test_a_pod_that_fits_nowhere() -> None:
    condition = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}
    assert pod({"status": {"conditions": [condition]}}).unschedulable == "0/1 nodes are available"
    assert pod({"status": {"conditions": [{**condition, "status": "True"}]}}).unschedulable == ""


class TestApplication:
    def test_one_that_argo_cd_has_not_looked_at(self) -> None:
        seen = application({"spec": {"source": {"repoURL": "r", "targetRevision": "master", "path": "p"}}})
        assert (seen.looked_at, seen.sync, seen.automated) == (False, "", False)
        assert [(one.repo_url, one.target_revision, one.path) for one in seen.sources] == [("r", "master", "p")]

    @pytest.mark.parametrize(
        ("automated", "expected"),
        [
            (None, (False, False)),
            ({}, (True, False)),
            ({"prune": True}, (True, True)),
            ({"prune": True, "enabled": False}, (False, False)),
        ],
    )
    def test_automated(self, automated: Any, expected: tuple[bool, bool]) -> None:
        seen = application({"spec": {"syncPolicy": {"automated": automated}}})
        assert (seen.automated, seen.prune) == expected

    def test_a_sync_that_is_retrying_an_older_commit(self) -> None:
        status = {
            "sync": {"status": "OutOfSync", "revision": "new"},
            "operationState": {"phase": "Running", "message": "x" * 5000, "syncResult": {"revision": "old"}},
            "conditions": [{"type": "ComparisonError", "message": "no"}],
            "resources": [
                {"kind": "PersistentVolumeClaim", "name": "c", "requiresPruning": True, "status": "OutOfSync"}
            ],
        }
        seen = application({"status": status})
        assert (seen.compared_revision, seen.operation_revision) == ("new", "old")
        assert len(seen.operation_message) == 1024
        assert seen.conditions == (("ComparisonError", "no"),)
        assert seen.resources[0].requires_pruning

    def test_a_sync_that_never_got_to_a_result(self) -> None:
        status = {"operationState": {"phase": "Error", "operation": {"sync": {"revision": "asked"}}}}
        assert application({"status": status}).operation_revision == "asked"

    @pytest.mark.parametrize(
        ("address", "kept"),
        [
            ("https://github.com/bob/photos.git", "https://github.com/bob/photos.git"),
            ("https://bob:ghp_planted@github.com/bob/p", "https://github.com/bob/p"),
            ("https://ghp_planted@github.com/bob/p", "https://github.com/bob/p"),
            ("https://bob:p@planted@github.com/bob/p", "https://github.com/bob/p"),
            ("oci://bob:planted@registry/charts", "oci://registry/charts"),
            ("ssh://git:planted@host:22/p.git", "ssh://git@host:22/p.git"),
            ("git@github.com:bob/p.git", "git@github.com:bob/p.git"),
        ],
    )
    def test_credentials_in_addresses_are_not_kept(self, address: str, kept: str) -> None:
        said = f"can't fetch '{address}': no"
        seen = application(
            {
                "spec": {"sources": [{"repoURL": address}]},
                "status": {
                    "operationState": {"message": said},
                    "conditions": [{"type": "ComparisonError", "message": said}],
                },
            }
        )
        assert seen.sources[0].repo_url == kept
        assert seen.operation_message == seen.conditions[0][1] == f"can't fetch '{kept}': no"

    def test_whose_objects(self) -> None:
        tracking = {"argocd.argoproj.io/tracking-id": "photo-sync:batch/CronJob:photo-sync/icloudpd-sync"}
        assert tracking_application(tracking, {}) == "photo-sync"
        assert tracking_application({}, {}) == ""


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("ghcr.io/immich-app/immich-server:v2.7.5", True),
        ("ghcr.io/immich-app/immich-server@sha256:abc", True),
        ("registry:5000/immich-server", True),
        ("ghcr.io/imagegenius/immich:latest", True),
        ("ghcr.io/immich-app/immich-machine-learning:v2.7.5", False),
        ("immich/server-of-others:1", False),
        ("", False),
    ],
)
def test_immichs_server_is_known_by_its_image(image: str, *, expected: bool) -> None:
    assert is_server_image(image) is expected


def test_the_photos_claim_comes_first() -> None:
    seen = pod_spec(
        {
            "containers": [
                {
                    "volumeMounts": [
                        {"name": "a", "mountPath": "/data"},
                        {"name": "b", "mountPath": "/external/icloud"},
                    ]
                }
            ],
            "volumes": [
                {"name": "a", "persistentVolumeClaim": {"claimName": "library"}},
                {"name": "b", "persistentVolumeClaim": {"claimName": "icloud-photos"}},
            ],
        }
    )
    assert mounted_claims(seen, Settings()) == ["icloud-photos", "library"]


def test_a_secret_that_is_read_has_no_values() -> None:
    body = {
        "type": "Opaque",
        "data": {"password": "cGxhbnRlZA=="},
        "stringData": {"x": "planted"},
        "metadata": {
            "annotations": {
                "argocd.argoproj.io/tracking-id": "a:b",
                "tool.example.com/copy": "cGxhbnRlZA==",
                "kubectl.kubernetes.io/last-applied-configuration": "cGxhbnRlZA==",
            }
        },
    }
    seen = parse.secret_keys(body)
    assert seen.keys == ("password",)
    assert set(seen.meta.annotations) == {"argocd.argoproj.io/tracking-id"}
    assert "cGxhbnRlZA" not in repr(seen)


@settings(max_examples=300, deadline=None)
@given(body=ANYTHING, of=st.sampled_from(PARSERS))
def test_nothing_unexpected_makes_them_fail(body: Any, of: Callable[[Any], Any]) -> None:
    of(body)
