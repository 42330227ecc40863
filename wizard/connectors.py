"""Ways to the cluster that an engine looks at: what kubectl would take, or a demo world that runs inside this process."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from wizard.errors import Exit, Retry, WizardError
from wizard.folders import APP, private_root
from wizard.kube.client import Cluster, connect
from wizard.kube.private_folder import close_private, open_private
from wizard.state.files import make_folder

if TYPE_CHECKING:
    from wizard.demo.world import DemoWorld


class Connector(Protocol):
    """Makes connections, again after one was lost, and lets go of everything at the end."""

    async def connect(self) -> Cluster:
        """A new connection; nothing is sent yet. Raises WizardError."""

    def private_folder(self, name: str) -> Path:
        """An empty 0700 folder of this process's own, gone after `close`; only between `connect` and that."""

    async def close(self) -> None:
        """Lets go of what the connections needed."""


class KubeconfigConnector:
    """The cluster that kubectl would take with the same flags and environment."""

    def __init__(self, kubeconfig: str | None, context: str | None, env: Mapping[str, str], home: Path) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._env = env
        self._root = private_root(env, home)
        self._private: Path | None = None

    async def connect(self) -> Cluster:
        """Reads the kubeconfig anew, so that renewed credentials count."""
        self._private = self._private or _private(self._root)
        return await connect(self._kubeconfig, self._context, self._private, env=self._env)

    def private_folder(self, name: str) -> Path:
        """Beside the keys."""
        return _empty(self._private, name)

    async def close(self) -> None:
        """Removes the keys that the TLS library read from files."""
        if self._private:
            close_private(self._private)
            self._private = None


class DemoConnector:
    """A demo world, kept in the state folder from command to command; it lives until `close`.

    Its demo Apple is the only Apple of this process meanwhile: Apple's names lead there. `phone` gets what the demo's
    phones show, codes above all: for the screen, never for a log. `world` is there while it is connected.
    """

    def __init__(
        self,
        scenario: str,
        state_folder: Path,
        *,
        reset: bool,
        env: Mapping[str, str],
        home: Path,
        phone: Callable[[str], None] | None = None,
    ) -> None:
        self._scenario = scenario
        self._state_folder = state_folder
        self._reset = reset
        self._phone = phone
        self._env = env
        self._root = private_root(env, home)
        self._stack = AsyncExitStack()
        self._kubeconfig: Path | None = None
        self.world: DemoWorld | None = None

    async def connect(self) -> Cluster:
        """Starts the world when it is first needed."""
        if self._kubeconfig is None:
            from wizard.demo.scenarios import load  # noqa: PLC0415 - only those who ask for the demo pay for it
            from wizard.demo.world import DemoWorld  # noqa: PLC0415

            private = _private(self._root)
            self._stack.callback(close_private, private)
            world = await self._stack.enter_async_context(
                DemoWorld.open(
                    load(self._scenario),
                    worlds(self._state_folder),
                    reset=self._reset,
                    apple=private / "demo-apple",
                    phone=self._phone,
                )
            )
            self._stack.enter_context(world.icloud_users.with_apple_names_redirected())
            self.world = world
            self._kubeconfig = private / "demo.kubeconfig"
            world.write_kubeconfig(self._kubeconfig)
        return await connect(str(self._kubeconfig), None, self._kubeconfig.parent, env=self._env)

    def private_folder(self, name: str) -> Path:
        """Beside the demo's kubeconfig."""
        return _empty(self._kubeconfig.parent if self._kubeconfig else None, name)

    async def close(self) -> None:
        """Stops the world; its objects stay in its folder."""
        self._kubeconfig = self.world = None
        await self._stack.aclose()


def worlds(state_folder: Path) -> Path:
    """The folder of the demo's worlds, made if needed. Raises WizardError when none can be kept there."""
    folder = state_folder / "worlds"
    try:
        if not folder.is_absolute():
            raise FileNotFoundError(2, "no home folder is known")
        make_folder(folder)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise WizardError(
            "demo.unkept",
            f"A demo world can't be kept in {folder}: {error.strerror or type(error).__name__}.",
            fix="Make that folder writable or free some space, or set XDG_STATE_HOME to another folder.",
            exit_code=Exit.NEEDS_PERSON,
            retry=Retry.NEVER,
        ) from None


@contextmanager
def port_errors_in_words(port: int) -> Iterator[None]:
    """Says in words why a port can't be served on."""
    try:
        yield
    except OSError as error:
        raise WizardError(
            "demo.port",
            f"The demo world can't be served on port {port} of 127.0.0.1.",
            why=error.strerror or type(error).__name__,
            fix="Choose another --port, or leave it out.",
            exit_code=Exit.USAGE,
            retry=Retry.NEVER,
        ) from None


def _private(root: Path) -> Path:
    """A private folder in `root`, or in the machine's folder for temporary files where nothing can be written there."""
    temporary = Path(tempfile.gettempdir()) / f"{APP}-{os.getuid()}"
    if not root.is_absolute():
        return open_private(temporary)
    try:
        return open_private(root)
    except WizardError:
        with suppress(WizardError):
            return open_private(temporary)
        raise


def _empty(parent: Path | None, name: str) -> Path:
    if parent is None:
        raise RuntimeError("a private folder is there only while connected")
    folder = parent / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder
