"""`python -m tests.signin.led ADDRESS CA_FILE [--crash] ARGUMENTS...`: the program itself, led to a demo Apple.

With --crash it meets a mistake of its own when the new session is to be written, with the session at hand.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from wizard.demo.apple.route import names_lead_to


def crash_when_staging() -> None:
    """Makes the wizard's own code fail where it holds everything that nobody may see."""
    from wizard.handover.pod import HandoverPod

    async def stage(self: HandoverPod, jar: str, session: str) -> None:  # noqa: ARG001 - it stands in for a method
        raise RuntimeError(f"a mistake with {len(jar)} and {len(session)} characters at hand")

    HandoverPod.stage = stage  # type: ignore[method-assign]


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # xdist's workers ignore it, and their children with them
    from screens.__main__ import main

    address, ca_file, *rest = sys.argv[1:]
    if rest[0] == "--crash":
        rest.pop(0)
        crash_when_staging()
    sys.argv[1:] = rest
    with names_lead_to(address, Path(ca_file)):
        main()
