"""What iteration 4 shows beside its findings: the Application."""

from __future__ import annotations

from wizard.model import FactTable
from wizard.settings import Settings
from wizard.world import Found, World

_SHORT_SHA = 7


def application_table(world: World, settings: Settings) -> FactTable | None:
    """The Application as Argo CD reports it; None where it was not found."""
    del settings
    if not isinstance(world.application, Found):
        return None
    app = world.application.value
    source = app.sources[0] if app.sources else None
    return FactTable.of_pairs(
        ("sync", app.sync or None),
        ("health", app.health or None),
        ("revision", app.compared_revision[:_SHORT_SHA]),
        ("follows", f"{source.repo_url} {source.target_revision} {source.path}".strip() if source else ""),
    )
