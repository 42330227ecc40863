"""Killed with SIGKILL at any point of a sign-in on a real cluster: the next start finds the old session or the new one, whole."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import random
from collections.abc import Callable

import pytest

from tests.signin.apple import PASSWORD
from tests.signin.place import Place
from tests.signin.process import Ended, left_behind, reauth
from tests.signin.test_ways import waiting_pod
from tests.support.person import Somebody
from wizard.annotations import SUSPENDED_BY
from wizard.icloud.files import icloudpd_names
from wizard.icloud.ladder import Rung
from wizard.signin.person import Code, GaveUp

pytestmark = pytest.mark.cluster

LONG_AGO = dt.timedelta(days=91)
RANDOM_KILLS = 3
MOST_LINES = 40


class Leaves(Somebody):
    """Goes away as soon as there is anything to type."""

    async def password(self, *_: object) -> str:
        raise GaveUp


When = Callable[[int, str], float | None]


def begins_with(text: str) -> When:
    return lambda _, line: 0 if line.startswith(text) else None


def after(number: int, seconds: float) -> When:
    return lambda n, _: seconds if n == number else None


def soon() -> str:
    """A schedule whose next run falls into the sign-in, but not into the test."""
    at = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=18)
    return f"{at.minute} {at.hour} {at.day} {at.month} *"


def end_everything(place: Place) -> None:
    apple = place.apple.apple
    apple.end_web_sessions(place.apple_id)
    apple.end_session_tokens(place.apple_id)
    apple.end_trust(place.apple_id)


async def whole_after_next_start(place: Place) -> str:
    """What the next start finds: "old" or "new". Fails for anything that is neither, and for anything left over."""
    before = await place.pair()
    names = icloudpd_names(place.apple_id)
    try:
        found = "new" if (await place.sign_in(Leaves())).rung in (Rung.WORKS, Rung.SET_ASIDE) else "neither"
    except GaveUp:
        found = "old"
    await place.all_gone()
    files = await place.files()
    kept = {names.jar, names.session, ".photosync-previous/"}
    assert {name for name in files if not name.startswith(".photosync-previous/")} <= kept, sorted(files)
    if found == "old":
        assert await place.pair() == before
    cron_job = await place.cron_job()
    assert cron_job["spec"]["suspend"] is False
    assert SUSPENDED_BY not in cron_job["metadata"].get("annotations", {})
    return found


async def killed(place: Place, when: When) -> str:
    """One sign-in, killed when a line is printed, and what is left of it after the next start; "" when it was done before."""
    end_everything(place)
    old = await place.pair()
    ended = await reauth(place, on_line=when)
    if ended.code == 0:
        return ""
    assert ended.code == -9, ended.err
    found = await whole_after_next_start(place)
    if found == "old":
        assert await place.pair() == old
    return found


@pytest.mark.timeout(900)
async def test_after_every_line_in_turn_and_at_random(places: tuple[Place, Place]) -> None:
    one, two = places
    rehearsal, _ = await asyncio.gather(ready(one), ready(two))
    steps = [
        line[:18] for line in rehearsal.lines if line[0] in "◐✓" and "starting" not in line and "created" not in line
    ]
    assert 8 <= len(steps) <= MOST_LINES, rehearsal.err
    chance = random.Random(6)  # noqa: S311 - moments, not secrets
    moments = [(chance.randrange(len(rehearsal.lines)), chance.uniform(0, 0.5)) for _ in range(RANDOM_KILLS)]
    whens = [begins_with(step) for step in dict.fromkeys(steps)] + [after(*moment) for moment in moments]

    halves = await asyncio.gather(all_killed(one, whens[::2]), all_killed(two, whens[1::2]))

    outcomes = [outcome for half in halves for outcome in half]
    assert {"old", "new"} <= set(outcomes) <= {"old", "new", ""}, outcomes


async def ready(place: Place) -> Ended:
    """Signed in once, from a session that had ended."""
    await place.set_up(schedule=soon())
    await place.lay(place.apple.apple.signed_in(place.apple_id, LONG_AGO))
    ended = await reauth(place)
    assert ended.code == 0, ended.err
    return ended


async def all_killed(place: Place, whens: list[When]) -> list[str]:
    """One sign-in after the other, each killed; and at last one that is left alone, with nothing of the others behind it."""
    outcomes = [await killed(place, when) for when in whens]
    end_everything(place)
    ended = await reauth(place)
    assert ended.code == 0, ended.err
    left = json.dumps(left_behind(place.private.parent / "run"))
    assert left == "{}", left[:200]
    return outcomes


async def test_a_pair_that_another_icloudpd_spoiled_is_put_back(place: Place) -> None:
    apple_id = await place.set_up()
    await place.lay(place.apple.apple.signed_in(apple_id, LONG_AGO))
    old = await place.pair()
    start = await place.start()
    assert start.preparation.auth_pod is None
    somebody = Somebody([PASSWORD], [lambda _: Code(place.apple.code(apple_id))])
    sign_in = await place.prepared(somebody)
    async with sign_in._follow(sign_in.preparation.plan).open_pod() as (pod, opened):
        await opened
        await pod.keep(keyring_stays=True)
        spoiled = await place.files()
        jar = icloudpd_names(apple_id).jar
        await place._write("icloudpd-config", {jar: type(spoiled[jar])(b"half a")})
        assert await place.pair() != old
    await place.all_gone()

    assert await whole_after_next_start_from(place, old) == "old"


@pytest.mark.parametrize("seconds", [0.3, 2.5])
async def test_killed_while_another_icloudpd_is_answered(place: Place, seconds: float) -> None:
    apple_id = await place.set_up()
    await place.lay(place.apple.apple.signed_in(apple_id, LONG_AGO))
    await waiting_pod(place)
    old = await place.pair()

    ended = await reauth(
        place, "--in-pod", code=lambda: None, on_line=lambda _, line: seconds if "answering icloudpd" in line else None
    )

    assert ended.code == -9, ended.err
    assert await whole_after_next_start_from(place, old) == "old"
    await place.gone("pods/icloudpd-auth")
    assert not [name for name in await place.files() if name.startswith(".photosync") and "previous" not in name]


async def whole_after_next_start_from(place: Place, old: object) -> str:
    with pytest.raises(GaveUp):
        await place.sign_in(Leaves())
    await place.all_gone()
    return "old" if await place.pair() == old else "neither"
