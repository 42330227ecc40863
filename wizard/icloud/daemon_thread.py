"""Blocking calls beside the event loop, in daemon threads: each has a limit, and none keeps the program from ending.

asyncio's own threads are waited for at exit, so a library that hangs would hang the exit: these are not.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_daemon_thread(work: Callable[[], T], *, limit: float) -> T:
    """What `work` returns or raises; TimeoutError after `limit` seconds. Cancelled or late, the thread is left to itself."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[tuple[T | None, BaseException | None]] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if not done.done():
            done.set_result((result, error))

    def run() -> None:
        result: T | None = None
        failure: BaseException | None = None
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is awaited
            failure = error
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="icloud", daemon=True).start()
    async with asyncio.timeout(limit):
        result, error = await done
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
