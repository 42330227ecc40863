"""One look at demo worlds: what it finds, what it says when it may not, and what it costs."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.names import CONFIG_MAP, PHOTOS_CLAIM
from tests.observe.looking import NOW, demo, look, scenario, thing, value
from tests.support.faults import faults_of
from wizard.demo.scenario import Scenario
from wizard.demo.scenarios import load, names
from wizard.kube.errors import CredentialsRejected, NotKubernetes, Unreachable
from wizard.observe import look as looking
from wizard.observe import parse, reads
from wizard.observe.look import PER_FURTHER_ACCOUNT, REQUESTS, observe
from wizard.observe.pods import clean_lines
from wizard.observe.reads import whole
from wizard.observe.rights import everything
from wizard.settings import Settings
from wizard.world import NOT_ASKED, Access, Found, Missing, Page, Unreadable


class TestWhatIsFound:
    async def test_the_seed(self, tmp_path: Path) -> None:
        world = await look("seed", tmp_path)
        assert world.taken_at == NOW
        assert world.cluster.uid
        assert world.latency_ms is not None
        assert value(world.version).minor >= 30
        claims = {claim.meta.name: claim for claim in value(world.claims).items}
        assert (claims[PHOTOS_CLAIM].phase, claims[PHOTOS_CLAIM].requested) == ("Pending", "100Gi")
        assert claims["icloudpd-config"].phase == "Bound"
        assert value(world.secrets["icloud-credentials"]).keys == ("username",)
        assert len(value(world.config_maps[CONFIG_MAP]).data) == 7
        (cron_job,) = value(world.cron_jobs).items
        assert (cron_job.schedule, cron_job.time_zone, cron_job.backoff_limit) == ("0 3 1 * *", "America/Edmonton", 3)
        assert value(world.service_account).meta.name == "icloudpd"
        application = value(world.application)
        assert (application.sync, application.health, application.prune) == ("Synced", "Progressing", True)
        assert value(world.auth_logs["icloudpd-auth"]).lines[-1] == "argument -p/--password: expected one argument"
        assert world.immich == Missing()
        assert world.sync_logs == {}
        assert all(access.allowed for access in world.access)

    async def test_all_of_it(self, tmp_path: Path) -> None:
        world = await look("complete", tmp_path)
        immich = value(world.immich)
        assert (immich.service, immich.port, immich.version, immich.initialized) == (
            "immich-server",
            2283,
            "2.7.5",
            True,
        )
        assert value(immich.claims[PHOTOS_CLAIM]).phase == "Bound"
        assert immich.volume_sources[PHOTOS_CLAIM] == value(world.volumes[PHOTOS_CLAIM]).source
        newest = value(world.jobs).items[0]
        assert newest.state == "complete"
        assert value(world.sync_logs[newest.meta.name]).pod.startswith(newest.meta.name)
        assert {pod.meta.owner for pod in value(world.job_pods).items} >= {f"Job/{newest.meta.name}"}
        assert value(world.parent_application).meta.name

    async def test_a_second_account(self, tmp_path: Path) -> None:
        world = await look("family", tmp_path, Settings(accounts=("default", "anna")))
        assert isinstance(world.secrets["icloud-credentials-anna"], Found)

    async def test_the_newest_run_of_every_account_has_its_log_whoever_named_it(self, tmp_path: Path) -> None:
        world = await look("family", tmp_path)
        newest = {job.meta.owner: job.meta.name for job in reversed(value(world.jobs).items)}
        assert set(newest) == {"CronJob/icloudpd-sync", "CronJob/icloudpd-sync-anna"}
        for name in newest.values():
            assert value(world.sync_logs[name]).pod.startswith(name)
        assert world.requests <= REQUESTS + PER_FURTHER_ACCOUNT

    async def test_a_run_under_way_and_the_one_before_it_both_tell(self, tmp_path: Path) -> None:
        base = load("complete")
        spec = {"template": {"spec": {"containers": [{"name": "icloudpd", "image": "i"}], "restartPolicy": "Never"}}}
        running = thing(
            "Job",
            "icloudpd-sync-now",
            version="batch/v1",
            spec=spec,
            status={"active": 1},
            metadata={"creationTimestamp": "{now-1m}"},
        )
        pod = thing(
            "Pod",
            "icloudpd-sync-now-abcde",
            spec={"containers": [{"name": "icloudpd", "image": "i"}]},
            status={"phase": "Running", "containerStatuses": [{"name": "icloudpd", "state": {"running": {}}}]},
            metadata={"labels": {"batch.kubernetes.io/job-name": "icloudpd-sync-now"}},
        )
        logs = {**base.logs, "photo-sync/icloudpd-sync-now-abcde": ("under way",)}
        world = await look(scenario(*base.objects, running, pod, logs=logs, proxies=base.proxies), tmp_path)
        assert value(world.sync_logs["icloudpd-sync-now"]).pod == "icloudpd-sync-now-abcde"
        assert len(world.sync_logs) == 2

    @pytest.mark.parametrize(
        ("icloudpd", "expected"),
        [
            ({"image": "registry.example/photos:1", "command": ["sh", "-c", "icloudpd --auth-only"]}, "by icloudpd"),
            ({"image": "icloudpd/icloudpd:1.32.3"}, "by icloudpd"),
            ({"image": "registry.example/photos:1"}, "by the sidecar"),
        ],
    )
    async def test_beside_a_sidecar_it_is_icloudpd_that_is_heard(
        self, tmp_path: Path, icloudpd: dict[str, Any], expected: str
    ) -> None:
        sidecar = {"name": "proxy", "image": "registry.example/proxy:1"}
        pod = thing(
            "Pod",
            "icloudpd-auth",
            spec={"nodeName": "node-1", "containers": [sidecar, {"name": "sync", **icloudpd}]},
            status={
                "phase": "Running",
                "containerStatuses": [{"name": name, "state": {"running": {}}} for name in ("proxy", "sync")],
            },
        )
        logs = {
            "photo-sync/icloudpd-auth/proxy": "by the sidecar\n",
            "photo-sync/icloudpd-auth/sync": "by icloudpd\n",
        }
        world = await look(scenario(pod, logs=logs), tmp_path)
        assert value(world.auth_logs["icloudpd-auth"]).lines == (expected,)

    async def test_two_sign_in_pods_are_heard_and_no_third(self, tmp_path: Path) -> None:
        base = load("seed")
        more = [
            thing(
                "Pod",
                f"icloudpd-auth-{name}",
                spec={"containers": [{"name": "c", "image": "i"}]},
                status={"phase": "Running", "containerStatuses": [{"name": "c", "state": {"running": {}}}]},
            )
            for name in ("anna", "ben")
        ]
        world = await look(scenario(*base.objects, *more, logs=base.logs, proxies=base.proxies), tmp_path)
        assert list(world.auth_logs) == ["icloudpd-auth", "icloudpd-auth-anna"]

    async def test_more_accounts_than_there_are_requests_for(self, tmp_path: Path) -> None:
        accounts = ("default", *(f"a{number}" for number in range(30)))
        world = await look("restricted", tmp_path, Settings(accounts=accounts))
        assert world.requests <= REQUESTS + 7 * PER_FURTHER_ACCOUNT
        assert world.secrets["icloud-credentials-a29"] == NOT_ASKED

    async def test_no_argo_cd_is_not_the_same_as_no_application(self, tmp_path: Path) -> None:
        world = await look("no-argocd", tmp_path)
        assert world.applications == Missing(kind_installed=False)
        assert world.application == Missing(kind_installed=False)
        assert (await look("fresh", tmp_path)).application == Missing()

    async def test_a_namespace_that_is_going(self, tmp_path: Path) -> None:
        assert value((await look("terminating", tmp_path)).namespace).phase == "Terminating"

    @pytest.mark.parametrize("name", names())
    async def test_every_demo_world_is_within_the_budget(self, name: str, tmp_path: Path) -> None:
        async with demo(name, tmp_path) as (world, cluster):
            seen = await observe(cluster, Settings(accounts=("default", "anna")), NOW)
            sent = [line for line in faults_of(world).requests if "/authorization.k8s.io/" not in line]
        assert seen.requests == len(sent) <= REQUESTS + PER_FURTHER_ACCOUNT
        assert all(line.startswith("GET ") for line in sent)


class TestLongLists:
    async def test_what_lies_behind_hundreds_of_others_is_seen(self, tmp_path: Path) -> None:
        spec = {"containers": [{"name": "c", "image": "i"}]}
        schedule = {"schedule": "0 3 1 * *", "jobTemplate": {"spec": {"template": {"spec": spec}}}}
        others = [thing("Pod", f"another-{number:03}", spec=spec) for number in range(150)]
        jobs = [thing("CronJob", f"another-{number:03}", version="batch/v1", spec=schedule) for number in range(150)]
        claims = [thing("PersistentVolumeClaim", f"another-{number:03}", spec={}) for number in range(600)]
        ours = [
            thing("Pod", "icloudpd-auth", spec=spec),
            thing("CronJob", "icloudpd-sync", version="batch/v1", spec=schedule),
            thing("PersistentVolumeClaim", PHOTOS_CLAIM, spec={}),
        ]
        world = await look(scenario(*others, *jobs, *claims, *ours), tmp_path)
        reads: list[Any] = [world.pods, world.cron_jobs, world.claims]
        for read, name in zip(reads, ours, strict=True):
            seen: Page[Any] = value(read)
            assert name["metadata"]["name"] in {one.meta.name for one in seen.items}
            assert not seen.more
        assert world.requests <= REQUESTS

    async def test_an_end_that_was_not_reached_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = "/api/v1/namespaces/photo-sync/persistentvolumeclaims"
        expired = json.dumps(
            {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Expired", "code": 410}
        )
        claims = [thing("PersistentVolumeClaim", f"c{number}", spec={}) for number in range(5)]
        async with demo(scenario(*claims), tmp_path) as (world, cluster):
            everything = value(await whole(cluster, path, parse.claim, limit=2))
            assert (len(everything.items), everything.more) == (5, False)
            monkeypatch.setattr(reads, "MOST_OBJECTS", 3)
            some = value(await whole(cluster, path, parse.claim, limit=2))
            assert (len(some.items), some.more) == (4, True)
            faults_of(world).answer("continue=", 410, expired, content_type="application/json")
            first = value(await whole(cluster, path, parse.claim, limit=2))
            assert (len(first.items), first.more) == (2, True)


class TestWhatIsNotKept:
    async def test_the_values_of_a_secret(self, tmp_path: Path) -> None:
        planted = base64.b64encode(b"planted-password").decode()
        secret = thing(
            "Secret",
            "icloud-credentials",
            type="Opaque",
            data={"password": planted, "username": planted},
            metadata={"annotations": {"kubectl.kubernetes.io/last-applied-configuration": planted, "other": planted}},
        )
        world = await look(scenario(secret), tmp_path)
        assert value(world.secrets["icloud-credentials"]).keys == ("password", "username")
        assert planted not in repr(world)
        assert "planted-password" not in repr(world)


class TestWhatMayNotBeRead:
    async def test_little_permission(self, tmp_path: Path) -> None:
        world = await look("restricted", tmp_path)
        assert isinstance(world.applications, Unreadable)
        assert world.applications.reason == "forbidden"
        assert world.applications.message == "You are not allowed to list applications.argoproj.io."
        assert isinstance(world.secrets["icloud-credentials"], Unreadable)
        assert world.cluster.uid is None
        answers = {(one.verb, one.resource): one.allowed for one in world.access}
        assert answers["create", "secrets"] is False
        assert isinstance(world.claims, Found)

    @pytest.mark.parametrize(
        "right",
        ["get secrets", "get configmaps", "list pods", "list persistentvolumeclaims", "list jobs.batch", "list events"],
    )
    async def test_what_may_not_be_read_in_our_namespace_is_told(self, tmp_path: Path, right: str) -> None:
        world = await look(scenario(denied=(right,)), tmp_path)
        refused = {f"{one.verb} {one.resource}" for one in world.access if one.allowed is False}
        assert refused == {right}

    @pytest.mark.parametrize(
        ("more", "sure"),
        [({}, True), ({"incomplete": False}, True), ({"incomplete": True}, False)],
    )
    async def test_all_is_granted_only_if_the_server_is_sure(
        self, tmp_path: Path, more: dict[str, bool], *, sure: bool
    ) -> None:
        rule = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
        answer = {"kind": "SelfSubjectRulesReview", "status": {"resourceRules": [rule], **more}}
        async with demo("seed", tmp_path) as (world, cluster):
            faults_of(world).answer("selfsubjectrules", 201, json.dumps(answer), content_type="application/json")
            assert await everything(cluster) is sure

    async def test_exec_needs_both_verbs_and_both_are_asked(self, tmp_path: Path) -> None:
        world = await look(scenario(denied=("create pods/exec",)), tmp_path)
        answers = {(one.verb, one.resource): one.allowed for one in world.access}
        assert (answers["get", "pods/exec"], answers["create", "pods/exec"]) == (True, False)

    async def test_what_answers_a_waiting_pod_takes_is_asked_where_there_is_one(self, tmp_path: Path) -> None:
        for world, asked in (("complete", False), ("auth-waiting", True)):
            seen = await look(world, tmp_path)
            assert (Access("create", "pods/attach", "photo-sync", allowed=True) in seen.access) is asked

    async def test_reviews_that_are_refused_leave_it_open(self, tmp_path: Path) -> None:
        async with demo("seed", tmp_path) as (world, cluster):
            faults_of(world).answer("selfsubject", 500, "no", content_type="text/plain")
            seen = await observe(cluster, Settings(), NOW)
        assert {one.allowed for one in seen.access} == {None}

    async def test_argo_cd_in_its_own_namespace_is_tried(self, tmp_path: Path) -> None:
        async with demo("seed", tmp_path) as (world, cluster):
            forbidden = '{"kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403, "message": "no"}'
            faults_of(world).answer(
                "GET /apis/argoproj.io/v1alpha1/applications", 403, forbidden, content_type="text/json"
            )
            seen = await observe(cluster, Settings(), NOW)
        assert value(seen.application).meta.namespace == "argocd"

    @pytest.mark.parametrize(
        ("path", "part"),
        [
            ("/namespaces/photo-sync/events", "events"),
            ("/namespaces/photo-sync/pods", "pods"),
            ("/namespaces/photo-sync/cronjobs", "cron_jobs"),
            ("/ingressclasses", "ingress_classes"),
            ("/namespaces/photo-sync/jobs", "jobs"),
        ],
    )
    async def test_one_part_that_fails_leaves_the_others(self, tmp_path: Path, path: str, part: str) -> None:
        async with demo("seed", tmp_path) as (world, cluster):
            faults_of(world).answer(f"GET .*{path}", 500, "internal", content_type="text/plain")
            seen = await observe(cluster, Settings(), NOW)
        broken = getattr(seen, part)
        assert isinstance(broken, Unreadable)
        assert broken.reason == "error"
        assert isinstance(seen.claims, Found)

    async def test_a_part_that_takes_too_long(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        async with demo("seed", tmp_path) as (world, cluster):
            faults_of(world).delay("GET .*/events", 60)
            original = cluster.list_page

            async def hasty(path: str, **options: Any) -> Any:
                return await original(path, **options, seconds=0.1 if path.endswith("/events") else 20)

            monkeypatch.setattr(cluster, "list_page", hasty)
            seen = await observe(cluster, Settings(), NOW)
        assert isinstance(seen.events, Unreadable)
        assert seen.events.reason == "timeout"
        assert "list events" in seen.events.message


class TestWhatEndsALook:
    async def test_nothing_there(self, tmp_path: Path) -> None:
        async with demo("seed", tmp_path) as (world, cluster):
            faults_of(world).cut(".")
            with pytest.raises(Unreachable):
                await observe(cluster, Settings(), NOW)

    async def test_rejected(self, tmp_path: Path) -> None:
        async with demo("seed", tmp_path) as (world, cluster):
            faults_of(world).answer(".", 401, "{}", content_type="application/json")
            with pytest.raises(CredentialsRejected):
                await observe(cluster, Settings(), NOW)

    async def test_a_captive_portal(self, tmp_path: Path) -> None:
        async with demo("seed", tmp_path) as (world, cluster):
            faults_of(world).answer(".", 200, "<html>Welcome to the hotel</html>")
            with pytest.raises(NotKubernetes):
                await observe(cluster, Settings(), NOW)

    async def test_no_answer_at_all(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        async with demo("seed", tmp_path) as (world, cluster):
            faults_of(world).delay(".", 60)
            original = cluster.get

            async def hasty(path: str, **options: Any) -> Any:
                return await original(path, **{**options, "seconds": 0.1})

            monkeypatch.setattr(cluster, "get", hasty)
            with pytest.raises(Unreachable) as raised:
                await observe(cluster, Settings(), NOW)
        assert raised.value.code == "kube.timeout"


def other_application(number: int) -> dict[str, Any]:
    spec = {
        "project": "default",
        "source": {"repoURL": "https://example.com/x", "path": "."},
        "destination": {"namespace": f"n{number}"},
    }
    return thing("Application", f"app-{number:03}", "argocd", version="argoproj.io/v1alpha1", spec=spec)


def crowded(name: str) -> Scenario:
    """That scenario among lots of what other people run."""
    crowd: list[dict[str, Any]] = []
    for number in range(120):
        crowd.append(other_application(number))
        crowd.append(thing("Ingress", f"i-{number}", f"n{number}", version="networking.k8s.io/v1", spec={}))
        template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "other:1"}]}}
        spec = {"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": template}
        crowd.append(thing("Deployment", f"d-{number}", f"n{number}", version="apps/v1", spec=spec))
        crowd.append(thing("StorageClass", f"s-{number}", "", version="storage.k8s.io/v1", provisioner="x"))
    base = load(name)
    return scenario(*base.objects, *crowd, logs=base.logs, proxies=base.proxies)


class TestACrowd:
    async def test_ours_is_found_among_many_and_the_rest_is_cut(self, tmp_path: Path) -> None:
        world = await look(crowded("complete"), tmp_path)
        assert world.requests <= REQUESTS
        assert value(world.applications).more
        assert len(value(world.applications).items) <= 50
        assert value(world.ingresses).more
        assert value(world.application).meta.name == "photo-sync"
        assert value(world.immich).version == "2.7.5"

    async def test_many_jobs(self, tmp_path: Path) -> None:
        spec = {"template": {"spec": {"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Never"}}}
        done = {
            "conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": "{now-1h}"}],
            "succeeded": 1,
        }
        jobs = [
            thing(
                "Job",
                f"icloudpd-sync-{29_000_000 + number}",
                version="batch/v1",
                spec=spec,
                status=done,
                metadata={"creationTimestamp": f"{{now-{2000 - number}h}}"},
            )
            for number in range(1500)
        ]
        world = await look(scenario(*jobs), tmp_path)
        seen = value(world.jobs).items
        assert len(seen) == 20
        assert not value(world.jobs).more
        assert [job.meta.name for job in seen[:2]] == ["icloudpd-sync-29001499", "icloudpd-sync-29001498"]
        assert {job.state for job in seen} == {"complete"}
        assert world.requests <= REQUESTS

    async def test_many_pods_of_ours(self, tmp_path: Path) -> None:
        base = load("expired")
        spec = {"containers": [{"name": "c", "image": "i"}]}
        owner = {"kind": "Job", "name": "other", "controller": True, "uid": "u", "apiVersion": "batch/v1"}
        pods = [
            thing(
                "Pod",
                f"a-{number}",
                spec=spec,
                status={"phase": "Succeeded"},
                metadata={"labels": {"batch.kubernetes.io/job-name": "other"}, "ownerReferences": [owner]},
            )
            for number in range(100)
        ]
        world = await look(scenario(*base.objects, *pods, logs=base.logs, proxies=base.proxies), tmp_path)
        alone = await look("expired", tmp_path)
        assert world.requests <= REQUESTS
        assert {one.meta.name for one in value(world.pods).items} == {one.meta.name for one in value(alone.pods).items}
        mine = {one.meta.name for one in value(world.job_pods).items}
        assert mine == {one.meta.name for one in value(alone.job_pods).items}
        assert world.sync_logs == alone.sync_logs != {}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ()),
        ("a\nb\n", ("a", "b")),
        ("\x1b[31mred\x1b[0m\r\nplain\r\n", ("red", "plain")),
        ("1%\r50%\r100%\nnext", ("100%", "next")),
        ("Enter code: ", ("Enter code: ",)),
    ],
)
def test_logs_as_lines(text: str, lines: tuple[str, ...]) -> None:
    assert clean_lines(text) == lines


def test_the_budget_is_the_documented_one() -> None:
    assert (looking.REQUESTS, looking.PER_FURTHER_ACCOUNT) == (25, 3)
