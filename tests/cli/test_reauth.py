"""`reauth --plain` from the first look to the exit code, with a service of the test's own: no cluster, no Apple."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import wizard.cli.reauth
from tests.cli.running import ran
from tests.screens.signing import (
    APPLE_ID,
    NOW,
    Script,
    ScriptedKeeper,
    ScriptedService,
    Signing,
    two_accounts,
    with_code,
    works,
)
from wizard.cli.console import Console
from wizard.cli.reauth import ReauthOptions, reauth
from wizard.cli.terminal_person import TerminalPerson
from wizard.command import Address
from wizard.errors import Exit, WizardError
from wizard.icloud.calendar import Due, calendar
from wizard.icloud.ladder import Rung
from wizard.icloud.messages import trouble
from wizard.settings import Settings
from wizard.signin.person import GaveUp, Outcome, Stage
from wizard.workspace import Request


class Engine:
    """Closed once."""

    def __init__(self) -> None:
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1


@dataclass
class Opened:
    """One opening, in which nothing is opened."""

    made: Engine = field(default_factory=Engine)
    phone: object = None
    notices: tuple[str, ...] = ()
    demo_commands: tuple[str, ...] = ()
    settings: Settings = field(default_factory=Settings)

    def engine(self) -> Engine:
        return self.made

    def close(self) -> None:
        assert self.made.closed == 1


class Answered(Console):
    """Somebody who has the answers ready, and wants it begun unless `begins` says otherwise."""

    begins = "y"

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.questions: list[str] = []
        super().__init__(Address(), 0)

    @property
    def is_terminal(self) -> bool:
        return True

    async def ask(self, question: str, *, secret: bool = False, seconds: float = 0) -> str:
        del secret, seconds
        self.questions.append(question)
        return self.begins if question.startswith("Go on?") else self.answers.pop(0)


Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    def it(service: ScriptedService, reauth_options: ReauthOptions = ReauthOptions(), *answers: str) -> int:  # noqa: B008 - frozen
        monkeypatch.setattr(wizard.cli.reauth, "Workspace", lambda _: Opened())
        monkeypatch.setattr(wizard.cli.reauth, "SignInService", lambda *_: service)
        monkeypatch.setattr(wizard.cli.reauth, "Console", lambda _: Answered(*answers))
        return reauth(Request(), reauth_options)

    return it


def each(**scripts: Script) -> Script:
    """What happens to the accounts, by their names."""

    async def script(signing: Signing) -> Outcome:
        return await scripts[signing.account](signing)

    return script


def ends_in(refusal: BaseException) -> Script:
    async def script(signing: Signing) -> Outcome:
        await signing.open_pod()
        raise refusal

    return script


def days(file: Path) -> list[str]:
    return [line.removeprefix("SUMMARY:") for line in file.read_text().splitlines() if line.startswith("SUMMARY:")]


def test_one_that_fails_stops_no_other(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service = ScriptedService(each(default=ends_in(trouble("icloud.locked")), anna=works), snapshot=two_accounts())
    file = tmp_path / "next.ics"
    assert run(service, ReauthOptions(ics=file)) == Exit.NEEDS_PERSON
    said = capsys.readouterr()
    assert said.out.startswith("✓ anna: Signed in until")
    assert "✗ default: Apple has locked this Apple ID" in said.err
    told = said.err[said.err.index("photosync-wizard: default: Apple has locked") :]
    assert "https://iforgot.apple.com" in told
    assert days(file) == ["Sign in to iCloud again (anna)"]


def test_the_worst_exit_code_counts_and_what_is_done_is_written(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    away = trouble("icloud.throttled")
    assert away.exit_code == Exit.BLOCKED
    for refusals in ((trouble("icloud.locked"), away), (away, trouble("icloud.locked"))):
        script = each(default=ends_in(refusals[0]), anna=ends_in(refusals[1]))
        assert (
            run(ScriptedService(script, snapshot=two_accounts()), ReauthOptions(ics=tmp_path / "next.ics"))
            == Exit.BLOCKED
        )
    assert not (tmp_path / "next.ics").exists()
    script = each(default=works, anna=ends_in(away))
    assert (
        run(ScriptedService(script, snapshot=two_accounts()), ReauthOptions(ics=tmp_path / "next.ics")) == Exit.BLOCKED
    )
    assert days(tmp_path / "next.ics") == ["Sign in to iCloud again"]
    capsys.readouterr()


def test_an_only_account_fails_as_the_command_does(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WizardError) as refused:
        run(ScriptedService(ends_in(trouble("icloud.locked"))))
    assert refused.value.code == "icloud.locked"
    assert capsys.readouterr().out == ""


def test_what_cannot_begin_stops_no_other_either(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    missing = WizardError("renewal.not-ready", "There is no CronJob.", exit_code=Exit.NEEDS_PERSON)
    service = ScriptedService(works, snapshot=two_accounts(), starts=[missing])
    assert run(service) == Exit.NEEDS_PERSON
    assert [signing.account for signing in service.runs] == ["anna"]
    assert "photosync-wizard: default: There is no CronJob." in capsys.readouterr().err


def test_who_leaves_is_asked_nothing_more_and_what_is_done_is_written(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = ScriptedService(each(default=works, anna=ends_in(GaveUp())), snapshot=two_accounts())
    assert run(service, ReauthOptions(ics=tmp_path / "next.ics")) == Exit.NEEDS_PERSON
    assert days(tmp_path / "next.ics") == ["Sign in to iCloud again"]
    assert "Stopped at anna. Nothing on the volume has changed." in capsys.readouterr().err

    service = ScriptedService(each(default=ends_in(GaveUp())), snapshot=two_accounts())
    assert run(service) == Exit.NEEDS_PERSON
    assert len(service.runs) == 1

    assert run(ScriptedService(ends_in(GaveUp()))) == Exit.NEEDS_PERSON
    said = capsys.readouterr()
    assert said.err.endswith("\nStopped. Nothing on the volume has changed.\n")
    assert said.out == ""


def test_who_does_not_want_what_the_plan_says_begins_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Answered, "begins", "n")

    async def never(signing: Signing) -> Outcome:
        raise AssertionError(signing)

    assert run(ScriptedService(never)) == Exit.NEEDS_PERSON
    assert capsys.readouterr().err.endswith("\nStopped. Nothing on the volume has changed.\n")


@pytest.mark.parametrize(("in_pod", "said"), [(True, "Let icloudpd sign in"), (False, "Write the session")])
def test_the_plan_is_the_one_of_the_way(run: Run, capsys: pytest.CaptureFixture[str], in_pod: bool, said: str) -> None:
    run(ScriptedService(works), ReauthOptions(in_pod=in_pod))
    assert f"  - {said}" in capsys.readouterr().err


@pytest.mark.parametrize("stage", [Stage.PROVED, Stage.SAVED])
def test_who_is_interrupted_is_told_what_stays(run: Run, capsys: pytest.CaptureFixture[str], stage: Stage) -> None:
    async def interrupted(signing: Signing) -> Outcome:
        await signing.step(stage, "doing", "done")
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(60)
        raise AssertionError

    service = ScriptedService(each(default=works, anna=interrupted), snapshot=two_accounts())
    with pytest.raises(KeyboardInterrupt):
        run(service)
    assert service.runs[1].put_back
    stays = "The new session is in place." if stage is Stage.SAVED else "Nothing on the volume has changed."
    assert capsys.readouterr().err.endswith(f"\nStopped at anna. {stays}\n")


def test_closed_photos_are_blocked(run: Run) -> None:
    async def closed(signing: Signing) -> Outcome:
        return signing.outcome(photos_trouble=trouble("icloud.advanced-data-protection"))

    assert run(ScriptedService(closed)) == Exit.BLOCKED


# The calendar


def test_the_same_file_serves_every_month(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "next.ics"
    for _ in range(2):
        assert run(ScriptedService(works), ReauthOptions(ics=file)) == Exit.DONE
    assert days(file) == ["Sign in to iCloud again"]
    assert f"{file} has the date for your calendar" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["theirs.ics", "nowhere/next.ics"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_else(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "theirs.ics").write_text("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    service = ScriptedService(works)
    with pytest.raises(WizardError) as refused:
        run(service, ReauthOptions(ics=tmp_path / name))
    assert refused.value.exit_code == Exit.USAGE
    assert service.runs == []


def test_a_file_that_becomes_anothers_meanwhile_costs_no_sign_in(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "next.ics"

    async def meanwhile(signing: Signing) -> Outcome:
        file.write_text("mine")
        return await works(signing)

    with pytest.raises(WizardError) as refused:
        run(ScriptedService(meanwhile), ReauthOptions(ics=file))
    assert refused.value.code == "calendar.exists"
    assert capsys.readouterr().out.startswith("✓ Signed in until")
    file.unlink()
    assert run(ScriptedService(meanwhile, snapshot=two_accounts()), ReauthOptions(ics=file)) == Exit.USAGE
    assert "exists already" in capsys.readouterr().err
    assert file.read_text() == "mine"


def test_no_date_is_said(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def unknown(signing: Signing) -> Outcome:
        return signing.outcome(Rung.WORKS, expires_at=None)

    assert run(ScriptedService(unknown), ReauthOptions(ics=tmp_path / "next.ics")) == Exit.DONE
    assert "There is no date" in capsys.readouterr().out


# Who signs in


def test_an_apple_id_that_is_none_is_refused_before_anything_else(run: Run) -> None:
    service = ScriptedService(works)
    with pytest.raises(WizardError, match="not a valid Apple ID") as refused:
        run(service, ReauthOptions(apple_id="you@"))
    assert refused.value.exit_code == Exit.USAGE
    assert service.runs == []


def test_an_apple_id_that_nothing_tells_is_asked_and_begun_with(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = ScriptedService(works, apple_id=None)
    begun: list[str | None] = []
    begin = service.prepare_sign_in

    async def noted(account: str, apple_id: str | None = None) -> Any:
        begun.append(apple_id)
        return await begin(account, apple_id)

    monkeypatch.setattr(service, "prepare_sign_in", noted)
    assert run(service, ReauthOptions(), "you", "You@Example.com") == Exit.DONE
    assert begun == [None, APPLE_ID]
    assert "! That is not a valid Apple ID" in capsys.readouterr().err


def test_one_persons_answers_for_several_are_refused(run: Run) -> None:
    for reauth_options in (
        ReauthOptions(apple_id=APPLE_ID),
        ReauthOptions(password_stdin=True),
        ReauthOptions(code_stdin=True),
    ):
        with pytest.raises(WizardError) as refused:
            run(ScriptedService(works, snapshot=two_accounts()), reauth_options)
        assert refused.value.exit_code == Exit.USAGE


def test_several_are_told_apart_and_one_is_not_named(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run(ScriptedService(works, snapshot=two_accounts()))
    said = capsys.readouterr().err
    assert "default: as far as it is needed, this will:" in said
    assert "anna: as far as it is needed, this will:" in said
    run(ScriptedService(works))
    assert "\nAs far as it is needed, this will:\n" in f"\n{capsys.readouterr().err}"


@pytest.mark.parametrize("renew", [True, False])
def test_signing_in_anew(run: Run, renew: bool) -> None:
    service = ScriptedService(works)
    assert run(service, ReauthOptions(renew=renew)) == Exit.DONE
    assert service.renewed == [renew]


# Where the password lives


def test_a_password_that_is_kept_says_how_it_is_forgotten(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    service = ScriptedService(with_code, keyring=ScriptedKeeper())
    assert run(service, ReauthOptions(keep_password=True), "hunter2", "417902") == Exit.DONE
    said = capsys.readouterr().err
    assert "The password is kept in GNOME Keyring." in said
    assert "--forget-password" in said
    assert service.kept == ["hunter2"]


def test_no_password_no_keyring_and_a_keyring_that_refuses_are_said(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(ScriptedService(works, keyring=ScriptedKeeper()), ReauthOptions(keep_password=True)) == Exit.DONE
    said = capsys.readouterr().err
    assert "There was no password to keep: none was needed." in said
    assert "is kept" not in said
    assert run(ScriptedService(works), ReauthOptions(keep_password=True)) == Exit.DONE
    assert "no keyring here" in capsys.readouterr().err
    assert run(ScriptedService(works), ReauthOptions(forget_password=True)) == Exit.DONE
    assert "there is none to remove" in capsys.readouterr().err


class Locked(ScriptedKeeper):
    async def delete(self, apple_id: str) -> None:
        del apple_id
        raise WizardError("icloud.keyring", f"The keyring {self.name} does not work.", why="It may be locked.")


def test_a_kept_password_is_removed_or_it_is_said_that_it_is_not(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    keeper = ScriptedKeeper({APPLE_ID: "old"})
    assert (
        run(ScriptedService(works, keyring=keeper), ReauthOptions(forget_password=True, password_stdin=True))
        == Exit.DONE
    )
    assert keeper.passwords == {}
    assert "keeps no password for this Apple ID any more" in capsys.readouterr().err
    assert run(ScriptedService(works, keyring=Locked()), ReauthOptions(forget_password=True)) == Exit.DONE
    assert "could not be removed. The keyring GNOME Keyring does not work. It may be locked." in capsys.readouterr().err


@pytest.mark.parametrize("by_script", [True, False])
async def test_a_password_from_standard_input_comes_before_the_kept_one(by_script: bool) -> None:
    service = ScriptedService(works, keyring=ScriptedKeeper({APPLE_ID: "old"}))
    person = TerminalPerson(Answered())
    _, _, keeper = await wizard.cli.reauth._begun(service, "default", ReauthOptions(password_stdin=by_script), person)
    assert keeper is not None
    assert await keeper.get(APPLE_ID) == (None if by_script else "old")


# As a command


def test_what_does_not_go_together_is_refused() -> None:
    ended = ran("--demo", "seed", "reauth", "--check", "--renew")
    assert ended.code == Exit.USAGE
    assert "not allowed with" in ended.err


def test_a_calendar_of_somebody_else_is_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "mine.ics"
    file.write_text(calendar((Due(NOW.date()),), NOW).replace("photosync-wizard", "somebody"))
    ended = ran("--demo", "expired", "reauth", "--ics", str(file))
    ended.said_in_words(Exit.USAGE, "is no calendar that the wizard wrote")


@pytest.mark.parametrize(
    ("world", "code", "said"),
    [
        ("complete", 0, "nothing to do"),
        ("expired-heals", 3, "its own tokens may bring it back"),
        ("expired-heals --ask-apple", 3, "its own tokens bring it back"),
        ("expired", 3, "its own tokens may bring it back"),
        ("expired --ask-apple", 3, "your password is enough"),
    ],
)
def test_a_check_says_what_it_takes_and_whether_the_session_works(world: str, code: int, said: str) -> None:
    name, *flags = world.split()
    ended = ran("--demo", name, "reauth", "--check", *flags)
    assert (ended.code, len(ended.out.splitlines())) == (code, 1), ended.err
    assert said in ended.out


def test_apple_is_asked_from_here_by_a_check_only() -> None:
    ended = ran("--demo", "expired", "reauth", "--ask-apple")
    ended.said_in_words(Exit.USAGE, "--ask-apple belongs to --check")


def test_a_check_has_no_date_for_a_calendar(tmp_path: Path) -> None:
    file = tmp_path / "next.ics"
    ended = ran("--demo", "complete", "reauth", "--check", "--ics", str(file))
    assert ended.code == 2
    assert "--check signs nobody in" in ended.err
    assert not file.exists()


def test_a_session_that_ends_soon_is_told_with_what_renews_it() -> None:
    ended = ran("--demo", "expiring", "reauth", "--plain")
    assert ended.code == 0, ended.err
    assert "It ends soon. `photosync-wizard --demo expiring reauth --renew` signs in again now" in ended.out
