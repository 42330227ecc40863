"""What a state file says, as frozen records, and its JSON.

Pure: reads no files. Everything that is added, renamed or reinterpreted raises SCHEMA by one and adds a migration, so
that an older wizard never drops what a newer one wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from wizard.model import ClusterRef

SCHEMA = 3
HISTORY_LIMIT = 200

Document = Mapping[str, Any]
Migration = Callable[[Document], Document]
MIGRATIONS: Mapping[int, Migration] = {
    1: lambda document: {**document, "signed_in_as": []},
    2: lambda document: {**document, "choices": _only_what_was_said(document["choices"])},
}
"""By the schema they start from; each returns a document of the next one."""

ChoiceValue = str | int | tuple[str, ...]
NOT_CHOICES = frozenset({"accounts", "apple_ids", "sources"})
_SECRET_KEY = re.compile(
    r"pass(word|wd|phrase|code)?$|secret(?!_name$)|token|cookie|credential|(^|_)(otp|2fa|mfa|pin|code|sms)s?($|_)|(api|private|session|access)_?key",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{8,}\.[\w-]{8,}\.|://[^/\s:@]+:[^/\s@]+@")


class BrokenStateError(ValueError):
    """The content is not a whole state; the message says what is wrong with it, without quoting it."""


class FutureStateError(ValueError):
    """The content was written by a newer wizard."""


class SecretInStateError(ValueError):
    """Somebody tried to keep what looks like a secret; the message names the key alone."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the person settled: `values` by choice id, and `apple_ids` by account. What is not in there was not said.

    A value of a choice that this version does not have is kept as it is.
    """

    values: Mapping[str, ChoiceValue] = field(default_factory=dict)
    accounts: tuple[str, ...] = ()
    apple_ids: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: `what` is a stable word ("signed-in", "plan-accepted"), `detail` a few words."""

    at: datetime
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AcceptedPlan:
    """A plan that the person agreed to; `digest` is of what was shown, so that a changed plan is asked about again."""

    step: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class State:
    """One cluster's and namespace's state; `saved_at` is None until it was kept for the first time.

    `dismissed` are finding ids, `signed_in_at` and `signed_in_as` (an Apple ID) are by account,
    `place` is the screen they were at ("" at first).
    """

    cluster: ClusterRef
    namespace: str
    choices: Choices = field(default_factory=Choices)
    history: tuple[Entry, ...] = ()
    dismissed: frozenset[str] = frozenset()
    accepted_plans: tuple[AcceptedPlan, ...] = ()
    signed_in_at: Mapping[str, datetime] = field(default_factory=dict)
    signed_in_as: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    saved_at: datetime | None = None

    def __post_init__(self) -> None:
        """Drops what is oldest in the history beyond HISTORY_LIMIT, wherever it came from."""
        object.__setattr__(self, "history", self.history[-HISTORY_LIMIT:])

    def noting(self, at: datetime, what: str, detail: str = "") -> State:
        """With one more thing in the history."""
        return replace(self, history=(*self.history, Entry(at, what, detail)))

    def to_json(self) -> dict[str, Any]:
        """A JSON object of the present schema. Raises SecretInStateError rather than carry what looks like a secret."""
        choices = self.choices
        document = {
            "schema": SCHEMA,
            "saved_at": _time_text(self.saved_at),
            "cluster": {
                "context": self.cluster.context,
                "server": self.cluster.server,
                "uid": self.cluster.uid,
                "ca_sha256": self.cluster.ca_sha256,
            },
            "namespace": self.namespace,
            "place": self.place,
            "choices": {
                **{name: list(value) if isinstance(value, tuple) else value for name, value in choices.values.items()},
                "accounts": list(choices.accounts),
                "apple_ids": [{"account": name, "apple_id": value} for name, value in choices.apple_ids.items()],
                "sources": dict(choices.sources),
            },
            "signed_in_at": [{"account": name, "at": _time_text(at)} for name, at in self.signed_in_at.items()],
            "signed_in_as": [{"account": name, "apple_id": value} for name, value in self.signed_in_as.items()],
            "dismissed": sorted(self.dismissed),
            "accepted_plans": [
                {"step": plan.step, "digest": plan.digest, "at": _time_text(plan.at)} for plan in self.accepted_plans
            ],
            "history": [
                {"at": _time_text(entry.at), "what": entry.what, "detail": entry.detail} for entry in self.history
            ],
        }
        refuse_secrets(document)
        return document

    @classmethod
    def from_json(cls, value: object) -> State:
        """The state in a parsed JSON value of any schema up to SCHEMA.

        Raises FutureStateError for a later one and BrokenStateError for everything that is no state.
        """
        document = _Reader(migrate(_object(value, "the file")))
        cluster = document.part("cluster")
        choices = document.part("choices")
        return cls(
            cluster=ClusterRef(
                context=cluster.text("context"),
                server=cluster.text("server"),
                uid=cluster.optional_text("uid"),
                ca_sha256=cluster.optional_text("ca_sha256"),
            ),
            namespace=document.text("namespace"),
            choices=Choices(
                values={name: choices.choice(name) for name in choices.content if name not in NOT_CHOICES},
                accounts=tuple(choices.texts("accounts")),
                apple_ids={item.text("account"): item.text("apple_id") for item in choices.parts("apple_ids")},
                sources={name: choices.part("sources").text(name) for name in choices.part("sources").content},
            ),
            history=tuple(
                Entry(item.time("at"), item.text("what"), item.text("detail")) for item in document.parts("history")
            ),
            dismissed=frozenset(document.texts("dismissed")),
            accepted_plans=tuple(
                AcceptedPlan(item.text("step"), item.text("digest"), item.time("at"))
                for item in document.parts("accepted_plans")
            ),
            signed_in_at={item.text("account"): item.time("at") for item in document.parts("signed_in_at")},
            signed_in_as={item.text("account"): item.text("apple_id") for item in document.parts("signed_in_as")},
            place=document.text("place"),
            saved_at=None if document.value("saved_at") is None else document.time("saved_at"),
        )


def _only_what_was_said(choices: Document) -> Document:
    return {name: value for name, value in choices.items() if value is not None and (name, value) != ("skipped", [])}


def migrate(document: Document, migrations: Mapping[int, Migration] = MIGRATIONS, schema: int = SCHEMA) -> Document:
    """`document` brought to `schema`, one migration after the other; one that is there already comes back as it is."""
    version = document.get("schema")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BrokenStateError("it does not say which schema it follows")
    if version > schema:
        raise FutureStateError(f"schema {version}")
    try:
        for step in range(version, schema):
            document = {**migrations[step](document), "schema": step + 1}
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise BrokenStateError("it does not match its schema") from error
    return document


def refuse_secrets(value: object, key: str = "") -> None:
    """Raises SecretInStateError when text sits under a key that names a secret, or looks like one itself."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            refuse_secrets(item, str(name))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for item in value:
            refuse_secrets(item, key)
    elif value not in (None, "") and _SECRET_KEY.search(key):
        raise SecretInStateError(f"a value under {key!r} looks like a secret and is not saved")
    elif isinstance(value, str) and _SECRET_VALUE.search(value):
        raise SecretInStateError(f"the value of {key!r} looks like a secret and is not saved")


class _Reader:
    """Reads one JSON object strictly: what is missing or of another type makes the whole state broken."""

    def __init__(self, content: Document, where: str = "") -> None:
        self.content = content
        self.where = where

    def value(self, name: str) -> Any:
        if name not in self.content:
            raise BrokenStateError(f"{self.where}{name} is missing")
        return self.content[name]

    def text(self, name: str) -> str:
        value = self.value(name)
        if not isinstance(value, str):
            raise BrokenStateError(f"{self.where}{name} is not a string")
        return value

    def optional_text(self, name: str) -> str | None:
        return None if self.value(name) is None else self.text(name)

    def time(self, name: str) -> datetime:
        try:
            time = datetime.fromisoformat(self.text(name))
            return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
        except (ValueError, OverflowError) as error:
            raise BrokenStateError(f"{self.where}{name} is not a time") from error

    def texts(self, name: str) -> list[str]:
        value = self.value(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise BrokenStateError(f"{self.where}{name} is not a list of strings")
        return value

    def choice(self, name: str) -> ChoiceValue:
        value = self.value(name)
        if isinstance(value, list):
            return tuple(self.texts(name))
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise BrokenStateError(f"{self.where}{name} is not a value of a choice")
        return value

    def part(self, name: str) -> _Reader:
        return _Reader(_object(self.value(name), self.where + name), f"{self.where}{name}.")

    def parts(self, name: str) -> list[_Reader]:
        value = self.value(name)
        if not isinstance(value, list):
            raise BrokenStateError(f"{self.where}{name} is not a list")
        return [_Reader(_object(item, self.where + name), f"{self.where}{name}.") for item in value]


def _object(value: object, where: str) -> Document:
    if not isinstance(value, dict):
        raise BrokenStateError(f"{where} is not a JSON object")
    return value


def _time_text(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")
