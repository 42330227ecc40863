"""What else is on a real cluster during a sign-in: the CronJob, other Jobs, Argo CD, a second account, a kept password."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.signin import objects
from tests.signin.apple import PASSWORD
from tests.signin.place import Place
from tests.signin.process import reauth
from tests.signin.test_killed import soon
from tests.support.person import Somebody
from wizard.annotations import SUSPENDED_BY, TRACKING_ID
from wizard.choices import APPLICATION
from wizard.errors import WizardError
from wizard.icloud.ladder import Rung
from wizard.signin.person import Code, InUse, Stage, StageProgress, Tick

pytestmark = pytest.mark.cluster

TOKEN_ENDED = dt.timedelta(days=61)
APPLICATIONS = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"


def runner(name: str, seconds: int) -> dict[str, Any]:
    """A Job that uses the session for so long."""
    pod = objects.idle_pod("main", [], [])["spec"]
    volume = {"name": "config", "persistentVolumeClaim": {"claimName": "icloudpd-config"}}
    container = pod["containers"][0] | {
        "command": ["sleep", str(seconds)],
        "volumeMounts": [{"name": "config", "mountPath": "/config"}],
    }
    return {
        "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": {"spec": pod | {"volumes": [volume], "containers": [container]}}},
    }


async def running(place: Place, name: str, seconds: int) -> None:
    await place.api.made("batch/v1/jobs", runner(name, seconds))
    await place.api.until(f"batch/v1/jobs/{name}", lambda answer: answer.body["status"].get("ready") == 1)


async def test_a_running_job_is_waited_for(place: Place) -> None:
    apple_id = await place.set_up()
    await running(place, "a-run", 5)
    somebody = Somebody([PASSWORD], [lambda _: Code(place.apple.code(apple_id))], [InUse.WAIT])

    assert (await place.sign_in(somebody)).rung is Rung.CODE

    assert set(somebody.asked[:-2]) == {"in-use"}
    assert somebody.asked[-2:] == ["password", "code"]
    job = (await place.api.get("batch/v1/jobs/a-run")).body
    assert job["status"].get("succeeded") == 1


async def test_a_running_job_is_stopped_when_the_person_says_so(place: Place) -> None:
    apple_id = await place.set_up()
    await running(place, "a-run", 600)
    somebody = Somebody([PASSWORD], [lambda _: Code(place.apple.code(apple_id))], [InUse.STOP])

    assert (await place.sign_in(somebody)).rung is Rung.CODE

    assert somebody.asked == ["in-use", "password", "code"]
    await place.gone("batch/v1/jobs/a-run")
    at_once_again = Somebody()
    assert (await place.sign_in(at_once_again)).rung is Rung.WORKS
    assert at_once_again.asked == []


async def test_the_cron_job_pauses_only_while_its_next_run_would_meet_the_sign_in(place: Place) -> None:
    apple_id = await place.set_up(schedule=soon())
    somebody = Somebody([PASSWORD], [lambda _: Code(place.apple.code(apple_id))])
    sign_in = await place.prepared(somebody)
    async with sign_in._follow(sign_in.preparation.plan).open_pod() as (_, opened):
        await opened
        meanwhile = await place.cron_job()
        await check_pod(place)

    assert meanwhile["spec"]["suspend"] is True
    assert meanwhile["metadata"]["annotations"][SUSPENDED_BY]
    afterwards = await place.cron_job()
    assert afterwards["spec"]["suspend"] is False
    assert SUSPENDED_BY not in afterwards["metadata"].get("annotations", {})
    await place.all_gone()


async def check_pod(place: Place) -> None:
    """It runs where the CronJob's pods run, may do little, has no password within reach, and goes by itself."""
    wanted = (await place.cron_job())["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    [job] = (await place.api.get("batch/v1/jobs?labelSelector=photosync-wizard/purpose=handover")).body["items"]
    assert job["spec"]["activeDeadlineSeconds"] <= 1800
    assert job["spec"]["ttlSecondsAfterFinished"] <= 60
    pod = job["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == wanted["nodeSelector"]
    assert pod["tolerations"] == wanted["tolerations"]
    assert pod["automountServiceAccountToken"] is False
    assert [volume["persistentVolumeClaim"]["claimName"] for volume in pod["volumes"]] == ["icloudpd-config"]
    context = pod["containers"][0]["securityContext"]
    assert context["capabilities"]["drop"] == ["ALL"]
    assert context["allowPrivilegeEscalation"] is False


async def test_a_cron_job_that_argo_cd_would_resume_is_left_alone_and_that_is_said(place: Place) -> None:
    application = place.namespace
    tracking = f"{application}:batch/CronJob:{place.namespace}/icloudpd-sync"
    apple_id = await place.set_up(schedule=soon(), **{TRACKING_ID: tracking})
    spec = {
        "project": "default",
        "source": {"repoURL": "file:///nowhere", "path": ".", "targetRevision": "HEAD"},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": place.namespace},
        "syncPolicy": {"automated": {"selfHeal": True}},
    }
    body = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": application},
        "spec": spec,
    }
    await place.api.made(APPLICATIONS, body)
    try:
        place.settings = place.settings.having(APPLICATION, application)
        somebody = Somebody([PASSWORD], [lambda _: Code(place.apple.code(apple_id))])
        start = await place.start()
        assert start.preparation.pausing.suspend is None

        outcome = await place.sign_in(somebody)
    finally:
        await place.api.delete(f"{APPLICATIONS}/{application}")

    assert any("Argo CD would undo a pause" in note for note in outcome.notes)
    assert (await place.cron_job())["spec"].get("suspend", False) is False


async def test_two_sign_ins_at_once(place: Place) -> None:
    """The second one is told; the first one goes on, and lets go of the claim when it ends."""
    await place.set_up()
    await place.lay(place.apple.apple.signed_in(place.apple_id, TOKEN_ENDED))
    refused: list[str] = []

    class Busy(Somebody):
        async def password(self, apple_id: str, why: WizardError | None) -> str:
            with pytest.raises(WizardError) as trouble:
                await place.sign_in(Somebody())
            refused.append(trouble.value.code)
            return await super().password(apple_id, why)

    assert (await place.sign_in(Busy([PASSWORD]))).rung is Rung.TRUSTED_PASSWORD

    assert refused == ["renewal.under-way"]
    assert not any("held" in name for name in await place.files())
    await place.all_gone()


async def test_one_of_two_accounts(place: Place) -> None:
    await place.set_up()
    place.apple_id = await place.set_up("family")

    ended = await reauth(place, "--account", "family")

    assert ended.code == 0, ended.err
    assert ended.out.startswith("✓ family: Signed in until about")
    assert await place.pair("icloudpd-config-family")
    untouched = (await place.api.get("persistentvolumeclaims/icloudpd-config")).body
    assert untouched["status"]["phase"] == "Pending"
    await place.all_gone()


class Kept:
    """A keyring that holds the password of last year."""

    def __init__(self) -> None:
        self.holds = "the one before"

    async def get(self, apple_id: str) -> str | None:
        assert apple_id
        return self.holds or None

    async def delete(self, apple_id: str) -> None:
        assert apple_id
        self.holds = ""


async def test_each_password_is_typed_before_it_is_sent(place: Place) -> None:
    await place.set_up()
    await place.lay(place.apple.apple.signed_in(place.apple_id, TOKEN_ENDED))
    sent: list[int] = []

    def count(progress: StageProgress) -> None:
        if progress.stage is Stage.APPLE and progress.tick is Tick.DONE:
            sent.append(place.apple.passwords_sent(place.apple_id))

    somebody = Somebody(["wrong once", "wrong twice", PASSWORD], on_progress=count)

    outcome = await place.sign_in(somebody, keeper=Kept())

    assert outcome.rung is Rung.TRUSTED_PASSWORD
    assert somebody.asked == ["password"] * 3
    assert somebody.whys == ["icloud.password-changed", "icloud.wrong-password", "icloud.wrong-password"]
    assert sent == [1 + 3]
