"""What iteration 5 shows beside its findings: the Immich that was found, and how photos reach it."""

from __future__ import annotations

from wizard.model import FactTable
from wizard.settings import Settings
from wizard.world import Found, Immich, World


def installation_table(world: World, settings: Settings) -> FactTable | None:
    """Where Immich runs, and what it mounts; None where it was not found."""
    del settings
    if not isinstance(world.immich, Found):
        return None
    immich = world.immich.value
    return FactTable.of_pairs(
        ("workload", f"{immich.namespace}/{immich.workload.name}"),
        ("version", immich.version or ""),
        ("image", immich.image),
        ("service", f"{immich.service}:{immich.port}" if immich.service and immich.port else immich.service),
        ("volumes", "; ".join(_mounts(immich))),
    )


def _mounts(immich: Immich) -> list[str]:
    volumes = {volume.name: volume.ref or volume.kind for volume in immich.spec.volumes}
    return [
        f"{volumes.get(mount.volume, mount.volume)} at {mount.path}{', read-only' if mount.read_only else ''}"
        for container in immich.spec.containers[:1]
        for mount in container.mounts
    ]
