"""The hand-over pod: waited for, used, left. Every method says what it found on the claim, not what it assumes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass

from wizard.command import kubectl
from wizard.errors import Exit, Retry, WizardError, shorten
from wizard.handover import scripts
from wizard.handover.job import CONTAINER, Handover
from wizard.handover.start_pod import PodStart
from wizard.icloudpd.images import PROGRAM_PLACES
from wizard.icloudpd.proof import Proof, proof_of
from wizard.icloudpd.session_folder import STAGING
from wizard.kube.client import Cluster
from wizard.kube.errors import NotFound
from wizard.kube.streams import ExecResult, Stream
from wizard.world import Pod

__all__ = ["ClaimContents", "HandoverPod", "Proof", "is_held", "proof_of", "until_gone"]

START_SECONDS = 300.0
SCRIPT_SECONDS = 60.0
PROVE_SECONDS = 180.0
GONE_SECONDS = 60.0
TIDY_SECONDS = 3.0
LOOK_EVERY_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class ClaimContents:
    """What lies on the claim for one account. `recovered` is "completed" or "undone" when an earlier move was cut off.

    `pair`: both files are there, and the CronJob's user may read and write them. `attended`: another icloudpd was being
    answered when the wizard died, so the pair may be half written. `unproved`: a pair was set aside that nobody could judge.
    """

    pair: bool
    recovered: str = ""
    attended: bool = False
    unproved: bool = False


class HandoverPod:
    """One hand-over. `wait_until_running`, then `recover_and_look`, `read`, `stage`, `prove`, `commit`; always `close` it."""

    def __init__(self, cluster: Cluster, handover: Handover, name: str) -> None:
        self._cluster = cluster
        self._handover = handover
        self._name = name
        self._program = [handover.program]
        self._pod = ""
        self._staged = False
        self._held = False
        self._holding = AsyncExitStack()
        self._keyring: tuple[str, ...] | None = None
        self._pair = False

    @property
    def pod(self) -> str:
        """The pod's name; empty before it runs."""
        return self._pod

    @property
    def namespace(self) -> str:
        """Where it runs."""
        return self._handover.change.target.namespace

    @property
    def in_place(self) -> str:
        """What is in place as long as nothing is moved there, in a sentence."""
        return "The previous session is still in place." if self._pair else "There was no session before."

    @property
    def keyring(self) -> tuple[str, ...] | None:
        """Files on the claim that hold a password in clear, relative to its top, as last seen; None before a look."""
        return self._keyring

    @property
    def staging(self) -> str:
        """The staging folder's path inside the pod."""
        return f"{self._handover.directory}/{STAGING}"

    async def wait_until_running(
        self, say: Callable[[str], None] = lambda _: None, seconds: float = START_SECONDS
    ) -> None:
        """Waits until the pod of the Job runs, which was just made; `say` gets a few words whenever what is awaited changes.

        Raises WizardError with the pod's own reason when it can't run, or when `seconds` pass.
        """
        self._pod = await PodStart(self._cluster, self._handover.change.target, say).running(seconds)

    async def hold(self) -> None:
        """Marks the pod as in use by somebody who is alive, until `close`, or until this program ends however it ends."""
        command = _shell_with(scripts.HOLD, self._handover.directory, self._pod)
        holding = self._cluster.open_exec(self.namespace, self._pod, CONTAINER, command, stdin=True)
        stream = await self._holding.enter_async_context(holding)
        self._held = True
        said = bytearray()
        with suppress(TimeoutError):
            async with asyncio.timeout(SCRIPT_SECONDS):
                async for _, data in stream:
                    said += data
                    if scripts.HELD.encode() + b"\n" in said:
                        return
        raise WizardError(
            "handover.not-held",
            "The volume could not be written to.",
            why=shorten(said.decode("utf-8", "replace")) or stream.message or "Nothing was heard of it for a minute.",
            fix="See what is wrong with the volume; nothing was changed.",
            commands=(kubectl("describe", "pod", self._pod, namespace=self.namespace),),
            retry=Retry.NOW,
        )

    async def recover_and_look(self) -> ClaimContents:
        """Completes or undoes what an earlier start left half done, then says what is there.

        Raises WizardError when there is no icloudpd in the pod, with which alone a session can be proved.
        """
        lines = (await self._script(scripts.and_keyring(scripts.RECOVER_AND_LOOK, self._homes))).splitlines()
        self._keyring = self._on_claim(lines, "keyring ")
        answer = await self._run([*scripts.SHELL, self._handover.program], scripts.FIND_PROGRAM.encode())
        self._program = answer.stdout.decode("utf-8", "replace").splitlines()
        if not self._program:
            raise self._no_program(answer)
        self._pair = "pair" in lines
        return ClaimContents(
            pair=self._pair,
            recovered=next((line for line in lines if line in ("completed", "undone")), ""),
            attended="attended" in lines,
            unproved="unproved" in lines,
        )

    def _no_program(self, answer: ExecResult) -> WizardError:
        _expect(answer, "The pod's icloudpd could not be looked for.")
        return WizardError(
            "handover.program-not-found",
            "The CronJob's image has no icloudpd where it calls it, nor where the known images have it.",
            why=f"There is no {self._handover.program} in it.",
            fix=f"{PROGRAM_PLACES} Correct the CronJob, then start again; the session is as it was.",
            exit_code=Exit.BLOCKED,
            retry=Retry.NEVER,
        )

    async def read(self) -> tuple[str, str]:
        """The pair in place: jar and session, as text."""
        texts = []
        for name in (self._name, f"{self._name}.session"):
            result = await self._run([*scripts.SHELL, self._handover.directory, name], scripts.READ.encode())
            _expect(result, "The session files could not be read.")
            texts.append(result.stdout.decode("utf-8", "replace"))
        return texts[0], texts[1]

    async def stage(self, jar: str, session: str) -> None:
        """Writes a new pair into the staging folder; what is in place stays as it is."""
        self._staged = True
        await self._script(scripts.stage(jar, session))

    async def stage_copy(self) -> None:
        """Stages a copy of the pair in place, so that it can be proved without being touched."""
        self._staged = True
        await self._script(scripts.COPY_LIVE)

    async def prove(self, apple_id: str) -> Proof:
        """Asks the cluster's icloudpd whether it accepts the staged pair, with no password within its reach."""
        command = [*self.sign_in_command(apple_id), "--password-provider", "parameter"]
        result = await self._cluster.exec(self.namespace, self._pod, CONTAINER, command, seconds=PROVE_SECONDS)
        return proof_of(self._pod, result.stdout, result.stderr, result.exit_code, result.message)

    def sign_in_command(self, apple_id: str) -> list[str]:
        """The command of icloudpd's own sign-in on the staging folder; a password provider is to follow."""
        command = [*self._program, "--auth-only", "--log-level", "info", "--username", apple_id]
        command += ["--cookie-directory", self.staging]
        return [*command, "--domain", self._handover.domain] if self._handover.domain else command

    async def clear_staging(self) -> None:
        """An empty staging folder, for icloudpd to write into."""
        self._staged = True
        await self._script(scripts.EMPTY_STAGING)

    def terminal(self, apple_id: str) -> AbstractAsyncContextManager[Stream]:
        """The pod's icloudpd with a terminal in front of it, as a command of ours that is in no pod's log."""
        command = [*self.sign_in_command(apple_id), "--password-provider", "console"]
        return self._cluster.open_exec(self.namespace, self._pod, CONTAINER, command, stdin=True, tty=True)

    async def commit(self) -> None:
        """Moves the staged pair into place by the journal; the pair before is kept beside it."""
        await self._script(scripts.COMMIT)
        self._staged = False

    async def set_aside(self) -> None:
        """Keeps a copy of the staged pair on the claim until icloudpd has accepted or refused it, whatever ends this."""
        await self._script(scripts.SET_ASIDE)

    async def stage_set_aside(self) -> None:
        """Stages the pair that was set aside."""
        self._staged = True
        await self._script(scripts.STAGE_UNPROVED)

    async def forget_set_aside(self) -> None:
        """Icloudpd does not accept the pair that was set aside."""
        await self._script(scripts.FORGET_UNPROVED)

    async def discard(self) -> None:
        """Forgets the staged pair."""
        await self._script(scripts.DISCARD)
        self._staged = False

    async def keep(self, *, keyring_stays: bool) -> None:
        """Keeps a copy of the pair in place, because another icloudpd is going to write into it.

        A password that it leaves in clear is removed when that is settled or taken back, unless the file was there before.
        """
        await self._script(scripts.keep(keyring_stays=keyring_stays))

    async def settle(self) -> tuple[str, ...]:
        """What the other icloudpd has written is good. Gives the files with a password in clear that were removed."""
        return await self._after_another(scripts.SETTLE)

    async def take_back(self) -> tuple[str, ...]:
        """Puts the kept copy back in place of what the other icloudpd has written; gives what `settle` does."""
        return await self._after_another(scripts.TAKE_BACK)

    async def _after_another(self, script: str) -> tuple[str, ...]:
        lines = (await self._script(scripts.and_keyring(script, self._homes, remove=True))).splitlines()
        self._keyring = self._on_claim(lines, "keyring ")
        return self._on_claim(lines, "removed ")

    @property
    def _homes(self) -> tuple[str, ...]:
        return self._handover.data_homes

    def _on_claim(self, lines: Iterable[str], mark: str) -> tuple[str, ...]:
        paths = (self._handover.on_claim(line.removeprefix(mark)) for line in lines if line.startswith(mark))
        return tuple(dict.fromkeys(path for path in paths if path))

    async def close(self, remove: Callable[[], Awaitable[None]]) -> None:
        """Has `remove` delete the Job, and its pod with it; doing so twice is as good as once. Raises what `remove` raises.

        Before, as long as that takes no more than TIDY_SECONDS, what is staged is forgotten; the next start does it else.
        """
        tidying = asyncio.create_task(self._tidy())
        try:
            await asyncio.wait((tidying,), timeout=TIDY_SECONDS)
        finally:
            tidying.cancel()
            try:
                await remove()
            finally:
                await asyncio.gather(tidying, return_exceptions=True)

    async def _tidy(self) -> None:
        async with self._holding:
            if self._staged or self._held:
                with suppress(WizardError):
                    await self._script(scripts.LEAVE if self._staged else scripts.LET_GO)
            self._staged = self._held = False

    async def _script(self, text: str) -> str:
        result = await self._run([*scripts.SHELL, self._handover.directory, self._name], text.encode())
        _expect(result, "The session could not be written onto the volume.")
        return result.stdout.decode("utf-8", "replace")

    def _run(self, command: Iterable[str], stdin: bytes) -> Awaitable[ExecResult]:
        return self._cluster.exec(self.namespace, self._pod, CONTAINER, command, stdin=stdin, seconds=SCRIPT_SECONDS)


async def is_held(cluster: Cluster, pod: Pod, directory: str) -> bool:
    """Whether a wizard that is alive works through this hand-over pod. Raises WizardError when that can't be asked."""
    command = _shell_with(scripts.IS_HELD, directory, pod.meta.name)
    result = await cluster.exec(pod.meta.namespace, pod.meta.name, CONTAINER, command, seconds=SCRIPT_SECONDS)
    return scripts.HELD.encode() in result.stdout


def _shell_with(script: str, *arguments: str) -> list[str]:
    return ["/bin/sh", "-c", script, "sh", *arguments]


async def until_gone(cluster: Cluster, path: str, seconds: float = GONE_SECONDS) -> None:
    """Waits until there is no object at `path` any more. Raises WizardError after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                await cluster.get(path)
                await asyncio.sleep(LOOK_EVERY_SECONDS)
    except NotFound:
        return
    except TimeoutError:
        raise WizardError(
            "handover.not-gone",
            f"{path.rpartition('/')[2]} does not go away.",
            why="Its node may not answer, or a finalizer holds it; while it runs it may write into the session.",
            fix="Look at what keeps it, then start again; the session is as it was.",
        ) from None


def _expect(result: ExecResult, what: str) -> None:
    if result.exit_code == 0:
        return
    raise WizardError(
        "handover.script",
        what,
        why=shorten(result.stderr.decode("utf-8", "replace")) or result.message or f"exit code {result.exit_code}",
        fix="Nothing on the volume has changed.",
        retry=Retry.NOW,
    )
