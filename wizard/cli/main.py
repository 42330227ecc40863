"""The command line: what was asked, done through the engine, answered in words, data and an exit code.

`--help` and `--version` load nothing that talks to a cluster; everything else is imported where it is used.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from wizard import __version__
from wizard.checks import namespace
from wizard.choices import APPLE_ID
from wizard.cli.choice_flags import add_choices, said
from wizard.cli.output import prepare, put
from wizard.command import Address, photosync_wizard
from wizard.errors import Exit, WizardError
from wizard.iterations import IDS

if TYPE_CHECKING:
    from wizard.cli.reauth import ReauthOptions
    from wizard.workspace import Request, Workspace

PROGRAM = "photosync-wizard"
FORMATS = ("table", "json", "yaml", "seed", "answers")
DEFAULT_SCENARIO = "seed"

OpenWizard = Callable[["Workspace"], int]
SignIn = Callable[["Workspace", "ReauthOptions"], int]

_EPILOG = """\
examples:
  photosync-wizard                           open the wizard where you left off
  photosync-wizard demo                      the same in a built-in demo world; nothing leaves this machine
  photosync-wizard demo --list               which demo worlds there are
  photosync-wizard status                    where all seven iterations stand, without a screen
  photosync-wizard status -o json            the same for scripts (docs/status.md describes it)
  photosync-wizard plan storage              what step 1 would change; apply does it
  photosync-wizard --demo expired status     any command in a demo world
  photosync-wizard demo --serve --write-kubeconfig demo.kubeconfig
                                             serve a demo world to kubectl

environment:
  KUBECONFIG        kubeconfig files, as for kubectl
  XDG_STATE_HOME    where the wizard keeps your place and choices (~/.local/state)
  XDG_RUNTIME_DIR   where keys lie while the wizard runs (else a private folder beside the state)
  NO_COLOR          no colours
  TZ                the time zone that is suggested for the schedule

files:
  ~/.local/state/photosync-wizard/*.json     your place and choices, one file per cluster and namespace; no secrets

exit codes:
  0 done (status: all that is wanted is complete and the session is not due)   1 internal error   2 usage
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
    add_choices(status)

    for name, verb in (("plan", "show"), ("apply", "show, and do,")):
        command = commands.add_parser(
            name,
            parents=[where],
            help=f"{verb} what a step would change in the cluster",
            description=f"{verb.capitalize()} what a step would change in the cluster. "
            + ("Changes nothing." if name == "plan" else "What is there already stays as it is."),
        )
        command.add_argument("step", choices=IDS, metavar="STEP", help=f"one of {', '.join(IDS)}")
        command.add_argument("-o", "--output", choices=("table", "json"), default="table", help="how to say it")
        if name == "apply":
            command.add_argument("--yes", action="store_true", help="do it without asking")
        add_choices(command)

    _add_reauth(commands, where)

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
    demo.add_argument(
        "--port", type=_port, default=0, metavar="PORT", help="with --serve: the port on 127.0.0.1 (default: any)"
    )
    demo.add_argument("--apple", action="store_true", help="with --serve: let other programs reach its demo Apple")

    add_choices(demo)

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
        description="Signs in to iCloud through the cluster's own icloudpd: nothing is asked while the session works or can "
        "be healed, no code while Apple trusts it, one code at most.",
    )
    reauth.add_argument("--account", metavar="NAME", action="append", help="only this account (default: every one)")
    reauth.add_argument("--apple-id", metavar="ID", help="the Apple ID (default: as the Secret has it)")
    what = reauth.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="only say what it would take; changes no session")
    reauth.add_argument(
        "--ask-apple",
        action="store_true",
        help="with --check: also ask Apple, from this machine, whether an ended session's own tokens bring it back",
    )
    what.add_argument(
        "--renew", action="store_true", help="sign in anew although the session still works, so that it lasts longer"
    )
    reauth.add_argument("--plain", action="store_true", help="questions on the terminal, without a screen")
    reauth.add_argument(
        "--in-pod", action="store_true", help="let icloudpd itself sign in, inside a pod (the second way)"
    )
    reauth.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    reauth.add_argument(
        "--code-stdin", action="store_true", help="read the code from standard input (with both, the second line)"
    )
    reauth.add_argument("--keep-password", action="store_true", help="keep the password in this machine's keyring")
    reauth.add_argument("--forget-password", action="store_true", help="remove a kept password from the keyring first")
    reauth.add_argument(
        "--ics", metavar="FILE", help="write the next sign-in's date as a calendar event; replaces its own"
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
        "--reset", action="store_true", default=default or False, help="with --demo: start the demo world anew"
    )
    return flags


def _namespace(text: str) -> str:
    try:
        return namespace(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)


def run(arguments: Sequence[str], *, open_wizard: OpenWizard, sign_in: SignIn | None = None) -> int:
    """Does what the arguments ask for and returns the exit code. No exception leaves it."""
    prepare()
    address = Address()
    try:
        with _interrupted_by_signals():
            options = parser().parse_args(arguments)
            address = Address(options.kubeconfig, options.context, options.namespace, _scenario(options))
            if options.command == "completion":
                return _completion(options.shell)
            if options.command == "demo" and options.list:
                return _list()
            request = _request(options)
            address = request.address
            return _dispatch(request, options, open_wizard, sign_in)
    except SystemExit as stop:
        return int(stop.code or 0)
    except WizardError as trouble:
        say(trouble, address)
        return int(trouble.exit_code)
    except KeyboardInterrupt:
        return int(Exit.INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a person
        return _crashed(error, address)


@contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the program as SIGINT does, to which asyncio cancels what runs: nothing is left behind."""
    came: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        came.append(number)
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    kept = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)}
    for each, handler in kept.items():
        if handler is not signal.SIG_IGN:
            signal.signal(each, interrupt)
    try:
        yield
    finally:
        for each, handler in kept.items():
            signal.signal(each, handler or signal.SIG_DFL)
    if came:
        raise KeyboardInterrupt


def say(trouble: WizardError, address: Address) -> None:
    """The problem in a person's words, on standard error, its commands for this address."""
    from wizard.cli.console import in_words  # noqa: PLC0415 - only where there is a problem

    print(in_words(trouble, address, sys.stderr, f"{PROGRAM}: "), file=sys.stderr)


def _dispatch(request: Request, options: argparse.Namespace, open_wizard: OpenWizard, sign_in: SignIn | None) -> int:
    if options.command == "demo":
        return _demo(request, options, open_wizard)
    if options.command == "status":
        from wizard.cli.status import status  # noqa: PLC0415 - loads what talks to the cluster

        return status(request, options.output, watch=options.watch)
    if options.command in ("plan", "apply"):
        from wizard.cli import plan  # noqa: PLC0415 - loads what talks to the cluster

        if options.command == "plan":
            return plan.plan(request, options.step, options.output)
        return plan.apply(request, options.step, options.output, yes=options.yes)
    if options.command == "reauth":
        from wizard.cli.reauth import reauth  # noqa: PLC0415 - loads what talks to the cluster and to Apple

        return reauth(request, _reauth_options(options), sign_in if _wants_a_screen(options) else None)
    return _open(request, open_wizard)


def _wants_a_screen(options: argparse.Namespace) -> bool:
    """Whether a person sits in front of it who can be shown one."""
    by_script = options.plain or options.check or options.password_stdin or options.code_stdin
    terminal = all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    return terminal and not by_script and os.environ.get("TERM") != "dumb"


def _reauth_options(options: argparse.Namespace) -> ReauthOptions:
    from wizard.cli.reauth import ReauthOptions  # noqa: PLC0415

    return ReauthOptions(
        accounts=tuple(options.account or ()),
        apple_id=options.apple_id,
        check=options.check,
        ask_apple=options.ask_apple,
        in_pod=options.in_pod,
        password_stdin=options.password_stdin,
        code_stdin=options.code_stdin,
        keep_password=options.keep_password,
        forget_password=options.forget_password,
        ics=Path(options.ics) if options.ics else None,
        renew=options.renew,
    )


def _scenario(options: argparse.Namespace) -> str | None:
    """Which demo world is meant; None for a real cluster."""
    names = (options.scenario, options.demo, DEFAULT_SCENARIO) if options.command == "demo" else (options.demo,)
    return next((name for name in names if name is not None), None)


def _request(options: argparse.Namespace) -> Request:
    from wizard.workspace import Request  # noqa: PLC0415

    demo = _scenario(options)
    if demo is not None and (options.kubeconfig or options.context):
        raise WizardError(
            "usage.demo-and-cluster",
            "A demo world and a cluster can't be looked at at the same time.",
            fix="Leave out --demo, or --kubeconfig and --context.",
            exit_code=Exit.USAGE,
        )
    if options.reset and demo is None:
        raise WizardError(
            "usage.reset", "--reset is about demo worlds.", fix="Use it with --demo or demo.", exit_code=Exit.USAGE
        )
    if demo is not None:
        from wizard.demo.scenarios import load  # noqa: PLC0415

        load(demo)
    return Request(
        options.kubeconfig,
        options.context,
        options.namespace,
        demo,
        options.reset,
        getattr(options, "answers", None),
        said(options),
    )


def _open(request: Request, open_wizard: OpenWizard) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise WizardError(
            "usage.no-terminal",
            "The wizard needs a terminal, and this is none.",
            fix="For scripts there is:",
            commands=(photosync_wizard("status", "-o", "json"),),
            exit_code=Exit.USAGE,
        )
    if os.environ.get("TERM") == "dumb":
        raise WizardError(
            "usage.dumb-terminal",
            "The wizard draws on the whole screen, which this terminal can't (TERM=dumb).",
            fix="Open it in another terminal, or take:",
            commands=(photosync_wizard("status"),),
            exit_code=Exit.USAGE,
        )
    from wizard.workspace import Workspace  # noqa: PLC0415

    opening = Workspace(request, stop_at_another_cluster=True)
    try:
        return open_wizard(opening)
    finally:
        opening.close()
        for notice in opening.notices:
            print(f"{PROGRAM}: {notice}", file=sys.stderr)


def _list() -> int:
    from wizard.demo.scenarios import titles  # noqa: PLC0415

    width = max(map(len, titles()))
    put("".join(f"{name:{width}}  {title}\n" for name, title in titles().items()))
    return int(Exit.DONE)


def _demo(request: Request, options: argparse.Namespace, open_wizard: OpenWizard) -> int:
    if not options.serve:
        if options.write_kubeconfig:
            raise WizardError(
                "usage.write-kubeconfig",
                "--write-kubeconfig is for a demo world that is served.",
                fix="Add --serve.",
                exit_code=Exit.USAGE,
            )
        return _open(request, open_wizard)
    if not options.write_kubeconfig:
        raise WizardError(
            "usage.serve",
            "Where is the served world's kubeconfig to be written?",
            fix="Add --write-kubeconfig FILE.",
            exit_code=Exit.USAGE,
        )
    import asyncio  # noqa: PLC0415

    from wizard.connectors import serving_troubles, worlds  # noqa: PLC0415
    from wizard.demo.scenarios import load  # noqa: PLC0415
    from wizard.demo.serve import serve  # noqa: PLC0415

    file, folder = Path(options.write_kubeconfig), worlds(request.state_folder)
    with serving_troubles(options.port):
        asyncio.run(
            serve(
                load(request.demo or DEFAULT_SCENARIO),
                file,
                options.port,
                folder=folder,
                reset=request.reset,
                apple=options.apple,
                say=partial(print, flush=True),
            )
        )
    return int(Exit.DONE)


def _completion(shell: str) -> int:
    import shtab  # noqa: PLC0415

    put(shtab.complete(parser(), shell) + "\n")
    return int(Exit.DONE)


def _crashed(error: Exception, address: Address) -> int:
    from wizard.crash import describe  # noqa: PLC0415
    from wizard.workspace import Request, save_private  # noqa: PLC0415

    words = describe(error, lambda name, text: save_private(Request().state_folder, name, text), address)
    print(words, file=sys.stderr)
    return int(Exit.INTERNAL)
