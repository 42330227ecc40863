"""A real cluster whose pods are led to a demo Apple, and for each test a namespace to sign in from."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.contract.api import Api, load_kubeconfig
from tests.signin import objects
from tests.signin.apple import ServedApple, pods_led_to, served
from tests.signin.place import Place, Shelf, path_of
from wizard.demo.apple.route import names_lead_to
from wizard.kube.client import connect


@pytest.fixture(scope="session")
def led_apple(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApple]:
    """One demo Apple for the whole session; the cluster can be led to one at a time."""
    hook = request.config.getoption("--apple-hook")
    if not hook or not request.config.getoption("--kubeconfig"):
        pytest.skip("needs a real cluster that can be led to a demo Apple: pytest --kubeconfig=PATH --apple-hook=PATH")
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


@pytest.fixture(params=[objects.BOREDAZFCUK, objects.OFFICIAL], ids=["boredazfcuk", "official"])
def image(request: pytest.FixtureRequest) -> objects.Image:
    """Both images that people run."""
    found: objects.Image = request.param
    return found


@pytest_asyncio.fixture
async def place(
    led_apple: ServedApple, shelf: Shelf, real_kubeconfig: Path, tmp_path: Path, image: objects.Image
) -> AsyncIterator[Place]:
    """A namespace of its own, with nothing in it yet; this process is led to the same Apple as the pods."""
    with names_lead_to(led_apple.apple.address, led_apple.apple.ca_file):
        async with _place(led_apple, shelf, real_kubeconfig, tmp_path, image) as made:
            yield made


@pytest_asyncio.fixture
async def places(
    led_apple: ServedApple, shelf: Shelf, real_kubeconfig: Path, tmp_path: Path, image: objects.Image
) -> AsyncIterator[tuple[Place, Place]]:
    """Two of them, for what takes long and can go on side by side."""
    folders = (tmp_path / "one", tmp_path / "two")
    for folder in folders:
        folder.mkdir()
    with names_lead_to(led_apple.apple.address, led_apple.apple.ca_file):
        async with (
            _place(led_apple, shelf, real_kubeconfig, folders[0], image) as one,
            _place(led_apple, shelf, real_kubeconfig, folders[1], image) as two,
        ):
            yield one, two


@contextlib.asynccontextmanager
async def _place(
    apple: ServedApple, shelf: Shelf, kubeconfig: Path, folder: Path, image: objects.Image
) -> AsyncIterator[Place]:
    private = folder / "private"
    private.mkdir(mode=0o700)
    name = f"photosync-test-{secrets.token_hex(4)}"
    cluster = await connect(str(kubeconfig), None, folder)
    try:
        async with Api.connect(load_kubeconfig(kubeconfig), name) as api:
            await api.make_namespace()
            try:
                yield Place(api, cluster, apple, shelf, kubeconfig, private, image)
            finally:
                await api.delete(f"/api/v1/namespaces/{name}")
    finally:
        await cluster.close()
