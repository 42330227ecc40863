"""What the sign-in decides, without a screen: the controller before a display that only notes what it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from screens.signin.controller import SignInContext, SignInController
from screens.signin.events import Event, PhoneRang
from screens.signin.flow import SignInOptions
from screens.signin.questions import CodeAsked, PasswordAsked, Question, Review, Secret
from tests.screens.signing import NOW, ScriptedService, works
from wizard.errors import Retry, WizardError

PATIENCE_SECONDS = 20.0


class NotedDisplay:
    """Delivers events in their turn, as a widget's queue does, and notes the rest."""

    def __init__(self) -> None:
        self.controller: SignInController | None = None
        self.closed = 0
        self.copied = ""
        self.timers: list[Callable[[], None]] = []

    def draw(self) -> None:
        return

    def rearrange(self, *, fresh: bool = True) -> None:
        del fresh

    def post(self, event: Event) -> None:
        assert self.controller is not None
        asyncio.get_running_loop().call_soon(self.controller.receive, event)

    def copy(self, text: str) -> None:
        self.copied = text

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        assert seconds > 0
        self.timers.append(call)

    def close(self) -> None:
        self.closed += 1


class Led:
    """A controller that has started, and its display."""

    def __init__(self, service: ScriptedService, *, inline: bool = False) -> None:
        self.display = NotedDisplay()
        self.tasks: list[asyncio.Task[None]] = []
        self.saved: dict[str, str] = {}
        context = SignInContext(
            service,
            lambda: NOW,
            self.tasks.append,
            self._save,
            SignInOptions(),
            inline=inline,
        )
        self.controller = SignInController(context, self.display)
        self.display.controller = self.controller
        self.controller.start()

    def _save(self, name: str, text: str) -> str:
        self.saved[name] = text
        return f"/state/{name}"

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():  # noqa: ASYNC110 - a turn of the loop each time
                await asyncio.sleep(0)

    async def asked(self, kind: type[Question]) -> None:
        await self.until(lambda: isinstance(self.controller.attempt.question, kind))


async def test_the_whole_way_from_the_plan_to_the_end() -> None:
    service = ScriptedService()
    led = Led(service)
    await led.asked(Review)
    assert not service.runs
    led.controller.press("go")
    await led.asked(PasswordAsked)
    led.controller.password_typed(Secret("hunter2"))
    await led.asked(CodeAsked)
    led.controller.code_typed("417902")
    await led.until(lambda: led.controller.attempt.ended)
    assert service.runs[0].given == ["hunter2", "417902 None"]
    assert led.controller.farewell == ""
    led.controller.press("calendar")
    assert led.saved["photosync-sign-in.ics"]
    assert not led.controller.state.offers_calendar
    led.controller.press("done")
    assert led.display.closed == 1


async def test_who_leaves_is_let_go_once_everything_is_put_back() -> None:
    service = ScriptedService()
    service.leaving = asyncio.Event()
    led = Led(service)
    await led.asked(Review)
    led.controller.press("go")
    await led.asked(PasswordAsked)
    led.controller.leave()
    assert led.controller.attempt.leaving == NOW
    await asyncio.sleep(0)
    assert led.display.closed == 0
    service.leaving.set()
    await led.until(lambda: led.display.closed == 1)
    assert service.runs[0].put_back


@pytest.mark.parametrize(
    ("retry", "inline", "timers"), [(Retry.NOW, True, 0), (Retry.NEVER, True, 1), (Retry.NEVER, False, 0)]
)
async def test_a_refusal_goes_by_itself_only_beneath_the_prompt(retry: Retry, inline: bool, timers: int) -> None:
    led = Led(ScriptedService(starts=[WizardError("renewal.no", "No.", retry=retry)]), inline=inline)
    await led.until(lambda: led.controller.attempt.error is not None)
    assert len(led.display.timers) == timers
    led.controller.press("again")
    if retry is Retry.NOW:
        await led.asked(Review)
    else:
        assert led.controller.attempt.error is not None


async def test_a_key_that_means_nothing_now_changes_nothing() -> None:
    led = Led(ScriptedService(works))
    await led.asked(Review)
    before = led.controller.state
    for name in ("done", "again", "t", "d", "b", "w", "copy"):
        led.controller.press(name)
    led.controller.code_typed("417902")
    assert led.controller.state == before


async def test_the_plan_by_hand_is_copied_and_kept() -> None:
    led = Led(ScriptedService())
    await led.asked(Review)
    led.controller.press("kubectl")
    led.controller.press("copy")
    assert led.saved["sign-in-commands.sh"] == led.display.copied
    assert "/state/sign-in-job.json" in led.display.copied
    led.controller.leave()
    assert (led.controller.state.side_page, led.display.closed) == ("", 0)


async def test_a_demo_phone_is_shown() -> None:
    led = Led(ScriptedService())
    led.controller.receive(PhoneRang("you@example.com: 417902"))
    assert led.controller.state.demo == "you@example.com: 417902"
    for task in led.tasks:
        task.cancel()
