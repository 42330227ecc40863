"""Is this your setup? On a first start, and later."""

from __future__ import annotations

import pytest

from screens.home import HomeScreen
from screens.setup import QUESTIONS, SetupScreen, answer_problem, apple_id_problem
from tests.screens import fake
from tests.screens.conftest import Opener
from tests.screens.fake import FakeSession, fresh
from wizard.errors import Trouble


async def test_a_first_start_shows_every_row_with_its_source_and_asks_for_the_apple_id(opened: Opener) -> None:
    async with opened(FakeSession(fresh()), (120, 36)) as wizard:
        assert wizard.shows(SetupScreen)
        for row in fake.SETUP:
            assert row.label in wizard.text
            assert row.value in wizard.text
            assert row.source in wizard.text
        assert QUESTIONS["apple-id"].ask in wizard.text


async def test_typing_the_apple_id_and_enter_twice_goes_on(opened: Opener) -> None:
    session = FakeSession(fresh())
    async with opened(session) as wizard:
        await wizard.press(*"you@example.com", "enter")
        assert session.chosen == [("apple_id", "you@example.com")]
        assert wizard.shows(SetupScreen)
        await wizard.press("enter")
        assert wizard.shows(HomeScreen)


async def test_a_wrong_apple_id_is_explained_and_kept(opened: Opener) -> None:
    session = FakeSession(fresh())
    async with opened(session) as wizard:
        await wizard.press(*"you", "enter")
        assert "An Apple ID is an email address" in wizard.text
        assert not session.chosen
        await wizard.press(*"@example.com", "enter")
        assert session.chosen == [("apple_id", "you@example.com")]


async def test_nobody_has_to_answer(opened: Opener) -> None:
    session = FakeSession(fresh())
    async with opened(session) as wizard:
        await wizard.press("escape", "escape")
        assert wizard.shows(HomeScreen)
        assert not session.chosen


async def test_a_refused_choice_is_said(opened: Opener) -> None:
    session = FakeSession(fresh())
    session.choose_failure = Trouble("state.locked", "Another wizard holds the state.")
    async with opened(session) as wizard:
        await wizard.press(*"you@example.com", "enter")
        assert "Another wizard holds the state." in wizard.text
        assert wizard.shows(SetupScreen)


async def test_other_rows_change_with_enter_or_say_how(opened: Opener) -> None:
    session = FakeSession(fresh())
    async with opened(session, (120, 36)) as wizard:
        await wizard.press("escape")
        wizard.page().move_to("time-zone")
        await wizard.press("enter")
        assert QUESTIONS["time-zone"].ask in wizard.text
        await wizard.press(*["backspace"] * 20, *"America/Edmonton", "enter")
        assert session.chosen == [("time_zone", "America/Edmonton")]
        wizard.page().move_to("cluster")
        await wizard.press("enter")
        assert "--context NAME" in wizard.text


async def test_it_follows_the_cluster_without_losing_what_is_typed(opened: Opener) -> None:
    async with opened(FakeSession(fresh())) as wizard:
        await wizard.press(*"you@exa")
        await wizard.feed(fresh(fake.all_complete()))
        assert "you@exa" in wizard.text
        assert wizard.shows(SetupScreen)


async def test_a_later_start_does_not_ask_again(opened: Opener) -> None:
    async with opened(FakeSession(fresh(), place=fake.HOME)) as wizard:
        assert wizard.shows(HomeScreen)


async def test_an_unfinished_first_start_asks_again(opened: Opener) -> None:
    first = FakeSession(fresh())
    async with opened(first) as wizard:
        await wizard.press("ctrl+q")
    assert first.place is not None
    async with opened(FakeSession(fresh(), place=first.place)) as wizard:
        assert wizard.shows(SetupScreen)


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("you@example.com", True),
        ("a.b+c@mail.example.co.uk", True),
        ("you", False),
        ("you@", False),
        ("@example.com", False),
        ("you@example", False),
        ("you@example.", False),
        ("you @example.com", False),
        ("you@a@example.com", False),
    ],
)
def test_apple_ids(text: str, fine: bool) -> None:
    assert (apple_id_problem(text) == "") is fine


@pytest.mark.parametrize(
    ("row", "text", "fine"),
    [
        ("time-zone", "Europe/Berlin", True),
        ("time-zone", "UTC", True),
        ("time-zone", "Berlin", False),
        ("immich", "immich", True),
        ("immich", "my immich", False),
        ("argocd", "photo-sync", True),
        ("ingress", "immich.home.example", True),
        ("ingress", "https://immich", False),
    ],
)
def test_other_answers(row: str, text: str, fine: bool) -> None:
    assert (answer_problem(row, text) == "") is fine
