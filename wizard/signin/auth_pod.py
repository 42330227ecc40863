"""The pod with which the seed signs in: recognised by what its log ends with, and whether it waits for answers.

"It is Running" is never taken for "it waits". A prompt has no line's end, so containerd keeps it out of the log: what shows it
is a terminal that echoes nothing (the password), or a log that ends with the choice of phones (a code).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wizard.errors import WizardError
from wizard.icloudpd.log import BEFORE_CODE, read_log
from wizard.icloudpd.workload import read_workload
from wizard.kube.client import Cluster
from wizard.plan import DeleteObject
from wizard.settings import is_auth_pod
from wizard.steps.authentication.plan import remove_pod
from wizard.world import LogTail, Pod, PodSpec

LINES = 60
LOOK_SECONDS = 10.0
GRACE_SECONDS = 1
_SILENCE = timedelta(minutes=1)
_PASSWORD, _CODE = "the password", "a code"
_ASKS = {"asks-password": _PASSWORD, "asks-code": _CODE}
_TERMINAL = ["/bin/sh", "-c", "stty -a < /proc/1/fd/0"]
_NO_ECHO = re.compile(r"(?<!\S)-echo(?!\S)")
_PASSWORD_PROMPT = "iCloud Password for "  # noqa: S105 - what icloudpd asks
_PROMPTS = {_PASSWORD: "iCloud Password for {}: ", _CODE: "Please enter two-factor authentication code: "}


@dataclass(frozen=True, slots=True)
class AuthPod:
    """One such pod that holds the session. `asks` is what it waits for, empty when it waits for nothing that can be typed.

    `uid` is Kubernetes' own name for it, `screen` is what its terminal shows; `at_work` that icloudpd is speaking with Apple in
    it just now. `keeps_password`: its icloudpd writes a password that Apple accepts into a
    keyring file, in clear; `has_password`: it was given one already.
    """

    namespace: str
    name: str
    container: str
    asks: str = ""
    at_work: bool = False
    screen: str = field(default="", repr=False)
    uid: str = ""
    keeps_password: bool = False
    has_password: bool = False

    @property
    def leaves(self) -> str:
        """What answering it leaves behind until it is removed, in a sentence or two."""
        log = "The code, and at its log level debug the trust token, get into that pod's log"
        if not self.keeps_password:
            return f"{log}, so the pod is deleted afterwards."
        return (
            f"It keeps the password in clear in a keyring file, which lies on the volume if its image says so. {log}. "
            "Both are removed afterwards, however it ends."
        )

    @property
    def removal(self) -> DeleteObject:
        """Deletes it, with its log."""
        state = f"waits for {self.asks}" if self.asks else "runs and waits for nobody"
        why = f", which {state}, so that one program alone uses the session"
        return remove_pod(self.namespace, self.name, self.uid, why, GRACE_SECONDS)


async def find_auth_pod(cluster: Cluster, pods: tuple[Pod, ...], now: datetime, namespace: str) -> AuthPod | None:
    """The auth pod among the pods that mount the claim, if there is one that runs."""
    for pod in pods:
        if not is_auth_pod(pod.meta.name) or pod.meta.owner or pod.meta.deleting or pod.phase != "Running":
            continue
        container = pod.spec.containers[0]
        try:
            log = await cluster.log(namespace, pod.meta.name, container.name, tail=LINES)
        except WizardError:
            log = ""
        lines = tuple(log.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n"))
        ending = read_log(LogTail(pod.meta.name, lines)).ending
        asks = ""
        if container.stdin and container.tty:
            asks = _ASKS.get(ending, "") or _asks_without_a_line(
                lines, await _terminal(cluster, namespace, pod.meta.name, container.name)
            )
        silent = not any(line.strip() for line in lines)
        at_work = not asks and (ending == "signing-in" or (silent and _young(pod.meta.created, now)))
        prompt = _PROMPTS[asks].format("") if asks and ending not in _ASKS else ""
        return AuthPod(
            namespace,
            pod.meta.name,
            container.name,
            asks,
            at_work,
            "\n".join((*lines, prompt)),
            pod.meta.uid,
            keeps_password=_keeps_password(pod.spec),
            has_password=asks == _CODE and (_PASSWORD_PROMPT in log or _given_password(pod.spec)),
        )
    return None


async def _terminal(cluster: Cluster, namespace: str, pod: str, container: str) -> str:
    """How the terminal of the container's program is set; empty where that can't be seen."""
    try:
        result = await cluster.exec(namespace, pod, container, _TERMINAL, seconds=LOOK_SECONDS)
    except WizardError:
        return ""
    return result.stdout.decode("utf-8", "replace")


def _asks_without_a_line(lines: tuple[str, ...], terminal: str) -> str:
    """What icloudpd waits for when its prompt is not in the log."""
    if _NO_ECHO.search(terminal):
        return _PASSWORD
    return _CODE if lines and BEFORE_CODE.search(lines[-1]) else ""


def _keeps_password(spec: PodSpec) -> bool:
    """Whether icloudpd's keyring is among its providers, as it is where none is chosen: each gets an accepted password."""
    workload = read_workload(spec)
    if workload is None or not workload.given("--password-provider"):
        return True
    return any("keyring" in word for word in (*workload.container.command, *workload.container.args))


def _given_password(spec: PodSpec) -> bool:
    workload = read_workload(spec)
    return workload is not None and workload.given("--password")


def _young(created: datetime | None, now: datetime) -> bool:
    return created is not None and now - created < _SILENCE
