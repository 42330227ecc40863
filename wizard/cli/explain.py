"""The command `explain`: the documentation of a finding, of a step, or a whole page. Looks at no cluster."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator

from wizard.cli.output import put
from wizard.errors import Exit, Retry, WizardError
from wizard.iterations import ITERATIONS
from wizard.pages import similar, summaries, text_of, titles

_WIDEST = 100


def explain(name: str | None) -> int:
    """Prints what `name` stands for, or without one what there is. Raises WizardError for an unknown name."""
    if name is None:
        put("\n".join(_contents()) + "\n")
        return int(Exit.DONE)
    text = text_of(name)
    if text is None:
        meant = similar(name)
        raise WizardError(
            "usage.nothing-to-explain",
            f"There is no finding, step or page called {name!r}.",
            fix=(f"Close to it: {', '.join(meant)}. " if meant else "")
            + "`photosync-wizard explain` lists everything that there is.",
            exit_code=Exit.USAGE,
            retry=Retry.NEVER,
        )
    put(_rendered(text) if sys.stdout.isatty() and os.environ.get("TERM") != "dumb" else text)
    return int(Exit.DONE)


def _contents() -> Iterator[str]:
    yield "photosync-wizard explain NAME prints one of these."
    yield "\nPages"
    width = max(map(len, titles()), default=0)
    yield from (f"  {name:{width}}  {title.replace('`', '')}" for name, title in titles().items())
    for iteration in ITERATIONS:
        yield f"\n{iteration.number} {iteration.title} ({iteration.id})"
        for name, summary in summaries().items():
            if name.startswith(f"{iteration.id}."):
                yield f"  {name}\n      {summary}"


def _rendered(markdown: str) -> str:
    from rich.console import Console  # noqa: PLC0415 - only for a terminal
    from rich.markdown import Markdown  # noqa: PLC0415

    console = Console(width=min(_WIDEST, shutil.get_terminal_size().columns))
    with console.capture() as capture:
        console.print(Markdown(markdown, hyperlinks=False))
    return capture.get()
