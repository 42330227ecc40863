"""Opens the screens over the hand-made seed state: `python tests/screens/look.py [first|trouble|slow|stale|complete|demo]`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from screens.app import WizardApp
from tests.screens import fake


def main() -> int:
    """Runs until it is closed."""
    which = sys.argv[1] if len(sys.argv) > 1 else "seed"
    updates = {
        "trouble": (fake.unreachable(),),
        "slow": (),
        "stale": (fake.fresh(), fake.stale(3)),
        "complete": (fake.fresh(fake.all_complete()),),
    }.get(which, (fake.fresh(),))
    workspace = fake.FakeWorkspace(
        *updates,
        place=None if which == "first" else fake.HOME,
        banner="demo world: seed, nothing leaves this machine" if which == "demo" else "",
    )
    started = datetime.now(UTC)
    app = WizardApp(workspace, now=lambda: fake.NOW + (datetime.now(UTC) - started))
    app.run()
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main())
