"""What somebody who leaves is told of what stays, and of what was stopped for the sign-in."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from screens.home.screen import HomeScreen
from screens.signin.attempt import Attempt
from screens.signin.questions import InUseAsked, PasswordAsked
from screens.signin.step_rows import farewell, leaving_words, stays
from tests.demo_world.signing import Somebody, visit
from tests.screens.entering import Entering, asked, ended, says, signing, view_of
from tests.screens.signing import APPLE_ID, NOW, ScriptedService, Signing, with_code
from wizard.errors import WizardError
from wizard.signin.person import GaveUp, InUse, Outcome, Stage, StageProgress, Tick

__all__ = ["signing"]

RUN = "icloudpd-sync-1-abcde"
BUT = f"Nothing on the volume has changed, but pod {RUN} was removed."


async def test_a_run_that_was_stopped_is_named_to_who_leaves(signing: Entering) -> None:
    async def busy(signing: Signing) -> Outcome:
        await signing.person.in_use((RUN,))
        return await with_code(signing)

    service = ScriptedService(busy)
    service.leaving = asyncio.Event()
    async with signing(service) as wizard:
        await wizard.press("enter")
        await asked(wizard, InUseAsked)
        view_of(wizard).controller.choose(f"in-use-{InUse.STOP}")
        await asked(wizard, PasswordAsked)
        await wizard.press("escape")
        assert says(wizard, f"Nothing on the volume has changed; pod {RUN} was removed.")
        service.leaving.set()
        await wizard.until(lambda: wizard.shows(HomeScreen))
        await wizard.until(lambda: says(wizard, "was removed."))


@pytest.mark.parametrize("stopped", [True, False])
async def test_a_refusal_names_it_unless_it_could_not_be_stopped(signing: Entering, stopped: bool) -> None:
    async def busy(signing: Signing) -> Outcome:
        await signing.person.in_use((RUN,))
        if stopped:
            await signing.open_pod()
        raise WizardError("renewal.comes-back", "It can't go on.")

    async with signing(ScriptedService(busy), (120, 36)) as wizard:
        await wizard.press("enter")
        await asked(wizard, InUseAsked)
        view_of(wizard).controller.choose(f"in-use-{InUse.STOP}")
        await ended(wizard)
        assert says(wizard, BUT if stopped else "Nothing on the volume has changed.")


@pytest.mark.parametrize("second", [True, False])
async def test_the_auth_pod_that_had_to_go_is_known_by_what_a_sign_in_shows(tmp_path: Path, second: bool) -> None:
    class Leaves(Somebody):
        async def password(self, *_asked: object) -> str:
            raise GaveUp

        def right(self, _wanted: object) -> None:  # type: ignore[override]
            raise GaveUp

    async with visit("auth-waiting", tmp_path, Leaves(goes_inside=second)) as there:
        with pytest.raises(GaveUp):
            await (await there.sign_in()).run()
        attempt = Attempt("default", NOW, under_way=True)
        for progress in there.person.shown:
            attempt = attempt.moved(progress, NOW)
        assert "icloudpd-auth" not in there.pods()
    assert attempt.removed_pods == ("icloudpd-auth",)
    assert leaving_words(attempt).startswith("Nothing on the volume has changed; pod icloudpd-auth was removed.")
    assert farewell(attempt) == "Stopped. Nothing on the volume has changed, but pod icloudpd-auth was removed."


def test_a_pod_counts_as_gone_once_it_goes_on() -> None:
    removing = Attempt("default", NOW, APPLE_ID, under_way=True).moved(
        StageProgress(Stage.POD, Tick.DOING, "removing pod icloudpd-auth", removes="icloudpd-auth"), NOW
    )
    assert stays(removing.failed(WizardError("kube.forbidden", "It may not be deleted."), NOW)).endswith("has changed.")
    gone = removing.moved(StageProgress(Stage.POD, Tick.DOING, "starting"), NOW).stopping((RUN,))
    assert stays(gone).endswith(f", but pods icloudpd-auth, {RUN} were removed.")
