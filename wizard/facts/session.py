"""What is known of Apple's session without asking Apple: its state, until when it lasts, and what that rests on."""

from __future__ import annotations

from datetime import datetime, timedelta

from wizard.accounts import AccountNames
from wizard.annotations import SESSION_EXPIRES_AT, SESSION_VERIFIED_AT, parse_time
from wizard.choices import WARNING_DAYS
from wizard.facts.objects import claim_named, more_of
from wizard.facts.session_history import Observation, SessionHistory, session_history
from wizard.model import Session, SessionState
from wizard.settings import Settings
from wizard.world import Claim, Unreadable, World

_CLOCKS_DIFFER = timedelta(hours=1)
_LONGEST_LIFE = timedelta(days=400)


def session_of(account: str, world: World, settings: Settings) -> Session:
    """The account's session as of this look. `expires_at` comes from the session's own files, recorded when last seen."""
    names = AccountNames.of(account, settings)
    if isinstance(world.claims, Unreadable):
        return Session(SessionState.UNVERIFIED, source="the claims could not be read")
    claim = claim_named(world, names.config_claim)
    if claim is None and more_of(world.claims):
        return Session(SessionState.UNVERIFIED, source="only some of the claims were read")
    if claim is None:
        return Session(SessionState.MISSING, source=f"there is no claim {names.config_claim}")
    expires_at = noted(claim, SESSION_EXPIRES_AT, world)
    history = _history(names, claim, world)
    days_left = max(0, (expires_at - world.taken_at).days) if expires_at else None
    verified_at, latest = history.verified_at, history.latest
    if latest and not latest.accepted:
        return Session(SessionState.EXPIRED, expires_at, 0, verified_at, latest.source)
    if expires_at and expires_at <= world.taken_at and not (verified_at and verified_at > expires_at):
        return Session(
            SessionState.EXPIRED, expires_at, 0, verified_at, "the expiry date in the session's own files has passed"
        )
    if latest is None or history.doubt:
        source = history.doubt.source if latest and history.doubt else "no session on the claim has been proved yet"
        return Session(SessionState.UNVERIFIED, expires_at, days_left, verified_at, source)
    due = days_left is not None and days_left <= settings[WARNING_DAYS]
    return Session(
        SessionState.EXPIRING if due else SessionState.VALID, expires_at, days_left, verified_at, latest.source
    )


def ended_with(account: str, world: World, settings: Settings) -> Observation | None:
    """What icloudpd last said of a session that it found ended; None where the session's end rests on something else."""
    history = _history_of(account, world, settings)
    return history.latest if history and history.latest and not history.latest.accepted else None


def doubted_by(account: str, world: World, settings: Settings) -> Observation | None:
    """The run since the session was last seen to work of which nobody knows whether it got in."""
    history = _history_of(account, world, settings)
    return history.doubt if history else None


def _history_of(account: str, world: World, settings: Settings) -> SessionHistory | None:
    names = AccountNames.of(account, settings)
    claim = claim_named(world, names.config_claim)
    return _history(names, claim, world) if claim else None


def _history(names: AccountNames, claim: Claim, world: World) -> SessionHistory:
    return session_history(names, claim, noted(claim, SESSION_VERIFIED_AT, world), world)


def noted(claim: Claim, key: str, world: World) -> datetime | None:
    """A time noted on the claim; None when there is none, and for what can't be: proved tomorrow, lasting for years."""
    moment = parse_time(claim.meta.annotations.get(key))
    latest = world.taken_at + (_CLOCKS_DIFFER if key == SESSION_VERIFIED_AT else _LONGEST_LIFE)
    return moment if moment and moment <= latest else None
