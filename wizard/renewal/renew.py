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

from wizard.apply.execute import execute
from wizard.apply.pod import HandoverPod, OnClaim, Proof
from wizard.errors import Exit, Retry, Trouble
from wizard.icloud.expiry import expiry
from wizard.icloud.files import Pair, has_token, icloudpd_names, prepare
from wizard.icloud.ladder import Known, Next, Rung, next_rung
from wizard.icloud.password import Keeper
from wizard.icloud.signing_in import SigningIn
from wizard.icloud.steps import (
    CodeWanted,
    Library,
    PasswordWanted,
    SecurityKeyWanted,
    SignedIn,
    Step,
    TermsWanted,
    WrongCode,
)
from wizard.kube.client import Cluster
from wizard.model import Action
from wizard.renewal.auth_pod import AuthPod, answer, prove_in_place, remove, waits
from wizard.renewal.in_pod import sign_in_inside
from wizard.renewal.others import clear_away, is_taken_over, stand_back, taken_over, wait_for_users
from wizard.renewal.person import AnotherCode, Code, GaveUp, Outcome, Person, Progress, Stage, Tick
from wizard.renewal.preparing import Preparation, note_session
from wizard.steps.icloudpd_log import Sign

LONGEST_SECONDS = 1500.0
LEAVING_SECONDS = 15.0
FALTERS = 3
PAUSE_SECONDS = 3.0

_APPLE_IS_AWAY = frozenset({"icloud.unavailable", "icloud.throttled", "icloud.unreachable", "icloud.locked"})
_NO_SESSION = "there is no session on the volume yet"
_SAYS_NOTHING = frozenset({"apple-faltered", "apple-unreachable", "throttled"})
"""Signs in icloudpd's log after which nobody knows whether the session lives."""


@dataclass(slots=True)
class Renewal:
    """One sign-in. `keeper` gives the kept password, if the person keeps one; `folder` is private (0700).

    `anew`: with the password although the session may still work, so that it lasts as long as a new one.
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
    _password: str | None = field(default=None, init=False, repr=False)
    _notes: list[str] = field(default_factory=list, init=False)

    async def check(self) -> Next:
        """Which rung a sign-in would take. Asks the cluster's icloudpd, and pyicloud where that says no; changes nothing."""
        async with self._pod(changes=False) as (pod, opened):
            found = await opened
            known = await self._known(pod, found)
            if known.accepted or not known.readable:
                return next_rung(known)
            pair = await self._pair(pod)
            async with SigningIn(self.folder) as signing:
                step = await signing.resume(pair)
            heals = isinstance(step, SignedIn)
            return next_rung(replace(known, heals=heals, password_known=await self._kept() is not None))

    async def keep_password(self) -> None:
        """Keeps the password that was typed in the keyring, because the person said so."""
        if self.keeper and self._password is not None:
            await self.keeper.set(self.apple_id, self._password)

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
                fix="Start again; the session before is still in place.",
                exit_code=Exit.NEEDS_PERSON,
                retry=Retry.NOW,
            ) from None

    async def _run(self) -> Outcome:
        there = await self._answers_there()
        async with self._pod() as (pod, opened), SigningIn(self.folder) as signing:
            if there:
                await opened
                await answer(self.cluster, there, pod, self.apple_id, self.person)
                return await self._proved(pod, Rung.CODE, None, staged=False)
            if self.in_pod_only:
                await opened
                return await self._inside(pod)
            if self.preparation.unused:
                return await self._hand_over(pod, signing, await self._signed_in_while(opened, signing))
            found = await opened
            known = await self._known(pod, found)
            if known.accepted and not self.anew:
                self.person.show(Progress(Stage.PROVED, Tick.DONE, "icloudpd accepts the session as it is"))
                return await self._proved(pod, Rung.WORKS, None, staged=False)
            pair = await self._pair(pod) if found.pair else None
            step = await self._signed_in(signing, pair)
            return await self._hand_over(pod, signing, step)

    async def _answers_there(self) -> AuthPod | None:
        """The pod that waits already, if the person wants to answer it; any other auth pod is in the way and goes."""
        found = self.preparation.auth_pod
        if found is None:
            return None
        if found.asks and (self.in_pod_only or await self.person.second_way(waits(found))):
            return found
        self.person.show(Progress(Stage.POD, Tick.DOING, f"removing pod {found.name}"))
        await remove(self.cluster, found)
        return None

    # The pod, and what has to be put back

    @asynccontextmanager
    async def _pod(self, *, changes: bool = True) -> AsyncIterator[tuple[HandoverPod, Awaitable[OnClaim]]]:
        """The hand-over pod, starting; awaiting the second part gives what is on the claim.

        Without `changes` a copy of the session is all that is used, so nobody has to wait and nothing is paused.
        """
        pod = HandoverPod(self.cluster, self.preparation.handover, icloudpd_names(self.apple_id).jar)
        opening: asyncio.Task[OnClaim] | None = None
        try:
            if changes and await wait_for_users(self.cluster, self.preparation, self.person):
                self.preparation = self.preparation.begun_at(self.clock())
            await clear_away(self.cluster, self.preparation)
            if changes and (suspend := self.preparation.pausing.suspend):
                self.person.show(Progress(Stage.POD, Tick.DOING, suspend.title))
                await execute(self.cluster, suspend)
            opening = asyncio.create_task(self._open(pod))
            yield pod, opening
        except Trouble:
            if pod.pod and await is_taken_over(self.cluster, self.preparation):
                raise taken_over(self.preparation) from None
            raise
        finally:
            if opening and not opening.done():
                opening.cancel()
            await _finished(self._put_back(pod, opening))

    async def _open(self, pod: HandoverPod) -> OnClaim:
        show = self.person.show
        show(Progress(Stage.POD, Tick.DOING, "a pod that mounts the volume is starting"))
        await pod.open(lambda text: show(Progress(Stage.POD, Tick.DOING, text)))
        await pod.hold()
        await stand_back(self.cluster, self.preparation)
        show(Progress(Stage.POD, Tick.DONE, f"pod {pod.pod} is ready"))
        found = await pod.recover_and_look()
        if found.recovered:
            self._notes.append(
                "An earlier sign-in was cut off; its session was moved into place."
                if found.recovered == "completed"
                else "An earlier sign-in was cut off before anything was changed; what it had written was removed."
            )
        return found

    async def _put_back(self, pod: HandoverPod, opening: asyncio.Task[OnClaim] | None) -> None:
        try:
            if opening:
                with suppress(asyncio.CancelledError, Exception):
                    await opening
                await pod.close()
        finally:
            if resume := self.preparation.pausing.resume:
                await self._resume(resume)

    async def _resume(self, resume: Action) -> None:
        """Lets the CronJob go on, or says that it does not."""
        try:
            await execute(self.cluster, resume)
        except Trouble as trouble:
            text = f"{resume.target.name} is still paused ({trouble.what}); the next start lets it go on, or: {resume.command}"
            self.person.show(Progress(Stage.POD, Tick.FAILED, text))

    # The rungs

    async def _known(self, pod: HandoverPod, found: OnClaim) -> Known:
        show = self.person.show
        if not found.pair:
            show(Progress(Stage.CLAIM, Tick.DONE, _NO_SESSION))
            return Known(accepted=False, readable=False)
        show(Progress(Stage.CLAIM, Tick.DOING, "asking icloudpd about the session that is there"))
        proof = await prove_in_place(pod, self.apple_id)
        if found.attended:
            proof = await self._settled(pod, proof)
        if not proof.accepted and (sign := _says_nothing(proof)):
            show(Progress(Stage.CLAIM, Tick.FAILED, sign.summary))
            raise _not_judged(sign)
        pair = await self._pair(pod)
        show(Progress(Stage.CLAIM, Tick.DONE, "the session works" if proof.accepted else "the session has ended"))
        return Known(
            accepted=proof.accepted,
            readable=True,
            session_token=has_token(pair, "session_token"),
            trust_token=has_token(pair, "trust_token"),
        )

    async def _settled(self, pod: HandoverPod, proof: Proof) -> Proof:
        """The wizard died while it answered another icloudpd: what that one wrote is good, or the pair before is put back."""
        if proof.accepted:
            await pod.settle()
            return proof
        if _says_nothing(proof):
            return proof
        await pod.take_back()
        self._notes.append("An earlier sign-in was cut off; the session before it was put back.")
        return await prove_in_place(pod, self.apple_id)

    async def _pair(self, pod: HandoverPod) -> Pair:
        return Pair(self.apple_id, *await pod.read())

    async def _signed_in_while(self, opened: Awaitable[OnClaim], signing: SigningIn) -> SignedIn:
        """Asks Apple while the pod is still starting; a pod that can't start ends that at once."""
        self.person.show(Progress(Stage.CLAIM, Tick.DONE, _NO_SESSION))
        opening, asking = asyncio.ensure_future(opened), asyncio.create_task(self._signed_in(signing, None))
        try:
            await asyncio.wait((opening, asking), return_when=asyncio.FIRST_COMPLETED)
            if opening.done():
                await opening
            step = await asking
            await opening
            return step
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _signed_in(self, signing: SigningIn, pair: Pair | None) -> SignedIn:
        self.person.show(Progress(Stage.APPLE, Tick.DOING, "asking Apple"))
        step: Step = PasswordWanted(trusted=False)
        if pair and has_token(pair, "session_token") and not self.anew:
            try:
                step = await signing.resume(pair)
            except Trouble as trouble:
                if trouble.code in _APPLE_IS_AWAY:
                    raise
        if isinstance(step, PasswordWanted):
            step = await self._with_password(signing, pair)
        while not isinstance(step, SignedIn):
            step = await self._next(signing, step)
        self.person.show(Progress(Stage.APPLE, Tick.DONE, "signed in"))
        self.person.show(
            Progress(
                Stage.TRUSTED,
                Tick.DONE if step.trusted else Tick.SKIPPED,
                "no code next time, for a while" if step.trusted else "Apple did not say so",
            )
        )
        return step

    async def _with_password(self, signing: SigningIn, pair: Pair | None) -> Step:
        kept = await self._kept()
        why: Trouble | None = None
        while True:
            password = kept if kept is not None else await self.person.password(self.apple_id, why)
            self._password = password
            try:
                return await signing.start(
                    self.apple_id, password, china=self.china, kept_password=kept is not None, known=pair
                )
            except Trouble as trouble:
                if trouble.retry is not Retry.NOW:
                    raise
                if trouble.code in ("icloud.china", "icloud.not-china"):
                    self.china = trouble.code == "icloud.china"
                why = trouble
            kept = None

    async def _next(self, signing: SigningIn, step: Step) -> Step:
        match step:
            case CodeWanted():
                return await self._code(signing, step)
            case TermsWanted():
                if not await self.person.terms(step):
                    raise GaveUp
                return await signing.accept_terms()
            case SecurityKeyWanted():
                if not await self.person.security_key(step):
                    raise GaveUp
                return await signing.use_security_key()
            case _:
                raise Trouble("renewal.lost", "Apple asks for the password again.", retry=Retry.NOW)

    async def _code(self, signing: SigningIn, wanted: CodeWanted) -> Step:
        why = wanted.notice
        while True:
            answer = await self.person.code(wanted, why)
            why = None
            try:
                match answer:
                    case AnotherCode(delivery=delivery, phone=phone):
                        wanted = await signing.request_code(delivery, phone)
                        why = wanted.notice
                    case Code(digits=digits, delivery=delivery):
                        step = await signing.submit(digits, delivery)
                        if not isinstance(step, WrongCode):
                            return step
                        wanted, why = step.step, step.why
            except Trouble as trouble:
                if trouble.retry is not Retry.NOW:
                    raise
                why = trouble

    async def _kept(self) -> str | None:
        return await self.keeper.get(self.apple_id) if self.keeper else None

    # Handing over

    async def _hand_over(self, pod: HandoverPod, signing: SigningIn, step: SignedIn) -> Outcome:
        show = self.person.show
        pair = prepare(await signing.files())
        show(Progress(Stage.SAVED, Tick.DOING, "writing the session beside the old one"))
        await pod.stage(pair.jar, pair.session)
        show(Progress(Stage.PROVED, Tick.DOING, "asking the cluster's icloudpd"))
        proof = await self._proof(pod)
        if not proof.accepted:
            await pod.discard()
            show(
                Progress(Stage.PROVED, Tick.FAILED, "icloudpd does not accept it; the session before is still in place")
            )
            trouble = refused_by_icloudpd(proof)
            if await self.person.second_way(trouble):
                return await self._inside(pod)
            raise trouble
        show(Progress(Stage.PROVED, Tick.DONE, "icloudpd says yes"))
        return await self._proved(pod, step.rung, signing, staged=True)

    async def _proof(self, pod: HandoverPod) -> Proof:
        """The word of icloudpd on the staged pair; asked again a few times while Apple falters, which costs no password."""
        proof = await pod.prove(self.apple_id)
        for _ in range(FALTERS - 1):
            if proof.accepted or not _says_nothing(proof):
                break
            self.person.show(Progress(Stage.PROVED, Tick.DOING, "Apple did not answer icloudpd; asking again"))
            await asyncio.sleep(PAUSE_SECONDS)
            proof = await pod.prove(self.apple_id)
        return proof

    async def _inside(self, pod: HandoverPod) -> Outcome:
        await sign_in_inside(pod, self.apple_id, self.person, self._password)
        return await self._proved(pod, Rung.CODE, None, staged=True)

    async def _proved(self, pod: HandoverPod, rung: Rung, signing: SigningIn | None, *, staged: bool) -> Outcome:
        show = self.person.show
        if staged:
            await pod.commit()
            show(Progress(Stage.SAVED, Tick.DONE, "moved into place; the session before is kept beside it"))
        lasts = expiry((await self._pair(pod)).jar, self.clock())
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
            tuple(self._notes) + self.preparation.pausing.notes,
        )

    async def _note(self, expires_at: datetime | None, library: Library | None = None) -> None:
        """Notes on the claim what is known now; the session is in place whether or not that can be written."""
        namespace = self.preparation.handover.action.target.namespace
        note = note_session(self.preparation.names, namespace, self.clock(), expires_at, library)
        try:
            await execute(self.cluster, note)
        except Trouble as trouble:
            said = f"The session is in place, but its date could not be noted on the claim: {trouble.what}"
            self._notes += [said] if said not in self._notes else []

    async def _photos(self, signing: SigningIn | None) -> tuple[Library | None, Trouble | None]:
        if signing is None:
            return None, None
        self.person.show(Progress(Stage.PHOTOS, Tick.DOING, "looking at the photo library"))
        try:
            library = await signing.photos()
        except Trouble as trouble:
            self.person.show(Progress(Stage.PHOTOS, Tick.FAILED, trouble.what))
            return None, trouble
        self.person.show(Progress(Stage.PHOTOS, Tick.DONE, f"{library.count:,} photos and videos"))
        return library, None


def refused_by_icloudpd(proof: Proof) -> Trouble:
    """Apple let us in, and the cluster's icloudpd does not get in with the same session."""
    sign = proof.reading.signs[0][0] if proof.reading.signs else None
    return Trouble(
        "renewal.refused-by-icloudpd",
        "The cluster's icloudpd does not accept the session that Apple has just given.",
        why=sign.summary if sign else f"It ended with: {proof.last_line}",
        fix="Sign in once more inside the pod, where icloudpd asks Apple itself. The session before is still in place.",
        exit_code=Exit.BLOCKED,
        retry=Retry.NOW,
    )


def _says_nothing(proof: Proof) -> Sign | None:
    """The sign by which Apple did not judge the session at all; None when it did."""
    return next((sign for sign, _ in proof.reading.signs if sign.slug in _SAYS_NOTHING), None)


def _not_judged(sign: Sign) -> Trouble:
    return Trouble(
        "renewal.not-judged",
        sign.summary,
        why=sign.why,
        fix=f"{sign.fix} Nothing was changed, and you were not asked for anything.",
        exit_code=Exit.BLOCKED,
        retry=Retry.LATER,
    )


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
