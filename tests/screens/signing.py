"""A scripted sign-in for these tests: a service that needs no cluster, and the usual courses that one can take."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tests.screens import fake
from wizard.accounts import AccountNames
from wizard.command import Address
from wizard.engine import Snapshot
from wizard.errors import WizardError
from wizard.handover.job import Handover
from wizard.icloud.ladder import NextRung, Rung
from wizard.icloud.messages import trouble
from wizard.icloud.password import Keeper
from wizard.icloud.steps import CodeWanted, Library, Phone
from wizard.model import Account, SessionState
from wizard.model import Session as AppleSession
from wizard.plan import CreateObject, Plan, RunInPod, Target
from wizard.settings import Settings
from wizard.signin.person import AnotherCode, Code, Outcome, Person, Stage, StageProgress, Tick
from wizard.signin.prepare import Preparation, PreparedSignIn
from wizard.signin.service import AccountSignIn, SignInService
from wizard.signin.summary import reminder, summary
from wizard.steps.authentication.pausing import Pausing
from wizard.steps.authentication.plan import remove_job

NOW = fake.NOW
APPLE_ID = "you@example.com"
PHONES = (Phone(1, "81"), Phone(2, "42"))
POD = "photosync-handover-4be1c0"

Script = Callable[["Signing"], Awaitable[Outcome]]


class Signing:
    """One run of a script: the person in front of it, and what the script notes down."""

    def __init__(self, person: Person, account: str, in_pod: bool) -> None:
        self.person = person
        self.account = account
        self.in_pod = in_pod
        self.given: list[str] = []
        self.put_back = False

    async def step(
        self, stage: Stage, doing: str, done: str, tick: Tick = Tick.DONE, *, as_expected: bool = False
    ) -> None:
        """A stage from its beginning to its end."""
        self.person.show(StageProgress(stage, Tick.DOING, doing))
        await asyncio.sleep(0)
        self.person.show(StageProgress(stage, tick, done, as_expected=as_expected))

    async def open_pod(self, found: str = "the session has ended") -> None:
        """The pod starts, and what is there is looked at."""
        await self.step(Stage.POD, "a pod that mounts the volume is starting", f"pod {POD} is ready")
        await self.step(Stage.CLAIM, "asking icloudpd about the session that is there", found)

    async def hand_over(self) -> None:
        """What follows once Apple has let us in."""
        await self.step(Stage.APPLE, "asking Apple", "signed in", as_expected=True)
        await self.step(Stage.TRUSTED, "", "no code next time, for a while")
        await self.step(Stage.PROVED, "asking the cluster's icloudpd", "icloudpd accepts the session", as_expected=True)
        await self.step(Stage.SAVED, "moving it into place", "moved into place; the previous session is kept beside it")
        await self.step(Stage.PHOTOS, "looking at the photo library", "12,431 photos and videos")

    def outcome(self, rung: Rung = Rung.CODE, **more: object) -> Outcome:
        """How it ends."""
        basis = "The date is what the session's own files say (cookie X-APPLE-WEBAUTH-USER); Apple may end it earlier."
        library = Library(12_431, 80 * 2**30, "storage")
        made = Outcome(self.account, APPLE_ID, rung, NOW + timedelta(days=29, hours=3), basis, library)
        return replace(made, **more)  # type: ignore[arg-type]


def wanted(now: datetime = NOW, **more: object) -> CodeWanted:
    """A code is on its way to the devices."""
    return replace(CodeWanted("device", PHONES, now - timedelta(seconds=14)), **more)  # type: ignore[arg-type]


async def with_code(signing: Signing) -> Outcome:
    """The whole way: password and code, any six digits but 000000."""
    await signing.open_pod()
    why: WizardError | None = None
    while True:
        password = await signing.person.password(APPLE_ID, why)
        signing.given.append(password)
        if password != "wrong":
            break
        why = trouble("icloud.wrong-password")
    step, why = wanted(), None
    while True:
        answer = await signing.person.code(step, why)
        why = None
        if isinstance(answer, AnotherCode):
            signing.given.append(f"{answer.delivery} {answer.phone.ending if answer.phone else ''}".strip())
            step = wanted(delivery=answer.delivery, phone=answer.phone, may_have_two_codes=True)
        elif isinstance(answer, Code) and answer.digits == "000000":
            why = trouble("icloud.wrong-code")
        else:
            assert isinstance(answer, Code)
            signing.given.append(f"{answer.digits} {answer.delivery}")
            break
    await signing.hand_over()
    return signing.outcome()


async def works(signing: Signing) -> Outcome:
    """Nothing is needed."""
    await signing.open_pod("the session works")
    await signing.step(Stage.PROVED, "asking", "icloudpd accepts the session as it is")
    return signing.outcome(Rung.WORKS, library=None)


class ScriptedSignIn:
    """Runs a script."""

    def __init__(self, service: ScriptedService, signing: Signing, keeper: Keeper | None) -> None:
        self.service = service
        self.signing = signing
        self.keeper = keeper

    async def check(self, *, ask_apple: bool = False) -> NextRung:
        raise NotImplementedError(f"no script checks a session (ask_apple={ask_apple})")

    async def run(self) -> Outcome:
        try:
            return await self.service.script(self.signing)
        finally:
            if self.service.leaving is not None:
                await self.service.leaving.wait()
            self.signing.put_back = True

    async def keep_password(self) -> bool:
        self.service.kept += self.signing.given[:1]
        return bool(self.signing.given)


class ScriptedKeeper:
    """A keyring of the test's own."""

    def __init__(self, kept: Mapping[str, str] | None = None) -> None:
        self.name = "GNOME Keyring"
        self.passwords = dict(kept or {})

    async def get(self, apple_id: str) -> str | None:
        return self.passwords.get(apple_id)

    async def delete(self, apple_id: str) -> None:
        self.passwords.pop(apple_id, None)

    async def set(self, apple_id: str, password: str) -> None:
        self.passwords[apple_id] = password


class ScriptedService(SignInService):
    """A service whose sign-ins go as the script says; `starts` raises instead of beginning where it holds a WizardError."""

    def __init__(
        self,
        script: Script = with_code,
        *,
        snapshot: Snapshot = fake.SEED,
        apple_id: str | None = APPLE_ID,
        keyring: Keeper | None = None,
        starts: Sequence[WizardError] = (),
    ) -> None:
        self.script = script
        self.seen = snapshot
        self.apple_id = apple_id
        self.keyring = keyring
        self.starts = list(starts)
        self.runs: list[Signing] = []
        self.kept: list[str] = []
        self.renewed: list[bool] = []
        self.noted: list[tuple[str, str]] = []
        self.leaving: asyncio.Event | None = None

    async def look(self) -> Snapshot:
        return self.seen

    @property
    def snapshot(self) -> Snapshot:
        return self.seen

    @property
    def address(self) -> Address:
        return Address()

    @property
    def settings(self) -> Settings:
        return replace(fake.settings(), accounts=tuple(account.name for account in self.seen.report.accounts))

    async def prepare_sign_in(self, account: str, apple_id: str | None = None) -> PreparedSignIn:
        if self.starts:
            raise self.starts.pop(0)
        known = apple_id or self.apple_id
        return PreparedSignIn(
            preparation(account),
            known,
            f"from the Secret {AccountNames.of(account, Settings()).secret}" if known else "",
        )

    async def keeper(self) -> Keeper | None:
        return self.keyring

    def sign_in(
        self,
        start: PreparedSignIn,
        apple_id: str,
        person: Person,
        keeper: Keeper | None,
        *,
        in_pod: bool = False,
        renew: bool = False,
    ) -> AccountSignIn:
        assert apple_id
        self.renewed.append(renew)
        signing = Signing(person, start.preparation.names.account, in_pod)
        self.runs.append(signing)
        return ScriptedSignIn(self, signing, keeper)

    def listen(self, phone: Callable[[str], None]) -> None:
        self.phone = phone

    def signed_in(self, account: str, apple_id: str) -> None:
        self.noted.append((account, apple_id))

    def summarize(self, outcome: Outcome) -> tuple[str, ...]:
        return summary(outcome, self.seen.world, self.settings, NOW)

    def reminder(self, outcomes: Sequence[Outcome]) -> str | None:
        return reminder(outcomes, self.seen.world.cluster, self.settings, NOW)


class Prepared(Preparation):
    """One with a plan of the test's own, so that pictures of it stay."""

    @property
    def plan(self) -> Plan:
        return self._with("Write the session beside the old one, and let icloudpd judge it")

    @property
    def plan_inside(self) -> Plan:
        return self._with("Let icloudpd sign in beside the old one: you answer its questions")

    def _with(self, title: str) -> Plan:
        staged = Target("v1", "Pod", "pods", fake.NS, "the hand-over pod")
        inside = RunInPod(id="write", title=title, target=staged, no_undo="Gone.")
        gone = remove_job(self.handover.change.target)
        return Plan("Sign in", (self.handover.change, inside, gone), ("The CronJob is paused meanwhile.",))


def preparation(account: str) -> Preparation:
    """What a sign-in of that account starts from."""
    names = AccountNames.of(account, Settings())
    job = CreateObject(
        id="start-pod",
        title=f"Start a pod that mounts the claim {names.config_claim} (job {POD})",
        target=Target("batch/v1", "Job", "jobs", fake.NS, POD),
        manifest={"kind": "Job", "metadata": {"name": POD, "namespace": fake.NS}},
        no_undo="It is removed when the sign-in ends.",
    )
    return Prepared(names, Handover(job, "/config", "icloudpd"), (), Pausing(), lambda _: Pausing())


def two_accounts() -> Snapshot:
    """A family."""
    others = (
        Account("default", APPLE_ID, AppleSession(SessionState.EXPIRED, NOW - timedelta(days=2), 0)),
        Account("anna", None, AppleSession(SessionState.VALID, NOW + timedelta(days=20), 20)),
    )
    return replace(fake.SEED, report=replace(fake.REPORT, accounts=others))
