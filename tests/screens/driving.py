"""Driving an open wizard in a test: keys, clicks, waiting for what is to come, and the screen as text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from textual.pilot import Pilot
from textual.screen import Screen

from screens.app import WizardApp
from screens.widgets.page import Page
from screens.wizard_screen import WizardScreen
from tests.screens.fake import FakeWorkspace
from wizard.engine import Update
from wizard.errors import WizardError

PATIENCE_SECONDS = 20.0


def text_of(app: WizardApp) -> str:
    """The screen as it stands, without colours, one line a row."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


@dataclass
class Wizard:
    """An open wizard."""

    app: WizardApp
    pilot: Pilot[int]
    workspace: FakeWorkspace

    @property
    def text(self) -> str:
        """The screen as text."""
        return text_of(self.app)

    @property
    def finding(self) -> str:
        """The reference of the finding in front."""
        screen = self.app.screen
        return screen.finding if isinstance(screen, WizardScreen) else ""

    def shows(self, kind: type[Screen[None]]) -> bool:
        """Whether a screen of that kind is in front."""
        return isinstance(self.app.screen, kind)

    def page(self, name: str = "page") -> Page:
        """One of the pages in front."""
        return self.app.screen.query_one(f"#{name}", Page)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Lets the app go on until the condition holds."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                await self.pilot.pause(0.005)

    async def settle(self) -> None:
        """Lets everything be handled that has been posted, until the screen stays as it is."""
        before = ""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.app.is_running and (not self._drawn or before != self.text):
                before = self.text
                await self.pilot.pause()
                await self.pilot.pause()

    @property
    def _drawn(self) -> bool:
        return bool(self.text.strip()) and all(
            page.rows for page in self.app.screen.query(Page) if page.display and page.id != "act"
        )

    async def press(self, *keys: str) -> None:
        """Types."""
        await self.pilot.press(*keys)
        await self.settle()

    async def click_text(self, text: str) -> None:
        """Clicks where a text stands."""
        for row, line in enumerate(self.text.splitlines()):
            if text in line:
                await self.pilot.click(offset=(line.index(text), row))
                await self.settle()
                return
        raise AssertionError(f"{text!r} is not on the screen:\n{self.text}")

    async def feed(self, *updates: Update | WizardError) -> None:
        """Lets the engine have something new, and the app take notice."""
        before = self.app.picture
        for update in updates:
            self.workspace.fake_engine.feed.put_nowait(update)
        await self.until(lambda: self.workspace.fake_engine.feed.empty() and self.app.picture is not before)
        await self.settle()
