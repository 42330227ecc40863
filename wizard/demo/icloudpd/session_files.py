"""The demo icloudpd's two session files: read as icloudpd reads them, written as it writes them."""

from __future__ import annotations

import configparser
import io
import json
import posixpath
import re
import string
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from wizard.demo.apple.cookies import TOKEN, Cookie
from wizard.demo.runtime.process import Process
from wizard.demo.runtime.volumes import FileError

_LINE = re.compile(r'Set-Cookie3: ([^=;]+)=("(?:[^"\\]|\\.)*"|[^;]*);(.*)')
_EXPIRES = re.compile(r'expires="([^"]+)"')
_HEADER = re.compile(r"#LWP-Cookies-\d")
_MODE = 0o600
_KEYRING = "python_keyring/keyring_pass.cfg"
_SERVICE = "pyicloud_3A_2F_2Ficloud_2Dpassword"
_PLAIN = string.ascii_letters + string.digits


@dataclass(slots=True)
class Session:
    """What the files say. `broken_jar`: there is a jar and it can't be read; `values` is None where JSON is no object."""

    jar: dict[str, str] = field(default_factory=dict, repr=False)
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    broken_jar: bool = False

    def text(self, name: str) -> str:
        """A value of the session file; empty where there is none."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def web_session(self, now: datetime) -> str:
        """The web session that the token's cookie stands for; empty where it is missing or past its date."""
        match = _LINE.match(self.jar.get(TOKEN, ""))
        if not match or "version=1" in match[3]:
            return ""
        expires = _EXPIRES.search(match[3])
        if expires and datetime.strptime(expires[1], "%Y-%m-%d %H:%M:%SZ").replace(tzinfo=UTC) <= now:
            return ""
        return match[2].replace("\\", "").strip('"').rpartition("t=")[2]

    def take(self, cookies: Iterable[Cookie]) -> None:
        """Cookies that an answer has set."""
        self.jar |= {cookie.name: cookie.jar_line() for cookie in cookies}


def read(process: Process, folder: str, name: str) -> Session:
    """The files of an account in `folder`, as far as they are there."""
    session = Session()
    jar, values = _text(process, f"{folder}/{name}"), _text(process, f"{folder}/{name}.session")
    if jar is not None:
        lines = jar.splitlines()
        session.broken_jar = not (lines and _HEADER.match(lines[0]))
        if not session.broken_jar:
            session.jar = {match[1]: line for line in lines[1:] if (match := _LINE.match(line))}
    if values is not None:
        try:
            content = json.loads(values)
        except ValueError:
            content = {}
        session.values = content if isinstance(content, dict) else {}
    return session


def write(process: Process, folder: str, name: str, session: Session) -> None:
    """Both files, in place. Raises FileError."""
    if process.tree.entry(folder) is None:
        process.tree.make_folder(folder, 0o700)
    jar = "\n".join(["#LWP-Cookies-2.0", *session.jar.values(), ""])
    process.tree.write(f"{folder}/{name}", jar.encode(), _MODE)
    process.tree.write(f"{folder}/{name}.session", json.dumps(session.values).encode(), 0o666 & ~process.umask)


def _text(process: Process, path: str) -> str | None:
    try:
        return process.tree.read(path).decode("utf-8", "replace")
    except FileError:
        return None


def kept_password(process: Process, account: str) -> str | None:
    """The account's password in the keyring file, which lies where the container's variables say."""
    kept = _keyring(process).get(_SERVICE, _escaped(account), fallback="")
    return b64decode(kept).decode() if kept else None


def keep_password(process: Process, account: str, password: str) -> None:
    """Puts it there, as keyrings.alt's PlaintextKeyring does. Raises FileError."""
    config = _keyring(process)
    if not config.has_section(_SERVICE):
        config.add_section(_SERVICE)
    config.set(_SERVICE, _escaped(account), f"\n{b64encode(password.encode()).decode()}\n")
    path = _keyring_path(process)
    folders = []
    folder = posixpath.dirname(path)
    while process.tree.entry(folder) is None:
        folders.append(folder)
        folder = posixpath.dirname(folder)
    for folder in reversed(folders):
        process.tree.make_folder(folder, 0o777 & ~process.umask)
    text = io.StringIO()
    config.write(text)
    process.tree.write(path, text.getvalue().encode(), _MODE)


def _keyring(process: Process) -> configparser.RawConfigParser:
    config = configparser.RawConfigParser()
    config.read_string(_text(process, _keyring_path(process)) or "")
    return config


def _keyring_path(process: Process) -> str:
    home = process.environment.get("HOME", "/root")
    return f"{process.environment.get('XDG_DATA_HOME') or f'{home}/.local/share'}/{_KEYRING}"


def _escaped(text: str) -> str:
    """As keyrings.alt writes a name into its file."""
    return "".join(c if c in _PLAIN else "".join(f"_{byte:02X}" for byte in c.encode()) for c in text)
