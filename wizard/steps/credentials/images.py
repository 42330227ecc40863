"""Iteration 2's images: whether they can change under one's feet, and whether they know how Apple sends codes today."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.facts.objects import items
from wizard.facts.runners import mend_runner, runners
from wizard.icloudpd.images import GOOD_IMAGE, Image
from wizard.model import Finding, Severity
from wizard.settings import Settings
from wizard.world import World


def check_images(world: World, settings: Settings) -> Iterator[Finding]:
    seen: set[str] = set()
    for where, _, workload in runners(world, settings):
        reference = workload.container.image
        image = Image.of(reference)
        if reference in seen:
            continue
        seen.add(reference)
        if not image.digest and image.tag in ("", "latest"):
            running = _ran_last(world, image.repository)
            pin = "Pin a version or a digest" + (f", for example {running}" if running else "") + "."
            yield Finding(
                "credentials.image-latest",
                Severity.WARNING,
                f"Image tag :latest of {image.repository} can change under you.",
                evidence={f"{where} image": reference} | ({"what ran last": running} if running else {}),
                why="The next pull may bring another icloudpd than the one that was verified, or keep an old one for ever.",
                fix=mend_runner(where, world, settings, pin)[0],
            )
        if image.too_old:
            yield Finding(
                "credentials.image-old",
                Severity.WARNING,
                f"icloudpd {image.tag} is older than 1.32.3, which learnt to ask Apple for a code.",
                evidence={f"{where} image": reference},
                why="With iOS 26.4 and later no code arrives unless the client asks for it.",
                fix=mend_runner(where, world, settings, f"Use {GOOD_IMAGE} or later.")[0],
            )


def _ran_last(world: World, repository: str) -> str:
    images = [
        state.image_id
        for pod in items(world.job_pods) + items(world.pods)
        for state in pod.containers
        if "@" in state.image_id
    ]
    return next((image for image in reversed(images) if image.rsplit("@", 1)[0].endswith(repository)), "")
