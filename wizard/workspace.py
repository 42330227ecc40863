"""One workspace: the state that is kept, the settings that follow from it, and the engine that they drive.

Used by the screens (it satisfies `screens.workspace.Workspace`) and by the command line alike.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wizard.choice_values import choice_named, with_value
from wizard.choices import GIT_CHECKOUT, TIME_ZONE
from wizard.command import Address
from wizard.errors import WizardError
from wizard.folders import state_folder
from wizard.machine import find_checkout, time_zone
from wizard.model import ClusterRef
from wizard.settings import FLAG, NAMESPACE, Settings, Value
from wizard.state.files import make_folder
from wizard.state.files import write as write_file
from wizard.state.kept_choices import chosen, fill_in, unusable
from wizard.state.record import State
from wizard.state.store import Loaded, Store
from wizard.state.writer import Writer
from wizard.worked_out import followed_source

if TYPE_CHECKING:
    from wizard.connectors import Connector
    from wizard.engine import Engine
    from wizard.signin.service import SignInService
    from wizard.world import World

DEMO_KUBECONFIG = "demo.kubeconfig"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        return Path("~")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for: flags as given, and the environment that they are read in.

    `choices` are the checked values of flags and of the answers file by choice id, each with its source.
    """

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    demo: str | None = None
    reset: bool = False
    answers: str | None = None
    choices: Mapping[str, Value[Any]] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    home: Path = field(default_factory=_home)

    @property
    def address(self) -> Address:
        """How commands for the person reach the cluster and the objects that are asked for."""
        flags = tuple(word for pair in self._object_flags() for word in pair)
        return Address(self.kubeconfig, self.context, self.namespace, self.demo, flags)

    def _object_flags(self) -> Iterator[tuple[str, str]]:
        """The flags that say which objects are meant: without them the next command would look at other ones."""
        if self.answers:
            yield "--answers", self.answers
        for name, value in self.choices.items():
            choice = choice_named(name)
            if value.source == FLAG and choice.step:
                yield choice.flag, choice.text(value.value)

    @property
    def state_folder(self) -> Path:
        """Where files are kept; the demo has a folder of its own."""
        folder = state_folder(self.env, self.home)
        return folder / "demo" if self.demo else folder


class Workspace:
    """State, settings and engine for one request. Raises WizardError for a kubeconfig that can't be used.

    Nothing is written until something is remembered or chosen; then one writer holds the state against a second wizard.
    `phone` gets what the phones of a demo world show, such as codes; it is to be put on the screen, and nowhere else.
    When another cluster answers than the one that the state belongs to, it goes on with that one's own state; with
    `stop_at_another_cluster` the first look ends in a WizardError that says so, and the next one goes on.
    """

    def __init__(self, request: Request, *, stop_at_another_cluster: bool = False) -> None:
        self._request = request
        self._stop_at_another_cluster = stop_at_another_cluster
        folder = request.state_folder / (request.demo or "")
        if request.demo and request.reset:
            _forget(folder)
        self._store = Store(folder)
        self._flagged = _settings_of(request)
        hint = _hint(request)
        loaded = self._store.last_used(hint, self._flagged.namespace)
        self._notices: tuple[str, ...] = loaded.notices
        self._state = loaded.state
        self.settings = self._with_choices()
        self._writer = Writer(self._store)
        self._engine: Engine | None = None
        self._settled = False
        self._checkout_for = ""
        self.phone: Callable[[str], None] | None = None

    # What a screen asks for

    @property
    def place(self) -> Mapping[str, str] | None:
        """Where the person was when the wizard was last closed; None on a first start."""
        try:
            place = json.loads(self._state.place)
        except ValueError:
            return None
        return {str(key): str(value) for key, value in place.items()} if isinstance(place, dict) else None

    @property
    def banner(self) -> str:
        """One line about the world that is looked at; empty for a real cluster."""
        return f"demo world: {self._request.demo}, nothing leaves this machine" if self._request.demo else ""

    @property
    def demo_commands(self) -> tuple[str, ...]:
        """What to type first so that commands meet this demo world: one serves it, one leads to it; empty for a real cluster."""
        if not self._request.demo:
            return ()
        serve = f"photosync-wizard demo --serve --write-kubeconfig {DEMO_KUBECONFIG} {self._request.demo}"
        return serve, f"export KUBECONFIG={DEMO_KUBECONFIG}"

    def engine(self) -> Engine:
        """The engine. Its libraries load here, so call it when the screen is already up."""
        from wizard.engine import Engine  # noqa: PLC0415 - loads what talks to the cluster

        if self._engine is None:
            self._engine = Engine(self._connector(), self.settings, on_look=self._seen)
        return self._engine

    def sign_in_service(self) -> SignInService:
        """Where a sign-in is started from."""
        from wizard.signin.service import SignInService  # noqa: PLC0415 - loads what talks to the cluster

        return SignInService(self.engine(), self)

    def remember(self, place: Mapping[str, str]) -> None:
        """Keeps where the person is, for the next start."""
        self._keep(replace(self._state, place=json.dumps(dict(place), sort_keys=True)))

    def choose(self, name: str, value: str) -> None:
        """Sets one choice by its id, or takes a step out and in again ("skip", "unskip").

        An empty value takes it back. Raises WizardError for one that can't be right.
        """
        self._keep(replace(self._state, choices=chosen(self._state.choices, name, value)))
        self.settings = self._with_choices()
        if self._engine:
            self._engine.use(self.settings)

    def signed_in(self, account: str, apple_id: str, at: datetime) -> None:
        """Keeps when an account was last signed in, and with which Apple ID."""
        signed_in_as = {**self._state.signed_in_as, account: apple_id}
        signed_in_at = {**self._state.signed_in_at, account: at}
        noted = self._state.noting(at, "signed-in", account)
        self._keep(replace(noted, signed_in_at=signed_in_at, signed_in_as=signed_in_as))
        self.settings = self._with_choices()

    def save(self, name: str, text: str) -> str:
        """Writes `text` to a private file in the state folder and returns its path; may raise OSError."""
        return save_private(self._request.state_folder, name, text)

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences about the kept state that the person should know, oldest first."""
        return tuple(dict.fromkeys(self._notices + unusable(self._state.choices) + self._writer.notices))

    def close(self) -> None:
        """Waits until everything is kept, and lets a second wizard in. Returns at once when there is nothing to keep."""
        self._writer.close()

    # What happens with a look

    def _seen(self, world: World) -> Settings:
        """Confirms that this is the cluster which the state belongs to, and learns what only a look can tell."""
        if not self._settled:
            loaded = self._settled_on(world.cluster)
            self._notices += loaded.notices
            self._state = loaded.state
            self._settled = True
            self.settings = self._with_choices()
            self._writer.settled(self._state)
        self._look_for_checkout(world)
        return self.settings

    def _settled_on(self, reached: ClusterRef) -> Loaded:
        """What is kept for the cluster that answers; that of another one is not resumed, which is said once."""
        try:
            return self._store.settle(self._state, reached)
        except WizardError as error:
            if self._stop_at_another_cluster:
                self._stop_at_another_cluster = False
                raise
            loaded = self._store.load(reached, self._state.namespace)
            notice = f"{error.what} {error.why} Nothing is lost: that state stays, and this cluster has its own."
            if loaded.state.saved_at is None:
                loaded = replace(loaded, state=replace(loaded.state, cluster=reached))
            return replace(loaded, notices=(notice, *loaded.notices))

    def _look_for_checkout(self, world: World) -> None:
        followed = followed_source(world)
        repo = followed[0].repo_url if followed else ""
        if self._request.demo or not repo or repo == self._checkout_for or self.settings.is_said(GIT_CHECKOUT):
            return
        self._checkout_for = repo
        try:
            folder = Path.cwd()
        except OSError:
            folder = self._request.home
        if checkout := find_checkout(repo, self._request.home, folder):
            self.settings = self.settings.having(GIT_CHECKOUT, str(checkout), "found beside its remote")

    def _with_choices(self) -> Settings:
        settings = fill_in(self._flagged, self._state.choices)
        return replace(settings, seen_apple_ids=self._state.signed_in_as)

    def _keep(self, state: State) -> None:
        self._state = state
        self._writer.write(state)

    def _ring(self, text: str) -> None:
        if self.phone:
            self.phone(text)

    def _connector(self) -> Connector:
        from wizard.connectors import DemoConnector, KubeconfigConnector  # noqa: PLC0415 - loads with the engine

        request = self._request
        if request.demo:
            folder = request.state_folder
            return DemoConnector(
                request.demo, folder, reset=request.reset, env=request.env, home=request.home, phone=self._ring
            )
        return KubeconfigConnector(request.kubeconfig, request.context, request.env, request.home)


def _forget(folder: Path) -> None:
    """Removes what is kept of a demo world."""
    for path in folder.glob("*.json*"):
        with suppress(OSError):
            path.unlink()


def save_private(folder: Path, name: str, text: str) -> str:
    """Writes a 0600 file called `name` into `folder`, which is made when needed, and returns its path. Raises OSError."""
    if not folder.is_absolute():
        raise FileNotFoundError(2, "no home folder is known", str(folder))
    make_folder(folder)
    write_file(folder / name, text.encode())
    return str(folder / name)


def _settings_of(request: Request) -> Settings:
    sources: dict[str, str] = {}
    if request.namespace:
        sources["namespace"] = "flag"
    if request.context:
        sources["context"] = "from --context"
    elif request.demo:
        sources["context"] = "the demo world"
    settings = Settings(namespace=request.namespace or NAMESPACE, address=request.address, sources=sources)
    if zone := time_zone(request.env):
        settings = settings.having(TIME_ZONE, zone, "from this machine")
    for name, value in request.choices.items():
        settings = with_value(settings, choice_named(name), value.value, value.source)
    return settings


def _hint(request: Request) -> ClusterRef:
    """Which cluster this is going to be, as far as the kubeconfig says."""
    if request.demo:
        return ClusterRef(f"demo-{request.demo}", "")
    from hashlib import sha256  # noqa: PLC0415 - with what needs it

    from wizard.kube import credentials, kubeconfig  # noqa: PLC0415 - the demo needs no YAML here

    config = kubeconfig.load(request.kubeconfig, request.context, env=request.env, home=request.home)
    ca = credentials.authority(config)
    server = str(config.cluster.get("server", ""))
    return ClusterRef(config.context, server, None, sha256(ca).hexdigest() if ca else None)
