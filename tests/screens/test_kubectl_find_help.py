"""The sheets beside the findings: kubectl, find, help."""

from __future__ import annotations

from dataclasses import replace

from screens.find import FindScreen, matches
from screens.finding import FindingScreen
from screens.help import HelpScreen
from screens.home.screen import HomeScreen
from screens.kubectl import KubectlScreen
from tests.screens import fake
from tests.screens.conftest import Opener
from tests.screens.fake import FakeWorkspace, fresh
from wizard.command import Address
from wizard.world import Found, Meta, Page, Pod, PodSpec


async def test_k_shows_how_to_look_and_a_what_to_do(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    async with opened(workspace, (120, 36)) as wizard:
        await wizard.press("k")
        assert "To see it with kubectl: 2 Credentials & config" in wizard.text
        assert "$ kubectl -n photo-sync get cronjob icloudpd-sync -o yaml" in wizard.text
        assert "patch cronjob" not in wizard.text
        await wizard.press("c")
        assert len(workspace.saved["commands.sh"].splitlines()) == 4
        await wizard.press("a")
        assert "What to do: 2 Credentials & config" in wizard.text
        assert "$ kubectl -n photo-sync patch cronjob icloudpd-sync" in wizard.text
        await wizard.press("c")
        assert len(workspace.saved["commands.sh"].splitlines()) == 3
        await wizard.press("k", "k")
        assert wizard.shows(HomeScreen)


async def test_the_button_below_the_looks_leads_to_what_to_do(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("k", "down", "down", "down", "down", "enter")
        assert "What to do: 2" in wizard.text


async def test_a_pod_is_looked_at_only_while_it_is_there(opened: Opener) -> None:
    pod = Pod(Meta("icloudpd-auth", fake.NS), PodSpec(()), "Running")
    there = replace(fake.SEED, world=replace(fake.WORLD, pods=Found(Page((pod,)))))
    for snapshot, shown in ((fake.SEED, False), (there, True)):
        async with opened(FakeWorkspace(fresh(snapshot), place=fake.HOME)) as wizard:
            await wizard.press("3", "k")
            assert ("logs icloudpd-auth" in wizard.text) is shown


async def test_a_demo_world_s_commands_say_so_and_are_kept_away_from_the_person_s_cluster(opened: Opener) -> None:
    for keys in (("k",), ("a",), ("right", "enter")):
        workspace = FakeWorkspace(fresh(), place=fake.HOME)
        workspace.demo_commands = ("photosync-wizard demo --serve --write-kubeconfig d seed", "export KUBECONFIG=d")
        async with opened(workspace, (120, 36)) as wizard:
            await wizard.press(*keys)
            assert "This is a demo world inside the wizard." in wizard.text
            assert "$ photosync-wizard demo --serve --write-kubeconfig d seed" in wizard.text
            await wizard.press("c")
        comment, lead, *commands = workspace.saved["commands.sh"].splitlines()
        assert comment.startswith("# For a demo world, once it is served: photosync-wizard demo --serve")
        assert lead == "export KUBECONFIG=d"
        assert commands
        assert not any("--serve" in command for command in commands)


async def test_the_line_that_serves_a_demo_world_is_copied_as_it_is(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    workspace.demo_commands = ("photosync-wizard demo --serve --write-kubeconfig d seed", "export KUBECONFIG=d")
    async with opened(workspace) as wizard:
        await wizard.press("k", "home", "enter")
        assert workspace.saved["commands.sh"] == "photosync-wizard demo --serve --write-kubeconfig d seed\n"


async def test_copying_is_offered_where_there_is_something_to_copy(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("right", "enter")
        assert "c copy" in wizard.text
        await wizard.press("escape", "3", "right", "end", "enter")
        assert wizard.finding == "authentication.session-unverified"
        assert "copy" not in wizard.text


async def test_the_cursor_is_never_out_of_sight_after_paging(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME), (80, 14)) as wizard:
        await wizard.press("a")
        page = wizard.page()
        assert page.scroll_offset.y == 0
        for key in ("pagedown", "pagedown", "pageup"):
            await wizard.press(key)
            assert "› $" in wizard.text  # noqa: RUF001


async def test_kubectl_names_the_cluster_that_was_asked_for(opened: Opener) -> None:
    workspace = FakeWorkspace(fresh(), place=fake.HOME)
    workspace.settings = fake.settings(address=Address(context="other"), namespace="photos")
    async with opened(workspace, (120, 36)) as wizard:
        await wizard.press("1", "k")
        assert "$ kubectl --context other -n photos get pvc" in wizard.text


async def test_kubectl_before_the_first_look(opened: Opener) -> None:
    async with opened(FakeWorkspace(place=fake.HOME), look=False) as wizard:
        await wizard.until(lambda: bool(wizard.app.purposes))
        await wizard.press("k")
        assert wizard.shows(KubectlScreen)
        assert "$ kubectl -n photo-sync get pvc" in wizard.text


async def test_find_by_words_and_open(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("slash", *"schedule")
        assert "1 finding" in wizard.text
        await wizard.press("enter")
        assert wizard.shows(FindingScreen)
        assert wizard.finding == "credentials.schedule-outlives-session"
        await wizard.press("escape")
        assert wizard.app.home.number == 2
        assert wizard.shows(HomeScreen)


async def test_find_across_iterations_with_the_arrows(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("slash", *"immich.", "enter")
        assert wizard.app.home.number == 5
        await wizard.press("escape", "slash", *"pvc", "down", "enter")
        assert wizard.shows(FindingScreen)
        assert wizard.finding == "storage.pvc-bound"


async def test_find_nothing_and_back(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        await wizard.press("slash", *"xyzzy", "enter")
        assert wizard.shows(FindScreen)
        assert "No finding contains these words." in wizard.text
        await wizard.press("escape")
        assert wizard.shows(HomeScreen)


def test_every_word_must_be_there_in_any_case() -> None:
    found = [reference for _, reference, _ in matches(fake.REPORT, "SECRET password")]
    assert found == ["credentials.secret-key-missing"]
    assert len(matches(fake.REPORT, "")) == sum(len(step.findings) for step in fake.REPORT.steps)


async def test_help_is_about_the_screen_in_front(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME), (120, 50)) as wizard:
        await wizard.press("question_mark")
        assert "The steps, from storage" in wizard.text
        assert "1 to 7" in wizard.text
        assert "Go to a step by its number" in wizard.text
        assert "◐ in progress" in wizard.text
        await wizard.press("escape", "right", "enter", "question_mark")
        assert "One finding, with its evidence" in wizard.text
        assert "The next finding of this step" in wizard.text
        await wizard.press("question_mark")
        assert wizard.shows(FindingScreen)


async def test_every_screen_has_help(opened: Opener) -> None:
    async with opened(FakeWorkspace(fresh(), place=fake.HOME)) as wizard:
        for keys in (("k",), ("a",), ("slash",)):
            await wizard.press(*keys)
            wizard.app.action_explain()
            await wizard.settle()
            assert isinstance(wizard.app.screen, HelpScreen)
            assert wizard.app.screen.about.words[:40] in wizard.text
            await wizard.press("escape", "escape")
