"""Iteration 3: a session for every account that the cluster's own icloudpd accepts, with days left; the auth pod gone.

"The auth pod is Running" is never taken for "it is waiting for you": its log says what it does.
"""

from __future__ import annotations

from collections.abc import Iterator

from wizard.model import Blocker, Finding, SessionState, Severity, Status
from wizard.settings import AUTH_POD, DEFAULT_ACCOUNT, AccountNames, Settings
from wizard.steps.base import Step, missing_rights, unknown
from wizard.steps.icloudpd_log import findings_from, read_log
from wizard.steps.look_up import claim_named, cron_job_named, items, mounting_pods
from wizard.steps.pod_trouble import pod_trouble
from wizard.steps.session import session_of
from wizard.world import Found, LogTail, Pod, Unreadable, World

_MINUTES = 5


def auth_pods(world: World) -> list[Pod]:
    """The pods that somebody made for signing in."""
    return [pod for pod in items(world.pods) if pod.meta.name.startswith(AUTH_POD)]


def _auth_log(world: World, pod: Pod) -> LogTail | None:
    log = world.auth_log
    return log.value if isinstance(log, Found) and log.value.pod == pod.meta.name else None


def check_sessions(world: World, settings: Settings) -> Iterator[Finding]:
    for account in settings.accounts:
        names = AccountNames.of(account)
        if isinstance(world.claims, Unreadable):
            yield unknown("authentication.session-unreadable", f"The claim {names.config_claim}", world.claims)
            continue
        yield _session(account, names, world, settings)


def _session(account: str, names: AccountNames, world: World, settings: Settings) -> Finding:
    session = session_of(account, world, settings)
    who = "" if account == DEFAULT_ACCOUNT else f" of account {account}"
    evidence: dict[str, object] = {
        "rests on": session.source,
        "proved at": session.verified_at or "never",
        "lasts until": session.expires_at or "not known",
    }
    until = f" until about {session.expires_at:%-d %B}" if session.expires_at else ""
    reauth = "photosync-wizard reauth" + ("" if account == DEFAULT_ACCOUNT else f" --account {account}")
    days = session.days_left
    left = "" if days is None else f" ({days} {'day' if days == 1 else 'days'} left)"
    sign_in = _sign_in_by_hand(settings, world)
    blocker = Blocker(
        "P1",
        f"iCloud authentication{who} incomplete",
        ("iteration_7", "cronjob_execution"),
        user_action_required=True,
        estimated_minutes=_MINUTES,
        ready_when=(f"icloudpd accepts a session{who} on claim {names.config_claim}",),
    )
    match session.state:
        case SessionState.VALID:
            return Finding(
                "authentication.session-valid", Severity.OK, f"Apple's session{who} works{until}{left}.", evidence
            )
        case SessionState.EXPIRING:
            return Finding(
                "authentication.session-expiring",
                Severity.WARNING,
                f"Apple's session{who} ends soon{until}{left}.",
                evidence,
                why="Apple ends it about every 30 days, whatever anybody does. The date is an estimate.",
                fix="Sign in again before that day; it takes about a minute.",
                commands=(reauth,),
            )
        case SessionState.EXPIRED:
            return Finding(
                "authentication.session-expired",
                Severity.ERROR,
                f"Apple's session{who} has ended; nothing is synced until you sign in again.",
                evidence,
                why="Apple ends it about every 30 days. Photos already downloaded stay where they are.",
                fix="Sign in again.",
                commands=sign_in,
                implies=Status.ACTION_REQUIRED,
                blocker=blocker,
            )
        case SessionState.MISSING:
            return Finding(
                "authentication.waits-for-claim",
                Severity.INFO,
                f"Waits for iteration 1: there is no claim {names.config_claim} to keep a session on.",
                evidence,
                implies=Status.PENDING,
            )
        case SessionState.UNVERIFIED:
            return Finding(
                "authentication.session-unverified",
                Severity.WARNING,
                f"No session{who} has been proved yet: nobody has signed in, as far as can be seen.",
                evidence,
                why="Only icloudpd's own answer proves a session, and it has not been seen to accept one.",
                fix="Sign in, and let icloudpd confirm it.",
                commands=sign_in,
                implies=Status.ACTION_REQUIRED,
                blocker=blocker,
            )


def _sign_in_by_hand(settings: Settings, world: World) -> tuple[str, ...]:
    """How to sign in with kubectl alone: attach where a pod waits, else say what has to wait for one."""
    namespace = settings.namespace
    waiting = [
        pod
        for pod in auth_pods(world)
        if (log := _auth_log(world, pod)) and read_log(log).ending in ("asks-password", "asks-code")
    ]
    if waiting:
        name = waiting[0].meta.name
        return (f"kubectl -n {namespace} attach -it {name}", f"kubectl -n {namespace} delete pod {name}")
    names = AccountNames.of(settings.accounts[0])
    job = cron_job_named(world, names.cron_job)
    image = job.spec.containers[0].image if job and job.spec.containers else "icloudpd/icloudpd:1.32.3"
    overrides = (
        '{"spec":{"volumes":[{"name":"config","persistentVolumeClaim":{"claimName":"' + names.config_claim + '"}}],'
        '"containers":[{"name":"icloudpd-sign-in","image":"' + image + '","stdin":true,"tty":true,'
        '"command":["icloudpd","--auth-only","--password-provider","console","--cookie-directory","/config",'
        '"--username","YOUR_APPLE_ID"],"volumeMounts":[{"name":"config","mountPath":"/config"}]}]}}'
    )
    return (
        f"kubectl -n {namespace} run icloudpd-sign-in -it --rm --restart=Never --image={image} --overrides='{overrides}'",
    )


def check_auth_pods(world: World, settings: Settings) -> Iterator[Finding]:
    for pod in auth_pods(world):
        yield from _auth_pod(pod, world, settings)


def _auth_pod(pod: Pod, world: World, settings: Settings) -> Iterator[Finding]:
    where = f"pod/{pod.meta.name}"
    delete = f"kubectl -n {settings.namespace} delete pod {pod.meta.name}"
    log = _auth_log(world, pod)
    reading = read_log(log) if log else None
    if trouble := pod_trouble(pod, "authentication"):
        yield trouble
    container = pod.spec.containers[0] if pod.spec.containers else None
    if container and pod.phase in ("Running", "Pending") and not (container.stdin and container.tty):
        yield Finding(
            "authentication.auth-pod-no-terminal",
            Severity.WARNING,
            f"Pod {pod.meta.name} has no terminal, so nobody could type into it.",
            evidence={f"{where} stdin": container.stdin, f"{where} tty": container.tty},
            why="icloudpd ends with EOFError when it asks and nobody can answer.",
            fix="Make it with stdin: true and tty: true.",
            commands=(delete,),
        )
    ending = reading.ending if reading else ""
    if pod.phase == "Running" and ending in ("asks-password", "asks-code"):
        what = "the Apple password" if ending == "asks-password" else "a two-factor code"
        yield Finding(
            "authentication.auth-pod-waiting",
            Severity.INFO,
            f"Pod {pod.meta.name} is waiting for you to type {what}.",
            evidence={f"log of {where}": reading_last(log)},
            why="On iOS 26.4 and later a code may not arrive unless icloudpd is 1.32.3 or later.",
            fix="Attach to it and type, then delete the pod. No code? iPhone in airplane mode: Settings, your name, Sign-In & Security, Get Verification Code.",
            commands=(f"kubectl -n {settings.namespace} attach -it {pod.meta.name}", delete),
            implies=Status.ACTION_REQUIRED,
        )
        return
    if log:
        yield from findings_from("authentication", log, ("account",))
    if pod.phase == "Running" and ending == "signed-in":
        yield Finding(
            "authentication.auth-pod-left",
            Severity.WARNING,
            f"Pod {pod.meta.name} has done its work and still holds the volume.",
            evidence={f"log of {where}": reading_last(log)},
            why="A ReadWriteOnce volume that it holds can keep the sync from starting on another node.",
            fix="Delete it.",
            commands=(delete,),
            implies=Status.ACTION_REQUIRED,
        )
    elif pod.phase == "Running" and ending == "signing-in":
        yield Finding(
            "authentication.auth-pod-busy",
            Severity.INFO,
            f"Pod {pod.meta.name} is talking to Apple.",
            evidence={f"log of {where}": reading_last(log)},
            why="When this takes more than a minute, IPv6 that leads nowhere is a usual reason.",
            fix="Wait a minute, then look again.",
            implies=Status.IN_PROGRESS,
        )
    elif pod.phase == "Running" and isinstance(world.auth_log, Unreadable):
        yield unknown(
            "authentication.auth-pod-log-unreadable", f"The log of pod {pod.meta.name}", world.auth_log, harmless=True
        )
    elif pod.phase == "Running":
        yield Finding(
            "authentication.auth-pod-not-waiting",
            Severity.ERROR,
            f"Pod {pod.meta.name} is Running, but it is not waiting for you.",
            evidence={f"{where} status.phase": pod.phase, f"log of {where}": reading_last(log) or "(empty)"},
            why="icloudpd has ended in it and something else, usually a sleep, keeps the pod alive: attaching shows nothing.",
            fix="Mend what its log complains about, then delete the pod and make it anew.",
            commands=(f"kubectl -n {settings.namespace} logs {pod.meta.name}", delete),
            implies=Status.ACTION_REQUIRED,
        )
    elif pod.phase in ("Succeeded", "Failed"):
        yield Finding(
            "authentication.auth-pod-finished",
            Severity.INFO,
            f"Pod {pod.meta.name} has ended and can go.",
            evidence={f"{where} status.phase": pod.phase},
            fix="Delete it.",
            commands=(delete,),
        )


def reading_last(log: LogTail | None) -> str:
    """The last line of the log that says something."""
    return next((line.strip() for line in reversed(log.lines) if line.strip()), "") if log else ""


def check_shared_session(world: World, settings: Settings) -> Iterator[Finding]:
    for account in settings.accounts:
        claim = claim_named(world, AccountNames.of(account).config_claim)
        users = (
            [pod.meta.name for pod in mounting_pods(world, claim.meta.name) if pod.phase == "Running"] if claim else []
        )
        if claim and len(users) > 1:
            yield Finding(
                "authentication.session-shared",
                Severity.WARNING,
                f"Two pods use one session at the same time: {', '.join(users)}.",
                evidence={f"pods that mount {claim.meta.name}": ", ".join(users)},
                why="Each rewrites the session files at every request, and they end up mixed.",
                fix="Let only one of them run; suspend the CronJob while you sign in.",
            )


STEP = Step(
    3,
    "authentication",
    "Initial authentication",
    "Apple lets icloudpd in because of a session that a person has opened with a code. It lasts about a month, then this is done again.",
    (
        check_sessions,
        check_auth_pods,
        check_shared_session,
        missing_rights(
            "authentication",
            "sign in through a pod",
            [
                ("create", "pods"),
                ("delete", "pods"),
                ("create", "jobs.batch"),
                ("get", "pods/exec"),
                ("create", "pods/exec"),
                ("get", "pods/attach"),
                ("create", "pods/attach"),
                ("patch", "persistentvolumeclaims"),
            ],
        ),
    ),
)
