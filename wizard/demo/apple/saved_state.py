"""Keeps a demo Apple from one command to the next: who is signed in, until when, and what changed about the accounts."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

from wizard.demo.apple.state import Grant, State

_SCHEMA = 1
_KINDS = ("session_tokens", "trust_tokens", "web_sessions")


def kept(state: State) -> dict[str, Any]:
    """What there is to keep, as JSON."""
    people = {
        apple_id: {
            "password": person.password,
            "terms_pending": person.terms_pending,
            "known_browser": person.known_browser,
        }
        for apple_id, person in state.people.items()
    }
    grants = {
        kind: [
            [token, grant.person.account.apple_id, grant.trusted, grant.until.isoformat()]
            for token, grant in getattr(state, kind).items()
        ]
        for kind in _KINDS
    }
    return {"schema": _SCHEMA, "people": people, **grants}


def save(state: State, file: Path) -> None:
    """Write the file for its owner alone, replacing the one before as a whole."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(kept(state), out)
    new.replace(file)


def load(state: State, file: Path) -> None:
    """Take up what was saved; a file that is not there, or is not ours, is as good as none."""
    try:
        saved = json.loads(file.read_text())
    except (OSError, ValueError):
        return
    restore(state, saved)


def restore(state: State, saved: Any) -> None:
    """Take up what `kept` gave; anything else is as good as nothing."""
    try:
        grants = {kind: _grants(state, saved[kind]) for kind in _KINDS}
        changes = [
            (state.people[name], dict(change)) for name, change in saved["people"].items() if name in state.people
        ]
        ours = saved["schema"] == _SCHEMA
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    if not ours:
        return
    for person, change in changes:
        person.set_password(str(change.get("password", person.password)))
        person.terms_pending = bool(change.get("terms_pending"))
        person.known_browser = bool(change.get("known_browser"))
    for kind, by_token in grants.items():
        getattr(state, kind).update(by_token)


def _grants(state: State, rows: list[Any]) -> dict[str, Grant]:
    """The rows of accounts that are still there."""
    grants = {}
    for token, apple_id, trusted, until in rows:
        person = state.person(apple_id)
        if person is not None:
            grants[token] = Grant(person, bool(trusted), dt.datetime.fromisoformat(until))
    return grants
