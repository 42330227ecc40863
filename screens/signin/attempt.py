"""How far a sign-in is, as one frozen record: what has moved, what is asked, how it ended. Pure; holds nothing secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from screens.signin.questions import CodeAsked, KeyAsked, PasswordAsked, Question, SecondWayAsked, TermsAsked
from wizard.command import Address
from wizard.icloud.limits import sending, wait_before
from wizard.signin.person import Outcome, Stage, StageProgress, Tick

if TYPE_CHECKING:
    from wizard.errors import WizardError
    from wizard.icloud.steps import Delivery, Phone

VOLUME, PASSWORD, CODE, APPLE, TRUSTED, SAVED, PROVED, PHOTOS = (
    "volume",
    "password",
    "code",
    "apple",
    "trusted",
    "saved",
    "proved",
    "photos",
)
TYPED = "typed, and sent only if it is needed"
STEPS: Mapping[str, str] = {
    VOLUME: "Session on the volume",
    PASSWORD: "Password",
    CODE: "Code",
    APPLE: "Signed in to Apple",
    TRUSTED: "Trusted by Apple",
    SAVED: "Saved on the volume",
    PROVED: "Accepted by icloudpd",
    PHOTOS: "Photos can be read",
}
_STAGES = {
    Stage.POD: VOLUME,
    Stage.CLAIM: VOLUME,
    Stage.APPLE: APPLE,
    Stage.TRUSTED: TRUSTED,
    Stage.SAVED: SAVED,
    Stage.PROVED: PROVED,
    Stage.PHOTOS: PHOTOS,
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a step stands; `since` is when it began to stand there."""

    tick: Tick
    text: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in of one account. `began` is when the current wait began; nothing is asked while `question` is None.

    It has ended when `outcome` or `trouble` is set; `leaving` is when the person chose to leave. `inside`: icloudpd itself asks
    Apple, in the pod. `refusals` counts by its code how often what was typed was refused, `sent` holds when a code was last
    sent on each way; `resent`: the last refusal brought a new code. `removed_pods` were stopped for this sign-in and
    don't come back by themselves; of `stopping_pods` that is not sure yet.
    """

    account: str
    began: datetime
    apple_id: str = ""
    under_way: bool = False
    marks: Mapping[str, Mark] = field(default_factory=dict)
    question: Question | None = None
    outcome: Outcome | None = None
    lines: tuple[str, ...] = ()
    error: WizardError | None = None
    leaving: datetime | None = None
    inside: bool = False
    refusals: Mapping[str, int] = field(default_factory=dict)
    sent: Mapping[str, datetime] = field(default_factory=dict)
    resent: bool = False
    removed_pods: tuple[str, ...] = ()
    stopping_pods: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps of this way of signing in, in their order."""
        return tuple(name for name in STEPS if not (self.inside and name in (TRUSTED, PHOTOS)))

    @property
    def two_ways(self) -> bool:
        """Whether codes were sent as text messages and otherwise too, so that one has to say which of them is typed."""
        return len({way.startswith("sms") for way in self.sent}) > 1

    @property
    def times_refused(self) -> int:
        """How often what is asked for now was refused for the same reason; 0 when the last answer was not."""
        why = self.question.why if isinstance(self.question, PasswordAsked | CodeAsked) else None
        return self.refusals.get(why.code, 0) if why else 0

    def wait_before(self, delivery: Delivery, phone: Phone | None, now: datetime) -> timedelta:
        """How long until another code may be asked for on that way; no time at all when it may be now."""
        return wait_before(self.sent, delivery, phone, now)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.outcome is not None or self.error is not None

    @property
    def saved(self) -> bool:
        """Whether a new session is in place."""
        mark = self.marks.get(SAVED)
        return mark is not None and mark.tick is Tick.DONE

    @property
    def proved(self) -> bool:
        """Whether icloudpd has said yes."""
        mark = self.marks.get(PROVED)
        return mark is not None and mark.tick is Tick.DONE

    def moved(self, progress: StageProgress, now: datetime, address: Address = Address()) -> Attempt:  # noqa: B008 - frozen
        """A stage has moved; a command that comes with it is shown for the cluster at `address`."""
        text = f"{progress.text}: {address.line(progress.command)}" if progress.command else progress.text
        text = "" if progress.as_expected else text
        attempt = _marked(self._pods_stopped(), _STAGES[progress.stage], progress.tick, text, now)
        if progress.removes:
            attempt = attempt.stopping((progress.removes,))
        if progress.answers:
            attempt = replace(attempt, removed_pods=(*attempt.removed_pods, progress.answers))
        if progress.tick is Tick.DONE and progress.stage is Stage.APPLE:
            attempt = _closed(attempt, (PASSWORD, CODE), now)
        if progress.tick is Tick.DONE and progress.stage is Stage.PROVED:
            attempt = _closed(attempt, (PASSWORD, CODE, APPLE, TRUSTED), now)
        return attempt

    def asked(self, question: Question | None, now: datetime) -> Attempt:
        """The person is asked something else, or nothing any more."""
        attempt = replace(self._pods_stopped(), question=question)
        if isinstance(question, PasswordAsked):
            return _marked(_refused(attempt, question.why), PASSWORD, Tick.DOING, "", now)
        if isinstance(question, CodeAsked):
            request = question.request
            way = sending(request.delivery, request.phone)
            last = self.sent.get(way)
            attempt = replace(
                attempt, sent={**self.sent, way: request.sent_at}, resent=last is None or last < request.sent_at
            )
            attempt = _refused(attempt, question.why)
            return _marked(_done(attempt, PASSWORD, now), CODE, Tick.DOING, "", now)
        if isinstance(question, TermsAsked | KeyAsked | SecondWayAsked):
            return _done(_done(attempt, PASSWORD, now), CODE, now)
        mark = self.marks.get(PASSWORD)
        if question is None and isinstance(self.question, PasswordAsked) and mark and mark.tick is Tick.DOING:
            return _without(attempt, PASSWORD)
        return attempt

    def stopping(self, pods: tuple[str, ...]) -> Attempt:
        """These pods are being stopped; they are gone once it goes on."""
        return replace(self, stopping_pods=pods)

    def _pods_stopped(self) -> Attempt:
        return replace(self, removed_pods=self.removed_pods + self.stopping_pods, stopping_pods=())

    def answered(self, text: str, now: datetime) -> Attempt:
        """The person has answered; `text` says what happens with it."""
        attempt = replace(self, question=None, began=now)
        if isinstance(self.question, PasswordAsked):
            return _marked(attempt, PASSWORD, Tick.DOING, text, now)
        if isinstance(self.question, CodeAsked):
            return _marked(attempt, CODE, Tick.DOING, text, now)
        return attempt

    def used(self, text: str, now: datetime) -> Attempt:
        """The password that was typed early is needed after all."""
        return _marked(self, PASSWORD, Tick.DOING, text, now)

    def finished(self, outcome: Outcome, lines: tuple[str, ...]) -> Attempt:
        """It went well."""
        return replace(self, outcome=outcome, lines=lines, question=None)

    def failed(self, error: WizardError, now: datetime) -> Attempt:
        """It can't go on; what was being done has failed."""
        marks = {
            name: replace(mark, tick=Tick.FAILED, since=now) if mark.tick is Tick.DOING else mark
            for name, mark in self.marks.items()
        }
        return replace(self, error=error, marks=marks, question=None, stopping_pods=())


def _refused(attempt: Attempt, why: WizardError | None) -> Attempt:
    if why is None:
        return attempt
    return replace(attempt, refusals={**attempt.refusals, why.code: attempt.refusals.get(why.code, 0) + 1})


def _marked(attempt: Attempt, step: str, tick: Tick, text: str, now: datetime) -> Attempt:
    before = attempt.marks.get(step)
    since = before.since if before and before.tick is tick is Tick.DOING and before.text == text else now
    return replace(attempt, marks={**attempt.marks, step: Mark(tick, text, since)})


def _done(attempt: Attempt, step: str, now: datetime) -> Attempt:
    mark = attempt.marks.get(step)
    return _marked(attempt, step, Tick.DONE, "accepted", now) if mark and mark.tick is Tick.DOING else attempt


def _closed(attempt: Attempt, steps: tuple[str, ...], now: datetime) -> Attempt:
    for step in steps:
        mark = attempt.marks.get(step)
        waits = step == PASSWORD and (isinstance(attempt.question, PasswordAsked) or (mark and mark.text == TYPED))
        if mark is None or waits:
            attempt = _marked(attempt, step, Tick.SKIPPED, "not needed", now)
        attempt = _done(attempt, step, now)
    return attempt


def _without(attempt: Attempt, step: str) -> Attempt:
    return replace(attempt, marks={name: mark for name, mark in attempt.marks.items() if name != step})
