"""The people of a demo world: their Apple IDs at the demo Apple, the sessions on their claims, and the phone in their pocket."""

from __future__ import annotations

import contextlib
import posixpath
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from wizard.demo.api.kinds import Object
from wizard.demo.apple import saved_state
from wizard.demo.apple.accounts import Account, demo_accounts
from wizard.demo.apple.photos import library
from wizard.demo.apple.route import names_lead_to
from wizard.demo.apple.serve import code_line
from wizard.demo.apple.server import DemoApple
from wizard.demo.apple.state import CodeSent, State
from wizard.demo.icloudpd.program import programs
from wizard.demo.icloudpd.sign_in import Door, Outage
from wizard.demo.runtime.containers import Containers
from wizard.demo.runtime.process import Program
from wizard.demo.runtime.volumes import Entry, Volume
from wizard.demo.scenario import ICloudUser

Phone = Callable[[str], None]
_NAMESPACE = "photo-sync"
_PHOTOS_CLAIM = "icloud-photos"


class ICloudUsers:
    """Everybody at the demo Apple; `apple` is None before they have moved in."""

    def __init__(self) -> None:
        self.apple: DemoApple | None = None
        self.accounts: tuple[Account, ...] = ()

    def programs(self, now: Callable[[], datetime]) -> dict[str, Program]:
        """The icloudpd of the world's containers."""
        return programs(Door(lambda: self.state, self._outage), now)

    @property
    def state(self) -> State | None:
        """What the demo Apple remembers; None while there is none."""
        return self.apple._state if self.apple else None  # noqa: SLF001 - the demo's own two halves

    def _outage(self) -> Outage:
        return self.apple.outage if self.apple else None

    @contextlib.asynccontextmanager
    async def with_demo_apple(
        self,
        people: Iterable[ICloudUser],
        clock: Callable[[], datetime],
        folder: Path,
        kept: Object | None,
        phone: Phone | None,
    ) -> AsyncIterator[None]:
        """Runs the demo Apple with these people and the demo's usual ones, as `kept` has them."""
        accounts = {account.apple_id: account for account in demo_accounts()}
        accounts |= {resident.account.apple_id: resident.account for resident in people}
        everybody = self.accounts = tuple(accounts.values())

        def tell(sent: CodeSent) -> None:
            if phone is not None:
                phone(code_line(sent, everybody))

        async with DemoApple.open(everybody, clock, tls=folder, on_code=tell) as apple:
            self.apple = apple
            if kept is not None and self.state is not None:
                saved_state.restore(self.state, kept)
            try:
                yield
            finally:
                self.apple = None

    @contextlib.contextmanager
    def with_apple_names_redirected(self) -> Iterator[None]:
        """Leads this process's programs to the demo Apple, until the block ends."""
        if self.apple is None:
            raise RuntimeError("nobody has moved in")
        with names_lead_to(self.apple.address, self.apple.ca_file):
            yield

    def unpack(self, people: Iterable[ICloudUser], containers: Containers) -> None:
        """Puts onto the claims what each of them brings along: a session, and some photos."""
        for resident in people:
            self._put_session(resident, containers)
            photos = containers.volume_of(_NAMESPACE, _PHOTOS_CLAIM)
            if photos is not None and self.state is not None:
                _put_photos(resident, photos, self.state.clock())

    def _put_session(self, resident: ICloudUser, containers: Containers) -> None:
        apple, apple_id = self.apple, resident.account.apple_id
        volume = containers.volume_of(_NAMESPACE, resident.claim) if resident.claim else None
        if apple is None or volume is None or resident.signed_in is None or self.state is None:
            return
        files = apple.signed_in(apple_id, resident.signed_in)
        if "web session" in resident.ended:
            apple.end_web_sessions(apple_id)
        if "session token" in resident.ended:
            apple.end_session_tokens(apple_id)
        if "trust" in resident.ended:
            apple.end_trust(apple_id)
        name = "".join(re.findall(r"\w", apple_id.lower()))
        at = self.state.clock() - resident.signed_in
        for file, text, mode in ((name, files.jar, 0o600), (f"{name}.session", files.session, 0o644)):
            volume.entries[file] = Entry(text.encode(), mode, 0, 0, at)

    def kept(self) -> Object | None:
        """What the demo Apple remembers, as JSON."""
        return saved_state.kept(self.state) if self.state else None


def _put_photos(resident: ICloudUser, volume: Volume, now: datetime) -> None:
    for picture in library()[: resident.photos]:
        path = posixpath.join(resident.folder, f"{picture.taken:%Y/%m}", picture.name)
        parts = path.split("/")
        for n in range(1, len(parts)):
            volume.entries.setdefault("/".join(parts[:n]), Entry(None, 0o755, 0, 0, now))
        volume.entries[path] = Entry(picture.content, 0o644, 0, 0, now)
