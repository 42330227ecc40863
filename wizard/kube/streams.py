"""The streams of exec and attach over a websocket: Kubernetes' channel protocol v5, or v4 with older servers.

Channels: 0 stdin, 1 stdout, 2 stderr, 3 the final Status, 4 the terminal's size, and in v5 255 to end another one.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from wizard.command import kubectl
from wizard.errors import Retry, WizardError, shorten
from wizard.kube.errors import Forbidden, Invalid, NotFound, ServerFault, Unreachable, rejected

V5 = "v5.channel.k8s.io"
V4 = "v4.channel.k8s.io"
PROTOCOLS = (V5, V4)
STDIN, STDOUT, STDERR, STATUS, CLOSE = 0, 1, 2, 3, 255
CHUNK = 32 * 1024
_HANDED_ON = re.compile(r"^.*OCI runtime exec failed: (?:exec failed: )?", re.DOTALL)
"""What those before whom a command could not be started say around the reason, which would be cut off behind it."""


@dataclass(frozen=True, slots=True)
class ExecResult:
    """What a command left behind; `exit_code` is None when the server did not say. Output is not in the repr."""

    stdout: bytes
    stderr: bytes
    exit_code: int | None
    message: str = ""

    def __repr__(self) -> str:
        return f"ExecResult(exit_code={self.exit_code}, {len(self.stdout)} and {len(self.stderr)} bytes)"


class Stream:
    """An open exec or attach. Iterate for (channel, bytes) pairs; afterwards `exit_code` and `message` are known."""

    def __init__(self, socket: Any, pod: str) -> None:
        self._socket = socket
        self._pod = pod
        self.exit_code: int | None = None
        self.message = ""
        self.ended = False

    @property
    def can_end_stdin(self) -> bool:
        """Whether the other side can be told that the input is over (protocol v5)."""
        return bool(self._socket.protocol == V5)

    async def send(self, data: bytes) -> None:
        """Writes to the process's input."""
        for start in range(0, len(data), CHUNK):
            await self._frame(STDIN, data[start : start + CHUNK])

    async def end_stdin(self) -> None:
        """Ends the process's input. Raises WizardError on servers before 1.30, which have no way to say so."""
        self._must_end_stdin()
        await self._frame(CLOSE, bytes([STDIN]))

    def __aiter__(self) -> AsyncIterator[tuple[int, bytes]]:
        return self._frames()

    async def run(self, stdin: bytes | None) -> ExecResult:
        """Feeds `stdin`, ends it and gathers the output until the command has ended."""
        if stdin is not None:
            self._must_end_stdin()
        feeding = asyncio.create_task(self._feed(stdin)) if stdin is not None else None
        out, err = bytearray(), bytearray()
        try:
            async for channel, data in self:
                (out if channel == STDOUT else err).extend(data)
        finally:
            if feeding is not None:
                feeding.cancel()
                await asyncio.gather(feeding, return_exceptions=True)
        return ExecResult(bytes(out), bytes(err), self.exit_code, self.message)

    async def _feed(self, stdin: bytes) -> None:
        await self.send(stdin)
        await self.end_stdin()

    def _must_end_stdin(self) -> None:
        if not self.can_end_stdin:
            raise WizardError(
                "kube.stdin-cannot-end",
                "This cluster's API server can't be told where the input of a command ends.",
                why="That needs Kubernetes 1.30 or later.",
                fix="Use a command that knows how much to read, or upgrade the cluster.",
                retry=Retry.NEVER,
            )

    async def _frame(self, channel: int, data: bytes) -> None:
        try:
            await self._socket.send_bytes(bytes([channel]) + data)
        except (OSError, RuntimeError) as error:
            raise self._broken() from error

    async def _frames(self) -> AsyncIterator[tuple[int, bytes]]:
        async for message in self._socket:
            data = message.data.encode() if isinstance(message.data, str) else message.data
            if not isinstance(data, bytes | bytearray) or not data:
                continue
            channel, content = data[0], bytes(data[1:])
            if channel in (STDOUT, STDERR):
                if content:
                    yield channel, content
            elif channel == STATUS:
                self._finish(content)
        if not self.ended and self._socket.close_code not in (1000, None):
            raise self._broken()

    def _finish(self, content: bytes) -> None:
        self.ended = True
        try:
            status = json.loads(content)
        except ValueError:
            self.message = shorten(content.decode(errors="replace"))
            return
        self.exit_code, self.message = outcome(status)

    def _broken(self) -> Unreachable:
        return Unreachable(
            "kube.stream-broken",
            f"The connection to pod {self._pod} was lost.",
            why="The pod or the API server went away.",
            fix="Check the pod, then try again.",
        )


def outcome(status: Mapping[str, Any]) -> tuple[int | None, str]:
    """Exit code and message of the final Status; the code is in its causes, 0 on success, None when it never ran."""
    if status.get("status") == "Success":
        return 0, ""
    message = shorten(_HANDED_ON.sub("", str(status.get("message", ""))))
    for cause in (status.get("details") or {}).get("causes") or ():
        if cause.get("reason") == "ExitCode":
            try:
                return int(cause.get("message", "")), message
            except ValueError:
                break
    return None, message


def handshake_refused(status: int, namespace: str, pod: str, kind: str) -> WizardError:
    """Why a websocket was refused; the library keeps the status only, so the words are ours."""
    what = "run a command in" if kind == "exec" else "attach to"
    if status == 401:
        return rejected()
    if status == 403:
        return Forbidden(
            "kube.forbidden",
            f"You are not allowed to {what} pod {pod}.",
            status=status,
            message=f"That needs both verbs get and create on pods/{kind} in namespace {namespace}.",
            fix="Ask whoever administers the cluster for a role that allows both.",
            commands=tuple(
                kubectl("auth", "can-i", verb, "pods", f"--subresource={kind}", namespace=namespace)
                for verb in ("get", "create")
            ),
        )
    if status == 404:
        return NotFound("kube.not-found", f"There is no pod {pod} in namespace {namespace}.", status=status)
    if status == 400:
        return Invalid(
            "kube.invalid",
            f"The cluster could not {what} pod {pod}.",
            status=status,
            message="It has no such container.",
        )
    return ServerFault(
        "kube.not-running",
        f"The cluster could not {what} pod {pod}.",
        status=status,
        message=f"Its container is not running, or its node can't be reached (HTTP {status}).",
        fix="Check the pod first.",
        commands=(kubectl("describe", "pod", pod, namespace=namespace),),
        retry=Retry.LATER,
    )
