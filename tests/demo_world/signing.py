"""A demo world to sign in to, as the wizard opens it, and somebody who answers as the test says."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import person
from wizard.connectors import DemoConnector
from wizard.demo.icloud_users import ICloudUsers
from wizard.demo.runtime.volumes import Volume
from wizard.demo.world import DemoWorld
from wizard.engine import Engine
from wizard.errors import WizardError
from wizard.facts.accounts import with_discovered_accounts
from wizard.icloud.steps import CodeWanted
from wizard.settings import Settings
from wizard.signin.person import Code, GaveUp
from wizard.signin.prepare import PreparedSignIn, prepare_sign_in
from wizard.signin.sign_in import SignIn
from wizard.world import World

PASSWORD = "demo-password"
YOU = "you@example.com"
NAMES = ("youexamplecom", "youexamplecom.session")


@dataclass(slots=True)
class Somebody(person.Somebody):
    """Who knows the demo's password, and accepts terms."""

    accepts_terms: bool = True
    password_known: str = PASSWORD


class Keyring:
    """Holds one password, or fails."""

    def __init__(self, kept: str | None, fails: WizardError | None = None) -> None:
        self.name = "a keyring"
        self.held = kept
        self.fails = fails

    async def get(self, apple_id: str) -> str | None:
        assert "@" in apple_id
        if self.fails:
            raise self.fails
        return self.held

    async def delete(self, apple_id: str) -> None:
        assert "@" in apple_id
        self.held = None

    async def set(self, apple_id: str, password: str) -> None:
        assert "@" in apple_id
        self.held = password


def leaves(_wanted: CodeWanted) -> Code:
    """Somebody who has had enough."""
    raise GaveUp


@dataclass(slots=True)
class Visit:
    """One command in a demo world."""

    engine: Engine
    world: DemoWorld
    seen: World
    private: Path
    person: Somebody

    @property
    def icloud_users(self) -> ICloudUsers:
        return self.world.icloud_users

    @property
    def volume(self) -> Volume:
        found = self.world.containers.volume_of("photo-sync", "icloudpd-config")
        assert found is not None
        return found

    def session(self) -> tuple[bytes | None, ...]:
        """The two files in place."""
        found = self.volume.entries
        return tuple(found[name].content if name in found else None for name in NAMES)

    def jobs(self) -> list[str]:
        return [
            item["metadata"]["name"]
            for item in self.world.store.items("Job", "photo-sync")
            if item["metadata"]["name"].startswith("photosync-handover-")
        ]

    def pods(self) -> list[str]:
        return [item["metadata"]["name"] for item in self.world.store.items("Pod", "photo-sync")]

    def get(self, kind: str, name: str) -> dict[str, Any]:
        found = self.world.store.get(kind, "photo-sync", name)
        assert found is not None
        return found

    async def look(self) -> None:
        self.seen = (await self.engine.look()).world

    async def start(self, account: str = "default") -> PreparedSignIn:
        settings = with_discovered_accounts(self.seen, Settings())
        return await prepare_sign_in(self.engine.cluster, self.seen, settings, account)

    async def sign_in(self, account: str = "default", **options: Any) -> SignIn:
        start = await self.start(account)
        assert start.apple_id is not None
        folder = self.engine.private_folder("apple")
        return SignIn(self.engine.cluster, start.preparation, start.apple_id, folder, self.person, **options)

    async def settled(self) -> None:
        """Nothing of a sign-in is left but the session."""
        await self.world.settle()
        assert self.jobs() == []
        assert not [name for name in self.pods() if name.startswith("photosync-handover-")]
        left = {name.partition("/")[0] for name in self.volume.entries} - {*NAMES, ".photosync-previous"}
        assert left == set()


@contextlib.asynccontextmanager
async def visit(
    scenario: str, folder: Path, person: Somebody | None = None, *, reset: bool = False
) -> AsyncIterator[Visit]:
    """A command's stay in a demo world that is kept in `folder`."""
    somebody = person or Somebody()
    env = {"XDG_RUNTIME_DIR": str(folder)}
    connector = DemoConnector(scenario, folder, reset=reset, env=env, home=folder, phone=somebody.phone.append)
    engine = Engine(connector, Settings())
    try:
        snapshot = await engine.look()
        world = connector.world
        assert world is not None
        yield Visit(engine, world, snapshot.world, folder, somebody)
    finally:
        await engine.close()
