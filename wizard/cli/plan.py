"""The commands `plan` and `apply`: what a step would change, and changing exactly that."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from wizard.apply.preview import Moved
from wizard.cli.console import Console
from wizard.cli.output import put
from wizard.command import Address, photosync_wizard
from wizard.engine import Engine
from wizard.errors import Exit
from wizard.export.review import to_document, to_lines
from wizard.plan import Phase, Progress, Review
from wizard.workspace import Request, Workspace

_SIGNS = {Phase.STARTED: "…", Phase.NOTE: "…", Phase.DONE: "✓", Phase.FAILED: "✗"}


def plan(request: Request, step_id: str, form: str) -> int:
    """Shows what the step would change; returns the exit code. Changes nothing. Raises WizardError."""

    async def review(engine: Engine) -> int:
        reviewed = await _review(engine, step_id)
        _show(step_id, reviewed, form, engine.settings.address)
        return int(Exit.BLOCKED if reviewed.is_blocked else Exit.DONE)

    return _with_engine(request, review)


def apply(request: Request, step_id: str, form: str, *, yes: bool) -> int:
    """Shows what the step would change and does it, when `yes` or the person at the terminal says so. Raises WizardError."""

    async def carry_out(engine: Engine) -> int:
        reviewed = await _review(engine, step_id)
        while True:
            _show(step_id, reviewed, form, engine.settings.address)
            if reviewed.is_blocked:
                return int(Exit.BLOCKED)
            if not reviewed.changes:
                return int(Exit.DONE)
            if not yes and not await _agreed(engine.settings.address):
                return int(Exit.NEEDS_PERSON)
            try:
                await _run(engine, reviewed)
            except Moved as moved:
                if yes:
                    raise
                print(f"! {moved.what} {moved.why}", file=sys.stderr)
                reviewed = moved.review
                continue
            print(f"Done. What is next: {engine.settings.address.line(photosync_wizard('status'))}", file=sys.stderr)
            return int(Exit.DONE)

    return _with_engine(request, carry_out)


async def _run(engine: Engine, review: Review) -> None:
    async with aclosing(engine.apply(review)) as movements:
        async for progress in movements:
            print(_line(progress), file=sys.stderr, flush=True)


async def _agreed(address: Address) -> bool:
    """Whether the person at the terminal wants it; nobody is there without one."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        print("Nothing was changed. Add --yes to go ahead.", file=sys.stderr)
        return False
    try:
        answer = await Console(address).ask("Do it? [y/N] ")
    except EOFError:
        answer = ""
    agreed = answer.strip().lower() in ("y", "yes")
    if not agreed:
        print("Nothing was changed.", file=sys.stderr)
    return agreed


def _line(progress: Progress) -> str:
    detail = f": {progress.detail}" if progress.detail else ""
    return f"{_SIGNS[progress.phase]} {progress.change.title}{detail}"


async def _review(engine: Engine, step_id: str) -> Review:
    await engine.look()
    return await engine.preview(engine.plan(step_id))


def _show(step_id: str, review: Review, form: str, address: Address) -> None:
    if form == "json":
        put(json.dumps(to_document(step_id, review, address), indent=2, ensure_ascii=False) + "\n", data=True)
    else:
        put("\n".join(to_lines(review, address)) + "\n")


def _with_engine(request: Request, work: Callable[[Engine], Awaitable[int]]) -> int:
    opening = Workspace(request)

    async def run() -> int:
        engine = opening.engine()
        try:
            return await work(engine)
        finally:
            await engine.close()

    try:
        return asyncio.run(run())
    finally:
        opening.close()
        for notice in opening.notices:
            print(f"photosync-wizard: {notice}", file=sys.stderr)
