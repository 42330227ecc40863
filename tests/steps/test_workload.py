"""What a command line really runs and reads, as a shell would see it."""

from __future__ import annotations

import pytest

from wizard.icloudpd.workload import Workload, needed_objects, read_workload
from wizard.world import Container, EnvVar, Mount, PodSpec, PodVolume

MOUNTS = (Mount("credentials", "/credentials"), Mount("config", "/config"), Mount("photos", "/photos"))
VOLUMES = (
    PodVolume("credentials", "secret", "icloud-credentials"),
    PodVolume("config", "pvc", "icloudpd-config"),
    PodVolume("photos", "pvc", "icloud-photos"),
)


def read(
    *line: str, env: tuple[EnvVar, ...] = (), volumes: tuple[PodVolume, ...] = VOLUMES, image: str = "x"
) -> Workload:
    workload = read_workload(PodSpec((Container("c", image, command=line, env=env, mounts=MOUNTS),), volumes))
    assert workload is not None
    return workload


def keys(workload: Workload) -> set[str]:
    return {f"{key.kind}/{key.name}:{key.key}" for key in workload.keys}


USER = {"--username": "$(cat /credentials/username)"}
QUOTED = 'icloudpd --username "$(cat /credentials/username)"'
RUNS: list[tuple[str, tuple[str, ...], dict[str, str] | None]] = [
    ("sh -c", ("sh", "-c", QUOTED), USER),
    ("bash -ec", ("/bin/bash", "-ec", QUOTED), USER),
    ("bash -e -o pipefail -c", ("bash", "-e", "-o", "pipefail", "-c", QUOTED), USER),
    ("exec form", ("icloudpd", "--username", "you@example.com"), {"--username": "you@example.com"}),
    ("the image's own starter", ("/app/icloudpd_ex", "icloudpd", "--auth-only"), {"--auth-only": ""}),
    ("args of the image", ("icloudpd", "--auth-only", "-u", "a"), {"--auth-only": "", "--username": "a"}),
    ("a released binary", ("/icloudpd-1.32.3-linux-amd64", "-d", "/photos"), {"--directory": "/photos"}),
    ("exec", ("sh", "-c", "exec " + QUOTED), USER),
    ("timeout", ("sh", "-c", "timeout 3600 " + QUOTED), USER),
    ("timeout around a shell", ("timeout", "60", "sh", "-c", QUOTED), USER),
    ("env", ("sh", "-c", "env X=y " + QUOTED), USER),
    ("an assignment before it", ("sh", "-c", "TZ=UTC " + QUOTED), USER),
    ("su-exec", ("sh", "-c", "su-exec 1000:1000 " + QUOTED), USER),
    ("a condition", ("sh", "-c", f"if ! {QUOTED}; then exit 1; fi"), USER),
    ("a group and a pipe", ("sh", "-c", f"{{ {QUOTED}; }} 2>&1 | tee /config/log"), USER),
    ("a sleep behind it", ("sh", "-c", QUOTED + " && sleep 3600"), USER),
    ("a line before it", ("sh", "-c", "set -e\nmkdir -p /config\n" + QUOTED), USER),
    ("line continuations", ("sh", "-c", QUOTED.replace(" --", " \\\n  --")), USER),
    ("a comment", ("sh", "-c", "# icloudpd --directory /nowhere\n" + QUOTED), USER),
    ("--option=value", ("icloudpd", "--username=a", "--password=b"), {"--username": "a", "--password": "b"}),
    (
        "short options together with their values",
        ("icloudpd", "-ua", "-pb", "-d/photos"),
        {"--username": "a", "--password": "b", "--directory": "/photos"},
    ),
    ("a redirection", ("sh", "-c", "icloudpd --username a > /proc/1/fd/1 2>&1"), {"--username": "a"}),
    ("a variable of the script", ("sh", "-c", 'U=a; icloudpd --username "$U"'), {"--username": "a"}),
    ("a variable with a default", ("sh", "-c", 'icloudpd --username "${WHO:-a}"'), {"--username": "a"}),
    ("an own entry point", (), None),
    ("another program", ("sh", "-c", "sleep 3600"), None),
    ("only named", ("sh", "-c", "echo icloudpd; which icloudpd; pip install icloudpd; command -v icloudpd"), None),
    ("the wrong program", ("icloud", "--username", "a"), None),
    ("a script from elsewhere", ("sh", "/scripts/sync.sh"), None),
]


@pytest.mark.parametrize(("line", "options"), [run[1:] for run in RUNS], ids=[run[0] for run in RUNS])
def test_options_are_those_that_icloudpd_gets(line: tuple[str, ...], options: dict[str, str] | None) -> None:
    assert read(*line).options == options


READS: list[tuple[str, str, set[str]]] = [
    ("cat", "icloudpd -u $(cat /credentials/username)", {"username"}),
    ("a redirection", 'icloudpd -p "$(< /credentials/password)"', {"password"}),
    ("backticks", "icloudpd -u `cat /credentials/username`", {"username"}),
    ("read", "read -r U < /credentials/username; icloudpd -u $U", {"username"}),
    (
        "two of them",
        "icloudpd -u $(cat /credentials/username) -p $(cat '/credentials/password')",
        {"username", "password"},
    ),
    ("a here-document", "cat <<EOF | sh\n$(cat /credentials/username)\nEOF\nicloudpd", {"username"}),
    ("a quoted here-document", "cat <<'EOF'\n$(cat /credentials/username)\nEOF\nicloudpd", set()),
    ("a variable for the folder", 'D=/credentials; icloudpd -u "$(cat $D/username)"', {"username"}),
    ("single quotes keep it from happening", "icloudpd -u '$(cat /credentials/username)'", set()),
    ("a comment", "icloudpd # reads /credentials/username", set()),
    ("another folder with that name in it", "icloudpd -d /old/credentials/username", set()),
]


@pytest.mark.parametrize(("script", "expected"), [row[1:] for row in READS], ids=[row[0] for row in READS])
def test_keys_are_those_whose_files_are_read(script: str, expected: set[str]) -> None:
    assert keys(read("sh", "-c", script)) == {f"secret/icloud-credentials:{key}" for key in expected}


def test_keys_behind_variables_items_and_sub_paths() -> None:
    env = (EnvVar("U", source="secret", source_name="icloud-credentials", source_key="apple-id"),)
    assert keys(read("sh", "-c", 'icloudpd -u "$U"', env=env)) == {"secret/icloud-credentials:apple-id"}
    items = (PodVolume("credentials", "secret", "s", keys=(("apple-id", "username"),)),)
    assert keys(read("sh", "-c", "icloudpd -u $(cat /credentials/username)", volumes=items)) == {"secret/s:apple-id"}
    left_out = read("sh", "-c", "icloudpd -p $(cat /credentials/password)", volumes=items)
    assert [(key.key, key.mounted) for key in left_out.keys] == [("apple-id", True), ("password", False)]
    sub_path = Container(
        "c", "x", command=("icloudpd",), mounts=(Mount("credentials", "/etc/id", sub_path="username"),)
    )
    workload = read_workload(PodSpec((sub_path,), VOLUMES))
    assert workload is not None
    assert keys(workload) == {"secret/icloud-credentials:username"}


def test_a_sidecar_is_not_taken_for_icloudpd_and_its_keys_count() -> None:
    proxy = Container("proxy", "envoy", env=(EnvVar("K", source="secret", source_name="tls", source_key="key"),))
    sync = Container("sync", "alpine", command=("sh", "-c", QUOTED), mounts=MOUNTS)
    workload = read_workload(PodSpec((proxy, sync), VOLUMES))
    assert workload is not None
    assert workload.container is sync
    assert keys(workload) == {"secret/tls:key", "secret/icloud-credentials:username"}


def test_several_accounts_on_one_line_share_what_stands_before_the_first() -> None:
    workload = read("icloudpd", "--cookie-directory", "/config", "-u", "a", "-d", "/photos/a", "-u", "b", "--auth-only")
    assert workload.groups == (
        {"--cookie-directory": "/config", "--username": "a", "--directory": "/photos/a"},
        {"--cookie-directory": "/config", "--username": "b", "--auth-only": ""},
    )
    assert workload.option("--directory") == "/photos/a"


@pytest.mark.parametrize(
    ("script", "unquoted"),
    [
        ("icloudpd -u $(cat /credentials/username)", ("$(cat /credentials/username)",)),
        ('icloudpd -u "$(cat /credentials/username)"', ()),
        ("icloudpd -u `cat /credentials/username`", ("`cat /credentials/username`",)),
        ('icloudpd -u x"$(cat /credentials/username)"y', ()),
        ("U=$(cat /credentials/username); icloudpd -u $U", ("$U",)),
        ('U=$(cat /credentials/username); icloudpd -u "$U"', ()),
        ("D=/photos; icloudpd -d $D", ()),
        ("echo $(date); icloudpd -u a", ()),
    ],
)
def test_only_what_the_shell_would_split_is_unquoted(script: str, unquoted: tuple[str, ...]) -> None:
    assert read("sh", "-c", script).unquoted == unquoted


def test_a_secret_s_variable_without_quotes_is_split_as_well() -> None:
    env = (EnvVar("P", source="secret", source_name="s", source_key="password"),)
    assert read("sh", "-c", "icloudpd -p $P", env=env).unquoted == ("$P",)
    assert read("sh", "-c", 'icloudpd -p "$P"', env=env).unquoted == ()


def test_without_a_shell_nothing_is_substituted_but_kubernetes_own_variables() -> None:
    assert read("icloudpd", "-u", "$(cat /credentials/username)").literal == ("$(cat /credentials/username)",)
    assert read("icloudpd", "-u", "$USER_NAME").literal == ("$USER_NAME",)
    env = (EnvVar("WHO", "you@example.com"), EnvVar("P", source="secret", source_name="s", source_key="p"))
    workload = read("icloudpd", "-u", "$(WHO)", "-p", "$(P)", env=env)
    assert workload.literal == ()
    assert workload.option("--username") == "you@example.com"


def test_volumes_are_found_by_the_longest_mount() -> None:
    inner = (*MOUNTS, Mount("credentials", "/config/inner"))
    workload = read_workload(PodSpec((Container("c", "icloudpd", mounts=inner),), VOLUMES))
    assert workload is not None
    found = {
        path: volume.name if (volume := workload.volume_at(path)) else None
        for path in ("/config", "/config/", "/config/a", "/config/inner/b", "/configuration", "/home")
    }
    assert found == {
        "/config": "config",
        "/config/": "config",
        "/config/a": "config",
        "/config/inner/b": "credentials",
        "/configuration": None,
        "/home": None,
    }


def test_a_pod_needs_what_it_mounts_and_takes_variables_from() -> None:
    env = (
        EnvVar("A", source="configmap", source_name="m", source_key="k"),
        EnvVar("B", source="secret", source_name="o", source_key="k", optional=True),
    )
    spec = PodSpec(
        (Container("c", "x", env=env, env_from=("secret/all",)),),
        (*VOLUMES, PodVolume("o", "secret", "maybe", optional=True)),
    )
    assert set(needed_objects(spec)) == {("secret", "icloud-credentials"), ("configmap", "m"), ("secret", "all")}


@pytest.mark.parametrize("script", ["", "'", '"$(', "`", "<<", "cat <<EOF", "$(", "a;;b", "\\", "icloudpd -u"])
def test_scripts_cut_off_anywhere_are_read_as_far_as_they_go(script: str) -> None:
    read("sh", "-c", script)


@pytest.mark.parametrize(
    ("line", "starter"),
    [
        (("/app/icloudpd_ex", "icloudpd", "--auth-only"), "/app/icloudpd_ex"),
        (("/app/entrypoint.sh", "icloudpd", "--auth-only"), "/app/entrypoint.sh"),
        (("sh", "-c", "timeout 3600 /app/icloudpd_ex icloudpd --auth-only"), "/app/icloudpd_ex"),
        (("sh", "-c", "/app/icloudpd --auth-only"), ""),
        (("icloudpd", "--auth-only"), ""),
    ],
)
def test_what_the_official_image_starts_it_with(line: tuple[str, ...], starter: str) -> None:
    workload = read(*line)
    assert workload.starter == starter
    assert workload.options == {"--auth-only": ""}
