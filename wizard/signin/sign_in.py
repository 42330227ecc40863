"""One account's way up the ladder, from the first look at the claim to icloudpd's own yes.

Whatever ends it, the claim holds the old session or the new one, whole, the pod goes, and a paused CronJob goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from wizard.apply.objects import send
from wizard.errors import Exit, Retry, Trouble
from wizard.handover.pod import ClaimContents, HandoverPod
from wizard.icloud.expiry import expiry
from wizard.icloud.files import Pair, fit_for_icloudpd, has_token, icloudpd_names
from wizard.icloud.ladder import NextRung, Rung, next_rung
from wizard.icloud.password import Keeper
from wizard.icloud.refusals import CLOSES_PHOTOS
from wizard.icloud.signing_in import SigningIn
from wizard.icloud.steps import Library, SignedIn
from wizard.kube.client import Cluster
from wizard.kube.errors import Refused
from wizard.plan import PatchObject
from wizard.signin.apple import sign_in_to_apple
from wizard.signin.auth_pod import AuthPod, answer, remove, waits
from wizard.signin.in_pod import sign_in_inside
from wizard.signin.other_users import (
    clear_away,
    is_another_at_it,
    is_taken_over,
    refuse_beside_users,
    refuse_if_held,
    stand_back,
    taken_over,
    wait_for_users,
)
from wizard.signin.passwords import Passwords
from wizard.signin.person import Outcome, Person, Stage, StageProgress, Tick
from wizard.signin.prepare import Preparation
from wizard.signin.prove import (
    judge_session,
    password_removed,
    password_there,
    prove_new,
    prove_set_aside,
    refused_by_icloudpd,
)
from wizard.steps.authentication.plan import note_password, note_session

LONGEST_SECONDS = 1500.0
LEAVING_SECONDS = 15.0


_CONSENT = StageProgress(
    Stage.PHOTOS,
    Tick.DOING,
    "Apple asks on your devices whether the photos may be read: allow it there, within 2 minutes",
)


@dataclass(slots=True)
class SignIn:
    """One sign-in. `keeper` gives the kept password, if the person keeps one; `folder` is private (0700).

    `anew`: with the password although the session still works, so that it lasts as long as a new one.
    """

    cluster: Cluster
    preparation: Preparation
    apple_id: str
    folder: Path
    person: Person
    keeper: Keeper | None = None
    china: bool = False
    in_pod_only: bool = False
    anew: bool = False
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _notes: list[str] = field(default_factory=list, init=False)
    _before: bool = field(default=False, init=False)
    _goes_on: PatchObject | None = field(default=None, init=False)
    _passwords: Passwords = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._passwords = Passwords(self.apple_id, self.person, self.keeper, self._notes.append)

    @property
    def username(self) -> str:
        """The Apple ID as the CronJob's icloudpd gets it, by which it names the session's files."""
        return self.preparation.username or self.apple_id

    async def check(self, *, ask_apple: bool = False) -> NextRung:
        """Which rung a sign-in would take. Asks the cluster's icloudpd, and with `ask_apple` Apple from here where that says no.

        Changes no session, but for one that an earlier sign-in left half moved; notes on the claim that it works.
        """
        async with self._pod(changes=False) as (pod, opened):
            found = await opened
            seen, pair = await judge_session(
                pod, self.username, found, self.person, self._notes.append, before_sign_in=False
            )
            if not seen.accepted and found.unproved and await prove_set_aside(pod, self.username, self.person):
                return NextRung(
                    Rung.SET_ASIDE,
                    "A new session waits on the volume, and icloudpd accepts it: nothing more is needed.",
                )
            if seen.accepted:
                await self._note(expiry(pair.jar, self.clock()).at if pair else None)
            if seen.accepted or pair is None:
                return next_rung(seen)
            heals: bool | None = None
            if ask_apple:
                async with SigningIn(self.folder) as signing:
                    heals = isinstance(await signing.resume(pair), SignedIn)
            return next_rung(replace(seen, heals=heals, password_known=await self._passwords.kept() is not None))

    async def keep_password(self) -> bool:
        """Keeps the password that was used in the keyring, because the person said so. Whether there was one to keep."""
        return await self._passwords.keep()

    async def run(self) -> Outcome:
        """Goes up the ladder until icloudpd accepts a session. Raises Trouble, or GaveUp when the person leaves."""
        limit = asyncio.timeout(LONGEST_SECONDS)
        try:
            async with limit:
                return await self._run()
        except TimeoutError:
            if not limit.expired():
                raise
            raise Trouble(
                "renewal.too-long",
                f"The sign-in did not come to an end within {LONGEST_SECONDS / 60:.0f} minutes, and was left.",
                why="The pod that holds the volume lives for half an hour only.",
                fix="Start again. What was on the volume is as it was.",
                exit_code=Exit.NEEDS_PERSON,
                retry=Retry.NOW,
            ) from None

    async def _run(self) -> Outcome:
        there = await self._waits_there()
        async with self._pod(answered=there) as (pod, opened), SigningIn(self.folder) as signing:
            found = await opened
            if found.unproved and await prove_set_aside(pod, self.username, self.person):
                if there:
                    await remove(self.cluster, there)
                return await self._proved(pod, Rung.SET_ASIDE, None, staged=True)
            if there:
                await answer(self.cluster, there, pod, self.username, self.person, self._passwords, self._notes.append)
                return await self._proved(pod, Rung.CODE, None, staged=False)
            if self.in_pod_only:
                return await self._inside(pod)
            seen, pair = await judge_session(
                pod, self.username, found, self.person, self._notes.append, before_sign_in=True
            )
            if seen.accepted and not self.anew:
                self.person.show(StageProgress(Stage.PROVED, Tick.DONE, "icloudpd accepts the session as it is"))
                return await self._proved(pod, Rung.WORKS, None, staged=False)
            asking = self._ask_apple(signing, pair, anew=self.anew and bool(seen.accepted))
            return await self._in_or_inside(pod, signing, asking)

    async def _waits_there(self) -> AuthPod | None:
        """The pod that waits already, if the person wants to answer it; what it writes has to be proved by a second pod."""
        found = None if self.preparation.one_pod_only else self.preparation.auth_pod
        if found and found.asks and (self.in_pod_only or await self.person.second_way(waits(found))):
            return found
        return None

    # The pod, and what has to be put back

    @asynccontextmanager
    async def _pod(
        self, *, changes: bool = True, answered: AuthPod | None = None
    ) -> AsyncIterator[tuple[HandoverPod, Awaitable[ClaimContents]]]:
        """The hand-over pod, starting; awaiting the second part gives what is on the claim.

        Without `changes` a copy of the session is all that is used, so nobody has to wait and nothing is paused.
        """
        pod = HandoverPod(self.cluster, self.preparation.handover, icloudpd_names(self.username).jar)
        opening: asyncio.Task[ClaimContents] | None = None
        try:
            await refuse_if_held(self.cluster, self.preparation)
            if changes:
                await self._make_room(answered)
            elif self.preparation.one_pod_only:
                await refuse_beside_users(self.cluster, self.preparation)
            opening = asyncio.create_task(self._open(pod, changes=changes))
            yield pod, opening
        except Trouble:
            if pod.pod and await is_taken_over(self.cluster, self.preparation):
                self._goes_on = None if await is_another_at_it(self.cluster, self.preparation) else self._goes_on
                raise taken_over(self.preparation) from None
            raise
        finally:
            if opening and not opening.done():
                opening.cancel()
            await _finished(self._put_back(pod, opening))

    async def _make_room(self, answered: AuthPod | None) -> None:
        """Nobody else uses the session now, and what earlier sign-ins left is gone."""
        await wait_for_users(self.cluster, self.preparation, self.person)
        idle = self.preparation.auth_pod
        if idle and idle is not answered:
            self.person.show(StageProgress(Stage.POD, Tick.DOING, f"removing pod {idle.name}"))
            await remove(self.cluster, idle)
        await clear_away(self.cluster, self.preparation)

    async def _pause(self) -> None:
        """Sees to it that no run of the CronJob meets the sign-in; from now on it is ours to let it go on."""
        pausing = self.preparation.pausing
        if note := self.preparation.note_at(self.clock()):
            self._notes.append(note)
        self._goes_on = pausing.resume
        if pausing.suspend:
            self.person.show(StageProgress(Stage.POD, Tick.DOING, pausing.suspend.title))
            try:
                await send(self.cluster, pausing.suspend)
            except Refused:
                self._goes_on = None
                raise

    async def _open(self, pod: HandoverPod, *, changes: bool) -> ClaimContents:
        show = self.person.show
        show(StageProgress(Stage.POD, Tick.DOING, "a pod that mounts the volume is starting"))
        await pod.open(lambda text: show(StageProgress(Stage.POD, Tick.DOING, text)))
        await stand_back(self.cluster, self.preparation)
        await pod.hold()
        if changes:
            await self._pause()
        show(StageProgress(Stage.POD, Tick.DONE, f"pod {pod.pod} is ready"))
        found = await pod.recover_and_look()
        if found.attended and not found.pair:
            removed = await pod.take_back()
            self._notes += (
                "An earlier sign-in was cut off; the session before it was put back.",
                *password_removed(removed),
            )
            found = await pod.recover_and_look()
        self._before = found.pair
        if found.recovered:
            self._notes.append(
                "An earlier sign-in was cut off; its session was moved into place."
                if found.recovered == "completed"
                else "An earlier sign-in was cut off before anything was changed; what it had written was removed."
            )
        return found

    async def _put_back(self, pod: HandoverPod, opening: asyncio.Task[ClaimContents] | None) -> None:
        async with asyncio.TaskGroup() as group:
            if self._goes_on:
                group.create_task(self._resume(self._goes_on))
            if opening:
                group.create_task(self._remove(pod, opening))
            if pod.keyring is not None and "".join(pod.keyring[:1]) != self.preparation.password_in_clear:
                group.create_task(self._note_password("".join(pod.keyring[:1])))

    async def _remove(self, pod: HandoverPod, opening: asyncio.Task[ClaimContents]) -> None:
        with suppress(asyncio.CancelledError, Exception):
            await opening
        try:
            await pod.close()
        except Trouble as trouble:
            job = self.preparation.handover.change.target.name
            self.person.show(
                StageProgress(
                    Stage.POD, Tick.FAILED, f"job {job} could not be removed ({trouble.what}); it ends by itself"
                )
            )

    async def _note_password(self, path: str) -> None:
        """Notes on the claim whether a password lies there in clear, for the next `status`."""
        note = note_password(self.preparation.names, self.preparation.namespace, path)
        try:
            await send(self.cluster, note)
        except Trouble as trouble:
            if path:
                text = f"{path} on the volume holds a password in clear, which could not be noted ({trouble.what})"
                self.person.show(StageProgress(Stage.CLAIM, Tick.FAILED, text))

    async def _resume(self, resume: PatchObject) -> None:
        """Lets the CronJob go on, or says that it does not."""
        try:
            await send(self.cluster, resume)
        except Trouble as trouble:
            text = f"{resume.target.name} is still paused ({trouble.what}); the next start lets it go on, or: {resume.command}"
            self.person.show(StageProgress(Stage.POD, Tick.FAILED, text))

    async def _ask_apple(self, signing: SigningIn, pair: Pair | None, *, anew: bool = False) -> SignedIn:
        return await sign_in_to_apple(signing, self._passwords, self.person, pair, china=self.china, anew=anew)

    # Handing over

    async def _in_or_inside(self, pod: HandoverPod, signing: SigningIn, asking: Awaitable[SignedIn]) -> Outcome:
        """Hands over what Apple gives; where it lets only icloudpd in, and the person agrees, icloudpd signs in by itself."""
        try:
            step = await asking
        except Trouble as refusal:
            if refusal.code != "icloud.no-two-factor" or not await self.person.second_way(refusal):
                raise
            return await self._inside(pod)
        return await self._hand_over(pod, signing, step)

    async def _hand_over(self, pod: HandoverPod, signing: SigningIn, step: SignedIn) -> Outcome:
        show = self.person.show
        pair = fit_for_icloudpd(await signing.files())
        trusted = has_token(pair, "trust_token")
        told = "no code next time, for a while" if trusted else "Apple gave no trust: the next time takes a code"
        show(StageProgress(Stage.TRUSTED, Tick.DONE if trusted else Tick.SKIPPED, told))
        show(StageProgress(Stage.SAVED, Tick.DOING, "writing the session into a folder of its own"))
        await pod.stage(pair.jar, pair.session)
        show(StageProgress(Stage.PROVED, Tick.DOING, "asking the cluster's icloudpd"))
        proof = await prove_new(pod, self.username, self.person)
        if not proof.accepted:
            trouble = refused_by_icloudpd(proof, pod)
            if await self.person.second_way(trouble):
                return await self._inside(pod)
            raise trouble
        return await self._proved(pod, step.rung, signing, staged=True)

    async def _inside(self, pod: HandoverPod) -> Outcome:
        await sign_in_inside(pod, self.username, self.person, self._passwords)
        return await self._proved(pod, Rung.CODE, None, staged=True)

    async def _proved(self, pod: HandoverPod, rung: Rung, signing: SigningIn | None, *, staged: bool) -> Outcome:
        show = self.person.show
        if staged:
            await wait_for_users(self.cluster, self.preparation, self.person)
            await pod.commit()
            kept = "; the session before is kept beside it" if self._before else ""
            show(StageProgress(Stage.SAVED, Tick.DONE, f"moved into place{kept}"))
        lasts = expiry(Pair(self.apple_id, *await pod.read()).jar, self.clock())
        await self._note(lasts.at)
        library, no_photos = await self._photos(signing)
        if library:
            await self._note(lasts.at, library)
        return Outcome(
            self.preparation.names.account,
            self.apple_id,
            rung,
            lasts.at,
            lasts.rests_on,
            library,
            no_photos,
            (*self._notes, *password_there(pod.keyring or ()), *self.preparation.pausing.notes),
        )

    async def _note(self, expires_at: datetime | None, library: Library | None = None) -> None:
        """Notes on the claim what is known now; the session is in place whether or not that can be written."""
        namespace = self.preparation.handover.change.target.namespace
        note = note_session(self.preparation.names, namespace, self.clock(), expires_at, library)
        try:
            await send(self.cluster, note)
        except Trouble as trouble:
            said = f"The session is in place, but its date could not be noted on the claim: {trouble.what}"
            self._notes += [said] if said not in self._notes else []

    async def _photos(self, signing: SigningIn | None) -> tuple[Library | None, Trouble | None]:
        if signing is None:
            return None, None
        self.person.show(StageProgress(Stage.PHOTOS, Tick.DOING, "looking at the photo library"))
        try:
            library = await signing.photos(lambda: self.person.show(_CONSENT))
        except Trouble as trouble:
            self.person.show(StageProgress(Stage.PHOTOS, Tick.FAILED, trouble.what))
            if trouble.code in CLOSES_PHOTOS:
                return None, trouble
            self._notes.append(f"The photos could not be counted, which the session does not depend on. {trouble.what}")
            return None, None
        self.person.show(StageProgress(Stage.PHOTOS, Tick.DONE, f"{library.count:,} photos and videos"))
        return library, None


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
        except Trouble:
            break
    if cancelled:
        raise asyncio.CancelledError
