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
from typing import TYPE_CHECKING

from wizard.cli.choice_flags import said
from wizard.cli.output import prepare, put
from wizard.cli.parser import DEFAULT_SCENARIO, PROGRAM, parser
from wizard.command import Address, photosync_wizard
from wizard.errors import Exit, WizardError

if TYPE_CHECKING:
    from wizard.cli.reauth import ReauthOptions
    from wizard.workspace import Request, Workspace


OpenWizard = Callable[["Workspace"], int]
SignIn = Callable[["Workspace", "ReauthOptions"], int]


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
            if options.command == "explain":
                from wizard.cli.explain import explain  # noqa: PLC0415 - reads the pages

                return explain(options.name)
            if options.command == "demo" and options.list:
                return _list()
            request = _request(options)
            address = request.address
            return _dispatch(request, options, open_wizard, sign_in)
    except SystemExit as stop:
        return int(stop.code or 0)
    except WizardError as problem:
        say(problem, address)
        return int(problem.exit_code)
    except KeyboardInterrupt:
        return int(Exit.INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a person
        return _crashed(error, address)


@contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the program as SIGINT does, to which asyncio cancels what runs: nothing is left behind."""
    received: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        received.append(number)
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    handlers = {signal_number: signal.getsignal(signal_number) for signal_number in (signal.SIGTERM, signal.SIGHUP)}
    for signal_number, handler in handlers.items():
        if handler is not signal.SIG_IGN:
            signal.signal(signal_number, interrupt)
    try:
        yield
    finally:
        for signal_number, handler in handlers.items():
            signal.signal(signal_number, handler or signal.SIG_DFL)
    if received:
        raise KeyboardInterrupt


def say(error: WizardError, address: Address) -> None:
    """The problem in a person's words, on standard error, its commands for this address."""
    from wizard.cli.console import in_words  # noqa: PLC0415 - only where there is a problem

    print(in_words(error, address, sys.stderr, f"{PROGRAM}: "), file=sys.stderr)


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
            "A demo world and a real cluster can't be used at the same time.",
            fix="Leave out --demo, or --kubeconfig and --context.",
            exit_code=Exit.USAGE,
        )
    if options.reset and demo is None:
        raise WizardError(
            "usage.reset",
            "--reset only applies to demo worlds.",
            fix="Use it with --demo, or with the command demo.",
            exit_code=Exit.USAGE,
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
            "The wizard needs a terminal, and this is not one.",
            fix="For scripts, use:",
            commands=(photosync_wizard("status", "-o", "json"),),
            exit_code=Exit.USAGE,
        )
    if os.environ.get("TERM") == "dumb":
        raise WizardError(
            "usage.dumb-terminal",
            "The wizard needs a full-screen terminal, which this one is not (TERM=dumb).",
            fix="Open it in another terminal, or use:",
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
                "--write-kubeconfig only works together with --serve.",
                fix="Add --serve.",
                exit_code=Exit.USAGE,
            )
        return _open(request, open_wizard)
    if not options.write_kubeconfig:
        raise WizardError(
            "usage.serve",
            "--serve needs to know where to write the kubeconfig.",
            fix="Add --write-kubeconfig FILE.",
            exit_code=Exit.USAGE,
        )
    import asyncio  # noqa: PLC0415

    from wizard.connectors import port_errors_in_words, worlds  # noqa: PLC0415
    from wizard.demo.scenarios import load  # noqa: PLC0415
    from wizard.demo.serve import serve  # noqa: PLC0415

    file, folder = Path(options.write_kubeconfig), worlds(request.state_folder)
    with port_errors_in_words(options.port):
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

    from wizard.pages import names  # noqa: PLC0415 - reads the pages

    put(shtab.complete(parser(names()), shell) + "\n")
    return int(Exit.DONE)


def _crashed(error: Exception, address: Address) -> int:
    from wizard.crash import describe  # noqa: PLC0415
    from wizard.workspace import Request, save_private  # noqa: PLC0415

    words = describe(error, lambda name, text: save_private(Request().state_folder, name, text), address)
    print(words, file=sys.stderr)
    return int(Exit.INTERNAL)
