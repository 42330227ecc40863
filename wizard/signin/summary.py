"""What came of a sign-in, in sentences: for the command line and for the screens alike. Pure but for the clock it is given."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wizard.accounts import AccountNames
from wizard.choices import PHOTOS_CLAIM, WARNING_DAYS
from wizard.command import Address, Command, kubectl
from wizard.facts.objects import claim_named, cron_job_named
from wizard.facts.sign_in_commands import reauth
from wizard.icloud.calendar import Due, calendar
from wizard.icloud.ladder import NextRung, Rung
from wizard.icloud.library_size import library_findings
from wizard.model import ClusterRef
from wizard.quantity import bytes_of
from wizard.settings import DEFAULT_ACCOUNT, Settings
from wizard.signin.person import Outcome
from wizard.steps.credentials.secrets import add_key_command
from wizard.world import World

RUNGS = {
    Rung.WORKS: "nothing: the session still works",
    Rung.SET_ASIDE: "nothing: the session that an earlier sign-in left unproved is accepted now",
    Rung.HEALED: "nothing: the session was healed with its own tokens",
    Rung.TRUSTED_PASSWORD: "the password, and no code",
    Rung.CODE: "password and code",
    Rung.SECURITY_KEY: "password and security key",
}

NO_PASSWORD = "--password-provider parameter"  # noqa: S105 - an option of icloudpd
FROM_SECRET = "--password-provider console < /credentials/password"  # noqa: S105 - an option of icloudpd


def checked(account: str, rung: NextRung) -> str:
    """Which rung a sign-in would take."""
    return f"{_who(account)}{rung.sentence}"


def summary(outcome: Outcome, world: World, settings: Settings, now: datetime) -> tuple[str, ...]:
    """What came of it, in three lines or so: "✓ " before the first, "! " before what to look at, "  " before the others."""
    lines = [f"✓ {_who(outcome.account)}{until(outcome.expires_at, now)}"]
    lines.append(f"  It took {RUNGS[outcome.rung]}. {outcome.expiry_basis}".rstrip())
    if outcome.rung is Rung.WORKS and outcome.expires_at and (outcome.expires_at - now).days <= settings[WARNING_DAYS]:
        renew = settings.address.line(reauth(outcome.account, settings, "--renew"))
        lines.append(f"! It ends soon. `{renew}` signs in again now, for as long as a new session lasts.")
    if outcome.library:
        lines.append(f"  iCloud has {outcome.library.count:,} photos and videos; they come with the next run.")
        claim = claim_named(world, settings[PHOTOS_CLAIM])
        job = cron_job_named(world, AccountNames.of(outcome.account, settings).cron_job)
        findings = library_findings(
            outcome.library,
            claim_bytes=bytes_of(claim.capacity or claim.requested) if claim else None,
            deadline_seconds=job.deadline_seconds if job else None,
            claim=settings[PHOTOS_CLAIM],
            cron_job=AccountNames.of(outcome.account, settings).cron_job,
            namespace=settings.namespace,
        )
        lines += [f"! {finding.summary} {finding.fix}" for finding in findings]
    if outcome.photos_trouble:
        lines += [f"! {line}" for line in outcome.photos_trouble.lines(settings.address)]
    return (*lines, *(f"  {note}" for note in outcome.notes))


def until(expires_at: datetime | None, now: datetime) -> str:
    """The sentence that says until when: "Signed in until about 23 December (29 days)."."""
    if expires_at is None:
        return "Signed in. Until when, the session's files don't say."
    day = f"{expires_at.day} {expires_at:%B}"
    if expires_at <= now:
        return f"Signed in. By the date in the session's files it was to end on {day}; Apple can end it at any time."
    days = (expires_at - now).days
    left = f"{days} days" if days > 1 else "1 day" if days else "less than a day"
    return f"Signed in until about {day} ({left})."


def reminder(outcomes: Sequence[Outcome], cluster: ClusterRef, settings: Settings, now: datetime) -> str | None:
    """The next sign-ins as a calendar that reminds the warning days before; None when no date is known."""
    identity = cluster.uid or cluster.server
    dues = tuple(
        Due(outcome.expires_at.date(), outcome.account, identity, settings[WARNING_DAYS], settings.address)
        for outcome in outcomes
        if outcome.expires_at
    )
    return calendar(dues, now) if dues else None


def _who(account: str) -> str:
    return "" if account == DEFAULT_ACCOUNT else f"{account}: "


@dataclass(frozen=True, slots=True)
class Instruction:
    """One thing to do: in words, and as a command where there is one."""

    words: str
    command: Command | None = None


@dataclass(frozen=True, slots=True)
class Unattended:
    """What has to be done, in this order, for icloudpd to sign in again by itself."""

    parts: tuple[Instruction, ...]

    def script(self, address: Address) -> str:
        """The same as a file: words as remarks, commands for this address to copy."""
        lines = []
        for part in self.parts:
            lines += [f"# {line}" for line in textwrap.wrap(part.words, 100)]
            lines += [address.line(part.command), ""] if part.command else [""]
        return "\n".join(lines)


def unattended(settings: Settings, account: str) -> Unattended:
    """How the password gets into the cluster's Secret and from there to icloudpd; it is typed, and stands in no command."""
    names = AccountNames.of(account, settings)
    return Unattended(
        (
            Instruction(
                f"Put the password into the Secret {names.secret}. Any shell does; what you type is not shown:",
                add_key_command(settings.namespace, names.secret, "password", asks="Apple password"),
            ),
            Instruction(
                f"In the command of the CronJob {names.cron_job} put `{FROM_SECRET}` in place of `{NO_PASSWORD}`, which leaves "
                "the password out of the process list. Only a shell understands the `<`: the command has to be "
                '`["sh", "-c", "icloudpd … < /credentials/password"]`; as one more word of `args` it would be an argument error.'
            ),
            Instruction(
                f"The Secret {names.secret} has to be mounted at /credentials. Where Argo CD manages the CronJob, make the "
                "change in git: it puts back what is edited by hand. Elsewhere:",
                kubectl("edit", "cronjob", names.cron_job, namespace=settings.namespace),
            ),
        )
    )
