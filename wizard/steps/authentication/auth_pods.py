"""Iteration 3's pods that somebody made for signing in: what each is up to, by its log and its terminal.

"It is Running" is never taken for "it is waiting for you".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from wizard.accounts import AccountNames
from wizard.command import Command, kubectl
from wizard.facts.objects import claims_of, items, more_of
from wizard.facts.pod_problem import pod_problem
from wizard.facts.session_history import written_at
from wizard.facts.sign_in_commands import can_lead, reauth
from wizard.icloudpd.images import Image
from wizard.icloudpd.log import BEFORE_CODE, evidence_line, findings_from, read_log
from wizard.icloudpd.signs import WRONG_BINARY
from wizard.icloudpd.workload import read_workload
from wizard.model import Finding, Severity, Status
from wizard.settings import Settings, is_auth_pod
from wizard.steps.base import cut_short, unknown
from wizard.world import NOT_ASKED, Found, LogTail, Pod, Unreadable, World

_SILENCE = timedelta(minutes=1)
_PATIENCE = timedelta(minutes=3)
_A_MOMENT = timedelta(seconds=20)
_BEFORE_PASSWORD = re.compile(r"Authentication required for Account\. \(4\d\d\)")


def auth_pods(world: World) -> list[Pod]:
    """The pods that somebody made for signing in."""
    return [pod for pod in items(world.pods) if is_auth_pod(pod.meta.name)]


def _auth_log(world: World, pod: Pod) -> LogTail | None:
    log = world.auth_logs.get(pod.meta.name)
    return log.value if isinstance(log, Found) else None


def check_auth_pods(world: World, settings: Settings) -> Iterator[Finding]:
    if isinstance(world.pods, Unreadable):
        yield unknown("authentication.pods-unreadable", f"The pods in {settings.namespace}", world.pods)
    elif more_of(world.pods):
        yield cut_short("authentication.pods-unreadable", "pods", "another pod for signing in")
    for pod in auth_pods(world):
        yield from _auth_pod(pod, world, settings)


def _auth_pod(pod: Pod, world: World, settings: Settings) -> Iterator[Finding]:
    where = f"pod/{pod.meta.name}"
    delete = kubectl("delete", "pod", pod.meta.name, namespace=settings.namespace)
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
    log = _auth_log(world, pod)
    signs = [sign.slug for sign, _ in read_log(log).signs] if log else []
    if problem := pod_problem(pod, items(world.events)):
        if problem.slug not in signs:
            yield problem.finding("authentication")
    elif pod.phase == "Pending":
        yield Finding(
            "authentication.auth-pod-starting",
            Severity.INFO,
            f"Pod {pod.meta.name} is starting.",
            evidence={f"{where} status.phase": pod.phase},
            fix="Wait a minute; its events say what it is waiting for.",
            commands=(kubectl("describe", "pod", pod.meta.name, namespace=settings.namespace),),
            implies=Status.IN_PROGRESS,
        )
    yield from _terminal(pod, where, delete)
    if pod.phase == "Running":
        yield from _running(pod, where, delete, world, settings)
    elif pod.phase in ("Succeeded", "Failed"):
        if log:
            yield from findings_from("authentication", log, ("account", "run"))
        yield Finding(
            "authentication.auth-pod-finished",
            Severity.WARNING,
            f"Pod {pod.meta.name} has ended and can be deleted.",
            evidence={f"{where} status.phase": pod.phase},
            why="It is no longer needed, and it occupies the name that the next one needs.",
            fix="Delete it.",
            commands=(delete,),
            implies=Status.ACTION_REQUIRED,
        )


def _terminal(pod: Pod, where: str, delete: Command) -> Iterator[Finding]:
    workload = read_workload(pod.spec)
    container = workload.container if workload else None
    if container and pod.phase in ("Running", "Pending") and not _has_terminal(pod):
        yield Finding(
            "authentication.auth-pod-no-terminal",
            Severity.WARNING,
            f"Pod {pod.meta.name} has no terminal, so nobody can type into it.",
            evidence={f"{where} stdin": container.stdin, f"{where} tty": container.tty},
            why="icloudpd ends with EOFError when it asks and nobody can answer.",
            fix="Recreate it with stdin: true and tty: true.",
            commands=(delete,),
        )


def _running(pod: Pod, where: str, delete: Command, world: World, settings: Settings) -> Iterator[Finding]:
    log = _auth_log(world, pod)
    if log is None:
        read = world.auth_logs.get(pod.meta.name)
        why = read if isinstance(read, Unreadable) else NOT_ASKED
        yield unknown("authentication.auth-pod-log-unreadable", f"The log of pod {pod.meta.name}", why)
        return
    reading = read_log(log)
    log_evidence: dict[str, object] = {f"log of {where}": last_words(log) or "(empty)"}
    since = written_at(last_words(log), pod, world) or world.taken_at
    age = world.taken_at - since
    ending = reading.ending or _asks_without_a_line(pod, log)
    if ending == "signing-in" and age >= _A_MOMENT and _has_terminal(pod) and not _given_password(pod):
        yield _waiting(pod, "asks-password", log_evidence, delete, world, settings, silent=True)
        return
    if ending in ("asks-password", "asks-code"):
        yield _waiting(pod, ending, log_evidence, delete, world, settings)
        return
    if ending == "signed-in":
        yield Finding(
            "authentication.auth-pod-left",
            Severity.WARNING,
            f"Pod {pod.meta.name} has done its work but still holds the volume.",
            evidence=log_evidence,
            why="A ReadWriteOnce volume that it holds can keep the sync from starting on another node.",
            fix="Delete it.",
            commands=(delete,),
            implies=Status.ACTION_REQUIRED,
        )
    elif ending == "signing-in" or (not any(line.strip() for line in log.lines) and age < _SILENCE):
        yield from _talking(pod, where, log_evidence, age, delete, settings)
    elif not any(sign.slug == WRONG_BINARY for sign, _ in reading.signs):
        yield Finding(
            "authentication.auth-pod-not-waiting",
            Severity.ERROR,
            f"Pod {pod.meta.name} is Running, but it is not waiting for you.",
            evidence={f"{where} status.phase": pod.phase} | log_evidence,
            why="icloudpd itself has ended; something else, usually a sleep, keeps the pod alive: attaching shows nothing.",
            fix="Fix what its log complains about, then delete the pod and create it again.",
            commands=(kubectl("logs", pod.meta.name, namespace=settings.namespace), delete),
            implies=Status.ACTION_REQUIRED,
        )
    trying = ending == "signing-in" and age < _PATIENCE
    yield from findings_from("authentication", log, ("account", "run"), still_trying=trying)


def _asks_without_a_line(pod: Pod, log: LogTail) -> str:
    """What icloudpd asks for when its prompt is not in the log: it ends no line, and containerd keeps whole lines only."""
    last = next((line for line in reversed(log.lines) if line.strip()), "")
    if _BEFORE_PASSWORD.search(last):
        return "asks-password" if _has_terminal(pod) and not _given_password(pod) else "signing-in"
    return "asks-code" if _has_terminal(pod) and BEFORE_CODE.search(last) else ""


def _has_terminal(pod: Pod) -> bool:
    workload = read_workload(pod.spec)
    return workload is not None and workload.container.stdin and workload.container.tty


def _given_password(pod: Pod) -> bool:
    workload = read_workload(pod.spec)
    return workload is not None and workload.given("--password")


def _waiting(
    pod: Pod,
    ending: str,
    log_evidence: dict[str, object],
    delete: Command,
    world: World,
    settings: Settings,
    *,
    silent: bool = False,
) -> Finding:
    """What it waits for; where only its silence says so, an Apple that does not answer looks the same."""
    what = "the Apple password" if ending == "asks-password" else "a two-factor code"
    workload = read_workload(pod.spec)
    old = workload is not None and Image.of(workload.container.image).too_old
    own = _answered_by_wizard(pod, world, settings)
    how = (
        "Let the wizard answer it: it asks you the same questions, proves the session, and removes the pod and what it leaves behind. "
        "By hand: attach to it and type, then delete the pod."
        if own
        else "Attach to it and type, then delete the pod."
    )
    return Finding(
        "authentication.auth-pod-waiting",
        Severity.WARNING,
        f"Pod {pod.meta.name} is waiting for you to type {what}" + (", or hangs." if silent else "."),
        evidence=log_evidence | ({"image": workload.container.image} if workload else {}),
        why="This icloudpd does not ask Apple to send a code, and since iOS 26.4 none is sent by itself."
        if old
        else "Since iOS 26.4 a code comes only when icloudpd asks for it, which 1.32.3 and later do.",
        fix=f"{how} No code? iPhone in airplane mode: Settings, your name, Sign-In & Security, Get Verification Code."
        + (" If it stays silent after the password, Apple is not answering." if silent else ""),
        commands=(*own, kubectl("attach", "-it", pod.meta.name, namespace=settings.namespace), delete),
        implies=Status.ACTION_REQUIRED,
    )


def _answered_by_wizard(pod: Pod, world: World, settings: Settings) -> tuple[Command, ...]:
    """The wizard's command that answers this pod; nothing where it is no account's, or what a sign-in needs is missing."""
    for account in settings.accounts:
        names = AccountNames.of(account, settings)
        if names.config_claim in claims_of(pod.spec) and can_lead(names, world):
            return (reauth(account, settings),)
    return ()


def _talking(
    pod: Pod, where: str, log_evidence: dict[str, object], age: timedelta, delete: Command, settings: Settings
) -> Iterator[Finding]:
    if age < _PATIENCE:
        yield Finding(
            "authentication.auth-pod-busy",
            Severity.INFO,
            f"Pod {pod.meta.name} is talking to Apple.",
            evidence=log_evidence,
            why="A sign-in takes a few seconds.",
            fix="Wait a minute, then look again.",
            implies=Status.IN_PROGRESS,
        )
        return
    sixes = [ip for ip in pod.ips if ":" in ip]
    yield Finding(
        "authentication.auth-pod-stuck",
        Severity.WARNING,
        f"Pod {pod.meta.name} gets no answer from Apple: it has logged nothing new for minutes.",
        evidence=log_evidence | {f"{where} addresses": ", ".join(pod.ips) or "none"},
        why="It has an IPv6 address, and broken IPv6 routing is the usual reason."
        if sixes
        else "A firewall, a proxy or DNS keeps it from reaching Apple.",
        fix="Check from a pod in this namespace whether https://setup.icloud.com answers, also over IPv4 only.",
        commands=(kubectl("logs", pod.meta.name, namespace=settings.namespace), delete),
        implies=Status.ACTION_REQUIRED,
    )


def last_words(log: LogTail | None) -> str:
    """The last line of the log that says something."""
    return next((evidence_line(line) for line in reversed(log.lines) if line.strip()), "") if log else ""
