"""How the answer to a read looks: what was there, that it is not there, or that nobody knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """It was read, and this is it."""

    value: T


@dataclass(frozen=True, slots=True)
class Missing:
    """The server says that it is not there; `kind_installed` is False when the whole kind is unknown to it."""

    kind_installed: bool = True


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Nobody knows: `reason` is "forbidden", "timeout", "error" or "not-asked", `message` a sentence for a person."""

    reason: str
    message: str


Read = Found[T] | Missing | Unreadable


NOT_ASKED = Unreadable("not-asked", "It was not looked at.")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items of a list; `more` is True when the server has further ones that were not fetched."""

    items: tuple[T, ...] = ()
    more: bool = False
