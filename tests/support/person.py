"""Somebody in front of a sign-in who does as the test says, and remembers what was asked of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from wizard.errors import WizardError
from wizard.icloud.steps import CodeWanted, SecurityKeyWanted, TermsWanted
from wizard.signin.person import AnotherCode, Code, InUse, Person, Stage, StageProgress, Tick

WAIT_SECONDS = 0.5
Answer = Callable[[CodeWanted], Code | AnotherCode]


@dataclass(slots=True)
class Somebody(Person):
    """`passwords` and `codes` are what they type, in turn. What runs out is answered with `password`, and with what the phone
    shows last. Of others that use the session they say `uses`, the last of it as often as they are asked.

    `asked` is what they were asked, in order, and `questions` the same with what it was about; `whys` are the errors that came
    with them, `shown` what they were told meanwhile.
    """

    passwords: list[str] = field(default_factory=list, repr=False)
    codes: list[Answer] = field(default_factory=list, repr=False)
    uses: list[InUse] = field(default_factory=list)
    goes_inside: bool = False
    accepts_terms: bool = False
    password_known: str = field(default="", repr=False)
    phone: list[str] = field(default_factory=list, repr=False)
    on_progress: Callable[[StageProgress], None] = lambda _: None
    asked: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    about: list[object] = field(default_factory=list, repr=False)
    whys: list[str] = field(default_factory=list)
    shown: list[StageProgress] = field(default_factory=list)

    def show(self, progress: StageProgress) -> None:
        self.shown.append(progress)
        self.on_progress(progress)

    async def password(self, apple_id: str, why: WizardError | None) -> str:
        self._note("password", f"of {apple_id}", apple_id, why)
        return self.passwords.pop(0) if self.passwords or not self.password_known else self.password_known

    async def code(self, wanted: CodeWanted, why: WizardError | None) -> Code | AnotherCode:
        self._note("code", f"by {wanted.delivery}", wanted, why)
        return self.codes.pop(0)(wanted) if self.codes or not self.phone else self.right(wanted)

    def right(self, _wanted: CodeWanted) -> Code:
        """What the phone shows last."""
        return Code(re.findall(r"\d{6}", self.phone[-1])[-1])

    async def terms(self, wanted: TermsWanted) -> bool:
        self._note("terms", str(wanted.version), wanted)
        return self.accepts_terms

    async def security_key(self, wanted: SecurityKeyWanted) -> bool:
        self._note("security-key", ", ".join(wanted.keys), wanted)
        return False

    async def in_use(self, pods: tuple[str, ...]) -> InUse:
        self._note("in-use", f"by {len(pods)}", pods)
        use = self.uses.pop(0) if len(self.uses) > 1 else self.uses[0]
        await asyncio.sleep(WAIT_SECONDS if use is InUse.WAIT else 0)
        return use

    async def second_way(self, why: WizardError) -> bool:
        self._note("second-way", "", None, why)
        return self.goes_inside

    def reached(self, stage: Stage, tick: Tick = Tick.DONE) -> bool:
        """Whether they were told so."""
        return any(progress.stage is stage and progress.tick is tick for progress in self.shown)

    def done(self) -> set[Stage]:
        """The stages that they were told are done."""
        return {progress.stage for progress in self.shown if progress.tick is Tick.DONE}

    def _note(self, what: str, detail: str, about: object, why: WizardError | None = None) -> None:
        self.asked.append(what)
        self.questions.append(f"{what} {detail}".rstrip())
        self.about.append(about)
        if why:
            self.whys.append(why.code)
