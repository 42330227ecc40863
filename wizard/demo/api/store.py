"""The objects of a demo cluster and what happened to them: versions, history, listeners. Knows no HTTP.

Stored objects are never changed in place: every write stores a new one under a new resource version, so that whoever
holds an object (a watch, a page of an old list) keeps what it saw.
"""

from __future__ import annotations

import copy
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wizard.demo.api.kinds import Kind, Kinds, Object, from_definition

HISTORY = 2000
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One write; `before` is None when the object came, `after` when it went."""

    version: int
    kind: Kind
    place: Place
    before: Object | None
    after: Object | None


def place_of(item: Object) -> Place:
    """Namespace ("" at cluster scope) and name of an object; the order of lists."""
    metadata = item["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def timestamp(moment: datetime) -> str:
    """As Kubernetes writes times: whole seconds, Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class TooOld(Exception):
    """What happened since that version is no longer known; `oldest` is the first version that is."""

    def __init__(self, oldest: int) -> None:
        super().__init__(f"nothing is known before version {oldest}")
        self.oldest = oldest


class Store:
    """Objects by kind, namespace and name. `seed` makes the uids; `clock` gives aware UTC times.

    `version` is the last resource version that was given out, `oldest` the first from which the history is complete.
    """

    def __init__(
        self, seed: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC), version: int = 100
    ) -> None:
        self.kinds = Kinds()
        self.clock = clock
        self.version = version
        self.oldest = version
        self.listeners: list[Callable[[Change], None]] = []
        self._seed = seed
        self._items: dict[Kind, dict[Place, Object]] = {}
        self._history: deque[Change] = deque()

    def get(self, kind: Kind | str, namespace: str, name: str) -> Object | None:
        """One object; `kind` may be named as in Kinds.named, `namespace` is "" at cluster scope. Not to be changed."""
        return self._items.get(self._kind(kind), {}).get((namespace, name))

    def items(self, kind: Kind | str, namespace: str = "") -> list[Object]:
        """All objects of a kind, or those of one namespace, in the order of lists. Not to be changed."""
        items = self._items.get(self._kind(kind), {})
        return [items[place] for place in sorted(items) if not namespace or place[0] == namespace]

    def everything(self) -> Iterable[Object]:
        """All objects of all kinds."""
        return [item for kind in self._items for item in self.items(kind)]

    def items_at(self, kind: Kind, namespace: str, version: int) -> list[Object]:
        """The list as it was at `version`. Raises TooOld when that can't be known any more."""
        if version < self.oldest:
            raise TooOld(self.oldest)
        items = dict(self._items.get(kind, {}))
        for change in reversed(self._history):
            if change.version <= version:
                break
            if change.kind == kind:
                if change.before is None:
                    items.pop(change.place, None)
                else:
                    items[change.place] = change.before
        return [items[place] for place in sorted(items) if not namespace or place[0] == namespace]

    def changes_since(self, version: int) -> list[Change]:
        """What happened after `version`. Raises TooOld when that can't be known any more."""
        if version < self.oldest:
            raise TooOld(self.oldest)
        return [change for change in self._history if change.version > version]

    def create(self, item: Object) -> Object:
        """Stores a new object, with uid, version and creation time given to it. Raises KeyError if it is there."""
        kind = self.kinds.of(item)
        new = copy.deepcopy(item)
        metadata = new["metadata"]
        if kind.namespaced:
            metadata.setdefault("namespace", "default")
        else:
            metadata.pop("namespace", None)
        place = place_of(new)
        if place in self._items.get(kind, {}):
            raise KeyError(f"{kind.resource} {place} exists")
        metadata.setdefault("uid", self.uid(kind, place, str(self.version)))
        metadata.setdefault("creationTimestamp", timestamp(self.clock()))
        return self._put(kind, None, new)

    def load(self, item: Object) -> None:
        """Stores an object as it is, with the uid and version that it has."""
        kind = self.kinds.of(item)
        self._items.setdefault(kind, {})[place_of(item)] = item
        if kind.kind == "CustomResourceDefinition":
            self.kinds.add(from_definition(item))

    def resume(self, version: int) -> None:
        """Goes on at `version` after loading."""
        self.version = self.oldest = version

    def replace(self, item: Object) -> Object:
        """Stores `item` in place of the object of its name, unless they are equal. Raises KeyError if there is none."""
        kind = self.kinds.of(item)
        before = self._items.get(kind, {})[place_of(item)]
        new = copy.deepcopy(item)
        for field in ("uid", "creationTimestamp", "resourceVersion"):
            new["metadata"][field] = before["metadata"][field]
        return before if new == before else self._put(kind, before, new)

    def delete(self, kind: Kind | str, namespace: str, name: str) -> Object:
        """Removes an object at once and returns it as it left. Raises KeyError if it is not there."""
        resolved_kind = self._kind(kind)
        before = self._items.get(resolved_kind, {}).pop((namespace, name))
        self.version += 1
        gone = {**before, "metadata": {**before["metadata"], "resourceVersion": str(self.version)}}
        self._tell(Change(self.version, resolved_kind, (namespace, name), gone, None))
        return gone

    def forget_history(self) -> None:
        """Makes every older resource version and continue token expire."""
        self._history.clear()
        self.oldest = self.version

    def _kind(self, kind: Kind | str) -> Kind:
        return kind if isinstance(kind, Kind) else self.kinds.named(kind)

    def uid(self, kind: Kind, place: Place, born: str = "") -> str:
        """The uid of the object at `place` that came at `born`: the same each time for the same seed."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("demo", self._seed, kind.resource, *place, born))))

    def _put(self, kind: Kind, before: Object | None, new: Object) -> Object:
        self.version += 1
        new["metadata"]["resourceVersion"] = str(self.version)
        self._items.setdefault(kind, {})[place_of(new)] = new
        self._tell(Change(self.version, kind, place_of(new), before, new))
        return new

    def _tell(self, change: Change) -> None:
        if change.kind.kind == "CustomResourceDefinition":
            if change.before is not None:
                self.kinds.remove(from_definition(change.before))
            if change.after is not None:
                self.kinds.add(from_definition(change.after))
        self._history.append(change)
        if len(self._history) > HISTORY:
            self.oldest = self._history.popleft().version
        for listener in tuple(self.listeners):
            listener(change)


def merged(item: Any, patch: Any) -> Any:
    """`item` after a JSON merge patch (RFC 7386); neither is changed."""
    if not isinstance(patch, dict):
        return patch
    result = dict(item) if isinstance(item, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result
