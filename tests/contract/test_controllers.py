"""What happens by itself: namespaces are furnished, claims bind, pods run, jobs complete."""

from __future__ import annotations

import pytest

from tests.contract.api import Api, Json
from tests.contract.conftest import Place, PodMaker, tiny
from wizard.demo.world import DemoWorld

CLAIM: Json = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
VOLUMES = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]


async def said(api: Api, kind: str, name: str, reason: str) -> Json:
    """The event with this reason about an object, once it is there."""
    path = f"events?fieldSelector=involvedObject.kind%3D{kind},involvedObject.name%3D{name},reason%3D{reason}"
    answer = await api.until(path, lambda each: bool(each.body["items"]))
    event: Json = answer.body["items"][0]
    return event


async def test_a_new_namespace(api: Api) -> None:
    namespace = (await api.get(f"/api/v1/namespaces/{api.namespace}")).body
    assert namespace["metadata"]["labels"] == {"kubernetes.io/metadata.name": api.namespace}
    assert (namespace["spec"], namespace["status"]) == ({"finalizers": ["kubernetes"]}, {"phase": "Active"})
    assert (await api.get("serviceaccounts/default")).status == 200
    assert list((await api.get("configmaps/kube-root-ca.crt")).body["data"]) == ["ca.crt"]


async def test_a_claim_waits_for_its_first_consumer(place: Place, pod: PodMaker) -> None:
    api = place.api
    made = await api.made("persistentvolumeclaims", CLAIM)
    assert (made["spec"]["storageClassName"], made["spec"]["volumeMode"]) == ("local-path", "Filesystem")
    assert (made["status"], made["metadata"]["finalizers"]) == ({"phase": "Pending"}, ["kubernetes.io/pvc-protection"])
    event = await said(api, "PersistentVolumeClaim", "data", "WaitForFirstConsumer")
    assert (event["type"], event["message"]) == ("Normal", "waiting for first consumer to be created before binding")
    assert event["involvedObject"]["uid"] == made["metadata"]["uid"]
    assert (await api.get("persistentvolumeclaims/data")).body["status"] == {"phase": "Pending"}

    await api.made("pods", pod("user", volumes=VOLUMES))
    bound = await api.phase("persistentvolumeclaims/data", "Bound")
    assert bound["status"]["capacity"] == {"storage": "1Gi"}
    assert bound["metadata"]["annotations"]["pv.kubernetes.io/bind-completed"] == "yes"
    volume = (await api.get(f"/api/v1/persistentvolumes/{bound['spec']['volumeName']}")).body
    assert volume["spec"]["claimRef"]["uid"] == made["metadata"]["uid"]
    assert (volume["spec"]["storageClassName"], volume["status"]["phase"]) == ("local-path", "Bound")
    assert (await api.phase("pods/user", "Running"))["spec"]["nodeName"]

    deleted = await api.delete("persistentvolumeclaims/data")
    assert deleted.body["metadata"]["deletionTimestamp"]
    if place.world:
        await place.world.settle()
    assert (await api.get("persistentvolumeclaims/data")).status == 200, "it is protected while a pod uses it"
    await api.delete("pods/user")
    await api.until("persistentvolumeclaims/data", lambda answer: answer.status == 404)


async def test_a_claim_whose_class_is_not_there(api: Api) -> None:
    await api.made("persistentvolumeclaims", {**CLAIM, "spec": {**CLAIM["spec"], "storageClassName": "gone"}})
    event = await said(api, "PersistentVolumeClaim", "data", "ProvisioningFailed")
    assert (event["type"], event["message"]) == ("Warning", 'storageclass.storage.k8s.io "gone" not found')


async def test_a_claim_without_a_class(api: Api) -> None:
    await api.made("persistentvolumeclaims", {**CLAIM, "spec": {**CLAIM["spec"], "storageClassName": ""}})
    event = await said(api, "PersistentVolumeClaim", "data", "FailedBinding")
    assert event["message"] == "no persistent volumes available for this claim and no storage class is set"


async def test_a_claim_of_an_immediate_class_binds_at_once() -> None:
    """On the demo alone: the real cluster's one provisioner refuses to provide without a node."""
    immediate = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "nfs"},
        "provisioner": "example.com/nfs",
        "volumeBindingMode": "Immediate",
    }
    async with DemoWorld.open(tiny(objects=(immediate,))) as world:
        spec = {**CLAIM["spec"], "storageClassName": "nfs"}
        metadata = {"name": "data", "namespace": "default"}
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}
        world.store.create({**claim, "status": {"phase": "Pending"}})
        await world.settle()
        bound = world.store.get("PersistentVolumeClaim", "default", "data")
        assert bound is not None
        assert bound["status"]["phase"] == "Bound"
        assert world.store.get("PersistentVolume", "", bound["spec"]["volumeName"]) is not None


async def test_a_pod_runs(api: Api, pod: PodMaker) -> None:
    made = await api.made("pods", pod("runner"))
    assert (made["status"]["phase"], made["spec"]["restartPolicy"]) == ("Pending", "Always")
    assert made["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    running = await api.phase("pods/runner", "Running")
    node = running["spec"]["nodeName"]
    status = running["status"]["containerStatuses"][0]
    assert (status["name"], status["ready"], status["restartCount"], list(status["state"])) == (
        "main",
        True,
        0,
        ["running"],
    )
    conditions = {each["type"]: each["status"] for each in running["status"]["conditions"]}
    assert conditions["Ready"] == conditions["PodScheduled"] == "True"
    event = await said(api, "Pod", "runner", "Scheduled")
    assert event["message"] == f"Successfully assigned {api.namespace}/runner to {node}"
    assert (await said(api, "Pod", "runner", "Started"))["type"] == "Normal"
    await api.delete("pods/runner")
    await api.until("pods/runner", lambda each: each.status == 404)


async def test_a_pod_whose_claim_is_not_there(api: Api, pod: PodMaker) -> None:
    await api.made("pods", pod("waiting", volumes=VOLUMES))
    event = await said(api, "Pod", "waiting", "FailedScheduling")
    assert event["type"] == "Warning"
    assert 'persistentvolumeclaim "data" not found' in event["message"]
    waiting = (await api.until("pods/waiting", lambda each: "conditions" in each.body["status"])).body
    assert waiting["status"]["phase"] == "Pending"
    condition = next(each for each in waiting["status"]["conditions"] if each["type"] == "PodScheduled")
    assert (condition["status"], condition["reason"]) == ("False", "Unschedulable")
    assert 'persistentvolumeclaim "data" not found' in condition["message"]
    assert "nodeName" not in waiting["spec"]


def job(**spec: object) -> Json:
    container = {"name": "c", "image": "busybox", "imagePullPolicy": "IfNotPresent", "command": ["true"]}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    return {"metadata": {"name": "once"}, "spec": {"backoffLimit": 1, "template": template, **spec}}


async def test_a_job_runs_its_pod_to_completion(api: Api) -> None:
    made = await api.made("batch/v1/jobs", job())
    uid = made["metadata"]["uid"]
    answer = await api.until("batch/v1/jobs/once", lambda each: each.body["status"].get("succeeded") == 1)
    done = answer.body
    conditions = {each["type"]: each["status"] for each in done["status"]["conditions"]}
    assert conditions["Complete"] == "True"
    assert done["status"]["startTime"] <= done["status"]["completionTime"]
    assert done["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    pods = (await api.get(f"pods?labelSelector=batch.kubernetes.io/controller-uid%3D{uid}")).body["items"]
    assert len(pods) == 1
    assert pods[0]["metadata"]["labels"]["job-name"] == "once"
    assert pods[0]["metadata"]["name"].startswith("once-")
    owner = pods[0]["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["name"], owner["uid"], owner["controller"]) == ("Job", "once", uid, True)
    assert pods[0]["status"]["phase"] == "Succeeded"
    ended = pods[0]["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (0, "Completed")
    found = (await api.get("batch/v1/jobs?fieldSelector=status.successful%3D1")).body["items"]
    assert [each["metadata"]["name"] for each in found] == ["once"]
    assert (await said(api, "Job", "once", "SuccessfulCreate"))[
        "message"
    ] == f"Created pod: {pods[0]['metadata']['name']}"
    assert (await said(api, "Job", "once", "Completed"))["message"] == "Job completed"


async def test_a_suspended_job_makes_no_pod(api: Api) -> None:
    await api.made("batch/v1/jobs", job(suspend=True))
    answer = await api.until("batch/v1/jobs/once", lambda each: bool(each.body["status"].get("conditions")))
    condition = answer.body["status"]["conditions"][0]
    assert (condition["type"], condition["status"]) == ("Suspended", "True")
    assert (await api.get("pods")).body["items"] == []


async def test_what_came_being_deleted_hangs(pod: PodMaker) -> None:
    """On the demo alone, for the same reason."""
    deleting = {"deletionTimestamp": "{now-1h}"}
    stuck = {**pod("stuck"), "apiVersion": "v1", "kind": "Pod", "status": {"phase": "Running"}}
    stuck["metadata"] |= {"namespace": "old", **deleting}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "old", **deleting}}
    async with DemoWorld.open(tiny(objects=({**namespace, "status": {"phase": "Terminating"}}, stuck))) as world:
        await world.settle()
        assert world.store.get("Namespace", "", "old") is not None
        assert world.store.get("Pod", "old", "stuck") is not None


@pytest.mark.parametrize("status", [{"phase": "Pending"}, {"phase": "Running"}])
async def test_what_came_with_a_status_is_left_as_it_is(pod: PodMaker, status: Json) -> None:
    """On the demo alone: scenarios show worlds that are stuck."""
    stuck = {**pod("stuck"), "apiVersion": "v1", "kind": "Pod", "status": status}
    stuck["metadata"]["namespace"] = "default"
    async with DemoWorld.open(tiny(objects=(stuck,))) as world:
        await world.settle()
        kept = world.store.get("Pod", "default", "stuck")
        assert kept is not None
        assert kept["status"] == status
