"""The person in front of a screen, as the sign-in sees them: asks, and waits for the answer. Draws nothing, decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from screens.signin.events import Asked, EarlyPasswordUsed, Event, Moved
from screens.signin.questions import (
    CodeAsked,
    InUseAsked,
    KeyAsked,
    PasswordAsked,
    Question,
    SecondWayAsked,
    Secret,
    TermsAsked,
)
from wizard.signin.person import AnotherCode, Code, InUse, Stage, StageProgress, Tick

if TYPE_CHECKING:
    from wizard.errors import WizardError
    from wizard.icloud.steps import CodeWanted, SecurityKeyWanted, TermsWanted

Answer = TypeVar("Answer")
LOOK_AGAIN_SECONDS = 5.0


class ScreenPerson:
    """The person in front of a screen, as `wizard.signin` sees them. Cancelling whoever awaits an answer is always safe."""

    def __init__(
        self,
        post: Callable[[Event], object],
        *,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._post = post
        self._pause = pause
        self._answer: asyncio.Future[object] | None = None
        self._early_for = ""
        self._early: asyncio.Task[Secret] | None = None
        self._waits = False

    def answer(self, value: object) -> None:
        """Answers what is asked just now; without effect when nothing is."""
        if self._answer and not self._answer.done():
            self._answer.set_result(value)

    async def ask(self, question: Question, kind: type[Answer]) -> Answer:
        """Asks, and waits for an answer of this kind."""
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._answer = future
        self._post(Asked(question))
        try:
            value = await future
        finally:
            if self._answer is future:
                self._answer = None
        if not isinstance(value, kind):
            raise TypeError(f"{type(question).__name__} was answered with {type(value).__name__}")
        return value

    def ask_early(self, apple_id: str) -> None:
        """Asks for the password as soon as the pod starts, so that it is typed meanwhile."""
        self._early_for = apple_id

    def show(self, progress: StageProgress) -> None:
        """Tells the screen."""
        self._post(Moved(progress))
        if progress.stage is Stage.POD and progress.tick is Tick.DOING and self._early_for and self._early is None:
            question = PasswordAsked(self._early_for, early=True)
            self._early = asyncio.ensure_future(self.ask(question, Secret))

    async def password(self, apple_id: str, why: WizardError | None) -> str:
        """The one that was typed early, else a new one."""
        early, self._early = self._early, None
        self._early_for = ""
        if early is not None:
            if not early.done():
                self._post(Asked(PasswordAsked(apple_id)))
            secret = await early
            self._post(EarlyPasswordUsed())
            return secret.reveal()
        return (await self.ask(PasswordAsked(apple_id, why), Secret)).reveal()

    async def code(self, request: CodeWanted, why: WizardError | None) -> Code | AnotherCode:
        """A code, or the wish for another."""
        await self.forget_early()
        return await self.ask(CodeAsked(request, why), (Code, AnotherCode))  # type: ignore[arg-type]

    async def terms(self, request: TermsWanted) -> bool:
        """Yes or no."""
        await self.forget_early()
        return await self.ask(TermsAsked(request), bool)

    async def security_key(self, request: SecurityKeyWanted) -> bool:
        """Yes once it is plugged in."""
        await self.forget_early()
        return await self.ask(KeyAsked(request), bool)

    async def in_use(self, pods: tuple[str, ...]) -> InUse:
        """Asks once; who waits is looked after every few seconds, and may still say something else.

        A password that is being typed early waits meanwhile: it is asked for again when a pod starts after that.
        """
        self._put_off_early()
        answer = asyncio.ensure_future(self.ask(InUseAsked(pods, waiting=self._waits), InUse))
        patience = asyncio.ensure_future(self._pause(LOOK_AGAIN_SECONDS)) if self._waits else None
        try:
            await asyncio.wait([answer, patience] if patience else [answer], return_when=asyncio.FIRST_COMPLETED)
            choice = answer.result() if answer.done() else InUse.WAIT
        finally:
            answer.cancel()
            if patience:
                patience.cancel()
        self._waits = choice is InUse.WAIT
        return choice

    async def second_way(self, why: WizardError) -> bool:
        """Yes or no. What was typed early was for the first way."""
        if self._early is not None:
            await self.forget_early()
        inside = await self.ask(SecondWayAsked(why), bool)
        if inside:
            await self.forget_early()
        return inside

    async def forget_early(self) -> None:
        """Takes back the early question, and forgets what was typed."""
        self._put_off_early()
        self._early = None
        self._early_for = ""

    def _put_off_early(self) -> None:
        """Takes back the early question unless it was answered."""
        if self._early is not None and not self._early.done():
            self._early.cancel()
            self._early = None
            self._post(Asked(None))
