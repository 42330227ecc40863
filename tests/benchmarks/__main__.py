"""`python -m tests.benchmarks --kubeconfig FILE`: measures everything, prints the table, exits 1 when a limit is exceeded."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import commands, kubeconfigs, results, terminal
from tests.benchmarks.promises import PROMISES, bench_in
from tests.benchmarks.results import Result
from wizard.command import Address
from wizard.errors import WizardError


def main() -> int:
    """The exit code: 0 all kept, 1 a limit exceeded, 2 it could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--kubeconfig",
        type=Path,
        default=os.environ.get("KUBECONFIG"),
        help="of a cluster on loopback (else KUBECONFIG)",
    )
    parser.add_argument("--runs", type=int, default=5, help="how many of each are measured (5)")
    parser.add_argument(
        "--apple-hook",
        metavar="PATH",
        type=Path,
        help="a program that leads its pods to a demo Apple: PATH --apple IP:PORT --apple-ca FILE; away: PATH --no-apple",
    )
    parser.add_argument("--only", nargs="+", choices=PROMISES, default=list(PROMISES), help="some of them")
    options = parser.parse_args()
    if not options.kubeconfig:
        parser.error("--kubeconfig is needed")
    found: list[Result] = []
    try:
        with tempfile.TemporaryDirectory(prefix="photosync-bench-") as folder:
            namespace = f"photosync-bench-{secrets.token_hex(3)}"
            with bench_in(Path(options.kubeconfig), Path(folder), namespace, options.runs, options.apple_hook) as bench:
                for name, measure in PROMISES.items():
                    if name in options.only:
                        sys.stderr.write(f"measuring {name} …\n")
                        found.extend(measure(bench))
    except (kubeconfigs.NotLoopbackError, commands.UnexpectedExitError, terminal.NothingDrawnError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except WizardError as trouble:
        sys.stderr.write("\n".join((*trouble.lines(Address()), "")))
        return 2
    finally:
        if found:
            sys.stdout.write(results.table(found) + "\n")
    return 0 if all(result.kept for result in found) else 1


if __name__ == "__main__":
    sys.exit(main())
