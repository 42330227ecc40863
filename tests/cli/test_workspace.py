"""State between openings: kept, found again, never taken for another cluster's, and never in anybody's way."""

from __future__ import annotations

import dataclasses
import errno
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from pathlib import Path

import pytest

from tests.cli.kubeconfigs import write
from tests.cli.running import files_below, ran_beside
from wizard.choice_values import choice_named
from wizard.choices import SKIPPED
from wizard.demo.scenario import Scenario
from wizard.demo.scenarios import load
from wizard.demo.world import DemoWorld
from wizard.engine import Snapshot
from wizard.errors import Exit, WizardError
from wizard.settings import FLAG, Value
from wizard.state import files
from wizard.workspace import Request, Workspace, save_private

STATE = ".local/state/photosync-wizard"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@asynccontextmanager
async def cluster(folder: Path, scenario: str, port: int = 0) -> AsyncIterator[tuple[DemoWorld, Request]]:
    """A cluster, and the kubeconfig's only context, "home", leading to it."""
    async with DemoWorld.open(_of_its_own(load(scenario)), port=port) as world:
        yield world, Request(kubeconfig=str(write(folder, world.url, user={"token": world.token})))


def _of_its_own(scenario: Scenario) -> Scenario:
    """The scenario on a cluster that no other one is on."""
    copy = deepcopy(scenario.objects)
    for item in copy:
        if item["kind"] == "Namespace" and item["metadata"]["name"] == "kube-system":  # type: ignore[index]
            item["metadata"]["uid"] = f"uid-of-{scenario.name}"  # type: ignore[index]
    return dataclasses.replace(scenario, objects=copy)


async def looked(opening: Workspace) -> Snapshot:
    engine = opening.engine()
    try:
        return await engine.look()
    finally:
        await engine.close()


async def test_choices_and_place_are_found_again(tmp_path: Path, home: Path) -> None:
    async with cluster(tmp_path, "seed") as (_, request):
        first = Workspace(request)
        assert first.place is None
        await looked(first)
        first.choose("apple_id", " me@example.com ")
        first.remember({"screen": "home", "step": "argocd"})
        first.close()
        second = Workspace(request)
        assert second.place == {"screen": "home", "step": "argocd"}
        assert second.settings.apple_ids == {"default": "me@example.com"}
        assert (await looked(second)).report.accounts[0].apple_id
        second.close()
        assert second.notices == ()
    kept = [name for name in files_below(home / STATE) if name.endswith(".json")]
    assert len(kept) == 1
    assert kept[0].startswith("photo-sync.")


async def test_what_is_chosen_before_the_first_look_is_kept_too(tmp_path: Path) -> None:
    async with cluster(tmp_path, "seed") as (_, request):
        first = Workspace(request)
        first.choose("skip", "exposure")
        await looked(first)
        first.close()
        assert Workspace(request).settings[SKIPPED] == ("exposure",)


async def test_flags_are_not_kept(tmp_path: Path) -> None:
    async with cluster(tmp_path, "seed") as (_, request):
        first = Workspace(dataclasses.replace(request, choices={"skipped": Value(("immich",), FLAG)}))
        await looked(first)
        first.remember({"screen": "home"})
        first.close()
        assert first.settings[SKIPPED] == ("immich",)
        assert Workspace(request).settings[SKIPPED] == ()


async def test_demo_worlds_keep_their_choices_apart_and_reset_forgets_them() -> None:
    async def skipped(*, scenario: str = "seed", reset: bool = False, skip: str = "") -> tuple[str, ...]:
        opening = Workspace(Request(demo=scenario, reset=reset))
        await looked(opening)
        if skip:
            opening.choose("skip", skip)
        opening.close()
        assert opening.notices == ()
        return opening.settings[SKIPPED]

    assert await skipped(skip="immich") == ("immich",)
    assert await skipped() == ("immich",)
    assert await skipped(scenario="complete") == ()
    assert await skipped(reset=True) == ()
    assert await skipped(skip="exposure") == ("exposure",)


class TestAnotherCluster:
    """The same context name, and another cluster that answers."""

    async def kept(self, folder: Path) -> None:
        async with cluster(folder, "seed") as (_, request):
            first = Workspace(request)
            await looked(first)
            first.choose("apple_id", "first@example.com")
            first.remember({"screen": "setup"})
            first.close()

    async def test_status_goes_on_with_that_ones_own_state_and_says_so(self, tmp_path: Path, home: Path) -> None:
        await self.kept(tmp_path)
        before = files_below(home / STATE)
        async with cluster(tmp_path, "complete") as (_, request):
            ended = await ran_beside("--kubeconfig", str(request.kubeconfig), "status", "-o", "json")
        assert ended.code == Exit.DONE
        assert "belongs to a different cluster from the one that answers now" in ended.err
        assert "Nothing is lost" in ended.err
        assert "first@example.com" not in ended.out
        assert files_below(home / STATE) == before

    async def test_the_wizard_stops_once_and_then_goes_on(self, tmp_path: Path, home: Path) -> None:
        await self.kept(tmp_path)
        before = files_below(home / STATE)
        async with cluster(tmp_path, "complete") as (_, request):
            opening = Workspace(request, stop_at_another_cluster=True)
            with pytest.raises(WizardError) as told:
                await looked(opening)
            assert (told.value.code, told.value.exit_code) == ("state.other-cluster", Exit.NEEDS_PERSON)
            assert "look again" in told.value.fix
            assert (await looked(opening)).report.complete == 7
            assert opening.settings.apple_ids == {}
            opening.choose("apple_id", "second@example.com")
            opening.close()
            again = Workspace(request, stop_at_another_cluster=True)
            assert (await looked(again)).report.complete == 7
            assert again.settings.apple_ids == {"default": "second@example.com"}
        after = files_below(home / STATE)
        assert {name: after[name] for name in before} == before
        assert len([name for name in after if name.endswith(".json")]) == 2

    async def test_each_is_found_by_its_address(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        async with cluster(tmp_path / "a", "seed") as (_, one), cluster(tmp_path / "b", "complete") as (_, other):
            for request, name in ((one, "one@example.com"), (other, "other@example.com")):
                opening = Workspace(request)
                await looked(opening)
                opening.choose("apple_id", name)
                opening.close()
            for request, name in ((one, "one@example.com"), (other, "other@example.com")):
                opening = Workspace(request, stop_at_another_cluster=True)
                assert opening.settings.apple_ids == {"default": name}
                await looked(opening)
                assert opening.notices == ()


class TestInTheWay:
    """A state that can't be read, kept or shared costs nobody the look at the cluster."""

    async def test_from_the_future(self, tmp_path: Path, home: Path) -> None:
        async with cluster(tmp_path, "complete") as (_, request):
            opening = Workspace(request)
            await looked(opening)
            opening.remember({"screen": "home"})
            opening.close()
            file = next(path for path in (home / STATE).iterdir() if path.suffix == ".json")
            content = {**json.loads(file.read_text()), "schema": 99, "news": True}
            file.write_text(json.dumps(content))
            ended = await ran_beside("--kubeconfig", str(request.kubeconfig), "status")
        ended.said_in_words(3, "was written by a newer photosync-wizard", str(file), "Update photosync-wizard")
        assert json.loads(file.read_text()) == content

    async def test_garbage_is_set_aside_and_said_so(self, tmp_path: Path, home: Path) -> None:
        async with cluster(tmp_path, "complete") as (_, request):
            opening = Workspace(request)
            await looked(opening)
            opening.choose("apple_id", "me@example.com")
            opening.close()
            file = next(path for path in (home / STATE).iterdir() if path.suffix == ".json")
            file.write_text("garbage")
            ended = await ran_beside("--kubeconfig", str(request.kubeconfig), "status", "-o", "json")
        assert ended.code == 0
        assert json.loads(ended.out)["progress"]["percent"] == 100
        assert "damaged" in ended.err
        assert b"garbage" in files_below(home / STATE).values()

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
    async def test_a_disk_that_takes_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
    ) -> None:
        def refuse(*_: object) -> None:
            raise OSError(number, "it takes nothing")

        async with cluster(tmp_path, "complete") as (_, request):
            opening = Workspace(request)
            await looked(opening)
            opening.choose("apple_id", "me@example.com")
            opening.close()
            opening = Workspace(request)
            await looked(opening)
            monkeypatch.setattr(files, "write", refuse)
            opening.choose("apple_id", "other@example.com")
            assert opening.settings.apple_ids == {"default": "other@example.com"}
            opening.close()
            assert len(opening.notices) == 1
            assert "can't be saved right now (it takes nothing)" in opening.notices[0]
            assert Workspace(request).settings.apple_ids == {"default": "me@example.com"}

    async def test_no_folder_at_all(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
        async with cluster(tmp_path, "complete") as (_, request):
            ended = await ran_beside("--kubeconfig", str(request.kubeconfig), "status")
            assert (ended.code, ended.err) == (0, "")
            opening = Workspace(request)
            await looked(opening)
            opening.remember({"screen": "home"})
            opening.close()
            assert "can't be saved right now" in opening.notices[0]

    async def test_a_second_wizard(self, tmp_path: Path) -> None:
        async with cluster(tmp_path, "complete") as (_, request):
            first, second = Workspace(request), Workspace(request)
            for opening, name in ((first, "first@example.com"), (second, "second@example.com")):
                await looked(opening)
                opening.choose("apple_id", name)
                if opening is first:
                    _until_kept(first)
            ended = await ran_beside("--kubeconfig", str(request.kubeconfig), "status")
            second.close()
            first.close()
            assert (ended.code, ended.err) == (0, "")
            assert first.notices == ()
            assert [text[:50] for text in second.notices] == ["Another photosync-wizard has this setup open (proc"[:50]]
            assert Workspace(request).settings.apple_ids == {"default": "first@example.com"}


def test_no_home_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nobody)
    monkeypatch.chdir(tmp_path)
    request = Request(env={}, demo="seed")
    with pytest.raises(OSError, match="no home folder is known"):
        save_private(request.state_folder, "x", "")
    with pytest.raises(WizardError, match="no kubeconfig"):
        Workspace(Request(env={}))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]


@pytest.mark.parametrize("text", ["me", "me@", "@example.com", "me@example", "two words@example.com"])
async def test_what_can_be_no_apple_id(text: str) -> None:
    opening = Workspace(Request(demo="seed"))
    with pytest.raises(WizardError, match="not a valid Apple ID"):
        opening.choose("apple_id", text)
    assert opening.settings.apple_ids == {}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("time_zone", "Mars/Phobos", "no time zone"),
        ("time_zone", "../etc/passwd", "no time zone"),
        ("host_name", "https://photos.example.org", "not a valid host name"),
        ("host_name", "not a host!", "not a valid host name"),
        ("immich_namespace", "my immich", "not a valid namespace"),
        ("application", "Phots", "not a valid name for an Application"),
    ],
)
def test_what_can_not_be_right_is_refused_in_its_own_words(name: str, text: str, told: str) -> None:
    opening = Workspace(Request(demo="seed"))
    with pytest.raises(WizardError, match=told):
        opening.choose(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("time_zone", "America/Edmonton"),
        ("time_zone", "UTC"),
        ("host_name", "photos.example.org"),
        ("immich_namespace", "immich"),
        ("application", "photo-sync"),
    ],
)
def test_a_choice_is_taken_and_an_empty_one_takes_it_back(name: str, text: str) -> None:
    opening = Workspace(Request(demo="seed"))
    before = opening.settings
    opening.choose(name, text)
    assert opening.settings[choice_named(name)] == text
    assert opening.settings.sources[name] == "state"
    opening.choose(name, "")
    opening.close()
    assert opening.settings == before


def _until_kept(opening: Workspace) -> None:
    """Returns when the writer's thread has written what it was given."""
    writer = opening._writer
    with writer._changed:
        writer._changed.notify()
    opening_thread = writer._thread
    assert opening_thread is not None
    for _ in range(2000):
        if writer._kept is not None and writer._kept.saved_at is not None:
            return
        opening_thread.join(timeout=0.005)
    raise AssertionError("it was not kept")
