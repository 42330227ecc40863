"""The command line: what was asked, done through the engine, answered in words, data and an exit code.

`--help` and `--version` load nothing that talks to a cluster; everything else is imported where it is used.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from wizard import __version__
from wizard.errors import Exit, Trouble

if TYPE_CHECKING:
    from wizard.opening import Opening, Request

PROGRAM = "photosync-wizard"
FORMATS = ("table", "json", "yaml", "seed")
STEP_IDS = ("storage", "credentials", "authentication", "argocd", "immich", "exposure", "verification")
DEFAULT_SCENARIO = "seed"

OpenWizard = Callable[["Opening"], int]

_EPILOG = """\
examples:
  photosync-wizard                           open the wizard where you left off
  photosync-wizard demo                      the same in a built-in demo world; nothing leaves this machine
  photosync-wizard demo --list               which demo worlds there are
  photosync-wizard status                    where all seven iterations stand, without a screen
  photosync-wizard status -o json            the same for scripts (docs/status.md describes it)
  photosync-wizard --demo expired status     any command in a demo world
  photosync-wizard demo --serve --write-kubeconfig demo.kubeconfig
                                             serve a demo world to kubectl

environment:
  KUBECONFIG        kubeconfig files, as for kubectl
  XDG_STATE_HOME    where the wizard keeps your place and choices (~/.local/state)
  XDG_RUNTIME_DIR   where keys lie while the wizard runs; never elsewhere
  NO_COLOR          no colours
  TZ                the time zone that is suggested for the schedule

files:
  ~/.local/state/photosync-wizard/*.json     your place and choices, one file per cluster and namespace; no secrets

exit codes:
  0 done (status: all that is wanted is complete and the session is not due)   1 internal error   2 usage
  3 something needs you   4 something is blocked, failing or unknown   5 the cluster can't be reached   130 interrupted
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(Exit.USAGE, f"{PROGRAM}: {message}\nTry {self.prog} --help.\n")


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(
        prog=PROGRAM,
        description="Gets iCloud photos onto a home Kubernetes cluster, and keeps them coming.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_where_flags(None)],
    )
    top.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)

    where = _where_flags(argparse.SUPPRESS)
    status = commands.add_parser(
        "status",
        parents=[where],
        help="where all seven iterations stand, without a screen",
        description="Looks at the cluster and says where all seven iterations stand. Changes nothing, asks nothing of Apple.",
    )
    status.add_argument("-o", "--output", choices=FORMATS, default="table", help="how to say it (default: %(default)s)")
    status.add_argument("-w", "--watch", action="store_true", help="go on, and say it again whenever it changes")

    demo = commands.add_parser(
        "demo",
        parents=[where],
        help="the wizard in a built-in demo world",
        description="Opens the wizard in a demo world that runs inside this program. Nothing leaves the machine.",
    )
    demo.add_argument(
        "scenario", nargs="?", default=None, metavar="SCENARIO", help=f"which world (default: {DEFAULT_SCENARIO})"
    )
    demo.add_argument("--list", action="store_true", help="list the demo worlds")
    demo.add_argument(
        "--serve", action="store_true", help="serve the world until interrupted, for kubectl or a second wizard"
    )
    demo.add_argument(
        "--write-kubeconfig", metavar="FILE", help="with --serve: where to write its kubeconfig; never overwrites"
    )
    demo.add_argument("--port", type=int, default=0, help="with --serve: the port on 127.0.0.1 (default: any)")

    completion = commands.add_parser(
        "completion",
        help="print a completion script for your shell",
        description=f"Prints a completion script. For bash: source <({PROGRAM} completion bash)",
    )
    completion.add_argument("shell", choices=("bash", "zsh", "tcsh"))
    return top


def _where_flags(default: str | None) -> _Parser:
    """The flags that say which cluster is meant; they may stand before or behind the command."""
    flags = _Parser(add_help=False)
    group = flags.add_argument_group("which cluster")
    group.add_argument("--kubeconfig", metavar="FILE", default=default, help="the kubeconfig to use")
    group.add_argument("--context", metavar="NAME", default=default, help="the kubeconfig's context to use")
    group.add_argument(
        "-n",
        "--namespace",
        metavar="NAME",
        default=default,
        help="the namespace of the photo sync (default: photo-sync)",
    )
    group.add_argument(
        "--demo", metavar="SCENARIO", default=default, help="use a built-in demo world instead of a cluster"
    )
    group.add_argument(
        "--reset", action="store_true", default=default or False, help="with --demo: start the demo world anew"
    )
    group.add_argument(
        "--skip",
        metavar="STEP",
        action="append",
        choices=STEP_IDS,
        default=default,
        help=f"an iteration that is not wanted: {', '.join(STEP_IDS)}",
    )
    return flags


def run(arguments: Sequence[str], *, open_wizard: OpenWizard) -> int:
    """Does what the arguments ask for and returns the exit code. No exception leaves it."""
    try:
        options = parser().parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        return _dispatch(options, open_wizard)
    except Trouble as trouble:
        say(trouble)
        return int(trouble.exit_code)
    except KeyboardInterrupt:
        return int(Exit.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has had enough of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.DONE)
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a person
        return _crashed(error)


def say(trouble: Trouble) -> None:
    """The problem in a person's words, on standard error."""
    first, *rest = trouble.lines()
    print(f"{PROGRAM}: {first}", *rest, sep="\n", file=sys.stderr)


def _dispatch(options: argparse.Namespace, open_wizard: OpenWizard) -> int:
    if options.command == "completion":
        return _completion(options.shell)
    if options.command == "demo":
        return _demo(options, open_wizard)
    request = _request(options, options.demo)
    if options.command == "status":
        from wizard.status import status  # noqa: PLC0415 - loads what talks to the cluster

        return status(request, options.output, watch=options.watch)
    return _open(request, open_wizard)


def _request(options: argparse.Namespace, demo: str | None) -> Request:
    from wizard.opening import Request  # noqa: PLC0415

    if demo and (options.kubeconfig or options.context):
        raise Trouble(
            "usage.demo-and-cluster",
            "A demo world and a cluster can't be looked at at the same time.",
            fix="Leave out --demo, or --kubeconfig and --context.",
            exit_code=Exit.USAGE,
        )
    if options.reset and not demo:
        raise Trouble(
            "usage.reset", "--reset is about demo worlds.", fix="Use it with --demo or demo.", exit_code=Exit.USAGE
        )
    if demo:
        from wizard.demo.scenarios import load  # noqa: PLC0415

        load(demo)
    return Request(
        options.kubeconfig, options.context, options.namespace, demo, options.reset, tuple(options.skip or ())
    )


def _open(request: Request, open_wizard: OpenWizard) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Trouble(
            "usage.no-terminal",
            "The wizard needs a terminal, and this is none.",
            fix="For scripts there is: photosync-wizard status -o json",
            exit_code=Exit.USAGE,
        )
    from wizard.opening import Opening  # noqa: PLC0415

    opening = Opening(request)
    try:
        return open_wizard(opening)
    finally:
        opening.close()
        for notice in opening.notices:
            print(f"{PROGRAM}: {notice}", file=sys.stderr)


def _demo(options: argparse.Namespace, open_wizard: OpenWizard) -> int:
    from wizard.demo.scenarios import load, titles  # noqa: PLC0415

    if options.list:
        width = max(map(len, titles()))
        print(*(f"{name:{width}}  {title}" for name, title in titles().items()), sep="\n")
        return int(Exit.DONE)
    scenario = options.scenario or options.demo or DEFAULT_SCENARIO
    request = _request(options, scenario)
    if not options.serve:
        if options.write_kubeconfig:
            raise Trouble(
                "usage.write-kubeconfig",
                "--write-kubeconfig is for a demo world that is served.",
                fix="Add --serve.",
                exit_code=Exit.USAGE,
            )
        return _open(request, open_wizard)
    if not options.write_kubeconfig:
        raise Trouble(
            "usage.serve",
            "Where is the served world's kubeconfig to be written?",
            fix="Add --write-kubeconfig FILE.",
            exit_code=Exit.USAGE,
        )
    import asyncio  # noqa: PLC0415

    from wizard.demo.serve import serve  # noqa: PLC0415

    folder = request.state_folder / "worlds"
    asyncio.run(serve(load(scenario), Path(options.write_kubeconfig), options.port, folder=folder, reset=request.reset))
    return int(Exit.DONE)


def _completion(shell: str) -> int:
    import shtab  # noqa: PLC0415

    print(shtab.complete(parser(), shell))
    return int(Exit.DONE)


def _crashed(error: Exception) -> int:
    from wizard.crash import describe  # noqa: PLC0415
    from wizard.opening import Request, save_private  # noqa: PLC0415

    print(describe(error, lambda name, text: save_private(Request().state_folder, name, text)), file=sys.stderr)
    return int(Exit.INTERNAL)
