"""A demo world to sign in to, as the wizard opens it, and somebody who answers as the test says."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wizard.connectors import DemoConnector
from wizard.demo.people import Residents
from wizard.demo.runtime.volumes import Volume
from wizard.demo.world import DemoWorld
from wizard.engine import Engine
from wizard.errors import WizardError
from wizard.facts.accounts import with_discovered_accounts
from wizard.icloud.password import Keeper
from wizard.icloud.steps import CodeWanted, SecurityKeyWanted, TermsWanted
from wizard.settings import Settings
from wizard.signin.person import AnotherCode, Code, GaveUp, InUse, Stage, StageProgress, Tick
from wizard.signin.prepare import PreparedSignIn, prepare_sign_in
from wizard.signin.sign_in import SignIn
from wizard.world import World

PASSWORD = "demo-password"
YOU = "you@example.com"
NAMES = ("youexamplecom", "youexamplecom.session")

Answer = Callable[[CodeWanted], Code | AnotherCode]


@dataclass(slots=True)
class Somebody:
    """Answers in order from what it is given; what runs out is answered rightly, from the phone."""

    phone: list[str] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    uses: list[InUse] = field(default_factory=list)
    second: bool = False
    accepts_terms: bool = True
    asked: list[str] = field(default_factory=list)
    whys: list[str] = field(default_factory=list)
    shown: list[StageProgress] = field(default_factory=list)

    def show(self, progress: StageProgress) -> None:
        self.shown.append(progress)

    def done(self) -> set[Stage]:
        return {each.stage for each in self.shown if each.tick is Tick.DONE}

    async def password(self, apple_id: str, why: WizardError | None) -> str:
        self._note(f"password of {apple_id}", why)
        return self.passwords.pop(0) if self.passwords else PASSWORD

    async def code(self, wanted: CodeWanted, why: WizardError | None) -> Code | AnotherCode:
        self._note(f"code by {wanted.delivery}", why)
        return self.answers.pop(0)(wanted) if self.answers else self.right(wanted)

    def right(self, _wanted: CodeWanted) -> Code:
        """What the phone shows last."""
        return Code(re.findall(r"\d{6}", self.phone[-1])[-1])

    async def terms(self, wanted: TermsWanted) -> bool:
        self._note(f"terms {wanted.version}", None)
        return self.accepts_terms

    async def security_key(self, wanted: SecurityKeyWanted) -> bool:
        self._note(f"key {', '.join(wanted.keys)}", None)
        return False

    async def in_use(self, pods: tuple[str, ...]) -> InUse:
        self._note(f"in use by {len(pods)}", None)
        return self.uses.pop(0)

    async def second_way(self, why: WizardError) -> bool:
        self._note("second way", why)
        return self.second

    def _note(self, what: str, why: WizardError | None) -> None:
        self.asked.append(what)
        self.whys += [why.code] if why else []


class Keyring(Keeper):
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
    def residents(self) -> Residents:
        return self.world.residents

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
