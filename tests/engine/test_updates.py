"""The loop: a picture after every change, patience where the cluster is away, and nothing left behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.engine.fakes import NOON, Bench, until
from wizard.choices import APPLICATION, CONFIG_CLAIM, CONFIG_MAP, IMMICH_NAMESPACE, SECRET, SKIPPED
from wizard.engine import LONGEST_PAUSE_SECONDS, LOOK_EVERY_SECONDS, SETTLE_SECONDS, Engine, Fresh, Stale
from wizard.errors import Exit, Retry, WizardError
from wizard.iterations import ITERATIONS
from wizard.settings import Choice, Settings
from wizard.world import World


def away(retry: Retry = Retry.LATER) -> WizardError:
    return WizardError("kube.refused", "The cluster can't be reached.", exit_code=Exit.UNREACHABLE, retry=retry)


async def test_one_look(bench: Bench) -> None:
    snapshot = await bench.engine.look()
    await bench.engine.close()
    assert snapshot.world.taken_at == snapshot.report.taken_at == NOON + timedelta(seconds=1)
    assert len(snapshot.report.steps) == len(ITERATIONS)
    assert snapshot.setup
    assert [cluster.closed for cluster in bench.connector.made] == [True]
    assert bench.connector.closed == 1


async def test_a_look_that_fails_still_lets_go(bench: Bench) -> None:
    bench.place.troubles.append(away())
    with pytest.raises(WizardError):
        await bench.engine.look()
    await bench.engine.close()
    assert [cluster.closed for cluster in bench.connector.made] == [True]


async def test_fresh_at_first_and_after_a_change(bench: Bench) -> None:
    async with bench.updates() as updates:
        first = await updates.next()
        assert isinstance(first, Fresh)
        await updates.nothing()
        bench.place.change()
        await bench.pauses.let(SETTLE_SECONDS)
        second = await updates.next()
        assert isinstance(second, Fresh)
        assert second.snapshot.world.taken_at > first.snapshot.world.taken_at
        assert len(bench.connector.made) == 1


async def test_a_burst_is_one_look(bench: Bench) -> None:
    async with bench.updates() as updates:
        await updates.next()
        updates.start()
        bench.place.change()
        await bench.pauses.until(SETTLE_SECONDS)
        assert bench.place.looks == 1
        await bench.pauses.let(SETTLE_SECONDS)
        await updates.next()
        assert bench.place.looks == 2
        await updates.nothing()
        assert bench.place.looks == 2


async def test_time_alone_is_a_reason_to_look(bench: Bench) -> None:
    async with bench.updates() as updates:
        await updates.next()
        updates.start()
        await bench.pauses.let(LOOK_EVERY_SECONDS)
        assert isinstance(await updates.next(), Fresh)
        assert SETTLE_SECONDS not in bench.pauses.asked


async def test_no_watch_runs_while_it_looks(bench: Bench) -> None:
    async with bench.updates() as updates:
        await updates.next()
        updates.start()
        await until(lambda: bench.place.watches == 1)
        await bench.pauses.let(LOOK_EVERY_SECONDS)
        await updates.next()
        assert bench.place.watches == 0


async def test_stale_with_growing_patience(bench: Bench) -> None:
    bench.connector.troubles += [away() for _ in range(7)]
    async with bench.updates() as updates:
        for attempt, seconds in enumerate([1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS], 1):
            update = await updates.next()
            assert isinstance(update, Stale)
            assert (update.attempt, update.since, update.error.code) == (attempt, None, "kube.refused")
            updates.start()
            await bench.pauses.let(seconds)
        assert isinstance(await updates.next(), Fresh)


async def test_a_lost_connection_is_made_anew_and_counted_from_one(bench: Bench) -> None:
    async with bench.updates() as updates:
        for lost in (1, 2):
            fresh = await updates.next()
            assert isinstance(fresh, Fresh)
            updates.start()
            bench.place.change(away())
            stale = await updates.next()
            assert isinstance(stale, Stale)
            assert (stale.attempt, stale.since) == (1, fresh.snapshot.world.taken_at)
            updates.start()
            await bench.pauses.let(1.0)
            await until(lambda made=lost + 1: len(bench.connector.made) == made)  # type: ignore[misc]
            assert [cluster.closed for cluster in bench.connector.made] == [True] * lost + [False]
        assert isinstance(await updates.next(), Fresh)


async def test_what_waiting_cannot_cure_waits_until_asked(bench: Bench) -> None:
    bench.connector.troubles.append(away(Retry.NEVER))
    async with bench.updates() as updates:
        assert isinstance(await updates.next(), Stale)
        await updates.nothing()
        assert bench.pauses.waiting == []
        bench.engine.look_again()
        assert isinstance(await updates.next(), Fresh)


async def test_looking_again_ends_a_pause(bench: Bench) -> None:
    bench.connector.troubles.append(away())
    async with bench.updates() as updates:
        assert isinstance(await updates.next(), Stale)
        updates.start()
        await bench.pauses.until(1.0)
        bench.engine.look_again()
        assert isinstance(await updates.next(), Fresh)
        assert bench.pauses.waiting == []


async def test_looking_again_ends_the_waiting_for_changes(bench: Bench) -> None:
    async with bench.updates() as updates:
        await updates.next()
        await updates.nothing()
        bench.engine.look_again()
        assert isinstance(await updates.next(), Fresh)
        assert bench.place.looks == 2
        await updates.nothing()
        assert bench.place.looks == 2


async def test_other_settings_count_at_once(bench: Bench) -> None:
    async with bench.updates() as updates:
        first = await updates.next()
        assert isinstance(first, Fresh)
        assert first.snapshot.report.steps[4].status != "skipped"
        await updates.nothing()
        bench.engine.use(bench.engine.settings.having(SKIPPED, ("immich",)))
        second = await updates.next()
        assert isinstance(second, Fresh)
        assert second.snapshot.report.steps[4].status == "skipped"


async def test_on_look_gives_the_settings_to_go_on_with(bench: Bench) -> None:
    seen: list[World] = []

    def on_look(world: World) -> Settings:
        seen.append(world)
        return Settings().having(SKIPPED, ("argocd",))

    engine = Engine(bench.connector, Settings(), on_look=on_look, now=bench.place.clock, pause=bench.pauses)
    snapshot = await engine.look()
    await engine.close()
    assert seen == [snapshot.world]
    assert snapshot.report.steps[3].status == "skipped"
    assert bench.place.looks == 1


@pytest.mark.parametrize("choice", [IMMICH_NAMESPACE, APPLICATION, CONFIG_CLAIM, CONFIG_MAP, SECRET])
async def test_settings_that_look_elsewhere_are_looked_with(bench: Bench, choice: Choice[Any]) -> None:
    elsewhere = Settings().having(choice, "elsewhere")
    engine = Engine(bench.connector, Settings(), on_look=lambda _: elsewhere, now=bench.place.clock)
    await engine.look()
    await engine.look()
    await engine.close()
    assert bench.place.settings == [Settings(), elsewhere, elsewhere]


async def test_on_look_may_refuse(bench: Bench) -> None:
    refusals = [WizardError("state.other-cluster", "Another one.", retry=Retry.NEVER)]

    def on_look(_: World) -> Settings:
        if refusals:
            raise refusals.pop()
        return Settings()

    bench.engine = Engine(bench.connector, Settings(), on_look=on_look, now=bench.place.clock, pause=bench.pauses)
    async with bench.updates() as updates:
        stale = await updates.next()
        assert isinstance(stale, Stale)
        assert (stale.error.code, stale.since) == ("state.other-cluster", None)
        await updates.nothing()
        bench.engine.look_again()
        assert isinstance(await updates.next(), Fresh)


async def test_closing_in_the_middle_lets_go_of_everything(bench: Bench) -> None:
    async with bench.updates() as updates:
        await updates.next()
        updates.start()
        await until(lambda: bench.place.watches == 1)
    assert bench.place.watches == 0
    assert bench.pauses.waiting == []
    assert [cluster.closed for cluster in bench.connector.made] == [True]
    assert bench.connector.closed == 1


async def test_closing_while_it_waits_to_try_again(bench: Bench) -> None:
    bench.connector.troubles.append(away())
    async with bench.updates() as updates:
        await updates.next()
        updates.start()
        await bench.pauses.until(1.0)
    assert bench.pauses.waiting == []
    assert bench.connector.closed == 1


async def test_a_mistake_of_our_own_is_no_trouble(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("wizard.engine.diagnose", broken)
    async with bench.updates() as updates:
        with pytest.raises(ZeroDivisionError):
            await updates.next()


async def test_what_is_done_has_a_connection_that_no_failed_look_takes_away(bench: Bench) -> None:
    await bench.engine.look()
    apart = await bench.engine.connection()
    assert apart is not bench.engine.cluster
    await bench.engine._disconnect()
    assert [cluster.closed for cluster in bench.connector.made] == [True, False]
    await bench.engine.close()
    assert [cluster.closed for cluster in bench.connector.made] == [True, True]
