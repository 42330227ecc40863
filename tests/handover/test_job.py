"""The hand-over Job as it is made from a CronJob: which folder, which program, and what it takes over of the CronJob."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from wizard.accounts import AccountNames
from wizard.command import Address
from wizard.errors import Exit, WizardError
from wizard.handover.job import CONTAINER, Handover, handover
from wizard.settings import Settings

Json = dict[str, Any]
NAMES = AccountNames.of("default", Settings())
CLAIM: Json = {"name": "config", "persistentVolumeClaim": {"claimName": "icloudpd-config"}}
PHOTOS: Json = {"name": "photos", "persistentVolumeClaim": {"claimName": "icloud-photos"}}
AT_CONFIG: Json = {"name": "config", "mountPath": "/config"}
OPTIONS = "--cookie-directory /config --directory /photos --username you@example.com"


def box(**fields: Any) -> Json:
    return {
        "name": "icloudpd",
        "image": "somebody/icloudpd:1",
        "command": ["/bin/sh", "-c", f"/opt/bin/icloudpd {OPTIONS}"],
        "volumeMounts": [AT_CONFIG, {"name": "photos", "mountPath": "/photos"}],
    } | fields


def cron_job(*boxes: Json, metadata: Json | None = None, **pod: Any) -> Json:
    spec = {"containers": list(boxes) or [box()], "volumes": [CLAIM, PHOTOS], "restartPolicy": "Never"} | pod
    template = {"spec": spec} | ({"metadata": metadata} if metadata else {})
    return {
        "metadata": {"name": "icloudpd-sync", "namespace": "photo-sync"},
        "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template}}},
    }


def made(job: Json, node: str = "") -> Handover:
    found = handover(job, NAMES, "photosync-handover-1", node)
    assert found is not None
    return found


def pod_of(found: Handover) -> Json:
    assert isinstance(found.change.manifest, dict)
    spec: Json = found.change.manifest["spec"]["template"]["spec"]
    return spec


def only(found: Handover) -> Json:
    (container,) = pod_of(found)["containers"]
    assert container["name"] == CONTAINER
    return dict(container)


def script(text: str) -> Json:
    return box(command=["/bin/sh", "-c", text])


def at(path: str, **more: Any) -> Json:
    return {"name": "config", "mountPath": path, **more}


IMAGE = "icloudpd/icloudpd:1.32.3"
COOKIES = "icloudpd --directory /photos --cookie-directory"


@pytest.mark.parametrize(
    ("job", "directory"),
    [
        pytest.param(cron_job(), "/config", id="as the seed has it"),
        pytest.param(cron_job(script("icloudpd --cookie-directory=/config/a/")), "/config/a", id="with an equals sign"),
        pytest.param(cron_job(script(f"{COOKIES} '/config/my own'")), "/config/my own", id="with a blank"),
        pytest.param(cron_job(script(f'D=/config/c; {COOKIES} "$D"')), "/config/c", id="a variable of the script"),
        pytest.param(
            cron_job(
                box(command=[*COOKIES.split(), "$(COOKIES)"], env=[{"name": "COOKIES", "value": "/config/cookies"}])
            ),
            "/config/cookies",
            id="a variable of the container",
        ),
        pytest.param(
            cron_job(
                script(f"{COOKIES} /cookies")
                | {"volumeMounts": [at("/config", subPath="rest"), at("/cookies", subPath="cookies")]}
            ),
            "/cookies",
            id="two mounts of the claim",
        ),
        pytest.param(
            cron_job(script("icloudpd") | {"volumeMounts": [at("/root")]}), "/root/.pyicloud", id="by default"
        ),
        pytest.param(
            cron_job(
                script(f"{COOKIES} ~/session")
                | {"volumeMounts": [at("/home/me")], "env": [{"name": "HOME", "value": "/home/me"}]}
            ),
            "/home/me/session",
            id="in somebody's home",
        ),
        pytest.param(
            cron_job(script(f"{COOKIES} session") | {"workingDir": "/config"}),
            "/config/session",
            id="from where it starts",
        ),
        pytest.param(
            cron_job(
                {"name": "metrics", "image": "busybox", "command": ["sleep", "1"], "volumeMounts": [at("/data")]}, box()
            ),
            "/config",
            id="behind a sidecar that mounts the claim too",
        ),
    ],
)
def test_the_folder_is_where_the_cron_job_looks(job: Json, directory: str) -> None:
    found = made(job)
    assert found.directory == directory
    assert only(found)["image"] == "somebody/icloudpd:1"
    mounted = [mount["mountPath"] for mount in only(found)["volumeMounts"]]
    assert any(directory == path or directory.startswith(f"{path}/") for path in mounted)


@pytest.mark.parametrize(
    ("job", "says"),
    [
        pytest.param(
            cron_job(script(f"{COOKIES} /var/cookies")), "/var/cookies, which is not on the claim", id="off it"
        ),
        pytest.param(
            cron_job(
                script(f"{COOKIES} /config/cookies")
                | {"volumeMounts": [AT_CONFIG, {"name": "tmp", "mountPath": "/config/cookies"}]},
                volumes=[CLAIM, {"name": "tmp", "emptyDir": {}}],
            ),
            "/config/cookies, which is not on the claim",
            id="under another mount",
        ),
        pytest.param(
            cron_job(script(f"{COOKIES} /config/../var")), "/var, which is not on the claim", id="by a way round"
        ),
        pytest.param(cron_job(script("icloudpd")), "/root/.pyicloud, which is not on", id="the default elsewhere"),
        pytest.param(
            cron_job(script("icloudpd"), securityContext={"runAsUser": 1000}), "~/.pyicloud", id="an unknown home"
        ),
        pytest.param(
            cron_job(script(f'{COOKIES} "$(pwd)/x"')), "looks for its session: $(pwd)/x", id="known to the shell only"
        ),
        pytest.param(cron_job(script(f"{COOKIES} /config/`id -u`")), "looks for its session: /config/", id="in part"),
        pytest.param(
            cron_job(script(f"{COOKIES} /photos/.session")), "not on the claim icloudpd-config", id="another's"
        ),
        pytest.param(cron_job(script(f"{COOKIES} session")), "looks for its session: session", id="relative"),
        pytest.param(
            cron_job(box(command=["/entry.sh"])), "does not say how it calls icloudpd", id="somebody's own script"
        ),
        pytest.param(
            cron_job({**box(), "command": []}), "does not say how it calls icloudpd", id="the image's own entry point"
        ),
    ],
)
def test_a_folder_that_can_not_be_known_is_no_place_for_a_session(job: Json, says: str) -> None:
    with pytest.raises(WizardError) as trouble:
        made(job)
    assert says in trouble.value.what
    assert (trouble.value.code, trouble.value.exit_code) == ("renewal.not-ready", Exit.NEEDS_PERSON)
    assert Address().lines(trouble.value.commands) == ("kubectl -n photo-sync get cronjob icloudpd-sync -o yaml",)


def test_a_cron_job_without_the_claim_has_no_hand_over() -> None:
    assert handover(cron_job(volumes=[PHOTOS]), NAMES, "x") is None


@pytest.mark.parametrize(
    ("container", "program"),
    [
        (script(f"/opt/bin/icloudpd {OPTIONS}"), "/opt/bin/icloudpd"),
        (script(f"mkdir -p /config/icloudpd && /opt/bin/icloudpd {OPTIONS}"), "/opt/bin/icloudpd"),
        (script(f"cd /opt/icloudpd && /opt/bin/icloudpd {OPTIONS}"), "/opt/bin/icloudpd"),
        (script(f'"/opt/my bin/icloudpd" {OPTIONS}'), "/opt/my bin/icloudpd"),
        (script(f"# now icloudpd\necho starting icloudpd; exec /opt/bin/icloudpd {OPTIONS}"), "/opt/bin/icloudpd"),
        (script(f"/app/icloudpd-1.32.3-linux-amd64 {OPTIONS}"), "/app/icloudpd-1.32.3-linux-amd64"),
        (script(f"icloudpd-1.32.3-linux-amd64 {OPTIONS}"), "icloudpd-1.32.3-linux-amd64"),
        (script(f"icloudpd {OPTIONS}"), "icloudpd"),
        (script(f"cd /opt/bin && ./icloudpd {OPTIONS}"), "icloudpd"),
        (script(f"./icloudpd {OPTIONS}") | {"workingDir": "/opt/bin"}, "/opt/bin/icloudpd"),
        (script(f"$BIN/icloudpd {OPTIONS}"), "icloudpd"),
        (script(f"$BIN/icloudpd {OPTIONS}") | {"workingDir": "/opt"}, "icloudpd"),
        (box(image=IMAGE, command=[], args=["icloudpd", *OPTIONS.split()]), "icloudpd"),
        (box(image=IMAGE, command=["/app/icloudpd_ex", "icloudpd", *OPTIONS.split()]), "icloudpd"),
        (box(image=IMAGE, command=["/app/entrypoint.sh", "icloudpd", *OPTIONS.split()]), "icloudpd"),
    ],
    ids=lambda value: value["command"][-1][:40] if isinstance(value, dict) and value["command"] else "",
)  # fmt: skip
def test_the_program_is_the_one_that_runs(container: Json, program: str) -> None:
    assert made(cron_job(container)).program == program


@pytest.mark.parametrize(
    ("options", "domain"), [("--domain cn", "cn"), ("--domain=cn", "cn"), ("--domain com", ""), ("", "")]
)
def test_the_domain(options: str, domain: str) -> None:
    assert made(cron_job(script(f"icloudpd {OPTIONS} {options}"))).domain == domain


SECRET: Json = {"secretKeyRef": {"name": "icloud-credentials", "key": "password"}}
PROXY: Json = {"configMapKeyRef": {"name": "network", "key": "proxy"}}
FIELD: Json = {"fieldRef": {"fieldPath": "metadata.name"}}


@pytest.mark.parametrize(
    ("variable", "kept"),
    [
        ({"name": "APPLE_PW", "value": "hunter2"}, False),
        ({"name": "PASSWORD", "value": "hunter2"}, False),
        ({"name": "PROXY_CA_PASSWORD", "value": "hunter2"}, False),
        ({"name": "HTTPS_PROXY", "valueFrom": SECRET}, False),
        ({"name": "POD", "valueFrom": FIELD}, False),
        ({"name": "TZ", "value": "Europe/Berlin"}, True),
        ({"name": "LC_ALL", "value": "C.UTF-8"}, True),
        ({"name": "https_proxy", "value": "http://proxy:3128"}, True),
        ({"name": "HTTPS_PROXY", "valueFrom": PROXY}, True),
        ({"name": "REQUESTS_CA_BUNDLE", "value": "/ca/all.pem"}, True),
        ({"name": "SSL_CERT_FILE", "value": "/ca/all.pem"}, True),
        ({"name": "HOME", "value": "/root"}, True),
        ({"name": "TMPDIR", "value": "/tmp"}, True),  # noqa: S108
        ({"name": "PATH", "value": "/opt/bin:/bin"}, True),
        ({"name": "CLIENT_ID", "value": "auth-1"}, True),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_only_variables_that_say_how_apple_is_reached(variable: Json, kept: bool) -> None:
    assert only(made(cron_job(box(env=[variable])))).get("env", []) == [variable] * kept


def test_what_a_kept_variable_is_made_of_is_kept_too() -> None:
    env = [
        {"name": "OTHER", "value": "x"},
        {"name": "HOST", "value": "$(NAME).example.com"},
        {"name": "NAME", "valueFrom": PROXY},
        {"name": "HTTPS_PROXY", "value": "http://$(HOST):3128"},
        {"name": "POD", "valueFrom": FIELD},
    ]
    mount = at("/config", subPathExpr="$(POD)")
    found = only(made(cron_job(box(env=env, volumeMounts=[mount]))))
    assert [one["name"] for one in found["env"]] == ["HOST", "NAME", "HTTPS_PROXY", "POD"]
    assert found["volumeMounts"] == [mount]


@pytest.mark.parametrize(
    ("env", "kept"),
    [
        pytest.param([{"name": "HTTPS_PROXY", "valueFrom": SECRET}], False, id="from a Secret"),
        pytest.param(
            [{"name": "PPW", "value": "hunter2"}, {"name": "HTTPS_PROXY", "value": "http://u:$(PPW)@p:3128"}],
            False,
            id="with a password that is written beside it",
        ),
        pytest.param(
            [
                {"name": "PPW", "value": "hunter2"},
                {"name": "WHERE", "value": "http://u:$(PPW)@p"},
                {"name": "HTTPS_PROXY", "value": "$(WHERE):3128"},
            ],
            False,
            id="the same round a corner",
        ),
        pytest.param(
            [
                {"name": "proxy_password", "value": "hunter2"},
                {"name": "HTTPS_PROXY", "value": "http://p?$(proxy_password)"},
            ],
            False,
            id="with one that is called so",
        ),
        pytest.param(
            [{"name": "PPW", "valueFrom": SECRET}, {"name": "HTTPS_PROXY", "value": "http://u:$(PPW)@p:3128"}],
            False,
            id="with a password from a Secret",
        ),
        pytest.param(
            [{"name": "PPW", "valueFrom": PROXY}, {"name": "HTTPS_PROXY", "value": "http://u:$(PPW)@p:3128"}],
            True,
            id="all of it in a ConfigMap",
        ),
        pytest.param(
            [{"name": "PORT", "value": "3128"}, {"name": "HTTPS_PROXY", "value": "http://p:$(PORT)"}],
            True,
            id="no secret at all",
        ),
    ],
)
def test_a_proxy_that_a_secret_is_part_of_stays_out_and_that_is_said(env: list[Json], kept: bool) -> None:
    found = made(cron_job(box(env=[*env, {"name": "TZ", "value": "UTC"}])))
    assert only(found)["env"] == [*(env if kept else []), {"name": "TZ", "value": "UTC"}]
    assert "hunter2" not in json.dumps(found.change.manifest) + repr(found.change.command)
    assert [note.partition(",")[0] for note in found.notes] == ([] if kept else ["The pod starts without HTTPS_PROXY"])


def test_a_time_zone_in_a_secret_is_not_worth_a_word() -> None:
    found = made(cron_job(box(env=[{"name": "TZ", "valueFrom": SECRET}])))
    assert ("env" in only(found), found.notes) == (False, ())


def test_config_maps_come_along_and_secrets_do_not() -> None:
    sources = [{"configMapRef": {"name": "network"}, "prefix": "A_"}, {"secretRef": {"name": "icloud-credentials"}}]
    token = {"serviceAccountToken": {"path": "token"}}
    in_config = {"configMap": {"name": "ca"}}
    volumes = [
        CLAIM,
        PHOTOS,
        {"name": "credentials", "secret": {"secretName": "icloud-credentials"}},
        {"name": "mixed", "projected": {"defaultMode": 292, "sources": [{"secret": {"name": "s"}}, in_config, token]}},
        {"name": "secrets", "projected": {"sources": [{"secret": {"name": "icloud-credentials"}}, token]}},
        {"name": "plain", "configMap": {"name": "network"}},
        {"name": "tmp", "emptyDir": {}},
        {"name": "of-a-sidecar", "emptyDir": {}},
        {"name": "vault", "csi": {"driver": "secrets-store.csi.k8s.io"}},
    ]
    names = [one["name"] for one in volumes[1:] if one["name"] != "of-a-sidecar"]
    mounts = [AT_CONFIG, *({"name": name, "mountPath": f"/{name}"} for name in names)]
    found = made(cron_job(box(envFrom=sources, volumeMounts=mounts), volumes=volumes))
    assert only(found)["envFrom"] == sources[:1]
    assert [mount["name"] for mount in only(found)["volumeMounts"]] == ["config", "mixed", "plain", "tmp"]
    mixed = {"name": "mixed", "projected": {"defaultMode": 292, "sources": [in_config]}}
    assert pod_of(found)["volumes"] == [CLAIM, mixed, volumes[5], volumes[6]]
    assert "icloud-credentials" not in json.dumps(found.change.manifest)


def test_policies_and_schedulers_see_a_pod_of_the_cron_job() -> None:
    metadata = {
        "labels": {"egress": "apple", "photosync-wizard/purpose": "theirs", "job-name": "x"},
        "annotations": {"sidecar.istio.io/inject": "false"},
    }
    pod = {
        "hostNetwork": True,
        "schedulerName": "mine",
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "photos", "operator": "Exists"}],
        "affinity": {"podAffinity": {}},
        "initContainers": [{"name": "chown", "image": "busybox"}],
        "serviceAccountName": "icloudpd",
    }
    found = made(cron_job(metadata=metadata, **pod))
    assert isinstance(found.change.manifest, dict)
    assert found.change.manifest["spec"]["template"]["metadata"] == {
        "labels": {
            "egress": "apple",
            "photosync-wizard/purpose": "handover",
            "app.kubernetes.io/managed-by": "photosync-wizard",
        },
        "annotations": {"sidecar.istio.io/inject": "false"},
    }
    assert "egress" not in found.change.manifest["metadata"]["labels"]
    spec = pod_of(found)
    assert {key: spec.get(key) for key in pod} == pod | {"initContainers": None}
    assert spec["automountServiceAccountToken"] is False


def test_beside_a_pod_on_its_node() -> None:
    """What keeps pods of the CronJob from that node can't matter: there is no other node for it."""
    own = {"key": "photos", "operator": "Exists"}
    job = cron_job(nodeSelector={"disk": "ssd"}, tolerations=[own], affinity={"podAntiAffinity": {}})
    spec = pod_of(made(job, "node-2"))
    terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-2"]}]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    assert spec["affinity"] == {"nodeAffinity": required}
    assert "nodeSelector" not in spec
    assert spec["tolerations"] == [own, {"operator": "Exists", "effect": "NoSchedule"}]
    assert "nodeName" not in spec


def test_the_cron_job_stays_as_it_is() -> None:
    job = cron_job(metadata={"labels": {"a": "b"}})
    before = json.dumps(job)
    pod = pod_of(made(job, "node-2"))
    pod["volumes"][0]["name"] = "changed"
    pod["containers"][0]["volumeMounts"].clear()
    assert json.dumps(job) == before


def test_the_command_that_is_shown_does_it(tmp_path: Path) -> None:
    """A shell gives kubectl the very manifest, whatever quotes and dollars are in it."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f'#!/bin/sh\necho "words:" "$@" > {tmp_path}/words\ncat > {tmp_path}/manifest\n')
    kubectl.chmod(0o755)
    found = made(cron_job(box(env=[{"name": "LC_ALL", "value": 'it\'s "$HOME" `id`'}])))
    path = f"{tmp_path}:{os.environ['PATH']}"
    assert found.change.command
    subprocess.run(["/bin/sh", "-c", Address().line(found.change.command)], env={"PATH": path}, check=True, timeout=10)
    assert (tmp_path / "words").read_text() == "words: -n photo-sync create -f -\n"
    assert yaml.safe_load((tmp_path / "manifest").read_text()) == found.change.manifest
