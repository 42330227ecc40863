"""Somebody in front of a sign-in who does as the test says, and remembers what was asked of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from wizard.errors import WizardError
from wizard.icloud.steps import CodeWanted, SecurityKeyWanted, TermsWanted
from wizard.signin.person import AnotherCode, Code, InUse, Stage, StageProgress, Tick

WAIT_SECONDS = 0.5


@dataclass(slots=True)
class Somebody:
    """`passwords` and `codes` are what they type, in turn; a code may be made up when it is asked for. Of others that use the
    session they say `uses`, the last of it as often as they are asked.

    `asked` is what they were asked, in order, `about` what the questions were about, `whys` the troubles that came with them.
    """

    passwords: list[str] = field(default_factory=list, repr=False)
    codes: list[Callable[[CodeWanted], Code | AnotherCode]] = field(default_factory=list, repr=False)
    uses: list[InUse] = field(default_factory=list)
    goes_inside: bool = False
    on_progress: Callable[[StageProgress], None] = lambda _: None
    asked: list[str] = field(default_factory=list)
    about: list[object] = field(default_factory=list, repr=False)
    whys: list[str] = field(default_factory=list)
    shown: list[StageProgress] = field(default_factory=list)

    def show(self, progress: StageProgress) -> None:
        self.shown.append(progress)
        self.on_progress(progress)

    async def password(self, apple_id: str, why: WizardError | None) -> str:
        self._note("password", apple_id, why)
        return self.passwords.pop(0)

    async def code(self, wanted: CodeWanted, why: WizardError | None) -> Code | AnotherCode:
        self._note("code", wanted, why)
        return self.codes.pop(0)(wanted)

    async def terms(self, wanted: TermsWanted) -> bool:
        self._note("terms", wanted)
        return False

    async def security_key(self, wanted: SecurityKeyWanted) -> bool:
        self._note("security-key", wanted)
        return False

    async def in_use(self, pods: tuple[str, ...]) -> InUse:
        self._note("in-use", pods)
        use = self.uses.pop(0) if len(self.uses) > 1 else self.uses[0]
        await asyncio.sleep(WAIT_SECONDS if use is InUse.WAIT else 0)
        return use

    async def second_way(self, why: WizardError) -> bool:
        self._note("second-way", None, why)
        return self.goes_inside

    def reached(self, stage: Stage, tick: Tick = Tick.DONE) -> bool:
        """Whether they were told so."""
        return any(progress.stage is stage and progress.tick is tick for progress in self.shown)

    def _note(self, what: str, about: object, why: WizardError | None = None) -> None:
        self.asked.append(what)
        self.about.append(about)
        if why:
            self.whys.append(why.code)
