"""A real cluster whose pods are led to a demo Apple, and for each test a namespace to sign in from."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.contract.api import Api, load_kubeconfig
from tests.renewal import objects
from tests.renewal.apple import ServedApple, pods_led_to, served
from tests.renewal.place import Place, Shelf, path_of
from wizard.demo.apple.route import names_lead_to
from wizard.kube.client import connect


@pytest.fixture(scope="session")
def led_apple(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApple]:
    """One demo Apple for the whole session; the cluster can be led to one at a time."""
    hook = request.config.getoption("--apple-hook")
    if not hook or not request.config.getoption("--kubeconfig"):
        pytest.skip("needs a real cluster that can be led to a demo Apple: pytest --kubeconfig PATH --apple-hook PATH")
    if os.environ.get("PYTEST_XDIST_WORKER"):
        pytest.skip("the cluster's pods can be led to one demo Apple only: run without xdist")
    with served(tmp_path_factory.mktemp("apple")) as apple, pods_led_to(apple.apple, Path(hook).resolve()):
        yield apple


@pytest.fixture(scope="session")
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """A pod that sees every volume of the cluster's local storage."""
    kubeconfig = load_kubeconfig(Path(request.config.getoption("--kubeconfig")))
    name = f"photosync-test-{secrets.token_hex(4)}"

    async def make() -> Shelf:
        async with Api.connect(kubeconfig, name) as api:
            await api.make_namespace()
            await api.made("persistentvolumeclaims", objects.claim("it"))
            volume = {"name": "it", "persistentVolumeClaim": {"claimName": "it"}}
            await api.made("pods", objects.idle_pod("first", [volume], [{"name": "it", "mountPath": "/it"}]))
            await api.phase("pods/first", "Running")
            claim = (await api.get("persistentvolumeclaims/it")).body
            root = str(
                Path(path_of((await api.get(f"/api/v1/persistentvolumes/{claim['spec']['volumeName']}")).body)).parent
            )
            volume = {"name": "all", "hostPath": {"path": root}}
            await api.made("pods", objects.idle_pod("shelf", [volume], [{"name": "all", "mountPath": root}]))
            await api.phase("pods/shelf", "Running")
            await api.delete("pods/first")
            return Shelf(name, root)

    async def remove() -> None:
        async with Api.connect(kubeconfig, name) as api:
            await api.delete(f"/api/v1/namespaces/{name}")

    try:
        yield asyncio.run(make())
    finally:
        asyncio.run(remove())


@pytest_asyncio.fixture
async def place(
    led_apple: ServedApple, shelf: Shelf, throwaway_namespace: str, real_kubeconfig: Path, tmp_path: Path
) -> AsyncIterator[Place]:
    """A namespace of its own, with nothing in it yet; this process is led to the same Apple as the pods."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    cluster = await connect(str(real_kubeconfig), None, tmp_path)
    try:
        async with Api.connect(load_kubeconfig(real_kubeconfig), throwaway_namespace) as api:
            with names_lead_to(led_apple.apple.address, led_apple.apple.ca_file):
                yield Place(api, cluster, led_apple, shelf, real_kubeconfig, private)
    finally:
        await cluster.close()
