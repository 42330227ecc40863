"""The demo icloudpd: what the program in the cluster's pods says and does, at the demo Apple, on files in memory.

Its words and exit codes are those of icloudpd 1.32.3, as far as a sign-in and a plain download go. It exits 0 on nearly
every failure, as the real one does.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from wizard.demo.apple.photos import library
from wizard.demo.apple.state import Person
from wizard.demo.icloudpd import session_files
from wizard.demo.icloudpd.sign_in import Door, Ended, SignIn
from wizard.demo.runtime.process import Process, Program
from wizard.demo.runtime.volumes import FileError

SUCCESS = "Authentication completed successfully"
_LEVELS = {"debug": 0, "info": 1, "error": 2}
_SHORT = {"-u": "--username", "-p": "--password", "-d": "--directory"}
_VALUES = (
    "--username",
    "--password",
    "--directory",
    "--cookie-directory",
    "--password-provider",
    "--mfa-provider",
    "--log-level",
    "--domain",
    "--folder-structure",
    "--until-found",
    "--recent",
    "--size",
    "--watch-with-interval",
)
_FLAGS = (
    "--auth-only",
    "--set-exif-datetime",
    "--no-progress-bar",
    "--skip-videos",
    "--skip-live-photos",
    "--dry-run",
    "--only-print-filenames",
)
_REFUSALS = {
    "access-denied": (
        "private db access disabled for this account.  Please wait a few minutes then try again."
        "The remote servers might be trying to throttle requests. (ACCESS_DENIED)"
    ),
    "zone-not-found": (
        "Apple iCloud setup is not complete. Please log into https://icloud.com/ to manually finish setting up your"
        " iCloud service (ZONE_NOT_FOUND)"
    ),
    "absent": "Webservice not available (ckdatabasews)",
    "indexing": "Apple iCloud Photo Library has not finished indexing yet",
}
_LONGEST_PATH = 96
_NOTHING_TO_DO = "--auth-only, --directory, --list-libraries, or --list-albums are required for each configuration"
_LOGGED_TWICE = ("access-denied", "zone-not-found")
_ENTRY_POINT_REFUSES = """\
Error: You must specify either 'icloud' or 'icloudpd' as the first argument.
Usage: docker run <image> icloudpd [options]
   or: docker run <image> icloud [options]
"""
_TRACE = """\
Traceback (most recent call last):
  File "starters/icloudpd.py", line 6, in <module>
  File "icloudpd/cli.py", line 609, in cli
  File "icloudpd/base.py", line 261, in run_with_configs
  File "icloudpd/base.py", line 438, in _process_all_users_once
  File "icloudpd/base.py", line 902, in core_single_run
  File "icloudpd/authentication.py", line 104, in authenticator
"""
_PYI = "[PYI-11:ERROR] Failed to execute script 'icloudpd' due to unhandled exception!\n"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What it was called with; `problem` is what argparse says about it."""

    values: dict[str, list[str]] = field(default_factory=dict, repr=False)
    flags: frozenset[str] = frozenset()
    problem: str = ""

    def get(self, name: str, default: str = "") -> str:
        """The last value of an option."""
        return self.values.get(name, [default])[-1]


def read_arguments(words: tuple[str, ...]) -> Arguments:
    """As argparse reads them; the first problem ends it."""
    values: dict[str, list[str]] = {}
    flags: set[str] = set()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        name = _SHORT.get(name, name)
        if name in _FLAGS:
            flags.add(name)
        elif name in _VALUES:
            if not equals:
                if not rest or rest[0].startswith("-"):
                    return Arguments(problem=f"argument {_spelled(name)}: expected one argument")
                value = rest.pop(0)
            values.setdefault(name, []).append(value)
        else:
            return Arguments(problem=f"unrecognized arguments: {' '.join([word, *rest])}")
    if "--directory" not in values and "--auth-only" not in flags:
        return Arguments(problem=_NOTHING_TO_DO)
    return Arguments(values, frozenset(flags))


def _spelled(name: str) -> str:
    short = next((each for each, long in _SHORT.items() if long == name), "")
    return f"{short}/{name}" if short else name


def programs(door: Door, now: Callable[[], datetime]) -> dict[str, Program]:
    """icloudpd, and the entry point of its own image, by name."""

    async def icloudpd(process: Process) -> int:
        return await _Run(process, door, now).run()

    async def entry_point(process: Process) -> int:
        if process.arguments[1:2] != ("icloudpd",):
            process.say(_ENTRY_POINT_REFUSES)
            return 1
        return await icloudpd(process.child(process.arguments[1:]))

    return {"icloudpd": icloudpd, "entrypoint.sh": entry_point}


class _Run:
    """One start of the program."""

    def __init__(self, process: Process, door: Door, now: Callable[[], datetime]) -> None:
        self._process = process
        self._door = door
        self._now = now
        self._arguments = read_arguments(process.arguments[1:])
        self._level = _LEVELS.get(self._arguments.get("--log-level", "debug"), 0)
        self._account = self._arguments.get("--username").lower()
        self._exchanged: list[dict[str, object]] = []

    async def run(self) -> int:
        if self._arguments.problem:
            self._process.say(f"{self._arguments.problem}\n")
            return 0
        if not self._account:
            return 0
        try:
            self._log("INFO", f"Processing user: {self._account}")
            self._log("DEBUG", "Authenticating...")
            person = await self._authenticate()
            if "--auth-only" in self._arguments.flags:
                self._log("INFO", SUCCESS)
            else:
                self._download(person)
        except Ended as end:
            if not end.error:
                self._log("INFO", end.line)
                for exchange in self._exchanged:
                    self._log("DEBUG", json.dumps(exchange, indent=2))
                return 0
            at = f"  File {end.at}\n" if end.at else ""
            self._process.stderr(f"{_TRACE}{at}{end.error}\n{_PYI}".encode())
            return 1
        except FileError as denied:
            error = f"PermissionError: [Errno 13] {denied}: '{self._folder}'"
            self._process.stderr(f"{_TRACE}{error}\n{_PYI}".encode())
            return 1
        return 0

    @property
    def _folder(self) -> str:
        folder = self._arguments.get("--cookie-directory", "~/.pyicloud")
        home = self._process.environment.get("HOME", "/root")
        return self._process.path(folder.replace("~", home, 1))

    def _log(self, level: str, text: str) -> None:
        if _LEVELS.get(level.lower(), 1) >= self._level:
            self._process.say(f"{self._now():%Y-%m-%d %H:%M:%S} {level:<8} {text}\n")

    async def _authenticate(self) -> Person:
        name = "".join(re.findall(r"\w", self._account))
        session = session_files.read(self._process, self._folder, name)
        if session.broken_jar:
            self._log("WARNING", f"Failed to read cookiejar {self._folder}/{name}")
        china = self._arguments.get("--domain") == "cn"
        sign_in = SignIn(
            self._process, self._door, self._account, session, self._now(), china, self._log, self._password, self._keep
        )
        self._exchanged = sign_in.exchanged
        try:
            return await sign_in.run()
        finally:
            if session.values:
                session_files.write(self._process, self._folder, name, session)

    @property
    def _providers(self) -> list[str]:
        return self._arguments.values.get("--password-provider", ["parameter", "keyring", "console"])

    def _keep(self, password: str) -> None:
        """Every provider gets a password that Apple has accepted, before a code is asked for."""
        if "keyring" in self._providers:
            session_files.keep_password(self._process, self._account, password)

    async def _password(self) -> str | None:
        """From the first provider that has one; None where none has, and nobody may be asked."""
        providers = self._providers
        if "parameter" in providers and (password := self._arguments.get("--password")):
            return password
        if "keyring" in providers and (kept := session_files.kept_password(self._process, self._account)):
            return kept
        if "console" not in providers:
            return None
        process, terminal = self._process, self._process.terminal
        prompt = f"iCloud Password for {self._account}:"
        if terminal is None:
            process.stderr(b"getpass.py:90: GetPassWarning: Can not control echo on the terminal.\n")
            process.stderr(f"Warning: Password input may be echoed.\n{prompt}".encode())
            line = await process.stdin.line()
        else:
            process.say(prompt)
            terminal.echo = False
            try:
                line = await process.stdin.line()
            finally:
                terminal.echo = True
            process.say("\n")
        if not line:
            raise Ended(error="EOFError")
        return line.decode(errors="replace").rstrip("\r\n") or None

    def _download(self, person: Person) -> None:
        if refusal := _REFUSALS.get(person.account.photos):
            if person.account.photos in _LOGGED_TWICE:
                self._log("ERROR", refusal)
            raise Ended(refusal)
        if person.terms_pending:
            raise Ended("Service Temporarily Unavailable (503)")
        directory = self._arguments.get("--directory")
        pictures = library()[: int(self._arguments.get("--recent", "999999"))]
        until = int(self._arguments.get("--until-found", "0"))
        count = "???" if until else str(len(pictures))
        self._log("INFO", f"Downloading {count} original photos and videos to {directory} ...")
        structure = self._arguments.get("--folder-structure", "{:%Y/%m/%d}")
        old = 0
        for picture in pictures:
            folder = "" if structure == "none" else structure.format(picture.taken)
            path = self._process.path(posixpath.join(directory, folder, picture.name))
            if self._process.tree.entry(path) is not None:
                self._log("DEBUG", f"{_shortened(path)} already exists")
                old += 1
                if until and old >= until:
                    self._log("INFO", f"Found {old} consecutive previously downloaded photos. Exiting")
                    break
                continue
            old = 0
            self._make_folders(posixpath.dirname(path))
            self._process.tree.write(path, picture.content)
            self._log("INFO", f"Downloaded {_shortened(path)}")
        self._log("INFO", "All photos and videos have been downloaded")

    def _make_folders(self, path: str) -> None:
        if self._process.tree.entry(path) is None:
            self._make_folders(posixpath.dirname(path))
            self._process.tree.make_folder(path)


def _shortened(path: str) -> str:
    """A long path as icloudpd logs it, without its middle."""
    if len(path) <= _LONGEST_PATH:
        return path
    end = _LONGEST_PATH // 2 - 2
    return f"{path[: _LONGEST_PATH - end - 4]}...{path[-end:]}"
