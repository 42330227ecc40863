"""The sheets beside the findings: kubectl, find, help."""

from __future__ import annotations

from screens.find import FindScreen, matches
from screens.finding import FindingScreen
from screens.help import HelpScreen
from screens.home import HomeScreen
from screens.kubectl import KubectlScreen
from tests.screens import fake
from tests.screens.conftest import Opener
from tests.screens.fake import FakeSession, fresh


async def test_k_shows_looking_and_mending_for_what_is_on_the_screen(opened: Opener) -> None:
    session = FakeSession(fresh(), place=fake.HOME)
    async with opened(session, (120, 36)) as wizard:
        await wizard.press("k")
        assert "With kubectl: 2 Credentials & config" in wizard.text
        assert "$ kubectl -n photo-sync get cronjob icloudpd-sync -o yaml" in wizard.text
        assert "$ kubectl -n photo-sync patch cronjob icloudpd-sync" in wizard.text
        await wizard.press("c")
        assert len(session.saved["commands.sh"].splitlines()) == 7
        await wizard.press("k")
        assert wizard.shows(HomeScreen)


async def test_kubectl_names_the_cluster_that_was_asked_for(opened: Opener) -> None:
    session = FakeSession(fresh(), place=fake.HOME)
    session.settings = fake.settings(kubectl="kubectl --context other", namespace="photos")
    async with opened(session, (120, 36)) as wizard:
        await wizard.press("1", "k")
        assert "$ kubectl --context other -n photos get pvc" in wizard.text


async def test_kubectl_before_the_first_look(opened: Opener) -> None:
    async with opened(FakeSession(place=fake.HOME), look=False) as wizard:
        await wizard.until(lambda: bool(wizard.app.purposes))
        await wizard.press("k")
        assert wizard.shows(KubectlScreen)
        assert "$ kubectl -n photo-sync get pvc" in wizard.text


async def test_find_by_words_and_open(opened: Opener) -> None:
    async with opened(FakeSession(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("slash", *"schedule")
        assert "1 finding" in wizard.text
        await wizard.press("enter")
        assert wizard.shows(FindingScreen)
        assert wizard.finding == "credentials.schedule-outlives-session"
        await wizard.press("escape")
        assert wizard.app.home.number == 2
        assert wizard.shows(HomeScreen)


async def test_find_across_iterations_with_the_arrows(opened: Opener) -> None:
    async with opened(FakeSession(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("slash", *"immich.", "enter")
        assert wizard.app.home.number == 5
        await wizard.press("escape", "slash", *"pvc", "down", "enter")
        assert wizard.shows(FindingScreen)
        assert wizard.finding == "storage.pvc-bound"


async def test_find_nothing_and_back(opened: Opener) -> None:
    async with opened(FakeSession(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("slash", *"xyzzy", "enter")
        assert wizard.shows(FindScreen)
        assert "Nothing that was found has these words." in wizard.text
        await wizard.press("escape")
        assert wizard.shows(HomeScreen)


def test_every_word_must_be_there_in_any_case() -> None:
    found = [reference for _, reference, _ in matches(fake.REPORT, "SECRET password")]
    assert found == ["credentials.secret-key-missing"]
    assert len(matches(fake.REPORT, "")) == sum(len(step.findings) for step in fake.REPORT.steps)


async def test_help_is_about_the_screen_in_front(opened: Opener) -> None:
    async with opened(FakeSession(fresh(), place=fake.HOME), (120, 50)) as wizard:
        await wizard.press("question_mark")
        assert "At the left are the seven iterations" in wizard.text
        assert "1 to 7" in wizard.text
        assert "Go to an iteration by its number" in wizard.text
        assert "◐ under way" in wizard.text
        await wizard.press("escape", "right", "enter", "question_mark")
        assert "One thing that was found, with its proof" in wizard.text
        assert "The following finding of this iteration" in wizard.text
        await wizard.press("question_mark")
        assert wizard.shows(FindingScreen)


async def test_every_screen_has_help(opened: Opener) -> None:
    async with opened(FakeSession(fresh(), place=fake.HOME)) as wizard:
        for keys in (("k",), ("a",), ("slash",)):
            await wizard.press(*keys)
            wizard.app.action_explain()
            await wizard.settle()
            assert isinstance(wizard.app.screen, HelpScreen)
            assert wizard.app.screen.about.words[:40] in wizard.text
            await wizard.press("escape", "escape")
