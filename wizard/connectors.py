"""Ways to the cluster that an engine looks at: what kubectl would take, or a demo world that runs inside this process."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

from wizard.kube.client import Cluster, connect
from wizard.kube.private import close_private, open_private, private_root


class Connector(Protocol):
    """Makes connections, again after one was lost, and lets go of everything at the end."""

    async def connect(self) -> Cluster:
        """A new connection; nothing is sent yet. Raises Trouble."""

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
        self._private = self._private or open_private(self._root)
        return await connect(self._kubeconfig, self._context, self._private, env=self._env)

    async def close(self) -> None:
        """Removes the keys that the TLS library read from files."""
        if self._private:
            close_private(self._private)
            self._private = None


class DemoConnector:
    """A demo world, kept in `folder` from command to command; it lives until `close`."""

    def __init__(self, scenario: str, folder: Path, *, reset: bool, env: Mapping[str, str], home: Path) -> None:
        self._scenario = scenario
        self._folder = folder
        self._reset = reset
        self._env = env
        self._root = private_root(env, home)
        self._stack = AsyncExitStack()
        self._kubeconfig: Path | None = None

    async def connect(self) -> Cluster:
        """Starts the world when it is first needed."""
        if self._kubeconfig is None:
            from wizard.demo.scenarios import load  # noqa: PLC0415 - only those who ask for the demo pay for it
            from wizard.demo.world import DemoWorld  # noqa: PLC0415

            private = open_private(self._root)
            self._stack.callback(close_private, private)
            world = await self._stack.enter_async_context(
                DemoWorld.open(load(self._scenario), self._folder, reset=self._reset)
            )
            self._kubeconfig = private / "demo.kubeconfig"
            world.write_kubeconfig(self._kubeconfig)
        return await connect(str(self._kubeconfig), None, self._kubeconfig.parent, env=self._env)

    async def close(self) -> None:
        """Stops the world; its objects stay in its folder."""
        self._kubeconfig = None
        await self._stack.aclose()
