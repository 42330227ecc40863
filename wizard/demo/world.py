"""A demo world that runs: server, controllers, containers, the demo Apple, and the files that keep it for the next command.

Whoever opens one should import this module late, as it loads aiohttp.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import secrets
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from wizard.command import photosync_wizard
from wizard.demo.api.access import USER, Policy
from wizard.demo.api.kinds import Object
from wizard.demo.api.logs import Logs
from wizard.demo.api.server import Server
from wizard.demo.api.store import Change, Store
from wizard.demo.icloud_users import ICloudUsers, Phone
from wizard.demo.runtime.containers import Containers
from wizard.demo.runtime.controllers import Controllers
from wizard.demo.runtime.frozen_objects import FrozenObjects
from wizard.demo.runtime.volumes import Volume
from wizard.demo.scenario import Scenario
from wizard.demo.seed_store import LOG_TIME, at_time, seed
from wizard.errors import Exit, WizardError

_SCHEMA = 1
_HOST = "127.0.0.1"


def _now() -> datetime:
    return datetime.now(UTC)


class DemoWorld:
    """A demo cluster on 127.0.0.1, with a random token of its own. Made by `open`.

    `store` and `logs` may be changed at will, watches and controllers notice.
    `icloud_users` are the people at the demo Apple, where it was asked for.
    """

    def __init__(
        self,
        scenario: Scenario,
        store: Store,
        frozen: FrozenObjects,
        started: datetime,
        volumes: dict[str, Volume] | None = None,
    ) -> None:
        self.scenario = scenario
        self.store = store
        self.started = started
        self.logs = Logs(at_time(scenario.logs, started, LOG_TIME))
        self.token = secrets.token_urlsafe(24)
        self.url = ""
        self.ca: bytes | None = None
        self.controllers = Controllers(store, frozen)
        self.icloud_users = ICloudUsers()
        self.apple_kept: Object | None = None
        self.containers = Containers(store, self.logs, frozen, volumes, self.icloud_users.programs(store.clock))
        backends: Any = at_time(scenario.proxies, started)
        policy = Policy(scenario.denied)
        self.server = Server(store, self.logs, backends, policy, self.token, self.containers)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        scenario: Scenario,
        folder: Path | None = None,
        *,
        reset: bool = False,
        port: int = 0,
        tls: bool = False,
        clock: Callable[[], datetime] = _now,
        apple: Path | None = None,
        phone: Phone | None = None,
    ) -> AsyncIterator[DemoWorld]:
        """Runs the scenario as the last command left it in `folder` (None: nothing is kept), or anew if `reset`.

        `tls` is for kubectl, which sends no token without. `apple` is a folder for the demo Apple's certificate; without it
        there is no Apple to reach. `phone` gets what the demo's phones show. Raises WizardError when the kept file can't be read.
        """
        path = folder / f"{scenario.name}.json" if folder else None
        old = path is not None and not reset and path.exists()
        world = cls._kept(path, scenario, clock) if path and old else cls._fresh(scenario, clock)
        async with contextlib.AsyncExitStack() as stack:
            if apple is not None:
                moved = world.icloud_users.with_demo_apple(scenario.people, clock, apple, world.apple_kept, phone)
                await stack.enter_async_context(moved)
                if not old:
                    world.icloud_users.unpack(scenario.people, world.containers)
            await stack.enter_async_context(world._running(path, port, tls=tls))  # noqa: SLF001 - its own
            yield world

    @contextlib.asynccontextmanager
    async def _running(self, path: Path | None, port: int, *, tls: bool) -> AsyncIterator[None]:
        keeper = _Keeper(self, path) if path else None
        context = self.secure() if tls else None
        runner = web.AppRunner(
            self.server.application(), access_log=None, handler_cancellation=True, shutdown_timeout=1
        )
        await runner.setup()
        site = web.TCPSite(runner, _HOST, port, ssl_context=context)
        try:
            await site.start()
            server: Any = site._server  # noqa: SLF001
            actual = server.sockets[0].getsockname()[1]
            self.url = f"{'https' if tls else 'http'}://{_HOST}:{actual}"
            self.containers.start()
            self.controllers.start()
            if keeper:
                keeper.start()
            yield
        finally:
            await self.containers.stop()
            await self.controllers.stop()
            await runner.cleanup()
            if keeper:
                keeper.stop()

    @classmethod
    def _fresh(cls, scenario: Scenario, clock: Callable[[], datetime]) -> DemoWorld:
        store = Store(scenario.name, clock)
        return cls(scenario, store, seed(store, scenario), clock())

    @classmethod
    def _kept(cls, path: Path, scenario: Scenario, clock: Callable[[], datetime]) -> DemoWorld:
        try:
            kept = json.loads(path.read_text())
            _check(kept)
            store = Store(scenario.name, clock)
            for item in kept["objects"]:
                store.load(item)
            store.resume(kept["version"])
            volumes = {str(name): Volume.of(files) for name, files in kept.get("volumes", {}).items()}
            frozen, started = FrozenObjects(*map(frozenset, kept["given"])), datetime.fromisoformat(kept["started"])
            world = cls(scenario, store, frozen, started, volumes)
            world.logs.texts.update(kept["logs"])
            world.apple_kept = kept.get("apple")
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise WizardError(
                "demo.unreadable",
                f"The demo world kept in {path} can't be read.",
                why=str(problem),
                fix="Start the scenario over; only this demo is lost.",
                commands=(photosync_wizard("--reset", "status"),),
                exit_code=Exit.INTERNAL,
            ) from None
        return world

    def secure(self) -> ssl.SSLContext:
        """Makes a certificate for this world and returns what serves with it."""
        from wizard.demo.api.certificate import server_context  # noqa: PLC0415 (only a served world needs cryptography)

        context, self.ca = server_context()
        return context

    def kept(self) -> Object:
        """What goes into the file."""
        return {
            "schema": _SCHEMA,
            "started": self.started.isoformat(),
            "version": self.store.version,
            "given": [sorted(self.controllers.frozen.with_status), sorted(self.controllers.frozen.deleting)],
            "logs": self.logs.texts,
            "volumes": {name: volume.kept() for name, volume in self.containers.volumes.items()},
            "apple": self.icloud_users.kept() or self.apple_kept,
            "objects": list(self.store.everything()),
        }

    async def settle(self) -> None:
        """Returns when the controllers have nothing left to do."""
        await self.controllers.settle()

    def kubeconfig(self) -> Object:
        """A kubeconfig for it, with its token; the context is "demo-" and the scenario's name."""
        name = f"demo-{self.scenario.name}"
        cluster: Object = {"server": self.url}
        if self.ca:
            cluster["certificate-authority-data"] = base64.b64encode(self.ca).decode()
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": f"{name}-{USER}", "user": {"token": self.token}}],
            "contexts": [
                {"name": name, "context": {"cluster": name, "user": f"{name}-{USER}", "namespace": "default"}}
            ],
            "current-context": name,
        }

    def write_kubeconfig(self, path: Path) -> None:
        """Writes the kubeconfig, for the owner alone. Raises WizardError when the file exists or can't be written."""
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            raise WizardError(
                "demo.kubeconfig-exists",
                f"{path} already exists and was not overwritten.",
                fix="Choose a file name that does not exist yet.",
                exit_code=Exit.USAGE,
            ) from None
        except OSError as problem:
            raise WizardError(
                "demo.kubeconfig-unwritable",
                f"{path} can't be written.",
                why=problem.strerror or str(problem),
                fix="Choose a file in an existing folder that you can write to.",
                exit_code=Exit.USAGE,
            ) from None
        with os.fdopen(descriptor, "w") as file:
            yaml.safe_dump(self.kubeconfig(), file, sort_keys=False)


def _check(kept: Object) -> None:
    if kept["schema"] != _SCHEMA:
        raise ValueError(f"its schema is {kept['schema']}")


class _Keeper:
    """Writes a world's file after changes and at the end."""

    def __init__(self, world: DemoWorld, path: Path) -> None:
        self._world = world
        self._path = path
        self._due: asyncio.Handle | None = None

    def start(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write()
        self._world.store.listeners.append(self._note)
        self._world.containers.on_files = self._due_now

    def stop(self) -> None:
        if self._note in self._world.store.listeners:
            self._world.store.listeners.remove(self._note)
            self._write()

    def _note(self, _change: Change) -> None:
        self._due_now()

    def _due_now(self) -> None:
        if self._due is None:
            self._due = asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        if self._due:
            self._due.cancel()
            self._due = None
        descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        with os.fdopen(descriptor, "w") as file:
            json.dump(self._world.kept(), file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self._path)
