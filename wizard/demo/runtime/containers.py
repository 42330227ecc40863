"""The demo's containers: which files a pod's containers see, what runs in them, and what becomes of the pod when that ends.

Programs are those of `wizard.demo.runtime.programs` and what the world adds; nothing of this machine ever runs. A pod that the
scenario shows as running begins its main program only when somebody attaches to it, and says again nothing that its log has.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from wizard.demo.api.cells import dig
from wizard.demo.api.kinds import Object
from wizard.demo.api.logs import Logs
from wizard.demo.api.store import Change, Store
from wizard.demo.images import layout_of
from wizard.demo.runtime.frozen_objects import FrozenObjects
from wizard.demo.runtime.pods import NOT_STARTED, container_ended, container_restarted, runs
from wizard.demo.runtime.process import ON_PATH, Input, Interrupted, Process, Program, Terminal, Write
from wizard.demo.runtime.programs import run, standard
from wizard.demo.runtime.volumes import Entry, Tree, Volume

_RESTART_SECONDS = 10.0
_BEGINNING_SECONDS = 0.2
_INTERRUPTED = 130
_KEPT_CLAIMS = "PersistentVolumeClaim"
Key = tuple[str, str]


@dataclass(slots=True)
class Main:
    """The main program of a container. `audience` hears what it says; `quiet` until somebody has typed something.

    `unlogged` is the beginning of a line: it comes into the log with its end, so a prompt is in no log.
    """

    stdin: Input
    terminal: Terminal | None
    audience: set[Write] = field(default_factory=set)
    quiet: bool = False
    unlogged: str = ""
    task: asyncio.Task[int] | None = None

    def feed(self, data: bytes) -> None:
        """What somebody types who is attached."""
        self.quiet = False
        if self.terminal is not None:
            self.terminal.type(data)
        else:
            self.stdin.feed(data)


class Containers:
    """All containers of one world. `volumes` are the claims' files, by the name of the PersistentVolume.

    `programs` are those that an image has where `wizard.demo.images` says. `on_files` is called when a program has ended that
    changed files, so that they can be kept.
    """

    def __init__(
        self,
        store: Store,
        logs: Logs,
        frozen: FrozenObjects,
        volumes: dict[str, Volume] | None = None,
        programs: Mapping[str, Program] | None = None,
    ) -> None:
        self.volumes = dict(volumes or {})
        self._standard = standard(store.clock)
        self._icloudpd = dict(programs or {})
        self._store = store
        self._logs = logs
        self._frozen = frozen
        self.on_files: Callable[[], None] = lambda: None
        self._mains: dict[Key, Main] = {}
        self._own: dict[Key, Volume] = {}

    def start(self) -> None:
        """Begins to look after the pods, in the running loop."""
        for pod in self._store.items("Pod"):
            self._look_at(pod)
        self._store.listeners.append(self._note)

    async def stop(self) -> None:
        """Ends everything that runs."""
        if self._note in self._store.listeners:
            self._store.listeners.remove(self._note)
        tasks = [main.task for main in self._mains.values() if main.task]
        self._mains.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def changes(self) -> int:
        """A number that grows with every write to a claim."""
        return sum(volume.changes for volume in self.volumes.values())

    def volume_of(self, namespace: str, claim: str) -> Volume | None:
        """The files on a bound claim; None while it is not bound."""
        kept_claim = self._store.get(_KEPT_CLAIMS, namespace, claim)
        name = dig(kept_claim, "spec", "volumeName")
        return self.volumes.setdefault(name, Volume()) if name else None

    # What a container sees

    def tree(self, pod: Object, container: Object) -> Tree:
        """The container's file system, owned by whom it runs as."""
        uid = _uid(pod, container)
        mounts = {"/": self._own.setdefault((pod["metadata"]["uid"], container["name"]), Volume())}
        volumes = {volume["name"]: volume for volume in dig(pod, "spec", "volumes", default=())}
        for mount in container.get("volumeMounts", ()):
            if mount["name"] in volumes:
                mounts[mount["mountPath"]] = self._volume(pod, volumes[mount["name"]])
        return Tree(mounts, self._store.clock, uid, uid)

    def _volume(self, pod: Object, volume: Object) -> Volume:
        namespace = pod["metadata"]["namespace"]
        if claim := dig(volume, "persistentVolumeClaim", "claimName"):
            return self.volume_of(namespace, claim) or Volume()
        if "secret" in volume:
            return self._read_only("Secret", namespace, dig(volume, "secret", "secretName"))
        if "configMap" in volume:
            return self._read_only("ConfigMap", namespace, dig(volume, "configMap", "name"))
        return self._own.setdefault((pod["metadata"]["uid"], f"volume {volume['name']}"), Volume())

    def _read_only(self, kind: str, namespace: str, name: str) -> Volume:
        now = self._store.clock()
        contents = self._data(kind, namespace, name)
        return Volume({key: Entry(content, 0o644, 0, 0, now) for key, content in contents.items()}, read_only=True)

    def _data(self, kind: str, namespace: str, name: str) -> dict[str, bytes]:
        item = self._store.get(kind, namespace, name)
        data: Mapping[str, str] = dig(item, "data", default={})
        secret = kind == "Secret"
        return {key: base64.b64decode(value) if secret else value.encode() for key, value in data.items()}

    def environment(self, pod: Object, container: Object) -> dict[str, str]:
        """The container's variables."""
        namespace = pod["metadata"]["namespace"]
        variables = {"HOME": "/root", "PATH": ":".join(ON_PATH)}
        if "boredazfcuk/icloudpd" in container["image"]:
            variables["XDG_DATA_HOME"] = "/config"
        for source in container.get("envFrom", ()):
            for kind, field_ in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
                data = self._data(kind, namespace, dig(source, field_, "name"))
                variables |= {key: value.decode(errors="replace") for key, value in data.items()}
        for variable in container.get("env", ()):
            value = str(variable.get("value", ""))
            for kind, field_ in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
                if reference := dig(variable, "valueFrom", field_, default=None):
                    data = self._data(kind, namespace, reference["name"])
                    value = data.get(reference["key"], b"").decode(errors="replace")
            variables[variable["name"]] = value
        return variables

    # What runs in it

    def process(
        self,
        pod: Object,
        container: Object,
        command: tuple[str, ...],
        stdin: Input,
        stdout: Write,
        stderr: Write,
        terminal: Terminal | None = None,
    ) -> Process:
        """A program that is to run in a container."""
        environment = self.environment(pod, container)
        tree = self.tree(pod, container)
        directory = container.get("workingDir", "/")
        own = layout_of(container.get("image", "")).programs.items()
        installed = {place: self._icloudpd[name] for place, name in own if name in self._icloudpd}
        programs = {**self._standard, **installed, "stty": self._stty(pod, container)}
        return Process(command, tree, stdin, stdout, stderr, programs, environment, directory, terminal=terminal)

    def _stty(self, pod: Object, container: Object) -> Program:
        """Says, or changes, how the terminal of the container's main program is set."""

        async def stty(process: Process) -> int:
            main = self._mains.get((pod["metadata"]["uid"], container["name"]))
            if main is None or main.terminal is None:
                process.complain("'standard input': Inappropriate ioctl for device")
                return 1
            if process.arguments[1:] in (("echo",), ("-echo",)):
                main.terminal.echo = process.arguments[1] == "echo"
                return 0
            echo = "echo" if main.terminal.echo else "-echo"
            process.say(f"speed 38400 baud; rows 0; columns 0; line = 0;\nisig icanon iexten {echo} echoe echok\n")
            return 0

        return stty

    async def run(self, process: Process) -> int:
        """Runs it to the end; Ctrl+C in its terminal ends it."""
        work = asyncio.ensure_future(run(process))
        before = self.changes
        if process.terminal is not None:
            process.terminal.interrupt = lambda: _interrupt(work)
        try:
            return await work
        except Interrupted:
            return _INTERRUPTED
        except asyncio.CancelledError as cancelled:
            work.cancel()
            if cancelled.args == (_INTERRUPT,):
                return _INTERRUPTED
            raise
        finally:
            if self.changes != before:
                self.on_files()

    def main(self, pod: Object, container: Object) -> Main:
        """The container's main program, begun quietly if it has not been."""
        key = (pod["metadata"]["uid"], container["name"])
        return self._mains.get(key) or self._begin(pod, container, quiet=True)

    async def ready(self, pod: Object, container: Object) -> Main:
        """The main program once it waits for somebody to type, has ended, or plainly does something else."""
        main = self.main(pod, container)
        waiting = asyncio.ensure_future(main.stdin.awaited.wait())
        tasks = {waiting, *((main.task,) if main.task else ())}
        await asyncio.wait(tasks, timeout=_BEGINNING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        return main

    def _note(self, change: Change) -> None:
        if change.kind.kind == "Pod":
            if change.after is not None:
                self._look_at(change.after)
            elif change.before is not None:
                self._forget(change.before)
        if change.kind.kind == "PersistentVolume" and change.after is None:
            self.volumes.pop(change.place[1], None)

    def _look_at(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        if uid in self._frozen.with_status:
            return
        for container in pod["spec"]["containers"]:
            running = "running" in dig(_status(pod, container["name"]), "state", default={})
            if running and runs(container) and (uid, container["name"]) not in self._mains:
                self._begin(pod, container, quiet=False)

    def _forget(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        for key in [key for key in self._mains if key[0] == uid]:
            main = self._mains.pop(key)
            if main.task is not None:
                main.task.cancel()
        for key in [key for key in self._own if key[0] == uid]:
            del self._own[key]

    def _begin(self, pod: Object, container: Object, *, quiet: bool) -> Main:
        name = container["name"]
        where = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        log = f"{where}/{name}" if len(pod["spec"]["containers"]) > 1 else where
        tty = bool(container.get("tty"))

        def say(data: bytes) -> None:
            if main.quiet:
                return
            text = main.unlogged + data.decode("utf-8", "replace").replace("\r\n", "\n")
            lines, end, main.unlogged = text.rpartition("\n")
            if end:
                self._logs.append(log, lines + end)
            for terminal in tuple(main.audience):
                terminal(data)

        stdout: Write = on_terminal(say) if tty else say
        terminal = Terminal(say) if tty else None
        stdin = terminal.input if terminal else Input(None if container.get("stdin") else b"")
        main = Main(stdin, terminal, quiet=quiet)
        starts = container.get("command") or layout_of(container.get("image", "")).entry_point
        command = (*starts, *container.get("args", ())) or ("sleep", "infinity")
        process = self.process(pod, container, command, stdin, stdout, stdout, terminal)
        self._mains[(pod["metadata"]["uid"], name)] = main
        main.task = asyncio.create_task(self._live(pod, container, process))
        return main

    async def _live(self, pod: Object, container: Object, process: Process) -> int:
        """Runs the main program, and says in the pod's status how it ended or why it could not begin."""
        missing = ""
        if process.find() is not None:
            code = await self.run(process)
        elif runs(container):
            code, missing = NOT_STARTED, process.arguments[0]
        else:
            code = await asyncio.Event().wait()
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        uid = pod["metadata"]["uid"]
        policy = pod["spec"].get("restartPolicy", "Always")
        current = self._store.get("Pod", namespace, name)
        if current is None or current["metadata"]["uid"] != uid:
            return code
        if policy == "Always" or (policy == "OnFailure" and code):
            container_restarted(self._store, current, container["name"], code)
            await asyncio.sleep(_RESTART_SECONDS)
            self._mains.pop((uid, container["name"]), None)
            again = self._store.get("Pod", namespace, name)
            if again is not None and again["metadata"]["uid"] == uid:
                container_restarted(self._store, again, container["name"], None)
        else:
            container_ended(self._store, current, container["name"], code, missing)
        return code


_INTERRUPT = "interrupt"


def _interrupt(work: asyncio.Future[int]) -> None:
    work.cancel(_INTERRUPT)


def on_terminal(write: Write) -> Write:
    """What a terminal makes of line ends."""
    return lambda data: write(data.replace(b"\n", b"\r\n"))


def _status(pod: Object, container: str) -> Object:
    statuses: list[Object] = dig(pod, "status", "containerStatuses", default=[])
    return next((status for status in statuses if status["name"] == container), {})


def is_running(pod: Object, container: str) -> bool:
    """Whether a container runs, by its pod's status."""
    return "running" in dig(_status(pod, container), "state", default={})


def _uid(pod: Object, container: Object) -> int:
    own = dig(container, "securityContext", "runAsUser", default=None)
    return int(own if own is not None else dig(pod, "spec", "securityContext", "runAsUser", default=0))


@contextlib.contextmanager
def listening(main: Main, write: Write) -> Iterator[None]:
    """Hears what a main program says, until the block ends."""
    main.audience.add(write)
    try:
        yield
    finally:
        main.audience.discard(write)
