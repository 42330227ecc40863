"""What a sign-in asks on a terminal, and what it makes of the answers; and what it takes from standard input."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import wizard.cli.terminal_person
from wizard.cli.console import Console
from wizard.cli.terminal_person import TerminalPerson
from wizard.command import Address
from wizard.errors import Exit, WizardError
from wizard.icloud.messages import trouble
from wizard.icloud.steps import CodeWanted, Phone, SecurityKeyWanted, TermsWanted
from wizard.plan import CreateObject, DeleteObject, Plan, RunInPod, Target
from wizard.signin.person import AnotherCode, Code, GaveUp, InUse, Stage, StageProgress, Tick

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PHONES = (Phone(1, "81"), Phone(2, "42"))
WANTED = CodeWanted("device", PHONES, NOW - timedelta(seconds=14))
APPLE_ID = "you@example.com"


class Sitting(Console):
    """A terminal at which somebody has the answers ready; `said` is all that they saw but the questions. None is Ctrl+D."""

    def __init__(self, *answers: str | None) -> None:
        self.said = ""
        self.questions: list[tuple[str, bool]] = []
        self.answers = list(answers)
        super().__init__(HOME, 0, self._see)

    def _see(self, text: str) -> None:
        self.said += text

    @property
    def is_terminal(self) -> bool:
        return True

    async def ask(self, question: str, *, secret: bool = False, seconds: float = 0) -> str:
        del seconds
        self.questions.append((question, secret))
        answer = self.answers.pop(0)
        if answer is None:
            raise EOFError
        return answer


def at(console: Console, **promised: bool) -> TerminalPerson:
    return TerminalPerson(console, clock=lambda: NOW, **promised)


async def test_an_apple_id_is_asked_until_it_can_be_one() -> None:
    console = Sitting("", "you", "you@example", "two words@example.com", "  You@Example.COM ")
    assert await at(console).apple_id() == APPLE_ID
    assert len(console.questions) == 5
    assert console.said.count("! That is not a valid Apple ID: ") == 4
    assert "it has spaces in it" in console.said


async def test_a_password_is_asked_without_echo_and_never_empty() -> None:
    console = Sitting("", "hunter2")
    assert await at(console).password(APPLE_ID, None) == "hunter2"
    assert console.questions == [(f"Password for {APPLE_ID} (Ctrl+D leaves): ", True)] * 2
    assert "nothing was sent" in console.said


@pytest.mark.parametrize(
    ("code", "said"),
    [("icloud.wrong-password", True), ("icloud.password-changed", True), ("icloud.app-specific-password", False)],
)
async def test_after_a_wrong_password_it_says_that_nothing_was_sent_again(code: str, said: bool) -> None:
    console = Sitting("hunter2")
    await at(console).password(APPLE_ID, trouble(code))
    assert trouble(code).what in console.said
    assert ("It was not sent again" in console.said) is said


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("417902", Code("417902")),
        (" 417-902 ", Code("417902")),
        ("t", AnotherCode("sms", PHONES[0])),
        ("t2", AnotherCode("sms", PHONES[1])),
        ("T 2", AnotherCode("sms", PHONES[1])),
    ],
)
async def test_what_may_be_typed_for_a_code(typed: str, answer: Code | AnotherCode) -> None:
    assert await at(Sitting(typed)).code(WANTED, None) == answer


@pytest.mark.parametrize("typed", ["", "   ", "12345", "1234567", "hello", "t3", "t0", "n"])
async def test_what_is_neither_code_nor_wish_asks_apple_for_nothing(typed: str) -> None:
    console = Sitting(typed, "417902")
    assert await at(console).code(WANTED, None) == Code("417902")
    assert len(console.questions) == 2
    assert ("Nothing was typed, and nothing was sent." in console.said) is (typed.strip() == "")
    assert ("A code has six digits." in console.said) is (typed.strip() not in ("", "n"))


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        (WANTED, AnotherCode("device")),
        (CodeWanted("sms", PHONES, NOW, phone=PHONES[1]), AnotherCode("sms", PHONES[1])),
        (CodeWanted("unknown", (), NOW), AnotherCode("device")),
    ],
)
async def test_another_code_may_be_asked_for_a_minute_after_the_last(wanted: CodeWanted, answer: AnotherCode) -> None:
    clock = [wanted.sent_at + timedelta(seconds=15.5), wanted.sent_at + timedelta(seconds=60)]
    console = Sitting("n", "n")
    person = TerminalPerson(console, clock=lambda: clock.pop(0))
    assert await person.code(wanted, None) == answer
    assert "again in 45 seconds" in console.said
    assert not clock


@pytest.mark.parametrize(
    ("typed", "way"),
    [("d", AnotherCode("device")), ("t2", AnotherCode("sms", PHONES[1])), ("n", AnotherCode("device"))],
)
async def test_every_way_has_its_minute(typed: str, way: AnotherCode) -> None:
    sent = CodeWanted(way.delivery, PHONES, NOW, phone=way.phone)
    console = Sitting(typed, "417902")
    person = TerminalPerson(console, clock=lambda: NOW + timedelta(seconds=20))
    assert await person.code(sent, None) == Code("417902")
    assert "again in 40 seconds" in console.said


async def test_a_code_that_was_not_sent_anew_is_not_announced() -> None:
    wanted = CodeWanted("sms", PHONES, NOW, phone=PHONES[0])
    console = Sitting("000000", "417902")
    person = at(console)
    await person.code(wanted, None)
    await person.code(wanted, trouble("icloud.wrong-code"))
    assert console.said.count("A text message is on its way") == 1
    assert "No new one was sent" in console.said


async def test_a_way_that_was_not_taken_yet_is_free() -> None:
    person = TerminalPerson(Sitting("t1"), clock=lambda: NOW)
    assert await person.code(WANTED, None) == AnotherCode("sms", PHONES[0])


async def test_what_there_is_to_choose_stands_in_the_question() -> None:
    console = Sitting("417902", "417902")
    await at(console).code(WANTED, None)
    await at(console).code(CodeWanted("sms", PHONES[:1], NOW, phone=PHONES[0]), None)
    assert [question for question, _ in console.questions] == [
        "Code (n: again, t1: text ••81, t2: text ••42, q: leave): ",
        "Code (n: again, d: device, t1: text ••81, q: leave): ",
    ]
    assert "A text message is on its way to ••81." in console.said


async def second_way(person: TerminalPerson) -> object:
    return await person.second_way(trouble("icloud.unexpected"))


async def terms(person: TerminalPerson) -> object:
    return await person.terms(TermsWanted(1, "Be kind.", ""))


async def in_use(person: TerminalPerson) -> object:
    return await person.in_use(("icloudpd-sync-1",))


async def key(person: TerminalPerson) -> object:
    return await person.security_key(SecurityKeyWanted(("blue",)))


async def test_in_the_pod_only_what_icloudpd_can_do_is_offered() -> None:
    sitting = Sitting("n", "d", "123456")
    wanted = replace(WANTED, delivery="device", can_be_sent_again=False)
    assert await at(sitting).code(wanted, None) == Code("123456")
    (question,) = {question for question, _ in sitting.questions}
    assert "n: again" not in question
    assert "d: device" not in question


async def code(person: TerminalPerson) -> object:
    return await person.code(WANTED, None)


async def password(person: TerminalPerson) -> object:
    return await person.password(APPLE_ID, None)


@pytest.mark.parametrize("question", [second_way, terms, in_use, key, code, password])
async def test_every_question_can_be_left_by_the_end_of_input(
    question: Callable[[TerminalPerson], Awaitable[object]],
) -> None:
    with pytest.raises(GaveUp):
        await question(at(Sitting(None)))


async def test_q_leaves_the_code() -> None:
    with pytest.raises(GaveUp):
        await at(Sitting("q")).code(WANTED, None)


async def test_terms_take_a_clear_yes_and_the_second_way_a_clear_no() -> None:
    for typed, accepts in (("", False), ("y", True), ("YES", True), ("ok", False)):
        assert await terms(at(Sitting(typed))) is accepts
    for typed, goes in (("", True), ("n", False), ("No", False), ("y", True)):
        assert await second_way(at(Sitting(typed))) is goes


async def test_who_waits_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wizard.cli.terminal_person, "LOOK_AGAIN_SECONDS", 0)
    console = Sitting("", "s")
    person = at(console)
    assert [await in_use(person) for _ in range(3)] == [InUse.WAIT] * 3
    assert len(console.questions) == 1
    assert console.said.count("icloudpd-sync-1 uses the session") == 1
    assert await in_use(at(Sitting("s"))) is InUse.STOP
    assert await in_use(at(Sitting("q"))) is InUse.LEAVE


async def test_a_run_that_came_later_is_asked_about_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wizard.cli.terminal_person, "LOOK_AGAIN_SECONDS", 0)
    console = Sitting("w", "s", "w", "s")
    person = at(console)
    assert await person.in_use(("a", "b")) is InUse.WAIT
    assert await person.in_use(("b",)) is InUse.WAIT
    assert await person.in_use(("b", "c")) is InUse.STOP
    assert await person.in_use(("d",)) is InUse.WAIT
    person.show(StageProgress(Stage.POD, Tick.DOING, "a pod is starting"))
    assert await person.in_use(("d",)) is InUse.STOP


# The plan

HOME = Address(context="home")
JOB = Target("batch/v1", "Job", "jobs", "photo-sync", "photosync-handover-4be1c0")
REMOVE = DeleteObject(id="remove-pod", title="Remove the job", target=JOB)
PLAN = Plan(
    "Sign in",
    (
        CreateObject(id="start-pod", title="Start a pod", target=JOB, manifest={"kind": "Job"}, undo=(REMOVE,)),
        RunInPod(id="write", title="Write the files", target=JOB, no_undo="They are removed."),
        REMOVE,
    ),
    ("The CronJob is paused meanwhile.",),
)
TITLES = """\
As far as it is needed, this will:
  - Start a pod
  - Write the files
  - Remove the job
  The CronJob is paused meanwhile.
"""


async def test_a_person_sees_the_commands_and_is_asked_before_it_begins() -> None:
    console = Sitting("")
    await at(console).plan(PLAN)
    assert console.said.splitlines() == [
        "As far as it is needed, this will:",
        "  - Start a pod",
        "      kubectl --context home -n photo-sync create -f -",
        "      (reads the manifest of Job photosync-handover-4be1c0)",
        "  - Write the files",
        "  - Remove the job",
        "      kubectl --context home -n photo-sync delete job photosync-handover-4be1c0",
        "  The CronJob is paused meanwhile.",
    ]
    assert len(console.questions) == 1


async def test_commands_begin_as_this_cluster_takes_it_and_how_it_is_undone_is_told_when_asked() -> None:
    console = Sitting("u", "what?", "Yes")
    await at(console).plan(PLAN, "anna")
    before, _, after = console.said.partition("meanwhile.\n")
    assert before.startswith("anna: as far as it is needed, this will:\n")
    assert "      kubectl --context home -n photo-sync delete job" in before
    assert after == (
        "  - Start a pod\n"
        "      kubectl --context home -n photo-sync delete job photosync-handover-4be1c0\n"
        "  - Write the files: They are removed.\n"
        "  - Remove the job\n"
    )
    assert len(console.questions) == 3


@pytest.mark.parametrize("typed", ["n", "No", "q", None])
async def test_who_does_not_want_it_leaves_before_it_begins(typed: str | None) -> None:
    with pytest.raises(GaveUp):
        await at(Sitting(typed)).plan(PLAN)


@pytest.mark.parametrize("promise", ["password_promised", "code_promised"])
async def test_whose_answers_are_promised_is_asked_nothing_before(promise: str) -> None:
    console = Sitting()
    await at(console, **{promise: True}).plan(PLAN)
    assert console.said == TITLES


@pytest.mark.parametrize(
    ("stage", "tick", "moved"),
    [(Stage.SAVED, Tick.DOING, False), (Stage.PROVED, Tick.DONE, False), (Stage.SAVED, Tick.DONE, True)],
)
async def test_what_stays_is_the_new_session_once_it_is_moved(stage: Stage, tick: Tick, moved: bool) -> None:
    person = at(Sitting(""))
    person.show(StageProgress(stage, tick, "x"))
    person.show(StageProgress(Stage.PHOTOS, Tick.DOING, "y"))
    assert (person.stays == "The new session is in place.") is moved
    await person.plan(PLAN)
    assert person.stays == "Nothing on the volume has changed."


# Standard input


class Piped(Console):
    """Standard input with these bytes in it, and nobody who could be asked."""

    def __init__(self, data: str) -> None:
        self.read, write = os.pipe()
        os.write(write, data.encode())
        os.close(write)
        self.said = ""
        super().__init__(HOME, self.read, self._see)

    def _see(self, text: str) -> None:
        self.said += text


@pytest.fixture
def piped() -> Iterator[Callable[[str], Piped]]:
    made: list[Piped] = []

    def make(data: str) -> Piped:
        made.append(Piped(data))
        return made[-1]

    yield make
    for each in made:
        os.close(each.read)


async def test_the_first_line_is_the_password_and_the_second_the_code(piped: Callable[[str], Piped]) -> None:
    person = at(piped(" hun ter2\n417 902\n"), password_promised=True, code_promised=True)
    assert await person.password(APPLE_ID, None) == " hun ter2"
    assert await person.code(WANTED, None) == Code("417902")


async def test_a_password_that_is_not_needed_is_no_code(piped: Callable[[str], Piped]) -> None:
    person = at(piped("123456\n417902\n"), password_promised=True, code_promised=True)
    assert await person.code(WANTED, None) == Code("417902")


async def test_nothing_is_read_before_it_is_needed(piped: Callable[[str], Piped]) -> None:
    console = piped("hunter2\n")
    at(console, password_promised=True)
    await asyncio.sleep(0)
    assert os.read(console.read, 100) == b"hunter2\n"


async def test_without_a_terminal_the_plan_is_shown_and_nothing_is_asked(piped: Callable[[str], Piped]) -> None:
    for promised in (True, False):
        console = piped("hunter2\n")
        await at(console, password_promised=promised).plan(PLAN)
        assert console.said == TITLES
        assert os.read(console.read, 100) == b"hunter2\n"


async def test_terms_that_nobody_can_accept_are_not_shown_first(piped: Callable[[str], Piped]) -> None:
    console = piped("hunter2\n")
    with pytest.raises(WizardError) as refused:
        await terms(at(console, password_promised=True))
    assert console.said == ""
    said = " ".join(refused.value.lines(Address()))
    assert "can't be shown" not in said
    assert "in a terminal, which shows them" in said


async def test_a_script_is_told_what_only_a_person_can_do(piped: Callable[[str], Piped]) -> None:
    for ask, needed in ((terms, "terms"), (key, "key")):
        with pytest.raises(WizardError) as refused:
            await ask(at(piped("hunter2\n"), password_promised=True))
        assert needed in refused.value.what
        assert refused.value.exit_code is Exit.NEEDS_PERSON
        assert refused.value.fix


@pytest.mark.parametrize(
    ("data", "promised"), [("", "password_promised"), ("\n", "password_promised"), ("", "code_promised")]
)
async def test_a_promise_that_is_not_kept_needs_the_person(
    piped: Callable[[str], Piped], data: str, promised: str
) -> None:
    person = at(piped(data), **{promised: True})
    with pytest.raises(WizardError) as refused:
        await (password if promised == "password_promised" else code)(person)
    assert (refused.value.code, refused.value.exit_code) == ("reauth.stdin", Exit.NEEDS_PERSON)


async def test_each_answer_is_given_once_and_the_refusal_says_that_nothing_was_sent_again(
    piped: Callable[[str], Piped],
) -> None:
    person = at(piped("hunter2\nhunter3\n"), password_promised=True)
    await password(person)
    wrong = trouble("icloud.wrong-password")
    with pytest.raises(WizardError) as refused:
        await person.password(APPLE_ID, wrong)
    said = " ".join(refused.value.lines(Address()))
    assert (refused.value.code, refused.value.exit_code) == (wrong.code, Exit.NEEDS_PERSON)
    assert said.startswith(wrong.what)
    assert "nothing was sent again" in said
    assert "hunter" not in said
    with pytest.raises(WizardError) as wanted:
        await code(person)
    assert wanted.value.code == "reauth.stdin"


async def test_a_wrong_code_from_standard_input_ends_it(piped: Callable[[str], Piped]) -> None:
    person = at(piped("417902\n"), code_promised=True)
    assert await code(person) == Code("417902")
    with pytest.raises(WizardError, match="did not accept this code"):
        await person.code(WANTED, trouble("icloud.wrong-code"))
    with pytest.raises(WizardError) as refused:
        await code(at(piped("hello\n"), code_promised=True))
    assert refused.value.code == "icloud.code-shape"


async def test_a_script_accepts_nothing_by_itself(
    piped: Callable[[str], Piped], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wizard.cli.terminal_person, "LOOK_AGAIN_SECONDS", 0)
    person = at(piped("yes\nyes\n"), password_promised=True)
    assert await second_way(person) is False
    assert await in_use(person) is InUse.WAIT


async def test_what_is_promised_is_asked_where_standard_input_is_a_terminal() -> None:
    console = Sitting("hunter2", "hunter3", "417902")
    person = at(console, password_promised=True, code_promised=True)
    assert await password(person) == "hunter2"
    assert await person.password(APPLE_ID, trouble("icloud.wrong-password")) == "hunter3"
    assert await code(person) == Code("417902")
    assert [secret for _, secret in console.questions] == [True, True, False]
