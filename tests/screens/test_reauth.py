"""`photosync-wizard reauth` beneath the prompt: short, led by the same keys, and three lines in the end."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from screens.reauth_app import ReauthApp, print_result
from screens.signin import controller
from screens.signin.questions import CodeAsked, PasswordAsked, Question, Review
from screens.signin.view import SignInView
from tests.cli.running import PATIENCE, environment
from tests.screens.driving import Wizard, text_of
from tests.screens.fake import FakeWorkspace
from tests.screens.signing import NOW, ScriptedKeeper, ScriptedService, Signing, two_accounts, with_code, works
from wizard.cli.reauth import ReauthOptions
from wizard.errors import Exit, Retry, WizardError
from wizard.icloud.messages import trouble
from wizard.signin.person import Outcome

ROWS = 14
_CONTROL = re.compile(rb"\x1b(\[[0-9;?<>=]*[ -/]*[@-~]|\][^\x07]*\x07|[()][A-B]|[=>])")


@dataclass
class Beneath:
    """The app, driven without a terminal."""

    app: ReauthApp
    wizard: Wizard

    @property
    def text(self) -> str:
        return text_of(self.app)  # type: ignore[arg-type]

    @property
    def rows(self) -> int:
        """How many rows it takes beneath a prompt."""
        screen, size = self.app.screen, self.app.size
        return screen.get_content_height(size, size, size.width)

    async def until(self, condition: Callable[[], bool]) -> None:
        await self.wizard.until(condition)
        await self.wizard.pilot.pause()
        await self.wizard.pilot.pause()

    async def asked(self, kind: type[Question]) -> None:
        await self.until(
            lambda: any(
                isinstance(view.controller.attempt.question, kind) for view in self.app.screen.query(SignInView)
            )
        )

    async def begin(self, *before: str) -> None:
        """Past the plan, which waits for somebody who has read it."""
        await self.asked(Review)
        await self.press(*before, "enter")

    async def done(self) -> None:
        """Past the end, which waits where a reminder is offered."""
        await self.until(
            lambda: (
                any(view.controller.attempt.outcome is not None for view in self.app.screen.query(SignInView))
                and "┃ Done" in self.text
            )
        )
        await self.press("enter")

    async def over(self) -> None:
        """Waits until the app has ended; the pilot could not, since it waits for the screen."""
        async with asyncio.timeout(PATIENCE):
            while self.app.is_running:  # noqa: ASYNC110 - Textual has no event for it
                await asyncio.sleep(0.005)

    async def press(self, *keys: str) -> None:
        await self.wizard.pilot.press(*keys)
        await self.wizard.pilot.pause()


@asynccontextmanager
async def beneath(
    service: ScriptedService, reauth_options: ReauthOptions | None = None, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Beneath]:
    """The app with a scripted service."""
    workspace = FakeWorkspace()
    workspace.scripted_service = service
    app = ReauthApp(workspace, reauth_options or ReauthOptions(), now=lambda: NOW)
    async with app.run_test(size=size) as pilot:
        yield Beneath(app, Wizard(app, pilot, workspace))  # type: ignore[arg-type]


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown for somebody to read is not waited for."""
    monkeypatch.setattr(controller, "READABLE_SECONDS", 0.01)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (60, 20)])
async def test_it_stays_short_and_waits_at_the_plan_and_at_the_end(
    size: tuple[int, int], capsys: pytest.CaptureFixture[str]
) -> None:
    service = ScriptedService(keyring=ScriptedKeeper())

    def fits(under: Beneath, rows: int = ROWS) -> bool:
        return under.rows <= rows and "Esc" in under.text

    async with beneath(service, size=size) as under:
        await under.asked(Review)
        assert fits(under)
        assert not service.runs
        await under.begin()
        await under.asked(PasswordAsked)
        assert fits(under)
        await under.press(*"hunter2", "enter")
        await under.asked(CodeAsked)
        assert fits(under)
        await under.press(*"000000")
        await under.until(lambda: "did not accept" in under.text)
        assert fits(under)
        await under.press("t")
        await under.until(lambda: "To which number?" in under.text)
        assert fits(under)
        await under.press("down", "enter")
        await under.until(lambda: "•• 42 sent" in under.text)
        assert fits(under)
        await under.press(*"000000")
        await under.until(lambda: "the second refusal" in " ".join(under.text.split()))
        assert fits(under, size[1])
        assert "why a code may not arrive" in under.text
        await under.press(*"417902")
        await under.done()
        await under.over()
    capsys.readouterr()
    assert print_result(under.app, ReauthOptions()) == Exit.DONE
    out = capsys.readouterr().out
    assert out.startswith("✓ Signed in until about 16 February (29 days).\n  It took password and code.")
    assert "hunter2" not in out
    assert service.noted == [("default", "you@example.com")]


async def test_several_accounts_one_after_the_other_each_with_its_rung(capsys: pytest.CaptureFixture[str]) -> None:
    async def each(signing: Signing) -> Outcome:
        return await (works if signing.account == "anna" else with_code)(signing)

    service = ScriptedService(each, snapshot=two_accounts())
    async with beneath(service) as under:
        await under.begin()
        await under.asked(PasswordAsked)
        await under.press(*"hunter2", "enter")
        await under.asked(CodeAsked)
        await under.press(*"417902")
        await under.done()
        await under.begin("n")
        await under.done()
        await under.over()
    assert service.renewed == [False, True]
    assert print_result(under.app, ReauthOptions()) == Exit.DONE
    out = capsys.readouterr().out
    assert "It took password and code." in out
    assert "✓ anna: Signed in until" in out
    assert "It took nothing: the session still works." in out


@pytest.mark.usefixtures("soon")
async def test_one_that_fails_stops_no_other_and_is_told_in_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def each(signing: Signing) -> Outcome:
        if signing.account == "anna":
            return await works(signing)
        await signing.open_pod()
        raise trouble("icloud.locked")

    reauth_options = ReauthOptions(ics=tmp_path / "next.ics")
    async with beneath(ScriptedService(each, snapshot=two_accounts()), reauth_options) as under:
        await under.begin()
        await under.until(lambda: "anna" in under.text)
        await under.begin()
        await under.over()
    assert print_result(under.app, reauth_options) == Exit.NEEDS_PERSON
    said = capsys.readouterr()
    assert said.out.startswith("✓ anna: Signed in until")
    assert said.err.startswith("photosync-wizard: default: Apple has locked this Apple ID")
    assert "(anna)" in (tmp_path / "next.ics").read_text()


@pytest.mark.usefixtures("soon")
async def test_a_refusal_that_is_left_leads_to_the_next_account(capsys: pytest.CaptureFixture[str]) -> None:
    async def each(signing: Signing) -> Outcome:
        if signing.account == "anna":
            return await works(signing)
        raise trouble("icloud.session-unreadable")

    async with beneath(ScriptedService(each, snapshot=two_accounts())) as under:
        await under.begin()
        await under.until(lambda: "can't be used" in under.text)
        await under.press("escape")
        await under.begin()
        await under.done()
        await under.over()
    assert print_result(under.app, ReauthOptions()) == Exit.NEEDS_PERSON
    said = capsys.readouterr()
    assert "✓ anna: Signed in until" in said.out
    assert "photosync-wizard: default: The session's files can't be used." in said.err


@pytest.mark.usefixtures("soon")
async def test_who_leaves_is_asked_nothing_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def each(signing: Signing) -> Outcome:
        return await (works if signing.account == "default" else with_code)(signing)

    reauth_options = ReauthOptions(ics=tmp_path / "next.ics")
    service = ScriptedService(each, snapshot=two_accounts())
    async with beneath(service, reauth_options) as under:
        await under.begin()
        await under.until(lambda: "anna" in under.text)
        await under.begin()
        await under.asked(PasswordAsked)
        await under.press("escape")
        await under.over()
    assert print_result(under.app, reauth_options) == Exit.NEEDS_PERSON
    said = capsys.readouterr()
    assert said.out.startswith("✓ Signed in until")
    assert "Stopped at anna." in said.err
    assert (tmp_path / "next.ics").read_text().count("BEGIN:VEVENT") == 1

    service = ScriptedService(with_code, snapshot=two_accounts())
    async with beneath(service) as under:
        await under.begin()
        await under.asked(PasswordAsked)
        await under.press("escape")
        await under.over()
    assert [run.account for run in service.runs] == ["default"]


async def test_the_calendar_that_was_written_on_the_way_is_named_in_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    async with beneath(ScriptedService(works)) as under:
        await under.begin()
        await under.until(lambda: "Signed in until" in under.text)
        await under.press("c")
        await under.until(lambda: "photosync-sign-in.ics" in under.text)
        await under.done()
        await under.over()
    assert list(under.wizard.workspace.saved) == ["photosync-sign-in.ics"]
    assert print_result(under.app, ReauthOptions()) == Exit.DONE
    kept = capsys.readouterr().out.splitlines()[-1]
    assert kept == "  The date is in ~/.local/state/photosync-wizard/photosync-sign-in.ics: open it with your calendar."


@pytest.mark.usefixtures("soon")
async def test_no_password_to_keep_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    reauth_options = ReauthOptions(keep_password=True)
    async with beneath(
        ScriptedService(works, keyring=ScriptedKeeper({"you@example.com": "old"})), reauth_options
    ) as under:
        await under.begin()
        await under.done()
        await under.over()
    print_result(under.app, reauth_options)
    out = capsys.readouterr().out
    assert "There was no password to keep" in out
    assert "is kept" not in out


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("renew", [True, False])
async def test_signing_in_anew(renew: bool) -> None:
    service = ScriptedService(works)
    async with beneath(service, ReauthOptions(renew=renew)) as under:
        await under.begin()
        await under.done()
        await under.over()
    assert service.renewed == [renew]


async def test_leaving_and_refusals_end_as_the_plain_command_does(capsys: pytest.CaptureFixture[str]) -> None:
    service = ScriptedService()
    async with beneath(service) as under:
        await under.begin()
        await under.asked(PasswordAsked)
        await under.press("escape")
        await under.over()
    assert print_result(under.app, ReauthOptions()) == Exit.NEEDS_PERSON
    assert service.runs[0].put_back
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "Stopped. Nothing on the volume has changed.\n")

    async def locked(signing: Signing) -> Outcome:
        await signing.open_pod()
        raise trouble("icloud.locked")

    async with beneath(ScriptedService(locked)) as under:
        await under.begin()
        await under.over()
    with pytest.raises(WizardError, match="locked"):
        print_result(under.app, ReauthOptions())
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("retry", [Retry.LATER, Retry.NEVER])
async def test_a_refusal_that_closes_by_itself_offers_nothing_that_could_not_be_taken(
    monkeypatch: pytest.MonkeyPatch, retry: Retry
) -> None:
    monkeypatch.setattr(controller, "READABLE_SECONDS", PATIENCE)

    async def refused(signing: Signing) -> Outcome:
        await signing.open_pod()
        raise WizardError("renewal.refused-inside", "Too much was asked of Apple.", fix="Wait some hours.", retry=retry)

    service = ScriptedService(refused)
    async with beneath(service) as under:
        await under.begin()
        await under.until(lambda: "Wait some hours." in under.text)
        assert "try again" not in under.text.lower()
        assert "Esc back" in under.text
        await under.press("r", "escape")
        await under.over()
    assert len(service.runs) == 1
    with pytest.raises(WizardError, match="Too much"):
        print_result(under.app, ReauthOptions())


async def test_the_wishes_of_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reauth_options = ReauthOptions(
        accounts=("anna",), in_pod=True, forget_password=True, keep_password=True, ics=tmp_path / "next.ics"
    )
    keeper = ScriptedKeeper({"you@example.com": "old"})
    service = ScriptedService(snapshot=two_accounts(), keyring=keeper)
    async with beneath(service, reauth_options) as under:
        await under.begin()
        await under.asked(PasswordAsked)
        await under.press(*"hunter2", "enter")
        await under.asked(CodeAsked)
        await under.press(*"417902")
        await under.over()
    assert [(run.account, run.in_pod) for run in service.runs] == [("anna", True)]
    assert keeper.passwords == {}
    assert service.kept == ["hunter2"]
    assert print_result(under.app, reauth_options) == Exit.DONE
    said = " ".join(capsys.readouterr().out.split())
    assert "has the date for your calendar" in said
    assert "GNOME Keyring keeps no password for this Apple ID any more." in said
    assert "The password is kept in GNOME Keyring. `photosync-wizard reauth --forget-password` removes it" in said
    assert "DTSTART;VALUE=DATE:20260216" in (tmp_path / "next.ics").read_text()


async def test_what_cannot_be_wished_is_refused_before_anything_begins() -> None:
    for reauth_options in (ReauthOptions(accounts=("nobody",)), ReauthOptions(apple_id="you@example.com")):
        service = ScriptedService(snapshot=two_accounts())
        async with beneath(service, reauth_options) as under:
            await under.over()
        with pytest.raises(WizardError) as refused:
            print_result(under.app, reauth_options)
        assert refused.value.exit_code == Exit.USAGE
        assert not service.runs


async def test_ctrl_c_puts_back(capsys: pytest.CaptureFixture[str]) -> None:
    service = ScriptedService()
    async with beneath(service) as under:
        await under.begin()
        await under.asked(PasswordAsked)
        await under.press("ctrl+c")
        await under.over()
    assert print_result(under.app, ReauthOptions()) == Exit.INTERRUPTED
    assert service.runs[0].put_back
    assert capsys.readouterr().out == ""


def test_on_a_terminal_three_lines_stay_and_no_secret(tmp_path: Path) -> None:
    """The real thing in the demo world: a wrong password's worth of typing, a code, and what remains."""
    parent, child = pty.openpty()
    log = tmp_path / "textual.log"
    process = subprocess.Popen(
        [sys.executable, "-m", "screens", "--demo", "trust-expired", "reauth"],
        env=environment({"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", "TEXTUAL_LOG": str(log)}),
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
    )
    os.close(child)
    seen = b""

    def until(pattern: str) -> re.Match[str]:
        nonlocal seen
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if found := re.search(pattern, _CONTROL.sub(b"", seen).decode(errors="replace")):
                return found
            if select.select([parent], [], [], 0.2)[0]:
                try:
                    seen += os.read(parent, 65536)
                except OSError:
                    break
        raise AssertionError(f"{pattern} did not come: {_CONTROL.sub(b'', seen)[-2000:]!r}")

    try:
        until("if one fails")
        os.write(parent, b"\r")
        until("sent to Apple once")
        os.write(parent, b"demo-password\r")
        code = until(r"demo device is (\d{6})")[1]
        os.write(parent, b"\x1b[200~Your code: " + code.encode() + b"\x1b[201~")
        until("reminder in my calendar")
        os.write(parent, b"\r")
        until(r"Signed in until about[\s\S]*Signed in until about[\s\S]*come with the next run\.\s*$")
        assert process.wait(PATIENCE) == Exit.DONE
    finally:
        process.kill()
        os.close(parent)
    kept = _CONTROL.sub(b"", seen.split(b"\x1b[?25h")[-1]).decode(errors="replace").splitlines()
    assert kept[-4].startswith("✓ Signed in until about")
    assert kept[-1] == "  iCloud has 6 photos and videos; they come with the next run."
    assert b"demo-password" not in seen
    assert not log.exists()
