"""Iteration 2: what icloudpd signs in with and when it runs, consistent with each other.

The Secret must have every key that the workloads really read; that is told from their command lines, not from a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from wizard.annotations import SUSPENDED_BY
from wizard.model import Blocker, Finding, Severity, Status
from wizard.schedule import in_words, longest_gap
from wizard.settings import AUTH_POD, CONFIG_MAP, PHOTOS_CLAIM, SERVICE_ACCOUNT, AccountNames, Settings
from wizard.steps.base import Step, missing_rights, unknown
from wizard.steps.look_up import claim_named, cron_job_named, events_about, items, tracked_by
from wizard.steps.workload import KeyRead, Workload, read_workload
from wizard.world import CronJob, Found, Missing, Unreadable, World

SESSION_LIFE = timedelta(days=30)
LONGEST_SAFE_GAP = timedelta(days=25)
FIRST_GOOD_ICLOUDPD = (1, 32, 3)
SESSION_ONLY = "--password-provider parameter"


def _names(settings: Settings) -> list[AccountNames]:
    return [AccountNames.of(account) for account in settings.accounts]


def _cron_jobs(world: World, settings: Settings) -> Iterator[tuple[CronJob, Workload | None]]:
    for names in _names(settings):
        if job := cron_job_named(world, names.cron_job):
            yield job, read_workload(job.spec)


def _workloads(world: World, settings: Settings) -> Iterator[tuple[str, Workload]]:
    """Everything of ours that runs icloudpd: ("cronjob/icloudpd-sync", how it reads the world)."""
    for job, workload in _cron_jobs(world, settings):
        if workload:
            yield f"cronjob/{job.meta.name}", workload
    for pod in items(world.pods):
        if pod.meta.name.startswith(AUTH_POD) and (workload := read_workload(pod.spec)):
            yield f"pod/{pod.meta.name}", workload


def check_secrets(world: World, settings: Settings) -> Iterator[Finding]:
    wanted = {names.secret for names in _names(settings)}
    reads: dict[str, list[tuple[str, KeyRead]]] = {name: [] for name in sorted(wanted)}
    for where, workload in _workloads(world, settings):
        for key in workload.keys:
            if key.kind == "secret" and not key.optional:
                reads.setdefault(key.name, []).append((where, key))
    for name, readers in reads.items():
        yield from _secret(name, readers, world, settings)


def _secret(name: str, readers: list[tuple[str, KeyRead]], world: World, settings: Settings) -> Iterator[Finding]:
    where = f"secret/{name}"
    match world.secrets.get(name):
        case Found(value=secret):
            lacking = [(reader, key) for reader, key in readers if key.key not in secret.keys]
            if lacking:
                yield _key_missing(name, lacking, secret.keys, settings)
            elif not secret.keys:
                yield Finding(
                    "credentials.secret-empty",
                    Severity.ERROR,
                    f"The Secret {name} has no keys at all.",
                    evidence={f"{where} data": "empty"},
                    why="icloudpd learns the Apple ID from it.",
                    fix="Put the Apple ID into its key username.",
                    commands=(_username_command(settings.namespace, name),),
                    implies=Status.ACTION_REQUIRED,
                )
            else:
                yield Finding(
                    "credentials.secret-keys",
                    Severity.OK,
                    f"The Secret {name} has every key that is read: {', '.join(sorted({key.key for _, key in readers})) or 'nobody reads it yet'}.",
                    evidence={f"{where} keys": ", ".join(secret.keys)},
                )
            if application := tracked_by(secret.meta):
                yield Finding(
                    "credentials.secret-in-git",
                    Severity.WARNING,
                    f"The Secret {name} comes out of git, through the application {application}.",
                    evidence={f"{where} metadata.annotations[argocd.argoproj.io/tracking-id]": application},
                    why="Whoever reads the repository, its forks and its history reads what is in it.",
                    fix="Take it out of the application's path and create it in the cluster, or use SealedSecrets, External Secrets or SOPS.",
                )
        case Unreadable() as read:
            yield unknown("credentials.secret-unreadable", f"The Secret {name}", read)
        case Missing():
            if isinstance(world.namespace, Missing):
                return
            yield Finding(
                "credentials.secret-missing",
                Severity.ERROR,
                f"The Secret {name} does not exist yet.",
                evidence={where: "not found"},
                why="icloudpd learns from it which Apple ID to sync.",
                fix="Create it with your Apple ID as username. A password is not needed: the session is enough.",
                commands=(
                    f"kubectl -n {settings.namespace} create secret generic {name} --from-literal=username=YOUR_APPLE_ID",
                ),
                implies=Status.ACTION_REQUIRED,
                blocker=Blocker(
                    "P0",
                    f"Secret {name} does not exist",
                    ("iteration_3", "cronjob_execution"),
                    user_action_required=True,
                    estimated_minutes=2,
                    ready_when=(f"Secret {name} exists with key username",),
                ),
            )
        case None:
            return


def _key_missing(name: str, lacking: list[tuple[str, KeyRead]], keys: tuple[str, ...], settings: Settings) -> Finding:
    files = sorted({key.where for _, key in lacking})
    missing = sorted({key.key for _, key in lacking})
    readers = sorted({reader for reader, _ in lacking})
    count = {1: "A workload reads", 2: "Two workloads read"}.get(len(readers), f"{len(readers)} workloads read")
    noun = "key" if len(missing) == 1 else "keys"
    return Finding(
        "credentials.secret-key-missing",
        Severity.ERROR,
        f"{count} {' and '.join(files)}, but the Secret {name} has no such {noun}.",
        evidence={f"secret/{name} keys": ", ".join(keys) or "none"}
        | {
            f"{reader} command": ", ".join(sorted({key.where for who, key in lacking if who == reader}))
            for reader in readers
        },
        why="icloudpd stops with an argument error and exits 0: the pod goes on Running, and nothing waits for you. "
        "Iteration 3 can't succeed before this is mended.",
        fix=f"Either let the CronJob live on the session alone ({SESSION_ONLY} in place of --password, which keeps no password "
        "in the cluster), or put the key into the Secret.",
        commands=tuple(_add_key_command(settings.namespace, name, key) for key in missing),
        docs="docs/findings.md#credentialssecret-key-missing",
        implies=Status.ACTION_REQUIRED,
        blocker=Blocker(
            "P0",
            f"Secret {name} has no {noun} {' and '.join(missing)}",
            ("iteration_3", "cronjob_execution"),
            user_action_required=True,
            estimated_minutes=1,
            ready_when=(f"Secret {name} has every key that the workloads read ({', '.join(missing)} is missing)",),
        ),
    )


def _add_key_command(namespace: str, secret: str, key: str) -> str:
    """Adds a key without its value ever standing on a command line or in the shell's history."""
    return (
        f'read -rsp \'Value for {key}: \' V && printf \'{{"data":{{"{key}":"%s"}}}}\' "$(printf %s "$V" | base64 | tr -d \'\\n\')" | '
        f"kubectl -n {namespace} patch secret {secret} --type merge --patch-file /dev/stdin; unset V"
    )


def _username_command(namespace: str, secret: str) -> str:
    return _add_key_command(namespace, secret, "username")


def check_config_map(world: World, settings: Settings) -> Iterator[Finding]:
    if isinstance(world.namespace, Missing):
        return
    readers: dict[str, set[str]] = {}
    for where, workload in _workloads(world, settings):
        for key in workload.keys:
            if key.kind == "configmap" and key.name == CONFIG_MAP and not key.optional:
                readers.setdefault(key.key, set()).add(where)
        if any(source == f"configmap/{CONFIG_MAP}" for source in workload.container.env_from):
            readers.setdefault("", set()).add(where)
    where = f"configmap/{CONFIG_MAP}"
    match world.config_maps.get(CONFIG_MAP):
        case Found(value=config_map):
            lacking = sorted(key for key in readers if key and key not in config_map.data)
            if lacking:
                yield Finding(
                    "credentials.configmap-key-missing",
                    Severity.ERROR,
                    f"The ConfigMap {CONFIG_MAP} lacks {', '.join(lacking)}, which is read from it.",
                    evidence={f"{where} keys": ", ".join(config_map.data)}
                    | {f"reads {key}": ", ".join(sorted(readers[key])) for key in lacking},
                    fix="Add the keys, in git when Argo CD manages this namespace.",
                    commands=(f"kubectl -n {settings.namespace} edit configmap {CONFIG_MAP}",),
                    implies=Status.ACTION_REQUIRED,
                )
            else:
                count = len(config_map.data)
                yield Finding(
                    "credentials.configmap",
                    Severity.OK,
                    f"The ConfigMap {CONFIG_MAP} exists with {count} {'key' if count == 1 else 'keys'}.",
                    evidence={f"{where} keys": ", ".join(config_map.data)},
                )
            if not readers and any(True for _ in _workloads(world, settings)):
                yield Finding(
                    "credentials.configmap-unused",
                    Severity.INFO,
                    f"Nothing reads the ConfigMap {CONFIG_MAP}: the options stand on the command line.",
                    evidence={where: "not mounted and in no environment variable"},
                    why="Changing it changes nothing, which is easily mistaken.",
                    fix="Change the CronJob's command line instead, or leave it as it is.",
                )
        case Unreadable() as read:
            yield unknown("credentials.configmap-unreadable", f"The ConfigMap {CONFIG_MAP}", read)
        case Missing():
            yield Finding(
                "credentials.configmap-missing",
                Severity.ERROR,
                f"The ConfigMap {CONFIG_MAP} does not exist yet.",
                evidence={where: "not found"},
                why="It holds what can be set about a sync.",
                fix="Create it, in git when Argo CD manages this namespace.",
                commands=(
                    f"kubectl -n {settings.namespace} create configmap {CONFIG_MAP} "
                    "--from-literal=folder_structure='{:%Y/%m}' --from-literal=directory=/photos/icloud-import",
                ),
                implies=Status.ACTION_REQUIRED,
            )
        case None:
            return


def check_service_account(world: World, settings: Settings) -> Iterator[Finding]:
    where = f"serviceaccount/{SERVICE_ACCOUNT}"
    match world.service_account:
        case Found(value=account):
            off_in_pods = [job.spec.automount is False for job, _ in _cron_jobs(world, settings)]
            if account.automount is False or (off_in_pods and all(off_in_pods)):
                yield Finding(
                    "credentials.serviceaccount",
                    Severity.OK,
                    f"The ServiceAccount {SERVICE_ACCOUNT} exists and mounts no token.",
                    evidence={f"{where} automountServiceAccountToken": account.automount},
                )
            else:
                yield Finding(
                    "credentials.token-automounted",
                    Severity.WARNING,
                    f"Pods of the ServiceAccount {SERVICE_ACCOUNT} get a token for the cluster, which icloudpd has no use for.",
                    evidence={f"{where} automountServiceAccountToken": account.automount},
                    why="A program that talks to the internet should not carry the cluster's keys.",
                    fix="Switch it off, in git when Argo CD manages this namespace.",
                    commands=(
                        f"kubectl -n {settings.namespace} patch serviceaccount {SERVICE_ACCOUNT} "
                        "-p '{\"automountServiceAccountToken\": false}'",
                    ),
                    implies=Status.ACTION_REQUIRED,
                )
        case Unreadable() as read:
            yield unknown("credentials.serviceaccount-unreadable", f"The ServiceAccount {SERVICE_ACCOUNT}", read)
        case Missing() if not isinstance(world.namespace, Missing):
            yield Finding(
                "credentials.serviceaccount-missing",
                Severity.ERROR,
                f"The ServiceAccount {SERVICE_ACCOUNT} does not exist yet.",
                evidence={where: "not found"},
                why="Without it the CronJob's pods can't be created.",
                fix="Create it without token automount, in git when Argo CD manages this namespace.",
                commands=(
                    f"kubectl -n {settings.namespace} apply -f - <<'EOF'\napiVersion: v1\nkind: ServiceAccount\n"
                    f"metadata: {{name: {SERVICE_ACCOUNT}}}\nautomountServiceAccountToken: false\nEOF",
                ),
                implies=Status.ACTION_REQUIRED,
            )
        case _:
            return


def check_cron_jobs(world: World, settings: Settings) -> Iterator[Finding]:
    if isinstance(world.cron_jobs, Unreadable):
        yield unknown("credentials.cronjobs-unreadable", f"The CronJobs in {settings.namespace}", world.cron_jobs)
        return
    if isinstance(world.namespace, Missing):
        yield Finding(
            "credentials.waits-for-namespace",
            Severity.INFO,
            f"Waits for iteration 1: there is no namespace {settings.namespace} to put them into.",
            implies=Status.PENDING,
        )
        return
    for names in _names(settings):
        job = cron_job_named(world, names.cron_job)
        if job is None:
            yield Finding(
                "credentials.cronjob-missing",
                Severity.ERROR,
                f"The CronJob {names.cron_job} does not exist yet.",
                evidence={f"cronjob/{names.cron_job}": "not found"},
                why="It is what downloads the photos, night after night.",
                fix="Create it, in git when Argo CD manages this namespace; docs/manifests.md has one that lives on the session alone.",
                docs="docs/manifests.md",
                implies=Status.ACTION_REQUIRED,
                blocker=Blocker(
                    "P0",
                    f"CronJob {names.cron_job} does not exist",
                    ("iteration_7", "cronjob_execution"),
                    user_action_required=True,
                    estimated_minutes=5,
                    ready_when=(f"CronJob {names.cron_job} exists",),
                ),
            )
            continue
        yield from _cron_job(job, read_workload(job.spec), names, world, settings)


def _cron_job(
    job: CronJob, workload: Workload | None, names: AccountNames, world: World, settings: Settings
) -> Iterator[Finding]:
    where = f"cronjob/{job.meta.name}"
    if job.suspend:
        by_us = job.meta.annotations.get(SUSPENDED_BY)
        yield Finding(
            "credentials.cronjob-suspended",
            Severity.WARNING,
            f"The CronJob {job.meta.name} is suspended: nothing is synced"
            + (", paused by this wizard for a sign-in." if by_us else "."),
            evidence={f"{where} spec.suspend": True} | ({f"{where} {SUSPENDED_BY}": by_us} if by_us else {}),
            fix="Resume it when no sign-in is under way.",
            commands=(
                f'kubectl -n {settings.namespace} patch cronjob {job.meta.name} -p \'{{"spec":{{"suspend":false}}}}\'',
            ),
            implies=Status.ACTION_REQUIRED,
        )
    else:
        yield Finding(
            "credentials.cronjob",
            Severity.OK,
            f"The CronJob {job.meta.name} exists, not suspended, {job.schedule} {job.time_zone}".rstrip() + ".",
            evidence={
                f"{where} spec.schedule": job.schedule,
                f"{where} spec.timeZone": job.time_zone or "(the cluster's)",
            },
        )
    yield from _schedule(job, where, world)
    yield from _retries(job, where)
    if job.concurrency == "Allow":
        yield Finding(
            "credentials.concurrent-runs",
            Severity.WARNING,
            f"Two runs of {job.meta.name} may overlap and spoil each other's session.",
            evidence={f"{where} spec.concurrencyPolicy": "Allow"},
            why="icloudpd rewrites its session files at every request; two at a time leave a mixture.",
            fix="Set concurrencyPolicy to Forbid.",
        )
    if job.spec.service_account != SERVICE_ACCOUNT:
        yield Finding(
            "credentials.other-serviceaccount",
            Severity.WARNING,
            f"The CronJob {job.meta.name} runs as ServiceAccount {job.spec.service_account or 'default'}, not {SERVICE_ACCOUNT}.",
            evidence={f"{where} serviceAccountName": job.spec.service_account or "(default)"},
            fix=f"Set serviceAccountName to {SERVICE_ACCOUNT}.",
        )
    if workload is None or workload.options is None:
        yield Finding(
            "credentials.command-unknown",
            Severity.WARNING,
            f"What {job.meta.name} runs can't be told from its command, so what it reads can't be checked.",
            evidence={
                f"{where} command": (workload.text if workload else "") or "(the image's own entry point)",
                f"{where} image": workload.container.image if workload else "none",
            },
            why="The image's own start script decides which files and variables it reads.",
            fix="Call icloudpd itself, as docs/manifests.md shows, so that what runs can be seen.",
            docs="docs/manifests.md",
        )
    else:
        yield from _paths(job, workload, names, world)


def _schedule(job: CronJob, where: str, world: World) -> Iterator[Finding]:
    gap = longest_gap(job.schedule, job.time_zone, world.taken_at)
    if gap is None:
        yield Finding(
            "credentials.schedule-unreadable",
            Severity.WARNING,
            f"The schedule {job.schedule!r} of {job.meta.name} never comes round, as far as can be told.",
            evidence={f"{where} spec.schedule": job.schedule},
            fix="Use five fields, for example 0 3 * * * for every night at three.",
        )
    elif gap >= LONGEST_SAFE_GAP:
        yield Finding(
            "credentials.schedule-outlives-session",
            Severity.WARNING,
            f"The schedule ({in_words(gap)}) outlives Apple's session (about {SESSION_LIFE.days} days).",
            evidence={f"{where} spec.schedule": job.schedule, "longest time between runs": f"{gap.days} days"},
            why="Every run would find its session expired, and ask for a code that nobody is there to type.",
            fix="Run it daily: 0 3 * * *.",
            commands=(
                f'kubectl -n {job.meta.namespace} patch cronjob {job.meta.name} -p \'{{"spec":{{"schedule":"0 3 * * *"}}}}\'',
            ),
        )


def _retries(job: CronJob, where: str) -> Iterator[Finding]:
    if job.backoff_limit > 0 or job.spec.restart_policy == "OnFailure":
        yield Finding(
            "credentials.retries-hammer",
            Severity.WARNING,
            f"A failing run is repeated (backoffLimit {job.backoff_limit}, restartPolicy {job.spec.restart_policy}), "
            "which Apple may answer with a lock.",
            evidence={f"{where} backoffLimit": job.backoff_limit, f"{where} restartPolicy": job.spec.restart_policy},
            why="A session that has ended does not come back by trying again.",
            fix="Set backoffLimit: 0 and restartPolicy: Never; the next night tries again anyway.",
        )


def _paths(job: CronJob, workload: Workload, names: AccountNames, world: World) -> Iterator[Finding]:
    where = f"cronjob/{job.meta.name}"
    cookies = workload.option("--cookie-directory")
    volume = workload.volume_at(cookies) if cookies else None
    if not cookies or volume is None or volume.kind == "emptyDir":
        yield Finding(
            "credentials.cookie-directory-lost",
            Severity.ERROR,
            f"The session of {job.meta.name} is not kept on a volume.",
            evidence={
                f"{where} --cookie-directory": cookies or "(not given: ~/.pyicloud)",
                "volume there": volume.kind if volume else "none",
            },
            why="It ends with the pod, so every run would need a sign-in.",
            fix=f"Mount the claim {names.config_claim} and point --cookie-directory at it.",
            implies=Status.ACTION_REQUIRED,
        )
    elif volume.kind == "pvc" and volume.ref != names.config_claim:
        yield Finding(
            "credentials.other-config-claim",
            Severity.WARNING,
            f"The session of {job.meta.name} lives on claim {volume.ref}, not on {names.config_claim}.",
            evidence={f"{where} --cookie-directory": cookies, "claim": volume.ref},
            fix=f"Mount {names.config_claim} there, so that the wizard and icloudpd mean the same session.",
        )
    directory = workload.option("--directory")
    target = workload.volume_at(directory) if directory else None
    if directory and (target is None or target.kind == "emptyDir"):
        yield Finding(
            "credentials.photos-lost",
            Severity.ERROR,
            f"{job.meta.name} downloads into the container itself, not onto a volume.",
            evidence={f"{where} --directory": directory, "volume there": target.kind if target else "none"},
            why="The photos would be gone with the pod.",
            fix=f"Mount the claim {PHOTOS_CLAIM} and point --directory below it.",
            implies=Status.ACTION_REQUIRED,
        )
    for item in job.spec.volumes:
        if item.kind == "pvc" and isinstance(world.claims, Found) and not claim_named(world, item.ref):
            yield Finding(
                "credentials.claim-reference-broken",
                Severity.ERROR,
                f"{job.meta.name} mounts the claim {item.ref}, which does not exist.",
                evidence={f"{where} volume {item.name}": f"claim {item.ref}: not found"},
                why="Its pods would wait for ever.",
                fix="Create the claim (iteration 1) or mend the name.",
                implies=Status.ACTION_REQUIRED,
            )


def check_images(world: World, settings: Settings) -> Iterator[Finding]:
    for job, workload in _cron_jobs(world, settings):
        if workload is None:
            continue
        image = workload.container.image
        where = f"cronjob/{job.meta.name} image"
        name, _, digest = image.partition("@")
        repository, _, tag = name.rpartition(":") if ":" in name.rsplit("/", 1)[-1] else (name, "", "")
        running = _running_digest(world, repository)
        if not digest and tag in ("", "latest"):
            yield Finding(
                "credentials.image-latest",
                Severity.WARNING,
                f"Image tag :latest of {repository} can change under you.",
                evidence={where: image} | ({"what ran last": running} if running else {}),
                why="The next pull may bring another icloudpd than the one that was verified, or keep an old one for ever.",
                fix="Pin a version or a digest" + (f", for example {running}" if running else "") + ".",
            )
        version = tuple(int(part) for part in re.findall(r"\d+", tag)[:3])
        if (
            repository.endswith("icloudpd/icloudpd")
            and not repository.startswith("boredazfcuk")
            and len(version) == 3
            and version < FIRST_GOOD_ICLOUDPD
        ):
            yield Finding(
                "credentials.image-old",
                Severity.WARNING,
                f"icloudpd {tag} is older than 1.32.3, which learnt to ask Apple for a code.",
                evidence={where: image},
                why="With iOS 26.4 and later no code arrives unless the client asks for it.",
                fix="Use 1.32.3 or later.",
            )


def _running_digest(world: World, repository: str) -> str:
    images = [
        state.image_id
        for pod in items(world.job_pods) + items(world.pods)
        for state in pod.containers
        if "@" in state.image_id
    ]
    return next((image for image in reversed(images) if image.rsplit("@", 1)[0].endswith(repository)), "")


def check_arguments(world: World, settings: Settings) -> Iterator[Finding]:
    for where, workload in _workloads(world, settings):
        options = workload.options or {}
        if "--password" in options:
            yield Finding(
                "credentials.password-in-arguments",
                Severity.WARNING,
                f"{where} puts the Apple password on its own command line.",
                evidence={f"{where} command": "--password …"},
                why="Whoever can list processes on the node, or exec into the pod, can read it there.",
                fix=f"Use {SESSION_ONLY} without --password: the session is enough, and no password is kept.",
            )
        if workload.unquoted:
            yield Finding(
                "credentials.substitution-unquoted",
                Severity.WARNING,
                f"{where} passes a file's content without quotes.",
                evidence={f"{where} command": ", ".join(dict.fromkeys(workload.unquoted))},
                why="A space, * or ? in it changes the command, so a right password can look wrong.",
                fix='Put double quotes around it: "$(cat FILE)".',
            )
        if "--auto-delete" in options:
            yield Finding(
                "credentials.auto-delete",
                Severity.WARNING,
                f"{where} deletes here what is deleted in iCloud.",
                evidence={f"{where} command": "--auto-delete"},
                why="A photo deleted on the phone by mistake goes from the volume, and from Immich after its trash days.",
                fix="Leave --auto-delete out to keep everything that was ever downloaded.",
            )
        if "--until-found" in options:
            yield Finding(
                "credentials.until-found",
                Severity.INFO,
                f"{where} stops after {options['--until-found']} photos that it has already.",
                evidence={f"{where} command": f"--until-found {options['--until-found']}"},
                why="After an interrupted first sync the gap behind them is never filled, and nothing says so.",
                fix="Leave it out of the first full sync, and run a full one now and then.",
            )


def check_pod_security(world: World, settings: Settings) -> Iterator[Finding]:
    refused = [
        event
        for event in events_about(world, "Job") + events_about(world, "ReplicaSet")
        if event.reason == "FailedCreate" and "violates PodSecurity" in event.message
    ]
    if refused:
        yield Finding(
            "credentials.pod-security-refused",
            Severity.ERROR,
            f"The namespace's Pod Security level refuses the pods of {refused[-1].kind.lower()}/{refused[-1].name}.",
            evidence={f"event on {refused[-1].kind.lower()}/{refused[-1].name}": refused[-1].message},
            why="There is no pod at all then, so there is no log either.",
            fix="Mount claims instead of hostPath and set the asked-for securityContext, or give the namespace a level that allows it.",
            commands=(
                f"kubectl label namespace {settings.namespace} pod-security.kubernetes.io/enforce=privileged --overwrite",
            ),
            implies=Status.BLOCKED,
        )
        return
    if isinstance(world.namespace, Found):
        level = world.namespace.value.meta.labels.get("pod-security.kubernetes.io/enforce", "")
        paths = [
            (job.meta.name, volume.ref)
            for job, _ in _cron_jobs(world, settings)
            for volume in job.spec.volumes
            if volume.kind == "hostPath"
        ]
        if level in ("baseline", "restricted") and paths:
            yield Finding(
                "credentials.pod-security-hostpath",
                Severity.ERROR,
                f"{paths[0][0]} mounts the host's folder {paths[0][1]}, which this namespace forbids.",
                evidence={f"namespace/{settings.namespace} pod-security.kubernetes.io/enforce": level},
                why="Its pods would be refused before they exist.",
                fix="Mount a claim; a volume of kind hostPath behind a claim is allowed.",
                implies=Status.ACTION_REQUIRED,
            )


STEP = Step(
    2,
    "credentials",
    "Credentials & config",
    "What icloudpd signs in with and when it runs: one Secret, one ConfigMap, one CronJob. They have to agree with each other.",
    (
        check_secrets,
        check_config_map,
        check_service_account,
        check_cron_jobs,
        check_images,
        check_arguments,
        check_pod_security,
        missing_rights(
            "credentials",
            "create the Secret, the ConfigMap and the CronJob",
            [
                ("create", "secrets"),
                ("patch", "secrets"),
                ("create", "configmaps"),
                ("create", "cronjobs.batch"),
                ("patch", "cronjobs.batch"),
            ],
        ),
    ),
)
