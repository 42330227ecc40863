"""Iteration 2: what icloudpd signs in with and when it runs, consistent with each other.

Here the Secret, the ConfigMap and the ServiceAccount; the CronJob is in cron_job.py, its command line in command_line.py. The
Secret must have every key that the workloads really read; that is determined from their command lines, not from a list.
"""

from __future__ import annotations

from collections.abc import Iterator

from wizard.choice_values import value_of
from wizard.choices import CONFIG_MAP, SERVICE_ACCOUNT, TIME_ZONE
from wizard.command import kubectl
from wizard.facts.objects import application_of, fix_for, manager_of
from wizard.facts.runners import cron_jobs, namespace_unusable, runners
from wizard.icloudpd.workload import KeyRead
from wizard.iterations import iteration
from wizard.manifests import credentials, to_apply
from wizard.model import Blocker, Finding, Severity, Status
from wizard.settings import Settings
from wizard.steps.base import Need, Step, unknown
from wizard.steps.credentials.command_line import check_command_lines
from wizard.steps.credentials.cron_job import check_cron_jobs, check_refused_pods
from wizard.steps.credentials.images import check_images, check_programs
from wizard.steps.credentials.secrets import check_secrets, keys_not_mounted, readers_by_object
from wizard.steps.credentials.table import schedules_table
from wizard.world import NOT_ASKED, Found, Meta, Missing, Unreadable, World


def check_namespace(world: World, settings: Settings) -> Iterator[Finding]:
    if namespace_unusable(world):
        yield Finding(
            "credentials.waits-for-namespace",
            Severity.INFO,
            f"Waits for step 1: there is no namespace {settings.namespace} yet.",
            implies=Status.PENDING,
        )


def check_config_maps(world: World, settings: Settings) -> Iterator[Finding]:
    if namespace_unusable(world):
        return
    readers = readers_by_object(world, settings, "configmap")
    for name in sorted({settings[CONFIG_MAP]} | readers.keys()):
        yield from _config_map(name, readers.get(name, []), world, settings)
    if (
        settings[CONFIG_MAP] not in readers
        and isinstance(world.config_maps.get(settings[CONFIG_MAP]), Found)
        and any(True for _ in runners(world, settings))
    ):
        yield Finding(
            "credentials.configmap-unused",
            Severity.INFO,
            f"Nothing reads the ConfigMap {settings[CONFIG_MAP]}: the options are on the command line.",
            evidence={f"configmap/{settings[CONFIG_MAP]}": "not mounted and in no environment variable"},
            why="Changing it has no effect, which is easy to miss.",
            fix="Change the CronJob's command line instead, or leave it as it is.",
        )


def _config_map(name: str, readers: list[tuple[str, KeyRead]], world: World, settings: Settings) -> Iterator[Finding]:
    where = f"configmap/{name}"
    yield from keys_not_mounted(where, readers)
    match world.config_maps.get(name, NOT_ASKED):
        case Found(value=config_map):
            lacking = {key.key: reader for reader, key in readers if key.mounted and key.key not in config_map.data}
            keys = ", ".join(config_map.data)
            if lacking:
                fix, commands = fix_for(
                    world,
                    "ConfigMap",
                    config_map.meta,
                    "Add the keys.",
                    kubectl("edit", "configmap", name, namespace=settings.namespace),
                )
                yield Finding(
                    "credentials.configmap-key-missing",
                    Severity.ERROR,
                    f"The ConfigMap {name} has no {', '.join(sorted(lacking))}, which is read from it.",
                    evidence={f"{where} keys": keys or "none"}
                    | {f"{reader} reads": key for key, reader in sorted(lacking.items())},
                    why="A missing file or variable keeps the pod from doing its work.",
                    fix=fix,
                    commands=commands,
                    implies=Status.ACTION_REQUIRED,
                )
            else:
                count = len(config_map.data)
                yield Finding(
                    "credentials.configmap",
                    Severity.OK,
                    f"The ConfigMap {name} exists with {count} {'key' if count == 1 else 'keys'}.",
                    evidence={
                        f"{where} keys": keys,
                        "managed by": manager_of(config_map.meta, application_of(world, "ConfigMap", config_map.meta)),
                    },
                )
        case Unreadable() as read:
            yield unknown("credentials.configmap-unreadable", f"The ConfigMap {name}", read)
        case Missing():
            yield Finding(
                "credentials.configmap-missing",
                Severity.ERROR,
                f"The ConfigMap {name} does not exist yet.",
                evidence={where: "not found"},
                why="It holds the settings of the sync."
                if name == settings[CONFIG_MAP]
                else "The pod that refers to it can't start without it.",
                fix="Create it, in git if Argo CD manages this namespace.",
                commands=(
                    to_apply(credentials.config_map(settings, time_zone=value_of(TIME_ZONE, world, settings).value)),
                )
                if name == settings[CONFIG_MAP]
                else (),
                implies=Status.ACTION_REQUIRED,
                blocker=_absent("ConfigMap", name),
            )


def check_service_account(world: World, settings: Settings) -> Iterator[Finding]:
    where = f"serviceaccount/{settings[SERVICE_ACCOUNT]}"
    match world.service_account:
        case Found(value=account):
            specs = {f"cronjob/{job.meta.name}": job.spec.automount for job, _ in cron_jobs(world, settings)}
            insisting = [name for name, automount in specs.items() if automount]
            off_everywhere = bool(specs) and all(automount is False for automount in specs.values())
            if (account.automount is False and not insisting) or off_everywhere:
                yield Finding(
                    "credentials.serviceaccount",
                    Severity.OK,
                    f"The ServiceAccount {settings[SERVICE_ACCOUNT]} exists and mounts no token.",
                    evidence={
                        f"{where} automountServiceAccountToken": account.automount,
                        "managed by": manager_of(account.meta, application_of(world, "ServiceAccount", account.meta)),
                    },
                )
            else:
                yield _token_mounted(where, account.automount, account.meta, insisting, world, settings)
        case Unreadable() as read:
            yield unknown(
                "credentials.serviceaccount-unreadable", f"The ServiceAccount {settings[SERVICE_ACCOUNT]}", read
            )
        case Missing() if not namespace_unusable(world):
            yield Finding(
                "credentials.serviceaccount-missing",
                Severity.ERROR,
                f"The ServiceAccount {settings[SERVICE_ACCOUNT]} does not exist yet.",
                evidence={where: "not found"},
                why="Pods that run as this ServiceAccount can't be created without it.",
                fix="Create it without token automount, in git if Argo CD manages this namespace.",
                commands=(to_apply(credentials.service_account(settings)),),
                implies=Status.ACTION_REQUIRED,
                blocker=_absent("ServiceAccount", settings[SERVICE_ACCOUNT]),
            )
        case _:
            return


def _absent(kind: str, name: str) -> Blocker:
    return Blocker(
        "P1",
        f"{kind} {name} does not exist",
        ("cronjob_execution",),
        user_action_required=True,
        estimated_minutes=1,
        ready_when=(f"{kind} {name} exists",),
    )


def _token_mounted(
    where: str, automount: bool | None, meta: Meta, insisting: list[str], world: World, settings: Settings
) -> Finding:
    fix, commands = fix_for(
        world,
        "ServiceAccount",
        meta,
        "Set automountServiceAccountToken to false.",
        kubectl(
            *("patch", "serviceaccount", settings[SERVICE_ACCOUNT], "--type", "merge", "-p"),
            '{"automountServiceAccountToken": false}',
            namespace=settings.namespace,
        ),
    )
    if insisting:
        fix, commands = f"Remove automountServiceAccountToken: true from {insisting[0]}'s pod template.", ()
    return Finding(
        "credentials.token-automounted",
        Severity.WARNING,
        f"Pods of the ServiceAccount {settings[SERVICE_ACCOUNT]} get an API token, which icloudpd does not need.",
        evidence={f"{where} automountServiceAccountToken": "not set" if automount is None else automount}
        | {f"{name} automountServiceAccountToken": True for name in insisting},
        why="A program that talks to the internet should not carry cluster credentials.",
        fix=fix,
        commands=commands,
        implies=Status.ACTION_REQUIRED,
    )


STEP = Step(
    iteration("credentials"),
    "What icloudpd signs in with and when it runs: one Secret, one ConfigMap, one CronJob. They have to agree with each other.",
    (
        check_namespace,
        check_secrets,
        check_config_maps,
        check_service_account,
        check_cron_jobs,
        check_command_lines,
        check_programs,
        check_images,
        check_refused_pods,
    ),
    work="create the Secret, the ConfigMap, the ServiceAccount and the CronJob",
    needs=(
        Need("create", "secrets"),
        Need("patch", "secrets"),
        Need("create", "configmaps"),
        Need("create", "serviceaccounts"),
        Need("create", "cronjobs.batch"),
        Need("patch", "cronjobs.batch"),
    ),
    table=schedules_table,
)
