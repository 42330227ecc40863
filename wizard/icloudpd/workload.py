"""What a pod that runs icloudpd really reads: its options, and the Secret and ConfigMap keys behind its files and variables.

Everything is read from the pod's specification as text. A command that can't be read (an image's own entry point, a script
from elsewhere) gives `options=None`, so that nobody takes "no option seen" for "no option given".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from wizard.errors import shorten
from wizard.icloudpd.shell import VARIABLE, Command, Word, commands, substitutions
from wizard.world import Container, Mount, PodSpec, PodVolume

_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "busybox"})
_PROGRAM = re.compile(r"(?:^|/)icloudpd(?:-\d[\w.]*(?:-[\w.]+)*)?$")
_PREFIXES = frozenset(
    {"{", "!", "if", "then", "elif", "else", "while", "until", "do", "time", "exec", "nohup", "command"}
)
_WRAPPERS = re.compile(
    r"^(env|timeout|nice|ionice|stdbuf|setsid|sudo|su-exec|gosu|setpriv|chroot|tini|dumb-init|catatonit|unbuffer|busybox"
    r"|icloudpd_ex|entrypoint\.sh|python[\d.]*)$"
)
_STARTERS = re.compile(r"(?:^|/)(?:icloudpd_ex|entrypoint\.sh)$")
_ASSIGNMENT = re.compile(r"^(?:export\s+)?(\w+)=(.*)$", re.DOTALL)
_NAME = re.compile(r"[\w./-]+(?![\w./=-])")
_A_PATH = re.compile(r"\.{0,2}/[\w./-]+")
_KUBERNETES_VARIABLE = re.compile(r"\$\((\w+)\)")
_SHORT = {"-u": "--username", "-p": "--password", "-d": "--directory"}


@dataclass(frozen=True, slots=True)
class KeyRead:
    """One key that the workload reads: `kind` secret or configmap, `where` the file or variable it reads it as.

    `mounted` is False when the volume's list of items leaves out what the command reads.
    """

    kind: str
    name: str
    key: str
    where: str
    optional: bool = False
    mounted: bool = True


@dataclass(frozen=True, slots=True)
class Workload:
    """One pod specification's reading of the world.

    `groups` are icloudpd's options by name ("--cookie-directory"), one mapping per account on its command lines: a value, or
    "" for a bare flag; what only the running shell knows is kept as written ("$(cat /credentials/username)"). `options` is
    the group that downloads; None when no icloudpd command line is there. `program` is how icloudpd is started, empty when it
    isn't, `starter` the program of the official image that it is an argument of. `unquoted` are substitutions that the shell splits, `literal` those that nothing carries out.
    """

    container: Container
    spec: PodSpec
    program: str = ""
    starter: str = ""
    options: Mapping[str, str] | None = None
    groups: tuple[Mapping[str, str], ...] = ()
    keys: tuple[KeyRead, ...] = ()
    unquoted: tuple[str, ...] = ()
    literal: tuple[str, ...] = ()

    def option(self, name: str) -> str | None:
        """Value of an option of icloudpd; None when it is not given or can't be known."""
        return self.options.get(name) if self.options is not None else None

    def given(self, name: str) -> bool:
        """Whether any of the accounts on the command lines has the option."""
        return any(name in group for group in self.groups)

    def volume_at(self, path: str) -> PodVolume | None:
        """The volume mounted at or above `path`; None when that path is the container's own."""
        mount = self.mount_at(path)
        return next((volume for volume in self.spec.volumes if mount and volume.name == mount.volume), None)

    def mount_at(self, path: str) -> Mount | None:
        """The mount at or above `path`."""
        above = [
            mount
            for mount in self.container.mounts
            if path.rstrip("/") == mount.path.rstrip("/") or path.startswith(mount.path.rstrip("/") + "/")
        ]
        return max(above, key=lambda mount: len(mount.path), default=None)


def opaque(value: str) -> bool:
    """Whether an option's value is known only to the running shell."""
    return "$" in value or "`" in value


@dataclass(slots=True)
class _Reading:
    """What was found in one container's command line."""

    program: str = ""
    starter: str = ""
    groups: list[Mapping[str, str]] = field(default_factory=list)
    unquoted: list[str] = field(default_factory=list)
    literal: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def read_workload(spec: PodSpec) -> Workload | None:
    """How the pod's icloudpd container reads the world; None for a specification without containers.

    With several containers, the one that runs icloudpd is meant, else the one whose image names it, else the first. The keys
    are those of all of them, since the pod starts only when each finds its own.
    """
    if not spec.containers:
        return None
    readings = [(container, _read(container)) for container in spec.containers]
    container, reading = next(
        (pair for pair in readings if pair[1].groups),
        next((pair for pair in readings if "icloudpd" in pair[0].image), readings[0]),
    )
    keys = [key for each, its_reading in readings for key in _keys(each, spec, its_reading.texts)]
    return Workload(
        container,
        spec,
        reading.program,
        reading.starter,
        next((group for group in reading.groups if "--directory" in group), next(iter(reading.groups), None)),
        tuple(reading.groups),
        tuple(dict.fromkeys(keys)),
        tuple(dict.fromkeys(reading.unquoted)),
        tuple(dict.fromkeys(reading.literal)),
    )


def started_by(container: Container) -> str:
    """What a container starts, without any argument's text: an argument can be a password, whatever stands before it."""
    words = (*container.command, *container.args)
    programs = [(_NAME.match(word.strip()) or ("…",))[0] for word in container.command[:1]]
    behind = len(words) - len(programs)
    script = _script(tuple(Word(word) for word in words))
    if script is not None:
        inner = [command.words[_start(command.words) :] for command in commands(script)]
        programs += [words[0].text for words in inner if words and _A_PATH.fullmatch(words[0].text)]
        behind = sum(len(words[1:]) for words in inner)
    named = shorten(", ".join(dict.fromkeys(programs)), 120) or "(the image's own entry point)"
    return f"{named} with {behind} {'argument' if behind == 1 else 'arguments'}" if behind else named


def needed_objects(spec: PodSpec) -> Iterator[tuple[str, str]]:
    """The ("secret" or "configmap", name) that have to exist before the pod can start."""
    for volume in spec.volumes:
        if volume.kind in ("secret", "configMap") and not volume.optional and volume.ref:
            yield volume.kind.lower(), volume.ref
    for container in spec.containers:
        for source in container.env_from:
            kind, _, name = source.partition("/")
            yield kind, name
        for variable in container.env:
            if variable.source in ("secret", "configmap") and not variable.optional:
                yield variable.source, variable.source_name


def _read(container: Container) -> _Reading:
    variables = {item.name: item.value for item in container.env if item.value is not None and not item.source}
    from_objects = {item.name for item in container.env if item.source in ("secret", "configmap")}
    names = {item.name for item in container.env}

    def by_kubernetes(match: re.Match[str]) -> str:
        return variables.get(match[1], match[0])

    line = [_KUBERNETES_VARIABLE.sub(by_kubernetes, word) for word in (*container.command, *container.args)]
    words = tuple(
        Word(
            word,
            literal=tuple(
                text
                for text in (*substitutions(word), *(match[0] for match in VARIABLE.finditer(word)))
                if not ((name := _KUBERNETES_VARIABLE.fullmatch(text)) and name[1] in names)
            ),
        )
        for word in line
    )
    reading = _Reading()
    _follow(Command(words), variables, from_objects, reading, in_shell=False)
    return reading


def _follow(
    command: Command, variables: dict[str, str], tainted: set[str], reading: _Reading, *, in_shell: bool
) -> None:
    """Adds what one simple command does, and what the script does that it gives to a shell."""
    start = _start(command.words)
    script = _script(command.words[start:])
    if script is not None:
        for inner in commands(script):
            _follow(inner, variables, tainted, reading, in_shell=True)
        return
    reading.texts += [_without_literals(word, variables) for word in command.words]
    reading.texts += [_expanded(text, variables) for text in (*command.files, *command.documents)]
    for word in command.words[:start] if in_shell else ():
        if assignment := _ASSIGNMENT.match(word.text):
            variables[assignment[1]] = _expanded(assignment[2], variables)
            if substitutions(word.text):
                tainted.add(assignment[1])
    program = _program(command.words, start)
    if program is None:
        return
    if not reading.program:
        reading.program = command.words[program].text
        behind = (word.text for word in reversed(command.words[start:program]))
        reading.starter = next((text for text in behind if _STARTERS.search(text)), "")
    rest = command.words[program + 1 :]
    reading.groups += _groups([_expanded(word.text, variables) for word in rest])
    for word in rest:
        reading.literal += word.literal
        reading.unquoted += [text for text in word.bare if substitutions(text) or _name(text) in tainted]


def _start(words: tuple[Word, ...]) -> int:
    """Where the program stands behind shell keywords and assignments."""
    for index, word in enumerate(words):
        if word.text not in _PREFIXES and not _ASSIGNMENT.match(word.text) and word.text != "export":
            return index
    return len(words)


def _script(words: tuple[Word, ...]) -> str | None:
    """The script of `sh -c SCRIPT`, also behind `timeout 60` and the like; None when no shell is started with one."""
    for index, word in enumerate(words):
        name = word.text.rsplit("/", 1)[-1]
        if name in _SHELLS and name != "busybox":
            for offset, option in enumerate(words[index + 1 :], start=index + 1):
                if re.fullmatch(r"-\w*c\w*", option.text) and offset + 1 < len(words):
                    return words[offset + 1].text
            return None
        if index == 0 and not _WRAPPERS.match(name):
            return None
    return None


def _program(words: tuple[Word, ...], start: int) -> int | None:
    """Where icloudpd is started; None when the command starts something else, whatever its arguments are."""
    if start >= len(words):
        return None
    if start and words[start - 1].text == "command" and words[start].text in ("-v", "-V"):
        return None
    if _PROGRAM.search(words[start].text):
        return start
    if not _WRAPPERS.match(words[start].text.rsplit("/", 1)[-1]):
        return None
    return next((index for index in range(start + 1, len(words)) if _PROGRAM.search(words[index].text)), None)


def _groups(words: list[str]) -> list[Mapping[str, str]]:
    """The options by account: what stands before the first --username holds for all of them."""
    common: dict[str, str] = {}
    groups: list[dict[str, str]] = []
    current, name = common, ""
    for word in words:
        if word.startswith("-") and len(word) > 1:
            name, equals, value = word.partition("=")
            if not word.startswith("--") and len(word) > 2:
                name, equals, value = word[:2], "=", word[2:]
            name = _SHORT.get(name, name)
            if name == "--username":
                current = dict(common)
                groups.append(current)
            current[name] = value
            name = "" if equals else name
        elif name:
            current[name] = word
            name = ""
    return [*groups] if groups else [common]


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return variables.get(match[1] or match[2], match[3] or match[0])

    return VARIABLE.sub(value, text)


def _without_literals(word: Word, variables: Mapping[str, str]) -> str:
    text = word.text
    for literal in word.literal:
        text = text.replace(literal, " ")
    return _expanded(text, variables)


def _name(variable: str) -> str:
    match = VARIABLE.fullmatch(variable)
    return (match[1] or match[2]) if match else ""


def _keys(container: Container, spec: PodSpec, texts: list[str]) -> Iterator[KeyRead]:
    volumes = {volume.name: volume for volume in spec.volumes}
    for mount in container.mounts:
        volume = volumes.get(mount.volume)
        if volume and volume.kind in ("secret", "configMap"):
            yield from _file_keys(mount, volume, "\n".join(texts))
    for variable in container.env:
        if variable.source in ("secret", "configmap"):
            yield KeyRead(
                variable.source, variable.source_name, variable.source_key, f"${variable.name}", variable.optional
            )


def _file_keys(mount: Mount, volume: PodVolume, text: str) -> Iterator[KeyRead]:
    kind = volume.kind.lower()
    by_path = {path: key for key, path in volume.keys}
    if mount.sub_path:
        yield KeyRead(kind, volume.ref, by_path.get(mount.sub_path, mount.sub_path), mount.path, volume.optional)
        return
    base = mount.path.rstrip("/")
    for key, path in volume.keys:
        yield KeyRead(kind, volume.ref, key, f"{base}/{path}", volume.optional)
    for match in re.finditer(r"(?<![\w./-])" + re.escape(base) + r"/([\w./-]+)", text):
        if not volume.keys:
            yield KeyRead(kind, volume.ref, match[1].split("/")[0], match[0], volume.optional)
        elif not any(path == match[1] or path.startswith(match[1] + "/") for path in by_path):
            yield KeyRead(kind, volume.ref, match[1], match[0], volume.optional, mounted=False)
