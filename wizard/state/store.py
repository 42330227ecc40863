"""Finds, keeps and rescues the state of one cluster and namespace.

A state is found by what its file says, never by the file's name alone. It is opened in two parts, since the wizard
shows itself before it has reached the cluster: `last_used` by what the kubeconfig says, then `settle` once it was seen.
What goes wrong with the disk is told in one sentence and never stops anybody: every method raises WizardError alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from wizard.errors import WizardError
from wizard.model import ClusterRef
from wizard.state import files, problems
from wizard.state.record import BrokenStateError, FutureStateError, SecretInStateError, State

BACKUP = ".bak"
BROKEN = ".broken-"
LOCK = ".lock"

_NEVER = datetime.min.replace(tzinfo=UTC)
_PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A state to go on with, fresh (`saved_at` None) where nothing was kept; `notices` are sentences for the person."""

    state: State
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A file that may be the one: `owner` is what it or its backup says; `problem` is "", "broken" or "future"."""

    path: Path
    owner: State | None
    rank: tuple[int, datetime]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Rescued:
    state: State | None
    notices: tuple[str, ...] = ()


class Store:
    """The states in one folder, which is made when something is first kept."""

    def __init__(self, folder: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._folder = folder
        self._now = now
        self._held: dict[Path, files.Lock] = {}

    def path(self, cluster: ClusterRef, namespace: str) -> Path:
        """Where the state of this cluster and namespace is kept."""
        key = cluster.uid or f"server-{_digest(cluster.server.rstrip('/'), cluster.ca_sha256 or '')}"
        return self._folder / f"{_plain(namespace)}.{_plain(key)}.json"

    def last_used(self, hint: ClusterRef, namespace: str) -> Loaded:
        """The state that was last used with this server or else this context, before anybody asked the cluster.

        A `hint` without an authority may be any cluster at that address. The state's `cluster` is the one it belongs to, for
        `settle` to compare. Raises WizardError for a state from a newer wizard.
        """

        def rank(cluster: ClusterRef) -> int:
            authority = cluster.ca_sha256 if hint.ca_sha256 is None else hint.ca_sha256
            same_place = bool(hint.server) and same_cluster(cluster, replace(hint, ca_sha256=authority))
            same_context = bool(hint.context) and cluster.context == hint.context
            return 2 * same_place + same_context

        return self._find(hint, namespace, rank)

    def load(self, cluster: ClusterRef, namespace: str) -> Loaded:
        """The state of this cluster, which was seen. Raises WizardError for a state from a newer wizard."""
        loaded = self._find(cluster, namespace, lambda same: int(same_cluster(same, cluster)))
        return replace(loaded, state=_seen_as(loaded.state, cluster))

    def settle(self, state: State, reached: ClusterRef) -> Loaded:
        """The state to go on with, now that the cluster was seen.

        One that was never kept gives way to what is kept for this cluster. Raises WizardError when `state` is another
        cluster's; `load` then gives this one's own.
        """
        if state.saved_at is None:
            loaded = self.load(reached, state.namespace)
            return loaded if loaded.state.saved_at else replace(loaded, state=replace(state, cluster=reached))
        if same_cluster(state.cluster, reached):
            return Loaded(_seen_as(state, reached))
        raise problems.other_cluster(state.cluster, reached)

    def save(self, state: State) -> State:
        """Keeps `state` and returns it as kept; go on with that one. The previous one becomes the backup.

        Raises WizardError when it can't be kept (the disk, another wizard, a newer one's file): nothing else is lost.
        """
        path = self.path(state.cluster, state.namespace)
        kept = replace(state, saved_at=self._now())
        try:
            content = json.dumps(kept.to_json(), indent=1).encode() + b"\n"
        except SecretInStateError as error:
            raise problems.secret_refused(error) from None
        try:
            with self._writing(path):
                self._back_up(path, state)
                files.write(path, content)
        except OSError as error:
            raise problems.unwritable(path, error) from error
        return kept

    def hold(self, state: State) -> None:
        """Keeps a second wizard from writing this state until `release`, and lets go of any other.

        Raises WizardError when another one has it ("state.locked": go on read-only) or the folder can't be written.
        """
        path = self.path(state.cluster, state.namespace)
        if path not in self._held:
            try:
                lock = self._take(path)
            except OSError as error:
                raise problems.unwritable(path, error) from error
            self.release()
            self._held[path] = lock

    def release(self) -> None:
        """Lets a second wizard in."""
        while self._held:
            self._held.popitem()[1].release()

    @contextmanager
    def lock(self, state: State) -> Iterator[None]:
        """`hold` for as long as the block runs."""
        self.hold(state)
        try:
            yield
        finally:
            self.release()

    def _find(self, cluster: ClusterRef, namespace: str, rank: Callable[[ClusterRef], int]) -> Loaded:
        own = self.path(cluster, namespace)
        notices: tuple[str, ...] = ()
        for candidate in sorted(self._candidates(own, namespace, rank), key=lambda item: item.rank, reverse=True):
            if candidate.problem == "future":
                raise problems.from_the_future(candidate.path)
            if candidate.problem == "broken":
                rescued = self._rescue(candidate.path)
                notices += rescued.notices
                if rescued.state:
                    return Loaded(rescued.state, notices)
            elif candidate.owner:
                return Loaded(candidate.owner, notices)
        return Loaded(State(cluster, namespace), notices)

    def _candidates(self, own: Path, namespace: str, rank: Callable[[ClusterRef], int]) -> Iterator[_Candidate]:
        try:
            paths = sorted(self._folder.glob("*.json"))
        except OSError:
            return
        for path in paths:
            content = _content(path)
            if content is None:
                continue
            owner, problem = _parse(content)
            if problem == "broken" and (backup := _content(_backup_of(path))):
                owner, backup_problem = _parse(backup)
                problem = "future" if backup_problem == "future" else problem
            score = rank(owner.cluster) if owner and owner.namespace == namespace else 0
            if score or (path == own and owner is None):
                saved_at = (owner.saved_at if owner else None) or _NEVER
                yield _Candidate(path, owner, (score or 4, saved_at), problem)

    def _rescue(self, path: Path) -> _Rescued:
        """Sets a broken file aside and puts its backup in its place where that is whole."""
        try:
            with self._writing(path):
                content = _content(path) or b""
                owner, problem = _parse(content)
                if owner and not problem:
                    return _Rescued(owner)
                suffix = f"{BROKEN}{self._now():%Y%m%dT%H%M%SZ}"
                backup = _content(_backup_of(path)) or b""
                owner, problem = _parse(backup)
                if owner and not problem:
                    aside = files.free_name(path, suffix)
                    files.write(aside, content)
                    files.write(path, backup)
                    return _Rescued(
                        owner,
                        (
                            f"The saved state was damaged: the previous one is used, and the damaged one is now {aside}.",
                        ),
                    )
                if backup:
                    files.set_aside(_backup_of(path), suffix)
                aside = files.set_aside(path, suffix)
        except (OSError, WizardError) as error:
            cause = error.what if isinstance(error, WizardError) else problems.reason(error)
            owner, problem = _parse(_content(_backup_of(path)) or b"")
            return _Rescued(
                None if problem else owner,
                (f"The saved state in {path} is damaged and could not be moved away ({cause.rstrip('.')}).",),
            )
        return _Rescued(
            None,
            (f"The saved state was damaged and is now {aside}; everything else is read from the cluster again.",),
        )

    def _back_up(self, path: Path, state: State) -> None:
        previous = files.read(path)
        if previous is None:
            return
        owner, problem = _parse(previous)
        if problem == "future":
            raise problems.from_the_future(path)
        if problem or owner is None:
            files.write(files.free_name(path, f"{BROKEN}{self._now():%Y%m%dT%H%M%SZ}"), previous)
            return
        if owner.saved_at != state.saved_at:
            raise problems.changed_meanwhile()
        files.write(_backup_of(path), previous)

    @contextmanager
    def _writing(self, path: Path) -> Iterator[None]:
        if path in self._held:
            yield
            return
        lock = self._take(path)
        try:
            yield
        finally:
            lock.release()

    def _take(self, path: Path) -> files.Lock:
        if not self._folder.is_absolute():
            raise FileNotFoundError(2, "no home folder is known", str(self._folder))
        files.make_folder(self._folder)
        note = json.dumps({"pid": os.getpid(), "since": f"{self._now():%Y-%m-%d %H:%M} UTC"}).encode()
        lock = files.Lock.take(path.with_name(path.name + LOCK), note)
        if isinstance(lock, bytes):
            raise problems.locked(lock)
        return lock


def same_cluster(left: ClusterRef, right: ClusterRef) -> bool:
    """By kube-system's UID where both know it, else by server address and certificate authority."""
    if left.uid and right.uid:
        return left.uid == right.uid
    return left.server.rstrip("/") == right.server.rstrip("/") and left.ca_sha256 == right.ca_sha256


def _seen_as(state: State, cluster: ClusterRef) -> State:
    return replace(state, cluster=replace(cluster, uid=cluster.uid or state.cluster.uid))


def _parse(content: bytes) -> tuple[State | None, str]:
    """The state in a file's bytes and "", "broken" or "future"; of the latter the owner alone, where it can be told."""
    if len(content) > files.SIZE_LIMIT:
        return None, "broken"
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None, "broken"
    try:
        return State.from_json(document), ""
    except BrokenStateError:
        return None, "broken"
    except FutureStateError:
        return _owner_of_future(document), "future"


def _owner_of_future(document: Mapping[str, object]) -> State | None:
    cluster = document.get("cluster")
    fields: Mapping[str, object] = cluster if isinstance(cluster, dict) else {}
    context, server, uid, ca = (_text(fields.get(name)) for name in ("context", "server", "uid", "ca_sha256"))
    namespace = _text(document.get("namespace"))
    if not namespace or not (server or uid or context):
        return None
    return State(ClusterRef(context, server, uid or None, ca or None), namespace)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _content(path: Path) -> bytes | None:
    """The file's bytes; none at all (which no state is) where it can't be read, None where it isn't there."""
    try:
        return files.read(path)
    except OSError:
        return b""


def _backup_of(path: Path) -> Path:
    return path.with_name(path.name + BACKUP)


def _plain(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else f"x-{_digest(name)}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]
