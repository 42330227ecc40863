"""The command line's commands and flags, with their help."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from wizard import __version__
from wizard.checks import namespace
from wizard.choices import APPLE_ID
from wizard.cli.choice_flags import add_choices
from wizard.cli.output import put
from wizard.errors import Exit
from wizard.iterations import IDS

PROGRAM = "photosync-wizard"
FORMATS = ("table", "json", "yaml", "seed", "answers")
DEFAULT_SCENARIO = "seed"

_EPILOG = """\
examples:
  photosync-wizard                           open the wizard where you left off
  photosync-wizard demo                      the same in a built-in demo world; nothing leaves this machine
  photosync-wizard demo --list               which demo worlds there are
  photosync-wizard status                    the status of every step, without a screen
  photosync-wizard status -o json            the same for scripts (`explain status` describes it)
  photosync-wizard explain                   list the documentation; explain ID describes one finding
  photosync-wizard plan storage              what step 1 would change; apply does it
  photosync-wizard --demo expired status     any command in a demo world
  photosync-wizard demo --serve --write-kubeconfig demo.kubeconfig
                                             serve a demo world to kubectl

environment:
  KUBECONFIG        kubeconfig files, as for kubectl
  XDG_STATE_HOME    where the wizard keeps your place and choices (~/.local/state)
  XDG_RUNTIME_DIR   where keys are kept while the wizard runs (else in a private folder next to the state)
  NO_COLOR          no colours
  TZ                the time zone suggested for the schedule

files:
  ~/.local/state/photosync-wizard/*.json     your place and choices, one file per cluster and namespace; no secrets

exit codes:
  0 done (status: every step not skipped is complete, and no sign-in is due)   1 internal error   2 usage
  3 something needs you   4 something is blocked, failing or unknown   5 the cluster can't be reached   130 interrupted
"""


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)

    def _print_message(self, message: str, file: Any = None) -> None:
        if file is sys.stdout:
            put(message)
        else:
            print(message, end="", file=file or sys.stderr)

    def error(self, message: str) -> NoReturn:
        self.exit(Exit.USAGE, f"{PROGRAM}: {message}\nTry {self.prog} --help.\n")


def parser(explainable: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """The whole command line; `explainable` are the names that `explain` takes, for completion only."""
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
        help="the status of every step, without a screen",
        description="Looks at the cluster and shows the status of every step. Changes nothing, and does not contact Apple.",
    )
    status.add_argument("-o", "--output", choices=FORMATS, default="table", help="output format (default: %(default)s)")
    status.add_argument(
        "-w", "--watch", action="store_true", help="keep running, and print the status again whenever it changes"
    )
    add_choices(status)

    for name, verbs in (("plan", "show"), ("apply", "show and make")):
        command = commands.add_parser(
            name,
            parents=[where],
            help=f"{verbs} the changes of a step to the cluster",
            description=f"{'Shows' if name == 'plan' else 'Shows and makes'} the changes of a step to the cluster. "
            + ("Changes nothing." if name == "plan" else "Objects that exist already stay as they are."),
        )
        command.add_argument("step", choices=IDS, metavar="STEP", help=f"one of {', '.join(IDS)}")
        command.add_argument("-o", "--output", choices=("table", "json"), default="table", help="output format")
        if name == "apply":
            command.add_argument("--yes", action="store_true", help="don't ask for confirmation")
        add_choices(command)

    _add_reauth(commands, where)

    demo = commands.add_parser(
        "demo",
        parents=[where],
        help="the wizard in a built-in demo world",
        description="Opens the wizard in a demo world that runs inside this program. Nothing leaves the machine.",
    )
    demo.add_argument(
        "scenario", nargs="?", default=None, metavar="SCENARIO", help=f"which demo world (default: {DEFAULT_SCENARIO})"
    )
    demo.add_argument("--list", action="store_true", help="list the demo worlds")
    demo.add_argument(
        "--serve", action="store_true", help="serve the world until interrupted, for kubectl or a second wizard"
    )
    demo.add_argument(
        "--write-kubeconfig", metavar="FILE", help="with --serve: where to write its kubeconfig; never overwrites"
    )
    demo.add_argument(
        "--port", type=_port, default=0, metavar="PORT", help="with --serve: the port on 127.0.0.1 (default: any)"
    )
    demo.add_argument(
        "--apple", action="store_true", help="with --serve: make its demo Apple reachable for other programs"
    )

    add_choices(demo)

    explain = commands.add_parser(
        "explain",
        help="what a finding means and how to fix it, or another page of the documentation",
        description="Prints the documentation of a finding, of a step, or a whole page. Needs no cluster.",
    )
    explain.add_argument(
        "name",
        nargs="?",
        choices=explainable,
        metavar="ID",
        help="a finding's id, a step's, or a page's name (default: list them)",
    )

    completion = commands.add_parser(
        "completion",
        help="print a completion script for your shell",
        description=f"Prints a completion script. For bash: source <({PROGRAM} completion bash)",
    )
    completion.add_argument("shell", choices=("bash", "zsh", "tcsh"))
    add_choices(top, top=True)
    return top


def _add_reauth(commands: Any, where: argparse.ArgumentParser) -> None:
    reauth = commands.add_parser(
        "reauth",
        parents=[where],
        help="sign in to iCloud again, with as few inputs as Apple allows",
        description="Signs in to iCloud through the cluster's own icloudpd: it asks for nothing while the session works or can "
        "be restored, for no code while Apple trusts it, and for one code at most.",
    )
    reauth.add_argument("--account", metavar="NAME", action="append", help="only this account (default: all of them)")
    reauth.add_argument("--apple-id", metavar="ID", help="the Apple ID (default: the one in the Secret)")
    modes = reauth.add_mutually_exclusive_group()
    modes.add_argument("--check", action="store_true", help="only say what a sign-in would take; changes no session")
    reauth.add_argument(
        "--ask-apple",
        action="store_true",
        help="with --check: also ask Apple, from this machine, whether the tokens of an ended session can restore it",
    )
    modes.add_argument(
        "--renew",
        action="store_true",
        help="sign in again even though the session still works, so that it lasts longer",
    )
    reauth.add_argument("--plain", action="store_true", help="ask on the terminal, without a screen")
    reauth.add_argument(
        "--in-pod", action="store_true", help="let icloudpd itself sign in, inside a pod (the second way)"
    )
    reauth.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    reauth.add_argument(
        "--code-stdin",
        action="store_true",
        help="read the code from standard input (from the second line with --password-stdin)",
    )
    reauth.add_argument("--keep-password", action="store_true", help="keep the password in this machine's keyring")
    reauth.add_argument("--forget-password", action="store_true", help="remove a kept password from the keyring first")
    reauth.add_argument(
        "--ics",
        metavar="FILE",
        help="write the date of the next sign-in to this calendar file; replaces an earlier one",
    )
    add_choices(reauth, without=(APPLE_ID,))


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
        type=_namespace,
        default=default,
        help="the namespace of the photo sync (default: photo-sync)",
    )
    group.add_argument(
        "--demo", metavar="SCENARIO", default=default, help="use a built-in demo world instead of a cluster"
    )
    group.add_argument(
        "--reset",
        action="store_true",
        default=default or False,
        help="with --demo: start over with a fresh demo world",
    )
    return flags


def _namespace(text: str) -> str:
    try:
        return namespace(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a valid port: use 0 to 65535")
    return int(text)
