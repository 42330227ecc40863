"""Makes the README's picture from the running program: the demo world `seed`, at 100 columns and 30 rows, as SVG.

Run from the checkout: `uv run python -m docs.picture`
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

from screens.app import WizardApp
from wizard.workspace import Request, Workspace

SIZE = (100, 30)
FILE = Path(__file__).with_name("wizard.svg")


async def picture(folder: Path) -> str:
    """The screen of iteration 2 as SVG, once the demo world has been looked at."""
    opening = Workspace(
        Request(demo="seed", env={"XDG_STATE_HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}, home=folder)
    )
    app = WizardApp(opening)
    async with app.run_test(size=SIZE) as pilot:
        while app.picture.snapshot is None:
            await pilot.pause(0.05)
        await pilot.press("escape")
        app.go(2)
        await pilot.pause()
        svg = app.export_screenshot(title="photosync-wizard --demo seed")
    opening.close()
    # Fonts come from whoever shows the picture, not from a server elsewhere.
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        FILE.write_text(asyncio.run(picture(Path(name))))
