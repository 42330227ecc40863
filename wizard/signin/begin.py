"""Gathers what a sign-in of one account starts from: the CronJob as it is, what earlier starts left, the Apple ID."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from wizard.accounts import AccountNames
from wizard.choice_values import SAID
from wizard.errors import Exit, Retry, WizardError
from wizard.facts.accounts import apple_id_on_command_line
from wizard.icloud.typed import account_name
from wizard.icloudpd.shell import VARIABLE, inside, substitutions
from wizard.icloudpd.workload import Workload, read_workload
from wizard.kube.client import Cluster
from wizard.kube.errors import Forbidden, NotFound
from wizard.observe.parse_pod import pod_spec
from wizard.observe.rights import ask
from wizard.settings import Settings
from wizard.signin.auth_pod import find
from wizard.signin.others import handover_jobs, mounting_pods
from wizard.signin.preparing import Preparation, prepare, refuse_without_rights
from wizard.world import World

_KUBERNETES_VARIABLE = re.compile(r"\$\((\w+)\)")
_PATH = re.compile(r"(?<![\w./-])/[\w./-]+")


@dataclass(frozen=True, slots=True)
class Start:
    """One account, ready to be signed in; `apple_id` is None when only the person can say it.

    `source` says where it stands: what stands in the cluster comes before what the person said, which has to agree with it.
    """

    preparation: Preparation
    apple_id: str | None
    source: str


async def begin(cluster: Cluster, world: World, settings: Settings, account: str) -> Start:
    """Reads what is needed and says what is in the way. Raises WizardError; changes nothing."""
    names = AccountNames.of(account, settings)
    namespace = settings.namespace
    cron_job: Mapping[str, Any] | None
    try:
        cron_job = await cluster.get(f"/apis/batch/v1/namespaces/{namespace}/cronjobs/{names.cron_job}")
    except NotFound:
        cron_job = None
    left_over = await handover_jobs(cluster, namespace, names.config_claim)
    pods = await mounting_pods(cluster, namespace, names.config_claim)
    auth_pod = await find(cluster, pods, world.taken_at, namespace)
    preparation = prepare(world, settings, account, cron_job, left_over, pods, auth_pod)
    refuse_without_rights(preparation.plan, await ask(cluster, preparation.plan.rights))
    on_command_line = apple_id_on_command_line(account, world, settings)
    in_secret = None if on_command_line else await _written_apple_id(cluster, namespace, names, cron_job or {})
    written = on_command_line or in_secret
    chosen = settings.apple_ids.get(account)
    if chosen and written and account_name(chosen) != account_name(written):
        raise WizardError(
            "renewal.other-apple-id",
            f"You are signing in as {chosen}, and the CronJob {names.cron_job} signs in as {written}.",
            why="Each Apple ID has session files of its own, so the CronJob would not find yours.",
            fix=f"Sign in as {written} (where you said {chosen} in the set-up, empty that answer), or change it there first.",
            exit_code=Exit.NEEDS_PERSON,
            retry=Retry.NEVER,
        )
    if written:
        source = "from the CronJob's command line" if on_command_line else f"from the Secret {names.secret}"
        return Start(replace(preparation, username=written), account_name(written), source)
    if chosen:
        return Start(preparation, account_name(chosen), SAID)
    seen = settings.seen_apple_ids.get(account)
    return Start(preparation, account_name(seen) if seen else None, "as you signed in last")


async def _written_apple_id(
    cluster: Cluster, namespace: str, names: AccountNames, cron_job: Mapping[str, Any]
) -> str | None:
    """The Apple ID that the CronJob reads from the Secret: the one value of a Secret that is looked at, and only for this."""
    template = cron_job.get("spec", {}).get("jobTemplate", {}).get("spec", {}).get("template", {}).get("spec")
    workload = read_workload(pod_spec(template)) if template else None
    key = username_key(workload, names.secret)
    if key is None:
        return None
    try:
        secret = await cluster.get(f"/api/v1/namespaces/{namespace}/secrets/{names.secret}")
    except (NotFound, Forbidden):
        return None
    raw = (secret.get("data") or {}).get(key, "")
    try:
        text = base64.b64decode(raw, validate=True).decode().strip()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text or None


def username_key(workload: Workload | None, secret: str) -> str | None:
    """The key of this Secret that icloudpd gets as its --username; None where that comes from anywhere else.

    Where no --username can be read it is the key that the documentation names.
    """
    written = workload.option("--username") if workload else None
    if workload is None or written is None:
        return "username"
    if variable := _variable(written):
        return _key_of_variable(workload, variable, secret)
    paths = set(_PATH.findall(inside(written))) if substitutions(written) == [written] else set()
    read = {(key.kind, key.name, key.key) for key in workload.keys if key.where in paths}
    return (
        next((key for kind, name, key in read if (kind, name) == ("secret", secret)), None) if len(read) == 1 else None
    )


def _variable(written: str) -> str:
    """The variable that is all that is written: as a shell has it, or as Kubernetes puts it into a command."""
    match = VARIABLE.fullmatch(written) or _KUBERNETES_VARIABLE.fullmatch(written)
    return next((name for name in match.groups()[:2] if name), "") if match else ""


def _key_of_variable(workload: Workload, variable: str, secret: str) -> str | None:
    """The key behind a variable of icloudpd's container: its own entry comes before whole objects, the last one wins."""
    for one in reversed(workload.container.env):
        if one.name == variable:
            return one.source_key if (one.source, one.source_name) == ("secret", secret) else None
    return variable if workload.container.env_from[-1:] == (f"secret/{secret}",) else None
