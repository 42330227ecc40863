"""How a person signs in, and out of what is left of a sign-in: the commands for it, the wizard's own first."""

from __future__ import annotations

import json
import re

from wizard.accounts import AccountNames
from wizard.choices import CONFIG_MOUNT
from wizard.command import Command, Shell, kubectl, photosync_wizard
from wizard.facts.objects import claims_of, cron_job_named
from wizard.icloudpd.images import GOOD_IMAGE, Image
from wizard.icloudpd.log import read_log
from wizard.icloudpd.workload import opaque, read_workload
from wizard.settings import DEFAULT_ACCOUNT, Settings
from wizard.world import Found, Pod, World


def reauth(account: str, settings: Settings, *flags: str) -> Command:
    """The wizard's command that signs this account in; it names the account where there are several."""
    several = account != DEFAULT_ACCOUNT or len(settings.accounts) > 1
    return photosync_wizard("reauth", *flags, *(("--account", account) if several else ()))


def run_by_hand(names: AccountNames, settings: Settings) -> Command:
    """Starts a run of the account's CronJob now, under a name that no run has yet."""
    name = Shell(f" {names.cron_job}-by-hand-$(date +%s)")
    return kubectl("create", "job", f"--from=cronjob/{names.cron_job}", name, namespace=settings.namespace)


def sign_in(account: str, pods: list[Pod], world: World, settings: Settings) -> tuple[Command, ...]:
    """The wizard's command where it can work, then how it goes by hand; `pods` are those that somebody made for it."""
    names = AccountNames.of(account, settings)
    own = (reauth(account, settings),) if can_lead(names, world) else ()
    return own + (_by_attaching(names, pods, world, settings) or _by_hand(account, names, world, settings))


def sign_in_again(account: str, pods: list[Pod], world: World, settings: Settings) -> tuple[Command, ...]:
    """How to sign in although the session still works; by hand that can't be, since icloudpd asks for nothing until it ends."""
    names = AccountNames.of(account, settings)
    own = (reauth(account, settings, "--renew"),) if can_lead(names, world) else ()
    return own + _by_attaching(names, pods, world, settings)


def can_lead(names: AccountNames, world: World) -> bool:
    """Whether the wizard's own sign-in has what it needs: a CronJob that uses the session."""
    job = cron_job_named(world, names.cron_job)
    return job is not None and names.config_claim in claims_of(job.spec)


def _by_attaching(names: AccountNames, pods: list[Pod], world: World, settings: Settings) -> tuple[Command, ...]:
    for pod in pods:
        log = world.auth_logs.get(pod.meta.name)
        if names.config_claim not in claims_of(pod.spec) or not isinstance(log, Found):
            continue
        if read_log(log.value).ending in ("asks-password", "asks-code"):
            name = pod.meta.name
            return (
                kubectl("attach", "-it", name, namespace=settings.namespace),
                kubectl("delete", "pod", name, namespace=settings.namespace),
            )
    return ()


def remove_from_claim(names: AccountNames, path: str, world: World, settings: Settings) -> tuple[Command, ...]:
    """A pod that removes one file from the config claim, with the CronJob's image; nothing for a path that is none."""
    if not re.fullmatch(r"[\w.-][\w./-]*", path) or ".." in path.split("/"):
        return ()
    job = cron_job_named(world, names.cron_job)
    workload = read_workload(job.spec) if job else None
    image = workload.container.image if workload else GOOD_IMAGE
    container: dict[str, object] = {
        "name": "remove-file",
        "image": image,
        "command": ["rm", "-f", f"/claim/{path}"],
        "volumeMounts": [{"name": "claim", "mountPath": "/claim"}],
    }
    return (_run(container, "claim", names, settings),)


def _run(container: dict[str, object], volume: str, names: AccountNames, settings: Settings) -> Command:
    """A pod of its own that mounts the config claim as `volume`, and goes when it is done."""
    overrides = {
        "spec": {
            "automountServiceAccountToken": False,
            "volumes": [{"name": volume, "persistentVolumeClaim": {"claimName": names.config_claim}}],
            "containers": [container],
        }
    }
    return kubectl(
        *("run", str(container["name"]), "-it", "--rm", "--restart=Never", f"--image={container['image']}"),
        f"--overrides={json.dumps(overrides, separators=(',', ':'))}",
        namespace=settings.namespace,
    )


def _by_hand(account: str, names: AccountNames, world: World, settings: Settings) -> tuple[Command, ...]:
    """A pod of its own that goes when it is done, and a run that shows whether it helped."""
    job = cron_job_named(world, names.cron_job)
    workload = read_workload(job.spec) if job else None
    own = workload is not None and bool(workload.program) and not Image.of(workload.container.image).official
    image = GOOD_IMAGE
    if workload and (
        own or (Image.of(workload.container.image).official and not Image.of(workload.container.image).too_old)
    ):
        image = workload.container.image
    written = workload.option("--username") if workload else None
    apple_id = settings.apple_ids.get(account) or (
        written if written and "@" in written and not opaque(written) else ""
    )
    options = ["--auth-only", "--password-provider", "console", "--cookie-directory", settings[CONFIG_MOUNT]]
    options += ["--username", apple_id or "YOUR_APPLE_ID"]
    container: dict[str, object] = {
        "name": "icloudpd-sign-in",
        "image": image,
        "stdin": True,
        "tty": True,
        **({"command": [workload.program, *options]} if workload and own else {"args": ["icloudpd", *options]}),
        "volumeMounts": [{"name": "config", "mountPath": settings[CONFIG_MOUNT]}],
    }
    return (
        _run(container, "config", names, settings),
        *((run_by_hand(names, settings),) if job else ()),
    )
