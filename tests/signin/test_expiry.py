"""A session that has ended on a real cluster: brought back with as few inputs as Apple allows, and never made worse."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.signin.apple import PASSWORD
from tests.signin.place import Place
from tests.support.person import Somebody
from wizard.demo.apple.server import DemoApple
from wizard.errors import Retry, WizardError
from wizard.icloud.ladder import Rung
from wizard.signin import prove as proving
from wizard.signin.person import Code, Stage, StageProgress, Tick

pytestmark = pytest.mark.cluster

WORKS, NEARLY_ENDED, WEB_ENDED, TOKEN_ENDED, ALL_ENDED = (dt.timedelta(days=days) for days in (1, 25, 31, 61, 91))


async def laid(place: Place, ago: dt.timedelta) -> None:
    """A cluster with the session of somebody who signed in that long ago."""
    apple_id = await place.set_up()
    await place.lay(place.apple.apple.signed_in(apple_id, ago))


@pytest.mark.parametrize(
    ("ago", "rung", "asked"),
    [
        pytest.param(WORKS, Rung.WORKS, [], id="live"),
        pytest.param(WEB_ENDED, Rung.HEALED, [], id="web-session"),
        pytest.param(TOKEN_ENDED, Rung.TRUSTED_PASSWORD, ["password"], id="session-token"),
        pytest.param(ALL_ENDED, Rung.CODE, ["password", "code"], id="trust-too"),
    ],
)
async def test_what_has_ended_decides_what_is_asked(
    place: Place, ago: dt.timedelta, rung: Rung, asked: list[str]
) -> None:
    await laid(place, ago)
    somebody = Somebody([PASSWORD], [lambda _: Code(place.apple.code(place.apple_id))])

    outcome = await place.sign_in(somebody)

    assert (outcome.rung, somebody.asked) == (rung, asked)
    assert place.apple.passwords_sent(place.apple_id) == asked.count("password")
    assert somebody.reached(Stage.PROVED)
    if rung is Rung.HEALED:
        assert "All photos and videos have been downloaded" in await place.run_cron_job()


@pytest.mark.parametrize(
    ("ago", "rung", "inputs"),
    [
        pytest.param(WEB_ENDED, Rung.HEALED, (), id="web-session"),
        pytest.param(TOKEN_ENDED, Rung.TRUSTED_PASSWORD, ("password",), id="session-token"),
    ],
)
async def test_a_check_says_what_it_takes_and_changes_nothing(
    place: Place, ago: dt.timedelta, rung: Rung, inputs: tuple[str, ...]
) -> None:
    await laid(place, ago)
    before = await place.files()
    somebody = Somebody()

    found = await place.check(somebody, ask_apple=True)

    assert (found.rung, found.inputs, somebody.asked) == (rung, inputs, [])
    assert place.apple.passwords_sent(place.apple_id) == 0
    await place.all_gone()
    assert await place.files() == before


async def test_a_live_session_is_renewed_before_it_ends(place: Place) -> None:
    """With the trust that it has: the password, no code, and a later date."""
    await laid(place, NEARLY_ENDED)
    first = await place.sign_in(Somebody())
    somebody = Somebody([PASSWORD])

    renewed = await place.sign_in(somebody, renew=True)

    assert (first.rung, renewed.rung, somebody.asked) == (Rung.WORKS, Rung.TRUSTED_PASSWORD, ["password"])
    assert first.expires_at is not None
    assert renewed.expires_at is not None
    assert renewed.expires_at - first.expires_at > dt.timedelta(days=10)
    assert (await place.sign_in(Somebody())).rung is Rung.WORKS


async def test_trust_alone_ended_costs_a_code(place: Place) -> None:
    await laid(place, TOKEN_ENDED)
    place.apple.apple.end_trust(place.apple_id)
    somebody = Somebody([PASSWORD], [lambda _: Code(place.apple.code(place.apple_id))])

    assert (await place.sign_in(somebody)).rung is Rung.CODE
    assert somebody.asked == ["password", "code"]


@pytest.mark.parametrize("status", [500, 503])
async def test_apple_that_falters_changes_nothing_and_asks_nobody(place: Place, status: int) -> None:
    await laid(place, WEB_ENDED)
    before = await place.files()
    place.apple.apple.outage = status
    somebody = Somebody()
    try:
        with pytest.raises(WizardError) as caught:
            await place.sign_in(somebody)
    finally:
        place.apple.apple.outage = None

    assert caught.value.retry is Retry.LATER
    assert somebody.asked == []
    await place.all_gone()
    assert await place.files() == before


async def test_a_short_fault_after_the_code_is_sat_out(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "PAUSE_SECONDS", 0)
    await laid(place, ALL_ENDED)
    apple: DemoApple = place.apple.apple

    def falter(progress: StageProgress) -> None:
        if progress.stage is Stage.PROVED and progress.tick is Tick.DOING:
            apple.outage = None if apple.outage else 500

    somebody = Somebody([PASSWORD], [lambda _: Code(place.apple.code(place.apple_id))], on_progress=falter)
    try:
        outcome = await place.sign_in(somebody)
    finally:
        apple.outage = None

    assert outcome.rung is Rung.CODE
    assert somebody.asked == ["password", "code"]


async def test_a_refused_session_leaves_the_old_pair_byte_for_byte(place: Place) -> None:
    await laid(place, ALL_ENDED)
    before = await place.files()

    def end(progress: StageProgress) -> None:
        if progress.stage is Stage.PROVED and progress.tick is Tick.DOING:
            place.apple.apple.end_web_sessions(place.apple_id)

    somebody = Somebody([PASSWORD], [lambda _: Code(place.apple.code(place.apple_id))], on_progress=end)

    with pytest.raises(WizardError) as caught:
        await place.sign_in(somebody)

    assert caught.value.code == "renewal.refused-by-icloudpd"
    assert somebody.asked == ["password", "code", "second-way"]
    await place.all_gone()
    assert await place.files() == before
