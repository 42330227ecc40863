"""The home: the rail, the page, the button, live updates, sizes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from screens.engine_messages import Troubled, Updated
from screens.finding import FindingScreen
from screens.home.screen import HomeScreen
from screens.kubectl import KubectlScreen
from tests.screens import fake
from tests.screens.conftest import Opener
from tests.screens.fake import FakeWorkspace, fresh, stale
from wizard.choices import SKIPPED
from wizard.errors import WizardError
from wizard.iterations import ITERATIONS
from wizard.model import Account, Diagnosis, Finding, Session, SessionState, Severity, Status

TOTAL = len(ITERATIONS)


async def test_opens_at_the_next_iteration_with_everything_of_the_report(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        assert "home-cluster / photo-sync" in wizard.text
        assert f"2 of {TOTAL}" in wizard.text
        assert "iCloud ?" in wizard.text
        assert "icloudpd ✗" in wizard.text
        assert "2 Credentials & config" in wizard.text
        assert "action required" in wizard.text
        assert "✗ Two workloads read /credentials/password" in wizard.text
        assert "Why it matters now:" in wizard.text
        assert "Show the 3 commands…" in wizard.text
        assert "Session: unverified" in wizard.text
        assert "Next: 2 Credentials" in wizard.text
        assert "live" in wizard.text


async def test_rail_has_a_sign_for_every_status(opened: Opener) -> None:
    statuses = dict(
        zip(("storage", "argocd", "immich"), (Status.SKIPPED, Status.IN_PROGRESS, Status.UNKNOWN), strict=True)
    )
    changed = [replace(step, status=statuses[step.id]) for step in fake.REPORT.steps if step.id in statuses]
    async with opened(FakeWorkspace(fresh(fake.with_steps(*changed)), place=fake.HOME)) as wizard:
        for line in ("– 1 Storage", "! 2 Credentials", "◐ 4 Argo CD", "? 5 Immich", "· 6 Exposure"):  # noqa: RUF001
            assert line in wizard.text


async def test_what_is_bad_comes_before_what_is_fine_and_the_fine_ones_fold(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME), (80, 40)) as wizard:
        text = wizard.text
        assert text.index("✗ Two") < text.index("! The schedule") < text.index("✓ ConfigMap")
        assert "4 more are fine" in text
        await wizard.press("right", *["down"] * 5, "enter")
        assert "more are fine" not in wizard.text
        assert "✓ A run may take 24 hours." in wizard.text


async def test_arrows_on_the_rail_show_each_iteration(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("down")
        assert "3 Initial authentication" in wizard.text
        await wizard.press("up", "up")
        assert "complete" in wizard.text
        assert "claim            size" in wizard.text
        assert "Go to 2 Credentials, which is next" in wizard.text


async def test_a_number_goes_to_its_iteration_and_takes_the_cursor_along(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("5")
        assert "› ✗ 5 Immich" in wizard.text  # noqa: RUF001
        assert "› ! 2" not in wizard.text  # noqa: RUF001
        assert "Urgent: Immich not installed. Blocks 5 Immich," in wizard.text
        assert "about 10 minutes." in wizard.text


async def test_enter_leads_from_the_rail_into_the_page_and_escape_back(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("enter")
        assert wizard.app.focused is wizard.page("main")
        await wizard.press("escape")
        assert wizard.app.focused is wizard.page("rail")


async def test_down_leads_past_the_last_row_to_the_button_and_up_back(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME), (100, 40)) as wizard:
        await wizard.press("5", "right", "down")
        assert wizard.app.focused is wizard.page("act")
        assert "› ┃ Show the command…" in wizard.text  # noqa: RUF001
        await wizard.press("up")
        assert wizard.app.focused is wizard.page("main")
        await wizard.press("down", "enter")
        assert wizard.shows(KubectlScreen)


async def test_down_scrolls_to_everything_before_it_leaves_the_page(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("3", "right")
        main = wizard.page("main")
        seen = ""
        for _ in range(40):
            seen += wizard.text
            if wizard.app.focused is not main:
                break
            await wizard.press("down")
        assert "Ready when: A session is on the claim" in seen
        assert "known from" in seen
        assert wizard.app.focused is wizard.page("act")


async def test_the_button_of_a_finished_iteration_goes_to_the_next(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("1", "a")
        assert "2 Credentials & config" in wizard.text


async def test_the_button_shows_commands_that_a_person_can_run(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("a")
        assert wizard.shows(KubectlScreen)
        assert "What to do: 2 Credentials & config" in wizard.text
        assert "nothing has been run" in wizard.text
        assert wizard.text.count("$ kubectl") == 3
        await wizard.press("escape")
        assert wizard.shows(HomeScreen)


async def test_when_all_is_done_there_is_only_looking_again(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(fake.all_complete()), place=fake.HOME)
    async with opened(workspace) as wizard:
        assert f"{TOTAL} of {TOTAL}" in wizard.text
        assert "Next: nothing" in wizard.text
        await wizard.press("a")
        assert workspace.fake_engine.looks == 1
        assert "looking again…" in wizard.text


async def test_a_fix_without_commands_is_shown_too(opened: Opener) -> None:
    finding = Finding("immich.x", Severity.ERROR, "It is off.", fix="Ask the owner.", implies=Status.BLOCKED)
    step = Diagnosis(2, "credentials", "Credentials & config", Status.BLOCKED, (finding,))
    async with opened(FakeWorkspace(fresh(fake.with_steps(step)), place=fake.HOME)) as wizard:
        assert "Show what to do: 1 thing…" in wizard.text
        await wizard.press("a")
        assert "Ask the owner." in wizard.text


async def test_a_live_update_is_shown_and_the_cursor_stays(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("right", "down", "down")
        assert wizard.page("main").cursor == "credentials.image-latest"
        mended = replace(fake.CREDENTIALS, findings=fake.CREDENTIALS.findings[1:])
        await wizard.feed(fresh(fake.with_steps(mended)))
        assert "Two workloads" not in wizard.text
        assert wizard.page("main").cursor == "credentials.image-latest"
        assert "› ! Image tag" in wizard.text  # noqa: RUF001


def test_an_update_takes_the_place_of_those_before_it_and_of_nothing_else() -> None:
    first, second = Updated(fresh()), Updated(stale())
    assert second.can_replace(first)
    assert not second.can_replace(Troubled(fake.unreachable()))


async def test_a_burst_of_updates_ends_at_the_last(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.feed(*[fresh()] * 50, fresh(fake.all_complete()))
        await wizard.until(lambda: f"{TOTAL} of {TOTAL}" in wizard.text)


async def test_a_lost_connection_is_said_and_the_picture_stays(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.feed(stale(3))
        assert "reconnecting, 2 s old" in wizard.text
        assert "✗ The cluster at https://192.0.2.10:6443 does not answer." in wizard.text
        assert "Tried 3 times; what you see is from before." in wizard.text
        assert "✗ Two workloads" in wizard.text
        await wizard.press("r")
        assert "trying again…" in wizard.text
        await wizard.feed(fresh())
        assert "live" in wizard.text
        assert "does not answer" not in wizard.text


async def test_a_long_lost_connection_makes_it_a_read_only_copy(opened: Opener) -> None:
    clock = [fake.NOW]

    def now() -> datetime:
        return clock[0]

    async with opened(FakeWorkspace(fresh(), place=fake.HOME), now=now) as wizard:
        await wizard.feed(stale(9))
        clock[0] += timedelta(minutes=4)
        wizard.app.tick()
        await wizard.settle()
        assert "read-only, 4 min old" in wizard.text


async def test_look_again_asks_the_engine(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    async with opened(workspace) as wizard:
        await wizard.press("r")
        assert workspace.fake_engine.looks == 1
        assert "looking again…" in wizard.text
        await wizard.feed(fresh())
        assert "live" in wizard.text


async def test_waiting_says_what_for_and_how_long(opened: Opener) -> None:
    clock = [fake.NOW]
    async with opened(FakeWorkspace(place=fake.HOME), look=False, now=lambda: clock[0]) as wizard:
        await wizard.until(lambda: bool(wizard.app.purposes))
        clock[0] += timedelta(seconds=7)
        wizard.app.tick()
        await wizard.settle()
        assert "◐ looking at the cluster… 7 s" in wizard.text
        assert "✓ what talks to it is loaded" in wizard.text
        await wizard.press("4")
        assert "4 Argo CD integration" in wizard.text


@pytest.mark.parametrize("target", ["✗ 5 Immich", "5 Immich"])
async def test_a_click_on_the_rail_goes_there(opened: Opener, target: str) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.click_text(target)
        assert "5 Immich integration" in wizard.text


async def test_clicks_open_a_finding_the_button_and_the_keys(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.click_text("Image tag")
        assert wizard.shows(FindingScreen)
        assert wizard.finding == "credentials.image-latest"
        await wizard.press("escape")
        await wizard.click_text("┃ Show the 3")
        assert wizard.shows(KubectlScreen)
        await wizard.click_text("Esc back")
        await wizard.click_text("kubectl  r")
        assert wizard.shows(KubectlScreen)


async def test_a_narrow_screen_has_a_line_of_signs_and_arrows_between_iterations(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME), (60, 20)) as wizard:
        assert " 1 ✓  2 !  3 !  4 ✓  5 ✗  6 ·  7 · " in wizard.text
        assert "  Credentials" in wizard.text.splitlines()[3]
        await wizard.press("right")
        assert "3 Initial authentication" in wizard.text
        await wizard.press("left", "left")
        assert "  Storage" in wizard.text.splitlines()[3]


async def test_growing_and_shrinking_keeps_the_place(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("4")
        for size in ((60, 20), (120, 36), (30, 8), (80, 24)):
            await wizard.pilot.resize_terminal(*size)
            await wizard.settle()
            assert wizard.app.home.number == 4
        assert "4 Argo CD integration" in wizard.text
        assert "› ✓ 4 Argo CD" in wizard.text  # noqa: RUF001


@pytest.mark.parametrize("hostile", ["[/path", "[bold]x[/bold]", "a\x1b[31mred", "tab\there\nline", "宽" * 60, ""])
async def test_text_from_outside_is_never_markup(opened: Opener, hostile: str) -> None:
    finding = Finding(
        "credentials.x", Severity.ERROR, f"It said {hostile} here", {"pod/x log": hostile}, why=hostile, fix=hostile
    )
    step = Diagnosis(2, "credentials", "Credentials & config", Status.BLOCKED, (finding,))
    async with opened(FakeWorkspace(fresh(fake.with_steps(step)), place=fake.HOME)) as wizard:
        assert "It said" in wizard.text
        if hostile.startswith("["):
            assert hostile in wizard.text
        await wizard.press("right", "enter")
        assert wizard.shows(FindingScreen)
        assert "It said" in wizard.text
        assert "\x1b" not in wizard.text


async def test_an_iteration_is_skipped_with_a_key_and_wanted_again_with_the_same(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    async with opened(workspace) as wizard:
        assert "s skip" in wizard.text
        await wizard.press("4", "s")
        assert workspace.chosen == [("skip", "argocd")]
        assert workspace.fake_engine.looks == 1
        assert "4 Argo CD integration is skipped" in wizard.text
        await wizard.feed(fresh(fake.with_steps(replace(fake.ARGOCD, status=Status.SKIPPED, findings=()))))
        assert f"1 of {TOTAL - 1}" in wizard.text
        assert "– 4 Argo CD" in wizard.text  # noqa: RUF001
        assert "s to include" in wizard.text
        assert "s to include it again" in wizard.text
        await wizard.press("s")
        assert workspace.chosen[-1] == ("unskip", "argocd")


async def test_what_can_not_be_skipped_is_said(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    workspace.choose_failure = WizardError("state.locked", "Another wizard holds the state.")
    async with opened(workspace) as wizard:
        await wizard.press("4", "s")
        assert "Another wizard holds the state." in wizard.text
        assert workspace.fake_engine.looks == 0


async def test_a_skip_of_the_command_line_is_said_to_last(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(fake.with_steps(replace(fake.ARGOCD, status=Status.SKIPPED))), place=fake.HOME)
    async with opened(workspace) as wizard:
        workspace.choose = lambda *_: None  # type: ignore[method-assign]
        workspace.settings = workspace.settings.having(SKIPPED, ("argocd",))
        await wizard.press("4", "s")
        assert "is skipped by --skip on the" in wizard.text


async def test_notices_about_what_is_kept_are_seen_and_put_away_one_by_one(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    workspace.notices = ("What was kept was damaged and set aside.", "Another wizard has this setup open.")
    async with opened(workspace) as wizard:
        assert "! What was kept was damaged and set aside. (x dismisses this)" in wizard.text
        await wizard.press("x")
        assert "damaged" not in wizard.text
        assert "! Another wizard has this setup open." in wizard.text
        await wizard.press("right", "enter")
        assert wizard.shows(FindingScreen)
        assert "! Another wizard has this setup open." in wizard.text
        await wizard.press("x")
        assert "Another wizard" not in wizard.text
        workspace.notices += ("It can't be kept just now.",)
        wizard.app.tick()
        await wizard.settle()
        assert "! It can't be kept just now." in wizard.text


async def test_when_all_is_done_it_says_so_and_what_comes_next(opened: Opener) -> None:
    done = fake.all_complete()
    workspace = Session(SessionState.EXPIRING, fake.NOW + timedelta(days=4), 4)
    report = replace(done.report, accounts=(Account("default", "you@example.com", workspace),))
    async with opened(FakeWorkspace(fresh(replace(done, report=report)), place=fake.HOME), (120, 36)) as wizard:
        assert f"✓ All {TOTAL} steps are complete." in wizard.text
        assert "until about 22 January (4 days)" in wizard.text
        assert "photosync-wizard reauth" in wizard.text
        assert "┃ Sign in again, before 22 January" in wizard.text
        assert "Next: sign in by 22 January" in wizard.text
