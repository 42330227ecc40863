"""Serves a scenario until interrupted, for kubectl or a second wizard."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from wizard.demo.apple.proxy import DemoProxy
from wizard.demo.apple.serve import introduction
from wizard.demo.scenario import Scenario
from wizard.demo.world import DemoWorld


def instructions(scenario: Scenario, url: str, kubeconfig: Path) -> str:
    """What a person can do with the served world."""
    file = shlex.quote(str(kubeconfig))
    return (
        f'Demo world "{scenario.name}" ({scenario.title}) is served at {url} until you press Ctrl+C.\n\n'
        "In another terminal:\n"
        f"  export KUBECONFIG={file}\n"
        "  kubectl get all,pvc -A\n"
        f"  photosync-wizard --kubeconfig {file}\n"
    )


async def serve(
    scenario: Scenario,
    kubeconfig_path: Path,
    port: int = 0,
    *,
    folder: Path | None = None,
    reset: bool = False,
    apple: bool = False,
    say: Callable[[str], None] = print,
) -> None:
    """Runs until SIGINT or SIGTERM, then removes the kubeconfig. Raises WizardError when that can't be written.

    With `apple` programs outside can be led to the world's demo Apple as well. `say` gets every code that it sends.
    """
    async with contextlib.AsyncExitStack() as stack:
        private = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photosync-demo-")))
        world = await stack.enter_async_context(
            DemoWorld.open(
                scenario,
                folder,
                reset=reset,
                port=port,
                tls=True,
                apple=private,
                phone=lambda text: say(f"demo phone: {text}"),
            )
        )
        stop = stack.enter_context(_interruption())
        world.write_kubeconfig(kubeconfig_path)
        try:
            say(instructions(scenario, world.url, kubeconfig_path))
            if apple and (icloud_users := world.icloud_users).apple:
                server = icloud_users.apple
                proxy = await stack.enter_async_context(DemoProxy.open(server.address))
                say(introduction(server.address, server.ca_file, proxy.url, icloud_users.accounts))
            await stop.wait()
        finally:
            _remove(kubeconfig_path)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


@contextlib.contextmanager
def _interruption() -> Iterator[asyncio.Event]:
    """An event that is set when somebody interrupts the program."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
