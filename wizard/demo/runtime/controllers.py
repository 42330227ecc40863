"""Small controllers that bring status: namespaces, claims, pods, jobs.

They look at what is there, never at what happened.
What came with a status in the scenario (`frozen`) is left as it is, so that a scenario can show a world that is stuck.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from wizard.demo.api.kinds import Object
from wizard.demo.api.store import Change, Store
from wizard.demo.runtime import claims, jobs, pods
from wizard.demo.runtime.frozen_objects import FrozenObjects

_SHORTEST_PAUSE = 0.5
Reconcile = Callable[[Store, FrozenObjects], None]


class Controllers:
    """Runs the reconcilers of one store after every change, until they have nothing left to do."""

    def __init__(self, store: Store, frozen: FrozenObjects) -> None:
        self.frozen = frozen
        self._store = store
        self._changed = asyncio.Event()
        self._idle = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to look after the store, in the running loop."""
        self._changed.set()
        self._store.listeners.append(self._note)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Leaves the store alone from now on."""
        if self._task is not None:
            self._store.listeners.remove(self._note)
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def settle(self) -> None:
        """Returns when there is nothing left to do."""
        await self._idle.wait()

    def wake(self) -> None:
        """Looks at everything once more, as when the clock has moved on."""
        self._idle.clear()
        self._changed.set()

    def _pause(self) -> float | None:
        """How long nothing has to be looked at although nothing changes."""
        due = jobs.next_due(self._store, self.frozen)
        return None if due is None else max(_SHORTEST_PAUSE, (due - self._store.clock()).total_seconds())

    def _note(self, _change: Change) -> None:
        self._idle.clear()
        self._changed.set()

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._changed.wait()
            self._changed.clear()
            reconcile(self._store, self.frozen)
            if not self._changed.is_set():
                self._idle.set()


def reconcile(store: Store, frozen: FrozenObjects) -> None:
    """One look at everything, and one step for whatever is not as it should be."""
    steps: Iterable[Reconcile] = (_namespaces, claims.reconcile, jobs.reconcile, jobs.collect, pods.reconcile_pods)
    for step in steps:
        step(store, frozen)


def _namespaces(store: Store, frozen: FrozenObjects) -> None:
    for namespace in store.items("Namespace"):
        name = namespace["metadata"]["name"]
        if "deletionTimestamp" in namespace["metadata"]:
            if namespace["metadata"]["uid"] not in frozen.deleting:
                _empty(store, name)
            continue
        for item in _belongings(name):
            if store.get(item["kind"], name, item["metadata"]["name"]) is None:
                store.create(item)


def _empty(store: Store, namespace: str) -> None:
    held = False
    for kind in [kind for kind in store.kinds if kind.namespaced]:
        for item in store.items(kind, namespace):
            if set(item["metadata"].get("finalizers", ())) - {claims.PROTECTION}:
                held = True
            else:
                store.delete(kind, namespace, item["metadata"]["name"])
    if not held:
        store.delete("Namespace", "", namespace)


def _belongings(namespace: str) -> tuple[Object, Object]:
    account: Object = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": namespace},
    }
    bundle: Object = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kube-root-ca.crt", "namespace": namespace},
        "data": {"ca.crt": ""},
    }
    return account, bundle
