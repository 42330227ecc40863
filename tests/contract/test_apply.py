"""Server-side apply: who owns what, what conflicts, what goes when its owner drops it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.api import Answer, Api, Json

YAML = "application/apply-patch+yaml"


async def apply(api: Api, body: Json | bytes, query: str = "fieldManager=alice", name: str = "ssa") -> Answer:
    if isinstance(body, dict):
        body = {"apiVersion": "v1", "kind": "ConfigMap", **body}
    return await api.ask("PATCH", f"configmaps/{name}?{query}", body, Content_Type=YAML)


def data(**values: str) -> Json:
    return {"metadata": {"name": "ssa"}, "data": values}


def owners(item: Json) -> dict[tuple[str, str], Any]:
    return {(each["manager"], each["operation"]): each["fieldsV1"] for each in item["metadata"]["managedFields"]}


async def test_it_creates_and_says_whose_the_fields_are(api: Api) -> None:
    answer = await apply(api, data(a="1", b="1"))
    assert answer.status == 201
    assert owners(answer.body) == {("alice", "Apply"): {"f:data": {"f:a": {}, "f:b": {}}}}
    assert answer.body["data"] == {"a": "1", "b": "1"}


async def test_the_same_again_changes_nothing(api: Api) -> None:
    first = await apply(api, data(a="1"))
    again = await apply(api, data(a="1"))
    assert (again.status, again.body) == (200, first.body)


async def test_two_managers_may_own_the_same_value(api: Api) -> None:
    await apply(api, data(a="1", b="1"))
    answer = await apply(api, data(b="1"), "fieldManager=carol")
    assert answer.status == 200
    assert owners(answer.body) == {
        ("alice", "Apply"): {"f:data": {"f:a": {}, "f:b": {}}},
        ("carol", "Apply"): {"f:data": {"f:b": {}}},
    }


async def test_another_value_is_a_conflict_and_changes_nothing(api: Api) -> None:
    made = (await apply(api, data(a="1", b="1"))).body
    answer = await apply(api, data(a="2"), "fieldManager=bob")
    assert answer.status == 409
    assert answer.message == 'Apply failed with 1 conflict: conflict with "alice": .data.a'
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "alice"', "field": ".data.a"}
    assert (answer.body["reason"], answer.body["details"]) == ("Conflict", {"causes": [cause]})
    two = await apply(api, data(a="2", b="3"), "fieldManager=bob")
    assert two.message == 'Apply failed with 2 conflicts: conflicts with "alice":\n- .data.a\n- .data.b'
    assert (await api.get("configmaps/ssa")).body == made


async def test_force_takes_the_field(api: Api) -> None:
    await apply(api, data(a="1", b="1"))
    answer = await apply(api, data(a="2"), "fieldManager=bob&force=true")
    assert answer.body["data"] == {"a": "2", "b": "1"}
    assert owners(answer.body) == {
        ("alice", "Apply"): {"f:data": {"f:b": {}}},
        ("bob", "Apply"): {"f:data": {"f:a": {}}},
    }


async def test_what_its_only_owner_drops_goes(api: Api) -> None:
    await apply(api, data(a="1", b="1", c="1"))
    await apply(api, data(b="1"), "fieldManager=carol")
    answer = await apply(api, data(c="1"))
    assert answer.body["data"] == {"b": "1", "c": "1"}
    assert owners(answer.body)[("alice", "Apply")] == {"f:data": {"f:c": {}}}


async def test_an_update_owns_what_it_changed(api: Api) -> None:
    await apply(api, data(a="1", b="1"))
    path = "configmaps/ssa?fieldManager=kubectl-edit"
    patched = await api.patch(path, {"data": {"b": "9"}})
    assert owners(patched.body) == {
        ("alice", "Apply"): {"f:data": {"f:a": {}}},
        ("kubectl-edit", "Update"): {"f:data": {"f:b": {}}},
    }
    answer = await apply(api, data(a="1", b="1"))
    assert answer.status == 409
    assert answer.message == 'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data.b'
    assert (await apply(api, data(a="1"))).status == 200
    assert (await apply(api, data(a="1", b="9"))).status == 200


async def test_annotations_of_a_claim_that_somebody_else_made(api: Api) -> None:
    """As the wizard notes on a claim when a session was proved, and notes it again."""
    claim: Json = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "config", "annotations": {"example.com/whose": "theirs"}},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    await api.made("persistentvolumeclaims", claim)

    async def note(**notes: str) -> Answer:
        body = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": "config",
                "annotations": {f"example.com/{key}": value for key, value in notes.items()},
            },
        }
        return await api.ask("PATCH", "persistentvolumeclaims/config?fieldManager=wizard", body, Content_Type=YAML)

    first = await note(at="1", until="2")
    assert (first.status, first.body["metadata"]["annotations"]["example.com/at"]) == (200, "1")
    second = await note(at="3")
    kept = second.body["metadata"]["annotations"]
    assert {key: value for key, value in kept.items() if key.startswith("example.com/")} == {
        "example.com/whose": "theirs",
        "example.com/at": "3",
    }
    assert second.body["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert owners(second.body)[("wizard", "Apply")] == {"f:metadata": {"f:annotations": {"f:example.com/at": {}}}}
    assert (await note(whose="ours")).status == 409


async def test_lists_with_keys_are_merged_item_by_item(api: Api) -> None:
    def job(schedule: str, *containers: Json) -> Json:
        template = {"spec": {"restartPolicy": "Never", "containers": list(containers)}}
        spec = {"schedule": schedule, "jobTemplate": {"spec": {"template": template}}}
        return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "ssa"}, "spec": spec}

    async def send(body: Json, manager: str) -> Answer:
        return await api.ask("PATCH", f"batch/v1/cronjobs/ssa?fieldManager={manager}", body, Content_Type=YAML)

    def containers(answer: Answer) -> dict[str, str]:
        found = answer.body["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        return {each["name"]: each["image"] for each in found}

    one, two = {"name": "one", "image": "busybox"}, {"name": "two", "image": "busybox"}
    assert (await send(job("0 3 * * *", one), "alice")).status == 201
    both = await send(job("0 3 * * *", two), "bob")
    assert containers(both) == {"one": "busybox", "two": "busybox"}
    conflict = await send(job("0 3 * * *", {"name": "one", "image": "other"}), "bob")
    assert conflict.message == (
        'Apply failed with 1 conflict: conflict with "alice": '
        '.spec.jobTemplate.spec.template.spec.containers[name="one"].image'
    )
    without = await send(job("0 3 * * *", two), "alice")
    assert containers(without) == {"two": "busybox"}


@pytest.mark.parametrize(
    ("query", "body", "status", "message"),
    [
        (
            "",
            data(a="1"),
            422,
            'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
        ),
        (
            "fieldManager=alice",
            {"metadata": {"name": "ssa", "managedFields": [{"manager": "x", "operation": "Apply"}]}},
            400,
            "metadata.managedFields must be nil",
        ),
        (
            "fieldManager=alice",
            {"metadata": {"name": "other"}},
            400,
            "the name of the object (other) does not match the name on the URL (ssa)",
        ),
        (
            "fieldManager=alice",
            {"metadata": {"name": "ssa", "resourceVersion": "1"}, "data": {"a": "1"}},
            409,
            'Operation cannot be fulfilled on configmaps "ssa": the object has been modified; '
            "please apply your changes to the latest version and try again",
        ),
    ],
)
async def test_refused(api: Api, query: str, body: Json, status: int, message: str) -> None:
    await apply(api, data(a="1"))
    answer = await apply(api, body, query)
    assert (answer.status, answer.message) == (status, message)


async def test_only_an_apply_may_be_forced(api: Api) -> None:
    await apply(api, data(a="1"))
    answer = await api.patch("configmaps/ssa?force=true", {"data": {"a": "2"}})
    assert answer.status == 422
    assert answer.message.endswith("force: Forbidden: may not be specified for non-apply patch")


async def test_without_a_kind(api: Api) -> None:
    answer = await api.ask(
        "PATCH", "configmaps/ssa?fieldManager=alice", {"metadata": {"name": "ssa"}}, Content_Type=YAML
    )
    assert (answer.status, answer.message) == (400, "invalid object type: /, Kind=")


async def test_yaml_and_a_dry_run(api: Api) -> None:
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ssa}\ndata: {a: '1'}\n"
    dry = await apply(api, body, "fieldManager=alice&dryRun=All")
    assert (dry.status, dry.body["data"]) == (201, {"a": "1"})
    assert (await api.get("configmaps/ssa")).status == 404
    made = await apply(api, body)
    assert (made.status, made.body["data"]) == (201, {"a": "1"})
    assert (await apply(api, data(a="2"), "fieldManager=alice&dryRun=All")).body["data"] == {"a": "2"}
    assert (await api.get("configmaps/ssa")).body == made.body


async def test_where_there_is_no_namespace(api: Api) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", **data(a="1")}
    path = "/api/v1/namespaces/photosync-nowhere/configmaps/ssa?fieldManager=alice"
    answer = await api.ask("PATCH", path, body, Content_Type=YAML)
    assert (answer.status, answer.message) == (404, 'namespaces "photosync-nowhere" not found')
