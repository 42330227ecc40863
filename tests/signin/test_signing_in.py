"""Signing in on a real cluster, proved by its own icloudpd: what it takes, and pictures at the end of it."""

from __future__ import annotations

import pytest

from tests.signin.apple import PASSWORD
from tests.signin.place import Place
from tests.support.person import Somebody
from wizard.icloud.ladder import Rung
from wizard.signin.person import Code, Stage

pytestmark = pytest.mark.cluster


async def test_password_and_code_bring_pictures(place: Place) -> None:
    apple_id = await place.set_up()
    somebody = Somebody([PASSWORD], [lambda _: Code(place.apple.code(apple_id))])

    outcome = await place.sign_in(somebody)

    assert (outcome.rung, somebody.asked) == (Rung.CODE, ["password", "code"])
    assert somebody.reached(Stage.PROVED)
    assert "All photos and videos have been downloaded" in await place.run_cron_job()
    assert outcome.library is not None
    assert len(await place.pictures()) == outcome.library.count > 0
