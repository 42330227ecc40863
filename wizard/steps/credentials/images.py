"""Iteration 2's images: whether they stay the same, know how Apple sends codes today, and have the program that is called."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.facts.objects import items
from wizard.facts.runners import fix_for_runner, runners
from wizard.icloudpd.images import (
    BOREDAZFCUK_PROGRAM,
    GOOD_IMAGE,
    OFFICIAL_PROGRAM,
    OLD_STARTER,
    Image,
    names_no_program,
)
from wizard.icloudpd.workload import Workload
from wizard.model import Finding, Severity, Status
from wizard.settings import Settings
from wizard.world import World


def check_programs(world: World, settings: Settings) -> Iterator[Finding]:
    for where, _, workload in runners(world, settings):
        image = workload.container.image
        if names_no_program(workload):
            yield Finding(
                "credentials.arguments-without-program",
                Severity.ERROR,
                f"{where} passes only options to the image's entry point, without the name of a program.",
                evidence={f"{where} image": image, f"{where} args": _first_words(workload.container.args)},
                why="Since 1.32.0 the first argument has to be icloudpd or icloud; otherwise the entry point exits with code 1.",
                fix=fix_for_runner(
                    where, world, settings, "Put icloudpd before the options: args: [icloudpd, --directory, and so on]."
                )[0],
                implies=Status.ACTION_REQUIRED,
            )
        elif called := _not_in_image(workload):
            yield Finding(
                "credentials.program-not-in-image",
                Severity.ERROR,
                f"{where} calls {called}, which its image does not have.",
                evidence={f"{where} image": image, f"{where} command": called},
                why=f"Since 1.32.0 icloudpd/icloudpd has {OFFICIAL_PROGRAM}, no icloudpd_ex, and nothing on the PATH: "
                "the shell exits with code 127.",
                fix=fix_for_runner(
                    where,
                    world,
                    settings,
                    f"Call {OFFICIAL_PROGRAM}, or remove command and pass only args, starting with icloudpd.",
                )[0],
                implies=Status.ACTION_REQUIRED,
            )


def _first_words(arguments: tuple[str, ...]) -> str:
    """How arguments begin, without a value: that could be a password."""
    return (
        f"{arguments[0].partition('=')[0]} …"
        if arguments and arguments[0].startswith("-")
        else "…"
        if arguments
        else "none"
    )


def _not_in_image(workload: Workload) -> str:
    """What it calls icloudpd by, where the official image has nothing of that name; empty where it has, or nobody can tell."""
    container = workload.container
    called = workload.starter or workload.program
    if not container.command or not Image.of(container.image).has_entry_point:
        return ""
    sets_path = any("PATH=" in word for word in container.command + container.args)
    by_name = called == "icloudpd" and not sets_path and all(variable.name != "PATH" for variable in container.env)
    return called if by_name or called in (OLD_STARTER, BOREDAZFCUK_PROGRAM) else ""


def check_images(world: World, settings: Settings) -> Iterator[Finding]:
    checked: set[str] = set()
    for where, _, workload in runners(world, settings):
        reference = workload.container.image
        image = Image.of(reference)
        if reference in checked:
            continue
        checked.add(reference)
        if not image.digest and image.tag in ("", "latest"):
            running = _ran_last(world, image.repository)
            pin = "Pin a version or a digest" + (f", for example {running}" if running else "") + "."
            yield Finding(
                "credentials.image-latest",
                Severity.WARNING,
                f"Image tag :latest of {image.repository} can change under you.",
                evidence={f"{where} image": reference} | ({"what ran last": running} if running else {}),
                why="The next pull may bring a different icloudpd than the one that was verified, or an old one may stay forever.",
                fix=fix_for_runner(where, world, settings, pin)[0],
            )
        if image.too_old:
            yield Finding(
                "credentials.image-old",
                Severity.WARNING,
                f"icloudpd {image.tag} is older than 1.32.3, the first that asks Apple for a code.",
                evidence={f"{where} image": reference},
                why="With iOS 26.4 and later no code arrives unless the client asks for it.",
                fix=fix_for_runner(where, world, settings, f"Use {GOOD_IMAGE} or later.")[0],
            )


def _ran_last(world: World, repository: str) -> str:
    images = [
        state.image_id
        for pod in items(world.job_pods) + items(world.pods)
        for state in pod.containers
        if "@" in state.image_id
    ]
    return next((image for image in reversed(images) if image.rsplit("@", 1)[0].endswith(repository)), "")
