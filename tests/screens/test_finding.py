"""A finding in front of its iteration."""

from __future__ import annotations

from dataclasses import replace

import pytest

from screens.finding import FindingScreen, value_text
from screens.home.screen import HomeScreen
from tests.screens import fake
from tests.screens.conftest import Opener
from tests.screens.fake import FakeWorkspace, fresh, stale
from wizard.command import Address, kubectl
from wizard.model import Finding, Severity


async def test_shows_evidence_why_fix_commands_and_id(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME), (120, 36)) as wizard:
        await wizard.press("right", "enter")
        for part in (
            "needs fixing",
            "secret/icloud-credentials  data",
            "Why. icloudpd gets an empty argument",
            "What to do. Let icloudpd rely on its session alone",
            "$ kubectl -n photo-sync patch secret icloud-credentials",
            "id credentials.secret-key-missing",
            "docs photosync-wizard explain credentials.secret-key-missing",
        ):
            assert part in wizard.text


async def test_back_is_where_the_person_was(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("right", "down", "enter", "escape")
        assert wizard.shows(HomeScreen)
        assert wizard.app.focused is wizard.page("main")
        assert wizard.page("main").cursor == "credentials.schedule-outlives-session"


async def test_next_and_previous_go_through_the_iterations_findings(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("right", "enter", "n")
        assert "id credentials.schedule-outlives-session" in wizard.text
        assert "warning, 2 of 9" in wizard.text
        await wizard.press("p", "p")
        assert "id credentials.secret-key-missing" in wizard.text
        assert "This is the first finding of this step." in wizard.text
        await wizard.press(*"nnnnnnnnn")
        assert "id credentials.deadline" in wizard.text
        assert "This is the last finding of this step." in wizard.text
        await wizard.press("escape")
        assert wizard.shows(HomeScreen)


async def test_copying_goes_to_the_clipboard_and_to_a_file(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    async with opened(workspace) as wizard:
        await wizard.press("right", "enter", "c")
        (command,) = Address().lines(fake.CREDENTIALS.findings[0].commands)
        assert wizard.app.clipboard == command + "\n"
        assert workspace.saved == {"commands.sh": command + "\n"}
        assert "1 command copied" in wizard.text
        assert "commands.sh" in wizard.text


async def test_enter_on_a_command_copies_it_alone(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    async with opened(workspace) as wizard:
        await wizard.press("a", "down", "enter")
        assert workspace.saved["commands.sh"].startswith("kubectl -n photo-sync patch cronjob")


async def test_a_file_that_can_t_be_written_is_said(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    workspace.save_failure = OSError(28, "No space left on device")
    async with opened(workspace, (120, 36)) as wizard:
        await wizard.press("right", "enter", "c")
        assert wizard.app.clipboard
        assert "They could not also be saved to a file" in wizard.text


async def test_nothing_to_copy_is_said(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    async with opened(workspace) as wizard:
        await wizard.press("5", "1", "right", "enter", "c")
        assert "There is no command here." in wizard.text
        assert not workspace.saved


async def test_follows_the_cluster_until_it_is_gone(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("right", "enter")
        changed = replace(fake.CREDENTIALS.findings[0], summary="One workload reads it now.")
        await wizard.feed(fresh(fake.with_steps(replace(fake.CREDENTIALS, findings=(changed,)))))
        assert "One workload reads it now." in wizard.text
        await wizard.feed(stale(2))
        assert "reconnecting, 2 s old" in wizard.text
        await wizard.feed(fresh(fake.with_steps(replace(fake.CREDENTIALS, findings=()))))
        assert "This is no longer the case" in wizard.text
        await wizard.press("c", "n", "escape")
        assert wizard.shows(HomeScreen)


async def test_two_findings_of_one_id_are_two(opened: Opener) -> None:
    twice = tuple(
        replace(fake.CREDENTIALS.findings[0], summary=f"The claim {name} is missing.", id="storage.pvc-missing")
        for name in ("first", "second")
    )
    async with opened(
        FakeWorkspace(fresh(fake.with_steps(replace(fake.STORAGE, findings=twice))), place=fake.HOME)
    ) as wizard:
        await wizard.press("1", "right", "down", "enter")
        assert wizard.shows(FindingScreen)
        assert wizard.finding == "storage.pvc-missing#2"
        assert "The claim second is missing." in wizard.text


def test_values_read_as_a_person_says_them() -> None:
    assert [value_text(value) for value in (None, True, (), ("a", "b"), {"a": 1, "b": None}, 3, "x")] == [
        "none",
        "yes",
        "none",
        "a, b",
        "a=1, b=none",
        "3",
        "x",
    ]


@pytest.mark.parametrize(
    "place", [fake.HOME, {**fake.HOME, "screen": "finding", "step": "credentials", "finding": "credentials.long"}]
)
async def test_it_opens_at_its_beginning_however_far_down_the_first_command_is(
    opened: Opener, place: dict[str, str]
) -> None:
    long = Finding(
        "credentials.long", Severity.ERROR, "It is so.", fix="Do this. " * 60, commands=(kubectl("get", "pods"),)
    )
    step = replace(fake.CREDENTIALS, findings=(long,))
    async with opened(FakeWorkspace(fresh(fake.with_steps(step)), place=place), (60, 14)) as wizard:
        if place is fake.HOME:
            await wizard.press("enter", "enter")
        assert wizard.shows(FindingScreen)
        await wizard.feed(fresh(fake.with_steps(step)))
        assert "It is so." in wizard.text
        assert wizard.page().cursor == "command-0"
