from __future__ import annotations

import asyncio
import base64
import errno
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from wizard.command import Address
from wizard.errors import Exit, WizardError
from wizard.kube.credentials import obtain
from wizard.kube.kubeconfig import IN_CLUSTER, choose, config_files, load, merge, read

HOME = Path("/nowhere")

FIRST = """
current-context: ""
clusters:
- name: shared
  cluster: {server: "https://first:6443", certificate-authority: pki/ca.crt}
- name: only-first
  cluster: {server: "https://only-first:6443"}
users:
- name: me
  user: {client-certificate: pki/me.crt, client-key: pki/me.key}
- name: by-plugin
  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./bin/plugin, interactiveMode: Never}}
- name: by-path
  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, interactiveMode: Never}}
contexts:
- name: a
  context: {cluster: shared, user: me, namespace: here}
"""
SECOND = """
current-context: b
clusters:
- name: shared
  cluster: {server: "https://second:6443", tls-server-name: lost, certificate-authority: pki/other.crt}
users:
- name: me
  user: {token: lost}
- name: you
  user: {tokenFile: pki/token}
contexts:
- name: a
  context: {cluster: only-first, user: you, namespace: lost}
- name: b
  context: {cluster: shared, user: you}
"""
THIRD = "current-context: a\n"


def write(folder: Path, name: str, text: str) -> Path:
    place = folder / name
    (place / "pki").mkdir(parents=True)
    for file in ("ca.crt", "other.crt", "me.crt", "me.key", "token"):
        (place / "pki" / file).write_text(f"{name} {file}")
    (place / "config").write_text(text)
    return place / "config"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [write(tmp_path, name, text) for name, text in (("one", FIRST), ("two", SECOND), ("three", THIRD))]


def merged(files: list[Path]) -> dict[str, Any]:
    return merge([(path, read(path)) for path in files])


def entry(config: Mapping[str, Any], section: str, name: str) -> dict[str, Any]:
    key = section.removesuffix("s")
    (found,) = [one[key] for one in config[section] if one["name"] == name]
    return dict(found)


class TestMerging:
    def test_the_first_file_that_says_it_wins_whole(self, files: list[Path]) -> None:
        config = merged(files)
        assert config["current-context"] == "b"
        assert entry(config, "clusters", "shared") == {
            "server": "https://first:6443",
            "certificate-authority": str(files[0].parent / "pki/ca.crt"),
        }
        assert "token" not in entry(config, "users", "me")
        assert entry(config, "contexts", "a") == {"cluster": "shared", "user": "me", "namespace": "here"}

    def test_paths_are_relative_to_their_own_file(self, files: list[Path]) -> None:
        config = merged(files)
        assert entry(config, "users", "you")["tokenFile"] == str(files[1].parent / "pki/token")
        assert entry(config, "users", "by-plugin")["exec"]["command"] == str(files[0].parent / "bin/plugin")
        assert entry(config, "users", "by-path")["exec"]["command"] == "aws"

    @pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (2, 0), (0,), (1, 2)])
    def test_kubectl_merges_the_same(self, files: list[Path], order: tuple[int, ...]) -> None:
        kubectl = shutil.which("kubectl")
        if kubectl is None:
            pytest.skip("needs kubectl on PATH")
        chosen = [files[index] for index in order]
        missing = files[0].parent / "missing"
        shown = subprocess.run(
            [kubectl, "config", "view", "--flatten", "--raw", "-o", "json"],
            env={"KUBECONFIG": ":".join(map(str, [missing, *chosen]))},
            capture_output=True,
            check=True,
        )
        theirs, ours = json.loads(shown.stdout), merged(chosen)
        assert ours["current-context"] == theirs["current-context"]
        for section in ("clusters", "users", "contexts"):
            key = section.removesuffix("s")
            expected = {one["name"]: comparable(one[key]) for one in theirs[section] or ()}
            assert {one["name"]: comparable(one[key]) for one in ours[section]} == expected


def comparable(value: Mapping[str, Any]) -> dict[str, Any]:
    """Files as the data that they hold, and without what kubectl writes for nothing."""
    flat = {key: one for key, one in value.items() if one is not None}
    for key in ("certificate-authority", "client-certificate", "client-key"):
        if key in flat:
            flat[f"{key}-data"] = base64.b64encode(Path(flat.pop(key)).read_bytes()).decode()
    if "tokenFile" in flat:
        flat["tokenFile"] = Path(flat["tokenFile"]).name  # "config view" shows it as written
    if "exec" in flat:
        flat["exec"] = {key: Path(one).name if key == "command" else one for key, one in flat["exec"].items() if one}
        flat["exec"].pop("provideClusterInfo", None)
    return flat


class TestWhereToLook:
    @pytest.mark.parametrize(
        ("flag", "variable", "expected"),
        [
            ("/flag", "/a:/b", ["/flag"]),
            (None, "/a:/b", ["/a", "/b"]),
            (None, ":/a::/b:/a", ["/a", "/b"]),
            (None, "", ["/nowhere/.kube/config"]),
            (None, ":", ["/nowhere/.kube/config"]),
        ],
    )
    def test_flag_then_variable_then_home(self, flag: str | None, variable: str, expected: list[str]) -> None:
        assert [str(path) for path in config_files(flag, {"KUBECONFIG": variable}, HOME)] == expected

    def test_missing_files_of_the_variable_are_passed_over(self, files: list[Path]) -> None:
        env = {"KUBECONFIG": f"/not/there:{files[0]}:{files[1]}"}
        config = load(None, None, env=env, home=HOME)
        assert (config.context, config.cluster["server"]) == ("b", "https://first:6443")
        assert config.files == (files[0], files[1])

    def test_inside_a_pod(self, tmp_path: Path) -> None:
        (tmp_path / "token").write_text("planted-token")
        (tmp_path / "namespace").write_text("photo-sync")
        env = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
        config = load(None, None, env=env, home=HOME, service_account=tmp_path)
        assert (config.context, config.namespace) == (IN_CLUSTER, "photo-sync")
        assert config.cluster["server"] == "https://[fd00::1]:443"
        assert config.user == {"tokenFile": str(tmp_path / "token")}

    def test_a_kubeconfig_comes_before_the_pod(self, tmp_path: Path, files: list[Path]) -> None:
        (tmp_path / "token").write_text("planted-token")
        env = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443", "KUBECONFIG": str(files[1])}
        assert load(None, None, env=env, home=HOME, service_account=tmp_path).context == "b"

    def test_the_repr_has_no_credentials(self, files: list[Path]) -> None:
        assert "lost" not in repr(load(str(files[1]), "b", env={}, home=HOME))


def error(flag: str | None, context: str | None, env: Mapping[str, str] | None = None) -> WizardError:
    with pytest.raises(WizardError) as raised:
        load(flag, context, env=env or {}, home=HOME)
    assert raised.value.exit_code is Exit.UNREACHABLE
    assert raised.value.fix
    return raised.value


def forbid(monkeypatch: pytest.MonkeyPatch, hidden: Path) -> None:
    """Lets the system answer for `hidden` as it does below a folder that may not be entered, also to root."""
    stat, read_bytes = Path.stat, Path.read_bytes

    def refuse(path: Path, **options: Any) -> os.stat_result:
        if path == hidden:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, **options)

    def unread(path: Path) -> bytes:
        refuse(path)
        return read_bytes(path)

    monkeypatch.setattr(Path, "stat", refuse)
    monkeypatch.setattr(Path, "read_bytes", unread)


class TestTrouble:
    def test_none_at_all(self) -> None:
        found = error(None, None)
        assert found.code == "kubeconfig.none"
        assert "/nowhere/.kube/config" in found.why

    def test_the_flag_names_nothing(self) -> None:
        assert error("/not/there", None).code == "kubeconfig.missing"

    def test_a_folder_can_not_be_read(self, tmp_path: Path) -> None:
        assert error(str(tmp_path), None).code == "kubeconfig.unreadable"

    @pytest.mark.parametrize("which", ["flag", "environment", "home"])
    def test_a_folder_that_may_not_be_entered(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str
    ) -> None:
        hidden = tmp_path / ".kube" / "config"
        forbid(monkeypatch, hidden)
        with pytest.raises(WizardError) as raised:
            load(
                str(hidden) if which == "flag" else None,
                None,
                env={"KUBECONFIG": str(hidden)} if which == "environment" else {},
                home=tmp_path,
            )
        assert (raised.value.code, raised.value.exit_code) == ("kubeconfig.unreadable", Exit.UNREACHABLE)
        assert raised.value.why == "Permission denied"

    def test_a_service_account_that_may_not_be_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        forbid(monkeypatch, tmp_path / "token")
        env = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
        config = load(None, None, env=env, home=HOME, service_account=tmp_path)
        with pytest.raises(WizardError) as raised:
            asyncio.run(obtain(config, {}, tmp_path))
        assert raised.value.exit_code == Exit.UNREACHABLE
        assert str(tmp_path / "token") in " ".join(raised.value.lines(Address()))

    def test_below_a_file_there_is_nothing(self, tmp_path: Path) -> None:
        (tmp_path / ".kube").write_text("")
        with pytest.raises(WizardError) as raised:
            load(None, None, env={}, home=tmp_path)
        assert raised.value.code == "kubeconfig.none"

    @pytest.mark.parametrize(
        ("text", "code", "says"),
        [
            ("a: [", "kubeconfig.not-yaml", "line"),
            ("just words", "kubeconfig.not-yaml", "not a kubeconfig"),
            ("clusters: nonsense", "kubeconfig.not-yaml", "not a kubeconfig"),
            ("clusters: [{cluster: {}}]", "kubeconfig.not-yaml", "not a kubeconfig"),
            ("", "kubeconfig.none", "no kubeconfig"),
            ("contexts: [{name: x, context: {cluster: gone}}]", "kubeconfig.no-context", "Available: x"),
            ("current-context: x\ncontexts: [{name: x, context: {cluster: gone}}]", "kubeconfig.no-cluster", "gone"),
            (
                "current-context: x\ncontexts: [{name: x, context: {}}]",
                "kubeconfig.no-cluster",
                "does not name a cluster",
            ),
            (
                "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: gone}}]\n"
                "clusters: [{name: c, cluster: {server: 'https://c'}}]",
                "kubeconfig.no-user",
                "gone",
            ),
        ],
    )
    def test_a_broken_file(self, tmp_path: Path, text: str, code: str, says: str) -> None:
        path = tmp_path / "config"
        path.write_text(text)
        found = error(str(path), None)
        assert found.code == code
        assert says in found.what

    def test_an_unknown_context_names_those_there_are(self, files: list[Path]) -> None:
        found = error(str(files[1]), "prod")
        assert found.code == "kubeconfig.unknown-context"
        assert "a, b" in found.what


def test_choosing_takes_the_current_context() -> None:
    config = merge([(Path("/x/config"), yaml.safe_load(FIRST))])
    assert choose(config, "a").user_name == "me"
