"""One account's sign-in, from the first look at the claim to icloudpd's own yes, by as little input from the person as it takes.

Whatever ends it, the claim holds the old session or the new one, whole, the pod goes, and a paused CronJob goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from wizard.apply.planned import PlannedChanges
from wizard.errors import Exit, Retry, WizardError
from wizard.handover.pod import ClaimContents, HandoverPod
from wizard.icloud.expiry import expiry
from wizard.icloud.files import Pair, fit_for_icloudpd, has_token
from wizard.icloud.ladder import NextRung, Rung, SessionFacts, next_rung
from wizard.icloud.password import Keeper
from wizard.icloud.refusals import CLOSES_PHOTOS
from wizard.icloud.signing_in import SigningIn
from wizard.icloud.steps import Library, SignedIn
from wizard.kube.client import Cluster
from wizard.plan import Plan
from wizard.signin.apple import sign_in_to_apple
from wizard.signin.auth_pod import AuthPod
from wizard.signin.in_pod import answer, remove, sign_in_inside, waits
from wizard.signin.other_users import wait_for_users
from wizard.signin.passwords import Passwords
from wizard.signin.person import Outcome, Person, Stage, StageProgress, Tick
from wizard.signin.prepare import Preparation
from wizard.signin.prove import judge_session, password_there, prove_new, prove_set_aside, refused_by_icloudpd
from wizard.signin.setup_and_cleanup import SignInSetup
from wizard.steps.authentication.plan import MOVE, NOTE, PROVE, WRITE, session_note

LONGEST_SECONDS = 1500.0


_CONSENT = StageProgress(
    Stage.PHOTOS,
    Tick.DOING,
    "Apple asks on your devices whether the photos may be read: allow it there, within 2 minutes",
)


@dataclass(slots=True)
class SignIn:
    """One sign-in. `keeper` gives the kept password, if the person keeps one; `folder` is private (0700).

    `renew`: with the password although the session still works, so that it lasts as long as a new one.
    """

    cluster: Cluster
    preparation: Preparation
    apple_id: str
    folder: Path
    person: Person
    keeper: Keeper | None = None
    china: bool = False
    in_pod_only: bool = False
    renew: bool = False
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _notes: list[str] = field(default_factory=list, init=False)
    _planned: PlannedChanges = field(init=False)
    _setup: SignInSetup = field(init=False)
    _passwords: Passwords = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._passwords = Passwords(self.apple_id, self.person, self.keeper, self._notes.append)

    @property
    def username(self) -> str:
        """The Apple ID as the CronJob's icloudpd gets it, by which it names the session's files."""
        return self.preparation.username or self.apple_id

    def _follow(self, plan: Plan) -> SignInSetup:
        """From now on changes are taken from this plan."""
        self._planned = PlannedChanges(self.cluster, plan)
        self._setup = SignInSetup(self._planned, self.preparation, self.person, self.username, self._notes, self.clock)
        return self._setup

    async def check(self, *, ask_apple: bool = False) -> NextRung:
        """Which rung a sign-in would take. Asks the cluster's icloudpd, and with `ask_apple` Apple from here where that says no.

        Changes no session, but for one that an earlier sign-in left half moved; notes on the claim that it works.
        """
        async with self._follow(self.preparation.plan).open_pod(changes=False) as (pod, opening):
            contents = await opening
            session, pair = await self._judge(pod, contents, before_sign_in=False)
            if not session.accepted and contents.unproved and await prove_set_aside(pod, self.username, self.person):
                return NextRung(
                    Rung.SET_ASIDE,
                    "A new session waits on the volume, and icloudpd accepts it: nothing more is needed.",
                )
            if session.accepted:
                await self._note(expiry(pair.jar, self.clock()).at if pair else None)
            if session.accepted or pair is None:
                return next_rung(session)
            heals: bool | None = None
            if ask_apple:
                async with SigningIn(self.folder) as signing_in:
                    heals = isinstance(await signing_in.resume(pair), SignedIn)
            password_known = await self._passwords.kept() is not None
            return next_rung(replace(session, heals=heals, password_known=password_known))

    async def keep_password(self) -> bool:
        """Keeps the password that was used in the keyring, because the person said so. Whether there was one to keep."""
        return await self._passwords.keep()

    async def run(self) -> Outcome:
        """Goes up the ladder until icloudpd accepts a session. Raises WizardError, or GaveUp when the person leaves."""
        limit = asyncio.timeout(LONGEST_SECONDS)
        try:
            async with limit:
                return await self._run()
        except TimeoutError:
            if not limit.expired():
                raise
            raise WizardError(
                "renewal.too-long",
                f"The sign-in was not finished within {LONGEST_SECONDS / 60:.0f} minutes, so the wizard stopped it.",
                why="The pod that holds the volume lives for half an hour only.",
                fix="Start again. Nothing on the volume has changed.",
                exit_code=Exit.NEEDS_PERSON,
                retry=Retry.NOW,
            ) from None

    async def _run(self) -> Outcome:
        preparation = self.preparation
        waiting = await self._waiting_pod()
        plan = preparation.plan_inside if waiting or self.in_pod_only else preparation.plan
        async with self._follow(plan).open_pod() as (pod, opening), SigningIn(self.folder) as signing_in:
            contents = await opening
            if contents.unproved and await prove_set_aside(pod, self.username, self.person):
                if waiting:
                    self._planned.plan = preparation.plan
                    await remove(self._planned)
                return await self._move(pod, Rung.SET_ASIDE)
            if waiting:
                note = self._notes.append
                await answer(self._planned, waiting, pod, self.username, self.person, self._passwords, note)
                return await self._finish(pod, Rung.CODE)
            if self.in_pod_only:
                return await self._inside(pod)
            session, pair = await self._judge(pod, contents, before_sign_in=True)
            if session.accepted and not self.renew:
                self.person.show(StageProgress(Stage.PROVED, Tick.DONE, "icloudpd accepts the session as it is"))
                return await self._finish(pod, Rung.WORKS)
            return await self._from_here(pod, signing_in, pair, renew=self.renew and bool(session.accepted))

    async def _waiting_pod(self) -> AuthPod | None:
        """The pod that waits already, if the person wants to answer it."""
        pod = self.preparation.waiting_pod
        return pod if pod and (self.in_pod_only or await self.person.second_way(waits(pod))) else None

    def _judge(
        self, pod: HandoverPod, contents: ClaimContents, *, before_sign_in: bool
    ) -> Awaitable[tuple[SessionFacts, Pair | None]]:
        note = self._notes.append
        return judge_session(pod, self.username, contents, self.person, note, before_sign_in=before_sign_in)

    async def _from_here(self, pod: HandoverPod, signing_in: SigningIn, pair: Pair | None, *, renew: bool) -> Outcome:
        """Hands over what Apple gives; where it lets only icloudpd in, and the person agrees, icloudpd signs in by itself."""
        try:
            signed_in = await sign_in_to_apple(
                signing_in, self._passwords, self.person, pair, china=self.china, renew=renew
            )
        except WizardError as refusal:
            if refusal.code != "icloud.no-two-factor" or not await self.person.second_way(refusal):
                raise
            return await self._inside(pod)
        return await self._hand_over(pod, signing_in, signed_in)

    async def _hand_over(self, pod: HandoverPod, signing_in: SigningIn, signed_in: SignedIn) -> Outcome:
        show = self.person.show
        pair = fit_for_icloudpd(await signing_in.files())
        trusted = has_token(pair, "trust_token")
        text = "no code next time, for a while" if trusted else "Apple gave no trust: the next time takes a code"
        show(StageProgress(Stage.TRUSTED, Tick.DONE if trusted else Tick.SKIPPED, text))
        show(StageProgress(Stage.SAVED, Tick.DOING, "writing the session into a folder of its own"))
        await self._planned.run(WRITE, partial(pod.stage, pair.jar, pair.session))
        show(StageProgress(Stage.PROVED, Tick.DOING, "asking the cluster's icloudpd"))
        proof = await self._planned.run(PROVE, partial(prove_new, pod, self.username, self.person))
        if not proof.accepted:
            trouble = refused_by_icloudpd(proof, pod)
            if await self.person.second_way(trouble):
                return await self._inside(pod)
            raise trouble
        return await self._move(pod, signed_in.rung, signing_in)

    async def _inside(self, pod: HandoverPod) -> Outcome:
        self._planned.plan = self.preparation.plan_in_own_pod
        await sign_in_inside(self._planned, pod, self.username, self.person, self._passwords)
        return await self._move(pod, Rung.CODE)

    async def _move(self, pod: HandoverPod, rung: Rung, signing_in: SigningIn | None = None) -> Outcome:
        """Moves what was staged and proved into place."""
        await wait_for_users(self.cluster, self.preparation, self.person)
        await self._planned.run(MOVE, pod.commit)
        kept = "; the previous session is kept beside it" if self._setup.had_session else ""
        self.person.show(StageProgress(Stage.SAVED, Tick.DONE, f"moved into place{kept}"))
        return await self._finish(pod, rung, signing_in)

    async def _finish(self, pod: HandoverPod, rung: Rung, signing_in: SigningIn | None = None) -> Outcome:
        """Notes and tells what is known of the session in place, which icloudpd accepts."""
        lasts = expiry(Pair(self.apple_id, *await pod.read()).jar, self.clock())
        await self._note(lasts.at)
        library, no_photos = await self._photos(signing_in)
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
            (*self._notes, *password_there(pod.keyring or ()), *self._setup.pausing_notes),
        )

    async def _note(self, expires_at: datetime | None, library: Library | None = None) -> None:
        """Notes on the claim what is known now; the session is in place whether or not that can be written."""
        try:
            await self._planned.make(NOTE, session_note(self.clock(), expires_at, library))
        except WizardError as trouble:
            note = f"The session is in place, but its date could not be noted on the claim: {trouble.what}"
            self._notes += [note] if note not in self._notes else []

    async def _photos(self, signing_in: SigningIn | None) -> tuple[Library | None, WizardError | None]:
        if signing_in is None:
            return None, None
        self.person.show(StageProgress(Stage.PHOTOS, Tick.DOING, "looking at the photo library"))
        try:
            library = await signing_in.photos(lambda: self.person.show(_CONSENT))
        except WizardError as trouble:
            self.person.show(StageProgress(Stage.PHOTOS, Tick.FAILED, trouble.what))
            if trouble.code in CLOSES_PHOTOS:
                return None, trouble
            self._notes.append(f"The photos could not be counted, which the session does not depend on. {trouble.what}")
            return None, None
        self.person.show(StageProgress(Stage.PHOTOS, Tick.DONE, f"{library.count:,} photos and videos"))
        return library, None
