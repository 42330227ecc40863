"""All that decides what the sign-in shows, as one frozen record. Draws nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from screens.signin.attempt import Attempt
from screens.signin.questions import Keep, Way
from wizard.command import Address

if TYPE_CHECKING:
    from wizard.signin.summary import Unattended


@dataclass(frozen=True, slots=True)
class SignInState:
    """The attempt, the time, and what the person has chosen.

    `inline`: beneath the prompt. `short`: there is little room, so only what matters now. `at_choices`: the cursor is on what
    stands below, not where it is typed. `overflows`: the page holds more than is seen. `side_page` is what is looked at besides:
    "", "why", "numbers" or "kubectl". `other_code` says that the typed code is the one that came the other way; `hint` is a line
    about what was just done. `manifest` is the file that holds the pod of the plan, `address` how commands reach the cluster,
    `demo_commands` what to type before them.
    """

    attempt: Attempt
    now: datetime
    inline: bool = False
    short: bool = False
    at_choices: bool = False
    overflows: bool = False
    side_page: str = ""
    way: Way = Way.HERE
    renew: bool = False
    keep: Keep = Keep.NOWHERE
    keyring: str = ""
    password_kept: bool = False
    other_code: bool = False
    hint: str = ""
    demo: str = ""
    namespace: str = "photo-sync"
    unattended: Unattended | None = None
    manifest: str = ""
    address: Address = field(default_factory=Address)
    demo_commands: tuple[str, ...] = ()
    offers_calendar: bool = True


def clock(length: timedelta) -> str:
    """A short length of time as minutes and seconds: "0:14"."""
    seconds = max(0, int(length.total_seconds()))
    return f"{seconds // 60}:{seconds % 60:02}"
