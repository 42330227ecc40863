"""Keeps states without keeping anybody waiting: a thread of its own writes the newest one.

What can't be kept (a full disk, another wizard that holds the state) is told once, in a sentence, and never stops the wizard.
"""

from __future__ import annotations

import threading
from dataclasses import replace

from wizard.errors import WizardError
from wizard.state.record import State
from wizard.state.store import Store


class Writer:
    """Writes for one wizard. Until `settled` says which cluster the state belongs to, only the newest state is held."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changed = threading.Condition()
        self._newest: State | None = None
        self._kept: State | None = None
        self._settled = False
        self._closing = False
        self._notices: list[str] = []
        self._thread: threading.Thread | None = None

    def settled(self, state: State) -> None:
        """From now on states are written; `state` is the one that is kept or would be."""
        with self._changed:
            self._settled = True
            self._kept = state
            self._changed.notify()

    def write(self, state: State) -> None:
        """Keeps `state` soon; of several in a row the last."""
        with self._changed:
            self._newest = state
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="state", daemon=True)
                self._thread.start()
            self._changed.notify()

    @property
    def notices(self) -> tuple[str, ...]:
        """What could not be kept, and why, in sentences."""
        return tuple(self._notices)

    def close(self) -> None:
        """Writes what is still to be written and releases the state."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread:
            self._thread.join(timeout=5)
        self._store.release()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or (self._settled and self._newest is not None))
                state, self._newest = self._newest, None
                if state is None or not self._settled:
                    return
                previous = self._kept
            try:
                if previous:
                    self._store.hold(state)
                self._kept = self._store.save(_follows(state, previous))
            except WizardError as error:
                self._notices.append(error.what)


def _follows(state: State, previous: State | None) -> State:
    """`state` as the successor of what is kept: it carries that one's cluster and time, which only the writer knows."""
    return replace(state, cluster=previous.cluster, saved_at=previous.saved_at) if previous else state
