"""The sign-in as a widget, the same full-screen and inline: it leads the attempt, answers, and lets it be left.

The sign-in itself runs as a task that the screen's owner keeps, so that leaving puts everything back whoever closes what.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from screens.signin.attempt import Attempt
from screens.signin.controller import CALENDAR_NAME, SENT, SignInDoing
from screens.signin.ending import closes_itself, offers_calendar
from screens.signin.flow import Began, Broken, Chosen, Ended, Left, Refused, Wishes, lead_to_end
from screens.signin.keys import KEYS
from screens.signin.questions import Asked, Keep, Moved, Review, ScreenPerson, Used, Way
from screens.signin.state import SignInState
from screens.signin.step_rows import farewell
from wizard.signin.person import Outcome

if TYPE_CHECKING:
    from wizard.errors import Trouble
    from wizard.signin.desk import Desk

READABLE_SECONDS = 1.5


class SignInView(SignInDoing):
    """One account's sign-in after the other, until it is closed."""

    class Closed(Message):
        """It is over: signed in, refused or left."""

        def __init__(
            self, view: SignInView, outcome: Outcome | None, told: tuple[str, ...], trouble: Trouble | None
        ) -> None:
            self.view = view
            self.outcome = outcome
            self.told = told
            self.trouble = trouble
            super().__init__()

    class Rang(Message):
        """A phone of the demo world shows something; in no other world is it ever sent."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    def __init__(
        self,
        desk: Desk,
        *,
        wishes: Wishes,
        now: Callable[[], datetime],
        hold: Callable[[asyncio.Task[None]], object],
        save: Callable[[str, str], str],
        banner: str = "",
        demo_commands: tuple[str, ...] = (),
        inline: bool = False,
        offers_calendar: bool = True,
        before: Sequence[Outcome] = (),
    ) -> None:
        state = SignInState(
            Attempt(wishes.account, now()),
            now(),
            inline=inline,
            way=Way.IN_POD if wishes.in_pod else Way.HERE,
            renew=wishes.renew,
            keep=wishes.keep,
            demo_commands=demo_commands,
            address=desk.address,
            offers_calendar=offers_calendar,
        )
        super().__init__(state, desk, now=now, save=save, before=before, banner=banner, inline=inline)
        self._wishes = wishes
        self._hold = hold
        self._errand: asyncio.Task[None] | None = None

    def on_mount(self) -> None:
        """Begins at once: nothing is changed before the plan was seen."""
        self._desk.listen(lambda text: self._post(self.Rang(text)))
        self.set_interval(0.5, self.draw)
        self.call_after_refresh(self.begin)

    @property
    def farewell(self) -> str:
        """What there is to say to somebody who leaves now; nothing once it has ended."""
        return "" if self.attempt.ended else farewell(self.attempt)

    # The sign-in

    def begin(self) -> None:
        """Begins, or begins again after a refusal."""
        attempt = Attempt(self._wishes.account, self._now())
        self._set(attempt=attempt, aside="", hint="", other=False, unattended=None)
        self.person = ScreenPerson(self._post)
        leading = lead_to_end(self._desk, self.person, self._wishes, lambda: self._state.keep, self._post)
        task = asyncio.create_task(leading, name="sign-in")
        self._errand = task
        self._hold(task)
        self.rearrange()

    # What comes from it

    @on(Chosen)
    def account_chosen(self, event: Chosen) -> None:
        """Now it is known who signs in."""
        self._wishes = replace(self._wishes, account=event.account)
        self._set(
            attempt=replace(self.attempt, account=event.account, apple_id=event.apple_id),
            keyring=event.keyring,
            namespace=event.where,
        )
        self.rearrange()

    @on(Began)
    def began(self, event: Began) -> None:
        """The plan is being carried out."""
        self._set(attempt=replace(self.attempt, under_way=True, began=self._now()), kept=event.kept)
        self.rearrange()

    @on(Moved)
    def moved(self, event: Moved) -> None:
        """A stage has moved."""
        self._set(attempt=self.attempt.moved(event.progress, self._now()))
        self.draw()

    @on(Asked)
    def asked(self, event: Asked) -> None:
        """Another question."""
        same = type(event.question) is type(self.attempt.question)
        self._set(attempt=self.attempt.asked(event.question, self._now()), aside="", hint="", other=False)
        if isinstance(event.question, Review):
            self._set(renew=self._wishes.renew or event.question.due)
        self.rearrange(fresh=not same)

    @on(Used)
    def used(self) -> None:
        """What was typed early is on its way."""
        self._set(attempt=self.attempt.used(SENT, self._now()))
        self.draw()

    @on(Ended)
    def ended(self, event: Ended) -> None:
        """It went well."""
        told = event.told + (self._tell_unattended() if self._state.keep is Keep.CLUSTER else ())
        self._set(attempt=self.attempt.finished(event.outcome, told), aside="", hint="")
        self.rearrange()
        if self.inline and not offers_calendar(self.state()):
            self.set_timer(READABLE_SECONDS, self.close)

    @on(Refused)
    def refused(self, event: Refused) -> None:
        """It can't go on."""
        self._set(attempt=self.attempt.failed(event.trouble, self._now()), aside="", hint="")
        self.rearrange()
        if closes_itself(self.state()):
            self.set_timer(READABLE_SECONDS, self.close)

    @on(Rang)
    def rang(self, event: Rang) -> None:
        """Shows it."""
        self._set(demo=event.text)
        self.draw()

    @on(Broken)
    def broken(self, event: Broken) -> None:
        """Ends the app."""
        raise event.error

    @on(Left)
    def left(self) -> None:
        """Everything is put back."""
        self.close()

    # Leaving

    def leave(self) -> None:
        """One step back: out of what is looked at besides, else out of the sign-in; a second time without waiting."""
        if self._state.aside:
            self._look_aside("")
        elif self.attempt.ended or self.attempt.leaving or self._errand is None:
            self.close()
        else:
            self._errand.cancel()
            self._set(attempt=replace(self.attempt, question=None, leaving=self._now()))
            self.rearrange()

    def close(self) -> None:
        """Tells whoever opened it."""
        attempt = self.attempt
        self.post_message(self.Closed(self, attempt.outcome, attempt.told, attempt.trouble))


__all__ = ["CALENDAR_NAME", "KEYS", "SignInView"]
