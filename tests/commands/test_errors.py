"""What an error would have a person type leads to the cluster that the command was about."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import ran, ran_beside
from wizard.demo.scenarios import load
from wizard.demo.world import DemoWorld

REFUSALS = (
    (("reauth", "--check"), "kubectl {flags} -n photo-sync get pvc"),
    (("-n", "other", "reauth", "--check"), "kubectl {flags} -n other get pvc"),
    (("-n", "other"), "photosync-wizard {flags} -n other status -o json"),
    ((), "photosync-wizard {flags} status -o json"),
)


@pytest.mark.parametrize(("arguments", "command"), REFUSALS)
async def test_an_error_names_kubeconfig_and_context(arguments: tuple[str, ...], command: str, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kube config"
    async with DemoWorld.open(load("fresh")) as world:
        await world.settle()
        world.write_kubeconfig(kubeconfig)
        ended = await ran_beside("--kubeconfig", str(kubeconfig), "--context", "demo-fresh", *arguments)
    flags = f"--kubeconfig '{kubeconfig}' --context demo-fresh"
    assert f"  {command.format(flags=flags)}\n" in ended.err


async def test_without_flags_there_are_none(tmp_path: Path) -> None:
    async with DemoWorld.open(load("fresh")) as world:
        await world.settle()
        world.write_kubeconfig(tmp_path / "config")
        ended = await ran_beside("reauth", "--check", env={"KUBECONFIG": str(tmp_path / "config")})
    assert "\n  kubectl -n photo-sync get pvc\n" in ended.err


def test_in_a_demo_world_the_wizard_names_it_and_kubectl_no_cluster() -> None:
    assert "\n  kubectl -n photo-sync get pvc\n" in ran("--demo", "fresh", "reauth", "--check").err
    assert "\n  photosync-wizard --demo fresh status -o json\n" in ran("demo", "fresh").err


def test_a_cluster_that_cannot_be_reached_is_asked_about_with_the_same_flags(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nusers: [{name: u, user: {token: t}}]\n"
        "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
        "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n"
    )
    ended = ran("--kubeconfig", str(kubeconfig), "--context", "c", "status")
    assert f"  kubectl --kubeconfig {kubeconfig} --context c version\n" in ended.err
