"""What came of a sign-in, in sentences: for the command line and for the screens alike. Pure but for the clock it is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wizard.icloud.calendar import Due, calendar
from wizard.icloud.ladder import Next, Rung
from wizard.icloud.room import compare
from wizard.model import ClusterRef
from wizard.quantity import bytes_of
from wizard.renewal.person import Outcome
from wizard.settings import DEFAULT_ACCOUNT, PHOTOS_CLAIM, AccountNames, Settings
from wizard.steps.look_up import claim_named, cron_job_named
from wizard.world import World

RUNGS = {
    Rung.WORKS: "nothing: the session still works",
    Rung.HEALED: "nothing: the session was healed with its own tokens",
    Rung.TRUSTED_PASSWORD: "the password, and no code",
    Rung.CODE: "password and code",
    Rung.SECURITY_KEY: "password and security key",
}


def checked(account: str, found: Next) -> str:
    """Which rung a sign-in would take."""
    needs = f" It takes: {' and '.join(found.inputs)}." if found.inputs else ""
    return f"{_who(account)}{found.sentence}{needs}"


def summary(outcome: Outcome, world: World, settings: Settings, now: datetime) -> tuple[str, ...]:
    """What came of it, in three lines or so: "✓ " before the first, "! " before what to look at, "  " before the others."""
    lines = [f"✓ {_who(outcome.account)}{until(outcome.expires_at, now)}"]
    lines.append(f"  It took {RUNGS[outcome.rung]}. {outcome.expiry_basis}".rstrip())
    if outcome.library:
        lines.append(f"  iCloud has {outcome.library.count:,} photos and videos; they come with the next run.")
        claim = claim_named(world, PHOTOS_CLAIM)
        job = cron_job_named(world, AccountNames.of(outcome.account).cron_job)
        found = compare(
            outcome.library,
            claim_bytes=bytes_of(claim.capacity or claim.requested) if claim else None,
            deadline_seconds=job.deadline_seconds if job else None,
            namespace=settings.namespace,
        )
        lines += [f"! {finding.summary} {finding.fix}" for finding in found]
    if outcome.photos_trouble:
        lines += [f"! {line}" for line in outcome.photos_trouble.lines()]
    return (*lines, *(f"  {note}" for note in outcome.notes))


def until(expires_at: datetime | None, now: datetime) -> str:
    """The sentence that says until when: "Signed in until about 23 December (29 days)."."""
    if expires_at is None:
        return "Signed in. Until when, the session's files don't say."
    days = max(0, (expires_at - now).days)
    return f"Signed in until about {expires_at.day} {expires_at:%B} ({days} {'day' if days == 1 else 'days'})."


def reminder(outcomes: Sequence[Outcome], cluster: ClusterRef, days_before: int, now: datetime) -> str | None:
    """The next sign-ins as a calendar that reminds so many days before; None when no date is known."""
    identity = cluster.uid or cluster.server
    dues = tuple(
        Due(outcome.expires_at.date(), outcome.account, identity, days_before)
        for outcome in outcomes
        if outcome.expires_at
    )
    return calendar(dues, now) if dues else None


def _who(account: str) -> str:
    return "" if account == DEFAULT_ACCOUNT else f"{account}: "


def unattended(settings: Settings, account: str) -> tuple[str, ...]:
    """The commands that put the password into the cluster's Secret, which is typed into the first of them and is in none."""
    names = AccountNames.of(account)
    kubectl = f"{settings.kubectl} -n {settings.namespace}"
    return (
        'read -rsp \'Apple password: \' P && printf \'{"data":{"password":"%s"}}\' '
        '"$(printf %s "$P" | base64 | tr -d \'\\n\')" | '
        f"{kubectl} patch secret {names.secret} --type merge --patch-file /dev/stdin; unset P",
        f"{kubectl} edit cronjob {names.cron_job}",
    )
