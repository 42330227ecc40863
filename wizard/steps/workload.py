"""What a pod that runs icloudpd really reads: its options, and the Secret and ConfigMap keys behind its files and variables.

Everything is told from the pod's specification as text. A command that can't be read (an image's own entry point) gives
`options=None`, so that nobody takes "no option seen" for "no option given".
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wizard.world import Container, Mount, PodSpec, PodVolume

_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)|`([^`]*)`")
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "busybox"})
_PROGRAM = re.compile(r"(?:^|/)icloudpd$")


@dataclass(frozen=True, slots=True)
class KeyRead:
    """One key that the workload reads: `kind` secret or configmap, `where` the file or variable it reads it as."""

    kind: str
    name: str
    key: str
    where: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Workload:
    """One pod specification's reading of the world.

    `options` are icloudpd's own, by name ("--cookie-directory"), a value or "" for a bare flag; values that come from a
    command substitution are kept as written ("$(cat /credentials/username)"). None when no icloudpd command line is there.
    `program` is how icloudpd is started, empty when it isn't.
    """

    container: Container
    spec: PodSpec
    text: str
    program: str
    options: Mapping[str, str] | None
    keys: tuple[KeyRead, ...]
    unquoted: tuple[str, ...]

    def option(self, name: str) -> str | None:
        """Value of an option of icloudpd; None when it is not given or can't be known."""
        return self.options.get(name) if self.options is not None else None

    def volume_at(self, path: str) -> PodVolume | None:
        """The volume mounted at or above `path`; None when that path is the container's own."""
        mount = self._mount_at(path)
        return next((volume for volume in self.spec.volumes if mount and volume.name == mount.volume), None)

    def _mount_at(self, path: str) -> Mount | None:
        above = [
            mount
            for mount in self.container.mounts
            if path == mount.path.rstrip("/") or path.startswith(mount.path.rstrip("/") + "/")
        ]
        return max(above, key=lambda mount: len(mount.path), default=None)


def read_workload(spec: PodSpec) -> Workload | None:
    """How the pod's icloudpd container reads the world; None for a specification without containers.

    With several containers, the one whose command or image names icloudpd is taken, else the first.
    """
    if not spec.containers:
        return None
    container = next(
        (
            item
            for item in spec.containers
            if "icloudpd" in " ".join((*item.command, *item.args)) or "icloudpd" in item.image
        ),
        spec.containers[0],
    )
    text = " ".join((*container.command, *container.args))
    words, unquoted = _words(container)
    program, options = _icloudpd_options(words)
    return Workload(container, spec, text, program, options, tuple(_keys(container, spec, text)), unquoted)


def _words(container: Container) -> tuple[list[str], tuple[str, ...]]:
    """The words of the command line, and which command substitutions stand in it without quotes."""
    line = [*container.command, *container.args]
    shell_text = _shell_text(line)
    if shell_text is None:
        return line, ()
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(match[0])
        return f"\x00{len(held) - 1}\x00"

    # Dollar-parentheses inside double quotes are substitutions as well; single quotes are rare here and harmless.
    text = _SUBSTITUTION.sub(hold, shell_text.replace("\\\n", " "))
    unquoted = tuple(
        held[int(match[1])] for match in re.finditer(r"(?:(?<=\s)|(?<=^)|(?<==))\x00(\d+)\x00(?=\s|$|[;&|])", text)
    )
    lexer = shlex.shlex(text, posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace_split = True
    lexer.whitespace = " \t\r"
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:
        words = text.split()
    return [re.sub(r"\x00(\d+)\x00", lambda match: held[int(match[1])], word) for word in words], unquoted


def _shell_text(line: list[str]) -> str | None:
    """The script of `sh -c SCRIPT`; None when no shell is in between."""
    if not line or line[0].rsplit("/", 1)[-1] not in _SHELLS:
        return None
    for index, word in enumerate(line[1:], start=1):
        if word.startswith("-") and "c" in word and index + 1 < len(line):
            return line[index + 1]
    return None


def _icloudpd_options(words: list[str]) -> tuple[str, dict[str, str] | None]:
    start = next((index for index, word in enumerate(words) if _PROGRAM.search(word)), None)
    if start is None:
        return "", None
    options: dict[str, str] = {}
    name = ""
    for word in words[start + 1 :]:
        if re.fullmatch(r"[;&|()<>\n]+", word):
            break
        if word.startswith("-") and len(word) > 1:
            name, equals, value = word.partition("=")
            name = {"-u": "--username", "-p": "--password", "-d": "--directory"}.get(name, name)
            options[name] = value if equals else ""
            name = "" if equals else name
        elif name:
            options[name] = word
            name = ""
    return words[start], options


def _keys(container: Container, spec: PodSpec, text: str) -> Iterator[KeyRead]:
    volumes = {volume.name: volume for volume in spec.volumes}
    for mount in container.mounts:
        volume = volumes.get(mount.volume)
        if volume and volume.kind in ("secret", "configMap"):
            yield from _file_keys(mount, volume, text)
    for variable in container.env:
        if variable.source in ("secret", "configmap"):
            yield KeyRead(
                variable.source, variable.source_name, variable.source_key, f"${variable.name}", variable.optional
            )


def _file_keys(mount: Mount, volume: PodVolume, text: str) -> Iterator[KeyRead]:
    kind = "secret" if volume.kind == "secret" else "configmap"
    by_path = {path: key for key, path in volume.keys}
    if mount.sub_path:
        key = by_path.get(mount.sub_path, mount.sub_path)
        yield KeyRead(kind, volume.ref, key, mount.path, volume.optional)
        return
    seen: set[str] = set()
    for match in re.finditer(re.escape(mount.path.rstrip("/")) + r"/([\w.-]+)", text):
        path = match[1]
        if path not in seen:
            seen.add(path)
            yield KeyRead(kind, volume.ref, by_path.get(path, path), match[0], volume.optional)
