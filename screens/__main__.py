"""The command `photosync-wizard`: gives the CLI a way to open the screens without either knowing the other's insides."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wizard.cli.reauth import ReauthOptions
    from wizard.workspace import Workspace


def main() -> None:
    """Runs the command line and exits with its code."""
    from wizard.cli.main import run  # noqa: PLC0415

    for name in ("TEXTUAL", "TEXTUAL_LOG"):  # Textual's own logs hold every key, so also those of a password
        os.environ.pop(name, None)
    sys.unraisablehook = lambda _: None  # a connection that is swept up after its event loop is nobody's to read about
    code = run(sys.argv[1:], open_wizard=_open_wizard, sign_in=_sign_in)
    # Nothing that is still there needs collecting: the interpreter's last sweeps are a seventh of what `status` takes.
    gc.freeze()
    sys.exit(code)


def _open_wizard(opening: Workspace) -> int:
    from screens.app import open_wizard  # noqa: PLC0415

    return open_wizard(opening)


def _sign_in(opening: Workspace, reauth_options: ReauthOptions) -> int:
    from screens.reauth_app import sign_in  # noqa: PLC0415

    return sign_in(opening, reauth_options)


if __name__ == "__main__":
    main()
