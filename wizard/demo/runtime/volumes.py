"""Folders of files in memory, and a container's file system made of them. Touches no disk and knows no Kubernetes.

A volume maps relative paths to entries; its own top is always there. Times are those of the world's clock.
"""

from __future__ import annotations

import base64
import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

DIRECTORY_MODE = 0o755
FILE_MODE = 0o644


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, or a folder where `content` is None. Changed by putting another in its place."""

    content: bytes | None = field(repr=False)
    mode: int
    uid: int
    gid: int
    changed: datetime

    @property
    def is_folder(self) -> bool:
        return self.content is None


class FileError(Exception):
    """What a program says about a path after its name: "No such file or directory"."""


def missing() -> FileError:
    return FileError("No such file or directory")


@dataclass(slots=True)
class Volume:
    """Entries by path relative to its top. `changes` counts writes, so that whoever keeps it knows when to."""

    entries: dict[str, Entry] = field(default_factory=dict)
    read_only: bool = False
    changes: int = 0

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        return {
            path: [
                None if entry.content is None else base64.b64encode(entry.content).decode(),
                entry.mode,
                entry.uid,
                entry.gid,
                entry.changed.isoformat(),
            ]
            for path, entry in self.entries.items()
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Volume:
        """From what `kept` gave. Raises ValueError, TypeError or KeyError for anything else."""
        entries = {}
        for path, (content, mode, uid, gid, changed) in kept.items():
            decoded = None if content is None else base64.b64decode(content, validate=True)
            entries[str(path)] = Entry(decoded, int(mode), int(uid), int(gid), datetime.fromisoformat(changed))
        return cls(entries)


class Tree:
    """What a container sees: volumes at their mount points, and an empty root of its own below everything else.

    Paths are absolute. Whatever is made belongs to `uid` and `gid`; root may do everything, others what modes allow.
    """

    def __init__(self, mounts: Mapping[str, Volume], clock: Callable[[], datetime], uid: int = 0, gid: int = 0) -> None:
        self._mounts = {"/": Volume(), **{_tidy(path): volume for path, volume in mounts.items()}}
        self._clock = clock
        self.uid = uid
        self.gid = gid

    def entry(self, path: str) -> Entry | None:
        """What is at `path`; mount points and what leads to them are folders."""
        place = _tidy(path)
        volume, inner = self._at(place)
        if not inner or any(mount.startswith(place.rstrip("/") + "/") for mount in self._mounts):
            return Entry(None, DIRECTORY_MODE, 0, 0, datetime.fromtimestamp(0, UTC))
        return volume.entries.get(inner)

    def read(self, path: str) -> bytes:
        """A file's content. Raises FileError."""
        entry = self.entry(path)
        if entry is None:
            raise missing()
        if entry.content is None:
            raise FileError("Is a directory")
        if not self._may(entry, 0o444):
            raise FileError("Permission denied")
        return entry.content

    def write(self, path: str, content: bytes, mode: int = FILE_MODE) -> None:
        """Makes a file, or puts `content` into the one that is there. Raises FileError."""
        old = self.entry(path)
        if old is not None and old.is_folder:
            raise FileError("Is a directory")
        if old is not None and not self._may(old, 0o222):
            raise FileError("Permission denied")
        new = Entry(content, mode, self.uid, self.gid, self._clock())
        self.put(path, replace(old, content=content, changed=self._clock()) if old else new)

    def make_folder(self, path: str, mode: int = DIRECTORY_MODE) -> None:
        """Makes a folder in one that is there. Raises FileError."""
        if self.entry(path) is not None:
            raise FileError("File exists")
        self.put(path, Entry(None, mode, self.uid, self.gid, self._clock()))

    def put(self, path: str, entry: Entry) -> None:
        """Stores an entry as it is. Raises FileError."""
        parent = self.entry(posixpath.dirname(_tidy(path)))
        if parent is None:
            raise missing()
        if not parent.is_folder:
            raise FileError("Not a directory")
        volume, inner = self._at(_tidy(path))
        if volume.read_only:
            raise FileError("Read-only file system")
        volume.entries[inner] = entry
        volume.changes += 1

    def remove(self, path: str) -> None:
        """Removes a file or a folder with all that is in it. Raises FileError."""
        volume, inner = self._at(_tidy(path))
        if inner not in volume.entries:
            raise missing() if inner else FileError("Device or resource busy")
        if volume.read_only:
            raise FileError("Read-only file system")
        for each in [inner, *(name for name in volume.entries if name.startswith(f"{inner}/"))]:
            volume.entries.pop(each, None)
        volume.changes += 1

    def move(self, source: str, target: str) -> None:
        """Renames a file or folder, in place of the file that was there. Raises FileError."""
        entries = list(self.walk(source))
        if not entries:
            raise missing()
        for path, entry in entries:
            self.put(_tidy(target) + path[len(_tidy(source)) :], entry)
        self.remove(source)

    def walk(self, path: str) -> Iterator[tuple[str, Entry]]:
        """The entry at `path` and everything below it, by absolute path, folders before what is in them."""
        top = _tidy(path)
        entry = self.entry(top)
        if entry is not None:
            yield top, entry
            for name in self.names(top):
                yield from self.walk(posixpath.join(top, name))

    def names(self, path: str) -> list[str]:
        """What a folder holds, sorted."""
        top = _tidy(path).rstrip("/") + "/"
        volume, inner = self._at(_tidy(path))
        prefix = f"{inner}/" if inner else ""
        inside = {name[len(prefix) :].partition("/")[0] for name in volume.entries if name.startswith(prefix)}
        mounted = {mount[len(top) :].partition("/")[0] for mount in self._mounts if mount.startswith(top)}
        return sorted((inside | mounted) - {""})

    def _at(self, place: str) -> tuple[Volume, str]:
        """The volume that holds an absolute, tidy path, and the path in it."""
        mount = max((mount for mount in self._mounts if f"{place}/".startswith(mount.rstrip("/") + "/")), key=len)
        return self._mounts[mount], place[len(mount) :].strip("/")

    def may(self, path: str, bits: int) -> bool:
        """Whether there is something at `path` for which a mode with these bits in it lets its user through."""
        entry = self.entry(path)
        return entry is not None and self._may(entry, bits)

    def _may(self, entry: Entry, bits: int) -> bool:
        if self.uid == 0:
            return True
        shift = 0o700 if self.uid == entry.uid else 0o070 if self.gid == entry.gid else 0o007
        return bool(entry.mode & bits & shift)


def _tidy(path: str) -> str:
    return posixpath.normpath("/" + path.lstrip("/"))
