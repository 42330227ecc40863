"""What a choice is, and the values in force with where each came from.

The choices themselves are declared in `wizard.choices`. Nothing here reads files or the cluster; `wizard.cli` and
`wizard.state` fill the settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from wizard.errors import Exit, Retry, WizardError

if TYPE_CHECKING:
    from wizard.world import World

from wizard.command import Address

DEFAULT_ACCOUNT = "default"
NAMESPACE = "photo-sync"
AUTH_POD = "icloudpd-auth"
IMMICH_NEEDS = "postgres|pgvecto|vectorchord|redis|valkey"
"""What the images of Immich's database and cache are known by: a regular expression."""

FLAG, ANSWERS, STATE = "flag", "answers", "state"
SAID_BY = frozenset({FLAG, ANSWERS, STATE})
"""The sources that are a person's own words; every other value was worked out or is the default."""

T = TypeVar("T")


def is_auth_pod(name: str) -> bool:
    """Whether a pod of that name is one that somebody made for signing in."""
    return name == AUTH_POD or name.startswith(f"{AUTH_POD}-")


class Value(NamedTuple, Generic[T]):
    """A value and where it came from, in a person's words."""

    value: T
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Generic[T]):
    """One thing that a person may decide: the flag, the answers file's field, the row and the question come from here.

    `id` is its name in the answers file, in the state and of its row; `flag_name` is for a flag that isn't called after it,
    `metavar` stands for its value in the help. `step` is the id of the step that it is about, empty for all of them.
    `parse` makes a value of what was typed, or raises ValueError with a sentence about what is wrong.
    `work_out` gives the value that the cluster suggests, `options` those that it offers; `words` are all that there can be.
    `advanced` ones are shown on demand only. `many`: a tuple of several values, typed with commas between them.
    """

    id: str
    label: str
    question: str
    default: T
    parse: Callable[[str], T]
    example: str
    help: str
    step: str = ""
    advanced: bool = False
    many: bool = False
    flag_name: str = ""
    metavar: str = "NAME"
    words: tuple[str, ...] = ()
    work_out: Callable[[World, Settings], Value[T] | None] | None = None
    options: Callable[[World], tuple[str, ...]] | None = None

    @property
    def flag(self) -> str:
        """Its flag on the command line."""
        return f"--{self.flag_name or self.id.replace('_', '-')}"

    def check(self, text: str) -> T:
        """The value that was typed. Raises WizardError "settings.ID" for one that can't be right."""
        try:
            return self.parse(text.strip())
        except ValueError as problem:
            otherwise = "what is worked out" if self.work_out or self.default is None else f"{self.text(self.default)}"
            raise WizardError(
                f"settings.{self.id.replace('_', '-')}",
                str(problem),
                fix=f"Type another, such as {self.example}, or leave it empty for {otherwise}.",
                exit_code=Exit.USAGE,
                retry=Retry.NOW,
            ) from None

    def text(self, value: object) -> str:
        """A value of it as it would be typed; empty for None."""
        if isinstance(value, tuple):
            return ", ".join(map(str, value))
        return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Settings:
    """The values in force. `settings[CHOICE]` is the value of a choice: what was said or detected, else its default.

    `values` and `sources` are by choice id; `sources` says where a value came from ("flag", "answers", "state", else words such
    as "from this machine"). `accounts` are names as the person gave them, `apple_ids` what they gave by account name,
    `seen_apple_ids` as whom an account was last signed in. `address` is how commands for the person reach this cluster.
    """

    namespace: str = NAMESPACE
    accounts: tuple[str, ...] = (DEFAULT_ACCOUNT,)
    apple_ids: Mapping[str, str] = field(default_factory=dict)
    seen_apple_ids: Mapping[str, str] = field(default_factory=dict)
    address: Address = field(default_factory=Address)
    values: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, choice: Choice[T]) -> T:
        value: T = self.values.get(choice.id, choice.default)
        return value

    def having(self, choice: Choice[T], value: T, source: str = FLAG) -> Settings:
        """The same with another value for a choice, which came from `source`."""
        return replace(self, values={**self.values, choice.id: value}, sources={**self.sources, choice.id: source})

    def is_said(self, choice: Choice[Any]) -> bool:
        """Whether a person decided it, rather than the wizard."""
        return self.sources.get(choice.id) in SAID_BY
