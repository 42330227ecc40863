"""Serves a scenario until interrupted, for kubectl or a second wizard."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import signal
from collections.abc import Callable
from pathlib import Path

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
    say: Callable[[str], None] = print,
) -> None:
    """Runs until SIGINT or SIGTERM, then removes the kubeconfig. Raises Trouble when that can't be written."""
    async with DemoWorld.open(scenario, folder, reset=reset, port=port, tls=True) as world:
        world.write_kubeconfig(kubeconfig_path)
        try:
            say(instructions(scenario, world.url, kubeconfig_path))
            await _interrupted()
        finally:
            _remove(kubeconfig_path)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


async def _interrupted() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    try:
        await stop.wait()
    finally:
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(each)
