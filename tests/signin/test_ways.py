"""The ways in, on a real cluster: a message to the number of one's choice, icloudpd's own questions, a pod that waits already."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from tests.signin import objects
from tests.signin.apple import PASSWORD
from tests.signin.place import File, Place
from tests.support.person import Somebody
from wizard.annotations import PASSWORD_IN_CLEAR
from wizard.errors import WizardError
from wizard.handover.pod import HandoverPod
from wizard.handover.scripts import KEYRING
from wizard.icloud.ladder import Rung
from wizard.icloud.steps import CodeWanted
from wizard.icloudpd.proof import Proof, proof_of
from wizard.signin import prove as proving
from wizard.signin.person import AnotherCode, Code, GaveUp, Stage

pytestmark = pytest.mark.cluster

LONG_AGO = dt.timedelta(days=91)
DONE = "All photos and videos have been downloaded"


def text_to_the_second(wanted: CodeWanted) -> AnotherCode:
    return AnotherCode("sms", wanted.phones[1])


async def waiting_pod(place: Place) -> None:
    """The seed's own pod, with its icloudpd waiting for the password: the log does not show that prompt."""
    await place.api.made("pods", objects.auth_pod(place.apple_id, "icloudpd-config", place.image))
    await place.api.phase("pods/icloudpd-auth", "Running")
    await place.api.until("pods/icloudpd-auth/log", lambda answer: "Authenticating" in answer.text)
    async with asyncio.timeout(30):
        while (found := (await place.start()).preparation.auth_pod) is None or not found.asks:
            assert found is None or found.asks == "the password"


async def test_a_decomposed_apple_id_is_proved_as_the_cron_job_asks(place: Place) -> None:
    apple_id = await place.set_up(kind="zoë")
    outcome = await place.sign_in(Somebody([PASSWORD], [lambda _: Code(place.apple.code(apple_id))]))
    assert outcome.rung is Rung.CODE
    await place.all_gone()
    assert DONE in await place.run_cron_job()


async def test_a_pod_that_does_not_reach_apple_costs_no_password_and_no_code(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its proxy leads nowhere; from here Apple answers."""
    await place.set_up()
    monkeypatch.setattr(proving, "PAUSE_SECONDS", 0)
    somebody = Somebody()
    sign_in = await place.prepared(somebody)
    template = sign_in.preparation.handover.change.manifest["spec"]["template"]["spec"]
    template["containers"][0]["env"] = [{"name": "HTTPS_PROXY", "value": "http://10.255.0.1:9"}]

    with pytest.raises(WizardError) as caught:
        await sign_in.run()

    assert (caught.value.code, somebody.asked) == ("renewal.not-judged", [])
    await place.all_gone()


async def test_a_session_that_nobody_could_judge_is_proved_by_the_next_start(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    apple_id = await place.set_up()
    monkeypatch.setattr(proving, "PAUSE_SECONDS", 0)
    somebody = Somebody([PASSWORD], [lambda _: Code(place.apple.code(apple_id))])
    with monkeypatch.context() as meanwhile:
        prove, asked = HandoverPod.prove, []

        async def prove_once(pod: HandoverPod, username: str) -> Proof:
            asked.append(username)
            if len(asked) == 1:
                return await prove(pod, username)
            return proof_of("pod", b"2026-11-24 06:46:01 INFO     Cannot connect to Apple iCloud service")

        meanwhile.setattr(HandoverPod, "prove", prove_once)
        with pytest.raises(WizardError) as caught:
            await place.sign_in(somebody)
    assert caught.value.code == "renewal.not-judged"
    await place.all_gone()

    assert (await place.sign_in(again := Somebody())).rung is Rung.SET_ASIDE
    assert again.asked == []
    await place.all_gone()
    assert DONE in await place.run_cron_job()
    assert not [name for name in await place.files() if "unproved" in name]


async def test_a_message_to_the_number_of_ones_choice(place: Place) -> None:
    apple_id = await place.set_up(kind="phones")
    somebody = Somebody([PASSWORD], [text_to_the_second, lambda _: Code(place.apple.code(apple_id, "sms", 1))])

    assert (await place.sign_in(somebody)).rung is Rung.CODE
    assert somebody.asked == ["password", "code", "code"]


async def test_icloudpds_own_questions_in_the_pod(place: Place) -> None:
    apple_id = await place.set_up()
    somebody = Somebody([PASSWORD], [lambda _: Code("12"), lambda _: Code(place.apple.code(apple_id))])

    outcome = await place.sign_in(somebody, in_pod_only=True)

    assert somebody.asked == ["password", "code", "code"]
    assert somebody.whys == ["icloud.code-shape"]
    assert (outcome.rung, somebody.reached(Stage.PROVED)) == (Rung.CODE, True)
    await place.all_gone()
    assert DONE in await place.run_cron_job()
    assert await place.pictures()


async def test_a_text_message_asked_for_inside_the_pod(place: Place) -> None:
    apple_id = await place.set_up(kind="phones")
    somebody = Somebody([PASSWORD], [text_to_the_second, lambda _: Code(place.apple.code(apple_id, "sms", 1))])

    assert (await place.sign_in(somebody, in_pod_only=True)).rung is Rung.CODE


async def test_a_refusal_inside_the_pod_leaves_the_old_pair(place: Place) -> None:
    await place.set_up()
    await place.lay(place.apple.apple.signed_in(place.apple_id, LONG_AGO))
    before = await place.files()

    with pytest.raises(WizardError) as caught:
        await place.sign_in(Somebody(["not it"]), in_pod_only=True)

    assert caught.value.code == "renewal.refused-inside"
    assert place.apple.passwords_sent(place.apple_id) == 1
    await place.all_gone()
    assert await place.files() == before


async def test_a_pod_that_waits_is_answered_and_goes_with_its_log(place: Place) -> None:
    apple_id = await place.set_up()
    await place.bind("icloudpd-config")
    await waiting_pod(place)
    somebody = Somebody([PASSWORD], [lambda _: Code(place.apple.code(apple_id))], goes_inside=True)

    outcome = await place.sign_in(somebody)

    assert somebody.asked == ["second-way", "password", "code"]
    assert somebody.whys == ["renewal.auth-pod-waits"]
    assert (outcome.rung, somebody.reached(Stage.PROVED)) == (Rung.CODE, True)
    await place.gone("pods/icloudpd-auth")
    await place.all_gone()
    assert not [name for name in await place.files() if name.startswith(".photosync") and "previous" not in name]
    assert DONE in await place.run_cron_job()


async def test_a_pod_that_refuses_leaves_the_old_pair_and_goes(place: Place) -> None:
    await place.set_up()
    await place.lay(place.apple.apple.signed_in(place.apple_id, LONG_AGO))
    await waiting_pod(place)
    before = await place.pair()

    with pytest.raises(WizardError) as caught:
        await place.sign_in(Somebody(["not it"], goes_inside=True))

    assert caught.value.code == "renewal.refused-inside"
    assert place.apple.passwords_sent(place.apple_id) == 1
    await place.gone("pods/icloudpd-auth")
    assert await place.pair() == before


@pytest.mark.parametrize("how", ["right", "wrong code", "leaves"])
async def test_answering_a_pod_leaves_no_password_in_clear(place: Place, how: str) -> None:
    """One image has its data home on the claim; icloudpd writes the password there before it asks for the code."""
    apple_id = await place.set_up()
    await place.bind("icloudpd-config")
    await waiting_pod(place)

    class Looking(Somebody):
        async def code(self, *_: object) -> Code | AnotherCode:
            assert (KEYRING in await place.files()) is on_claim
            if how == "leaves":
                raise GaveUp
            return Code(place.apple.code(apple_id) if how == "right" else "000000")

    on_claim = place.image is objects.BOREDAZFCUK
    somebody = Looking([PASSWORD], goes_inside=True)
    if how == "right":
        assert any(KEYRING in note for note in (await place.sign_in(somebody)).notes) is on_claim
    else:
        with pytest.raises(WizardError if how == "wrong code" else GaveUp):
            await place.sign_in(somebody)
    await place.all_gone()
    assert not [name for name in await place.files() if name.startswith("python_keyring")]
    await place.gone("pods/icloudpd-auth")


async def test_a_password_in_clear_that_was_there_before_is_noted_until_it_is_gone(place: Place) -> None:
    await place.set_up()
    await place.lay(place.apple.apple.signed_in(place.apple_id))
    await place._write("icloudpd-config", {KEYRING: File(b"[somebody else's]\n")})
    outcome = await place.sign_in(Somebody())
    assert any(KEYRING in note for note in outcome.notes)
    claim = (await place.api.get("persistentvolumeclaims/icloudpd-config")).body["metadata"]["annotations"]
    assert claim[PASSWORD_IN_CLEAR] == KEYRING
    await place._write("icloudpd-config", {KEYRING: File(b"")})
    await place.check(Somebody())
    claim = (await place.api.get("persistentvolumeclaims/icloudpd-config")).body["metadata"]["annotations"]
    assert PASSWORD_IN_CLEAR not in claim


async def test_a_pod_that_waits_for_a_code_is_answered_too(place: Place) -> None:
    apple_id = await place.set_up()
    await place.bind("icloudpd-config")
    await waiting_pod(place)
    async with place.cluster.attach(place.namespace, "icloudpd-auth", "icloudpd", tty=True) as stream:
        await stream.send(f"{PASSWORD}\n".encode())
        await place.api.until("pods/icloudpd-auth/log", lambda answer: "a: (***)" in answer.text)
    somebody = Somebody([], [lambda _: Code(place.apple.code(apple_id))], goes_inside=True)

    assert (await place.sign_in(somebody)).rung is Rung.CODE
    assert somebody.asked == ["second-way", "code"]


async def test_a_pod_that_runs_and_waits_for_nobody_is_taken_away(place: Place) -> None:
    apple_id = await place.set_up()
    await place.bind("icloudpd-config")
    idle = ["/bin/sh", "-c", "echo nothing to see; sleep 3600"]
    await place.api.made("pods", objects.auth_pod(apple_id, "icloudpd-config", place.image, idle))
    await place.api.until("pods/icloudpd-auth/log", lambda answer: "nothing to see" in answer.text)
    somebody = Somebody([PASSWORD], [lambda _: Code(place.apple.code(apple_id))])
    start = await place.start()
    assert "waits for nobody" in start.preparation.plan.changes[0].title

    assert (await place.sign_in(somebody)).rung is Rung.CODE
    assert somebody.asked == ["password", "code"]
    await place.gone("pods/icloudpd-auth")
