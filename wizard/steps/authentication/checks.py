"""Iteration 3: a session for every account that the cluster's own icloudpd accepts, with days left; the auth pod gone.

Here the sessions themselves; the pods for signing in are in auth_pods.py, what sign-ins leave behind in session_notes.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from wizard.accounts import AccountNames
from wizard.command import kubectl, photosync_wizard
from wizard.facts.library_room import check_room
from wizard.facts.objects import claim_named, claims_of, more_of, mounting_pods
from wizard.facts.session import doubted_by, ended_with, session_of
from wizard.facts.session_history import Observation
from wizard.facts.sign_in_commands import reauth, sign_in, sign_in_again
from wizard.icloudpd.log import evidence_line
from wizard.iterations import iteration
from wizard.model import Blocker, Finding, SessionState, Severity, Status
from wizard.settings import DEFAULT_ACCOUNT, Settings
from wizard.steps.authentication.auth_pods import auth_pods, check_auth_pods
from wizard.steps.authentication.plan import plan
from wizard.steps.authentication.session_notes import check_age, check_handovers, check_notes, check_password_in_clear
from wizard.steps.authentication.table import sessions_table
from wizard.steps.base import Step, cut_short, unknown
from wizard.world import Unreadable, World

_MINUTES = 5


def check_sessions(world: World, settings: Settings) -> Iterator[Finding]:
    for account in settings.accounts:
        names = AccountNames.of(account, settings)
        if isinstance(world.claims, Unreadable):
            yield unknown("authentication.session-unreadable", f"The claim {names.config_claim}", world.claims)
        elif more_of(world.claims) and not claim_named(world, names.config_claim):
            yield cut_short("authentication.session-unreadable", "claims", f"a claim {names.config_claim}")
        else:
            yield _session(account, names, world, settings)


def _session(account: str, names: AccountNames, world: World, settings: Settings) -> Finding:
    session = session_of(account, world, settings)
    who = "" if account == DEFAULT_ACCOUNT else f" of account {account}"
    evidence: dict[str, object] = {
        "rests on": session.source,
        "proved at": session.verified_at or "never",
        "expected to last until" if session.state is SessionState.EXPIRED else "lasts until": session.expires_at
        or "unknown",
    }
    until = f" until about {session.expires_at.day} {session.expires_at:%B}" if session.expires_at else ""
    days = session.days_left
    left = "" if days is None else f" ({f'{days} days' if days > 1 else '1 day' if days else 'less than a day'} left)"
    commands = sign_in(account, auth_pods(world), world, settings)
    blocker = Blocker(
        "P1",
        f"iCloud authentication{who} incomplete",
        ("iteration_7", "cronjob_execution"),
        user_action_required=True,
        estimated_minutes=_MINUTES,
        ready_when=(
            f"icloudpd accepts a session{who} on claim {names.config_claim}",
            *(f"Pod {pod.meta.name} is gone" for pod in auth_pods(world) if names.config_claim in claims_of(pod.spec)),
        ),
    )
    match session.state:
        case SessionState.VALID:
            return Finding(
                "authentication.session-valid", Severity.OK, f"Apple's session{who} works{until}{left}.", evidence
            )
        case SessionState.EXPIRING:
            ends = session.expires_at
            outlived = ends is not None and ends <= world.taken_at
            when = "in the next few days" if outlived or ends is None else f"before {ends.day} {ends:%B}"
            return Finding(
                "authentication.session-expiring",
                Severity.WARNING,
                f"Apple's session{who} still works, although its expiry date has passed."
                if outlived
                else f"Apple's session{who} ends soon: it works{until}{left}.",
                evidence,
                why="Apple ends a session after about 30 days, whatever you do. The date is an estimate.",
                fix=f"Sign in again {when}: usually your password is enough, without a code. It takes a minute. "
                "By hand it works only once the session has ended.",
                commands=sign_in_again(account, auth_pods(world), world, settings),
            )
        case SessionState.EXPIRED:
            ending = ended_with(account, world, settings)
            sign = ending.sign if ending else None
            evidence |= {ending.source: evidence_line(ending.line)} if ending and ending.line else {}
            again = (
                "sign in again; it takes a minute. The first command asks the least of you; the others do it by hand."
            )
            return Finding(
                "authentication.session-expired",
                Severity.ERROR,
                f"Apple's session{who} has ended; nothing is synced until you sign in again.",
                evidence,
                why=(f"icloudpd tried to sign in by itself, and could not: {sign.summary} " if sign else "")
                + "Apple ends a session after about 30 days. Photos already downloaded stay where they are.",
                fix=f"{sign.fix} Then {again}" if sign else f"S{again[1:]}",
                commands=commands,
                implies=Status.ACTION_REQUIRED,
                blocker=blocker,
            )
        case SessionState.MISSING:
            return Finding(
                "authentication.waits-for-claim",
                Severity.INFO,
                f"Waits for step 1: there is no claim {names.config_claim} to keep a session on.",
                evidence,
                implies=Status.PENDING,
            )
        case SessionState.UNVERIFIED:
            if session.verified_at and (doubt := doubted_by(account, world, settings)):
                return _in_doubt(account, doubt, evidence, settings)
            return Finding(
                "authentication.session-unverified",
                Severity.WARNING,
                f"No session{who} has been proved yet: nobody has signed in, as far as can be seen.",
                evidence,
                why="Only icloudpd's own answer proves a session, and there is no sign yet that it accepted one.",
                fix="Sign in. The wizard has icloudpd itself prove it; by hand, a run shows whether it is accepted.",
                commands=commands,
                implies=Status.ACTION_REQUIRED,
                blocker=blocker,
            )


def _in_doubt(account: str, doubt: Observation, evidence: dict[str, object], settings: Settings) -> Finding:
    """The session worked once, or nobody knows, and nobody knows whether the run since then got in."""
    who = "" if account == DEFAULT_ACCOUNT else f" of account {account}"
    logs = (kubectl("logs", f"job/{doubt.job}", namespace=settings.namespace),) if doubt.job else ()
    return Finding(
        "authentication.session-in-doubt",
        Severity.UNKNOWN,
        f"It is unknown whether Apple's session{who} still works: {doubt.source}.",
        evidence | {"that run": doubt.at},
        why="Nobody has seen icloudpd get in since then, and what could not be read counts as unknown, never as fine.",
        fix="Ask the cluster's icloudpd: that needs nothing from you, and its answer is recorded.",
        commands=(reauth(account, settings, "--check"), *logs),
        implies=Status.UNKNOWN,
    )


def check_shared_session(world: World, settings: Settings) -> Iterator[Finding]:
    for account in settings.accounts:
        claim = claim_named(world, AccountNames.of(account, settings).config_claim)
        users = (
            [pod.meta.name for pod in mounting_pods(world, claim.meta.name) if pod.phase == "Running"] if claim else []
        )
        if claim and len(users) > 1:
            yield Finding(
                "authentication.session-shared",
                Severity.WARNING,
                f"Two pods use one session at the same time: {', '.join(users)}.",
                evidence={f"pods that mount {claim.meta.name}": ", ".join(users)},
                why="Each rewrites the session files on every request, and they end up mixed up.",
                fix="Let only one of them run; suspend the CronJob while you sign in.",
            )


STEP = Step(
    iteration("authentication"),
    "icloudpd gets into iCloud with a session that you open once with a code. It lasts about a month; then you sign in again.",
    (
        check_auth_pods,
        check_sessions,
        check_shared_session,
        check_handovers,
        check_notes,
        check_password_in_clear,
        check_age,
        check_room,
    ),
    table=sessions_table,
    work="sign in through a pod",
    plan=plan,
    leads=photosync_wizard("reauth"),
)
