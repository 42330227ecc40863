"""The careful file work under the state: private, whole or not at all, one writer at a time.

Knows nothing of what is in the files. Every function raises OSError as the system gave it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
SIZE_LIMIT = 4 * 1024 * 1024


def make_folder(folder: Path) -> None:
    """Makes sure that `folder` is there and nobody else's to read."""
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(PRIVATE_FOLDER)


def read(path: Path) -> bytes | None:
    """The content, at most one byte more than SIZE_LIMIT of it; None when there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(SIZE_LIMIT + 1)


def write(path: Path, content: bytes) -> None:
    """Replaces `path` by `content`; a crash at any moment leaves the old content or the new one, whole.

    What an earlier crash left beside it is swept up: the temporary file's name is always the same.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def set_aside(path: Path, suffix: str) -> Path:
    """Gives `path` another name that ends in `suffix`, never one that is taken; returns it."""
    target = free_name(path, suffix)
    path.rename(target)
    _sync_folder(path.parent)
    return target


def free_name(path: Path, suffix: str) -> Path:
    """`path` with `suffix` behind, and a number where that exists."""
    names = (path.with_name(f"{path.name}{suffix}{f'-{turn}' if turn else ''}") for turn in range(10_000))
    return next(name for name in names if not os.path.lexists(name))


class Lock:
    """An advisory lock on a file of its own, which the system lets go of when its holder dies."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, path: Path, note: bytes) -> Lock | bytes:
        """The lock, with `note` written for whoever comes second; or the note of the one who holds it."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            try:
                return os.read(descriptor, 4096)
            finally:
                os.close(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, note)
        return cls(descriptor)

    def release(self) -> None:
        """Lets it go; a second time does nothing. The file stays: taking it away would race with the next one."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems have no fsync of folders
            raise
    finally:
        os.close(descriptor)
