"""Watches: what a client is told of the store's changes, as lines of JSON. Knows nothing of HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from wizard.demo.api.get_and_list import Form, Query, selection, shaped, version_of, whole_number
from wizard.demo.api.kinds import Kind, Object
from wizard.demo.api.refusals import Refused, expired, internal, invalid_options
from wizard.demo.api.selectors import Matches
from wizard.demo.api.store import Change, Store, TooOld

_LONGEST = 1800
_BOOKMARK_EVERY = 60.0
_BOOKMARK_BEFORE_END = 2.0
_INITIAL_EVENTS_END = {"k8s.io/initial-events-end": "true"}


@dataclass(slots=True)
class Watches:
    """The watches that are open, so that they can be ended from outside."""

    open: set[asyncio.Queue[Change | Refused | None]] = field(default_factory=set)

    def end(self, why: Refused | None = None) -> None:
        """Ends all of them, with an ERROR event when there is a reason."""
        for queue in self.open:
            queue.put_nowait(why)


def too_old(version: int, oldest: int) -> Refused:
    """The refusal of a version that is forgotten."""
    return expired(f"too old resource version: {version} ({oldest})")


@dataclass(frozen=True, slots=True)
class Watch:
    """One client's wish to be told. Made by `wanted`."""

    store: Store
    kind: Kind
    namespace: str
    form: Form
    matches: Matches
    since: int | None
    initial_events_end: bool
    bookmarks: bool
    seconds: float

    async def lines(self, watches: Watches) -> AsyncGenerator[bytes, None]:
        """The events, one line each, until the time is over, the watches are ended, or the version is too old."""
        queue: asyncio.Queue[Change | Refused | None] = asyncio.Queue()
        watches.open.add(queue)
        self.store.listeners.append(queue.put_nowait)
        try:
            async for kind, item in self._events(queue):
                yield json.dumps({"type": kind, "object": item}).encode() + b"\n"
        finally:
            self.store.listeners.remove(queue.put_nowait)
            watches.open.discard(queue)

    async def _events(self, queue: asyncio.Queue[Change | Refused | None]) -> AsyncGenerator[tuple[str, Object], None]:
        clock = asyncio.get_running_loop().time
        end = clock() + self.seconds
        bookmark_at = min(end - _BOOKMARK_BEFORE_END, clock() + _BOOKMARK_EVERY)
        headed = True
        try:
            first = self._first()
        except TooOld as problem:
            yield "ERROR", too_old(self.since or 0, problem.oldest).body
            return
        for event in first:
            yield event[0], self._shape(event[1], headed=headed)
            headed = False
        if self.initial_events_end:
            yield "BOOKMARK", self._bookmark(_INITIAL_EVENTS_END)
        while (now := clock()) < end:
            change: Change | Refused | None = None
            try:
                async with asyncio.timeout(min(end, max(bookmark_at, now)) - now if self.bookmarks else end - now):
                    change = await queue.get()
            except TimeoutError:
                if self.bookmarks and clock() < end:
                    yield "BOOKMARK", self._bookmark()
                    bookmark_at = min(clock() + _BOOKMARK_EVERY, end)
                continue
            if isinstance(change, Refused):
                yield "ERROR", change.body
            if not isinstance(change, Change):
                return
            if row := self._event(change):
                yield row[0], self._shape(row[1], headed=headed)
                headed = False

    def _first(self) -> list[tuple[str, Object]]:
        if self.since is None:
            return [("ADDED", item) for item in self.store.items(self.kind, self.namespace) if self.matches(item)]
        return list(filter(None, map(self._event, self.store.changes_since(self.since))))

    def _event(self, change: Change) -> tuple[str, Object] | None:
        if change.kind != self.kind or (self.namespace and change.place[0] != self.namespace):
            return None
        before = change.before if change.before is not None and self.matches(change.before) else None
        after = change.after if change.after is not None and self.matches(change.after) else None
        if after is not None:
            return ("ADDED" if before is None else "MODIFIED"), after
        if before is None:
            return None
        metadata = {**before["metadata"], "resourceVersion": str(change.version)}
        return "DELETED", {**before, "metadata": metadata}

    def _shape(self, item: Object, *, headed: bool) -> Object:
        return shaped(self.store, self.kind, item, self.form, headed=headed)

    def _bookmark(self, annotations: dict[str, str] | None = None) -> Object:
        metadata: Object = {"resourceVersion": str(self.store.version)}
        if annotations:
            metadata["annotations"] = annotations
        bookmark: Object = {"kind": self.kind.kind, "apiVersion": self.kind.api_version, "metadata": metadata}
        if self.form.shape == "Table":
            head: Object = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
            row = {"cells": [], "object": bookmark}
            return {**head, "columnDefinitions": None, "rows": [row]}
        if self.form.shape:
            return {**bookmark, "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
        return bookmark


def wanted(store: Store, kind: Kind, namespace: str, query: Query, form: Form) -> Watch:
    """The watch that a request asks for. Raises Refused (400, 422, 500)."""
    wants_first = query.get("sendInitialEvents") == "true"
    if wants_first and query.get("resourceVersionMatch") != "NotOlderThan":
        detail = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        raise invalid_options("resourceVersionMatch", detail)
    try:
        version = version_of(query.get("resourceVersion") or "0")
    except ValueError as problem:
        raise internal(str(problem)) from None
    bookmarks = query.get("allowWatchBookmarks") == "true"
    starts_anew = query.get("resourceVersion", "") in ("", "0") and not query.get("sendInitialEvents")
    return Watch(
        store=store,
        kind=kind,
        namespace=namespace,
        form=form,
        matches=selection(kind, query),
        since=version if version and not wants_first else None,
        initial_events_end=bookmarks and (wants_first or starts_anew),
        bookmarks=bookmarks,
        seconds=whole_number(query, "timeoutSeconds") or _LONGEST,
    )
