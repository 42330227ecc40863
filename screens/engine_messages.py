"""What the engine has, as messages to the app: it is loaded in a thread, and followed from there. Decides and draws nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message

from screens.daemon_thread import in_daemon_thread
from wizard.errors import WizardError

if TYPE_CHECKING:
    from screens.workspace import Workspace
    from wizard.engine import Engine, Update


class Loaded(Message):
    """The engine is loaded; `purposes` says by step id what each iteration is for."""

    def __init__(self, engine: Engine, purposes: Mapping[str, str]) -> None:
        self.engine = engine
        self.purposes = purposes
        super().__init__()


class Updated(Message):
    """The engine has something new; only the last of a burst matters."""

    def __init__(self, update: Update) -> None:
        self.update = update
        super().__init__()

    def can_replace(self, message: Message) -> bool:
        """A later update says all that an earlier one did."""
        return isinstance(message, Updated)


class Troubled(Message):
    """The engine can't go on by itself."""

    def __init__(self, error: WizardError) -> None:
        self.error = error
        super().__init__()


async def engine_messages(workspace: Workspace, engine: Engine | None) -> AsyncGenerator[Message, None]:
    """Loads the engine unless there is one, then gives every update; ends after a WizardError."""
    try:
        if engine is None:
            loaded = await in_daemon_thread(partial(_load, workspace))
            engine = loaded.engine
            yield loaded
        async for update in engine.updates():
            yield Updated(update)
    except WizardError as error:
        yield Troubled(error)


def _load(workspace: Workspace) -> Loaded:
    engine = workspace.engine()
    from wizard.steps import STEPS  # noqa: PLC0415 - in the thread, not before the first frame

    return Loaded(engine, {step.id: step.purpose for step in STEPS})
