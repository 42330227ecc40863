"""Where a CronJob's icloudpd looks for its session, and how it is called: told from the specification, or not at all. Pure.

A session in any other folder helps nobody, so what can't be known is a WizardError, never a guess.
"""

from __future__ import annotations

import posixpath
import re

from wizard.accounts import AccountNames
from wizard.command import kubectl
from wizard.errors import Exit, Retry, WizardError, shorten
from wizard.icloudpd.workload import Workload, opaque

NAME = "icloudpd"
STAGING, PREVIOUS = ".photosync-staging", ".photosync-previous"
"""Beside the session files: a new pair while it is proved, and the pair before."""
_HOME = re.compile(r"^(?:~|\$HOME|\$\{HOME\})(?=/|$)")
_DEFAULT = "~/.pyicloud"


def directory_of(
    workload: Workload, user: int | None, working_directory: str, names: AccountNames, namespace: str
) -> str:
    """The session's folder, an absolute path on the config claim; `user` is who the container runs as, None if unsaid.

    Raises WizardError when it can't be determined, or when it is not on the claim.
    """
    if workload.options is None:
        raise _not_ready(
            f"The CronJob {names.cron_job} does not say how it calls icloudpd.",
            "So it is unknown in which folder it looks for its session.",
            names,
            namespace,
        )
    written = workload.option("--cookie-directory") or _DEFAULT
    home = _home(workload, user)
    path = _HOME.sub(lambda _: home, written) if home else written
    path = posixpath.join(working_directory, path) if working_directory and not _HOME.match(path) else path
    if opaque(path) or not path.startswith("/"):
        raise _not_ready(
            f"It can't be determined in which folder the CronJob {names.cron_job} looks for its session: {shorten(path, 80)}",
            "Only the running container knows what that is."
            if workload.option("--cookie-directory")
            else "It has no --cookie-directory, so icloudpd uses a folder in its home directory.",
            names,
            namespace,
        )
    path = posixpath.normpath(path)
    volume = workload.volume_at(path)
    if volume is None or volume.kind != "pvc" or volume.ref != names.config_claim:
        raise _not_ready(
            f"The CronJob {names.cron_job} looks for its session in {path}, which is not on the claim {names.config_claim}.",
            "What a sign-in leaves on the claim would never be read.",
            names,
            namespace,
        )
    return path


def program_of(workload: Workload, working_directory: str) -> str:
    """How the CronJob calls icloudpd: a path or a name, which the container may have or not."""
    program = workload.program
    if opaque(program) or not program:
        return NAME
    if "/" in program:
        path = posixpath.normpath(posixpath.join(working_directory, program))
        return path if path.startswith("/") else NAME
    return program


def _home(workload: Workload, user: int | None) -> str:
    """The home folder of the container's user; empty when only the container knows it."""
    for variable in workload.container.env:
        if variable.name == "HOME" and variable.value and not variable.source:
            return variable.value.rstrip("/")
    return "/root" if not user else ""


def _not_ready(what: str, why: str, names: AccountNames, namespace: str) -> WizardError:
    return WizardError(
        "renewal.not-ready",
        what,
        why=why,
        fix=f"Give icloudpd in that CronJob a --cookie-directory that is a plain path on {names.config_claim}.",
        commands=(kubectl("get", "cronjob", names.cron_job, "-o", "yaml", namespace=namespace),),
        exit_code=Exit.NEEDS_PERSON,
        retry=Retry.NEVER,
    )
