"""What a World suggests for the choices that nobody has to be asked about, each value with where it was seen. Pure.

Imports no World: the command line's help comes from the same declarations, and needs none.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from wizard.settings import Settings, Value

if TYPE_CHECKING:
    from wizard.world import AppSource, Read, World

V = TypeVar("V")


def followed_source(world: World) -> tuple[AppSource, str] | None:
    """The repository that our application, its parent, or most others follow, and which of them says so."""
    from wizard.annotations import TRACKING_ID, application_in  # noqa: PLC0415 - `--help` needs neither
    from wizard.world import AppSource  # noqa: PLC0415

    app = _read(world.application)
    if app is not None and app.sources:
        parent = _read(world.parent_application)
        name = parent.meta.name if parent else application_in(app.meta.annotations.get(TRACKING_ID, ""))
        via = f', itself from "{name}"' if name else ""
        return app.sources[0], f'from application "{app.meta.name}"{via}'
    page = _read(world.applications)
    sources = [source for other in (page.items if page else ()) for source in other.sources if source.path]
    popular = Counter((source.repo_url, source.target_revision) for source in sources).most_common(1)
    if not popular:
        return None
    (repo, revision), count = popular[0]
    return AppSource(repo, revision), f"{count} of the applications follow it"


def _read(read: Read[V]) -> V | None:
    """What was read; None where it is missing or unreadable."""
    value: V | None = getattr(read, "value", None)
    return value


def storage_class(world: World, _: Settings) -> Value[str | None] | None:
    page = _read(world.storage_classes)
    classes = page.items if page else ()
    if len(classes) == 1:
        return Value(classes[0].meta.name, "the only class")
    default = next((item for item in classes if item.default), None)
    return Value(default.meta.name, f"the default of {len(classes)}") if default else None


def storage_classes(world: World) -> tuple[str, ...]:
    page = _read(world.storage_classes)
    return tuple(item.meta.name for item in page.items) if page else ()


def application(world: World, _: Settings) -> Value[str] | None:
    app = _read(world.application)
    return Value(app.meta.name, f"found in {app.meta.namespace}") if app else None


def applications(world: World) -> tuple[str, ...]:
    page = _read(world.applications)
    return tuple(item.meta.name for item in page.items) if page else ()


def immich_namespace(world: World, _: Settings) -> Value[str | None] | None:
    immich = _read(world.immich)
    return Value(immich.namespace, "found by its image") if immich else None


def time_zone(world: World, cron_job: str) -> Value[str | None] | None:
    """As the CronJob of this name has it."""
    page = _read(world.cron_jobs)
    written = next((job.time_zone for job in (page.items if page else ()) if job.meta.name == cron_job), "")
    return Value(written, f"from CronJob {cron_job}") if written else None


def git_repository(world: World, _: Settings) -> Value[str | None] | None:
    followed = followed_source(world)
    return Value(followed[0].repo_url, followed[1]) if followed and followed[0].repo_url else None


def git_branch(world: World, _: Settings) -> Value[str | None] | None:
    followed = followed_source(world)
    revision = followed[0].target_revision if followed else ""
    return Value(revision, followed[1]) if followed and revision and revision != "HEAD" else None


def git_path(world: World, _: Settings) -> Value[str] | None:
    app = _read(world.application)
    path = app.sources[0].path if app and app.sources else ""
    return Value(path, f'from application "{app.meta.name}"') if app and path else None
