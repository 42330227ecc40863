"""What surrounds a sign-in: what is cleared away before its pod starts, the pause, and what is put back however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from wizard.apply.planned import PlannedChanges
from wizard.command import Command
from wizard.errors import WizardError
from wizard.handover.pod import ClaimContents, HandoverPod
from wizard.icloud.files import icloudpd_names
from wizard.kube.errors import Refused
from wizard.signin.other_users import (
    clear_away,
    is_another_at_it,
    is_taken_over,
    refuse_beside_users,
    refuse_if_held,
    refuse_if_later,
    taken_over,
    wait_for_users,
)
from wizard.signin.person import Person, Stage, StageProgress, Tick
from wizard.signin.prepare import Preparation
from wizard.signin.prove import undo_cut_off
from wizard.steps.authentication.plan import NOTE, PAUSE, REMOVE, RESUME, START, password_note

LEAVING_SECONDS = 15.0


@dataclass(slots=True)
class SignInSetup:
    """The surroundings of one sign-in; `notes` takes sentences for the person. `had_session` is known once its pod is open."""

    planned: PlannedChanges
    preparation: Preparation
    person: Person
    username: str
    notes: list[str]
    clock: Callable[[], datetime]
    had_session: bool = field(default=False, init=False)
    _is_to_resume: bool = field(default=False, init=False)
    _is_paused: bool = field(default=False, init=False)

    @property
    def pausing_notes(self) -> tuple[str, ...]:
        """What was said of the CronJob beforehand, as far as it has come true."""
        failed = PAUSE in self.planned.plan and not self._is_paused
        return () if failed else self.preparation.pausing.notes

    @asynccontextmanager
    async def open_pod(self, *, changes: bool = True) -> AsyncIterator[tuple[HandoverPod, Awaitable[ClaimContents]]]:
        """The hand-over pod, starting; awaiting the second part gives what is on the claim.

        Without `changes` a copy of the session is all that is used, so nobody has to wait and nothing is paused.
        """
        cluster, preparation = self.planned.cluster, self.preparation
        pod = HandoverPod(cluster, preparation.handover, icloudpd_names(self.username).jar)
        opening: asyncio.Task[ClaimContents] | None = None
        try:
            await refuse_if_held(cluster, preparation)
            if changes:
                await wait_for_users(cluster, preparation, self.person)
                await clear_away(self.planned, preparation, self.person)
            elif preparation.one_pod_only:
                await refuse_beside_users(cluster, preparation)
            opening = asyncio.create_task(self._open(pod, changes=changes))
            yield pod, opening
        except WizardError:
            if pod.pod and await is_taken_over(cluster, preparation):
                self._is_to_resume = self._is_to_resume and not await is_another_at_it(cluster, preparation)
                raise taken_over(preparation) from None
            raise
        finally:
            if opening and not opening.done():
                opening.cancel()
            await _finished(self._put_back(pod, opening))

    async def _open(self, pod: HandoverPod, *, changes: bool) -> ClaimContents:
        show = self.person.show
        show(StageProgress(Stage.POD, Tick.DOING, "a pod that mounts the volume is starting"))
        await self.planned.make(START)
        await pod.wait_until_running(lambda text: show(StageProgress(Stage.POD, Tick.DOING, text)))
        await refuse_if_later(self.planned.cluster, self.preparation)
        await pod.hold()
        if changes:
            await self._pause()
        show(StageProgress(Stage.POD, Tick.DONE, f"pod {pod.pod} is ready"))
        contents = await pod.recover_and_look()
        if contents.attended and not contents.pair:
            contents = await undo_cut_off(pod, self.notes.append)
        self.had_session = contents.pair
        if contents.recovered:
            self.notes.append(
                "An earlier sign-in was cut off; its session was moved into place."
                if contents.recovered == "completed"
                else "An earlier sign-in was cut off before anything was changed; what it had written was removed."
            )
        return contents

    async def _pause(self) -> None:
        """Sees to it that no run of the CronJob meets the sign-in; from now on it is ours to let it go on."""
        plan = self.planned.plan
        if note := self.preparation.note_at(self.clock()):
            self.notes.append(note)
        self._is_to_resume = RESUME in plan
        self._is_paused = self._is_to_resume and PAUSE not in plan
        if PAUSE in plan:
            self.person.show(StageProgress(Stage.POD, Tick.DOING, self.planned[PAUSE].title))
            try:
                await self.planned.make(PAUSE)
            except Refused as refusal:
                self._is_to_resume = False
                name = self.planned[PAUSE].target.name
                self.notes.append(f"{name} could not be paused, so a run may meet the sign-in. {refusal.what}")
            else:
                self._is_paused = True

    async def _put_back(self, pod: HandoverPod, opening: asyncio.Task[ClaimContents] | None) -> None:
        async with asyncio.TaskGroup() as group:
            if self._is_to_resume:
                group.create_task(self._resume())
            if opening:
                group.create_task(self._remove(pod, opening))
            if pod.keyring is not None and "".join(pod.keyring[:1]) != self.preparation.password_in_clear:
                group.create_task(self._note_password("".join(pod.keyring[:1])))

    async def _remove(self, pod: HandoverPod, opening: asyncio.Task[ClaimContents]) -> None:
        with suppress(asyncio.CancelledError, Exception):
            await opening
        try:
            await pod.close(lambda: self.planned.make(REMOVE))
        except WizardError as trouble:
            job = self.planned[REMOVE].target.name
            self._failed(Stage.POD, f"job {job} could not be removed ({trouble.what}); it ends by itself")

    async def _note_password(self, path: str) -> None:
        """Notes on the claim whether a password lies there in clear, for the next `status`."""
        try:
            await self.planned.make(NOTE, password_note(path))
        except WizardError as trouble:
            if path:
                text = f"{path} on the volume holds a password in clear, which could not be noted ({trouble.what})"
                self._failed(Stage.CLAIM, text)

    async def _resume(self) -> None:
        """Lets the CronJob go on, or says that it does not."""
        try:
            await self.planned.make(RESUME)
        except WizardError as trouble:
            change = self.planned[RESUME]
            still = "is still" if self._is_paused else "may still be"
            text = f"{change.target.name} {still} paused ({trouble.what}); the next start resumes it, or you can"
            self._failed(Stage.POD, text, change.command)

    def _failed(self, stage: Stage, text: str, command: Command | None = None) -> None:
        self.person.show(StageProgress(stage, Tick.FAILED, text, command=command))


async def _finished(work: Awaitable[None]) -> None:
    """Waits for `work` even while we are being cancelled, but not for ever."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            async with asyncio.timeout(LEAVING_SECONDS):
                await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
        except TimeoutError:
            task.cancel()
            break
        except WizardError:
            break
    if cancelled:
        raise asyncio.CancelledError
