"""Is this your setup? On a first start, and later."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input

from screens.home.screen import HomeScreen
from screens.setup import SetupScreen
from tests.screens import fake
from tests.screens.conftest import Opener
from tests.screens.fake import FakeWorkspace, fresh
from wizard.choices import APPLE_ID, CHOICES, PHOTOS_SIZE, TIME_ZONE
from wizard.errors import WizardError
from wizard.setup import SetupRow


async def test_a_first_start_shows_every_row_with_its_source_and_asks_for_the_apple_id(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh()), (120, 36)) as wizard:
        assert wizard.shows(SetupScreen)
        for row in fake.SETUP:
            assert row.label in wizard.text
            assert row.value in wizard.text
            assert row.source in wizard.text
        assert APPLE_ID.question in wizard.text


async def test_typing_the_apple_id_and_enter_twice_goes_on(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh())
    async with opened(workspace) as wizard:
        await wizard.press(*"you@example.com", "enter")
        assert workspace.chosen == [("apple_id", "you@example.com")]
        assert wizard.shows(SetupScreen)
        await wizard.press("enter")
        assert wizard.shows(HomeScreen)


async def test_where_nothing_needs_asking_enter_goes_on(opened: Opener) -> None:
    known = tuple(replace(row, value="in a Secret", state="ok") if row.state == "ask" else row for row in fake.SETUP)
    async with opened(FakeWorkspace(fresh(replace(fake.SEED, setup=known)))) as wizard:
        assert wizard.shows(SetupScreen)
        assert "› ┃ Yes, go on" in wizard.text  # noqa: RUF001
        await wizard.press("enter")
        assert wizard.shows(HomeScreen)


async def test_a_wrong_apple_id_is_explained_and_kept(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh())
    async with opened(workspace) as wizard:
        await wizard.press(*"you", "enter")
        assert "it is an email address, such as name@example.com" in " ".join(wizard.text.split())
        assert not workspace.chosen
        await wizard.press(*"@example.com", "enter")
        assert workspace.chosen == [("apple_id", "you@example.com")]


async def test_nobody_has_to_answer(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh())
    async with opened(workspace) as wizard:
        assert "Esc leave it as it is" in wizard.text
        await wizard.press("escape", "escape")
        assert wizard.shows(HomeScreen)
        assert not workspace.chosen


async def test_arrows_lead_from_the_answer_to_the_rows(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh())) as wizard:
        await wizard.press("up")
        assert "› Time zone" in wizard.text  # noqa: RUF001
        assert "⏎ changes it." in wizard.text
        await wizard.press("q")
    assert wizard.app.return_code == 0


async def test_a_refused_choice_is_said(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh())
    workspace.choose_failure = WizardError("state.locked", "Another wizard holds the state.")
    async with opened(workspace) as wizard:
        await wizard.press(*"you@example.com", "enter")
        assert "Another wizard holds the state." in wizard.text
        assert wizard.shows(SetupScreen)
        await wizard.press("backspace")
        assert "Another wizard holds the state." not in wizard.text


async def test_other_rows_change_with_enter_or_say_how(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh())
    async with opened(workspace, (120, 36)) as wizard:
        await wizard.press("escape")
        wizard.page().move_to("time_zone")
        await wizard.press("enter")
        assert TIME_ZONE.question in wizard.text
        await wizard.press(*"America/Edmonton", "enter")
        assert workspace.chosen == [("time_zone", "America/Edmonton")]
        assert "› Time zone" in wizard.text  # noqa: RUF001
        wizard.page().move_to("cluster")
        await wizard.settle()
        assert "--context NAME" in wizard.text


@pytest.mark.parametrize(
    ("row", "typed", "told"),
    [
        ("time_zone", "Mars/Phobos", "There is no time zone 'Mars/Phobos'"),
        ("host_name", "not a host!", "'not a host!' is not a valid host name"),
        ("immich_namespace", "my immich", "is not a valid namespace"),
        ("application", "my app", "is not a valid name for an Application"),
        ("warning_days", "soon", "'soon' is not a number of days from 1 to 60"),
        ("warning_days", "61", "'61' is not a number of days"),
    ],
)
async def test_what_can_not_be_right_is_refused_in_words_about_it(
    opened: Opener, row: str, typed: str, told: str
) -> None:
    workspace = FakeWorkspace(fresh())
    async with opened(workspace, (120, 36)) as wizard:
        await wizard.press("escape")
        wizard.page().move_to(row)
        await wizard.press("enter", *typed, "enter")
        assert told in wizard.text
        assert not workspace.chosen


async def test_what_the_person_said_can_be_taken_back(opened: Opener) -> None:
    said = tuple(
        replace(
            row, value="phots", source="you said so, but no application is called that", state="wrong", said="phots"
        )
        if row.id == "application"
        else replace(row, state="ok")
        for row in fake.SETUP
    )
    workspace = FakeWorkspace(fresh(replace(fake.SEED, setup=said)))
    async with opened(workspace) as wizard:
        assert "Argo CD     ✗ phots" in wizard.text
        wizard.page().move_to("application")
        await wizard.press("enter")
        assert "Leave it empty" in wizard.text
        await wizard.press("ctrl+u", "enter")
        assert workspace.chosen == [("application", "")]


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (120, 36)])
async def test_every_row_is_in_sight_from_the_start(opened: Opener, size: tuple[int, int]) -> None:
    async with opened(FakeWorkspace(fresh()), size) as wizard:
        for row in fake.SETUP:
            assert row.label in wizard.text
        assert "Yes, go on" in wizard.text
        assert "⏎ take it" in wizard.text


async def test_the_setup_is_a_key_away(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        assert "u setup" in wizard.text
        await wizard.press("u")
        assert wizard.shows(SetupScreen)


async def test_it_follows_the_cluster_without_losing_what_is_typed(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh())) as wizard:
        await wizard.press(*"you@exa")
        await wizard.feed(fresh(fake.all_complete()))
        assert "you@exa" in wizard.text
        assert wizard.shows(SetupScreen)


async def test_a_later_start_does_not_ask_again(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        assert wizard.shows(HomeScreen)


async def test_an_unfinished_first_start_asks_again(opened: Opener) -> None:
    first = FakeWorkspace(fresh())
    async with opened(first) as wizard:
        await wizard.press("ctrl+q")
    assert first.place is not None
    async with opened(FakeWorkspace(fresh(), place=first.place)) as wizard:
        assert wizard.shows(SetupScreen)


ADVANCED = SetupRow("photos_size", "Photos size", "100Gi", "the default", "ok", advanced=True)


async def test_rarely_changed_choices_show_on_demand_and_are_changed_like_the_others(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(replace(fake.SEED, setup=(*fake.SETUP, ADVANCED))))
    async with opened(workspace, (120, 36)) as wizard:
        await wizard.press("escape")
        assert "Photos size" not in wizard.text
        assert "a all choices" in wizard.text
        await wizard.press("a")
        assert "Photos size" in wizard.text
        wizard.page().move_to("photos_size")
        await wizard.press("enter")
        assert PHOTOS_SIZE.question in wizard.text
        await wizard.press(*"huge", "enter")
        assert "'huge' is not a valid size" in wizard.text
        await wizard.press("ctrl+u", *"200Gi", "enter")
        assert workspace.chosen == [("photos_size", "200Gi")]
        await wizard.press("a")
        assert "Photos size" not in wizard.text


async def test_what_the_cluster_offers_is_said_with_the_question(opened: Opener) -> None:
    rows = tuple(
        replace(row, options=("local-path", "nfs")) if row.id == "storage_class" else replace(row, state="ok")
        for row in fake.SETUP
    )
    async with opened(FakeWorkspace(fresh(replace(fake.SEED, setup=rows))), (120, 36)) as wizard:
        wizard.page().move_to("storage_class")
        await wizard.press("enter")
        assert "Available: local-path, nfs." in wizard.text


async def test_every_choice_is_asked_for_in_its_words(opened: Opener) -> None:
    rows = tuple(SetupRow(choice.id, choice.label, "x", "the default", "ok", advanced=True) for choice in CHOICES)
    workspace = FakeWorkspace(fresh(replace(fake.SEED, setup=rows)))
    async with opened(workspace, (120, 36)) as wizard:
        await wizard.press("a")
        for choice in CHOICES:
            wizard.page().move_to(choice.id)
            await wizard.press("enter")
            assert choice.question[:60] in wizard.text
            assert choice.example in wizard.text
            wizard.app.screen.query_one("#answer", Input).value = choice.example
            await wizard.press("enter")
    assert workspace.chosen == [(choice.id, choice.example) for choice in CHOICES]
