"""Iteration 2's command lines: what icloudpd is told, where it keeps its session, where the photos go.

What an option by itself means is an entry in OPTIONS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from wizard.accounts import AccountNames
from wizard.choices import CONFIG_CLAIM, IMPORT_FOLDER, PHOTOS_CLAIM, download_folder
from wizard.facts.objects import fix_for
from wizard.facts.runners import SESSION_ONLY, cron_jobs, fix_for_runner, runners
from wizard.icloudpd.images import names_no_program
from wizard.icloudpd.workload import Workload, opaque, read_workload, started_by
from wizard.model import Finding, Severity, Status
from wizard.settings import Settings
from wizard.world import CronJob, PodVolume, World

_KEPT = frozenset({"pvc", "hostPath", "nfs"})


@dataclass(frozen=True, slots=True)
class Option:
    """What giving an option means; `summary` follows the workload's name, `{}` in it is the option's value."""

    name: str
    slug: str
    summary: str
    why: str
    fix: str
    severity: Severity = Severity.WARNING
    status: Status | None = None
    value: str = ""


OPTIONS: tuple[Option, ...] = (
    Option(
        "--password",
        "password-in-arguments",
        "puts the Apple password on its own command line.",
        "Anyone who can list processes on the node, or exec into the pod, can read it there.",
        f"Use {SESSION_ONLY} without --password: the session is enough, and no password is kept.",
    ),
    Option(
        "--auto-delete",
        "auto-delete",
        "deletes here what is deleted in iCloud.",
        "A photo deleted on the phone by mistake disappears from the volume, and from Immich once its trash is emptied.",
        "Remove --auto-delete to keep everything that was ever downloaded.",
    ),
    Option(
        "--delete-after-download",
        "deletes-in-icloud",
        "deletes from iCloud what it has downloaded.",
        "The volume then holds the only copy of these photos.",
        "Remove --delete-after-download.",
    ),
    Option(
        "--keep-icloud-recent-days",
        "deletes-in-icloud",
        "deletes from iCloud what is older than {} days.",
        "The volume then holds the only copy of these photos.",
        "Remove --keep-icloud-recent-days.",
    ),
    Option(
        "--dry-run",
        "downloads-nothing",
        "only says what it would download.",
        "A dry run succeeds and downloads nothing.",
        "Remove --dry-run.",
        status=Status.ACTION_REQUIRED,
    ),
    Option(
        "--only-print-filenames",
        "downloads-nothing",
        "only prints names, and downloads nothing.",
        "Such a run succeeds and downloads nothing.",
        "Remove --only-print-filenames.",
        status=Status.ACTION_REQUIRED,
    ),
    Option(
        "--watch-with-interval",
        "never-ends",
        "never ends: it runs again by itself every {} seconds.",
        "In a CronJob the first run would never end, and no run would ever count as complete.",
        "Remove --watch-with-interval; the CronJob's schedule does that.",
    ),
    Option(
        "--log-level",
        "log-too-quiet",
        "logs only errors.",
        "At level error icloudpd logs nothing when all is well, so success looks like silence.",
        "Use --log-level info.",
        value="error",
    ),
    Option(
        "--until-found",
        "until-found",
        "stops after {} photos that it already has.",
        "After an interrupted first sync the gap behind them is never filled, and nothing says so.",
        "Run the first sync without it, and a full one now and then.",
        Severity.INFO,
    ),
    Option(
        "--recent",
        "recent-only",
        "looks only at the {} newest photos.",
        "Older ones are never downloaded, and the counts can't match.",
        "Remove --recent.",
    ),
)


def check_command_lines(world: World, settings: Settings) -> Iterator[Finding]:
    for job, names in cron_jobs(world, settings):
        workload = read_workload(job.spec)
        if workload is not None and names_no_program(workload):
            continue
        if workload is None or not workload.groups:
            yield _in_git(_unknown(job, workload), job, world)
        else:
            findings = (
                *_asked(job, workload, settings),
                *_session_place(job, workload, names, settings),
                *_photos_place(job, workload, settings),
            )
            yield from (_in_git(finding, job, world) for finding in findings)
    yield from _options(world, settings)
    yield from _quoting(world, settings)


def _seen(substitution: str) -> str:
    """A substitution as evidence: a variable or a file that is read in full, of any other command nothing."""
    plain = re.fullmatch(r"\$\(cat [\w./-]+\)|`cat [\w./-]+`|\$\(?\w+\)?|\$\{\w+\}", substitution)
    return substitution if plain else "$(…)"


def _in_git(finding: Finding, job: CronJob, world: World) -> Finding:
    """The finding about a CronJob's template, whose fix says where the template is kept."""
    fix, commands = fix_for(world, "CronJob", job.meta, finding.fix, *finding.commands)
    return replace(finding, fix=fix, commands=commands)


def _unknown(job: CronJob, workload: Workload | None) -> Finding:
    where = f"cronjob/{job.meta.name}"
    return Finding(
        "credentials.command-unknown",
        Severity.UNKNOWN,
        f"What {job.meta.name} runs can't be determined from its command, so what it reads can't be checked.",
        evidence={
            f"{where} command": started_by(workload.container) if workload else "none",
            f"{where} image": workload.container.image if workload else "none",
        },
        why="The image's own start script decides which files and variables it reads.",
        fix="Call icloudpd directly, as `photosync-wizard explain manifests` shows.",
        implies=Status.UNKNOWN,
    )


def _asked(job: CronJob, workload: Workload, settings: Settings) -> Iterator[Finding]:
    where = f"cronjob/{job.meta.name}"
    if not workload.given("--username"):
        yield Finding(
            "credentials.username-missing",
            Severity.ERROR,
            f"{job.meta.name} names no account, so icloudpd does nothing.",
            evidence={f"{where} --username": "not given"},
            why="Without --username icloudpd prints nothing and exits 0.",
            fix='Add --username "$(cat /credentials/username)".',
            implies=Status.ACTION_REQUIRED,
        )
    if not any(
        workload.given(option) for option in ("--directory", "--auth-only", "--list-albums", "--list-libraries")
    ):
        yield Finding(
            "credentials.directory-missing",
            Severity.ERROR,
            f"{job.meta.name} does not say where to download to.",
            evidence={f"{where} --directory": "not given"},
            why="icloudpd treats that as an argument error and exits 0.",
            fix=f"Add --directory {download_folder(settings)}.",
            implies=Status.ACTION_REQUIRED,
        )
    elif not workload.given("--directory"):
        yield Finding(
            "credentials.downloads-nothing",
            Severity.WARNING,
            f"{job.meta.name} only signs in or lists, and downloads nothing.",
            evidence={f"{where} --directory": "not given"},
            why="Such a run succeeds and downloads nothing.",
            fix=f"Add --directory {download_folder(settings)}.",
            implies=Status.ACTION_REQUIRED,
        )


def _hidden(job: CronJob, option: str, value: str) -> Finding:
    return Finding(
        "credentials.path-unknown",
        Severity.UNKNOWN,
        f"Where {option} of {job.meta.name} points is known only at run time.",
        evidence={f"cronjob/{job.meta.name} {option}": re.sub(r"\$\(.*\)|`.*`", lambda part: _seen(part[0]), value)},
        why="It comes from a variable or a file whose content is not read.",
        fix="Write the path itself on the command line.",
        implies=Status.UNKNOWN,
    )


def _session_place(job: CronJob, workload: Workload, names: AccountNames, settings: Settings) -> Iterator[Finding]:
    where = f"cronjob/{job.meta.name}"
    for cookies in dict.fromkeys(group.get("--cookie-directory") or "" for group in workload.groups):
        if opaque(cookies):
            yield _hidden(job, "--cookie-directory", cookies)
            continue
        volume = workload.volume_at(cookies) if cookies else None
        mount = workload.mount_at(cookies) if cookies else None
        evidence: dict[str, object] = {
            f"{where} --cookie-directory": cookies or "(not given: ~/.pyicloud)",
            "volume there": f"{volume.kind} {volume.ref}".strip() if volume else "none",
        }
        if volume is None or volume.kind not in _KEPT:
            yield Finding(
                "credentials.cookie-directory-lost",
                Severity.ERROR,
                f"The session of {job.meta.name} is not kept on a volume.",
                evidence,
                why="It is lost with the pod, so every run would need a sign-in.",
                fix=f"Mount the claim {names.config_claim} and point --cookie-directory at it.",
                implies=Status.ACTION_REQUIRED,
            )
        elif mount and mount.read_only:
            yield _read_only(job, "session", evidence, settings)
        elif volume.kind != "pvc" or volume.ref != names.config_claim:
            yield Finding(
                "credentials.other-config-claim",
                Severity.WARNING,
                f"The session of {job.meta.name} is on {_called(volume)}, not on claim {names.config_claim}.",
                evidence,
                why="A sign-in writes to the one, and icloudpd reads the other.",
                fix=f"Mount {names.config_claim} there, so that the wizard and icloudpd use the same session.",
                implies=Status.ACTION_REQUIRED,
            )


def _photos_place(job: CronJob, workload: Workload, settings: Settings) -> Iterator[Finding]:
    where = f"cronjob/{job.meta.name}"
    for directory in dict.fromkeys(group["--directory"] for group in workload.groups if "--directory" in group):
        if opaque(directory):
            yield _hidden(job, "--directory", directory)
            continue
        volume, mount = workload.volume_at(directory), workload.mount_at(directory)
        evidence: dict[str, object] = {
            f"{where} --directory": directory,
            "volume there": f"{volume.kind} {volume.ref}".strip() if volume else "none",
        }
        if volume is None or mount is None or volume.kind not in _KEPT:
            yield Finding(
                "credentials.photos-lost",
                Severity.ERROR,
                f"{job.meta.name} downloads into the container itself, not to a volume.",
                evidence,
                why="The photos would be lost with the pod.",
                fix=f"Mount the claim {settings[PHOTOS_CLAIM]} and point --directory at a folder on it.",
                implies=Status.ACTION_REQUIRED,
            )
        elif mount.read_only:
            yield _read_only(job, "photos", evidence, settings)
        elif volume.kind != "pvc" or volume.ref != settings[PHOTOS_CLAIM]:
            yield Finding(
                "credentials.other-photos-claim",
                Severity.WARNING,
                f"{job.meta.name} downloads to {_called(volume)}, not to claim {settings[PHOTOS_CLAIM]}.",
                evidence,
                why="Immich reads the one, and the photos are on the other.",
                fix=f"Mount {settings[PHOTOS_CLAIM]} there.",
                implies=Status.ACTION_REQUIRED,
            )
        else:
            inside = f"{mount.sub_path}/{directory.removeprefix(mount.path.rstrip('/'))}".replace("//", "/").strip("/")
            if inside != settings[IMPORT_FOLDER] and not inside.startswith(settings[IMPORT_FOLDER] + "/"):
                yield Finding(
                    "credentials.photos-elsewhere",
                    Severity.WARNING,
                    f"{job.meta.name} downloads outside the folder {settings[IMPORT_FOLDER]} that Immich's library reads.",
                    evidence | {f"on claim {settings[PHOTOS_CLAIM]}": f"/{inside}"},
                    why="The photos would be on the volume and not in Immich.",
                    fix=f"Point --directory at {mount.path.rstrip('/')}/{settings[IMPORT_FOLDER]}, or a folder below it.",
                )


def _called(volume: PodVolume) -> str:
    return f"claim {volume.ref}" if volume.kind == "pvc" else f"{volume.kind} {volume.ref}".strip()


def _read_only(job: CronJob, what: str, evidence: dict[str, object], settings: Settings) -> Finding:
    claim = settings[CONFIG_CLAIM] if what == "session" else settings[PHOTOS_CLAIM]
    return Finding(
        "credentials.mount-read-only",
        Severity.ERROR,
        f"{job.meta.name} mounts the volume for the {what} read-only.",
        evidence | {"read-only": True},
        why="icloudpd rewrites its session files on every request, and stops when it can't."
        if what == "session"
        else "Nothing can be downloaded to it.",
        fix=f"Mount {claim} without readOnly.",
        implies=Status.ACTION_REQUIRED,
    )


def _options(world: World, settings: Settings) -> Iterator[Finding]:
    all_runners = list(runners(world, settings))
    for option in OPTIONS:
        uses = [
            (where, group[option.name])
            for where, _, workload in all_runners
            for group in workload.groups
            if option.name in group and option.value in ("", group[option.name])
        ]
        if uses:
            places = list(dict.fromkeys(where for where, _ in uses))
            value = "…" if option.name == "--password" else uses[0][1]
            yield Finding(
                f"credentials.{option.slug}",
                option.severity,
                f"{places[0]}{' (and others)' if len(places) > 1 else ''} {option.summary.format(value)}",
                evidence={f"{place} command": f"{option.name} {value}".strip() for place in places},
                why=option.why,
                fix=fix_for_runner(places[0], world, settings, option.fix)[0],
                implies=option.status,
            )


def _quoting(world: World, settings: Settings) -> Iterator[Finding]:
    all_runners = list(runners(world, settings))
    unquoted = {where: workload.unquoted for where, _, workload in all_runners if workload.unquoted}
    literal = {where: workload.literal for where, _, workload in all_runners if workload.literal}
    if unquoted:
        yield Finding(
            "credentials.substitution-unquoted",
            Severity.WARNING,
            f"{' and '.join(unquoted)} {'passes' if len(unquoted) == 1 else 'pass'} a file's content without quotes.",
            evidence={f"{where} command": ", ".join(map(_seen, parts)) for where, parts in unquoted.items()},
            why="A space, * or ? in it changes the command, so a correct password can look wrong.",
            fix=fix_for_runner(next(iter(unquoted)), world, settings, 'Put double quotes around it: "$(cat FILE)".')[0],
        )
    if literal:
        yield Finding(
            "credentials.substitution-literal",
            Severity.ERROR,
            f"{' and '.join(literal)} {'passes' if len(literal) == 1 else 'pass'} the text {_seen(next(iter(literal.values()))[0])} itself, not its value.",
            evidence={f"{where} command": ", ".join(map(_seen, parts)) for where, parts in literal.items()},
            why="Only a shell expands it, and not inside single quotes.",
            fix=fix_for_runner(
                next(iter(literal)), world, settings, 'Start it with sh -c, and use double quotes: "$(cat FILE)".'
            )[0],
            implies=Status.ACTION_REQUIRED,
        )
