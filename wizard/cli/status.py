"""The command `status`: one look, or one after every change, without a screen."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
from collections.abc import Mapping
from typing import Any

from wizard.answers import answers_of
from wizard.choices import WARNING_DAYS
from wizard.cli.output import put
from wizard.engine import Engine, Fresh, Snapshot, Stale
from wizard.errors import Exit, Retry
from wizard.export import exit_code, to_json, to_seed, to_table, to_yaml
from wizard.settings import Settings
from wizard.workspace import Request, Workspace


def status(request: Request, form: str, *, watch: bool) -> int:
    """Prints where every iteration stands and returns the documented exit code. Raises WizardError."""
    opening = Workspace(request)
    engine = opening.engine()
    snapshot = asyncio.run(_follow(engine, form) if watch else _once(engine))
    for notice in opening.notices:
        print(f"photosync-wizard: {notice}", file=sys.stderr)
    if snapshot is None:
        return int(Exit.UNREACHABLE)
    if not watch:
        put(written(snapshot, form, os.environ, opening.settings), data=form != "table")
    return int(exit_code(snapshot.report, opening.settings[WARNING_DAYS]))


async def _once(engine: Engine) -> Snapshot:
    try:
        return await engine.look()
    finally:
        await engine.close()


async def _follow(engine: Engine, form: str) -> Snapshot | None:
    """Prints every picture that differs from the one before, until interrupted or until nobody reads any more.

    Raises a WizardError that no waiting can cure.
    """
    last = ""
    snapshot: Snapshot | None = None
    async with contextlib.aclosing(engine.updates()) as updates:
        try:
            async for update in updates:
                match update:
                    case Fresh(snapshot=snapshot):
                        text = written(snapshot, form, os.environ, engine.settings, stream=True)
                        if _without_time(text) != last:
                            last = _without_time(text)
                            if not put(text, data=form != "table"):
                                break
                    case Stale(error=error) if error.retry is Retry.NEVER:
                        raise error
                    case Stale(error=error, attempt=attempt):
                        print(f"photosync-wizard: {error.what} Trying again ({attempt}).", file=sys.stderr, flush=True)
        finally:
            await engine.close()
    return snapshot


def written(snapshot: Snapshot, form: str, env: Mapping[str, str], settings: Settings, *, stream: bool = False) -> str:
    """The snapshot in one of the forms, its commands addressed; JSON on one line when it is one of a stream."""
    match form:
        case "json":
            return _json(to_json(snapshot.report, settings.address), stream=stream)
        case "seed":
            return _json(to_seed(snapshot.report, snapshot.world, settings), stream=stream)
        case "answers":
            return ("---\n" if stream else "") + answers_of(settings)
        case "yaml":
            return ("---\n" if stream else "") + to_yaml(snapshot.report, settings.address)
        case _:
            colour = sys.stdout.isatty() and not env.get("NO_COLOR") and env.get("TERM") != "dumb"
            width = shutil.get_terminal_size().columns
            unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
            return to_table(snapshot.report, settings.address, width, colour=colour, unicode=unicode)


def _json(document: Mapping[str, Any], *, stream: bool) -> str:
    return json.dumps(document, indent=None if stream else 2, ensure_ascii=False) + "\n"


def _without_time(text: str) -> str:
    import re  # noqa: PLC0415

    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "", text)
