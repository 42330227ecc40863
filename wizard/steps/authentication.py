"""Iteration 3: a session for every account that the cluster's own icloudpd accepts, with days left; the auth pod gone.

"The auth pod is Running" is never taken for "it is waiting for you": its log says what it does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

from wizard.model import Blocker, Finding, SessionState, Severity, Status
from wizard.settings import AUTH_POD, DEFAULT_ACCOUNT, AccountNames, Settings
from wizard.steps.base import Right, Step, missing_rights, unknown
from wizard.steps.icloudpd_log import WRONG_BINARY, findings_from, read_log
from wizard.steps.images import GOOD_IMAGE, Image
from wizard.steps.look_up import claim_named, cron_job_named, items, mounting_pods
from wizard.steps.pod_trouble import pod_trouble
from wizard.steps.session import said_at, session_of
from wizard.steps.workload import opaque, read_workload
from wizard.world import NOT_ASKED, Found, LogTail, Pod, Unreadable, World

_MINUTES = 5
_SILENCE = timedelta(minutes=1)
_PATIENCE = timedelta(minutes=3)


def auth_pods(world: World) -> list[Pod]:
    """The pods that somebody made for signing in."""
    return [pod for pod in items(world.pods) if pod.meta.name.startswith(AUTH_POD)]


def _auth_log(world: World, pod: Pod) -> LogTail | None:
    log = world.auth_logs.get(pod.meta.name)
    return log.value if isinstance(log, Found) else None


def check_sessions(world: World, settings: Settings) -> Iterator[Finding]:
    for account in settings.accounts:
        names = AccountNames.of(account)
        if isinstance(world.claims, Unreadable):
            yield unknown("authentication.session-unreadable", f"The claim {names.config_claim}", world.claims)
        else:
            yield _session(account, names, world, settings)


def _session(account: str, names: AccountNames, world: World, settings: Settings) -> Finding:
    session = session_of(account, world, settings)
    who = "" if account == DEFAULT_ACCOUNT else f" of account {account}"
    evidence: dict[str, object] = {
        "rests on": session.source,
        "proved at": session.verified_at or "never",
        "lasts until": session.expires_at or "not known",
    }
    until = f" until about {session.expires_at.day} {session.expires_at:%B}" if session.expires_at else ""
    days = session.days_left
    left = "" if days is None else f" ({days} {'day' if days == 1 else 'days'} left)"
    sign_in = _sign_in_by_hand(account, names, settings, world)
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
            outlived = session.expires_at is not None and session.expires_at <= world.taken_at
            return Finding(
                "authentication.session-expiring",
                Severity.WARNING,
                f"Apple's session{who} still works, though its own date has passed."
                if outlived
                else f"Apple's session{who} ends soon: it works{until}{left}.",
                evidence,
                why="Apple ends it about every 30 days, whatever anybody does. The date is an estimate.",
                fix="Sign in again soon; it takes a minute.",
                commands=sign_in,
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
                fix="Sign in; a run by hand then shows that icloudpd accepts it.",
                commands=sign_in,
                implies=Status.ACTION_REQUIRED,
                blocker=blocker,
            )


def _sign_in_by_hand(account: str, names: AccountNames, settings: Settings, world: World) -> tuple[str, ...]:
    """How to sign in with kubectl alone: attach where a pod waits, else a pod of its own that goes when it is done."""
    namespace = settings.namespace
    waiting = [
        pod
        for pod in auth_pods(world)
        if (log := _auth_log(world, pod)) and read_log(log).ending in ("asks-password", "asks-code")
    ]
    if waiting and account == DEFAULT_ACCOUNT:
        name = waiting[0].meta.name
        return (f"kubectl -n {namespace} attach -it {name}", f"kubectl -n {namespace} delete pod {name}")
    job = cron_job_named(world, names.cron_job)
    workload = read_workload(job.spec) if job else None
    own = workload is not None and bool(workload.program) and not Image.of(workload.container.image).official
    image = GOOD_IMAGE
    if workload and (
        own or (Image.of(workload.container.image).official and not Image.of(workload.container.image).too_old)
    ):
        image = workload.container.image
    written = workload.option("--username") if workload else None
    apple_id = settings.apple_ids.get(account) or (
        written if written and "@" in written and not opaque(written) else ""
    )
    options = ["--auth-only", "--password-provider", "console", "--cookie-directory", "/config"]
    options += ["--username", apple_id or "YOUR_APPLE_ID"]
    container = {
        "name": "icloudpd-sign-in",
        "image": image,
        "stdin": True,
        "tty": True,
        **({"command": [workload.program, *options]} if workload and own else {"args": ["icloudpd", *options]}),
        "volumeMounts": [{"name": "config", "mountPath": "/config"}],
    }
    overrides = {
        "spec": {
            "automountServiceAccountToken": False,
            "volumes": [{"name": "config", "persistentVolumeClaim": {"claimName": names.config_claim}}],
            "containers": [container],
        }
    }
    return (
        f"kubectl -n {namespace} run icloudpd-sign-in -it --rm --restart=Never --image={image} "
        f"--overrides='{json.dumps(overrides, separators=(',', ':'))}'",
        *(
            (f"kubectl -n {namespace} create job --from=cronjob/{names.cron_job} {names.cron_job}-by-hand-$(date +%s)",)
            if job
            else ()
        ),
    )


def check_auth_pods(world: World, settings: Settings) -> Iterator[Finding]:
    if isinstance(world.pods, Unreadable):
        yield unknown("authentication.pods-unreadable", f"The pods in {settings.namespace}", world.pods)
    for pod in auth_pods(world):
        yield from _auth_pod(pod, world, settings)


def _auth_pod(pod: Pod, world: World, settings: Settings) -> Iterator[Finding]:
    where = f"pod/{pod.meta.name}"
    delete = f"kubectl -n {settings.namespace} delete pod {pod.meta.name}"
    if pod.meta.deleting:
        yield Finding(
            "authentication.auth-pod-going",
            Severity.INFO,
            f"Pod {pod.meta.name} is being deleted.",
            evidence={f"{where} metadata.deletionTimestamp": pod.meta.deleting},
            fix="Wait until it is gone; it holds the session's volume until then.",
            implies=Status.IN_PROGRESS,
        )
        return
    if trouble := pod_trouble(pod, items(world.events)):
        yield trouble.finding("authentication")
    elif pod.phase == "Pending":
        yield Finding(
            "authentication.auth-pod-starting",
            Severity.INFO,
            f"Pod {pod.meta.name} is starting.",
            evidence={f"{where} status.phase": pod.phase},
            fix="Wait a minute; its events say what it waits for.",
            commands=(f"kubectl -n {settings.namespace} describe pod {pod.meta.name}",),
            implies=Status.IN_PROGRESS,
        )
    yield from _terminal(pod, where, delete)
    if pod.phase == "Running":
        yield from _running(pod, where, delete, world, settings)
    elif pod.phase in ("Succeeded", "Failed"):
        if log := _auth_log(world, pod):
            yield from findings_from("authentication", log, ("account", "run"))
        yield Finding(
            "authentication.auth-pod-finished",
            Severity.WARNING,
            f"Pod {pod.meta.name} has ended and can go.",
            evidence={f"{where} status.phase": pod.phase},
            why="It is of no use any more, and takes the name that the next one needs.",
            fix="Delete it.",
            commands=(delete,),
            implies=Status.ACTION_REQUIRED,
        )


def _terminal(pod: Pod, where: str, delete: str) -> Iterator[Finding]:
    workload = read_workload(pod.spec)
    container = workload.container if workload else None
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


def _running(pod: Pod, where: str, delete: str, world: World, settings: Settings) -> Iterator[Finding]:
    log = _auth_log(world, pod)
    if log is None:
        read = world.auth_logs.get(pod.meta.name)
        why = read if isinstance(read, Unreadable) else NOT_ASKED
        yield unknown("authentication.auth-pod-log-unreadable", f"The log of pod {pod.meta.name}", why)
        return
    reading = read_log(log)
    said: dict[str, object] = {f"log of {where}": reading_last(log) or "(empty)"}
    since = said_at(reading_last(log), pod, world) or world.taken_at
    age = world.taken_at - since
    if reading.ending in ("asks-password", "asks-code"):
        yield _waiting(pod, reading.ending, said, delete, settings)
        return
    if reading.ending == "signed-in":
        yield Finding(
            "authentication.auth-pod-left",
            Severity.WARNING,
            f"Pod {pod.meta.name} has done its work and still holds the volume.",
            evidence=said,
            why="A ReadWriteOnce volume that it holds can keep the sync from starting on another node.",
            fix="Delete it.",
            commands=(delete,),
            implies=Status.ACTION_REQUIRED,
        )
    elif reading.ending == "signing-in" or (not any(line.strip() for line in log.lines) and age < _SILENCE):
        yield from _talking(pod, where, said, age, delete, settings)
    elif not any(sign.slug == WRONG_BINARY for sign, _ in reading.signs):
        yield Finding(
            "authentication.auth-pod-not-waiting",
            Severity.ERROR,
            f"Pod {pod.meta.name} is Running, but it is not waiting for you.",
            evidence={f"{where} status.phase": pod.phase} | said,
            why="icloudpd has ended in it and something else, usually a sleep, keeps the pod alive: attaching shows nothing.",
            fix="Mend what its log complains about, then delete the pod and make it anew.",
            commands=(f"kubectl -n {settings.namespace} logs {pod.meta.name}", delete),
            implies=Status.ACTION_REQUIRED,
        )
    yield from findings_from("authentication", log, ("account", "run"))


def _waiting(pod: Pod, ending: str, said: dict[str, object], delete: str, settings: Settings) -> Finding:
    what = "the Apple password" if ending == "asks-password" else "a two-factor code"
    workload = read_workload(pod.spec)
    old = workload is not None and Image.of(workload.container.image).too_old
    return Finding(
        "authentication.auth-pod-waiting",
        Severity.INFO,
        f"Pod {pod.meta.name} is waiting for you to type {what}.",
        evidence=said | ({"image": workload.container.image} if workload else {}),
        why="This icloudpd does not ask Apple to send a code, and since iOS 26.4 none comes by itself."
        if old
        else "Since iOS 26.4 a code comes only when icloudpd asks for it, which 1.32.3 and later do.",
        fix="Attach to it and type, then delete the pod. No code? iPhone in airplane mode: Settings, your name, Sign-In & Security, Get Verification Code.",
        commands=(f"kubectl -n {settings.namespace} attach -it {pod.meta.name}", delete),
        implies=Status.ACTION_REQUIRED,
    )


def _talking(
    pod: Pod, where: str, said: dict[str, object], age: timedelta, delete: str, settings: Settings
) -> Iterator[Finding]:
    if age < _PATIENCE:
        yield Finding(
            "authentication.auth-pod-busy",
            Severity.INFO,
            f"Pod {pod.meta.name} is talking to Apple.",
            evidence=said,
            why="A sign-in takes some seconds.",
            fix="Wait a minute, then look again.",
            implies=Status.IN_PROGRESS,
        )
        return
    sixes = [ip for ip in pod.ips if ":" in ip]
    yield Finding(
        "authentication.auth-pod-stuck",
        Severity.WARNING,
        f"Pod {pod.meta.name} gets no answer from Apple: it has said nothing new for minutes.",
        evidence=said | {f"{where} addresses": ", ".join(pod.ips) or "none"},
        why="It has an IPv6 address, and an IPv6 way that leads nowhere is the usual reason."
        if sixes
        else "A firewall, a proxy or DNS keeps it from Apple.",
        fix="Try from a pod of this namespace whether https://setup.icloud.com answers, with IPv4 alone too.",
        commands=(f"kubectl -n {settings.namespace} logs {pod.meta.name}", delete),
        implies=Status.ACTION_REQUIRED,
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
            Right("create", "pods"),
            Right("delete", "pods"),
            Right("create", "jobs.batch"),
            Right("get", "pods/exec"),
            Right("create", "pods/exec"),
            Right("get", "pods/attach"),
            Right("create", "pods/attach"),
            Right("patch", "persistentvolumeclaims"),
        ),
    ),
)
