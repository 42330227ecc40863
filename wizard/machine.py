"""What this machine tells about its person: the time zone, and a local copy of a git repository. Reads, never writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

_FOLDERS = ("", "Repos", "repos", "code", "Code", "src", "git", "projects", "Projects", "dev", "work", "homelab")
_MOST_FOLDERS = 400


def time_zone(env: Mapping[str, str], localtime: Path = Path("/etc/localtime")) -> str | None:
    """The machine's zone by its name ("Europe/Berlin"), from TZ or from where /etc/localtime leads; None when neither says."""
    if "/" in (name := env.get("TZ", "").lstrip(":")) and not name.startswith("/"):
        return name
    try:
        _, folder, name = str(localtime.readlink()).partition("zoneinfo/")
    except OSError:
        return None
    return name if folder else None


def find_checkout(repo_url: str, home: Path, here: Path) -> Path | None:
    """A local copy of the repository: the folder we are in or above, or one where people keep theirs; None if none is seen."""
    address = _bare(repo_url)
    if not address:
        return None
    return next(
        (path for path in islice(_candidates(home, here), _MOST_FOLDERS) if address in map(_bare, _remotes(path))), None
    )


def _candidates(home: Path, here: Path) -> Iterator[Path]:
    yield from (here, *here.parents)
    for name in _FOLDERS:
        try:
            yield from sorted(path for path in (home / name).iterdir() if (path / ".git").exists())
        except OSError:
            continue


def _remotes(path: Path) -> Iterable[str]:
    try:
        text = (path / ".git" / "config").read_text(errors="replace")
    except OSError:
        return ()
    return [line.partition("=")[2].strip() for line in text.splitlines() if line.strip().startswith("url")]


def _bare(url: str) -> str:
    """host/path of a repository's address, whichever way it is written: https, ssh or git@host:path."""
    text = url.strip().removesuffix("/").removesuffix(".git").lower()
    text = text.partition("://")[2] or text.replace(":", "/", 1)
    return text.rpartition("@")[2] if "@" in text.split("/", 1)[0] else text
